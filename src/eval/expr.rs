//! The expressions of `where` and `eval`: three-valued, with SPL's comparison rules
//! (SPLUNK.md 4, "Comparison in where/eval").

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::functions::{self, Type};
use super::row::{Row, Scratch};
use crate::pcre::{Cache, Captures, Regex};
use crate::resources::Resources;
use crate::spl::ast::{self, BinaryOp, CompareOp, ExprKind, Span};
use crate::spl::codes;
use crate::spl::diagnostic::Diagnostic;
use crate::value::{Field, Value, decimal_text, number_text};

/// The longest text that a function or an operator makes, in bytes: as long as an event may be.
/// What would be longer is NULL, so that no rule can fill memory.
pub const MAX_TEXT: usize = 64 << 20;

/// The most values that a function makes.
pub const MAX_VALUES: usize = 1 << 20;

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
    /// A number; NULL where it is none, or is infinite.
    #[must_use]
    pub fn of_number(number: f64) -> Self {
        if number.is_finite() { Self::Number(number) } else { Self::Null }
    }

    /// A count.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn of_count(count: usize) -> Self {
        Self::Number(count as f64)
    }

    /// Text, which a comparison never reads as a number. NULL where it is longer than
    /// [`MAX_TEXT`].
    #[must_use]
    pub fn of_text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.len() > MAX_TEXT { Self::Null } else { Self::Text(Cow::Owned(text)) }
    }

    /// A number that shows so many decimals, rounded half away from zero.
    #[must_use]
    pub fn of_decimals(number: f64, decimals: usize) -> Self {
        Self::Field(Cow::Owned(Field::text(decimal_text(number, decimals))))
    }

    /// These values; NULL where there is none, or more than [`MAX_VALUES`] or [`MAX_TEXT`]. One
    /// value is the same as a single one (SPLUNK.md 4, eval: "one-element results collapse to a
    /// scalar").
    #[must_use]
    pub fn of_values(values: Vec<Value>) -> Self {
        if values.len() > MAX_VALUES || values.iter().map(Value::size).sum::<usize>() > MAX_TEXT {
            return Self::Null;
        }
        Field::from_values(values).map_or(Self::Null, |field| Self::Field(Cow::Owned(field)))
    }

    /// Its values; none for NULL.
    #[must_use]
    pub fn values(&self) -> Vec<Value> {
        match self {
            Self::Field(field) => field.values().to_vec(),
            Self::Null => Vec::new(),
            Self::Number(number) => vec![Value::Number(*number)],
            Self::Text(_) | Self::Bool(_) => {
                self.texts().into_iter().map(|text| Value::Text(text.into_owned())).collect()
            }
        }
    }

    /// The same, borrowing from nothing.
    #[must_use]
    pub fn into_owned(self) -> Datum<'static> {
        match self {
            Self::Null => Datum::Null,
            Self::Bool(value) => Datum::Bool(value),
            Self::Number(number) => Datum::Number(number),
            Self::Text(text) => Datum::Text(Cow::Owned(text.into_owned())),
            Self::Field(field) => Datum::Field(Cow::Owned(field.into_owned())),
        }
    }

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
    /// `None` for one that a row told: its cache is made when it is used.
    place: Option<usize>,
}

impl PlacedRegex {
    /// Whether the regex matches anywhere in `text`.
    #[must_use]
    pub fn is_match(&self, text: &str, scratch: &Scratch) -> bool {
        self.with_cache(scratch, |regex, cache| regex.is_match(cache, text))
    }

    /// Calls `visit` with the groups of each match in `text`, from left to right, as long as it
    /// answers true. It must not search with the same worker's memory itself.
    pub fn each_match(
        &self,
        text: &str,
        scratch: &Scratch,
        visit: &mut dyn FnMut(&Captures) -> bool,
    ) {
        self.with_cache(scratch, |regex, cache| {
            regex.captures_iter(cache, text).all(|captures| visit(&captures));
        });
    }

    /// A regex that a row told.
    #[must_use]
    pub fn unplaced(regex: Arc<Regex>) -> Self {
        Self { regex, place: None }
    }

    fn with_cache<T>(&self, scratch: &Scratch, run: impl FnOnce(&Regex, &mut Cache) -> T) -> T {
        let Some(place) = self.place else {
            return run(&self.regex, &mut self.regex.create_cache());
        };
        let mut caches = scratch.regexes.borrow_mut();
        if caches.len() <= place {
            caches.resize_with(place + 1, || None);
        }
        let cache = caches[place].get_or_insert_with(|| self.regex.create_cache());
        run(&self.regex, cache)
    }

