//! `bin [span=S] [field] [as name]`, its parts in any order.

use std::ops::Range;

use crate::spl::ast::{Bin, BinSpan, CommandKind, Spanned, TimeUnit};
use crate::spl::codes;

use super::super::Parser;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let mut bin = Bin { field: None, span: None, alias: None };
    loop {
        parser.scan.skip_separators();
        if parser.scan.rest().is_empty() {
            return Some(CommandKind::Bin(bin));
        }
        let start = parser.scan.at();
        if parser.scan.peek_word().eq_ignore_ascii_case("as") {
            let alias = Some(parser.alias()?);
            once(parser, &mut bin.alias, alias, start, "`as`")?;
            continue;
        }
        let Some(name) = parser.field_name() else {
            parser.not_a_name();
            return None;
        };
        parser.scan.skip_blanks();
        if !parser.scan.eat("=") {
            parser.scan.set(name.range.end);
            let field = Some(parser.spanned(name));
            once(parser, &mut bin.field, field, start, "the field")?;
            continue;
        }
        if !name.text.eq_ignore_ascii_case("span") {
            parser.unknown_option(start..parser.scan.at());
            return None;
        }
        let width = Some(width(parser, start)?);
        once(parser, &mut bin.span, width, start, "`span`")?;
    }
}

/// Sets a part that may be given once.
fn once<T>(
    parser: &mut Parser<'_>,
    slot: &mut Option<T>,
    value: Option<T>,
    start: usize,
    what: &str,
) -> Option<()> {
    if slot.is_some() {
        let range = start..parser.scan.at();
        parser.error(codes::GIVEN_TWICE, format!("{what} is given twice"), range);
        parser.scan.finish();
        return None;
    }
    *slot = value;
    Some(())
}

/// The value of `span=`.
fn width(parser: &mut Parser<'_>, start: usize) -> Option<Spanned<BinSpan>> {
    parser.scan.skip_blanks();
    let value = match parser.scan.peek() {
        Some('"') => parser.quoted()?,
        _ => parser.scan.bare(|c, _| c.is_whitespace() || matches!(c, ',' | '"' | '|' | ')')),
    };
    match read_width(&value.text) {
        Ok(node) => Some(Spanned { node, span: parser.span(&value.range) }),
        Err(message) => {
            let range: Range<usize> = start..value.range.end;
            parser.error_with_hint(
                codes::BAD_SPAN,
                message,
                range,
                "a span is a number, or a number and a unit: us, ms, cs, ds, s, m, h, d, w, mon, q, y",
            );
            parser.scan.finish();
            None
        }
    }
}

/// Reads `5m`, `1mon`, `0.5`. A width below a second must divide it (SPLUNK.md 4, bin).
pub(super) fn read_width(text: &str) -> Result<BinSpan, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (count, unit) = text.split_at(digits);
    if unit.is_empty() || unit.starts_with('.') {
        return match text.parse::<f64>() {
            Ok(width) if width > 0.0 && width.is_finite() => Ok(BinSpan::Number(width)),
            _ => Err(format!("`{text}` is not a span")),
        };
    }
    let unit = unit_of(unit).ok_or_else(|| format!("`{unit}` is not a unit of time"))?;
    let count = if count.is_empty() { Ok(1) } else { count.parse::<u64>() };
    let count = count.map_err(|_| format!("`{text}` is too long a span"))?;
    let in_second = match unit {
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Centisecond => 100,
        TimeUnit::Decisecond => 10,
        _ => 0,
    };
    if count == 0 {
        return Err("a span cannot be zero".to_owned());
    }
    if in_second > 0 && (count >= in_second || in_second % count != 0) {
        return Err(format!("`{text}` does not divide a second"));
    }
    // A thousand years, whatever the unit: more is a slip, and would overflow sums of times.
    if count > 1_000 * 366 * 86_400 / seconds(unit).max(1) {
        return Err(format!("`{text}` is too long a span"));
    }
    Ok(BinSpan::Time(count, unit))
}

fn seconds(unit: TimeUnit) -> u64 {
    match unit {
        TimeUnit::Microsecond
        | TimeUnit::Millisecond
        | TimeUnit::Centisecond
        | TimeUnit::Decisecond => 0,
        TimeUnit::Second => 1,
        TimeUnit::Minute => 60,
        TimeUnit::Hour => 3_600,
        TimeUnit::Day => 86_400,
        TimeUnit::Week => 7 * 86_400,
        TimeUnit::Month => 30 * 86_400,
        TimeUnit::Quarter => 91 * 86_400,
        TimeUnit::Year => 366 * 86_400,
    }
}

fn unit_of(name: &str) -> Option<TimeUnit> {
    Some(match name {
        "us" => TimeUnit::Microsecond,
        "ms" => TimeUnit::Millisecond,
        "cs" => TimeUnit::Centisecond,
        "ds" => TimeUnit::Decisecond,
        "s" | "sec" | "secs" | "second" | "seconds" => TimeUnit::Second,
        "m" | "min" | "mins" | "minute" | "minutes" => TimeUnit::Minute,
        "h" | "hr" | "hrs" | "hour" | "hours" => TimeUnit::Hour,
        "d" | "day" | "days" => TimeUnit::Day,
        "w" | "week" | "weeks" => TimeUnit::Week,
        "mon" | "month" | "months" => TimeUnit::Month,
        "q" | "qtr" | "qtrs" | "quarter" | "quarters" => TimeUnit::Quarter,
        "y" | "yr" | "yrs" | "year" | "years" => TimeUnit::Year,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths() {
        for (text, expected) in [
            ("1s", Some(BinSpan::Time(1, TimeUnit::Second))),
            ("300s", Some(BinSpan::Time(300, TimeUnit::Second))),
            ("5m", Some(BinSpan::Time(5, TimeUnit::Minute))),
            ("10min", Some(BinSpan::Time(10, TimeUnit::Minute))),
            ("1h", Some(BinSpan::Time(1, TimeUnit::Hour))),
            ("2d", Some(BinSpan::Time(2, TimeUnit::Day))),
            ("1w", Some(BinSpan::Time(1, TimeUnit::Week))),
            ("1mon", Some(BinSpan::Time(1, TimeUnit::Month))),
            ("3q", Some(BinSpan::Time(3, TimeUnit::Quarter))),
            ("1y", Some(BinSpan::Time(1, TimeUnit::Year))),
            ("h", Some(BinSpan::Time(1, TimeUnit::Hour))),
            ("500ms", Some(BinSpan::Time(500, TimeUnit::Millisecond))),
            ("2ds", Some(BinSpan::Time(2, TimeUnit::Decisecond))),
            ("1", Some(BinSpan::Number(1.0))),
            ("0.5", Some(BinSpan::Number(0.5))),
            ("300ms", None),
            ("1000ms", None),
            ("0s", None),
            ("0", None),
            ("", None),
            ("-1s", None),
            ("1x", None),
            ("1.5h", None),
            ("1d@d", None),
            ("99999999999999999999s", None),
            ("9999999999999999s", None),
        ] {
            assert_eq!(read_width(text).ok(), expected, "{text}");
        }
    }
}
