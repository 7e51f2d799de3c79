//! A fake root with its children, served by hickory-server in process, and a front before it that misbehaves by name.

use std::{
    collections::{BTreeMap, HashMap},
    io::Write as _,
    net::{Ipv4Addr, SocketAddr},
    str::FromStr as _,
    sync::{Arc, Mutex},
    time::Duration,
};

use hickory_net::runtime::TokioRuntimeProvider;
use hickory_proto::{
    dnssec::{
        DigestType, DnssecSigner, Nsec3HashAlgorithm, PublicKey as _, SigningKey,
        crypto::Ed25519SigningKey,
        rdata::{DNSKEY, DNSSECRData, DS},
    },
    op::{Edns, Message, Query, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{
            A, CAA, CNAME, NS, SOA, TLSA, TXT,
            opt::EdnsOption,
            tlsa::{CertUsage, Matching, Selector},
        },
    },
};
use hickory_server::{
    Server,
    dnssec::NxProofKind,
    store::in_memory::InMemoryZoneHandler,
    zone_handler::{AxfrPolicy, Catalog, ZoneType},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
};

/// What the front does to one name (`www.agency.`), one question (`agency. DNSKEY`) or everything (`*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Misdeed {
    /// No answer.
    Drop,
    /// No answer to the first try.
    DropFirst,
    /// SERVFAIL with EDE 22 whatever is asked.
    ServFail,
    /// SERVFAIL, with this EDE if any, unless CD is set.
    ServFailUnlessCd(Option<u16>),
    /// REFUSED.
    Refuse,
    /// Over UDP an empty answer with TC.
    Truncate,
    /// All RRSIG, NSEC and DNSKEY-signing data taken out.
    Strip,
    /// NSEC records and their signatures taken out.
    StripDenial,
    /// The address changed.
    Tamper,
    /// The address changed and AD set.
    TamperAndVouch,
    /// The right ID, then rubbish.
    Garbage,
    /// FORMERR without OPT to every question with one, as from before 1999.
    NoEdns,
    /// The whole authority section taken out.
    StripAuthority,
    /// NXDOMAIN turned into NOERROR.
    NoError,
    /// A good answer to something else.
    AnotherQuestion,
}

/// The running lab; dropping it leaves its tasks to the test's runtime.
pub(crate) struct Lab {
    /// Where the front listens, UDP and TCP.
    pub(crate) address: SocketAddr,
    /// The root's key as a DNSKEY record.
    pub(crate) anchor_file: tempfile::NamedTempFile,
    /// The same as a DS record.
    pub(crate) digest_file: tempfile::NamedTempFile,
    asked: Arc<Mutex<BTreeMap<String, usize>>>,
}

type Zone = InMemoryZoneHandler<TokioRuntimeProvider>;
type Key = (Box<dyn SigningKey>, DNSKEY);

const DAY: Duration = Duration::from_hours(24);

