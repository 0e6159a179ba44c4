//! `mvindex(F, START)`, `mvindex(F, START, END)`: the value at START, or those from START to END,
//! both included. The first is 0, -1 is the last; out of range is NULL (SPLUNK.md 4). A range that
//! ends behind the last value ends with it (inferred: rules write `mvindex(f, 0, 9)` for "at most
//! ten").

use super::{Function, Type};
use crate::eval::expr::Datum;

pub(super) const FUNCTION: Function = Function {
    name: "mvindex",
    arity: (2, 3),
    make: |arguments, compiler| {
        arguments.no_nulls(compiler)?.pure(Type::Any, |values| {
            let (Some(subject), Some(Some(start))) =
                (values.first(), values.get(1).map(Datum::number))
            else {
                return Datum::Null;
            };
            match values.get(2).map(Datum::number) {
                None => part(subject, start, start),
                Some(Some(end)) => part(subject, start, end),
                Some(None) => Datum::Null,
            }
        })
    },
};

#[allow(clippy::cast_possible_truncation)]
fn part<'r>(subject: &Datum<'r>, start: f64, end: f64) -> Datum<'r> {
    let values = subject.values();
    let count = i64::try_from(values.len()).unwrap_or(i64::MAX);
    let place = |index: f64| {
        let index = index as i64;
        if index < 0 { index.saturating_add(count) } else { index }
    };
    let (start, end) = (place(start), place(end).min(count - 1));
    if start < 0 || start > end {
        return Datum::Null;
    }
    let range = usize::try_from(start).unwrap_or(0)..=usize::try_from(end).unwrap_or(0);
    Datum::of_values(values.get(range).unwrap_or_default().to_vec())
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::{check, refused};
    use crate::spl::codes;

    #[test]
    fn places_count_from_either_end() {
        // SPLUNK.md 4: "mvindex 0-based, negative from end, range inclusive, out of range NULL".
        check(&[
            ("mvindex(many, 0)", "x"),
            ("mvindex(many, 1)", "y"),
            ("mvindex(many, -1)", "y"),
            ("mvindex(many, -2)", "x"),
            ("mvindex(many, 2)", "null"),
            ("mvindex(many, -3)", "null"),
            ("mvindex(many, 0, 1)", "x,y"),
            ("mvindex(many, -2, -1)", "x,y"),
            ("mvindex(many, 1, 0)", "null"),
            ("mvindex(many, 1, 9)", "y"),
            ("mvindex(many, 2, 9)", "null"),
            ("mvindex(a, 0)", "abc"),
            ("mvindex(missing, 0)", "null"),
            ("mvindex(many, missing)", "null"),
            ("mvindex(many, mvcount(many)-1)", "y"),
        ]);
        refused(&[("mvindex(null(), 0)", codes::WRONG_TYPE)]);
    }
}
