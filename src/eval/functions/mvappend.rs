//! `mvappend(A, B, ...)`: all values of all arguments, in order; what has none is passed over
//! (SPLUNK.md 4: "mvappend flattens").

use super::{Function, Type};
use crate::eval::expr::Datum;

pub(super) const FUNCTION: Function = Function {
    name: "mvappend",
    arity: (1, usize::MAX),
    make: |arguments, _| {
        arguments.pure(Type::Any, |values| {
            Datum::of_values(values.iter().flat_map(Datum::values).collect())
        })
    },
};

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::check;

    #[test]
    fn values_are_put_one_after_another() {
        // SPLUNK.md 4, mvappend.
        check(&[
            ("mvappend(many, a, 7)", "x,y,abc,7"),
            (r#"mvappend("", missing, n)"#, ",1040"),
            ("mvappend(mvappend(a, a), many)", "abc,abc,x,y"),
            ("mvappend(missing, a)", "abc"),
            ("mvappend(missing)", "null"),
        ]);
    }
}
