//! Matching by `regex-automata`: time linear in the text, whatever the pattern.

use std::ops::Range;

use regex_automata::meta;
use regex_automata::util::primitives::NonMaxUsize;
use regex_automata::util::syntax;
use regex_automata::{Input, MatchKind};

use super::ast::Parsed;
use super::lower::{self, Place, Refused};

/// How large the compiled program may be, in bytes. It bounds the time a byte can cost, where the
/// lazy DFA gives up: measured, up to some ten microseconds. `[^x]{1,1000}` fits.
const MAX_PROGRAM: usize = 1 << 20;

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Automata {
    regex: meta::Regex,
    groups: Box<[Place]>,
    /// The empty group that ends the match where it took part.
    end: Option<u32>,
    /// Whether a match may be empty.
    nullable: bool,
}

/// What a search writes into.
#[derive(Debug)]
pub(super) struct Scratch {
    cache: meta::Cache,
    slots: Vec<Option<NonMaxUsize>>,
}

impl Automata {
    /// Compiles a pattern, or says why it is left to PCRE2.
    pub(super) fn new(parsed: &Parsed) -> Result<Self, Refused> {
        let lowered = lower::lower(parsed)?;
        // The lazy automaton is as fast as the full one once it is warm, and of a thousand rules
        // most regexes never run: building the full ones took a third of the time to compile.
        let config = meta::Config::new()
            .dfa(false)
            .match_kind(MatchKind::LeftmostFirst)
            .utf8_empty(true)
            .nfa_size_limit(Some(MAX_PROGRAM));
        let regex = meta::Builder::new()
            .configure(config)
            .syntax(syntax::Config::new())
            .build_from_hir(&lowered.hir)
            .map_err(|_| "too large")?;
        let nullable = parsed.node.is_nullable();
        Ok(Self { regex, groups: lowered.groups.into(), end: lowered.end, nullable })
    }

    pub(super) fn scratch(&self) -> Scratch {
        Scratch {
            cache: self.regex.create_cache(),
            slots: vec![None; self.regex.group_info().slot_len()],
        }
    }

    pub(super) fn is_match(&self, scratch: &mut Scratch, text: &str) -> bool {
        // An early stop can be an empty match inside a character, by `\B`, behind which the search
        // does not look for the real one.
        let input = Input::new(text).earliest(!self.nullable);
        self.regex.search_half_with(&mut scratch.cache, &input).is_some()
    }

    pub(super) fn find(
        &self,
        scratch: &mut Scratch,
        text: &str,
        from: usize,
    ) -> Option<Range<usize>> {
        let input = Input::new(text).range(from..);
        let found = self.regex.search_with(&mut scratch.cache, &input)?.range();
        // Only a `$` before a final newline lets the search run on behind the match.
        if self.end.is_none() || found.end < text.len() || !text.ends_with('\n') {
            return Some(found);
        }
        self.captures(scratch, text, from, &mut |_, _| {})
    }

    /// The next match, each group of which that took part is told to `group`.
    pub(super) fn captures(
        &self,
        scratch: &mut Scratch,
        text: &str,
        from: usize,
        group: &mut dyn FnMut(usize, Range<usize>),
    ) -> Option<Range<usize>> {
        let input = Input::new(text).range(from..);
        let Scratch { cache, slots } = scratch;
        slots.fill(None);
        self.regex.search_slots_with(cache, &input, slots)?;
        let slot = |slot: usize| slots.get(slot).copied().flatten().map(NonMaxUsize::get);
        let marked = self.end.and_then(|end| slot(end as usize * 2));
        let whole = slot(0)?..marked.or_else(|| slot(1))?;
        group(0, whole.clone());
        for (index, place) in self.groups.iter().enumerate().skip(1) {
            let start = slot(place.start as usize * 2);
            let end = slot(place.end as usize * 2 + 1);
            if let (Some(start), Some(end)) = (start, end) {
                group(index, start..end);
            }
        }
        Some(whole)
    }
}