    /// `text` with every match replaced by what `replacement` makes of its groups; `None` where
    /// that is longer than [`MAX_TEXT`], or takes too long.
    #[must_use]
    pub fn replace_all(
        &self,
        text: &str,
        scratch: &Scratch,
        mut replacement: impl FnMut(&Captures, &mut String),
    ) -> Option<String> {
        self.with_cache(scratch, |regex, cache| {
            let mut replaced = String::new();
            let mut copied = 0;
            let mut matches = regex.captures_iter(cache, text);
            for captures in matches.by_ref() {
                let Some(whole) = captures.get(0) else { continue };
                replaced.push_str(text.get(copied..whole.start).unwrap_or_default());
                replacement(&captures, &mut replaced);
                if replaced.len() > MAX_TEXT {
                    return None;
                }
                copied = whole.end.max(copied);
            }
            replaced.push_str(text.get(copied..).unwrap_or_default());
            (!matches.gave_up()).then_some(replaced)
        })
    }

    /// The regex.
    #[must_use]
    pub fn regex(&self) -> &Regex {
        &self.regex
    }
}

/// What functions of time go by: the same for every row of a sweep.
#[derive(Debug, Clone)]
pub struct Clock {
    /// The moment that `now()` and `time()` give.
    pub now: Timestamp,
    /// The zone in which `strftime`, `strptime` and `relative_time` read clocks.
    pub timezone: TimeZone,
}

impl Default for Clock {
    fn default() -> Self {
        Self { now: Timestamp::UNIX_EPOCH, timezone: TimeZone::UTC }
    }
}

/// Compiles expressions, collecting what is wrong with them.
#[derive(Debug, Clone, Default)]
pub struct Compiler {
    /// What was wrong.
    pub diagnostics: Vec<Diagnostic>,
    /// What functions of time go by.
    pub clock: Clock,
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
    /// A compiler of rules that may use these tables and databases, for expressions that go by
    /// `clock`. `strict`: what Splunk refuses is refused.
    #[must_use]
    pub fn new(resources: Resources, clock: Clock, strict: bool) -> Self {
        Self { resources, clock, strict, ..Self::default() }
    }

