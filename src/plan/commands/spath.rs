//! `spath`: fields out of JSON (Search Reference, spath). Text that is no JSON gives none; XML is not
//! read. Without a path all of the text counts, where Splunk stops after 5,000 bytes.

use super::{Context, Lowered, RowCommand};
use crate::eval::functions::{all_json, json_at};
use crate::eval::row::Record;
use crate::spl::ast;
use crate::value::Field;

#[derive(Debug)]
struct Spath(ast::Spath);

pub(super) fn lower(spath: &ast::Spath) -> Lowered {
    Lowered::Row(Box::new(Spath(spath.clone())))
}

impl RowCommand for Spath {
    fn apply(&self, mut record: Record, _: Context<'_>) -> Option<Record> {
        let Some(input) = record.get(&self.0.input) else { return Some(record) };
        let texts: Vec<_> = input.values().iter().map(|v| v.text().into_owned()).collect();
        match &self.0.path {
            Some((path, output)) => {
                let values: Vec<_> = texts.iter().flat_map(|text| json_at(text, path)).collect();
                if let Some(field) = Field::from_values(values) {
                    record.set(output, Some(field));
                }
            }
            None => {
                for (name, values) in texts.iter().flat_map(|text| all_json(text)) {
                    record.set(&name, Field::from_values(values));
                }
            }
        }
        Some(record)
    }
}
