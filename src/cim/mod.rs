//! Raw fields -> the fields of Splunk's Common Information Model, as tables a user can read
//! and extend with a file of the same form: one a family of sources, `windows.toml` first.

mod expr;
mod table;

use std::cell::Cell;
use std::path::Path;

use crate::event::{Event, Format};
use crate::reading::{Accommodation, Reading};
use crate::value::{Field, Value};

pub use table::CimError;
use table::Table;

/// The tables that come with the program, one file a family of sources.
const FILES: &[&str] = &[
    include_str!("windows.toml"),
    include_str!("aws.toml"),
    include_str!("microsoft.toml"),
    include_str!("okta.toml"),
    include_str!("auth0.toml"),
    include_str!("google.toml"),
    include_str!("edr.toml"),
    include_str!("application.toml"),
    include_str!("unix.toml"),
    include_str!("web.toml"),
];

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
    /// Never: a test reads the embedded files.
    #[must_use]
    pub fn builtin() -> Self {
        let mut all = Self { tables: Vec::new(), messages: Vec::new() };
        for file in FILES {
            let (tables, messages) = table::parse(file)
                .unwrap_or_else(|error| unreachable!("the embedded tables are valid: {error}"));
            all.tables.extend(tables);
            all.messages.extend(messages);
        }
        all
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
        CimView { cim: self, tables, event, reading, asked: Cell::new(false) }
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
    /// Whether what was asked for depends on an accommodation of the reading.
    asked: Cell<bool>,
}

impl CimView<'_> {
    /// Whether another view has the same tables, so that both give the same fields as long as
    /// neither [depends on its reading](Self::take_asked).
    #[must_use]
    pub fn has_tables_of(&self, other: &Self) -> bool {
        let pairs = self.tables.iter().zip(&other.tables);
        self.tables.len() == other.tables.len()
            && pairs.into_iter().all(|(a, b)| std::ptr::eq(*a, *b))
    }

    /// Whether since the last time anything asked for could be another under another reading,
    /// though the event and the tables were the same.
    pub fn take_asked(&self) -> bool {
        self.asked.take()
    }

    /// Whether the reading has an accommodation, of which the answer depends from now on.
    fn has(&self, accommodation: Accommodation) -> bool {
        self.asked.set(true);
        self.reading.has(accommodation)
    }

    /// The field `name`: from the last table that sets it, else the raw field of that name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Field> {
        let own = self.own(name);
        if own.is_none()
            && name == "message"
            && let Some(text) = self.own("Message")
            && self.has(Accommodation::MessageCase)
        {
            return Some(text);
        }
        own
    }

    fn own(&self, name: &str) -> Option<Field> {
        match self.tables.iter().rev().find_map(|table| table.fields.get(name)) {
            Some(expr) => self.mapped(expr),
            None => Field::from_values(self.event.fields.all(name).map(Value::from).collect()),
        }
    }

    fn mapped(&self, expr: &expr::Expr) -> Option<Field> {
        let values = expr.values(self).into_iter();
        Field::from_values(values.map(|text| Value::Text(text.into_owned())).collect())
    }

    /// Calls `visit` with every field whose name is wanted and that has a value, each once, in no
    /// order.
    pub fn each_field(&self, wanted: &dyn Fn(&str) -> bool, visit: &mut dyn FnMut(&str, Field)) {
        let sets = |tables: &[&Table], name: &str| {
            tables.iter().any(|table| table.fields.contains_key(name))
        };
        for (at, table) in self.tables.iter().enumerate() {
            for (name, expr) in &table.fields {
                if wanted(name)
                    && !sets(&self.tables[at + 1..], name)
                    && let Some(field) = self.mapped(expr)
                {
                    visit(name, field);
                }
            }
        }
        let mut own: Vec<_> = (self.event.fields.iter())
            .filter(|(name, _)| wanted(name) && !sets(&self.tables, name))
            .collect();
        own.sort_by_key(|(name, _)| *name);
        for values in own.chunk_by(|(a, _), (b, _)| a == b) {
            let field = Field::from_values(values.iter().map(|(_, v)| Value::from(*v)).collect());
            if let Some((field, (name, _))) = field.zip(values.first()) {
                visit(name, field);
            }
        }
        let alias = "message";
        if wanted(alias)
            && self.own(alias).is_none()
            && let Some(field) = self.field(alias)
        {
            visit(alias, field);
        }
    }
}

#[cfg(test)]
mod tests;
