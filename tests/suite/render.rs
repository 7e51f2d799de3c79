//! Every format on one golden report, and on one that a hostile site wrote. Consumers are real: whoever reads the format
//! outside reads it here.

mod consumer;
mod csv;
mod junit;
mod sarif;
mod suspicion;
mod terminal;

use std::io::{self, Write};

use khien::{report::Report, rule::Lang};

/// What a format makes of a report.
fn rendered(
    render: fn(&mut dyn Write, &Report, Lang) -> io::Result<()>,
    report: &Report,
    lang: Lang,
) -> String {
    let mut out = Vec::new();
    render(&mut out, report, lang).unwrap();
    String::from_utf8(out).unwrap()
}

/// Whether a character steers a terminal or turns text around; a line feed does neither.
fn steers(c: char) -> bool {
    c != '\n'
        && (c.is_control()
            || matches!(c,
                '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'))
}
