//! `accum`: the sum of a field so far; `delta`: how much it differs from that of a row before
//! (Search Reference, accum and delta). Rows without a number are passed over by the one, and have
//! no difference for the other.

use super::{Context, Held, Lowered, SetCommand};
use crate::eval::row::Record;
use crate::spl::ast::Running;
use crate::value::{Field, Value};

#[derive(Debug)]
struct Accum(Running);

#[derive(Debug)]
struct Delta {
    of: Running,
    back: usize,
}

pub(super) fn lower(running: &Running) -> Lowered {
    Lowered::Set(Box::new(Accum(running.clone())))
}

pub(super) fn lower_delta(of: &Running, back: u64) -> Lowered {
    let back = usize::try_from(back).unwrap_or(usize::MAX);
    Lowered::Set(Box::new(Delta { of: of.clone(), back }))
}

/// The number that a field is; one of several values is none.
fn number(record: &Record, name: &str) -> Option<f64> {
    match record.get(name)? {
        Field::One(value) => value.number(),
        Field::Many(_) => None,
    }
}

fn set(record: &mut Record, name: &str, number: f64) {
    record.set(name, Some(Field::One(Value::Number(number))));
}

impl SetCommand for Accum {
    fn apply(&self, mut rows: Vec<Held>, _: Context<'_>) -> Vec<Held> {
        let mut sum = 0.0;
        for (record, _) in &mut rows {
            if let Some(number) = number(record, &self.0.field.node) {
                sum += number;
                set(record, &self.0.name, sum);
            }
        }
        rows
    }
}

impl SetCommand for Delta {
    fn apply(&self, mut rows: Vec<Held>, _: Context<'_>) -> Vec<Held> {
        let numbers: Vec<_> =
            rows.iter().map(|(record, _)| number(record, &self.of.field.node)).collect();
        for (at, (record, _)) in rows.iter_mut().enumerate() {
            let before =
                at.checked_sub(self.back).and_then(|at| numbers.get(at).copied().flatten());
            if let (Some(now), Some(before)) = (numbers.get(at).copied().flatten(), before) {
                set(record, &self.of.name, now - before);
            }
        }
        rows
    }
}