impl Lab {
    /// Starts the zones and a front with these misdeeds.
    pub(crate) async fn start(misdeeds: &[(&str, Misdeed)]) -> Lab {
        let (root, agency, hashed, optout) = (key(), key(), key(), key());
        let (bad, wrong, stale) = (key(), key(), key());
        let anchor_file = file(&format!("; the lab's root\n. 3600 IN DNSKEY {}\n", root.1));
        let RData::DNSSEC(DNSSECRData::DS(digest)) = ds(".", &root.1) else { unreachable!() };
        let digest_file = file(&format!(". IN DS {digest}\n"));

        let delegations: Vec<(&str, RData)> =
            ["agency.", "hashed.", "optout.", "plain.", "bad.", "stale.", "keyless."]
                .into_iter()
                .map(|name| (name, RData::NS(NS(n("ns.lab.")))))
                .chain([
                    ("agency.", ds("agency.", &agency.1)),
                    ("hashed.", ds("hashed.", &hashed.1)),
                    ("optout.", ds("optout.", &optout.1)),
                    ("bad.", ds("bad.", &wrong.1)),
                    ("stale.", ds("stale.", &stale.1)),
                    ("keyless.", ds("keyless.", &wrong.1)),
                ])
                .collect();
        let root = zone(".", delegations, Some((root, DAY)));
        let hashed_records = vec![("www.hashed.", a(7)), ("*.wild.hashed.", a(7)), ("*.hashed.", a(7))];
        let optout_records = vec![("www.optout.", a(8)), ("child.optout.", RData::NS(NS(n("ns.lab."))))];
        let plain_records =
            vec![("www.plain.", a(3)), ("mail.plain.", a(3)), ("below.plain.", RData::NS(NS(n("ns.lab."))))];
        let children = [
            ("agency.", zone("agency.", agency_records(), Some((agency, DAY)))),
            ("hashed.", hashed_zone("hashed.", hashed, false, hashed_records)),
            ("optout.", hashed_zone("optout.", optout, true, optout_records)),
            ("child.optout.", zone("child.optout.", vec![("www.child.optout.", a(8))], None)),
            ("below.plain.", zone("below.plain.", vec![("www.below.plain.", a(9))], None)),
            ("plain.", zone("plain.", plain_records, None)),
            ("bad.", zone("bad.", vec![("www.bad.", a(4))], Some((bad, DAY)))),
            ("stale.", zone("stale.", vec![("www.stale.", a(5))], Some((stale, Duration::from_secs(1))))),
            ("keyless.", zone("keyless.", vec![("www.keyless.", a(6))], None)),
        ];
        // A catalog that holds parent and child would answer DS from the child, so the root is served apart for DS.
        let root = Arc::new(root);
        let (mut parent, mut middle, mut all) = (Catalog::new(), Catalog::new(), Catalog::new());
        parent.upsert(n(".").into(), vec![Arc::clone(&root) as _]);
        all.upsert(n(".").into(), vec![root]);
        for (origin, child) in children {
            let child = Arc::new(child);
            if n(origin).num_labels() == 1 {
                middle.upsert(n(origin).into(), vec![Arc::clone(&child) as _]);
            }
            all.upsert(n(origin).into(), vec![child]);
        }
        let (parent, middle, all) = (serve(parent).await, serve(middle).await, serve(all).await);

        let misdeeds: HashMap<String, Misdeed> =
            misdeeds.iter().map(|(what, misdeed)| ((*what).to_owned(), *misdeed)).collect();
        let front = Arc::new(Front { parent, middle, all, misdeeds, asked: Arc::default() });
        let (udp, tcp) = listen().await;
        let address = udp.local_addr().unwrap();
        let asked = Arc::clone(&front.asked);
        tokio::spawn(over_udp(Arc::clone(&front), Arc::new(udp)));
        tokio::spawn(over_tcp(front, tcp));
        Lab { address, anchor_file, digest_file, asked }
    }

    /// How often a question arrived (`www.agency. A`, or with ` over TCP`).
    pub(crate) fn asked(&self, question: &str) -> usize {
        self.asked.lock().unwrap().get(question).copied().unwrap_or(0)
    }
}

/// A chain of one CNAME too many.
const LINKS: [&str; 13] = [
    "c0.agency.",
    "c1.agency.",
    "c2.agency.",
    "c3.agency.",
    "c4.agency.",
    "c5.agency.",
    "c6.agency.",
    "c7.agency.",
    "c8.agency.",
    "c9.agency.",
    "c10.agency.",
    "c11.agency.",
    "c12.agency.",
];

fn agency_records() -> Vec<(&'static str, RData)> {
    let alias = |to: &str| RData::CNAME(CNAME(n(to)));
    let long = |byte: u8| String::from_utf8(vec![byte; 250]).unwrap();
    let mut records = vec![
        ("www.agency.", a(2)),
        ("tampered.agency.", a(2)),
        ("stripped.agency.", a(2)),
        ("*.wild.agency.", a(2)),
        ("alias.agency.", alias("www.agency.")),
        ("out.agency.", alias("www.plain.")),
        ("far.agency.", alias("out.agency.")),
        ("dangling.agency.", alias("gone.agency.")),
        ("astray.agency.", alias("www.bad.")),
        ("ping.agency.", alias("pong.agency.")),
        ("pong.agency.", alias("ping.agency.")),
        ("agency.", RData::CAA(CAA::new_issue(false, Some(n("letsencrypt.org")), vec![]))),
        (
            "_443._tcp.www.agency.",
            RData::TLSA(TLSA::new(CertUsage::DaneEe, Selector::Spki, Matching::Sha256, vec![1; 32])),
        ),
        ("big.agency.", RData::TXT(TXT::new((b'a'..b'k').map(long).collect()))),
    ];
    records.extend(LINKS.windows(2).map(|pair| (pair[0], alias(pair[1]))));
    records
}

fn n(name: &str) -> Name {
    Name::from_str(name).unwrap()
}

