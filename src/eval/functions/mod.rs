//! The functions of `where` and `eval`, one file each; those that differ in one expression share
//! one. To add one: write its file, list it in `FUNCTIONS`.

mod bits;
mod bound;
mod case;
mod cidrmatch;
mod clock;
mod coalesce;
mod extreme;
mod hash;
mod r#if;
mod ipmask;
mod isnotnull;
mod isnull;
mod json;
mod len;
mod like;
mod lower;
mod r#match;
mod math;
mod moment;
mod mvappend;
mod mvcount;
mod mvdedup;
mod mvfilter;
mod mvfind;
mod mvindex;
mod mvjoin;
mod mvmap;
mod mvrange;
mod mvsort;
mod mvzip;
mod null;
mod nullif;
mod pattern;
mod printf;
mod random;
mod relative_time;
mod replace;
mod round;
mod searchmatch;
mod shannon;
mod split;
mod strftime;
mod strptime;
mod substr;
mod tonumber;
mod tostring;
mod trim;
mod types;
mod typetests;
mod upper;
mod urldecode;
mod validate;

use std::fmt::Debug;

pub(crate) use json::{all_values as all_json, values_at as json_at};
pub(crate) use moment::{of as moment_of, seconds as seconds_of};
pub(crate) use strftime::formatted as format_time;
pub(crate) use strptime::parsed as parse_time;
pub use types::Type;

use super::expr::{Compiler, Datum, Env, Expr, Kind, PlacedRegex};
use crate::spl::ast::{self, Span};
use crate::spl::codes;
use crate::spl::diagnostic::Diagnostic;
use crate::value::parse_number;

/// A call of a function, compiled.
pub trait Call: Debug + Send + Sync {
    /// Its value for one row.
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r>;

    /// The type of its value, as far as it is known before a row is read.
    fn returns(&self) -> Type {
        Type::Any
    }

    /// What a true answer requires of a field: that a regex matches it.
    fn required_match(&self) -> Option<(&str, &PlacedRegex)> {
        None
    }

    /// What a true answer requires of a field: that it holds each of these texts, letter by
    /// letter.
    fn required_texts(&self) -> Option<(&str, Vec<String>)> {
        None
    }
}

/// How a function is called and made.
struct Function {
    name: &'static str,
    /// The least and the most arguments.
    arity: (usize, usize),
    make: Make,
}

type Make = fn(Arguments<'_>, &mut Compiler) -> Option<Box<dyn Call>>;

/// The arguments of one call. The arity has been checked.
struct Arguments<'w>(Vec<Expr>, Written<'w>);

/// A call as it is written.
struct Written<'w> {
    arguments: &'w [ast::Expr],
    span: Span,
}

impl Arguments<'_> {
    /// The arguments as an array of the function's own number.
    fn exactly<const N: usize>(self) -> Option<[Expr; N]> {
        self.0.try_into().ok()
    }

    /// A call whose value depends on nothing but the arguments' values.
    #[allow(clippy::unnecessary_wraps)]
    fn pure(self, returns: Type, function: PureFn) -> Option<Box<dyn Call>> {
        Some(Box::new(Pure { arguments: self.0, returns, function }))
    }

    /// A call of one number: NULL unless the argument is one, or where the result is undefined
    /// (`sqrt(-1)`).
    fn of_number(self, compiler: &mut Compiler, function: fn(f64) -> f64) -> Option<Box<dyn Call>> {
        let arguments = self.numbers(compiler)?;
        Some(Box::new(OfNumber { arguments: arguments.0, function }))
    }

    /// The arguments, unless one can be seen to be no number: `sqrt("x")`, `sqrt(null())`.
    fn numbers(self, compiler: &mut Compiler) -> Option<Self> {
        let wrong = |expr: &&Expr| match expr.type_of() {
            Type::Null | Type::Boolean => true,
            Type::Text => expr.as_text().is_some_and(|text| parse_number(text).is_none()),
            Type::Number | Type::Any => false,
        };
        self.refused(compiler, wrong, "a number")
    }

    /// The arguments, unless one can be seen to be no text: `upper(null())`, `len(123)`.
    fn texts(self, compiler: &mut Compiler) -> Option<Self> {
        let wrong = |expr: &&Expr| {
            matches!(expr.type_of(), Type::Null | Type::Boolean) || expr.as_number().is_some()
        };
        self.refused(compiler, wrong, "text")
    }

    /// The arguments, unless one is `null()`.
    fn no_nulls(self, compiler: &mut Compiler) -> Option<Self> {
        self.refused(compiler, |expr| expr.type_of() == Type::Null, "a value")
    }

    fn refused(
        self,
        compiler: &mut Compiler,
        wrong: impl Fn(&&Expr) -> bool,
        wanted: &str,
    ) -> Option<Self> {
        let Some(found) = self.0.iter().find(wrong) else { return Some(self) };
        compiler.diagnostics.push(
            Diagnostic::error(
                codes::WRONG_TYPE,
                format!("this argument can be seen not to be {wanted}"),
                found.span(),
            )
            .with_hint("Splunk refuses the whole search for it"),
        );
        None
    }
}

