//! A resolver for the closed world that asks at its port, which no ready-made one does: goes from the root down for
//! each question, validates nothing, remembers nothing.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use hickory_proto::{
    op::{Edns, Message, Query, ResponseCode},
    rr::{Name, RData, RecordType},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, UdpSocket},
    time::timeout,
};

pub(crate) struct Recursor {
    root: SocketAddr,
    port: u16,
    known: Mutex<HashMap<(Name, RecordType), Message>>,
}

impl Recursor {
    /// `own` is the port it listens at; 0 for any.
    pub(crate) async fn start(root: IpAddr, port: u16, own: u16) -> SocketAddr {
        let socket = Arc::new(UdpSocket::bind((super::RESOLVER, own)).await.unwrap());
        let address = socket.local_addr().unwrap();
        let recursor =
            Arc::new(Recursor { root: SocketAddr::new(root, port), port, known: Mutex::default() });
        let over_tcp = Arc::clone(&recursor);
        tokio::spawn(async move {
            // where the port is taken for TCP there is no need of it either
            let Ok(listener) = TcpListener::bind(address).await else { return };
            while let Ok((mut stream, _)) = listener.accept().await {
                let recursor = Arc::clone(&over_tcp);
                tokio::spawn(async move {
                    while let Ok(length) = stream.read_u16().await {
                        let mut question = vec![0; usize::from(length)];
                        let Ok(_) = stream.read_exact(&mut question).await else { return };
                        let Some(answer) = recursor.answer(&question).await else { return };
                        let length = u16::try_from(answer.len()).unwrap();
                        let Ok(()) = stream.write_all(&[&length.to_be_bytes(), &answer[..]].concat()).await
                        else {
                            return;
                        };
                    }
                });
            }
        });
        tokio::spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                let (recursor, socket) = (Arc::clone(&recursor), Arc::clone(&socket));
                let question = buffer[..length].to_vec();
                tokio::spawn(async move {
                    if let Some(answer) = recursor.answer(&question).await {
                        let _ = socket.send_to(&answer, from).await;
                    }
                });
            }
        });
        address
    }

    async fn answer(&self, question: &[u8]) -> Option<Vec<u8>> {
        let question = Message::from_vec(question).ok()?;
        let query = question.queries.first()?.clone();
        let found = self.resolve(query.name().clone(), query.query_type(), 0).await;
        let mut answer = question.into_response();
        answer.metadata.recursion_available = true;
        // the question's AD only asks for one
        answer.metadata.authentic_data = false;
        match found {
            Some(found) => {
                answer.metadata.response_code = found.metadata.response_code;
                answer.answers = found.answers;
                answer.authorities = found.authorities;
            }
            None => answer.metadata.response_code = ResponseCode::ServFail,
        }
        answer.to_vec().ok()
    }

    /// An answer of a server of the zone that the question belongs to.
    async fn resolve(&self, name: Name, kind: RecordType, depth: u8) -> Option<Message> {
        let key = (name.to_lowercase(), kind);
        if let Some(known) = self.known.lock().unwrap().get(&key) {
            return Some(known.clone());
        }
        let (mut servers, mut zone) = (vec![self.root], Name::root());
        for _ in 0..10 {
            let mut next = None;
            for server in &servers {
                let Some(answer) = ask(*server, &name, kind).await else { continue };
                let code = answer.metadata.response_code;
                if !matches!(code, ResponseCode::NoError | ResponseCode::NXDomain) {
                    continue;
                }
                let cut = answer.authorities.iter().find(|record| record.record_type() == RecordType::NS);
                if answer.metadata.authoritative || cut.is_none() {
                    self.known.lock().unwrap().insert(key, answer.clone());
                    return Some(answer);
                }
                next = Some(answer);
                break;
            }
            let referral = next?;
            let cut = referral.authorities.iter().find(|record| record.record_type() == RecordType::NS)?;
            if cut.name.num_labels() <= zone.num_labels() {
                return None;
            }
            zone = cut.name.clone();
            servers = self.servers(&referral, depth).await;
        }
        None
    }

    async fn servers(&self, referral: &Message, depth: u8) -> Vec<SocketAddr> {
        let mut servers = Vec::new();
        for record in &referral.authorities {
            let RData::NS(ns) = &record.data else { continue };
            let glue: Vec<IpAddr> = referral
                .additionals
                .iter()
                .filter(|additional| additional.name == ns.0)
                .filter_map(|additional| match &additional.data {
                    RData::A(a) => Some(IpAddr::V4(a.0)),
                    _ => None,
                })
                .collect();
            servers.extend(glue.iter().map(|address| SocketAddr::new(*address, self.port)));
            if glue.is_empty() && depth < 2 {
                let answer = Box::pin(self.resolve(ns.0.clone(), RecordType::A, depth + 1)).await;
                servers.extend(answer.iter().flat_map(|answer| &answer.answers).filter_map(|found| {
                    match &found.data {
                        RData::A(a) => Some(SocketAddr::new(IpAddr::V4(a.0), self.port)),
                        _ => None,
                    }
                }));
            }
        }
        servers
    }
}

async fn ask(server: SocketAddr, name: &Name, kind: RecordType) -> Option<Message> {
    let mut message = Message::query();
    message.add_query(Query::query(name.clone(), kind));
    let mut edns = Edns::new();
    edns.set_max_payload(65_000).set_version(0).set_dnssec_ok(true);
    message.set_edns(edns);
    let socket = UdpSocket::bind("127.60.0.9:0").await.ok()?;
    socket.connect(server).await.ok()?;
    socket.send(&message.to_vec().ok()?).await.ok()?;
    let mut buffer = vec![0; 65_535];
    loop {
        let length = timeout(Duration::from_millis(400), socket.recv(&mut buffer)).await.ok()?.ok()?;
        let answer = Message::from_vec(&buffer[..length]).ok()?;
        if answer.metadata.id == message.metadata.id {
            return Some(answer);
        }
    }
}
