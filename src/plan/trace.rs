//! What a rule makes of one event, test by test. Nothing here runs in a sweep: a [`Tracer`] holds
//! every test of a plan compiled by itself and asks the same evaluators for each.

use serde::Serialize;

use super::page::labels::{fields_of, search_label};
use super::{Operator, Plan};
use crate::eval::expr::{Compiler, Env, Expr as CompiledExpr};
use crate::eval::kinds::OtherNames;
use crate::eval::row::{EventRow, RawText, Row, Scratch, names};
use crate::eval::search::{Search, TextPlace};
use crate::spl::ast::{BinaryOp, Expr, ExprKind, SearchExpr, SearchKind};

/// So many values of a field are shown.
const VALUES: usize = 8;

/// So many characters of a value are shown.
const CHARACTERS: usize = 240;

/// So many bytes of the raw text are shown on either side of what was found in it.
const BESIDE: usize = 24;

/// How many tests are named as those that decided.
const DECIDING: usize = 12;

/// The tests of one plan, each compiled by itself.
#[derive(Debug)]
pub struct Tracer<'p> {
    plan: &'p Plan,
    /// Of each operator of the logical plan, where it tests something.
    clauses: Vec<Option<Clause>>,
}

/// A test, or a connective of tests.
#[derive(Debug)]
struct Clause {
    text: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    All(Vec<Clause>),
    Any(Vec<Clause>),
    OneOf(Box<[Clause; 2]>),
    Not(Box<Clause>),
    Search {
        test: Search,
        field: Option<String>,
    },
    Where {
        test: CompiledExpr,
        fields: Vec<String>,
    },
    /// `regex`, whose truth is the operator's own.
    Regex {
        field: String,
    },
}

/// What one test says of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// The test, macros expanded; or `all of`, `any of`, `one of`, `not`.
    pub text: String,
    /// What it says; `None` is NULL, which keeps nothing.
    pub truth: Option<bool>,
    /// What it looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<Seen>,
    /// The tests it is made of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<Mark>,
}

/// What a test looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "in", rename_all = "snake_case")]
pub enum Seen {
    /// The values of a field; none where the event does not have it. Long ones are cut.
    Field {
        /// The field.
        name: String,
        /// Its values.
        values: Vec<String>,
        /// How many more there are.
        more: usize,
    },
    /// A place in the raw text.
    Raw {
        /// The first byte.
        offset: usize,
        /// What stands there.
        text: String,
        /// What stands before it.
        before: String,
        /// What stands behind it.
        behind: String,
    },
    /// The event's own id, in the other spelling (accommodation `either-spelling`).
    OwnId {
        /// The id.
        event_id: u32,
    },
    /// The names that the event has beside its value, one of which was asked for.
    OtherNames {
        /// The names; none where any would do.
        names: Vec<String>,
    },
}

/// What one command makes of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StageMark {
    /// The number of the command, from 1.
    pub number: usize,
    /// Its text, as written.
    pub text: String,
    /// Whether the event goes on.
    pub kept: bool,
    /// Its tests, where it has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark: Option<Mark>,
    /// The tests that decided.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub decided_by: Vec<String>,
}

/// What a rule makes of an event under one reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Whether it matches: whether it goes on to the rows, or to `stats`.
    pub matches: bool,
    /// The commands, up to the one that drops it.
    pub stages: Vec<StageMark>,
}

impl<'p> Tracer<'p> {
    /// A tracer of a plan.
    #[must_use]
    pub fn new(plan: &'p Plan) -> Self {
        let mut compiler = Compiler::default();
        let clause = |operator: &Operator| match operator {
            Operator::Search(expr) => Some(of_search(expr, false)),
            Operator::Where(expr) => Some(of_where(expr, &plan.rule.search, &mut compiler)),
            Operator::Regex { field, .. } => Some(Clause {
                text: operator.to_string(),
                kind: Kind::Regex { field: field.clone() },
            }),
            _ => None,
        };
        Self { plan, clauses: plan.logical.operators.iter().map(clause).collect() }
    }

