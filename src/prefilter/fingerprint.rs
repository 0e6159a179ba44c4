//! The first look where the processor has vectors: from each needle three bytes at fixed
//! distances, its *fingerprint*.
//!
//! Letters of either case are in the same set of bytes, and a set of fingerprints costs the same
//! whatever its size: a few table look-ups a byte (`simd.rs`). Needles whose fingerprints start
//! alike share a bucket.
//!
//! Which bytes are rare depends on the data, so that where a sample of the input is at hand, the
//! distances are those that hit least in it.

use std::ops::Range;

use super::simd::{ByteSets, Fingerprints, PLACES};

/// How many buckets there are.
const MOST_BUCKETS: usize = 8;
/// How far the bytes of a fingerprint may be apart.
const FARTHEST: usize = 7;

/// A search for fingerprints, each confirmed by a needle.
#[derive(Debug)]
pub(super) struct FingerprintSearch {
    search: Fingerprints,
    /// The needles of each bucket.
    buckets: [Vec<Needle>; MOST_BUCKETS],
    /// The needles whose fingerprint ends behind them.
    short: Vec<Vec<u8>>,
    /// How far behind its first byte a fingerprint ends.
    reach: usize,
}

#[derive(Debug, Clone)]
struct Needle {
    /// Where the fingerprint starts in the needle.
    offset: usize,
    /// The needle, lower-cased.
    bytes: Vec<u8>,
}

impl FingerprintSearch {
    /// A search for these needles; `None` without vectors, or where the needles are too short or
    /// too different for eight buckets. `sample` is some of what will be searched, or nothing.
    pub(super) fn new(needles: &[&[u8]], sample: &[u8]) -> Option<Self> {
        let needles: Vec<Vec<u8>> = needles.iter().map(|n| n.to_ascii_lowercase()).collect();
        let rarity = Rarity::of(sample);
        let mut layouts: Vec<Layout> =
            distances().filter_map(|distances| Layout::new(&needles, distances, &rarity)).collect();
        layouts.sort_by_key(|layout| std::cmp::Reverse(layout.score));
        // Counting is exact where scores only guess, but takes a pass over the sample each.
        layouts.truncate(MOST_COUNTED);
        layouts
            .into_iter()
            .filter_map(|layout| Self::with(&needles, &layout))
            .min_by_key(|search| search.false_hits(sample))
    }

    fn with(needles: &[Vec<u8>], layout: &Layout) -> Option<Self> {
        let mut leads: Vec<u8> = Vec::new();
        let mut sets = [ByteSets::default(); PLACES];
        let mut buckets: [Vec<Needle>; MOST_BUCKETS] = Default::default();
        let mut short = Vec::new();
        let reach = layout.distances.into_iter().max()?;
        for (needle, &offset) in needles.iter().zip(&layout.offsets) {
            let lead = needle[offset];
            let at = leads.iter().position(|&known| known == lead).unwrap_or_else(|| {
                leads.push(lead);
                leads.len() - 1
            });
            let bucket = u8::try_from(at).ok().filter(|_| at < MOST_BUCKETS)?;
            for (set, distance) in sets.iter_mut().zip(layout.distances) {
                match needle.get(offset + distance) {
                    Some(&byte) => {
                        set.add(byte, bucket);
                        set.add(byte.to_ascii_uppercase(), bucket);
                    }
                    None => set.add_all(bucket),
                }
            }
            if needle.len() <= offset + reach {
                short.push(needle.clone());
            }
            buckets[at].push(Needle { offset, bytes: needle.clone() });
        }
        Some(Self { search: Fingerprints::new(sets, layout.distances)?, buckets, short, reach })
    }

    /// The start of a needle in `span`: of the fingerprints that stand whole in the span, the
    /// first that its needle confirms.
    pub(super) fn find(&self, bytes: &[u8], span: Range<usize>) -> Option<usize> {
        let within = bytes.get(..span.end)?;
        let mut from = span.start;
        while let Some(hit) = self.search.find(within, from) {
            if let Some(start) = self.confirm(within, span.start, hit) {
                return Some(start);
            }
            from = hit + 1;
        }
        self.find_short(within, span.start)
    }

    /// The start of a needle whose fingerprint starts at `hit`.
    fn confirm(&self, bytes: &[u8], floor: usize, hit: usize) -> Option<usize> {
        let taken = self.search.buckets(bytes, hit);
        let mut first = None;
        for (bucket, needles) in self.buckets.iter().enumerate() {
            if taken & (1 << bucket) == 0 {
                continue;
            }
            for needle in needles {
                let start = hit.checked_sub(needle.offset).filter(|&start| start >= floor);
                let found = start.filter(|&start| stands_at(&needle.bytes, bytes, start));
                first = first.into_iter().chain(found).min();
            }
        }
        first
    }

    /// The start of a short needle so near to the end that its fingerprint does not fit.
    fn find_short(&self, bytes: &[u8], floor: usize) -> Option<usize> {
        if self.short.is_empty() {
            return None;
        }
        // The needle may start before its fingerprint does.
        let longest = self.short.iter().map(Vec::len).max()?;
        let from = bytes.len().saturating_sub(longest + self.reach).max(floor);
        (from..bytes.len())
            .find(|&start| self.short.iter().any(|needle| stands_at(needle, bytes, start)))
    }

