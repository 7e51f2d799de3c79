//! Reassembly: every split of a stream tells the same, hostile streams end.

use proptest::prelude::*;

use super::*;
use crate::wire::tls::{ForeignKind, MAX_FRAGMENT, captures, to_records};

type Outcome = (Vec<Event>, Option<ReassemblyError>);

/// Feeds the pieces, draining after each when `eager`, else once at the end; then says that nothing more comes.
fn reassemble(pieces: &[&[u8]], limits: Limits, eager: bool) -> Outcome {
    let mut peer = Reassembler::new(limits);
    let mut events = Vec::new();
    let mut drain = |peer: &mut Reassembler| loop {
        match peer.next_event() {
            Ok(Some(event)) => events.push(event),
            Ok(None) => return None,
            Err(error) => return Some(error),
        }
    };
    for piece in pieces {
        peer.feed(piece);
        if eager {
            drain(&mut peer);
        }
    }
    peer.finish();
    let error = drain(&mut peer);
    assert_eq!(drain(&mut peer), error, "an outcome is final");
    (events, error)
}

fn whole(stream: &[u8]) -> Outcome {
    reassemble(&[stream], Limits::default(), false)
}

fn record(kind: ContentType, payload: &[u8]) -> Vec<u8> {
    to_records(kind, Version::TLS12, payload, MAX_FRAGMENT).unwrap()
}

fn message(kind: u8, body: &[u8]) -> Message {
    Message { record_version: Version::TLS12, kind: HandshakeType(kind), body: body.to_vec() }
}

#[test]
fn an_alert_in_front_and_one_glued_behind() {
    let hello = message(2, &[1, 2, 3]);
    let stream = [
        record(ContentType::ALERT, &[1, 112]),
        hello.to_records().unwrap(),
        record(ContentType::ALERT, &[2, 40]),
    ]
    .concat();
    let events =
        vec![Event::Alert(Alert::warning(112)), Event::Handshake(hello), Event::Alert(Alert::fatal(40))];
    assert_eq!(whole(&stream), (events, None));
}

#[test]
fn several_messages_in_a_record_and_one_over_several() {
    let messages = [message(2, &[7; 40]), message(11, &vec![8; 70_000]), message(14, &[])];
    let octets: Vec<u8> = messages.iter().flat_map(|message| message.encode().unwrap()).collect();
    for fragment in [1, 3, 50, MAX_FRAGMENT] {
        let stream = to_records(ContentType::HANDSHAKE, Version::TLS12, &octets, fragment).unwrap();
        let (events, error) = whole(&stream);
        assert_eq!((events.len(), error), (3, None));
        assert!(events.into_iter().eq(messages.iter().cloned().map(Event::Handshake)));
    }
}

#[test]
fn an_alert_inside_a_cut_message_does_not_lose_the_message() {
    let hello = message(2, &[9; 10]);
    let octets = hello.encode().unwrap();
    let stream = [
        record(ContentType::HANDSHAKE, &octets[..6]),
        record(ContentType::ALERT, &[1]),
        record(ContentType::ALERT, &[112, 1, 90]),
        record(ContentType::HANDSHAKE, &octets[6..]),
    ]
    .concat();
    let events =
        vec![Event::Alert(Alert::warning(112)), Event::Alert(Alert::warning(90)), Event::Handshake(hello)];
    assert_eq!(whole(&stream), (events, None));
}

#[test]
fn behind_change_cipher_spec_handshake_records_are_encrypted() {
    let stream = [
        record(ContentType::CHANGE_CIPHER_SPEC, &[1]),
        record(ContentType::HANDSHAKE, &[0xee; 40]),
        record(ContentType::ALERT, &[0xee; 26]),
        record(ContentType::ALERT, &[2, 10]),
        record(ContentType::APPLICATION_DATA, &[]),
    ]
    .concat();
    let encrypted = |kind, length| Event::Encrypted { kind, length };
    let events = vec![
        Event::ChangeCipherSpec,
        encrypted(ContentType::HANDSHAKE, 40),
        encrypted(ContentType::ALERT, 26),
        Event::Alert(Alert::fatal(10)),
        encrypted(ContentType::APPLICATION_DATA, 0),
    ];
    assert_eq!(whole(&stream), (events, None));
}

