//! The first look where the processor has vectors: from each needle two rare bytes, a fixed
//! distance apart.
//!
//! Letters of either case differ in one bit, so both cases are in the same set of bytes, and a
//! set of pairs costs the same whatever its size: four table look-ups a byte (`simd.rs`). Needles
//! that start alike share a bucket.

use std::ops::Range;

use super::simd::{ByteSets, Pairs};

/// How many buckets there are.
const MOST_BUCKETS: usize = 8;
/// How far apart the two bytes of a pair may be.
const FARTHEST: usize = 6;

/// A search for pairs of bytes, each confirmed by its needle.
#[derive(Debug)]
pub(super) struct RarePairs {
    pairs: Pairs,
    needles: Vec<Needle>,
}

#[derive(Debug)]
struct Needle {
    /// Where the pair starts in the needle.
    offset: usize,
    /// The needle, lower-cased.
    bytes: Vec<u8>,
}

impl RarePairs {
    /// A search for these needles; `None` without vectors, or where the needles are too
    /// different for eight buckets.
    pub(super) fn new(needles: &[&[u8]]) -> Option<Self> {
        let needles: Vec<Vec<u8>> = needles.iter().map(|n| n.to_ascii_lowercase()).collect();
        let (distance, places) = (1..=FARTHEST)
            .filter_map(|distance| Some((distance, places(&needles, distance)?)))
            .max_by_key(|(_, places)| weakest(&needles, places))?;
        let mut buckets: Vec<u8> = Vec::new();
        let (mut first, mut second) = (ByteSets::default(), ByteSets::default());
        for (needle, place) in needles.iter().zip(&places) {
            let (a, b) = (needle[place.offset], needle[place.offset + distance]);
            let bucket = buckets.iter().position(|&lead| lead == a).unwrap_or_else(|| {
                buckets.push(a);
                buckets.len() - 1
            });
            let bucket = u8::try_from(bucket).ok().filter(|&b| usize::from(b) < MOST_BUCKETS)?;
            for (sets, byte) in [(&mut first, a), (&mut second, b)] {
                sets.add(byte, bucket);
                sets.add(byte.to_ascii_uppercase(), bucket);
            }
        }
        let needles = needles
            .into_iter()
            .zip(places)
            .map(|(bytes, place)| Needle { offset: place.offset, bytes })
            .collect();
        Some(Self { pairs: Pairs::new(first, second, distance)?, needles })
    }

    /// The start of a needle in `span`: of the pairs that stand whole in the span, the first that
    /// its needle confirms.
    pub(super) fn find(&self, bytes: &[u8], span: Range<usize>) -> Option<usize> {
        let within = bytes.get(..span.end)?;
        let mut from = span.start;
        loop {
            let hit = self.pairs.find(within, from)?;
            if let Some(start) = self.confirm(within, span.start, hit) {
                return Some(start);
            }
            from = hit + 1;
        }
    }

    /// The start of a needle whose pair starts at `hit`.
    fn confirm(&self, bytes: &[u8], floor: usize, hit: usize) -> Option<usize> {
        self.needles
            .iter()
            .filter_map(|needle| {
                let start = hit.checked_sub(needle.offset).filter(|&start| start >= floor)?;
                let has = bytes.get(start..start + needle.bytes.len())?;
                has.eq_ignore_ascii_case(&needle.bytes).then_some(start)
            })
            .min()
    }
}

/// The pair of one needle.
#[derive(Debug, Clone, Copy)]
struct Place {
    offset: usize,
    rarity: u32,
}

/// The rarest pair at this distance of each needle; `None` where one is too short for any.
fn places(needles: &[Vec<u8>], distance: usize) -> Option<Vec<Place>> {
    needles
        .iter()
        .map(|needle| {
            let offsets = 0..needle.len().checked_sub(distance)?;
            offsets
                .map(|offset| Place {
                    offset,
                    // Neighbours go together (`.m` of `.microsoft`): bytes apart tell more.
                    rarity: rarity(needle[offset])
                        + rarity(needle[offset + distance])
                        + u32::from(distance > 1),
                })
                // Of equals the first, so that needles that start alike share a bucket.
                .max_by_key(|place| (place.rarity, std::cmp::Reverse(place.offset)))
        })
        .collect()
}

/// How selective a set of pairs is: that of its first needle, the literal itself, counts most;
/// the others are escapes, rare wherever they start.
fn weakest(needles: &[Vec<u8>], places: &[Place]) -> (u32, u32) {
    let least = places.iter().map(|place| place.rarity).min().unwrap_or(0);
    let first = if needles.is_empty() { 0 } else { places[0].rarity };
    (least.min(first), first)
}

/// How rare a byte is in logs, in bits, roughly: measured on event XML, classic event text, JSON
/// and EVTX together, where letters are counted in both cases.
fn rarity(byte: u8) -> u32 {
    match byte {
        0 => 1,
        b'e' | b't' | b'a' | b'i' | b'n' | b's' | b'r' | b'o' => 4,
        b' ' | b'c' | b'd' | b'l' | b'm' | b'u' | b'p' | b'0' | b'1' | b'-' => 5,
        b'2'..=b'9' | b'a'..=b'z' | b'<' | b'>' | b'"' | b'\'' | b'=' | b'/' | b'\\' => 6,
        b'.' | b':' | b',' | b'_' => 7,
        _ => 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_finds_a_needle_exactly_where_there_is_one(
            needles in prop::collection::vec(
                prop::collection::vec(prop::sample::select(b".mMsSi\0&#".to_vec()), 2..7), 1..5),
            bytes in prop::collection::vec(prop::sample::select(b".mMsSi\0&#x ".to_vec()), 0..300),
            pad in 0usize..200,
        ) {
            let mut haystack = vec![b'x'; pad];
            haystack.extend(&bytes);
            let slices: Vec<&[u8]> = needles.iter().map(Vec::as_slice).collect();
            let Some(search) = RarePairs::new(&slices) else { return Ok(()) };
            let span = pad / 2..haystack.len();
            let starts: Vec<usize> = span.clone().filter(|&at| {
                needles.iter().any(|needle| {
                    haystack.get(at..at + needle.len()).is_some_and(|has| has.eq_ignore_ascii_case(needle))
                })
            }).collect();
            for from in span.clone().step_by(7).chain(starts.iter().copied()) {
                let found = search.find(&haystack, from..span.end);
                let expected = starts.iter().find(|&&start| start >= from);
                prop_assert_eq!(found.is_some(), expected.is_some());
                prop_assert!(found.is_none_or(|found| starts.contains(&found) && found >= from));
            }
        }
    }

    #[test]
    fn the_built_in_rules_needles_fit() {
        let needles: Vec<Vec<u8>> =
            [".msi", ".m\u{17f}i", "\\u002e", "\\u006d", "&#4", "&#x", "<![CDATA["]
                .iter()
                .map(|needle| needle.as_bytes().to_vec())
                .collect();
        let slices: Vec<&[u8]> = needles.iter().map(Vec::as_slice).collect();
        assert!(RarePairs::new(&slices).is_some() || !cfg!(target_arch = "x86_64"));
    }
}
