//! The state of one aggregate over one group.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Place;
use super::groups::Input;
use crate::value::{Field, Value, parse_number};

/// `list()` keeps this many values (SPLUNK.md 4, limits.conf).
const LIST_LIMIT: usize = 100;

/// What an entry of a map or set costs beside its text, roughly.
const NODE: usize = 48;

/// The functions of `stats`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Function {
    Count,
    DistinctCount,
    Values,
    List,
    Sum,
    Average,
    Min,
    Max,
    Range,
    Deviation,
    First,
    Last,
    Earliest,
    Latest,
}

/// Every spelling of every function.
const NAMES: &[(&str, Function)] = &[
    ("avg", Function::Average),
    ("c", Function::Count),
    ("count", Function::Count),
    ("dc", Function::DistinctCount),
    ("distinct_count", Function::DistinctCount),
    ("earliest", Function::Earliest),
    ("first", Function::First),
    ("last", Function::Last),
    ("latest", Function::Latest),
    ("list", Function::List),
    ("max", Function::Max),
    ("mean", Function::Average),
    ("min", Function::Min),
    ("range", Function::Range),
    ("stdev", Function::Deviation),
    ("sum", Function::Sum),
    ("values", Function::Values),
];

impl Function {
    /// The function with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, function)| *function)
    }

    /// Every name.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// Whether a search without rows still gets a row of it (SPLUNK.md 4, stats).
    #[must_use]
    pub fn counts_nothing(self) -> bool {
        matches!(self, Self::Count | Self::DistinctCount)
    }

    /// An accumulator that has seen nothing.
    #[must_use]
    pub fn start(self) -> Accumulator {
        match self {
            Self::Count => Accumulator::Count(0),
            Self::DistinctCount => Accumulator::DistinctCount(BTreeSet::new()),
            Self::Values => Accumulator::Values(BTreeSet::new()),
            Self::List => Accumulator::List(BTreeMap::new()),
            Self::Sum => Accumulator::Sum(Moments::default()),
            Self::Average => Accumulator::Average(Moments::default()),
            Self::Deviation => Accumulator::Deviation(Moments::default()),
            Self::Min => Accumulator::Min(None),
            Self::Max => Accumulator::Max(None),
            Self::Range => Accumulator::Range(None),
            Self::First => Accumulator::First(None),
            Self::Last => Accumulator::Last(None),
            Self::Earliest => Accumulator::Earliest(None),
            Self::Latest => Accumulator::Latest(None),
        }
    }
}

/// The state of one aggregate: what it has seen, ready to be merged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Accumulator {
    Count(u64),
    DistinctCount(BTreeSet<String>),
    Values(BTreeSet<String>),
    List(#[serde(with = "super::pairs")] BTreeMap<Place, Vec<String>>),
    Sum(Moments),
    Average(Moments),
    Deviation(Moments),
    Min(Option<Value>),
    Max(Option<Value>),
    Range(Option<(f64, f64)>),
    First(Option<(Place, Field)>),
    Last(Option<(Place, Field)>),
    Earliest(Option<(Place, Field)>),
    Latest(Option<(Place, Field)>),
}

/// Numbers seen, kept so that their sum does not depend on the order they came in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    /// How often each number was seen, by its bits: adding up in this order at the end gives the
    /// same sum however the rows were spread over workers.
    #[serde(with = "super::pairs")]
    numbers: BTreeMap<u64, u64>,
}

impl Moments {
    fn add(&mut self, number: f64) {
        *self.numbers.entry(number.to_bits()).or_default() += 1;
    }

    #[allow(clippy::cast_precision_loss)]
    fn iter(&self) -> impl Iterator<Item = (f64, f64)> {
        self.numbers.iter().map(|(bits, times)| (f64::from_bits(*bits), *times as f64))
    }

    fn count(&self) -> f64 {
        self.iter().map(|(_, times)| times).sum()
    }

    fn sum(&self) -> f64 {
        self.iter().map(|(number, times)| number * times).sum()
    }

    fn mean(&self) -> f64 {
        self.sum() / self.count()
    }

    /// The sample standard deviation (n - 1).
    fn deviation(&self) -> f64 {
        let (count, mean) = (self.count(), self.mean());
        if count < 2.0 {
            return 0.0;
        }
        let squares: f64 = self.iter().map(|(n, times)| (n - mean).powi(2) * times).sum();
        (squares / (count - 1.0)).sqrt()
    }
}

