//! `bin`: the start of the bucket a value falls into (SPLUNK.md 4, bin).

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::spl::ast::{BinSpan, TimeUnit};
use crate::value::{Field, Value, number_text};

/// A `bin`, resolved: which field, how wide, under what name.
#[derive(Debug, Clone, PartialEq)]
pub struct Bin {
    /// The field.
    pub field: String,
    /// The width of a bucket.
    pub span: BinSpan,
    /// The name the bucket is given.
    pub name: String,
}

impl Bin {
    /// The bucket of a field's values. What is neither a time nor a number stays as it is.
    #[must_use]
    pub fn bucket(&self, field: Field, timezone: &TimeZone) -> Field {
        let one = |value: Value| match (self.span, &value) {
            (BinSpan::Time(count, unit), Value::Time(time)) => {
                Value::Time(floor(*time, count, unit, timezone))
            }
            (BinSpan::Number(width), Value::Time(time)) => Value::Time(floor_seconds(*time, width)),
            (BinSpan::Number(width), Value::Text(_) | Value::Number(_)) => {
                value.number().map_or(value, |number| range(number, width))
            }
            (BinSpan::Time(..), _) => value,
        };
        match field {
            Field::One(value) => Field::One(one(value)),
            Field::Many(values) => Field::Many(values.into_iter().map(one).collect()),
        }
    }

    /// How many decimals of a second a bucket's start can have.
    #[must_use]
    pub fn decimals(&self) -> u8 {
        match self.span {
            BinSpan::Time(_, TimeUnit::Microsecond) => 6,
            BinSpan::Time(_, TimeUnit::Millisecond) => 3,
            BinSpan::Time(_, TimeUnit::Centisecond) => 2,
            BinSpan::Time(_, TimeUnit::Decisecond) => 1,
            BinSpan::Number(width) if width.fract() != 0.0 => 9,
            _ => 0,
        }
    }
}

/// The nanoseconds of units that are the same everywhere.
fn nanoseconds(unit: TimeUnit) -> Option<i128> {
    Some(match unit {
        TimeUnit::Microsecond => 1_000,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Centisecond => 10_000_000,
        TimeUnit::Decisecond => 100_000_000,
        TimeUnit::Second => 1_000_000_000,
        TimeUnit::Minute => 60_000_000_000,
        TimeUnit::Hour => 3_600_000_000_000,
        TimeUnit::Day | TimeUnit::Week | TimeUnit::Month | TimeUnit::Quarter | TimeUnit::Year => {
            return None;
        }
    })
}

fn floor(time: Timestamp, count: u64, unit: TimeUnit, timezone: &TimeZone) -> Timestamp {
    match nanoseconds(unit) {
        Some(each) => floor_to(time, each.saturating_mul(i128::from(count))),
        // Days and longer align to local midnight (SPLUNK.md 4, bin).
        None => floor_date(time, count, unit, timezone).unwrap_or(time),
    }
}

fn floor_seconds(time: Timestamp, width: f64) -> Timestamp {
    #[allow(clippy::cast_possible_truncation)]
    floor_to(time, (width * 1e9) as i128)
}

/// `floor(t / width) * width` from 1970 on.
fn floor_to(time: Timestamp, width: i128) -> Timestamp {
    if width <= 0 {
        return time;
    }
    let nanos = time.as_nanosecond();
    Timestamp::from_nanosecond(nanos - nanos.rem_euclid(width)).unwrap_or(time)
}

fn floor_date(
    time: Timestamp,
    count: u64,
    unit: TimeUnit,
    timezone: &TimeZone,
) -> Option<Timestamp> {
    let date = time.to_zoned_datetime(timezone.clone()).date();
    let count = i32::try_from(count).ok()?;
    let start = match unit {
        TimeUnit::Day => floor_days(date, count, epoch())?,
        // 1970-01-04 was a Sunday, on which Splunk's weeks start.
        TimeUnit::Week => {
            floor_days(date, count.checked_mul(7)?, epoch().checked_add(3.days()).ok()?)?
        }
        TimeUnit::Month => floor_months(date, count)?,
        TimeUnit::Quarter => floor_months(date, count.checked_mul(3)?)?,
        TimeUnit::Year => floor_months(date, count.checked_mul(12)?)?,
        _ => return None,
    };
    Some(start.to_zoned_datetime(timezone.clone()).ok()?.timestamp())
}

const fn epoch() -> Date {
    Date::constant(1970, 1, 1)
}

fn floor_days(date: Date, count: i32, from: Date) -> Option<Date> {
    let days = date.since((jiff::Unit::Day, from)).ok()?.get_days();
    let into = days.rem_euclid(count.max(1));
    date.checked_sub(into.days()).ok()
}

fn floor_months(date: Date, count: i32) -> Option<Date> {
    let months = (i32::from(date.year()) - 1970) * 12 + i32::from(date.month()) - 1;
    let start = months - months.rem_euclid(count.max(1));
    let year = i16::try_from(1970 + start.div_euclid(12)).ok()?;
    let month = i8::try_from(start.rem_euclid(12) + 1).ok()?;
    Date::new(year, month, 1).ok()
}

/// A number's bucket as Splunk writes it: `0-2`.
fn range(number: f64, width: f64) -> Value {
    if width <= 0.0 {
        return Value::Number(number);
    }
    let start = (number / width).floor() * width;
    Value::Text(format!("{}-{}", number_text(start), number_text(start + width)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(time: &str, count: u64, unit: TimeUnit, zone: &str) -> String {
        let time: Timestamp = time.parse().unwrap();
        floor(time, count, unit, &TimeZone::get(zone).unwrap()).to_string()
    }

    #[test]
    fn times_fall_to_the_start_of_their_bucket() {
        use TimeUnit::{Day, Hour, Minute, Month, Quarter, Second, Week, Year};
        for (time, count, unit, zone, expected) in [
            ("2019-03-18T11:06:25.999Z", 1, Second, "UTC", "2019-03-18T11:06:25Z"),
            ("1969-12-31T23:59:59.5Z", 1, Second, "UTC", "1969-12-31T23:59:59Z"),
            ("2019-03-18T11:06:25Z", 5, Minute, "UTC", "2019-03-18T11:05:00Z"),
            // Measured on Splunk: span=2h on 1787500000 gives 1787493600 (SPLUNK.md 4).
            ("2026-08-23T15:46:40Z", 2, Hour, "UTC", "2026-08-23T14:00:00Z"),
            ("2019-03-18T01:06:25Z", 1, Day, "America/New_York", "2019-03-17T04:00:00Z"),
            ("2019-03-20T11:06:25Z", 1, Week, "UTC", "2019-03-17T00:00:00Z"),
            ("2019-03-20T11:06:25Z", 1, Month, "UTC", "2019-03-01T00:00:00Z"),
            ("2019-03-20T11:06:25Z", 1, Quarter, "UTC", "2019-01-01T00:00:00Z"),
            ("2019-03-20T11:06:25Z", 1, Year, "UTC", "2019-01-01T00:00:00Z"),
        ] {
            assert_eq!(bucket(time, count, unit, zone), expected, "{time} {count} {unit:?}");
        }
        let at = Timestamp::from_second(1_787_500_000).unwrap();
        assert_eq!(floor(at, 2, Hour, &TimeZone::UTC).as_second(), 1_787_493_600);
    }

    #[test]
    fn numbers_fall_into_ranges() {
        assert_eq!(range(3.0, 2.0), Value::Text("2-4".to_owned()));
        assert_eq!(range(-1.0, 2.0), Value::Text("-2-0".to_owned()));
    }
}
