//! Segmentation: how Splunk cuts raw text into index tokens (SPLUNK.md 1.5).
//!
//! A *major* breaker ends a segment; a *minor* breaker ends a sub-segment inside one. The index
//! tokens of a text are its major segments whole and every minor sub-segment of them.

use memchr::memmem;

/// What a byte does to the segments around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Breaker {
    /// Part of a token.
    None = 0,
    /// Ends a sub-segment.
    Minor = 1,
    /// Ends a segment.
    Major = 2,
}

/// The multi-character major breakers. The longest at a place counts (SPLUNK.md 1.5, inferred).
const LONG_MAJORS: &[&[u8]] = &[
    b"%2526", b"%2520", b"%21", b"%26", b"%3B", b"%7C", b"%20", b"%2B", b"%3D", b"%5D", b"%5B",
    b"%3A", b"%0A", b"%2C", b"%28", b"%29", b"--",
];

const fn class_table() -> [Breaker; 256] {
    let mut table = [Breaker::None; 256];
    let majors = b"[]<>(){}|!;,'\"*\n\r \t&?+";
    let minors = b"/:=@.-$#%\\_";
    let mut at = 0;
    while at < majors.len() {
        table[majors[at] as usize] = Breaker::Major;
        at += 1;
    }
    at = 0;
    while at < minors.len() {
        table[minors[at] as usize] = Breaker::Minor;
        at += 1;
    }
    table
}

static CLASS: [Breaker; 256] = class_table();

/// The class of every byte of one text.
#[derive(Debug, Default, Clone)]
pub struct Segments {
    classes: Vec<Breaker>,
}

impl Segments {
    /// Segments `text`.
    #[must_use]
    pub fn of(text: &[u8]) -> Self {
        let mut segments = Self::default();
        segments.reset(text);
        segments
    }

    /// Segments another text, with the memory of the last one.
    pub fn reset(&mut self, text: &[u8]) {
        self.classes.clear();
        self.classes.extend(text.iter().map(|&byte| CLASS[usize::from(byte)]));
        // Long breakers are rare, so they are painted over the table's answer afterwards, left
        // to right so that the longest at a place wins and none starts inside another.
        let mut at = 0;
        while let Some(found) = memchr::memchr2(b'%', b'-', &text[at..]) {
            let start = at + found;
            let length = LONG_MAJORS
                .iter()
                .find(|long| text[start..].starts_with(long))
                .map_or(0, |l| l.len());
            self.classes[start..start + length].fill(Breaker::Major);
            at = start + length.max(1);
        }
    }

    /// What ends a token at `edge`, the boundary before the byte there: the text's ends count
    /// as major breakers.
    fn before(&self, edge: usize) -> Breaker {
        if edge == 0 { Breaker::Major } else { self.classes[edge - 1] }
    }

    fn at(&self, edge: usize) -> Breaker {
        self.classes.get(edge).copied().unwrap_or(Breaker::Major)
    }

    /// Whether `start..end` is an index token: a major segment, or a minor sub-segment.
    #[must_use]
    pub fn is_token(&self, start: usize, end: usize) -> bool {
        if start >= end {
            return false;
        }
        let inside = self.classes[start..end].iter().copied().max().unwrap_or(Breaker::None);
        match inside {
            Breaker::None => self.before(start) != Breaker::None && self.at(end) != Breaker::None,
            Breaker::Minor => {
                self.before(start) == Breaker::Major && self.at(end) == Breaker::Major
            }
            Breaker::Major => false,
        }
    }

    /// Whether a phrase at `start..end` may end on both sides there: an edge that is not a
    /// breaker itself needs a breaker or the text's end beside it (SPLUNK.md 1.8).
    #[must_use]
    pub fn has_phrase_edges(&self, start: usize, end: usize) -> bool {
        start < end && self.starts_cleanly(start) && self.ends_cleanly(end)
    }

    /// Whether a phrase may start at `start`.
    #[must_use]
    pub fn starts_cleanly(&self, start: usize) -> bool {
        self.at(start) != Breaker::None || self.before(start) != Breaker::None
    }

    /// Whether a phrase may end before `end`.
    #[must_use]
    pub fn ends_cleanly(&self, end: usize) -> bool {
        self.before(end) != Breaker::None || self.at(end) != Breaker::None
    }

    /// Every index token, as ranges, in the order they end. For globs over tokens.
    pub fn tokens(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let majors = SplitAt { classes: &self.classes, at: Breaker::Major, from: 0 };
        majors.flat_map(move |(start, end)| {
            let minors = SplitAt { classes: &self.classes[..end], at: Breaker::Minor, from: start };
            let whole = self.classes[start..end].contains(&Breaker::Minor).then_some((start, end));
            minors.chain(whole)
        })
    }
}

struct SplitAt<'a> {
    classes: &'a [Breaker],
    at: Breaker,
    from: usize,
}

