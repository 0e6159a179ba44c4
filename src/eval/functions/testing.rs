//! Table tests of functions: an expression, and the text of its value on one fixed row.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Type;
use crate::eval::expr::{Clock, Compiler, Datum, Env, Expr};
use crate::eval::row::{Record, Scratch};
use crate::resources::Resources;
use crate::spl::ast::CommandKind;
use crate::spl::{Macros, parse};
use crate::value::{Field, Value};

/// The row: `a` is text, `n` a number as an event writes one, `epoch` a computed one, `many` has
/// two values, `missing` is missing.
fn row() -> Record {
    let time = Timestamp::from_nanosecond(1_614_035_240_794_383_000).unwrap();
    Record::new([
        ("a".to_owned(), Field::text("abc")),
        ("n".to_owned(), Field::text("1040")),
        ("epoch".to_owned(), Field::One(Value::Number(1_614_035_240.5))),
        ("many".to_owned(), Field::Many(vec![Value::from("x"), Value::from("y")])),
        ("_time".to_owned(), Field::One(Value::Time(time))),
    ])
}

/// Compiles an expression, an hour or so after the row's time.
fn compile(expression: &str, timezone: TimeZone) -> (Expr, Compiler) {
    let parsed = parse(&format!("* | eval out={expression}"), &Macros::builtin());
    let pipeline =
        parsed.pipeline.unwrap_or_else(|| panic!("{expression}: {:?}", parsed.diagnostics));
    let CommandKind::Eval(assignments) = &pipeline.commands[1].kind else {
        panic!("{expression} is no eval")
    };
    let now = Timestamp::from_millisecond(1_614_038_400_250).unwrap();
    let mut compiler = Compiler::new(Resources::default(), Clock { now, timezone }, false);
    let expr = compiler.compile(&assignments[0].1);
    (expr, compiler)
}

/// Checks every `(expression, value)`: `true`, `false`, `null`, or the value's text.
pub(crate) fn check(table: &[(&str, &str)]) {
    check_in(&TimeZone::UTC, table);
}

/// The same in a zone, written as POSIX does.
pub(crate) fn check_in_zone(zone: &str, table: &[(&str, &str)]) {
    check_in(&TimeZone::posix(zone).unwrap(), table);
}

fn check_in(timezone: &TimeZone, table: &[(&str, &str)]) {
    let row = row();
    for (expression, expected) in table {
        let (expr, compiler) = compile(expression, timezone.clone());
        assert_eq!(compiler.diagnostics, [], "{expression}");
        let scratch = Scratch::default();
        let value = match expr.eval(Env { row: &row, scratch: &scratch }) {
            Datum::Null => "null".to_owned(),
            Datum::Bool(value) => value.to_string(),
            other => other.texts().join(","),
        };
        assert_eq!(value, *expected, "{expression}");
    }
}

/// Evaluates an expression, if it compiles, for tests of what it does not do.
pub(crate) fn evaluate(expression: &str) {
    let (expr, compiler) = compile(expression, TimeZone::UTC);
    if compiler.diagnostics.is_empty() {
        let (row, scratch) = (row(), Scratch::default());
        let value = expr.eval(Env { row: &row, scratch: &scratch });
        // A type that is known is the one that comes, or NULL.
        let fits = match (expr.type_of(), &value) {
            (_, Datum::Null) | (Type::Any, _) => true,
            (Type::Boolean, value) => matches!(value, Datum::Bool(_)),
            (Type::Text, value) => matches!(value, Datum::Text(_)),
            (Type::Number, value) => value.number().is_some(),
            (Type::Null, _) => false,
        };
        assert!(fits, "{expression} is said to be {:?}: {value:?}", expr.type_of());
    }
}

/// Checks of every `(expression, code)` that it is refused for that and nothing else.
pub(crate) fn refused(table: &[(&str, &str)]) {
    for (expression, code) in table {
        let (_, compiler) = compile(expression, TimeZone::UTC);
        let codes: Vec<_> = compiler.diagnostics.iter().map(|found| found.code).collect();
        assert_eq!(codes, [*code], "{expression}");
    }
}
