//! What the README says is true.

mod common;

use coldsweep::aggregate::Function;
use coldsweep::eval::functions;
use coldsweep::plan::Plan;
use coldsweep::reading::{ACCOMMODATIONS, Reading};
use coldsweep::rule::Rule;

const README: &str = include_str!("../README.md");

#[test]
fn the_readme_lists_every_accommodation_as_the_code_has_it() {
    for row in ACCOMMODATIONS {
        let line = format!("| `{}` | {} | {} |", row.code, row.stock, row.as_meant);
        assert!(README.contains(&line), "{line}");
    }
}

#[test]
fn the_readme_lists_every_function_and_aggregate() {
    // It is listed only to be refused.
    let functions = functions::names().filter(|name| *name != "random").map(str::to_owned);
    let functions = missing_in("Their functions:", "`random` is refused", functions);
    let aggregates = missing_in("Aggregates of", "Macros:", Function::names());
    assert_eq!((functions, aggregates), (Vec::new(), Vec::new()));
}

#[test]
fn the_readme_lists_every_command() {
    let rule = Rule::parse("* | sendemail to=a", "example.spl").unwrap();
    let refusal = Plan::compile(rule, &common::settings(Reading::AS_MEANT)).err().unwrap();
    let hint = refusal.findings[0].hint.clone().unwrap();
    let names = hint.strip_prefix("the supported commands are ").unwrap().split(", ");
    let missing = missing_in("Commands:", "`search` has OR", names.map(str::to_owned));
    assert_eq!(missing, Vec::<String>::new());
}

/// Those of the names that are in no list between the two texts.
fn missing_in(start: &str, end: &str, names: impl Iterator<Item = String>) -> Vec<String> {
    let (_, text) = README.split_once(start).unwrap();
    let (text, _) = text.split_once(end).unwrap();
    let listed: Vec<_> = text
        .split_whitespace()
        .map(|word| word.trim_start_matches('(').trim_end_matches([',', '.', ')']))
        .collect();
    names.filter(|name| !listed.contains(&name.as_str())).collect()
}

#[test]
fn the_readme_shows_what_the_first_command_prints() {
    let demo = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/demo");
    let options = coldsweep::scan::Options::default();
    let plans = [common::seed_plan(Reading::AS_MEANT)];
    let outcome = coldsweep::scan::scan(
        &plans,
        &coldsweep::cim::Cim::builtin(),
        &[demo],
        &options,
        &coldsweep::scan::Progress::default(),
    )
    .unwrap();
    let mut table = Vec::new();
    let format = coldsweep::report::OutputFormat::Table;
    coldsweep::report::write_rows(format, &plans, &outcome, &mut table).unwrap();
    let table = String::from_utf8(table).unwrap();
    let trimmed = table.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    assert!(README.contains(trimmed.trim()), "the README should show:\n{trimmed}");
}
