//! Commands beyond the core, one file each. To add one: its arguments in `spl/ast.rs`, its syntax in
//! `spl/parser/commands/`, what it does in a file here, and a line in [`lower`] and in [`name`].
//!
//! A command either works on one row, and then runs in the workers as long as no command before it
//! needs all rows, or it needs all rows, and then runs once, on rows in the order of Splunk's
//! pipeline: newest first (SPLUNK.md 1.15).

mod accum;
mod allowance;
mod append;
mod convert;
mod dedup;
mod eventstats;
mod filldown;
mod fillnull;
mod foreach;
mod head;
mod inputlookup;
mod iplocation;
mod join;
mod lookup;
mod makemv;
mod mvcombine;
mod mvexpand;
mod nomv;
mod results;
mod reverse;
mod rex;
mod sed;
mod series;
mod sort;
mod spath;
mod strcat;
mod streamstats;
mod top;
mod transaction;

use std::fmt::Debug;

use jiff::tz::TimeZone;

pub use allowance::Allowance;

use super::Operator;
use super::logical::resolve_aggregation;
use super::physical::aggregation;
use crate::aggregate::{Evidence, GroupKey, Place, Stats, keys};
use crate::eval::expr::{Compiler, Expr};
use crate::eval::row::{Record, Scratch, names};
use crate::spl::ast::{self, CommandKind};
use crate::spl::codes;
use crate::spl::diagnostic::Diagnostic;
use crate::value::Value;

/// A row between two commands, with the events behind it where they are asked for.
pub type Held = (Record, Vec<Evidence>);

/// What a command may use beside rows.
#[derive(Clone, Copy)]
pub struct Context<'c> {
    /// The worker's memory for regexes.
    pub scratch: &'c Scratch,
    /// The zone of `--timezone`.
    pub timezone: &'c TimeZone,
    /// What commands of all rows may add to them.
    pub allowance: &'c Allowance,
    /// The rows of the rule's subsearches, in the order of their commands.
    pub subsearches: &'c [Vec<Held>],
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
/// commands that have an operator of their own, or after an error. `subsearches` counts those of
/// the rule so far.
pub(super) fn lower(
    kind: &CommandKind,
    compiler: &mut Compiler,
    subsearches: &mut usize,
) -> Option<Lowered> {
    Some(match kind {
        CommandKind::Accum(running) => accum::lower(running),
        CommandKind::Append(_) => {
            *subsearches += 1;
            append::lower(*subsearches - 1)
        }
        CommandKind::Convert(convert) => convert::lower(convert, compiler),
        CommandKind::Dedup(dedup) => dedup::lower(dedup),
        CommandKind::Delta { of, back } => accum::lower_delta(of, *back),
        CommandKind::Inputlookup(input) => inputlookup::lower(input, compiler)?,
        CommandKind::Spath(spath) => spath::lower(spath),
        CommandKind::Filldown(list) => filldown::lower(list),
        CommandKind::Mvcombine(field) => mvcombine::lower(field),
        CommandKind::Strcat(strcat) => strcat::lower(strcat),
        CommandKind::Untable(series) => series::lower_untable(series),
        CommandKind::Xyseries(series) => series::lower_xyseries(series),
        CommandKind::Eventstats(stats) => eventstats::lower(stats, compiler),
        CommandKind::Fillnull(fillnull) => fillnull::lower(fillnull),
        CommandKind::Head(head) => head::lower(head),
        CommandKind::Iplocation(iplocation) => iplocation::lower(iplocation, compiler),
        CommandKind::Lookup(lookup) => lookup::lower(lookup, compiler)?,
        CommandKind::Makemv(makemv) => makemv::lower(makemv, compiler)?,
        CommandKind::Mvexpand(mvexpand) => mvexpand::lower(mvexpand),
        CommandKind::Nomv(field) => nomv::lower(field),
        CommandKind::Foreach(foreach) => foreach::lower(foreach, compiler)?,
        CommandKind::Rex(rex) => rex::lower(rex, compiler)?,
        CommandKind::Join(join) => {
            *subsearches += 1;
            join::lower(join, *subsearches - 1)
        }
        CommandKind::Reverse => reverse::lower(),
        CommandKind::Sort(sort) => sort::lower(sort),
        CommandKind::Streamstats(stats) => streamstats::lower(stats, compiler),
        CommandKind::Tail { limit } => reverse::lower_tail(*limit),
        CommandKind::Top(top) => top::lower(top),
        CommandKind::Transaction(transaction) => transaction::lower(transaction, compiler),
        _ => return None,
    })
}

