//! MTA-STS: the announcement, and the policy file where one is announced. One request to `mta-sts.DOMAIN`, no redirect
//! followed, the certificate held against the roots (RFC 8461 section 3.3).

use std::net::IpAddr;

use crate::{
    net::{
        Error, Purpose,
        tls::{self, Offer},
    },
    observation::{
        Attempt, DomainName, Failure, Listing, MtaSts, MtaStsPolicy, Skip, ValidityStatus, limits,
    },
    probe::{
        certificate::{Sent, certificate},
        dns,
        failure::{cut, untested},
    },
    wire::{
        field::values,
        http1::{Method, Progress, Request, Response, ResponseReader},
        mta_sts::{Announced, FILE_LIMIT, Policy, announced},
        url::HttpUrl,
    },
};

use super::{Question, exchangers::Exchange, records::texts};

pub(super) async fn mta_sts(
    question: &Question<'_>,
    domain: &str,
    exchange: &Exchange,
) -> Attempt<Option<MtaSts>> {
    let found = match texts(question.net.resolver(), &format!("_mta-sts.{domain}")).await {
        Ok(found) => found,
        Err(error) => return untested(&error),
    };
    let sts = match announced(&found) {
        Announced::Nothing => return Attempt::Completed(None),
        Announced::Broken(why) => MtaSts {
            fault: Attempt::Completed(Some(why.to_owned())),
            policy: Attempt::skipped(Skip::DoesNotApply),
        },
        Announced::Id(_) => match fetch(question, &format!("mta-sts.{domain}")).await {
            Fetched::Policy(policy) => MtaSts {
                fault: Attempt::Completed(None),
                policy: Attempt::Completed(observed(&policy, exchange)),
            },
            Fetched::Broken(why) => MtaSts {
                fault: Attempt::Completed(Some(cut(&why))),
                policy: Attempt::skipped(Skip::DoesNotApply),
            },
            Fetched::Unknown(why) => {
                MtaSts { fault: why.clone(), policy: why.and_then(|_| Attempt::skipped(Skip::DoesNotApply)) }
            }
        },
    };
    Attempt::Completed(Some(sts))
}

fn observed(policy: &Policy, exchange: &Exchange) -> MtaStsPolicy {
    let missing = match exchange {
        Ok(found) => {
            let refused = found.listed.iter().filter(|(_, name)| !policy.allows(name));
            let names = refused.map(|(_, name)| DomainName { name: name.clone() });
            Attempt::Completed(Listing::capped(names, limits::MAIL_EXCHANGERS))
        }
        Err(error) => untested(error),
    };
    MtaStsPolicy { mode: policy.mode, max_age: policy.max_age, missing }
}

/// What became of a policy file.
enum Fetched {
    Policy(Policy),
    /// There is none that senders would take.
    Broken(String),
    /// It could not be found out.
    Unknown(Attempt<Option<String>>),
}

async fn fetch(question: &Question<'_>, host: &str) -> Fetched {
    let addresses = match dns::addresses(question.net, host).await {
        Attempt::Completed(addresses) => addresses,
        Attempt::Failed { failed: Failure::NoAddress } => {
            return Fetched::Broken(format!("{host}, where the policy should be, has no address"));
        }
        Attempt::Failed { failed } => return Fetched::Unknown(Attempt::failed(failed)),
        Attempt::Skipped { skipped } => return Fetched::Unknown(Attempt::skipped(skipped)),
    };
    let routed = addresses.iter().copied().find(|address| question.net.has_route(*address));
    let Some(address) = routed else { return Fetched::Unknown(Attempt::failed(Failure::Unreachable)) };
    match Box::pin(request(question, host, address)).await {
        Ok(Answered::Response(response)) => judge(&response),
        Ok(Answered::Untrusted(why)) => Fetched::Broken(why),
        Err(why) => Fetched::Unknown(why),
    }
}

fn judge(response: &Response) -> Fetched {
    if response.head.status != 200 {
        return Fetched::Broken(format!("the policy file is answered with status {}", response.head.status));
    }
    let kind = values(&response.head.fields, "content-type").next().unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("text/plain") {
        return Fetched::Broken(format!("the policy file is of type {kind:?}, which has to be text/plain"));
    }
    match Policy::parse(&response.body) {
        Ok(policy) => Fetched::Policy(policy),
        Err(error) => Fetched::Broken(format!("the policy file is not valid: {error}")),
    }
}

enum Answered {
    Response(Response),
    Untrusted(String),
}

async fn request(
    question: &Question<'_>,
    host: &str,
    address: IpAddr,
) -> Result<Answered, Attempt<Option<String>>> {
    let fail = |error: Error| untested(&error);
    let url = HttpUrl::parse(&format!("https://{host}/.well-known/mta-sts.txt"))
        .map_err(|error| Attempt::failed(Failure::Malformed(error.to_string())))?;
    let lane = question.net.lane(address).await.map_err(fail)?;
    let connection = lane.connect(host, 443, Purpose::Https).await.map_err(fail)?;
    let offer = Offer {
        server_name: Some(host.to_owned()),
        alpn: vec![b"http/1.1".to_vec()],
        classic_groups_only: true,
        ..Offer::default()
    };
    let mut done = tls::handshake(connection, &offer).await.map_err(|failed| untested(&failed.error))?;
    match certificate(&Sent::chain_alone(&done.chain), host, question.at, question.trust) {
        Attempt::Completed(seen) => {
            let valid = seen.leaf.validity == ValidityStatus::Valid;
            if !(valid && seen.names_host && seen.trusted) {
                return Ok(Answered::Untrusted(format!("the certificate of {host} is not valid for it")));
            }
        }
        Attempt::Failed { failed } => return Err(Attempt::failed(failed)),
        Attempt::Skipped { skipped } => return Err(Attempt::skipped(skipped)),
    }
    let head = Request::new(Method::Get, &url)
        .field("User-Agent", question.net.user_agent())
        .field("Accept", "text/plain")
        .field("Accept-Encoding", "identity")
        .field("Connection", "close")
        .encode()
        .map_err(|error| Attempt::failed(Failure::Malformed(cut(&error.to_string()))))?;
    done.stream.write_bytes(&head).await.map_err(fail)?;
    let mut reader = ResponseReader::new(Method::Get, FILE_LIMIT + 1);
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let progress = match done.stream.read_some(&mut buffer).await.map_err(fail)? {
            0 => reader.close(),
            count => reader.feed(buffer.get(..count).unwrap_or_default()),
        };
        match progress {
            Ok(Progress::NeedMore) => {}
            Ok(Progress::Done) => break,
            Err(error) => return Err(Attempt::failed((&error).into())),
        }
    }
    // what came of a file that did not come whole may lack the line that matters
    match reader.finish() {
        Some(response) if !response.cut_short => Ok(Answered::Response(response)),
        _ => Err(Attempt::failed(Failure::Closed)),
    }
}
