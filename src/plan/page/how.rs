//! How a rule runs: its two plans as data.

use std::collections::BTreeSet;

use serde::Serialize;

use super::labels::{fields_of, search_label};
use crate::eval::expr::Compiler;
use crate::eval::search::Search;
use crate::plan::{Guard, Operator, Plan, Required, Where};
use crate::spl::ast::{AggregationArgument, BinaryOp, Expr, ExprKind, SearchExpr, SearchKind};

/// So many byte forms of a clause are shown.
const FORMS: usize = 64;

/// A clause with a literal shorter than this hits often.
const SHORT: usize = 4;

/// A tree of conditions, told in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tree {
    /// What it says: a test, or `all of`, `any of`, `not`.
    pub text: String,
    /// Of what.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<Tree>,
}

impl Tree {
    fn leaf(text: impl Into<String>) -> Self {
        Self { text: text.into(), of: Vec::new() }
    }

    fn node(text: &str, of: Vec<Self>) -> Self {
        Self { text: text.to_owned(), of }
    }
}

/// A clause that is searched for: any match holds one of its byte strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Clause {
    /// The literals of the rule.
    pub literals: Vec<String>,
    /// How many byte strings stand for them.
    pub forms: usize,
    /// The first of these, what is no printable ASCII escaped as in `\x00`. Letters stand for
    /// either case.
    pub bytes: Vec<String>,
}

/// How a rule runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HowItRuns {
    /// The logical plan, an operator a line.
    pub logical: Vec<String>,
    /// What any match holds.
    pub required: Tree,
    /// What text of any format is searched for; the first clause, or one of the others where that
    /// is rarer in the data. None: every event is evaluated.
    pub text_clauses: Vec<Clause>,
    /// The same for EVTX chunks, which hold UTF-16.
    pub evtx_clauses: Vec<Clause>,
    /// Whether an event's bytes are put to the whole condition before it is decoded.
    pub gate: bool,
    /// The tests of an event, in the order they are made: the cheapest first where that changes
    /// no answer.
    pub predicates: Vec<Tree>,
    /// The fields it reads, patterns for several; all of them where nothing limits it.
    pub fields: Vec<String>,
    /// Whether matches go to partial aggregates, one set a worker.
    pub aggregates: bool,
    /// What makes it expensive; nothing for a rule that is not.
    pub expensive: Vec<String>,
    /// How its subsearches run: each looks through the same files, beside the rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subsearches: Vec<HowItRuns>,
}

impl HowItRuns {
    pub(super) fn of(plan: &Plan) -> Self {
        Self {
            logical: plan.logical.operators.iter().map(ToString::to_string).collect(),
            required: required(&plan.required),
            text_clauses: plan.text_guards.iter().map(clause).collect(),
            evtx_clauses: plan.evtx_guards.iter().map(clause).collect(),
            gate: plan.gate.is_some(),
            predicates: predicates(plan),
            fields: fields(plan),
            aggregates: plan.program.stats().is_some(),
            expensive: expensive(plan),
            subsearches: plan.subsearches.iter().map(Self::of).collect(),
        }
    }
}

fn required(formula: &Required) -> Tree {
    match formula {
        Required::Anything => Tree::leaf("anything"),
        Required::Literal { place, text, .. } => {
            let place = match place {
                Where::Raw => "the raw text",
                Where::Field(name) => name,
            };
            Tree::leaf(format!("{text:?} in {place}"))
        }
        Required::All(list) => Tree::node("all of", list.iter().map(required).collect()),
        Required::Any(list) => Tree::node("any of", list.iter().map(required).collect()),
    }
}

fn clause(guard: &Guard) -> Clause {
    Clause {
        literals: guard.literals.clone(),
        forms: guard.needles.len(),
        bytes: guard.needles.iter().take(FORMS).map(|n| n.escape_ascii().to_string()).collect(),
    }
}

fn predicates(plan: &Plan) -> Vec<Tree> {
    let text =
        |expr: &Expr| plan.rule.search.get(expr.span.range()).unwrap_or_default().trim().to_owned();
    let mut all = Vec::new();
    for operator in &plan.logical.operators {
        match operator {
            Operator::Search(expr) => all.push(search_tree(expr)),
            Operator::Where(expr) => all.push(where_tree(expr, &text)),
            Operator::Regex { .. } => all.push(Tree::leaf(operator.to_string())),
            Operator::Stats { .. } => break,
            _ => {}
        }
    }
    all
}

fn search_tree(expr: &SearchExpr) -> Tree {
    let label = search_label(&expr.node);
    match &expr.node {
        SearchKind::And(list) | SearchKind::Or(list) => {
            let mut list: Vec<_> = list.iter().collect();
            list.sort_by_cached_key(|one| Search::compile(one).cost());
            Tree::node(&label, list.into_iter().map(search_tree).collect())
        }
        SearchKind::Not(inner) => Tree::node(&label, vec![search_tree(inner)]),
        _ => Tree::leaf(label),
    }
}

