//! Regular expressions that mean what Splunk's PCRE2 means: UTF on, UCP off (SPLUNK.md 3 and
//! "Decisions"), and that cannot hang.
//!
//! Two roads lead behind one type. A pattern is read (`parse`) and translated (`lower`) for
//! `regex-automata`, whose time is linear in the text. A pattern that cannot be translated
//! exactly (lookaround, back references, possessive quantifiers ...) is matched by PCRE2 under
//! Splunk's match limit. PCRE2 decides for both which patterns are valid, so the answer is the
//! same on either road; only speed, and what happens at the match limit, differ.
//!
//! ```
//! use coldsweep::pcre::Regex;
//!
//! let regex = Regex::new(r"(?i)(?<scheme>https?)://\S+\.msi$")?;
//! let mut cache = regex.create_cache();
//! assert!(regex.is_match(&mut cache, "msiexec /i HTTP://example.org/a.MSI\n"));
//! assert!(Regex::new("(a").is_err());
//! # Ok::<(), coldsweep::pcre::PcreError>(())
//! ```

mod ast;
mod automata;
mod backtrack;
mod class;
mod literals;
mod lower;
mod parse;
mod relaxed;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use automata::Automata;
use backtrack::Backtrack;
pub use literals::{Literal, Required};
pub use relaxed::Beside;

/// Why PCRE2 refuses a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at byte {offset} of the pattern)")]
pub struct PcreError {
    /// Where in the pattern, in bytes: behind what could be read.
    pub offset: usize,
    /// PCRE2's own words.
    pub message: String,
}

/// How a pattern is matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Road {
    /// By `regex-automata`, in time linear in the text.
    Automata,
    /// By PCRE2, which may backtrack, up to Splunk's match limit.
    Pcre2,
}

/// A compiled pattern, immutable and shared; what searching writes is in a [`Cache`].
///
/// Texts are valid UTF-8; see [`decode`] for bytes that may not be.
pub struct Regex {
    pattern: Box<str>,
    /// Tells the caches of this pattern from those of others.
    id: u64,
    engine: Engine,
    group_names: Box<[Option<String>]>,
    required: Required,
}

enum Engine {
    Automata(Box<Automata>),
    Pcre2(Backtrack),
}

/// What a search writes into: one for each thread and pattern, made once and used again.
///
/// It is filled at the first search. A cache that served another pattern is made anew, which
/// costs time but is no error.
#[derive(Default)]
pub struct Cache {
    id: u64,
    scratch: Option<Scratch>,
}

enum Scratch {
    Automata(Box<automata::Scratch>),
    Pcre2(Box<pcre2::bytes::CaptureLocations>),
}

/// One match and its groups, in bytes of the text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Captures {
    groups: Vec<Option<Range<usize>>>,
}

/// Compiles what [`Regex::relaxed`] gives, or another pattern for bytes; `None` where it is too
/// large.
#[must_use]
pub fn compile_relaxed(pattern: &str) -> Option<regex_automata::meta::Regex> {
    relaxed::compile(pattern)
}

/// Text as patterns see it: every invalid sequence of bytes is U+FFFD (SPLUNK.md, "Decisions").
#[must_use]
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

impl Regex {
    /// Compiles a pattern.
    ///
    /// # Errors
    ///
    /// If PCRE2 (10.46, the version this crate builds) refuses it, names of groups that stand
    /// twice included.
    pub fn new(pattern: &str) -> Result<Self, PcreError> {
        let pcre2 = Backtrack::new(pattern)?;
        let group_names = pcre2.group_names().into();
        let parsed = parse::parse(pattern);
        let automata = parsed.as_ref().map(Automata::new);
        let engine = match automata.unwrap_or_else(|&parse::NotRead(construct)| Err(construct)) {
            Ok(automata) => Engine::Automata(Box::new(automata)),
            Err(refused) => {
                log::debug!("PCRE2 matches {pattern:?}: {refused}");
                Engine::Pcre2(pcre2)
            }
        };
        Ok(Self::with_engine(pattern, engine, group_names, parsed.as_ref().ok()))
    }

