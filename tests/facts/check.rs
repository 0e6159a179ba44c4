//! Small events, and what a search must make of them.

use coldsweep::plan::{Plan, Settings};
use coldsweep::reading::Reading;
use coldsweep::rule::Rule;
use coldsweep::scan::Options;

use crate::common;
use crate::common::shown;

/// The fields of an event, by name.
pub type Fields<'a> = &'a [(&'a str, &'a str)];

/// The readings that most facts hold in.
pub const BOTH: [Reading; 2] = [Reading::AS_MEANT, Reading::STRICT];

/// Classic events, one a second, that say these texts. Event N is of the host `eN`.
pub fn texts(list: &[&str]) -> String {
    let events = list.iter().enumerate().map(|(at, text)| {
        format!(
            "01/01/2024 12:00:{at:02} AM\nLogName=Application\nSourceName=Test\nEventCode=1\n\
             Type=Information\nComputerName=e{at}\nMessage=; {text}\n"
        )
    });
    events.collect()
}

/// XML events, one a second, with these fields. Event N is of the host `eN`.
pub fn records(list: &[Fields<'_>]) -> String {
    list.iter().enumerate().map(|(at, fields)| record(at, fields)).collect()
}

fn record(at: usize, fields: Fields<'_>) -> String {
    let data: String =
        fields.iter().map(|(name, value)| format!("<Data Name='{name}'>{value}</Data>")).collect();
    format!(
        "<Event><System><Provider Name='P'/><EventID>1</EventID>\
         <TimeCreated SystemTime='2024-01-01T00:00:{at:02}.250Z'/><Channel>Test</Channel>\
         <Computer>e{at}</Computer></System><EventData>{data}</EventData></Event>\n"
    )
}

/// What a search makes of a log: its rows, as text.
///
/// # Panics
/// When it is refused, or the prefilter changes the rows.
pub fn rows(log: &str, search: &str, settings: &Settings) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.log");
    std::fs::write(&path, log).unwrap();
    let [on, off] = [true, false].map(|prefilter| {
        let rule = Rule::parse(search, "fact.spl").unwrap();
        let plan = common::compile_with(rule, settings);
        let options = Options {
            prefilter,
            reading: settings.reading,
            threads: 1,
            timezone: settings.timezone.clone(),
            ..Options::default()
        };
        let outcome = common::sweep(plan, std::slice::from_ref(&path), &options);
        assert!(outcome.skipped.is_empty(), "{search}: {:?}", outcome.skipped);
        outcome.rows[0].iter().map(shown).collect::<Vec<_>>()
    });
    assert_eq!(on, off, "{search}: the prefilter changes the rows");
    on
}

/// A search gives these rows, in this order.
#[track_caller]
pub fn gives(log: &str, search: &str, expected: &[&str]) {
    for reading in BOTH {
        gives_as(reading, log, search, expected);
    }
}

/// The same in one reading.
#[track_caller]
pub fn gives_as(reading: Reading, log: &str, search: &str, expected: &[&str]) {
    let found = rows(log, search, &common::settings(reading));
    assert_eq!(found, expected, "{search}, strict: {}", reading.is_strict());
}

/// A search finds the events that say one of `hits`, and those of `misses` not.
#[track_caller]
pub fn finds(search: &str, hits: &[&str], misses: &[&str]) {
    let log = texts(&[hits, misses].concat());
    selects_from(&log, search, hits.len());
}

/// A search finds the events with one of these sets of fields, and those of `misses` not.
#[track_caller]
pub fn selects(search: &str, hits: &[Fields<'_>], misses: &[Fields<'_>]) {
    let log = records(&[hits, misses].concat());
    selects_from(&log, search, hits.len());
}

/// A search finds the first events of a log and no other.
#[track_caller]
fn selects_from(log: &str, search: &str, hits: usize) {
    let expected: Vec<String> = (0..hits).rev().map(|at| format!("host=e{at}")).collect();
    let search = format!("{search} | table host");
    for reading in BOTH {
        let found = rows(log, &search, &common::settings(reading));
        assert_eq!(found, expected, "{search}, strict: {}\n{log}", reading.is_strict());
    }
}

/// The value of an expression of `eval` for an event with these fields: `+` joins several values,
/// and NULL is `None`.
#[track_caller]
pub fn value(fields: Fields<'_>, expression: &str, expected: Option<&str>) {
    let row = expected.map_or("host=e0".to_owned(), |value| format!("host=e0 x={value}"));
    gives(&records(&[fields]), &format!("* | eval x={expression} | table host x"), &[&row]);
}

/// A search is refused with this code, whole, in either reading.
#[track_caller]
pub fn refused(search: &str, code: &str) {
    for reading in BOTH {
        let rule = Rule::parse(search, "fact.spl").unwrap();
        let findings = match Plan::compile(rule, &common::settings(reading)) {
            Ok(_) => panic!("{search} is not refused"),
            Err(refusal) => refusal.findings,
        };
        assert!(findings.iter().any(|finding| finding.code == code), "{search}: {findings:?}");
    }
}

/// A search runs, and is warned of with this code.
#[track_caller]
pub fn warned(search: &str, code: &str) {
    let rule = Rule::parse(search, "fact.spl").unwrap();
    let (_, findings) = Plan::compile(rule, &common::settings(Reading::AS_MEANT)).expect("it runs");
    assert!(findings.iter().any(|finding| finding.code == code), "{search}: {findings:?}");
}
