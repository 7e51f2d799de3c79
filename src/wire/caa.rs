//! CAA property records (RFC 8659): flags, tag, and the grammar of issue values. Which records apply to a name,
//! and whether a certificate's issuer agrees with them, is decided elsewhere.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One CAA property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// The flags octet as sent; only the highest bit has a meaning (§4.1).
    pub flags: u8,
    /// The tag in lower case; tags compare without regard to case (§4.1).
    pub tag: String,
    /// The value as sent.
    pub value: Vec<u8>,
    /// What the tag makes of the value.
    pub meaning: Meaning,
}

/// What a property says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// `issue`: who may issue for the name, and for its wildcards unless an `issuewild` stands (§4.2).
    Issue(Issue),
    /// `issuewild`: who may issue wildcards (§4.3).
    IssueWild(Issue),
    /// `issuemail`: who may issue for mail addresses (RFC 9495); no matter for web sites.
    IssueMail(Issue),
    /// `iodef`: where refused requests are reported (§4.4).
    Iodef(Iodef),
    /// `contactemail` or `contactphone` of the CA/Browser Forum.
    Contact,
    /// Any other tag. With the critical bit no issuer may issue unless it knows the tag (§4.1).
    Unknown,
}

/// An issue value (§4.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Issue {
    /// This issuer may issue, under these parameters.
    Issuer {
        /// The issuer's domain name in lower case.
        domain: String,
        /// Tag and value as sent, for instance `accounturi` and `validationmethods` (RFC 8657).
        parameters: Vec<Parameter>,
    },
    /// No issuer is named (`;`): the property permits nobody.
    Nobody,
    /// The grammar does not hold: the property permits nobody (§4.2), which the domain's owner may not have meant.
    Malformed,
}

/// One parameter of an issue value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// The parameter's tag as sent.
    pub tag: String,
    /// Its value as sent, which may be empty.
    pub value: String,
}

/// An iodef value: a URL whose scheme says how to report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Iodef {
    /// `mailto:`.
    Mail,
    /// `http:` or `https:`.
    Web,
    /// Anything else; no issuer needs to understand it.
    Other,
}

/// Why octets are no CAA record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Shorter than flags, tag length and the tag it announces.
    #[error("the record ends before its tag does; compare it with RFC 8659 §4.1")]
    Short,
    /// The tag is empty or holds something else than ASCII letters and digits.
    #[error("the tag is empty or not made of ASCII letters and digits, RFC 8659 §4.1")]
    Tag,
}

impl Property {
    /// Reads record data off the wire: flags, tag length, tag, value (§4.1).
    pub fn from_rdata(rdata: &[u8]) -> Result<Self, Malformed> {
        let (&flags, rest) = rdata.split_first().ok_or(Malformed::Short)?;
        let (&length, rest) = rest.split_first().ok_or(Malformed::Short)?;
        let (tag, value) = rest.split_at_checked(usize::from(length)).ok_or(Malformed::Short)?;
        Self::new(flags, tag, value)
    }

    /// A property from parts a DNS library has separated already.
    pub fn new(flags: u8, tag: &[u8], value: &[u8]) -> Result<Self, Malformed> {
        if tag.is_empty() || !tag.iter().all(u8::is_ascii_alphanumeric) {
            return Err(Malformed::Tag);
        }
        let tag = String::from_utf8_lossy(tag).to_ascii_lowercase();
        let meaning = match tag.as_str() {
            "issue" => Meaning::Issue(Issue::parse(value)),
            "issuewild" => Meaning::IssueWild(Issue::parse(value)),
            "issuemail" => Meaning::IssueMail(Issue::parse(value)),
            "iodef" => Meaning::Iodef(Iodef::parse(value)),
            "contactemail" | "contactphone" => Meaning::Contact,
            _ => Meaning::Unknown,
        };
        Ok(Self { flags, tag, value: value.to_vec(), meaning })
    }

    /// Whether the issuer critical bit is set. It is the highest: a zone that writes `1` has not set it.
    pub fn critical(&self) -> bool {
        self.flags & 0x80 != 0
    }

    /// A tag nobody here knows, marked critical: issuers that do not know it either must refuse (§4.1).
    pub fn unknown_critical(&self) -> bool {
        self.critical() && self.meaning == Meaning::Unknown
    }