    /// The pattern on PCRE2's road, for tests that compare the two.
    ///
    /// # Errors
    ///
    /// As of [`new`](Self::new).
    #[doc(hidden)]
    pub fn only_pcre2(pattern: &str) -> Result<Self, PcreError> {
        let pcre2 = Backtrack::new(pattern)?;
        let group_names = pcre2.group_names().into();
        let parsed = parse::parse(pattern).ok();
        Ok(Self::with_engine(pattern, Engine::Pcre2(pcre2), group_names, parsed.as_ref()))
    }

    /// The pattern on the automata's road, if it takes it, for tests that compare the two.
    #[doc(hidden)]
    #[must_use]
    pub fn only_automata(pattern: &str) -> Option<Self> {
        Self::new(pattern).ok().filter(|regex| regex.road() == Road::Automata)
    }

    fn with_engine(
        pattern: &str,
        engine: Engine,
        group_names: Box<[Option<String>]>,
        parsed: Option<&ast::Parsed>,
    ) -> Self {
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        Self {
            pattern: pattern.into(),
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            engine,
            group_names,
            required: parsed.map_or(Required::Anything, |parsed| literals::required(&parsed.node)),
        }
    }

    /// A pattern for the bytes in which a text may stand encoded, which matches them wherever this
    /// one matches the text, unless they hold a numeric escape (`&#..`, `\u....`), a comment or a
    /// CDATA section: for [`compile_relaxed`]. `beside` says what the text is made with beside the
    /// bytes. `None` where there is no such pattern that tells much.
    #[must_use]
    pub fn relaxed(&self, beside: Beside<'_>) -> Option<String> {
        relaxed::relaxed(&parse::parse(&self.pattern).ok()?.node, beside)
    }

    /// The pattern as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.pattern
    }

    /// How it is matched.
    #[must_use]
    pub const fn road(&self) -> Road {
        match self.engine {
            Engine::Automata(_) => Road::Automata,
            Engine::Pcre2(_) => Road::Pcre2,
        }
    }

    /// The name of each group, in the order of their numbers; group 0 is the whole match.
    #[must_use]
    pub fn group_names(&self) -> &[Option<String>] {
        &self.group_names
    }

    /// What every text that this matches contains. Never more than that, at worst nothing.
    #[must_use]
    pub const fn required_literals(&self) -> &Required {
        &self.required
    }

    /// Whether PCRE2 searches for it, step by step, because no automaton can.
    #[must_use]
    pub const fn backtracks(&self) -> bool {
        matches!(self.engine, Engine::Pcre2(_))
    }

    /// A cache for searches with this pattern, still empty.
    #[must_use]
    pub const fn create_cache(&self) -> Cache {
        Cache { id: self.id, scratch: None }
    }

    /// Whether the pattern matches anywhere in the text.
    #[must_use]
    pub fn is_match(&self, cache: &mut Cache, text: &str) -> bool {
        match (&self.engine, self.scratch(cache)) {
            (Engine::Automata(automata), Scratch::Automata(s)) => automata.is_match(s, text),
            (Engine::Pcre2(pcre2), Scratch::Pcre2(s)) => pcre2.find(s, text, 0).is_some(),
            _ => false,
        }
    }

    /// The first match.
    #[must_use]
    pub fn find(&self, cache: &mut Cache, text: &str) -> Option<Range<usize>> {
        match (&self.engine, self.scratch(cache)) {
            (Engine::Automata(automata), Scratch::Automata(s)) => automata.find(s, text, 0),
            (Engine::Pcre2(pcre2), Scratch::Pcre2(s)) => pcre2.find(s, text, 0),
            _ => None,
        }
    }

    /// The first match and its groups.
    #[must_use]
    pub fn captures(&self, cache: &mut Cache, text: &str) -> Option<Captures> {
        let mut captures = Captures::default();
        self.captures_at(cache, text, 0, &mut captures).then_some(captures)
    }

    /// The first match that starts at or behind the byte `from`, written over `captures`.
    /// Whether there is one. What stands before `from` is still seen by `^`, `\b` and lookbehind.
    ///
    /// There is none behind the end, nor from inside a character.
    pub fn captures_at(
        &self,
        cache: &mut Cache,
        text: &str,
        from: usize,
        captures: &mut Captures,
    ) -> bool {
        captures.groups.clear();
        captures.groups.resize(self.group_names.len(), None);
        if !text.is_char_boundary(from) {
            return false;
        }
        let group = &mut |index: usize, span| {
            if let Some(group) = captures.groups.get_mut(index) {
                *group = Some(span);
            }
        };
        let found = match (&self.engine, self.scratch(cache)) {
            (Engine::Automata(automata), Scratch::Automata(s)) => {
                automata.captures(s, text, from, group)
            }
            (Engine::Pcre2(pcre2), Scratch::Pcre2(s)) => pcre2.captures(s, text, from, group),
            _ => None,
        };
        found.is_some()
    }

    /// All matches that do not overlap, from left to right, each with its groups. Behind an
    /// empty match the search goes on one character later.
    ///
    /// It ends early where matches and text are so many that the search would hang: PCRE2 looks
    /// over the rest of the text at each match, and automata may (`a.*b|a` where there is no `b`).
    /// In a text of up to 128 KiB the automata lose no match, PCRE2 none in one of up to 64 KiB.
    pub fn captures_iter<'a>(&'a self, cache: &'a mut Cache, text: &'a str) -> CapturesIter<'a> {
        let budget = match self.road() {
            Road::Automata => MAX_LOOKED_OVER_BY_AUTOMATA,
            Road::Pcre2 => MAX_LOOKED_OVER,
        };
        CapturesIter { regex: self, cache, text, from: Some(0), budget, gave_up: false }
    }

    /// The cache's scratch for this pattern.
    fn scratch<'c>(&self, cache: &'c mut Cache) -> &'c mut Scratch {
        if cache.id != self.id {
            *cache = self.create_cache();
        }
        cache.scratch.get_or_insert_with(|| match &self.engine {
            Engine::Automata(automata) => Scratch::Automata(Box::new(automata.scratch())),
            Engine::Pcre2(pcre2) => Scratch::Pcre2(Box::new(pcre2.scratch())),
        })
    }
}

