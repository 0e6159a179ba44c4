//! `makemv`: several values of one (Search Reference, makemv).

use super::{Context, Lowered, RowCommand};
use crate::eval::expr::{Compiler, PlacedRegex};
use crate::eval::row::{Record, Scratch};
use crate::spl::ast::{self, Split};
use crate::spl::codes;
use crate::spl::diagnostic::Diagnostic;
use crate::value::{Field, Value};

/// How many values one value becomes at most: the last holds what is left. With a tokenizer what is
/// left is passed over.
const MAX_VALUES: usize = 100_000;

#[derive(Debug)]
struct Makemv {
    field: String,
    splitter: Splitter,
    allow_empty: bool,
}

#[derive(Debug)]
enum Splitter {
    Delimiter(String),
    Tokenizer(PlacedRegex),
}

pub(super) fn lower(makemv: &ast::Makemv, compiler: &mut Compiler) -> Option<Lowered> {
    let splitter = match &makemv.split {
        Split::Delimiter(text) => Splitter::Delimiter(text.clone()),
        Split::Tokenizer(pattern) => {
            let regex = compiler.regex(&pattern.node, pattern.span)?;
            if regex.regex().group_names().len() < 2 {
                let message = "this regex has no group, so `makemv` has no values to take";
                let finding = Diagnostic::error(codes::NO_NAMED_GROUP, message, pattern.span);
                compiler.diagnostics.push(finding.with_hint("put what is a value in parentheses"));
                return None;
            }
            Splitter::Tokenizer(regex)
        }
    };
    let (field, allow_empty) = (makemv.field.clone(), makemv.allow_empty);
    Some(Lowered::Row(Box::new(Makemv { field, splitter, allow_empty })))
}

impl RowCommand for Makemv {
    fn apply(&self, mut record: Record, context: Context<'_>) -> Option<Record> {
        let Some(field) = record.get(&self.field) else { return Some(record) };
        let mut values = Vec::new();
        for value in field.values() {
            self.split(&value.text(), context.scratch, &mut values);
        }
        record.set(&self.field, Field::from_values(values));
        Some(record)
    }
}

impl Makemv {
    fn split(&self, text: &str, scratch: &Scratch, values: &mut Vec<Value>) {
        let left = MAX_VALUES.saturating_sub(values.len()).max(1);
        match &self.splitter {
            Splitter::Delimiter(delimiter) => {
                let parts = text.splitn(left, delimiter.as_str());
                values.extend(
                    parts.filter(|part| self.allow_empty || !part.is_empty()).map(Value::from),
                );
            }
            Splitter::Tokenizer(regex) => regex.each_match(text, scratch, &mut |captures| {
                let found =
                    captures.text(1, text).filter(|part| self.allow_empty || !part.is_empty());
                values.extend(found.map(Value::from));
                values.len() < MAX_VALUES
            }),
        }
    }
}
