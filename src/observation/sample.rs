//! Facts for tests, as documents have them: a part of an endpoint is read from its JSON.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Document, SCHEMA};
use crate::wire::iana;

/// A part of an endpoint as a stored document has it, so that facts which came later are there as not asked for.
pub(crate) fn stored<T: DeserializeOwned>(part: &str, value: &Value) -> T {
    let document = json!({
        "schema": SCHEMA, "at": "2026-11-24T00:00:00Z",
        "site": {"host": "a.example", "port": 443}, "endpoints": [{part: value}],
    });
    let document = Document::parse(document.to_string().as_bytes()).unwrap();
    serde_json::from_value(document.endpoints()[0][part].clone()).unwrap()
}

/// A suite of `tls.cipher_suites`.
pub(crate) fn suite(version: &str, suite: &iana::CipherSuite) -> Value {
    let of = suite.properties().unwrap();
    json!({
        "version": version, "name": suite.name, "key_exchange": of.key_exchange.name(),
        "authentication": of.authentication.name(), "cipher": of.cipher.name(), "key_bits": of.key_bits,
        "mode": of.mode.name(), "hash": of.hash.name(), "aead": of.mode.is_aead(),
        "forward_secrecy": of.forward_secrecy(), "anonymous": of.anonymous(), "export": of.export,
    })
}
