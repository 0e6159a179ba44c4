//! Times as logs write them: ISO 8601 and its relatives, the American date line, epoch seconds.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// Reads a time. `zone` is the zone of a time that carries none.
///
/// Understood are `2021-02-22T23:07:20.794383Z`, a blank instead of the `T`, any number of
/// decimals (those past the ninth are cut), `Z`, `UTC`, `GMT` or an offset with or without a
/// colon, `02/22/2021 11:07:20 PM`, 24 hours without `AM`/`PM`, and `/Date(1614035240794)/`.
#[must_use]
pub fn parse(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\0');
    if let Some(inner) = text.strip_prefix("/Date(") {
        let digits = inner.find([')', '+']).map_or(inner, |end| &inner[..end]);
        return Timestamp::from_millisecond(digits.parse().ok()?).ok();
    }
    let mut cursor = Cursor(text.as_bytes());
    let (civil, offset) = cursor.date_time()?;
    if !cursor.0.is_empty() {
        return None;
    }
    match offset {
        Some(seconds) => Offset::from_seconds(seconds).ok()?.to_timestamp(civil).ok(),
        None => zone.to_timestamp(civil).ok(),
    }
}

/// Reads a time that may also be seconds since 1970, with decimals, as an envelope has it.
#[must_use]
pub fn parse_or_epoch(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    epoch(text.trim()).or_else(|| parse(text, zone))
}

/// As [`parse_or_epoch`], but a number too large for seconds is milliseconds or microseconds since
/// 1970, as cloud services write it: seconds stay below 100,000,000,000 up to the year 5138.
#[must_use]
pub fn parse_or_epoch_scaled(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    const LARGEST_SECONDS: i64 = 100_000_000_000;
    match text.trim().parse::<i64>() {
        Ok(number) if number >= LARGEST_SECONDS * 1000 => Timestamp::from_microsecond(number).ok(),
        Ok(number) if number >= LARGEST_SECONDS => Timestamp::from_millisecond(number).ok(),
        _ => parse_or_epoch(text, zone),
    }
}

/// Seconds since 1970 as text, so that no decimal is lost in a float.
fn epoch(text: &str) -> Option<Timestamp> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || !whole.bytes().chain(decimals.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let seconds: i64 = whole.parse().ok()?;
    let nanoseconds = fraction(decimals.as_bytes());
    let since = SignedDuration::new(sign * seconds, i32::try_from(sign).ok()? * nanoseconds);
    Timestamp::from_duration(since).ok()
}

/// Decimals as nanoseconds; those past the ninth are cut.
fn fraction(decimals: &[u8]) -> i32 {
    decimals
        .iter()
        .copied()
        .chain(std::iter::repeat(b'0'))
        .take(9)
        .fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0'))
}

/// What is left to read.
struct Cursor<'t>(&'t [u8]);

