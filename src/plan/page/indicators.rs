//! What a rule looks for: each value that it tests, and how.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::labels::{Walk, walk_expr, walk_search};
use crate::eval::row::names;
use crate::eval::subnet::Subnet;
use crate::rule::Rule;
use crate::spl::ast::{
    BinaryOp, CommandKind, CompareOp, Expr, ExprKind, Pipeline, SearchExpr, SearchKind,
};
use crate::spl::{self, Macros};
use crate::value::number_text;

/// How a value is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum IndicatorKind {
    /// The field is that value.
    Equals,
    /// The field is of that form: `*` in `search`, `%` and `_` in `like`.
    Wildcard,
    /// A regex matches the field.
    Regex,
    /// The raw text holds that phrase.
    Phrase,
    /// The raw text has that token: `TERM`, `CASE`.
    Term,
    /// The field is an address of that subnet.
    Cidr,
}

impl IndicatorKind {
    /// The name that the page gives it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Equals => "equals",
            Self::Wildcard => "wildcard",
            Self::Regex => "regex",
            Self::Phrase => "phrase",
            Self::Term => "term",
            Self::Cidr => "cidr",
        }
    }
}

/// Values that are tested in one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Indicator {
    /// The number of the command, from 1.
    pub stage: usize,
    /// The field; `_raw` for the raw text.
    pub field: String,
    /// How the values are tested.
    pub kind: IndicatorKind,
    /// Whether the rule is about events that do *not* have them.
    pub negated: bool,
    /// The values, in the order they are written.
    pub values: Vec<IndicatorValue>,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndicatorValue {
    /// The value as the rule has it, unescaped once.
    pub value: String,
    /// How many other rules of a catalog test the same field for the same value in the same way;
    /// `None` where there was no catalog to look at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared_by: Option<usize>,
}

/// One value and how it is tested.
type Found = (String, IndicatorKind, bool, String);

/// The indicators of a search, by stage, then in the order they are written.
pub(super) fn of(pipeline: &Pipeline, shared: Option<&Shared>) -> Vec<Indicator> {
    let mut all: Vec<Indicator> = Vec::new();
    for (at, command) in pipeline.commands.iter().enumerate() {
        let stage = at + 1;
        // Where the values of one kind stand in the list, and those that are known.
        let mut places: BTreeMap<(String, IndicatorKind, bool), usize> = BTreeMap::new();
        let mut known = BTreeSet::new();
        for found in of_command(&command.kind) {
            if !known.insert(found.clone()) {
                continue;
            }
            let (field, kind, negated, value) = found;
            let shared_by = shared.map(|shared| shared.by_others(&field, kind, &value));
            let value = IndicatorValue { value, shared_by };
            let place = *places.entry((field.clone(), kind, negated)).or_insert(all.len());
            match all.get_mut(place) {
                Some(indicator) => indicator.values.push(value),
                None => all.push(Indicator { stage, field, kind, negated, values: vec![value] }),
            }
        }
    }
    all
}

fn of_command(command: &CommandKind) -> Vec<Found> {
    let mut found = Vec::new();
    match command {
        CommandKind::Search(expr) => {
            walk_search(expr, false, &mut |expr, negated| of_search(expr, negated, &mut found));
        }
        CommandKind::Where(expr) => of_expr(expr, &mut found),
        CommandKind::Eval(list) => list.iter().for_each(|(_, expr)| of_expr(expr, &mut found)),
        CommandKind::Regex { field, negated, pattern } => {
            let pattern = pattern.node.clone();
            found.push((field.node.clone(), IndicatorKind::Regex, *negated, pattern));
        }
        _ => {}
    }
    found
}

fn of_search(expr: &SearchExpr, negated: bool, found: &mut Vec<Found>) {
    let raw = || names::RAW.to_owned();
    match &expr.node {
        SearchKind::Phrase(text) => {
            found.push((raw(), IndicatorKind::Phrase, negated, text.clone()));
        }
        SearchKind::Term(text) | SearchKind::Case(text) => {
            found.push((raw(), IndicatorKind::Term, negated, text.clone()));
        }
        // The kind of source is told elsewhere on the page.
        SearchKind::Compare { field, .. } if field.node == names::SOURCE_KIND => {}
        SearchKind::Compare { field, op, value, .. } => {
            let negated = match op {
                CompareOp::Equal => negated,
                CompareOp::NotEqual => !negated,
                _ => return,
            };
            let kind = kind_of_value(&value.node);
            found.push((field.node.clone(), kind, negated, value.node.clone()));
        }
        SearchKind::In { field, values } => found.extend(values.iter().map(|value| {
            (field.node.clone(), kind_of_value(&value.node), negated, value.node.clone())
        })),
        _ => {}
    }
}

/// How `search` tests a value of a field (SPLUNK.md 1.10 and 1.12).
fn kind_of_value(value: &str) -> IndicatorKind {
    if Subnet::parse(value).is_some() {
        IndicatorKind::Cidr
    } else if value.contains('*') {
        IndicatorKind::Wildcard
    } else {
        IndicatorKind::Equals
    }
}

fn of_expr(expr: &Expr, found: &mut Vec<Found>) {
    walk_expr(expr, false, &mut |expr, negated| {
        let before = found.len();
        of_test(expr, negated, found);
        if found.len() > before { Walk::Past } else { Walk::Deeper }
    });
}

