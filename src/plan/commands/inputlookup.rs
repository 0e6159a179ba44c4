//! `inputlookup`: the rows of a lookup table (Search Reference, inputlookup). It looks at no event: a
//! search that starts with it is one that holds of none.

use std::sync::Arc;

use super::{Context, Held, Lowered, SetCommand};
use crate::eval::expr::Compiler;
use crate::eval::row::Record;
use crate::resources::Table;
use crate::spl::ast;
use crate::spl::codes;
use crate::spl::diagnostic::Diagnostic;
use crate::value::Field;

#[derive(Debug)]
struct Inputlookup {
    /// `None` where it is not given.
    table: Option<Arc<Table>>,
    start: usize,
    max: usize,
}

pub(super) fn lower(input: &ast::Inputlookup, compiler: &mut Compiler) -> Option<Lowered> {
    let (name, span) = (&input.name.node, input.name.span);
    let table = compiler.resources.lookup(name).cloned();
    if table.is_none() {
        let hint = format!("name its CSV file with --lookup {name}=FILE");
        let finding = if compiler.strict {
            let what =
                format!("the lookup `{name}` is not given, and Splunk refuses such a search");
            Diagnostic::error(codes::NO_LOOKUP, what, span)
        } else {
            let what = format!("the lookup `{name}` is not given: it has no rows here");
            Diagnostic::warning(codes::LOOKUP_NOT_GIVEN, what, span)
        };
        compiler.diagnostics.push(finding.with_hint(hint));
        if compiler.strict {
            return None;
        }
    }
    let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    Some(Lowered::Set(Box::new(Inputlookup {
        table,
        start: number(input.start),
        max: input.max.map_or(usize::MAX, number),
    })))
}

impl SetCommand for Inputlookup {
    fn apply(&self, mut rows: Vec<Held>, context: Context<'_>) -> Vec<Held> {
        let Some(table) = &self.table else { return rows };
        for row in (0..table.len()).skip(self.start).take(self.max) {
            let columns = table.columns().iter().enumerate();
            let cells = columns.filter(|(at, name)| table.column(name) == Some(*at));
            let fields = cells.filter_map(|(at, name)| {
                Some((name.clone(), Field::text(table.cell(row, at).filter(|_| !name.is_empty())?)))
            });
            let record = Record::new(fields);
            if !context.allowance.take(record.size()) {
                break;
            }
            rows.push((record, Vec::new()));
        }
        rows
    }
}
