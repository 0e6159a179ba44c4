//! `dedup`: the first rows of each combination of values (SPLUNK.md 4, dedup).

use std::collections::BTreeMap;

use super::sort::Order;
use super::{Context, Held, Lowered, SetCommand};
use crate::eval::row::Record;
use crate::spl::ast;

#[derive(Debug)]
struct Dedup {
    limit: u64,
    fields: Vec<String>,
    keep_events: bool,
    keep_empty: bool,
    consecutive: bool,
    order: Option<Order>,
}

pub(super) fn lower(dedup: &ast::Dedup) -> Lowered {
    let order = (!dedup.sort_by.is_empty()).then(|| Order::new(&dedup.sort_by));
    Lowered::Set(Box::new(Dedup {
        limit: dedup.limit,
        fields: dedup.fields.iter().map(|field| field.node.clone()).collect(),
        keep_events: dedup.keep_events,
        keep_empty: dedup.keep_empty,
        consecutive: dedup.consecutive,
        order,
    }))
}

/// The values of the fields: all values of each, in order and as they are written.
type Combination = Vec<Vec<String>>;

impl Dedup {
    /// The combination of a row; `None` where it lacks a field.
    fn combination(&self, record: &Record) -> Option<Combination> {
        let values = |name: &String| {
            let values = record.get(name)?.values().iter();
            Some(values.map(|value| value.text().into_owned()).collect())
        };
        self.fields.iter().map(values).collect()
    }
}

impl SetCommand for Dedup {
    fn apply(&self, rows: Vec<Held>, _: Context<'_>) -> Vec<Held> {
        // The order decides which rows are the first, so it comes before.
        let rows = match &self.order {
            Some(order) => order.sort(rows),
            None => rows,
        };
        let mut seen: BTreeMap<Combination, u64> = BTreeMap::new();
        let keep = |(mut record, evidence): Held| {
            let Some(combination) = self.combination(&record) else {
                return self.keep_empty.then_some((record, evidence));
            };
            if self.consecutive && !seen.contains_key(&combination) {
                seen.clear();
            }
            let times = seen.entry(combination).or_default();
            *times += 1;
            if *times <= self.limit {
                return Some((record, evidence));
            }
            // With `keepevents` a row stays and loses the fields.
            record.retain(|name| !self.fields.iter().any(|field| field == name));
            self.keep_events.then_some((record, evidence))
        };
        rows.into_iter().filter_map(keep).collect()
    }
}
