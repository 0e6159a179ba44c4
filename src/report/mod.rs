//! Final rows -> text: a table, JSON lines, JSON, CSV; and what is said about the sweep. The
//! only place that prints.

mod csv;
mod json;
mod navigator;
mod page;
mod stats;
mod summary;
mod table;
mod text;
mod trace;

use std::io::{self, Write};

pub use json::StatsJson;
pub use navigator::Layer;
pub use page::{page_markdown, page_text};
pub use stats::write_stats;
pub use summary::{exit_status, write_lacks, write_skipped, write_summary};
pub(crate) use text::{counted, printable};
pub use trace::trace_text;

use crate::plan::{FinalRow, Plan};
use crate::scan::Outcome;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum OutputFormat {
    /// A table for people.
    Table,
    /// One JSON object a line.
    Jsonl,
    /// One JSON array.
    Json,
    /// Comma-separated values with a header line.
    Csv,
}

/// The rows of one rule.
struct RuleRows<'a> {
    plan: &'a Plan,
    rows: &'a [FinalRow],
}

/// Every rule with its rows, in the order of the rules.
fn rules<'a>(plans: &'a [Plan], outcome: &'a Outcome) -> impl Iterator<Item = RuleRows<'a>> {
    plans.iter().zip(&outcome.rows).map(|(plan, rows)| RuleRows { plan, rows })
}

/// Writes the rows of a sweep.
///
/// # Errors
/// When writing fails.
pub fn write_rows(
    format: OutputFormat,
    plans: &[Plan],
    outcome: &Outcome,
    to: &mut dyn Write,
) -> io::Result<()> {
    match format {
        OutputFormat::Table => table::write(rules(plans, outcome), to),
        OutputFormat::Jsonl => json::write_lines(rules(plans, outcome), to),
        OutputFormat::Json => json::write_array(rules(plans, outcome), to),
        OutputFormat::Csv => csv::write(rules(plans, outcome), to),
    }?;
    to.flush()
}
