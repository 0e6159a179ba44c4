//! A table for people: one a rule, as wide as the terminal.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets};

use super::{RuleRow, text};
use crate::aggregate::{Evidence, Position};

/// The width where no terminal says one.
const WIDTH: u16 = 120;

pub(super) fn write<'a>(
    rows: impl Iterator<Item = RuleRow<'a>>,
    to: &mut dyn Write,
) -> io::Result<()> {
    let rows: Vec<_> = rows.collect();
    for group in rows.chunk_by(|a, b| std::ptr::eq(a.plan, b.plan)) {
        write_rule(group, to)?;
    }
    Ok(())
}

fn write_rule(rows: &[RuleRow<'_>], to: &mut dyn Write) -> io::Result<()> {
    let Some(first) = rows.first() else { return Ok(()) };
    let rule = &first.plan.rule;
    let plural = if rows.len() == 1 { "row" } else { "rows" };
    writeln!(to, "{}  {}  ({} {plural})", rule.id, text::printable(&rule.title), rows.len())?;
    let mut columns: Vec<&str> = Vec::new();
    for row in rows {
        for (name, _) in &row.row.columns {
            if !columns.contains(&name.as_str()) {
                columns.push(name);
            }
        }
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    if table.width().is_none() {
        table.set_width(WIDTH);
    }
    table.set_header(columns.iter().map(|name| text::printable(name)));
    for row in rows {
        let decimals = row.plan.program.decimals();
        table.add_row(columns.iter().map(|name| {
            let field = row.row.columns.iter().find(|(has, _)| has == name).map(|(_, f)| f);
            let values = field.map_or(&[][..], |field| field.values());
            let values: Vec<_> = values.iter().map(|v| text::value(v, decimals)).collect();
            text::printable(&values.join("\n")).into_owned()
        }));
    }
    writeln!(to, "{table}")?;
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| !row.row.evidence.is_empty()) {
        writeln!(to, "evidence of row {}:", at + 1)?;
        for evidence in &row.row.evidence {
            write_evidence(evidence, to)?;
        }
    }
    Ok(())
}

fn write_evidence(evidence: &Evidence, to: &mut dyn Write) -> io::Result<()> {
    let place = match evidence.position {
        Position::Offset(offset) => format!("offset {offset}"),
        Position::Record(record) => format!("record {record}"),
    };
    let time = evidence.time.map_or_else(|| "no time".to_owned(), |time| text::time(time, None));
    let strict = if evidence.strict { "" } else { "  (not under --strict)" };
    writeln!(to, "  {}  {place}  {time}{strict}", text::printable(&evidence.path))?;
    for line in text::printable(&evidence.raw).lines() {
        writeln!(to, "    {line}")?;
    }
    Ok(())
}
