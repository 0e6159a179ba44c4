//! `transaction`: events of the same values that lie together in time become one row (SPLUNK.md 4,
//! transaction, and the Search Reference).
//!
//! Events are looked at newest first, so a transaction begins with its end. Splunk gives up
//! transactions when too many are open, for want of memory; here all rows are held anyway, so none
//! is.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Compiler, Context, Held, Lowered, SetCommand, condition, time_of};
use crate::aggregate::Evidence;
use crate::eval::expr::{Env, Expr};
use crate::eval::row::{Record, names};
use crate::eval::search::Search;
use crate::spl::ast::{self, EventFilter, Nanoseconds};
use crate::value::{Field, Value};

/// How many open transactions of one value an event is held against, the last opened first: as many
/// as Splunk keeps open in all (limits.conf, maxopentxn). Only events that share one by-field and
/// differ in another get near it.
const MAX_CANDIDATES: usize = 5_000;

/// The fields that the row of a transaction has beside those of its events.
pub(super) const ADDED: [&str; 3] = ["duration", "eventcount", "closed_txn"];

#[derive(Debug)]
struct Transaction {
    fields: Vec<String>,
    max_span: Option<Nanoseconds>,
    max_pause: Option<Nanoseconds>,
    max_events: usize,
    starts_with: Option<Filter>,
    ends_with: Option<Filter>,
    keep_evicted: bool,
}

#[derive(Debug)]
enum Filter {
    Search(Search),
    Eval(Expr),
}

impl Filter {
    fn holds(&self, record: &Record, context: Context<'_>) -> bool {
        match self {
            Self::Search(search) => search.holds(record),
            Self::Eval(expr) => {
                expr.truth(Env { row: record, scratch: context.scratch }) == Some(true)
            }
        }
    }
}

pub(super) fn lower(transaction: &ast::Transaction, compiler: &mut Compiler) -> Lowered {
    let mut filter = |filter: &Option<EventFilter>| {
        filter.as_ref().map(|filter| match filter {
            EventFilter::Search(expr) => Filter::Search(Search::compile(expr)),
            EventFilter::Eval(expr) => Filter::Eval(condition(expr, compiler)),
        })
    };
    let starts_with = filter(&transaction.starts_with);
    let ends_with = filter(&transaction.ends_with);
    Lowered::Set(Box::new(Transaction {
        fields: transaction.fields.iter().map(|field| field.node.clone()).collect(),
        max_span: transaction.max_span,
        max_pause: transaction.max_pause,
        max_events: usize::try_from(transaction.max_events).unwrap_or(usize::MAX),
        starts_with,
        ends_with,
        keep_evicted: transaction.keep_evicted,
    }))
}

impl SetCommand for Transaction {
    fn apply(&self, rows: Vec<Held>, context: Context<'_>) -> Vec<Held> {
        // An event without a time lies nowhere.
        let timed = rows.into_iter().filter_map(|row| Some((time_of(&row.0)?, row)));
        let mut events: Vec<(Timestamp, Held)> = timed.collect();
        events.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
        let mut closed = Vec::new();
        let mut open = OpenSet::default();
        let last = events.last().map(|(time, _)| *time);
        for (at, (time, row)) in events.into_iter().enumerate() {
            self.take_in(Event { at, time, row }, &mut open, &mut closed, context);
        }
        for transaction in open.into_all() {
            let is_over = last.is_some_and(|last| self.is_over(&transaction, last));
            self.close(transaction, is_over, &mut closed);
        }
        closed.sort_by_key(|done| (std::cmp::Reverse(done.start), done.newest));
        closed.into_iter().map(|done| done.row).collect()
    }
}

/// The next event.
struct Event {
    at: usize,
    time: Timestamp,
    row: Held,
}

/// A transaction that may still grow.
struct Open {
    /// The number of its newest event: which transaction it is.
    newest: usize,
    end: Timestamp,
    start: Timestamp,
    /// The values of the by-fields, as far as its events have them.
    values: BTreeMap<usize, Vec<String>>,
    rows: Vec<Held>,
}

/// A transaction that is done.
struct Done {
    newest: usize,
    start: Timestamp,
    row: Held,
}

impl Transaction {
    fn take_in(
        &self,
        event: Event,
        open: &mut OpenSet,
        closed: &mut Vec<Done>,
        context: Context<'_>,
    ) {
        let values = self.values(&event.row.0);
        if values.is_empty() && !self.fields.is_empty() {
            return;
        }
        let holds = |filter: &Option<Filter>| {
            filter.as_ref().is_some_and(|filter| filter.holds(&event.row.0, context))
        };
        let (is_start, is_end) = (holds(&self.starts_with), holds(&self.ends_with));
        let mut found = None;
        while let Some(candidate) = open.take(&values) {
            let is_over = self.is_over(&candidate, event.time);
            if !is_over && !is_end {
                found = Some(candidate);
                break;
            }
            self.close(candidate, is_over, closed);
        }
        let mut transaction = match found {
            Some(found) => found,
            // What ends nothing is in no transaction where ends are told.
            None if self.ends_with.is_some() && !is_end => return,
            None => Open::new(&event),
        };
        transaction.add(event, values);
        if is_start || transaction.rows.len() >= self.max_events {
            self.close(transaction, true, closed);
        } else {
            open.put(transaction);
        }
    }

