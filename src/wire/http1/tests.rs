//! Responses as real and hostile servers send them, each also fed octet by octet, which must not matter.

use super::*;
use proptest::prelude::*;

/// Feeds `input` in pieces of `size` octets, then closes.
fn read_in(input: &[u8], method: Method, limit: usize, size: usize) -> Result<Response, ReadError> {
    let mut reader = ResponseReader::new(method, limit);
    for piece in input.chunks(size.max(1)) {
        reader.feed(piece)?;
    }
    reader.close()?;
    Ok(reader.finish().expect("a head was read"))
}

fn read_as(input: &[u8], method: Method, limit: usize) -> Result<Response, ReadError> {
    let whole = read_in(input, method, limit, input.len());
    for size in [1, 2, 3, 7] {
        assert_eq!(read_in(input, method, limit, size).is_ok(), whole.is_ok());
        if let (Ok(pieces), Ok(whole)) = (read_in(input, method, limit, size), &whole) {
            assert_eq!(&pieces, whole, "in pieces of {size}: {:?}", String::from_utf8_lossy(input));
        }
    }
    whole
}

fn read(input: impl AsRef<[u8]>) -> Response {
    read_as(input.as_ref(), Method::Get, DOCUMENT_LIMIT).unwrap_or_else(|error| panic!("{error}"))
}

fn fails(input: impl AsRef<[u8]>) -> ReadError {
    read_as(input.as_ref(), Method::Get, DOCUMENT_LIMIT).expect_err("should fail")
}

fn fields(response: &Response) -> Vec<(&str, String)> {
    response.head.fields.iter().map(|field| (field.name.as_str(), field.text().into_owned())).collect()
}

#[test]
fn an_ordinary_response() {
    let response = read(
        "HTTP/1.1 200 OK\r\nDate: now\r\nset-cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 5\r\nX-Empty:\r\n\r\nhello",
    );
    assert_eq!(
        (response.head.minor_version, response.head.status, response.head.reason.as_str()),
        (1, 200, "OK")
    );
    assert_eq!(
        fields(&response),
        [
            ("Date", "now".into()),
            ("set-cookie", "a=1".into()),
            ("Set-Cookie", "b=2".into()),
            ("Content-Length", "5".into()),
            ("X-Empty", String::new())
        ]
    );
    assert_eq!((response.body.as_slice(), response.framing), (&b"hello"[..], Framing::Length(5)));
    assert!(!response.truncated && !response.cut_short && response.oddities.is_empty());
    assert_eq!(response.head.values("SET-COOKIE").collect::<Vec<_>>(), ["a=1", "b=2"]);
}

