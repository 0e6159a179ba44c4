//! `coldsweep rules test`: runs a rule over the events of each case, as a scan would, and compares
//! the rows.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};

use super::junit;
use crate::cli::args::{FormatName, RulesTestArgs, TestFormat};
use crate::cli::{CliError, config};
use crate::event::Format;
use crate::plan::{Plan, Settings};
use crate::reading::Reading;
use crate::report::{OutputFormat, counted, write_rows};
use crate::rule::cases::{Case, CaseEvent, CaseFile, CaseInput, CaseReading, cases_beside};
use crate::rule::{Rule, is_test_file};
use crate::scan::{Options, Outcome, Progress, Severity, scan};

/// A row as JSON lines have it, without the two columns that name the rule.
type Row = BTreeMap<String, Value>;

/// The tests of one file, run.
struct Tested {
    path: PathBuf,
    /// The cases, or why none could be run.
    cases: Result<Vec<TestedCase>, String>,
}

/// One case, run.
struct TestedCase {
    name: String,
    line: usize,
    verdict: Verdict,
}

enum Verdict {
    Passed,
    /// Expected and found, line by line.
    Failed(String),
    /// It could not be run.
    Error(String),
}

/// Runs tests, and gives the exit status.
pub(super) fn run(args: &RulesTestArgs) -> Result<u8, CliError> {
    let settings = config::settings(&args.reading, &args.paths)?;
    let files = test_files(&args.paths)?;
    let tested: Vec<_> = files.into_iter().map(|path| test_file(path, &settings)).collect();
    let mut out = BufWriter::new(io::stdout().lock());
    match args.format {
        TestFormat::Table => write_table(&tested, &mut out)?,
        TestFormat::Json => write_json(&tested, &mut out)?,
        TestFormat::Junit => write_junit(&tested, &mut out)?,
    }
    out.flush()?;
    Ok(status(&tested))
}

/// 2 where something could not be run, 1 where a test failed.
fn status(tested: &[Tested]) -> u8 {
    let status = |case: &TestedCase| match case.verdict {
        Verdict::Passed => 0,
        Verdict::Failed(_) => 1,
        Verdict::Error(_) => 2,
    };
    let of_file = |tested: &Tested| match &tested.cases {
        Ok(cases) => cases.iter().map(status).max().unwrap_or(0),
        Err(_) => 2,
    };
    tested.iter().map(of_file).max().unwrap_or(2)
}

/// The files of tests that paths lead to, each once: those named, those beside rules that are
/// named, and all in folders.
fn test_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CliError> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            for entry in walkdir::WalkDir::new(path).sort_by_file_name() {
                let entry = entry.map_err(|error| CliError::new(error.to_string()))?;
                if entry.file_type().is_file() && is_test_file(entry.path()) {
                    files.push(entry.into_path());
                }
            }
        } else if is_test_file(path) {
            files.push(path.clone());
        } else {
            let beside = cases_beside(path).ok_or_else(|| no_tests(path))?;
            files.push(beside);
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    files.retain(|path| seen.insert(path.clone()));
    if files.is_empty() {
        let folders: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        let folders = folders.join(", ");
        return Err(CliError::new(format!(
            "{folders}: no tests are there: those of NAME.yml lie beside it, in NAME.test.yml"
        )));
    }
    Ok(files)
}

/// A path that is no folder leads to no tests.
fn no_tests(path: &Path) -> CliError {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let why = if path.exists() {
        format!("no test is beside it (a file {stem}.test.yml)")
    } else {
        "there is no such file or folder".to_owned()
    };
    CliError::new(format!("{}: {why}", path.display()))
}

fn test_file(path: PathBuf, settings: &Settings) -> Tested {
    let cases = CaseFile::load(&path).map_err(|error| error.to_string()).and_then(|file| {
        let rule = find_rule(&file)?;
        let mut runner = Runner { rule, settings, plans: BTreeMap::new() };
        Ok(file.cases.iter().map(|case| runner.test(case)).collect())
    });
    Tested { path, cases }
}

/// The rule that a file of tests is about.
fn find_rule(file: &CaseFile) -> Result<Rule, String> {
    let path = file.rule.display();
    let mut rules = Rule::load_each(&file.rule).map_err(|error| error.to_string())?;
    match &file.title {
        Some(title) => rules
            .into_iter()
            .find(|rule| rule.title == *title)
            .ok_or_else(|| format!("{path}: holds no rule `{title}`")),
        None if rules.len() > 1 => {
            Err(format!("{path}: holds {} rules; say which by `title`", rules.len()))
        }
        None => rules.pop().ok_or_else(|| format!("{path}: holds no rule")),
    }
}

/// Runs the cases of one rule.
struct Runner<'s> {
    rule: Rule,
    settings: &'s Settings,
    /// The rule compiled under each reading that was needed.
    plans: BTreeMap<Option<CaseReading>, Result<Vec<Plan>, String>>,
}

