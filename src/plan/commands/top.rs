//! `top` and `rare`: the values that most or fewest rows have (Search Reference, top).

use std::collections::BTreeMap;

use super::{Context, Held, Lowered, SetCommand, keys_of};
use crate::aggregate::{Evidence, GroupKey, Stats};
use crate::eval::row::Record;
use crate::spl::ast;
use crate::value::{Field, Value};

#[derive(Debug)]
struct Top {
    rarest: bool,
    limit: usize,
    /// The by-fields of the command, then the fields whose values are counted: a row that lacks
    /// one is not counted, one with several values counts for each.
    fields: Stats,
    /// How many of them are by-fields of the command.
    by: usize,
    count: Option<String>,
    percent: Option<String>,
}

pub(super) fn lower(top: &ast::Top) -> Lowered {
    let limit = if top.limit == 0 { u64::MAX } else { top.limit };
    let fields = top.by.iter().chain(&top.fields).map(|field| field.node.clone()).collect();
    Lowered::Set(Box::new(Top {
        rarest: top.rarest,
        limit: usize::try_from(limit).unwrap_or(usize::MAX),
        fields: Stats { aggregations: Vec::new(), by: fields },
        by: top.by.len(),
        count: top.count.clone(),
        percent: top.percent.clone(),
    }))
}

/// How many rows have a combination of values, and the events behind them.
#[derive(Default)]
struct Counted {
    count: u64,
    evidence: Vec<Evidence>,
}

impl SetCommand for Top {
    fn apply(&self, rows: Vec<Held>, context: Context<'_>) -> Vec<Held> {
        let mut counts: BTreeMap<GroupKey, Counted> = BTreeMap::new();
        for (record, evidence) in rows {
            for key in keys_of(&self.fields, &record, context) {
                let events: usize = evidence.iter().map(Evidence::size).sum();
                let values: usize = key.0.iter().map(Value::size).sum();
                if !context.allowance.take(values + events) {
                    return Vec::new();
                }
                let counted = counts.entry(key).or_default();
                counted.count += 1;
                counted.evidence.extend(evidence.iter().cloned());
            }
        }
        // Keys come sorted, so those of one group come together.
        let mut groups: Vec<Vec<(GroupKey, Counted)>> = Vec::new();
        for (key, counted) in counts {
            match groups.last_mut() {
                Some(group) if group.first().is_some_and(|(k, _)| self.is_same(k, &key)) => {
                    group.push((key, counted));
                }
                _ => groups.push(vec![(key, counted)]),
            }
        }
        groups.into_iter().flat_map(|group| self.rows_of(group)).collect()
    }
}

impl Top {
    /// Whether two keys are of one group.
    fn is_same(&self, a: &GroupKey, b: &GroupKey) -> bool {
        let by = |key: &GroupKey| GroupKey(key.0.iter().take(self.by).cloned().collect());
        by(a) == by(b)
    }

    /// The rows of a group: by count, then by value.
    fn rows_of(&self, mut group: Vec<(GroupKey, Counted)>) -> Vec<Held> {
        let all: u64 = group.iter().map(|(_, counted)| counted.count).sum();
        group.sort_by(
            |(_, a), (_, b)| {
                if self.rarest { a.count.cmp(&b.count) } else { b.count.cmp(&a.count) }
            },
        );
        group.truncate(self.limit);
        group.into_iter().map(|(key, counted)| self.row(key, counted, all)).collect()
    }

    fn row(&self, key: GroupKey, counted: Counted, all: u64) -> Held {
        let values = key.0.into_iter().map(Field::One);
        let mut record = Record::new(self.fields.by.iter().cloned().zip(values));
        #[allow(clippy::cast_precision_loss)]
        let (count, all) = (counted.count as f64, all as f64);
        if let Some(name) = &self.count {
            record.set(name, Some(Field::One(Value::Number(count))));
        }
        if let Some(name) = &self.percent {
            // Six decimals, as Splunk writes it.
            let percent = format!("{:.6}", count / all.max(1.0) * 100.0);
            record.set(name, Some(Field::text(percent)));
        }
        let mut evidence = counted.evidence;
        evidence.sort_unstable();
        (record, evidence)
    }
}

/// The columns of the rows, in their order: they have no others.
pub(super) fn columns(top: &ast::Top) -> Vec<String> {
    let fields = top.by.iter().chain(&top.fields).map(|field| field.node.clone());
    fields.chain(top.count.clone()).chain(top.percent.clone()).collect()
}
