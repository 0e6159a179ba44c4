//! `filldown`: a field that a row lacks gets the value of the row before that has one (Search
//! Reference, filldown).

use std::collections::BTreeMap;

use super::{Context, Held, Lowered, SetCommand};
use crate::eval::glob::Glob;
use crate::plan::physical::selects;
use crate::spl::ast::FieldPattern;
use crate::value::Field;

#[derive(Debug)]
struct Filldown {
    /// The fields, all of them where none is named.
    list: Vec<Glob>,
}

pub(super) fn lower(list: &[FieldPattern]) -> Lowered {
    let list = if list.is_empty() {
        vec![Glob::new("*")]
    } else {
        list.iter().map(|field| Glob::new(&field.node)).collect()
    };
    Lowered::Set(Box::new(Filldown { list }))
}

impl SetCommand for Filldown {
    fn apply(&self, mut rows: Vec<Held>, context: Context<'_>) -> Vec<Held> {
        let mut last: BTreeMap<String, Field> = BTreeMap::new();
        for at in 0..rows.len() {
            let Some((record, _)) = rows.get_mut(at) else { break };
            for (name, field) in &last {
                if record.get(name).is_none() {
                    if !context.allowance.take(name.len() + field.size()) {
                        rows.truncate(at);
                        return rows;
                    }
                    record.set(name, Some(field.clone()));
                }
            }
            for (name, field) in record.iter().filter(|(name, _)| selects(&self.list, name)) {
                if last.get(name) != Some(field) {
                    last.insert(name.to_owned(), field.clone());
                }
            }
        }
        rows
    }
}
