//! The project's own first look: fingerprints, which take as many needles as fit eight buckets. So
//! the needles are put into groups, a pass each; where a group has a hit, its automaton says what.

use aho_corasick::AhoCorasickBuilder;
use coldsweep::plan::Guard;
use coldsweep::prefilter::Prefilter;

use super::engine::{Engine, Sink};

/// How much is put to the automaton at a hit.
const AROUND: usize = 64;

#[derive(Debug)]
pub struct FingerprintGroups {
    groups: Vec<Group>,
    longest: usize,
}

#[derive(Debug)]
struct Group {
    first: Prefilter,
    search: aho_corasick::AhoCorasick,
    /// The number of each of its needles.
    numbers: Vec<usize>,
}

impl FingerprintGroups {
    /// `sample` tells which bytes are rare. `None` where some needle fits no fingerprint.
    pub fn new(needles: &[Vec<u8>], sample: &[u8]) -> Option<Self> {
        let mut counts = [1u64; 256];
        sample.iter().for_each(|byte| counts[usize::from(byte.to_ascii_lowercase())] += 1);
        let rarest = |needle: &[u8]| needle.iter().copied().min_by_key(|&b| counts[usize::from(b)]);
        let mut order: Vec<usize> = (0..needles.len()).collect();
        // A bucket is for fingerprints that start alike.
        order.sort_by_key(|&number| rarest(&needles[number]));
        let mut groups = Vec::new();
        divide(needles, &order, sample, &mut groups)?;
        let longest = needles.iter().map(Vec::len).max()?;
        Some(Self { groups, longest })
    }

    /// How many passes it takes.
    pub fn passes(&self) -> usize {
        self.groups.len()
    }
}

/// Puts needles into one group, or into two halves where they do not fit.
fn divide(
    needles: &[Vec<u8>],
    numbers: &[usize],
    sample: &[u8],
    groups: &mut Vec<Group>,
) -> Option<()> {
    let of: Vec<Vec<u8>> = numbers.iter().map(|&number| needles[number].clone()).collect();
    let guard = Guard { needles: of.clone(), literals: Vec::new(), bits: 0 };
    let fits = |first: &Prefilter| format!("{first:?}").contains("first: Fingerprints(");
    let first = Prefilter::new([Some(&guard)].into_iter(), sample).ok()?;
    if fits(&first) {
        let search = AhoCorasickBuilder::new().ascii_case_insensitive(true).build(&of).ok()?;
        groups.push(Group { first, search, numbers: numbers.to_vec() });
        return Some(());
    }
    if numbers.len() < 2 {
        return None;
    }
    let (left, right) = numbers.split_at(numbers.len() / 2);
    divide(needles, left, sample, groups)?;
    divide(needles, right, sample, groups)
}

impl Engine for FingerprintGroups {
    fn search(&mut self, text: &[u8], sink: &mut impl Sink) {
        for group in &self.groups {
            // Needles that start before this place have been told.
            let mut done = 0;
            while let Some(hit) = group.first.find(text, done..text.len()) {
                // A needle before it may have its fingerprint behind that of the hit.
                let from = done.max(hit.saturating_sub(self.longest));
                let to = hit + AROUND;
                let span = from..(to + self.longest).min(text.len());
                let input = aho_corasick::Input::new(text).span(span);
                for found in group.search.find_overlapping_iter(input) {
                    if found.start() < to {
                        sink.found(group.numbers[found.pattern().as_usize()]);
                    }
                }
                done = to.min(text.len());
            }
        }
    }

    fn memory(&self) -> usize {
        self.groups.iter().map(|group| group.search.memory_usage()).sum()
    }
}