    /// A compiler for a part of the program that is compiled again, with other patterns, while the
    /// program runs: it gives places behind those that are given, and knows no regex.
    pub(crate) fn nested(&self) -> Self {
        Self {
            regexes: self.regexes,
            ..Self::new(self.resources.clone(), self.clock.clone(), self.strict)
        }
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
            ExprKind::Negate(inner) => {
                let inner = self.compile(inner);
                self.check_operand("-", &inner, |kind| matches!(kind, Type::Number | Type::Any));
                Kind::Negate(Box::new(inner))
            }
            ExprKind::Binary(op, left, right) => {
                let (left, right) = (self.compile(left), self.compile(right));
                self.check_operands(*op, &left, &right);
                Kind::Binary(*op, Box::new(left), Box::new(right))
            }
            ExprKind::In(inner, list) => Kind::In(
                Box::new(self.compile(inner)),
                list.iter().map(|expr| self.compile(expr)).collect(),
            ),
            ExprKind::Like(text, pattern) => {
                let arguments = vec![self.compile(text), self.compile(pattern)];
                functions::build("like", expr.span, arguments, &[], expr.span, self)
            }
            ExprKind::Call { function, arguments } => {
                let compiled = arguments.iter().map(|expr| self.compile(expr)).collect();
                let (name, place) = (&function.node, function.span);
                functions::build(name, place, compiled, arguments, expr.span, self)
            }
        };
        Expr { kind, span: expr.span }
    }

    /// Refuses operands whose types Splunk refuses (SPLUNK.md 4, "Comparison in where/eval").
    fn check_operands(&mut self, op: BinaryOp, left: &Expr, right: &Expr) {
        let types = (left.type_of(), right.type_of());
        match op {
            BinaryOp::Add => {
                let span = left.span.to(right.span);
                if matches!(types, (Type::Text, Type::Number) | (Type::Number, Type::Text)) {
                    self.wrong_type("`+` only takes two strings or two numbers", span);
                    return;
                }
                for operand in [left, right] {
                    self.check_operand("+", operand, |t| !matches!(t, Type::Null | Type::Boolean));
                }
            }
            BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => {
                let symbol = match op {
                    BinaryOp::Subtract => "-",
                    BinaryOp::Multiply => "*",
                    BinaryOp::Divide => "/",
                    _ => "%",
                };
                for operand in [left, right] {
                    self.check_operand(symbol, operand, |t| matches!(t, Type::Number | Type::Any));
                }
            }
            BinaryOp::Concat => {
                for operand in [left, right] {
                    self.check_operand(".", operand, |t| !matches!(t, Type::Null | Type::Boolean));
                }
            }
            // A field's type is known only when a row comes, so it may be compared with anything.
            BinaryOp::Compare(_) => {
                let null = types.0 == Type::Null || types.1 == Type::Null;
                if null && types.0 != types.1 && types.0 != Type::Any && types.1 != Type::Any {
                    let span = left.span.to(right.span);
                    self.wrong_type("a value cannot be compared with null()", span);
                }
            }
            BinaryOp::And | BinaryOp::Or | BinaryOp::Xor => {}
        }
    }

    fn check_operand(&mut self, symbol: &str, operand: &Expr, takes: fn(Type) -> bool) {
        if !takes(operand.type_of()) {
            let takes = if matches!(symbol, "+" | ".") { "strings and numbers" } else { "numbers" };
            self.wrong_type(format!("`{symbol}` only takes {takes}"), operand.span);
        }
    }

    /// Reports a wrong number or kind of arguments.
    pub(super) fn wrong_arguments(&mut self, message: impl Into<String>, span: Span) {
        self.diagnostics.push(Diagnostic::error(codes::WRONG_ARGUMENTS, message, span));
    }

    fn wrong_type(&mut self, message: impl Into<String>, span: Span) {
        self.diagnostics.push(
            Diagnostic::error(codes::WRONG_TYPE, message, span)
                .with_hint("Splunk refuses the whole search for it"),
        );
    }

    /// Compiles a regex written at `span`.
    pub fn regex(&mut self, pattern: &str, span: Span) -> Option<PlacedRegex> {
        if let Some(known) = self.known.get(pattern) {
            return Some(known.clone());
        }
        match Regex::new(pattern) {
            Ok(regex) => {
                let placed = PlacedRegex { regex: Arc::new(regex), place: Some(self.regexes) };
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
    /// What stands for a call that could not be made. Something was said of it.
    Invalid,
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

    /// The number, when it is a number literal.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        match &self.kind {
            Kind::Number(number) => Some(*number),
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
            Kind::Invalid => Datum::Null,
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
        self.type_of() == Type::Boolean
    }

    /// Its type, as far as it is known before a row is read.
    #[must_use]
    pub fn type_of(&self) -> Type {
        match &self.kind {
            Kind::Bool(_) | Kind::Not(_) | Kind::In(..) => Type::Boolean,
            Kind::Binary(op, ..) if is_predicate(*op) => Type::Boolean,
            Kind::Binary(BinaryOp::Concat, ..) | Kind::Text(_) => Type::Text,
            Kind::Binary(BinaryOp::Add, left, right) => match (left.type_of(), right.type_of()) {
                (Type::Number, Type::Number) => Type::Number,
                (Type::Text, _) | (_, Type::Text) => Type::Text,
                _ => Type::Any,
            },
            Kind::Binary(..) | Kind::Number(_) | Kind::Negate(_) => Type::Number,
            Kind::Call(call) => call.returns(),
            Kind::Field(_) | Kind::Invalid => Type::Any,
        }
    }

    /// Whether it stands for a call that could not be made, of which something was said.
    #[must_use]
    pub(super) fn is_invalid(&self) -> bool {
        matches!(self.kind, Kind::Invalid)
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
        (Some(a), Some(b)) => Datum::of_text(format!("{a}{b}")),
        _ => Datum::Null,
    };
    let is_text = |datum: &Datum| matches!(datum, Datum::Text(_));
    let (x, y) = match (op, a.number(), b.number()) {
        (BinaryOp::Concat, ..) => return concat(),
        // `+` joins text when either side is visibly a string (SPLUNK.md 4); a number and a field
        // that is none have no sum.
        (BinaryOp::Add, ..) if is_text(a) || is_text(b) => return concat(),
        (_, Some(x), Some(y)) => (x, y),
        (BinaryOp::Add, None, None) => return concat(),
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
    Datum::of_number(number)
}

#[cfg(test)]
mod tests;
