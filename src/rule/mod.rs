//! Rules: the YAML around a search, and where each part of the search stands in its file.
//!
//! Four kinds of file are read, told by what they say: the Detection Armory's YAML (`logic`), that
//! of splunk/security_content (`search`), `savedsearches.conf` with a rule a stanza, and a bare
//! search.

pub mod cases;
mod catalog;
mod content;
mod error;
mod render;
mod savedsearches;
mod source_map;
mod yaml;

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::spl::ast::Span;

pub use catalog::{Catalog, is_test_file, load_all};
pub use content::macros_beside;
pub use error::RuleError;
use source_map::SourceMap;
use yaml::Document;

/// How large a file of rules may be, in bytes: published ones of two thousand have ten million.
const MAX_FILE: u64 = 32 << 20;

/// The rule built in.
const BUILTIN: &str = include_str!("../../rules/remote_msi_installation.yml");

/// A detection rule: a search and what it is about.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its identifier.
    pub id: String,
    /// Its name.
    pub title: String,
    /// What it detects; may be empty.
    pub description: String,
    /// What must be set up for it, where its file says; may be empty.
    pub how_to_implement: String,
    /// The text of the search.
    pub search: String,
    /// The techniques of ATT&CK it detects, as identifiers (`T1218.007`).
    pub technique_ids: Vec<String>,
    /// The same in words.
    pub techniques: Vec<String>,
    /// The kinds of data it needs.
    pub data_category: Vec<String>,
    /// Where to read more.
    pub references: Vec<String>,
    /// Whether its file says that it is not to run (`disabled` in savedsearches.conf).
    pub disabled: bool,
    /// The file it came from.
    pub origin: RuleOrigin,
}

/// The file of a rule, and where the search stands in it.
#[derive(Debug, Clone)]
pub struct RuleOrigin {
    /// The name of the file, as it was given.
    pub name: String,
    /// The text of the file, without a byte order mark; all rules of a file share it.
    pub text: Arc<str>,
    /// Where each line of the text starts: a file of thousands of rules is not counted through for
    /// each finding.
    lines: Arc<[usize]>,
    map: SourceMap,
}

impl RuleOrigin {
    /// The origin of the only rule of a file.
    fn new(name: &str, text: &str, map: SourceMap) -> Self {
        Self { name: name.to_owned(), text: text.into(), lines: line_starts(text), map }
    }
}

