//! What the integration tests share.
#![allow(dead_code, clippy::print_stdout)]

pub mod journals;
pub mod logs;
pub mod mmdb;
pub mod pack;
pub mod program;

use std::path::{Path, PathBuf};

use coldsweep::cim::Cim;
use coldsweep::plan::{FinalRow, Plan, Settings};
use coldsweep::reading::Reading;
use coldsweep::resources::Resources;
use coldsweep::rule::Rule;
use coldsweep::scan::{Options, Outcome, Progress, scan};
use coldsweep::spl::Macros;
use coldsweep::value::Value;
use jiff::tz::TimeZone;

/// The shared data, where it is present: `COLDSWEEP_SHARED`, else `../shared`. Says so when it
/// is not.
pub fn shared(test: &str) -> Option<PathBuf> {
    let path = std::env::var_os("COLDSWEEP_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    if path.join("corpora").is_dir() {
        return Some(path);
    }
    println!("{test}: skipped, the shared data is not at {}", path.display());
    None
}

/// The default settings.
pub fn settings(reading: Reading) -> Settings {
    Settings {
        macros: Macros::builtin(),
        cim: Cim::builtin(),
        reading,
        timezone: TimeZone::UTC,
        resources: Resources::default(),
        now: jiff::Timestamp::UNIX_EPOCH,
    }
}

/// The built-in rule, compiled.
pub fn seed_plan(reading: Reading) -> Plan {
    let rule = Rule::builtin().expect("the built-in rule is valid");
    compile(rule, reading)
}

/// A rule, compiled.
pub fn compile(rule: Rule, reading: Reading) -> Plan {
    compile_with(rule, &settings(reading))
}

/// A rule, compiled under certain settings.
pub fn compile_with(rule: Rule, settings: &Settings) -> Plan {
    match Plan::compile(rule, settings) {
        Ok((plan, _)) => plan,
        Err(refusal) => panic!("{}", refusal.rule.render(&refusal.findings, false)),
    }
}

/// Sweeps paths with one plan.
pub fn sweep(plan: Plan, paths: &[PathBuf], options: &Options) -> Outcome {
    scan(&[plan], &Cim::builtin(), paths, options, &Progress::default()).expect("the sweep starts")
}

/// A row as text: its columns in order, the values of one joined by `+`, a time as its seconds.
pub fn shown(row: &FinalRow) -> String {
    let cells = row.columns.iter().map(|(name, field)| {
        let values = field.values().iter().map(|value| match value {
            Value::Time(time) => time.strftime("%S%.f").to_string(),
            other => other.text().into_owned(),
        });
        format!("{name}={}", values.collect::<Vec<_>>().join("+"))
    });
    cells.collect::<Vec<_>>().join(" ")
}
