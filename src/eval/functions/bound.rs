//! One field seen as one of its values: what `mvfilter` and `mvmap` evaluate their expression on.

use std::borrow::Cow;

use super::Arguments;
use crate::eval::row::{RawText, Row};
use crate::spl::ast;
use crate::value::{Field, Value};

/// A row whose field `name` has the one value `value`.
pub(super) struct Bound<'b> {
    pub(super) row: &'b dyn Row,
    pub(super) name: &'b str,
    pub(super) value: Field,
}

impl<'b> Bound<'b> {
    pub(super) fn new(row: &'b dyn Row, name: &'b str, value: Value) -> Self {
        Self { row, name, value: Field::One(value) }
    }
}

impl Row for Bound<'_> {
    fn field(&self, name: &str) -> Option<Cow<'_, Field>> {
        if name == self.name { Some(Cow::Borrowed(&self.value)) } else { self.row.field(name) }
    }

    fn raw(&self) -> Option<&RawText<'_>> {
        self.row.raw()
    }

    fn has_own_id(&self, id: u32) -> bool {
        self.row.has_own_id(id)
    }
}

/// The fields that the argument at `place` names, each once.
pub(super) fn fields(arguments: &Arguments<'_>, place: usize) -> Vec<String> {
    let mut fields = Vec::new();
    if let Some(written) = arguments.1.arguments.get(place) {
        ast::each_field(written, &mut |name| {
            if !fields.iter().any(|known| known == name) {
                fields.push(name.to_owned());
            }
        });
    }
    fields
}
