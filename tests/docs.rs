//! What the README says is true.

mod common;

use coldsweep::eval::functions;
use coldsweep::reading::ACCOMMODATIONS;

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
    let flat = README.split_whitespace().collect::<Vec<_>>().join(" ");
    for name in functions::names() {
        assert!(
            flat.contains(&format!(" {name},")) || flat.contains(&format!(" {name})")),
            "{name}"
        );
    }
}

#[test]
fn the_readme_shows_what_the_first_command_prints() {
    let demo = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/demo");
    let options = coldsweep::scan::Options::default();
    let plans = [common::seed_plan(coldsweep::reading::Reading::AS_MEANT)];
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
