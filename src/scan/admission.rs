//! Which rules an event of some kind is put to.

use std::collections::HashMap;

use crate::eval::event_kind::{EventKind, KindReader};
use crate::plan::Plan;
use crate::prefilter::RuleSet;

/// How many kinds are remembered; then all are forgotten, so that memory is bounded.
const MOST_KINDS: usize = 4096;

/// The rules of each kind of event, as far as they have been asked for; one a worker.
#[derive(Debug, Default)]
pub(super) struct Admission {
    known: HashMap<EventKind, RuleSet>,
}

impl Admission {
    /// The rules that an event of this kind may match.
    pub(super) fn of(&mut self, kind: EventKind, reader: &KindReader, plans: &[&Plan]) -> &RuleSet {
        if self.known.len() >= MOST_KINDS {
            self.known.clear();
        }
        self.known.entry(kind).or_insert_with(|| {
            let mut rules = RuleSet::none(plans.len());
            for (rule, plan) in plans.iter().enumerate() {
                if plan.kinds.may_match(&kind, reader) {
                    rules.insert(rule);
                }
            }
            rules
        })
    }
}

/// A reader of kinds that tells apart what these plans do.
pub(super) fn kind_reader(plans: &[&Plan]) -> KindReader {
    let mut fields = Vec::new();
    plans.iter().for_each(|plan| plan.kinds.fields(&mut fields));
    KindReader::new(fields)
}
