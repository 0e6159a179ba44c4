//! Raw fields -> the fields of Splunk's Common Information Model, as tables a user can read
//! (`windows.toml`) and extend with a file of the same form.

mod expr;
mod table;

use std::path::Path;

use crate::event::{Event, Format};
use crate::reading::{Accommodation, Reading};
use crate::value::{Field, Value};

pub use table::CimError;
use table::Table;

/// The mapping tables in force.
#[derive(Debug, Clone)]
pub struct Cim {
    tables: Vec<Table>,
    messages: Vec<table::Message>,
}

impl Cim {
    /// The tables that come with the program.
    ///
    /// # Panics
    /// Never: a test reads the embedded file.
    #[must_use]
    pub fn builtin() -> Self {
        let (tables, messages) = table::parse(include_str!("windows.toml"))
            .unwrap_or_else(|error| unreachable!("the embedded tables are valid: {error}"));
        Self { tables, messages }
    }

    /// Adds the tables of a user's file after those already there, so that they win.
    ///
    /// # Errors
    /// When the file cannot be read or is not of the form of `windows.toml`.
    pub fn extend_from_file(&mut self, path: &Path) -> Result<(), CimError> {
        let text = std::fs::read_to_string(path).map_err(|error| CimError::in_file(path, error))?;
        let (tables, messages) =
            table::parse(&text).map_err(|error| CimError::in_file(path, error))?;
        self.tables.extend(tables);
        self.messages.extend(messages);
        Ok(())
    }

    /// The tables that apply to one event under one reading.
    #[must_use]
    pub fn view<'a>(&'a self, event: &'a Event<'a>, reading: Reading) -> CimView<'a> {
        let tables = self
            .tables
            .iter()
            .filter(|table| table.accommodation.is_none_or(|a| reading.has(a)))
            .filter(|table| table.when.holds(event))
            .collect();
        CimView { cim: self, tables, event, reading }
    }

    /// The constant texts that may stand in, or beside, the pieces of raw text that make up the
    /// field `name` of an event in `format`: a literal of the field is in the event's bytes only
    /// if no part of it can come from one of these. See [`survives`].
    #[must_use]
    pub fn constants(&self, name: &str, format: Format) -> Vec<Constant<'_>> {
        let mut constants = Vec::new();
        for alias in self.spellings(name) {
            for table in self.tables.iter().filter(|table| table.when.may_hold_for(format)) {
                if let Some(expr) = table.fields.get(alias) {
                    expr.constants(self, &mut constants);
                }
            }
        }
        constants
    }

    /// What the field `name` of an event in one of `formats` is made with beside pieces of its bytes;
    /// `None` where pieces may stand side by side that are apart in the bytes, or where the value
    /// may come from elsewhere. White space, of which a value may be given more, is not among it.
    #[must_use]
    pub fn edges(&self, name: &str, formats: &[Format]) -> Option<Edges> {
        let mut edges = Edges::default();
        for alias in self.spellings(name) {
            let may_hold = |table: &&Table| formats.iter().any(|f| table.when.may_hold_for(*f));
            for table in self.tables.iter().filter(may_hold) {
                if let Some(expr) = table.fields.get(alias) {
                    expr.edges(self, &mut edges)?;
                }
            }
        }
        Some(edges)
    }

    fn spellings<'n>(&self, name: &'n str) -> impl Iterator<Item = &'n str> + use<'n> {
        [Some(name), (name == "message").then_some("Message")].into_iter().flatten()
    }

    /// Whether the field `name` is nothing but a copy of the raw field `of`, wherever a table sets
    /// it, but for `WinHostMon`.
    #[must_use]
    pub fn copies(&self, name: &str, of: &str) -> bool {
        let tables = self.tables.iter().filter(|table| table.when.may_hold_for_others());
        tables.filter_map(|table| table.fields.get(name)).all(|expr| expr.is_raw(of))
    }

    /// Whether a table sets the field `name` of some events of a kind of source, as the built-in
    /// macros name kinds (`sysmon`, `powershell`, `winevent`, `windows`), under a reading.
    #[must_use]
    pub fn sets_for_kind(&self, name: &str, kind: &str, reading: Reading) -> bool {
        self.setting(name, reading).any(|table| table.when.may_hold_for_kind(kind))
    }

    /// Whether tables that go by the format alone set the field `name`: of all events of a kind of
    /// source, then, as far as these have the raw fields.
    #[must_use]
    pub fn sets_for_all_of_kind(&self, name: &str, kind: &str, reading: Reading) -> bool {
        let mut tables = self.setting(name, reading);
        tables.any(|table| table.when.goes_by_format() && table.when.may_hold_for_kind(kind))
    }

    /// The tables in force under a reading that set the field `name`.
    fn setting<'c>(&'c self, name: &'c str, reading: Reading) -> impl Iterator<Item = &'c Table> {
        self.tables.iter().filter(move |table| {
            table.fields.contains_key(name) && table.accommodation.is_none_or(|a| reading.has(a))
        })
    }

    /// Whether any table sets the field `name`.
    #[must_use]
    pub fn sets(&self, name: &str) -> bool {
        self.tables.iter().any(|table| table.fields.contains_key(name))
    }
}

