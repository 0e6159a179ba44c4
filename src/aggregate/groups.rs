//! Groups by key: the mergeable state of a whole `stats`.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Accumulator, Aggregation, Argument, Place, Stats};
use crate::eval::expr::Env;
use crate::eval::row::{Record, Row, Scratch};
use crate::named::Named;
use crate::value::{Field, Value};

/// In how many groups one row may be: values of several by-fields multiply, and an event can have
/// thousands of each.
pub const MAX_GROUPS: usize = 1 << 20;

/// More bytes than any limit of a result, and few enough to be added up.
const TOO_MUCH: usize = 1 << 50;

/// The values of the by-fields: the exact key of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupKey(pub Vec<Value>);

impl Eq for GroupKey {}

impl PartialOrd for GroupKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for GroupKey {
    fn cmp(&self, other: &Self) -> Ordering {
        let pairs = self.0.iter().zip(&other.0);
        pairs.map(|(a, b)| a.order(b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

/// Where in its source an event behind a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Position {
    /// The byte at which it starts: in the file, or in the text unpacked from it.
    Offset(u64),
    /// The number of its record (EVTX).
    Record(u64),
}

/// An event behind a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Evidence {
    /// When. First, so that evidence sorts by time.
    pub time: Option<Timestamp>,
    /// The file.
    pub path: Arc<str>,
    /// Where in it.
    pub position: Position,
    /// The raw text.
    pub raw: String,
    /// Whether stock Splunk would match it too (SPLUNK.md, "Two readings").
    pub strict: bool,
}

impl Evidence {
    /// Roughly how many bytes of memory it holds.
    #[must_use]
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.raw.capacity()
    }
}

/// What an aggregation takes in of one row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Input<'r> {
    /// The row itself.
    Row,
    /// The argument's value, `None` where the row lacks it.
    Value(Option<&'r Field>),
}

/// What was computed over a group, by name; `None` where there was nothing to compute.
pub type Results = Vec<(String, Option<Field>)>;

/// Calls `visit` with what each aggregation takes in of a row: its number, the name of the field
/// where it goes over all that fit a wildcard, and the input.
pub(super) fn each_input(
    stats: &Stats,
    record: &Record,
    scratch: &Scratch,
    mut visit: impl FnMut(usize, Option<&str>, Input<'_>),
) {
    for (at, aggregation) in stats.aggregations.iter().enumerate() {
        match &aggregation.argument {
            Argument::Rows => visit(at, None, Input::Row),
            Argument::Field(name) => visit(at, None, Input::Value(record.get(name))),
            Argument::Eval(expr) => {
                // `count(eval(X))` counts the rows where X is true.
                let env = Env { row: record, scratch };
                let field = if expr.is_boolean() {
                    (expr.truth(env) == Some(true)).then(|| Field::text("1"))
                } else {
                    expr.eval(env).into_field()
                };
                visit(at, None, Input::Value(field.as_ref()));
            }
            Argument::Fields(glob) => {
                for (name, field) in record.iter() {
                    let apart = name.starts_with('_') || stats.by.iter().any(|by| by == name);
                    if !apart && glob.matches(name) {
                        visit(at, Some(name), Input::Value(Some(field)));
                    }
                }
            }
        }
    }
}

/// One group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// One an aggregation, as written.
    slots: Vec<Slot>,
    /// The events behind it, where they are asked for.
    evidence: Vec<Evidence>,
}

/// The state of one aggregation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Slot {
    /// Over one field, or over the rows.
    Single(Accumulator),
    /// Over a wildcard: by the field's name.
    Wild(Named<Accumulator>),
}

impl Slot {
    fn start(aggregation: &Aggregation) -> Self {
        match aggregation.argument {
            Argument::Fields(_) => Self::Wild(Named::default()),
            _ => Self::Single(aggregation.function.start()),
        }
    }

    fn merge(&mut self, other: Self) {
        match (self, other) {
            (Self::Single(mine), Self::Single(theirs)) => mine.merge(theirs),
            (Self::Wild(mine), Self::Wild(theirs)) => {
                for (name, accumulator) in theirs.into_pairs() {
                    match mine.get_mut(&name) {
                        Some(own) => own.merge(accumulator),
                        None => mine.set(&name, accumulator),
                    }
                }
            }
            // Both come from the same plan.
            _ => {}
        }
    }
}

impl Group {
    fn start(stats: &Stats) -> Self {
        let slots = stats.aggregations.iter().map(Slot::start).collect();
        Self { slots, evidence: Vec::new() }
    }

