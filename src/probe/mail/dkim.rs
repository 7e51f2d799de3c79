//! DKIM keys under the selectors that the inventory names, as facts. Nobody outside knows others.

use crate::{
    net::Resolver,
    observation::{Attempt, DkimKey, DkimKind, DkimRecord, Listing, limits},
    probe::failure::{cut, untested},
    target::Selector,
    wire::dkim::{Key, KeyRecord},
};

use super::records::texts;

/// One look-up for each selector.
pub(super) async fn keys(
    resolver: &Resolver,
    domain: &str,
    selectors: &[Selector],
) -> Attempt<Listing<DkimKey>> {
    let mut keys = Vec::new();
    for selector in selectors.iter().take(limits::DKIM_SELECTORS) {
        let found = texts(resolver, &format!("{selector}._domainkey.{domain}")).await;
        let record = match found {
            Ok(texts) => Attempt::Completed(record(&texts)),
            Err(error) => untested(&error),
        };
        keys.push(DkimKey { selector: selector.as_str().to_owned(), record });
    }
    Attempt::Completed(Listing::complete(keys))
}

/// What several records at one name mean is undefined (RFC 6376 section 3.6.2.2).
fn record(texts: &[Vec<u8>]) -> Option<DkimRecord> {
    let faulty =
        |fault: String| DkimRecord { fault: Some(fault), kind: None, rsa_bits: None, testing: false };
    let text = match texts {
        [] => return None,
        [text] => text,
        _ => return Some(faulty(String::from("more than one record stands at the name"))),
    };
    let record = match KeyRecord::parse(text) {
        Ok(record) => record,
        Err(error) => return Some(faulty(error.to_string())),
    };
    let (kind, rsa_bits) = match record.key {
        Key::Revoked => (DkimKind::Revoked, None),
        Key::Rsa { bits } => (DkimKind::Rsa, Some(bits)),
        Key::Ed25519 => (DkimKind::Ed25519, None),
        Key::Unknown(kind) => return Some(faulty(cut(&format!("keys of type {kind} are not known")))),
    };
    let fault = (!record.for_mail).then(|| String::from("s= does not allow it for mail"));
    Some(DkimRecord { fault, kind: Some(kind), rsa_bits, testing: record.testing })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_become_facts() {
        let of =
            |texts: &[&str]| record(&texts.iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>());
        assert_eq!(of(&[]), None);
        let ed25519 = "v=DKIM1; k=ed25519; t=y; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
        let seen = of(&[ed25519]).unwrap();
        assert_eq!((seen.kind, seen.testing, seen.fault), (Some(DkimKind::Ed25519), true, None));
        assert_eq!(of(&["v=DKIM1; p="]).unwrap().kind, Some(DkimKind::Revoked));
        assert!(of(&[ed25519, ed25519]).unwrap().fault.unwrap().contains("more than one"));
        assert!(of(&["v=DKIM1; k=x; p=AAAA"]).unwrap().fault.is_some());
        assert!(of(&["v=DKIM1; k=rsa"]).unwrap().fault.is_some());
        assert!(of(&[&format!("{ed25519}; s=other")]).unwrap().fault.unwrap().contains("s="));
    }
}