fn a(last: u8) -> RData {
    RData::A(A(Ipv4Addr::new(203, 0, 113, last)))
}

fn key() -> Key {
    let pkcs8 = Ed25519SigningKey::generate_pkcs8().unwrap();
    let key = Ed25519SigningKey::from_pkcs8(&pkcs8).unwrap();
    let public = key.to_public_key().unwrap();
    (Box::new(key), DNSKEY::from_key(&public))
}

fn ds(name: &str, key: &DNSKEY) -> RData {
    let digest = key.to_digest(&n(name), DigestType::SHA256).unwrap();
    let (tag, algorithm) = (key.calculate_key_tag().unwrap(), key.public_key().algorithm());
    RData::DNSSEC(DNSSECRData::DS(DS::new(tag, algorithm, DigestType::SHA256, digest.as_ref().to_vec())))
}

fn hashed_zone(origin: &str, key: Key, opt_out: bool, records: Vec<(&str, RData)>) -> Zone {
    let proof = NxProofKind::Nsec3 {
        algorithm: Nsec3HashAlgorithm::SHA1,
        salt: Arc::default(),
        iterations: 0,
        opt_out,
    };
    denying_zone(origin, records, Some((key, DAY)), Some(proof))
}

fn zone(origin: &str, records: Vec<(&str, RData)>, key: Option<(Key, Duration)>) -> Zone {
    let proof = key.as_ref().map(|_| NxProofKind::Nsec);
    denying_zone(origin, records, key, proof)
}

fn denying_zone(
    origin: &str,
    records: Vec<(&str, RData)>,
    key: Option<(Key, Duration)>,
    proof: Option<NxProofKind>,
) -> Zone {
    let mut zone = Zone::empty(n(origin), ZoneType::Primary, AxfrPolicy::Deny, proof);
    let soa = SOA::new(n("ns.lab."), n("admin.lab."), 7, 3600, 600, 86_400, 300);
    for (name, rdata) in
        [(origin, RData::SOA(soa)), (origin, RData::NS(NS(n("ns.lab."))))].into_iter().chain(records)
    {
        assert!(zone.upsert_mut(Record::from_rdata(n(name), 300, rdata), 0), "{name}");
    }
    if let Some(((key, public), lifetime)) = key {
        zone.add_zone_signing_key_mut(DnssecSigner::new(public, key, n(origin), lifetime)).unwrap();
        zone.secure_zone_mut().unwrap();
    }
    zone
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

async fn serve(catalog: Catalog) -> SocketAddr {
    let mut server = Server::new(catalog);
    let (udp, tcp) = listen().await;
    let address = udp.local_addr().unwrap();
    server.register_socket(udp);
    server.register_listener(tcp, Duration::from_secs(5), 4096);
    tokio::spawn(async move { server.block_until_done().await });
    address
}

/// One free port for UDP and TCP; what is free for one may be taken for the other.
async fn listen() -> (UdpSocket, TcpListener) {
    for _ in 0..100 {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            return (udp, tcp);
        }
    }
    unreachable!("no port is free for both UDP and TCP")
}

struct Front {
    /// The root alone.
    parent: SocketAddr,
    /// The zones of one label.
    middle: SocketAddr,
    all: SocketAddr,
    misdeeds: HashMap<String, Misdeed>,
    asked: Arc<Mutex<BTreeMap<String, usize>>>,
}

async fn over_udp(front: Arc<Front>, socket: Arc<UdpSocket>) {
    let mut buffer = [0; 4096];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let (front, socket, query) = (Arc::clone(&front), Arc::clone(&socket), buffer[..length].to_vec());
        tokio::spawn(async move {
            if let Some(answer) = front.answer(&query, false).await {
                socket.send_to(&answer, from).await.unwrap();
            }
        });
    }
}

async fn over_tcp(front: Arc<Front>, listener: TcpListener) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let front = Arc::clone(&front);
        tokio::spawn(async move {
            while let Ok(length) = stream.read_u16().await {
                let mut query = vec![0; usize::from(length)];
                stream.read_exact(&mut query).await.unwrap();
                let Some(answer) = front.answer(&query, true).await else { return };
                stream.write_u16(u16::try_from(answer.len()).unwrap()).await.unwrap();
                stream.write_all(&answer).await.unwrap();
            }
        });
    }
}

