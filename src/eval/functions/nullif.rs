//! `nullif(A, B)`: A, but NULL where A equals B.

use super::{Arguments, Call, Function, Type};
use crate::eval::expr::{Compiler, Datum, Env, Expr, compare};
use crate::spl::ast::CompareOp;

pub(super) const FUNCTION: Function = Function { name: "nullif", arity: (2, 2), make };

#[derive(Debug)]
struct NullIf([Expr; 2]);

fn make(arguments: Arguments, _: &mut Compiler) -> Option<Box<dyn Call>> {
    Some(Box::new(NullIf(arguments.exactly()?)))
}

impl Call for NullIf {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        let [value, other] = &self.0;
        let value = value.eval(env);
        match compare(CompareOp::Equal, &value, &other.eval(env)) {
            Some(true) => Datum::Null,
            _ => value,
        }
    }

    fn returns(&self) -> Type {
        let [value, _] = &self.0;
        value.type_of()
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::check;

    #[test]
    fn equal_values_are_null() {
        check(&[
            (r#"nullif(a, "abc")"#, "null"),
            (r#"nullif(a, "x")"#, "abc"),
            ("nullif(n, 1040)", "null"),
            ("nullif(a, missing)", "abc"),
            ("nullif(missing, a)", "null"),
        ]);
    }
}
