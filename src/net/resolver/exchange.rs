//! One question to one server and its answer on the wire: UDP, TCP when truncated, retries. Validates nothing.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use hickory_proto::{
    op::{DnsResponse, Edns, Message, Query, ResponseCode},
    rr::{Name, RecordType, rdata::opt::EdnsOption},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    sync::Semaphore,
    time::timeout,
};

use crate::net::error::{Error, ExtendedError, Phase};

/// The UDP answer size that survives the Internet without fragments (DNS Flag Day 2020, RFC 9715).
const EDNS_PAYLOAD: u16 = 1232;
/// RFC 8914.
const EXTENDED_DNS_ERROR: u16 = 15;
const EXTRA_TEXT_LIMIT: usize = 256;
const EXTENDED_ERRORS_LIMIT: usize = 8;

/// What is asked, with the header bits that change the answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Question {
    /// Lower case, fully qualified.
    pub(super) name: Name,
    pub(super) record_type: RecordType,
    /// CD: the resolver hands out what it would call bogus.
    pub(super) checking_disabled: bool,
}

impl Question {
    fn message(&self, edns: bool) -> Message {
        let mut message = Message::query();
        message.add_query(Query::query(self.name.clone(), self.record_type));
        message.metadata.recursion_desired = true;
        // AD in a query says that we understand AD in the answer (RFC 6840 section 5.7).
        message.metadata.authentic_data = true;
        message.metadata.checking_disabled = self.checking_disabled;
        if edns {
            let mut options = Edns::new();
            options.set_max_payload(EDNS_PAYLOAD).set_version(0).set_dnssec_ok(true);
            message.set_edns(options);
        }
        message
    }
}

/// The server that is asked and how patiently.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) timeout: Duration,
    pub(super) tries: u32,
    pub(super) in_flight: Arc<Semaphore>,
}

impl Server {
    /// Asks once for real; the caller remembers. Waits for one of the server's places first.
    pub(super) async fn ask(&self, question: &Question) -> Result<DnsResponse, Error> {
        let _place = self
            .in_flight
            .acquire()
            .await
            .map_err(|_| Error::Local(String::from("the run is shutting down")))?;
        let response = self.ask_with(question, true).await?;
        let code = response.metadata.response_code;
        // A server from before EDNS says so with FORMERR or NOTIMP and no OPT (RFC 6891 section 7).
        if matches!(code, ResponseCode::FormErr | ResponseCode::NotImp) && response.edns.is_none() {
            return self.ask_with(question, false).await;
        }
        Ok(response)
    }

    async fn ask_with(&self, question: &Question, edns: bool) -> Result<DnsResponse, Error> {
        let tries = self.tries.max(1);
        for _ in 0..tries {
            match timeout(self.timeout, over_udp(self.address, &question.message(edns))).await {
                Ok(Ok(response)) if response.metadata.truncation => {
                    return timeout(self.timeout, over_tcp(self.address, &question.message(edns)))
                        .await
                        .map_err(|_| self.timed_out(1))?;
                }
                Ok(result) => return result,
                Err(_) => {}
            }
        }
        Err(self.timed_out(tries))
    }

    fn timed_out(&self, tries: u32) -> Error {
        Error::TimedOut { during: Phase::Query, after: self.timeout.saturating_mul(tries) }
    }
}

