//! One question's answer: what in it was used, and how far to believe that. Asks nothing but what the walk needs.

use std::sync::Arc;

use hickory_proto::{
    dnssec::{Proof, rdata::DNSSECRData},
    op::DnsResponse,
    rr::{Name, RData, Record, RecordType},
};

use super::{
    Security, Upstream,
    exchange::{Question, extended_errors, rcode_error},
    validate::{self, Validated},
    walk::{self, Fault},
};
use crate::net::error::{Error, ExtendedError};

/// One question's answer with everything known about it.
pub(super) struct Step {
    pub(super) question: Question,
    pub(super) raw: Arc<DnsResponse>,
    /// The SERVFAIL that came without CD=1.
    pub(super) servfail: Option<Arc<DnsResponse>>,
    pub(super) validated: Validated,
    /// Why nothing can be validated through this resolver.
    pub(super) no_anchor: Option<String>,
}

pub(super) struct Verdict {
    pub(super) security: Security,
    pub(super) detail: Option<String>,
    pub(super) fault: Option<Fault>,
}

impl Verdict {
    fn plain(security: Security) -> Self {
        Verdict { security, detail: None, fault: None }
    }
    fn unsure(detail: impl Into<String>) -> Self {
        Verdict { security: Security::Indeterminate, detail: Some(detail.into()), fault: None }
    }
}

impl Step {
    /// With proofs where the validator came that far.
    pub(super) fn response(&self) -> &DnsResponse {
        self.validated.response.as_ref().unwrap_or(&self.raw)
    }

    pub(super) fn extended(&self) -> Vec<ExtendedError> {
        let mut all = self.servfail.as_ref().map(|first| extended_errors(first)).unwrap_or_default();
        all.extend(extended_errors(&self.raw));
        all
    }

    /// Where this name goes on to, unless the CNAME itself was asked for.
    pub(super) fn cname(&self, name: &Name, record_type: RecordType) -> Option<Name> {
        if matches!(record_type, RecordType::CNAME | RecordType::ANY) {
            return None;
        }
        self.response().answers.iter().find_map(|record| match &record.data {
            RData::CNAME(target) if record.name == *name => Some(target.0.to_lowercase()),
            _ => None,
        })
    }

    pub(super) fn records(&self, name: &Name, record_type: RecordType) -> Vec<Record> {
        let wanted = |record: &&Record| record.name == *name && record.record_type() == record_type;
        self.response().answers.iter().filter(wanted).cloned().collect()
    }

    pub(super) fn signatures(&self, name: &Name, record_type: RecordType) -> Vec<Record> {
        let wanted = |record: &&Record| {
            record.name == *name
                && matches!(&record.data, RData::DNSSEC(DNSSECRData::RRSIG(signature))
                    if signature.input().type_covered == record_type)
        };
        self.response().answers.iter().filter(wanted).cloned().collect()
    }

    /// How far to believe what was used of this answer: the CNAMEs at `followed`, and what stands (or does not) at
    /// `end`, where this answer is the last.
    pub(super) async fn judge(
        &self,
        upstream: &Arc<Upstream>,
        followed: &[Name],
        end: Option<&Name>,
    ) -> Result<Verdict, Error> {
        let proof = self.proof(followed, end);
        if let Some(first) = &self.servfail {
            return self.judge_hidden(upstream, first, proof).await;
        }
        if let Some(reason) = &self.no_anchor {
            return Ok(Verdict::unsure(reason.clone()));
        }
        Ok(match proof {
            Some(Proof::Secure) => Verdict::plain(Security::Secure),
            Some(Proof::Insecure) => Verdict::plain(Security::Insecure),
            Some(Proof::Bogus) => self.confirm(upstream).await,
            _ => Verdict::unsure(
                self.trouble().unwrap_or_else(|| String::from("the validator could not decide")),
            ),
        })
    }

