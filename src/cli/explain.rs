//! `coldsweep explain`.

use std::io::{self, Write};

use super::args::{ExplainArgs, PageFormat};
use super::{CliError, config};
use crate::plan::page::{Page, Shared};
use crate::plan::{Plan, Settings};
use crate::report::{page_markdown, page_text};
use crate::rule::{Rule, load_all};

/// Explains one rule.
pub(super) fn run(args: &ExplainArgs) -> Result<u8, CliError> {
    let settings = config::settings(&args.reading)?;
    let rule = match &args.rule {
        None => Rule::builtin(),
        Some(path) => Rule::load(path),
    }
    .map_err(|error| CliError::new(error.to_string()))?;
    let (plan, warnings) = match Plan::compile(rule, &settings) {
        Ok(compiled) => compiled,
        Err(refusal) => {
            let rendered = refusal.rule.render(&refusal.findings, false);
            io::stderr().write_all(rendered.as_bytes())?;
            return Ok(2);
        }
    };
    let shared = shared(args, &plan, &settings)?;
    let page = Page::new(&plan, &settings.macros, &warnings, shared.as_ref());
    let text = match args.format {
        PageFormat::Text => page_text(&page),
        PageFormat::Markdown => page_markdown(&page),
        PageFormat::Json => serde_json::to_string_pretty(&page).map_err(io::Error::from)? + "\n",
    };
    io::stdout().write_all(text.as_bytes())?;
    Ok(0)
}

/// What the rules of a catalog look for, where one is given.
fn shared(
    args: &ExplainArgs,
    plan: &Plan,
    settings: &Settings,
) -> Result<Option<Shared>, CliError> {
    if args.rules.is_empty() {
        return Ok(None);
    }
    let catalog = load_all(&args.rules);
    for error in &catalog.errors {
        writeln!(io::stderr(), "error: {error}")?;
    }
    Ok(Some(Shared::of(&catalog.rules, &plan.rule, &settings.macros)))
}
