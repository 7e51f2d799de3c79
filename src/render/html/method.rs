//! How the score is made, in short: the report is read without the project's documents beside it. The whole of it, with
//! a worked example, is docs/scoring.md.

use maud::{Markup, html};

use super::{frame::Page, icon, number::NBSP, view::View, words};
use crate::{render::escape, report::Weights, rule::Lang};

/// The page.
pub(super) fn page(view: View<'_, '_>) -> Page {
    let method = &view.report.method;
    let title = view.say("Cách chấm điểm", "How the score is made").to_owned();
    let hash: String = method.rules_hash.chars().take(8).collect();
    Page {
        kind: "method",
        title: title.clone(),
        anchor: "cach-cham-diem".to_owned(),
        agency: html! { a href=(view.to_index()) { (view.say("Về trang đầu", "Back to the first page")) } br; b { (escape(&view.report.province)) } },
        kicker: match view.lang {
            Lang::Vi => format!("Phương pháp {}, mã quy tắc {hash}", method.version),
            Lang::En => format!("Method {}, rules {hash}", method.version),
        },
        headline: vec![title],
        facts: html! {},
        parts: Vec::new(),
        body: html! {
            section aria-labelledby="t-bac" {
                div.sec-head { h2 id="t-bac" { (view.say("Thang xếp loại", "The scale")) } }
                (scale(view))
            }
            @if let Some(weights) = &method.weights { (weights_of(view, weights)) }
            section.prose aria-labelledby="t-mot-trang" {
                div.sec-head { h2 id="t-mot-trang" { (view.say("Một trang", "One site")) } }
                (list(match view.lang { Lang::Vi => &SITE_VI, Lang::En => &SITE_EN }))
                p { (match view.lang {
                    Lang::Vi => format!("Độ bao phủ là phần trọng số đã kiểm tra được. Dưới {} thì không xếp loại: «chưa đủ dữ liệu».", view.percent(method.minimum_coverage)),
                    Lang::En => format!("Coverage is the share of weight that could be tested. Below {} there is no grade: “not enough data”.", view.percent(method.minimum_coverage)),
                }) }
            }
            section.prose aria-labelledby="t-mot-don-vi" {
                div.sec-head { h2 id="t-mot-don-vi" { (view.say("Một đơn vị", "One unit")) } }
                (list(match view.lang { Lang::Vi => &UNIT_VI, Lang::En => &UNIT_EN }))
            }
            p.fine { (view.say(
                "Ví dụ tính từng bước và danh sách trần điểm: tài liệu docs/scoring.md và tệp rules/method.yaml đi cùng khien.",
                "An example worked out step by step and the list of caps: docs/scoring.md and rules/method.yaml, which come with khien.",
            )) }
        },
    }
}

fn scale(view: View<'_, '_>) -> Markup {
    html! {
        table.scale-table aria-labelledby="t-bac" {
            thead { tr {
                th scope="col" { (view.say("Loại", "Grade")) }
                th scope="col" { (view.say("Nghĩa", "Meaning")) }
                th.r scope="col" { (view.say("Từ điểm", "From")) }
            } }
            tbody { @for grade in &view.report.method.grades {
                tr {
                    td { (icon::grade(&view, Some(&grade.letter), "")) }
                    td { (grade.word.get(view.lang)) }
                    td.r { (grade.min) }
                }
            } }
        }
        p.fine.note { (view.say("Thang điểm", "Out of")) (NBSP) "100." }
    }
}

fn weights_of(view: View<'_, '_>, weights: &Weights) -> Markup {
    let total: u32 = weights.category.values().map(|weight| u32::from(*weight)).sum();
    html! {
        section aria-labelledby="t-trong-so" {
            div.sec-head { h2 id="t-trong-so" { (view.say("Trọng số", "Weights")) } }
            div.two {
                table aria-label=(view.say("Trọng số theo mức độ", "Weights by severity")) {
                    thead { tr {
                        th scope="col" { (view.say("Mức độ của lỗi", "Severity")) }
                        th.r scope="col" { (view.say("Trọng số của quy tắc", "Weight of a rule")) }
                    } }
                    tbody { @for (severity, weight) in &weights.severity {
                        tr { td { (icon::severity(&view, *severity)) } td.r { (weight) } }
                    } }
                }
                table aria-label=(view.say("Trọng số theo nhóm", "Weights by category")) {
                    thead { tr {
                        th scope="col" { (view.say("Nhóm", "Category")) }
                        th.r scope="col" { (view.say("Trọng số của nhóm", "Weight of a category")) }
                    } }
                    tbody { @for (category, weight) in &weights.category {
                        tr { td { (words::category(*category, view.lang)) } td.r { (weight) "/" (total) } }
                    } }
                }
            }
        }
    }
}