    /// The resolver said SERVFAIL and answered with CD=1. Bogus where it says so itself or we find it too; else the
    /// first answer stands: a failure is not a forgery.
    async fn judge_hidden(
        &self,
        upstream: &Arc<Upstream>,
        first: &DnsResponse,
        proof: Option<Proof>,
    ) -> Result<Verdict, Error> {
        // RFC 8914: DNSSEC Bogus, Signature Expired, Not Yet Valid, DNSKEY Missing, RRSIGs Missing, No Zone Key Bit
        // Set, NSEC Missing.
        let named = extended_errors(first).into_iter().find(|extended| (6..=12).contains(&extended.code));
        let verifies = matches!(proof, Some(Proof::Secure | Proof::Insecure));
        // Through a resolver that hides signatures the walk would call everything unsigned.
        let fault = if verifies || self.no_anchor.is_some() {
            None
        } else {
            walk::fault(upstream, &self.question, &self.raw).await
        };
        let ours = fault.is_some()
            || (proof == Some(Proof::Bogus) && self.validated.trouble.is_empty() && self.says_something());
        let said = named.as_ref().map(|extended| {
            format!("the resolver says {} {}", extended.code, extended.text).trim_end().to_owned()
        });
        match (said, ours) {
            // Clocks, anchors, or a fault mended between the two questions.
            (Some(said), _) if verifies => Ok(Verdict::unsure(format!("{said}, but it verifies here"))),
            (None, false) => Err(rcode_error(first)),
            (said, _) => {
                let detail = fault.as_ref().map(ToString::to_string).or(said).unwrap_or_else(|| {
                    String::from("the resolver fails unless told not to validate, and our validator agrees")
                });
                Ok(Verdict { security: Security::Bogus, detail: Some(detail), fault })
            }
        }
    }

    /// Records, or a denial that at least names its zone: without SOA the library cannot tell an unsigned zone from
    /// a forged one.
    fn says_something(&self) -> bool {
        !self.raw.answers.is_empty()
            || self.raw.authorities.iter().any(|record| record.record_type() == RecordType::SOA)
    }

    /// The library says bogus. It also says so when it could not see, so a fault must be found before it is believed.
    async fn confirm(&self, upstream: &Arc<Upstream>) -> Verdict {
        if self.raw.metadata.authentic_data {
            return Verdict::unsure("our validator says bogus, the resolver says authentic (AD)");
        }
        if let Some(trouble) = self.trouble() {
            return Verdict::unsure(trouble);
        }
        match walk::fault(upstream, &self.question, &self.raw).await {
            Some(fault) => {
                Verdict { security: Security::Bogus, detail: Some(fault.to_string()), fault: Some(fault) }
            }
            None => Verdict::unsure("our validator says bogus, but the walk to the root found no fault"),
        }
    }

    fn trouble(&self) -> Option<String> {
        self.validated.trouble.first().cloned()
    }

    /// The weakest proof over what was used.
    fn proof<'a>(&self, followed: &'a [Name], end: Option<&'a Name>) -> Option<Proof> {
        let response = self.validated.response.as_ref()?;
        let mut proofs: Vec<Proof> = Vec::new();
        let mut wildcards: Vec<(&'a Name, u8)> = Vec::new();
        let mut used = |name: &'a Name, kind: RecordType| {
            let before = proofs.len();
            for record in response.answers.iter().filter(|record| record.name == *name) {
                match &record.data {
                    RData::DNSSEC(DNSSECRData::RRSIG(signature))
                        if signature.input().type_covered == kind
                            && signature.input().num_labels < name.num_labels() =>
                    {
                        wildcards.push((name, signature.input().num_labels));
                    }
                    _ if record.record_type() == kind => proofs.push(record.proof),
                    _ => {}
                }
            }
            proofs.len() > before
        };
        for name in followed {
            used(name, RecordType::CNAME);
        }
        let found = end.is_some_and(|name| used(name, self.question.record_type));
        let denial = self.validated.denial.unwrap_or(Proof::Indeterminate);
        if end.is_some() && !found {
            proofs.push(denial);
        }
        for (name, labels) in wildcards {
            let proved = validate::expands_wildcard(response, name, labels);
            proofs.push(if proved { Proof::Secure } else { denial });
        }
        let synthesised = response.answers.iter().any(|record| record.record_type() == RecordType::DNAME);
        let rank = |proof: &Proof| match proof {
            Proof::Bogus => 0,
            Proof::Indeterminate => 1,
            Proof::Insecure => 2,
            Proof::Secure => 3,
        };
        match proofs.into_iter().min_by_key(rank)? {
            // A CNAME made from a DNAME carries no signature of its own (RFC 6672 section 5.3.1); the library
            // does not know that.
            Proof::Bogus if synthesised => Some(Proof::Indeterminate),
            weakest => Some(weakest),
        }
    }
}
