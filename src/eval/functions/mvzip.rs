//! `mvzip(A, B)`, `mvzip(A, B, D)`: the first value of A, D (a comma), the first of B; and so on to
//! the end of the shorter.

use super::{Function, Type};
use crate::eval::expr::Datum;
use crate::value::Value;

pub(super) const FUNCTION: Function = Function {
    name: "mvzip",
    arity: (2, 3),
    make: |arguments, compiler| {
        arguments.no_nulls(compiler)?.pure(Type::Any, |values| {
            let [left, right, rest @ ..] = values else { return Datum::Null };
            let delimiter = match rest.first().map(Datum::single_text) {
                None => ",".into(),
                Some(Some(delimiter)) => delimiter,
                Some(None) => return Datum::Null,
            };
            let pairs = left.texts().into_iter().zip(right.texts());
            Datum::of_values(
                pairs.map(|(a, b)| Value::Text(format!("{a}{delimiter}{b}"))).collect(),
            )
        })
    },
};

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::check;

    #[test]
    fn values_are_put_together_by_place() {
        check(&[
            (r#"mvzip(many, split("1;2;3", ";"), "-")"#, "x-1,y-2"),
            (r#"mvjoin(mvzip(many, many), ";")"#, "x,x;y,y"),
            ("mvzip(many, missing)", "null"),
            ("mvzip(many, many, missing)", "null"),
        ]);
    }
}
