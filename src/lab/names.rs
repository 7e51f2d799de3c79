//! The province's name server: a root, what lies below it, signatures right and wrong. Answers as a resolver would,
//! from its own zones alone.

use std::{collections::HashMap, net::IpAddr, pin::Pin, str::FromStr as _, sync::Arc, time::Duration};

use hickory_net::runtime::{Time, TokioRuntimeProvider};
use hickory_proto::{
    ProtoError,
    dnssec::{
        DigestType, DnsSecError, DnssecSigner, PublicKey as _, SigningKey,
        crypto::Ed25519SigningKey,
        rdata::{DNSKEY, DNSSECRData, DS},
    },
    rr::{
        LowerName, Name, RData, Record, RecordType,
        rdata::{A, AAAA, CAA, MX, NS, SOA, TLSA, TXT},
    },
};
use hickory_server::{
    dnssec::NxProofKind,
    server::{Request, RequestHandler, ResponseHandler, ResponseInfo},
    store::in_memory::InMemoryZoneHandler,
    zone_handler::{AxfrPolicy, Catalog, ZoneHandler, ZoneType},
};

/// Signatures last as long as anybody lets a demo run.
const SIGNED_FOR: Duration = Duration::from_hours(30 * 24);
const TTL: u32 = 3600;

/// How a zone is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signing {
    /// Its parent knows its key.
    Sound,
    /// Its parent knows another key.
    Bogus,
    /// Not at all.
    Absent,
}

/// A zone to be served.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// The apex, with its dot.
    pub(super) origin: String,
    pub(super) signing: Signing,
    /// Host names of its name servers.
    pub(super) servers: Vec<String>,
    pub(super) records: Vec<(String, RData)>,
}

/// Why the zones cannot be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum NamesError {
    #[error("{0}")]
    Proto(#[from] ProtoError),
    #[error("{0}")]
    Signing(#[from] DnsSecError),
    #[error("the record {0} fits no zone")]
    Record(String),
}

/// What answers.
pub(super) struct Names {
    all: Catalog,
    /// By apex: the zones above it. A catalog that held parent and child would answer DS from the child.
    above: HashMap<LowerName, Catalog>,
}

type Key = (Box<dyn SigningKey>, DNSKEY);

impl Names {
    /// Signs and links these zones, the root first and children after their parents; gives the root's key as the
    /// DNSKEY record that a trust anchor file holds.
    pub(super) fn new(mut plans: Vec<Plan>) -> Result<(Self, String), NamesError> {
        let mut anchor = String::new();
        let mut zones: Vec<(Name, Arc<dyn ZoneHandler>)> = Vec::new();
        // children first: what a parent says of a child is made with the child's key
        while let Some(plan) = plans.pop() {
            let origin = Name::from_str(&plan.origin)?;
            let key = if plan.signing == Signing::Absent { None } else { Some(key()?) };
            if let Some(parent) = parent(&mut plans, &origin)? {
                let names = plan.servers.iter().map(|server| Ok(RData::NS(NS(Name::from_str(server)?))));
                for record in names.collect::<Result<Vec<_>, ProtoError>>()? {
                    parent.records.push((plan.origin.clone(), record));
                }
                let known = match (&key, plan.signing) {
                    (Some((_, public)), Signing::Sound) => Some(digest(&origin, public)?),
                    (Some(_), Signing::Bogus) => Some(digest(&origin, &self::key()?.1)?),
                    _ => None,
                };
                parent.records.extend(known.map(|ds| (plan.origin.clone(), ds)));
            } else if let Some((_, public)) = &key {
                anchor = format!("; the key of the lab's own root zone\n. {TTL} IN DNSKEY {public}\n");
            }
            zones.push((origin.clone(), Arc::new(zone(&origin, plan, key)?)));
        }
        let catalog = |keep: &dyn Fn(&Name) -> bool| {
            let mut catalog = Catalog::new();
            for (origin, zone) in zones.iter().filter(|(origin, _)| keep(origin)) {
                catalog.upsert(LowerName::from(origin), vec![Arc::clone(zone)]);
            }
            catalog
        };
        let above = zones.iter().map(|(apex, _)| {
            let parents = catalog(&|origin| origin.zone_of(apex) && origin != apex);
            (LowerName::from(apex), parents)
        });
        Ok((Self { all: catalog(&|_| true), above: above.collect() }, anchor))
    }

    fn catalog(&self, request: &Request) -> &Catalog {
        let Ok(info) = request.request_info() else { return &self.all };
        let is_ds = info.query.query_type() == RecordType::DS;
        self.above.get(info.query.name()).filter(|_| is_ds).unwrap_or(&self.all)
    }
}

impl RequestHandler for Names {
    fn handle_request<'a, 'b, 'f, R, T>(
        &'a self,
        request: &'b Request,
        response: R,
    ) -> Pin<Box<dyn Future<Output = ResponseInfo> + Send + 'f>>
    where
        R: ResponseHandler + 'f,
        T: Time + 'f,
        'a: 'f,
        'b: 'f,
        Self: 'f,
    {
        self.catalog(request).handle_request::<R, T>(request, response)
    }
}

