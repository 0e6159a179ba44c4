//! Teddy, as aho-corasick packs it, which takes 64 patterns and tells cases apart: three bytes of
//! each needle in groups of 64, a pass each, over a lower-cased copy.

use std::collections::{BTreeMap, HashMap};

use aho_corasick::packed::{Config, MatchKind, Searcher};

use super::engine::{Engine, Sink};

/// The most patterns that one search takes.
const MOST: usize = 64;
/// Bytes of a window; a shorter needle is its own.
const WINDOW: usize = 3;

#[derive(Debug)]
pub struct Teddies {
    groups: Vec<Group>,
    needles: Vec<Vec<u8>>,
    folded: Vec<u8>,
}

#[derive(Debug)]
struct Group {
    search: Searcher,
    /// Of each window the needles, and where in them it stands.
    places: Vec<Vec<(usize, usize)>>,
}

impl Teddies {
    /// `sample` tells which windows are rare. `None` where the processor has no vectors.
    pub fn new(needles: &[Vec<u8>], sample: &[u8]) -> Option<Self> {
        let mut counts: HashMap<Vec<u8>, usize> = HashMap::new();
        for window in sample.to_ascii_lowercase().windows(WINDOW) {
            *counts.entry(window.to_vec()).or_default() += 1;
        }
        let mut windows = BTreeMap::<_, Vec<(usize, usize)>>::new();
        for (number, needle) in needles.iter().enumerate() {
            let length = WINDOW.min(needle.len());
            let count = |window: &[u8]| counts.get(window).copied().unwrap_or(0);
            let (offset, window) =
                needle.windows(length).enumerate().min_by_key(|(_, window)| count(window))?;
            windows.entry((length, window.to_vec())).or_default().push((number, offset));
        }
        // One place is in one window of a group at most, if all are of one length.
        let mut groups = Vec::new();
        let windows: Vec<_> = windows.into_iter().collect();
        for alike in windows.chunk_by(|a, b| a.0.0 == b.0.0) {
            for chunk in alike.chunks(MOST) {
                let search = Config::new()
                    .match_kind(MatchKind::LeftmostFirst)
                    .only_teddy(true)
                    .builder()
                    .extend(chunk.iter().map(|((_, window), _)| window))
                    .build()?;
                let places = chunk.iter().map(|(_, places)| places.clone()).collect();
                groups.push(Group { search, places });
            }
        }
        Some(Self { groups, needles: needles.to_vec(), folded: Vec::new() })
    }

    /// How many passes it takes.
    pub fn passes(&self) -> usize {
        self.groups.len()
    }
}

impl Engine for Teddies {
    fn search(&mut self, text: &[u8], sink: &mut impl Sink) {
        self.folded.clear();
        self.folded.extend_from_slice(text);
        self.folded.make_ascii_lowercase();
        let text = &self.folded;
        for group in &self.groups {
            let mut from = 0;
            while let Some(hit) = group.search.find_in(text, (from..text.len()).into()) {
                from = hit.start() + 1;
                for &(number, offset) in &group.places[hit.pattern().as_usize()] {
                    let Some(start) = hit.start().checked_sub(offset) else { continue };
                    if !sink.has(number) && text[start..].starts_with(&self.needles[number]) {
                        sink.found(number);
                    }
                }
            }
        }
    }

    fn memory(&self) -> usize {
        let places =
            |group: &Group| group.places.iter().map(|of| 16 * of.len() + 24).sum::<usize>();
        self.groups.iter().map(|group| group.search.memory_usage() + places(group)).sum()
    }
}
