//! The tests of a rule: `NAME.test.yml` beside `NAME.yml`.
//!
//! ```yaml
//! rule: other.yml             # when the rule is not the file of the same name
//! title: Some stanza          # when that file holds several rules
//! cases:
//! - name: what this shows
//!   events:
//!   - raw: |                  # the text of a log, or
//!       ...
//!   - file: logs/one.evtx     # a log, relative to this file
//!     format: evtx            # instead of telling it by content
//!   - raw: ...
//!     sourcetype: XmlWinEventLog   # also source, host, index: as Splunk had stored it
//!   strict: true              # as --strict; or
//!   reading: -message-case    # as --accommodate
//!   rows:                     # the rows in their order: the columns that are compared
//!   - host: h
//!     process: [a, b]         # several values
//!     user: ~                 # the row has no such column
//!   count: 1                  # how many rows, where their columns do not matter
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::yaml::{self, Mapping, Node};
use super::{Position, RuleError, position_in};

/// A file of tests.
#[derive(Debug)]
pub struct CaseFile {
    /// The file.
    pub path: PathBuf,
    /// The file of the rule.
    pub rule: PathBuf,
    /// The title of the rule, where the file holds several.
    pub title: Option<String>,
    /// The cases, in order.
    pub cases: Vec<Case>,
}

/// One case.
#[derive(Debug)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// Where its name stands.
    pub position: Position,
    /// The input.
    pub events: Vec<CaseEvent>,
    /// How the rule is read, where the case says.
    pub reading: Option<CaseReading>,
    /// The rows expected: of each the columns that are compared, with their values, none for a
    /// column that must be missing.
    pub rows: Option<Vec<BTreeMap<String, Vec<String>>>>,
    /// How many rows are expected.
    pub count: Option<usize>,
}

/// How a case reads its rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CaseReading {
    /// As `--strict`.
    Strict,
    /// As `--accommodate` with this list.
    Accommodate(String),
}

/// A part of a case's input.
#[derive(Debug)]
pub struct CaseEvent {
    /// The text, or the file.
    pub input: CaseInput,
    /// The name of its format, where the case says.
    pub format: Option<String>,
    /// What Splunk kept beside the text, by field (`sourcetype`).
    pub metadata: BTreeMap<String, String>,
}

/// Where the input is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseInput {
    /// Here.
    Raw(String),
    /// In this file.
    File(PathBuf),
}

/// The extensions of files of rules, in the order in which tests look for theirs.
const EXTENSIONS: &[&str] = &["yml", "yaml", "spl", "conf"];

impl CaseFile {
    /// Reads a file of tests.
    ///
    /// # Errors
    /// When it cannot be read, is not of this form, or its rule is nowhere.
    pub fn load(path: &Path) -> Result<Self, RuleError> {
        Self::parse(&super::read(path)?, path)
    }

    /// Reads the text of a file of tests.
    ///
    /// # Errors
    /// When it is not of this form, or its rule is nowhere.
    pub fn parse(text: &str, path: &Path) -> Result<Self, RuleError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let name = path.display().to_string();
        let document = yaml::parse(text).map_err(|fault| fault.named(&name, text))?;
        let reader = Reader { name, text, added: &document.added, folder: parent(path) };
        reader.file(&document.root, path)
    }
}

/// The file of tests that stands beside a file of rules, if there is one.
#[must_use]
pub fn cases_beside(rule: &Path) -> Option<PathBuf> {
    let with = |extension| rule.with_extension(extension);
    ["test.yml", "test.yaml"].into_iter().map(with).find(|path| path.is_file())
}

fn parent(path: &Path) -> PathBuf {
    path.parent().map(Path::to_owned).unwrap_or_default()
}

/// Reads the nodes of one file.
struct Reader<'a> {
    name: String,
    text: &'a str,
    /// Where blanks were added to the text before it was parsed.
    added: &'a [usize],
    folder: PathBuf,
}

