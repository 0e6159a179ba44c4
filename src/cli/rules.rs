//! `coldsweep rules`: every rule compiled, and what came of it; and the tests of rules.

mod check;
mod junit;
mod sarif;
mod test;

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use serde_json::json;

use super::args::{RulesArgs, RulesCommand, RulesFormat, RulesPaths};
use super::{CliError, config};
use crate::plan::{Plan, Settings};
use crate::rule::{Rule, load_all};
use crate::spl::codes;
use crate::spl::diagnostic::{Diagnostic, Severity};

/// Checks, tests or lists rules.
pub(super) fn run(args: &RulesArgs) -> Result<u8, CliError> {
    match &args.command {
        RulesCommand::Check(args) => check::run(args),
        RulesCommand::Test(args) => test::run(args),
        RulesCommand::List(args) => list(args),
    }
}

fn list(args: &RulesPaths) -> Result<u8, CliError> {
    let checked = check_all(&args.paths, &config::settings(&args.reading)?);
    let mut out = BufWriter::new(io::stdout().lock());
    match args.format {
        RulesFormat::Json => write_json(&checked, &mut out)?,
        RulesFormat::Table => write_list(&checked, &mut out)?,
    }
    out.flush()?;
    Ok(if checked.has_errors() { 2 } else { 0 })
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

struct CheckedRule {
    rule: Rule,
    state: State,
    accommodations: Vec<&'static str>,
    findings: Vec<Diagnostic>,
}

impl Checked {
    fn has_errors(&self) -> bool {
        !self.unreadable.is_empty() || self.rules.iter().any(|rule| rule.state == State::Error)
    }

    /// The warnings of all rules.
    fn warnings(&self) -> impl Iterator<Item = &Diagnostic> {
        let findings = self.rules.iter().flat_map(|rule| &rule.findings);
        findings.filter(|finding| finding.severity == Severity::Warning)
    }
}

fn check_all(paths: &[PathBuf], settings: &Settings) -> Checked {
    let loaded = load_all(paths);
    let rules = loaded.rules.into_iter().map(|rule| check_one(rule, settings)).collect();
    Checked { rules, unreadable: loaded.errors.iter().map(ToString::to_string).collect() }
}

fn check_one(rule: Rule, settings: &Settings) -> CheckedRule {
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
            "errors": [{"code": codes::NO_RULE, "message": error, "line": null, "column": null}],
            "warnings": [],
        })
    }));
    serde_json::to_writer_pretty(&mut *to, &list).map_err(io::Error::from)?;
    writeln!(to)?;
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
