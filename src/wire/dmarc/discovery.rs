//! Which record applies to a domain: the tree walk of RFC 9989 section 4.10 and the public suffix list of RFC 7489
//! section 6.6.3. Both see the same answers.

use super::{Policy, PublicSuffix, Record, Standard, Who, plain};

/// Questions of one tree walk (RFC 9989 section 4.10).
pub const TXT_LIMIT: usize = 8;

/// The TXT records at `_dmarc.` of one name; a failed question is told by its reason.
pub type Texts<E> = Result<Vec<Vec<u8>>, E>;

/// Where the record that applies was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// At the domain itself.
    Domain,
    /// At the domain where its organisation begins.
    Organization,
    /// At a public suffix above its organisation.
    PublicSuffix,
}

/// The record that applies and what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The domain whose `_dmarc` it is.
    pub at: String,
    /// What that domain is to the one asked about.
    pub level: Level,
    /// As published.
    pub text: Vec<u8>,
    /// The record.
    pub record: Record,
    /// The policy for the domain asked about; `None`: the record is so broken that DMARC is not applied.
    pub policy: Option<Policy>,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A record that applies.
    Applied(Box<Applied>),
    /// None does.
    Nothing,
    /// Several stand at this domain, so that none counts.
    Several {
        /// Where.
        at: String,
    },
}

/// Names to be asked, `_dmarc.` before each: the domain, then at most seven above it, the top level last.
pub fn tree(domain: &str) -> Vec<String> {
    let domain = plain(domain);
    let labels: Vec<&str> = domain.split('.').filter(|label| !label.is_empty()).collect();
    let above = labels.len().saturating_sub(1).min(TXT_LIMIT - 1);
    let parents = (1..=above).rev().filter_map(|keep| labels.get(labels.len() - keep..));
    std::iter::once(domain.clone()).chain(parents.map(|labels| labels.join("."))).collect()
}

/// The domain one label below the longest public suffix; the name itself where it is a suffix (RFC 7489 section 3.2).
pub fn organizational_domain(domain: &str) -> String {
    let domain = plain(domain);
    psl::domain_str(&domain).map(str::to_owned).unwrap_or(domain)
}

/// The record under RFC 9989. `ask` gives the TXT records at `_dmarc.` of the names of [`tree`], one by one, and is not
/// asked further than the walk goes; `exists` says whether the domain has addresses or mail exchangers.
///
/// Errors: the first question without an answer that the result hangs on.
pub async fn under_9989<E, F>(domain: &str, exists: bool, ask: impl Fn(String) -> F) -> Result<Found, E>
where
    F: Future<Output = Texts<E>>,
{
    let names = tree(domain);
    let mut several = None;
    let mut seen: Vec<(String, Vec<u8>, Record)> = Vec::new();
    for (place, name) in names.into_iter().enumerate() {
        let mut records = records(ask(name.clone()).await?);
        match (records.pop(), records.is_empty()) {
            (Some((text, record)), true) => {
                if place == 0 {
                    return Ok(applied(name, Level::Domain, text, record, Who::Itself, Standard::Rfc9989));
                }
                let stop = record.public_suffix != PublicSuffix::Unknown;
                seen.push((name, text, record));
                if stop {
                    break;
                }
            }
            // several are discarded and the walk goes on
            (Some(_), false) => drop(several.get_or_insert(name)),
            (None, _) => {}
        }
    }
    let who = if exists { Who::Subdomain } else { Who::Nonexistent };
    let Some((name, text, record)) = seen.pop() else {
        return Ok(several.map_or(Found::Nothing, |at| Found::Several { at }));
    };
    if record.public_suffix == PublicSuffix::Yes {
        // the organisation begins one label below; its own record, if it has one, was met on the way
        if let Some((below, text, record)) = seen.pop().filter(|(below, ..)| is_child(below, &name)) {
            return Ok(applied(below, Level::Organization, text, record, who, Standard::Rfc9989));
        }
        return Ok(applied(name, Level::PublicSuffix, text, record, who, Standard::Rfc9989));
    }
    Ok(applied(name, Level::Organization, text, record, who, Standard::Rfc9989))
}

/// The record under RFC 7489; `ask` as for [`under_9989`], at most twice.
pub async fn under_7489<E, F>(domain: &str, ask: impl Fn(String) -> F) -> Result<Found, E>
where
    F: Future<Output = Texts<E>>,
{
    let domain = plain(domain);
    let organization = organizational_domain(&domain);
    let mut places = vec![(domain.clone(), Level::Domain, Who::Itself)];
    if organization != domain {
        places.push((organization, Level::Organization, Who::Subdomain));
    }
    for (name, level, who) in places {
        let mut records = records(ask(name.clone()).await?);
        match (records.pop(), records.is_empty()) {
            (Some((text, record)), true) => {
                return Ok(applied(name, level, text, record, who, Standard::Rfc7489));
            }
            // several end the search
            (Some(_), false) => return Ok(Found::Several { at: name }),
            (None, _) => {}
        }
    }
    Ok(Found::Nothing)
}

fn records(texts: Vec<Vec<u8>>) -> Vec<(Vec<u8>, Record)> {
    texts.into_iter().filter_map(|text| Record::parse(&text).map(|record| (text, record))).collect()
}

fn applied(at: String, level: Level, text: Vec<u8>, record: Record, who: Who, standard: Standard) -> Found {
    let policy = record.policy_for(who, standard);
    Found::Applied(Box::new(Applied { at, level, text, record, policy }))
}

/// Whether `name` has exactly one label more than `parent`.
fn is_child(name: &str, parent: &str) -> bool {
    name.split_once('.').is_some_and(|(_, above)| above == parent)
}
