//! Many rules: which of them can match an event, by all clauses that a match of each needs.
//!
//! One clause is enough to search for. But of a thousand rules' literals every event holds some,
//! and what tells the rules apart is that all clauses of one are there: all needles are looked
//! for in one pass over the event.

use std::collections::HashMap;

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::dfa::DFA;
use aho_corasick::{Anchored, BuildError, MatchKind, StartKind};

use super::RuleSet;
use crate::plan::Guard;

/// How many parts of a text are walked side by side.
const LANES: usize = 4;

/// How much of a needle is looked for: its start is as good, for what is found is looked at again,
/// and the lead of a part stays short.
const LONGEST: usize = 32;

/// The clauses of all rules, and one automaton for all their needles.
#[derive(Debug)]
pub(super) struct Clauses {
    search: DFA,
    /// The clauses of all needles, and where those of each start.
    clauses_of: Vec<u32>,
    starts: Vec<u32>,
    /// How many words a bit a clause takes.
    words: usize,
    /// How far before its part of a text a walk starts, to know every needle that ends in it.
    lead: usize,
    /// The clauses of each rule.
    of_rule: Vec<Vec<u32>>,
}

impl Clauses {
    /// The clauses of these rules, of each all that it has.
    ///
    /// # Errors
    /// When the needles are too many for one automaton.
    pub(super) fn new(rules: &[&[Guard]]) -> Result<Self, BuildError> {
        let mut clauses: HashMap<&[Vec<u8>], u32> = HashMap::new();
        let mut needles: HashMap<&[u8], usize> = HashMap::new();
        let mut pairs: Vec<(usize, u32)> = Vec::new();
        let mut of_rule = Vec::new();
        for guards in rules {
            let mut of = Vec::new();
            for guard in *guards {
                let next = u32::try_from(clauses.len()).unwrap_or(u32::MAX);
                let clause = *clauses.entry(&guard.needles).or_insert(next);
                of.push(clause);
                if clause == next {
                    for needle in &guard.needles {
                        let needle = &needle[..needle.len().min(LONGEST)];
                        let next = needles.len();
                        pairs.push((*needles.entry(needle).or_insert(next), clause));
                    }
                }
            }
            of_rule.push(of);
        }
        let words = clauses.len().div_ceil(64);
        pairs.sort_unstable();
        pairs.dedup();
        let start = |needle| pairs.partition_point(|&(of, _)| of < needle);
        let starts =
            (0..=needles.len()).map(|needle| u32::try_from(start(needle)).unwrap_or(u32::MAX));
        let starts = starts.collect();
        let clauses_of = pairs.iter().map(|&(_, clause)| clause).collect();
        let mut list: Vec<(&[u8], usize)> = needles.into_iter().collect();
        list.sort_unstable_by_key(|&(_, number)| number);
        let longest = list.iter().map(|(needle, _)| needle.len()).max();
        let lead = longest.unwrap_or(0).saturating_sub(1);
        let search = DFA::builder()
            .ascii_case_insensitive(true)
            // Standard semantics, so that a long needle never hides a short one inside it.
            .match_kind(MatchKind::Standard)
            .start_kind(StartKind::Unanchored)
            .prefilter(false)
            .build(list.iter().map(|(needle, _)| needle))?;
        Ok(Self { search, clauses_of, starts, words, lead, of_rule })
    }

    /// Removes from `rules` those that cannot match an event with these bytes. `seen` is scratch
    /// memory.
    pub(super) fn keep(&self, bytes: &[u8], rules: &mut RuleSet, seen: &mut Vec<u64>) {
        self.look(bytes, seen);
        let has = |&clause: &u32| seen[clause as usize / 64] & (1 << (clause % 64)) != 0;
        rules.retain(|rule| self.of_rule[rule].iter().all(has));
    }

    /// Marks the clauses of which some needle is in `bytes`.
    ///
    /// A step of the automaton waits for the one before it, so four parts of the text are walked
    /// side by side: more than twice as fast as one after the other (`results/`, engines). A part
    /// after the first starts early enough to know every needle that ends in it.
    fn look(&self, bytes: &[u8], seen: &mut Vec<u64>) {
        seen.clear();
        seen.resize(self.words, 0);
        let search = &self.search;
        let Ok(start) = search.start_state(Anchored::No) else { return };
        let step = |state, byte| search.next_state(Anchored::No, state, byte);
        let part = bytes.len() / LANES;
        let (mut state, mut at) = (start, 0);
        if part > self.lead {
            let mut states = [start; LANES];
            for (lane, state) in states.iter_mut().enumerate().skip(1) {
                let lead = &bytes[lane * part - self.lead..lane * part];
                *state = lead.iter().fold(start, |state, &byte| step(state, byte));
            }
            let parts: [&[u8]; LANES] =
                std::array::from_fn(|lane| &bytes[lane * part..(lane + 1) * part]);
            for at in 0..part {
                for (state, part) in states.iter_mut().zip(parts) {
                    *state = step(*state, part[at]);
                }
                if states.iter().any(|&state| search.is_special(state)) {
                    states.iter().for_each(|&state| self.mark(state, seen));
                }
            }
            (state, at) = (states[LANES - 1], LANES * part);
        }
        for &byte in &bytes[at..] {
            state = step(state, byte);
            if search.is_special(state) {
                self.mark(state, seen);
            }
        }
    }

    /// Marks the clauses of the needles that end in a state.
    fn mark(&self, state: StateID, seen: &mut [u64]) {
        if !self.search.is_match(state) {
            return;
        }
        for at in 0..self.search.match_len(state) {
            let needle = self.search.match_pattern(state, at).as_usize();
            // Nearly every needle is in a few clauses only.
            let clauses = self.starts[needle] as usize..self.starts[needle + 1] as usize;
            for &clause in &self.clauses_of[clauses] {
                seen[clause as usize / 64] |= 1 << (clause % 64);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_rule_stays_where_each_of_its_clauses_has_a_needle(
            rules in prop::collection::vec(
                prop::collection::vec(prop::collection::vec("[ab.]{1,3}|[ab]{28,36}", 1..3), 0..3), 1..80),
            text in "[abAB. ]{0,40}|([ab.]{1,9}|a{30,40}){30,60}",
        ) {
            let guards: Vec<Vec<Guard>> = rules.iter().map(|rule| rule.iter().map(|clause| Guard {
                needles: clause.iter().map(|needle| needle.as_bytes().to_vec()).collect(),
                literals: clause.clone(),
                bits: 9,
            }).collect()).collect();
            let slices: Vec<&[Guard]> = guards.iter().map(Vec::as_slice).collect();
            let clauses = Clauses::new(&slices).unwrap();
            let mut kept = RuleSet::none(rules.len());
            (0..rules.len()).for_each(|rule| kept.insert(rule));
            clauses.keep(text.as_bytes(), &mut kept, &mut vec![7; 3]);
            let lower = text.to_lowercase();
            let naive: Vec<usize> = (0..rules.len()).filter(|&rule| {
                rules[rule].iter().all(|clause| clause.iter().any(|needle| {
                    lower.contains(&needle[..needle.len().min(LONGEST)])
                }))
            }).collect();
            prop_assert_eq!(kept.iter().collect::<Vec<_>>(), naive);
        }
    }
}