    fn update(
        &mut self,
        stats: &Stats,
        record: &Record,
        place: &Place,
        scratch: &Scratch,
    ) -> usize {
        let mut grown = 0;
        each_input(stats, record, scratch, |at, name, input| {
            let Some(slot) = self.slots.get_mut(at) else { return };
            grown += match (slot, name) {
                (Slot::Single(single), _) => single.take_in(input, place),
                (Slot::Wild(wild), Some(name)) => {
                    if let Some(accumulator) = wild.get_mut(name) {
                        accumulator.take_in(input, place)
                    } else {
                        let mut accumulator = stats.aggregations[at].function.start();
                        let grown = accumulator.take_in(input, place);
                        wild.set(name, accumulator);
                        grown + name.len() + size_of::<Accumulator>()
                    }
                }
                (Slot::Wild(_), None) => 0,
            };
        });
        grown
    }

    /// What was computed, and the events behind it by time.
    fn finish(self, stats: &Stats) -> (Results, Vec<Evidence>) {
        let mut results = Vec::new();
        for (aggregation, slot) in stats.aggregations.iter().zip(self.slots) {
            match slot {
                Slot::Single(single) => results.push((aggregation.name.clone(), single.finish())),
                Slot::Wild(wild) => results.extend(wild.into_pairs().map(|(name, accumulator)| {
                    (aggregation.name_for(name.into()), accumulator.finish())
                })),
            }
        }
        let mut evidence = self.evidence;
        evidence.sort_unstable();
        (results, evidence)
    }

    fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.slots.iter_mut().zip(other.slots) {
            mine.merge(theirs);
        }
        self.evidence.extend(other.evidence);
    }
}

/// Every group of one `stats`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Groups(#[serde(with = "super::pairs")] BTreeMap<GroupKey, Group>);

impl Groups {
    /// Takes in one row. A row that lacks a by-field is dropped, one with several values in a
    /// by-field is in the group of each (SPLUNK.md 4, stats).
    ///
    /// Returns by how many bytes the groups grew; by more than any limit, and without having done
    /// so, for a row of more than [`MAX_GROUPS`] groups.
    pub fn update(
        &mut self,
        stats: &Stats,
        record: &Record,
        place: &Place,
        evidence: Vec<Evidence>,
        scratch: &Scratch,
    ) -> usize {
        let Some(keys) = keys(stats, record) else { return TOO_MUCH };
        let mut grown = 0;
        let mut evidence = Some(evidence);
        let mut keys = keys.into_iter().peekable();
        while let Some(key) = keys.next() {
            let key_size: usize = key.0.iter().map(Value::size).sum();
            let group = self.0.entry(key).or_insert_with(|| {
                grown += key_size + size_of::<Group>();
                grown += stats.aggregations.len() * size_of::<Accumulator>();
                Group::start(stats)
            });
            grown += group.update(stats, record, place, scratch);
            // Only a row of several groups has its evidence more than once.
            let last = keys.peek().is_none();
            let mine = if last { evidence.take() } else { evidence.clone() }.unwrap_or_default();
            grown += mine.iter().map(Evidence::size).sum::<usize>();
            group.evidence.extend(mine);
        }
        grown
    }

    /// Takes in the groups of another worker.
    pub fn merge(&mut self, other: Self) {
        for (key, group) in other.0 {
            match self.0.entry(key) {
                std::collections::btree_map::Entry::Occupied(slot) => slot.into_mut().merge(group),
                std::collections::btree_map::Entry::Vacant(slot) => {
                    slot.insert(group);
                }
            }
        }
    }

    /// The rows, sorted by the by-fields (SPLUNK.md 4, stats), each with its evidence by time.
    #[must_use]
    pub fn finish(mut self, stats: &Stats) -> Vec<(Record, Vec<Evidence>)> {
        let counts = stats.aggregations.iter().any(|a| a.function.counts_nothing());
        if self.0.is_empty() && stats.by.is_empty() && counts {
            self.0.insert(GroupKey(Vec::new()), Group::start(stats));
        }
        self.0.into_iter().map(|(key, group)| finish_group(stats, key, group)).collect()
    }

