//! The built-in rule on the case tables in `tests/data/*.toml`: what each event means, as meant
//! and strictly, whatever way its bytes are read.
//!
//! # The form of a case
//!
//! | key | meaning |
//! |---|---|
//! | `name` | unique among all files |
//! | `why` | one sentence that derives the expectation, with its number in SPLUNK.md |
//! | `format` | as which format the file is taken: `evtx`, `xml`, `classic`, `hostmon`, `json` |
//! | `raw` | the file's text; or |
//! | `template`, `text` | a text of `templates.toml`, with `text` in the place of its `{}`; or |
//! | `event` | for EVTX, a list of tables: the events to write into a log |
//! | `replace` | a list of `[from, to]`, done on the text; each `from` must stand in it |
//! | `line_ends` | `crlf` or `mixed`, for text whose lines end so |
//! | `encoding`, `mark` | `utf-16le` or `utf-16be` instead of UTF-8; whether a byte order mark stands before the text |
//! | `timezone`, `default_host` | the flags of these names; a fixed zone as POSIX writes it, `<+02>-2` |
//! | `modified` | when the file was last changed |
//! | `damaged` | whether something of it cannot be read, and must be reported |
//! | `columns` | the columns of every row as meant, all of them, in name order |
//! | `expected` | the rows as meant |
//! | `expected_strict` | the rows under `--strict`, or `"same"` |
//!
//! A row names the columns that are compared, a text for one value, a list for several, an empty
//! list for none. `_time` and `host` are always compared; a template's cases take them from
//! the template where they do not name them.
//!
//! In texts, `{x00}` stands for bytes in hexadecimal, `{u17F}` for a character, and `{3*ab}` for
//! `ababab`.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use coldsweep::cim::Cim;
use coldsweep::corpus::evtx_writer::{Datum, EventSpec, EvtxWriter, Value as EvtxValue};
use coldsweep::event::Format;
use coldsweep::plan::{FinalRow, Plan};
use coldsweep::reading::Reading;
use coldsweep::scan::{Options, Progress, scan};
use coldsweep::source::MapChoice;
use coldsweep::value::{Field, Value};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;

/// One file of cases.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    case: Vec<Case>,
}

/// One case; its keys are documented at the top.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    why: String,
    format: String,
    raw: Option<String>,
    template: Option<String>,
    text: Option<String>,
    #[serde(default)]
    event: Vec<EvtxEvent>,
    #[serde(default)]
    replace: Vec<(String, String)>,
    line_ends: Option<LineEnds>,
    encoding: Option<Encoding>,
    #[serde(default)]
    mark: bool,
    timezone: Option<String>,
    default_host: Option<String>,
    modified: Option<Timestamp>,
    #[serde(default)]
    damaged: bool,
    columns: Option<Vec<String>>,
    expected: Vec<Row>,
    expected_strict: Strict,
}

/// A text that many cases share but for one place.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Template {
    /// Its `_time` and `host`.
    row: Row,
    text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum LineEnds {
    Crlf,
    /// CRLF and LF by turns.
    Mixed,
}

#[derive(Deserialize)]
enum Encoding {
    #[serde(rename = "utf-16le")]
    Utf16Le,
    #[serde(rename = "utf-16be")]
    Utf16Be,
}

/// An event of a binary log. What is left out is that of a process creation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EvtxEvent {
    provider: Option<String>,
    event_id: Option<u16>,
    qualifiers: Option<u16>,
    channel: Option<String>,
    computer: String,
    time: Timestamp,
    /// Name and value, or a value alone.
    data: Vec<Vec<String>>,
}

/// A column's values.
#[derive(Deserialize, Clone)]
#[serde(untagged)]
enum Values {
    One(String),
    Many(Vec<String>),
}

type Row = BTreeMap<String, Values>;

#[derive(Deserialize)]
#[serde(untagged)]
enum Strict {
    Word(String),
    Rows(Vec<Row>),
}

/// A row with every column as a list.
type Flat = BTreeMap<String, Vec<String>>;

fn read_toml<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    let text = std::fs::read_to_string(path).unwrap();
    toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

const TEMPLATES: &str = "templates.toml";

/// Every case, with the name of its file.
fn cases() -> Vec<(String, Case)> {
    let mut all = Vec::new();
    for entry in walkdir::WalkDir::new(data()).max_depth(1).sort_by_file_name() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".toml") && name != TEMPLATES {
            let table: Table = read_toml(entry.path());
            all.extend(table.case.into_iter().map(|case| (name.clone(), case)));
        }
    }
    all
}

