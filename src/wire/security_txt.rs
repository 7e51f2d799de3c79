//! security.txt (RFC 9116): the file's fields, its cleartext signature's form, and where it breaks the RFC. Where the
//! file was found, and whether a date is too far off, is the caller's business; no signature is verified.

use jiff::Timestamp;

use super::url::{HttpUrl, is_scheme};

/// Fields kept of one file.
pub const FIELD_LIMIT: usize = 100;
/// Faults kept of one file.
const FAULT_LIMIT: usize = 20;

/// A file that was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecurityTxt {
    /// `Contact` values in order of preference.
    pub contacts: Vec<String>,
    /// `Expires`, where there is one that can be read.
    pub expires: Option<Timestamp>,
    /// `Canonical` values.
    pub canonical: Vec<String>,
    /// `Preferred-Languages`, as sent.
    pub languages: Option<String>,
    /// All other fields, names in lower case.
    pub others: Vec<(String, String)>,
    /// The form of its signature.
    pub signature: Signature,
    /// Where it breaks the RFC, each once, at most 20.
    pub faults: Vec<Fault>,
}

/// The form of an `OpenPGP` cleartext signature (§2.3); whose it is nobody looked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Signature {
    /// None.
    #[default]
    Absent,
    /// Its parts are all there, in order.
    Present,
    /// Begun and not finished.
    Broken,
}

/// Where a file breaks RFC 9116.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No `Contact` (§2.5.3).
    NoContact,
    /// A `Contact` that is no URI: an address without `mailto:` (§2.5.3).
    ContactNotUri,
    /// No `Expires` (§2.5.5).
    NoExpires,
    /// More than one `Expires`.
    SeveralExpires,
    /// An `Expires` that is no RFC 3339 date and time.
    ExpiresUnreadable,
    /// More than one `Preferred-Languages` (§2.5.8).
    SeveralLanguages,
    /// Another link that is no URI (§2.5).
    LinkNotUri,
    /// `Preferred-Languages` that are no language tags of RFC 5646 (§2.5.8).
    LanguageUnreadable,
    /// A link that is not https (§2.5).
    PlainHttp,
    /// A line that is neither field, comment nor blank.
    Line,
    /// Not UTF-8 (§3).
    NotUtf8,
    /// A signature whose parts are not all there.
    SignatureBroken,
    /// No field at all: a page that is served for every name, for instance.
    NotTheFormat,
}

impl Fault {
    /// The word of facts and rules.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoContact => "no_contact",
            Self::ContactNotUri => "contact_not_uri",
            Self::NoExpires => "no_expires",
            Self::SeveralExpires => "several_expires",
            Self::ExpiresUnreadable => "expires_unreadable",
            Self::SeveralLanguages => "several_languages",
            Self::LinkNotUri => "link_not_uri",
            Self::LanguageUnreadable => "language_unreadable",
            Self::PlainHttp => "plain_http",
            Self::Line => "line",
            Self::NotUtf8 => "not_utf8",
            Self::SignatureBroken => "signature_broken",
            Self::NotTheFormat => "not_the_format",
        }
    }
}

/// Fields whose values are links.
const LINKS: &[&str] = &["acknowledgments", "canonical", "csaf", "encryption", "hiring", "policy"];

const SIGNED: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
const SIGNATURE_END: &str = "-----END PGP SIGNATURE-----";

/// Reads a file. Never fails: what is wrong stands in `faults`.
pub fn parse(octets: &[u8]) -> SecurityTxt {
    let mut file = SecurityTxt::default();
    if std::str::from_utf8(octets).is_err() {
        file.fault(Fault::NotUtf8);
    }
    let text = String::from_utf8_lossy(octets);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let (lines, signature) = signed_part(text);
    file.signature = signature;
    if signature == Signature::Broken {
        file.fault(Fault::SignatureBroken);
    }
    let (mut expires, mut languages, mut fields) = (0, 0, 0);
    for line in lines {
        let line = line.trim_end_matches([' ', '\t', '\r']);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((name, value)) = field(line) else {
            file.fault(Fault::Line);
            continue;
        };
        fields += 1;
        if fields > FIELD_LIMIT {
            break;
        }
        match name.as_str() {
            "contact" => file.contact(value),
            "expires" => {
                expires += 1;
                let read = date(value);
                if read.is_none() {
                    file.fault(Fault::ExpiresUnreadable);
                }
                file.expires = file.expires.or(read);
            }
            "preferred-languages" => {
                languages += 1;
                if !value.split(',').all(|tag| is_language_tag(tag.trim())) {
                    file.fault(Fault::LanguageUnreadable);
                }
                file.languages.get_or_insert_with(|| value.to_owned());
            }
            known if LINKS.contains(&known) => {
                if !is_uri(value) {
                    file.fault(Fault::LinkNotUri);
                }
                file.link(value);
                if known == "canonical" {
                    file.canonical.push(value.to_owned());
                } else {
                    file.others.push((name, value.to_owned()));
                }
            }
            _ => file.others.push((name, value.to_owned())),
        }
    }
    file.faults_of_counts(fields, expires, languages);
    file
}

