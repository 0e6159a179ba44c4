//! `coldsweep rules`: every rule compiled, and what came of it; and the tests of rules.

mod check;
mod junit;
mod sarif;
mod test;

use std::fs::File;
use std::io::{self, BufWriter, Write};

use serde_json::json;

use super::args::{RulesArgs, RulesCommand, RulesListArgs, RulesListFormat};
use super::{CliError, config, scan};
use crate::plan::{Plan, Settings, source_kinds};
use crate::report::{Layer, printable};
use crate::rule::{Catalog, Rule};
use crate::spl::codes;
use crate::spl::diagnostic::{Diagnostic, Severity};

/// Checks, tests or lists rules.
pub(super) fn run(args: &RulesArgs) -> Result<u8, CliError> {
    match &args.command {
        RulesCommand::Check(args) => check::run(args),
        RulesCommand::Test(args) => test::run(args),
        RulesCommand::List(args) => run_list(args),
    }
}

fn run_list(args: &RulesListArgs) -> Result<u8, CliError> {
    let paths: Vec<_> = args.paths.iter().chain(&args.rules).cloned().collect();
    let settings = config::settings(&args.reading, &paths)?;
    let selection = config::selection(&args.select)?;
    let checked = check_all(config::load(&paths, &settings, &selection)?, &settings);
    if let Some(path) = &args.navigator {
        let layer = Layer::of_rules(checked.rules.iter().map(|checked| &checked.rule));
        let written = File::create(path).and_then(|file| scan::write_json(&layer, file));
        written.map_err(|error| scan::unwritten(path, &error))?;
    }
    let mut out = BufWriter::new(io::stdout().lock());
    match args.format {
        RulesListFormat::Table => write_list(&checked, &mut out)?,
        RulesListFormat::Json => write_list_json(&checked, &mut out)?,
        RulesListFormat::Csv => write_list_csv(&checked, &mut out)?,
    }
    out.flush()?;
    Ok(checked.status())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// As it is written.
    Runs,
    /// With accommodations.
    Accommodated,
    /// Without a part of it, of which a warning tells.
    Partial,
    Error,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Accommodated => "accommodated",
            Self::Partial => "partial",
            Self::Error => "error",
        }
    }
}

struct Checked {
    rules: Vec<CheckedRule>,
    /// Files that are no rules.
    unreadable: Vec<String>,
}

impl Checked {
    /// The exit status: whether all of it can run.
    fn status(&self) -> u8 {
        let wrong = self.rules.iter().any(|rule| rule.state == State::Error);
        if wrong || !self.unreadable.is_empty() { 2 } else { 0 }
    }
}

struct CheckedRule {
    rule: Rule,
    state: State,
    /// The kinds of source it is about.
    kinds: Vec<String>,
    accommodations: Vec<&'static str>,
    findings: Vec<Diagnostic>,
}

impl Checked {
    /// The warnings of all rules.
    fn warnings(&self) -> impl Iterator<Item = &Diagnostic> {
        let findings = self.rules.iter().flat_map(|rule| &rule.findings);
        findings.filter(|finding| finding.severity == Severity::Warning)
    }
}

fn check_all(loaded: Catalog, settings: &Settings) -> Checked {
    let rules = loaded.rules.into_iter().map(|rule| check_one(rule, settings)).collect();
    Checked { rules, unreadable: loaded.errors.iter().map(ToString::to_string).collect() }
}

fn check_one(rule: Rule, settings: &Settings) -> CheckedRule {
    let kinds = source_kinds(&rule, &settings.macros).into_iter().collect();
    match Plan::compile(rule, settings) {
        Ok((plan, findings)) => {
            let accommodations: Vec<_> =
                plan.logical.accommodations().iter().map(|(code, _)| code.code()).collect();
            let state = if findings.iter().any(|one| codes::LEFT_OUT.contains(&one.code)) {
                State::Partial
            } else if accommodations.is_empty() {
                State::Runs
            } else {
                State::Accommodated
            };
            CheckedRule { rule: plan.rule, state, kinds, accommodations, findings }
        }
        Err(refusal) => CheckedRule {
            rule: refusal.rule,
            state: State::Error,
            kinds,
            accommodations: Vec::new(),
            findings: refusal.findings,
        },
    }
}

