//! `tonumber(S)`, `tonumber(S, BASE)`: S as a number; NULL when it is none (SPLUNK.md 4).

use super::{Arguments, Call, Function, Type};
use crate::eval::expr::{Compiler, Datum, Env, Expr};
use crate::value::parse_number;

pub(super) const FUNCTION: Function = Function { name: "tonumber", arity: (1, 2), make };

#[derive(Debug)]
struct ToNumber {
    subject: Expr,
    base: Option<Expr>,
}

fn make(arguments: Arguments, compiler: &mut Compiler) -> Option<Box<dyn Call>> {
    let mut arguments = arguments.no_nulls(compiler)?.0.into_iter();
    Some(Box::new(ToNumber { subject: arguments.next()?, base: arguments.next() }))
}

impl Call for ToNumber {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        let value = self.subject.eval(env);
        let Some(text) = value.single_text() else { return Datum::Null };
        let number = match &self.base {
            None => parse_number(&text),
            Some(base) => base.eval(env).number().and_then(|base| in_base(&text, base)),
        };
        number.map_or(Datum::Null, Datum::Number)
    }

    fn returns(&self) -> Type {
        Type::Number
    }
}

fn in_base(text: &str, base: f64) -> Option<f64> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let base = (2.0..=36.0).contains(&base).then_some(base as u32)?;
    let digits = if base == 16 { text.trim_start_matches("0x") } else { text };
    #[allow(clippy::cast_precision_loss)]
    i64::from_str_radix(digits, base).ok().map(|number| number as f64)
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::check;

    #[test]
    fn reads_numbers() {
        check(&[
            ("tonumber(n)", "1040"),
            ("tonumber(a)", "null"),
            (r#"tonumber("x")"#, "null"),
            ("tonumber(missing)", "null"),
            ("tonumber(many)", "null"),
            (r#"tonumber("0x1f", 16)"#, "31"),
            (r#"tonumber("101", 2)"#, "5"),
            (r#"tonumber("9", 2)"#, "null"),
            (r#"tonumber("1", 99)"#, "null"),
        ]);
    }
}
