//! `stats`: groups of rows and what is computed over each (SPLUNK.md 4, stats).
//!
//! Every aggregate is an [`Accumulator`]: `update` takes in a row and says by how much it grew,
//! `merge` takes in another state, `finish` gives the result. A worker
//! keeps one [`Groups`] a rule; merging two of them is associative and does not depend on the
//! order, and the whole serializes, so that workers may be threads or machines.

mod accumulator;
mod chosen;
mod function;
mod groups;
mod numbers;
mod pairs;
mod running;
mod text_set;

use std::cmp::Reverse;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use accumulator::Accumulator;
pub use chosen::{Choice, Chosen, Rate};
pub use function::Function;
pub use groups::{Evidence, Group, GroupKey, Groups, MAX_GROUPS, Position, Results, keys};
pub use numbers::{Numbers, Statistic};
pub use running::RunningGroup;
pub use text_set::TextSet;

use crate::eval::expr::Expr;
use crate::eval::glob::Glob;

/// Where a row stands in Splunk's pipeline: newest first, ties in the order of files and offsets
/// (SPLUNK.md 1.15 and "Decisions"). Rows without a time come last. Rows that a command of all
/// rows has seen stand where it left them, whatever their time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The number of a row among all, before anything else; 0 for events, which go by time.
    row: u32,
    time: Reverse<Option<Timestamp>>,
    source: Source,
    offset: u64,
}

impl Place {
    /// The place of an event of the `source`-th input at `offset`.
    #[must_use]
    pub fn new(time: Option<Timestamp>, source: impl Into<Source>, offset: u64) -> Self {
        Self { row: 0, time: Reverse(time), source: source.into(), offset }
    }

    /// The place of the `at`-th row of all, which has this time.
    #[must_use]
    pub fn of_row(at: usize, time: Option<Timestamp>) -> Self {
        let row = u32::try_from(at).unwrap_or(u32::MAX);
        Self { row, time: Reverse(time), source: Source::from(0), offset: at as u64 }
    }

    /// What `earliest` and `latest` go by: newest first, whatever the order of the rows.
    fn by_time(&self) -> (Reverse<Option<Timestamp>>, u32, &Source, u64) {
        (self.time, self.row, &self.source, self.offset)
    }

    /// The time, by which `earliest` and `latest` go.
    #[must_use]
    pub fn time(&self) -> Option<Timestamp> {
        self.time.0
    }
}

/// Which input an event is from: files in the order of their paths, members of an archive in that of
/// theirs. So ties are decided alike for a folder and for the archive it was packed into, in
/// whatever order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    file: u32,
    /// Where it is within, folder by folder, each ended by a NUL so that they sort as paths do.
    member: Option<Arc<[u8]>>,
}

impl From<u32> for Source {
    fn from(file: u32) -> Self {
        Self { file, member: None }
    }
}

impl Source {
    /// A member of this input. Of several of one name, `twin` are before it.
    #[must_use]
    pub fn member(&self, name: &[u8], twin: u32) -> Self {
        let parts = name.split(|byte| matches!(byte, b'/' | b'\\'));
        let mut key = self.member.as_deref().unwrap_or_default().to_vec();
        for part in parts.filter(|part| !matches!(*part, b"" | b".")) {
            key.extend_from_slice(part);
            key.push(0);
        }
        key.extend_from_slice(&twin.to_be_bytes());
        Self { file: self.file, member: Some(key.into()) }
    }
}

impl Serialize for Source {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.file, self.member.as_deref()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (file, member) = <(u32, Option<Vec<u8>>)>::deserialize(deserializer)?;
        Ok(Self { file, member: member.map(Into::into) })
    }
}

/// One aggregation of a `stats`, compiled.
#[derive(Debug)]
pub struct Aggregation {
    /// What is computed.
    pub function: Function,
    /// Over what.
    pub argument: Argument,
    /// The name of the result; with `*` where the argument has one.
    pub name: String,
}

impl Aggregation {
    /// The name of the result over one of the fields that a wildcard names: that of the result
    /// with each `*` as in the field's name.
    fn name_for(&self, field: String) -> String {
        let alias = Glob::new(&self.name);
        match &self.argument {
            Argument::Fields(glob) if *glob != alias => alias.filled_with(&glob.captures(&field)),
            _ => field,
        }
    }
}

/// What an aggregation is computed over.
#[derive(Debug)]
pub enum Argument {
    /// The rows themselves (`count`).
    Rows,
    /// One field.
    Field(String),
    /// Every field whose name fits, but by-fields and those that start with `_`.
    Fields(Glob),
    /// The value of an expression.
    Eval(Expr),
}

/// A `stats`, compiled.
#[derive(Debug)]
pub struct Stats {
    /// What is computed, as written.
    pub aggregations: Vec<Aggregation>,
    /// The by-fields, in order.
    pub by: Vec<String>,
}
