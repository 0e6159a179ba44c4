//! Commands beyond the core, one file each. To add one: its arguments in `spl/ast.rs`, its syntax in
//! `spl/parser/commands/`, what it does in a file here, and a line in [`lower`] and in [`name`].
//!
//! A command either works on one row, and then runs in the workers as long as no command before it
//! needs all rows, or it needs all rows, and then runs once, on rows in the order of Splunk's
//! pipeline: newest first (SPLUNK.md 1.15).

mod fillnull;
mod foreach;
mod head;
mod iplocation;
mod lookup;
mod makemv;
mod mvexpand;
mod nomv;
mod rex;
mod sed;

use std::fmt::Debug;

use jiff::tz::TimeZone;

use super::Operator;
use crate::aggregate::Evidence;
use crate::eval::expr::Compiler;
use crate::eval::row::{Record, Scratch};
use crate::spl::ast::CommandKind;

/// A row between two commands, with the events behind it where they are asked for.
pub type Held = (Record, Vec<Evidence>);

/// What a command may use beside rows.
#[derive(Clone, Copy)]
pub struct Context<'c> {
    /// The worker's memory for regexes.
    pub scratch: &'c Scratch,
    /// The zone of `--timezone`.
    pub timezone: &'c TimeZone,
}

/// A command that works on one row.
pub trait RowCommand: Debug + Send + Sync {
    /// The row that goes on, if one does.
    fn apply(&self, record: Record, context: Context<'_>) -> Option<Record>;
}

/// A command that needs all rows, in the order of the pipeline.
pub trait SetCommand: Debug + Send + Sync {
    /// The rows that go on, in order.
    fn apply(&self, rows: Vec<Held>, context: Context<'_>) -> Vec<Held>;
}

/// A command, compiled.
#[derive(Debug)]
pub enum Lowered {
    /// Works on one row.
    Row(Box<dyn RowCommand>),
    /// Needs all rows.
    Set(Box<dyn SetCommand>),
}

/// Compiles a command; what is wrong with it is added to the compiler's diagnostics. `None` is of
/// commands that have an operator of their own, or after an error.
pub(super) fn lower(kind: &CommandKind, compiler: &mut Compiler) -> Option<Lowered> {
    Some(match kind {
        CommandKind::Fillnull(fillnull) => fillnull::lower(fillnull),
        CommandKind::Head(head) => head::lower(head),
        CommandKind::Iplocation(iplocation) => iplocation::lower(iplocation, compiler),
        CommandKind::Lookup(lookup) => lookup::lower(lookup, compiler)?,
        CommandKind::Makemv(makemv) => makemv::lower(makemv, compiler)?,
        CommandKind::Mvexpand(mvexpand) => mvexpand::lower(mvexpand),
        CommandKind::Nomv(field) => nomv::lower(field),
        CommandKind::Foreach(foreach) => foreach::lower(foreach, compiler)?,
        CommandKind::Rex(rex) => rex::lower(rex, compiler)?,
        _ => return None,
    })
}

/// The name of a command that has no operator of its own.
pub(super) fn name(kind: &CommandKind) -> &'static str {
    match kind {
        CommandKind::Fillnull(_) => "fillnull",
        CommandKind::Head(_) => "head",
        CommandKind::Rex(_) => "rex",
        CommandKind::Foreach(_) => "foreach",
        CommandKind::Iplocation(_) => "iplocation",
        CommandKind::Lookup(_) => "lookup",
        CommandKind::Makemv(_) => "makemv",
        CommandKind::Mvexpand(_) => "mvexpand",
        CommandKind::Nomv(_) => "nomv",
        _ => "",
    }
}

/// The fields that a command without an operator of its own reads by name.
pub(super) fn fields_read(kind: &CommandKind) -> Vec<&str> {
    match kind {
        CommandKind::Rex(rex) => vec![&rex.field],
        CommandKind::Lookup(lookup) => {
            lookup.matches.iter().map(|one| one.field.as_str()).collect()
        }
        CommandKind::Iplocation(iplocation) => vec![&iplocation.field.node],
        CommandKind::Makemv(makemv) => vec![&makemv.field],
        CommandKind::Mvexpand(mvexpand) => vec![&mvexpand.field],
        CommandKind::Nomv(field) => vec![&field.node],
        CommandKind::Foreach(foreach) => foreach.fields.iter().map(|f| f.node.as_str()).collect(),
        _ => Vec::new(),
    }
}
