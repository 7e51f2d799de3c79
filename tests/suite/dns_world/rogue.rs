//! Name servers that misbehave by script, each before the one that serves every zone as it should.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use hickory_proto::{
    op::{Message, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{NS, SOA, TXT, opt::EdnsOption},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
};

/// Stands at `address` and does what the zone is called after.
pub(crate) async fn start(name: &'static str, address: SocketAddr, behind: SocketAddr) {
    let socket = Arc::new(UdpSocket::bind(address).await.unwrap());
    if name != "no-tcp" {
        let listener = TcpListener::bind(address).await.unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let Ok(length) = stream.read_u16().await else { return };
                    let mut question = vec![0; usize::from(length)];
                    if stream.read_exact(&mut question).await.is_err() {
                        return;
                    }
                    let Some(answer) = answer(name, &question, behind, true).await else { return };
                    let _ = stream.write_u16(u16::try_from(answer.len()).unwrap()).await;
                    let _ = stream.write_all(&answer).await;
                });
            }
        });
    }
    tokio::spawn(async move {
        let mut buffer = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let (socket, question) = (Arc::clone(&socket), buffer[..length].to_vec());
            tokio::spawn(async move {
                if let Some(answer) = answer(name, &question, behind, false).await {
                    let _ = socket.send_to(&answer, from).await;
                }
            });
        }
    });
}

async fn answer(name: &str, question: &[u8], behind: SocketAddr, tcp: bool) -> Option<Vec<u8>> {
    let asked = Message::from_vec(question).ok()?;
    let edns = asked.edns.clone();
    let unknown =
        edns.as_ref().is_some_and(|edns| edns.flags().z != 0 || !edns.options().as_ref().is_empty());
    let refuse = |code: ResponseCode| {
        let mut answer = asked.clone().into_response();
        answer.metadata.response_code = code;
        answer
    };
    let whole = match name {
        "drops-edns" if edns.is_some() => return None,
        "drops-options" if unknown => return None,
        "formerr-edns" if edns.is_some() => {
            let mut answer = refuse(ResponseCode::FormErr);
            answer.edns = None;
            answer
        }
        "refuses" => refuse(ResponseCode::Refused),
        "upward" => {
            let mut answer = refuse(ResponseCode::NoError);
            let root = RData::NS(NS(Name::from_ascii("a.root.example.").unwrap()));
            answer.add_authority(Record::from_rdata(Name::root(), 60, root));
            answer
        }
        "tells-version"
            if asked.queries[0].query_type() == RecordType::TXT
                && asked.queries[0].name().to_ascii().eq_ignore_ascii_case("version.bind.") =>
        {
            let mut answer = refuse(ResponseCode::NoError);
            let mut record = Record::from_rdata(
                asked.queries[0].name().clone(),
                0,
                RData::TXT(TXT::new(vec![String::from("9.18.28")])),
            );
            record.dns_class = asked.queries[0].query_class();
            answer.add_answer(record);
            answer
        }
        "recurses" if asked.metadata.recursion_desired => {
            let mut answer = refuse(ResponseCode::NoError);
            answer.metadata.recursion_available = true;
            let at = asked.queries[0].name().clone();
            let soa = SOA::new(at.clone(), at.clone(), 1, 14_400, 3600, 1_209_600, 3600);
            answer.add_answer(Record::from_rdata(at, 60, RData::SOA(soa)));
            answer
        }
        _ => {
            let mut clean = asked.clone();
            // what stands behind knows only version 0
            if name == "no-badvers"
                && let Some(edns) = &mut clean.edns
            {
                edns.set_version(0);
            }
            let mut answer = forward(&clean.to_vec().ok()?, behind, tcp).await?;
            answer.metadata.id = asked.metadata.id;
            answer
        }
    };
    let mut answer = whole;
    match name {
        "always-tc" if !tcp => {
            answer.answers.clear();
            answer.metadata.truncation = true;
        }
        "wrong-id" => answer.metadata.id = answer.metadata.id.wrapping_add(1),
        "late" => tokio::time::sleep(Duration::from_secs(3)).await,
        "garbage" => return Some([&question[..2], &[0xff; 40]].concat()),
        "not-authoritative" => answer.metadata.authoritative = false,
        "lower-case" => {
            for query in &mut answer.queries {
                let name = query.name().to_lowercase();
                query.set_name(name);
            }
        }
        "echoes" => {
            if let (Some(mine), Some(theirs)) = (&mut answer.edns, &edns) {
                mine.flags_mut().z = theirs.flags().z;
                for (_, option) in theirs.options().as_ref() {
                    if let EdnsOption::Unknown(code, data) = option {
                        mine.options_mut().insert(EdnsOption::Unknown(*code, data.clone()));
                    }
                }
            }
        }
        _ => {}
    }
    answer.to_vec().ok()
}

async fn forward(question: &[u8], behind: SocketAddr, tcp: bool) -> Option<Message> {
    if tcp {
        let mut stream = TcpStream::connect(behind).await.ok()?;
        stream.write_u16(u16::try_from(question.len()).ok()?).await.ok()?;
        stream.write_all(question).await.ok()?;
        let mut answer = vec![0; usize::from(stream.read_u16().await.ok()?)];
        stream.read_exact(&mut answer).await.ok()?;
        return Message::from_vec(&answer).ok();
    }
    let socket = UdpSocket::bind("127.60.0.8:0").await.ok()?;
    socket.connect(behind).await.ok()?;
    socket.send(question).await.ok()?;
    let mut buffer = vec![0; 65_535];
    let length = tokio::time::timeout(Duration::from_secs(1), socket.recv(&mut buffer)).await.ok()?.ok()?;
    Message::from_vec(&buffer[..length]).ok()
}
