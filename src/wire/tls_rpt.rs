//! SMTP TLS reporting (RFC 8460): the TXT record at `_smtp._tls`. The reports themselves are not read here.

use super::{
    dmarc::ReportUri,
    tag_list::{Several, TagList, after_version, sole},
};

/// What the TXT records of `_smtp._tls.DOMAIN` come to (§3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reporting {
    /// No record.
    Nothing,
    /// Where reports go, at least one place.
    To(Vec<String>),
    /// Several records, or one that names no place: nobody reports.
    Broken(&'static str),
}

/// Reads the TXT records of `_smtp._tls.DOMAIN`.
pub fn reporting(texts: &[Vec<u8>]) -> Reporting {
    let text = match sole(texts, |text| after_version(text, "v=TLSRPTv1").map(|_| text)) {
        Ok(None) => return Reporting::Nothing,
        Err(Several) => return Reporting::Broken("more than one record begins with v=TLSRPTv1"),
        Ok(Some(text)) => String::from_utf8_lossy(text),
    };
    let Some(listed) = TagList::parse(&text).get("rua") else {
        return Reporting::Broken("rua= is missing");
    };
    let is_known = |uri: &ReportUri| {
        let scheme = uri.uri.split_once(':').map_or("", |(scheme, _)| scheme);
        scheme.eq_ignore_ascii_case("mailto") || scheme.eq_ignore_ascii_case("https")
    };
    let places: Vec<String> = listed
        .split(',')
        .filter_map(|uri| ReportUri::parse(uri.trim()))
        .filter(is_known)
        .map(|uri| uri.uri)
        .collect();
    if places.is_empty() {
        Reporting::Broken("rua= names neither a mailto: nor an https: address")
    } else {
        Reporting::To(places)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn records() {
        let of = |texts: &[&str]| reporting(&texts.iter().map(|t| t.as_bytes().to_vec()).collect::<Vec<_>>());
        assert_eq!(
            of(&["v=TLSRPTv1;rua=mailto:a@example.com,https://b.example/c", "v=spf1 -all"]),
            Reporting::To(vec![String::from("mailto:a@example.com"), String::from("https://b.example/c")])
        );
        assert_eq!(of(&["v=TLSRPTv10; rua=mailto:a@b.vn"]), Reporting::Nothing);
        assert_eq!(of(&[]), Reporting::Nothing);
        for texts in [
            &["v=TLSRPTv1"][..],
            &["v=TLSRPTv1; rua="],
            &["v=TLSRPTv1; rua=a@b.vn"],
            &["v=TLSRPTv1; rua=http://b.vn"],
            &["v=TLSRPTv1; rua=mailto:a@b.vn", "v=TLSRPTv1; rua=mailto:c@b.vn"],
        ] {
            assert!(matches!(of(texts), Reporting::Broken(_)), "{texts:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<Vec<u8>>(), more in "[ -~]{0,40}") {
            reporting(&[text]);
            reporting(&[format!("v=TLSRPTv1;{more}").into_bytes()]);
        }
    }
}
