//! The expressions of `where` and `eval`: three-valued, with SPL's comparison rules
//! (SPLUNK.md 4, "Comparison in where/eval").

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::functions;
use super::row::{Row, Scratch};
use crate::pcre::{Cache, Captures, Regex};
use crate::resources::Resources;
use crate::spl::ast::{self, BinaryOp, CompareOp, ExprKind, Span};
use crate::spl::codes;
use crate::spl::diagnostic::Diagnostic;
use crate::value::{Field, Value, number_text};

/// What an expression is evaluated on.
#[derive(Clone, Copy)]
pub struct Env<'r> {
    /// The row.
    pub row: &'r dyn Row,
    /// The worker's scratch memory.
    pub scratch: &'r Scratch,
}

/// The value of an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Datum<'r> {
    /// No value: a missing field and everything computed from one.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(f64),
    /// Text that was written or computed: never read as a number in a comparison.
    Text(Cow<'r, str>),
    /// The values of a field: read as numbers where they are.
    Field(Cow<'r, Field>),
}

impl<'r> Datum<'r> {
    /// Each value as text; none for NULL.
    pub fn texts(&self) -> Vec<Cow<'_, str>> {
        match self {
            Self::Null => Vec::new(),
            Self::Bool(value) => vec![Cow::Borrowed(if *value { "True" } else { "False" })],
            Self::Number(number) => vec![Cow::Owned(number_text(*number))],
            Self::Text(text) => vec![Cow::Borrowed(text)],
            Self::Field(field) => field.values().iter().map(Value::text).collect(),
        }
    }

    /// The single value as text; `None` for NULL and for several values.
    #[must_use]
    pub fn single_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Field(field) => match field.values() {
                [one] => Some(one.text()),
                _ => None,
            },
            other => other.texts().pop(),
        }
    }

    /// The single value as a number.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Field(field) => match field.values() {
                [one] => one.number(),
                _ => None,
            },
            _ => None,
        }
    }

    /// The field it would set; `None` for NULL.
    #[must_use]
    pub fn into_field(self) -> Option<Field> {
        match self {
            Self::Null => None,
            Self::Bool(value) => Some(Field::text(if value { "True" } else { "False" })),
            Self::Number(number) => Some(Field::One(Value::Number(number))),
            Self::Text(text) => Some(Field::text(text.into_owned())),
            Self::Field(field) => Some(field.into_owned()),
        }
    }

    /// What two comparands are compared as: every pair of their values.
    fn comparands(&self) -> Vec<Comparand<'_>> {
        match self {
            Self::Null => Vec::new(),
            Self::Bool(_) | Self::Text(_) => self
                .texts()
                .into_iter()
                .map(|text| Comparand { text, number: None, literal: false })
                .collect(),
            Self::Number(number) => {
                vec![Comparand {
                    text: Cow::Owned(number_text(*number)),
                    number: Some(*number),
                    literal: true,
                }]
            }
            Self::Field(field) => field
                .values()
                .iter()
                .map(|value| Comparand {
                    text: value.text(),
                    number: value.number(),
                    literal: false,
                })
                .collect(),
        }
    }
}

struct Comparand<'d> {
    text: Cow<'d, str>,
    number: Option<f64>,
    /// Whether it was written or computed as a number.
    literal: bool,
}

/// Compares two single values; `None` where SPL has no answer (a number against text under
/// `<` and `>`, SPLUNK.md "Decisions").
fn compare_one(op: CompareOp, a: &Comparand<'_>, b: &Comparand<'_>) -> Option<bool> {
    let order = match (a.number, b.number) {
        (Some(a), Some(b)) => a.partial_cmp(&b)?,
        _ => {
            let equality = matches!(op, CompareOp::Equal | CompareOp::NotEqual);
            if !equality && (a.literal || b.literal) {
                return None;
            }
            a.text.as_ref().cmp(b.text.as_ref())
        }
    };
    Some(match op {
        CompareOp::Equal => order == Ordering::Equal,
        CompareOp::NotEqual => order != Ordering::Equal,
        CompareOp::Less => order == Ordering::Less,
        CompareOp::LessOrEqual => order != Ordering::Greater,
        CompareOp::Greater => order == Ordering::Greater,
        CompareOp::GreaterOrEqual => order != Ordering::Less,
    })
}