type PureFn = for<'r> fn(&[Datum<'r>]) -> Datum<'r>;

/// See [`Arguments::pure`].
#[derive(Debug)]
struct Pure {
    arguments: Vec<Expr>,
    returns: Type,
    function: PureFn,
}

impl Call for Pure {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        let values: Vec<_> = self.arguments.iter().map(|argument| argument.eval(env)).collect();
        (self.function)(&values)
    }

    fn returns(&self) -> Type {
        self.returns
    }
}

/// See [`Arguments::of_number`].
#[derive(Debug)]
struct OfNumber {
    arguments: Vec<Expr>,
    function: fn(f64) -> f64,
}

impl Call for OfNumber {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        let number = self.arguments.first().and_then(|argument| argument.eval(env).number());
        number.map_or(Datum::Null, |number| Datum::of_number((self.function)(number)))
    }

    fn returns(&self) -> Type {
        Type::Number
    }
}

static FUNCTIONS: &[Function] = &[
    bits::AND,
    bits::NOT,
    bits::OR,
    bits::SHIFT_LEFT,
    bits::SHIFT_RIGHT,
    bits::XOR,
    case::FUNCTION,
    cidrmatch::FUNCTION,
    clock::NOW,
    clock::TIME,
    coalesce::FUNCTION,
    extreme::MAX,
    extreme::MIN,
    hash::MD5,
    hash::SHA1,
    hash::SHA256,
    hash::SHA512,
    r#if::FUNCTION,
    ipmask::FUNCTION,
    isnotnull::FUNCTION,
    isnull::FUNCTION,
    json::ARRAY,
    json::EXTRACT,
    json::OBJECT,
    json::SPATH,
    json::VALID,
    len::FUNCTION,
    like::FUNCTION,
    lower::FUNCTION,
    r#match::FUNCTION,
    math::ABS,
    math::ACOS,
    math::ACOSH,
    math::ASIN,
    math::ASINH,
    math::ATAN,
    math::ATAN2,
    math::ATANH,
    math::CEIL,
    math::CEILING,
    math::COS,
    math::COSH,
    math::EXACT,
    math::EXP,
    math::FLOOR,
    math::HYPOT,
    math::LN,
    math::LOG,
    math::PI,
    math::POW,
    math::SIGFIG,
    math::SIN,
    math::SINH,
    math::SQRT,
    math::TAN,
    math::TANH,
    mvappend::FUNCTION,
    mvcount::FUNCTION,
    mvdedup::FUNCTION,
    mvfilter::FUNCTION,
    mvfind::FUNCTION,
    mvindex::FUNCTION,
    mvjoin::FUNCTION,
    mvmap::FUNCTION,
    mvrange::FUNCTION,
    mvsort::FUNCTION,
    mvzip::FUNCTION,
    null::FUNCTION,
    nullif::FUNCTION,
    printf::FUNCTION,
    random::FUNCTION,
    relative_time::FUNCTION,
    replace::FUNCTION,
    round::FUNCTION,
    searchmatch::FUNCTION,
    shannon::FUNCTION,
    split::FUNCTION,
    strftime::FUNCTION,
    strptime::FUNCTION,
    substr::FUNCTION,
    tonumber::FUNCTION,
    tostring::FUNCTION,
    trim::BOTH,
    trim::LEFT,
    trim::RIGHT,
    typetests::ISBOOL,
    typetests::ISINT,
    typetests::ISNUM,
    typetests::ISSTR,
    typetests::TYPEOF,
    upper::FUNCTION,
    urldecode::FUNCTION,
    validate::FUNCTION,
];

