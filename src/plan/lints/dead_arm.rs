//! An arm of an OR, or all of a condition, that can never hold.
//!
//! Only what is surely dead is told: two values of a field that has one, an event id that no test
//! agrees on, a test and its own negation, a TERM that no text holds. What may have several values
//! may hold of each.

use std::collections::BTreeSet;

use super::Subject;
use crate::eval::row::names;
use crate::eval::segment::{Breaker, strongest_breaker};
use crate::eval::subnet::Subnet;
use crate::pcre::{Cache, Regex};
use crate::reading::Accommodation;
use crate::spl::ast::{
    BinaryOp, CommandKind, CompareOp, Expr, ExprKind, SearchExpr, SearchKind, Span,
};
use crate::spl::codes;
use crate::spl::diagnostic::Diagnostic;

/// Fields of which an event has one value.
const SINGLE: &[&str] = &[
    names::HOST,
    names::INDEX,
    names::SOURCE,
    names::SOURCETYPE,
    "EventCode",
    "EventID",
    "event_id",
    "signature_id",
];

/// Those of them that hold the number of the event's kind, at most 65,535.
const IDS: &[&str] = &["EventCode", "EventID", "signature_id"];

/// Kinds of source (`_source_kind`) of which an event is at most one.
const EXCLUSIVE_KINDS: &[&str] = &["powershell", "sysmon", "winevent"];

/// How many tests of one conjunction are compared with each other.
const MAX_TESTS: usize = 64;

/// How often all event ids of one rule are tried.
const MAX_TRIALS: usize = 8;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let either = subject.settings.reading.has(Accommodation::EitherSpelling);
    let mut finder =
        Finder { strict: !either, of_events: true, trials: 0, tests: Vec::new(), findings };
    let mut last_was_where = false;
    for command in &subject.pipeline.commands {
        finder.of_events &= keeps_values(&command.kind);
        let is_where = matches!(command.kind, CommandKind::Where(_));
        // What one command tested still holds in the next, as far as both compare alike: a search
        // does without case, and a command that changes values ends it.
        if is_where != last_was_where || !keeps_values(&command.kind) {
            finder.tests.clear();
        }
        last_was_where = is_where;
        let dead = match &command.kind {
            CommandKind::Search(expr) => finder.arm(&Node::Search(expr)),
            CommandKind::Where(expr) => finder.arm(&Node::Where(expr)),
            _ => continue,
        };
        if let Some(reason) = dead {
            finder.tell("the rule", command.span, &reason);
        }
    }
}

/// Whether the rows behind a command still are events with the values that they had. After
/// `values(*) as *` one row has the ids of many events.
fn keeps_values(kind: &CommandKind) -> bool {
    matches!(
        kind,
        CommandKind::Search(_)
            | CommandKind::Where(_)
            | CommandKind::Regex { .. }
            | CommandKind::Table(_)
            | CommandKind::Fields { .. }
            | CommandKind::Bin(_)
            | CommandKind::Head(_)
    )
}

