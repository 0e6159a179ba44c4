//! `printf(FORMAT, A, B, ...)`: the arguments in the places of FORMAT, as in C: `%d %i %u %x %X %o
//! %c %s %f %F %e %E %g %G %%` with flags, width and precision. A missing argument field is `Null`
//! under `%s`; NULL where an argument is lacking, or is no number where one is wanted.

use super::{Function, Type};
use crate::eval::expr::Datum;
use crate::value::{decimal_text, number_text};

/// The widest that an argument is padded to, and the most decimals.
const MAX_WIDTH: usize = 1000;

pub(super) const FUNCTION: Function = Function {
    name: "printf",
    arity: (1, usize::MAX),
    make: |arguments, _| {
        arguments.pure(Type::Text, |values| {
            let Some((format, values)) = values.split_first() else { return Datum::Null };
            let Some(format) = format.single_text() else { return Datum::Null };
            printed(&format, values).map_or(Datum::Null, Datum::of_text)
        })
    },
};

/// One place of a format: `%-8.3f`.
#[derive(Debug, Default)]
struct Place {
    left: bool,
    zeros: bool,
    plus: bool,
    blank: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
}

fn printed(format: &str, values: &[Datum<'_>]) -> Option<String> {
    let mut values = values.iter();
    let mut out = String::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let (place, after) = Place::parse(after)?;
        let letter = after.chars().next()?;
        out.push_str(&place.shown(letter, values.next()?)?);
        rest = after.get(letter.len_utf8()..)?;
    }
    out.push_str(rest);
    Some(out)
}

/// Splits the number that a text starts with off.
fn leading_number(text: &str) -> Option<(usize, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits)?;
    let number: usize = if number.is_empty() { 0 } else { number.parse().ok()? };
    (number <= MAX_WIDTH).then_some((number, rest))
}

impl Place {
    fn parse(mut rest: &str) -> Option<(Self, &str)> {
        let mut place = Self::default();
        while let Some(flag) = rest.chars().next() {
            match flag {
                '-' => place.left = true,
                '0' => place.zeros = true,
                '+' => place.plus = true,
                ' ' => place.blank = true,
                '#' => place.alternate = true,
                _ => break,
            }
            rest = rest.get(1..)?;
        }
        let (width, mut rest) = leading_number(rest)?;
        place.width = width;
        if let Some(after) = rest.strip_prefix('.') {
            let (precision, after) = leading_number(after)?;
            place.precision = Some(precision);
            rest = after;
        }
        Some((place, rest))
    }

    fn shown(&self, letter: char, value: &Datum<'_>) -> Option<String> {
        if letter == 's' || letter == 'c' {
            let text = match value {
                Datum::Null => "Null".to_owned(),
                value => value.single_text()?.into_owned(),
            };
            let most = if letter == 'c' { Some(1) } else { self.precision };
            let text: String = text.chars().take(most.unwrap_or(usize::MAX)).collect();
            return Some(self.padded("", &text));
        }
        let number = value.number()?;
        let digits = self.digits(letter, number.abs())?;
        let sign = match (number < 0.0, self.plus, self.blank) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        };
        Some(self.padded(sign, &digits))
    }

    /// A number without its sign.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn digits(&self, letter: char, number: f64) -> Option<String> {
        let whole = number as u64;
        let decimals = self.precision.unwrap_or(6);
        let prefix = |prefix: &'static str| if self.alternate { prefix } else { "" };
        let least = self.precision.unwrap_or(0);
        Some(match letter {
            'd' | 'i' | 'u' => format!("{whole:0>least$}"),
            'x' => format!("{}{:0>least$}", prefix("0x"), format!("{whole:x}")),
            'X' => format!("{}{:0>least$}", prefix("0X"), format!("{whole:X}")),
            'o' => format!("{}{:0>least$}", prefix("0"), format!("{whole:o}")),
            'f' | 'F' => decimal_text(number, decimals),
            'e' => exponential(number, decimals),
            'E' => exponential(number, decimals).to_uppercase(),
            'g' => shortest(number, decimals),
            'G' => shortest(number, decimals).to_uppercase(),
            _ => return None,
        })
    }

    fn padded(&self, sign: &str, text: &str) -> String {
        let missing = self.width.saturating_sub(sign.len() + text.chars().count());
        if self.left {
            format!("{sign}{text}{}", " ".repeat(missing))
        } else if self.zeros {
            format!("{sign}{}{text}", "0".repeat(missing))
        } else {
            format!("{}{sign}{text}", " ".repeat(missing))
        }
    }
}

/// `1.5e+03`: the exponent has a sign and two digits, as in C.
fn exponential(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{exponent:0>2}")
}

/// `%g`: so many digits that count, without zeros at the end.
fn shortest(number: f64, digits: usize) -> String {
    let digits = digits.max(1);
    let text = exponential(number, digits - 1);
    let exponent: i32 =
        text.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
    let digits = i32::try_from(digits).unwrap_or(i32::MAX);
    if (-4..digits).contains(&exponent) {
        let decimals = usize::try_from(digits - 1 - exponent).unwrap_or(0);
        let text = decimal_text(number, decimals);
        return if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text
        };
    }
    match text.split_once('e') {
        Some((digits, exponent)) if digits.contains('.') => {
            let digits = digits.trim_end_matches('0').trim_end_matches('.');
            format!("{digits}e{exponent}")
        }
        _ => number_text(number),
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::check;

    #[test]
    fn arguments_take_their_places() {
        check(&[
            (r#"printf("%s-%s", a, n)"#, "abc-1040"),
            (r#"printf("%d %i", 3.9, -3)"#, "3 -3"),
            (r#"printf("%05d|%-5d|%5d|%+d", 42, 42, 42, 42)"#, "00042|42   |   42|+42"),
            (r#"printf("%x %X %#x %o", 255, 255, 255, 8)"#, "ff FF 0xff 10"),
            (r#"printf("%.2f %8.3f %f", 2.555, 3.14159, 1)"#, "2.56    3.142 1.000000"),
            (r#"printf("%e %.1E", 1500, 1500)"#, "1.500000e+03 1.5E+03"),
            (r#"printf("%g %g %g", 0.0001, 1234567, 1.5)"#, "0.0001 1.23457e+06 1.5"),
            (r#"printf("%5s|%-5s|%.2s|%c", "ab", "ab", "abc", "xyz")"#, "   ab|ab   |ab|x"),
            (r#"printf("100%%")"#, "100%"),
            (r#"printf("%s", missing)"#, "Null"),
            (r#"printf("%03d", -5)"#, "-05"),
        ]);
    }

    #[test]
    fn a_format_that_does_not_fit_is_null() {
        check(&[
            (r#"printf("%d", a)"#, "null"),
            (r#"printf("%d")"#, "null"),
            (r#"printf("%y", 1)"#, "null"),
            (r#"printf("%", 1)"#, "null"),
            (r#"printf("%999999999d", 1)"#, "null"),
            (r#"printf("%.99999999f", 1)"#, "null"),
            ("printf(missing)", "null"),
        ]);
    }
}
