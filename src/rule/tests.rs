//! Tests of rules: files, places, and the real rules.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::*;
use crate::spl::diagnostic::Severity;
use crate::spl::{Macros, parse};

/// The folder of shared data, if this machine has it.
fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("COLDSWEEP_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")),
        PathBuf::from,
    );
    folder.is_dir().then_some(folder)
}

#[test]
#[allow(clippy::print_stdout)]
fn survey() {
    let Some(shared) = shared() else {
        println!("skipped: no shared data");
        return;
    };
    let catalog = load_all(&[shared.join("rules/armory")]);
    for e in &catalog.errors {
        println!("ERR {e}");
    }
    let macros = Macros::builtin();
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut full = 0;
    let mut commands: BTreeMap<String, usize> = BTreeMap::new();
    for rule in &catalog.rules {
        let parsed = parse(&rule.search, &macros);
        if parsed.pipeline.is_some() {
            full += 1;
        }
        let mut seen = std::collections::BTreeSet::new();
        for d in &parsed.diagnostics {
            if seen.insert((d.code, d.message.clone())) && d.code == "E0202" {
                *commands.entry(d.message.clone()).or_default() += 1;
            }
        }
        let mut s2 = std::collections::BTreeSet::new();
        for d in &parsed.diagnostics {
            if s2.insert(d.code) {
                *codes.entry(d.code).or_default() += 1;
            }
        }
        for d in &parsed.diagnostics {
            if d.severity == Severity::Error && d.code < "E0200" && d.code != "E0101" {
                println!("{}", rule.render(std::slice::from_ref(d), false));
            }
        }
    }
    println!("{} rules, {full} full, {codes:#?} {commands:#?}", catalog.rules.len());
}