fn where_tree(expr: &Expr, text: &dyn Fn(&Expr) -> String) -> Tree {
    match &expr.node {
        ExprKind::Binary(op @ (BinaryOp::And | BinaryOp::Or), ..) => {
            let mut of = Vec::new();
            flatten(*op, expr, &mut |one| of.push(where_tree(one, text)));
            Tree::node(if *op == BinaryOp::And { "all of" } else { "any of" }, of)
        }
        ExprKind::Not(inner) => Tree::node("not", vec![where_tree(inner, text)]),
        _ => Tree::leaf(text(expr)),
    }
}

/// Calls `visit` with the operands of a chain of one connective, left to right.
fn flatten<'e>(op: BinaryOp, expr: &'e Expr, visit: &mut dyn FnMut(&'e Expr)) {
    match &expr.node {
        ExprKind::Binary(own, left, right) if *own == op => {
            flatten(op, left, visit);
            flatten(op, right, visit);
        }
        _ => visit(expr),
    }
}

fn fields(plan: &Plan) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    // Only a list of fields keeps a rule from reading all that an event has.
    let mut limited = false;
    let mut known = BTreeSet::new();
    let mut add = |name: &str| {
        if known.insert(name.to_owned()) {
            all.push(name.to_owned());
        }
    };
    for operator in &plan.logical.operators {
        match operator {
            Operator::Search(expr) => search_fields(expr, &mut add),
            Operator::Where(expr) => fields_of(expr).iter().for_each(|name| add(name)),
            Operator::Regex { field, .. } => add(field),
            Operator::Eval(list) => {
                list.iter().flat_map(|(_, e)| fields_of(e)).for_each(|name| add(&name));
            }
            Operator::Bin(bin) => add(&bin.field),
            Operator::Rename(list) => list.iter().for_each(|(from, _)| add(from)),
            Operator::Table(list) | Operator::Fields { keep: true, list } => {
                limited = true;
                list.iter().for_each(|name| add(name));
            }
            Operator::Stats { aggregations, by } => {
                // After a list of fields, a pattern selects among these.
                let listed = std::mem::replace(&mut limited, true);
                by.iter().for_each(|name| add(name));
                for argument in aggregations.iter().filter_map(|a| a.argument.as_ref()) {
                    match argument {
                        AggregationArgument::Field(field) if listed && field.node.contains('*') => {
                        }
                        AggregationArgument::Field(field) => add(&field.node),
                        AggregationArgument::Eval(expr) => {
                            fields_of(expr).iter().for_each(|name| add(name));
                        }
                    }
                }
                break;
            }
            _ => {}
        }
    }
    if !limited {
        add("*");
    }
    all
}

fn search_fields(expr: &SearchExpr, add: &mut dyn FnMut(&str)) {
    super::labels::walk_search(expr, false, &mut |expr, _| match &expr.node {
        SearchKind::Compare { field, .. } | SearchKind::In { field, .. } => add(&field.node),
        SearchKind::All => {}
        _ => add("_raw"),
    });
}

fn expensive(plan: &Plan) -> Vec<String> {
    let mut all = Vec::new();
    for (guards, what) in [(&plan.text_guards, "of text"), (&plan.evtx_guards, "of an EVTX log")] {
        match guards.first() {
            None => all.push(format!(
                "no literal is sure to be in a match, so every event {what} is evaluated"
            )),
            Some(guard) => {
                let shortest = guard.literals.iter().min_by_key(|literal| literal.len());
                if let Some(short) = shortest.filter(|literal| literal.len() < SHORT) {
                    all.push(format!(
                        "{short:?}, searched for in every byte {what}, is short and may hit often"
                    ));
                }
            }
        }
    }
    let mut patterns = Vec::new();
    for operator in &plan.logical.operators {
        match operator {
            Operator::Regex { pattern, .. } => patterns.push(pattern.node.clone()),
            Operator::Where(expr) => super::labels::walk_expr(expr, false, &mut |expr, _| {
                if let ExprKind::Call { function, arguments } = &expr.node
                    && function.node == "match"
                    && let Some(ExprKind::Text(pattern)) = arguments.get(1).map(|one| &one.node)
                {
                    patterns.push(pattern.clone());
                }
                super::labels::Walk::Deeper
            }),
            _ => {}
        }
    }
    let mut compiler = Compiler::default();
    for pattern in patterns {
        let regex = compiler.regex(&pattern, Default::default());
        if regex.is_some_and(|regex| regex.regex().backtracks()) {
            all.push(format!("no automaton can match {pattern:?}, so PCRE2 does, which is slower"));
        }
    }
    all
}
