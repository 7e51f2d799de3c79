//! The DMARC record that applies to a domain, as facts, in the view of both specifications.

use crate::{
    net::{Error, Resolver},
    observation::{Attempt, Dmarc, DmarcLevel, Listing, RecordFault, ReportAddress, limits},
    probe::failure::{cut, untested},
    wire::{
        dmarc::{Applied, Found, Level, Record, ReportUri, under_7489, under_9989},
        field::text,
    },
};

use super::records::texts;

/// Both views.
pub(super) struct Views {
    pub(super) new: Attempt<Option<Dmarc>>,
    pub(super) old: Attempt<Option<Dmarc>>,
    /// Where several records stand, so that none counts.
    pub(super) repeated_at: Attempt<Option<String>>,
}

pub(super) async fn dmarc(resolver: &Resolver, domain: &str, exists: &Attempt<bool>) -> Views {
    let ask = |name: String| async move { texts(resolver, &format!("_dmarc.{name}")).await };
    // where it cannot be said whether the domain exists, it is taken to: then sp holds and not np, and a domain
    // without an answer for its addresses has other troubles
    let exists = exists.completed().copied().unwrap_or(true);
    let new = under_9989(domain, exists, ask).await;
    let old = under_7489(domain, ask).await;
    let repeated_at = match (&new, &old) {
        (Ok(Found::Several { at }), _) | (_, Ok(Found::Several { at })) => {
            Attempt::Completed(Some(at.clone()))
        }
        (Err(error), _) | (_, Err(error)) => untested(error),
        _ => Attempt::Completed(None),
    };
    Views { new: view(resolver, new).await, old: view(resolver, old).await, repeated_at }
}

async fn view(resolver: &Resolver, found: Result<Found, Error>) -> Attempt<Option<Dmarc>> {
    let applied = match found {
        Ok(Found::Applied(applied)) => applied,
        Ok(Found::Nothing | Found::Several { .. }) => return Attempt::Completed(None),
        Err(error) => return untested(&error),
    };
    let Applied { at, level, text: raw, record, policy } = *applied;
    let mut reports = Vec::new();
    for uri in record.aggregate.iter().chain(&record.failure).take(limits::REPORT_ADDRESSES + 1) {
        let consented = consent(resolver, uri, &at).await;
        reports.push(ReportAddress { uri: cut(&uri.uri), consented });
    }
    let faults = record.faults.iter().map(|fault| RecordFault { detail: cut(&fault.to_string()) });
    Attempt::Completed(Some(Dmarc {
        level: match level {
            Level::Domain => DmarcLevel::Domain,
            Level::Organization => DmarcLevel::Organization,
            Level::PublicSuffix => DmarcLevel::PublicSuffix,
        },
        raw: cut(&text(&raw)),
        policy,
        testing: record.testing,
        percent: record.percent,
        faults: Listing::capped(faults, limits::RECORD_FAULTS),
        reports: Listing::capped(reports, limits::REPORT_ADDRESSES),
        at,
    }))
}

/// Whether the other side wants the reports; `None` where they stay in the organisation. Any DMARC record at the name
/// is consent.
async fn consent(resolver: &Resolver, uri: &ReportUri, at: &str) -> Attempt<Option<bool>> {
    let Some(name) = uri.consent_name(at) else { return Attempt::Completed(None) };
    match texts(resolver, &name).await {
        Ok(texts) => Attempt::Completed(Some(texts.iter().any(|text| Record::parse(text).is_some()))),
        Err(error) => untested(&error),
    }
}