    /// The record data, as [`Property::from_rdata`] reads it; the tag comes out in lower case. `None` when the
    /// tag is longer than its length octet can say.
    pub fn to_rdata(&self) -> Option<Vec<u8>> {
        let length = u8::try_from(self.tag.len()).ok()?;
        let mut rdata = vec![self.flags, length];
        rdata.extend_from_slice(self.tag.as_bytes());
        rdata.extend_from_slice(&self.value);
        Some(rdata)
    }
}

impl Issue {
    /// `*WSP [issuer-domain-name *WSP] [";" *WSP [parameters *WSP]]` (§4.2), to the letter: a semicolon after
    /// the last parameter, an underscore in the name or a second name makes it malformed.
    pub fn parse(value: &[u8]) -> Self {
        Self::grammar(value).unwrap_or(Self::Malformed)
    }

    fn grammar(value: &[u8]) -> Option<Self> {
        let value = std::str::from_utf8(value).ok()?;
        let (domain, parameters) = match value.split_once(';') {
            Some((domain, parameters)) => (blanks_off(domain), blanks_off(parameters)),
            None => (blanks_off(value), ""),
        };
        let parameters = match parameters {
            "" => Vec::new(),
            text => text.split(';').map(Parameter::parse).collect::<Option<_>>()?,
        };
        if domain.is_empty() {
            return Some(Self::Nobody);
        }
        domain
            .split('.')
            .all(is_label)
            .then(|| Self::Issuer { domain: domain.to_ascii_lowercase(), parameters })
    }

    /// Whether this property permits nobody at all.
    pub fn forbids(&self) -> bool {
        matches!(self, Self::Nobody | Self::Malformed)
    }
}

impl Parameter {
    /// `tag *WSP "=" *WSP value`, the value being visible ASCII without a semicolon.
    fn parse(text: &str) -> Option<Self> {
        let (tag, value) = text.split_once('=')?;
        let (tag, value) = (blanks_off(tag), blanks_off(value));
        (is_label(tag) && value.bytes().all(|octet| octet.is_ascii_graphic() && octet != b';'))
            .then(|| Self { tag: tag.to_owned(), value: value.to_owned() })
    }
}

impl Iodef {
    fn parse(value: &[u8]) -> Self {
        let starts =
            |scheme: &[u8]| value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
        if starts(b"mailto:") {
            Self::Mail
        } else if starts(b"http://") || starts(b"https://") {
            Self::Web
        } else {
            Self::Other
        }
    }
}

/// `(ALPHA / DIGIT) *( *("-") (ALPHA / DIGIT))`: a label, and a parameter's tag as well.
fn is_label(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
}