    /// What was computed over each group.
    #[must_use]
    pub fn into_results(self, stats: &Stats) -> BTreeMap<GroupKey, Results> {
        self.0.into_iter().map(|(key, group)| (key, group.finish(stats).0)).collect()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn finish_group(stats: &Stats, key: GroupKey, group: Group) -> (Record, Vec<Evidence>) {
    let by = stats.by.iter().cloned().zip(key.0.into_iter().map(Field::One));
    let mut record = Record::new(by);
    let (results, evidence) = group.finish(stats);
    results.into_iter().for_each(|(name, field)| record.set(&name, field));
    (record, evidence)
}

/// The keys of one row: none when it lacks a by-field, several when one has several values, each
/// once. `None` where it would be in more groups than [`MAX_GROUPS`].
#[must_use]
pub fn keys(stats: &Stats, record: &Record) -> Option<Vec<GroupKey>> {
    let mut fields = Vec::with_capacity(stats.by.len());
    let mut count = 1_usize;
    for name in &stats.by {
        let Some(field) = record.field(name) else { return Some(Vec::new()) };
        count = count.saturating_mul(field.values().len());
        fields.push(field);
    }
    if count > MAX_GROUPS {
        return None;
    }
    let mut keys = vec![Vec::with_capacity(fields.len())];
    for field in &fields {
        keys = keys
            .into_iter()
            .flat_map(|key| {
                field.values().iter().map(move |value| {
                    let mut key = key.clone();
                    key.push(value.clone());
                    key
                })
            })
            .collect();
    }
    let mut keys: Vec<_> = keys.into_iter().map(GroupKey).collect();
    keys.dedup();
    Some(keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::{Aggregation, Function};
    use crate::eval::glob::Glob;
    use jiff::Timestamp;

    fn values_of_all(by: &[&str]) -> Stats {
        Stats {
            aggregations: vec![
                Aggregation {
                    function: Function::Values,
                    argument: Argument::Fields(Glob::new("*")),
                    name: "*".to_owned(),
                },
                Aggregation {
                    function: Function::Count,
                    argument: Argument::Rows,
                    name: "count".to_owned(),
                },
            ],
            by: by.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    fn record(fields: &[(&str, &[&str])]) -> Record {
        Record::new(fields.iter().map(|(name, values)| {
            let values = values.iter().map(|&value| Value::from(value)).collect();
            ((*name).to_owned(), Field::from_values(values).unwrap())
        }))
    }

    fn run(stats: &Stats, records: &[Record]) -> Groups {
        let mut groups = Groups::default();
        for (at, record) in records.iter().enumerate() {
            let time = Timestamp::from_second(at as i64).ok();
            groups.update(stats, record, &Place::new(time, 0, 0), Vec::new(), &Scratch::default());
        }
        groups
    }

    fn shown(stats: &Stats, groups: Groups) -> Vec<String> {
        let rows = groups.finish(stats).into_iter();
        rows.map(|(record, _)| {
            let cells = record.iter().map(|(name, field)| {
                let values: Vec<_> = field.values().iter().map(|v| v.text().into_owned()).collect();
                format!("{name}={}", values.join("+"))
            });
            cells.collect::<Vec<_>>().join(" ")
        })
        .collect()
    }

    #[test]
    fn a_wildcard_skips_by_fields_and_internal_ones() {
        // SPLUNK.md 4, stats, and traps 21 and 22.
        let stats = values_of_all(&["host"]);
        let records = [
            record(&[("host", &["b"]), ("x", &["10"]), ("_raw", &["r"])]),
            record(&[("host", &["b"]), ("x", &["9", "10"])]),
            record(&[("x", &["dropped: it has no host"])]),
            record(&[("host", &["a", "b"]), ("y", &["1"])]),
        ];
        let rows = shown(&stats, run(&stats, &records));
        assert_eq!(rows, ["count=1 host=a y=1", "count=3 host=b x=10+9 y=1"]);
    }

    #[test]
    fn a_row_of_too_many_groups_outgrows_any_limit() {
        let stats = values_of_all(&["a", "b"]);
        let many: Vec<String> = (0..1025).map(|n| n.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        for (a, is_in) in [(&many[..1024], true), (&many[..], false)] {
            let record = record(&[("a", a), ("b", &many[..1024])]);
            assert_eq!(keys(&stats, &record).map(|keys| keys.len()), is_in.then_some(1 << 20));
        }
        let record = record(&[("a", &many), ("b", &many)]);
        let mut groups = Groups::default();
        let place = Place::of_row(0, None);
        let grown = groups.update(&stats, &record, &place, Vec::new(), &Scratch::default());
        assert_eq!((grown, groups.is_empty()), (TOO_MUCH, true));
    }

    #[test]
    fn groups_sort_numbers_by_size_and_text_by_bytes() {
        let stats = values_of_all(&["n"]);
        let records = ["10", "9", "b", "a"].map(|n| record(&[("n", &[n])]));
        let rows = shown(&stats, run(&stats, &records));
        assert_eq!(rows, ["count=1 n=9", "count=1 n=10", "count=1 n=a", "count=1 n=b"]);
    }

    #[test]
    fn no_row_still_counts_as_none() {
        let stats = values_of_all(&[]);
        assert_eq!(shown(&stats, Groups::default()), ["count=0"]);
        let stats = values_of_all(&["host"]);
        assert!(shown(&stats, Groups::default()).is_empty());
    }

    #[test]
    fn partials_travel_as_text() {
        let stats = values_of_all(&["host"]);
        let first = run(&stats, &[record(&[("host", &["a"]), ("x", &["1"])])]);
        let second = run(&stats, &[record(&[("host", &["a"]), ("x", &["2"])])]);
        let text = serde_json::to_string(&second).unwrap();
        let mut merged = first;
        merged.merge(serde_json::from_str(&text).unwrap());
        assert_eq!(shown(&stats, merged), ["count=2 host=a x=1+2"]);
    }
}