impl Reader<'_> {
    fn wrong(&self, place: usize, message: impl Into<String>) -> RuleError {
        let (name, position) = (self.name.clone(), self.position(place));
        RuleError::Yaml { name, position, message: message.into() }
    }

    fn position(&self, place: usize) -> Position {
        position_in(self.text, place - self.added.partition_point(|&at| at < place))
    }

    /// Refuses keys that mean nothing: a misspelt one would test less than it says.
    fn only(&self, mapping: &Mapping, place: usize, known: &[&str]) -> Result<(), RuleError> {
        match mapping.keys().find(|key| !known.contains(key)) {
            None => Ok(()),
            Some(key) => {
                let message = format!("there is no key `{key}` here, only {}", known.join(", "));
                Err(self.wrong(place, message))
            }
        }
    }

    fn file(&self, root: &Mapping, path: &Path) -> Result<CaseFile, RuleError> {
        self.only(root, 0, &["rule", "title", "cases"])?;
        let cases = match root.node("cases") {
            Some(Node::Sequence(list)) if !list.is_empty() => {
                list.iter().map(|node| self.case(node)).collect::<Result<_, _>>()?
            }
            _ => return Err(self.wrong(0, "a file of tests has a list `cases`")),
        };
        let rule = match root.text("rule") {
            Some(rule) => self.folder.join(rule),
            None => self.rule_beside(path)?,
        };
        let title = root.text("title").map(str::to_owned);
        Ok(CaseFile { path: path.to_owned(), rule, title, cases })
    }

    fn rule_beside(&self, path: &Path) -> Result<PathBuf, RuleError> {
        // Off go `.yml` and `.test`.
        let stem = path.with_extension("");
        let candidates = EXTENSIONS.iter().map(|extension| stem.with_extension(extension));
        candidates.clone().find(|candidate| candidate.is_file()).ok_or_else(|| {
            let names: Vec<_> = candidates.map(|path| path.display().to_string()).collect();
            self.wrong(0, format!("no rule is there: none of {}", names.join(", ")))
        })
    }

    fn case(&self, node: &Node) -> Result<Case, RuleError> {
        let Node::Mapping(case) = node else {
            return Err(self.wrong(node.place(), "a case is a mapping with a `name`"));
        };
        let Some(name) = case.scalar("name") else {
            return Err(self.wrong(node.place(), "this case has no `name`"));
        };
        let place = name.start;
        let known = ["name", "why", "events", "strict", "reading", "rows", "count"];
        self.only(case, place, &known)?;
        let events = match case.node("events") {
            Some(Node::Sequence(list)) if !list.is_empty() => {
                list.iter().map(|node| self.event(node, place)).collect::<Result<_, _>>()?
            }
            _ => return Err(self.wrong(place, "this case has no list `events`")),
        };
        let rows = match case.node("rows") {
            None => None,
            Some(Node::Sequence(list)) => {
                Some(list.iter().map(|node| self.row(node, place)).collect::<Result<_, _>>()?)
            }
            Some(_) => return Err(self.wrong(place, "`rows` is a list of mappings")),
        };
        let count = match case.text("count").map(str::parse) {
            None => None,
            Some(Ok(count)) => Some(count),
            Some(Err(_)) => return Err(self.wrong(place, "`count` is a number of rows")),
        };
        if rows.is_none() && count.is_none() {
            return Err(self.wrong(place, "this case expects nothing: give `rows` or `count`"));
        }
        Ok(Case {
            name: name.value.clone(),
            position: self.position(place),
            events,
            reading: self.reading(case, place)?,
            rows,
            count,
        })
    }

    fn reading(&self, case: &Mapping, place: usize) -> Result<Option<CaseReading>, RuleError> {
        let strict = match case.text("strict") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(self.wrong(place, "`strict` is true or false")),
        };
        match (strict, case.text("reading")) {
            (true, None) => Ok(Some(CaseReading::Strict)),
            (false, list) => Ok(list.map(|list| CaseReading::Accommodate(list.to_owned()))),
            (true, Some(_)) => Err(self.wrong(place, "`strict` and `reading` exclude each other")),
        }
    }

    fn event(&self, node: &Node, place: usize) -> Result<CaseEvent, RuleError> {
        let Node::Mapping(event) = node else {
            return Err(self.wrong(place, "an event is a mapping with `raw` or `file`"));
        };
        const METADATA: [&str; 4] = ["sourcetype", "source", "host", "index"];
        let known = [["raw", "file", "format"].as_slice(), &METADATA].concat();
        self.only(event, place, &known)?;
        let metadata: BTreeMap<_, _> = METADATA
            .iter()
            .filter_map(|key| Some(((*key).to_owned(), event.text(key)?.to_owned())))
            .collect();
        let format = event.text("format").map(str::to_owned);
        let input = match (event.text("raw"), event.text("file")) {
            (Some(raw), None) => CaseInput::Raw(raw.to_owned()),
            (None, Some(file)) if metadata.is_empty() => CaseInput::File(self.folder.join(file)),
            (None, Some(_)) => {
                return Err(self.wrong(place, "metadata can be given to `raw` alone"));
            }
            _ => return Err(self.wrong(place, "an event has either `raw` or `file`")),
        };
        if format.is_some() && !metadata.is_empty() {
            // The text is handed over in an envelope, whose format is another.
            let message = "`format` cannot be given with metadata: the text tells it";
            return Err(self.wrong(place, message));
        }
        Ok(CaseEvent { input, format, metadata })
    }

    fn row(&self, node: &Node, place: usize) -> Result<BTreeMap<String, Vec<String>>, RuleError> {
        let Node::Mapping(row) = node else {
            return Err(self.wrong(place, "a row is a mapping of columns"));
        };
        let column = |key: &str| {
            let values = match row.node(key) {
                Some(Node::Scalar(scalar)) if scalar.is_null() => Vec::new(),
                Some(Node::Scalar(scalar)) => vec![scalar.value.clone()],
                Some(Node::Sequence(list)) => list
                    .iter()
                    .map(|node| match node {
                        Node::Scalar(scalar) => Ok(scalar.value.clone()),
                        _ => Err(self.wrong(place, format!("a value of `{key}` is no text"))),
                    })
                    .collect::<Result<_, _>>()?,
                _ => return Err(self.wrong(place, format!("the value of `{key}` is no text"))),
            };
            Ok((key.to_owned(), values))
        };
        row.keys().map(column).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<CaseFile, String> {
        CaseFile::parse(text, Path::new("a/r.test.yml")).map_err(|error| error.to_string())
    }

    #[test]
    fn cases_are_read() {
        let text = "rule: ../x.yml\ncases:\n- name: one\n  events:\n  - raw: |\n      a\n      b\n    \
                    sourcetype: S\n  - {file: l.evtx, format: evtx}\n  strict: true\n  rows:\n  \
                    - {a: 1, b: [x, \"~\"], c: ~, d: []}\n- name: two\n  events: [{raw: x}]\n  \
                    reading: -message-case\n  count: 0\n";
        let file = parse(text).unwrap();
        assert_eq!(file.rule, Path::new("a/../x.yml"));
        let [one, two] = file.cases.as_slice() else { panic!("{file:?}") };
        assert_eq!((one.name.as_str(), one.position.line, one.position.column), ("one", 3, 9));
        assert_eq!(one.events[0].input, CaseInput::Raw("a\nb\n".to_owned()));
        assert_eq!(one.events[0].metadata["sourcetype"], "S");
        assert_eq!(one.events[1].input, CaseInput::File(PathBuf::from("a/l.evtx")));
        assert_eq!(one.reading, Some(CaseReading::Strict));
        let row = &one.rows.as_ref().unwrap()[0];
        let values = |key: &str| row[key].join("|");
        assert_eq!(["a", "b", "c", "d"].map(values), ["1", "x|~", "", ""]);
        assert_eq!((two.count, two.rows.is_none()), (Some(0), true));
        let list = CaseReading::Accommodate("-message-case".to_owned());
        assert_eq!(two.reading, Some(list));
    }

    #[test]
    fn what_is_no_test_says_why() {
        let case = |rest: &str| format!("rule: x\ncases:\n- name: one\n{rest}");
        for (text, expected) in [
            (String::new(), "a/r.test.yml:1:1: not a rule: not a YAML mapping"),
            ("rule: x\n".to_owned(), "a/r.test.yml:1:1: a file of tests has a list `cases`"),
            ("cases: [a]\nrule: x\n".to_owned(), "a/r.test.yml:1:9: a case is a mapping"),
            ("rule: x\ncases: [{a: b}]\n".to_owned(), "a/r.test.yml:2:13: this case has no `name`"),
            (case(""), "a/r.test.yml:3:9: this case has no list `events`"),
            (case("  events: [{raw: x}]"), "a/r.test.yml:3:9: this case expects nothing"),
            (case("  events: [{}]\n  count: 1"), "a/r.test.yml:3:9: an event has either"),
            (case("  events: [{raw: x}]\n  cuont: 1"), "a/r.test.yml:3:9: there is no key `cuont`"),
            (case("  events: [{raw: x}]\n  count: -1"), "a/r.test.yml:3:9: `count` is"),
            (case("  events: [{raw: x}]\n  rows: 1"), "a/r.test.yml:3:9: `rows` is"),
            (case("  events: [{raw: x}]\n  rows: [{a: {}}]"), "a/r.test.yml:3:9: the value of `a`"),
            (
                case("  events: [{raw: x, format: xml, host: h}]\n  count: 1"),
                "a/r.test.yml:3:9: `format` cannot",
            ),
            (
                case("  events: [{raw: x}]\n  count: 1\n  strict: true\n  reading: all"),
                "a/r.test.yml:3:9: `strict` and `reading`",
            ),
            (
                "cases:\n- {name: a, events: [{raw: x}], count: 1}\n".to_owned(),
                "a/r.test.yml:1:1: no rule is there: none of a/r.yml, a/r.yaml, a/r.spl, a/r.conf",
            ),
        ] {
            let error = parse(&text).unwrap_err();
            assert!(error.starts_with(expected), "{text:?}: {error}");
        }
    }
}