impl Runner<'_> {
    fn test(&mut self, case: &Case) -> TestedCase {
        let verdict = match self.rows(case) {
            Ok(rows) => match difference(case, &rows) {
                None => Verdict::Passed,
                Some(difference) => Verdict::Failed(difference),
            },
            Err(why) => Verdict::Error(why),
        };
        TestedCase { name: case.name.clone(), line: case.position.line, verdict }
    }

    /// The rows that a scan gives.
    fn rows(&mut self, case: &Case) -> Result<Vec<Row>, String> {
        let settings = self.settings_of(case)?;
        let rule = &self.rule;
        let plans = self
            .plans
            .entry(case.reading.clone())
            .or_insert_with(|| compile(rule, &settings))
            .as_ref()
            .map_err(Clone::clone)?;
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let paths = write_inputs(case, folder.path())?;
        let options = Options {
            threads: 1,
            reading: settings.reading,
            timezone: settings.timezone.clone(),
            input_format: input_format(case)?,
            ..Options::default()
        };
        let outcome = scan(plans, &settings.cim, &paths, &options, &Progress::default())
            .map_err(|error| error.to_string())?;
        unreadable(&outcome)?;
        json_rows(plans, &outcome)
    }

    /// The settings with the reading of a case.
    fn settings_of(&self, case: &Case) -> Result<Settings, String> {
        let reading = match &case.reading {
            None => self.settings.reading,
            Some(CaseReading::Strict) => Reading::STRICT,
            Some(CaseReading::Accommodate(list)) => {
                Reading::parse(list).map_err(|error| error.to_string())?
            }
        };
        Ok(Settings { reading, ..self.settings.clone() })
    }
}

/// The rule compiled, as the only one of a scan; why it does not run otherwise.
fn compile(rule: &Rule, settings: &Settings) -> Result<Vec<Plan>, String> {
    match Plan::compile(rule.clone(), settings) {
        Ok((plan, _)) => Ok(vec![plan]),
        Err(refusal) => Err(refusal.rule.render(&refusal.findings, false)),
    }
}

/// Writes the events of a case into files of their own, in their order.
fn write_inputs(case: &Case, folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut paths = Vec::new();
    for (at, event) in case.events.iter().enumerate() {
        match &event.input {
            CaseInput::File(path) if !path.exists() => {
                return Err(format!("{}: is not there", path.display()));
            }
            CaseInput::File(path) => paths.push(path.clone()),
            CaseInput::Raw(raw) => {
                let path = folder.join(format!("event-{at:06}"));
                fs::write(&path, text_of(event, raw)).map_err(|error| error.to_string())?;
                paths.push(path);
            }
        }
    }
    Ok(paths)
}

/// The text of an event; with metadata, the line that a Splunk export has for it (SPLUNK.md 6).
fn text_of(event: &CaseEvent, raw: &str) -> String {
    if event.metadata.is_empty() {
        return raw.to_owned();
    }
    let mut result: Row =
        event.metadata.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    result.insert("_raw".to_owned(), json!(raw));
    format!("{}\n", json!({"preview": false, "offset": 0, "result": result}))
}

/// The format that the events of a case name.
fn input_format(case: &Case) -> Result<Option<Format>, String> {
    let mut names = case.events.iter().map(|event| event.format.as_deref());
    let first = names.next().flatten();
    if names.any(|name| name != first) {
        return Err("the events of one case are all of one `format`, or none says one".to_owned());
    }
    let Some(name) = first else { return Ok(None) };
    let name = FormatName::from_str(name, true).map_err(|_| {
        let known: Vec<_> = Format::ALL.iter().map(|format| format.name()).collect();
        format!("there is no format `{name}`, only {}", known.join(", "))
    })?;
    Ok(Some(config::input_format(name)))
}

/// What could not be read is an error: the rows may lack what stands there.
fn unreadable(outcome: &Outcome) -> Result<(), String> {
    let wrong = outcome.skipped.iter().filter(|skipped| skipped.severity == Severity::Error);
    let lines: Vec<_> = wrong
        .map(|skipped| {
            let name = skipped.path.file_name().unwrap_or_default().to_string_lossy();
            format!("{name}: cannot be read: {}", skipped.reason)
        })
        .collect();
    if lines.is_empty() { Ok(()) } else { Err(lines.join("\n")) }
}

/// The rows as a scan writes them.
fn json_rows(plans: &[Plan], outcome: &Outcome) -> Result<Vec<Row>, String> {
    let mut text = Vec::new();
    write_rows(OutputFormat::Jsonl, plans, outcome, &mut text).map_err(|e| e.to_string())?;
    let mut rows = Vec::new();
    for line in text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let mut row: Row = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        row.remove("rule_id");
        row.remove("rule");
        rows.push(row);
    }
    Ok(rows)
}

