//! What tokens of a page mean: as much of the standard's tree construction as decides what is loaded, which text is
//! none, and whether a `meta` stands in the head.

use std::cell::{Cell, RefCell};

use html5ever::tokenizer::{
    Tag, TagKind, Token, TokenSink, TokenSinkResult,
    states::RawKind::{Rawtext, Rcdata, ScriptData},
};

use super::{
    FORM_LIMIT, Form, LINK_LIMIT, Link, META_LIMIT, Page, RESOURCE_LIMIT, Resource, ResourceKind, TEXT_LIMIT,
    Target,
};
use crate::wire::{referrer_policy, url::HttpUrl};

/// Characters kept of a title or of a link's text.
const WORDS: usize = 100;
/// Images read of one `srcset`.
const CANDIDATES: usize = 20;

/// Reads tokens into a [`Page`].
pub(super) struct Sink {
    state: RefCell<State>,
    tokens: Cell<usize>,
}

struct State {
    page: Page,
    /// What relative URLs are resolved against; the first `base` changes it once.
    base: HttpUrl,
    base_seen: bool,
    /// The document's own URL.
    url: HttpUrl,
    /// A `meta` now is in the head.
    in_head: bool,
    /// Templates that are open: nothing in them lives.
    templates: usize,
    /// Inside `svg` or `math`.
    foreign: usize,
    /// Text belongs to this element.
    raw: Option<String>,
    form: Option<Form>,
    /// A password is asked for outside of forms.
    loose_password: bool,
    link: Option<Link>,
    title_open: bool,
}

impl Sink {
    pub(super) fn new(url: HttpUrl) -> Self {
        Self {
            state: RefCell::new(State {
                page: Page::default(),
                base: url.clone(),
                base_seen: false,
                url,
                in_head: true,
                templates: 0,
                foreign: 0,
                raw: None,
                form: None,
                loose_password: false,
                link: None,
                title_open: false,
            }),
            tokens: Cell::new(0),
        }
    }

    /// Whether a piece that looks like a tag is text of a `script`, a `style` or the like, where only the element's own
    /// end tag is one.
    pub(super) fn is_text(&self, piece: &str) -> bool {
        self.state.borrow().raw.as_deref().is_some_and(|raw| {
            let name = piece.strip_prefix("</").and_then(|rest| rest.get(..raw.len()));
            !name.is_some_and(|name| name.eq_ignore_ascii_case(raw))
        })
    }

    /// How many tokens came so far, errors apart.
    pub(super) fn tokens(&self) -> usize {
        self.tokens.get()
    }

    pub(super) fn into_page(self) -> Page {
        let mut state = self.state.into_inner();
        state.close_form();
        state.close_link();
        if state.loose_password {
            let here = state.url.clone();
            state.page.forms.push(Form { action: Some(here), password: true });
        }
        state.page.text = state.page.text.trim().to_owned();
        state.page.title = state.page.title.map(|title| title.trim().chars().take(WORDS).collect());
        state.page
    }
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        if !matches!(token, Token::ParseError(_)) {
            self.tokens.set(self.tokens.get() + 1);
        }
        let mut state = self.state.borrow_mut();
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => state.start(&tag),
            Token::TagToken(tag) => {
                state.end(&tag.name);
                TokenSinkResult::Continue
            }
            Token::CharacterTokens(text) => {
                state.text(&text);
                TokenSinkResult::Continue
            }
            _ => TokenSinkResult::Continue,
        }
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.state.borrow().foreign > 0
    }
}

impl State {
    fn start(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name = &*tag.name;
        if self.foreign > 0 {
            // these end foreign content wherever they stand (HTML, "any other start tag" of foreign content)
            if BREAKOUT.contains(&name) {
                self.foreign = 0;
            } else {
                match name {
                    "svg" | "math" if !tag.self_closing => self.foreign += 1,
                    "script" => self.load(tag, ResourceKind::Script, &["href", "xlink:href"]),
                    "image" | "feimage" => self.load(tag, ResourceKind::Image, &["href", "xlink:href"]),
                    _ => {}
                }
                return TokenSinkResult::Continue;
            }
        }
        if self.in_head && !IN_HEAD.contains(&name) {
            self.in_head = false;
        }
        if !tag.self_closing && matches!(name, "svg" | "math") {
            self.foreign = 1;
        }
        if name == "template" {
            self.templates += 1;
        }
        if self.templates == 0 {
            self.element(name, tag);
        }
        self.raw_text(name)
    }

    /// How the tokenizer goes on ("in body", "in head").
    fn raw_text(&mut self, name: &str) -> TokenSinkResult<()> {
        let kind = match name {
            "title" | "textarea" => Rcdata,
            // with scripts running the text of noscript is no markup
            "style" | "xmp" | "iframe" | "noembed" | "noframes" | "noscript" => Rawtext,
            "script" => ScriptData,
            "plaintext" => return TokenSinkResult::Plaintext,
            _ => return TokenSinkResult::Continue,
        };
        self.title_open = name == "title" && self.page.title.is_none() && self.templates == 0;
        self.raw = Some(name.to_owned());
        TokenSinkResult::RawData(kind)
    }

