//! `coldsweep explain`.

use std::io::{self, Write};

use super::args::ExplainArgs;
use super::{CliError, config};
use crate::plan::{Plan, explain};
use crate::rule::Rule;

/// Explains one rule.
pub(super) fn run(args: &ExplainArgs) -> Result<u8, CliError> {
    let settings = config::settings(&args.reading)?;
    let rule = match &args.rule {
        None => Rule::builtin(),
        Some(path) => Rule::load(path),
    }
    .map_err(|error| CliError::new(error.to_string()))?;
    match Plan::compile(rule, &settings) {
        Ok((plan, warnings)) => {
            io::stdout().write_all(explain(&plan, &warnings).0.as_bytes())?;
            Ok(0)
        }
        Err(refusal) => {
            let rendered = refusal.rule.render(&refusal.findings, false);
            io::stderr().write_all(rendered.as_bytes())?;
            Ok(2)
        }
    }
}
