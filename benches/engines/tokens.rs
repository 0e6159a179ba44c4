//! A table of whole index tokens, as Splunk's own search has: every token of a text is looked up.
//! It finds needles that are whole tokens only, so that its answer is another.

use std::collections::HashSet;

use coldsweep::eval::segment::Segments;

use super::engine::{Engine, Sink};
use super::naive::Naive;

#[derive(Debug)]
pub struct TokenTable {
    slots: Vec<Option<u32>>,
    needles: Vec<Vec<u8>>,
    segments: Segments,
}

impl TokenTable {
    pub fn new(needles: &[Vec<u8>]) -> Self {
        let mut slots = vec![None; (4 * needles.len()).next_power_of_two()];
        for (number, needle) in needles.iter().enumerate() {
            let mut at = hash(needle) as usize & (slots.len() - 1);
            while slots[at].is_some() {
                at = (at + 1) & (slots.len() - 1);
            }
            slots[at] = Some(number as u32);
        }
        Self { slots, needles: needles.to_vec(), segments: Segments::default() }
    }
}

/// FNV-1a of the folded bytes.
fn hash(token: &[u8]) -> u64 {
    let mix = |hash: u64, byte: &u8| {
        (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3)
    };
    let hash = token.iter().fold(0xcbf2_9ce4_8422_2325, mix);
    hash ^ hash >> 32
}

impl Engine for TokenTable {
    fn search(&mut self, text: &[u8], sink: &mut impl Sink) {
        self.segments.reset(text);
        for (start, end) in self.segments.tokens() {
            let token = &text[start..end];
            let mut at = hash(token) as usize & (self.slots.len() - 1);
            while let Some(number) = self.slots[at] {
                if token.eq_ignore_ascii_case(&self.needles[number as usize]) {
                    sink.found(number as usize);
                    break;
                }
                at = (at + 1) & (self.slots.len() - 1);
            }
        }
    }

    fn memory(&self) -> usize {
        let needles: usize = self.needles.iter().map(|needle| needle.len() + 24).sum();
        self.slots.len() * size_of::<Option<u32>>() + needles
    }
}

/// Every needle searched for alone, and its places asked whether they are tokens.
#[derive(Debug)]
pub struct NaiveTokens {
    needles: Vec<Vec<u8>>,
}

impl NaiveTokens {
    pub fn new(needles: &[Vec<u8>]) -> Self {
        Self { needles: needles.to_vec() }
    }
}

impl Engine for NaiveTokens {
    fn search(&mut self, text: &[u8], sink: &mut impl Sink) {
        let (folded, segments) = (text.to_ascii_lowercase(), Segments::of(text));
        for (number, needle) in self.needles.iter().enumerate() {
            let mut places = memchr::memmem::find_iter(&folded, needle);
            if places.any(|start| segments.is_token(start, start + needle.len())) {
                sink.found(number);
            }
        }
    }

    fn memory(&self) -> usize {
        0
    }
}

/// How many pairs of an event and a needle in it there are, and in how many the needle is a token.
pub fn shares(needles: &[Vec<u8>], events: &[&[u8]]) -> (usize, usize) {
    struct Pairs(HashSet<usize>);
    impl Sink for Pairs {
        fn found(&mut self, needle: usize) {
            self.0.insert(needle);
        }
        fn has(&self, needle: usize) -> bool {
            self.0.contains(&needle)
        }
    }
    fn count(mut engine: impl Engine, events: &[&[u8]]) -> usize {
        let pairs = events.iter().map(|event| {
            let mut pairs = Pairs(HashSet::new());
            engine.search(event, &mut pairs);
            pairs.0.len()
        });
        pairs.sum()
    }
    (count(Naive::new(needles), events), count(NaiveTokens::new(needles), events))
}

/// Whether a needle can be an index token: no major breaker in it, and no breaker that would end
/// it.
pub fn may_be_token(needle: &[u8]) -> bool {
    Segments::of(needle).is_token(0, needle.len())
}