impl Accumulator {
    /// Takes in one row: the argument's value, `None` where the row lacks it. Returns roughly by
    /// how many bytes the state grew.
    pub fn update(&mut self, field: Option<&Field>, place: Place) -> usize {
        let Some(field) = field else { return 0 };
        let mut grown = 0;
        match self {
            Self::Count(count) => *count += field.values().len() as u64,
            Self::DistinctCount(set) | Self::Values(set) => {
                for value in field.values() {
                    let text = value.text();
                    if !set.contains(text.as_ref()) {
                        grown += text.len() + NODE;
                        set.insert(text.into_owned());
                    }
                }
            }
            Self::List(list) => {
                grown += field.size() + NODE;
                list.entry(place)
                    .or_default()
                    .extend(field.values().iter().map(|value| value.text().into_owned()));
                trim(list);
            }
            Self::Sum(moments) | Self::Average(moments) | Self::Deviation(moments) => {
                let before = moments.numbers.len();
                field.values().iter().filter_map(Value::number).for_each(|n| moments.add(n));
                grown += (moments.numbers.len() - before) * NODE;
            }
            Self::Min(_) | Self::Max(_) | Self::Range(_) => {
                field.values().iter().for_each(|value| self.extreme(value));
            }
            Self::First(_) | Self::Last(_) | Self::Earliest(_) | Self::Latest(_) => {
                self.choose(place, field.clone());
            }
        }
        grown
    }

    /// Takes in one row; returns roughly by how many bytes the state grew.
    pub(super) fn take_in(&mut self, input: Input<'_>, place: Place) -> usize {
        match input {
            Input::Row => {
                self.update_row();
                0
            }
            Input::Value(field) => self.update(field, place),
        }
    }

    /// Takes in a row itself: what `count` without an argument does.
    pub fn update_row(&mut self) {
        if let Self::Count(count) = self {
            *count += 1;
        }
    }

    fn extreme(&mut self, value: &Value) {
        // Numbers count before text: min and max are numeric if any value is a number
        // (SPLUNK.md 4, stats).
        let better = |current: &Value, new: &Value, wanted: std::cmp::Ordering| match (
            current.number(),
            new.number(),
        ) {
            (Some(_), None) => false,
            (None, Some(_)) => true,
            _ => new.order(current) == wanted,
        };
        match self {
            Self::Min(current)
                if current.as_ref().is_none_or(|c| better(c, value, std::cmp::Ordering::Less)) =>
            {
                *current = Some(value.clone());
            }
            Self::Max(current)
                if current
                    .as_ref()
                    .is_none_or(|c| better(c, value, std::cmp::Ordering::Greater)) =>
            {
                *current = Some(value.clone());
            }
            Self::Range(current) => {
                if let Some(number) = value.number() {
                    let (low, high) = current.unwrap_or((number, number));
                    *current = Some((low.min(number), high.max(number)));
                }
            }
            _ => {}
        }
    }

    fn choose(&mut self, place: Place, field: Field) {
        // `earliest` and `latest` go by time, and only rows that have one count.
        let by_time = matches!(self, Self::Earliest(_) | Self::Latest(_));
        if by_time && place.time().is_none() {
            return;
        }
        // First in the pipeline is newest, so `latest` is `first` and `earliest` is `last`.
        let keeps_first = matches!(self, Self::First(_) | Self::Latest(_));
        let is_before = |a: &Place, b: &Place| {
            if by_time { a.by_time() < b.by_time() } else { a < b }
        };
        if let Self::First(slot) | Self::Last(slot) | Self::Earliest(slot) | Self::Latest(slot) =
            self
            && slot.as_ref().is_none_or(|(current, _)| is_before(&place, current) == keeps_first)
        {
            *slot = Some((place, field));
        }
    }

    /// Takes in another state of the same aggregate. States of different aggregates are never
    /// merged: both come from the same plan; if they were, this one would stay as it is.
    pub fn merge(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Count(a), Self::Count(b)) => *a += b,
            (Self::DistinctCount(a), Self::DistinctCount(b))
            | (Self::Values(a), Self::Values(b)) => {
                a.extend(b);
            }
            (Self::List(a), Self::List(b)) => {
                a.extend(b);
                trim(a);
            }
            (Self::Sum(a), Self::Sum(b))
            | (Self::Average(a), Self::Average(b))
            | (Self::Deviation(a), Self::Deviation(b)) => {
                for (bits, times) in b.numbers {
                    *a.numbers.entry(bits).or_default() += times;
                }
            }
            (Self::Min(_), Self::Min(Some(value))) | (Self::Max(_), Self::Max(Some(value))) => {
                self.extreme(&value);
            }
            (Self::Range(_), Self::Range(Some((low, high)))) => {
                self.extreme(&Value::Number(low));
                self.extreme(&Value::Number(high));
            }
            (Self::First(_), Self::First(Some((place, field))))
            | (Self::Last(_), Self::Last(Some((place, field))))
            | (Self::Earliest(_), Self::Earliest(Some((place, field))))
            | (Self::Latest(_), Self::Latest(Some((place, field)))) => self.choose(place, field),
            _ => {}
        }
    }

    /// The result so far, as [`finish`](Self::finish) gives it.
    #[must_use]
    pub fn result(&self) -> Option<Field> {
        match self {
            // Counted, not copied: a running count of distinct values is asked for at each row.
            #[allow(clippy::cast_precision_loss)]
            Self::DistinctCount(set) => Some(Field::One(Value::Number(set.len() as f64))),
            other => other.clone().finish(),
        }
    }

    /// The result; `None` where there was nothing to compute. Lists are [`Field::Many`] whatever
    /// their length, so that they print as lists.
    #[must_use]
    pub fn finish(self) -> Option<Field> {
        let texts = |texts: Vec<String>| {
            (!texts.is_empty()).then(|| Field::Many(texts.into_iter().map(Value::Text).collect()))
        };
        let number = |number: f64| Some(Field::One(Value::Number(number)));
        #[allow(clippy::cast_precision_loss)]
        match self {
            Self::Count(count) => number(count as f64),
            Self::DistinctCount(set) => number(set.len() as f64),
            Self::Values(set) => texts(set.into_iter().collect()),
            Self::List(list) => texts(list.into_values().flatten().take(LIST_LIMIT).collect()),
            Self::Sum(moments) if !moments.numbers.is_empty() => number(moments.sum()),
            Self::Average(moments) if !moments.numbers.is_empty() => number(moments.mean()),
            Self::Deviation(moments) if !moments.numbers.is_empty() => number(moments.deviation()),
            Self::Sum(_) | Self::Average(_) | Self::Deviation(_) => None,
            Self::Min(value) | Self::Max(value) => value.map(|value| {
                Field::One(match parse_number(&value.text()) {
                    Some(number) if matches!(value, Value::Text(_)) => Value::Number(number),
                    _ => value,
                })
            }),
            Self::Range(range) => range.and_then(|(low, high)| number(high - low)),
            Self::First(slot) | Self::Last(slot) | Self::Earliest(slot) | Self::Latest(slot) => {
                slot.map(|(_, field)| field)
            }
        }
    }
}