fn write_json(checked: &Checked, to: &mut dyn Write) -> Result<(), CliError> {
    let mut list: Vec<_> = checked
        .rules
        .iter()
        .map(|checked| {
            let of = |severity| {
                let findings = checked.findings.iter().filter(move |f| f.severity == severity);
                findings
                    .map(|finding| {
                        let at = checked.rule.position(finding.span.start);
                        json!({
                            "code": finding.code,
                            "message": finding.message,
                            "line": at.line,
                            "column": at.column,
                        })
                    })
                    .collect::<Vec<_>>()
            };
            json!({
                "path": checked.rule.origin.name,
                "rule_id": checked.rule.id,
                "title": checked.rule.title,
                "state": checked.state.name(),
                "accommodations": checked.accommodations,
                "errors": of(Severity::Error),
                "warnings": of(Severity::Warning),
            })
        })
        .collect();
    list.extend(checked.unreadable.iter().map(|error| {
        json!({
            "path": null,
            "rule_id": null,
            "title": null,
            "state": "error",
            "accommodations": [],
            "errors": [{"code": codes::NO_RULE, "message": error, "line": null, "column": null}],
            "warnings": [],
        })
    }));
    serde_json::to_writer_pretty(&mut *to, &list).map_err(io::Error::from)?;
    writeln!(to)?;
    Ok(())
}

fn write_list(checked: &Checked, to: &mut dyn Write) -> io::Result<()> {
    for CheckedRule { rule, state, kinds, .. } in &checked.rules {
        let (techniques, kinds) = (or_dash(&rule.technique_ids), or_dash(kinds));
        writeln!(
            to,
            "{:<14} {:<13} {:<24} {:<24} {}",
            printable(&rule.id),
            state.name(),
            printable(&techniques),
            printable(&kinds),
            printable(&rule.title)
        )?;
    }
    for error in &checked.unreadable {
        writeln!(to, "error: {}", printable(error))?;
    }
    Ok(())
}

/// Several values of a cell, or what says that there are none.
fn or_dash(values: &[String]) -> String {
    if values.is_empty() { "-".to_owned() } else { values.join(",") }
}

fn write_list_json(checked: &Checked, to: &mut dyn Write) -> io::Result<()> {
    let rules = checked.rules.iter().map(|CheckedRule { rule, state, kinds, .. }| {
        json!({
            "path": rule.origin.name,
            "rule_id": rule.id,
            "title": rule.title,
            "techniques": rule.technique_ids,
            "kinds": kinds,
            "state": state.name(),
        })
    });
    let unreadable = checked.unreadable.iter().map(|error| {
        json!({
            "path": null,
            "rule_id": null,
            "title": null,
            "techniques": [],
            "kinds": [],
            "state": "error",
            "error": error,
        })
    });
    serde_json::to_writer_pretty(&mut *to, &rules.chain(unreadable).collect::<Vec<_>>())?;
    writeln!(to)
}

/// Several values of a cell are separated by commas, as in the table. Files that are no rules are
/// told on standard error.
fn write_list_csv(checked: &Checked, to: &mut dyn Write) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(to);
    csv.write_record(["rule_id", "title", "techniques", "kinds", "state", "path"])?;
    for CheckedRule { rule, state, kinds, .. } in &checked.rules {
        let (techniques, kinds) = (rule.technique_ids.join(","), kinds.join(","));
        let path = &rule.origin.name;
        csv.write_record([&rule.id, &rule.title, &techniques, &kinds, state.name(), path])?;
    }
    csv.flush()?;
    for error in &checked.unreadable {
        writeln!(io::stderr(), "error: {}", printable(error))?;
    }
    Ok(())
}
