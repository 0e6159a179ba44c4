//! `lower(S)`: S in lower case; NULL unless S is one value (SPLUNK.md 4).

use super::{Arguments, Call, Function, Type};
use crate::eval::expr::{Compiler, Datum, Env, Expr};

pub(super) const FUNCTION: Function = Function { name: "lower", arity: (1, 1), make };

#[derive(Debug)]
struct Cased(Expr);

fn make(arguments: Arguments, compiler: &mut Compiler) -> Option<Box<dyn Call>> {
    let [subject] = arguments.texts(compiler)?.exactly()?;
    Some(Box::new(Cased(subject)))
}

impl Call for Cased {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        let value = self.0.eval(env);
        value.single_text().map_or(Datum::Null, |text| Datum::of_text(text.to_lowercase()))
    }

    fn returns(&self) -> Type {
        Type::Text
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::check;

    #[test]
    fn changes_the_case_of_one_value() {
        check(&[(r#"lower("aBc")"#, "abc"), ("lower(missing)", "null"), ("lower(many)", "null")]);
    }
}
