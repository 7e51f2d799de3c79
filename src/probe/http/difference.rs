//! In what the first answers of a site's addresses differ: a visitor meets one or the other, by chance or by the family
//! of addresses of his own network.

use crate::{
    observation::{AddressDifference, Attempt, Listing, limits},
    probe::failure::cut,
};

use super::{FirstAnswers, Reply, answer, reach};

/// Fields whose values are the same for every visitor of the same server.
const FIELDS: &[&str] = &[
    "strict-transport-security",
    "content-security-policy",
    "x-frame-options",
    "x-content-type-options",
    "referrer-policy",
    "permissions-policy",
    "server",
];

/// Compares each address that answered over https with the first one that did. A page that stands in front of the site
/// is none of its answers.
pub(super) fn differences(endpoints: &[FirstAnswers]) -> Attempt<Listing<AddressDifference>> {
    let answered: Vec<&Reply> = endpoints
        .iter()
        .filter_map(|answers| answers.https.completed())
        .map(AsRef::as_ref)
        .filter(|reply| reply.failure().is_none())
        .collect();
    let Some((first, others)) = answered.split_first() else {
        return reach::first(endpoints, |answers| &answers.https).map(|_| Listing::default());
    };
    let mut found = Vec::new();
    for other in others {
        for (what, one, another) in compared(first, other) {
            found.push(AddressDifference {
                what,
                one: cut(&format!("{} = {one}", first.address)),
                other: cut(&format!("{} = {another}", other.address)),
            });
        }
    }
    let mut listing = Listing::capped(found, limits::DIFFERENCES);
    listing.incomplete =
        listing.incomplete.or_else(|| endpoints.iter().find_map(|answers| reach::undecided(&answers.https)));
    Attempt::Completed(listing)
}

/// What differs, as it stands in one and in the other: status, `Location`, fields that say the same to everybody.
pub(super) fn compared(one: &Reply, other: &Reply) -> Vec<(String, String, String)> {
    let value =
        |reply: &Reply, name: &str| answer::without_secrets(&super::policy::hide_nonces(&reply.joined(name)));
    let location = |reply: &Reply| reply.location().as_ref().map(answer::shown).unwrap_or_default();
    let mut found = vec![
        ("status".to_owned(), one.status.to_string(), other.status.to_string()),
        ("location".to_owned(), location(one), location(other)),
    ];
    found.extend(FIELDS.iter().map(|name| ((*name).to_owned(), value(one, name), value(other, name))));
    found.retain(|(_, one, other)| one != other);
    found
}