impl Cursor<'_> {
    /// A number of `least..=most` digits.
    fn number(&mut self, least: usize, most: usize) -> Option<i16> {
        let count = self.0.iter().take(most).take_while(|b| b.is_ascii_digit()).count();
        if count < least {
            return None;
        }
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        Some(digits.iter().fold(0, |sum, digit| sum * 10 + i16::from(digit - b'0')))
    }

    /// Passes one of these bytes.
    fn one_of(&mut self, bytes: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        bytes.contains(first).then(|| {
            self.0 = rest;
            *first
        })
    }

    fn blanks(&mut self) {
        while self.one_of(b" \t").is_some() {}
    }

    /// Passes this word, in either case.
    fn word(&mut self, word: &[u8]) -> bool {
        let here = self.0.get(..word.len()).is_some_and(|w| w.eq_ignore_ascii_case(word));
        if here {
            self.0 = &self.0[word.len()..];
        }
        here
    }

    /// Year, month and day in either order.
    fn date(&mut self) -> Option<(i16, i8, i8)> {
        let first = self.number(1, 4)?;
        let separator = self.one_of(b"-/")?;
        let second = self.number(1, 2)?;
        self.one_of(&[separator])?;
        let third = self.number(1, 4)?;
        let (year, month, day) =
            if first > 31 { (first, second, third) } else { (third, first, second) };
        (year > 31).then_some(())?;
        Some((year, i8::try_from(month).ok()?, i8::try_from(day).ok()?))
    }

    fn date_time(&mut self) -> Option<(DateTime, Option<i32>)> {
        let (year, month, day) = self.date()?;
        self.one_of(b"Tt ")?;
        self.blanks();
        let mut hour = self.number(1, 2)?;
        self.one_of(b":")?;
        let minute = self.number(2, 2)?;
        let second = if self.one_of(b":").is_some() { self.number(2, 2)? } else { 0 };
        let mut nanosecond = 0;
        if self.one_of(b".,").is_some() {
            let count = self.0.iter().take_while(|b| b.is_ascii_digit()).count();
            let (decimals, rest) = self.0.split_at(count);
            nanosecond = fraction(decimals);
            self.0 = rest;
        }
        self.blanks();
        if self.word(b"PM") {
            hour = if hour < 12 { hour + 12 } else { hour };
        } else if self.word(b"AM") {
            hour = if hour == 12 { 0 } else { hour };
        }
        let offset = self.offset()?;
        let civil = DateTime::new(
            year,
            month,
            day,
            i8::try_from(hour).ok()?,
            i8::try_from(minute).ok()?,
            // A leap second is the last second of its minute.
            i8::try_from(second.min(59)).ok()?,
            nanosecond,
        );
        Some((civil.ok()?, offset))
    }

    /// The zone that the time carries, in seconds east of Greenwich; `Some(None)` for none.
    #[expect(clippy::option_option, reason = "unreadable and absent are two things")]
    fn offset(&mut self) -> Option<Option<i32>> {
        self.blanks();
        if self.word(b"Z") || self.word(b"UTC") || self.word(b"GMT") {
            return Some(Some(0));
        }
        let Some(sign) = self.one_of(b"+-") else { return Some(None) };
        let hours = i32::from(self.number(2, 2)?);
        self.one_of(b":");
        let minutes = i32::from(self.number(2, 2).unwrap_or(0));
        let seconds = hours * 3600 + minutes * 60;
        Some(Some(if sign == b'-' { -seconds } else { seconds }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        parse_or_epoch(text, &TimeZone::UTC).map(|time| time.to_string())
    }

    #[test]
    fn times_as_logs_write_them() {
        for (text, expected) in [
            ("2021-02-22T23:07:20.794383000Z", "2021-02-22T23:07:20.794383Z"),
            ("2021-02-22T23:07:20.7943831239Z", "2021-02-22T23:07:20.794383123Z"),
            ("2021-02-22 23:07:20.794 UTC", "2021-02-22T23:07:20.794Z"),
            ("2021-02-22T23:07:20.794+00:00", "2021-02-22T23:07:20.794Z"),
            ("2021-02-22T23:07:20-0530", "2021-02-23T04:37:20Z"),
            ("2021-02-22 23:07:20", "2021-02-22T23:07:20Z"),
            ("02/22/2021 11:07:20 PM", "2021-02-22T23:07:20Z"),
            ("02/22/2021 12:07:20.250 AM", "2021-02-22T00:07:20.25Z"),
            ("2/2/2021 23:07:20", "2021-02-02T23:07:20Z"),
            ("2021-02-22 12:07:20 pm", "2021-02-22T12:07:20Z"),
            ("/Date(1614035240794)/", "2021-02-22T23:07:20.794Z"),
            ("1614035240.794", "2021-02-22T23:07:20.794Z"),
            ("1614035240", "2021-02-22T23:07:20Z"),
            ("-1.5", "1969-12-31T23:59:58.5Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "x", "2021", "2021-13-01 00:00:00", "2021-01-01 00:00:00 nonsense", "1e9"]
        {
            assert_ne!(read(text).as_deref(), Some("2021-01-01T00:00:00Z"), "{text}");
        }
        assert_eq!(read("2021-01-01 00:00:00 nonsense"), None);
    }

    #[test]
    fn a_time_without_a_zone_is_in_the_zone_given() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let time = parse("09/20/2016 06:45:16 PM", &zone);
        assert_eq!(time.map(|t| t.to_string()).as_deref(), Some("2016-09-20T16:45:16Z"));
    }
}
