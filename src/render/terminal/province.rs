//! The province: units by block with score, grade, coverage and worst finding; then what needs handling.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use super::{COLUMNS, Ink, Style, line, title};
use crate::{
    render::{escape, pad, width, words, wrap},
    report::{CauseKind, Report, UnitCard},
    rule::{Lang, Severity, Verdict},
    score::Standing,
    target::Block,
};

/// Columns before a list below the tables.
const LEAD: usize = 14;
/// The most lines of each list below the tables.
const MAX_LINES: usize = 8;

/// Prints the whole report.
pub fn province(out: &mut dyn Write, report: &Report, style: Style) -> io::Result<()> {
    heading(out, report, style)?;
    for block in &report.blocks {
        writeln!(out)?;
        let mut average = block.average.map_or_else(|| "–".to_owned(), |tenths| style.tenths(tenths));
        if let (Some(now), Some(then)) = (block.average, block.previous_average) {
            average += &format!(" ({})", style.tenths_change(then, now));
        }
        let name = words::block(block.block, style.lang).to_uppercase();
        let right = match style.lang {
            Lang::Vi => format!("bình quân {average}, {} đơn vị xếp hạng", block.ranked),
            Lang::En => format!("mean {average}, {} units ranked", block.ranked),
        };
        let gap = COLUMNS.saturating_sub(width(&name) + width(&right)).max(1);
        line(out, &format!("{}{}{right}", style.ink(Ink::Strong, &name), " ".repeat(gap)))?;
        table(out, report, block.block, style)?;
    }
    needs(out, report, style)
}

fn heading(out: &mut dyn Write, report: &Report, style: Style) -> io::Result<()> {
    let sites: usize = report.units.iter().map(|unit| unit.sites.len()).sum();
    let hash: String = report.method.rules_hash.chars().take(8).collect();
    let text = match style.lang {
        Lang::Vi => format!(
            "{}: {} đơn vị, {sites} trang. Phương pháp {}, mã quy tắc {hash}",
            escape(&report.province),
            report.units.len(),
            report.method.version
        ),
        Lang::En => format!(
            "{}: {} units, {sites} sites. Method {}, rules {hash}",
            escape(&report.province),
            report.units.len(),
            report.method.version
        ),
    };
    line(out, &wrap(&text, COLUMNS, ""))?;
    let (from, vantage) = (style.date(report.run.started_at), escape(&report.run.vantage.name));
    line(
        out,
        &match style.lang {
            Lang::Vi => format!("Quét lúc {from} từ {vantage}"),
            Lang::En => format!("Scanned {from} from {vantage}"),
        },
    )?;
    if report.run.degraded {
        let text = style.word(
            "! Lượt quét suy giảm: không dùng để so sánh",
            "! Degraded run: not to be compared with others",
        );
        line(out, &style.ink(Ink::High, text))?;
    }
    if !report.run.complete {
        let text = style.word("! Lượt quét chưa đầy đủ", "! Not every site was looked at");
        line(out, &style.ink(Ink::High, text))?;
    }
    Ok(())
}

fn table(out: &mut dyn Write, report: &Report, block: Block, style: Style) -> io::Result<()> {
    let head = match style.lang {
        Lang::Vi => ["Hạng", "Đơn vị", "Điểm", "Loại", "±", "Bao phủ", "Lỗi nặng nhất"],
        Lang::En => ["Rank", "Unit", "Score", "Grade", "±", "Coverage", "Worst finding"],
    };
    // without an earlier run to compare with there is no column for it
    let compared = report.units.iter().any(|unit| unit.change.is_some());
    let row = |cells: [&str; 7]| {
        let [rank, name, score, grade, change, coverage, worst] = cells;
        let (name, change) =
            if compared { (pad(name, 23), right(change, 4)) } else { (pad(name, 27), String::new()) };
        format!(
            "{}  {name}{}{}{change}{}  {worst}",
            right(rank, 4),
            right(score, 7),
            right(grade, 6),
            right(coverage, 9)
        )
    };
    line(out, &style.ink(Ink::Faint, &row(head)))?;
    let costs = worst(report);
    let mut units: Vec<&UnitCard> = report.units.iter().filter(|u| u.block == Some(block)).collect();
    units.sort_by(|a, b| (a.rank.is_none(), a.rank, &a.name).cmp(&(b.rank.is_none(), b.rank, &b.name)));
    for unit in units {
        let rank = unit.rank.map_or_else(|| "–".to_owned(), |rank| rank.to_string());
        let worst = match unit.status {
            Standing::Ranked => {
                costs.get(unit.id.as_str()).map_or_else(|| "✓".to_owned(), |s| style.severity(*s))
            }
            _ => unit.status_word.get(style.lang).to_owned(),
        };
        let coverage = match unit.status {
            Standing::NoSite | Standing::Shared => String::new(),
            _ => style.percent(unit.coverage.percent),
        };
        let cells = [
            rank.as_str(),
            &escape(&unit.name),
            &Style::score(unit.score, unit.bracket),
            unit.grade.as_deref().unwrap_or("–"),
            &unit.change.map_or_else(|| "–".to_owned(), Style::change),
            &coverage,
            &worst,
        ];
        line(out, &row(cells))?;
    }
    Ok(())
}

