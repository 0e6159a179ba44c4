//! The functions of numbers: `abs`, `ceiling` (`ceil`), `floor`, `exp`, `ln`, `log`, `sqrt`, `pow`,
//! `pi`, `exact`, `sigfig`, and those of angles in radians: `sin`, `cos`, `tan`, `asin`, `acos`,
//! `atan`, `atan2`, `hypot`, `sinh`, `cosh`, `tanh`, `asinh`, `acosh`, `atanh`.
//!
//! An argument that is no number gives NULL, and so does an undefined result (`sqrt(-1)`, `ln(0)`):
//! SPLUNK.md 4.

use super::{Function, Type};
use crate::eval::expr::Datum;

/// A function of one number.
macro_rules! of_number {
    ($($name:ident $text:literal $function:expr;)*) => {
        $(pub(super) const $name: Function = Function {
            name: $text,
            arity: (1, 1),
            make: |arguments, compiler| arguments.of_number(compiler, $function),
        };)*
    };
}

of_number! {
    ABS "abs" f64::abs;
    CEIL "ceil" f64::ceil;
    CEILING "ceiling" f64::ceil;
    FLOOR "floor" f64::floor;
    EXP "exp" f64::exp;
    LN "ln" f64::ln;
    SQRT "sqrt" f64::sqrt;
    SIN "sin" f64::sin;
    COS "cos" f64::cos;
    TAN "tan" f64::tan;
    ASIN "asin" f64::asin;
    ACOS "acos" f64::acos;
    ATAN "atan" f64::atan;
    SINH "sinh" f64::sinh;
    COSH "cosh" f64::cosh;
    TANH "tanh" f64::tanh;
    ASINH "asinh" f64::asinh;
    ACOSH "acosh" f64::acosh;
    ATANH "atanh" f64::atanh;
    // Numbers are never rounded here, so there is nothing to undo or to keep.
    EXACT "exact" |number| number;
    SIGFIG "sigfig" |number| number;
}

/// A function of two numbers.
macro_rules! of_two {
    ($($name:ident $text:literal $function:expr;)*) => {
        $(pub(super) const $name: Function = Function {
            name: $text,
            arity: (2, 2),
            make: |arguments, compiler| {
                arguments.numbers(compiler)?.pure(Type::Number, |values| two(values, $function))
            },
        };)*
    };
}

of_two! {
    ATAN2 "atan2" f64::atan2;
    HYPOT "hypot" f64::hypot;
    POW "pow" f64::powf;
}

/// `log(X)` of base 10, `log(X, BASE)`.
pub(super) const LOG: Function = Function {
    name: "log",
    arity: (1, 2),
    make: |arguments, compiler| {
        arguments.numbers(compiler)?.pure(Type::Number, |values| match values {
            [number] => number.number().map_or(Datum::Null, |n| Datum::of_number(n.log10())),
            _ => two(values, log),
        })
    },
};

/// `pi()`.
pub(super) const PI: Function = Function {
    name: "pi",
    arity: (0, 0),
    make: |arguments, _| arguments.pure(Type::Number, |_| Datum::Number(std::f64::consts::PI)),
};

fn two<'r>(values: &[Datum<'r>], function: fn(f64, f64) -> f64) -> Datum<'r> {
    match values {
        [a, b] => match (a.number(), b.number()) {
            (Some(a), Some(b)) => Datum::of_number(function(a, b)),
            _ => Datum::Null,
        },
        _ => Datum::Null,
    }
}

/// Exact for the bases that have their own function.
fn log(number: f64, base: f64) -> f64 {
    if base == 10.0 {
        number.log10()
    } else if base == 2.0 {
        number.log2()
    } else {
        number.ln() / base.ln()
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::{check, refused};
    use crate::spl::codes;

    #[test]
    fn numbers_are_computed_with() {
        check(&[
            ("abs(-3.5)", "3.5"),
            ("ceiling(1.2)", "2"),
            ("ceil(-1.2)", "-1"),
            ("floor(1.8)", "1"),
            ("floor(-1.2)", "-2"),
            ("exp(0)", "1"),
            ("ln(exp(2))", "2"),
            ("log(1000)", "3"),
            ("log(8, 2)", "3"),
            ("pow(2, 10)", "1024"),
            ("sqrt(n)", "32.2490309931942"),
            ("sqrt(9)", "3"),
            ("hypot(3, 4)", "5"),
            ("exact(3.14)", "3.14"),
            ("sigfig(3.14)", "3.14"),
        ]);
    }

    #[test]
    fn angles_are_radians() {
        check(&[
            ("round(pi(), 5)", "3.14159"),
            ("sin(0)", "0"),
            ("cos(pi())", "-1"),
            ("tan(0)", "0"),
            ("round(asin(1), 4)", "1.5708"),
            ("acos(1)", "0"),
            ("round(atan(1)*4, 4)", "3.1416"),
            ("round(atan2(0.5, 0.75), 2)", "0.59"),
            ("sinh(0)", "0"),
            ("cosh(0)", "1"),
            ("tanh(0)", "0"),
            ("asinh(0)", "0"),
            ("acosh(1)", "0"),
            ("atanh(0)", "0"),
        ]);
    }

    #[test]
    fn undefined_is_null() {
        // SPLUNK.md 4: any function of a missing field is NULL.
        check(&[
            ("sqrt(-1)", "null"),
            ("ln(0)", "null"),
            ("log(-1)", "null"),
            ("log(5, 1)", "null"),
            ("acos(2)", "null"),
            ("pow(10, 999)", "null"),
            ("sqrt(missing)", "null"),
            ("floor(a)", "null"),
            ("pow(2, missing)", "null"),
            ("abs(many)", "null"),
        ]);
    }

    #[test]
    fn what_is_visibly_no_number_is_refused() {
        // SPLUNK.md 4: a literal null() argument is fatal in number functions.
        refused(&[
            (r#"sqrt("x")"#, codes::WRONG_TYPE),
            ("floor(null())", codes::WRONG_TYPE),
            ("pow(2, null())", codes::WRONG_TYPE),
            ("sigfig(1.23456, 3)", codes::WRONG_ARGUMENTS),
        ]);
    }
}