/// A part of either kind of condition.
#[derive(Clone, Copy)]
enum Node<'a> {
    Search(&'a SearchExpr),
    Where(&'a Expr),
}

/// What a part is built of.
enum Shape<'a> {
    And(Vec<Node<'a>>),
    Or(Vec<Node<'a>>),
    Test(Test<'a>),
}

/// One test.
#[derive(Clone)]
struct Test<'a> {
    /// The test without its NOT, in one spelling for all that mean the same; `None` for tests that
    /// are compared with none.
    key: Option<String>,
    negated: bool,
    kind: TestKind<'a>,
}

#[derive(Clone)]
enum TestKind<'a> {
    /// The field is one of these. In a search without case.
    OneOf {
        field: &'a str,
        values: BTreeSet<String>,
    },
    /// A regex matches the field.
    Match {
        field: &'a str,
        pattern: &'a str,
    },
    /// A term.
    Term(&'a str),
    Other,
}

/// Why something is dead.
struct Reason {
    text: String,
    /// Whether the parser has told of it.
    told: bool,
    /// Whether a value of an event may hold by chance what its text does not.
    but_for_chance: bool,
}

impl Reason {
    fn sure(text: String) -> Self {
        Self { text, told: false, but_for_chance: false }
    }
}

struct Finder<'a, 'f> {
    /// Whether an event answers to one spelling of its id only.
    strict: bool,
    /// Whether the rows are events, so that [`SINGLE`] holds.
    of_events: bool,
    trials: usize,
    /// The tests that must all hold where the finder is.
    tests: Vec<Test<'a>>,
    findings: &'f mut Vec<Diagnostic>,
}

impl<'a> Finder<'a, '_> {
    /// Why a part is dead, given the tests around it. Dead arms inside a part that is not are told.
    fn arm(&mut self, node: &Node<'a>) -> Option<Reason> {
        match node.shape() {
            Shape::Test(test) => self.test(test),
            Shape::Or(arms) => self.arms(&arms),
            Shape::And(parts) => {
                let (tests, others): (Vec<_>, Vec<_>) =
                    parts.iter().partition(|part| matches!(part.shape(), Shape::Test(_)));
                // The tests first, so that the arms are seen under all of them.
                tests.into_iter().chain(others).find_map(|part| self.arm(part))
            }
        }
    }

    fn arms(&mut self, arms: &[Node<'a>]) -> Option<Reason> {
        let mut dead = Vec::new();
        for arm in arms {
            let outer = self.tests.len();
            let reason = self.arm(arm);
            self.tests.truncate(outer);
            dead.push((arm.span(), reason));
        }
        if dead.iter().all(|(_, reason)| reason.is_some()) {
            return dead.into_iter().find_map(|(_, reason)| reason);
        }
        for (span, reason) in dead {
            if let Some(reason) = reason.filter(|reason| !reason.told) {
                self.tell("this arm", span, &reason);
            }
        }
        None
    }

    /// Adds a test to those that must hold; why they cannot all hold.
    fn test(&mut self, test: Test<'a>) -> Option<Reason> {
        if let TestKind::Term(term) = test.kind
            && !test.negated
            && strongest_breaker(&term.replace('*', "x")) == Breaker::Major
        {
            let text = format!("TERM({term}) holds a major breaker, as no term does");
            return Some(Reason { text, told: true, but_for_chance: false });
        }
        let reason = self.tests.iter().find_map(|known| self.conflict(known, &test));
        if self.tests.len() < MAX_TESTS {
            self.tests.push(test);
        }
        reason.or_else(|| self.no_id().map(Reason::sure))
    }

    fn conflict(&self, a: &Test<'a>, b: &Test<'a>) -> Option<Reason> {
        if let (Some(key), Some(other)) = (&a.key, &b.key)
            && key == other
            && a.negated != b.negated
        {
            return Some(Reason::sure(format!("`{key}` must hold and must not")));
        }
        if a.negated || b.negated {
            return None;
        }
        if self.strict && self.of_events && are_of_other_texts(a, b) {
            let text = "text of this source spells the event id otherwise (accommodation \
                        either-spelling is off)";
            return Some(Reason { text: text.to_owned(), told: false, but_for_chance: true });
        }
        match (&a.kind, &b.kind) {
            (
                TestKind::OneOf { field, values },
                TestKind::OneOf { field: other, values: others },
            ) if field == other && values.is_disjoint(others) => {
                let (one, two) = (values.first()?, others.first()?);
                if self.of_events && SINGLE.contains(field) {
                    let text = format!("`{field}` cannot be both `{one}` and `{two}`");
                    return Some(Reason::sure(text));
                }
                let exclusive = |values: &BTreeSet<String>| {
                    values.iter().all(|value| EXCLUSIVE_KINDS.contains(&value.as_str()))
                };
                (self.of_events
                    && *field == names::SOURCE_KIND
                    && exclusive(values)
                    && exclusive(others))
                .then(|| format!("no event is of both kinds of source, {one} and {two}"))
                .map(Reason::sure)
            }
            _ => None,
        }
    }

    /// Whether no event id passes the tests of one field, as far as there are several of them.
    fn no_id(&mut self) -> Option<String> {
        let last = self.tests.last()?;
        let (TestKind::OneOf { field, .. } | TestKind::Match { field, .. }) = last.kind else {
            return None;
        };
        let on_field = |test: &&Test<'_>| {
            !test.negated
                && matches!(&test.kind, TestKind::OneOf { field: on, .. }
                    | TestKind::Match { field: on, .. } if *on == field)
        };
        let tests: Vec<_> = self.tests.iter().filter(on_field).collect();
        let has_match = tests.iter().any(|test| matches!(test.kind, TestKind::Match { .. }));
        if !self.of_events
            || !IDS.contains(&field)
            || tests.len() < 2
            || !has_match
            || self.trials >= MAX_TRIALS
        {
            return None;
        }
        self.trials += 1;
        let mut trials = tests.iter().map(|test| Trial::new(test)).collect::<Option<Vec<_>>>()?;
        let passes = |id: u32| trials.iter_mut().all(|trial| trial.passes(&id.to_string()));
        let any = (0..=u32::from(u16::MAX)).any(passes);
        (!any).then(|| format!("no event id passes all tests of `{field}`"))
    }

    fn tell(&mut self, what: &str, span: Span, reason: &Reason) {
        let can = if reason.but_for_chance { "can hardly ever match" } else { "can never match" };
        self.findings.push(
            Diagnostic::warning(codes::DEAD_ARM, format!("{what} {can}: {}", reason.text), span)
                .with_hint("mend it, or take it out"),
        );
    }
}

/// Whether one test names the text of an event as XML and the other as classic text: by the name
/// that the add-on's inputs give a source, or by the spelling of the event id, which the other text
/// does not have of its own (SPLUNK.md, traps 4 and 8).
fn are_of_other_texts(a: &Test<'_>, b: &Test<'_>) -> bool {
    // Whether it is XML, and whether it spells an id.
    let text = |test: &Test<'_>| {
        let key = test.key.as_deref()?;
        let name = key.strip_prefix("sourcetype=").or_else(|| key.strip_prefix("source="));
        match name {
            Some(name) if name.starts_with("xmlwineventlog") => Some((true, false)),
            Some(name) if name.starts_with("wineventlog") => Some((false, false)),
            Some(_) => None,
            None if key.starts_with("TERM(eventcode=") => Some((false, true)),
            None if key.starts_with("\"<eventid>") => Some((true, true)),
            None => None,
        }
    };
    match (text(a), text(b)) {
        (Some((xml, spelled)), Some((other_xml, other_spelled))) => {
            xml != other_xml && spelled != other_spelled
        }
        _ => false,
    }
}

