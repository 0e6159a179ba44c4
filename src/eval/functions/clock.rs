//! `now()`, `time()`: the moment of the sweep, in seconds since 1970, whole and with its fraction.
//! It is one for all rows: the start of the sweep, or what `--now` says, so that an answer can be
//! had again.

use super::{Arguments, Call, Function, Type};
use crate::eval::expr::{Compiler, Datum, Env};
use crate::value::Value;

pub(super) const NOW: Function = Function {
    name: "now",
    arity: (0, 0),
    make: |arguments, compiler| moment(&arguments, compiler, f64::floor),
};

pub(super) const TIME: Function = Function {
    name: "time",
    arity: (0, 0),
    make: |arguments, compiler| moment(&arguments, compiler, |seconds| seconds),
};

#[derive(Debug)]
struct Moment(f64);

#[allow(clippy::unnecessary_wraps)]
fn moment(
    _: &Arguments<'_>,
    compiler: &Compiler,
    rounding: fn(f64) -> f64,
) -> Option<Box<dyn Call>> {
    let now = Value::Time(compiler.clock.now).number().unwrap_or(0.0);
    Some(Box::new(Moment(rounding(now))))
}

impl Call for Moment {
    fn call<'r>(&'r self, _: Env<'r>) -> Datum<'r> {
        Datum::Number(self.0)
    }

    fn returns(&self) -> Type {
        Type::Number
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::check;

    #[test]
    fn the_moment_is_the_clocks() {
        check(&[
            ("now()", "1614038400"),
            ("time()", "1614038400.25"),
            ("now()=now()", "true"),
            ("now() - _time > 3000", "true"),
        ]);
    }
}
