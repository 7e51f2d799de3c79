//! What stands at a place of a YAML text: its kind, its path (`units[3].sites[0].port`) and the mapping around it.
//! Reads the text a second time, so only mistakes pay for it.

use std::borrow::Cow;
use std::fmt;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, ScanError, Span};

use super::{Location, Source};
use crate::language::Text;

/// A node of the text, found by where it starts.
pub(super) struct Found {
    /// Keys and indices from the root; for a key, those of its mapping.
    pub(super) path: Path,
    /// What stands there.
    pub(super) node: Node,
    /// Where the node stands; for a key, where its mapping starts.
    pub(super) at: Location,
}

/// What is looked for at a place: a block mapping and its first key start together.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The key that starts there, or the flow mapping (`{`).
    Key,
    /// The outermost node that starts there.
    Value,
}

/// What a node is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// Text, a number, nothing: as the parser reads it.
    Scalar { value: String, style: ScalarStyle },
    /// A list.
    List,
    /// Keys and values.
    Mapping,
    /// `*name`.
    Alias,
}

impl Node {
    /// Whether this is a text such as `key:value`, whose writer forgot the space behind the colon.
    pub(super) fn looks_like_a_pair(&self) -> bool {
        matches!(self, Self::Scalar { value, .. } if value.split_once(':').is_some_and(|(key, _)| !key.is_empty()))
    }

    /// "found …": a short description with the value itself when there is one.
    pub(super) fn text(&self) -> Text {
        const SHOWN: usize = 60;
        match self {
            Self::List => ("một danh sách", "a list").into(),
            Self::Mapping => ("một nhóm khóa", "a mapping").into(),
            Self::Alias => ("một bí danh (`*tên`)", "an alias").into(),
            Self::Scalar { value, style: ScalarStyle::Plain }
                if matches!(value.as_str(), "" | "~" | "null") =>
            {
                ("chỗ trống", "nothing").into()
            }
            Self::Scalar { value, .. } if value.is_empty() => ("một đoạn chữ rỗng", "an empty text").into(),
            Self::Scalar { value, .. } if value.chars().count() > SHOWN => {
                Text::same(format!("`{}…`", value.chars().take(SHOWN).collect::<String>()))
            }
            Self::Scalar { value, .. } => Text::same(format!("`{value}`")),
        }
    }
}

/// Keys and indices from the root, printed as `units[3].sites[0].port`; empty at the root.
pub(super) struct Path(Vec<Step>);

enum Step {
    Key(String),
    Index(usize),
}

impl Path {
    pub(super) fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if depth == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

/// The node that starts at byte `offset`; `None` when none does or the text is broken before it.
pub(super) fn node_at(source: &Source, offset: usize, wanted: Wanted) -> Option<Found> {
    let mut walk = Walk::default();
    for event in Parser::new_from_str(source.text()) {
        let (event, span) = event.ok()?;
        if is_node(&event) {
            walk.arrive();
            let start = span.start.byte_offset()?;
            let flow_mapping = || source.text().get(start..).is_some_and(|rest| rest.starts_with('{'));
            if start == offset && (wanted == Wanted::Value || walk.at_key() || flow_mapping()) {
                return Some(walk.describe(source, event, &span));
            }
        }
        walk.pass(&event, &span);
    }
    None
}

/// Where `key` stands directly behind the mapping that has a key at byte `offset`: a key that was meant for
/// that mapping and is indented too little.
pub(super) fn stray_key(source: &Source, offset: usize, key: &str) -> Option<Location> {
    let mut walk = Walk::default();
    let mut depth = None;
    for event in Parser::new_from_str(source.text()) {
        let (event, span) = event.ok()?;
        if is_node(&event) {
            walk.arrive();
            if walk.at_key() {
                match depth {
                    None if span.start.byte_offset() == Some(offset) => depth = Some(walk.frames.len()),
                    Some(depth) if walk.frames.len() < depth => {
                        let same = matches!(&event, Event::Scalar(value, ..) if value == key);
                        return same.then(|| location(source, &span));
                    }
                    _ => {}
                }
            }
        }
        walk.pass(&event, &span);
    }
    None
}

/// The first syntax error of the text.
pub(super) fn syntax_error(source: &Source) -> Option<ScanError> {
    Parser::new_from_str(source.text()).find_map(Result::err)
}

/// The lists and mappings around the current event.
#[derive(Default)]
struct Walk<'a> {
    frames: Vec<Frame<'a>>,
}

enum Frame<'a> {
    List { index: Option<usize> },
    Mapping { start: Span, key: Option<Cow<'a, str>>, at_key: bool },
}

impl<'a> Walk<'a> {
    /// A node begins: the enclosing list counts it.
    fn arrive(&mut self) {
        if let Some(Frame::List { index }) = self.frames.last_mut() {
            *index = Some(index.map_or(0, |index| index + 1));
        }
    }

    fn at_key(&self) -> bool {
        matches!(self.frames.last(), Some(Frame::Mapping { at_key: true, .. }))
    }

    fn describe(&self, source: &Source, event: Event<'a>, span: &Span) -> Found {
        let node = match event {
            Event::SequenceStart(..) => Node::List,
            Event::MappingStart(..) => Node::Mapping,
            Event::Scalar(value, style, ..) => Node::Scalar { value: value.into_owned(), style },
            _ => Node::Alias,
        };
        let (around, at) = match self.frames.split_last() {
            Some((Frame::Mapping { start, at_key: true, .. }, around)) => (around, start),
            _ => (self.frames.as_slice(), span),
        };
        let steps = around.iter().map(|frame| match frame {
            Frame::List { index } => Step::Index(index.unwrap_or(0)),
            Frame::Mapping { key, .. } => Step::Key(key.as_deref().unwrap_or("?").to_owned()),
        });
        Found { path: Path(steps.collect()), node, at: location(source, at) }
    }

    /// Moves past an event.
    fn pass(&mut self, event: &Event<'a>, span: &Span) {
        if is_node(event)
            && let Some(Frame::Mapping { key, at_key, .. }) = self.frames.last_mut()
        {
            if *at_key {
                *key = if let Event::Scalar(text, ..) = event { Some(text.clone()) } else { None };
            }
            *at_key = !*at_key;
        }
        match event {
            Event::SequenceStart(..) => self.frames.push(Frame::List { index: None }),
            Event::MappingStart(..) => {
                self.frames.push(Frame::Mapping { start: *span, key: None, at_key: true });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.frames.pop();
            }
            _ => {}
        }
    }
}

fn is_node(event: &Event<'_>) -> bool {
    matches!(event, Event::Scalar(..) | Event::Alias(..) | Event::SequenceStart(..) | Event::MappingStart(..))
}

fn location(source: &Source, span: &Span) -> Location {
    let start = span.start.byte_offset().unwrap_or(0);
    source.location(start, span.end.byte_offset().unwrap_or(start).saturating_sub(start))
}
