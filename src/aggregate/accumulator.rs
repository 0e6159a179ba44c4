//! The state of one aggregate over one group.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Place;
use super::chosen::{Chosen, Rate};
use super::groups::Input;
use super::numbers::Numbers;
use super::text_set::TextSet;
use crate::value::{Field, Value, parse_number};

/// `list()` keeps this many values (SPLUNK.md 4, limits.conf).
const LIST_LIMIT: usize = 100;

/// What an entry of a map or set costs beside its text, roughly.
pub(super) const NODE: usize = 48;

/// The state of one aggregate: what it has seen, ready to be merged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Accumulator {
    Count(u64),
    DistinctCount(TextSet),
    Values(TextSet),
    List(#[serde(with = "super::pairs")] BTreeMap<Place, Vec<String>>),
    /// How often each value was seen.
    Mode(BTreeMap<String, u64>),
    Min(Option<Value>),
    Max(Option<Value>),
    Numbers(Box<Numbers>),
    Chosen(Box<Chosen>),
    Rate(Box<Rate>),
}

impl Accumulator {
    /// Takes in one row: the argument's value, `None` where the row lacks it. Returns roughly by
    /// how many bytes the state grew.
    pub fn update(&mut self, field: Option<&Field>, place: &Place) -> usize {
        let Some(field) = field else { return 0 };
        match self {
            Self::Count(count) => {
                *count += field.values().len() as u64;
                0
            }
            Self::DistinctCount(set) | Self::Values(set) => {
                let new = field.values().iter().map(|value| {
                    let text = value.text();
                    if set.insert(&text) { text.len() + NODE } else { 0 }
                });
                new.sum()
            }
            Self::List(list) => update_list(list, place, field),
            Self::Mode(counts) => {
                let new = field.values().iter().map(|value| {
                    let text = value.text();
                    if let Some(count) = counts.get_mut(text.as_ref()) {
                        *count += 1;
                        return 0;
                    }
                    let grown = text.len() + NODE;
                    counts.insert(text.into_owned(), 1);
                    grown
                });
                new.sum()
            }
            Self::Min(current) => extreme(current, field.values(), Ordering::Less),
            Self::Max(current) => extreme(current, field.values(), Ordering::Greater),
            Self::Numbers(numbers) => numbers.update(field),
            Self::Chosen(chosen) => chosen.update(place, field),
            Self::Rate(rate) => rate.update(place, field),
        }
    }

