//! `len(S)`: the number of code points of S; NULL unless S is one value (SPLUNK.md 4).

use super::{Arguments, Call, Function, Type};
use crate::eval::expr::{Compiler, Datum, Env, Expr};

pub(super) const FUNCTION: Function = Function { name: "len", arity: (1, 1), make };

#[derive(Debug)]
struct Len(Expr);

fn make(arguments: Arguments, compiler: &mut Compiler) -> Option<Box<dyn Call>> {
    let [subject] = arguments.texts(compiler)?.exactly()?;
    Some(Box::new(Len(subject)))
}

impl Call for Len {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        let value = self.0.eval(env);
        value.single_text().map_or(Datum::Null, |text| Datum::of_count(text.chars().count()))
    }

    fn returns(&self) -> Type {
        Type::Number
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::check;

    #[test]
    fn counts_code_points() {
        check(&[
            ("len(a)", "3"),
            (r#"len("é")"#, "1"),
            ("len(n)", "4"),
            ("len(missing)", "null"),
            ("len(many)", "null"),
        ]);
    }
}