#[test]
fn in_tls13_change_cipher_spec_hides_nothing() {
    let (retry, _) = whole(&capture(captures::HELLO_RETRY_REQUEST));
    assert!(matches!(retry[..], [Event::Handshake(_), Event::ChangeCipherSpec]));
    let stream = [capture(captures::HELLO_RETRY_REQUEST), capture(captures::TLS13_SERVER_HELLO)].concat();
    let (events, error) = whole(&stream);
    assert_eq!(error, None);
    assert!(matches!(&events[2], Event::Handshake(m) if m.kind == HandshakeType::SERVER_HELLO));
}

#[test]
fn other_protocols_are_named() {
    let first = |text: &str| whole(text.as_bytes());
    let cases = [
        ("HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n", ForeignKind::Http, "HTTP/1.1 400 Bad Request"),
        ("SSH-2.0-OpenSSH_9.2p1\r\n", ForeignKind::Ssh, "SSH-2.0-OpenSSH_9.2p1"),
        ("220 mail.agency.test ESMTP\r\n", ForeignKind::SmtpOrFtp, "220 mail.agency.test ESMTP"),
        ("\r\n<html><head>", ForeignKind::Html, "<html><head>"),
        ("J\0\0\0\x0a5.7", ForeignKind::Other, "J..."),
        ("\u{16}\u{16}", ForeignKind::Other, ".."),
        ("x", ForeignKind::Other, "x"),
    ];
    for (text, kind, excerpt) in cases {
        let foreign = Foreign { kind, excerpt: excerpt.to_owned() };
        assert_eq!(first(text), (vec![Event::NotTls(foreign)], None), "{text:?}");
    }
    let mut peer = Reassembler::default();
    peer.feed(b"SSH-2.0-x");
    assert_eq!(peer.next_event(), Ok(None), "the line is not over yet");
    peer.feed(b"\r");
    assert!(matches!(peer.next_event(), Ok(Some(Event::NotTls(_)))));
}

#[test]
fn sslv2_messages_are_handed_on() {
    let stream = [0x80, 3, 0, 0, 1];
    assert_eq!(whole(&stream), (vec![Event::Sslv2(vec![0, 0, 1])], None));
    assert_eq!(whole(&stream[..4]).1, Some(ReassemblyError::Truncated { what: "a record" }));
    let hello = crate::wire::sslv2::ClientHello::new([7; 16]).to_record().unwrap();
    assert!(matches!(&whole(&hello).0[..], [Event::Sslv2(body)] if body.len() == 46));
    // The first octet alone is not enough: this is no SSLv2 message.
    assert!(matches!(&whole(&[0x80, 3, 9, 0, 1]).0[..], [Event::NotTls(_)]));
}

#[test]
fn cut_streams_are_truncated() {
    let hello = message(2, &[9; 10]).to_records().unwrap();
    let cut = |what| (vec![], Some(ReassemblyError::Truncated { what }));
    for end in 1..hello.len() {
        assert_eq!(whole(&hello[..end]), cut("a record"), "{end}");
    }
    assert_eq!(whole(&record(ContentType::HANDSHAKE, &[2, 0, 0, 9, 1])), cut("a handshake message"));
    assert_eq!(whole(&record(ContentType::ALERT, &[2])), cut("an alert"));
    assert_eq!(whole(&[]), (vec![], None));
}

