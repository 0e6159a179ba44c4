//! A catalog of real rules over real logs: alone or together, with the prefilter or without, each
//! rule gives the same rows.
//!
//! Over a fixed sample of 150 rules and of small files; with `COLDSWEEP_CATALOG=all` over all
//! (`scripts/catalog.sh`). `COLDSWEEP_CATALOG_RULES` is another folder of rules.
#![allow(clippy::print_stdout)]

mod common;

use std::path::{Path, PathBuf};

use coldsweep::cim::Cim;
use coldsweep::plan::Plan;
use coldsweep::reading::Reading;
use coldsweep::report::{OutputFormat, write_rows};
use coldsweep::rule::load_all;
use coldsweep::scan::{Options, Progress, scan};

/// How many rules are in the sample.
const RULES: usize = 150;
/// The files no larger than this are in the sample.
const LARGEST_FILE: u64 = 240 << 10;

fn all() -> bool {
    std::env::var_os("COLDSWEEP_CATALOG").is_some_and(|value| value == "all")
}

/// The rules that run. Those of the sample are drawn by their names, so that they stay the same
/// while more rules run.
fn plans(folder: &Path, reading: Reading) -> Vec<Plan> {
    let settings = common::settings(reading);
    let rules = load_all(&[folder.to_owned()]).rules.into_iter();
    let plans: Vec<Plan> =
        rules.filter_map(|rule| Some(Plan::compile(rule, &settings).ok()?.0)).collect();
    if all() {
        return plans;
    }
    let mut drawn: Vec<(u64, Plan)> =
        plans.into_iter().map(|plan| (draw(&plan.rule.origin.name), plan)).collect();
    drawn.sort_by_key(|&(number, _)| number);
    drawn.into_iter().map(|(_, plan)| plan).take(RULES).collect()
}

/// A number for the name of a rule's file that is the same on every machine (FNV-1a).
fn draw(path: &str) -> u64 {
    let name = Path::new(path).file_name().map(|name| name.as_encoded_bytes()).unwrap_or_default();
    name.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
    let files = entries.filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
    let small = files.filter(|file| {
        all() || file.metadata().is_ok_and(|metadata| metadata.len() <= LARGEST_FILE)
    });
    small.map(walkdir::DirEntry::into_path).collect()
}

/// The rows of each rule, as they are printed.
fn rows(plans: &[Plan], paths: &[PathBuf], prefilter: bool, reading: Reading) -> Vec<String> {
    let options = Options { prefilter, reading, ..Options::default() };
    let outcome =
        scan(plans, &Cim::builtin(), paths, &options, &Progress::default()).expect("it starts");
    let mut out = Vec::new();
    write_rows(OutputFormat::Jsonl, plans, &outcome, &mut out).expect("a vector takes all");
    let text = String::from_utf8(out).expect("rows are UTF-8");
    let mut lines = text.lines();
    let mut of_rule = |count: usize| -> String {
        lines.by_ref().take(count).map(|line| line.to_owned() + "\n").collect()
    };
    outcome.rows.iter().map(|rows| of_rule(rows.len())).collect()
}

#[test]
fn a_rule_gives_the_same_rows_alone_and_among_others_with_the_prefilter_and_without() {
    let Some(shared) = common::shared("catalog") else { return };
    let catalog = std::env::var_os("COLDSWEEP_CATALOG_RULES")
        .map_or_else(|| shared.join("rules/armory"), PathBuf::from);
    let paths = files(&shared.join("corpora"));
    for reading in [Reading::AS_MEANT, Reading::STRICT] {
        let plans = plans(&catalog, reading);
        assert!(all() || plans.len() == RULES, "{} rules run", plans.len());
        let naive = rows(&plans, &paths, false, reading);
        let found = naive.iter().filter(|rows| !rows.is_empty()).count();
        println!("{} rules over {} files: {found} find something", plans.len(), paths.len());
        assert!(reading == Reading::STRICT || found >= 8, "{found} rules find something");
        let together = rows(&plans, &paths, true, reading);
        for (plan, (together, naive)) in plans.iter().zip(together.iter().zip(&naive)) {
            assert_eq!(together, naive, "with the others: {}", plan.rule.origin.name);
        }
        for (plan, naive) in plans.into_iter().zip(&naive) {
            let name = plan.rule.origin.name.clone();
            let plan = [plan];
            let alone = rows(&plan, &paths, true, reading);
            assert_eq!(alone, std::slice::from_ref(naive), "alone: {name}");
            // Every event for every rule takes hours; what finds nothing among others is left out.
            if !naive.is_empty() {
                let alone = rows(&plan, &paths, false, reading);
                assert_eq!(alone, std::slice::from_ref(naive), "alone, no prefilter: {name}");
            }
        }
        if !all() {
            return;
        }
    }
}
