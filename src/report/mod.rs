//! Final rows -> text: a table, JSON lines, JSON, CSV; and what is said about the sweep. The
//! only place that prints.

mod csv;
mod json;
mod stats;
mod summary;
mod table;
mod text;

use std::io::{self, Write};

pub use json::StatsJson;
pub use stats::write_stats;
pub use summary::{exit_status, write_skipped, write_summary};

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

/// One row with the rule it is of.
struct RuleRow<'a> {
    plan: &'a Plan,
    row: &'a FinalRow,
}

/// Every row, by rule and then in the rule's own order.
fn rows<'a>(plans: &'a [Plan], outcome: &'a Outcome) -> impl Iterator<Item = RuleRow<'a>> {
    let pairs = plans.iter().zip(&outcome.rows);
    pairs.flat_map(|(plan, rows)| rows.iter().map(move |row| RuleRow { plan, row }))
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
        OutputFormat::Table => table::write(rows(plans, outcome), to),
        OutputFormat::Jsonl => json::write_lines(rows(plans, outcome), to),
        OutputFormat::Json => json::write_array(rows(plans, outcome), to),
        OutputFormat::Csv => csv::write(rows(plans, outcome), to),
    }?;
    to.flush()
}