/// A test of an event id, ready to be tried.
struct Trial<'t> {
    values: Option<&'t BTreeSet<String>>,
    regex: Option<(Regex, Cache)>,
}

impl<'t> Trial<'t> {
    fn new(test: &'t Test<'_>) -> Option<Self> {
        match &test.kind {
            TestKind::OneOf { values, .. } => Some(Self { values: Some(values), regex: None }),
            TestKind::Match { pattern, .. } => {
                let regex = Regex::new(pattern).ok()?;
                Some(Self { values: None, regex: Some((regex, Cache::default())) })
            }
            _ => None,
        }
    }

    fn passes(&mut self, id: &str) -> bool {
        match &mut self.regex {
            Some((regex, cache)) => regex.is_match(cache, id),
            None => self.values.is_some_and(|values| values.contains(id)),
        }
    }
}

impl<'a> Node<'a> {
    fn span(&self) -> Span {
        match self {
            Self::Search(expr) => expr.span,
            Self::Where(expr) => expr.span,
        }
    }

    fn shape(&self) -> Shape<'a> {
        match *self {
            Self::Search(expr) => match &expr.node {
                SearchKind::And(list) => Shape::And(list.iter().map(Node::Search).collect()),
                SearchKind::Or(list) => Shape::Or(list.iter().map(Node::Search).collect()),
                _ => Shape::Test(search_test(expr)),
            },
            Self::Where(expr) => match &expr.node {
                ExprKind::Binary(op @ (BinaryOp::And | BinaryOp::Or), ..) => {
                    let mut parts = Vec::new();
                    flatten(expr, *op, &mut parts);
                    if *op == BinaryOp::And { Shape::And(parts) } else { Shape::Or(parts) }
                }
                _ => Shape::Test(where_test(expr)),
            },
        }
    }
}

/// The operands of a chain of one operator, which leans to the left. The parser bounds how deep.
fn flatten<'a>(expr: &'a Expr, op: BinaryOp, parts: &mut Vec<Node<'a>>) {
    match &expr.node {
        ExprKind::Binary(found, left, right) if *found == op => {
            flatten(left, op, parts);
            flatten(right, op, parts);
        }
        _ => parts.push(Node::Where(expr)),
    }
}