/// Compares two values as `where` does: NULL against anything is NULL; of several values any
/// that holds is enough (SPLUNK.md, "Decisions").
#[must_use]
pub fn compare(op: CompareOp, a: &Datum<'_>, b: &Datum<'_>) -> Option<bool> {
    let (left, right) = (a.comparands(), b.comparands());
    let mut answer = None;
    for a in &left {
        for b in &right {
            match compare_one(op, a, b) {
                Some(true) => return Some(true),
                Some(false) => answer = Some(false),
                None => {}
            }
        }
    }
    answer
}

/// A regex and its place in the worker's caches.
#[derive(Debug, Clone)]
pub struct PlacedRegex {
    regex: Arc<Regex>,
    place: usize,
}

impl PlacedRegex {
    /// Whether the regex matches anywhere in `text`.
    #[must_use]
    pub fn is_match(&self, text: &str, scratch: &Scratch) -> bool {
        self.with_cache(scratch, |cache| self.regex.is_match(cache, text))
    }

    /// Calls `visit` with the groups of each match in `text`, from left to right, as long as it
    /// answers true. It must not search with the same worker's memory itself.
    pub fn each_match(
        &self,
        text: &str,
        scratch: &Scratch,
        visit: &mut dyn FnMut(&Captures) -> bool,
    ) {
        self.with_cache(scratch, |cache| {
            self.regex.captures_iter(cache, text).all(|captures| visit(&captures));
        });
    }

    fn with_cache<T>(&self, scratch: &Scratch, search: impl FnOnce(&mut Cache) -> T) -> T {
        let mut caches = scratch.regexes.borrow_mut();
        if caches.len() <= self.place {
            caches.resize_with(self.place + 1, || None);
        }
        search(caches[self.place].get_or_insert_with(|| self.regex.create_cache()))
    }

    /// The regex.
    #[must_use]
    pub fn regex(&self) -> &Regex {
        &self.regex
    }
}

/// Compiles expressions, collecting what is wrong with them.
#[derive(Debug, Clone, Default)]
pub struct Compiler {
    /// What was wrong.
    pub diagnostics: Vec<Diagnostic>,
    /// How many places for regexes are given.
    regexes: usize,
    /// The regexes by their patterns: one that is written twice is compiled once.
    known: BTreeMap<String, PlacedRegex>,
    /// The tables and databases that were given.
    pub(crate) resources: Resources,
    /// Whether what Splunk refuses is refused, and not passed over (`--strict`).
    pub(crate) strict: bool,
}

impl Compiler {
    /// A compiler of rules that may use these tables and databases. `strict`: what Splunk refuses
    /// is refused.
    #[must_use]
    pub fn new(resources: Resources, strict: bool) -> Self {
        Self { resources, strict, ..Self::default() }
    }

    /// A compiler for a part of the program that is compiled again, with other patterns, while the
    /// program runs: it gives places behind those that are given, and knows no regex.
    pub(crate) fn nested(&self) -> Self {
        Self { regexes: self.regexes, ..Self::new(self.resources.clone(), self.strict) }
    }

    /// Takes the findings of a compiler for a part, and keeps as many places free for patterns that
    /// it meets later as it has given. Where those are too few, some are shared, which costs time
    /// but is no error.
    pub(crate) fn close(&mut self, part: &mut Self) {
        self.diagnostics.append(&mut part.diagnostics);
        self.regexes = part.regexes + (part.regexes - self.regexes);
    }

