//! `match(S, R)`: whether the regex R matches somewhere in S (SPLUNK.md 3).

use super::{Arguments, Call, Function};
use crate::eval::expr::{Compiler, Datum, Env, Expr, PlacedRegex};
use crate::spl::codes;
use crate::spl::diagnostic::Diagnostic;

pub(super) const FUNCTION: Function = Function { name: "match", arity: (2, 2), make };

#[derive(Debug)]
struct Match {
    subject: Expr,
    regex: PlacedRegex,
}

fn make(arguments: Arguments, compiler: &mut Compiler) -> Option<Box<dyn Call>> {
    let [subject, pattern] = arguments.exactly()?;
    let Some(text) = pattern.as_text() else {
        compiler.diagnostics.push(Diagnostic::error(
            codes::NOT_A_LITERAL,
            "the regex of `match` must be written as a string",
            pattern.span(),
        ));
        return None;
    };
    let regex = compiler.regex(text, pattern.span())?;
    Some(Box::new(Match { subject, regex }))
}

impl Call for Match {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        let subject = self.subject.eval(env);
        // NULL gives NULL, a number is matched as its text, any of several values will do
        // (SPLUNK.md 3.4, inferred).
        match subject.texts().as_slice() {
            [] => Datum::Null,
            texts => Datum::Bool(texts.iter().any(|text| self.regex.is_match(text, env.scratch))),
        }
    }

    fn is_boolean(&self) -> bool {
        true
    }

    fn required_match(&self) -> Option<(&str, &PlacedRegex)> {
        Some((self.subject.as_field()?, &self.regex))
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::check;

    #[test]
    fn matches_anywhere_and_in_any_value() {
        check(&[
            (r#"match(a, "(?i)B")"#, "true"),
            (r#"match(a, "B")"#, "false"),
            (r#"match(n, "1040|1042")"#, "true"),
            (r#"match(many, "^y$")"#, "true"),
            (r#"match(missing, ".")"#, "null"),
            (r#"match(10, "^10$")"#, "true"),
        ]);
    }
}
