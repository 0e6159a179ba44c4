//! `relative_time(T, M)`: the time T moved by the modifier M: `-1d@d` is a day back, then to the
//! start of that day, as the clock of `--timezone` shows it. NULL where M is no such modifier.
//!
//! A modifier is a row of steps: `+N` or `-N` and a unit (`s m h d w mon q y` and their longer
//! names; N is 1 where none is written), or `@` and a unit to round down to; `@w0` to `@w7` are the
//! days of the week from Sunday, 0 and 7.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan, ZonedDateTime};

use super::{Arguments, Call, Function, Type, moment};
use crate::eval::expr::{Compiler, Datum, Env, Expr};

pub(super) const FUNCTION: Function = Function { name: "relative_time", arity: (2, 2), make };

#[derive(Debug)]
struct RelativeTime {
    time: Expr,
    modifier: Expr,
    timezone: TimeZone,
}

fn make(arguments: Arguments, compiler: &mut Compiler) -> Option<Box<dyn Call>> {
    let [time, modifier] = arguments.no_nulls(compiler)?.exactly()?;
    Some(Box::new(RelativeTime { time, modifier, timezone: compiler.clock.timezone.clone() }))
}

impl Call for RelativeTime {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        let modifier = self.modifier.eval(env);
        let (Some(time), Some(modifier)) =
            (moment::of(&self.time.eval(env)), modifier.single_text())
        else {
            return Datum::Null;
        };
        moved(time, &modifier, &self.timezone)
            .map_or(Datum::Null, |time| Datum::of_number(moment::seconds(time)))
    }

    fn returns(&self) -> Type {
        Type::Number
    }
}

/// The units of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    /// From Sunday on, or another day of the week, 0 to 6.
    Week(i8),
    Month,
    Quarter,
    Year,
}

impl Unit {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "s" | "sec" | "secs" | "second" | "seconds" => Self::Second,
            "m" | "min" | "mins" | "minute" | "minutes" => Self::Minute,
            "h" | "hr" | "hrs" | "hour" | "hours" => Self::Hour,
            "d" | "day" | "days" => Self::Day,
            "w" | "week" | "weeks" | "w0" | "w7" => Self::Week(0),
            "w1" => Self::Week(1),
            "w2" => Self::Week(2),
            "w3" => Self::Week(3),
            "w4" => Self::Week(4),
            "w5" => Self::Week(5),
            "w6" => Self::Week(6),
            "mon" | "month" | "months" => Self::Month,
            "q" | "qtr" | "qtrs" | "quarter" | "quarters" => Self::Quarter,
            "y" | "yr" | "yrs" | "year" | "years" => Self::Year,
            _ => return None,
        })
    }

    fn span(self, count: i64) -> Option<Span> {
        let span = Span::new();
        match self {
            Self::Second => span.try_seconds(count),
            Self::Minute => span.try_minutes(count),
            Self::Hour => span.try_hours(count),
            Self::Day => span.try_days(count),
            Self::Week(_) => span.try_weeks(count),
            Self::Month => span.try_months(count),
            Self::Quarter => span.try_months(count.checked_mul(3)?),
            Self::Year => span.try_years(count),
        }
        .ok()
    }

    /// The start of the unit that `time` is in.
    fn floor(self, time: &ZonedDateTime) -> Option<ZonedDateTime> {
        let hour = time.with().minute(0).second(0).subsec_nanosecond(0);
        match self {
            Self::Second => time.with().subsec_nanosecond(0).build().ok(),
            Self::Minute => time.with().second(0).subsec_nanosecond(0).build().ok(),
            Self::Hour => hour.build().ok(),
            Self::Day => time.start_of_day().ok(),
            Self::Week(day) => {
                let since = (time.weekday().to_sunday_zero_offset() - day).rem_euclid(7);
                time.checked_sub(i64::from(since).days()).ok()?.start_of_day().ok()
            }
            Self::Month => time.first_of_month().ok()?.start_of_day().ok(),
            Self::Quarter => {
                let first = time.first_of_month().ok()?;
                let since = i64::from((first.month() - 1) % 3);
                first.checked_sub(since.months()).ok()?.start_of_day().ok()
            }
            Self::Year => time.first_of_year().ok()?.start_of_day().ok(),
        }
    }
}

