//! What stands around every page: the document, the band «LƯU HÀNH NỘI BỘ», agency, headline, links, foot.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::render::escape;

use super::{icon, look, number::NBSP, view::View};

/// One page: what its head says, and its parts.
pub(super) struct Page {
    /// `province`, `unit`, `method`: how it is printed and laid out.
    pub(super) kind: &'static str,
    /// The title of the window.
    pub(super) title: String,
    /// The element that links to this page name.
    pub(super) anchor: String,
    /// Where the reader is: agency, way back.
    pub(super) agency: Markup,
    /// The line above the headline.
    pub(super) kicker: String,
    /// The one sentence, or two, that answer.
    pub(super) headline: Vec<String>,
    /// The facts below the headline.
    pub(super) facts: Markup,
    /// Parts of the page: anchor and name.
    pub(super) parts: Vec<(String, String)>,
    /// The parts.
    pub(super) body: Markup,
}

/// A document of one page.
pub(super) fn page(view: View<'_, '_>, page: &Page) -> Markup {
    let (head, foot) = around(view, page);
    PreEscaped(format!("{head}{}{foot}", article(page).into_string()))
}

/// One page of a document that may hold several.
pub(super) fn article(page: &Page) -> Markup {
    html! {
        article class={ "page " (page.kind) } id=(page.anchor) aria-labelledby={ (page.anchor) "-h1" } {
            div.head.wrap {
                p.agency { (page.agency) }
                p.kicker { (page.kicker) }
                h1.headline id={ (page.anchor) "-h1" } {
                    @for (place, sentence) in page.headline.iter().enumerate() {
                        @if place > 0 { " " br; }
                        (sentence)
                    }
                }
                div.facts { (page.facts) }
            }
            @if page.parts.len() > 1 {
                nav.jump aria-label=(page.title) {
                    ul.wrap {
                        @for (anchor, name) in &page.parts { li { a href={ "#" (anchor) } { (name) } } }
                    }
                }
            }
            div.wrap { (page.body) }
        }
        "\n"
    }
}

/// What stands before and after the articles of a document.
pub(super) fn around(view: View<'_, '_>, first: &Page) -> (String, String) {
    let run = &view.report.run;
    let head = html! {
        (DOCTYPE)
        html lang=(view.lang.as_str()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(look::POLICY.as_str());
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex, nofollow";
                meta name="generator" content=(look::GENERATOR);
                title { (first.title) }
                style { (PreEscaped(look::SHEET.as_str())) }
            }
            body class=(first.kind) id="dau-trang" {
                (icon::shapes())
                a.skip href="#noi-dung" { (view.say("Bỏ qua phần đầu trang", "Skip to the content")) }
                header.band {
                    div.wrap {
                        b { (view.say("LƯU HÀNH NỘI BỘ", "INTERNAL")) }
                        span { (permission(view)) }
                        span.mark { (icon::icon("shield")) "khien " (run.scanner.version) }
                    }
                }
                main id="noi-dung" { "@" }
                (foot(view))
                script { (PreEscaped(look::SCRIPT)) }
            }
        }
    };
    // the articles are written where the sign stands; nothing else in the frame can look like it
    let whole = head.into_string();
    let sign = "<main id=\"noi-dung\">@";
    let (before, after) = whole.split_once(sign).unwrap_or((&whole, ""));
    (format!("{before}<main id=\"noi-dung\">\n"), after.to_owned())
}

fn permission(view: View<'_, '_>) -> String {
    let rest = view.say(
        "Không đăng tải, không chuyển ra ngoài phạm vi kiểm tra.",
        "Not to be published or passed on beyond those checked.",
    );
    let Some(by) = &view.report.authorisation else { return rest.to_owned() };
    let (number, body, date) = (escape(&by.number), escape(&by.body), view.day(by.date));
    match view.lang {
        crate::rule::Lang::Vi => {
            format!("Kết quả theo văn bản số {number} ngày {date} của {body}. {rest}")
        }
        crate::rule::Lang::En => format!("Checked under {number} of {date}, {body}. {rest}"),
    }
}

fn foot(view: View<'_, '_>) -> Markup {
    let report = view.report;
    let hash: String = report.method.rules_hash.chars().take(8).collect();
    let (started, ended) = (report.run.started_at, report.run.finished_at);
    html! {
        footer.foot.wrap {
            div.cols {
                section aria-labelledby="t-doc" {
                    h2 id="t-doc" { (view.say("Đọc kết quả thế nào", "How to read this")) }
                    p.fine {
                        (view.say(
                            "«Chưa đạt» là chưa đáp ứng quy tắc kỹ thuật, không phải kết luận pháp lý. «Không kiểm tra được» không bị trừ điểm, chỉ giảm độ bao phủ.",
                            "“Failed” means that a technical rule is not met; it is no legal finding. “Could not be tested” costs no points and only lowers the coverage.",
                        ))
                    }
                }
                section aria-labelledby="t-cham" {
                    h2 id="t-cham" { (view.say("Cách chấm điểm", "How the score is made")) }
                    p.fine {
                        (view.say("Thang điểm 100: ", "Out of 100: "))
                        @for (place, grade) in report.method.grades.iter().enumerate() {
                            @if place > 0 { ", " }
                            (grade.letter) " " (grade.word.get(view.lang)) " ≥" (NBSP) (grade.min)
                        }
                        ". "
                        a href=(view.to_method()) { (view.say("Cách chấm điểm, trần điểm, xếp hạng", "Points, caps and ranks")) }
                    }
                }
                section aria-labelledby="t-luot" {
                    h2 id="t-luot" { (view.say("Lượt quét này", "This run")) }
                    p.fine {
                        (view.moment(started)) "–" (super::view::Book::clock(ended))
                        (view.say(" (giờ Việt Nam), từ ", " (Việt Nam time), from ")) (escape(&report.run.vantage.name))
                        ". " (view.say("Phương pháp ", "Method ")) (report.method.version)
                        (view.say(", mã quy tắc ", ", rules ")) (hash)
                        @if let Some(profile) = &report.method.profile { ", " (escape(profile)) }
                        ". " (view.say("Mã lượt ", "Run ")) (escape(&report.run.id)) "."
                    }
                }
            }
        }
    }
}