fn list(items: &[&str]) -> Markup {
    html! { ol.points { @for item in items { li { (item) } } } }
}

const SITE_VI: [&str; 5] = [
    "Mỗi quy tắc bắt buộc cho một kết quả: đạt, chưa đạt, không áp dụng, hoặc không kiểm tra được. Quy tắc càng nghiêm trọng trọng số càng lớn. Khuyến nghị và quy tắc sắp bắt buộc được nêu ra nhưng không tính điểm.",
    "Trong mỗi nhóm, điểm là phần trọng số đạt trên trọng số đã kiểm tra. Các nhóm cộng lại theo trọng số của nhóm thành điểm gốc.",
    "Mất theo: khi một quy tắc đứng trước chưa đạt (chưa có HTTPS), các quy tắc sau nó (HSTS) không có lỗi riêng nhưng vẫn nằm trong mẫu số với 0 điểm. Có mà còn yếu không bao giờ thấp điểm hơn không có gì.",
    "Trần điểm: vài lỗi giữ điểm ở một mức dù mọi thứ khác đều tốt, như chưa có HTTPS hoặc chứng thư không được tin cậy. Điểm là số nhỏ hơn giữa điểm gốc và trần thấp nhất; cả hai đều được in.",
    "Không kiểm tra được không phải là chưa đạt: quy tắc ấy ra khỏi phép tính, và trang in khoảng điểm có thể có.",
];

const SITE_EN: [&str; 5] = [
    "Each required rule passes, fails, does not apply, or could not be checked. The worse a failure, the more its rule weighs. What is recommended or required later is shown without points.",
    "Within a category the score is the weight that passed of the weight that was tested. The categories, each with its own weight, add up to the base.",
    "Lost with a parent: when a rule fails (no HTTPS), the rules that come after it (HSTS) have no finding of their own but stay in the sum with no points. Having something weak never scores below having nothing.",
    "Caps: a few failures hold the score down whatever else is good, such as no HTTPS or an untrusted certificate. The score is the lower of base and lowest cap; both are printed.",
    "What could not be tested is no failure: the rule leaves the sum, and the page prints the range that the score could have.",
];

const UNIT_VI: [&str; 4] = [
    "Mỗi lỗi có chủ. Lỗi của máy chủ dùng chung hay của tên miền do nơi vận hành chịu, một lần, và vẫn hiện trên mọi trang bị ảnh hưởng.",
    "Điểm đơn vị là bình quân của những gì đơn vị chịu trách nhiệm, theo tầm quan trọng, làm tròn xuống. Nhiều hay ít trang không làm đổi điểm.",
    "Chỉ xếp hạng trong cùng khối, theo đầu dưới của khoảng điểm, rồi điểm gốc, rồi số lỗi nghiêm trọng; bằng nhau thì cùng hạng. Đơn vị không kiểm tra được nêu riêng, không phải 0 điểm.",
    "Miễn trừ không đổi kết quả: lỗi vẫn chưa đạt, điểm nếu bỏ qua lỗi được miễn trừ in bên cạnh.",
];

const UNIT_EN: [&str; 4] = [
    "Every failure has an owner. What is wrong with a shared server or a zone is charged to whoever runs it, once, and shows on every site concerned.",
    "A unit's score is the mean of what it answers for, by importance, rounded down. How many sites it has changes nothing.",
    "Ranks are within a block: by the lower end of the range, then the base, then fewer critical findings; equal values share a rank. Units that could not be tested are listed apart, never as 0.",
    "A waiver changes no verdict: the failure stays, and the score without waived failures is printed beside.",
];
