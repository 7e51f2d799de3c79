//! Where reports go: the URIs of `rua` and `ruf`, and which of them need the other side's consent.

use super::{discovery::organizational_domain, plain};

/// One destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportUri {
    /// As written, without the size limit of RFC 7489.
    pub uri: String,
    /// What it leads to.
    pub destination: Destination,
}

/// What a report URI leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// `mailto:`; the domain after the `@` of the address, in lower case.
    Mail {
        /// The domain.
        domain: String,
    },
    /// Another scheme, which no receiver has to know.
    Other,
}

impl ReportUri {
    /// Reads a URI and takes a size limit (`!10m`) off its end.
    pub fn parse(text: &str) -> Option<Self> {
        let uri = match text.rsplit_once('!') {
            Some((uri, size)) if is_size(size) => uri,
            // an exclamation mark elsewhere has to be encoded
            Some(_) => return None,
            None => text,
        };
        let (scheme, rest) = uri.split_once(':')?;
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        if !is_scheme || rest.is_empty() || !uri.chars().all(|c| c.is_ascii_graphic()) {
            return None;
        }
        let destination = if scheme.eq_ignore_ascii_case("mailto") {
            let address = rest.split_once('?').map_or(rest, |(address, _)| address);
            let (local, domain) = address.rsplit_once('@')?;
            let domain = plain(domain);
            if local.is_empty() || !is_host(&domain) {
                return None;
            }
            Destination::Mail { domain }
        } else {
            Destination::Other
        };
        Some(Self { uri: uri.to_owned(), destination })
    }

    /// The name whose TXT record has to consent to reports about `domain` going there (RFC 7489 section 7.1, RFC 9990
    /// section 4); `None` where they stay in the organisation.
    pub fn consent_name(&self, domain: &str) -> Option<String> {
        let Destination::Mail { domain: target } = &self.destination else { return None };
        let outside = organizational_domain(target) != organizational_domain(domain);
        outside.then(|| format!("{domain}._report._dmarc.{target}"))
    }
}

/// `1*DIGIT [ "k" / "m" / "g" / "t" ]`.
fn is_size(text: &str) -> bool {
    let digits = text.strip_suffix(|c: char| "kmgtKMGT".contains(c)).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
}

fn is_host(name: &str) -> bool {
    name.len() <= 253
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet))
        })
}
