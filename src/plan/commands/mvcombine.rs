//! `mvcombine`: rows that are the same but for one field become one, which has all values of it
//! (Search Reference, mvcombine). It stands where the first of them stood; the values keep the order
//! of the rows.

use std::collections::HashMap;

use super::{Context, Held, Lowered, SetCommand};
use crate::spl::ast::Spanned;
use crate::value::Field;

#[derive(Debug)]
struct Mvcombine {
    field: String,
}

pub(super) fn lower(field: &Spanned<String>) -> Lowered {
    Lowered::Set(Box::new(Mvcombine { field: field.node.clone() }))
}

impl SetCommand for Mvcombine {
    fn apply(&self, rows: Vec<Held>, _: Context<'_>) -> Vec<Held> {
        let mut combined: Vec<Held> = Vec::new();
        let mut places: HashMap<Vec<(String, Vec<String>)>, usize> = HashMap::new();
        for (mut record, evidence) in rows {
            let Some(field) = record.take(&self.field) else {
                // A row without the field has nothing to combine.
                combined.push((record, evidence));
                continue;
            };
            let texts =
                |field: &Field| field.values().iter().map(|v| v.text().into_owned()).collect();
            let key = record.iter().map(|(name, field)| (name.to_owned(), texts(field))).collect();
            let at = *places.entry(key).or_insert(combined.len());
            match combined.get_mut(at) {
                Some((first, behind)) => {
                    let mut values = first.take(&self.field).map_or(Vec::new(), Field::into_values);
                    values.extend(field.into_values());
                    first.set(&self.field, Field::from_values(values));
                    behind.extend(evidence);
                    behind.sort_unstable();
                    behind.dedup();
                }
                None => {
                    record.set(&self.field, Some(field));
                    combined.push((record, evidence));
                }
            }
        }
        combined
    }
}
