//! An HTML page read for what it loads, where its forms send, where it links and what it says of itself. The tokenizer
//! is that of `html5ever`; no tree is built, since a hostile page makes one grow with the square of its length. What
//! runs only without scripts (`noscript`) or not at all (`template`, comments) is left out, as browsers do.

use html5ever::{
    interface::TokenizerResult,
    tendril::StrTendril,
    tokenizer::{BufferQueue, Tokenizer, TokenizerOpts},
};

use super::url::HttpUrl;
use sink::Sink;

mod attributes;
mod sink;

/// Resources kept of a page.
pub const RESOURCE_LIMIT: usize = 500;
/// Links kept of a page.
pub const LINK_LIMIT: usize = 1_000;
/// Forms kept of a page.
pub const FORM_LIMIT: usize = 50;
/// Policies and generators kept of a page.
pub const META_LIMIT: usize = 20;
/// Octets of text kept of a page.
pub const TEXT_LIMIT: usize = 256 * 1024;
/// Attributes of one tag beyond which no author goes; comparing more costs the square of their number.
const ATTRIBUTE_LIMIT: usize = 1_000;

/// What a page holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The first `title`, blanks joined.
    pub title: Option<String>,
    /// `<meta name=generator>`.
    pub generators: Vec<String>,
    /// `<meta http-equiv=content-security-policy>` in the head, content as it stands.
    pub policies: Vec<String>,
    /// The last `<meta name=referrer>` whose word is known, in lower case.
    pub referrer: Option<String>,
    /// What is loaded.
    pub resources: Vec<Resource>,
    /// Forms, with what stands outside of any as the last one, where a password is asked for there.
    pub forms: Vec<Form>,
    /// Where `a` and `area` lead, with their text.
    pub links: Vec<Link>,
    /// The text that a visitor reads, blanks joined.
    pub text: String,
    /// More stood there than is kept.
    pub cut_short: bool,
}

/// What is loaded, by how browsers treat it over plain http in an https page (Mixed Content).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResourceKind {
    /// `script src`, and what preloads one.
    Script,
    /// `link rel=stylesheet`.
    Style,
    /// `iframe`, `frame`.
    Frame,
    /// `object`, `embed`.
    Object,
    /// Images, which browsers fetch over https instead.
    Image,
    /// Audio and video, likewise.
    Media,
}

impl ResourceKind {
    /// The word of facts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Style => "style",
            Self::Frame => "frame",
            Self::Object => "object",
            Self::Image => "image",
            Self::Media => "media",
        }
    }
}

/// One thing that is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// What kind.
    pub kind: ResourceKind,
    /// Where from.
    pub url: HttpUrl,
    /// The `integrity` attribute, where it counts: scripts and styles.
    pub integrity: Option<String>,
}

/// One form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Where it sends; where none is named, the page itself. Nothing for `javascript:` and the like.
    pub action: Option<HttpUrl>,
    /// A password is asked for.
    pub password: bool,
}

/// One link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where it leads.
    pub target: Target,
    /// Its text, blanks joined, at most 100 characters.
    pub text: String,
}

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To a page.
    Page(HttpUrl),
    /// `mailto:` or `tel:`.
    Contact(String),
}

/// Reads a page that came from `url`. Never fails.
pub fn read(html: &str, url: &HttpUrl) -> Page {
    let tokenizer = Tokenizer::new(Sink::new(url.clone()), TokenizerOpts::default());
    let mut rest = html;
    let mut whole = true;
    let mut tag = attributes::Tag::default();
    while !rest.is_empty() {
        // one tag at a time, so that one with too many attributes is seen before it is read
        let (piece, after) = rest.split_at(next_tag(rest));
        let is_text = !tag.is_open() && tokenizer.sink.is_text(piece);
        if !is_text && tag.read(piece) > ATTRIBUTE_LIMIT {
            whole = false;
            break;
        }
        let seen = tokenizer.sink.tokens();
        feed(&tokenizer, piece);
        // nothing comes out of the tokenizer within a tag: whatever this was, it is over
        if tokenizer.sink.tokens() != seen {
            tag = attributes::Tag::default();
        }
        rest = after;
    }
    tokenizer.end();
    let mut page = tokenizer.sink.into_page();
    page.cut_short |= !whole;
    page
}

/// Where the next tag after the first octet begins.
fn next_tag(text: &str) -> usize {
    let octets = text.as_bytes();
    let begins = |at: &usize| octets.get(*at..).is_some_and(attributes::begins);
    (1..octets.len()).find(begins).unwrap_or(octets.len())
}

fn feed(tokenizer: &Tokenizer<Sink>, piece: &str) {
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from_slice(piece));
    // each return has consumed something, and none is asked for by our sink
    while !matches!(tokenizer.feed(&queue), TokenizerResult::Done) {}
}

#[cfg(test)]
mod tests;
