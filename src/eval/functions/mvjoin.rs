//! `mvjoin(F, D)`: the values as one text, D between them.

use super::{Function, Type};
use crate::eval::expr::Datum;

pub(super) const FUNCTION: Function = Function {
    name: "mvjoin",
    arity: (2, 2),
    make: |arguments, compiler| {
        arguments.no_nulls(compiler)?.pure(Type::Text, |values| {
            let [subject, delimiter] = values else { return Datum::Null };
            match (subject, delimiter.single_text()) {
                (Datum::Null, _) | (_, None) => Datum::Null,
                (subject, Some(delimiter)) => Datum::of_text(subject.texts().join(&delimiter)),
            }
        })
    },
};

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::{check, refused};
    use crate::spl::codes;

    #[test]
    fn values_become_one() {
        check(&[
            (r#"mvjoin(many, ", ")"#, "x, y"),
            (r#"mvjoin(n, "-")"#, "1040"),
            (r#"mvjoin(missing, "-")"#, "null"),
            ("mvjoin(many, missing)", "null"),
        ]);
        refused(&[("mvjoin(many)", codes::WRONG_ARGUMENTS)]);
    }
}