#[test]
fn sloppy_heads_are_read() {
    use Oddity::{BareLineFeed, FoldedField, InvalidLines, SpaceBeforeColon};
    for (input, status, reason, expected, oddities) in [
        ("HTTP/1.1 200\r\nA: b\r\n\r\n", 200, "", &[("A", "b")][..], &[][..]),
        ("HTTP/1.1 200 \r\nA: b\r\n\r\n", 200, "", &[("A", "b")], &[]),
        ("HTTP/1.0 404 Not  Found\r\n\r\n", 404, "Not  Found", &[], &[]),
        ("HTTP/1.1   302   Moved\r\n\r\n", 302, "Moved", &[], &[]),
        ("HTTP/1.1 200 Được rồi\r\n\r\n", 200, "Được rồi", &[], &[]),
        ("HTTP/1.1 200 OK\nA: b\n\n", 200, "OK", &[("A", "b")], &[BareLineFeed]),
        ("HTTP/1.1 200 OK\r\nA: b\n\r\n", 200, "OK", &[("A", "b")], &[BareLineFeed]),
        ("\r\n\nHTTP/1.1 200 OK\r\n\r\n", 200, "OK", &[], &[]),
        (
            "HTTP/1.1 200 OK\r\nA : b\r\nC\t: d\r\n\r\n",
            200,
            "OK",
            &[("A", "b"), ("C", "d")],
            &[SpaceBeforeColon],
        ),
        (
            "HTTP/1.1 200 OK\r\nA: b\r\n  c\r\n\td \r\nE: f\r\n\r\n",
            200,
            "OK",
            &[("A", "b c d"), ("E", "f")],
            &[FoldedField],
        ),
        ("HTTP/1.1 200 OK\r\nA:\r\n b\r\n\r\n", 200, "OK", &[("A", "b")], &[FoldedField]),
        ("HTTP/1.1 200 OK\r\nno colon\r\nA: b\r\n\r\n", 200, "OK", &[("A", "b")], &[InvalidLines]),
        ("HTTP/1.1 200 OK\r\n<html>: x\r\nA: b\r\n\r\n", 200, "OK", &[("A", "b")], &[InvalidLines]),
        ("HTTP/1.1 200 OK\r\nA:   b \t\r\n\r\n", 200, "OK", &[("A", "b")], &[]),
        ("HTTP/1.1 200 OK\r\nA: trang chủ\r\n\r\n", 200, "OK", &[("A", "trang chủ")], &[]),
    ] {
        let response = read(input);
        assert_eq!((response.head.status, response.head.reason.as_str()), (status, reason), "{input:?}");
        let expected: Vec<_> = expected.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        assert_eq!(fields(&response), expected, "{input:?}");
        assert_eq!(response.oddities, oddities, "{input:?}");
    }
    let response = read(b"HTTP/1.1 200 OK\r\nServer: caf\xe9\r\n\r\n");
    assert_eq!(fields(&response), [("Server", "café".to_owned())]);
    let response = read(b"HTTP/1.1 500 Erreur \xe9\r\n\r\n");
    assert_eq!(response.head.reason, "Erreur é");
}

#[test]
fn other_protocols_are_told_apart() {
    for input in [
        "<html>hello</html>",
        "SSH-2.0-OpenSSH_9\r\n",
        "\u{15}\u{3}\u{1}\0\u{2}\u{2}\n",
        "HTTPX",
        "http/1.1 200\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
    ] {
        assert!(matches!(fails(input), ReadError::NotHttp { .. }), "{input:?}");
    }
    let ReadError::NotHttp { excerpt } = fails(b"\x15\x03\x01\xff") else { panic!("another error") };
    assert!(excerpt.bytes().all(|octet| octet.is_ascii_graphic() || octet == b' '));
    for input in ["HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.2 200 OK\r\n\r\n", "HTTP/9 x\r\n\r\n"] {
        assert!(
            matches!(fails(input), ReadError::UnsupportedVersion { .. }),
            "{input:?}: {:?}",
            fails(input)
        );
    }
    for input in
        ["HTTP/1.1 20\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 200OK\r\n\r\n"]
    {
        assert!(matches!(fails(input), ReadError::Malformed { .. }), "{input:?}: {:?}", fails(input));
    }
    for (input, received) in [("", 0), ("\r\n", 0), ("HT", 2), ("HTTP/1.1 200 OK\r\nA: b\r\n", 23)] {
        let error = read_in(input.as_bytes(), Method::Get, 9, 1).expect_err("no head");
        assert_eq!(error, ReadError::Closed { received }, "{input:?}");
    }
}

#[test]
fn heads_are_capped() {
    let fits = format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "a".repeat(HEAD_LIMIT - 24));
    assert_eq!(fits.len(), HEAD_LIMIT);
    assert_eq!(read(&fits).head.fields.len(), 1);
    assert_eq!(fails(fits.replace("A: ", "AB: ")), ReadError::HeadTooLarge);
    let mut reader = ResponseReader::new(Method::Get, 0);
    reader.feed(b"HTTP/1.1 200 OK\r\nA: ").expect("fits");
    let error = (0..100).find_map(|_| reader.feed(&[b'a'; 1024]).err());
    assert_eq!(error, Some(ReadError::HeadTooLarge));
    assert_eq!(reader.feed(b"x"), Err(ReadError::HeadTooLarge), "an error stays");
    assert_eq!(
        read(format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(FIELD_LIMIT))).head.fields.len(),
        200
    );
    assert_eq!(
        fails(format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(FIELD_LIMIT + 1))),
        ReadError::TooManyFields
    );
    let mut reader = ResponseReader::new(Method::Get, 0);
    let error = (0..100).find_map(|_| reader.feed(&[b'\n'; 1024]).err());
    assert_eq!(error, Some(ReadError::HeadTooLarge), "empty lines for ever");
}