/// The names of all functions.
pub fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|function| function.name)
}

/// What to say of an unknown function: those that start with the same two letters, for there are
/// too many to name all.
fn alike(name: &str) -> String {
    let start: String = name.chars().take(2).collect();
    let alike: Vec<_> = names().filter(|known| known.starts_with(&start)).collect();
    if alike.is_empty() {
        return "the README lists the functions that are supported".to_owned();
    }
    format!("of those that start like it, supported are {}", alike.join(", "))
}

/// Makes a call; what is wrong with it is added to the compiler's diagnostics.
pub(super) fn build(
    name: &str,
    name_span: Span,
    arguments: Vec<Expr>,
    written: &[ast::Expr],
    span: Span,
    compiler: &mut Compiler,
) -> Kind {
    let Some(function) = FUNCTIONS.iter().find(|function| function.name == name) else {
        compiler.diagnostics.push(
            Diagnostic::error(
                codes::UNKNOWN_FUNCTION,
                format!("the function `{name}` is unknown or not supported yet"),
                name_span,
            )
            .with_hint(alike(name)),
        );
        return Kind::Invalid;
    };
    let (least, most) = function.arity;
    if arguments.len() < least || arguments.len() > most {
        let wanted = match (least, most) {
            (a, b) if a == b => format!("{a}"),
            (a, usize::MAX) => format!("at least {a}"),
            (a, b) => format!("{a} to {b}"),
        };
        let message = format!("`{name}` takes {wanted} arguments and is given {}", arguments.len());
        let error = Diagnostic::error(codes::WRONG_ARGUMENTS, message, span);
        compiler.diagnostics.push(match name {
            // Published rules write `match(field="regex")`.
            "match" => error.with_hint("write match(FIELD, \"REGEX\")"),
            "like" => error.with_hint("write like(FIELD, \"PATTERN\")"),
            _ => error,
        });
        return Kind::Invalid;
    }
    match (function.make)(Arguments(arguments, Written { arguments: written, span }), compiler) {
        Some(call) => Kind::Call(call),
        None => Kind::Invalid,
    }
}

#[cfg(test)]
pub(super) mod testing;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_given_once() {
        let mut known: Vec<_> = names().collect();
        known.sort_unstable();
        assert!(known.windows(2).all(|pair| pair[0] != pair[1]), "{known:?}");
    }

    /// Arguments that something has to be made of, or not.
    const ODD: &[&str] = &[
        "a",
        "n",
        "many",
        "missing",
        "_time",
        "\"\"",
        "\"%9é{-\"",
        "-1",
        "1e308",
        "0.5",
        "null()",
        "a=1",
    ];

    #[test]
    fn no_argument_makes_a_function_panic() {
        for function in FUNCTIONS {
            let (least, most) = function.arity;
            let mut calls = vec![String::new()];
            for count in 1..=most.min(3) {
                // Three of every kind would take long.
                let odd = if count < 3 { ODD } else { &ODD[..8] };
                let last = calls.iter().filter(|call| call.matches('\u{1}').count() == count - 1);
                let longer: Vec<_> = last
                    .flat_map(|call| odd.iter().map(move |odd| format!("{call}\u{1}{odd}")))
                    .collect();
                calls.extend(longer);
            }
            for call in calls {
                let arguments: Vec<_> = call.split('\u{1}').skip(1).collect();
                if arguments.len() >= least {
                    testing::evaluate(&format!("{}({})", function.name, arguments.join(", ")));
                }
            }
        }
    }

    #[test]
    fn an_unknown_function_is_told_what_is_like_it() {
        assert!(alike("mvapend").contains("mvappend, mvcount"));
        assert!(alike("é").contains("README"));
        testing::refused(&[
            ("mvapend(a)", codes::UNKNOWN_FUNCTION),
            ("q()", codes::UNKNOWN_FUNCTION),
        ]);
    }
}
