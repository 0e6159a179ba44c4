//! `coldsweep explain`.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use super::args::{ExplainArgs, PageFormat};
use super::{CliError, config};
use crate::plan::page::{Page, Shared};
use crate::plan::{Plan, Settings};
use crate::report::{page_markdown, page_text, trace_text, write_skipped};
use crate::rule::{Rule, load_all};
use crate::scan::{EventTrace, Options, Severity, trace};

/// Explains one rule.
pub(super) fn run(args: &ExplainArgs) -> Result<u8, CliError> {
    let settings = config::settings(&args.reading, args.rule.as_slice())?;
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
    if !args.event.is_empty() {
        return trace_events(args, &plan, &settings);
    }
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

/// So many events are explained unless all are asked for.
const FIRST_EVENTS: usize = 20;

/// Says of each event what the rule makes of it, as soon as it is known.
fn trace_events(args: &ExplainArgs, plan: &Plan, settings: &Settings) -> Result<u8, CliError> {
    let options = Options {
        reading: settings.reading,
        timezone: settings.timezone.clone(),
        default_host: args.default_host.clone(),
        names: config::names(&args.names),
        input_format: args.input_format.map(config::input_format),
        ..Options::default()
    };
    let most = if args.all_events { usize::MAX } else { FIRST_EVENTS };
    // How many were written, whether there are more, and what went wrong with writing.
    let state = Mutex::new((0, false, Ok(())));
    let visit = |event: EventTrace| {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let (written, more, result) = &mut *state;
        if *written == most {
            *more = true;
            return false;
        }
        *written += 1;
        *result = write_trace(args.format, *written, &event);
        result.is_ok()
    };
    let outcome = trace(plan, &settings.cim, &args.event, &options, &visit)
        .map_err(|error| CliError::new(error.to_string()))?;
    let (written, more, result) = state.into_inner().unwrap_or_else(PoisonError::into_inner);
    result?;
    let mut stderr = io::stderr();
    write_skipped(&outcome, &mut stderr)?;
    if more {
        writeln!(
            stderr,
            "coldsweep: these are the first {written} events; --all-events shows all"
        )?;
    } else if written == 0 {
        writeln!(stderr, "coldsweep: there is no event in what was read")?;
    }
    let unreadable = outcome.skipped.iter().any(|skipped| skipped.severity == Severity::Error);
    Ok(if unreadable { 2 } else { 0 })
}

fn write_trace(format: PageFormat, number: usize, event: &EventTrace) -> io::Result<()> {
    let text = match format {
        PageFormat::Text => trace_text(number, event),
        PageFormat::Markdown => {
            let lines = trace_text(number, event);
            // Indented code needs no fence that the event could close.
            lines.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect()
        }
        PageFormat::Json => serde_json::to_string(event)? + "\n",
    };
    io::stdout().write_all(text.as_bytes())
}