/// What was found and not expected, or expected and not found; `None` where nothing.
fn difference(case: &Case, rows: &[Row]) -> Option<String> {
    let mut lines = Vec::new();
    let mut counts: Vec<_> =
        case.rows.as_ref().map(Vec::len).into_iter().chain(case.count).collect();
    counts.dedup();
    for count in counts.into_iter().filter(|&count| count != rows.len()) {
        lines.push(format!("expected {}, found {}", counted(count, "row"), rows.len()));
    }
    let none = Vec::new();
    let expected = case.rows.as_ref().unwrap_or(&none);
    for (at, expected) in expected.iter().enumerate() {
        let Some(row) = rows.get(at) else {
            lines.push(format!("row {}:", at + 1));
            lines.extend(expected.iter().map(|(name, values)| format!("  - {name}: {values:?}")));
            continue;
        };
        let mut told = false;
        for (name, values) in expected {
            let found = row.get(name).map(texts).unwrap_or_default();
            if found != *values {
                if !told {
                    lines.push(format!("row {}:", at + 1));
                    told = true;
                }
                lines.push(format!("  - {name}: {values:?}"));
                lines.push(format!("  + {name}: {found:?}"));
            }
        }
    }
    // Without `rows`, all that were found are worth showing where their number is wrong.
    let more = if lines.is_empty() && case.rows.is_none() { rows.len() } else { expected.len() };
    for (at, row) in rows.iter().enumerate().skip(more) {
        lines.push(format!("row {}:", at + 1));
        lines.extend(row.iter().map(|(name, value)| format!("  + {name}: {:?}", texts(value))));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The values of a column as texts.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        other => vec![other.to_string()],
    }
}

/// Text for a terminal, whatever a log or a file of tests holds.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{b7}' } else { c }).collect()
}

fn write_table(tested: &[Tested], to: &mut dyn Write) -> io::Result<()> {
    let (mut passed, mut failed, mut errors) = (0, 0, 0_u64);
    for file in tested {
        let path = file.path.display();
        let cases = match &file.cases {
            Ok(cases) => cases,
            Err(why) => {
                errors += 1;
                // Most messages name the file themselves.
                writeln!(to, "{}", shown(&format!("error: {why}")))?;
                continue;
            }
        };
        for case in cases {
            let (word, why) = match &case.verdict {
                Verdict::Passed => {
                    passed += 1;
                    continue;
                }
                Verdict::Failed(why) => {
                    failed += 1;
                    ("failed", why)
                }
                Verdict::Error(why) => {
                    errors += 1;
                    ("error", why)
                }
            };
            writeln!(to, "{}", shown(&format!("{word}: {path}:{}: {}", case.line, case.name)))?;
            for line in why.lines() {
                writeln!(to, "  {}", shown(line))?;
            }
        }
    }
    let (files, errors) = (counted(tested.len(), "file"), counted(errors, "error"));
    writeln!(to, "{files}: {passed} passed, {failed} failed, {errors}")
}

fn write_json(tested: &[Tested], to: &mut dyn Write) -> io::Result<()> {
    let mut list = Vec::new();
    for file in tested {
        let path = file.path.to_string_lossy();
        match &file.cases {
            Ok(cases) => list.extend(cases.iter().map(|case| {
                let (state, message) = match &case.verdict {
                    Verdict::Passed => ("passed", None),
                    Verdict::Failed(why) => ("failed", Some(why)),
                    Verdict::Error(why) => ("error", Some(why)),
                };
                json!({
                    "path": path, "name": case.name, "line": case.line,
                    "state": state, "message": message,
                })
            })),
            Err(why) => list.push(json!({
                "path": path, "name": null, "line": null, "state": "error", "message": why,
            })),
        }
    }
    serde_json::to_writer_pretty(&mut *to, &list)?;
    writeln!(to)
}

fn write_junit(tested: &[Tested], to: &mut dyn Write) -> io::Result<()> {
    let mut report = Report::new("coldsweep rules test");
    for file in tested {
        let path = file.path.to_string_lossy().into_owned();
        let mut suite = TestSuite::new(path.clone());
        let wrong = |kind, why: &str| {
            let mut status = TestCaseStatus::non_success(kind);
            status.set_message(why.lines().next().unwrap_or_default()).set_description(why);
            status
        };
        match &file.cases {
            Ok(cases) => {
                for case in cases {
                    let status = match &case.verdict {
                        Verdict::Passed => TestCaseStatus::success(),
                        Verdict::Failed(why) => wrong(NonSuccessKind::Failure, why),
                        Verdict::Error(why) => wrong(NonSuccessKind::Error, why),
                    };
                    let mut junit = TestCase::new(case.name.clone(), status);
                    junit.set_classname(path.clone());
                    suite.add_test_case(junit);
                }
            }
            Err(why) => {
                suite.add_test_case(TestCase::new("load", wrong(NonSuccessKind::Error, why)));
            }
        }
        report.add_test_suite(suite);
    }
    junit::write(&report, to)
}
