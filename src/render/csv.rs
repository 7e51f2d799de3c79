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
//!   and the line `sep=,` makes Excel pass over the byte order mark. LibreOffice, Google Sheets and Excel's own
//!   *Data, From Text/CSV* find the comma by themselves.
//! - No number has a decimal sign, since `8,3` is 83 in one region and `8.3` the 8th of March in another: points are in
//!   tenths. Times are `2026-11-24 02:00` in Vietnamese time, which every region reads as a time.
//! - A text that a spreadsheet would compute (OWASP, *CSV Injection*) gets an apostrophe in front; control characters,
//!   line breaks and marks that turn the direction of text are written out as `\u{…}`.

use std::io::{self, Write};

use ::csv::{Terminator, WriterBuilder};
use jiff::Timestamp;

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
    let mut rows = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
    rows.write_record(COLUMNS.map(|(vi, en)| if lang == Lang::Vi { vi } else { en }))?;
    let sheet = Sheet { report, lang };
    for unit in &report.units {
        if unit.sites.is_empty() {
            rows.write_record(sheet.siteless(unit))?;
        }
        for site in &unit.sites {
            for finding in &site.findings {
                rows.write_record(sheet.finding(unit, site, finding))?;
            }
            if site.findings.is_empty() {
                rows.write_record(sheet.untested(unit, site))?;
            }
        }
    }
    rows.flush()
}

struct Sheet<'r> {
    report: &'r Report,
    lang: Lang,
}

/// One row, in the order of [`COLUMNS`].
type Row = [String; COLUMNS.len()];

impl Sheet<'_> {
    fn siteless(&self, unit: &UnitCard) -> Row {
        let mut row = self.row(unit);
        row[13] = text(unit.status_word.get(self.lang));
        row
    }

    fn untested(&self, unit: &UnitCard, site: &SiteCard) -> Row {
        let mut row = self.site(unit, site);
        row[12] = words::verdict(Verdict::Inconclusive, self.lang).to_owned();
        row[13] = site.untested.map_or_else(String::new, |reason| text(reason.words().get(self.lang)));
        row
    }

    fn finding(&self, unit: &UnitCard, site: &SiteCard, card: &FindingCard) -> Row {
        let (finding, lang) = (&card.finding, self.lang);
        let rule = self.report.rules.iter().find(|rule| rule.id == finding.rule);
        let failed = finding.verdict == Verdict::Fail;
        let yes = |is: bool| if is { if lang == Lang::Vi { "có" } else { "yes" } } else { "" }.to_owned();
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
        row[7] = finding.rule.to_string();
        row[8] = text(rule.map_or(finding.rule.as_str(), |rule| rule.title.get(lang)));
        row[9] = words::category(finding.category, lang).to_owned();
        row[10] = words::severity(finding.severity, lang).to_owned();
        row[11] = words::level(finding.level, lang).to_owned();
        row[12] = words::verdict(finding.verdict, lang).to_owned();
        row[13] = reason;
        row[14] = words::owner(finding.owner, lang).to_owned();
        row[15] = text(charged);
        row[16] = yes(finding.waived);
        row[17] = yes(finding.upcoming);
        row[18] = finding.first_seen.map_or_else(String::new, time);
        row[19] = finding.as_of.map_or_else(String::new, time);
        row[20] = lost.map_or_else(String::new, |lost| lost.points.0.to_string());
        row[21] = rule.filter(|_| failed).map_or_else(String::new, |rule| rule.minutes.to_string());
        row[22] = text(&evidence.join("; "));
        row
    }

    fn site(&self, unit: &UnitCard, site: &SiteCard) -> Row {
        let mut row = self.row(unit);
        row[4] = text(&site.host);
        row[5] = site.port.to_string();
        row[6] = text(&site.addresses.join(", "));
        row[24] = time(site.at.unwrap_or(self.report.run.started_at));
        row
    }

    fn row(&self, unit: &UnitCard) -> Row {
        let mut row = Row::default();
        row[0] = text(&self.report.province);
        row[1] = unit.block.map_or_else(String::new, |block| words::block(block, self.lang).to_owned());
        row[2] = text(&unit.id);
        row[3] = text(&unit.name);
        row[23] = text(&self.report.run.id);
        row[24] = time(self.report.run.started_at);
        row
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
    use super::text;

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
