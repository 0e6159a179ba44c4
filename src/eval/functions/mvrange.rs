//! `mvrange(START, END)`, `mvrange(START, END, STEP)`: START, START + STEP and so on, END not
//! included. STEP is 1, a number, or text such as `7d`: a count of seconds, minutes, hours, days or
//! weeks.

use super::{Function, Type, relative_time};
use crate::eval::expr::{Datum, MAX_VALUES};
use crate::value::Value;

pub(super) const FUNCTION: Function = Function {
    name: "mvrange",
    arity: (2, 3),
    make: |arguments, compiler| {
        arguments.no_nulls(compiler)?.pure(Type::Any, |values| {
            let [start, end, rest @ ..] = values else { return Datum::Null };
            let step = match rest.first() {
                None => Some(1.0),
                Some(step) => step.number().or_else(|| seconds(&step.single_text()?)),
            };
            match (start.number(), end.number(), step) {
                (Some(start), Some(end), Some(step)) => range(start, end, step),
                _ => Datum::Null,
            }
        })
    },
};

/// `7d` as seconds.
fn seconds(text: &str) -> Option<f64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = text.split_at_checked(digits)?;
    let count: f64 = count.parse().ok()?;
    Some(count * relative_time::fixed_seconds(unit)?)
}

/// NULL where it would never end, or have more values than a field may have.
fn range<'r>(start: f64, end: f64, step: f64) -> Datum<'r> {
    let count = ((end - start) / step).ceil();
    #[allow(clippy::cast_precision_loss)]
    let few = count > 0.0 && count <= MAX_VALUES as f64;
    if !few {
        return Datum::Null;
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let count = count as u32;
    Datum::of_values((0..count).map(|n| Value::Number(start + step * f64::from(n))).collect())
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::check;

    #[test]
    fn ranges_leave_the_end_out() {
        check(&[
            ("mvrange(1, 4)", "1,2,3"),
            ("mvrange(1, 11, 2)", "1,3,5,7,9"),
            ("mvrange(3, 0, -1)", "3,2,1"),
            (r#"mvrange(0, 180000, "1d")"#, "0,86400,172800"),
            ("mvrange(1, 2)", "1"),
            ("mvrange(1, 1)", "null"),
            ("mvrange(missing, 1)", "null"),
        ]);
    }

    #[test]
    fn a_range_without_end_is_null() {
        check(&[
            ("mvrange(1, 2, 0)", "null"),
            ("mvrange(0, 1e15)", "null"),
            ("mvrange(0, 1, 1e-300)", "null"),
        ]);
    }
}