impl SecurityTxt {
    /// Nothing breaks the RFC; an `Expires` in the past is the caller's to see.
    pub fn is_valid(&self) -> bool {
        self.faults.is_empty()
    }

    fn contact(&mut self, value: &str) {
        if !is_uri(value) {
            self.fault(Fault::ContactNotUri);
        }
        self.link(value);
        self.contacts.push(value.to_owned());
    }

    fn link(&mut self, value: &str) {
        if HttpUrl::parse(value).is_ok_and(|url| !url.is_https()) {
            self.fault(Fault::PlainHttp);
        }
    }

    fn faults_of_counts(&mut self, fields: usize, expires: usize, languages: usize) {
        if fields == 0 {
            self.faults.retain(|fault| *fault != Fault::Line);
            self.fault(Fault::NotTheFormat);
            return;
        }
        for (wrong, fault) in [
            (self.contacts.is_empty(), Fault::NoContact),
            (expires == 0, Fault::NoExpires),
            (expires > 1, Fault::SeveralExpires),
            (languages > 1, Fault::SeveralLanguages),
        ] {
            if wrong {
                self.fault(fault);
            }
        }
    }

    fn fault(&mut self, fault: Fault) {
        if self.faults.len() < FAULT_LIMIT && !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}

/// A scheme, and no blank behind it (RFC 3986).
fn is_uri(value: &str) -> bool {
    value.split_once(':').is_some_and(|(scheme, _)| is_scheme(scheme)) && !value.contains([' ', '\t'])
}

/// A date and time of RFC 3339 section 5.6: seconds are there, and an offset has hours and minutes; ISO 8601 knows more.
/// A blank may stand for the `T`.
fn date(value: &str) -> Option<Timestamp> {
    let shape = "dddd-dd-ddTdd:dd:dd";
    let (date, rest) = value.split_at_checked(shape.len())?;
    let fits = date.bytes().zip(shape.bytes()).all(|(octet, wanted)| match wanted {
        b'd' => octet.is_ascii_digit(),
        b'T' => matches!(octet, b'T' | b't' | b' '),
        other => octet == other,
    });
    let offset = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    let zone = match offset.as_bytes() {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', hours @ .., b':', a, b] => {
            hours.len() == 2 && hours.iter().chain([a, b]).all(u8::is_ascii_digit)
        }
        _ => false,
    };
    (fits && zone).then(|| value.parse().ok())?
}

/// The form of a tag of RFC 5646: a language of two to eight letters (or `x`, `i`), then subtags of up to eight.
fn is_language_tag(tag: &str) -> bool {
    let mut subtags = tag.split('-');
    let language = subtags.next().unwrap_or_default();
    let letters = language.bytes().all(|octet| octet.is_ascii_alphabetic());
    let first = letters && ((2..=8).contains(&language.len()) || matches!(language, "x" | "X" | "i" | "I"));
    first
        && subtags.all(|subtag| {
            (1..=8).contains(&subtag.len()) && subtag.bytes().all(|octet| octet.is_ascii_alphanumeric())
        })
}

/// `name ":" SP value` (§4); the blank is asked for by the grammar and left out by many, which harms nobody. HTML has
/// colons too, so a name is held to the grammar.
fn field(line: &str) -> Option<(String, &str)> {
    let (name, value) = line.split_once(':')?;
    let name_fits = !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_graphic() && octet != b'<');
    let value = value.trim_matches([' ', '\t']);
    (name_fits && !value.is_empty()).then(|| (name.to_ascii_lowercase(), value))
}

