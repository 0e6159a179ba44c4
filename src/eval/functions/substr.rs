//! `substr(S, START)`, `substr(S, START, LENGTH)`: part of S, in code points. The first is 1; a
//! negative START counts from the end.

use super::{Arguments, Call, Function, Type};
use crate::eval::expr::{Compiler, Datum, Env, Expr};

pub(super) const FUNCTION: Function = Function { name: "substr", arity: (2, 3), make };

#[derive(Debug)]
struct Substr {
    subject: Expr,
    start: Expr,
    length: Option<Expr>,
}

fn make(arguments: Arguments, compiler: &mut Compiler) -> Option<Box<dyn Call>> {
    let mut arguments = arguments.no_nulls(compiler)?.0.into_iter();
    Some(Box::new(Substr {
        subject: arguments.next()?,
        start: arguments.next()?,
        length: arguments.next(),
    }))
}

impl Call for Substr {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        let subject = self.subject.eval(env);
        let length = match &self.length {
            None => Some(f64::INFINITY),
            Some(length) => length.eval(env).number(),
        };
        match (subject.single_text(), self.start.eval(env).number(), length) {
            (Some(text), Some(start), Some(length)) => Datum::of_text(part(&text, start, length)),
            _ => Datum::Null,
        }
    }

    fn returns(&self) -> Type {
        Type::Text
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn part(text: &str, start: f64, length: f64) -> String {
    let skipped = if start < 0.0 {
        text.chars().count().saturating_sub(-start as usize)
    } else {
        (start as usize).saturating_sub(1)
    };
    text.chars().skip(skipped).take(length.max(0.0) as usize).collect()
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::{check, refused};
    use crate::spl::codes;

    #[test]
    fn parts_of_text() {
        check(&[
            (r#"substr("string", 1, 3)"#, "str"),
            (r#"substr("string", -3)"#, "ing"),
            (r#"substr("string", 3)"#, "ring"),
            (r#"substr("string", 0, 2)"#, "st"),
            (r#"substr("aéb", 2, 1)"#, "é"),
            (r#"substr("ab", 9)"#, ""),
            (r#"substr("ab", -9, 1)"#, "a"),
            (r#"substr("ab", 1, -1)"#, ""),
            ("substr(n, 1, 2)", "10"),
            ("substr(missing, 1, 2)", "null"),
            ("substr(a, missing)", "null"),
            ("substr(many, 1)", "null"),
        ]);
        refused(&[("substr(null(), 1)", codes::WRONG_TYPE)]);
    }
}
