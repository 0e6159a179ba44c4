//! Which fields a command reads.

use crate::eval::row::names;
use crate::plan::logical::is_time_term;
use crate::spl::ast::{
    AggregationArgument, Command, CommandKind, Expr, ExprKind, SearchExpr, SearchKind, Span,
};

/// A field that a command reads.
#[derive(Debug, Clone)]
pub(super) struct Read<'a> {
    pub(super) name: &'a str,
    pub(super) span: Span,
    /// What for, as a message says it.
    pub(super) what: &'static str,
}

/// The fields that a command reads, in the order of the text. Names with wildcards are left out.
pub(super) fn reads(command: &Command) -> Vec<Read<'_>> {
    let mut reads = Vec::new();
    match &command.kind {
        CommandKind::Search(expr) => of_search(expr, &mut reads),
        CommandKind::Where(expr) => of_expr(expr, "tested", &mut reads),
        CommandKind::Regex { field, .. } => {
            reads.push(Read { name: &field.node, span: field.span, what: "tested" });
        }
        CommandKind::Eval(list) => {
            for (at, (_, expr)) in list.iter().enumerate() {
                let mut read = Vec::new();
                of_expr(expr, "used", &mut read);
                // A clause sees what the ones before it made (SPLUNK.md 4, eval).
                let before = list.get(..at).unwrap_or_default();
                read.retain(|read| before.iter().all(|(made, _)| made.node != read.name));
                reads.append(&mut read);
            }
        }
        CommandKind::Stats(stats) => {
            for aggregation in &stats.aggregations {
                match &aggregation.argument {
                    Some(AggregationArgument::Field(field)) if !field.node.contains('*') => {
                        reads.push(Read { name: &field.node, span: field.span, what: "used" });
                    }
                    Some(AggregationArgument::Eval(expr)) => of_expr(expr, "used", &mut reads),
                    _ => {}
                }
            }
            for by in &stats.by {
                reads.push(Read { name: &by.node, span: by.span, what: "grouped by" });
            }
        }
        CommandKind::Bin(bin) => {
            // Without a field it is `_time` that is put into buckets (accommodation bin-time).
            let (name, span) = match &bin.field {
                Some(field) => (field.node.as_str(), field.span),
                None => (names::TIME, command.span),
            };
            reads.push(Read { name, span, what: "used" });
        }
        _ => {}
    }
    reads
}

fn of_search<'a>(expr: &'a SearchExpr, reads: &mut Vec<Read<'a>>) {
    match &expr.node {
        SearchKind::All | SearchKind::Subsearch(_) => {}
        SearchKind::And(list) | SearchKind::Or(list) => {
            list.iter().for_each(|expr| of_search(expr, reads));
        }
        SearchKind::Not(inner) => of_search(inner, reads),
        // Terms are tested on the raw text (SPLUNK.md 1.14).
        SearchKind::Phrase(_) | SearchKind::Term(_) | SearchKind::Case(_) => {
            reads.push(Read { name: names::RAW, span: expr.span, what: "searched" });
        }
        node if is_time_term(node) => {}
        SearchKind::Compare { field, .. } | SearchKind::In { field, .. } => {
            reads.push(Read { name: &field.node, span: field.span, what: "tested" });
        }
    }
}

fn of_expr<'a>(expr: &'a Expr, what: &'static str, reads: &mut Vec<Read<'a>>) {
    match &expr.node {
        ExprKind::Field(name) => reads.push(Read { name, span: expr.span, what }),
        ExprKind::Text(_) | ExprKind::Number(_) | ExprKind::Bool(_) => {}
        ExprKind::Not(inner) | ExprKind::Negate(inner) => of_expr(inner, what, reads),
        ExprKind::Binary(_, left, right) | ExprKind::Like(left, right) => {
            of_expr(left, what, reads);
            of_expr(right, what, reads);
        }
        ExprKind::Call { arguments, .. } => {
            arguments.iter().for_each(|expr| of_expr(expr, what, reads));
        }
        ExprKind::In(inner, list) => {
            of_expr(inner, what, reads);
            list.iter().for_each(|expr| of_expr(expr, what, reads));
        }
    }
}
