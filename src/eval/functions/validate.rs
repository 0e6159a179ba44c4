//! `validate(X1, A1, X2, A2, ...)`: the value of the first condition that is not true; NULL when
//! all are. The opposite of `case`. A condition that is NULL is not true (inferred).

use super::{Arguments, Call, Function, Type, case};
use crate::eval::expr::{Compiler, Datum, Env, Expr};

pub(super) const FUNCTION: Function = Function { name: "validate", arity: (2, usize::MAX), make };

#[derive(Debug)]
struct Validate(Vec<(Expr, Expr)>);

fn make(arguments: Arguments, compiler: &mut Compiler) -> Option<Box<dyn Call>> {
    Some(Box::new(Validate(case::arms("validate", arguments, compiler)?)))
}

impl Call for Validate {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        self.0
            .iter()
            .find(|(condition, _)| condition.truth(env) != Some(true))
            .map_or(Datum::Null, |(_, value)| value.eval(env))
    }

    fn returns(&self) -> Type {
        Type::common(self.0.iter().map(|(_, value)| value.type_of()))
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::{check, refused};
    use crate::spl::codes;

    #[test]
    fn the_first_arm_that_is_not_true_wins() {
        check(&[
            (r#"validate(1==2, "a", 1==2, "b")"#, "a"),
            (r#"validate(1==1, "a", 1==2, "b")"#, "b"),
            (r#"validate(1==1, "a")"#, "null"),
            (r#"validate(missing=1, "no")"#, "no"),
        ]);
        refused(&[(r#"validate(1==1, "a", 1==2)"#, codes::WRONG_ARGUMENTS)]);
    }
}