/// The closest plan above an apex.
fn parent<'p>(plans: &'p mut [Plan], apex: &Name) -> Result<Option<&'p mut Plan>, ProtoError> {
    let mut closest: Option<(u8, &mut Plan)> = None;
    for plan in plans {
        let origin = Name::from_str(&plan.origin)?;
        let depth = origin.num_labels();
        if origin.zone_of(apex) && closest.as_ref().is_none_or(|(deepest, _)| depth >= *deepest) {
            closest = Some((depth, plan));
        }
    }
    Ok(closest.map(|(_, plan)| plan))
}

fn zone(
    origin: &Name,
    plan: Plan,
    key: Option<Key>,
) -> Result<InMemoryZoneHandler<TokioRuntimeProvider>, NamesError> {
    let proof = key.as_ref().map(|_| NxProofKind::Nsec);
    let mut zone = InMemoryZoneHandler::empty(origin.clone(), ZoneType::Primary, AxfrPolicy::Deny, proof);
    let first = plan.servers.first().map_or(".", String::as_str);
    let soa = SOA::new(
        Name::from_str(first)?,
        Name::from_str("quantri.tinhmau.example.")?,
        1,
        14_400,
        3_600,
        1_209_600,
        300,
    );
    let mut records = vec![Record::from_rdata(origin.clone(), TTL, RData::SOA(soa))];
    for server in &plan.servers {
        records.push(Record::from_rdata(origin.clone(), TTL, RData::NS(NS(Name::from_str(server)?))));
    }
    for (name, data) in plan.records {
        records.push(Record::from_rdata(Name::from_str(&name)?, TTL, data));
    }
    for record in records {
        let what = record.to_string();
        if !zone.upsert_mut(record, 0) {
            return Err(NamesError::Record(what));
        }
    }
    if let Some((key, public)) = key {
        zone.add_zone_signing_key_mut(DnssecSigner::new(public, key, origin.clone(), SIGNED_FOR))?;
        zone.secure_zone_mut()?;
    }
    Ok(zone)
}

fn key() -> Result<Key, NamesError> {
    let pkcs8 = Ed25519SigningKey::generate_pkcs8()?;
    let key = Ed25519SigningKey::from_pkcs8(&pkcs8)?;
    let public = DNSKEY::from_key(&key.to_public_key()?);
    Ok((Box::new(key), public))
}

fn digest(apex: &Name, key: &DNSKEY) -> Result<RData, NamesError> {
    let digest = key.to_digest(apex, DigestType::SHA256)?;
    let (tag, algorithm) = (key.calculate_key_tag()?, key.public_key().algorithm());
    let ds = DS::new(tag, algorithm, DigestType::SHA256, digest.as_ref().to_vec());
    Ok(RData::DNSSEC(DNSSECRData::DS(ds)))
}

/// The address record for an address.
pub(super) fn address(address: IpAddr) -> RData {
    match address {
        IpAddr::V4(v4) => RData::A(A(v4)),
        IpAddr::V6(v6) => RData::AAAA(AAAA(v6)),
    }
}

/// Certificates may come from this issuer.
pub(super) fn issuer(domain: &str) -> Result<RData, ProtoError> {
    Ok(RData::CAA(CAA::new_issue(false, Some(Name::from_str(domain)?), Vec::new())))
}

/// A text, cut into strings where it is long.
pub(super) fn text(text: &str) -> RData {
    RData::TXT(TXT::from_bytes(text.as_bytes().chunks(255).collect()))
}

/// Mail goes to this host.
pub(super) fn exchanger(host: &str) -> Result<RData, ProtoError> {
    Ok(RData::MX(MX::new(10, Name::from_str(host)?)))
}

/// A server's certificate is this very one: its SHA-256.
pub(super) fn certified(sha256: &[u8]) -> RData {
    RData::TLSA(TLSA::new(3.into(), 0.into(), 1.into(), sha256.to_vec()))
}
