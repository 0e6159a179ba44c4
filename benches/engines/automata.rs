//! Aho-Corasick: the automaton that `prefilter/clauses.rs` has, a smaller one, and the first in
//! several lanes.

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::dfa::DFA;
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, MatchKind, StartKind};

use super::engine::{Engine, Sink};

/// One automaton, a byte after the other.
#[derive(Debug)]
pub struct Walk<A>(pub A);

/// A table of all states and classes of bytes.
pub fn dfa(needles: &[Vec<u8>]) -> DFA {
    DFA::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .start_kind(StartKind::Unanchored)
        .prefilter(false)
        .build(needles)
        .unwrap()
}

/// States with the transitions they have, and one to fall back to.
pub fn nfa(needles: &[Vec<u8>]) -> NFA {
    NFA::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .prefilter(false)
        .build(needles)
        .unwrap()
}

#[inline]
fn tell(search: &impl Automaton, state: StateID, sink: &mut impl Sink) {
    if search.is_special(state) && search.is_match(state) {
        for at in 0..search.match_len(state) {
            sink.found(search.match_pattern(state, at).as_usize());
        }
    }
}

impl<A: Automaton> Engine for Walk<A> {
    fn search(&mut self, text: &[u8], sink: &mut impl Sink) {
        let search = &self.0;
        let mut state = search.start_state(Anchored::No).unwrap();
        for &byte in text {
            state = search.next_state(Anchored::No, state, byte);
            tell(search, state, sink);
        }
    }

    fn memory(&self) -> usize {
        self.0.memory_usage()
    }
}

/// The same table walked in so many parts of the text at once: what one walk waits for is memory,
/// and the walks wait together.
#[derive(Debug)]
pub struct Lanes<const LANES: usize> {
    search: DFA,
    /// How far before its part a walk must start to know every needle that ends in it.
    lead: usize,
}

impl<const LANES: usize> Lanes<LANES> {
    pub fn new(needles: &[Vec<u8>]) -> Self {
        let longest = needles.iter().map(Vec::len).max().unwrap_or(1);
        Self { search: dfa(needles), lead: longest - 1 }
    }
}

impl<const LANES: usize> Engine for Lanes<LANES> {
    fn search(&mut self, text: &[u8], sink: &mut impl Sink) {
        let search = &self.search;
        let start = search.start_state(Anchored::No).unwrap();
        let part = text.len() / LANES;
        let mut states = [start; LANES];
        let mut at = 0;
        if part > self.lead {
            let lead: [&[u8]; LANES] = std::array::from_fn(|lane| match lane {
                0 => &[][..],
                _ => &text[lane * part - self.lead..lane * part],
            });
            for (state, lead) in states.iter_mut().zip(lead) {
                for &byte in lead {
                    *state = search.next_state(Anchored::No, *state, byte);
                }
            }
            let parts: [&[u8]; LANES] =
                std::array::from_fn(|lane| &text[lane * part..(lane + 1) * part]);
            for step in 0..part {
                for (state, part) in states.iter_mut().zip(parts) {
                    *state = search.next_state(Anchored::No, *state, part[step]);
                }
                if states.iter().any(|&state| search.is_special(state)) {
                    states.iter().for_each(|&state| tell(search, state, sink));
                }
            }
            at = LANES * part;
        }
        let mut state = states[LANES - 1];
        for &byte in &text[at..] {
            state = search.next_state(Anchored::No, state, byte);
            tell(search, state, sink);
        }
    }

    fn memory(&self) -> usize {
        self.search.memory_usage()
    }
}