/// A fresh socket, so a fresh source port, for each try. Datagrams that answer another question are passed over.
#[expect(clippy::disallowed_methods, reason = "this is the one place that asks a name server")]
pub(super) async fn over_udp(address: SocketAddr, query: &Message) -> Result<DnsResponse, Error> {
    let here = match address {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let bytes = encode(query)?;
    let socket = UdpSocket::bind(SocketAddr::new(here, 0)).await.map_err(query_error)?;
    // Connected: the kernel drops datagrams from elsewhere and reports ICMP errors.
    socket.connect(address).await.map_err(query_error)?;
    socket.send(&bytes).await.map_err(query_error)?;
    let mut buffer = vec![0; usize::from(u16::MAX)];
    loop {
        let length = socket.recv(&mut buffer).await.map_err(query_error)?;
        let datagram = buffer.get(..length).unwrap_or_default();
        if datagram.first_chunk::<2>() != Some(&query.metadata.id.to_be_bytes()) {
            continue;
        }
        let response = decode(datagram.to_vec())?;
        if answers(query, &response) {
            return Ok(response);
        }
    }
}

/// One connection, one question.
#[expect(clippy::disallowed_methods, reason = "this is the one place that asks a name server")]
pub(super) async fn over_tcp(address: SocketAddr, query: &Message) -> Result<DnsResponse, Error> {
    let bytes = encode(query)?;
    let length = u16::try_from(bytes.len()).map_err(|_| Error::BadName(String::from("too long for DNS")))?;
    let mut framed = length.to_be_bytes().to_vec();
    framed.extend_from_slice(&bytes);
    let mut stream = TcpStream::connect(address).await.map_err(query_error)?;
    stream.write_all(&framed).await.map_err(query_error)?;
    let length = stream.read_u16().await.map_err(query_error)?;
    let mut buffer = vec![0; usize::from(length)];
    stream.read_exact(&mut buffer).await.map_err(query_error)?;
    let response = decode(buffer)?;
    if response.metadata.id != query.metadata.id || !answers(query, &response) {
        return Err(Error::Malformed(String::from("the TCP answer is to another question")));
    }
    if response.metadata.truncation {
        return Err(Error::Malformed(String::from("truncated over TCP")));
    }
    Ok(response)
}

/// Whether the response repeats the question; names compare without case.
fn answers(query: &Message, response: &Message) -> bool {
    // A server that could not even read the question leaves it out.
    response.queries == query.queries
        || (response.queries.is_empty()
            && !matches!(response.metadata.response_code, ResponseCode::NoError | ResponseCode::NXDomain))
}

fn encode(message: &Message) -> Result<Vec<u8>, Error> {
    message.to_vec().map_err(|error| Error::BadName(error.to_string()))
}

fn decode(bytes: Vec<u8>) -> Result<DnsResponse, Error> {
    DnsResponse::from_buffer(bytes).map_err(|error| Error::Malformed(error.to_string()))
}

#[expect(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
fn query_error(error: std::io::Error) -> Error {
    Error::from_io(&error, Phase::Query)
}

/// The RFC 8914 errors of an answer, bounded in number and length.
pub(super) fn extended_errors(response: &Message) -> Vec<ExtendedError> {
    let Some(edns) = &response.edns else { return Vec::new() };
    edns.options()
        .as_ref()
        .iter()
        .filter_map(|(_, option)| match option {
            EdnsOption::Unknown(EXTENDED_DNS_ERROR, data) => {
                let (code, text) = data.split_first_chunk::<2>()?;
                let text = text.get(..EXTRA_TEXT_LIMIT).unwrap_or(text);
                Some(ExtendedError {
                    code: u16::from_be_bytes(*code),
                    text: String::from_utf8_lossy(text).trim_end_matches('\0').to_owned(),
                })
            }
            _ => None,
        })
        .take(EXTENDED_ERRORS_LIMIT)
        .collect()
}

/// The error for an answer whose code is neither NOERROR nor NXDOMAIN.
pub(super) fn rcode_error(response: &Message) -> Error {
    let code = u16::from(response.metadata.response_code);
    Error::Rcode { code, name: rcode_name(code).to_owned(), extended: extended_errors(response) }
}

/// The name in IANA's DNS RCODEs registry.
fn rcode_name(code: u16) -> &'static str {
    match code {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        6 => "YXDOMAIN",
        7 => "YXRRSET",
        8 => "NXRRSET",
        9 => "NOTAUTH",
        10 => "NOTZONE",
        16 => "BADVERS",
        23 => "BADCOOKIE",
        _ => "an unknown code",
    }
}