fn blanks_off(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn issuer(domain: &str, parameters: &[(&str, &str)]) -> Issue {
        let parameters = parameters
            .iter()
            .map(|(tag, value)| Parameter { tag: (*tag).into(), value: (*value).into() })
            .collect();
        Issue::Issuer { domain: domain.into(), parameters }
    }

    /// Examples of RFC 8659 §4 and RFC 8657 §6, and borderline cases of the grammar.
    #[test]
    fn issue_values() {
        for (value, expected) in [
            ("ca1.example.net", issuer("ca1.example.net", &[])),
            ("CA1.Example.NET", issuer("ca1.example.net", &[])),
            ("  ca1.example.net\t", issuer("ca1.example.net", &[])),
            ("ca1.example.net;", issuer("ca1.example.net", &[])),
            ("ca1.example.net; account=230123", issuer("ca1.example.net", &[("account", "230123")])),
            (
                "ca1.example.net ; a = 1 ; b=x=y ; c=",
                issuer("ca1.example.net", &[("a", "1"), ("b", "x=y"), ("c", "")]),
            ),
            (
                "example.com; accounturi=https://example.com/account/1234; validationmethods=dns-01,http-01",
                issuer(
                    "example.com",
                    &[
                        ("accounturi", "https://example.com/account/1234"),
                        ("validationmethods", "dns-01,http-01"),
                    ],
                ),
            ),
            ("localhost", issuer("localhost", &[])),
            ("xn--ca-hra.vn", issuer("xn--ca-hra.vn", &[])),
            (";", Issue::Nobody),
            ("", Issue::Nobody),
            (" \t", Issue::Nobody),
            ("; policy=ev", Issue::Nobody),
            ("%%%%%", Issue::Malformed),
            ("ca.example.net; a=1;", Issue::Malformed),
            ("ca.example.net;;", Issue::Malformed),
            ("ca.example.net a=1", Issue::Malformed),
            ("ca.example.net other.net", Issue::Malformed),
            ("ca.example.net, other.net", Issue::Malformed),
            ("ca_1.example.net", Issue::Malformed),
            ("ca.example.net.", Issue::Malformed),
            ("-ca.example.net", Issue::Malformed),
            ("ca-.example.net", Issue::Malformed),
            (".", Issue::Malformed),
            ("ca.example.net; a", Issue::Malformed),
            ("ca.example.net; =1", Issue::Malformed),
            ("ca.example.net; a=x y", Issue::Malformed),
            ("ca.example.net; a-=1", Issue::Malformed),
            ("\"ca.example.net\"", Issue::Malformed),
            ("tỉnh.vn", Issue::Malformed),
        ] {
            let found = Issue::parse(value.as_bytes());
            assert_eq!(found, expected, "{value:?}");
            assert_eq!(found.forbids(), !matches!(expected, Issue::Issuer { .. }));
        }
        assert_eq!(Issue::parse(b"\xff"), Issue::Malformed);
    }

    #[test]
    fn properties() {
        let property = Property::from_rdata(b"\x00\x05issueca1.example.net").expect("well formed");
        assert_eq!(property.meaning, Meaning::Issue(issuer("ca1.example.net", &[])));
        assert!(!property.critical());
        let property = Property::from_rdata(b"\x80\x03tbsUnknown").expect("well formed");
        assert!(property.unknown_critical() && property.tag == "tbs");
        let property = Property::from_rdata(b"\x01\x03tbsUnknown").expect("well formed");
        assert!(!property.unknown_critical(), "flags 1 is the usual slip, not the critical bit");
        let property = Property::from_rdata(b"\x80\x09ISSUEWILD;").expect("well formed");
        assert_eq!(
            (property.tag.as_str(), &property.meaning),
            ("issuewild", &Meaning::IssueWild(Issue::Nobody))
        );
        assert!(property.critical() && !property.unknown_critical());
        let property = Property::new(0, b"issuemail", b";").expect("well formed");
        assert_eq!(property.meaning, Meaning::IssueMail(Issue::Nobody));
        assert_eq!(
            Property::new(0, b"contactemail", b"a@b.vn").expect("well formed").meaning,
            Meaning::Contact
        );
    }

    #[test]
    fn iodef_values() {
        for (value, expected) in [
            ("mailto:security@example.com", Iodef::Mail),
            ("MAILTO:x", Iodef::Mail),
            ("http://iodef.example.com/", Iodef::Web),
            ("https://iodef.example.com/", Iodef::Web),
            ("security@example.com", Iodef::Other),
            ("", Iodef::Other),
        ] {
            let property = Property::new(0, b"iodef", value.as_bytes()).expect("well formed");
            assert_eq!(property.meaning, Meaning::Iodef(expected), "{value}");
        }
    }

    #[test]
    fn malformed_records() {
        for (rdata, expected) in [
            (&b""[..], Malformed::Short),
            (b"\x00", Malformed::Short),
            (b"\x00\x05issu", Malformed::Short),
            (b"\x00\x00value", Malformed::Tag),
            (b"\x00\x05is ue", Malformed::Tag),
            (b"\x00\x05iss\xfce", Malformed::Tag),
            (b"\x00\x05iss-e", Malformed::Tag),
        ] {
            assert_eq!(Property::from_rdata(rdata), Err(expected), "{rdata:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(rdata in any::<Vec<u8>>(), value in "[a-c.;= \t-]{0,16}") {
            let _ = Property::from_rdata(&rdata);
            Issue::parse(value.as_bytes());
        }

        #[test]
        fn round_trip(flags in any::<u8>(), tag in "[a-z0-9]{1,15}", value in any::<Vec<u8>>()) {
            let property = Property::new(flags, tag.as_bytes(), &value).expect("well formed");
            let rdata = property.to_rdata().expect("short tag");
            prop_assert_eq!(Property::from_rdata(&rdata), Ok(property));
        }

        #[test]
        fn built_issue_values_parse(labels in prop::collection::vec("[a-z0-9]([a-z0-9-]{0,5}[a-z0-9])?", 1..4),
                                    value in "[!-:<-~]{0,12}") {
            let domain = labels.join(".");
            let built = format!(" {domain} ; tag = {value} ");
            prop_assert_eq!(Issue::parse(built.as_bytes()), issuer(&domain, &[("tag", &value)]));
        }
    }
}
