//! `mvdedup(F)`: the values without those that were there before, in their order.

use std::collections::HashSet;

use super::{Function, Type};
use crate::eval::expr::Datum;

pub(super) const FUNCTION: Function = Function {
    name: "mvdedup",
    arity: (1, 1),
    make: |arguments, compiler| {
        arguments.no_nulls(compiler)?.pure(Type::Any, |values| {
            let Some(subject) = values.first() else { return Datum::Null };
            let mut seen = HashSet::new();
            let mut values = subject.values();
            values.retain(|value| seen.insert(value.text().into_owned()));
            Datum::of_values(values)
        })
    },
};

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::check;

    #[test]
    fn the_first_of_its_like_stays() {
        // SPLUNK.md 4: "one-element results collapse to a scalar".
        check(&[
            (r#"mvdedup(mvappend("b", many, "b", "x"))"#, "b,x,y"),
            ("mvdedup(mvappend(a, a))", "abc"),
            ("typeof(mvdedup(mvappend(a, a)))", "String"),
            ("mvdedup(missing)", "null"),
        ]);
    }
}
