//! Facts of a site's pages: what the home page loads, where its forms send, what it tells, and a few fixed requests
//! beside it. Bodies are not kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Attempt, Listing, limits};

/// The final HTTPS document, read, and what a few further requests brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Web {
    /// Whether the final HTTPS document is a page that anybody may read: HTML, and not behind a login (401). Where it
    /// is not, what a page would hold is skipped.
    pub page: Attempt<bool>,
    /// Title of the page; absent when it has none.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub title: Attempt<Option<String>>,
    /// What `<meta name=generator>` says.
    #[schemars(extend("maxItems" = limits::GENERATORS))]
    pub generators: Attempt<Vec<String>>,
    /// What the https page loads over plain http.
    #[schemars(extend("maxItems" = limits::RESOURCES))]
    pub mixed_content: Attempt<Listing<MixedContent>>,
    /// Scripts and style sheets from other origins that browsers take without a check of their integrity.
    #[schemars(extend("maxItems" = limits::RESOURCES))]
    pub unchecked_resources: Attempt<Listing<ExternalResource>>,
    /// Forms of the page, and of the page over http where a visitor of `http://` stays there.
    #[schemars(extend("maxItems" = limits::FORMS))]
    pub forms: Attempt<Listing<WebForm>>,
    /// Other hosts that the page links to or loads from.
    #[schemars(extend("maxItems" = limits::LINKED_HOSTS))]
    pub linked_hosts: Attempt<Listing<LinkedHost>>,
    /// An address or a telephone number found on the page or on the contact page it links to; absent when none was.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub contact: Attempt<Option<Contact>>,
    /// The page is a listing of a folder's files.
    pub directory_listing: Attempt<bool>,
    /// `/.well-known/security.txt` (RFC 9116); absent when there is none.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub security_txt: Attempt<Option<SecurityTxt>>,
    /// A security.txt at the top of the site, looked for where there is none in its place. RFC 9116 section 3 lets it
    /// stand there for old readers alone; absent when there is none either, or one in its place.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub security_txt_at_top: Attempt<Option<String>>,
    /// `/robots.txt` (RFC 9309); absent when there is none. Nothing is judged by it.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub robots: Attempt<Option<Robots>>,
    /// The first sitemap that robots.txt names, else `/sitemap.xml`; absent when there is none.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub sitemap: Attempt<Option<Sitemap>>,
    /// Pages that may have been planted for search engines; looked for only under an authorisation with the scope
    /// `impersonation`. A suspicion for a human to look at: nothing is judged by it.
    pub injection: Attempt<Injection>,
    /// What the page lets a foreign origin read that asks for it; absent when nothing.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub cors: Attempt<Option<Cors>>,
    /// Nonces of the Content-Security-Policy, fetched twice; absent when it has none.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub nonce: Attempt<Option<NonceUse>>,
    /// `Cache-Control` of a page that sets a cookie and lets shared caches keep both; absent otherwise.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub shared_cookie_cache: Attempt<Option<String>>,
    /// What the page for a path that does not exist tells of the software behind it; absent when nothing.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub error_leak: Attempt<Option<ErrorLeak>>,
}

/// Something loaded over plain http in a page over https (Mixed Content).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MixedContent {
    /// `script`, `style`, `frame`, `object`, `image`, `media`.
    pub kind: String,
    /// Where from.
    pub url: String,
    /// Whether it could change the page; browsers block it then. Images, audio and video cannot.
    pub active: bool,
}

/// A script or style sheet from another origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExternalResource {
    /// `script` or `style`.
    pub kind: String,
    /// Where from.
    pub url: String,
}

/// One form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WebForm {
    /// The page it stands on.
    pub page: String,
    /// Where it sends; absent where a script decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Whether a password is asked for.
    pub password: bool,
    /// Whether it stands on a page over plain http or sends there.
    pub plain: bool,
}

/// Another host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LinkedHost {
    /// Its name.
    pub host: String,
    /// How many links lead there.
    pub links: u32,
    /// How many resources are loaded from there.
    pub resources: u32,
}

