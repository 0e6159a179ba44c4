//! `coldsweep rules check`.

use std::io::{self, BufWriter, Write};

use super::{Checked, CheckedRule, State, check_all, junit, sarif, write_json};
use crate::cli::args::{CheckFormat, RulesCheckArgs};
use crate::cli::{CliError, config};
use crate::report::counted;
use crate::rule::load_all;
use crate::spl::codes::CODES;
use crate::spl::diagnostic::{Diagnostic, Severity};

/// Checks rules, and gives the exit status: 2 where one does not run, 1 where there is a warning
/// that is denied.
pub(super) fn run(args: &RulesCheckArgs) -> Result<u8, CliError> {
    let denied = Denied::new(args)?;
    let allowed = warning_codes("--allow", &args.allow)?;
    let mut checked =
        check_all(load_all(&args.paths), &config::settings(&args.reading, &args.paths)?);
    for rule in &mut checked.rules {
        rule.findings.retain(|finding| !is_warning_of(finding, &allowed));
    }
    let mut out = BufWriter::new(io::stdout().lock());
    match args.format {
        CheckFormat::Table => write_table(&checked, &mut out)?,
        CheckFormat::Json => write_json(&checked, &mut out)?,
        CheckFormat::Sarif => sarif::write(&checked, &mut out)?,
        CheckFormat::Junit => junit::write_check(&checked, &denied, &mut out)?,
    }
    out.flush()?;
    let warned = checked.warnings().any(|warning| denied.has(warning));
    Ok(checked.status().max(u8::from(warned)))
}

/// The warnings that make a check fail.
pub(super) struct Denied {
    all: bool,
    codes: Vec<&'static str>,
}

impl Denied {
    fn new(args: &RulesCheckArgs) -> Result<Self, CliError> {
        let codes = warning_codes("--deny", &args.deny)?;
        Ok(Self { all: args.deny_warnings, codes })
    }

    /// Whether a finding is a warning that is denied.
    pub(super) fn has(&self, finding: &Diagnostic) -> bool {
        finding.severity == Severity::Warning && self.all || is_warning_of(finding, &self.codes)
    }
}

fn is_warning_of(finding: &Diagnostic, codes: &[&'static str]) -> bool {
    finding.severity == Severity::Warning && codes.contains(&finding.code)
}

/// The codes of warnings that a flag names.
fn warning_codes(flag: &str, given: &[String]) -> Result<Vec<&'static str>, CliError> {
    let find = |given: &String| {
        let known = CODES.iter().find(|(code, _)| code.eq_ignore_ascii_case(given.trim()));
        match known {
            Some((code, _)) if code.starts_with('W') => Ok(*code),
            Some((code, _)) => Err(CliError::new(format!(
                "{flag} {code}: this is an error, and a rule with one does not run"
            ))),
            None => Err(CliError::new(format!("{flag} {given}: there is no such code"))),
        }
    };
    given.iter().map(find).collect()
}

/// Findings with their places, then the state of each rule, then the sum.
fn write_table(checked: &Checked, to: &mut dyn Write) -> io::Result<()> {
    for rule in &checked.rules {
        to.write_all(rule.rule.render(&rule.findings, false).as_bytes())?;
    }
    for error in &checked.unreadable {
        writeln!(to, "error: {error}")?;
    }
    for rule in &checked.rules {
        writeln!(to, "{:<13} {}", rule.state.name(), shown(rule))?;
    }
    let count = |state| checked.rules.iter().filter(|rule| rule.state == state).count();
    writeln!(
        to,
        "{}: {} as written, {} with accommodations, {} in part, {} not run; {} without a rule; {}",
        counted(checked.rules.len(), "rule"),
        verb(count(State::Runs), "runs", "run"),
        count(State::Accommodated),
        count(State::Partial),
        verb(count(State::Error), "does", "do"),
        counted(checked.unreadable.len(), "file"),
        counted(checked.warnings().count(), "warning"),
    )
}

/// A number and the verb that goes with it.
fn verb(count: usize, of_one: &str, of_many: &str) -> String {
    format!("{count} {}", if count == 1 { of_one } else { of_many })
}

/// A rule in one line: its file, its title, and the accommodations it relies on.
fn shown(rule: &CheckedRule) -> String {
    let mut line = format!("{}: {}", rule.rule.origin.name, rule.rule.title);
    if !rule.accommodations.is_empty() {
        line += &format!(" ({})", rule.accommodations.join(", "));
    }
    // What a hostile file says moves no cursor.
    line.chars().map(|c| if c.is_control() { '\u{b7}' } else { c }).collect()
}