    /// Compiles an expression; what is wrong with it is added to the diagnostics, and the rest
    /// is still looked at.
    pub fn compile(&mut self, expr: &ast::Expr) -> Expr {
        let kind = match &expr.node {
            ExprKind::Field(name) => Kind::Field(name.clone()),
            ExprKind::Text(text) => Kind::Text(text.clone()),
            ExprKind::Number(number) => Kind::Number(*number),
            ExprKind::Bool(value) => Kind::Bool(*value),
            ExprKind::Not(inner) => Kind::Not(Box::new(self.compile(inner))),
            ExprKind::Negate(inner) => Kind::Negate(Box::new(self.compile(inner))),
            ExprKind::Binary(op, left, right) => {
                Kind::Binary(*op, Box::new(self.compile(left)), Box::new(self.compile(right)))
            }
            ExprKind::In(inner, list) => Kind::In(
                Box::new(self.compile(inner)),
                list.iter().map(|expr| self.compile(expr)).collect(),
            ),
            ExprKind::Like(text, pattern) => {
                let arguments = vec![self.compile(text), self.compile(pattern)];
                functions::build("like", expr.span, arguments, expr.span, self)
            }
            ExprKind::Call { function, arguments } => {
                let arguments = arguments.iter().map(|expr| self.compile(expr)).collect();
                functions::build(&function.node, function.span, arguments, expr.span, self)
            }
        };
        Expr { kind, span: expr.span }
    }

    /// Compiles a regex written at `span`.
    pub fn regex(&mut self, pattern: &str, span: Span) -> Option<PlacedRegex> {
        if let Some(known) = self.known.get(pattern) {
            return Some(known.clone());
        }
        match Regex::new(pattern) {
            Ok(regex) => {
                let placed = PlacedRegex { regex: Arc::new(regex), place: self.regexes };
                self.regexes += 1;
                self.known.insert(pattern.to_owned(), placed.clone());
                Some(placed)
            }
            Err(error) => {
                self.diagnostics.push(
                    Diagnostic::error(
                        codes::BAD_REGEX,
                        format!("this regex is malformed: {error}"),
                        span,
                    )
                    .with_hint("Splunk refuses the whole search for it"),
                );
                None
            }
        }
    }
}

/// A compiled expression.
#[derive(Debug)]
pub struct Expr {
    kind: Kind,
    span: Span,
}

/// The kinds of compiled expressions.
#[derive(Debug)]
pub(super) enum Kind {
    Field(String),
    Text(String),
    Number(f64),
    Bool(bool),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    In(Box<Expr>, Vec<Expr>),
    Call(Box<dyn functions::Call>),
}

impl Expr {
    /// Where it was written.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// The text, when it is a string literal.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The field's name, when it is a field.
    #[must_use]
    pub fn as_field(&self) -> Option<&str> {
        match &self.kind {
            Kind::Field(name) => Some(name),
            _ => None,
        }
    }