/// The name of a command that has no operator of its own.
pub(super) fn name(kind: &CommandKind) -> &'static str {
    match kind {
        CommandKind::Accum(_) => "accum",
        CommandKind::Append(_) => "append",
        CommandKind::Convert(_) => "convert",
        CommandKind::Dedup(_) => "dedup",
        CommandKind::Delta { .. } => "delta",
        CommandKind::Filldown(_) => "filldown",
        CommandKind::Inputlookup(_) => "inputlookup",
        CommandKind::Mvcombine(_) => "mvcombine",
        CommandKind::Spath(_) => "spath",
        CommandKind::Strcat(_) => "strcat",
        CommandKind::Untable(_) => "untable",
        CommandKind::Xyseries(_) => "xyseries",
        CommandKind::Eventstats(_) => "eventstats",
        CommandKind::Fillnull(_) => "fillnull",
        CommandKind::Head(_) => "head",
        CommandKind::Rex(_) => "rex",
        CommandKind::Foreach(_) => "foreach",
        CommandKind::Iplocation(_) => "iplocation",
        CommandKind::Lookup(_) => "lookup",
        CommandKind::Makemv(_) => "makemv",
        CommandKind::Mvexpand(_) => "mvexpand",
        CommandKind::Join(_) => "join",
        CommandKind::Reverse => "reverse",
        CommandKind::Sort(_) => "sort",
        CommandKind::Streamstats(_) => "streamstats",
        CommandKind::Tail { .. } => "tail",
        CommandKind::Top(top) if top.rarest => "rare",
        CommandKind::Top(_) => "top",
        CommandKind::Transaction(_) => "transaction",
        CommandKind::Nomv(_) => "nomv",
        _ => "",
    }
}

/// The fields that a command adds to rows, in its order.
pub(super) fn added(kind: &CommandKind) -> Vec<String> {
    match kind {
        CommandKind::Eventstats(stats) => names_of(stats),
        CommandKind::Streamstats(streamstats) => names_of(&streamstats.stats),
        CommandKind::Transaction(_) => transaction::ADDED.map(str::to_owned).to_vec(),
        _ => Vec::new(),
    }
}

/// The names that aggregations give their results.
fn names_of(stats: &ast::Stats) -> Vec<String> {
    let named = stats.aggregations.iter().filter_map(|a| resolve_aggregation(a, &mut Vec::new()));
    named.map(|aggregation| aggregation.name).collect()
}

/// Compiles the aggregations of a command that shares them with `stats`.
fn compile_stats(stats: &ast::Stats, compiler: &mut Compiler) -> Stats {
    let resolved: Vec<_> = stats
        .aggregations
        .iter()
        .filter_map(|a| resolve_aggregation(a, &mut compiler.diagnostics))
        .collect();
    Stats {
        aggregations: resolved.iter().map(|a| aggregation(a, compiler)).collect(),
        by: stats.by.iter().map(|field| field.node.clone()).collect(),
    }
}

/// Compiles a condition; what is none is reported.
fn condition(expr: &ast::Expr, compiler: &mut Compiler) -> Expr {
    let before = compiler.diagnostics.len();
    let compiled = compiler.compile(expr);
    if compiler.diagnostics.len() == before && !compiled.is_boolean() {
        compiler.diagnostics.push(Diagnostic::error(
            codes::NOT_A_CONDITION,
            "a condition is needed here: this is neither true nor false",
            expr.span,
        ));
    }
    compiled
}

/// The groups of a row. Where they are too many the answer counts as cut short.
fn keys_of(stats: &Stats, record: &Record, context: Context<'_>) -> Vec<GroupKey> {
    match keys(stats, record) {
        Some(keys) => keys,
        None => {
            context.allowance.spend();
            Vec::new()
        }
    }
}

/// The place of the `at`-th of all rows.
pub(super) fn place_of(at: usize, record: &Record) -> Place {
    Place::of_row(at, time_of(record))
}

/// The time of a row.
fn time_of(record: &Record) -> Option<jiff::Timestamp> {
    match record.get(names::TIME)?.values() {
        [Value::Time(time), ..] => Some(*time),
        _ => None,
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
        CommandKind::Accum(of) | CommandKind::Delta { of, .. } => vec![&of.field.node],
        CommandKind::Spath(spath) => vec![&spath.input],
        CommandKind::Convert(convert) => {
            convert.conversions.iter().map(|one| one.field.node.as_str()).collect()
        }
        CommandKind::Strcat(strcat) => (strcat.sources.iter())
            .filter_map(|source| match source {
                ast::StrcatSource::Field(field) => Some(field.node.as_str()),
                ast::StrcatSource::Text(_) => None,
            })
            .collect(),
        CommandKind::Foreach(foreach) => foreach.fields.iter().map(|f| f.node.as_str()).collect(),
        _ => Vec::new(),
    }
}

/// The columns of the rows that a command makes anew, in their order.
pub(super) fn columns(kind: &CommandKind) -> Option<Vec<String>> {
    match kind {
        CommandKind::Top(top) => Some(top::columns(top)),
        CommandKind::Untable(series) => Some(series::untable_columns(series)),
        CommandKind::Xyseries(series) => Some(vec![series.row.node.clone()]),
        _ => None,
    }
}

/// The subsearch of a command, where it has one.
pub(super) fn subsearch(kind: &CommandKind) -> Option<&ast::Pipeline> {
    match kind {
        CommandKind::Append(pipeline) => Some(pipeline),
        CommandKind::Join(join) => Some(&join.pipeline),
        _ => None,
    }
}
