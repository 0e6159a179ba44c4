//! `bit_and`, `bit_or`, `bit_xor` (two arguments or more), `bit_not(X, [MASK])`,
//! `bit_shift_left(X, N, [MASK])`, `bit_shift_right(X, N, [MASK])`: on whole numbers from 0 to
//! 2^53 - 1, which a mask keeps results in. Any other number gives NULL.

use super::{Function, Type};
use crate::eval::expr::Datum;

/// The largest whole number that is exact: also the mask where none is given.
const MOST: u64 = (1 << 53) - 1;

macro_rules! folding {
    ($($name:ident $text:literal $function:expr;)*) => {
        $(pub(super) const $name: Function = Function {
            name: $text,
            arity: (2, usize::MAX),
            make: |arguments, compiler| {
                arguments.numbers(compiler)?.pure(Type::Number, |values| fold(values, $function))
            },
        };)*
    };
}

folding! {
    AND "bit_and" |a, b| a & b;
    OR "bit_or" |a, b| a | b;
    XOR "bit_xor" |a, b| a ^ b;
}

pub(super) const NOT: Function = Function {
    name: "bit_not",
    arity: (1, 2),
    make: |arguments, compiler| {
        arguments.numbers(compiler)?.pure(Type::Number, |values| masked(values, 1, |n, _| !n))
    },
};

pub(super) const SHIFT_LEFT: Function = Function {
    name: "bit_shift_left",
    arity: (2, 3),
    make: |arguments, compiler| {
        arguments
            .numbers(compiler)?
            .pure(Type::Number, |values| masked(values, 2, |n, by| n.checked_shl(by).unwrap_or(0)))
    },
};

pub(super) const SHIFT_RIGHT: Function = Function {
    name: "bit_shift_right",
    arity: (2, 3),
    make: |arguments, compiler| {
        arguments
            .numbers(compiler)?
            .pure(Type::Number, |values| masked(values, 2, |n, by| n.checked_shr(by).unwrap_or(0)))
    },
};

fn whole(datum: &Datum<'_>) -> Option<u64> {
    let number = datum.number()?;
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    (number.fract() == 0.0 && (0.0..=MOST as f64).contains(&number)).then_some(number as u64)
}

#[allow(clippy::cast_precision_loss)]
fn number<'r>(number: u64) -> Datum<'r> {
    Datum::Number(number as f64)
}

fn fold<'r>(values: &[Datum<'r>], function: fn(u64, u64) -> u64) -> Datum<'r> {
    let numbers: Option<Vec<u64>> = values.iter().map(whole).collect();
    numbers.and_then(|numbers| numbers.into_iter().reduce(function)).map_or(Datum::Null, number)
}

/// A function of one number and perhaps a count of places, under the mask that stands at `mask`.
fn masked<'r>(values: &[Datum<'r>], mask: usize, function: fn(u64, u32) -> u64) -> Datum<'r> {
    let masked = || {
        let subject = whole(values.first()?)?;
        let by = if mask == 2 { u32::try_from(whole(values.get(1)?)?).ok()? } else { 0 };
        let mask = values.get(mask).map_or(Some(MOST), whole)?;
        Some(function(subject, by) & mask)
    };
    masked().map_or(Datum::Null, number)
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::check;

    #[test]
    fn bits_of_whole_numbers() {
        check(&[
            ("bit_and(5, 3)", "1"),
            ("bit_and(7, 6, 3)", "2"),
            ("bit_or(5, 3)", "7"),
            ("bit_xor(5, 3)", "6"),
            ("bit_not(0)", "9007199254740991"),
            ("bit_not(5, 7)", "2"),
            ("bit_shift_left(3, 4)", "48"),
            ("bit_shift_left(3, 4, 31)", "16"),
            ("bit_shift_left(1, 99)", "0"),
            ("bit_shift_right(48, 4)", "3"),
            ("bit_and(-1, 3)", "null"),
            ("bit_and(1.5, 3)", "null"),
            ("bit_or(missing, 3)", "null"),
        ]);
    }
}