/// How many seconds a unit has, where it always has as many.
pub(super) fn fixed_seconds(unit: &str) -> Option<f64> {
    match Unit::parse(unit)? {
        Unit::Second => Some(1.0),
        Unit::Minute => Some(60.0),
        Unit::Hour => Some(3600.0),
        Unit::Day => Some(86_400.0),
        Unit::Week(_) => Some(604_800.0),
        Unit::Month | Unit::Quarter | Unit::Year => None,
    }
}

fn moved(time: Timestamp, modifier: &str, timezone: &TimeZone) -> Option<Timestamp> {
    let mut time = time.to_zoned_datetime(timezone.clone());
    let mut rest = modifier.trim();
    while let Some(sign) = rest.chars().next() {
        if rest == "now" {
            break;
        }
        let after = rest.get(sign.len_utf8()..)?;
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let (count, after) = after.split_at_checked(digits)?;
        let end = after.find(['+', '-', '@']).unwrap_or(after.len());
        let (name, after) = after.split_at_checked(end)?;
        let unit = Unit::parse(name)?;
        time = match sign {
            '@' if count.is_empty() => unit.floor(&time)?,
            '+' | '-' => {
                let count: i64 = if count.is_empty() { 1 } else { count.parse().ok()? };
                let span = unit.span(if sign == '-' { -count } else { count })?;
                time.checked_add(span).ok()?
            }
            _ => return None,
        };
        rest = after;
    }
    Some(time.timestamp())
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::{check, check_in_zone, refused};
    use crate::spl::codes;

    #[test]
    fn modifiers_move_and_round_down() {
        // 1614035240 is Monday, 2021-02-22T23:07:20Z.
        check(&[
            (r#"relative_time(1614035240, "-1d")"#, "1613948840"),
            (r#"relative_time(1614035240, "-1d@d")"#, "1613865600"),
            (r#"relative_time(1614035240, "@d")"#, "1613952000"),
            (r#"relative_time(1614035240, "@h")"#, "1614034800"),
            (r#"relative_time(1614035240, "@m")"#, "1614035220"),
            (r#"relative_time(_time, "@s")"#, "1614035240"),
            (r#"relative_time(1614035240, "+30s")"#, "1614035270"),
            (r#"relative_time(1614035240, "-h")"#, "1614031640"),
            (r#"relative_time(1614035240, "@w0")"#, "1613865600"),
            (r#"relative_time(1614035240, "@w1")"#, "1613952000"),
            (r#"relative_time(1614035240, "@w2")"#, "1613433600"),
            (r#"relative_time(1614035240, "@mon")"#, "1612137600"),
            (r#"relative_time(1614035240, "-1mon@mon+7d")"#, "1610064000"),
            (r#"relative_time(1614035240, "@q")"#, "1609459200"),
            (r#"relative_time(1614035240, "-1y@y")"#, "1577836800"),
            (r#"relative_time(1614035240, "now")"#, "1614035240"),
            (r#"relative_time(1614035240, "")"#, "1614035240"),
        ]);
    }

    #[test]
    fn what_is_no_modifier_is_null() {
        check(&[
            (r#"relative_time(1614035240, "yesterday")"#, "null"),
            (r#"relative_time(1614035240, "-1x")"#, "null"),
            (r#"relative_time(1614035240, "@3d")"#, "null"),
            (r#"relative_time(1614035240, "-99999999999999999999d")"#, "null"),
            (r#"relative_time(1614035240, "-9999999y")"#, "null"),
            (r#"relative_time(1614035240, "é")"#, "null"),
            (r#"relative_time(missing, "-1d")"#, "null"),
        ]);
        refused(&[(r#"relative_time(null(), "-1d")"#, codes::WRONG_TYPE)]);
    }

    #[test]
    fn days_are_those_of_the_clock() {
        check_in_zone("<+05>-5", &[(r#"relative_time(1614035240, "@d")"#, "1614020400")]);
    }
}
