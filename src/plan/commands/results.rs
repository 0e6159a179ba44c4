//! Results of groups, on their way into the rows of the groups.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::Context;
use crate::aggregate::Results;
use crate::value::{Field, Value};

/// What is written into a row of these groups. It is in several where a by-field has several
/// values: then a result is that of each group, in the order of the row's values, each value
/// once. So a test of it holds when it holds of any group, as tests of multivalue fields do
/// (SPLUNK.md, "Decisions"; what Splunk writes there is documented nowhere).
pub(super) fn combine(groups: &[&Results]) -> Results {
    if let [one] = groups {
        return (*one).clone();
    }
    let mut all: BTreeMap<&str, (Vec<Value>, BTreeSet<Cow<'_, str>>)> = BTreeMap::new();
    for (name, field) in groups.iter().flat_map(|one| one.iter()) {
        let (values, seen) = all.entry(name).or_default();
        for value in field.iter().flat_map(Field::values) {
            if seen.insert(value.text()) {
                values.push(value.clone());
            }
        }
    }
    all.into_iter()
        .map(|(name, (values, _))| (name.to_owned(), Field::from_values(values)))
        .collect()
}

/// Whether there is room for these results in a row.
pub(super) fn has_room(results: &Results, context: Context<'_>) -> bool {
    let size = |(name, field): &(String, Option<Field>)| {
        name.len() + field.as_ref().map_or(0, Field::size)
    };
    context.allowance.take(results.iter().map(size).sum())
}
