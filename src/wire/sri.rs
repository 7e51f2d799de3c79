//! Subresource Integrity: what an `integrity` attribute asks browsers to check. Which elements need one is not decided
//! here.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// A hash algorithm of the standard, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    fn parse(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "sha256" => Some(Self::Sha256),
            "sha384" => Some(Self::Sha384),
            "sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// What an `integrity` attribute does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Integrity {
    /// Browsers find no hash they know: everything loads, as if there were no attribute.
    Ignored,
    /// Hashes of this algorithm are checked, weaker ones beside it are not.
    Checked(Algorithm),
    /// The strongest hashes have the wrong length or are no base64: nothing loads.
    Unmatchable(Algorithm),
}

/// Reads an `integrity` attribute ("parse metadata", "get the strongest metadata").
pub fn parse(attribute: &str) -> Integrity {
    let hashes = || {
        attribute.split_ascii_whitespace().filter_map(|item| {
            let (algorithm, value) = item.split_once('-')?;
            let value = value.split_once('?').map_or(value, |(value, _)| value);
            Some((Algorithm::parse(algorithm)?, value))
        })
    };
    let Some(strongest) = hashes().map(|(algorithm, _)| algorithm).max() else { return Integrity::Ignored };
    let matchable = hashes().filter(|(algorithm, _)| *algorithm == strongest).any(|(algorithm, value)| {
        // both alphabets are accepted
        let value = value.replace('-', "+").replace('_', "/");
        STANDARD.decode(value).is_ok_and(|digest| digest.len() == algorithm.length())
    });
    if matchable { Integrity::Checked(strongest) } else { Integrity::Unmatchable(strongest) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_browsers_check() {
        let sha256 = format!("sha256-{}", STANDARD.encode([7; 32]));
        let sha384 = format!("sha384-{}", STANDARD.encode([0xfb; 48]));
        for (text, expected) in [
            (sha256.clone(), Integrity::Checked(Algorithm::Sha256)),
            (sha256.replace("sha256", "SHA256"), Integrity::Checked(Algorithm::Sha256)),
            (format!("{sha256} {sha384}"), Integrity::Checked(Algorithm::Sha384)),
            (format!("\t{sha384}\n"), Integrity::Checked(Algorithm::Sha384)),
            (sha384.replace('+', "-").replace('/', "_"), Integrity::Checked(Algorithm::Sha384)),
            (format!("{sha256}?ct=text/javascript"), Integrity::Checked(Algorithm::Sha256)),
            // the strongest decides, though it fits nothing
            (format!("{sha256} sha512-AAAA"), Integrity::Unmatchable(Algorithm::Sha512)),
            (String::from("sha256-"), Integrity::Unmatchable(Algorithm::Sha256)),
            (String::from("md5-AAAA"), Integrity::Ignored),
            (String::from("sha1-AAAA sha256"), Integrity::Ignored),
            (String::new(), Integrity::Ignored),
        ] {
            assert_eq!(parse(&text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "(sha(256|384|512)-|.| ){0,40}") {
            parse(&text);
        }
    }
}
