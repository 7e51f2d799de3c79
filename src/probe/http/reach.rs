//! Whether the site answers at all, and where a visitor of `http://` is sent: what the endpoints and the http visit
//! prove, and what they leave open.

use std::sync::Arc;

use crate::{
    net::Budget,
    observation::{Attempt, Failure, Phase, Skip, Upgrade, VisitEnd},
    probe::failure::spent,
};

use super::{FirstAnswers, Reply, port, visit::Walk};

/// The first answer, else the failure that leaves most open: a refusal speaks of one address alone, so another reason
/// goes before it.
pub(super) fn first(
    endpoints: &[FirstAnswers],
    which: impl Fn(&FirstAnswers) -> &Attempt<Arc<Reply>>,
) -> Attempt<Arc<Reply>> {
    let outcomes = || endpoints.iter().map(&which);
    outcomes()
        .find(|outcome| outcome.completed().is_some())
        .or_else(|| {
            outcomes().find(|outcome| matches!(outcome, Attempt::Failed { failed } if !is_denial(failed)))
        })
        .or_else(|| outcomes().find(|outcome| matches!(outcome, Attempt::Failed { .. })))
        .or_else(|| outcomes().next())
        .cloned()
        .unwrap_or_else(|| Attempt::failed(Failure::NoAddress))
}

/// True with any answer over https, and with any alert: TLS is spoken there, if not so that this client could go on.
/// False only where the host is alive and https is refused or no TLS at every address. It is alive where port 80
/// answers, and where the port of https does, if in another protocol or for other names alone.
pub(super) fn https(endpoints: &[FirstAnswers]) -> Attempt<bool> {
    let alive = endpoints.iter().any(|answers| {
        answers.http.completed().is_some()
            || matches!(&answers.https, Attempt::Failed { failed } if is_denial(failed) && *failed != Failure::Refused)
    });
    let denied =
        |answers: &FirstAnswers| matches!(&answers.https, Attempt::Failed { failed } if is_denial(failed));
    let alert = |answers: &FirstAnswers| matches!(&answers.https, Attempt::Failed { failed: failed @ Failure::Alert { .. } } if !is_denial(failed));
    match first(endpoints, |answers| &answers.https) {
        Attempt::Completed(_) => Attempt::Completed(true),
        _ if endpoints.iter().any(alert) => Attempt::Completed(true),
        _ if alive && endpoints.iter().all(denied) => Attempt::Completed(false),
        other => other.map(|_| true),
    }
}

/// True with any answer on port 80; false where every address refuses the connection.
pub(super) fn http(endpoints: &[FirstAnswers]) -> Attempt<bool> {
    let refused =
        |answers: &FirstAnswers| matches!(answers.http, Attempt::Failed { failed: Failure::Refused });
    match first(endpoints, |answers| &answers.http) {
        Attempt::Completed(_) => Attempt::Completed(true),
        _ if !endpoints.is_empty() && endpoints.iter().all(refused) => Attempt::Completed(false),
        other => other.map(|_| true),
    }
}

/// Where the http visit leads. A page that stands in front of the site proves a redirect, never its absence.
pub(super) fn upgrade(http: &Attempt<Walk>, reachable: &Attempt<bool>) -> Attempt<Upgrade> {
    if reachable.completed() == Some(&false) {
        return Attempt::Completed(Upgrade::PortClosed);
    }
    http.as_ref().and_then(|walk| {
        if matches!(walk.end, Attempt::Completed(VisitEnd::Loop | VisitEnd::TooManyRedirects)) {
            return Attempt::Completed(Upgrade::Loop);
        }
        let (Some(first), Some(last)) = (walk.first(), walk.last()) else {
            return Attempt::failed(Failure::OurBug(String::from("a visit without an answer")));
        };
        let https = |reply: &Reply| reply.location().filter(|to| to.is_https() && !port::is_bad(to.port()));
        if https(first).is_some_and(|to| to.same_host(&first.url)) {
            return Attempt::Completed(Upgrade::SameHost);
        }
        walk.end.as_ref().and_then(|end| match end {
            VisitEnd::Document if last.url.is_https() => Attempt::Completed(Upgrade::OtherHost),
            VisitEnd::LeftInventory if https(last).is_some() => Attempt::Completed(Upgrade::OtherHost),
            VisitEnd::Document => match last.failure() {
                Some(blocked) => Attempt::failed(blocked),
                None => Attempt::Completed(Upgrade::Never),
            },
            _ => Attempt::Completed(Upgrade::Never),
        })
    })
}

/// What an attempt leaves open; none where it was seen, or where it was seen that nothing is there. A port that takes
/// no connection sends no visitor anywhere: firewalls that drop what goes to port 80 must not leave a list open.
pub(super) fn undecided<T>(attempt: &Attempt<T>) -> Option<Failure> {
    match attempt {
        Attempt::Completed(_) => None,
        Attempt::Failed { failed: Failure::NoAddress | Failure::TimedOut { during: Phase::Connect, .. } } => {
            None
        }
        Attempt::Failed { failed } if is_denial(failed) => None,
        Attempt::Failed { failed } => Some(failed.clone()),
        Attempt::Skipped { skipped: Skip::Budget } => Some(spent(Budget::TlsPerAddress)),
        Attempt::Skipped { .. } => Some(Failure::Unreachable),
    }
}

/// The peer itself says that there is no such service.
fn is_denial(failure: &Failure) -> bool {
    match failure {
        Failure::Refused | Failure::NotTls => true,
        // TLS is there for other names, not for this one (RFC 6066 section 3)
        Failure::Alert { description } => description == "unrecognized_name",
        _ => false,
    }
}
