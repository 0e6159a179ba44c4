//! The functions of `where` and `eval`, one file each. To add one: write its file, list it in
//! `FUNCTIONS`.

mod case;
mod cidrmatch;
mod coalesce;
mod r#if;
mod isnotnull;
mod isnull;
mod len;
mod like;
mod lower;
mod r#match;
mod mvcount;
mod tonumber;
mod upper;

use std::fmt::Debug;

use super::expr::{Compiler, Datum, Env, Expr, Kind, PlacedRegex};
use crate::spl::ast::Span;
use crate::spl::codes;
use crate::spl::diagnostic::Diagnostic;

/// A call of a function, compiled.
pub trait Call: Debug + Send + Sync {
    /// Its value for one row.
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r>;

    /// Whether its value is true or false.
    fn is_boolean(&self) -> bool {
        false
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
    make: fn(Arguments, &mut Compiler) -> Option<Box<dyn Call>>,
}

/// The arguments of one call. The arity has been checked.
struct Arguments(Vec<Expr>);

impl Arguments {
    /// The arguments as an array of the function's own number.
    fn exactly<const N: usize>(self) -> Option<[Expr; N]> {
        self.0.try_into().ok()
    }
}

static FUNCTIONS: &[Function] = &[
    case::FUNCTION,
    cidrmatch::FUNCTION,
    coalesce::FUNCTION,
    r#if::FUNCTION,
    isnotnull::FUNCTION,
    isnull::FUNCTION,
    len::FUNCTION,
    like::FUNCTION,
    lower::FUNCTION,
    r#match::FUNCTION,
    mvcount::FUNCTION,
    tonumber::FUNCTION,
    upper::FUNCTION,
];

/// The names of all functions.
pub fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|function| function.name)
}

/// Makes a call; what is wrong with it is added to the compiler's diagnostics.
pub(super) fn build(
    name: &str,
    name_span: Span,
    arguments: Vec<Expr>,
    span: Span,
    compiler: &mut Compiler,
) -> Kind {
    let Some(function) = FUNCTIONS.iter().find(|function| function.name == name) else {
        let known: Vec<_> = names().collect();
        compiler.diagnostics.push(
            Diagnostic::error(
                codes::UNKNOWN_FUNCTION,
                format!("the function `{name}` is unknown or not supported yet"),
                name_span,
            )
            .with_hint(format!("supported are {}", known.join(", "))),
        );
        return Kind::Bool(false);
    };
    let (least, most) = function.arity;
    if arguments.len() < least || arguments.len() > most {
        let wanted = match (least, most) {
            (a, b) if a == b => format!("{a}"),
            (a, usize::MAX) => format!("at least {a}"),
            (a, b) => format!("{a} to {b}"),
        };
        compiler.diagnostics.push(Diagnostic::error(
            codes::WRONG_ARGUMENTS,
            format!("`{name}` takes {wanted} arguments and is given {}", arguments.len()),
            span,
        ));
        return Kind::Bool(false);
    }
    match (function.make)(Arguments(arguments), compiler) {
        Some(call) => Kind::Call(call),
        None => Kind::Bool(false),
    }
}

#[cfg(test)]
pub(super) mod testing;
