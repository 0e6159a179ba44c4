//! Table tests of functions: an expression, and the text of its value on one fixed row.

use crate::eval::expr::{Compiler, Datum, Env};
use crate::eval::row::{Record, Scratch};
use crate::spl::ast::CommandKind;
use crate::spl::{Macros, parse};
use crate::value::{Field, Value};

/// Checks every `(expression, value)`: `true`, `false`, `null`, or the value's text.
pub(crate) fn check(table: &[(&str, &str)]) {
    let many = Field::Many(vec![Value::from("x"), Value::from("y")]);
    let row = Record::new([
        ("a".to_owned(), Field::text("abc")),
        ("n".to_owned(), Field::text("1040")),
        ("many".to_owned(), many),
    ]);
    for (expression, expected) in table {
        let parsed = parse(&format!("* | eval out={expression}"), &Macros::builtin());
        let pipeline =
            parsed.pipeline.unwrap_or_else(|| panic!("{expression}: {:?}", parsed.diagnostics));
        let CommandKind::Eval(assignments) = &pipeline.commands[1].kind else {
            panic!("{expression} is no eval")
        };
        let mut compiler = Compiler::default();
        let expr = compiler.compile(&assignments[0].1);
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
