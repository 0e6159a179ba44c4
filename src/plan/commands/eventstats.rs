//! `eventstats`: what `stats` computes over each group, written into the rows of the group
//! (SPLUNK.md 4, eventstats).

use super::{Context, Held, Lowered, SetCommand, compile_stats, keys_of, place_of, results};
use crate::aggregate::{Groups, Stats};
use crate::eval::expr::Compiler;
use crate::spl::ast;

#[derive(Debug)]
struct Eventstats {
    stats: Stats,
}

pub(super) fn lower(stats: &ast::Stats, compiler: &mut Compiler) -> Lowered {
    Lowered::Set(Box::new(Eventstats { stats: compile_stats(stats, compiler) }))
}

impl SetCommand for Eventstats {
    fn apply(&self, mut rows: Vec<Held>, context: Context<'_>) -> Vec<Held> {
        let mut groups = Groups::default();
        let mut held = 0;
        for (at, (record, _)) in rows.iter().enumerate() {
            let place = place_of(at, record);
            let grown = groups.update(&self.stats, record, &place, Vec::new(), context.scratch);
            if !context.allowance.take(grown) {
                return Vec::new();
            }
            held += grown;
        }
        let computed = groups.into_results(&self.stats);
        for (at, (record, _)) in rows.iter_mut().enumerate() {
            let keys = keys_of(&self.stats, record, context);
            let of_groups: Vec<_> = keys.iter().filter_map(|key| computed.get(key)).collect();
            let results = results::combine(&of_groups);
            if !results::has_room(&results, context) {
                rows.truncate(at);
                break;
            }
            // Where there is nothing to compute the row stays as it is.
            for (name, field) in results.into_iter().filter(|(_, field)| field.is_some()) {
                record.set(&name, field);
            }
        }
        context.allowance.give_back(held);
        rows
    }
}
