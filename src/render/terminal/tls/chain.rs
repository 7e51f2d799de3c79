//! The certificate chain as a tree: the server's own first, each certificate under the one it certifies.

use std::io::{self, Write};

use super::{COLUMNS, Ink, Style, line, seen, title};
use crate::{
    observation::{Attempt, Certificate, ChainFault, Skip, ValidityStatus, X509},
    render::{cut, escape, hang},
    rule::Lang,
    target::VIETNAM,
};

/// The most names of a certificate that are listed.
const NAMES: usize = 6;
/// The most characters of one name.
const NAME: usize = 200;
/// Beyond this depth the tree no longer moves to the right: a server may send twenty certificates.
const DEEPEST: usize = 6;

/// Prints the chain as sent, under this title.
pub(super) fn chain(
    out: &mut dyn Write,
    heading: &str,
    attempt: &Attempt<Certificate>,
    style: Style,
) -> io::Result<()> {
    if matches!(attempt, Attempt::Skipped { skipped: Skip::NotRequested | Skip::DoesNotApply }) {
        return Ok(());
    }
    title(out, heading, style)?;
    let Some(certificate) = seen(out, attempt, style)? else { return Ok(()) };
    one(out, &certificate.leaf, 0, Some(certificate), style)?;
    let mut below = &certificate.leaf;
    for (index, issuer) in certificate.issuers.items.iter().enumerate() {
        one(out, issuer, index + 1, None, style)?;
        if issuer.subject != below.issuer {
            let text = style.word("không ký cho chứng thư ngay trên", "did not sign the one above");
            line(out, &style.ink(Ink::Medium, &hang(&lead(index + 1, true), text, COLUMNS)))?;
        }
        below = issuer;
    }
    if !below.self_signed {
        let depth = certificate.issuers.items.len() + 1;
        let text = match style.lang {
            Lang::Vi => format!("{} (không gửi kèm)", common_name(&below.issuer)),
            Lang::En => format!("{} (not sent)", common_name(&below.issuer)),
        };
        line(out, &style.ink(Ink::Faint, &hang(&lead(depth, false), &text, COLUMNS)))?;
    }
    verdict(out, certificate, style)
}

/// One certificate of the tree.
fn one(
    out: &mut dyn Write,
    x509: &X509,
    depth: usize,
    leaf_of: Option<&Certificate>,
    style: Style,
) -> io::Result<()> {
    let text = hang(&lead(depth, false), &common_name(&x509.subject), COLUMNS);
    line(out, &style.ink(Ink::Strong, &text))?;
    let under = lead(depth, true);
    let key = match (x509.key.bits, &x509.key.curve) {
        (_, Some(curve)) => format!("{} {}", escape(&x509.key.algorithm), escape(curve)),
        (Some(bits), None) => format!("{} {bits}", escape(&x509.key.algorithm)),
        (None, None) => escape(&x509.key.algorithm).into_owned(),
    };
    let signed = match style.lang {
        Lang::Vi => format!("khóa {key}; ký bằng {}", escape(&x509.signature.name)),
        Lang::En => format!("key {key}; signed with {}", escape(&x509.signature.name)),
    };
    line(out, &hang(&under, &signed, COLUMNS))?;
    let day = |at| VIETNAM.to_datetime(at).date().strftime(style.word("%d/%m/%Y", "%Y-%m-%d")).to_string();
    let (from, to) = (day(x509.not_before), day(x509.not_after));
    let left = x509.days_left;
    let (ink, left) = match (x509.validity, style.lang) {
        (ValidityStatus::Valid, Lang::Vi) => (None, format!("còn {left} ngày")),
        (ValidityStatus::Valid, Lang::En) => (None, format!("{left} days left")),
        (ValidityStatus::Expired, Lang::Vi) => (Some(Ink::Critical), "đã hết hạn".to_owned()),
        (ValidityStatus::Expired, Lang::En) => (Some(Ink::Critical), "expired".to_owned()),
        (ValidityStatus::NotYetValid, Lang::Vi) => (Some(Ink::Critical), "chưa tới hạn".to_owned()),
        (ValidityStatus::NotYetValid, Lang::En) => (Some(Ink::Critical), "not valid yet".to_owned()),
    };
    let text = match style.lang {
        Lang::Vi => format!("{from} – {to} ({} ngày), {left}", x509.lifetime_days),
        Lang::En => format!("{from} – {to} ({} days), {left}", x509.lifetime_days),
    };
    let text = hang(&under, &text, COLUMNS);
    line(out, &ink.map_or(text.clone(), |ink| style.ink(ink, &text)))?;
    let Some(certificate) = leaf_of else { return Ok(()) };
    let names = &x509.names.items;
    let mut listed: Vec<String> =
        names.iter().take(NAMES).map(|name| escape(&cut(&name.name, NAME)).into_owned()).collect();
    if let Some(more) = names.len().checked_sub(NAMES).filter(|more| *more > 0) {
        let mark = if x509.names.incomplete.is_some() { "≥ " } else { "" };
        listed.push(format!("… +{mark}{more}"));
    }
    let listed = if listed.is_empty() { "–".to_owned() } else { listed.join(", ") };
    let (ink, word) = if certificate.names_host {
        (None, style.word("tên", "names"))
    } else {
        (Some(Ink::Critical), style.word("tên, không có tên của trang", "names, not the site's"))
    };
    let text = hang(&under, &format!("{word}: {listed}"), COLUMNS);
    line(out, &ink.map_or(text.clone(), |ink| style.ink(ink, &text)))
}

/// What path building made of it.
fn verdict(out: &mut dyn Write, certificate: &Certificate, style: Style) -> io::Result<()> {
    let (ink, text) = if certificate.trusted {
        (Ink::Good, style.word("✓ được tin cậy", "✓ trusted"))
    } else {
        let text = match certificate.fault {
            Some(ChainFault::SelfSigned) => style.word("tự ký", "self-signed"),
            Some(ChainFault::MissingIntermediate) => {
                style.word("thiếu chứng thư trung gian", "an intermediate is missing")
            }
            Some(ChainFault::UntrustedRoot) => {
                style.word("gốc không nằm trong danh sách tin cậy", "its root is not a trusted one")
            }
            Some(ChainFault::ExpiredIssuer) => {
                style.word("chứng thư cấp trên đã hết hạn", "an issuer has expired")
            }
            Some(ChainFault::BadSignature) => style.word("chữ ký sai", "a signature does not verify"),
            Some(ChainFault::Unusable) => style.word("không được dùng như vậy", "may not be used so"),
            None => style.word("chưa rõ vì sao", "for an unknown reason"),
        };
        let text = match style.lang {
            Lang::Vi => format!("■ không được tin cậy: {text}"),
            Lang::En => format!("■ not trusted: {text}"),
        };
        return line(out, &style.ink(Ink::Critical, &hang("  ", &text, COLUMNS)));
    };
    line(out, &style.ink(ink, &format!("  {text}")))
}

/// What stands before a line of a certificate: the branch, or the space beside it.
fn lead(depth: usize, inside: bool) -> String {
    let indent = "  ".repeat(depth.saturating_sub(1).min(DEEPEST) + 1);
    match (depth, inside) {
        (0, false) => indent,
        (0, true) => format!("{indent}  "),
        (_, false) => format!("{indent}└ "),
        (_, true) => format!("{indent}    "),
    }
}

/// The common name of a distinguished name; all of it where it has none.
fn common_name(name: &str) -> String {
    let part = name.split(',').map(str::trim).find_map(|part| part.strip_prefix("CN="));
    escape(&cut(part.unwrap_or(name), NAME)).into_owned()
}