#[test]
fn interim_responses_are_skipped() {
    let hint = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
    let last = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
    let response = read(format!("HTTP/1.1 100 Continue\r\n\r\n{hint}{last}"));
    assert_eq!((response.head.status, response.interim, response.body.as_slice()), (200, 2, &b"x"[..]));
    assert_eq!(read(format!("{}{last}", hint.repeat(INTERIM_LIMIT))).interim, 5);
    assert_eq!(fails(format!("{}{last}", hint.repeat(INTERIM_LIMIT + 1))), ReadError::TooManyInterim);
    let response = read("HTTP/1.1 101 Switching Protocols\r\nUpgrade: TLS/1.0\r\n\r\n\u{16}\u{3}");
    assert_eq!((response.head.status, response.framing, response.oddities.len()), (101, Framing::NoBody, 0));
}

#[test]
fn responses_without_a_body() {
    for input in [
        "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
    ] {
        let response = read(input);
        assert_eq!((response.framing, response.cut_short, response.body.len()), (Framing::NoBody, false, 0));
    }
    let input = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    let response = read_as(input, Method::Head, 9).expect("readable");
    assert_eq!((response.framing, response.cut_short), (Framing::NoBody, false));
    let mut reader = ResponseReader::new(Method::Head, 9);
    assert_eq!(reader.feed(input), Ok(Progress::Done));
}

#[test]
fn content_length() {
    let read_length = |fields: &str| {
        read_as(format!("HTTP/1.1 200 OK\r\n{fields}\r\nhello").as_bytes(), Method::Get, DOCUMENT_LIMIT)
    };
    let response = read_length("Content-Length: 3\r\n").expect("readable");
    assert_eq!(
        (response.body.as_slice(), response.oddities.as_slice()),
        (&b"hel"[..], &[Oddity::ExcessOctets][..])
    );
    let response = read_length("Content-Length: 5\r\ncontent-length: 5, 5\r\n").expect("readable");
    assert_eq!(
        (response.body.as_slice(), response.oddities.as_slice()),
        (&b"hello"[..], &[Oddity::RepeatedContentLength][..])
    );
    let response = read_length("Content-Length: 9\r\n").expect("readable");
    assert!(response.cut_short && response.body == b"hello");
    let response = read_length("Content-Length: 99999999999999999999999\r\n").expect("readable");
    assert!(response.cut_short && response.framing == Framing::Length(u64::MAX));
    assert_eq!(read_length("Content-Length: 0\r\n").expect("readable").body, b"");
    for fields in [
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 6\r\n",
        "Content-Length: -5\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 5.0\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length:\r\n",
        "Content-Length: 5,\r\n",
    ] {
        assert!(matches!(read_length(fields), Err(ReadError::Malformed { .. })), "{fields:?}");
    }
}

#[test]
fn the_head_outlives_a_fault_of_the_framing() {
    let mut reader = ResponseReader::new(Method::Get, 9);
    let result =
        reader.feed(b"HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=1\r\nContent-Length: x\r\n\r\n");
    assert!(result.is_err());
    assert_eq!(reader.head().map(|head| head.fields.len()), Some(2));
    let response = reader.finish().expect("a head");
    assert!(response.cut_short && response.body.is_empty());
}

