//! `sort`: rows in another order (SPLUNK.md 4, sort).

use std::borrow::Cow;
use std::cmp::Ordering;
use std::net::IpAddr;

use super::{Context, Held, Lowered, SetCommand};
use crate::eval::row::Record;
use crate::spl::ast::{self, SortKey, SortKind};
use crate::value::Value;

#[derive(Debug)]
struct Sort {
    limit: Option<usize>,
    order: Order,
}

pub(super) fn lower(sort: &ast::Sort) -> Lowered {
    let limit = sort.limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
    Lowered::Set(Box::new(Sort { limit, order: Order::new(&sort.keys) }))
}

impl SetCommand for Sort {
    fn apply(&self, rows: Vec<Held>, context: Context<'_>) -> Vec<Held> {
        let count = rows.len();
        let mut rows = self.order.sort(rows);
        if let Some(limit) = self.limit.filter(|&limit| limit < count) {
            rows.truncate(limit);
            context.allowance.note(format!(
                "sort keeps the first {limit} of {count} rows, as Splunk does (`sort 0` keeps all)"
            ));
        }
        rows
    }
}

/// An order of rows: by one field after another, rows that differ in none as they came.
#[derive(Debug)]
pub(super) struct Order(Vec<SortKey>);

impl Order {
    pub(super) fn new(keys: &[SortKey]) -> Self {
        Self(keys.to_vec())
    }

    /// Puts rows into this order.
    pub(super) fn sort(&self, rows: Vec<Held>) -> Vec<Held> {
        let keys: Vec<Vec<Option<Vec<Key<'_>>>>> =
            rows.iter().map(|(record, _)| self.keys_of(record)).collect();
        let mut places: Vec<usize> = (0..rows.len()).collect();
        places.sort_by(|&a, &b| match (keys.get(a), keys.get(b)) {
            (Some(a), Some(b)) => self.compare(a, b),
            _ => Ordering::Equal,
        });
        drop(keys);
        let mut rows: Vec<Option<Held>> = rows.into_iter().map(Some).collect();
        places.into_iter().filter_map(|place| rows.get_mut(place)?.take()).collect()
    }

    fn keys_of<'r>(&self, record: &'r Record) -> Vec<Option<Vec<Key<'r>>>> {
        let field = |key: &SortKey| record.get(&key.field.node);
        let values = |key: &SortKey| {
            let kind = key.kind;
            field(key).map(|field| field.values().iter().map(|v| Key::of(v, kind)).collect())
        };
        self.0.iter().map(values).collect()
    }

    fn compare(&self, a: &[Option<Vec<Key<'_>>>], b: &[Option<Vec<Key<'_>>>]) -> Ordering {
        let pairs = self.0.iter().zip(a.iter().zip(b));
        let mut orders = pairs.map(|(key, pair)| match pair {
            (Some(a), Some(b)) if key.descending => b.cmp(a),
            (Some(a), Some(b)) => a.cmp(b),
            // A missing value is last whichever way round (SPLUNK.md 4, sort).
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        });
        orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

/// What a value is compared as. Splunk compares each two values as what both are, which is no
/// order where three are of different kinds; here numbers come first, then addresses, then text,
/// as in the rows of `stats`.
#[derive(Debug)]
enum Key<'v> {
    /// By size, and exactly where it is a time: in nanoseconds.
    Number(f64, i128),
    Address(IpAddr),
    /// By bytes.
    Text(Cow<'v, str>),
}

impl<'v> Key<'v> {
    fn of(value: &'v Value, kind: SortKind) -> Self {
        let number = || {
            let nanos = if let Value::Time(time) = value { time.as_nanosecond() } else { 0 };
            // Both zeros are one.
            value.number().map(|number| Self::Number(number + 0.0, nanos))
        };
        let address = || value.text().trim().parse().ok().map(Self::Address);
        let key = match kind {
            SortKind::Auto => number().or_else(address),
            SortKind::Number => number(),
            SortKind::Address => address(),
            SortKind::Text => None,
        };
        key.unwrap_or_else(|| Self::Text(value.text()))
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Number(..) => 0,
            Self::Address(_) => 1,
            Self::Text(_) => 2,
        }
    }
}

impl Ord for Key<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a, x), Self::Number(b, y)) => a.total_cmp(b).then_with(|| x.cmp(y)),
            (Self::Address(a), Self::Address(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_then_addresses_then_text() {
        let sorted = |kind, values: &[&str]| {
            let values: Vec<Value> = values.iter().map(|&value| Value::from(value)).collect();
            let mut keys: Vec<_> =
                values.iter().map(|value| (Key::of(value, kind), value)).collect();
            keys.sort_by(|a, b| a.0.cmp(&b.0));
            keys.into_iter().map(|(_, value)| value.text().into_owned()).collect::<Vec<_>>()
        };
        let mixed = ["b", "10.0.0.10", "10", "10.0.0.9", "9", "B", "::1"];
        // SPLUNK.md 4, sort.
        for (kind, expected) in [
            (SortKind::Auto, ["9", "10", "10.0.0.9", "10.0.0.10", "::1", "B", "b"]),
            (SortKind::Number, ["9", "10", "10.0.0.10", "10.0.0.9", "::1", "B", "b"]),
            (SortKind::Address, ["10.0.0.9", "10.0.0.10", "::1", "10", "9", "B", "b"]),
            (SortKind::Text, ["10", "10.0.0.10", "10.0.0.9", "9", "::1", "B", "b"]),
        ] {
            assert_eq!(sorted(kind, &mixed), expected, "{kind:?}");
        }
    }
}