impl fmt::Debug for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Regex").field("pattern", &self.pattern).field("road", &self.road()).finish()
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").finish_non_exhaustive()
    }
}

impl Captures {
    /// Where group `index` matched, if it took part. Group 0 is the whole match.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Range<usize>> {
        self.groups.get(index).cloned().flatten()
    }

    /// What group `index` matched in `text`, the text that was searched.
    #[must_use]
    pub fn text<'t>(&self, index: usize, text: &'t str) -> Option<&'t str> {
        text.get(self.get(index)?)
    }

    /// The groups, in the order of their numbers.
    #[must_use]
    pub fn groups(&self) -> &[Option<Range<usize>>] {
        &self.groups
    }
}

/// How many bytes PCRE2 may look over for one iteration: a second or a few.
const MAX_LOOKED_OVER: u64 = 2 << 30;

/// How many bytes automata may look over for one iteration, if they look over the rest of the text
/// at each match: half a minute at worst.
const MAX_LOOKED_OVER_BY_AUTOMATA: u64 = 16 << 30;

/// The matches of [`Regex::captures_iter`].
#[derive(Debug)]
pub struct CapturesIter<'a> {
    regex: &'a Regex,
    cache: &'a mut Cache,
    text: &'a str,
    /// Where to search on.
    from: Option<usize>,
    /// How many bytes may still be looked over.
    budget: u64,
    gave_up: bool,
}

impl CapturesIter<'_> {
    /// Whether it ended before the last match, for there was too much to look over.
    #[must_use]
    pub fn gave_up(&self) -> bool {
        self.gave_up
    }
}

impl Iterator for CapturesIter<'_> {
    type Item = Captures;

    fn next(&mut self) -> Option<Captures> {
        let from = self.from?;
        let Some(budget) = self.budget.checked_sub((self.text.len() - from) as u64) else {
            self.gave_up = true;
            return None;
        };
        self.budget = budget;
        let mut captures = Captures::default();
        let found = self.regex.captures_at(self.cache, self.text, from, &mut captures);
        let whole = captures.get(0).filter(|_| found);
        self.from = whole.as_ref().and_then(|whole| next_start(self.text, from, whole));
        whole.map(|_| captures)
    }
}

/// Where to search behind a match. None behind an empty match at the end.
fn next_start(text: &str, from: usize, whole: &Range<usize>) -> Option<usize> {
    let at = whole.end.max(from);
    if !whole.is_empty() && whole.end > from {
        return Some(at);
    }
    let c = text.get(at..)?.chars().next()?;
    Some(at + c.len_utf8())
}
