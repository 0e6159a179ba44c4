//! `if(X, A, B)`: A when X is true, else B, NULL included (SPLUNK.md 4).

use super::{Arguments, Call, Function, Type};
use crate::eval::expr::{Compiler, Datum, Env, Expr};

pub(super) const FUNCTION: Function = Function { name: "if", arity: (3, 3), make };

#[derive(Debug)]
struct If([Expr; 3]);

fn make(arguments: Arguments, _: &mut Compiler) -> Option<Box<dyn Call>> {
    Some(Box::new(If(arguments.exactly()?)))
}

impl Call for If {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        let [condition, then, otherwise] = &self.0;
        if condition.truth(env) == Some(true) { then.eval(env) } else { otherwise.eval(env) }
    }

    fn returns(&self) -> Type {
        let [_, then, otherwise] = &self.0;
        Type::common([then.type_of(), otherwise.type_of()])
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::check;

    #[test]
    fn null_takes_the_else() {
        check(&[
            (r#"if(a="abc", 1, 2)"#, "1"),
            (r#"if(missing="x", 1, 2)"#, "2"),
            (r#"if(a="x", 1, missing)"#, "null"),
        ]);
    }
}
