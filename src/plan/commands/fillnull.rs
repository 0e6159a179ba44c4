//! `fillnull`: a value for fields that a row lacks (SPLUNK.md 4, fillnull).

use std::collections::BTreeSet;

use super::{Context, Held, Lowered, RowCommand, SetCommand};
use crate::eval::row::Record;
use crate::spl::ast;
use crate::value::Field;

/// Fills fields by name.
#[derive(Debug)]
struct Fill {
    value: Field,
    fields: Vec<String>,
}

/// Fills every field that any row has.
#[derive(Debug)]
struct FillAll {
    value: Field,
}

pub(super) fn lower(fillnull: &ast::Fillnull) -> Lowered {
    let value = Field::text(fillnull.value.as_str());
    if fillnull.list.is_empty() {
        return Lowered::Set(Box::new(FillAll { value }));
    }
    let fields = fillnull.list.iter().map(|field| field.node.clone()).collect();
    Lowered::Row(Box::new(Fill { value, fields }))
}

fn fill(record: &mut Record, name: &str, value: &Field) {
    if record.get(name).is_none() {
        record.set(name, Some(value.clone()));
    }
}

impl RowCommand for Fill {
    fn apply(&self, mut record: Record, _: Context<'_>) -> Option<Record> {
        self.fields.iter().for_each(|name| fill(&mut record, name, &self.value));
        Some(record)
    }
}

impl SetCommand for FillAll {
    fn apply(&self, mut rows: Vec<Held>, _: Context<'_>) -> Vec<Held> {
        let names: BTreeSet<String> = rows
            .iter()
            .flat_map(|(record, _)| record.iter().map(|(name, _)| name.to_owned()))
            .collect();
        for (record, _) in &mut rows {
            names.iter().for_each(|name| fill(record, name, &self.value));
        }
        rows
    }
}
