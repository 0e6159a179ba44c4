//! `mvfind(F, R)`: the place of the first value that the regex R matches, the first being 0; NULL
//! when it matches none.

use super::pattern::Pattern;
use super::{Arguments, Call, Function, Type};
use crate::eval::expr::{Compiler, Datum, Env, Expr};

pub(super) const FUNCTION: Function = Function { name: "mvfind", arity: (2, 2), make };

#[derive(Debug)]
struct MvFind {
    subject: Expr,
    pattern: Pattern,
}

fn make(arguments: Arguments, compiler: &mut Compiler) -> Option<Box<dyn Call>> {
    let [subject, pattern] = arguments.no_nulls(compiler)?.exactly()?;
    Some(Box::new(MvFind { subject, pattern: Pattern::compile(pattern, compiler)? }))
}

impl Call for MvFind {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        let subject = self.subject.eval(env);
        let Some(regex) = self.pattern.regex(env) else { return Datum::Null };
        let place = subject.texts().iter().position(|text| regex.is_match(text, env.scratch));
        place.map_or(Datum::Null, Datum::of_count)
    }

    fn returns(&self) -> Type {
        Type::Number
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::{check, refused};
    use crate::spl::codes;

    #[test]
    fn the_first_place_that_matches() {
        // SPLUNK.md 4 names it among the functions that rules use, once with a field as its regex.
        check(&[
            (r#"mvfind(many, "y")"#, "1"),
            (r#"mvfind(many, ".")"#, "0"),
            (r#"mvfind(many, "z")"#, "null"),
            (r#"mvfind(a, "b")"#, "0"),
            ("mvfind(mvappend(many, a), a)", "2"),
            (r#"isnull(mvfind(many, a))"#, "true"),
            (r#"mvfind(missing, "y")"#, "null"),
            ("mvfind(many, missing)", "null"),
            (r#"mvfind(many, "(" . a)"#, "null"),
        ]);
        refused(&[(r#"mvfind(many, "(")"#, codes::BAD_REGEX)]);
    }
}