    /// Takes in one row; returns roughly by how many bytes the state grew.
    pub(super) fn take_in(&mut self, input: Input<'_>, place: &Place) -> usize {
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

    /// Takes in another state of the same aggregate. States of different aggregates are never
    /// merged: both come from the same plan; if they were, this one would stay as it is.
    pub fn merge(&mut self, other: Self) {
        match (self, other) {
            (Self::Count(a), Self::Count(b)) => *a += b,
            (Self::DistinctCount(a), Self::DistinctCount(b))
            | (Self::Values(a), Self::Values(b)) => a.extend(b),
            (Self::List(a), Self::List(b)) => {
                a.extend(b);
                trim(a);
            }
            (Self::Mode(a), Self::Mode(b)) => {
                for (text, count) in b {
                    *a.entry(text).or_default() += count;
                }
            }
            (Self::Min(a), Self::Min(Some(value))) => {
                extreme(a, &[value], Ordering::Less);
            }
            (Self::Max(a), Self::Max(Some(value))) => {
                extreme(a, &[value], Ordering::Greater);
            }
            (Self::Numbers(a), Self::Numbers(b)) => a.merge(*b),
            (Self::Chosen(a), Self::Chosen(b)) => a.merge(*b),
            (Self::Rate(a), Self::Rate(b)) => a.merge(*b),
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
        let number = |number: f64| Field::One(Value::Number(number));
        #[allow(clippy::cast_precision_loss)]
        match self {
            Self::Count(count) => Some(number(count as f64)),
            Self::DistinctCount(set) => Some(number(set.len() as f64)),
            Self::Values(set) => texts(set.into_texts()),
            Self::List(list) => texts(list.into_values().flatten().take(LIST_LIMIT).collect()),
            // Of several that are as frequent, the first by bytes (inferred: the answer must be
            // one).
            Self::Mode(counts) => counts
                .into_iter()
                .reduce(|best, next| if next.1 > best.1 { next } else { best })
                .map(|(text, _)| Field::text(text)),
            Self::Min(value) | Self::Max(value) => value.map(|value| {
                Field::One(match parse_number(&value.text()) {
                    Some(number) if matches!(value, Value::Text(_)) => Value::Number(number),
                    _ => value,
                })
            }),
            Self::Numbers(numbers) => numbers.finish().map(number),
            Self::Chosen(chosen) => chosen.finish(),
            Self::Rate(rate) => rate.finish().map(number),
        }
    }
}

/// By how many bytes something grew that had `before` and has `after`.
pub(super) fn growth(before: usize, after: usize) -> usize {
    after.saturating_sub(before)
}

/// Keeps the smallest or the largest value. Numbers count before text: `min` and `max` are numeric
/// if any value is a number (SPLUNK.md 4, stats).
fn extreme(current: &mut Option<Value>, values: &[Value], wanted: Ordering) -> usize {
    let size = |value: &Option<Value>| value.as_ref().map_or(0, Value::size);
    let before = size(current);
    for value in values {
        let better = match current {
            None => true,
            Some(current) => match (current.number(), value.number()) {
                (Some(_), None) => false,
                (None, Some(_)) => true,
                _ => value.order(current) == wanted,
            },
        };
        if better {
            *current = Some(value.clone());
        }
    }
    growth(before, size(current))
}

/// Adds a row's values to a list, unless the list is full of rows before it.
fn update_list(list: &mut BTreeMap<Place, Vec<String>>, place: &Place, field: &Field) -> usize {
    let full = list.values().map(Vec::len).sum::<usize>() >= LIST_LIMIT;
    if full && list.last_key_value().is_some_and(|(last, _)| place > last) {
        return 0;
    }
    let texts: Vec<String> = field.values().iter().map(|v| v.text().into_owned()).collect();
    let grown = texts.iter().map(|text| text.len() + NODE).sum();
    list.entry(place.clone()).or_default().extend(texts);
    growth(trim(list), grown)
}

/// Drops the rows of a list past the one that reaches the limit. Returns how many bytes they had.
fn trim(list: &mut BTreeMap<Place, Vec<String>>) -> usize {
    let mut kept = 0;
    let last = list.iter().find_map(|(place, texts)| {
        kept += texts.len();
        (kept >= LIST_LIMIT).then(|| place.clone())
    });
    let mut freed = 0;
    if let Some(last) = last {
        while list.last_key_value().is_some_and(|(place, _)| *place > last) {
            let texts = list.pop_last().map(|(_, texts)| texts).unwrap_or_default();
            freed += texts.iter().map(|text| text.len() + NODE).sum::<usize>();
        }
    }
    freed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::Function;
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn place(time: i64, offset: u64) -> Place {
        Place::new(Some(Timestamp::from_second(time).unwrap()), 0, offset)
    }

    fn run(function: Function, rows: &[(i64, &str)]) -> Option<Vec<String>> {
        let mut accumulator = function.start();
        for (at, (time, value)) in rows.iter().enumerate() {
            accumulator.update(Some(&Field::text(*value)), &place(*time, at as u64));
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
            ("earliest_time", &["1"]),
            ("latest_time", &["3"]),
            ("mode", &["10"]),
            ("rate", &["0.5"]),
            ("estdc", &["3"]),
            ("distinct_count", &["3"]),
            ("c", &["4"]),
        ] {
            let function = Function::from_name(name).unwrap();
            assert_eq!(run(function, &rows).unwrap(), expected, "{name}");
        }
        assert_eq!(run(Function::Max, &[(1, "b"), (1, "a")]).unwrap(), ["b"]);
        assert_eq!(run(Function::Max, &[(1, "1"), (1, "a"), (1, "3")]).unwrap(), ["3"]);
        assert_eq!(run(Function::Mode, &[(1, "b"), (1, "a")]).unwrap(), ["a"]);
    }

    #[test]
    fn an_empty_string_is_a_value_and_nothing_to_compute_is_no_field() {
        // SPLUNK.md 4, stats.
        for name in ["count", "dc", "values", "list", "first", "mode"] {
            let answer = run(Function::from_name(name).unwrap(), &[(1, "")]).unwrap();
            let expected = if matches!(name, "count" | "dc") { "1" } else { "" };
            assert_eq!(answer, [expected], "{name}");
        }
        for name in ["sum", "avg", "stdev", "var", "median", "p95", "range", "rate", "sumsq"] {
            assert_eq!(run(Function::from_name(name).unwrap(), &[(1, "x")]), None, "{name}");
        }
        for name in ["values", "list", "first", "latest", "mode", "min", "max", "earliest_time"] {
            assert_eq!(run(Function::from_name(name).unwrap(), &[]), None, "{name}");
        }
        assert_eq!(run(Function::Rate, &[(1, "1"), (1, "2")]), None, "no time has passed");
    }

    #[test]
    fn rows_without_a_time_are_neither_earliest_nor_latest() {
        for (name, expected) in [
            ("earliest", "1"),
            ("latest", "1"),
            ("first", "1"),
            ("last", "2"),
            ("latest_time", "9"),
        ] {
            let mut accumulator = Function::from_name(name).unwrap().start();
            accumulator.update(Some(&Field::text("1")), &place(9, 0));
            accumulator.update(Some(&Field::text("2")), &Place::new(None, 0, 1));
            let answer = accumulator.finish().unwrap();
            assert_eq!(
                answer.values(),
                Field::text(expected)
                    .values()
                    .iter()
                    .map(|v| match name {
                        "latest_time" => Value::Number(v.number().unwrap()),
                        _ => v.clone(),
                    })
                    .collect::<Vec<_>>(),
                "{name}"
            );
        }
    }

    #[test]
    fn memory_is_told_as_it_grows() {
        let text = "x".repeat(1000);
        for name in
            ["dc", "values", "mode", "min", "max", "first", "last", "latest", "rate", "list"]
        {
            let mut accumulator = Function::from_name(name).unwrap().start();
            let first = accumulator.update(Some(&Field::text(text.as_str())), &place(5, 0));
            assert!(first >= 1000, "{name}: {first}");
        }
        // What is held already costs nothing more, and a full list takes nothing in.
        for name in ["dc", "values", "mode", "min", "max", "first", "latest", "sum", "count"] {
            let mut accumulator = Function::from_name(name).unwrap().start();
            accumulator.update(Some(&Field::text("1")), &place(5, 0));
            assert_eq!(accumulator.update(Some(&Field::text("1")), &place(5, 1)), 0, "{name}");
        }
        let mut list = Function::List.start();
        let grown: usize =
            (0..1000).map(|at| list.update(Some(&Field::text(text.as_str())), &place(5, at))).sum();
        assert!((100_000..110_000).contains(&grown), "{grown}");
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
            let percentiles = ["perc90", "p5", "exactperc50", "upperperc99.9"].map(str::to_owned);
            let named = Function::names().filter(|name| !name.ends_with("<N>"));
            for name in named.chain(percentiles) {
                let function = Function::from_name(&name).unwrap();
                let mut whole = function.start();
                let mut parts = [function.start(), function.start(), function.start()];
                for (at, (time, value, part)) in rows.iter().enumerate() {
                    let field = Field::text(value.as_str());
                    whole.update(Some(&field), &place(*time, at as u64));
                    parts[*part].update(Some(&field), &place(*time, at as u64));
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
