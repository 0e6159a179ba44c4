//! `replace(S, R, T)`: S with T in place of every match of the regex R; `\1` to `\99` in T are the
//! groups, `\0` the whole match. NULL unless S is one value (SPLUNK.md 4).

use super::pattern::Pattern;
use super::{Arguments, Call, Function, Type};
use crate::eval::expr::{Compiler, Datum, Env, Expr};
use crate::pcre::Captures;

pub(super) const FUNCTION: Function = Function { name: "replace", arity: (3, 3), make };

#[derive(Debug)]
struct Replace {
    subject: Expr,
    pattern: Pattern,
    replacement: Expr,
}

fn make(arguments: Arguments, compiler: &mut Compiler) -> Option<Box<dyn Call>> {
    let [subject, pattern, replacement] = arguments.texts(compiler)?.exactly()?;
    let pattern = Pattern::compile(pattern, compiler)?;
    Some(Box::new(Replace { subject, pattern, replacement }))
}

impl Call for Replace {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        let (subject, replacement) = (self.subject.eval(env), self.replacement.eval(env));
        let (Some(text), Some(template)) = (subject.single_text(), replacement.single_text())
        else {
            return Datum::Null;
        };
        let Some(regex) = self.pattern.regex(env) else { return Datum::Null };
        let replaced = regex.replace_all(&text, env.scratch, |captures, out| {
            fill(&template, &text, captures, out);
        });
        replaced.map_or(Datum::Null, Datum::of_text)
    }

    fn returns(&self) -> Type {
        Type::Text
    }
}

/// Writes the template with its groups. A backslash before anything else stays, two are one
/// (inferred).
fn fill(template: &str, text: &str, captures: &Captures, out: &mut String) {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('\\') {
            out.push('\\');
            rest = after;
            continue;
        }
        let digits = after.bytes().take(2).take_while(u8::is_ascii_digit).count();
        // `\12` is group 12 where there is one, else group 1 and a 2.
        let group = (1..=digits).rev().find_map(|length| {
            let (number, after) = after.split_at_checked(length)?;
            let number: usize = number.parse().ok()?;
            (number < captures.groups().len()).then_some((number, after))
        });
        rest = match group {
            Some((number, after)) => {
                out.push_str(captures.text(number, text).unwrap_or_default());
                after
            }
            None => {
                out.push('\\');
                after
            }
        };
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::{check, refused};
    use crate::spl::codes;

    #[test]
    fn every_match_is_replaced() {
        // SPLUNK.md 4: "replace: all matches, \1 refs, single values only".
        check(&[
            (r#"replace("1/14/2023", "^(\d{1,2})/(\d{1,2})/", "\2/\1/")"#, "14/1/2023"),
            (r#"replace("banana", "a", "o")"#, "bonono"),
            (r#"replace("abc", "b*", "-")"#, "-a--c-"),
            (r#"replace(a, "B", "x")"#, "abc"),
            (r#"replace(a, "(?i)B", "[\0]")"#, "a[b]c"),
            (r#"replace(a, "(b)|(x)", "<\2\1>")"#, "a<b>c"),
            (r#"replace(a, "(b)", "\15")"#, "ab5c"),
            (r#"replace(a, "b", "\9\d")"#, r"a\9\dc"),
            (r#"replace("a\\b", "\\\\", "/")"#, "a/b"),
            (r#"replace("a/b", "/", "\\\\")"#, r"a\b"),
            (r#"replace("x", "y", "z")"#, "x"),
            (r#"replace("", "^", "z")"#, "z"),
            (r#"replace(n, "0", "")"#, "14"),
            (r#"replace(missing, "a", "b")"#, "null"),
            (r#"replace(many, "x", "b")"#, "null"),
            ("replace(a, missing, a)", "null"),
            (r#"replace("xabcx", a, "-")"#, "x-x"),
        ]);
    }

    #[test]
    fn a_result_that_grows_without_end_is_null() {
        let many = "a".repeat(1000);
        let mut expression = r#""aaaaaaaaaaaaaaaaaaaa""#.to_owned();
        for _ in 0..4 {
            expression = format!(r#"replace({expression}, "a", "{many}")"#);
        }
        check(&[(expression.as_str(), "null")]);
    }

    #[test]
    fn a_malformed_regex_is_refused() {
        refused(&[
            (r#"replace(a, "(", "x")"#, codes::BAD_REGEX),
            (r#"replace(5, "5", "x")"#, codes::WRONG_TYPE),
        ]);
    }
}