/// A place in the file of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Rule {
    /// The rule built in: 18093.30444, "Remote .msi Installation".
    ///
    /// # Errors
    /// Never, as a test proves; the text goes through the same reader as any other rule.
    pub fn builtin() -> Result<Self, RuleError> {
        Self::parse(BUILTIN, "remote_msi_installation.yml")
    }

    /// Reads the rule in a file.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no rule for Splunk, or several.
    pub fn load(path: &Path) -> Result<Self, RuleError> {
        only(Self::load_each(path)?, &path.display().to_string())
    }

    /// Reads all rules in a file, at least one.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no rule for Splunk.
    pub fn load_each(path: &Path) -> Result<Vec<Self>, RuleError> {
        if path.is_dir() {
            return Err(RuleError::Folder(path.to_owned()));
        }
        Self::parse_each(&read(path)?, &path.display().to_string())
    }

    /// Reads the text of a file called `name` that holds one rule.
    ///
    /// # Errors
    /// When the text holds no rule for Splunk, or several.
    pub fn parse(text: &str, name: &str) -> Result<Self, RuleError> {
        only(Self::parse_each(text, name)?, name)
    }

    /// Reads the text of a file called `name`, all rules of it.
    ///
    /// What the text says tells which kind of file it is; the name decides where that is not
    /// enough: `.spl` is a bare search, whatever it looks like, unless it is one of the others.
    ///
    /// # Errors
    /// When the text holds no rule for Splunk.
    pub fn parse_each(text: &str, name: &str) -> Result<Vec<Self>, RuleError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let path = Path::new(name);
        let ends_in = |wanted: &str| {
            path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
        };
        if ends_in("conf") || savedsearches::is_conf(text) {
            return savedsearches::parse(text, name);
        }
        let is_yaml = ends_in("yml") || ends_in("yaml");
        if !is_yaml && looks_like_search(text) {
            return Ok(vec![Self::bare(text, name)]);
        }
        match yaml::parse(text) {
            Ok(document) if !ends_in("spl") || is_rule(&document) => {
                Self::from_yaml(&document, text, name).map(|rule| vec![rule])
            }
            _ if ends_in("spl") => Ok(vec![Self::bare(text, name)]),
            Ok(_) => Err(RuleError::Missing { name: name.to_owned(), key: NO_SEARCH }),
            Err(fault) => Err(fault.named(name, text)),
        }
    }

    /// A rule of nothing but a search; its name is that of the file.
    fn bare(text: &str, name: &str) -> Self {
        let stem = Path::new(name).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Self {
            id: stem.clone(),
            title: stem,
            description: String::new(),
            how_to_implement: String::new(),
            search: text.to_owned(),
            technique_ids: Vec::new(),
            techniques: Vec::new(),
            data_category: Vec::new(),
            references: Vec::new(),
            disabled: false,
            origin: RuleOrigin::new(name, text, SourceMap::identity()),
        }
    }

    fn from_yaml(yaml: &Document<'_>, text: &str, name: &str) -> Result<Self, RuleError> {
        let document = &yaml.root;
        let format = document.text("logic_format").unwrap_or("splunk");
        if !format.eq_ignore_ascii_case("splunk") {
            let format = format.to_owned();
            return Err(RuleError::NotSplunk { name: name.to_owned(), format });
        }
        let missing = |key| RuleError::Missing { name: name.to_owned(), key };
        let (search, title_key) = match (document.scalar("logic"), document.scalar("search")) {
            (Some(logic), _) => (logic, "title"),
            (None, Some(search)) => (search, "name"),
            (None, None) => return Err(missing(NO_SEARCH)),
        };
        let title = document.text(title_key).ok_or_else(|| missing(title_key))?;
        let id = document.text("id").ok_or_else(|| missing("id"))?;
        let tags = document.mapping("tags");
        let mut technique_ids = document.list("technique_id");
        technique_ids.extend(tags.map(|tags| tags.list("mitre_attack_id")).unwrap_or_default());
        let mut data_category = document.list("data_category");
        data_category.extend(document.list("data_source"));
        Ok(Self {
            id: id.to_owned(),
            title: title.to_owned(),
            description: document.text("description").unwrap_or_default().to_owned(),
            how_to_implement: document.text("how_to_implement").unwrap_or_default().to_owned(),
            search: search.value.clone(),
            technique_ids,
            techniques: document.list("techniques"),
            data_category,
            references: document.list("references"),
            disabled: false,
            origin: RuleOrigin::new(
                name,
                text,
                SourceMap::of_scalar(&yaml.text, search.start, search.style, &search.value)
                    .without(&yaml.added),
            ),
        })
    }

    /// Where an offset in the search stands in the file.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let RuleOrigin { text, lines, .. } = &self.origin;
        let offset = ceil_char_boundary(text, self.origin.map.offset(offset));
        let line = lines.partition_point(|&start| start <= offset);
        let start = line.checked_sub(1).and_then(|at| lines.get(at)).copied().unwrap_or(0);
        let before = text.get(start..offset).unwrap_or_default();
        Position { line, column: before.chars().count() + 1 }
    }

    /// The bytes of the file that a part of the search stands on.
    #[must_use]
    pub fn file_span(&self, span: Span) -> Span {
        let text = &self.origin.text;
        let start = ceil_char_boundary(text, self.origin.map.offset(span.start));
        if span.end <= span.start {
            return Span::new(start, start);
        }
        let end = self.origin.map.offset(span.end - 1) + 1;
        Span::new(start, ceil_char_boundary(text, end.max(start)))
    }
}

/// The keys under which YAML holds a search, as an error names them.
const NO_SEARCH: &str = "logic` or `search";

/// Whether a document has what makes it a rule.
fn is_rule(yaml: &Document<'_>) -> bool {
    let has = |key| yaml.root.scalar(key).is_some();
    (has("logic") && has("title")) || (has("search") && has("name"))
}

/// Whether a text starts as a search does, and as no YAML mapping can or would.
fn looks_like_search(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with(['`', '|'])
        || ["search ", "index=", "sourcetype="].iter().any(|start| text.starts_with(start))
}

/// The one rule of a file.
fn only(mut rules: Vec<Rule>, name: &str) -> Result<Rule, RuleError> {
    match (rules.pop(), rules.len()) {
        (Some(rule), 0) => Ok(rule),
        (_, others) => Err(RuleError::Several { name: name.to_owned(), count: others + 1 }),
    }
}

/// Reads the text of a file that may hold rules, or tests of rules.
fn read(path: &Path) -> Result<String, RuleError> {
    let io = |source| RuleError::Io { path: path.to_owned(), source };
    // A pipe or device has no length, and may have no end.
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(io)?;
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(RuleError::TooLarge(path.to_owned()));
    }
    String::from_utf8(bytes).map_err(|error| RuleError::NotText {
        path: path.to_owned(),
        offset: error.utf8_error().valid_up_to(),
    })
}

/// Where the lines of a text start.
fn line_starts(text: &str) -> Arc<[usize]> {
    let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
    std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect()
}

/// The line and column of a byte of a text.
fn position_in(text: &str, offset: usize) -> Position {
    let offset = ceil_char_boundary(text, offset);
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Position {
        line: before.matches('\n').count() + 1,
        column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
    }
}

/// The first boundary of characters at or after a byte, at most the end.
fn ceil_char_boundary(text: &str, mut offset: usize) -> usize {
    while offset < text.len() && !text.is_char_boundary(offset) {
        offset += 1;
    }
    offset.min(text.len())
}

#[cfg(test)]
mod tests;