impl Front {
    async fn answer(&self, query: &[u8], tcp: bool) -> Option<Vec<u8>> {
        let message = Message::from_vec(query).unwrap();
        let asked = message.queries.first().unwrap().clone();
        let (name, kind) = (asked.name().to_string(), asked.query_type());
        let question = format!("{name} {kind}{}", if tcp { " over TCP" } else { "" });
        let times = {
            let mut asked = self.asked.lock().unwrap();
            let times = asked.entry(question).or_default();
            *times += 1;
            *times
        };
        let backend = match (kind, asked.name().num_labels()) {
            (RecordType::DS, 0 | 1) => self.parent,
            (RecordType::DS, 2) => self.middle,
            _ => self.all,
        };
        let whole = format!("{name} {kind}");
        let misdeed = [whole.as_str(), name.as_str(), "*"].iter().find_map(|what| self.misdeeds.get(*what));
        let checking_disabled = message.metadata.checking_disabled;
        let fail = |code, extended| Some(failure(&message, code, extended));
        let mut answer = match misdeed {
            Some(Misdeed::Drop) => return None,
            Some(Misdeed::DropFirst) if times == 1 => return None,
            Some(Misdeed::ServFail) => return fail(ResponseCode::ServFail, Some(22)),
            Some(Misdeed::ServFailUnlessCd(extended)) if !checking_disabled => {
                return fail(ResponseCode::ServFail, *extended);
            }
            Some(Misdeed::NoEdns) if message.edns.is_some() => {
                let mut answer = message.clone().into_response();
                answer.metadata.response_code = ResponseCode::FormErr;
                answer.edns = None;
                return Some(answer.to_vec().unwrap());
            }
            Some(Misdeed::Refuse) => return fail(ResponseCode::Refused, None),
            Some(Misdeed::Garbage) => return Some([&query[..2], &[0xff; 40]].concat()),
            _ => forward(backend, query, tcp).await,
        };
        let secret = |record: &Record| {
            !matches!(record.record_type(), RecordType::RRSIG | RecordType::NSEC | RecordType::NSEC3)
        };
        match misdeed {
            Some(Misdeed::Truncate) if !tcp => {
                answer.answers.clear();
                answer.metadata.truncation = true;
            }
            Some(Misdeed::Strip) => {
                answer.answers.retain(secret);
                answer.authorities.retain(secret);
            }
            Some(Misdeed::StripDenial) => answer.authorities.retain(|record| {
                record.record_type() == RecordType::SOA
                    || matches!(&record.data, RData::DNSSEC(DNSSECRData::RRSIG(signature))
                        if signature.input().type_covered == RecordType::SOA)
            }),
            Some(tamper @ (Misdeed::Tamper | Misdeed::TamperAndVouch)) => {
                for record in &mut answer.answers {
                    if matches!(record.data, RData::A(_)) {
                        record.data = a(66);
                    }
                }
                answer.metadata.authentic_data = *tamper == Misdeed::TamperAndVouch;
            }
            Some(Misdeed::StripAuthority) => answer.authorities.clear(),
            Some(Misdeed::NoError) => answer.metadata.response_code = ResponseCode::NoError,
            Some(Misdeed::AnotherQuestion) => {
                answer.queries = vec![Query::query(n("something.else."), RecordType::A)];
            }
            _ => {}
        }
        Some(answer.to_vec().unwrap())
    }
}

fn failure(query: &Message, code: ResponseCode, extended: Option<u16>) -> Vec<u8> {
    let mut answer = query.clone().into_response();
    answer.metadata.response_code = code;
    let mut edns = Edns::new();
    edns.set_max_payload(1232).set_version(0);
    if let Some(code) = extended {
        let data = [&code.to_be_bytes()[..], b"lab"].concat();
        edns.options_mut().insert(EdnsOption::Unknown(15, data));
    }
    answer.set_edns(edns);
    answer.to_vec().unwrap()
}

async fn forward(to: SocketAddr, query: &[u8], tcp: bool) -> Message {
    if tcp {
        let mut stream = TcpStream::connect(to).await.unwrap();
        stream.write_u16(u16::try_from(query.len()).unwrap()).await.unwrap();
        stream.write_all(query).await.unwrap();
        let mut answer = vec![0; usize::from(stream.read_u16().await.unwrap())];
        stream.read_exact(&mut answer).await.unwrap();
        return Message::from_vec(&answer).unwrap();
    }
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(query, to).await.unwrap();
    let mut buffer = vec![0; 65_535];
    let length = socket.recv(&mut buffer).await.unwrap();
    Message::from_vec(&buffer[..length]).unwrap()
}
