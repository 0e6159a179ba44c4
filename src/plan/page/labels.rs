//! The parts of search and `where` expressions as text, and a walk over them.

use std::collections::BTreeSet;

use crate::spl::ast::{CompareOp, Expr, ExprKind, SearchExpr, SearchKind};

/// Whether a walk looks at the operands of what it has just seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walk {
    Deeper,
    Past,
}

/// Calls `visit` with every test of a search expression, and whether it is inside an odd number
/// of `NOT`.
pub(super) fn walk_search(
    expr: &SearchExpr,
    negated: bool,
    visit: &mut dyn FnMut(&SearchExpr, bool),
) {
    match &expr.node {
        SearchKind::And(list) | SearchKind::Or(list) => {
            list.iter().for_each(|one| walk_search(one, negated, visit));
        }
        SearchKind::Not(inner) => walk_search(inner, !negated, visit),
        _ => visit(expr, negated),
    }
}

/// Calls `visit` with every part of an expression, from the outside, and whether it is inside an
/// odd number of `NOT`.
pub(super) fn walk_expr(expr: &Expr, negated: bool, visit: &mut dyn FnMut(&Expr, bool) -> Walk) {
    if visit(expr, negated) == Walk::Past {
        return;
    }
    match &expr.node {
        ExprKind::Field(_) | ExprKind::Text(_) | ExprKind::Number(_) | ExprKind::Bool(_) => {}
        ExprKind::Not(inner) => walk_expr(inner, !negated, visit),
        ExprKind::Negate(inner) => walk_expr(inner, negated, visit),
        ExprKind::Binary(_, left, right) | ExprKind::Like(left, right) => {
            walk_expr(left, negated, visit);
            walk_expr(right, negated, visit);
        }
        ExprKind::Call { arguments, .. } => {
            arguments.iter().for_each(|one| walk_expr(one, negated, visit));
        }
        ExprKind::In(inner, list) => {
            walk_expr(inner, negated, visit);
            list.iter().for_each(|one| walk_expr(one, negated, visit));
        }
    }
}

/// The names of the fields that an expression reads, each once, in the order they are written.
pub(crate) fn fields_of(expr: &Expr) -> Vec<String> {
    let (mut fields, mut known) = (Vec::new(), BTreeSet::new());
    walk_expr(expr, false, &mut |expr, _| {
        if let ExprKind::Field(name) = &expr.node
            && known.insert(name.clone())
        {
            fields.push(name.clone());
        }
        Walk::Deeper
    });
    fields
}

/// A comparison operator as it is written.
pub(crate) fn operator(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Equal => "=",
        CompareOp::NotEqual => "!=",
        CompareOp::Less => "<",
        CompareOp::LessOrEqual => "<=",
        CompareOp::Greater => ">",
        CompareOp::GreaterOrEqual => ">=",
    }
}

/// One test of a search expression as text, macros expanded; a connective as its name.
pub(crate) fn search_label(kind: &SearchKind) -> String {
    match kind {
        SearchKind::All => "everything".to_owned(),
        SearchKind::Subsearch(_) => "a subsearch".to_owned(),
        SearchKind::And(_) => "all of".to_owned(),
        SearchKind::Or(_) => "any of".to_owned(),
        SearchKind::Not(_) => "not".to_owned(),
        SearchKind::Phrase(text) => format!("\"{text}\""),
        SearchKind::Term(text) => format!("TERM({text})"),
        SearchKind::Case(text) => format!("CASE({text})"),
        SearchKind::Compare { field, op, value, case_sensitive } => {
            let (field, op, value) = (&field.node, operator(*op), &value.node);
            if *case_sensitive {
                format!("{field}{op}CASE({value})")
            } else {
                format!("{field}{op}\"{value}\"")
            }
        }
        SearchKind::In { field, values } => {
            let values: Vec<_> = values.iter().map(|value| format!("\"{}\"", value.node)).collect();
            format!("{} IN ({})", field.node, values.join(", "))
        }
    }
}
