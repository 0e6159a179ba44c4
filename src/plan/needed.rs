//! Which fields of an event the rest of a search can see at all: only those are worked out.

use super::logical::Operator;
use super::physical::selects;
use super::{LogicalPlan, commands};
use crate::eval::glob::Glob;
use crate::eval::row::names;
use crate::spl::ast::{
    self, AggregationArgument, CommandKind, Expr, ExprKind, SearchExpr, SearchKind,
};

/// The fields of a row that commands need. More than these change nothing, fewer do.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Needed {
    /// All there are.
    All,
    /// Those that a list selects.
    These(Vec<Glob>),
}

impl Needed {
    /// What the operators of a plan need from the `first` on.
    pub(super) fn from(plan: &LogicalPlan, first: usize) -> Self {
        let operators = plan.operators.get(first..).unwrap_or_default();
        operators.iter().rfold(Self::All, |after, operator| after.before(operator))
    }

    /// What is needed before an operator whose result needs this.
    fn before(self, operator: &Operator) -> Self {
        match operator {
            Operator::Search(expr) => {
                let mut fields = Vec::new();
                search_fields(expr, &mut fields);
                self.and(fields)
            }
            Operator::Where(expr) => self.and_those_of(expr),
            Operator::Regex { field, .. } => self.and([field.as_str()]),
            Operator::Table(list) => self.of_list(list, &[]),
            // It keeps the internal fields (SPLUNK.md 4, fields).
            Operator::Fields { keep: true, list } => self.of_list(list, &[names::RAW, names::TIME]),
            Operator::Fields { keep: false, .. } => self,
            Operator::Rename(list) => self.and(list.iter().map(|(from, _)| from.as_str())),
            Operator::Eval(list) => list.iter().rfold(self, |after, (name, expr)| {
                // A name in braces is that of a field whose value is the name.
                if name.contains('{') { Self::All } else { after.and_those_of(expr) }
            }),
            Operator::Bin(bin) => self.and([bin.field.as_str()]),
            Operator::Stats { aggregations, by } => {
                let mut before = Self::These(by.iter().map(|name| Glob::new(name)).collect());
                for aggregation in aggregations {
                    before = match &aggregation.argument {
                        None => before,
                        Some(AggregationArgument::Field(field)) => before.and([&*field.node]),
                        Some(AggregationArgument::Eval(expr)) => before.and_those_of(expr),
                    };
                }
                before
            }
            Operator::Command(kind) => match kind {
                CommandKind::Rex(_) | CommandKind::Makemv(_) | CommandKind::Nomv(_) => {
                    self.and(commands::fields_read(kind))
                }
                _ => Self::All,
            },
        }
    }

    fn and<'n>(mut self, fields: impl IntoIterator<Item = &'n str>) -> Self {
        if let Self::These(list) = &mut self {
            for field in fields {
                let glob = Glob::new(field);
                if !list.contains(&glob) {
                    list.push(glob);
                }
            }
        }
        self
    }

    fn and_those_of(self, expr: &Expr) -> Self {
        if !reads_by_name(expr) {
            return Self::All;
        }
        let mut fields = Vec::new();
        ast::each_field(expr, &mut |name| fields.push(name));
        self.and(fields)
    }

    /// What is needed before a command that drops all but a list, and some more.
    fn of_list(self, list: &[String], more: &[&str]) -> Self {
        let names = list.iter().map(String::as_str).chain(more.iter().copied());
        let is_needed = |name: &str| match &self {
            Self::All => true,
            // Two wildcards may have names in common that neither spells.
            Self::These(after) => name.contains('*') || selects(after, name),
        };
        Self::These(names.filter(|name| is_needed(name)).map(Glob::new).collect())
    }
}

fn search_fields<'e>(expr: &'e SearchExpr, fields: &mut Vec<&'e str>) {
    match &expr.node {
        SearchKind::All | SearchKind::Subsearch(_) => {}
        SearchKind::And(list) | SearchKind::Or(list) => {
            list.iter().for_each(|expr| search_fields(expr, fields));
        }
        SearchKind::Not(inner) => search_fields(inner, fields),
        SearchKind::Phrase(_) | SearchKind::Term(_) | SearchKind::Case(_) => {
            fields.push(names::RAW);
        }
        SearchKind::Compare { field, .. } | SearchKind::In { field, .. } => {
            fields.push(&field.node);
        }
    }
}

/// Whether an expression reads no field but those that it names: `searchmatch` reads what its text
/// asks for.
fn reads_by_name(expr: &Expr) -> bool {
    match &expr.node {
        ExprKind::Field(_) | ExprKind::Text(_) | ExprKind::Number(_) | ExprKind::Bool(_) => true,
        ExprKind::Not(inner) | ExprKind::Negate(inner) => reads_by_name(inner),
        ExprKind::Binary(_, left, right) | ExprKind::Like(left, right) => {
            reads_by_name(left) && reads_by_name(right)
        }
        ExprKind::Call { function, arguments, .. } => {
            !function.node.eq_ignore_ascii_case("searchmatch")
                && arguments.iter().all(reads_by_name)
        }
        ExprKind::In(inner, list) => reads_by_name(inner) && list.iter().all(reads_by_name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Reading;
    use crate::spl::{self, Macros};

    /// The needed fields after the search before the first pipe, as patterns.
    fn needed(search: &str) -> Option<Vec<String>> {
        let parsed = spl::parse(search, &Macros::empty());
        let logical =
            LogicalPlan::new(&parsed.pipeline.unwrap(), Reading::AS_MEANT, &mut Vec::new());
        match Needed::from(&logical, 1) {
            Needed::All => None,
            Needed::These(list) => Some(list.iter().map(|glob| glob.parts().join("*")).collect()),
        }
    }

    #[test]
    fn what_the_rest_of_a_search_can_see() {
        for (search, expected) in [
            ("x | stats count", Some(&[][..])),
            ("x | stats count by host", Some(&["host"])),
            ("x | table a, b_* | stats values(*) as * by a", Some(&["a", "b_*"])),
            ("x | table a, b, c | stats values(b) by a", Some(&["a", "b"])),
            ("x | table a, b | search TERM(c) d=1", Some(&["a", "b"])),
            ("x | search TERM(c) d=1 | table a", Some(&["a", "_raw", "d"])),
            ("x | rex \"(?<n>a)\" | table n", Some(&["n", "_raw"])),
            (
                "x | eval a=b+c, d=a | where match(e, f) | table d",
                Some(&["d", "e", "f", "a", "b", "c"]),
            ),
            ("x | rename p as q | table q", Some(&["q", "p"])),
            (
                "x | bin _time span=1s | stats dc(eval(if(g=1, h, 2))) as n by _time",
                Some(&["_time", "g", "h"]),
            ),
            ("x | fields a | stats count by a, b", Some(&["a"])),
            ("x | fields - a | table b", Some(&["b"])),
            ("x | where a=1", None),
            ("x | eval y=if(searchmatch(\"z=1\"), 1, 2) | table y", None),
            ("x | lookup l a | table a", None),
            ("x | fillnull | table a", None),
            ("x | sort a | table a", None),
        ] {
            let expected = expected.map(|list| list.iter().map(|&name| name.to_owned()).collect());
            assert_eq!(needed(search), expected, "{search}");
        }
    }
}
