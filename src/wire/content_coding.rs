//! Content-Encoding undone (RFC 9110 §8.4): gzip, deflate, br and zstd, never past a cap, so that a bomb costs no more
//! than a page. What arrives in part is decoded as far as it goes.

use std::io::{ErrorKind, Read};

use miniz_oxide::inflate::{
    TINFLStatus,
    core::{DecompressorOxide, decompress, inflate_flags},
};

use super::field::list_values;

/// Codings that may lie one over the other.
const LAYERS: usize = 2;
/// The largest window of zstd over HTTP (RFC 9659 §3).
const ZSTD_WINDOW: u64 = 8 * 1024 * 1024;

/// A body with its codings undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// At most as long as the cap.
    pub body: Vec<u8>,
    /// The cap stopped decoding.
    pub truncated: bool,
    /// The coded body ended early or was broken: what came before it stands.
    pub broken: bool,
}

/// Why a body cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodingError {
    /// A coding that we do not know, and did not ask for.
    #[error("the body comes in the content coding {0:?}, which was not asked for")]
    Unknown(String),
    /// More codings one over the other than anybody needs.
    #[error("the body comes in more than {LAYERS} content codings")]
    Layers,
    /// Not one octet could be decoded.
    #[error("the body is not in the content coding {0:?} that it is said to be in")]
    Broken(String),
}

/// What to send as Accept-Encoding.
pub const ACCEPTED: &str = "gzip, deflate, br, zstd";

/// Undoes the codings of the Content-Encoding fields, the last one first, keeping at most `limit` octets.
pub fn decode<V: AsRef<str>>(
    lines: impl IntoIterator<Item = V>,
    body: Vec<u8>,
    limit: usize,
) -> Result<Decoded, CodingError> {
    let codings: Vec<String> = list_values(lines)
        .into_iter()
        .map(|coding| coding.to_ascii_lowercase())
        .filter(|coding| coding != "identity")
        .collect();
    if codings.len() > LAYERS {
        return Err(CodingError::Layers);
    }
    let mut decoded = Decoded { body, truncated: false, broken: false };
    for coding in codings.iter().rev() {
        // nothing came, as after HEAD or 304: there is nothing to undo
        if decoded.body.is_empty() {
            break;
        }
        let next = match coding.as_str() {
            "gzip" | "x-gzip" => gzip(&decoded.body, limit),
            "deflate" => deflate(&decoded.body, limit),
            "br" => read(brotli_decompressor::Decompressor::new(&*decoded.body, 4096), limit),
            "zstd" => zstd(&decoded.body, limit),
            _ => return Err(CodingError::Unknown(coding.chars().take(40).collect())),
        };
        if next.body.is_empty() && next.broken {
            return Err(CodingError::Broken(coding.clone()));
        }
        decoded = Decoded {
            truncated: decoded.truncated | next.truncated,
            broken: decoded.broken | next.broken,
            ..next
        };
    }
    if decoded.body.len() > limit {
        decoded.body.truncate(limit);
        decoded.truncated = true;
    }
    Ok(decoded)
}