/// `{x00}`, `{u17F}` and `{3*ab}` in a text become what they stand for.
fn expand(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        bytes.extend_from_slice(before.as_bytes());
        match after.split_once('}').and_then(|(inner, tail)| Some((expanded(inner)?, tail))) {
            Some((expansion, tail)) => {
                bytes.extend_from_slice(&expansion);
                rest = tail;
            }
            None => {
                bytes.push(b'{');
                rest = after;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

fn expanded(inner: &str) -> Option<Vec<u8>> {
    if let Some(digits) = inner.strip_prefix('x') {
        let pairs = digits.as_bytes().chunks(2);
        return pairs
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect::<Option<Vec<u8>>>()
            .filter(|bytes| !bytes.is_empty());
    }
    if let Some(digits) = inner.strip_prefix('u') {
        let character = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
        return Some(character.to_string().into_bytes());
    }
    let (count, unit) = inner.split_once('*')?;
    Some(unit.repeat(count.parse().ok()?).into_bytes())
}

impl Case {
    /// The bytes of its file.
    fn bytes(&self, templates: &BTreeMap<String, Template>) -> Vec<u8> {
        if !self.event.is_empty() {
            return write_evtx(&self.event);
        }
        let mut text = match (&self.raw, &self.template, &self.text) {
            (Some(raw), None, None) => raw.clone(),
            (None, Some(template), Some(text)) => templates[template].text.replacen("{}", text, 1),
            _ => panic!("{}: one of raw, template with text, event", self.name),
        };
        for (from, to) in &self.replace {
            assert!(text.contains(from), "{}: there is no `{from}`", self.name);
            text = text.replace(from, to);
        }
        let bytes = self.with_line_ends(expand(&text));
        let Some(encoding) = &self.encoding else {
            let mark: &[u8] = if self.mark { b"\xef\xbb\xbf" } else { b"" };
            return [mark, &bytes].concat();
        };
        let text = String::from_utf8(bytes).expect("text to encode");
        let mark = self.mark.then_some('\u{feff}');
        let text: String = mark.into_iter().chain(text.chars()).collect();
        let units = text.encode_utf16();
        match encoding {
            Encoding::Utf16Le => units.flat_map(u16::to_le_bytes).collect(),
            Encoding::Utf16Be => units.flat_map(u16::to_be_bytes).collect(),
        }
    }

    fn with_line_ends(&self, bytes: Vec<u8>) -> Vec<u8> {
        let Some(line_ends) = &self.line_ends else { return bytes };
        let mut out = Vec::with_capacity(2 * bytes.len());
        for (number, line) in bytes.split_inclusive(|&b| b == b'\n').enumerate() {
            let bare = matches!(line_ends, LineEnds::Mixed) && number % 2 == 1;
            match line.strip_suffix(b"\n") {
                Some(line) if !bare => {
                    out.extend_from_slice(line);
                    out.extend_from_slice(b"\r\n");
                }
                _ => out.extend_from_slice(line),
            }
        }
        out
    }

    /// The rows it expects under a reading.
    fn rows(&self, reading: Reading, templates: &BTreeMap<String, Template>) -> Vec<Flat> {
        let rows = match (&self.expected_strict, reading) {
            (Strict::Rows(rows), Reading::STRICT) => rows,
            _ => &self.expected,
        };
        let shared = self.template.as_ref().map(|template| &templates[template].row);
        rows.iter()
            .map(|row| {
                let mut full = shared.cloned().unwrap_or_default();
                full.extend(row.clone());
                assert!(
                    full.contains_key("_time") && full.contains_key("host"),
                    "{}: a row without _time or host",
                    self.name
                );
                let list = |values| match values {
                    Values::One(value) => vec![value],
                    Values::Many(values) => values,
                };
                full.into_iter().map(|(name, values)| (name, list(values))).collect()
            })
            .collect()
    }
}

fn write_evtx(events: &[EvtxEvent]) -> Vec<u8> {
    let mut writer = EvtxWriter::new(Cursor::new(Vec::new())).unwrap();
    for (number, event) in (1..).zip(events) {
        let data: Vec<_> = event
            .data
            .iter()
            .map(|datum| match &datum[..] {
                [value] => Datum { name: None, value: EvtxValue::Text(value) },
                [name, value] => Datum { name: Some(name), value: EvtxValue::Text(value) },
                _ => panic!("a datum is a value, or a name and a value"),
            })
            .collect();
        let process = EventSpec::default();
        let classic = event.qualifiers.is_some();
        let spec = EventSpec {
            provider: event.provider.as_deref().unwrap_or(process.provider),
            guid: process.guid.filter(|_| !classic),
            version: process.version.filter(|_| !classic),
            opcode: process.opcode.filter(|_| !classic),
            process: process.process.filter(|_| !classic),
            event_id: event.event_id.unwrap_or(process.event_id),
            qualifiers: event.qualifiers,
            channel: event.channel.as_deref().unwrap_or(process.channel),
            computer: &event.computer,
            time: event.time,
            record_id: number,
            data: &data,
            ..process
        };
        writer.write(&spec).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// One way to sweep a case's file. None of them may change a row.
struct SetUp {
    label: &'static str,
    packed: bool,
    map: MapChoice,
    shard_size: usize,
    prefilter: bool,
}

const SET_UPS: [SetUp; 6] = [
    set_up("a file", false, MapChoice::Auto, 4 << 20, true),
    set_up("a file, prefilter off", false, MapChoice::Auto, 4 << 20, false),
    set_up("a file in tiny shards", false, MapChoice::Never, 1, true),
    set_up("a file in tiny shards, prefilter off", false, MapChoice::Never, 1, false),
    set_up("a stream", true, MapChoice::Never, 64, true),
    set_up("a stream, prefilter off", true, MapChoice::Never, 64, false),
];

const fn set_up(
    label: &'static str,
    packed: bool,
    map: MapChoice,
    shard_size: usize,
    prefilter: bool,
) -> SetUp {
    SetUp { label, packed, map, shard_size, prefilter }
}

/// A case's bytes as a file, and packed, which makes a stream of them.
struct Files {
    plain: PathBuf,
    packed: PathBuf,
}

impl Files {
    fn write(folder: &Path, case: &Case, bytes: &[u8]) -> Self {
        let plain = folder.join("plain");
        std::fs::write(&plain, bytes).unwrap();
        let packed = folder.join("packed");
        let gzip = std::fs::File::create(&packed).unwrap();
        let mut gzip = flate2::write::GzEncoder::new(gzip, flate2::Compression::fast());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap();
        if let Some(modified) = case.modified {
            let since = Duration::from_secs(modified.as_second().try_into().unwrap());
            for path in [&plain, &packed] {
                let file = std::fs::File::options().append(true).open(path).unwrap();
                file.set_modified(SystemTime::UNIX_EPOCH + since).unwrap();
            }
        }
        Self { plain, packed }
    }
}

struct Runner {
    templates: BTreeMap<String, Template>,
    plans: [(Reading, Plan); 2],
    cim: Cim,
    folder: tempfile::TempDir,
}

impl Runner {
    fn new() -> Self {
        let plan = |reading| (reading, common::seed_plan(reading));
        Self {
            templates: read_toml(&data().join(TEMPLATES)),
            plans: [plan(Reading::AS_MEANT), plan(Reading::STRICT)],
            cim: Cim::builtin(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Everything about a case that is not as it expects: in which set-ups, and what.
    fn failures(&self, case: &Case) -> Vec<String> {
        let files = Files::write(self.folder.path(), case, &case.bytes(&self.templates));
        let mut failures = Vec::new();
        for (reading, plan) in &self.plans {
            let mut set_ups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
            for set_up in &SET_UPS {
                if let Err(failure) = self.run(case, &files, *reading, plan, set_up) {
                    set_ups.entry(failure).or_default().push(set_up.label);
                }
            }
            let reading = if *reading == Reading::STRICT { "strict" } else { "as meant" };
            failures.extend(set_ups.into_iter().map(|(failure, labels)| {
                let all = labels.len() == SET_UPS.len();
                let labels = if all { "every way".to_owned() } else { labels.join("; ") };
                format!("{reading}, {labels}: {failure}")
            }));
        }
        failures
    }

    fn run(
        &self,
        case: &Case,
        files: &Files,
        reading: Reading,
        plan: &Plan,
        set_up: &SetUp,
    ) -> Result<(), String> {
        let defaults = Options::default();
        let zone = |name: &String| TimeZone::posix(name).or_else(|_| TimeZone::get(name)).unwrap();
        let options = Options {
            threads: 2,
            reading,
            map: set_up.map,
            shard_size: set_up.shard_size,
            prefilter: set_up.prefilter,
            timezone: case.timezone.as_ref().map_or(TimeZone::UTC, zone),
            default_host: case.default_host.clone().unwrap_or(defaults.default_host.clone()),
            ..defaults
        };
        let path = if set_up.packed { &files.packed } else { &files.plain };
        let paths = std::slice::from_ref(path);
        let plans = std::slice::from_ref(plan);
        let outcome = scan(plans, &self.cim, paths, &options, &Progress::default()).unwrap();
        let format = Format::ALL.into_iter().find(|format| format.name() == case.format).unwrap();
        if !outcome.counters.formats.contains_key(&format) {
            return Err(format!("taken as {:?}", outcome.counters.formats.keys()));
        }
        // With the prefilter on, what cannot match is not looked at, damaged or not.
        if outcome.skipped.is_empty() == case.damaged && (!case.damaged || !set_up.prefilter) {
            return Err(format!("reported as unreadable: {:?}", outcome.skipped));
        }
        let expected = case.rows(reading, &self.templates);
        compare(&expected, &outcome.rows[0])?;
        match &case.columns {
            Some(columns) if reading == Reading::AS_MEANT => {
                outcome.rows[0].iter().try_for_each(|row| compare_columns(columns, row))
            }
            _ => Ok(()),
        }
    }
}

fn texts(field: &Field) -> Vec<String> {
    field
        .values()
        .iter()
        .map(|value| match value {
            Value::Time(time) => time.to_string(),
            value => value.text().into_owned(),
        })
        .collect()
}

fn compare(expected: &[Flat], rows: &[FinalRow]) -> Result<(), String> {
    let found: Vec<Flat> = rows
        .iter()
        .map(|row| row.columns.iter().map(|(name, field)| (name.clone(), texts(field))).collect())
        .collect();
    let equal = expected.len() == found.len()
        && expected.iter().zip(&found).all(|(expected, found)| {
            expected.iter().all(|(name, values)| found.get(name).unwrap_or(&Vec::new()) == values)
        });
    if equal { Ok(()) } else { Err(difference(expected, &found)) }
}

/// Row by row: what is missing (`-`) and what stands instead (`+`).
fn difference(expected: &[Flat], found: &[Flat]) -> String {
    let mut text = format!("{} rows expected, {} found", expected.len(), found.len());
    for at in 0..expected.len().max(found.len()) {
        let nothing = Flat::new();
        let (expected, found) =
            (expected.get(at).unwrap_or(&nothing), found.get(at).unwrap_or(&nothing));
        let names: BTreeSet<_> =
            if expected.is_empty() { found.keys().collect() } else { expected.keys().collect() };
        for name in names {
            let (wanted, has) = (expected.get(name), found.get(name));
            if wanted.is_some_and(Vec::is_empty) && has.is_none() || wanted == has {
                continue;
            }
            for (sign, values) in [('-', wanted), ('+', has)] {
                if let Some(values) = values {
                    let values = shortened(&format!("{values:?}"));
                    text.push_str(&format!("\n      {sign} row {at} {name} = {values}"));
                }
            }
        }
    }
    text
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 400;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}... ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}

fn compare_columns(expected: &[String], row: &FinalRow) -> Result<(), String> {
    let mut found: Vec<_> = row.columns.iter().map(|(name, _)| name.as_str()).collect();
    found.sort_unstable();
    if found == expected { Ok(()) } else { Err(format!("columns {found:?}")) }
}

#[test]
fn every_case_means_what_it_says() {
    let runner = Runner::new();
    let mut report = String::new();
    for (file, case) in cases() {
        let failures = runner.failures(&case);
        if !failures.is_empty() {
            report.push_str(&format!("\n{file}: {}\n  {}", case.name, case.why));
            failures.iter().for_each(|failure| report.push_str(&format!("\n    {failure}")));
        }
    }
    assert!(report.is_empty(), "{report}\n");
}

#[test]
fn the_tables_are_whole() {
    let cases = cases();
    let templates: BTreeMap<String, Template> = read_toml(&data().join(TEMPLATES));
    let mut names = BTreeSet::new();
    for (file, case) in &cases {
        let name = &case.name;
        assert!(names.insert(name.clone()), "{file}: a second case `{name}`");
        assert!(case.why.contains("SPLUNK.md"), "{file}: {name} does not say why");
        assert!(
            Format::ALL.iter().any(|format| format.name() == case.format),
            "{file}: {name} has no format"
        );
        match &case.expected_strict {
            Strict::Word(word) => assert_eq!(word, "same", "{file}: {name}"),
            Strict::Rows(_) => {
                let [meant, strict] =
                    [Reading::AS_MEANT, Reading::STRICT].map(|r| case.rows(r, &templates));
                assert_ne!(meant, strict, "{file}: {name} could say \"same\"");
            }
        }
    }
    assert!(cases.len() >= 100, "only {} cases", cases.len());
}

#[test]
fn texts_are_expanded() {
    assert_eq!(expand("a{x00ff}b{u17F}{3*xy}"), b"a\0\xffb\xc5\xbfxyxyxy");
    for text in ["{}", "{\"x\":1}", "{54849625-5478}", "{x}", "{uzz}", "{", "{x0"] {
        assert_eq!(expand(text), text.as_bytes());
    }
}