/// A way to reach the agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Contact {
    /// The page.
    pub page: String,
    /// What was found: an address or a number.
    pub text: String,
}

/// A security.txt (RFC 9116).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecurityTxt {
    /// Where it was found, redirects followed.
    pub url: String,
    /// Whether it follows RFC 9116 and has not expired.
    pub valid: bool,
    /// Where it does not: `no_contact`, `contact_not_uri`, `no_expires`, `several_expires`, `expires_unreadable`,
    /// `several_languages`, `language_unreadable`, `link_not_uri`, `plain_http`, `line`, `not_utf8`, `signature_broken`,
    /// `not_https`, `content_type`, `not_canonical`, `expired`.
    #[schemars(extend("maxItems" = limits::SECURITY_TXT))]
    pub faults: Vec<String>,
    /// `Contact` values.
    #[schemars(extend("maxItems" = limits::SECURITY_TXT))]
    pub contacts: Vec<String>,
    /// Days until `Expires`, negative once it is past; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_left: Option<i64>,
    /// Whether it carries the form of an `OpenPGP` signature; whose it is was not looked at.
    pub signed: bool,
}

/// The same URLs as a browser, as one that comes from a search engine, and as its crawler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Injection {
    /// The URLs: the home page, and the newest of the sitemap.
    #[schemars(extend("maxItems" = limits::SUSPECT_URLS))]
    pub looked_at: Vec<String>,
    /// What looks planted.
    #[schemars(extend("maxItems" = limits::SUSPECTS))]
    pub suspects: Listing<Suspect>,
}

/// A page that looks planted, or another one for search engines than for visitors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Suspect {
    /// The page.
    pub url: String,
    /// As whom it was seen.
    pub view: View,
    /// Words of gambling pages in it.
    #[schemars(extend("maxItems" = limits::SUSPECT_WORDS))]
    pub words: Vec<String>,
    /// Hosts of others that it links to with such words, or links to only here.
    #[schemars(extend("maxItems" = limits::SUSPECT_HOSTS))]
    pub hosts: Vec<String>,
    /// Words that an ordinary browser is not shown.
    #[schemars(extend("maxItems" = limits::SUSPECT_WORDS))]
    pub only_here: Vec<String>,
    /// Where it sends this visitor and not an ordinary browser; absent where it sends nobody away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_to: Option<String>,
}

/// As whom a page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// An ordinary browser.
    Browser,
    /// The same, coming from a search engine.
    SearchReferrer,
    /// A search engine's crawler.
    Crawler,
}

/// A robots.txt (RFC 9309).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Robots {
    /// Where it was found, redirects followed.
    pub url: String,
    /// Whether any crawler may fetch the home page.
    pub allows_home: bool,
    /// Sitemaps that it names.
    #[schemars(extend("maxItems" = limits::SITEMAPS))]
    pub sitemaps: Vec<String>,
}

/// A sitemap (sitemaps.org).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sitemap {
    /// Where it was found, redirects followed.
    pub url: String,
    /// Whether its places are further sitemaps.
    pub is_index: bool,
    /// How many places it names, at most 1,000.
    pub places: u32,
    /// The newest `lastmod`, as sent; absent where none is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<String>,
}

/// Cross-origin resource sharing (Fetch) with an origin that nobody owns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cors {
    /// The page that was asked for.
    pub url: String,
    /// `Access-Control-Allow-Origin`.
    pub allow_origin: String,
    /// Whom that names.
    pub allowed: CorsAllowed,
    /// Whether it is shared with the visitor's cookies.
    pub credentials: bool,
}

/// Whom `Access-Control-Allow-Origin` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CorsAllowed {
    /// `*`.
    Any,
    /// The foreign origin that asked.
    Asker,
    /// `null`, which anybody can have.
    #[serde(rename = "null_origin")]
    Null,
    /// Another one, or nothing that browsers accept.
    Other,
}

/// Nonces of two answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NonceUse {
    /// Whether both answers had the same one.
    pub reused: bool,
}

/// What an error page tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorLeak {
    /// What was recognised, e.g. `Tomcat version`.
    pub what: String,
    /// The status it came with.
    pub status: u16,
}
