//! Just enough YAML: a document as a tree in which every scalar knows where it stands.

use std::borrow::Cow;
use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span as Place};

use super::error::RuleError;
use super::position_in;

/// How deep the YAML of a rule may nest.
const MAX_DEPTH: usize = 64;

/// How many scalars of a file may be indented too little.
const MAX_REPAIRS: usize = 16;

/// What the parser says of a quoted scalar whose lines are indented less than its mapping.
const BAD_INDENTATION: &str = "invalid indentation in quoted scalar";

/// Why a text is not the YAML of a rule.
#[derive(Debug)]
pub(super) struct Fault {
    /// Where, in bytes.
    offset: usize,
    message: String,
    /// Whether only the indentation of the quoted scalar there is wrong.
    is_indentation: bool,
}

/// A document, and the text that was parsed in the end.
#[derive(Debug)]
pub(super) struct Document<'a> {
    pub(super) root: Mapping,
    /// The text, perhaps with blanks added at the start of lines.
    pub(super) text: Cow<'a, str>,
    /// Where blanks were added, in `text`.
    pub(super) added: Vec<usize>,
}

impl Fault {
    /// As an error about a file.
    pub(super) fn named(self, name: &str, text: &str) -> RuleError {
        RuleError::Yaml {
            name: name.to_owned(),
            position: position_in(text, self.offset),
            message: self.message,
        }
    }
}

/// A scalar: its text, and where and how it is written.
#[derive(Debug, Clone)]
pub(super) struct Scalar {
    pub(super) value: String,
    pub(super) style: ScalarStyle,
    /// The byte the parser says it starts at.
    pub(super) start: usize,
}

/// A node of the document. Anchors, aliases and tags are of no use to a rule: an alias is left
/// out, as if it were empty.
#[derive(Debug)]
pub(super) enum Node {
    Scalar(Scalar),
    Sequence(Vec<Node>),
    Mapping(Mapping),
    Alias,
}

impl Scalar {
    /// Whether it is YAML's null, written plainly.
    pub(super) fn is_null(&self) -> bool {
        let null = ["", "~", "null", "Null", "NULL"].contains(&self.value.as_str());
        self.style == ScalarStyle::Plain && null
    }
}

impl Node {
    /// About where it stands: where its first scalar does.
    pub(super) fn place(&self) -> usize {
        match self {
            Self::Scalar(scalar) => scalar.start,
            Self::Sequence(nodes) => nodes.first().map_or(0, Self::place),
            Self::Mapping(mapping) => mapping.entries.values().map(Self::place).min().unwrap_or(0),
            Self::Alias => 0,
        }
    }
}

/// A mapping with scalars for keys.
#[derive(Debug, Default)]
pub(super) struct Mapping {
    entries: BTreeMap<String, Node>,
}

impl Mapping {
    fn get(&self, key: &str) -> Option<&Node> {
        self.entries.get(key)
    }

    /// The node under a key.
    pub(super) fn node(&self, key: &str) -> Option<&Node> {
        self.get(key)
    }

