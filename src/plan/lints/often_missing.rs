//! A by-field that many events lack: `stats` drops rows without one (SPLUNK.md, trap 21).

use std::collections::BTreeSet;

use super::Subject;
use super::origin::{Origin, origin};
use super::source::{is_model_field, windows_kind};
use super::unset_field::word;
use crate::spl::ast::{BinaryOp, Command, CommandKind, Expr, ExprKind, SearchExpr, SearchKind};
use crate::spl::codes;
use crate::spl::diagnostic::Diagnostic;

/// Fields that many events of any source lack.
const RARE_ANYWHERE: &[&str] = &["dest_ip", "src_ip", "src_user", "user", "user_id"];

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let kind = windows_kind(subject);
    let mut present = BTreeSet::new();
    for (at, command) in subject.pipeline.commands.iter().enumerate() {
        if let CommandKind::Stats(stats) = &command.kind {
            for by in &stats.by {
                let Origin::Event(name) = origin(subject, at, &by.node) else { continue };
                if present.contains(&name) || !is_often_missing(subject, &name, kind) {
                    continue;
                }
                let which = kind.map_or_else(
                    || "which is often missing".to_owned(),
                    |kind| format!("which only some {} events have", word(kind)),
                );
                findings.push(
                    Diagnostic::warning(
                        codes::OFTEN_MISSING_BY_FIELD,
                        format!("`stats` drops events without a `{name}`, {which}"),
                        by.span,
                    )
                    .with_hint(format!(
                        "if that is not meant, put `fillnull value=\"-\" {}` before it",
                        by.node
                    )),
                );
            }
        }
        for name in surely_present(command) {
            if let Origin::Event(name) = origin(subject, at, name) {
                present.insert(name);
            }
        }
    }
}

fn is_often_missing(subject: &Subject<'_>, name: &str, kind: Option<&str>) -> bool {
    let settings = subject.settings;
    match kind {
        Some(kind) => {
            is_model_field(name)
                // Of a field that is missing in all another lint tells.
                && settings.cim.sets_for_kind(name, kind, settings.reading)
                && !settings.cim.sets_for_all_of_kind(name, kind, settings.reading)
        }
        None => RARE_ANYWHERE.contains(&name),
    }
}

/// The fields that every row has which a command lets through.
fn surely_present(command: &Command) -> BTreeSet<&str> {
    match &command.kind {
        CommandKind::Search(expr) => of_search(expr),
        CommandKind::Where(expr) => of_expr(expr),
        CommandKind::Regex { field, negated: false, .. } => BTreeSet::from([field.node.as_str()]),
        _ => BTreeSet::new(),
    }
}

fn of_search(expr: &SearchExpr) -> BTreeSet<&str> {
    match &expr.node {
        SearchKind::And(list) => list.iter().flat_map(of_search).collect(),
        SearchKind::Or(list) => in_all(list.iter().map(of_search)),
        // `!=` holds only of rows that have the field (SPLUNK.md 1.11).
        SearchKind::Compare { field, .. } | SearchKind::In { field, .. } => {
            BTreeSet::from([field.node.as_str()])
        }
        _ => BTreeSet::new(),
    }
}

/// A comparison with a missing field is NULL, under NOT too (SPLUNK.md 4, comparison).
fn of_expr(expr: &Expr) -> BTreeSet<&str> {
    match &expr.node {
        ExprKind::Binary(BinaryOp::And, left, right) => &of_expr(left) | &of_expr(right),
        ExprKind::Binary(BinaryOp::Or, left, right) => &of_expr(left) & &of_expr(right),
        ExprKind::Binary(BinaryOp::Compare(_), left, right) | ExprKind::Like(left, right) => {
            [left, right].into_iter().filter_map(|side| field(side)).collect()
        }
        ExprKind::In(inner, _) => field(inner).into_iter().collect(),
        ExprKind::Call { function, arguments } => {
            let needs = ["match", "like", "isnotnull", "cidrmatch"];
            let first = usize::from(function.node == "cidrmatch");
            let argument = needs.contains(&function.node.as_str()).then(|| arguments.get(first));
            argument.flatten().and_then(field).into_iter().collect()
        }
        ExprKind::Not(inner) => match &inner.node {
            ExprKind::Binary(BinaryOp::Compare(_), ..) | ExprKind::Like(..) => of_expr(inner),
            ExprKind::Call { function, arguments } => {
                let needs = ["match", "like", "isnull"].contains(&function.node.as_str());
                let argument = needs.then(|| arguments.first());
                argument.flatten().and_then(field).into_iter().collect()
            }
            _ => BTreeSet::new(),
        },
        _ => BTreeSet::new(),
    }
}

fn field(expr: &Expr) -> Option<&str> {
    match &expr.node {
        ExprKind::Field(name) => Some(name),
        _ => None,
    }
}

fn in_all<'a>(mut sets: impl Iterator<Item = BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let first = sets.next().unwrap_or_default();
    sets.fold(first, |all, set| &all & &set)
}
