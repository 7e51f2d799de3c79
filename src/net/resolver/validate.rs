//! Local DNSSEC validation of one question, and what its result means. The library proves; this decides how far to
//! believe it, because a validator that could not see everything also says «bogus».

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use hickory_net::{
    DnsError, DnsHandle, NetError,
    dnssec::DnssecDnsHandle,
    runtime::TokioRuntimeProvider,
    xfer::{DnsResponseStream, FirstAnswer as _},
};
use hickory_proto::{
    dnssec::{Proof, TrustAnchors, rdata::DNSSECRData},
    op::{DnsRequest, DnsRequestOptions, DnsResponse, Query, ResponseCode},
    rr::{Name, RData, Record, RecordType},
};
use tokio::{task::JoinSet, time::timeout};

use super::{Upstream, exchange::Question};
use crate::net::error::Error;

/// For the whole chain from the root to the answer; most of it is remembered after the first site.
const VALIDATION_TIMEOUT: Duration = Duration::from_secs(20);
/// Questions one validation may cost, remembered answers included: a chain of ten zones needs about forty.
const QUESTIONS_PER_VALIDATION: u32 = 200;

/// Verdicts on RR sets kept during one validation.
const VALIDATION_CACHE: usize = 1_000;

/// What the validator said, before it is believed.
#[derive(Debug)]
pub(super) struct Validated {
    /// The answer with a proof on each record; the denial's proof apart.
    pub(super) response: Option<DnsResponse>,
    /// What the validator said about the absence of records (or of a closer match than a wildcard), if it spoke.
    pub(super) denial: Option<Proof>,
    /// Questions on the way that got no usable answer; with any of them «bogus» means «could not see».
    pub(super) trouble: Vec<String>,
}

/// Runs the library's validator over the shared cache. Its own cache is new each time: it would remember a verdict
/// that came from a lost datagram.
pub(super) async fn validate(
    upstream: &Arc<Upstream>,
    anchors: &Arc<TrustAnchors>,
    question: &Question,
) -> Validated {
    let handle = Handle {
        upstream: Arc::clone(upstream),
        checking_disabled: question.checking_disabled,
        trouble: Arc::default(),
        asked: Arc::default(),
    };
    let trouble = Arc::clone(&handle.trouble);
    let secure = DnssecDnsHandle::with_trust_anchor(handle, Arc::clone(anchors))
        .validation_cache_size(VALIDATION_CACHE);
    let mut options = DnsRequestOptions::default();
    options.edns_set_dnssec_ok = true;
    let query = Query::query(question.name.clone(), question.record_type);
    // In a task of its own: a panic in the library over some hostile answer must not take the site's job with it.
    // Dropping the set aborts the task.
    let mut task = JoinSet::new();
    task.spawn(async move { secure.lookup(query, options).first_answer().await });
    let result = timeout(VALIDATION_TIMEOUT, task.join_next()).await;

    let (response, denial) = match result {
        Err(_) => {
            note(&trouble, format!("no end of the validation after {VALIDATION_TIMEOUT:?}"));
            (None, None)
        }
        Ok(None | Some(Err(_))) => {
            note(&trouble, String::from("the validator failed on this answer"));
            (None, None)
        }
        Ok(Some(Ok(Ok(response)))) => {
            let denial = absence_proof(&response);
            (Some(response), Some(denial))
        }
        Ok(Some(Ok(Err(NetError::Dns(DnsError::Nsec { response, proof, .. }))))) => {
            (Some(*response), Some(proof))
        }
        Ok(Some(Ok(Err(error)))) => {
            note(&trouble, error.to_string());
            (None, None)
        }
    };
    let trouble = std::mem::take(&mut *trouble.lock().unwrap_or_else(PoisonError::into_inner));
    Validated { response, denial, trouble }
}