/// What the values of a field are made with beside pieces of an event's bytes, white space apart:
/// it stands only at the start or at the end of a word that holds a piece.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edges {
    /// The characters that may be put before a piece.
    pub before: Vec<char>,
    /// The characters that may be put behind a piece.
    pub behind: Vec<char>,
    /// Whole constants, which may be all of a value.
    pub constants: Vec<String>,
}

/// A constant text in a field's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Constant<'c> {
    /// The text.
    pub text: &'c str,
    /// Whether raw text may stand before it.
    pub follows_raw: bool,
    /// Whether raw text may stand after it.
    pub precedes_raw: bool,
}

impl<'c> Constant<'c> {
    /// A constant between two raw pieces.
    #[must_use]
    pub const fn between(text: &'c str) -> Self {
        Self { text, follows_raw: true, precedes_raw: true }
    }

    /// A constant that is the whole value.
    #[must_use]
    pub const fn alone(text: &'c str) -> Self {
        Self { text, follows_raw: false, precedes_raw: false }
    }

    /// Whether some part of a literal's match can lie in this constant.
    fn may_hold_part_of(self, literal: &str) -> bool {
        let constant = self.text.to_ascii_lowercase();
        if constant.is_empty() {
            return false;
        }
        let ends_in = self.follows_raw
            && literal.char_indices().skip(1).any(|(at, _)| constant.starts_with(&literal[at..]));
        let starts_in = self.precedes_raw
            && constant.char_indices().skip(1).any(|(at, _)| literal.starts_with(&constant[at..]));
        let head = self.precedes_raw && literal.starts_with(&constant);
        let tail = self.follows_raw && literal.ends_with(&constant);
        let spans = self.follows_raw && self.precedes_raw && literal.contains(&constant);
        constant.contains(literal) || ends_in || starts_in || head || tail || spans
    }
}

/// Whether a literal that stands in a value made of raw pieces and `constants` must stand whole
/// in one of the raw pieces. ASCII case is passed over.
#[must_use]
pub fn survives(literal: &str, constants: &[Constant<'_>]) -> bool {
    let literal = literal.to_ascii_lowercase();
    !constants.iter().any(|constant| constant.may_hold_part_of(&literal))
}

/// The mapping tables that apply to one event.
#[derive(Debug)]
pub struct CimView<'a> {
    cim: &'a Cim,
    tables: Vec<&'a Table>,
    event: &'a Event<'a>,
    reading: Reading,
}

impl CimView<'_> {
    /// The field `name`: from the last table that sets it, else the raw field of that name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Field> {
        let own = self.own(name);
        if own.is_none() && name == "message" && self.reading.has(Accommodation::MessageCase) {
            return self.own("Message");
        }
        own
    }

    fn own(&self, name: &str) -> Option<Field> {
        match self.tables.iter().rev().find_map(|table| table.fields.get(name)) {
            Some(expr) => Field::from_values(
                expr.values(self).into_iter().map(|text| Value::Text(text.into_owned())).collect(),
            ),
            None => Field::from_values(self.event.fields.all(name).map(Value::from).collect()),
        }
    }

    /// Calls `visit` with the name of every field that may have a value, in no order, some more
    /// than once.
    pub fn each_name(&self, visit: &mut dyn FnMut(&str)) {
        let own = self.event.fields.iter().map(|(name, _)| name);
        let mapped = self.tables.iter().flat_map(|table| table.fields.keys().map(String::as_str));
        let alias = self.reading.has(Accommodation::MessageCase);
        for name in own.chain(mapped) {
            visit(name);
            if alias && name == "Message" {
                visit("message");
            }
        }
    }
}

#[cfg(test)]
mod tests;