    /// How often the fingerprints hit in `sample` where no needle is.
    fn false_hits(&self, sample: &[u8]) -> usize {
        let (mut from, mut count) = (0, 0);
        while let Some(hit) = self.search.find(sample, from) {
            count += usize::from(self.confirm(sample, 0, hit).is_none());
            from = hit + 1;
        }
        count
    }
}

/// Whether a lower-case needle is at `start`, in whatever case.
fn stands_at(needle: &[u8], bytes: &[u8], start: usize) -> bool {
    bytes.get(start..start + needle.len()).is_some_and(|has| has.eq_ignore_ascii_case(needle))
}

/// How many layouts are tried on the sample.
const MOST_COUNTED: usize = 6;

/// Every way to lay out a fingerprint.
fn distances() -> impl Iterator<Item = [usize; PLACES]> {
    (1..=FARTHEST).flat_map(|second| {
        (1..=FARTHEST).filter(move |&third| third != second).map(move |third| [0, second, third])
    })
}

/// Distances, and where in each needle the fingerprint starts.
#[derive(Debug)]
struct Layout {
    distances: [usize; PLACES],
    offsets: Vec<usize>,
    /// How selective it is thought to be.
    score: (u32, u32),
}

impl Layout {
    /// The rarest fingerprints with these distances; `None` where a needle is too short.
    fn new(needles: &[Vec<u8>], distances: [usize; PLACES], rarity: &Rarity) -> Option<Self> {
        let places: Vec<(u32, usize)> = needles
            .iter()
            .map(|needle| {
                // The third byte may lie behind the needle, and then tells nothing.
                let offsets = 0..needle.len().checked_sub(distances[1])?;
                offsets
                    .map(|offset| {
                        let bytes = distances.iter().filter_map(|by| needle.get(offset + by));
                        (bytes.map(|&byte| rarity.bits(byte)).sum(), offset)
                    })
                    // Of equals the first, so that needles that start alike share a bucket.
                    .max_by_key(|&(bits, offset)| (bits, std::cmp::Reverse(offset)))
            })
            .collect::<Option<_>>()?;
        let least = places.iter().map(|&(bits, _)| bits).min()?;
        // The first needle is the literal itself; the others are escapes, rare wherever they
        // start.
        let literal = places.first().map_or(0, |&(bits, _)| bits);
        Some(Self {
            distances,
            offsets: places.into_iter().map(|(_, offset)| offset).collect(),
            score: (least.min(literal), literal),
        })
    }
}

/// How rare each byte is, in quarters of bits, letters of either case taken together.
struct Rarity([u32; 256]);

/// Fewer bytes than this say too little of the rest.
const SMALLEST_SAMPLE: usize = 4096;

impl Rarity {
    fn of(sample: &[u8]) -> Self {
        if sample.len() < SMALLEST_SAMPLE {
            return Self(std::array::from_fn(|byte| 4 * usual_bits(byte as u8)));
        }
        let mut counts = [0u32; 256];
        for byte in sample {
            counts[usize::from(byte.to_ascii_lowercase())] += 1;
        }
        let all = sample.len() as f64;
        // What the sample lacks is rare, not impossible.
        Self(counts.map(|count| (4.0 * (all / (f64::from(count) + 0.5)).log2()) as u32))
    }

    fn bits(&self, byte: u8) -> u32 {
        self.0[usize::from(byte)]
    }
}

/// How rare a byte is in logs, in bits, roughly: measured on event XML, classic event text, JSON
/// and EVTX together, where letters are counted in both cases.
fn usual_bits(byte: u8) -> u32 {
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
                prop::collection::vec(prop::sample::select(b".mMsSi\0&#\xc5\xbf".to_vec()), 2..9), 1..5),
            bytes in prop::collection::vec(prop::sample::select(b".mMsSi\0&#\xc5\xbfx ".to_vec()), 0..400),
            pad in 0usize..300,
            sampled in any::<bool>(),
        ) {
            let mut haystack = vec![b'x'; pad];
            haystack.extend(&bytes);
            let slices: Vec<&[u8]> = needles.iter().map(Vec::as_slice).collect();
            let sample = if sampled { bytes.repeat(30) } else { Vec::new() };
            let Some(search) = FingerprintSearch::new(&slices, &sample) else { return Ok(()) };
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
            [".msi", ".m\u{17f}i", "\\u002e", "\\u006d", "&#4", "&#x", "![CDATA[", "!--"]
                .iter()
                .map(|needle| needle.as_bytes().to_vec())
                .collect();
        let slices: Vec<&[u8]> = needles.iter().map(Vec::as_slice).collect();
        assert!(FingerprintSearch::new(&slices, b"").is_some() || !cfg!(target_arch = "x86_64"));
        let utf16: Vec<u8> = ".msi".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(
            FingerprintSearch::new(&[&utf16, b".msi"], b"").is_some()
                || !cfg!(target_arch = "x86_64")
        );
    }

    #[test]
    fn a_sample_says_which_bytes_are_rare() {
        // `.ms` is everywhere in it, `si` nowhere.
        let sample = b"x.msx.mis".repeat(1000);
        let Some(search) = FingerprintSearch::new(&[b".msi"], &sample) else { return };
        assert_eq!(search.false_hits(&sample), 0);
    }
}
