//! `head`: the first rows.

use super::{Context, Held, Lowered, SetCommand};
use crate::spl::ast;

#[derive(Debug)]
struct Head {
    limit: usize,
}

pub(super) fn lower(head: &ast::Head) -> Lowered {
    Lowered::Set(Box::new(Head { limit: usize::try_from(head.limit).unwrap_or(usize::MAX) }))
}

impl SetCommand for Head {
    fn apply(&self, mut rows: Vec<Held>, _: Context<'_>) -> Vec<Held> {
        rows.truncate(self.limit);
        rows
    }
}
