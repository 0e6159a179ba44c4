//! `min(A, B, ...)`, `max(A, B, ...)`: the smallest and the largest. Text ranks above every number;
//! a quoted number is text, a field that holds one is a number. NULL takes no part, and every value
//! of a field does (the last inferred).

use std::cmp::Ordering;

use super::{Function, Type};
use crate::eval::expr::Datum;
use crate::value::{Value, number_text};

pub(super) const MIN: Function = Function {
    name: "min",
    arity: (1, usize::MAX),
    make: |arguments, _| arguments.pure(Type::Any, |values| best(values, Ordering::Less)),
};

pub(super) const MAX: Function = Function {
    name: "max",
    arity: (1, usize::MAX),
    make: |arguments, _| arguments.pure(Type::Any, |values| best(values, Ordering::Greater)),
};

fn best<'r>(values: &[Datum<'r>], wanted: Ordering) -> Datum<'r> {
    let single = values.iter().flat_map(|datum| match datum {
        Datum::Field(field) if field.values().len() > 1 => {
            datum.values().into_iter().map(|value| Datum::of_values(vec![value])).collect()
        }
        Datum::Null => Vec::new(),
        other => vec![other.clone()],
    });
    single
        .reduce(|best, next| if order(&next, &best) == wanted { next } else { best })
        .unwrap_or(Datum::Null)
}

fn order(a: &Datum<'_>, b: &Datum<'_>) -> Ordering {
    let value = |datum: &Datum<'_>| match datum.number() {
        Some(number) => Value::Number(number),
        None => Value::Text(datum.single_text().unwrap_or_default().into_owned()),
    };
    match (value(a), value(b)) {
        (Value::Number(a), Value::Number(b)) => a.total_cmp(&b),
        (Value::Number(_), Value::Text(_)) => Ordering::Less,
        (Value::Text(_), Value::Number(_)) => Ordering::Greater,
        (Value::Text(a), Value::Text(b)) => a.cmp(&b),
        (a, b) => {
            number_text(a.number().unwrap_or(0.0)).cmp(&number_text(b.number().unwrap_or(0.0)))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::{check, refused};
    use crate::spl::codes;

    #[test]
    fn text_ranks_above_numbers() {
        check(&[
            (r#"max(1, "a", 3)"#, "a"),
            (r#"min(3, "a")"#, "3"),
            (r#"min("10", "9")"#, "10"),
            ("max(n, 9)", "1040"),
            (r#"max("abc", null())"#, "abc"),
            ("min(null(), 3)", "3"),
            ("min(missing, 3)", "3"),
            ("max(missing)", "null"),
            ("max(many)", "y"),
            ("max(2, 10)", "10"),
            ("min(-1, 1)", "-1"),
        ]);
        refused(&[("min()", codes::WRONG_ARGUMENTS)]);
    }
}
