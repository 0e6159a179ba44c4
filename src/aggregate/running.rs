//! A group whose results are asked for at every row, as `streamstats` does: rows come one by one
//! in the order of the pipeline, so sums are simply added up in that order (SPLUNK.md 4,
//! streamstats).

use std::collections::BTreeMap;

use super::groups::{Input, Results, each_input};
use super::{Accumulator, Argument, Function, Place, Statistic, Stats};
use crate::eval::row::{Record, Scratch};
use crate::value::{Field, Value};

/// The state of a group that only ever grows.
#[derive(Debug, Default)]
pub struct RunningGroup {
    /// One an aggregation over one field or over the rows; none for one over a wildcard.
    single: Vec<Option<Running>>,
    /// One map an aggregation over a wildcard: by the field's name.
    wild: Vec<BTreeMap<String, Running>>,
}

impl RunningGroup {
    /// A group that has seen nothing.
    #[must_use]
    pub fn start(stats: &Stats) -> Self {
        let mut group = Self::default();
        for aggregation in &stats.aggregations {
            let wild = matches!(aggregation.argument, Argument::Fields(_));
            group.single.push((!wild).then(|| Running::start(aggregation.function)));
            group.wild.push(BTreeMap::new());
        }
        group
    }

    /// Takes in one row; returns roughly by how many bytes the state grew.
    pub fn update(
        &mut self,
        stats: &Stats,
        record: &Record,
        place: &Place,
        scratch: &Scratch,
    ) -> usize {
        let mut grown = 0;
        each_input(stats, record, scratch, |at, name, input| {
            let running = match name {
                None => self.single.get_mut(at).and_then(Option::as_mut),
                Some(name) => stats.aggregations.get(at).zip(self.wild.get_mut(at)).map(
                    |(aggregation, wild)| {
                        wild.entry(name.to_owned())
                            .or_insert_with(|| Running::start(aggregation.function))
                    },
                ),
            };
            if let Some(running) = running {
                grown += running.take_in(input, place);
            }
        });
        grown
    }

    /// What is computed so far.
    #[must_use]
    pub fn results(&self, stats: &Stats) -> Results {
        let mut results = Vec::new();
        let slots = self.single.iter().zip(&self.wild);
        for (aggregation, (single, wild)) in stats.aggregations.iter().zip(slots) {
            if let Some(single) = single {
                results.push((aggregation.name.clone(), single.result()));
            }
            for (name, running) in wild {
                results.push((aggregation.name_for(name.clone()), running.result()));
            }
        }
        results
    }
}

/// The running state of one aggregate.
#[derive(Debug)]
enum Running {
    Sum(Sums),
    Average(Sums),
    Deviation(Sums),
    Other(Accumulator),
}

/// What has been seen of numbers, by Welford's method: their mean and the sum of their squared
/// distances from it, which stay exact where a sum of squares would not.
#[derive(Debug, Default)]
struct Sums {
    count: f64,
    sum: f64,
    mean: f64,
    squares: f64,
}

impl Sums {
    fn add(&mut self, number: f64) {
        self.count += 1.0;
        self.sum += number;
        let away = number - self.mean;
        self.mean += away / self.count;
        self.squares += away * (number - self.mean);
    }
}

impl Running {
    fn start(function: Function) -> Self {
        match function {
            Function::Numeric(Statistic::Sum) => Self::Sum(Sums::default()),
            Function::Numeric(Statistic::Mean) => Self::Average(Sums::default()),
            Function::Numeric(Statistic::Deviation) => Self::Deviation(Sums::default()),
            other => Self::Other(other.start()),
        }
    }

    fn take_in(&mut self, input: Input<'_>, place: &Place) -> usize {
        match (self, input) {
            (Self::Other(accumulator), input) => accumulator.take_in(input, place),
            (
                Self::Sum(sums) | Self::Average(sums) | Self::Deviation(sums),
                Input::Value(Some(field)),
            ) => {
                field.values().iter().filter_map(Value::number).for_each(|n| sums.add(n));
                0
            }
            _ => 0,
        }
    }

    fn result(&self) -> Option<Field> {
        let number = match self {
            Self::Other(accumulator) => return accumulator.result(),
            Self::Sum(sums) | Self::Average(sums) | Self::Deviation(sums) if sums.count == 0.0 => {
                return None;
            }
            Self::Sum(sums) => sums.sum,
            Self::Average(sums) => sums.sum / sums.count,
            // The sample standard deviation (n - 1), 0 of a single number (SPLUNK.md 4, stats).
            Self::Deviation(sums) if sums.count < 2.0 => 0.0,
            Self::Deviation(sums) => (sums.squares / (sums.count - 1.0)).sqrt(),
        };
        Some(Field::One(Value::Number(number)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::Aggregation;
    use crate::eval::glob::Glob;

    /// The running results of every function say what `stats` says of the same rows.
    #[test]
    fn running_results_are_those_of_stats() {
        let values = ["3", "1.5", "x", "10", "3", "-2"];
        for name in Function::names() {
            let function = Function::from_name(&name.replace("<N>", "90")).unwrap();
            let mut running = Running::start(function);
            for (at, value) in values.iter().enumerate() {
                let field = Field::text(*value);
                running.take_in(Input::Value(Some(&field)), &Place::of_row(at, None));
                let mut whole = function.start();
                for (at, value) in values[..=at].iter().enumerate() {
                    whole.update(Some(&Field::text(*value)), &Place::of_row(at, None));
                }
                let (running, whole) = (running.result(), whole.finish());
                match (running.as_ref(), whole.as_ref()) {
                    (
                        Some(Field::One(Value::Number(running))),
                        Some(Field::One(Value::Number(whole))),
                    ) => assert!((running - whole).abs() < 1e-9, "{name} {at}"),
                    (running, whole) => assert_eq!(running, whole, "{name} {at}"),
                }
            }
        }
    }

    #[test]
    fn a_wildcard_starts_a_state_for_each_field() {
        let stats = Stats {
            aggregations: vec![Aggregation {
                function: Function::Numeric(Statistic::Sum),
                argument: Argument::Fields(Glob::new("n_*")),
                name: "sum_*".to_owned(),
            }],
            by: Vec::new(),
        };
        let mut group = RunningGroup::start(&stats);
        assert_eq!(group.results(&stats), []);
        for (at, name) in ["n_a", "n_b", "n_a"].into_iter().enumerate() {
            let record = Record::new([(name.to_owned(), Field::text("2"))]);
            group.update(&stats, &record, &Place::of_row(at, None), &Scratch::default());
        }
        let number = |number| Some(Field::One(Value::Number(number)));
        let expected = [("sum_a".to_owned(), number(4.0)), ("sum_b".to_owned(), number(2.0))];
        assert_eq!(group.results(&stats), expected);
    }
}