    /// What the rule makes of an event.
    #[must_use]
    pub fn trace(&self, row: &EventRow<'_>, scratch: &Scratch) -> Verdict {
        let mut stages = Vec::new();
        // The clauses' regexes are not those of the plan, so neither are their caches.
        let own = Scratch::default();
        let matches = self.plan.program.follow(row, scratch, &mut |at, row, kept| {
            let clause = self.clauses.get(at).and_then(Option::as_ref);
            let mark = clause.map(|clause| clause.mark(row, &own, kept));
            let mut decided_by = Vec::new();
            if let Some(mark) = &mark {
                mark.decide(kept, &mut decided_by);
            }
            decided_by.truncate(DECIDING);
            let span = self.plan.logical.stages.get(at).map(|span| span.range());
            let text = span.and_then(|span| self.plan.rule.search.get(span)).unwrap_or_default();
            let text = text.trim().to_owned();
            stages.push(StageMark { number: at + 1, text, kept, mark, decided_by });
        });
        Verdict { matches, stages }
    }
}

fn of_search(expr: &SearchExpr, negated: bool) -> Clause {
    let all = |list: &[SearchExpr]| list.iter().map(|one| of_search(one, negated)).collect();
    let kind = match &expr.node {
        SearchKind::And(list) => Kind::All(all(list)),
        SearchKind::Or(list) => Kind::Any(all(list)),
        SearchKind::Not(inner) => Kind::Not(Box::new(of_search(inner, !negated))),
        node => Kind::Search {
            test: Search::compile_under(expr, negated),
            field: match node {
                SearchKind::Compare { field, .. } | SearchKind::In { field, .. } => {
                    Some(field.node.clone())
                }
                _ => None,
            },
        },
    };
    Clause { text: search_label(&expr.node), kind }
}

fn of_where(expr: &Expr, search: &str, compiler: &mut Compiler) -> Clause {
    match &expr.node {
        ExprKind::Binary(op @ (BinaryOp::And | BinaryOp::Or), ..) => {
            let mut of = Vec::new();
            operands(*op, expr, &mut |one| of.push(of_where(one, search, compiler)));
            if *op == BinaryOp::And {
                Clause { text: "all of".to_owned(), kind: Kind::All(of) }
            } else {
                Clause { text: "any of".to_owned(), kind: Kind::Any(of) }
            }
        }
        ExprKind::Binary(BinaryOp::Xor, left, right) => {
            let of = [left, right].map(|one| of_where(one, search, compiler));
            Clause { text: "one of".to_owned(), kind: Kind::OneOf(Box::new(of)) }
        }
        ExprKind::Not(inner) => Clause {
            text: "not".to_owned(),
            kind: Kind::Not(Box::new(of_where(inner, search, compiler))),
        },
        _ => Clause {
            text: search.get(expr.span.range()).unwrap_or_default().trim().to_owned(),
            kind: Kind::Where { test: compiler.compile(expr), fields: fields_of(expr) },
        },
    }
}

/// Calls `visit` with the operands of a chain of one connective, left to right. Three-valued AND
/// and OR are associative.
fn operands<'e>(op: BinaryOp, expr: &'e Expr, visit: &mut dyn FnMut(&'e Expr)) {
    match &expr.node {
        ExprKind::Binary(own, left, right) if *own == op => {
            operands(op, left, visit);
            operands(op, right, visit);
        }
        _ => visit(expr),
    }
}

impl Clause {
    /// What it says of a row. `kept` is what the operator that it is the whole test of says.
    fn mark(&self, row: &dyn Row, scratch: &Scratch, kept: bool) -> Mark {
        let each =
            |list: &[Self]| list.iter().map(|one| one.mark(row, scratch, kept)).collect::<Vec<_>>();
        let mark = |truth, seen, of| Mark { text: self.text.clone(), truth, seen, of };
        match &self.kind {
            Kind::All(list) => {
                let of = each(list);
                mark(all_of(&of), Vec::new(), of)
            }
            Kind::Any(list) => {
                let of = each(list);
                mark(any_of(&of), Vec::new(), of)
            }
            Kind::OneOf(pair) => {
                let of = each(&pair[..]);
                let truth = match of.as_slice() {
                    [one, other] => one.truth.zip(other.truth).map(|(one, other)| one != other),
                    _ => None,
                };
                mark(truth, Vec::new(), of)
            }
            Kind::Not(inner) => {
                let inner = inner.mark(row, scratch, kept);
                mark(inner.truth.map(|truth| !truth), Vec::new(), vec![inner])
            }
            Kind::Search { test, field } => {
                let truth = test.holds(row);
                mark(Some(truth), seen_by_search(test, field.as_deref(), truth, row), Vec::new())
            }
            Kind::Where { test, fields } => {
                let truth = test.truth(Env { row, scratch });
                let seen = fields.iter().map(|name| seen_field(row, name)).collect();
                mark(truth, seen, Vec::new())
            }
            Kind::Regex { field } => mark(Some(kept), vec![seen_field(row, field)], Vec::new()),
        }
    }
}

