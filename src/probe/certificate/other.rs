//! The second certificate of a server that has two, for keys of two kinds: one more handshake, which offers only
//! signatures of the other kind. Describes nothing.

use super::key;
use super::parsed::Parsed;
use crate::net::tls::{Authentication, Handshake, HandshakeError, Offer, handshake};
use crate::net::{Error, Lane, Purpose};
use crate::observation::{Agreement, Attempt, Skip, Tls};
use crate::probe::failure::untested;

/// What a server sent to a client that takes keys of the other kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// DER of each certificate, the leaf first.
    pub chain: Vec<Vec<u8>>,
    /// The stapled OCSP response, DER.
    pub staple: Option<Vec<u8>>,
}

/// Alerts of a server that has no certificate of this kind (RFC 8446 section 4.4.2.2, RFC 5246 section 7.2.2):
/// `handshake_failure`, `bad_certificate`, `unsupported_certificate`, `illegal_parameter`, `insufficient_security`,
/// `unsupported_extension`.
const REFUSALS: [u8; 6] = [40, 42, 43, 47, 71, 110];

/// Asks for a second certificate where `tls` does not rule it out. Absent where there is none.
pub async fn other(
    lane: &Lane,
    host: &str,
    port: u16,
    chain: &[Vec<u8>],
    tls: &Tls,
) -> Attempt<Option<Other>> {
    let Some(leaf) = chain.first().filter(|leaf| Parsed::new(leaf).is_ok()) else {
        return Attempt::skipped(Skip::DoesNotApply);
    };
    let Some(wanted) = other_kind(leaf) else { return Attempt::Completed(None) };
    if is_ruled_out(wanted, tls) {
        return Attempt::Completed(None);
    }
    let offer = Offer {
        server_name: Some(host.to_owned()),
        alpn: vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        classic_groups_only: lane.wants_classic_groups(),
        authentication: Some(wanted),
        ..Offer::default()
    };
    let connection = match lane.connect(host, port, Purpose::Tls).await {
        Ok(connection) => connection,
        Err(error) => return untested(&error),
    };
    let seen = handshake(connection, &offer).await;
    let found = match seen {
        Ok(Handshake { chain, staple, .. }) => Other { chain, staple },
        // A certificate that came is there, whatever became of the handshake.
        Err(failed) if !failed.chain.is_empty() => {
            let HandshakeError { chain, staple, .. } = *failed;
            Other { chain, staple }
        }
        Err(failed) => {
            return match failed.error {
                Error::Alert { description, .. } if REFUSALS.contains(&description) => {
                    Attempt::Completed(None)
                }
                error => untested(&error),
            };
        }
    };
    // Some send what they have to whoever asks for what they do not have.
    let is_other = found.chain.first().is_some_and(|sent| sent != leaf && other_kind(sent) != Some(wanted));
    Attempt::Completed(is_other.then_some(found))
}

/// The kind of key that a leaf does not have, `EdDSA` beside ECDSA as their suites are; nothing for keys of no kind.
fn other_kind(leaf: &[u8]) -> Option<Authentication> {
    let leaf = Parsed::new(leaf).ok()?;
    match key::public_key(&leaf.x509.tbs_certificate.subject_pki).algorithm.as_str() {
        "RSA" => Some(Authentication::Ecdsa),
        "EC" | "Ed25519" | "Ed448" => Some(Authentication::Rsa),
        _ => None,
    }
}

/// Whether the suites are all known, some of them name how the server proves itself, and none names this kind.
fn is_ruled_out(wanted: Authentication, tls: &Tls) -> bool {
    let name = match wanted {
        Authentication::Rsa => "RSA",
        Authentication::Ecdsa => "ECDSA",
    };
    let Some(suites) = tls.cipher_suites.completed().filter(|suites| suites.incomplete.is_none()) else {
        return false;
    };
    let mut telling = suites.items.iter().filter(|suite| suite.authentication != "TLS13").peekable();
    telling.peek().is_some() && telling.all(|suite| suite.authentication != name)
}

/// Whether every address sent the same server certificates: `leaves` has those of each, by SHA-256.
pub fn agree(leaves: &[Attempt<Vec<String>>]) -> Attempt<Agreement> {
    if leaves.len() < 2 {
        return Attempt::Completed(Agreement::OneAddress);
    }
    let mut seen = leaves.iter().filter_map(Attempt::completed);
    let first = seen.next();
    if seen.any(|other| Some(other) != first) {
        return Attempt::Completed(Agreement::Different);
    }
    match leaves.iter().find(|leaf| leaf.completed().is_none()) {
        Some(unseen) => unseen.clone().map(|_| Agreement::Same),
        None => Attempt::Completed(Agreement::Same),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::Failure;

    #[test]
    fn addresses_agree_or_not() {
        let sent = |text: &str| Attempt::Completed(vec![text.to_owned()]);
        let unseen = || Attempt::failed(Failure::Refused);
        assert_eq!(agree(&[]), Attempt::Completed(Agreement::OneAddress));
        assert_eq!(agree(&[sent("a")]), Attempt::Completed(Agreement::OneAddress));
        assert_eq!(agree(&[sent("a"), sent("a")]), Attempt::Completed(Agreement::Same));
        assert_eq!(agree(&[sent("a"), sent("b")]), Attempt::Completed(Agreement::Different));
        assert_eq!(agree(&[sent("a"), unseen()]), Attempt::failed(Failure::Refused));
        assert_eq!(agree(&[unseen(), sent("a"), sent("b")]), Attempt::Completed(Agreement::Different));
    }
}
