//! One row a finding as comma-separated values (RFC 4180), for an officer who filters in Excel. Reads a `Report`.
//!
//! # Shape
//!
//! The first line names the columns in the language asked for; their order never changes, new ones are added at the
//! end. Cells are words of that language too: whoever writes programs reads the JSON. A site without findings has one
//! row that says why, and so has a unit without a site: nobody disappears because nothing could be said.
//!
//! # What a spreadsheet makes of it
//!
//! - UTF-8 with a byte order mark, without which Excel takes it for the code page of the machine; lines end in CR LF.
//! - The separator is a comma, as RFC 4180 has it. Excel splits at the list separator of Windows, which is a comma where
//!   the region is English and may be a semicolon where the decimal sign is a comma; no one sign is right everywhere,
//!   and a line `sep=,` in front would be one more row to every other reader. `LibreOffice`, Google Sheets and Excel's
//!   own *Data, From Text/CSV* find the comma by themselves.
//! - No number has a decimal sign, since `8,3` is 83 in one region and `8.3` the 8th of March in another: points are in
//!   tenths. Times are `2026-11-24 02:00` in Vietnamese time, which every region reads as a time.
//! - A text that a spreadsheet would compute (OWASP, *CSV Injection*) gets an apostrophe in front; control characters,
//!   line breaks and marks that turn the direction of text are written out as `\u{…}`.

use std::io::{self, Write};

use ::csv::{Terminator, WriterBuilder};
use jiff::Timestamp;
use serde::Serialize;

use super::{cut, escape, words};
use crate::{
    report::{FindingCard, Report, SiteCard, UnitCard},
    rule::{Lang, Verdict},
    target::VIETNAM,
};

/// Excel holds 32,767 UTF-16 units in a cell; a character is at most two.
const MAX_CELL: usize = 16_000;
/// The most characters quoted of one piece of evidence.
const MAX_QUOTED: usize = 2_000;

/// The columns, in Vietnamese and English.
const COLUMNS: [(&str, &str); 25] = [
    ("Tỉnh", "Province"),
    ("Khối", "Block"),
    ("Mã đơn vị", "Unit id"),
    ("Đơn vị", "Unit"),
    ("Trang", "Host"),
    ("Cổng", "Port"),
    ("Địa chỉ", "Addresses"),
    ("Quy tắc", "Rule"),
    ("Nội dung", "Title"),
    ("Nhóm", "Category"),
    ("Mức độ", "Severity"),
    ("Yêu cầu", "Level"),
    ("Kết quả", "Verdict"),
    ("Lý do", "Reason"),
    ("Nơi xử lý", "Owner"),
    ("Tính cho đơn vị", "Charged to"),
    ("Miễn trừ", "Waived"),
    ("Sắp bắt buộc", "Required soon"),
    ("Thấy lần đầu", "First seen"),
    ("Kết quả của lúc", "Verdict as of"),
    ("Mất điểm gốc (phần mười điểm)", "Base points lost (tenths)"),
    ("Số phút khắc phục", "Minutes to fix"),
    ("Chứng cứ", "Evidence"),
    ("Mã lượt quét", "Run id"),
    ("Kiểm tra lúc", "Checked at"),
];

/// Writes every finding of a report, one a row.
pub fn csv(out: &mut dyn Write, report: &Report, lang: Lang) -> io::Result<()> {
    out.write_all("\u{feff}".as_bytes())?;
    let mut rows = WriterBuilder::new().has_headers(false).terminator(Terminator::CRLF).from_writer(out);
    rows.write_record(COLUMNS.map(|(vi, en)| if lang == Lang::Vi { vi } else { en }))?;
    let sheet = Sheet { report, lang };
    for unit in &report.units {
        if unit.sites.is_empty() {
            rows.serialize(sheet.siteless(unit))?;
        }
        for site in &unit.sites {
            for finding in &site.findings {
                rows.serialize(sheet.finding(unit, site, &finding))?;
            }
            if site.findings.is_empty() {
                rows.serialize(sheet.untested(unit, site))?;
            }
        }
    }
    rows.flush()
}

struct Sheet<'r> {
    report: &'r Report,
    lang: Lang,
}

/// One row; its fields are the [`COLUMNS`].
#[derive(Default, Serialize)]
struct Row {
    province: String,
    block: &'static str,
    unit_id: String,
    unit: String,
    host: String,
    port: Option<u16>,
    addresses: String,
    rule: String,
    title: String,
    category: &'static str,
    severity: &'static str,
    level: &'static str,
    verdict: &'static str,
    reason: String,
    owner: &'static str,
    charged_to: String,
    waived: &'static str,
    upcoming: &'static str,
    first_seen: String,
    as_of: String,
    tenths_lost: Option<u32>,
    minutes: Option<u32>,
    evidence: String,
    run: String,
    checked_at: String,
}