fn read(mut reader: impl Read, limit: usize) -> Decoded {
    let mut body = Vec::new();
    let mut chunk = vec![0; 16 * 1024];
    loop {
        match reader.read(&mut chunk) {
            Ok(0) => return Decoded { body, truncated: false, broken: false },
            Ok(count) => {
                let room = limit.saturating_sub(body.len());
                body.extend_from_slice(chunk.get(..count.min(room)).unwrap_or_default());
                if count > room {
                    return Decoded { body, truncated: true, broken: false };
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Decoded { body, truncated: false, broken: true },
        }
    }
}

fn zstd(body: &[u8], limit: usize) -> Decoded {
    let reader = ruzstd::decoding::StreamingDecoder::new_with_max_window_size(body, ZSTD_WINDOW);
    match reader {
        Ok(reader) => read(reader, limit),
        Err(_) => broken(),
    }
}

fn broken() -> Decoded {
    Decoded { body: Vec::new(), truncated: false, broken: true }
}

/// RFC 1952: the head of the first member, then deflate. Its checksum is not compared: evidence is what came.
fn gzip(body: &[u8], limit: usize) -> Decoded {
    match gzip_payload(body) {
        Some(payload) => inflate(payload, limit, false),
        None => broken(),
    }
}

fn gzip_payload(body: &[u8]) -> Option<&[u8]> {
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    const CHECKSUM: u8 = 2;
    let flags = match body {
        [0x1f, 0x8b, 8, flags, ..] => *flags,
        _ => return None,
    };
    let mut rest = body.get(10..)?;
    if flags & EXTRA != 0 {
        let length = usize::from(*rest.first()?) | usize::from(*rest.get(1)?) << 8;
        rest = rest.get(2 + length..)?;
    }
    for flag in [NAME, COMMENT] {
        if flags & flag != 0 {
            let end = rest.iter().position(|&octet| octet == 0)?;
            rest = rest.get(end + 1..)?;
        }
    }
    if flags & CHECKSUM != 0 {
        rest = rest.get(2..)?;
    }
    Some(rest)
}

/// `deflate` means zlib (RFC 9110 §8.4.1.2); some servers send it bare.
fn deflate(body: &[u8], limit: usize) -> Decoded {
    let zlib = matches!(body, [head, flags, ..] if head & 0x0f == 8 && (u16::from(*head) << 8 | u16::from(*flags)) % 31 == 0);
    inflate(body, limit, zlib)
}

/// Deflate, with zlib's head or without; a checksum that does not fit leaves the text as it came.
fn inflate(body: &[u8], limit: usize, zlib: bool) -> Decoded {
    let head = if zlib { inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER } else { 0 };
    let flags = head | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let mut state = Box::<DecompressorOxide>::default();
    let mut output = vec![0; body.len().saturating_mul(2).clamp(1, limit.max(1))];
    let (mut input, mut length) = (body, 0);
    let status = loop {
        let (status, consumed, produced) = decompress(&mut state, input, &mut output, length, flags);
        length += produced;
        if status != TINFLStatus::HasMoreOutput || output.len() >= limit {
            break status;
        }
        input = input.get(consumed..).unwrap_or_default();
        output.resize(output.len().saturating_mul(2).min(limit), 0);
    };
    output.truncate(length);
    let truncated = status == TINFLStatus::HasMoreOutput;
    Decoded { body: output, truncated, broken: !truncated && status != TINFLStatus::Done }
}

#[cfg(test)]
mod tests {
    use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};
    use proptest::prelude::*;

    use super::*;

    const LIMIT: usize = 64 * 1024;

    fn gzipped(text: &[u8]) -> Vec<u8> {
        let head = [0x1f, 0x8b, 8, 4 | 8 | 16 | 2, 0, 0, 0, 0, 0, 3, 2, 0, b'x', b'y'];
        [&head[..], b"name\0comment\0", b"\x12\x34", &compress_to_vec(text, 6), &[0; 8]].concat()
    }

    fn zstd_of(text: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
    }

    /// «xin chào» of the reference encoder, quality 11.
    const BROTLI: &[u8] = &[0x0b, 0x04, 0x80, b'x', b'i', b'n', b' ', b'c', b'h', 0xc3, 0xa0, b'o', 0x03];

    #[test]
    fn every_coding_is_undone() {
        let text = "xin chào ".repeat(2_000);
        for (coding, body) in [
            ("gzip", gzipped(text.as_bytes())),
            ("X-GZIP", gzipped(text.as_bytes())),
            ("deflate", compress_to_vec_zlib(text.as_bytes(), 6)),
            ("deflate", compress_to_vec(text.as_bytes(), 6)),
            ("zstd", zstd_of(text.as_bytes())),
            ("deflate, gzip", gzipped(&compress_to_vec_zlib(text.as_bytes(), 6))),
            ("identity", text.clone().into_bytes()),
            ("", text.clone().into_bytes()),
        ] {
            let decoded = decode([coding], body, LIMIT).unwrap();
            assert_eq!((decoded.truncated, decoded.broken), (false, false), "{coding}");
            assert!(decoded.body == text.as_bytes(), "{coding}");
        }
        let decoded = decode(["br"], BROTLI.to_vec(), LIMIT).unwrap();
        assert_eq!(String::from_utf8(decoded.body).unwrap(), "xin chào");
    }

    #[test]
    fn bombs_cost_the_cap() {
        let zeros = vec![0; 20 * 1024 * 1024];
        let inner = compress_to_vec_zlib(&zeros, 6);
        for (coding, body) in [
            ("gzip", gzipped(&zeros)),
            ("deflate", inner.clone()),
            ("zstd", zstd_of(&zeros)),
            ("deflate, gzip", gzipped(&inner)),
        ] {
            let decoded = decode([coding], body, LIMIT).unwrap();
            assert!(decoded.truncated && decoded.body.len() == LIMIT, "{coding} {}", decoded.body.len());
        }
    }

    #[test]
    fn what_is_no_such_coding() {
        let body = || b"<html>".to_vec();
        assert_eq!(decode(["gzip"], body(), LIMIT), Err(CodingError::Broken("gzip".into())));
        assert_eq!(decode(["br"], b"\xff\xff\xff".to_vec(), LIMIT), Err(CodingError::Broken("br".into())));
        assert_eq!(decode(["zstd"], body(), LIMIT), Err(CodingError::Broken("zstd".into())));
        assert_eq!(decode(["aes128gcm"], body(), LIMIT), Err(CodingError::Unknown("aes128gcm".into())));
        assert_eq!(decode(["gzip, gzip", "gzip"], body(), LIMIT), Err(CodingError::Layers));
        assert!(decode(["gzip"], Vec::new(), LIMIT).unwrap().body.is_empty());
        // cut in the middle: what came stands
        let text: Vec<u8> = (0..50_000_u32).flat_map(u32::to_le_bytes).collect();
        let whole = gzipped(&text);
        let part = decode(["gzip"], whole[..whole.len() / 2].to_vec(), 1 << 20).unwrap();
        assert!(part.broken && !part.body.is_empty() && text.starts_with(&part.body));
    }

    proptest! {
        #[test]
        fn never_panics_and_keeps_the_cap(junk in prop::collection::vec(any::<u8>(), 0..300), cut in 0_usize..200) {
            for coding in ["gzip", "deflate", "br", "zstd", "gzip, br"] {
                if let Ok(decoded) = decode([coding], junk.clone(), 100) {
                    prop_assert!(decoded.body.len() <= 100);
                }
            }
            for (coding, mut body) in [("gzip", gzipped(&junk)), ("zstd", zstd_of(&junk)), ("br", BROTLI.to_vec())] {
                body.truncate(cut);
                let _ = decode([coding], body, 100);
            }
        }

        #[test]
        fn round_trip(text in prop::collection::vec(any::<u8>(), 1..500)) {
            prop_assert_eq!(&decode(["gzip"], gzipped(&text), LIMIT).unwrap().body, &text);
            prop_assert_eq!(&decode(["zstd"], zstd_of(&text), LIMIT).unwrap().body, &text);
        }
    }
}
