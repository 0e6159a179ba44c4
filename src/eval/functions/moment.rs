//! Times in functions: seconds since 1970 as a row holds them, and as a clock shows them.

use jiff::Timestamp;

use crate::eval::expr::Datum;
use crate::value::{Field, Value};

/// The point in time that a value is; `None` where it is no number, or beyond the years that
/// clocks show. A fraction counts to the microsecond unless the value is a time itself.
pub(crate) fn of(datum: &Datum<'_>) -> Option<Timestamp> {
    if let Datum::Field(field) = datum
        && let Field::One(Value::Time(time)) = field.as_ref()
    {
        return Some(*time);
    }
    from_seconds(datum.number()?)
}

/// The point in time so many seconds after 1970.
#[allow(clippy::cast_possible_truncation)]
pub(super) fn from_seconds(seconds: f64) -> Option<Timestamp> {
    let microseconds = (seconds * 1e6).round();
    (microseconds.abs() < 1e18).then(|| Timestamp::from_microsecond(microseconds as i64).ok())?
}

/// A point in time as seconds since 1970.
pub(crate) fn seconds(time: Timestamp) -> f64 {
    Value::Time(time).number().unwrap_or(0.0)
}
