//! Which public root a chain ends at, by name, and whether a client has it. Owns no path building: that is the
//! certificate probe's.

use super::Client;
use crate::observation::{Certificate, X509};

/// The root that this client does not have and the chain sent ends at, by its common name; nothing where the chain ends
/// elsewhere, or was not found to be trusted by anybody.
pub fn missing_root<'c>(client: &'c Client, certificate: &Certificate) -> Option<&'c str> {
    if !certificate.trusted || client.lacks_roots.is_empty() {
        return None;
    }
    // a cross-signed root that is sent along leads on to the one that signed it
    let mut last: &X509 = &certificate.leaf;
    for _ in 0..certificate.issuers.items.len() {
        let next = certificate.issuers.items.iter().find(|sent| sent.subject == last.issuer);
        match next.filter(|sent| sent.sha256 != last.sha256) {
            Some(sent) => last = sent,
            None => break,
        }
    }
    let ends_at = |root: &&String| {
        let name = format!("CN={root}");
        last.issuer.split(',').map(str::trim).any(|part| part == name)
    };
    client.lacks_roots.iter().find(ends_at).map(String::as_str)
}
