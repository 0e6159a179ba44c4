//! `strcat`: fields and texts put together (Search Reference, strcat). A field that is missing
//! counts as the empty text, unless all are required.

use super::{Context, Lowered, RowCommand};
use crate::eval::row::Record;
use crate::spl::ast::{self, StrcatSource};
use crate::value::Field;

#[derive(Debug)]
struct Strcat {
    strcat: ast::Strcat,
}

pub(super) fn lower(strcat: &ast::Strcat) -> Lowered {
    Lowered::Row(Box::new(Strcat { strcat: strcat.clone() }))
}

impl RowCommand for Strcat {
    fn apply(&self, mut record: Record, _: Context<'_>) -> Option<Record> {
        let mut joined = String::new();
        for source in &self.strcat.sources {
            match source {
                StrcatSource::Text(text) => joined.push_str(text),
                StrcatSource::Field(name) => match record.get(&name.node) {
                    Some(field) => {
                        // Several values are joined by blanks, as where a field becomes one text.
                        let texts: Vec<_> = field.values().iter().map(|v| v.text()).collect();
                        joined.push_str(&texts.join(" "));
                    }
                    None if self.strcat.all_required => return Some(record),
                    None => {}
                },
            }
        }
        record.set(&self.strcat.target, Some(Field::text(joined)));
        Some(record)
    }
}
