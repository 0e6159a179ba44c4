//! The first look: a packed search for short windows of the needles.
//!
//! Case-insensitive search over many needles walks an automaton byte by byte (0.4 GB/s here).
//! A few short byte strings go much faster through Teddy, the SIMD search of the aho-corasick
//! crate, which knows no case; so from each needle one window with few letters is taken, all its
//! case forms are searched for, and the needle is confirmed around each hit.

use std::ops::Range;

use aho_corasick::packed::{self, MatchKind, Searcher};

/// Teddy takes no more patterns than this.
const MOST_PATTERNS: usize = 64;
/// Each letter doubles the patterns.
const MOST_LETTERS: usize = 3;
/// Longer windows are hardly more selective, for Teddy's fingerprint is three bytes; and needles
/// that start alike (`\u002e`, `\u006d`) then share one.
const LONGEST: usize = 4;
/// With the zeros of UTF-16 it takes twice as many bytes to tell as much.
const LONGEST_UTF16: usize = 8;

/// A search for windows.
#[derive(Debug)]
pub(super) struct Windows {
    searcher: Searcher,
    windows: Vec<Window>,
}

#[derive(Debug)]
struct Window {
    /// Where the window starts in its needle.
    offset: usize,
    /// The window, lower-cased.
    bytes: Vec<u8>,
    /// The whole needle, lower-cased.
    needle: Vec<u8>,
}

impl Windows {
    /// A search for these needles; `None` where they are too many or the processor lacks what
    /// Teddy needs.
    pub(super) fn new(needles: &[&[u8]]) -> Option<Self> {
        let windows: Vec<_> = needles.iter().map(|needle| Window::of(needle)).collect();
        let mut patterns: Vec<Vec<u8>> =
            windows.iter().flat_map(|window| case_forms(&window.bytes)).collect();
        patterns.sort();
        patterns.dedup();
        if patterns.is_empty() || patterns.len() > MOST_PATTERNS {
            return None;
        }
        let searcher = packed::Config::new()
            .match_kind(MatchKind::LeftmostFirst)
            .builder()
            .extend(patterns)
            .build()?;
        Some(Self { searcher, windows })
    }

    /// The start of a needle in `span`: not always the first, but of the windows that stand
    /// whole in the span, the first that its needle confirms.
    pub(super) fn find(&self, bytes: &[u8], span: Range<usize>) -> Option<usize> {
        let mut from = span.start;
        loop {
            let hit = self.searcher.find_in(bytes, (from..span.end).into())?.start();
            if let Some(start) = self.confirm(bytes, &span, hit) {
                return Some(start);
            }
            from = hit + 1;
        }
    }

    /// The start of a needle whose window starts at `hit`.
    fn confirm(&self, bytes: &[u8], span: &Range<usize>, hit: usize) -> Option<usize> {
        self.windows
            .iter()
            .filter_map(|window| {
                let start = hit.checked_sub(window.offset).filter(|&start| start >= span.start)?;
                let end = start + window.needle.len();
                let has = bytes.get(start..end).filter(|_| end <= span.end)?;
                has.eq_ignore_ascii_case(&window.needle).then_some(start)
            })
            .min()
    }
}

impl Window {
    /// The most selective window of a needle: the rarest bytes, with few letters.
    fn of(needle: &[u8]) -> Self {
        let letters = |bytes: &[u8]| bytes.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
        let needle = needle.to_ascii_lowercase();
        let mut best = 0..1.min(needle.len());
        let mut best_rarity = 0;
        let longest = if needle.contains(&0) { LONGEST_UTF16 } else { LONGEST };
        for start in 0..needle.len() {
            let longest = (start + longest).min(needle.len());
            let Some(end) = (start + 1..=longest)
                .rev()
                .find(|&end| letters(&needle[start..end]) <= MOST_LETTERS)
            else {
                continue;
            };
            // The fingerprint is what is searched for, the rest is verified.
            let rarity: u32 = needle[start..end].iter().take(3).map(|&byte| rarity(byte)).sum();
            if rarity > best_rarity {
                best_rarity = rarity;
                best = start..end;
            }
        }
        Self { offset: best.start, bytes: needle[best].to_vec(), needle }
    }
}

/// How rare a byte is in logs, roughly: punctuation before letters, zeros least (UTF-16).
fn rarity(byte: u8) -> u32 {
    match byte {
        0 => 1,
        b' ' | b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' | b'0' => 2,
        b'a'..=b'z' | b'0'..=b'9' | b'<' | b'>' | b'"' | b'\'' | b'=' | b'/' | b'\\' => 3,
        b'.' | b'-' | b':' | b',' | b'_' => 4,
        _ => 6,
    }
}

/// Every way to write the letters of a lower-case text.
fn case_forms(lower: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![Vec::new()];
    for &byte in lower {
        let upper = byte.to_ascii_uppercase();
        let others: Vec<Vec<u8>> = if upper == byte {
            Vec::new()
        } else {
            forms.iter().map(|form| [form.as_slice(), &[upper]].concat()).collect()
        };
        forms.iter_mut().for_each(|form| form.push(byte));
        forms.extend(others);
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Too simple to be wrong.
    fn naive(needles: &[Vec<u8>], bytes: &[u8], span: Range<usize>) -> Vec<usize> {
        let mut starts = Vec::new();
        for at in span.clone() {
            if needles.iter().any(|needle| {
                at + needle.len() <= span.end
                    && bytes[at..at + needle.len()].eq_ignore_ascii_case(needle)
            }) {
                starts.push(at);
            }
        }
        starts
    }

    proptest! {
        #[test]
        fn it_finds_a_needle_exactly_where_there_is_one(
            needles in prop::collection::vec(prop::collection::vec(prop::sample::select(b".mMsSi\0&#".to_vec()), 1..7), 1..5),
            bytes in prop::collection::vec(prop::sample::select(b".mMsSi\0&#x ".to_vec()), 0..200),
            pad in 0usize..70,
        ) {
            let mut haystack = vec![b'x'; pad];
            haystack.extend(&bytes);
            let slices: Vec<&[u8]> = needles.iter().map(Vec::as_slice).collect();
            if let Some(windows) = Windows::new(&slices) {
                let span = pad / 2..haystack.len();
                let expected = naive(&needles, &haystack, span.clone());
                // Every needle is found by going on behind each hit's own first byte.
                let mut found = Vec::new();
                let mut from = span.start;
                while let Some(at) = windows.find(&haystack, from..span.end) {
                    prop_assert!(expected.contains(&at));
                    found.push(at);
                    from = at.max(from) + 1;
                }
                prop_assert_eq!(found.is_empty(), expected.is_empty());
                if let Some(last) = expected.last() {
                    let found = windows.find(&haystack, *last..span.end);
                    prop_assert_eq!(found, Some(*last));
                }
            }
        }
    }

    #[test]
    fn windows_have_few_letters() {
        let window = Window::of(b"msiexec.exe /i");
        assert!(case_forms(&window.bytes).len() <= 1 << MOST_LETTERS, "{window:?}");
        let utf16: Vec<u8> = ".msi".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(case_forms(&Window::of(&utf16).bytes).len(), 8);
    }
}