/// Drops the rows of a list past the one that reaches the limit.
fn trim(list: &mut BTreeMap<Place, Vec<String>>) {
    let mut kept = 0;
    let last = list.iter().find_map(|(place, texts)| {
        kept += texts.len();
        (kept >= LIST_LIMIT).then_some(*place)
    });
    if let Some(last) = last {
        while list.last_key_value().is_some_and(|(place, _)| *place > last) {
            list.pop_last();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn place(time: i64, offset: u64) -> Place {
        Place::new(Some(Timestamp::from_second(time).unwrap()), 0, offset)
    }

    fn run(function: Function, rows: &[(i64, &str)]) -> Option<Vec<String>> {
        let mut accumulator = function.start();
        for (at, (time, value)) in rows.iter().enumerate() {
            accumulator.update(Some(&Field::text(*value)), place(*time, at as u64));
        }
        Some(accumulator.finish()?.values().iter().map(|v| v.text().into_owned()).collect())
    }

    #[test]
    fn each_function_on_a_few_rows() {
        // SPLUNK.md 4, stats. Rows are (time, value).
        let rows = [(3, "10"), (1, "9"), (2, "x"), (2, "10")];
        for (name, expected) in [
            ("count", &["4"][..]),
            ("dc", &["3"]),
            ("values", &["10", "9", "x"]),
            ("list", &["10", "x", "10", "9"]),
            ("sum", &["29"]),
            ("min", &["9"]),
            ("max", &["10"]),
            ("range", &["1"]),
            ("first", &["10"]),
            ("last", &["9"]),
            ("earliest", &["9"]),
            ("latest", &["10"]),
        ] {
            let function = Function::from_name(name).unwrap();
            assert_eq!(run(function, &rows).unwrap(), expected, "{name}");
        }
        assert_eq!(run(Function::Average, &[(1, "1"), (2, "2")]).unwrap(), ["1.5"]);
        assert_eq!(
            run(Function::Deviation, &[(1, "1"), (2, "3")]).unwrap(),
            ["1.4142135623730951"]
        );
        assert_eq!(run(Function::Sum, &[(1, "x")]), None);
        assert_eq!(run(Function::Max, &[(1, "b"), (1, "a")]).unwrap(), ["b"]);
    }

    #[test]
    fn a_list_keeps_its_first_hundred() {
        let values: Vec<String> = (0..150).map(|n| n.to_string()).collect();
        let rows: Vec<_> = values.iter().map(|value| (0, value.as_str())).collect();
        assert_eq!(run(Function::List, &rows).unwrap(), values[..100]);
    }

    proptest! {
        #[test]
        fn merging_is_free_of_order(
            rows in prop::collection::vec((0i64..4, "[0-9a-c]{1,2}", 0usize..3), 0..40),
            rotation in 0usize..3,
        ) {
            for name in Function::names() {
                let function = Function::from_name(name).unwrap();
                let mut whole = function.start();
                let mut parts = [function.start(), function.start(), function.start()];
                for (at, (time, value, part)) in rows.iter().enumerate() {
                    let field = Field::text(value.as_str());
                    whole.update(Some(&field), place(*time, at as u64));
                    parts[*part].update(Some(&field), place(*time, at as u64));
                }
                parts.rotate_left(rotation);
                let mut merged = function.start();
                for part in parts {
                    let text = serde_json::to_string(&part).unwrap();
                    let back: Accumulator = serde_json::from_str(&text).unwrap();
                    prop_assert_eq!(&back, &part);
                    merged.merge(back);
                }
                prop_assert_eq!(merged.finish(), whole.finish(), "{}", name);
            }
        }
    }
}
