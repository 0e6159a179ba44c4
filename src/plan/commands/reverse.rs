//! `reverse`: the rows the other way round; `tail`: the last rows, the last one first.

use super::{Context, Held, Lowered, SetCommand};

#[derive(Debug)]
struct Reverse {
    limit: usize,
}

/// `reverse`.
pub(super) fn lower() -> Lowered {
    Lowered::Set(Box::new(Reverse { limit: usize::MAX }))
}

/// `tail`: its rows come in reverse order too (Search Reference, tail).
pub(super) fn lower_tail(limit: u64) -> Lowered {
    Lowered::Set(Box::new(Reverse { limit: usize::try_from(limit).unwrap_or(usize::MAX) }))
}

impl SetCommand for Reverse {
    fn apply(&self, rows: Vec<Held>, _: Context<'_>) -> Vec<Held> {
        rows.into_iter().rev().take(self.limit).collect()
    }
}
