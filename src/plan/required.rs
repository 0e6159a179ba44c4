//! What any match of a rule must hold: a formula of literals, drawn from the search expression
//! and from the regexes and comparisons of `where`.
//!
//! The law: when a rule matches an event under *any* reading, its formula holds. `Anything`
//! stands wherever that cannot be said.

use super::physical::Filter;
use super::{LogicalPlan, Operator, Program};
use crate::eval::expr::Expr;
use crate::eval::row::names;
use crate::eval::search::spelled_event_id;
use crate::pcre;
use crate::spl::ast::{CompareOp, SearchExpr, SearchKind};

/// A necessary condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Required {
    /// Nothing is known.
    Anything,
    /// A literal stands in a certain text of the event.
    Literal {
        /// In which text.
        place: Where,
        /// The literal.
        text: String,
        /// Which letters count as equal.
        fold: Fold,
    },
    /// All of these hold.
    All(Vec<Required>),
    /// At least one of these holds.
    Any(Vec<Required>),
}

/// The text that a literal stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Where {
    /// The raw text.
    Raw,
    /// A value of a field.
    Field(String),
}

/// Which letters count as equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// Only themselves.
    Exact,
    /// ASCII letters in either case (`search`, [`crate::eval::segment::fold`]).
    Ascii,
    /// As a caseless regex folds: `k` is also U+212A, `s` is also U+017F.
    Regex,
}

impl Required {
    /// The formula of a plan: of its filters up to the first command that makes or changes a
    /// field. What only drops fields can make a later test fail, never hold.
    #[must_use]
    pub fn of(logical: &LogicalPlan, program: &Program) -> Self {
        let mut all = Vec::new();
        let mut filters = program.filters.iter();
        for operator in &logical.operators {
            match operator {
                Operator::Search(expr) => {
                    all.push(of_search(expr));
                    filters.next();
                }
                Operator::Where(_) | Operator::Regex { .. } => {
                    // Filters after a `table` are not among the leading ones.
                    all.extend(filters.next().map(of_filter));
                }
                Operator::Table(_) | Operator::Fields { .. } => {}
                _ => break,
            }
        }
        Self::all(all)
    }

    fn all(list: Vec<Self>) -> Self {
        let mut list: Vec<_> = list.into_iter().filter(|one| *one != Self::Anything).collect();
        match list.len() {
            0 => Self::Anything,
            1 => list.remove(0),
            _ => Self::All(list),
        }
    }

    fn any(mut list: Vec<Self>) -> Self {
        if list.is_empty() || list.contains(&Self::Anything) {
            return Self::Anything;
        }
        if list.len() == 1 { list.remove(0) } else { Self::Any(list) }
    }
}

pub(super) fn of_search(expr: &SearchExpr) -> Required {
    let parts = |place: &Where, text: &str, fold: Fold| {
        let parts = text.split('*').filter(|part| !part.is_empty());
        Required::all(
            parts
                .map(|part| Required::Literal { place: place.clone(), text: part.to_owned(), fold })
                .collect(),
        )
    };
    match &expr.node {
        // An event may answer to its own id without the text (accommodation either-spelling).
        kind if spelled_event_id(kind).is_some() => Required::Anything,
        SearchKind::All | SearchKind::Not(_) | SearchKind::Subsearch(_) => Required::Anything,
        SearchKind::And(list) => Required::all(list.iter().map(of_search).collect()),
        SearchKind::Or(list) => Required::any(list.iter().map(of_search).collect()),
        SearchKind::Phrase(text) | SearchKind::Term(text) => parts(&Where::Raw, text, Fold::Ascii),
        SearchKind::Case(text) => parts(&Where::Raw, text, Fold::Exact),
        SearchKind::Compare { field, op: CompareOp::Equal, value, .. } => {
            match text_of(&field.node) {
                // The value may be a subnet, of which no address holds the text.
                Some(place) if crate::eval::subnet::Subnet::parse(&value.node).is_none() => {
                    parts(&place, &value.node, Fold::Ascii)
                }
                _ => Required::Anything,
            }
        }
        SearchKind::Compare { .. } => Required::Anything,
        SearchKind::In { field, values } => Required::any(
            values
                .iter()
                .map(|value| match text_of(&field.node) {
                    Some(place) if crate::eval::subnet::Subnet::parse(&value.node).is_none() => {
                        parts(&place, &value.node, Fold::Ascii)
                    }
                    _ => Required::Anything,
                })
                .collect(),
        ),
    }
}

/// The text that the field `name` is read from; `None` for what is not in the event's text.
pub(super) fn text_of(name: &str) -> Option<Where> {
    match name {
        names::RAW => Some(Where::Raw),
        names::TIME
        | names::HOST
        | names::SOURCE
        | names::SOURCETYPE
        | names::INDEX
        | names::SOURCE_KIND => None,
        name => Some(Where::Field(name.to_owned())),
    }
}

fn of_filter(filter: &Filter) -> Required {
    match filter {
        Filter::Search(_) => Required::Anything,
        Filter::Where(expr) => of_expr(expr),
        Filter::Regex { negated: true, .. } => Required::Anything,
        Filter::Regex { field, regex, .. } => match text_of(field) {
            Some(place) => of_regex(regex.regex().required_literals(), &place),
            None => Required::Anything,
        },
    }
}

pub(super) fn of_expr(expr: &Expr) -> Required {
    if let Some((and, operands)) = expr.as_connective() {
        let list = operands.into_iter().map(of_expr).collect();
        return if and { Required::all(list) } else { Required::any(list) };
    }
    if let Some((field, text)) = expr.as_equality() {
        return match text_of(field) {
            Some(place) if !text.is_empty() => {
                Required::Literal { place, text: text.to_owned(), fold: Fold::Exact }
            }
            _ => Required::Anything,
        };
    }
    let Some(call) = expr.as_call() else { return Required::Anything };
    if let Some((field, regex)) = call.required_match() {
        return text_of(field).map_or(Required::Anything, |place| {
            of_regex(regex.regex().required_literals(), &place)
        });
    }
    if let Some((field, texts)) = call.required_texts() {
        return text_of(field).map_or(Required::Anything, |place| {
            let literal =
                |text| Required::Literal { place: place.clone(), text, fold: Fold::Exact };
            Required::all(texts.into_iter().map(literal).collect())
        });
    }
    Required::Anything
}

pub(super) fn of_regex(required: &pcre::Required, place: &Where) -> Required {
    let each = |list: &[pcre::Required]| list.iter().map(|one| of_regex(one, place)).collect();
    match required {
        pcre::Required::Anything => Required::Anything,
        pcre::Required::Literal(literal) => Required::Literal {
            place: place.clone(),
            text: literal.text.clone(),
            fold: if literal.case_insensitive { Fold::Regex } else { Fold::Exact },
        },
        pcre::Required::All(list) => Required::all(each(list)),
        pcre::Required::Any(list) => Required::any(each(list)),
    }
}
