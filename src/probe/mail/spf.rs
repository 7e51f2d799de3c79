//! A domain's SPF record as facts. The walk is `wire::spf`'s.

use crate::{
    net::{Error, Resolver},
    observation::{Attempt, DomainName, Listing, Spf, SpfFault, SpfFaultKind, limits},
    probe::failure::{cut, untested},
    wire::{
        field::text,
        spf::{Problem, Selected, Survey, select, survey},
    },
};

use super::records::{Asked, texts};

pub(super) async fn spf(resolver: &Resolver, domain: &str) -> Attempt<Option<Spf>> {
    let found = match texts(resolver, domain).await {
        Ok(found) => found,
        Err(error) => return untested(&error),
    };
    let raw = match select(&found) {
        Selected::None => return Attempt::Completed(None),
        Selected::One(raw) => raw,
        // whichever comes first; the fault says that there are more
        Selected::Several(_) => found
            .iter()
            .find(|text| select(std::slice::from_ref(text)) != Selected::None)
            .map_or(&[][..], Vec::as_slice),
    };
    let survey = Box::pin(survey(&Asked(resolver), domain)).await;
    Attempt::Completed(Some(facts(raw, survey)))
}

fn facts(raw: &[u8], survey: Survey<Error>) -> Spf {
    let error = survey.error;
    // what was not answered might have held more, so a number is certain only where it is past its limit already
    let at_least = |number: u32, limit: u32| match &error {
        Some(error) if number <= limit => untested(error),
        _ => Attempt::Completed(number),
    };
    let fault = match (survey.problem, &error) {
        (Some(problem), _) => Attempt::Completed(Some(fault(&problem))),
        (None, Some(error)) => untested(error),
        (None, None) => Attempt::Completed(None),
    };
    let (lookups, void_lookups) = (
        at_least(survey.lookups, crate::wire::spf::LOOKUP_LIMIT),
        at_least(survey.void_lookups, crate::wire::spf::VOID_LIMIT),
    );
    let domains = survey.leads_to.into_iter().map(|name| DomainName { name: cut(&name) });
    Spf {
        raw: cut(&text(raw)),
        fault,
        lookups,
        void_lookups,
        stranger: match &error {
            Some(error) if survey.stranger == crate::wire::spf::SpfResult::TempError => untested(error),
            _ => Attempt::Completed(survey.stranger),
        },
        uses_ptr: match &error {
            Some(error) if !survey.uses_ptr => untested(error),
            _ => Attempt::Completed(survey.uses_ptr),
        },
        leads_to: Listing::capped(domains, limits::SPF_DOMAINS),
    }
}

fn fault(problem: &Problem) -> SpfFault {
    let kind = match problem {
        Problem::Syntax { .. } => SpfFaultKind::Syntax,
        Problem::SeveralRecords { .. } => SpfFaultKind::SeveralRecords,
        Problem::NoRecord { .. } => SpfFaultKind::NoRecord,
        Problem::Loop { .. } => SpfFaultKind::Loop,
        Problem::TooManyLookups => SpfFaultKind::TooManyLookups,
        Problem::TooManyVoidLookups => SpfFaultKind::TooManyVoidLookups,
        Problem::TooManyExchangers { .. } => SpfFaultKind::TooManyExchangers,
    };
    SpfFault { kind, detail: cut(&problem.to_string()) }
}
