//! What the README and the guide say is true.
//!
//! A fenced block of the guide with a name behind its language is a file. In a `console` block each
//! `$ coldsweep ...` is run; below it stands what it writes, standard output first, if anything
//! stands there. `...` alone is any number of lines, at the end of a line any rest of it.
//! `$ echo $?` is the exit status, else it is 0. In a workflow `- run: coldsweep ...` is run, too.

mod common;

use std::path::Path;

use coldsweep::aggregate::Function;
use coldsweep::corpus::journal_writer::{JournalLayout, JournalPacking};
use coldsweep::eval::functions;
use coldsweep::plan::Plan;
use coldsweep::reading::{ACCOMMODATIONS, Reading};
use coldsweep::rule::Rule;
use common::journals::{Stored, bucket, stored};
use common::mmdb::{Datum, mmdb};
use common::program::{Program, Run};

const README: &str = include_str!("../README.md");
const GUIDE: &str = include_str!("../GUIDE.md");

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
    let rule = Rule::parse("* | abstract", "example.spl").unwrap();
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
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/demo");
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

#[test]
fn every_command_of_the_guide_does_what_it_shows() {
    let folder = tempfile::tempdir().unwrap();
    copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/demo"),
        &folder.path().join("corpora/demo"),
    );
    let names = Datum::Map(vec![("en", Datum::Text("Nowhere"))]);
    let country = Datum::Map(vec![("country", Datum::Map(vec![("names", names)]))]);
    let places = mmdb(&[([203, 0, 113, 0], 24, country)]);
    std::fs::write(folder.path().join("GeoLite2-City.mmdb"), places).unwrap();
    buckets(&folder.path().join("corpora/demo/xml/lines.xml"), &folder.path().join("frozen"));

    let mut commands = 0;
    let mut lines = GUIDE.lines();
    while let Some(line) = lines.next() {
        let Some(words) = line.strip_prefix("```") else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        match words.split_once(' ') {
            Some((_, file)) => {
                let path = folder.path().join(file);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, block.join("\n") + "\n").unwrap();
            }
            None if words == "console" => commands += console(&block, folder.path()),
            None => {
                for line in block.iter().filter_map(|line| line.trim().strip_prefix("- run: ")) {
                    assert_eq!(run(line, folder.path()).status, 0, "{line}");
                    commands += 1;
                }
            }
        }
    }
    assert!(commands > 10, "{commands} commands");
}

/// Writes two frozen buckets: one of these events, and one of years before.
fn buckets(log: &Path, frozen: &Path) {
    let layout = JournalLayout::new(JournalPacking::Zstd);
    bucket(frozen, "db_1710407211_1710146537_7", &stored(log), layout);
    let old = Stored::new("nothing", 1_595_000_000_000);
    bucket(frozen, "db_1600000000_1590000000_6", &[old], layout);
}

/// Runs the commands of a block, compares what they write, and says how many there were.
fn console(block: &[&str], folder: &Path) -> usize {
    let mut commands = 0;
    let mut last: Option<(&str, Run)> = None;
    let text = block.join("\n");
    for part in text.split("$ ").filter(|part| !part.is_empty()) {
        let (command, output) = part.split_once('\n').unwrap_or((part, ""));
        if command == "echo $?" {
            let (command, run) = last.take().expect("a command before");
            assert_eq!(run.status.to_string(), output.trim(), "{command}");
            continue;
        }
        expect_success(last.take());
        let run = run(command, folder);
        let written = run.stdout.clone() + &run.stderr;
        let (shown, lines) = (lines_of(output), lines_of(&written));
        assert!(output.is_empty() || agree(&shown, &lines), "{command}\n{written}");
        commands += 1;
        last = Some((part.lines().next().unwrap_or_default(), run));
    }
    expect_success(last);
    commands
}

fn expect_success(last: Option<(&str, Run)>) {
    if let Some((command, run)) = last {
        assert_eq!(run.status, 0, "{command}\n{}", run.stderr);
    }
}

/// Runs `coldsweep ...` in a folder; `> FILE` at its end takes what it writes.
fn run(line: &str, folder: &Path) -> Run {
    let (line, file) = line.split_once(" > ").map_or((line, None), |(line, to)| (line, Some(to)));
    let words = line.strip_prefix("coldsweep ").expect("a command of the program");
    let run = Program::new(words.split_whitespace()).within(folder).run();
    if let Some(file) = file {
        std::fs::write(folder.join(file), &run.stdout).unwrap();
    }
    run
}

fn lines_of(text: &str) -> Vec<&str> {
    text.lines().map(str::trim_end).collect()
}

/// Whether lines are as they are shown.
fn agree(shown: &[&str], lines: &[&str]) -> bool {
    match shown {
        [] => lines.is_empty(),
        ["...", rest @ ..] => (0..=lines.len()).any(|skipped| agree(rest, &lines[skipped..])),
        [first, rest @ ..] => lines.split_first().is_some_and(|(line, lines)| {
            let same = match first.strip_suffix("...") {
                Some(start) => line.starts_with(start),
                None => first == line,
            };
            same && agree(rest, lines)
        }),
    }
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(&path, &to).unwrap();
        }
    }
}

#[test]
fn every_file_that_the_readme_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (_, more) = README.split_once("## More").unwrap();
    let named: Vec<_> = more.split('`').filter(|word| word.ends_with(".md")).collect();
    assert!(named.len() >= 6, "{named:?}");
    for file in named {
        assert!(root.join(file).is_file(), "{file}");
    }
}