#[test]
fn limits_hold() {
    let over = |stream: &[u8]| match whole(stream).1 {
        Some(ReassemblyError::OverLimit { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    assert_eq!(over(&[22, 3, 3, 0x48, 1]), "record length");
    assert_eq!(over(&record(ContentType::HANDSHAKE, &[11, 4, 0, 1])), "handshake message");
    assert_eq!(over(&record(ContentType::HANDSHAKE, &[]).repeat(33)), "empty records");
    assert_eq!(over(&record(ContentType::APPLICATION_DATA, &[0; 16_000]).repeat(66)), "answer");
    let (events, _) = whole(&record(ContentType::APPLICATION_DATA, &[0; 16_000]).repeat(66));
    assert_eq!(events.len(), (1 << 20) / 16_005);
}

#[test]
fn what_breaks_the_grammar_is_malformed_and_says_where() {
    let alert = record(ContentType::ALERT, &[1, 112]);
    let broken = |tail: &[u8]| match whole(&[alert.clone(), tail.to_vec()].concat()) {
        (events, Some(ReassemblyError::Malformed(malformed))) => {
            assert_eq!(events.len(), 1);
            (malformed.what, malformed.at)
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(broken(b"HTTP/1.1 400"), ("record type", 7));
    assert_eq!(broken(&[22, 2, 0, 0, 1, 0]), ("record version", 7));
    assert_eq!(broken(&record(ContentType::CHANGE_CIPHER_SPEC, &[2])), ("ChangeCipherSpec", 7));
}

#[test]
fn every_split_of_every_capture_tells_the_same() {
    for text in captures::ALL {
        let stream = capture(text);
        let expected = whole(&stream);
        assert_eq!(expected.1, None);
        for at in 0..=stream.len() {
            let (a, b) = stream.split_at(at);
            assert_eq!(reassemble(&[a, b], Limits::default(), true), expected);
        }
    }
}

fn capture(text: &str) -> Vec<u8> {
    captures::octets(text)
}

/// Streams that are mostly well-formed, so that the interesting paths are walked.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let octets = |most| proptest::collection::vec(any::<u8>(), 0..most);
    let piece = prop_oneof![
        4 => (any::<u8>(), octets(60), 1..40usize).prop_map(|(kind, body, fragment)| {
            to_records(ContentType::HANDSHAKE, Version::TLS12, &message(kind, &body).encode().unwrap(), fragment).unwrap()
        }),
        2 => octets(5).prop_map(|body| record(ContentType::ALERT, &body)),
        1 => Just(record(ContentType::CHANGE_CIPHER_SPEC, &[1])),
        1 => octets(30).prop_map(|body| record(ContentType::APPLICATION_DATA, &body)),
        1 => octets(30).prop_map(|body| record(ContentType::HANDSHAKE, &body)),
        1 => octets(30).prop_map(|body| record(ContentType::HEARTBEAT, &body)),
        1 => octets(40),
        1 => Just(b"HTTP/1.1 400 Bad Request\r\n\r\n<html>".to_vec()),
        1 => Just(vec![0x80, 3, 0, 0, 1]),
        1 => Just(capture(captures::HELLO_RETRY_REQUEST)),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn every_split_tells_the_same(
        stream in stream(),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
        eager: bool,
        small: bool,
    ) {
        let limits = if small { Limits { total: 200, message: 50, empty_records: 2 } } else { Limits::default() };
        let expected = reassemble(&[&stream], limits, false);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut rest = &stream[..];
        for (i, cut) in cuts.iter().enumerate() {
            let (piece, tail) = rest.split_at(cut - if i == 0 { 0 } else { cuts[i - 1] });
            pieces.push(piece);
            rest = tail;
        }
        pieces.push(rest);
        prop_assert_eq!(&reassemble(&pieces, limits, eager), &expected);
        let octets: Vec<&[u8]> = stream.chunks(1).collect();
        prop_assert_eq!(&reassemble(&octets, limits, true), &expected);
        let told: usize = expected.0.iter().map(|event| match event {
            Event::Handshake(message) => message.body.len(),
            Event::Heartbeat(body) | Event::Sslv2(body) => body.len(),
            _ => 0,
        }).sum();
        prop_assert!(told <= limits.total);
    }

    #[test]
    fn what_was_sent_arrives(
        bodies in proptest::collection::vec((any::<u8>(), proptest::collection::vec(any::<u8>(), 0..300)), 1..6),
        fragment in 1..400usize,
    ) {
        let messages: Vec<_> = bodies.iter().map(|(kind, body)| message(*kind, body)).collect();
        let octets: Vec<u8> = messages.iter().flat_map(|m| m.encode().unwrap()).collect();
        let stream = to_records(ContentType::HANDSHAKE, Version::TLS12, &octets, fragment).unwrap();
        prop_assert_eq!(whole(&stream), (messages.into_iter().map(Event::Handshake).collect(), None));
    }
}
