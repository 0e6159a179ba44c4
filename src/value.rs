//! Values as SPL knows them: text, numbers and times, one or several in a field.

use std::borrow::Cow;
use std::cmp::Ordering;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One value. A field of an event is text; numbers come from functions and aggregates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// Text. An event's numbers are text too until something compares or computes with them.
    Text(String),
    /// A number.
    Number(f64),
    /// A point in time: what `_time` holds. Its number is the seconds since 1970.
    Time(Timestamp),
}

impl Value {
    /// The value as text: a number as Splunk prints it, a time as its seconds since 1970.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Number(number) => Cow::Owned(number_text(*number)),
            Self::Time(time) => Cow::Owned(epoch_text(*time)),
        }
    }

    /// The value as a number, when it is one or its text reads as one (SPLUNK.md 4,
    /// "Comparison in where/eval").
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Text(text) => parse_number(text),
            Self::Number(number) => Some(*number),
            #[allow(clippy::cast_precision_loss)]
            Self::Time(time) => {
                // The whole nanoseconds are more than a number holds exactly.
                Some(time.as_second() as f64 + f64::from(time.subsec_nanosecond()) / 1e9)
            }
        }
    }

    /// The order of by-fields and of `min`/`max`: numbers by size and before text, text by
    /// bytes (SPLUNK.md 4, stats).
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        if let (Self::Time(a), Self::Time(b)) = (self, other) {
            return a.cmp(b);
        }
        match (self.number(), other.number()) {
            (Some(a), Some(b)) => a.total_cmp(&b).then_with(|| self.text().cmp(&other.text())),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => self.text().cmp(&other.text()),
        }
    }

    /// Roughly how many bytes of memory it holds.
    #[must_use]
    pub fn size(&self) -> usize {
        size_of::<Self>() + if let Self::Text(text) = self { text.capacity() } else { 0 }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// The values of one field: never none (a field without a value does not exist).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Field {
    /// One value, as nearly always.
    One(Value),
    /// Two or more values, in order.
    Many(Vec<Value>),
}

impl Field {
    /// The field of these values; `None` when there is none.
    #[must_use]
    pub fn from_values(mut values: Vec<Value>) -> Option<Self> {
        match values.len() {
            0 => None,
            1 => values.pop().map(Self::One),
            _ => Some(Self::Many(values)),
        }
    }

    /// The field of one text value.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::One(Value::Text(text.into()))
    }

    /// The values, in order.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }

    /// The values, owned.
    #[must_use]
    pub fn into_values(self) -> Vec<Value> {
        match self {
            Self::One(value) => vec![value],
            Self::Many(values) => values,
        }
    }

    /// Roughly how many bytes of memory it holds.
    #[must_use]
    pub fn size(&self) -> usize {
        self.values().iter().map(Value::size).sum()
    }
}

/// Reads a number as SPL does: decimal, perhaps signed, with a fraction or an exponent; blanks
/// around it are passed over. Hexadecimal, `inf` and `nan` are text.
#[must_use]
pub fn parse_number(text: &str) -> Option<f64> {
    let text = text.trim_matches(' ');
    let first = *text.as_bytes().first()?;
    if !(first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.')) {
        return None;
    }
    if text.bytes().any(|b| b.is_ascii_alphabetic() && !matches!(b, b'e' | b'E')) {
        return None;
    }
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// A number as Splunk prints it: whole numbers without a fraction, others with the digits
/// they need.
#[must_use]
pub fn number_text(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    if number.fract() == 0.0 && number.abs() < 1e15 {
        format!("{number:.0}")
    } else {
        format!("{number}")
    }
}

/// A number with so many decimals, rounded half away from zero by the digits that it prints with:
/// `1.005` to two is `1.01` though its binary value is a little less.
#[must_use]
pub fn decimal_text(number: f64, decimals: usize) -> String {
    let shortest = format!("{}", number.abs());
    let (whole, fraction) = shortest.split_once('.').unwrap_or((&shortest, ""));
    let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes().take(decimals)).collect();
    digits.resize(whole.len() + decimals, b'0');
    let mut carry = fraction.as_bytes().get(decimals).is_some_and(|next| *next >= b'5');
    for digit in digits.iter_mut().rev() {
        if !carry {
            break;
        }
        carry = *digit == b'9';
        *digit = if carry { b'0' } else { *digit + 1 };
    }
    if carry {
        digits.insert(0, b'1');
    }
    let negative = number < 0.0 && digits.iter().any(|digit| *digit != b'0');
    if decimals > 0 {
        digits.insert(digits.len() - decimals, b'.');
    }
    let sign = if negative { "-" } else { "" };
    format!("{sign}{}", String::from_utf8_lossy(&digits))
}

/// A time as its seconds since 1970, with as many decimals as it has.
#[must_use]
pub fn epoch_text(time: Timestamp) -> String {
    let nanos = time.as_nanosecond();
    let (seconds, fraction) = (nanos.div_euclid(1_000_000_000), nanos.rem_euclid(1_000_000_000));
    if fraction == 0 {
        return seconds.to_string();
    }
    if seconds < 0 {
        // A negative number's decimals count the other way.
        let whole = -(nanos / 1_000_000_000);
        let rest = -(nanos % 1_000_000_000);
        return format!("-{whole}.{rest:09}").trim_end_matches('0').to_owned();
    }
    format!("{seconds}.{fraction:09}").trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_and_print_as_in_splunk() {
        for (text, number) in [
            ("4688", Some(4688.0)),
            ("-1.5", Some(-1.5)),
            ("1e3", Some(1000.0)),
            (" 7 ", Some(7.0)),
            ("0x1e00", None),
            ("inf", None),
            ("nan", None),
            ("", None),
            ("4688a", None),
            ("1.2.3", None),
        ] {
            assert_eq!(parse_number(text), number, "{text:?}");
        }
        assert_eq!(number_text(3.0), "3");
        assert_eq!(number_text(-0.0), "0");
        assert_eq!(number_text(0.1), "0.1");
        assert_eq!(number_text(1e20), "100000000000000000000");
    }

    #[test]
    fn decimals_round_half_away_from_zero() {
        for (number, decimals, text) in [
            (1.005, 2, "1.01"),
            (-2.5, 0, "-3"),
            (0.5, 0, "1"),
            (9.99, 1, "10.0"),
            (0.04, 1, "0.0"),
            (-0.04, 1, "0.0"),
            (10.0, 2, "10.00"),
            (1e21, 1, "1000000000000000000000.0"),
            (1e-9, 3, "0.000"),
        ] {
            assert_eq!(decimal_text(number, decimals), text, "{number} to {decimals}");
        }
    }

    #[test]
    fn times_print_their_epoch() {
        let at = |nanos| Timestamp::from_nanosecond(nanos).unwrap();
        for nanos in [1_614_035_240_794_383_000, 1_614_038_400_250_000_000, -1_500_000_000] {
            let number = Value::Time(at(nanos)).number().unwrap();
            assert_eq!(number_text(number), epoch_text(at(nanos)));
        }
        assert_eq!(epoch_text(at(1_614_035_240_794_383_000)), "1614035240.794383");
        assert_eq!(epoch_text(at(1_614_035_240_000_000_000)), "1614035240");
        assert_eq!(epoch_text(at(-1_500_000_000)), "-1.5");
    }

    #[test]
    fn numbers_come_before_text_and_by_size() {
        let mut values: Vec<Value> = ["b", "10", "9", "a"].map(Value::from).to_vec();
        values.sort_by(Value::order);
        assert_eq!(values, ["9", "10", "a", "b"].map(Value::from));
    }
}
