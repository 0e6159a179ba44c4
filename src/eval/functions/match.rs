//! `match(S, R)`: whether the regex R matches somewhere in S (SPLUNK.md 3).

use super::pattern::Pattern;
use super::{Arguments, Call, Function, Type};
use crate::eval::expr::{Compiler, Datum, Env, Expr, PlacedRegex};

pub(super) const FUNCTION: Function = Function { name: "match", arity: (2, 2), make };

#[derive(Debug)]
struct Match {
    subject: Expr,
    pattern: Pattern,
}

fn make(arguments: Arguments, compiler: &mut Compiler) -> Option<Box<dyn Call>> {
    let [subject, pattern] = arguments.no_nulls(compiler)?.exactly()?;
    Some(Box::new(Match { subject, pattern: Pattern::compile(pattern, compiler)? }))
}

impl Call for Match {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        let subject = self.subject.eval(env);
        // NULL gives NULL, a number is matched as its text, any of several values will do
        // (SPLUNK.md 3.4, inferred).
        let texts = subject.texts();
        if texts.is_empty() {
            return Datum::Null;
        }
        let matches = |regex: &PlacedRegex| {
            Datum::Bool(texts.iter().any(|text| regex.is_match(text, env.scratch)))
        };
        match &self.pattern {
            Pattern::Written(regex) => matches(regex),
            Pattern::Computed(_) => {
                self.pattern.regex(env).map_or(Datum::Null, |regex| matches(&regex))
            }
        }
    }

    fn returns(&self) -> Type {
        Type::Boolean
    }

    fn required_match(&self) -> Option<(&str, &PlacedRegex)> {
        match &self.pattern {
            Pattern::Written(regex) => Some((self.subject.as_field()?, regex)),
            Pattern::Computed(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::{check, refused};
    use crate::spl::codes;

    #[test]
    fn matches_anywhere_and_in_any_value() {
        check(&[
            (r#"match(a, "(?i)B")"#, "true"),
            (r#"match(a, "B")"#, "false"),
            (r#"match(n, "1040|1042")"#, "true"),
            (r#"match(many, "^y$")"#, "true"),
            (r#"match(missing, ".")"#, "null"),
            (r#"match(10, "^10$")"#, "true"),
            ("match(a, a)", "true"),
            ("match(a, n)", "false"),
            ("match(a, missing)", "null"),
            (r#"match(a, "(" . a)"#, "null"),
        ]);
        refused(&[(r#"match(a, "(")"#, codes::BAD_REGEX), ("match(a)", codes::WRONG_ARGUMENTS)]);
    }
}
