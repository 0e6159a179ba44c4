//! `join`: rows put together with those of a subsearch (SPLUNK.md 4, join, and the Search
//! Reference). The subsearch is a plan of its own that the sweep runs beside the rule's.

use std::collections::{BTreeMap, BTreeSet};

use super::{Context, Held, Lowered, SetCommand, keys_of};
use crate::aggregate::{GroupKey, Stats};
use crate::eval::row::Record;
use crate::spl::ast;

/// How many rows of a subsearch are used (SPLUNK.md 4, join).
pub(super) const MAX_ROWS: usize = 50_000;

/// What a row costs beside its fields, roughly.
const ROW: usize = 64;

#[derive(Debug)]
struct Join {
    /// Which of the rule's subsearches it is.
    subsearch: usize,
    /// The fields, as by-fields: a row with several values in one has the matches of each.
    by: Stats,
    keeps_all: bool,
    max: usize,
    overwrite: bool,
}

/// `subsearch` is the number of the command among those of the rule that have a subsearch.
pub(super) fn lower(join: &ast::Join, subsearch: usize) -> Lowered {
    let by = join.fields.iter().map(|field| field.node.clone()).collect();
    let max = if join.max == 0 { u64::MAX } else { join.max };
    Lowered::Set(Box::new(Join {
        subsearch,
        by: Stats { aggregations: Vec::new(), by },
        keeps_all: join.keeps_all,
        max: usize::try_from(max).unwrap_or(usize::MAX),
        overwrite: join.overwrite,
    }))
}

impl SetCommand for Join {
    fn apply(&self, rows: Vec<Held>, context: Context<'_>) -> Vec<Held> {
        let found = context.subsearches.get(self.subsearch).map_or(&[][..], Vec::as_slice);
        let used = found.get(..MAX_ROWS).unwrap_or(found);
        if used.len() < found.len() {
            context.allowance.note(format!(
                "join uses the first {MAX_ROWS} of {} rows of its subsearch, as Splunk does",
                found.len()
            ));
        }
        let mut by_key: BTreeMap<GroupKey, Vec<usize>> = BTreeMap::new();
        for (at, (record, _)) in used.iter().enumerate() {
            for key in keys_of(&self.by, record, context) {
                by_key.entry(key).or_default().push(at);
            }
        }
        let mut joined = Vec::new();
        for row in rows {
            let matches: BTreeSet<usize> = keys_of(&self.by, &row.0, context)
                .iter()
                .filter_map(|key| by_key.get(key))
                .flat_map(|places| places.iter().copied().take(self.max))
                .collect();
            if matches.is_empty() {
                joined.extend(self.keeps_all.then_some(row));
                continue;
            }
            for other in matches.into_iter().take(self.max).filter_map(|at| used.get(at)) {
                let new = self.put_together(&row, other);
                let evidence: usize = new.1.iter().map(crate::aggregate::Evidence::size).sum();
                if !context.allowance.take(ROW + new.0.size() + evidence) {
                    return joined;
                }
                joined.push(new);
            }
        }
        joined
    }
}

impl Join {
    fn put_together(&self, (record, evidence): &Held, (other, behind): &Held) -> Held {
        let fields = |record: &Record| -> Vec<_> {
            record.iter().map(|(name, field)| (name.to_owned(), field.clone())).collect()
        };
        let mut new = Record::new(fields(record));
        for (name, field) in fields(other) {
            // The fields that rows are joined by stay as the row has them, several values and all.
            let is_own = record.get(&name).is_some();
            if !is_own || (self.overwrite && !self.by.by.contains(&name)) {
                new.set(&name, Some(field));
            }
        }
        let mut evidence: Vec<_> = evidence.iter().chain(behind).cloned().collect();
        evidence.sort_unstable();
        evidence.dedup();
        (new, evidence)
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::super::Allowance;
    use super::*;
    use crate::eval::row::Scratch;
    use crate::value::Field;

    fn row(name: &str, value: &str) -> Held {
        let fields = [("k", "x"), (name, value)];
        let fields = fields.map(|(name, value)| (name.to_owned(), Field::text(value)));
        (Record::new(fields), Vec::new())
    }

    /// SPLUNK.md 4, join: 50,000 rows of the subsearch, which is said when there are more.
    #[test]
    fn a_subsearch_gives_fifty_thousand_rows() {
        for (count, is_said) in [(50_000, false), (50_001, true)] {
            let found: Vec<Held> = (0..count).map(|n| row("n", &n.to_string())).collect();
            let by = Stats { aggregations: Vec::new(), by: vec!["k".to_owned()] };
            let join =
                Join { subsearch: 0, by, keeps_all: false, max: usize::MAX, overwrite: true };
            let allowance = Allowance::new(usize::MAX);
            let context = Context {
                scratch: &Scratch::default(),
                timezone: &TimeZone::UTC,
                allowance: &allowance,
                subsearches: &[found],
            };
            let rows = join.apply(vec![row("m", "1")], context);
            assert_eq!(rows.len(), 50_000);
            assert_eq!(!allowance.take_notes().is_empty(), is_said, "{count}");
        }
    }
}
