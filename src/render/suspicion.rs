//! Pages that look planted, in words that several formats print: nothing is said to be so, a human is asked to look.
//! Whatever came from the network leaves here escaped.

use super::{cut, escape};
use crate::{
    observation::{Suspect, View},
    rule::Lang,
};

/// The most characters quoted of one value.
const MAX_QUOTED: usize = 200;

/// What the section is called.
pub fn heading(lang: Lang) -> &'static str {
    match lang {
        Lang::Vi => "Nghi vấn bị chèn nội dung, cần người kiểm tra (không tính điểm)",
        Lang::En => "Pages that may have been planted: for a human to look at (no points)",
    }
}

/// What to do about it.
pub fn advice(lang: Lang) -> &'static str {
    match lang {
        Lang::Vi => {
            "Mở từng địa chỉ bằng trình duyệt và bằng công cụ xem trang như máy tìm kiếm; nếu đúng là nội dung lạ thì giữ nhật ký, thay mật khẩu quản trị, khôi phục từ bản sạch và báo đầu mối ứng cứu sự cố của tỉnh. Tin bài hợp lệ về việc triệt phá cờ bạc cũng có thể bị nêu ở đây."
        }
        Lang::En => {
            "Open each address with a browser and as a search engine sees it; where the content is foreign keep the logs, change the administrators' passwords, restore a clean copy and tell the province's incident team. Honest news about gambling may be listed here too."
        }
    }
}

/// As whom the page was seen.
pub fn view(view: View, lang: Lang) -> &'static str {
    match (view, lang) {
        (View::Browser, Lang::Vi) => "trình duyệt thường",
        (View::Browser, Lang::En) => "an ordinary browser",
        (View::SearchReferrer, Lang::Vi) => "người đến từ máy tìm kiếm",
        (View::SearchReferrer, Lang::En) => "a visitor from a search engine",
        (View::Crawler, Lang::Vi) => "máy tìm kiếm",
        (View::Crawler, Lang::En) => "a search engine's crawler",
    }
}

/// The address, then what was seen, one a line.
pub fn lines(suspect: &Suspect, lang: Lang) -> Vec<String> {
    let quote = |text: &str| escape(&cut(text, MAX_QUOTED)).into_owned();
    let list = |texts: &[String]| {
        texts.iter().map(|text| format!("«{}»", quote(text))).collect::<Vec<_>>().join(", ")
    };
    let word = |vi: &'static str, en: &'static str| if lang == Lang::Vi { vi } else { en };
    let mut lines = vec![
        quote(&suspect.url),
        format!("{}: {}", word("hiện ra với", "shown to"), view(suspect.view, lang)),
    ];
    for (name, texts) in [
        (word("từ ngữ", "words"), &suspect.words),
        (word("liên kết ra", "links to"), &suspect.hosts),
        (word("trình duyệt thường không thấy", "not shown to an ordinary browser"), &suspect.only_here),
    ] {
        if !texts.is_empty() {
            lines.push(format!("{name}: {}", list(texts)));
        }
    }
    if let Some(to) = &suspect.sent_to {
        let name = word("chỉ khách này bị chuyển sang", "only this visitor is sent to");
        lines.push(format!("{name}: «{}»", quote(to)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_steers_nothing() {
        let suspect = Suspect {
            url: "https://a.test/\u{1b}[31m".to_owned(),
            view: View::Crawler,
            words: vec!["nổ hũ".to_owned()],
            hosts: vec!["x\u{202e}.example".to_owned()],
            only_here: Vec::new(),
            sent_to: Some("b.example".to_owned()),
        };
        let text = lines(&suspect, Lang::Vi).join("\n");
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
        assert!(text.contains("hiện ra với: máy tìm kiếm") && text.contains("«nổ hũ»"), "{text}");
        assert!(lines(&suspect, Lang::En).join("\n").contains("only this visitor is sent to: «b.example»"));
    }
}
