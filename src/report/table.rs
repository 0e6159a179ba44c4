//! Rows for people: a table where it fits the terminal, else one block a row, a line a column.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, TableStyle, presets};

use super::{RuleRows, text};
use crate::aggregate::{Evidence, Position};
use crate::plan::FinalRow;

/// The width where neither a terminal nor `COLUMNS` says one.
const WIDTH: u16 = 120;

/// A column narrower than this is not worth wrapping into.
const NARROWEST: usize = 24;

pub(super) fn write<'a>(
    rules: impl Iterator<Item = RuleRows<'a>>,
    to: &mut dyn Write,
) -> io::Result<()> {
    for rule in rules.filter(|rule| !rule.rows.is_empty()) {
        write_rule(&rule, to)?;
    }
    Ok(())
}

fn write_rule(rule: &RuleRows<'_>, to: &mut dyn Write) -> io::Result<()> {
    let (id, title) = (&rule.plan.rule.id, &rule.plan.rule.title);
    let (id, title) = (text::printable(id), text::printable(title));
    writeln!(to, "{id}  {title}  ({})", text::counted(rule.rows.len(), "row"))?;
    let columns = rule.plan.program.columns(rule.rows);
    let decimals = rule.plan.program.decimals();
    let cell =
        |row: &FinalRow, name: &str| text::printable(&text::cell(row, name, decimals)).into_owned();
    let cells: Vec<Vec<String>> =
        rule.rows.iter().map(|row| columns.iter().map(|name| cell(row, name)).collect()).collect();
    if fits(&columns, &cells) {
        write_table(&columns, &cells, to)?;
        for (at, row) in rule.rows.iter().enumerate().filter(|(_, row)| !row.evidence.is_empty()) {
            writeln!(to, "evidence of row {}:", at + 1)?;
            write_evidence(&row.evidence, to)?;
        }
    } else {
        let by = rule.plan.program.stats().map_or(&[][..], |stats| &stats.by);
        for (row, cells) in rule.rows.iter().zip(&cells) {
            write_block(row, by, &columns, cells, to)?;
        }
    }
    writeln!(to)
}

fn new_table(style: TableStyle) -> Table {
    let mut table = Table::new();
    table.load_style(style);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    if table.width().is_none() {
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        table.set_width(columns.filter(|&columns| columns > 0).unwrap_or(WIDTH));
    }
    table
}

/// Whether a table of these cells is worth looking at: every column has its width, or enough to
/// wrap in.
fn fits(columns: &[String], cells: &[Vec<String>]) -> bool {
    let width = usize::from(new_table(presets::NOTHING).width().unwrap_or(WIDTH));
    let longest = |at: usize| {
        let lines = cells.iter().flat_map(|row| row[at].lines()).chain([columns[at].as_str()]);
        lines.map(|line| line.chars().count()).max().unwrap_or(0)
    };
    let needed: usize = (0..columns.len()).map(|at| longest(at).min(NARROWEST) + 3).sum();
    needed < width
}

fn write_table(columns: &[String], cells: &[Vec<String>], to: &mut dyn Write) -> io::Result<()> {
    let mut table = new_table(presets::UTF8_FULL_CONDENSED);
    table.set_header(columns.iter().map(|name| text::printable(name)));
    for row in cells {
        table.add_row(row);
    }
    writeln!(to, "{table}")
}

/// One row: the by-fields as its heading, then a line a column.
fn write_block(
    row: &FinalRow,
    by: &[String],
    columns: &[String],
    cells: &[String],
    to: &mut dyn Write,
) -> io::Result<()> {
    let is_by = |name: &str| by.iter().any(|by| by == name);
    let pairs = || columns.iter().zip(cells).filter(|(_, cell)| !cell.is_empty());
    let heading: Vec<_> =
        pairs().filter(|(name, _)| is_by(name)).map(|(_, cell)| cell.as_str()).collect();
    writeln!(to, "\n{}", heading.join("  "))?;
    let mut table = new_table(presets::NOTHING);
    for (name, cell) in pairs().filter(|(name, _)| !is_by(name)) {
        table.add_row([text::printable(name).into_owned(), cell.clone()]);
    }
    if table.row_count() > 0 {
        writeln!(to, "{}", table.trim_fmt())?;
    }
    write_evidence(&row.evidence, to)
}

fn write_evidence(evidence: &[Evidence], to: &mut dyn Write) -> io::Result<()> {
    for event in evidence {
        let place = match event.position {
            Position::Offset(offset) => format!("offset {offset}"),
            Position::Record(record) => format!("record {record}"),
        };
        let time = event.time.map_or_else(|| "no time".to_owned(), |time| text::time(time, None));
        let strict = if event.strict { "" } else { "  (not under --strict)" };
        writeln!(to, "  {}  {place}  {time}{strict}", text::printable(&event.path))?;
        for line in text::printable(&event.raw).lines() {
            writeln!(to, "    {line}")?;
        }
    }
    Ok(())
}