/// The proof behind an answer that the validator let through although it may hold no records: signed denial,
/// authority from an unsigned zone, or nothing at all below an insecure delegation.
fn absence_proof(response: &DnsResponse) -> Proof {
    let denials = [RecordType::NSEC, RecordType::NSEC3];
    if response
        .authorities
        .iter()
        .any(|record| record.proof == Proof::Secure && denials.contains(&record.record_type()))
    {
        return Proof::Secure;
    }
    // Without a secure denial the library passes an empty answer only when it proved the zone insecure.
    Proof::Insecure
}

/// Whether a proven NSEC shows that nothing closer than the wildcard of `labels` labels stands for `name` (RFC 4035
/// section 5.3.4). Our own, because the library asks for a denial of the wildcard itself where the name is just one
/// label longer, and so calls every ordinary `*.example` bogus. NSEC3 it gets right.
pub(super) fn expands_wildcard(response: &DnsResponse, name: &Name, labels: u8) -> bool {
    let next_closer = name.trim_to(usize::from(labels) + 1);
    response.authorities.iter().filter(|record| record.proof == Proof::Secure).any(|record| {
        let RData::DNSSEC(DNSSECRData::NSEC(nsec)) = &record.data else { return false };
        let (owner, next) = (&record.name, nsec.next_domain_name());
        let types = nsec.type_set();
        // RFC 6840 section 4.1: at a delegation the parent's NSEC says nothing about what lies below.
        let delegation = types.contains(RecordType::NS) && !types.contains(RecordType::SOA);
        if (delegation || types.contains(RecordType::DNAME)) && owner.zone_of(name) {
            return false;
        }
        let last_of_zone = next <= owner && next.zone_of(name);
        // Names below the next closer name stand together in canonical order, so if neither neighbour of `name` is
        // one of them, there is none.
        name > owner
            && (name < next || last_of_zone)
            && !next_closer.zone_of(owner)
            && !next_closer.zone_of(next)
    })
}

/// The transport beneath the validator: the shared cache, with what went wrong written down.
#[derive(Clone)]
struct Handle {
    upstream: Arc<Upstream>,
    checking_disabled: bool,
    trouble: Arc<Mutex<Vec<String>>>,
    asked: Arc<AtomicU32>,
}

impl DnsHandle for Handle {
    type Response = DnsResponseStream;
    type Runtime = TokioRuntimeProvider;

    fn send(&self, request: DnsRequest) -> DnsResponseStream {
        let Some(query) = request.queries.first() else {
            return NetError::from("no question").into();
        };
        let question = Question {
            name: query.name().to_lowercase(),
            record_type: query.query_type(),
            checking_disabled: self.checking_disabled,
        };
        let handle = self.clone();
        Box::pin(async move { handle.ask(question).await }).into()
    }
}

impl Handle {
    async fn ask(self, question: Question) -> Result<DnsResponse, NetError> {
        if self.asked.fetch_add(1, Ordering::Relaxed) >= QUESTIONS_PER_VALIDATION {
            let reason = format!("more than {QUESTIONS_PER_VALIDATION} questions for one answer");
            note(&self.trouble, reason.clone());
            return Err(NetError::from(reason));
        }
        let (name, record_type) = (&question.name, question.record_type);
        match self.upstream.ask(&question).await {
            Ok(response) if is_answer(&response) => Ok(DnsResponse::clone(&response)),
            Ok(response) => {
                let code = response.metadata.response_code;
                note(&self.trouble, format!("{name} {record_type}: {code}"));
                Err(NetError::Dns(DnsError::ResponseCode(code)))
            }
            Err(error) => {
                note(&self.trouble, format!("{name} {record_type}: {error}"));
                Err(NetError::from(error.to_string()))
            }
        }
    }
}

/// NOERROR and NXDOMAIN answer a question; every other code says that it was not answered.
pub(super) fn is_answer(response: &DnsResponse) -> bool {
    matches!(response.metadata.response_code, ResponseCode::NoError | ResponseCode::NXDomain)
}