/// The worst failure that costs a unit points, on whosever site, by the unit's id.
fn worst(report: &Report) -> HashMap<&str, Severity> {
    let mut worst: HashMap<&str, Severity> = HashMap::new();
    for unit in &report.units {
        for (finding, payer) in unit.sites.iter().flat_map(|site| site.findings.charges()) {
            if finding.verdict == Verdict::Fail && finding.scores() {
                let known = worst.entry(payer.unwrap_or(&unit.id)).or_insert(finding.severity);
                *known = finding.severity.min(*known);
            }
        }
    }
    worst
}

fn needs(out: &mut dyn Write, report: &Report, style: Style) -> io::Result<()> {
    let criticals: Vec<_> = report
        .units
        .iter()
        .flat_map(|unit| unit.sites.iter().map(move |site| (unit, site)))
        .flat_map(|(unit, site)| site.findings.outlines().iter().map(move |f| (unit, site, f)))
        .filter(|(_, _, f)| f.verdict == Verdict::Fail && f.severity == Severity::Critical && f.scores())
        .collect();
    let hosts = report.units.iter().flat_map(|unit| &unit.sites).map(|site| site.host.as_str());
    let shared = shared_domain(hosts);
    if !criticals.is_empty() {
        let mut units: Vec<&str> = criticals.iter().map(|(unit, ..)| unit.id.as_str()).collect();
        units.sort_unstable();
        units.dedup();
        let text = match style.lang {
            Lang::Vi => format!("■ {} lỗi nghiêm trọng ở {} đơn vị", criticals.len(), units.len()),
            Lang::En => format!("■ {} critical findings at {} units", criticals.len(), units.len()),
        };
        let lines: Vec<String> = criticals
            .iter()
            .map(|(_, site, f)| {
                let short = site.host.strip_suffix(&shared).unwrap_or(&site.host);
                let title = pad(f.message.get(style.lang), COLUMNS - LEAD - 20);
                format!("{}  {title}", pad(&escape(short), 18))
            })
            .collect();
        section(out, style.word("Cần xử lý", "To handle"), &style.ink(Ink::Critical, &text), &lines, style)?;
    }
    let causes: Vec<String> = report
        .causes
        .iter()
        .map(|cause| {
            let kind = match cause.kind {
                CauseKind::Certificate => style.word("chứng thư", "certificate"),
                CauseKind::Zone => style.word("tên miền", "zone"),
                CauseKind::Operator => style.word("đơn vị vận hành", "operator"),
                CauseKind::Address => style.word("địa chỉ", "address"),
            };
            let value: String = cause.value.chars().take(24).collect();
            let what = title(report, &cause.rule, style.lang);
            let (units, value) = (cause.units.len(), escape(&value).into_owned());
            match style.lang {
                Lang::Vi => format!("{units} đơn vị, 1 nguyên nhân ({kind} {value}): {what}"),
                Lang::En => format!("{units} units, 1 cause ({kind} {value}): {what}"),
            }
        })
        .collect();
    if let Some((first, others)) = causes.split_first() {
        section(out, style.word("Nguyên nhân", "Causes"), first, others, style)?;
    }
    let shared: Vec<String> = report
        .shared_keys
        .iter()
        .map(|key| {
            let (units, sites) = (key.units.len(), escape(&key.sites.join(", ")).into_owned());
            match style.lang {
                Lang::Vi => format!("{units} đơn vị, 1 khóa chứng thư: {sites}"),
                Lang::En => format!("{units} units, 1 certificate key: {sites}"),
            }
        })
        .collect();
    if let Some((first, others)) = shared.split_first() {
        section(out, style.word("Khóa chung", "Shared keys"), first, others, style)?;
    }
    let untested: Vec<String> = report
        .units
        .iter()
        .filter(|unit| unit.status == Standing::Untested)
        .map(|unit| {
            let findings = unit.sites.iter().flat_map(|site| site.findings.outlines());
            let why = words::commonest_reason(findings)
                .or_else(|| unit.sites.iter().find_map(|site| site.untested))
                .map_or_else(String::new, |reason| format!(": {}", reason.words().get(style.lang)));
            format!("{}{why}", escape(&unit.name))
        })
        .collect();
    if !untested.is_empty() {
        let text = match style.lang {
            Lang::Vi => format!("? {} đơn vị không kiểm tra được, không tính điểm", untested.len()),
            Lang::En => format!("? {} units could not be tested and have no score", untested.len()),
        };
        section(out, style.word("Không kiểm", "Untested"), &text, &untested, style)?;
    }
    if let Some(text) = since(report, style) {
        section(out, style.word("So kỳ trước", "Since then"), &text, &[], style)?;
    }
    Ok(())
}

