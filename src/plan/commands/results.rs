//! Results of groups, written into the rows of the groups.

use std::collections::BTreeSet;

use super::Context;
use crate::aggregate::Results;
use crate::eval::row::Record;
use crate::value::{Field, Value};

/// Writes the results of a row's groups into it. It stays as it is where it has none, for it
/// lacks a by-field, and where there was nothing to compute (SPLUNK.md 4, eventstats). `false`
/// when there is no room for them.
pub(super) fn write(record: &mut Record, groups: &[&Results], context: Context<'_>) -> bool {
    let mut set = |name: &str, field: Option<Field>| {
        let Some(field) = field else { return true };
        let has_room = context.allowance.take(field.size() + name.len());
        if has_room {
            record.set(name, Some(field));
        }
        has_room
    };
    match groups {
        [] => true,
        [one] => one.iter().all(|(name, field)| set(name, field.clone())),
        _ => {
            let names: BTreeSet<&str> =
                groups.iter().flat_map(|one| one.iter().map(|(name, _)| name.as_str())).collect();
            names.into_iter().all(|name| set(name, several(groups, name)))
        }
    }
}

/// The results of a row that is in several groups, for a by-field has several values: those of
/// each group, in the order of the row's values, each once. A test of them then holds when it
/// holds of any group, as tests of multivalue fields do (SPLUNK.md, "Decisions"; what Splunk
/// writes there is documented nowhere).
fn several(groups: &[&Results], name: &str) -> Option<Field> {
    let mut values: Vec<Value> = Vec::new();
    let mut seen = BTreeSet::new();
    let named = groups.iter().flat_map(|one| one.iter()).filter(|(known, _)| known == name);
    for value in named.flat_map(|(_, field)| field.iter().flat_map(Field::values)) {
        if seen.insert(value.text().into_owned()) {
            values.push(value.clone());
        }
    }
    Field::from_values(values)
}
