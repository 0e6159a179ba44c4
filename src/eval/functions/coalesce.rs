//! `coalesce(A, B, ...)`: the first that has a value; an empty string is one (SPLUNK.md 4).

use super::{Arguments, Call, Function, Type};
use crate::eval::expr::{Compiler, Datum, Env, Expr};

pub(super) const FUNCTION: Function = Function { name: "coalesce", arity: (1, usize::MAX), make };

#[derive(Debug)]
struct Coalesce(Vec<Expr>);

fn make(arguments: Arguments, _: &mut Compiler) -> Option<Box<dyn Call>> {
    Some(Box::new(Coalesce(arguments.0)))
}

impl Call for Coalesce {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        self.0
            .iter()
            .map(|expr| expr.eval(env))
            .find(|value| *value != Datum::Null)
            .unwrap_or(Datum::Null)
    }

    fn returns(&self) -> Type {
        Type::common(self.0.iter().map(Expr::type_of))
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::check;

    #[test]
    fn the_first_value_wins() {
        check(&[
            ("coalesce(missing, a)", "abc"),
            (r#"coalesce("", a)"#, ""),
            ("coalesce(missing, missing)", "null"),
        ]);
    }
}
