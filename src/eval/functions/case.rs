//! `case(X1, A1, X2, A2, ...)`: the value of the first condition that is true; NULL when none
//! is (SPLUNK.md 4).

use super::{Arguments, Call, Function};
use crate::eval::expr::{Compiler, Datum, Env, Expr};
use crate::spl::codes;
use crate::spl::diagnostic::Diagnostic;

pub(super) const FUNCTION: Function = Function { name: "case", arity: (2, usize::MAX), make };

#[derive(Debug)]
struct Case(Vec<(Expr, Expr)>);

fn make(arguments: Arguments, compiler: &mut Compiler) -> Option<Box<dyn Call>> {
    let mut arguments = arguments.0.into_iter();
    let mut arms = Vec::new();
    while let Some(condition) = arguments.next() {
        let Some(value) = arguments.next() else {
            compiler.diagnostics.push(Diagnostic::error(
                codes::WRONG_ARGUMENTS,
                "the last condition of `case` has no value",
                condition.span(),
            ));
            return None;
        };
        arms.push((condition, value));
    }
    Some(Box::new(Case(arms)))
}

impl Call for Case {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        self.0
            .iter()
            .find(|(condition, _)| condition.truth(env) == Some(true))
            .map_or(Datum::Null, |(_, value)| value.eval(env))
    }

    fn is_boolean(&self) -> bool {
        self.0.iter().all(|(_, value)| value.is_boolean())
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::check;

    #[test]
    fn the_first_true_arm_wins() {
        check(&[
            (r#"case(a="x", 1, a="abc", 2, true(), 3)"#, "2"),
            (r#"case(a="x", 1)"#, "null"),
            (r#"case(missing="x", 1, 1=1, 9)"#, "9"),
        ]);
    }
}
