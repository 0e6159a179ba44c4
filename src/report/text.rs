//! Values as text.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::plan::FinalRow;
use crate::value::Value;

/// A time in RFC 3339, in UTC, with this many decimals of a second; without a number, with as
/// many as it has.
pub(super) fn time(time: Timestamp, decimals: Option<u8>) -> String {
    match decimals {
        Some(decimals) => format!("{time:.precision$}", precision = usize::from(decimals.min(9))),
        None => time.to_string(),
    }
}

/// One value as text.
pub(super) fn value(value: &Value, decimals: Option<u8>) -> Cow<'_, str> {
    match value {
        Value::Time(at) => Cow::Owned(time(*at, decimals)),
        other => other.text(),
    }
}

/// How many decimals the times of a column have: `bin` says it of `_time` alone, others have as
/// many as they need.
pub(super) fn decimals_of(name: &str, decimals: Option<u8>) -> Option<u8> {
    decimals.filter(|_| name == "_time")
}

/// A row's values of one column, a line each; empty when it has none.
pub(super) fn cell(row: &FinalRow, name: &str, decimals: Option<u8>) -> String {
    let field = row.columns.iter().find(|(has, _)| has == name).map(|(_, field)| field);
    let decimals = decimals_of(name, decimals);
    let values = field.map_or(&[][..], |field| field.values());
    values.iter().map(|one| value(one, decimals)).collect::<Vec<_>>().join("\n")
}

/// A count of things: `1 file`, `2 files`.
pub(crate) fn counted(count: impl TryInto<u64>, what: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Text that is safe on a terminal: evidence is hostile, and a control character could move the
/// cursor, colour what follows or worse.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let unsafe_char = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(unsafe_char) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\t' => safe.push(' '),
            '\r' => {}
            c if unsafe_char(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_decimals_of_their_span() {
        let at: Timestamp = "2019-03-18T11:06:25.25Z".parse().unwrap();
        assert_eq!(time(at, Some(0)), "2019-03-18T11:06:25Z");
        assert_eq!(time(at, Some(3)), "2019-03-18T11:06:25.250Z");
        assert_eq!(time(at, None), "2019-03-18T11:06:25.25Z");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\tc\r\nd\u{202e}"), "a\\u{1b}[31mb c\nd\\u{202e}");
        assert!(matches!(printable("plain é"), Cow::Borrowed(_)));
    }
}
