//! `nomv`: one value of several, a line each (Search Reference, nomv).

use super::{Context, Lowered, RowCommand};
use crate::eval::row::Record;
use crate::spl::ast::Spanned;
use crate::value::Field;

#[derive(Debug)]
struct Nomv {
    field: String,
}

pub(super) fn lower(field: &Spanned<String>) -> Lowered {
    Lowered::Row(Box::new(Nomv { field: field.node.clone() }))
}

impl RowCommand for Nomv {
    fn apply(&self, mut record: Record, _: Context<'_>) -> Option<Record> {
        if let Some(Field::Many(values)) = record.get(&self.field) {
            let texts: Vec<_> = values.iter().map(|value| value.text()).collect();
            let joined = texts.join("\n");
            record.set(&self.field, Some(Field::text(joined)));
        }
        Some(record)
    }
}