#[test]
fn until_close() {
    let response = read("HTTP/1.0 200 OK\r\n\r\nhello");
    assert_eq!(
        (response.body.as_slice(), response.framing, response.cut_short),
        (&b"hello"[..], Framing::UntilClose, false)
    );
    let mut reader = ResponseReader::new(Method::Get, 9);
    assert_eq!(reader.feed(b"HTTP/1.1 200 OK\r\n\r\nhello"), Ok(Progress::NeedMore));
    assert!(reader.finish().is_some_and(|response| response.cut_short), "stopped before the end");
}

#[test]
fn chunked_bodies() {
    let chunked = |body: &str| {
        read_as(
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n{body}").as_bytes(),
            Method::Get,
            DOCUMENT_LIMIT,
        )
    };
    for (body, expected) in [
        ("5\r\nhello\r\n0\r\n\r\n", "hello"),
        ("5;a=b;c=\"d\"\r\nhello\r\n0;last\r\n\r\n", "hello"),
        ("5 \r\nhello\r\n00\r\n\r\n", "hello"),
        ("0005\nhello\n0\n\n", "hello"),
        ("A\r\n0123456789\r\nb\r\nxxxxxxxxxxx\r\n0\r\n\r\n", "0123456789xxxxxxxxxxx"),
        ("0\r\n\r\n", ""),
        ("2\r\n\r\n\r\n0\r\n\r\n", "\r\n"),
    ] {
        let response = chunked(body).unwrap_or_else(|error| panic!("{body:?}: {error}"));
        assert_eq!(response.body, expected.as_bytes(), "{body:?}");
        assert!(!response.cut_short && response.framing == Framing::Chunked && response.oddities.is_empty());
    }
    let response = chunked("1\r\nx\r\n0\r\nX-Checksum : 5 \r\nnonsense\r\nb:\r\n\r\nmore").expect("readable");
    let trailers: Vec<_> = response.trailers.iter().map(|f| (f.name.as_str(), f.text())).collect();
    assert_eq!(trailers, [("X-Checksum", "5".into()), ("b", "".into())]);
    assert_eq!(response.oddities, [Oddity::ExcessOctets]);
    for body in ["", "5", "5\r\nhel", "5\r\nhello\r\n", "5\r\nhello\r\n0\r\n", "5\r\nhello\r\n0\r\nA: b\r\n"]
    {
        let response = chunked(body).expect("readable");
        assert!(response.cut_short && "hello".as_bytes().starts_with(&response.body), "{body:?}");
    }
    for body in [
        "x\r\n",
        "\r\n",
        "-1\r\n",
        "0x5\r\nhello",
        "5\r\nhelloworld\r\n",
        "5 5\r\nhello\r\n",
        "11112222333344445\r\n",
        ";a\r\n",
    ] {
        assert!(matches!(chunked(body), Err(ReadError::Malformed { .. })), "{body:?}");
    }
    let long = format!("5;{}\r\nhello", "x".repeat(9000));
    assert!(matches!(chunked(&long), Err(ReadError::Malformed { .. })));
    let trailers = format!("0\r\n{}\r\n", "a: b\r\n".repeat(300));
    assert!(matches!(chunked(&trailers), Err(ReadError::Malformed { .. })));
}

#[test]
fn transfer_codings() {
    let with = |head: &str| read_as(format!("{head}\r\n5\r\nhello\r\n0\r\n\r\n").as_bytes(), Method::Get, 99);
    let response =
        with("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n").expect("readable");
    assert_eq!(
        (response.body.as_slice(), response.oddities.as_slice()),
        (&b"hello"[..], &[Oddity::LengthAndChunked][..])
    );
    let response = with("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n").expect("readable");
    assert_eq!(
        (response.body.as_slice(), response.oddities.as_slice()),
        (&b"hello"[..], &[Oddity::TransferEncodingIn10][..])
    );
    let response = with("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n").expect("readable");
    assert_eq!(
        (response.body.as_slice(), response.oddities.as_slice()),
        (&b"hello"[..], &[Oddity::TransferCoded][..])
    );
    let response = with("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n").expect("readable");
    assert_eq!((response.framing, response.body.len()), (Framing::UntilClose, 15));
    let response =
        with("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 3\r\n").expect("readable");
    assert_eq!((response.framing, response.body.as_slice()), (Framing::Length(3), &b"5\r\n"[..]));
    for value in ["chunked, chunked", "chunked, gzip"] {
        let head = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {value}\r\n");
        assert!(matches!(with(&head), Err(ReadError::Malformed { .. })), "{value}");
    }
}