fn note(trouble: &Mutex<Vec<String>>, what: String) {
    let mut trouble = trouble.lock().unwrap_or_else(PoisonError::into_inner);
    if trouble.len() < 16 {
        trouble.push(what);
    }
}

/// The root keys that can be trusted *and* seen through this resolver. An error means that nothing can be said about
/// DNSSEC here: the resolver strips signatures, lies, or the anchor is not the root's.
pub(super) async fn usable_anchors(upstream: &Arc<Upstream>) -> Result<Arc<TrustAnchors>, String> {
    let question = Question { name: Name::root(), record_type: RecordType::DNSKEY, checking_disabled: true };
    let shown = upstream.ask(&question).await.map_err(|error: Error| format!("root DNSKEY: {error}"))?;
    let anchors = Arc::new(upstream.anchors.resolve(&shown.answers));
    let validated = validate(upstream, &anchors, &question).await;
    let secure =
        |record: &Record| record.record_type() == RecordType::DNSKEY && record.proof == Proof::Secure;
    let signed = shown.answers.iter().any(|record| record.record_type() == RecordType::RRSIG);
    match validated.response {
        Some(response) if response.answers.iter().any(secure) && signed => Ok(anchors),
        _ if !signed => Err(String::from("the resolver hands out no DNSSEC signatures")),
        _ => Err(String::from("the root's keys do not match the trust anchor")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::{
        dnssec::rdata::NSEC,
        op::{Message, OpCode},
    };

    fn n(name: &str) -> Name {
        Name::from_ascii(name).unwrap()
    }

    fn with_nsec(owner: &str, next: &str, types: &[RecordType], proof: Proof) -> DnsResponse {
        let nsec = NSEC::new(n(next), types.iter().copied());
        let mut record = Record::from_rdata(n(owner), 60, RData::DNSSEC(DNSSECRData::NSEC(nsec)));
        record.proof = proof;
        let mut message = Message::response(1, OpCode::Query);
        message.add_authority(record);
        let mut response = DnsResponse::from_message(message).unwrap();
        // The wire knows no proof.
        for record in &mut response.authorities {
            record.proof = proof;
        }
        response
    }

    #[test]
    fn a_wildcard_stands_only_where_nothing_closer_does() {
        use RecordType::{A, NS, SOA};
        let secure = Proof::Secure;
        for (owner, next, types, proof, name, labels, expected) in [
            // RFC 4035 appendix B.6.
            ("x.y.w.example.", "xx.example.", vec![A], secure, "a.z.w.example.", 2, true),
            ("*.example.", "www.example.", vec![A], secure, "any.example.", 1, true),
            // The last record of the zone, back to its apex.
            ("ns.example.", "example.", vec![A], secure, "www.example.", 1, true),
            // The name itself, or something below the next closer name, exists.
            ("any.example.", "www.example.", vec![A], secure, "any.example.", 1, false),
            ("a.any.example.", "www.example.", vec![A], secure, "b.any.example.", 1, false),
            ("*.example.", "c.any.example.", vec![A], secure, "b.any.example.", 1, false),
            // Another stretch of the zone.
            ("m.example.", "n.example.", vec![A], secure, "any.example.", 1, false),
            // Unproven.
            ("*.example.", "www.example.", vec![A], Proof::Bogus, "any.example.", 1, false),
            ("*.example.", "www.example.", vec![A], Proof::Insecure, "any.example.", 1, false),
            // The parent's record at a delegation says nothing about what is below it; the apex's does.
            ("child.example.", "d.example.", vec![NS], secure, "a.child.example.", 2, false),
            ("child.example.", "z.child.example.", vec![NS, SOA], secure, "a.child.example.", 2, true),
        ] {
            let response = with_nsec(owner, next, &types, proof);
            assert_eq!(
                expands_wildcard(&response, &n(name), labels),
                expected,
                "{owner} NSEC {next}: {name}"
            );
        }
    }
}
