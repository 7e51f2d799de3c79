//! A resolver over records in memory: unsigned, follows aliases, and keeps silent where it is told to.

use std::{
    collections::{HashMap, HashSet},
    net::{IpAddr, SocketAddr},
    str::FromStr as _,
};

use hickory_proto::{
    op::{Message, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{A, CNAME, MX, TLSA, TXT},
    },
};
use tokio::net::UdpSocket;

/// A zone under way, then a running resolver.
pub(super) struct Zone {
    pub(super) address: SocketAddr,
    records: HashMap<String, Vec<RData>>,
    silent: HashSet<String>,
}

impl Zone {
    pub(super) fn new() -> Self {
        Self { address: ([127, 0, 0, 1], 0).into(), records: HashMap::new(), silent: HashSet::new() }
    }

    fn with(mut self, name: &str, data: RData) -> Self {
        self.records.entry(name.to_owned()).or_default().push(data);
        self
    }

    pub(super) fn a(self, name: &str, address: &str) -> Self {
        let IpAddr::V4(address) = address.parse().unwrap() else { panic!("{address} is not IPv4") };
        self.with(name, RData::A(A(address)))
    }

    pub(super) fn cname(self, name: &str, target: &str) -> Self {
        self.with(name, RData::CNAME(CNAME(fqdn(target))))
    }

    pub(super) fn mx(self, name: &str, preference: u16, host: &str) -> Self {
        self.with(name, RData::MX(MX::new(preference, fqdn(host))))
    }

    pub(super) fn txt(self, name: &str, text: &str) -> Self {
        let parts = text.as_bytes().chunks(255).collect();
        self.with(name, RData::TXT(TXT::from_bytes(parts)))
    }

    pub(super) fn tlsa(self, name: &str, usage: u8, selector: u8, matching: u8, data: Vec<u8>) -> Self {
        self.with(name, RData::TLSA(TLSA::new(usage.into(), selector.into(), matching.into(), data)))
    }

    /// A name that gets no answer, or `NAME TYPE` for one type.
    pub(super) fn silent(mut self, question: &str) -> Self {
        self.silent.insert(question.to_owned());
        self
    }

    pub(super) async fn start(mut self) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        self.address = socket.local_addr().unwrap();
        let (records, silent) = (std::mem::take(&mut self.records), std::mem::take(&mut self.silent));
        tokio::spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                let query = Message::from_vec(&buffer[..length]).unwrap();
                let (name, kind) = (query.queries[0].name().clone(), query.queries[0].query_type());
                let plain = name.to_ascii().to_ascii_lowercase().trim_end_matches('.').to_owned();
                if silent.contains(&plain) || silent.contains(&format!("{plain} {kind}")) {
                    continue;
                }
                let answer = answer(&records, query, &name, &plain, kind);
                let _ = socket.send_to(&answer.to_vec().unwrap(), from).await;
            }
        });
        self
    }
}

fn answer(
    records: &HashMap<String, Vec<RData>>,
    query: Message,
    name: &Name,
    plain: &str,
    kind: RecordType,
) -> Message {
    let mut answer = query.into_response();
    let (mut owner, mut at) = (name.clone(), plain.to_owned());
    for _ in 0..4 {
        let here = records.get(&at).map(Vec::as_slice).unwrap_or_default();
        for data in here.iter().filter(|data| data.record_type() == kind) {
            answer.add_answer(Record::from_rdata(owner.clone(), 60, data.clone()));
        }
        let alias = here.iter().find_map(|data| match data {
            RData::CNAME(target) if kind != RecordType::CNAME => Some(target.0.clone()),
            _ => None,
        });
        let Some(target) = alias else { break };
        answer.add_answer(Record::from_rdata(owner, 60, RData::CNAME(CNAME(target.clone()))));
        target.to_ascii().trim_end_matches('.').clone_into(&mut at);
        owner = target;
    }
    // a name exists where it or something below it has records
    let below = format!(".{plain}");
    let exists = records.keys().any(|known| known == plain || known.ends_with(&below));
    if answer.answers.is_empty() && !exists {
        answer.metadata.response_code = ResponseCode::NXDomain;
    }
    answer
}

fn fqdn(name: &str) -> Name {
    let mut name = Name::from_str(name).unwrap();
    name.set_fqdn(true);
    name
}