    fn element(&mut self, name: &str, tag: &Tag) {
        match name {
            "base" => self.base(tag),
            "meta" => self.meta(tag),
            "script" => self.load(tag, ResourceKind::Script, &["src"]),
            "link" => self.link_element(tag),
            "iframe" | "frame" => self.load(tag, ResourceKind::Frame, &["src"]),
            "object" => self.load(tag, ResourceKind::Object, &["data"]),
            "embed" => self.load(tag, ResourceKind::Object, &["src"]),
            "img" => {
                self.load(tag, ResourceKind::Image, &["src"]);
                self.srcset(tag);
            }
            "source" => {
                self.load(tag, ResourceKind::Media, &["src"]);
                self.srcset(tag);
            }
            "audio" | "track" => self.load(tag, ResourceKind::Media, &["src"]),
            "video" => {
                self.load(tag, ResourceKind::Media, &["src"]);
                self.load(tag, ResourceKind::Image, &["poster"]);
            }
            "body" => self.load(tag, ResourceKind::Image, &["background"]),
            "form" => self.open_form(tag),
            "input" | "button" => self.control(name, tag),
            "a" | "area" => self.open_link(tag),
            _ => {}
        }
        // words of neighbours stay apart
        self.blank();
    }

    fn end(&mut self, name: &str) {
        if self.raw.as_deref() == Some(name) {
            self.raw = None;
            self.title_open = false;
            return;
        }
        match name {
            "svg" | "math" => self.foreign = self.foreign.saturating_sub(1),
            "template" => self.templates = self.templates.saturating_sub(1),
            "form" => self.close_form(),
            "a" => self.close_link(),
            _ => {}
        }
        self.blank();
    }

    fn text(&mut self, text: &str) {
        if self.title_open {
            let title = self.page.title.get_or_insert_with(String::new);
            append(title, text, WORDS * 4);
            return;
        }
        if self.raw.is_some() || self.templates > 0 {
            return;
        }
        if text.trim_matches(|c: char| c.is_ascii_whitespace()).is_empty() {
            self.blank();
            return;
        }
        self.in_head = false;
        self.page.cut_short |= append(&mut self.page.text, text, TEXT_LIMIT);
        if let Some(link) = &mut self.link {
            append(&mut link.text, text, WORDS * 4);
        }
    }

    fn blank(&mut self) {
        let text = &mut self.page.text;
        if !text.is_empty() && !text.ends_with(' ') && text.len() < TEXT_LIMIT {
            text.push(' ');
        }
    }

    fn base(&mut self, tag: &Tag) {
        if let (false, Some(href)) = (self.base_seen, value(tag, "href")) {
            self.base_seen = true;
            if let Ok(url) = self.url.resolve(href) {
                self.base = url;
            }
        }
    }

    fn meta(&mut self, tag: &Tag) {
        let content = value(tag, "content").unwrap_or_default().trim();
        let is =
            |name: &str, word: &str| value(tag, name).is_some_and(|v| v.trim().eq_ignore_ascii_case(word));
        if is("name", "generator") && !content.is_empty() && self.page.generators.len() < META_LIMIT {
            self.page.generators.push(content.chars().take(WORDS).collect());
        }
        if is("name", "referrer") && referrer_policy::from_meta(content).is_some() {
            self.page.referrer = Some(content.to_ascii_lowercase());
        }
        if self.in_head && is("http-equiv", "content-security-policy") && !content.is_empty() {
            if self.page.policies.len() < META_LIMIT {
                self.page.policies.push(content.to_owned());
            } else {
                self.page.cut_short = true;
            }
        }
    }

    fn link_element(&mut self, tag: &Tag) {
        let words: Vec<String> = value(tag, "rel")
            .unwrap_or_default()
            .split_ascii_whitespace()
            .map(str::to_ascii_lowercase)
            .collect();
        let has = |word: &str| words.iter().any(|known| known == word);
        let preload = has("preload").then(|| value(tag, "as").unwrap_or_default().to_ascii_lowercase());
        if has("stylesheet") && !has("alternate") || preload.as_deref() == Some("style") {
            self.load(tag, ResourceKind::Style, &["href"]);
        } else if has("modulepreload") || preload.as_deref() == Some("script") {
            self.load(tag, ResourceKind::Script, &["href"]);
        } else if has("icon") {
            self.load(tag, ResourceKind::Image, &["href"]);
        }
    }

    fn load(&mut self, tag: &Tag, kind: ResourceKind, attributes: &[&str]) {
        let Some(place) = attributes.iter().find_map(|name| value(tag, name)) else { return };
        if kind == ResourceKind::Script && is_data_block(tag) {
            return;
        }
        let checked = matches!(kind, ResourceKind::Script | ResourceKind::Style);
        let integrity =
            value(tag, "integrity").filter(|_| checked).map(|text| text.chars().take(500).collect());
        self.push_resource(kind, place, integrity);
    }

