//! Logs that are none of Windows: `tests/data/logs/`, all made up, one event or two of each source.
//!
//! `expected.toml` among them says what each says in CIM names, and which rules of the catalog find it.

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use coldsweep::cim::Cim;
use coldsweep::plan::Plan;
use coldsweep::reading::Reading;
use coldsweep::report::{OutputFormat, write_rows};
use coldsweep::rule::{Rule, load_all};
use coldsweep::scan::{InputNames, Options, Progress, scan};
use coldsweep::source::MapChoice;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    event: Vec<EventCase>,
    rule: Vec<RuleCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventCase {
    file: String,
    of: String,
    fields: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleCase {
    rule: PathBuf,
    file: String,
    /// As `--sourcetype`.
    sourcetype: Option<String>,
    /// What makes it another event, and by what.
    near: (String, String),
}

fn table() -> Table {
    toml::from_str(include_str!("data/logs/expected.toml")).expect("a table of cases")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/logs")
}

fn compile(search: &str) -> Plan {
    common::compile(Rule::parse(search, "test.spl").expect("a rule"), Reading::AS_MEANT)
}

/// The rows of these plans, as they are printed; what could not be read fails the test.
fn rows(plans: &[Plan], paths: &[PathBuf], options: &Options) -> String {
    let outcome =
        scan(plans, &Cim::builtin(), paths, options, &Progress::default()).expect("it starts");
    assert!(outcome.skipped.is_empty(), "{:?}", outcome.skipped);
    let mut out = Vec::new();
    write_rows(OutputFormat::Jsonl, plans, &outcome, &mut out).expect("a vector takes all");
    String::from_utf8(out).expect("rows are UTF-8")
}

#[test]
fn every_source_has_its_fields() {
    for EventCase { file, of, fields } in table().event {
        let names: Vec<&str> = fields.keys().map(String::as_str).collect();
        let plan = compile(&format!("\"{of}\" | table {}", names.join(", ")));
        let found = rows(&[plan], &[folder().join(&file)], &Options::default());
        let row: serde_json::Value = serde_json::from_str(
            found.lines().next().unwrap_or_else(|| panic!("{file} {of}: none")),
        )
        .expect("a row");
        for (name, expected) in fields {
            assert_eq!(row[&name], *expected, "{name} of {of} in {file}: {row}");
        }
    }
}

#[test]
fn rules_of_the_catalog_find_their_events_and_no_others() {
    let Some(shared) = common::shared("sources") else { return };
    let temporary = tempfile::tempdir().unwrap();
    for case in table().rule {
        let path = shared.join("rules/armory").join(&case.rule);
        let rule = load_all(&[path]).rules.remove(0);
        let plans = [common::compile(rule, Reading::AS_MEANT)];
        let names = InputNames { sourcetype: case.sourcetype, ..InputNames::default() };
        let options = Options { names, ..Options::default() };
        let text = std::fs::read_to_string(folder().join(&case.file)).unwrap();
        assert!(text.contains(&case.near.0), "{}", case.rule.display());
        let near = temporary.path().join("near");
        std::fs::write(&near, text.replace(&case.near.0, &case.near.1)).unwrap();
        let found = rows(&plans, &[folder().join(&case.file)], &options);
        assert_eq!(found.lines().count(), 1, "{} in {}", case.rule.display(), case.file);
        assert_eq!(
            rows(&plans, &[near], &options),
            "",
            "{} near {}",
            case.rule.display(),
            case.file
        );
    }
}

/// The made-up logs.
fn logs() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> =
        entries.filter(|path| path.extension().is_none_or(|name| name != "toml")).collect();
    paths.sort();
    paths
}

#[test]
fn the_catalogs_rules_find_the_same_with_the_prefilter_and_without() {
    let Some(shared) = common::shared("sources") else { return };
    let settings = common::settings(Reading::AS_MEANT);
    let folders = ["cloud", "authentication", "application", "web", "network"];
    let mut rules: Vec<PathBuf> =
        folders.map(|name| shared.join("rules/armory").join(name)).to_vec();
    let endpoint = walkdir::WalkDir::new(shared.join("rules/armory/endpoint"));
    let files = endpoint.sort_by_file_name().into_iter().map(|entry| entry.unwrap().into_path());
    rules.extend(files.filter(|path| path.to_string_lossy().ends_with("-splunk-unix.yml")));
    let plans: Vec<Plan> = (load_all(&rules).rules.into_iter())
        .filter_map(|rule| Some(Plan::compile(rule, &settings).ok()?.0))
        .collect();
    assert!(plans.len() > 150, "{}", plans.len());
    let naive = Options { prefilter: false, threads: 1, ..Options::default() };
    let expected = rows(&plans, &logs(), &naive);
    assert!(expected.lines().count() >= 20, "{expected}");
    let options = Options { threads: 2, shard_size: 64, ..Options::default() };
    assert_eq!(rows(&plans, &logs(), &options), expected);
}

/// Searches that test fields in every way a prefilter looks at.
const SEARCHES: &[&str] = &[
    "\"mallory\" | stats count by sourcetype, host, user, src_ip",
    "user=mallory* | table _time, host, sourcetype, user, process, uri_path",
    "process=\"*openssl enc*\" | stats values(*) as * by host",
    "* | where match(process, \"(?i)shadow$\") | table process, user",
    "* | regex process=\"enc\\s+-aes\" | table process, sourcetype",
    "action=success | stats count by sourcetype",
    "http_method=POST status=200 | table uri_path, uri_query, src_ip",
    "response=\"*Failure*\" | table response, user",
    "`get_cloud_data_aws` eventName=* | stats count by event_name",
    "`get_endpoint_data_unix` type=USER_START | table auid, exe, user",
    "sourcetype=access_combined OR sourcetype=squid* | stats count by clientip, status",
    "`get_endpoint_data_edr` process=\"*msiexec*\" | table process_name, parent_process_name",
    "* | stats count by sourcetype",
];

#[test]
fn no_switch_changes_what_is_found() {
    let plans: Vec<Plan> = SEARCHES.iter().map(|search| compile(search)).collect();
    let temporary = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for path in logs() {
        let text = std::fs::read(&path).unwrap();
        let name = path.file_name().unwrap();
        // Many of each, so that small shards end in the midst of them, and a copy as a stream.
        let long = temporary.path().join(name);
        std::fs::write(&long, text.repeat(7)).unwrap();
        let mut packed = long.clone().into_os_string();
        packed.push(".gz");
        std::fs::write(&packed, common::logs::gzip(&text.repeat(3))).unwrap();
        paths.extend([long, packed.into()]);
    }
    paths.sort();
    let naive = Options { prefilter: false, threads: 1, ..Options::default() };
    assert!(rows(&plans, &paths, &naive).lines().count() > 60);
    for (prefilter, threads, shard_size) in
        [(true, 1, 8 << 20), (true, 2, 64), (true, 2, 700), (false, 2, 64), (false, 1, 700)]
    {
        let map = if threads == 1 { MapChoice::Auto } else { MapChoice::Never };
        let options = Options { prefilter, threads, shard_size, map, ..Options::default() };
        for plans in [&plans[..]].into_iter().chain(plans.chunks(1)) {
            assert_eq!(
                rows(plans, &paths, &options),
                rows(plans, &paths, &naive),
                "{} prefilter {prefilter}, {threads} threads, shards of {shard_size}",
                plans[0].rule.search
            );
        }
    }
}
