//! `append`: the rows of a subsearch behind those that there are (Search Reference, append). The
//! subsearch is a plan of its own that the sweep runs beside the rule's.

use super::join::MAX_ROWS;
use super::{Context, Held, Lowered, SetCommand};
use crate::aggregate::Evidence;
use crate::eval::row::Record;

#[derive(Debug)]
struct Append {
    /// Which of the rule's subsearches it is.
    subsearch: usize,
}

/// `subsearch` is the number of the command among those of the rule that have a subsearch.
pub(super) fn lower(subsearch: usize) -> Lowered {
    Lowered::Set(Box::new(Append { subsearch }))
}

impl SetCommand for Append {
    fn apply(&self, mut rows: Vec<Held>, context: Context<'_>) -> Vec<Held> {
        let found = context.subsearches.get(self.subsearch).map_or(&[][..], Vec::as_slice);
        if found.len() > MAX_ROWS {
            context.allowance.note(format!(
                "append uses the first {MAX_ROWS} of {} rows of its subsearch, as Splunk does",
                found.len()
            ));
        }
        for (record, evidence) in found.iter().take(MAX_ROWS) {
            let size = record.size() + evidence.iter().map(Evidence::size).sum::<usize>();
            if !context.allowance.take(size) {
                break;
            }
            let fields = record.iter().map(|(name, field)| (name.to_owned(), field.clone()));
            rows.push((Record::new(fields), evidence.clone()));
        }
        rows
    }
}