fn all_of(list: &[Mark]) -> Option<bool> {
    if list.iter().any(|one| one.truth == Some(false)) {
        return Some(false);
    }
    list.iter().all(|one| one.truth == Some(true)).then_some(true)
}

fn any_of(list: &[Mark]) -> Option<bool> {
    if list.iter().any(|one| one.truth == Some(true)) {
        return Some(true);
    }
    list.iter().all(|one| one.truth == Some(false)).then_some(false)
}

impl Mark {
    /// Names the tests that make it what it is: of an AND that does not hold and of an OR that
    /// does, the first that says so is enough.
    fn decide(&self, wanted: bool, to: &mut Vec<String>) {
        let holds = |one: &Self| (one.truth == Some(true)) == wanted;
        if self.of.is_empty() {
            let truth = match self.truth {
                Some(true) => "true",
                Some(false) => "false",
                None => "null",
            };
            if to.len() < DECIDING {
                to.push(format!("{} is {truth}", self.text));
            }
            return;
        }
        match (self.text.as_str(), wanted) {
            ("all of", false) | ("any of", true) => {
                if let Some(first) = self.of.iter().find(|one| holds(one)) {
                    first.decide(wanted, to);
                }
            }
            // A NULL inside stays one, so it is not what is wanted turned around.
            ("not", _) => {
                self.of.iter().for_each(|one| one.decide(one.truth == Some(true), to));
            }
            _ => self.of.iter().for_each(|one| one.decide(one.truth == Some(true), to)),
        }
    }
}

fn seen_by_search(test: &Search, field: Option<&str>, truth: bool, row: &dyn Row) -> Vec<Seen> {
    let Some(field) = field else {
        let place = test.place(row);
        return match (place, row.raw()) {
            (Some(TextPlace::OwnId(event_id)), _) => vec![Seen::OwnId { event_id }],
            (Some(TextPlace::Raw(range)), Some(raw)) => vec![seen_raw(raw, range)],
            _ => Vec::new(),
        };
    };
    let mut seen = vec![seen_field(row, field)];
    if truth {
        match row.other_names(field) {
            OtherNames::None => {}
            OtherNames::These(names) => seen.push(Seen::OtherNames { names }),
            OtherNames::Any => seen.push(Seen::OtherNames { names: Vec::new() }),
        }
    }
    seen
}

fn seen_field(row: &dyn Row, name: &str) -> Seen {
    let field = row.field(name);
    let values = field.as_deref().map_or(&[][..], |field| field.values());
    let shown = |value: &crate::value::Value| match (name, value) {
        (names::TIME, crate::value::Value::Time(time)) => time.to_string(),
        _ => cut(&value.text()),
    };
    Seen::Field {
        name: name.to_owned(),
        values: values.iter().take(VALUES).map(shown).collect(),
        more: values.len().saturating_sub(VALUES),
    }
}

fn seen_raw(raw: &RawText<'_>, range: std::ops::Range<usize>) -> Seen {
    let bytes = raw.bytes();
    let text = |range: std::ops::Range<usize>| {
        String::from_utf8_lossy(bytes.get(range).unwrap_or_default()).into_owned()
    };
    let before = range.start.saturating_sub(BESIDE)..range.start;
    let behind = range.end..bytes.len().min(range.end.saturating_add(BESIDE));
    Seen::Raw {
        offset: range.start,
        text: cut(&text(range)),
        before: text(before),
        behind: text(behind),
    }
}

