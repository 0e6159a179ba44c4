//! `isnull(S)`: whether S has no value.

use super::{Arguments, Call, Function, Type};
use crate::eval::expr::{Compiler, Datum, Env, Expr};

pub(super) const FUNCTION: Function = Function { name: "isnull", arity: (1, 1), make };

#[derive(Debug)]
struct Test(Expr);

fn make(arguments: Arguments, _: &mut Compiler) -> Option<Box<dyn Call>> {
    let [subject] = arguments.exactly()?;
    Some(Box::new(Test(subject)))
}

impl Call for Test {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        let value = self.0.eval(env);
        Datum::Bool(matches!(value, Datum::Null))
    }

    fn returns(&self) -> Type {
        Type::Boolean
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::check;

    #[test]
    fn an_empty_string_is_a_value() {
        check(&[("isnull(a)", "false"), ("isnull(missing)", "true"), (r#"isnull("")"#, "false")]);
    }
}
