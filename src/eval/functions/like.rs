//! `like(S, P)`, `S LIKE P`: whether all of S fits P, where `%` is any run of characters and `_`
//! any one (SPLUNK.md 4). Case-sensitive (inferred).

use super::{Arguments, Call, Function, Type};
use crate::eval::expr::{Compiler, Datum, Env, Expr};

pub(super) const FUNCTION: Function = Function { name: "like", arity: (2, 2), make };

#[derive(Debug)]
struct Like {
    subject: Expr,
    pattern: Expr,
}

fn make(arguments: Arguments, _: &mut Compiler) -> Option<Box<dyn Call>> {
    let [subject, pattern] = arguments.exactly()?;
    Some(Box::new(Like { subject, pattern }))
}

impl Call for Like {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        let (subject, pattern) = (self.subject.eval(env), self.pattern.eval(env));
        match (subject.texts().as_slice(), pattern.single_text()) {
            ([], _) | (_, None) => Datum::Null,
            (texts, Some(pattern)) => Datum::Bool(texts.iter().any(|text| fits(text, &pattern))),
        }
    }

    fn returns(&self) -> Type {
        Type::Boolean
    }

    fn required_texts(&self) -> Option<(&str, Vec<String>)> {
        let parts = self.pattern.as_text()?.split(['%', '_']);
        Some((
            self.subject.as_field()?,
            parts.filter(|part| !part.is_empty()).map(str::to_owned).collect(),
        ))
    }
}

/// Greedy with one point of return (the last `%`), so never exponential.
fn fits(text: &str, pattern: &str) -> bool {
    let (mut text, mut pattern) = (text.chars(), pattern.chars());
    let mut last_percent = None;
    loop {
        let here = text.clone();
        match (pattern.next(), text.next()) {
            (None, None) => return true,
            (Some('%'), _) => {
                text = here.clone();
                last_percent = Some((here, pattern.clone()));
                continue;
            }
            (Some('_'), Some(_)) => continue,
            (Some(wanted), Some(has)) if wanted == has => continue,
            (Some(_), None) => return false,
            (_, Some(_)) => {}
        }
        // Let the last `%` take one character more.
        let Some((from, after)) = &mut last_percent else { return false };
        if from.next().is_none() {
            return false;
        }
        text = from.clone();
        pattern = after.clone();
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::check;

    #[test]
    fn percent_and_underscore() {
        check(&[
            (r#"like(a, "a%")"#, "true"),
            (r#"like(a, "b")"#, "false"),
            (r#"like(a, "%b%")"#, "true"),
            (r#"like(a, "___")"#, "true"),
            (r#"like(a, "__")"#, "false"),
            (r#"like(a, "A%")"#, "false"),
            (r#"a LIKE "%c""#, "true"),
            (r#"like("aaab", "%aab")"#, "true"),
            (r#"like("", "%")"#, "true"),
            (r#"like("abcbd", "a%b_")"#, "true"),
            (r#"like(missing, "%")"#, "null"),
        ]);
    }
}