impl Iterator for SplitAt<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        let start =
            self.from + self.classes[self.from..].iter().position(|&class| class < self.at)?;
        let end = self.classes[start..]
            .iter()
            .position(|&class| class >= self.at)
            .map_or(self.classes.len(), |length| start + length);
        self.from = end;
        Some((start, end))
    }
}

/// A piece of a search term: text without breakers, lower-cased.
///
/// Folding is the same here and in the prefilter: ASCII letters match either case and nothing
/// else; other letters match their own lower case when that is one character outside ASCII (so
/// U+212A never matches `k`).
#[must_use]
pub fn fold(text: &str) -> String {
    text.chars().map(fold_char).collect()
}

fn fold_char(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(l), None) if !l.is_ascii() && l.len_utf8() == c.len_utf8() => l,
        _ => c,
    }
}

/// A copy of `text` folded like [`fold`], byte for byte as long as the original.
pub fn fold_bytes(text: &[u8], folded: &mut Vec<u8>) {
    folded.clear();
    folded.extend_from_slice(text);
    folded.make_ascii_lowercase();
    if text.is_ascii() {
        return;
    }
    let mut at = 0;
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            if !c.is_ascii() {
                let lower = fold_char(c);
                lower.encode_utf8(&mut folded[at..at + c.len_utf8()]);
            }
            at += c.len_utf8();
        }
        at += chunk.invalid().len();
    }
}

/// Splits a term's text at every breaker: the pieces that must each be a token.
#[must_use]
pub fn pieces(text: &str) -> Vec<String> {
    let segments = Segments::of(text.as_bytes());
    SplitAt { classes: &segments.classes, at: Breaker::Minor, from: 0 }
        .map(|(start, end)| text[start..end].to_owned())
        .collect()
}

/// The strongest breaker inside a term's text.
#[must_use]
pub fn strongest_breaker(text: &str) -> Breaker {
    Segments::of(text.as_bytes()).classes.into_iter().max().unwrap_or(Breaker::None)
}

/// Every place where `needle` stands in `text`, overlapping ones too.
pub fn occurrences<'a>(
    finder: &'a memmem::Finder<'_>,
    text: &'a [u8],
) -> impl Iterator<Item = usize> + 'a {
    let mut from = 0;
    std::iter::from_fn(move || {
        let at = from + finder.find(text.get(from..)?)?;
        from = at + 1;
        Some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<&str> {
        let mut tokens: Vec<_> =
            Segments::of(text.as_bytes()).tokens().map(|(start, end)| &text[start..end]).collect();
        tokens.sort_unstable();
        tokens
    }

    #[test]
    fn the_documented_example_of_a_date() {
        // SPLUNK.md 1.5: the .conf19 notes' own example.
        assert_eq!(tokens("2019-10-21"), ["10", "2019", "2019-10-21", "21"]);
    }

    #[test]
    fn long_breakers_cut_and_the_longest_wins() {
        assert_eq!(tokens("a%20b"), ["a", "b"]);
        assert_eq!(tokens("a%2Fb"), ["2Fb", "a", "a%2Fb"]);
        assert_eq!(tokens("a%2526b"), ["a", "b"]);
        assert_eq!(tokens("x---i"), ["-i", "i", "x"]);
        assert_eq!(tokens("--install"), ["install"]);
        assert_eq!(tokens("a%2fb%3a"), ["2fb", "3a", "a", "a%2fb%3a"]);
    }

    #[test]
    fn what_is_not_a_breaker() {
        assert_eq!(tokens("a^b~c`d\u{e9}"), ["a^b~c`d\u{e9}"]);
        assert_eq!(tokens("a\0b"), ["a\0b"]);
    }

    #[test]
    fn is_token_agrees_with_the_list() {
        for text in ["/i \"x\"", "msiexec.exe /q /ihttp://a/b.msi?x=1", "a--b%20c", "", "..", "é.x"]
        {
            let segments = Segments::of(text.as_bytes());
            let listed: Vec<_> = segments.tokens().collect();
            for start in 0..=text.len() {
                for end in start..=text.len() {
                    let all_minor =
                        segments.classes[start..end].iter().all(|&c| c != Breaker::None);
                    if all_minor && start < end {
                        // A token made of minor breakers alone is a segment but no sub-segment.
                        continue;
                    }
                    assert_eq!(
                        segments.is_token(start, end),
                        listed.contains(&(start, end)),
                        "{text:?} {start}..{end}"
                    );
                }
            }
        }
    }

    #[test]
    fn folding_keeps_every_byte_where_it_was() {
        let text = "ÄBC \u{212a} \u{130} ſ É".as_bytes();
        let mut folded = Vec::new();
        fold_bytes(text, &mut folded);
        assert_eq!(std::str::from_utf8(&folded), Ok("äbc \u{212a} \u{130} ſ é"));
        let broken = [b'A', 0xff, 0xc3, b'B'];
        fold_bytes(&broken, &mut folded);
        assert_eq!(folded, [b'a', 0xff, 0xc3, b'b']);
    }
}
