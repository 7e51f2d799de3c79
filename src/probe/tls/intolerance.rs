//! Hellos that TLS allows and some servers fail at: which of them this one cannot stand. Asked all at once first; one by
//! one only where that was not answered.

use super::{
    asker::{Asker, Peer, Settled},
    hello::foreign_suites,
    negotiated::Found,
    offer::{HANGS, Offer},
};
use crate::{
    observation::{Failure, HelloTrait},
    wire::tls::{ClientHello, EncodeError, Extension, ExtensionType, Version},
};

/// A version that there is not, in hello and record.
const FUTURE: Version = Version(0x0305);
/// GREASE for suites, groups and extensions (RFC 8701), different ones.
const UNKNOWN_SUITE: u16 = 0x3a3a;
const UNKNOWN_GROUP: u16 = 0x4a4a;
const UNKNOWN_EXTENSIONS: [u16; 2] = [0x5a5a, 0x6a6a];
/// Beside those that were accepted, so many suites make more than 64 and more than 128.
const OVER_64: usize = 65;
const OVER_128: usize = 129;

/// Every trait, one that stands for another after it.
const TRAITS: [HelloTrait; 7] = [
    HelloTrait::HighVersion,
    HelloTrait::HighRecordVersion,
    HelloTrait::UnknownSuite,
    HelloTrait::UnknownExtension,
    HelloTrait::UnknownGroup,
    HelloTrait::Length256To511,
    HelloTrait::MoreThan128Suites,
];

/// Adds to what was found what the server cannot stand. Asks with what it was seen to accept.
pub(super) async fn look<P: Peer>(asker: &Asker<'_, P>, found: &mut Found) {
    let accepted = found.suites.iter().rev().filter(|(_, of)| !of.chosen.is_empty());
    // SSL 3.0 has none of these
    let accepted = accepted.filter(|(version, _)| **version > Version::SSL3);
    // the highest version that a hello names in its version field
    let by_field = |version: Version| version < Version::TLS13;
    let of = accepted.clone().find(|(version, _)| by_field(**version)).or_else(|| accepted.clone().next());
    let Some((version, of)) = of else { return };
    let mut offer = Offer::new(*version, of.chosen.iter().map(|chosen| chosen.told.suite).collect());
    let groups = found.groups.iter().filter(|(in_version, _)| in_version == version);
    offer.groups = groups.map(|(_, group)| *group).collect();
    if offer.groups.is_empty() {
        offer.groups = vec![29, 23, 24, 25];
    }
    // a list of usual length leaves room for the rest
    offer.schemes = vec![0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601, 0x0203, 0x0201];
    let traits: Vec<HelloTrait> = TRAITS
        .into_iter()
        .filter(|wanted| *wanted != HelloTrait::HighVersion || by_field(offer.version))
        .collect();
    if matches!(asker.settle(&Offer { odd: traits.clone(), ..offer.clone() }).await, Settled::Chose(_)) {
        return;
    }
    // with shorter lists than before, the hello itself must be one that is answered
    match asker.settle(&offer).await {
        Settled::Chose(_) => asker.control_by(offer.clone()),
        Settled::Refused => {
            let usual = Offer::new(offer.version, Vec::new());
            offer = Offer { suites: offer.suites, ..usual };
        }
        Settled::Unknown(why) => {
            found.no_intolerance_before = Some(why);
            return;
        }
    }
    for one in traits {
        let Some(stood) = stands(asker, &offer, one, found).await else { return };
        if stood {
            continue;
        }
        found.intolerances.push(one);
        if one == HelloTrait::MoreThan128Suites {
            match stands(asker, &offer, HelloTrait::MoreThan64Suites, found).await {
                Some(false) => found.intolerances.push(HelloTrait::MoreThan64Suites),
                Some(true) => {}
                None => return,
            }
        }
    }
}

/// Whether a hello with this trait is answered; nothing where nothing more can be asked.
async fn stands<P: Peer>(
    asker: &Asker<'_, P>,
    offer: &Offer,
    one: HelloTrait,
    found: &mut Found,
) -> Option<bool> {
    match asker.settle(&Offer { odd: vec![one], ..offer.clone() }).await {
        Settled::Chose(_) => Some(true),
        Settled::Refused => Some(false),
        Settled::Unknown(why) => {
            let is_last = matches!(why, Failure::Budget(_));
            found.no_intolerance_before.get_or_insert(why);
            if is_last { None } else { Some(true) }
        }
    }
}

/// Gives a hello these traits.
pub(super) fn make_odd(hello: &mut ClientHello, traits: &[HelloTrait]) -> Result<(), EncodeError> {
    for one in traits {
        match one {
            HelloTrait::HighVersion => hello.version = FUTURE,
            HelloTrait::HighRecordVersion => hello.record_version = FUTURE,
            HelloTrait::UnknownSuite => hello.cipher_suites.insert(0, UNKNOWN_SUITE),
            HelloTrait::UnknownExtension => {
                let extensions = hello.extensions.get_or_insert_default();
                extensions.insert(0, Extension::raw(UNKNOWN_EXTENSIONS[0], Vec::new()));
                extensions.push(Extension::raw(UNKNOWN_EXTENSIONS[1], vec![0]));
            }
            HelloTrait::UnknownGroup => {
                let groups = hello.supported_groups().ok().flatten().unwrap_or_default();
                let groups: Vec<u16> = std::iter::once(UNKNOWN_GROUP).chain(groups).collect();
                let extensions = hello.extensions.get_or_insert_default();
                extensions.retain(|extension| extension.kind != ExtensionType::SUPPORTED_GROUPS);
                extensions.push(Extension::supported_groups(&groups)?);
            }
            HelloTrait::MoreThan64Suites => lengthen(hello, OVER_64),
            HelloTrait::MoreThan128Suites => lengthen(hello, OVER_128),
            HelloTrait::Length256To511 => {}
        }
    }
    if traits.contains(&HelloTrait::Length256To511) {
        let length = hello.to_message()?.encode()?.len();
        if length < HANGS.start {
            // the extension's own header needs four octets
            hello.pad_to((HANGS.start + 4).max(length + 4))?;
        }
    }
    Ok(())
}

/// Puts suites in front that no web server has, until there are so many.
fn lengthen(hello: &mut ClientHello, count: usize) {
    let missing = count.saturating_sub(hello.cipher_suites.len());
    let own = std::mem::take(&mut hello.cipher_suites);
    hello.cipher_suites = foreign_suites().take(missing).chain(own).collect();
}
