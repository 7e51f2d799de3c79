//! BIMI: the TXT record at `default._bimi` (draft-brand-indicators-for-message-identification). Fetches no picture.

use super::tag_list::{Several, TagList, sole};

/// A BIMI record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bimi {
    /// `l`: where the logo is; `None`: the domain declines to have one.
    pub logo: Option<String>,
    /// `a`: where the certificate of the mark is.
    pub evidence: Option<String>,
}

/// Why a record is none that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BimiError {
    /// More than one record.
    #[error("more than one record begins with v=BIMI1")]
    Several,
    /// No place of a logo, not even an empty one.
    #[error("l= is missing")]
    NoLogo,
    /// A place that is not reached by HTTPS.
    #[error("{0}= is no https:// address")]
    NotHttps(&'static str),
}

impl Bimi {
    /// Reads the TXT records of `default._bimi.DOMAIN`; `Ok(None)` where none is BIMI's.
    pub fn select(texts: &[Vec<u8>]) -> Result<Option<Self>, BimiError> {
        let found = sole(texts, |text| {
            let text = String::from_utf8_lossy(text);
            let first = TagList::parse(&text).tags.first().map(|tag| (tag.name, tag.value));
            (first == Some(("v", "BIMI1"))).then_some(text)
        });
        let Some(text) = found.map_err(|Several| BimiError::Several)? else { return Ok(None) };
        let list = TagList::parse(&text);
        let place = |tag: &'static str| match list.get(tag) {
            None | Some("") => Ok(None),
            Some(uri) if uri.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://")) => {
                Ok(Some(uri.to_owned()))
            }
            Some(_) => Err(BimiError::NotHttps(tag)),
        };
        if list.get("l").is_none() {
            return Err(BimiError::NoLogo);
        }
        Ok(Some(Self { logo: place("l")?, evidence: place("a")? }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn records() {
        let of =
            |texts: &[&str]| Bimi::select(&texts.iter().map(|t| t.as_bytes().to_vec()).collect::<Vec<_>>());
        let bimi = of(&["v=BIMI1; l=https://a.vn/b.svg; a=https://a.vn/b.pem;"]).unwrap().unwrap();
        assert_eq!(bimi.logo.as_deref(), Some("https://a.vn/b.svg"));
        assert_eq!(bimi.evidence.as_deref(), Some("https://a.vn/b.pem"));
        assert_eq!(of(&["v=BIMI1; l=; a=;"]), Ok(Some(Bimi { logo: None, evidence: None })));
        assert_eq!(of(&["v=BIMI2; l=", "v=spf1 -all"]), Ok(None));
        assert_eq!(of(&["v=BIMI1; l=http://a.vn/b.svg"]), Err(BimiError::NotHttps("l")));
        assert_eq!(of(&["v=BIMI1;"]), Err(BimiError::NoLogo));
        assert_eq!(of(&["v=BIMI1; l=", "v=BIMI1; l="]), Err(BimiError::Several));
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<Vec<u8>>(), more in ".{0,40}") {
            let _ = Bimi::select(&[text]);
            let _ = Bimi::select(&[format!("v=BIMI1;{more}").into_bytes()]);
        }
    }
}