/// The start of a long text.
fn cut(text: &str) -> String {
    match text.char_indices().nth(CHARACTERS) {
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::cim::Cim;
    use crate::event::Format;
    use crate::format::{DecodeContext, decode};
    use crate::plan::Settings;
    use crate::reading::Reading;
    use crate::rule::Rule;
    use crate::spl::Macros;

    const EVENT: &str = "<Event><System><Provider Name='MsiInstaller'/>\
        <EventID Qualifiers='0'>1040</EventID><Channel>Application</Channel>\
        <Computer>h</Computer></System><EventData><Data>http://x.example/a.msi</Data>\
        <Data Name='N'>10</Data><Data Name='M'>a</Data><Data Name='M'>b</Data></EventData></Event>";

    fn trace(search: &str, reading: Reading) -> Verdict {
        let settings = Settings {
            macros: Macros::builtin(),
            cim: Cim::builtin(),
            reading,
            timezone: TimeZone::UTC,
            resources: Default::default(),
            now: jiff::Timestamp::UNIX_EPOCH,
        };
        let rule = Rule::parse(search, "x.spl").expect("a rule");
        let (plan, _) =
            Plan::compile(rule, &settings).unwrap_or_else(|r| panic!("{:?}", r.findings));
        let context = DecodeContext { reading, timezone: TimeZone::UTC };
        let event = decode(EVENT.as_bytes(), Format::Xml, &context).expect("an event");
        let row = EventRow::new(&event, settings.cim.view(&event, reading), reading);
        let scratch = Scratch::default();
        let verdict = Tracer::new(&plan).trace(&row, &scratch);
        assert_eq!(verdict.matches, plan.program.matches(&row, &scratch), "{search}");
        verdict
    }

    #[test]
    fn the_tests_that_decide_are_named() {
        for (search, expected) in [
            ("msi http | table N", &["\"msi\" is true", "\"http\" is true"][..]),
            ("nothing http | table N", &["\"nothing\" is false"]),
            ("(nothing OR msi) http", &["\"msi\" is true", "\"http\" is true"]),
            ("(a1 OR a2) http", &["\"a1\" is false", "\"a2\" is false"]),
            ("NOT msi", &["\"msi\" is true"]),
            ("NOT a1", &["\"a1\" is false"]),
            ("* | where N=10 and isnull(X)", &["N=10 is true", "isnull(X) is true"]),
            ("* | where X=1 or N>9", &["N>9 is true"]),
            ("* | where not X=1", &["X=1 is null"]),
            ("* | regex N!=\"^1\"", &["regex N!=\"^1\" is false"]),
            // A test behind a command that drops fields.
            ("* | table M | where isnotnull(N)", &["isnotnull(N) is false"]),
        ] {
            let verdict = trace(search, Reading::AS_MEANT);
            let decided = verdict
                .stages
                .iter()
                .rev()
                .find_map(|s| (!s.decided_by.is_empty()).then_some(&s.decided_by));
            assert_eq!(decided.map(Vec::as_slice).unwrap_or_default(), expected, "{search}");
        }
    }

    #[test]
    fn what_was_seen_is_shown() {
        let mark = |search: &str, reading| {
            let verdict = trace(search, reading);
            verdict.stages.last().and_then(|stage| stage.mark.clone()).expect("a mark")
        };
        let own = mark("TERM(EventCode=1040)", Reading::AS_MEANT);
        assert_eq!(own.seen, [Seen::OwnId { event_id: 1040 }]);
        assert_eq!(mark("TERM(EventCode=1040)", Reading::STRICT).truth, Some(false));
        let Seen::Raw { offset, text, .. } = &mark("\"X.EXAMPLE/A\"", Reading::AS_MEANT).seen[0]
        else {
            panic!("a place")
        };
        assert_eq!((EVENT.find("x.example"), text.as_str()), (Some(*offset), "x.example/a"));
        let values = mark("* | where M=\"b\"", Reading::AS_MEANT).seen;
        let expected = Seen::Field {
            name: "M".to_owned(),
            values: vec!["a".to_owned(), "b".to_owned()],
            more: 0,
        };
        assert_eq!(values, [expected]);
        let names = mark("sourcetype=WinEventLog", Reading::AS_MEANT).seen;
        assert!(matches!(&names[1], Seen::OtherNames { names } if names.len() == 4), "{names:?}");
    }

    #[test]
    fn null_is_neither_true_nor_false() {
        // SPLUNK.md 4, where: NULL under NOT, AND, OR and XOR.
        for (condition, truth) in [
            ("X=1", None),
            ("not X=1", None),
            ("X=1 and N=10", None),
            ("X=1 and N=9", Some(false)),
            ("X=1 or N=10", Some(true)),
            ("X=1 or N=9", None),
            ("X=1 xor N=10", None),
            ("N=10 xor N=9", Some(true)),
        ] {
            let verdict = trace(&format!("* | where {condition}"), Reading::AS_MEANT);
            let mark = verdict.stages[1].mark.as_ref().expect("a mark");
            assert_eq!(mark.truth, truth, "{condition}");
            assert_eq!(verdict.stages[1].kept, truth == Some(true), "{condition}");
        }
    }
}
