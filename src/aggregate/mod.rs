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

use std::cmp::Reverse;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use accumulator::Accumulator;
pub use chosen::{Choice, Chosen, Rate};
pub use function::Function;
pub use groups::{Evidence, Group, GroupKey, Groups, Position};
pub use numbers::{Numbers, Statistic};

use crate::eval::expr::Expr;
use crate::eval::glob::Glob;

/// Where a row stands in Splunk's pipeline: newest first, ties in the order of files and offsets
/// (SPLUNK.md 1.15 and "Decisions"). Rows without a time come last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    time: Reverse<Option<Timestamp>>,
    source: u32,
    offset: u64,
}

impl Place {
    /// The place of an event of the `source`-th input at `offset`.
    #[must_use]
    pub fn new(time: Option<Timestamp>, source: u32, offset: u64) -> Self {
        Self { time: Reverse(time), source, offset }
    }

    /// The time, by which `earliest` and `latest` go.
    #[must_use]
    pub fn time(&self) -> Option<Timestamp> {
        self.time.0
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
