//! Marks that stand beside a word and carry the same meaning without colour: severities, grades, changes.

use maud::{Markup, PreEscaped, html};

use crate::{
    render::words,
    rule::{Lang, Severity},
};

use super::{view::Book, words::capitalised};

/// The shapes, once a document; each is 16 by 16.
const SHAPES: [(&str, &str); 11] = [
    (
        "shield",
        r#"<path d="M8 1.2 14 3v5c0 3.4-2.4 5.7-6 6.9C4.4 13.7 2 11.4 2 8V3z" stroke-width="1.5"/><path d="m5.2 8 2 2 3.6-4" stroke-width="1.5"/>"#,
    ),
    (
        "critical",
        r#"<path d="M5 .8h6L15.2 5v6L11 15.2H5L.8 11V5z" fill="currentColor" stroke="none"/><path class="cut" d="M8 4v5M8 10.6v1.6" stroke-width="2"/>"#,
    ),
    (
        "high",
        r#"<path d="M8 1 15.6 15H.4z" fill="currentColor" stroke="none"/><path class="cut" d="M8 6v4M8 11.4V13" stroke-width="1.8"/>"#,
    ),
    (
        "medium",
        r#"<path d="M8 1 15 8l-7 7-7-7z" stroke-width="1.8"/><path d="M8 1 15 8l-7 7z" fill="currentColor" stroke="none"/>"#,
    ),
    ("low", r#"<circle cx="8" cy="8" r="5.6" stroke-width="1.8"/>"#),
    (
        "info",
        r#"<circle cx="8" cy="8" r="6.4" stroke-width="1.5"/><path d="M8 7v4.4M8 4.2v1.4" stroke-width="1.8"/>"#,
    ),
    ("pass", r#"<path d="m2.5 8.6 3.6 3.6 7.4-8.4" stroke-width="2"/>"#),
    (
        "unknown",
        r#"<circle cx="8" cy="8" r="6.4" stroke-width="1.5" stroke-dasharray="2.6 2"/><path d="M6 6.4c.2-2.4 4-2.2 4 0C10 8 8 7.9 8 9.5M8 11v1.3" stroke-width="1.6"/>"#,
    ),
    ("up", r#"<path d="M8 3 13.5 12h-11z" fill="currentColor" stroke="none"/>"#),
    ("down", r#"<path d="M8 13 2.5 4h11z" fill="currentColor" stroke="none"/>"#),
    ("chevron", r#"<path d="m6 3 5 5-5 5" stroke-width="2"/>"#),
];

/// The definitions that [`icon`] refers to.
pub(super) fn shapes() -> Markup {
    html! {
        svg width="0" height="0" aria-hidden="true" focusable="false" {
            @for (name, shape) in SHAPES {
                symbol id={ "i-" (name) } viewBox="0 0 16 16" { (PreEscaped(shape)) }
            }
        }
    }
}

/// A mark; whatever it means stands beside it in words.
pub(super) fn icon(name: &str) -> Markup {
    html! { svg.i aria-hidden="true" { use href={ "#i-" (name) } {} } }
}

/// A severity in words.
pub(super) fn severity_word(severity: Severity, lang: Lang) -> String {
    capitalised(words::severity(severity, lang))
}

/// Mark and word of a severity.
pub(super) fn severity(book: &Book<'_>, severity: Severity) -> Markup {
    let name = severity.as_str();
    html! { span class={ "tag s-" (name) } { (icon(name)) (severity_word(severity, book.lang)) } }
}

/// The mark alone, its word for those who listen.
pub(super) fn severity_mark(book: &Book<'_>, severity: Severity) -> Markup {
    let name = severity.as_str();
    html! {
        span class={ "tag s-" (name) } { (icon(name)) span.sr { (severity_word(severity, book.lang)) } }
    }
}

/// A grade: its letter in a square, its word for those who listen.
pub(super) fn grade(book: &Book<'_>, letter: Option<&str>, word: &str) -> Markup {
    html! {
        span class={ "grade g-" (book.ink_of(letter)) } {
            span { (letter.unwrap_or("–")) }
        }
        span.sr { " " (word) }
    }
}

/// Points since the previous run.
pub(super) fn change(points: i32, text: &str) -> Markup {
    let (class, name) = match points {
        0 => ("flat", None),
        1.. => ("up", Some("up")),
        _ => ("down", Some("down")),
    };
    html! {
        span class={ "tag " (class) } { @if let Some(name) = name { (icon(name)) } (text) }
    }
}