    /// The keys, in their own order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The scalar under a key.
    pub(super) fn scalar(&self, key: &str) -> Option<&Scalar> {
        match self.get(key)? {
            Node::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The text of the scalar under a key.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.scalar(key).map(|scalar| scalar.value.as_str())
    }

    /// The mapping under a key.
    pub(super) fn mapping(&self, key: &str) -> Option<&Mapping> {
        match self.get(key)? {
            Node::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    /// The scalars of the list under a key, or the one scalar there; empty ones left out.
    pub(super) fn list(&self, key: &str) -> Vec<String> {
        let nodes: &[Node] = match self.get(key) {
            Some(Node::Sequence(nodes)) => nodes,
            Some(node) => std::slice::from_ref(node),
            None => &[],
        };
        let texts = nodes.iter().filter_map(|node| match node {
            Node::Scalar(scalar) => Some(scalar.value.clone()),
            _ => None,
        });
        texts.filter(|text| !text.is_empty() && text != "~" && text != "null").collect()
    }
}

/// Parses the first document of a text, which must be a mapping.
///
/// Quoted scalars may run on at the left margin, as `PyYAML` and so the tools around published
/// rules allow, though YAML itself does not: a blank put before such a line changes no value.
pub(super) fn parse(text: &str) -> Result<Document<'_>, Fault> {
    let first = match parse_strictly(text) {
        Ok(root) => return Ok(Document { root, text: Cow::Borrowed(text), added: Vec::new() }),
        Err(fault) => fault,
    };
    let mut repaired = text.to_owned();
    let mut added = Vec::new();
    let mut offset = first.offset;
    let mut is_indentation = first.is_indentation;
    for _ in 0..MAX_REPAIRS {
        if !is_indentation || !indent_quoted(&mut repaired, offset, &mut added) {
            break;
        }
        match parse_strictly(&repaired) {
            Ok(root) => return Ok(Document { root, text: Cow::Owned(repaired), added }),
            Err(fault) => (offset, is_indentation) = (fault.offset, fault.is_indentation),
        }
    }
    Err(first)
}

/// Puts a blank before each line of the quoted scalar at `start` that has none; false if there is
/// no such line.
fn indent_quoted(text: &mut String, start: usize, added: &mut Vec<usize>) -> bool {
    let Some(quote @ (b'\'' | b'"')) = text.as_bytes().get(start).copied() else { return false };
    let mut out = text.get(..=start).unwrap_or_default().to_owned();
    let mut characters = text.get(start + 1..).unwrap_or_default().chars().peekable();
    let before = added.len();
    while let Some(c) = characters.next() {
        out.push(c);
        match c {
            '\\' if quote == b'"' => out.extend(characters.next_if(|&next| next != '\n')),
            '\'' if quote == b'\'' && characters.peek() == Some(&'\'') => {
                out.extend(characters.next());
            }
            _ if c == char::from(quote) => break,
            '\n' if characters.peek().is_some_and(|next| !next.is_whitespace()) => {
                added.push(out.len());
                out.push(' ');
            }
            _ => {}
        }
    }
    out.extend(characters);
    *text = out;
    added.len() > before
}

fn parse_strictly(text: &str) -> Result<Mapping, Fault> {
    let mut builder =
        Builder { text, offsets: CharOffsets::new(text), open: Vec::new(), root: None };
    for event in Parser::new_from_str(text) {
        let (event, place) = event.map_err(|error| builder.scan_fault(&error))?;
        if matches!(event, Event::DocumentEnd | Event::StreamEnd) {
            break;
        }
        builder.event(event, place)?;
    }
    match builder.root {
        Some(Node::Mapping(mapping)) => Ok(mapping),
        _ => Err(Fault {
            offset: 0,
            message: "not a rule: not a YAML mapping".to_owned(),
            is_indentation: false,
        }),
    }
}

/// Turns the parser's offsets in characters into bytes. They come nearly in order, so each call
/// goes on from the last.
struct CharOffsets<'a> {
    text: &'a str,
    characters: usize,
    bytes: usize,
}

impl<'a> CharOffsets<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, characters: 0, bytes: 0 }
    }

    fn bytes(&mut self, characters: usize) -> usize {
        if characters < self.characters {
            (self.characters, self.bytes) = (0, 0);
        }
        let rest = self.text.get(self.bytes..).unwrap_or_default();
        let wanted = characters - self.characters;
        let step = rest.char_indices().nth(wanted).map_or(rest.len(), |(at, _)| at);
        (self.characters, self.bytes) = (characters, self.bytes + step);
        self.bytes
    }
}

/// A collection that is not complete yet.
enum Open {
    Sequence(Vec<Node>),
    Mapping(Mapping, Option<String>),
}

struct Builder<'a> {
    text: &'a str,
    offsets: CharOffsets<'a>,
    open: Vec<Open>,
    root: Option<Node>,
}

impl Builder<'_> {
    fn scan_fault(&mut self, error: &ScanError) -> Fault {
        let offset = self.offsets.bytes(error.marker().index());
        let is_indentation = error.info() == BAD_INDENTATION;
        Fault { offset, message: format!("not YAML: {}", error.info()), is_indentation }
    }

    fn event(&mut self, event: Event<'_>, place: Place) -> Result<(), Fault> {
        match event {
            Event::Scalar(value, style, _, _) => {
                let start = self.offsets.bytes(place.start.index());
                let scalar = Scalar { value: value.into_owned(), style, start };
                self.add(Node::Scalar(scalar), place)
            }
            Event::Alias(_) => self.add(Node::Alias, place),
            Event::SequenceStart(..) => self.push(Open::Sequence(Vec::new()), place),
            Event::MappingStart(..) => self.push(Open::Mapping(Mapping::default(), None), place),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::Sequence(nodes)) => self.add(Node::Sequence(nodes), place),
                Some(Open::Mapping(mapping, _)) => self.add(Node::Mapping(mapping), place),
                None => Ok(()),
            },
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn fault(&mut self, place: Place, message: impl Into<String>) -> Fault {
        let offset = self.offsets.bytes(place.start.index()).min(self.text.len());
        Fault { offset, message: message.into(), is_indentation: false }
    }

    fn push(&mut self, open: Open, place: Place) -> Result<(), Fault> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.fault(place, format!("nested more than {MAX_DEPTH} levels deep")));
        }
        self.open.push(open);
        Ok(())
    }

    /// Adds a complete node to the collection it stands in.
    fn add(&mut self, node: Node, place: Place) -> Result<(), Fault> {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::Sequence(nodes)) => nodes.push(node),
            Some(Open::Mapping(mapping, key)) => match (key.take(), node) {
                (Some(key), node) => {
                    mapping.entries.insert(key, node);
                }
                (None, Node::Scalar(scalar)) => {
                    // Two searches under one name: whichever we took could be the wrong one.
                    if mapping.get(&scalar.value).is_some() {
                        let message = format!("the key `{}` stands here twice", scalar.value);
                        return Err(self.fault(place, message));
                    }
                    *key = Some(scalar.value);
                }
                (None, _) => return Err(self.fault(place, "a key that is not a word")),
            },
        }
        Ok(())
    }
}
