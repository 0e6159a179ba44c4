//! `round(X)`, `round(X, N)`: X to N decimals, half away from zero. The decimals are kept:
//! `round(10, 2)` is `10.00` (SPLUNK.md 4).

use super::{Function, Type};
use crate::eval::expr::Datum;

pub(super) const FUNCTION: Function = Function {
    name: "round",
    arity: (1, 2),
    make: |arguments, compiler| {
        arguments.numbers(compiler)?.pure(Type::Number, |values| {
            let Some(number) = values.first().and_then(Datum::number) else { return Datum::Null };
            match values.get(1).map(Datum::number) {
                None => Datum::of_number(whole(number)),
                Some(None) => Datum::Null,
                Some(Some(digits)) => to_digits(number, digits),
            }
        })
    },
};

/// As many decimals as a number can be told apart by.
const MAX_DIGITS: f64 = 18.0;

fn to_digits(number: f64, digits: f64) -> Datum<'static> {
    let digits = digits.trunc().clamp(-MAX_DIGITS, MAX_DIGITS);
    if digits <= 0.0 {
        let unit = 10f64.powf(-digits);
        return Datum::of_number(whole(number / unit) * unit);
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Datum::of_decimals(number, digits as usize)
}

/// To the next whole number, half away from zero.
fn whole(number: f64) -> f64 {
    number.round()
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::{check, refused};
    use crate::spl::codes;

    #[test]
    fn half_goes_away_from_zero_and_decimals_stay() {
        // SPLUNK.md 4, eval functions: round.
        check(&[
            ("round(2.5)", "3"),
            ("round(-2.5)", "-3"),
            ("round(3.4)", "3"),
            ("round(10, 2)", "10.00"),
            ("round(2.555, 2)", "2.56"),
            ("round(1.005, 2)", "1.01"),
            ("round(-1.005, 2)", "-1.01"),
            ("round(0.285, 2)", "0.29"),
            ("round(999.995, 2)", "1000.00"),
            ("round(-0.001, 2)", "0.00"),
            ("round(1234, -2)", "1200"),
            ("round(3.7, 0)", "4"),
            ("round(1e20, 2)", "100000000000000000000.00"),
            ("round(n, 1)", "1040.0"),
            ("round(missing)", "null"),
            ("round(a)", "null"),
            ("round(1.5, missing)", "null"),
        ]);
    }

    #[test]
    fn the_result_is_still_a_number() {
        check(&[
            ("round(10, 2)+1", "11"),
            ("if(round(10, 2)=10, 1, 2)", "1"),
            (r#"round(10, 2)."x""#, "10.00x"),
        ]);
    }

    #[test]
    fn null_is_refused() {
        refused(&[("round(null())", codes::WRONG_TYPE)]);
    }
}
