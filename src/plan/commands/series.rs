//! `xyseries`: rows of (row, column, value) become a table; `untable`: a table becomes such rows
//! (Search Reference, xyseries and untable).

use std::collections::BTreeMap;

use super::{Context, Held, Lowered, SetCommand};
use crate::aggregate::Evidence;
use crate::eval::row::Record;
use crate::spl::ast;
use crate::value::Field;

#[derive(Debug)]
struct Xyseries(ast::Series);

#[derive(Debug)]
struct Untable(ast::Series);

pub(super) fn lower_xyseries(series: &ast::Series) -> Lowered {
    Lowered::Set(Box::new(Xyseries(series.clone())))
}

pub(super) fn lower_untable(series: &ast::Series) -> Lowered {
    Lowered::Set(Box::new(Untable(series.clone())))
}

/// The columns of the rows that `untable` makes.
pub(super) fn untable_columns(series: &ast::Series) -> Vec<String> {
    [&series.row, &series.column, &series.value].map(|field| field.node.clone()).to_vec()
}

impl SetCommand for Xyseries {
    /// A row for each value of the first field, in the order of first sight; of two values for one
    /// place the later counts. What lacks the first or second field is in no place.
    fn apply(&self, rows: Vec<Held>, _: Context<'_>) -> Vec<Held> {
        let Self(ast::Series { row, column, value }) = self;
        let mut table: Vec<Held> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for (mut record, evidence) in rows {
            let (Some(key), Some(name)) = (record.take(&row.node), record.take(&column.node))
            else {
                continue;
            };
            let at = *places.entry(joined(&key)).or_insert(table.len());
            if at == table.len() {
                table.push((Record::new([(row.node.clone(), key)]), Vec::new()));
            }
            let Some((line, behind)) = table.get_mut(at) else { continue };
            if let Some(cell) = record.take(&value.node) {
                line.set(&joined(&name), Some(cell));
            }
            behind.extend(evidence);
            behind.sort_unstable();
            behind.dedup();
        }
        table
    }
}

impl SetCommand for Untable {
    /// A row for each field that a row has beside the first, in the order of names.
    fn apply(&self, rows: Vec<Held>, context: Context<'_>) -> Vec<Held> {
        let Self(ast::Series { row, column, value }) = self;
        let mut list = Vec::new();
        for (mut record, evidence) in rows {
            let Some(key) = record.take(&row.node) else { continue };
            let behind: usize = evidence.iter().map(Evidence::size).sum();
            for (name, cell) in record.into_fields().filter(|(name, _)| !name.starts_with('_')) {
                if !context.allowance.take(key.size() + behind + name.len()) {
                    return list;
                }
                let fields = [
                    (row.node.clone(), key.clone()),
                    (column.node.clone(), Field::text(name)),
                    (value.node.clone(), cell),
                ];
                list.push((Record::new(fields), evidence.clone()));
            }
        }
        list
    }
}

fn joined(field: &Field) -> String {
    let texts: Vec<_> = field.values().iter().map(|value| value.text()).collect();
    texts.join(" ")
}
