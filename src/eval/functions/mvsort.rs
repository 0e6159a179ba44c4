//! `mvsort(F)`: the values sorted by bytes: `10` before `9`, upper case before lower.

use super::{Function, Type};
use crate::eval::expr::Datum;

pub(super) const FUNCTION: Function = Function {
    name: "mvsort",
    arity: (1, 1),
    make: |arguments, compiler| {
        arguments.no_nulls(compiler)?.pure(Type::Any, |values| {
            let mut values = values.first().map(Datum::values).unwrap_or_default();
            values.sort_by(|a, b| a.text().cmp(&b.text()));
            Datum::of_values(values)
        })
    },
};

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::check;

    #[test]
    fn values_sort_by_bytes() {
        check(&[
            (r#"mvsort(split("9;10;b;a;B", ";"))"#, "10,9,B,a,b"),
            ("mvsort(a)", "abc"),
            ("mvsort(missing)", "null"),
        ]);
    }
}
