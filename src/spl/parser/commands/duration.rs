//! A length of time: `30s`, `5m`, `2` for seconds.

use crate::spl::ast::{BinSpan, Nanoseconds, TimeUnit};
use crate::spl::codes;
use crate::spl::lexer::Lexeme;

use super::super::Parser;
use super::bin::read_width;

/// Takes the value of the option `name`, which must be a length of time.
pub(super) fn value(parser: &mut Parser<'_>, name: &Lexeme) -> Option<Nanoseconds> {
    let value = parser.option_value(name)?;
    let length = read_width(&value.text).and_then(|width| {
        nanoseconds(width).ok_or_else(|| format!("`{}` has no certain length", value.text))
    });
    match length {
        Ok(length) => Some(length),
        Err(message) => {
            let hint = "a length of time is a number and a unit: us, ms, cs, ds, s, m, h, d, w";
            parser.error_with_hint(
                codes::BAD_SPAN,
                message,
                name.range.start..value.range.end,
                hint,
            );
            parser.scan.finish();
            None
        }
    }
}

/// `None` for months and longer, which are not of one length.
fn nanoseconds(width: BinSpan) -> Option<Nanoseconds> {
    let (count, unit) = match width {
        #[allow(clippy::cast_possible_truncation)]
        BinSpan::Number(seconds) => return Some((seconds * 1e9) as Nanoseconds),
        BinSpan::Time(count, unit) => (count, unit),
    };
    let each = match unit {
        TimeUnit::Microsecond => 1_000,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Centisecond => 10_000_000,
        TimeUnit::Decisecond => 100_000_000,
        TimeUnit::Second => 1_000_000_000,
        TimeUnit::Minute => 60 * 1_000_000_000,
        TimeUnit::Hour => 3_600 * 1_000_000_000,
        TimeUnit::Day => 86_400 * 1_000_000_000,
        TimeUnit::Week => 7 * 86_400 * 1_000_000_000,
        TimeUnit::Month | TimeUnit::Quarter | TimeUnit::Year => return None,
    };
    Some(Nanoseconds::from(count) * each)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        for (text, expected) in [
            ("30s", Some(30_000_000_000)),
            ("5m", Some(300_000_000_000)),
            ("1.5", Some(1_500_000_000)),
            ("1d", Some(86_400_000_000_000)),
            ("500ms", Some(500_000_000)),
            ("1mon", None),
            ("1y", None),
        ] {
            assert_eq!(nanoseconds(read_width(text).unwrap()), expected, "{text}");
        }
    }
}
