//! `strftime(T, F)`: the time T as the clock of `--timezone` shows it, in the format F (SPLUNK.md
//! 4: "strftime uses the searching user's time zone").
//!
//! `%N` and `%Q` are the fraction of the second, `%3N` to `%9N` with so many digits (`%N` 9, `%Q`
//! 3). What is no known variable stays as it is written.

use jiff::ZonedDateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use super::{Arguments, Call, Function, Type, moment};
use crate::eval::expr::{Compiler, Datum, Env, Expr};

pub(super) const FUNCTION: Function = Function { name: "strftime", arity: (2, 2), make };

#[derive(Debug)]
struct Strftime {
    time: Expr,
    format: Expr,
    timezone: TimeZone,
}

fn make(arguments: Arguments, compiler: &mut Compiler) -> Option<Box<dyn Call>> {
    let [time, format] = arguments.no_nulls(compiler)?.exactly()?;
    Some(Box::new(Strftime { time, format, timezone: compiler.clock.timezone.clone() }))
}

impl Call for Strftime {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        let format = self.format.eval(env);
        match (moment::of(&self.time.eval(env)), format.single_text()) {
            (Some(time), Some(format)) => {
                Datum::of_text(formatted(&time.to_zoned_datetime(self.timezone.clone()), &format))
            }
            _ => Datum::Null,
        }
    }

    fn returns(&self) -> Type {
        Type::Text
    }
}

/// A time as a format has it.
pub(crate) fn formatted(time: &ZonedDateTime, format: &str) -> String {
    let mut out = String::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let (variable, after) = split_variable(after);
        match shown(time, variable) {
            Some(text) => out.push_str(&text),
            None => {
                out.push('%');
                out.push_str(variable);
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Splits `3N` from what follows: digits, flags or colons, and one letter.
fn split_variable(text: &str) -> (&str, &str) {
    let prefix = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '-' | '_' | '^' | '#')))
        .unwrap_or(text.len());
    let letter = text.get(prefix..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    text.split_at_checked(prefix + letter).unwrap_or((text, ""))
}

fn shown(time: &ZonedDateTime, variable: &str) -> Option<String> {
    if let Some(digits) = variable.strip_suffix(['N', 'Q']) {
        let default = if variable.ends_with('Q') { 3 } else { 9 };
        let digits = if digits.is_empty() { default } else { digits.parse().ok()? };
        let fraction = format!("{:09}", time.subsec_nanosecond());
        return (1..=9).contains(&digits).then(|| fraction.get(..digits).map(str::to_owned))?;
    }
    let written = match variable {
        "+" => "%a %b %e %H:%M:%S %Z %Y",
        "c" => "%a %b %e %H:%M:%S %Y",
        "x" => "%m/%d/%Y",
        "X" => "%H:%M:%S",
        "w" => return Some(time.weekday().to_sunday_zero_offset().to_string()),
        // A width would be passed on to a count of blanks.
        _ if variable.starts_with(|c: char| c.is_ascii_digit()) => return None,
        _ => return strtime::format(format!("%{variable}"), time).ok(),
    };
    strtime::format(written, time).ok()
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::{check, refused};
    use crate::spl::codes;

    #[test]
    fn times_are_shown() {
        check(&[
            (r#"strftime(_time, "%Y-%m-%dT%H:%M:%S")"#, "2021-02-22T23:07:20"),
            (r#"strftime(_time, "%m/%d/%Y %I:%M %p")"#, "02/22/2021 11:07 PM"),
            (r#"strftime(_time, "%a %A %b %B %e %j %y")"#, "Mon Monday Feb February 22 053 21"),
            (r#"strftime(_time, "%s %w %u")"#, "1614035240 1 1"),
            (r#"strftime(_time, "%F %T %z %%")"#, "2021-02-22 23:07:20 +0000 %"),
            (r#"strftime(1614035240, "%H")"#, "23"),
            (r#"strftime("1614035240.5", "%H")"#, "null"),
            (r#"strftime(epoch, "%H:%M:%S.%3N")"#, "23:07:20.500"),
            (r#"strftime(missing, "%H")"#, "null"),
            (r#"strftime(a, "%H")"#, "null"),
            (r#"strftime(1e300, "%H")"#, "null"),
            (r#"strftime(_time, "100%")"#, "100%"),
            (r#"strftime(_time, "%é%H")"#, "%é23"),
        ]);
        refused(&[(r#"strftime(null(), "%H")"#, codes::WRONG_TYPE)]);
    }

    #[test]
    fn fractions_have_the_digits_asked_for() {
        // SPLUNK.md 4, strftime: `%N`, `%3N` sub-seconds.
        check(&[
            (r#"strftime(_time, "%3N")"#, "794"),
            (r#"strftime(_time, "%6N")"#, "794383"),
            (r#"strftime(_time, "%N")"#, "794383000"),
            (r#"strftime(_time, "%Q")"#, "794"),
            (r#"strftime(_time, "%H.%12N")"#, "23.%12N"),
            (r#"strftime(_time, "%999999999d")"#, "%999999999d"),
        ]);
    }

    #[test]
    fn the_zone_is_the_clocks() {
        // SPLUNK.md 4: "strftime uses the searching user's time zone".
        use crate::eval::functions::testing::check_in_zone;
        check_in_zone("<+05>-5", &[(r#"strftime(_time, "%d %H %z")"#, "23 04 +0500")]);
    }
}
