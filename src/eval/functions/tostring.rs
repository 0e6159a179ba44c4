//! `tostring(X)`, `tostring(X, FORMAT)`: X as text. FORMAT is `hex` (`0xFF`), `commas`
//! (`12,345.68`) or `duration` (`HH:MM:SS`, from a day on `D+HH:MM:SS`). A missing field is the
//! text `Null`, a condition `True` or `False`.

use super::{Arguments, Call, Function, Type};
use crate::eval::expr::{Compiler, Datum, Env, Expr};
use crate::spl::codes;
use crate::spl::diagnostic::Diagnostic;

pub(super) const FUNCTION: Function = Function { name: "tostring", arity: (1, 2), make };

#[derive(Debug, Clone, Copy)]
enum Format {
    Hex,
    Commas,
    Duration,
}

#[derive(Debug)]
struct ToString {
    subject: Expr,
    format: Option<Format>,
}

fn make(arguments: Arguments, compiler: &mut Compiler) -> Option<Box<dyn Call>> {
    let mut arguments = arguments.0.into_iter();
    let subject = arguments.next()?;
    let format = match arguments.next() {
        None => None,
        Some(written) => Some(format(&written, compiler)?),
    };
    Some(Box::new(ToString { subject, format }))
}

fn format(written: &Expr, compiler: &mut Compiler) -> Option<Format> {
    let known = match written.as_text() {
        Some("hex") => Some(Format::Hex),
        Some("commas") => Some(Format::Commas),
        Some("duration") => Some(Format::Duration),
        _ => None,
    };
    if known.is_none() {
        compiler.diagnostics.push(
            Diagnostic::error(
                codes::NOT_A_LITERAL,
                "the format of `tostring` must be one that is known",
                written.span(),
            )
            .with_hint("known are \"hex\", \"commas\" and \"duration\""),
        );
    }
    known
}

impl Call for ToString {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        let subject = self.subject.eval(env);
        let Some(format) = self.format else {
            return match subject {
                Datum::Null => Datum::of_text("Null"),
                other => other
                    .single_text()
                    .map_or(Datum::Null, |text| Datum::of_text(text.into_owned())),
            };
        };
        subject.number().map_or(Datum::Null, |number| {
            Datum::of_text(match format {
                Format::Hex => hexadecimal(number),
                Format::Commas => with_commas(number),
                Format::Duration => duration(number),
            })
        })
    }

    fn returns(&self) -> Type {
        Type::Text
    }
}

#[allow(clippy::cast_possible_truncation)]
fn hexadecimal(number: f64) -> String {
    let whole = number as i64;
    let sign = if whole < 0 { "-" } else { "" };
    format!("{sign}0x{:X}", whole.unsigned_abs())
}

/// Thousands apart, and two decimals where it has any.
fn with_commas(number: f64) -> String {
    let decimals = if number.fract() == 0.0 { 0 } else { 2 };
    let text = crate::value::decimal_text(number, decimals);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.as_str()),
    };
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{fraction}")
}

#[allow(clippy::cast_possible_truncation)]
fn duration(number: f64) -> String {
    let sign = if number < 0.0 { "-" } else { "" };
    let seconds = (number as i64).unsigned_abs();
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let days = if days > 0 { format!("{days}+") } else { String::new() };
    format!("{sign}{days}{:02}:{:02}:{:02}", rest / 3600, rest % 3600 / 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::{check, refused};
    use crate::spl::codes;

    #[test]
    fn anything_becomes_text() {
        check(&[
            ("tostring(1==1)", "True"),
            ("tostring(1==2)", "False"),
            ("tostring(15)", "15"),
            ("tostring(a)", "abc"),
            ("tostring(missing)", "Null"),
            ("tostring(many)", "null"),
            ("typeof(tostring(15))", "String"),
        ]);
    }

    #[test]
    fn numbers_have_formats() {
        check(&[
            (r#"tostring(15, "hex")"#, "0xF"),
            (r#"tostring(n, "hex")"#, "0x410"),
            (r#"tostring(12345.6789, "commas")"#, "12,345.68"),
            (r#"tostring(1234567, "commas")"#, "1,234,567"),
            (r#"tostring(-123456, "commas")"#, "-123,456"),
            (r#"tostring(999, "commas")"#, "999"),
            (r#"tostring(615, "duration")"#, "00:10:15"),
            (r#"tostring(90061.9, "duration")"#, "1+01:01:01"),
            (r#"tostring(a, "hex")"#, "null"),
            (r#"tostring(missing, "commas")"#, "null"),
        ]);
        refused(&[
            (r#"tostring(1, "roman")"#, codes::NOT_A_LITERAL),
            ("tostring(1, a)", codes::NOT_A_LITERAL),
        ]);
    }
}
