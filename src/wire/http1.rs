//! HTTP/1.1 messages (RFC 9110, RFC 9112) without I/O: request heads out, responses in, as bytes arrive.
//! Connections, deadlines and content codings are not here: we ask for `Accept-Encoding: identity`.

pub use head::{FIELD_LIMIT, HEAD_LIMIT, Head};
pub use request::{Method, Request, RequestError};
pub use response::{DOCUMENT_LIMIT, Framing, INTERIM_LIMIT, Progress, ReadError, Response, ResponseReader};

mod chunked;
mod head;
mod request;
mod response;

/// Something a lenient reader let pass that RFC 9112 forbids or warns of. Facts about the server, not errors.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Oddity {
    /// Lines of the head end in LF alone (§2.2).
    BareLineFeed,
    /// Blanks stand between a field's name and its colon (§5.1).
    SpaceBeforeColon,
    /// A field goes on over several lines; they were joined by a space (§5.2).
    FoldedField,
    /// Lines of the head are no fields and were left out, as browsers do.
    InvalidLines,
    /// The body is framed by both Transfer-Encoding and Content-Length; the former counts (§6.3 point 3).
    LengthAndChunked,
    /// Content-Length stands more than once with one value (§6.3 point 5).
    RepeatedContentLength,
    /// Transfer-Encoding in a response that says HTTP/1.0 (§6.1).
    TransferEncodingIn10,
    /// A transfer coding other than chunked is applied, which we did not ask for: the body stays encoded.
    TransferCoded,
    /// Octets follow the end of the response.
    ExcessOctets,
}

/// Up to 60 octets of hostile input as printable ASCII.
fn excerpt(octets: &[u8]) -> String {
    octets.get(..60).unwrap_or(octets).escape_ascii().to_string()
}

#[cfg(test)]
mod tests;