fn search_test(expr: &SearchExpr) -> Test<'_> {
    let (expr, negated) = match &expr.node {
        SearchKind::Not(inner) => (inner.as_ref(), true),
        _ => (expr, false),
    };
    let kind = match &expr.node {
        SearchKind::Compare { field, op: CompareOp::Equal, value, .. } => {
            one_of(&field.node, [value.node.as_str()])
        }
        SearchKind::In { field, values } => {
            one_of(&field.node, values.iter().map(|value| value.node.as_str()))
        }
        SearchKind::Term(term) => TestKind::Term(term),
        _ => TestKind::Other,
    };
    Test { key: search_key(expr), negated, kind }
}

/// A test for one of several values, compared without case; one with a wildcard or of a subnet
/// may be met by many values.
fn one_of<'a>(field: &'a str, values: impl IntoIterator<Item = &'a str>) -> TestKind<'a> {
    let mut exact = BTreeSet::new();
    for value in values {
        if value.contains('*') || Subnet::parse(value).is_some() {
            return TestKind::Other;
        }
        exact.insert(value.to_lowercase());
    }
    TestKind::OneOf { field, values: exact }
}

/// The text of a search test: equal texts mean the same test.
fn search_key(expr: &SearchExpr) -> Option<String> {
    let op = |op: CompareOp| match op {
        CompareOp::Equal => "=",
        CompareOp::NotEqual => "!=",
        CompareOp::Less => "<",
        CompareOp::LessOrEqual => "<=",
        CompareOp::Greater => ">",
        CompareOp::GreaterOrEqual => ">=",
    };
    Some(match &expr.node {
        SearchKind::Phrase(text) => format!("{:?}", text.to_lowercase()),
        SearchKind::Term(text) => format!("TERM({})", text.to_lowercase()),
        SearchKind::Case(text) => format!("CASE({text})"),
        SearchKind::Compare { field, op: written, value, case_sensitive: false } => {
            format!("{}{}{}", field.node, op(*written), value.node.to_lowercase())
        }
        _ => return None,
    })
}

fn where_test(expr: &Expr) -> Test<'_> {
    let (expr, negated) = match &expr.node {
        ExprKind::Not(inner) => (inner.as_ref(), true),
        _ => (expr, false),
    };
    let none = || (None, TestKind::Other);
    let (key, kind) = match &expr.node {
        ExprKind::Binary(BinaryOp::Compare(CompareOp::Equal), left, right) => {
            match (field_of(left), literal(right)) {
                (Some(field), Some(value)) => {
                    let values = BTreeSet::from([value.clone()]);
                    (Some(format!("{field}={value}")), TestKind::OneOf { field, values })
                }
                _ => none(),
            }
        }
        ExprKind::In(inner, list) => {
            let values: Option<BTreeSet<String>> = list.iter().map(literal).collect();
            match (field_of(inner), values) {
                (Some(field), Some(values)) => {
                    let list: Vec<_> = values.iter().map(String::as_str).collect();
                    let key = format!("{field} IN ({})", list.join(", "));
                    (Some(key), TestKind::OneOf { field, values })
                }
                _ => none(),
            }
        }
        ExprKind::Call { function, arguments } if function.node == "match" => {
            match arguments.as_slice() {
                [value, pattern] => match (field_of(value), &pattern.node) {
                    (Some(field), ExprKind::Text(pattern)) => {
                        let key = format!("match({field}, {pattern:?})");
                        (Some(key), TestKind::Match { field, pattern })
                    }
                    _ => none(),
                },
                _ => none(),
            }
        }
        _ => none(),
    };
    Test { key, negated, kind }
}

fn field_of(expr: &Expr) -> Option<&str> {
    match &expr.node {
        ExprKind::Field(name) => Some(name),
        _ => None,
    }
}

/// A literal as text. A text and a number that read alike are one value here; other numbers that
/// are equal (`1`, `1.0`) are none that anyone compares ids with, and are left out.
fn literal(expr: &Expr) -> Option<String> {
    match &expr.node {
        ExprKind::Text(text) if !looks_like_odd_number(text) => Some(text.clone()),
        ExprKind::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            Some(format!("{number:.0}"))
        }
        _ => None,
    }
}

/// Whether a text is a number in another form than digits alone.
fn looks_like_odd_number(text: &str) -> bool {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_number = text.trim().parse::<f64>().is_ok();
    is_number && (!plain || text.len() > 1 && text.starts_with('0'))
}
