//! Subsearches among search terms: what their rows say takes their place, before anything else is
//! planned (Search Reference, format). Their rows must be known before the first event is looked at,
//! so they are those of a lookup table; a subsearch of events is refused.

use super::{Allowance, Plan, Settings};
use crate::eval::row::{Record, Scratch};
use crate::rule::Rule;
use crate::spl::ast::{CommandKind, CompareOp, Pipeline, SearchExpr, SearchKind, Span, Spanned};
use crate::spl::codes;
use crate::spl::diagnostic::Diagnostic;

/// How many rows of a subsearch are used (limits.conf, `[subsearch]` `maxout`).
const MAX_ROWS: usize = 10_000;

/// How many bytes the rows of one may take.
const MAX_BYTES: usize = 64 << 20;

/// Fields whose value is a search of its own, for Splunk.
const RAW_TERMS: &[&str] = &["search", "query"];

/// Puts the terms of the subsearches in their place.
pub(super) fn expand(
    rule: &Rule,
    pipeline: &mut Pipeline,
    settings: &Settings,
    findings: &mut Vec<Diagnostic>,
) {
    for command in &mut pipeline.commands {
        if let CommandKind::Search(expr) = &mut command.kind {
            Expander { rule, settings, findings }.expand(expr);
        }
    }
}

struct Expander<'e> {
    rule: &'e Rule,
    settings: &'e Settings,
    findings: &'e mut Vec<Diagnostic>,
}

impl Expander<'_> {
    fn expand(&mut self, expr: &mut SearchExpr) {
        match &mut expr.node {
            SearchKind::And(list) | SearchKind::Or(list) => {
                list.iter_mut().for_each(|one| self.expand(one));
            }
            SearchKind::Not(inner) => self.expand(inner),
            SearchKind::Subsearch(inner) => {
                if let Some(terms) = self.terms(inner, expr.span) {
                    expr.node = terms;
                }
            }
            _ => {}
        }
    }

    /// The terms of a subsearch; `None` after an error.
    fn terms(&mut self, inner: &Pipeline, span: Span) -> Option<SearchKind> {
        if !inner.commands.get(1).is_some_and(|second| second.kind.makes_rows()) {
            self.refuse(
                span,
                "a subsearch of events is not supported among search terms: its rows would have \
                 to be known before the first event is looked at",
                "scan with the inner search first, write its rows to a CSV file, and read that \
                 here: [| inputlookup NAME | fields ...] with --lookup NAME=FILE",
            );
            return None;
        }
        let plan = Plan::build(self.rule, inner, self.settings, self.findings)?;
        let allowance = Allowance::new(MAX_BYTES);
        let rows = plan.program.run_on_all(Vec::new(), &Scratch::default(), &allowance, &[]);
        if rows.len() > MAX_ROWS || allowance.is_spent() {
            self.refuse(
                span,
                "this subsearch has more than 10000 rows, or 64 MiB of them; Splunk uses the first",
                "say which are meant, as with `| head 10000`",
            );
            return None;
        }
        let mut all = Vec::new();
        for (record, _) in &rows {
            all.extend(self.of_row(record, span)?);
        }
        Some(joined(all, SearchKind::Or).unwrap_or_else(|| {
            // No row: `NOT ()`, which holds of nothing.
            SearchKind::Not(Box::new(Spanned { node: SearchKind::All, span }))
        }))
    }

    /// What a row says: that each of its fields has one of its values. Fields that start with `_`
    /// are left out.
    #[expect(clippy::option_option, reason = "an error, nothing to say, terms")]
    fn of_row(&mut self, record: &Record, span: Span) -> Option<Option<SearchExpr>> {
        let mut all = Vec::new();
        for (name, field) in record.iter().filter(|(name, _)| !name.starts_with('_')) {
            if RAW_TERMS.contains(&name) {
                self.refuse(
                    span,
                    "a subsearch that gives the field `search` or `query` is not supported: \
                     Splunk reads its value as a search",
                    "give the field that the values are of",
                );
                return None;
            }
            let values = field.values().iter().map(|value| {
                let node = SearchKind::Compare {
                    field: Spanned { node: name.to_owned(), span },
                    op: CompareOp::Equal,
                    value: Spanned { node: value.text().into_owned(), span },
                    case_sensitive: false,
                };
                Spanned { node, span }
            });
            let any = joined(values.collect(), SearchKind::Or);
            all.extend(any.map(|node| Spanned { node, span }));
        }
        Some(joined(all, SearchKind::And).map(|node| Spanned { node, span }))
    }

    fn refuse(&mut self, span: Span, message: &str, hint: &str) {
        self.findings.push(Diagnostic::error(codes::SUBSEARCH, message, span).with_hint(hint));
    }
}

/// Terms joined by a connective; `None` where there are none.
fn joined(
    mut list: Vec<SearchExpr>,
    connective: fn(Vec<SearchExpr>) -> SearchKind,
) -> Option<SearchKind> {
    match list.len() {
        0 => None,
        1 => list.pop().map(|one| one.node),
        _ => Some(connective(list)),
    }
}
