//! `mvcount(F)`: the number of values; NULL when there is none (SPLUNK.md 4).

use super::{Arguments, Call, Function, Type};
use crate::eval::expr::{Compiler, Datum, Env, Expr};

pub(super) const FUNCTION: Function = Function { name: "mvcount", arity: (1, 1), make };

#[derive(Debug)]
struct MvCount(Expr);

fn make(arguments: Arguments, compiler: &mut Compiler) -> Option<Box<dyn Call>> {
    let [subject] = arguments.no_nulls(compiler)?.exactly()?;
    Some(Box::new(MvCount(subject)))
}

impl Call for MvCount {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        match self.0.eval(env).texts().len() {
            0 => Datum::Null,
            count => Datum::of_count(count),
        }
    }

    fn returns(&self) -> Type {
        Type::Number
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::check;

    #[test]
    fn counts_values() {
        check(&[("mvcount(a)", "1"), ("mvcount(many)", "2"), ("mvcount(missing)", "null")]);
    }
}