/// What changed since the last run.
fn since(report: &Report, style: Style) -> Option<String> {
    let last = report.previous.as_ref()?;
    let (fixed, new, again) = (last.fixed, last.new, last.recurred);
    let when = style.date(last.started_at);
    let mut text = match style.lang {
        Lang::Vi => format!("{fixed} đã khắc phục, {new} mới, {again} tái diễn, so với {when}"),
        Lang::En => format!("{fixed} fixed, {new} new, {again} recurred, compared with {when}"),
    };
    if !last.comparable {
        text.push_str(style.word(
            ". Hai lượt không so sánh được: một lượt suy giảm, hoặc quét từ nơi khác nhau",
            ". Not comparable: a degraded run, or another vantage point",
        ));
    } else if !last.same_rules {
        text.push_str(style.word(
            ". Bộ quy tắc đã đổi: một phần thay đổi có thể do quy tắc",
            ". The rules have changed: part of it may lie in them",
        ));
    }
    Some(text)
}

/// `.tinhmau.example`, where every host ends so; nothing where they have less than two labels in common.
fn shared_domain<'h>(mut hosts: impl Iterator<Item = &'h str>) -> String {
    let mut shared: Vec<&str> = hosts.next().map(|first| first.split('.').collect()).unwrap_or_default();
    for host in hosts {
        let labels: Vec<&str> = host.split('.').collect();
        let same = shared.iter().rev().zip(labels.iter().rev()).take_while(|(a, b)| a == b).count();
        shared.drain(..shared.len() - same);
    }
    if shared.len() < 2 { String::new() } else { format!(".{}", shared.join(".")) }
}

fn section(out: &mut dyn Write, name: &str, first: &str, others: &[String], style: Style) -> io::Result<()> {
    writeln!(out)?;
    let indent = " ".repeat(LEAD);
    for (place, text) in std::iter::once(first).chain(others.iter().map(String::as_str)).enumerate() {
        if place > MAX_LINES {
            break;
        }
        // what fits stands as it is: its columns are aligned
        let lines =
            if width(text) <= COLUMNS - LEAD { text.to_owned() } else { wrap(text, COLUMNS - LEAD, "") };
        for (row, part) in lines.lines().enumerate() {
            let lead = if place == 0 && row == 0 { pad(name, LEAD) } else { indent.clone() };
            line(out, &format!("{lead}{part}"))?;
        }
    }
    if let Some(more) = others.len().checked_sub(MAX_LINES).filter(|more| *more > 0) {
        line(
            out,
            &format!(
                "{indent}{}",
                match style.lang {
                    Lang::Vi => format!("… và {more} dòng nữa"),
                    Lang::En => format!("… and {more} more"),
                }
            ),
        )?;
    }
    Ok(())
}

fn right(text: &str, columns: usize) -> String {
    format!("{}{text}", " ".repeat(columns.saturating_sub(width(text))))
}
