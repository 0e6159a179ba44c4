//! `case(X1, A1, X2, A2, ...)`: the value of the first condition that is true; NULL when none
//! is (SPLUNK.md 4).

use super::{Arguments, Call, Function, Type};
use crate::eval::expr::{Compiler, Datum, Env, Expr};
use crate::spl::codes;
use crate::spl::diagnostic::Diagnostic;

pub(super) const FUNCTION: Function = Function { name: "case", arity: (2, usize::MAX), make };

#[derive(Debug)]
struct Case(Vec<(Expr, Expr)>);

fn make(arguments: Arguments, compiler: &mut Compiler) -> Option<Box<dyn Call>> {
    Some(Box::new(Case(arms("case", arguments, compiler)?)))
}

/// The arguments as pairs of a condition and a value.
pub(super) fn arms(
    name: &str,
    arguments: Arguments,
    compiler: &mut Compiler,
) -> Option<Vec<(Expr, Expr)>> {
    let mut arguments = arguments.0.into_iter();
    let mut arms = Vec::new();
    while let Some(condition) = arguments.next() {
        let Some(value) = arguments.next() else {
            compiler.diagnostics.push(Diagnostic::error(
                codes::WRONG_ARGUMENTS,
                format!("the last condition of `{name}` has no value"),
                condition.span(),
            ));
            return None;
        };
        arms.push((condition, value));
    }
    Some(arms)
}

impl Call for Case {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        self.0
            .iter()
            .find(|(condition, _)| condition.truth(env) == Some(true))
            .map_or(Datum::Null, |(_, value)| value.eval(env))
    }

    fn returns(&self) -> Type {
        Type::common(self.0.iter().map(|(_, value)| value.type_of()))
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