#[test]
fn bodies_are_capped() {
    for (input, limit, body, truncated) in [
        ("HTTP/1.1 200 OK\r\n\r\nhello", 5, "hello", false),
        ("HTTP/1.1 200 OK\r\n\r\nhello!", 5, "hello", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 5, "hello", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello!", 5, "hello", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello!", 0, "", true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 5, "hello", false),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
            5,
            "hello",
            true,
        ),
    ] {
        let response = read_as(input.as_bytes(), Method::Get, limit).expect("readable");
        assert_eq!(
            (response.body.as_slice(), response.truncated, response.cut_short),
            (body.as_bytes(), truncated, false),
            "{input:?}"
        );
    }
    // a known length needs no octet beyond the cap to be known as too long
    let mut reader = ResponseReader::new(Method::Get, 5);
    assert_eq!(reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhello"), Ok(Progress::Done));
    // nothing grows beyond the cap, whatever is fed
    let mut reader = ResponseReader::new(Method::Get, 10);
    reader.feed(b"HTTP/1.1 200 OK\r\n\r\n").expect("readable");
    for _ in 0..100 {
        reader.feed(&[b'x'; 1000]).expect("readable");
    }
    assert!(reader.finish().is_some_and(|response| response.body.len() == 10 && response.truncated));
}

fn response_text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("HTTP/1.1 200 OK\r\n".to_owned()),
        Just("HTTP/1.1 100 \r\n\r\n".to_owned()),
        Just("Content-Length: ".to_owned()),
        Just("Transfer-Encoding: chunked\r\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("\n".to_owned()),
        "[0-9a-f]{1,3}",
        "[A-Z]: [ -~]{0,6}\r\n",
        "[ \t:;,\r]{1,3}",
    ];
    prop::collection::vec(piece, 0..12)
        .prop_map(|pieces| format!("HTTP/1.1 200 OK\r\n{}", pieces.concat()).into_bytes())
}

proptest! {
    #[test]
    fn arbitrary_octets_never_panic(input in any::<Vec<u8>>(), size in 1_usize..20) {
        let _ = read_in(&input, Method::Get, 10, size);
    }

    #[test]
    fn the_cut_of_the_stream_does_not_matter(input in response_text(), size in 1_usize..9, limit in 0_usize..20) {
        let whole = read_in(&input, Method::Get, limit, input.len());
        let pieces = read_in(&input, Method::Get, limit, size);
        match (whole, pieces) {
            (Ok(whole), Ok(pieces)) => {
                prop_assert!(pieces.body.len() <= limit);
                prop_assert_eq!(whole, pieces);
            }
            (whole, pieces) => prop_assert_eq!(whole.is_err(), pieces.is_err()),
        }
    }

    #[test]
    fn chunking_round_trip(body in any::<Vec<u8>>(), cut in 1_usize..50, size in 1_usize..50) {
        let mut message = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        for chunk in body.chunks(cut) {
            message.extend(format!("{:x}\r\n", chunk.len()).bytes());
            message.extend(chunk);
            message.extend(b"\r\n");
        }
        message.extend(b"0\r\n\r\n");
        let response = read_in(&message, Method::Get, DOCUMENT_LIMIT, size).expect("readable");
        prop_assert!(!response.cut_short && !response.truncated);
        prop_assert_eq!(response.body, body);
    }
}