    /// `url 2x, url 100w` (HTML, "parse a srcset attribute"): an address ends at a blank, its comma may stick to it or to
    /// what describes it.
    fn srcset(&mut self, tag: &Tag) {
        let mut rest = value(tag, "srcset").unwrap_or_default();
        for _ in 0..CANDIDATES {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
            let (place, after) =
                rest.split_at(rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len()));
            let address = place.trim_end_matches(',');
            self.push_resource(ResourceKind::Image, address, None);
            rest =
                if address == place { after.split_once(',').map_or("", |(_, after)| after) } else { after };
        }
    }

    fn push_resource(&mut self, kind: ResourceKind, place: &str, integrity: Option<String>) {
        // an empty address loads nothing
        if place.trim().is_empty() {
            return;
        }
        let Ok(url) = self.base.resolve(place) else { return };
        if self.page.resources.len() < RESOURCE_LIMIT {
            self.page.resources.push(Resource { kind, url, integrity });
        } else {
            self.page.cut_short = true;
        }
    }

    fn action(&self, place: Option<&str>) -> Option<HttpUrl> {
        match place.map(str::trim) {
            // the document itself, whatever its base
            None | Some("") => Some(self.url.clone()),
            Some(place) => self.base.resolve(place).ok(),
        }
    }

    fn open_form(&mut self, tag: &Tag) {
        // a form within a form is none
        if self.form.is_none() {
            self.form = Some(Form { action: self.action(value(tag, "action")), password: false });
        }
    }

    fn close_form(&mut self) {
        if let Some(form) = self.form.take() {
            self.push_form(form);
        }
    }

    fn push_form(&mut self, form: Form) {
        if self.page.forms.len() < FORM_LIMIT {
            self.page.forms.push(form);
        } else {
            self.page.cut_short = true;
        }
    }

    fn control(&mut self, name: &str, tag: &Tag) {
        let kind = value(tag, "type").unwrap_or_default();
        if name == "input" && kind.eq_ignore_ascii_case("password") {
            match &mut self.form {
                Some(form) => form.password = true,
                None => self.loose_password = true,
            }
        }
        if name == "input" && kind.eq_ignore_ascii_case("image") {
            self.load(tag, ResourceKind::Image, &["src"]);
        }
        // a button may send elsewhere
        if let (Some(place), Some(form)) = (value(tag, "formaction"), &self.form) {
            let password = form.password;
            let action = self.action(Some(place));
            self.push_form(Form { action, password });
        }
    }

    fn open_link(&mut self, tag: &Tag) {
        self.close_link();
        let Some(place) = value(tag, "href").map(str::trim) else { return };
        let scheme = place.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
        let target = match scheme.as_deref() {
            Some("mailto" | "tel") => Target::Contact(place.chars().take(WORDS).collect()),
            _ => match self.base.resolve(place) {
                Ok(url) => Target::Page(url),
                Err(_) => return,
            },
        };
        self.link = Some(Link { target, text: String::new() });
    }

    fn close_link(&mut self) {
        if let Some(mut link) = self.link.take() {
            link.text = link.text.trim().chars().take(WORDS).collect();
            if self.page.links.len() < LINK_LIMIT {
                self.page.links.push(link);
            } else {
                self.page.cut_short = true;
            }
        }
    }
}

fn value<'t>(tag: &'t Tag, name: &str) -> Option<&'t str> {
    tag.attrs.iter().find(|attribute| &*attribute.name.local == name).map(|attribute| &*attribute.value)
}

/// A script of another type is data and loads nothing (HTML, "prepare the script element").
fn is_data_block(tag: &Tag) -> bool {
    let Some(kind) = value(tag, "type").map(|kind| kind.trim().to_ascii_lowercase()) else { return false };
    let script = kind.is_empty()
        || kind == "module"
        || kind.ends_with("javascript")
        || kind.ends_with("ecmascript")
        || kind.contains("javascript1.")
        || matches!(kind.as_str(), "text/jscript" | "text/livescript");
    !script
}

/// Appends with runs of blanks joined; says whether something was left out.
fn append(to: &mut String, text: &str, limit: usize) -> bool {
    for character in text.chars() {
        if to.len() >= limit {
            return true;
        }
        if !character.is_whitespace() {
            to.push(character);
        } else if !to.is_empty() && !to.ends_with(' ') {
            to.push(' ');
        }
    }
    false
}

/// Start tags that leave the head open, or are put into it after its end.
const IN_HEAD: &[&str] = &[
    "html", "head", "base", "basefont", "bgsound", "link", "meta", "noframes", "noscript", "script", "style",
    "template", "title",
];

/// Start tags that end `svg` and `math`.
const BREAKOUT: &[&str] = &[
    "b",
    "big",
    "blockquote",
    "body",
    "br",
    "center",
    "code",
    "dd",
    "div",
    "dl",
    "dt",
    "em",
    "embed",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "hr",
    "i",
    "img",
    "li",
    "listing",
    "menu",
    "meta",
    "nobr",
    "ol",
    "p",
    "pre",
    "ruby",
    "s",
    "small",
    "span",
    "strong",
    "strike",
    "sub",
    "sup",
    "table",
    "tt",
    "u",
    "ul",
    "var",
];
