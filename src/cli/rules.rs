//! `coldsweep rules`: every rule compiled, and what came of it.

use std::io::{self, BufWriter, Write};

use serde_json::json;

use super::args::{RulesArgs, RulesCommand, RulesFormat, RulesPaths};
use super::{CliError, config};
use crate::plan::{Plan, Settings};
use crate::rule::{Rule, load_all};
use crate::spl::diagnostic::{Diagnostic, Severity};

/// Checks or lists rules.
pub(super) fn run(args: &RulesArgs) -> Result<u8, CliError> {
    let (RulesCommand::Check(paths) | RulesCommand::List(paths)) = &args.command;
    let settings = config::settings(&paths.reading)?;
    let checked = check_all(paths, &settings);
    let mut out = BufWriter::new(io::stdout().lock());
    match (&args.command, paths.format) {
        (_, RulesFormat::Json) => write_json(&checked, &mut out)?,
        (RulesCommand::Check(_), RulesFormat::Table) => write_check(&checked, &mut out)?,
        (RulesCommand::List(_), RulesFormat::Table) => write_list(&checked, &mut out)?,
    }
    out.flush()?;
    let wrong = checked.rules.iter().any(|rule| rule.state == State::Error);
    Ok(if wrong || !checked.unreadable.is_empty() { 2 } else { 0 })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Runs,
    Accommodated,
    Error,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Accommodated => "accommodated",
            Self::Error => "error",
        }
    }
}

struct Checked {
    rules: Vec<CheckedRule>,
    /// Files that are no rules.
    unreadable: Vec<String>,
}

struct CheckedRule {
    rule: Rule,
    state: State,
    accommodations: Vec<&'static str>,
    findings: Vec<Diagnostic>,
}

fn check_all(paths: &RulesPaths, settings: &Settings) -> Checked {
    let loaded = load_all(&paths.paths);
    let rules = loaded.rules.into_iter().map(|rule| check(rule, settings)).collect();
    Checked { rules, unreadable: loaded.errors.iter().map(ToString::to_string).collect() }
}

fn check(rule: Rule, settings: &Settings) -> CheckedRule {
    match Plan::compile(rule, settings) {
        Ok((plan, findings)) => {
            let accommodations: Vec<_> =
                plan.logical.accommodations().iter().map(|(code, _)| code.code()).collect();
            let state = if accommodations.is_empty() { State::Runs } else { State::Accommodated };
            CheckedRule { rule: plan.rule, state, accommodations, findings }
        }
        Err(refusal) => CheckedRule {
            rule: refusal.rule,
            state: State::Error,
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
            "errors": [{"code": "E0000", "message": error, "line": null, "column": null}],
            "warnings": [],
        })
    }));
    serde_json::to_writer_pretty(&mut *to, &list).map_err(io::Error::from)?;
    writeln!(to)?;
    Ok(())
}

fn write_check(checked: &Checked, to: &mut dyn Write) -> Result<(), CliError> {
    for rule in &checked.rules {
        if !rule.findings.is_empty() {
            to.write_all(rule.rule.render(&rule.findings, false).as_bytes())?;
        }
    }
    for error in &checked.unreadable {
        writeln!(to, "error: {error}")?;
    }
    let count = |state| checked.rules.iter().filter(|rule| rule.state == state).count();
    writeln!(
        to,
        "{} rules: {} run as they are, {} with accommodations, {} do not run; {} files are no rules",
        checked.rules.len(),
        count(State::Runs),
        count(State::Accommodated),
        count(State::Error),
        checked.unreadable.len(),
    )?;
    Ok(())
}

fn write_list(checked: &Checked, to: &mut dyn Write) -> Result<(), CliError> {
    for rule in &checked.rules {
        writeln!(
            to,
            "{:<14} {:<13} {:<24} {}",
            rule.rule.id,
            rule.state.name(),
            rule.rule.technique_ids.join(","),
            rule.rule.title
        )?;
    }
    for error in &checked.unreadable {
        writeln!(to, "error: {error}")?;
    }
    Ok(())
}
