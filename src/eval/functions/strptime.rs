//! `strptime(S, F)`: the time that S is in the format F, as seconds since 1970 with six decimals;
//! NULL where S is not so written. A time without a zone is one of `--timezone`; what S does not
//! say is taken from the day of the sweep, midnight (inferred).

use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::{Timestamp, ZonedDateTime};

use super::{Arguments, Call, Function, Type, moment};
use crate::eval::expr::{Clock, Compiler, Datum, Env, Expr};

pub(super) const FUNCTION: Function = Function { name: "strptime", arity: (2, 2), make };

#[derive(Debug)]
struct Strptime {
    text: Expr,
    format: Expr,
    clock: Clock,
}

fn make(arguments: Arguments, compiler: &mut Compiler) -> Option<Box<dyn Call>> {
    let [text, format] = arguments.no_nulls(compiler)?.exactly()?;
    Some(Box::new(Strptime { text, format, clock: compiler.clock.clone() }))
}

impl Call for Strptime {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        let (text, format) = (self.text.eval(env), self.format.eval(env));
        let (Some(text), Some(format)) = (text.single_text(), format.single_text()) else {
            return Datum::Null;
        };
        parsed(&text, &format, &self.clock)
            .map_or(Datum::Null, |time| Datum::of_decimals(moment::seconds(time), 6))
    }

    fn returns(&self) -> Type {
        Type::Number
    }
}

/// The time that all of a text is in a format.
pub(crate) fn parsed(text: &str, format: &str, clock: &Clock) -> Option<Timestamp> {
    let parts = strtime::parse(translated(format), text).ok()?;
    if let Ok(time) = parts.to_timestamp() {
        return Some(time);
    }
    let parts = filled(parts, &clock.now.to_zoned_datetime(clock.timezone.clone()));
    match parts.offset() {
        Some(offset) => offset.to_timestamp(parts.to_datetime().ok()?).ok(),
        None => {
            let local = parts.to_datetime().ok()?;
            Some(local.to_zoned_datetime(clock.timezone.clone()).ok()?.timestamp())
        }
    }
}

/// Splunk's variables for fractions in the words of the parser.
fn translated(format: &str) -> String {
    let mut format = format.to_owned();
    for digits in ["", "1", "2", "3", "4", "5", "6", "7", "8", "9"] {
        for letter in ["N", "Q"] {
            format = format.replace(&format!("%{digits}{letter}"), "%f");
        }
    }
    format
}

/// A date that is not all there is completed.
fn filled(mut parts: BrokenDownTime, now: &ZonedDateTime) -> BrokenDownTime {
    let no_day = parts.month().is_none() && parts.day().is_none() && parts.day_of_year().is_none();
    // A value out of range cannot come from a date; what could not be set stays as it is.
    if parts.year().is_none() {
        let _ = parts.set_year(Some(now.year()));
        if no_day {
            let _ = parts.set_month(Some(now.month()));
            let _ = parts.set_day(Some(now.day()));
        }
    }
    if parts.day_of_year().is_none() {
        if parts.month().is_none() {
            let _ = parts.set_month(Some(1));
        }
        if parts.day().is_none() {
            let _ = parts.set_day(Some(1));
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::{check, check_in_zone, refused};
    use crate::spl::codes;

    #[test]
    fn times_are_read() {
        check(&[
            (r#"strptime("2021-02-22 23:07:20", "%Y-%m-%d %H:%M:%S")"#, "1614035240.000000"),
            (
                r#"strptime("2021-02-22T23:07:20.794383Z", "%Y-%m-%dT%H:%M:%S.%6NZ")"#,
                "1614035240.794383",
            ),
            (
                r#"strptime("2021-02-22T23:07:20.5+0200", "%Y-%m-%dT%H:%M:%S.%Q%z")"#,
                "1614028040.500000",
            ),
            (r#"strptime("02/22/2021 11:07:20 PM", "%m/%d/%Y %I:%M:%S %p")"#, "1614035240.000000"),
            (r#"strptime("1614035240", "%s")"#, "1614035240.000000"),
            (r#"strptime("2021-02-22", "%Y-%m-%d")"#, "1613952000.000000"),
            (r#"strptime("22 Feb", "%d %b")"#, "1613952000.000000"),
            (r#"strptime("01:00", "%H:%M")"#, "1614042000.000000"),
            (r#"strptime("2021", "%Y")"#, "1609459200.000000"),
            (r#"strptime("nonsense", "%Y-%m-%d")"#, "null"),
            (r#"strptime("2021-02-30", "%Y-%m-%d")"#, "null"),
            (r#"strptime("", "")"#, "1614038400.000000"),
            (r#"strptime(missing, "%Y")"#, "null"),
            (r#"strptime(many, "%Y")"#, "null"),
            (r#"strptime("2021-02-22", "%Y-%m-%d")+1"#, "1613952001"),
        ]);
        refused(&[(r#"strptime(null(), "%Y")"#, codes::WRONG_TYPE)]);
    }

    #[test]
    fn a_time_without_a_zone_is_one_of_the_clocks() {
        check_in_zone(
            "<+05>-5",
            &[
                (r#"strptime("2021-02-23 04:07", "%Y-%m-%d %H:%M")"#, "1614035220.000000"),
                (r#"strptime("2021-02-22 23:07 +0000", "%Y-%m-%d %H:%M %z")"#, "1614035220.000000"),
            ],
        );
    }
}