/// A test of a field against what is written beside it.
fn of_test(expr: &Expr, negated: bool, found: &mut Vec<Found>) {
    let mut add = |subject: &Expr, kind, negated, value: &Expr| {
        if let (ExprKind::Field(field), Some(value)) = (&subject.node, literal(value)) {
            found.push((field.clone(), kind, negated, value));
        }
    };
    match &expr.node {
        ExprKind::Binary(
            BinaryOp::Compare(op @ (CompareOp::Equal | CompareOp::NotEqual)),
            a,
            b,
        ) => {
            let negated = negated != (*op == CompareOp::NotEqual);
            add(a, IndicatorKind::Equals, negated, b);
            add(b, IndicatorKind::Equals, negated, a);
        }
        ExprKind::In(inner, list) => {
            list.iter().for_each(|value| add(inner, IndicatorKind::Equals, negated, value));
        }
        ExprKind::Like(text, pattern) => add(text, IndicatorKind::Wildcard, negated, pattern),
        ExprKind::Call { function, arguments } => {
            match (function.node.as_str(), arguments.as_slice()) {
                ("match", [text, regex]) => add(text, IndicatorKind::Regex, negated, regex),
                ("like", [text, pattern]) => add(text, IndicatorKind::Wildcard, negated, pattern),
                ("cidrmatch", [subnet, address]) => {
                    add(address, IndicatorKind::Cidr, negated, subnet);
                }
                _ => {}
            }
        }
        _ => {}
    }
}

fn literal(expr: &Expr) -> Option<String> {
    match &expr.node {
        ExprKind::Text(text) => Some(text.clone()),
        ExprKind::Number(number) => Some(number_text(*number)),
        _ => None,
    }
}

/// What the rules of a catalog test: for each value, which of them.
#[derive(Debug, Default)]
pub struct Shared {
    by_value: BTreeMap<(String, IndicatorKind, String), usize>,
    rules: usize,
}

impl Shared {
    /// Looks at a catalog; rules that cannot be read, and the rule `but` itself, are left out.
    #[must_use]
    pub fn of(catalog: &[Rule], but: &Rule, macros: &Macros) -> Self {
        let mut shared = Self::default();
        for rule in catalog {
            if rule.id == but.id && rule.search == but.search {
                continue;
            }
            let Some(pipeline) = spl::parse(&rule.search, macros).pipeline else { continue };
            shared.rules += 1;
            let found = pipeline.commands.iter().flat_map(|command| of_command(&command.kind));
            let own: BTreeSet<_> =
                found.map(|(field, kind, _, value)| (field, kind, value)).collect();
            for value in own {
                *shared.by_value.entry(value).or_default() += 1;
            }
        }
        shared
    }

    /// How many rules were looked at.
    #[must_use]
    pub fn rules(&self) -> usize {
        self.rules
    }

    fn by_others(&self, field: &str, kind: IndicatorKind, value: &str) -> usize {
        let key = (field.to_owned(), kind, value.to_owned());
        self.by_value.get(&key).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(search: &str) -> Vec<String> {
        let parsed = spl::parse(search, &Macros::builtin());
        let pipeline = parsed.pipeline.unwrap_or_else(|| panic!("{:?}", parsed.diagnostics));
        let one = |one: Indicator| {
            let values: Vec<_> = one.values.iter().map(|value| value.value.clone()).collect();
            let not = if one.negated { "not " } else { "" };
            format!("{} {not}{} {} {}", one.stage, one.field, one.kind.name(), values.join("|"))
        };
        of(&pipeline, None).into_iter().map(one).collect()
    }

    #[test]
    fn every_way_to_test_a_value_is_told() {
        for (search, expected) in [
            (
                "`get_endpoint_data` TERM(a) OR TERM(b) \"c d\"",
                &["1 _raw term a|b", "1 _raw phrase c d"][..],
            ),
            (
                "f=x f IN (y*, 10.0.0.0/8) NOT g=z g!=w h>1",
                &["1 f equals x", "1 f wildcard y*", "1 f cidr 10.0.0.0/8", "1 not g equals z|w"],
            ),
            (
                r#"* | where match(f, "a|b") and not like(g, "%x") or h=1 or cidrmatch("10.0.0.0/8", ip)"#,
                &["2 f regex a|b", "2 not g wildcard %x", "2 h equals 1", "2 ip cidr 10.0.0.0/8"],
            ),
            ("* | regex f!=\"x\"", &["2 not f regex x"]),
            ("* | eval n=if(match(f, \"x\"), 1, 0)", &["2 f regex x"]),
            ("* | where a=b and NOT (c!=\"d\")", &["2 c equals d"]),
        ] {
            assert_eq!(shown(search), expected, "{search}");
        }
    }

    #[test]
    fn other_rules_that_test_the_same_are_counted() {
        let rule = |name: &str, search: &str| Rule::parse(search, name).expect("a rule");
        let catalog = [
            rule("a.spl", "f=x g=y"),
            rule("b.spl", "f=x OR f=x"),
            rule("c.spl", "f=x* | where ("),
            rule("d.spl", "NOT f=x"),
        ];
        let shared = Shared::of(&catalog, &catalog[0], &Macros::builtin());
        assert_eq!(shared.rules(), 2);
        let pipeline = spl::parse("f=x g=y", &Macros::builtin()).pipeline.expect("a search");
        let counts = of(&pipeline, Some(&shared)).into_iter().flat_map(|one| one.values);
        assert_eq!(counts.map(|one| one.shared_by).collect::<Vec<_>>(), [Some(2), Some(0)]);
    }
}
