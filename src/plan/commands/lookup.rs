//! `lookup`: fields from the rows of a table that match (SPLUNK.md 4, lookup): values must be equal,
//! case included. A lookup whose table is not given leaves rows as they are.

use std::sync::Arc;

use super::{Context, Lowered, RowCommand};
use crate::eval::expr::Compiler;
use crate::eval::row::Record;
use crate::resources::{Index, Table};
use crate::spl::ast::{self, ColumnField};
use crate::spl::codes;
use crate::spl::diagnostic::Diagnostic;
use crate::value::{Field, Value};

/// How many rows of a table one row can match: `max_matches` of transforms.conf.spec, whose default
/// without a time field is 1000. They are the first in the order of the file.
const MAX_MATCHES: usize = 1000;

/// The lookup that asks a name server in stock Splunk (transforms.conf).
const DNS: &str = "dnslookup";

/// Looks rows up in a table.
#[derive(Debug)]
struct Lookup {
    table: Arc<Table>,
    /// The rows of the table by the first of the columns that must match.
    index: Arc<Index>,
    /// The columns that must match, and the fields they must equal.
    matches: Vec<(usize, String)>,
    /// The columns that fill fields.
    output: Vec<(usize, String)>,
    /// Whether fields that have a value keep it.
    keeps: bool,
}

/// Leaves rows as they are.
#[derive(Debug)]
pub(super) struct Nothing;

impl RowCommand for Nothing {
    fn apply(&self, record: Record, _: Context<'_>) -> Option<Record> {
        Some(record)
    }
}

pub(super) fn lower(lookup: &ast::Lookup, compiler: &mut Compiler) -> Option<Lowered> {
    let Some(table) = compiler.resources.lookup(&lookup.name.node).cloned() else {
        let finding = not_given(lookup, compiler.strict);
        let is_warning = finding.code != codes::NO_LOOKUP;
        compiler.diagnostics.push(finding);
        return is_warning.then(|| Lowered::Row(Box::new(Nothing)));
    };
    let mut columns = |list: &[ColumnField]| -> Option<Vec<(usize, String)>> {
        let columns = list.iter().map(|one| match table.column(&one.column.node) {
            Some(column) => Some((column, one.field.clone())),
            None => {
                compiler.diagnostics.push(no_column(one, &table));
                None
            }
        });
        // All that are missing are told at once.
        columns.collect::<Vec<_>>().into_iter().collect()
    };
    let matches = columns(&lookup.matches);
    let output = match &lookup.output {
        Some(list) => columns(list),
        None => matches.as_ref().map(|matches| others(&table, matches)),
    };
    let (matches, output) = (matches?, output?);
    let index = table.index(matches.first()?.0);
    Some(Lowered::Row(Box::new(Lookup { table, index, matches, output, keeps: lookup.keeps })))
}

/// The columns that are not matched, each for the field of its name.
fn others(table: &Table, matches: &[(usize, String)]) -> Vec<(usize, String)> {
    let columns = table.columns().iter().enumerate();
    let others = columns.filter(|(at, name)| {
        !name.is_empty()
            && matches.iter().all(|(column, _)| table.columns().get(*column) != Some(*name))
            && table.column(name) == Some(*at)
    });
    others.map(|(at, name)| (at, name.clone())).collect()
}

fn not_given(lookup: &ast::Lookup, strict: bool) -> Diagnostic {
    let (name, span) = (&lookup.name.node, lookup.name.span);
    let hint = format!("name its CSV file with --lookup {name}=FILE");
    if name == DNS {
        let message = "`dnslookup` asks no name server here: the fields it fills stay as they are";
        return Diagnostic::warning(codes::NO_NAME_SERVER, message, span)
            .with_hint("names known by now can be given as a CSV file: --lookup dnslookup=FILE");
    }
    if strict {
        let message = format!("the lookup `{name}` is not given, and Splunk refuses such a search");
        return Diagnostic::error(codes::NO_LOOKUP, message, span).with_hint(hint);
    }
    let message = format!("the lookup `{name}` is not given: the fields it fills stay as they are");
    Diagnostic::warning(codes::LOOKUP_NOT_GIVEN, message, span).with_hint(hint)
}

fn no_column(wanted: &ColumnField, table: &Table) -> Diagnostic {
    const SHOWN: usize = 20;
    let known: Vec<_> = table.columns().iter().take(SHOWN).map(String::as_str).collect();
    Diagnostic::error(
        codes::NO_COLUMN,
        format!("the lookup table has no column `{}`", wanted.column.node),
        wanted.column.span,
    )
    .with_hint(format!("it has {}", known.join(", ")))
}

impl RowCommand for Lookup {
    fn apply(&self, mut record: Record, _: Context<'_>) -> Option<Record> {
        let rows = self.rows(&record);
        if rows.is_empty() {
            return Some(record);
        }
        for (column, field) in &self.output {
            if self.keeps && record.get(field).is_some() {
                continue;
            }
            let cells = rows.iter().filter_map(|&row| self.table.cell(row, *column));
            if let Some(found) = Field::from_values(cells.map(Value::from).collect()) {
                record.set(field, Some(found));
            }
        }
        Some(record)
    }
}

impl Lookup {
    /// The rows of the table that match, in the order of the file. Of a field with several values
    /// any may match (inferred).
    fn rows(&self, record: &Record) -> Vec<usize> {
        let Some(((_, first), others)) = self.matches.split_first() else { return Vec::new() };
        let Some(first) = record.get(first) else { return Vec::new() };
        let mut rows = Vec::new();
        for value in first.values() {
            let found = self.index.rows(&value.text()).iter().copied();
            let found = found.filter(|&row| {
                others.iter().all(|(column, field)| self.equals(row, *column, record, field))
            });
            rows.extend(found.take(MAX_MATCHES));
            // However many values there are, the rows stay few.
            if rows.len() > MAX_MATCHES {
                first_of(&mut rows);
            }
        }
        first_of(&mut rows);
        rows
    }

    fn equals(&self, row: usize, column: usize, record: &Record, field: &str) -> bool {
        let (Some(cell), Some(field)) = (self.table.cell(row, column), record.get(field)) else {
            return false;
        };
        field.values().iter().any(|value| value.text() == cell)
    }
}

/// Keeps the first rows in the order of the file, each once.
fn first_of(rows: &mut Vec<usize>) {
    rows.sort_unstable();
    rows.dedup();
    rows.truncate(MAX_MATCHES);
}