/// The lines that count, and the form of the signature (RFC 4880 §7: header lines, a blank one, the text with its
/// dashes escaped, the signature).
fn signed_part(text: &str) -> (Vec<&str>, Signature) {
    let mut lines = text.lines();
    let bare = |line: &str| line.trim_end().to_owned();
    let Some(first) = lines.clone().find(|line| !line.trim().is_empty()) else {
        return (Vec::new(), Signature::Absent);
    };
    if bare(first) != SIGNED {
        let stray = lines.clone().any(|line| bare(line) == SIGNATURE);
        let signature = if stray { Signature::Broken } else { Signature::Absent };
        return (lines.filter(|line| !line.starts_with("-----")).collect(), signature);
    }
    lines.by_ref().find(|line| bare(line) == SIGNED);
    // `Hash:` and the like, up to the blank line
    lines.by_ref().find(|line| line.trim().is_empty());
    let mut kept = Vec::new();
    for line in lines.by_ref() {
        if bare(line) == SIGNATURE {
            let whole = lines.any(|line| bare(line) == SIGNATURE_END);
            return (kept, if whole { Signature::Present } else { Signature::Broken });
        }
        kept.push(line.strip_prefix("- ").unwrap_or(line));
    }
    (kept, Signature::Broken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = "Contact: mailto:attt@tinh.gov.vn\nExpires: 2027-05-01T00:00:00+07:00\n";

    fn faults(text: &str) -> Vec<&'static str> {
        parse(text.as_bytes()).faults.into_iter().map(Fault::name).collect()
    }

    #[test]
    fn files() {
        let signed = format!(
            "{SIGNED}\nHash: SHA512\n\n# - x\n- # dash\n{GOOD}Canonical: https://a.vn/.well-known/security.txt\n\
             {SIGNATURE}\n\niQIz=\n{SIGNATURE_END}\n"
        );
        let read = parse(signed.as_bytes());
        assert_eq!((read.signature, read.faults.len(), read.canonical.len()), (Signature::Present, 0, 1));
        assert_eq!(read.expires.unwrap().to_string(), "2027-04-30T17:00:00Z");
        for (text, expected) in [
            (GOOD, &[][..]),
            (&GOOD.replace('\n', "\r\n"), &[]),
            (&GOOD.to_lowercase().replace("+07:00", "z"), &[]),
            (&format!("\u{feff}# tiếng Việt\n\n{GOOD}Policy: https://a.vn/p\nX-Own: y\n"), &[]),
            (&GOOD.replace("mailto:", ""), &["contact_not_uri"]),
            (&GOOD.replace("mailto:", "tel: "), &["contact_not_uri"]),
            (&format!("{GOOD}Contact: http://a.vn/"), &["plain_http"]),
            (&format!("{GOOD}Encryption: openpgp4fpr:5f2de5521c63a801ab59ccb603d49de44b29100f"), &[]),
            (&format!("{GOOD}Expires: 2027-05-01T00:00:00Z"), &["several_expires"]),
            ("Contact: https://a.vn/", &["no_expires"]),
            ("Expires: 2027-05-01T00:00:00Z", &["no_contact"]),
            ("Contact: https://a.vn/\nExpires: 2027-05-01", &["expires_unreadable"]),
            ("Contact: https://a.vn/\nExpires: Thu, 31 Dec 2026 18:37:07 -0800", &["expires_unreadable"]),
            (&format!("{GOOD}Preferred-Languages: vi\nPreferred-Languages: en"), &["several_languages"]),
            (&format!("{GOOD}Preferred-Languages: vi, en-GB, zh-Hant-TW, x-own"), &[]),
            (&format!("{GOOD}Preferred-Languages: tiếng Việt"), &["language_unreadable"]),
            (&format!("{GOOD}Preferred-Languages: vi;en"), &["language_unreadable"]),
            (&format!("{GOOD}Policy: see our site"), &["link_not_uri"]),
            (&format!("{GOOD}Acknowledgments: /thanks"), &["link_not_uri"]),
            ("Contact: https://a.vn/\nExpires: 2027-05-01T00:00Z", &["expires_unreadable"]),
            ("Contact: https://a.vn/\nExpires: 2027-05-01T00:00:00+07", &["expires_unreadable"]),
            ("Contact: https://a.vn/\nExpires: 2027-05-01T00:00:00", &["expires_unreadable"]),
            ("Contact: https://a.vn/\nExpires: 20270501T000000Z", &["expires_unreadable"]),
            ("Contact: https://a.vn/\nExpires: 2027-05-01T00:00:00Z[Asia/Saigon]", &["expires_unreadable"]),
            ("Contact: https://a.vn/\nExpires: 2027-05-01 00:00:00.25-05:30", &[]),
            ("Contact: https://a.vn/\nExpires: 2027-06-30T23:59:60Z", &[]),
            (&format!("{GOOD}no colon here"), &["line"]),
            ("<!doctype html>\n<p>a: b</p>", &["not_the_format"]),
            ("", &["not_the_format"]),
            (&signed.replace(SIGNATURE_END, ""), &["signature_broken"]),
            (&format!("{GOOD}{SIGNATURE}\nx\n"), &["signature_broken", "line"]),
        ] {
            assert_eq!(faults(text), expected, "{text}");
        }
        assert!(parse(b"Contact: https://a.vn/\xff").faults.contains(&Fault::NotUtf8));
    }

    proptest! {
        #[test]
        fn never_panics_and_keeps_little(text in "(Contact: |Expires: |-----BEGIN PGP SIGNED MESSAGE-----|\n|:|.){0,60}", junk in any::<Vec<u8>>()) {
            parse(text.as_bytes());
            let read = parse(&junk);
            prop_assert!(read.contacts.len() + read.others.len() <= FIELD_LIMIT);
        }
    }
}