    /// Evaluates it.
    #[must_use]
    pub fn eval<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        match &self.kind {
            Kind::Field(name) => env.row.field(name).map_or(Datum::Null, Datum::Field),
            Kind::Text(text) => Datum::Text(Cow::Borrowed(text)),
            Kind::Number(number) => Datum::Number(*number),
            Kind::Call(call) => call.call(env),
            Kind::Negate(inner) => {
                inner.eval(env).number().map_or(Datum::Null, |number| Datum::Number(-number))
            }
            Kind::Binary(op, left, right) if !is_predicate(*op) => {
                arithmetic(*op, &left.eval(env), &right.eval(env))
            }
            Kind::Bool(_) | Kind::Not(_) | Kind::Binary(..) | Kind::In(..) => {
                self.truth(env).map_or(Datum::Null, Datum::Bool)
            }
        }
    }

    /// Whether it is true, false or unknown (three-valued: NULL is unknown, SPLUNK.md 4).
    #[must_use]
    pub fn truth(&self, env: Env<'_>) -> Option<bool> {
        match &self.kind {
            Kind::Bool(value) => Some(*value),
            Kind::Not(inner) => inner.truth(env).map(|value| !value),
            Kind::Binary(BinaryOp::And, left, right) => match left.truth(env) {
                Some(false) => Some(false),
                Some(true) => right.truth(env),
                None => right.truth(env).filter(|value| !value),
            },
            Kind::Binary(BinaryOp::Or, left, right) => match left.truth(env) {
                Some(true) => Some(true),
                Some(false) => right.truth(env),
                None => right.truth(env).filter(|&value| value),
            },
            Kind::Binary(BinaryOp::Xor, left, right) => Some(left.truth(env)? != right.truth(env)?),
            Kind::Binary(BinaryOp::Compare(op), left, right) => {
                compare(*op, &left.eval(env), &right.eval(env))
            }
            Kind::In(inner, list) => {
                let value = inner.eval(env);
                let mut answer = None;
                for item in list {
                    match compare(CompareOp::Equal, &value, &item.eval(env)) {
                        Some(true) => return Some(true),
                        Some(false) => answer = Some(false),
                        None => {}
                    }
                }
                answer
            }
            _ => match self.eval(env) {
                Datum::Bool(value) => Some(value),
                _ => None,
            },
        }
    }

    /// Whether it can be a condition at all: `where` refuses any other (SPLUNK.md 4, where).
    #[must_use]
    pub fn is_boolean(&self) -> bool {
        match &self.kind {
            Kind::Bool(_) | Kind::Not(_) | Kind::In(..) => true,
            Kind::Binary(op, ..) => is_predicate(*op),
            Kind::Call(call) => call.is_boolean(),
            Kind::Field(_) | Kind::Text(_) | Kind::Number(_) | Kind::Negate(_) => false,
        }
    }

    /// Its operands, when it is an AND (`true`) or an OR (`false`).
    #[must_use]
    pub fn as_connective(&self) -> Option<(bool, [&Self; 2])> {
        match &self.kind {
            Kind::Binary(BinaryOp::And, left, right) => Some((true, [left, right])),
            Kind::Binary(BinaryOp::Or, left, right) => Some((false, [left, right])),
            _ => None,
        }
    }

    /// The field and the text it must equal, when it is such a test.
    #[must_use]
    pub fn as_equality(&self) -> Option<(&str, &str)> {
        let Kind::Binary(BinaryOp::Compare(CompareOp::Equal), left, right) = &self.kind else {
            return None;
        };
        match (left.as_field(), right.as_text()) {
            (Some(field), Some(text)) => Some((field, text)),
            _ => Some((right.as_field()?, left.as_text()?)),
        }
    }

    /// The function, when it is a call.
    pub(crate) fn as_call(&self) -> Option<&dyn functions::Call> {
        match &self.kind {
            Kind::Call(call) => Some(call.as_ref()),
            _ => None,
        }
    }
}

fn is_predicate(op: BinaryOp) -> bool {
    matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Xor | BinaryOp::Compare(_))
}

fn arithmetic<'r>(op: BinaryOp, a: &Datum<'r>, b: &Datum<'r>) -> Datum<'r> {
    if *a == Datum::Null || *b == Datum::Null {
        return Datum::Null;
    }
    let concat = || match (a.single_text(), b.single_text()) {
        (Some(a), Some(b)) => Datum::Text(Cow::Owned(format!("{a}{b}"))),
        _ => Datum::Null,
    };
    let (x, y) = match (op, a.number(), b.number()) {
        (BinaryOp::Concat, ..) => return concat(),
        (_, Some(x), Some(y)) => (x, y),
        // `+` joins text when either side is visibly a string (SPLUNK.md 4).
        (BinaryOp::Add, ..) => return concat(),
        _ => return Datum::Null,
    };
    let number = match op {
        BinaryOp::Add => x + y,
        BinaryOp::Subtract => x - y,
        BinaryOp::Multiply => x * y,
        BinaryOp::Divide => x / y,
        BinaryOp::Modulo => x % y,
        _ => return Datum::Null,
    };
    if number.is_finite() { Datum::Number(number) } else { Datum::Null }
}