    /// The values of those by-fields that an event has.
    fn values(&self, record: &Record) -> BTreeMap<usize, Vec<String>> {
        let texts = |field: &Field| field.values().iter().map(|v| v.text().into_owned()).collect();
        let fields = self.fields.iter().enumerate();
        fields.filter_map(|(at, name)| Some((at, texts(record.get(name)?)))).collect()
    }

    /// Whether an event of this time is too early to belong to a transaction.
    fn is_over(&self, open: &Open, time: Timestamp) -> bool {
        let since = |from: Timestamp| from.as_nanosecond() - time.as_nanosecond();
        self.max_span.is_some_and(|span| since(open.end) > span)
            || self.max_pause.is_some_and(|pause| since(open.start) > pause)
    }

    /// Makes the row of a transaction, unless it is evicted: it never met the condition that would
    /// have closed it. Only where a start is told, for else the last ones would always be.
    fn close(&self, open: Open, is_closed: bool, closed: &mut Vec<Done>) {
        if is_closed || self.starts_with.is_none() || self.keep_evicted {
            closed.push(open.into_done(is_closed));
        }
    }
}

impl Open {
    fn new(event: &Event) -> Self {
        Self {
            newest: event.at,
            end: event.time,
            start: event.time,
            values: BTreeMap::new(),
            rows: Vec::new(),
        }
    }

    fn add(&mut self, event: Event, values: BTreeMap<usize, Vec<String>>) {
        self.start = event.time;
        self.values.extend(values);
        self.rows.push(event.row);
    }

    fn into_done(self, is_closed: bool) -> Done {
        let (count, nanos) =
            (self.rows.len(), self.end.as_nanosecond() - self.start.as_nanosecond());
        let (mut record, evidence) = merge(self.rows);
        record.set(names::TIME, Some(Field::One(Value::Time(self.start))));
        #[allow(clippy::cast_precision_loss)]
        let numbers = [nanos as f64 / 1e9, count as f64, f64::from(u8::from(is_closed))];
        for (name, number) in ADDED.into_iter().zip(numbers) {
            record.set(name, Some(Field::One(Value::Number(number))));
        }
        Done { newest: self.newest, start: self.start, row: (record, evidence) }
    }
}

/// One row of all: the raw texts a line each, oldest first; of every other field its distinct
/// values, sorted (`mvlist=f`).
fn merge(rows: Vec<Held>) -> Held {
    let mut values: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    let mut raws = Vec::new();
    let mut evidence: Vec<Evidence> = Vec::new();
    for (record, behind) in rows {
        evidence.extend(behind);
        for (name, field) in record.into_fields() {
            if name == names::RAW {
                raws.extend(field.values().iter().map(|value| value.text().into_owned()));
                continue;
            }
            let values = values.entry(name).or_default();
            for value in field.into_values() {
                values.entry(value.text().into_owned()).or_insert(value);
            }
        }
    }
    evidence.sort_unstable();
    let merged = values.into_iter().filter_map(|(name, values)| {
        Some((name, Field::from_values(values.into_values().collect())?))
    });
    let mut record = Record::new(merged);
    if !raws.is_empty() {
        raws.reverse();
        record.set(names::RAW, Some(Field::text(raws.join("\n"))));
    }
    (record, evidence)
}

/// The transactions that may still grow, found by the values of their by-fields.
#[derive(Default)]
struct OpenSet {
    all: BTreeMap<usize, Open>,
    /// By the number of a by-field and its values; under `None` all of them, where there are no
    /// by-fields.
    by_value: BTreeMap<Option<(usize, Vec<String>)>, BTreeSet<usize>>,
}

impl OpenSet {
    fn places(values: &BTreeMap<usize, Vec<String>>) -> Vec<Option<(usize, Vec<String>)>> {
        if values.is_empty() {
            return vec![None];
        }
        values.iter().map(|(at, values)| Some((*at, values.clone()))).collect()
    }

    fn put(&mut self, open: Open) {
        for place in Self::places(&open.values) {
            self.by_value.entry(place).or_default().insert(open.newest);
        }
        self.all.insert(open.newest, open);
    }

    /// Takes out the transaction that an event of these values belongs to: it shares one of them
    /// and contradicts none. Of several the one with the newest end.
    fn take(&mut self, values: &BTreeMap<usize, Vec<String>>) -> Option<Open> {
        let agrees = |open: &Open| {
            values.iter().all(|(at, value)| open.values.get(at).is_none_or(|own| own == value))
        };
        let places = Self::places(values);
        let ids = places.iter().filter_map(|place| self.by_value.get(place));
        let candidates = ids.flat_map(|ids| ids.iter().rev().take(MAX_CANDIDATES));
        let newest = candidates.copied().filter(|id| self.all.get(id).is_some_and(agrees)).min()?;
        let open = self.all.remove(&newest)?;
        for place in Self::places(&open.values) {
            if let Some(ids) = self.by_value.get_mut(&place) {
                ids.remove(&newest);
                if ids.is_empty() {
                    self.by_value.remove(&place);
                }
            }
        }
        Some(open)
    }

    fn into_all(self) -> impl Iterator<Item = Open> {
        self.all.into_values()
    }
}
