//! `isnum(X)`, `isint(X)`, `isstr(X)`, `isbool(X)`: of which type X is. A field that holds a number
//! is one. NULL and several values are of none of them, which is false and not NULL (inferred).
//!
//! `typeof(X)` gives the name: `Number`, `String`, `Boolean`, `Multivalue`, or `Invalid` for NULL,
//! a missing field included.

use super::{Function, Type};
use crate::eval::expr::Datum;

macro_rules! tests_of_type {
    ($($name:ident $text:literal $test:expr;)*) => {
        $(pub(super) const $name: Function = Function {
            name: $text,
            arity: (1, 1),
            make: |arguments, _| {
                arguments.pure(Type::Boolean, |values| {
                    Datum::Bool(values.first().is_some_and($test))
                })
            },
        };)*
    };
}

tests_of_type! {
    ISNUM "isnum" |value| value.number().is_some();
    ISINT "isint" |value| value.number().is_some_and(|number| number.fract() == 0.0);
    ISSTR "isstr" |value| name(value) == "String";
    ISBOOL "isbool" |value| matches!(value, Datum::Bool(_));
}

pub(super) const TYPEOF: Function = Function {
    name: "typeof",
    arity: (1, 1),
    make: |arguments, _| {
        arguments.pure(Type::Text, |values| Datum::of_text(values.first().map_or("Invalid", name)))
    },
};

fn name(value: &Datum<'_>) -> &'static str {
    match value {
        Datum::Null => "Invalid",
        Datum::Bool(_) => "Boolean",
        Datum::Field(field) if field.values().len() > 1 => "Multivalue",
        value if value.number().is_some() => "Number",
        _ => "String",
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::check;

    #[test]
    fn types_are_told() {
        check(&[
            ("isnum(n)", "true"),
            ("isnum(a)", "false"),
            (r#"isnum("10")"#, "false"),
            ("isint(1.5)", "false"),
            ("isint(n)", "true"),
            ("isstr(a)", "true"),
            (r#"isstr("10")"#, "true"),
            ("isstr(n)", "false"),
            ("isstr(many)", "false"),
            ("isbool(a=1)", "true"),
            ("isbool(a)", "false"),
            ("isnum(missing)", "false"),
        ]);
    }

    #[test]
    fn types_are_named_null_too() {
        check(&[
            ("typeof(12)", "Number"),
            ("typeof(n)", "Number"),
            (r#"typeof("12")"#, "String"),
            ("typeof(1==2)", "Boolean"),
            ("typeof(many)", "Multivalue"),
            ("typeof(missing)", "Invalid"),
            ("typeof(null())", "Invalid"),
        ]);
    }
}
