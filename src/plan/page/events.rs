//! Which kinds of event a rule spells, and what they are called.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::labels::{Walk, walk_expr, walk_search};
use crate::eval::search::spelled_event_id;
use crate::plan::{LogicalPlan, Operator};
use crate::spl::ast::{BinaryOp, CompareOp, Expr, ExprKind, SearchExpr, SearchKind};

/// The fields that hold the number of an event's kind.
const ID_FIELDS: &[&str] = &["EventCode", "EventID", "signature_id", "event_id"];

/// One kind of event that a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventKind {
    /// Its number.
    pub event_id: u32,
    /// Who writes it, when that is known.
    pub provider: Option<&'static str>,
    /// What it says.
    pub title: Option<&'static str>,
    /// Where the title was read.
    pub source: Option<&'static str>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    provider: Vec<Provider>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Provider {
    name: String,
    kind: String,
    source: String,
    events: BTreeMap<String, String>,
}

/// The embedded table, which a test reads; empty should it not be valid.
static PROVIDERS: LazyLock<Vec<Provider>> = LazyLock::new(|| {
    toml::from_str(include_str!("events.toml"))
        .map_or_else(|_| Vec::new(), |file: File| file.provider)
});

/// The kinds of event that a plan spells, by number. One number of several providers is each that
/// is of one of the rule's `kinds` of source, else all.
pub(super) fn coverage(plan: &LogicalPlan, kinds: &BTreeSet<String>) -> Vec<EventKind> {
    let mut all = Vec::new();
    for id in spelled(plan) {
        let text = id.to_string();
        let known: Vec<_> = PROVIDERS
            .iter()
            .filter_map(|provider| Some((provider, provider.events.get(&text)?)))
            .collect();
        let of_kind = |provider: &Provider| kinds.contains(&provider.kind);
        let meant = known.iter().any(|(provider, _)| of_kind(provider));
        let before = all.len();
        all.extend(known.iter().filter(|(provider, _)| !meant || of_kind(provider)).map(
            |(provider, title)| EventKind {
                event_id: id,
                provider: Some(provider.name.as_str()),
                title: Some(title.as_str()),
                source: Some(provider.source.as_str()),
            },
        ));
        if all.len() == before {
            all.push(EventKind { event_id: id, provider: None, title: None, source: None });
        }
    }
    all
}

/// The event ids that a plan asks for: as terms of the raw text, and as values of the fields that
/// hold them.
fn spelled(plan: &LogicalPlan) -> BTreeSet<u32> {
    let mut ids = BTreeSet::new();
    for operator in &plan.operators {
        match operator {
            Operator::Search(expr) => walk_search(expr, false, &mut |expr, negated| {
                if !negated {
                    of_search(expr, &mut ids);
                }
            }),
            Operator::Where(expr) => of_where(expr, &mut ids),
            Operator::Eval(list) => list.iter().for_each(|(_, expr)| of_where(expr, &mut ids)),
            _ => {}
        }
    }
    ids
}

fn of_search(expr: &SearchExpr, ids: &mut BTreeSet<u32>) {
    let is_id = |field: &str| ID_FIELDS.contains(&field);
    match &expr.node {
        SearchKind::Compare { field, op: CompareOp::Equal, value, .. } if is_id(&field.node) => {
            ids.extend(value.node.parse::<u32>());
        }
        SearchKind::In { field, values } if is_id(&field.node) => {
            ids.extend(values.iter().filter_map(|value| value.node.parse::<u32>().ok()));
        }
        kind => ids.extend(spelled_event_id(kind)),
    }
}

fn of_where(expr: &Expr, ids: &mut BTreeSet<u32>) {
    walk_expr(expr, false, &mut |expr, negated| {
        match &expr.node {
            _ if negated => {}
            ExprKind::Binary(BinaryOp::Compare(CompareOp::Equal), left, right) if is_id(left) => {
                ids.extend(number(right));
            }
            ExprKind::In(inner, list) if is_id(inner) => {
                ids.extend(list.iter().filter_map(number));
            }
            // `match(signature_id, "1040|1042")`.
            ExprKind::Call { function, arguments } if function.node == "match" => {
                if let [field, pattern] = arguments.as_slice()
                    && is_id(field)
                    && let ExprKind::Text(pattern) = &pattern.node
                {
                    let bare = pattern.trim_matches(['^', '$', '(', ')']);
                    let list: Result<Vec<u32>, _> = bare.split('|').map(str::parse).collect();
                    ids.extend(list.unwrap_or_default());
                }
            }
            _ => {}
        }
        Walk::Deeper
    });
}

fn is_id(expr: &Expr) -> bool {
    matches!(&expr.node, ExprKind::Field(name) if ID_FIELDS.contains(&name.as_str()))
}

fn number(expr: &Expr) -> Option<u32> {
    match &expr.node {
        ExprKind::Text(text) => text.parse().ok(),
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        ExprKind::Number(number) if (0.0..=65_535.0).contains(number) && number.fract() == 0.0 => {
            Some(*number as u32)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_table_is_valid() {
        let file: File = toml::from_str(include_str!("events.toml")).expect("the table");
        assert!(file.provider.len() > 10);
        for provider in &file.provider {
            assert!(!provider.source.is_empty() && !provider.events.is_empty());
            assert!(provider.events.keys().all(|id| id.parse::<u32>().is_ok()), "{provider:?}");
        }
    }
}
