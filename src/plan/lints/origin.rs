//! Where the value of a field comes from.

use super::Subject;
use crate::eval::glob::Glob;
use crate::eval::row::names;
use crate::spl::ast::{
    Aggregation, AggregationArgument, Command, CommandKind, FieldPattern, Stats,
};

/// Where the value of a field comes from, seen from some command.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Origin<'a> {
    /// From the event, where it has this name.
    Event(String),
    /// From a command that makes it, or may make it.
    Command,
    /// From nowhere: this command took it away.
    Removed(&'a Command),
}

/// What one command does to a field, seen from behind it.
enum Effect {
    /// The field before has the value, under this name.
    From(String),
    Makes,
    Removes,
}

/// The origin of the field `name` after the first `count` commands.
pub(super) fn origin<'a>(subject: &Subject<'a>, count: usize, name: &str) -> Origin<'a> {
    let mut name = name.to_owned();
    for command in subject.pipeline.commands.iter().take(count).rev() {
        if !subject.may_step() {
            return Origin::Command;
        }
        match effect(&command.kind, &name) {
            Effect::From(before) => name = before,
            Effect::Makes => return Origin::Command,
            Effect::Removes => return Origin::Removed(command),
        }
    }
    Origin::Event(name)
}

fn effect(kind: &CommandKind, name: &str) -> Effect {
    let kept = |kept: bool| if kept { Effect::From(name.to_owned()) } else { Effect::Removes };
    match kind {
        CommandKind::Search(_)
        | CommandKind::Where(_)
        | CommandKind::Regex { .. }
        | CommandKind::Head(_) => kept(true),
        CommandKind::Table(list) => kept(selects(list, name)),
        CommandKind::Fields { keep: true, list } => {
            kept(matches!(name, names::RAW | names::TIME) || selects(list, name))
        }
        CommandKind::Fields { keep: false, list } => {
            kept(!list.iter().any(|pattern| Glob::new(&pattern.node).matches(name)))
        }
        CommandKind::Bin(bin) => {
            let field = bin.field.as_ref().map_or(names::TIME, |field| field.node.as_str());
            let target = bin.alias.as_ref().map_or(field, |alias| alias.node.as_str());
            Effect::From(if target == name { field } else { name }.to_owned())
        }
        CommandKind::Stats(stats) => of_stats(stats, name),
        CommandKind::Rename(list) => of_rename(list, name),
        CommandKind::Eval(list) if list.iter().all(|(target, _)| target.node != name) => kept(true),
        CommandKind::Fillnull(fillnull)
            if !fillnull.list.is_empty() && !selects(&fillnull.list, name) =>
        {
            kept(true)
        }
        // What is not known may make any field.
        _ => Effect::Makes,
    }
}

fn of_stats(stats: &Stats, name: &str) -> Effect {
    if stats.by.iter().any(|by| by.node == name) {
        return Effect::Makes;
    }
    stats.aggregations.iter().find_map(|one| of_aggregation(one, name)).unwrap_or(Effect::Removes)
}

fn of_aggregation(aggregation: &Aggregation, name: &str) -> Option<Effect> {
    let written = match &aggregation.argument {
        Some(AggregationArgument::Field(field)) => Some(field.node.as_str()),
        _ => None,
    };
    let function = &aggregation.function.node;
    let result = match (&aggregation.alias, written) {
        (Some(alias), _) => alias.node.clone(),
        (None, Some(field)) => format!("{function}({field})"),
        (None, None) => function.clone(),
    };
    let result = Glob::new(&result);
    if !result.matches(name) {
        return None;
    }
    match written {
        // `values(*) as *` passes over names that start with `_` (SPLUNK.md 4, stats).
        Some(field) if field.contains('*') => {
            let before = Glob::new(field).filled_with(&result.captures(name));
            (!before.starts_with('_')).then_some(Effect::From(before))
        }
        _ => Some(Effect::Makes),
    }
}

/// Of two renames to one name the last counts (SPLUNK.md 4, rename).
fn of_rename(list: &[(FieldPattern, FieldPattern)], name: &str) -> Effect {
    for (from, to) in list.iter().rev() {
        let to = Glob::new(&to.node);
        if to.matches(name) {
            return Effect::From(Glob::new(&from.node).filled_with(&to.captures(name)));
        }
    }
    if list.iter().any(|(from, _)| Glob::new(&from.node).matches(name)) {
        return Effect::Removes;
    }
    Effect::From(name.to_owned())
}

/// Whether a list selects a field: a wildcard does not reach names that start with `_` (SPLUNK.md
/// 4, table, inferred).
fn selects(list: &[FieldPattern], name: &str) -> bool {
    list.iter().any(|pattern| {
        let glob = Glob::new(&pattern.node);
        (glob.is_exact() || !name.starts_with('_')) && glob.matches(name)
    })
}