impl Sheet<'_> {
    fn siteless(&self, unit: &UnitCard) -> Row {
        let mut row = self.row(unit);
        row.reason = text(unit.status_word.get(self.lang));
        row
    }

    fn untested(&self, unit: &UnitCard, site: &SiteCard) -> Row {
        let mut row = self.site(unit, site);
        row.verdict = words::verdict(Verdict::Inconclusive, self.lang);
        row.reason = site.untested.map_or_else(String::new, |reason| text(reason.words().get(self.lang)));
        row
    }

    fn finding(&self, unit: &UnitCard, site: &SiteCard, card: &FindingCard) -> Row {
        let (finding, lang) = (&card.finding, self.lang);
        let rule = self.report.rules.iter().find(|rule| rule.id == finding.rule);
        let failed = finding.verdict == Verdict::Fail;
        let yes = match lang {
            Lang::Vi => "có",
            Lang::En => "yes",
        };
        let charged = card.charged_to.as_deref().unwrap_or(&unit.id);
        let charged = self.report.units.iter().find(|unit| unit.id == charged).map_or(charged, |u| &u.name);
        let lost = site.points_lost.iter().find(|lost| lost.rule == finding.rule);
        let reason = finding.reason.map_or_else(String::new, |reason| {
            let parent = finding.parent.as_ref().map_or_else(String::new, |parent| format!(" ({parent})"));
            text(&format!("{}{parent}", reason.words().get(lang)))
        });
        let evidence: Vec<String> =
            finding.evidence.iter().map(|e| words::evidence(e, lang, MAX_QUOTED)).collect();

        let mut row = self.site(unit, site);
        row.rule = finding.rule.to_string();
        row.title = text(rule.map_or(finding.rule.as_str(), |rule| rule.title.get(lang)));
        row.category = words::category(finding.category, lang);
        row.severity = words::severity(finding.severity, lang);
        row.level = words::level(finding.level, lang);
        row.verdict = words::verdict(finding.verdict, lang);
        row.reason = reason;
        row.owner = words::owner(finding.owner, lang);
        row.charged_to = text(charged);
        row.waived = if finding.waived { yes } else { "" };
        row.upcoming = if finding.upcoming { yes } else { "" };
        row.first_seen = finding.first_seen.map_or_else(String::new, time);
        row.as_of = finding.as_of.map_or_else(String::new, time);
        row.tenths_lost = lost.map(|lost| lost.points.0);
        row.minutes = rule.filter(|_| failed).map(|rule| rule.minutes);
        row.evidence = text(&evidence.join("; "));
        row
    }

    fn site(&self, unit: &UnitCard, site: &SiteCard) -> Row {
        let mut row = self.row(unit);
        row.host = text(&site.host);
        row.port = Some(site.port);
        row.addresses = text(&site.addresses.join(", "));
        row.checked_at = time(site.at.unwrap_or(self.report.run.started_at));
        row
    }

    fn row(&self, unit: &UnitCard) -> Row {
        Row {
            province: text(&self.report.province),
            block: unit.block.map_or("", |block| words::block(block, self.lang)),
            unit_id: text(&unit.id),
            unit: text(&unit.name),
            run: text(&self.report.run.id),
            checked_at: time(self.report.run.started_at),
            ..Row::default()
        }
    }
}

/// `2026-11-24 02:00`, in Vietnamese time.
fn time(at: Timestamp) -> String {
    VIETNAM.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// A text that a spreadsheet shows and neither computes nor obeys.
fn text(text: &str) -> String {
    let text = cut(text, MAX_CELL);
    let shown = cut(&escape(&text), MAX_CELL).into_owned();
    // a spreadsheet that trims, or takes quotes away, must not find a sign either
    let first = shown.chars().find(|c| !c.is_whitespace() && !is_quote(*c));
    if first.is_some_and(starts_a_formula) { format!("'{shown}") } else { shown }
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`' | '“' | '”' | '‘' | '’' | '«' | '»')
}

/// The signs of OWASP's list, their full-width and small forms, and the minus sign.
fn starts_a_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '﹦' | '﹢' | '﹣' | '﹫' | '−')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{MAX_CELL, starts_a_formula, text};

    proptest! {
        #[test]
        fn no_text_computes_or_steers(given in "([=+@\\-\\s\"'＝＋－＠\u{200b}]{0,4}\\PC{0,9}|.{0,20})") {
            let cell = text(&given);
            prop_assert!(!cell.contains(char::is_control));
            prop_assert!(cell.chars().count() <= MAX_CELL + 2);
            let first = cell.trim_start_matches(|c: char| c.is_whitespace() || "\"'`".contains(c)).chars().next();
            prop_assert!(cell.starts_with('\'') || !first.is_some_and(starts_a_formula));
        }
    }

    #[test]
    fn what_a_spreadsheet_would_compute_is_text() {
        for formula in ["=1+1", "+1", "-2+3", "@SUM(1)", " =1", "\"=1", "' =1", "＝1", "\u{3000}＋1", "−1"]
        {
            assert_eq!(text(formula), format!("'{formula}"));
        }
        // what would stand before the sign stays visible, and then there is no sign in front
        assert_eq!(text("\t=1"), "\\u{9}=1");
        assert_eq!(text("\r\n=1"), "\\u{d}\\u{a}=1");
        assert_eq!(text("\u{200b}=1"), "\\u{200b}=1");
        for plain in ["", "Sở Tài chính", "a=1", "1-2", "http.server = «=1»"] {
            assert_eq!(text(plain), plain);
        }
    }

    #[test]
    fn a_cell_fits_into_a_cell() {
        let long = text(&"\u{202e}".repeat(40_000));
        assert!(long.encode_utf16().count() < 32_767);
        assert!(text(&"😀".repeat(40_000)).encode_utf16().count() < 32_767);
    }
}
