//! Bytes -> where a match may be, and of which rules. May report false positives, never false
//! negatives (DESIGN, law 1).

mod clauses;
mod fingerprint;
mod simd;
mod windows;

use std::collections::HashMap;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, BuildError, Input, MatchKind};

use crate::plan::Guard;
use clauses::Clauses;
use fingerprint::FingerprintSearch;
use windows::Windows;

/// A set of rules, by their number in the sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSet(Vec<u64>);

impl RuleSet {
    /// No rule, out of `count`.
    #[must_use]
    pub fn none(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    /// All of `count` rules.
    #[must_use]
    pub fn all(count: usize) -> Self {
        let mut all = Self::none(count);
        (0..count).for_each(|rule| all.insert(rule));
        all
    }

    /// Adds a rule.
    pub fn insert(&mut self, rule: usize) {
        self.0[rule / 64] |= 1 << (rule % 64);
    }

    /// Adds the rules of another set.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine |= theirs;
        }
    }

    /// Keeps the rules that another set has, too.
    pub fn keep(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine &= theirs;
        }
    }

    /// Keeps the rules that are wanted.
    pub fn retain(&mut self, mut wanted: impl FnMut(usize) -> bool) {
        for (at, word) in self.0.iter_mut().enumerate() {
            let mut rest = *word;
            while rest != 0 {
                let bit = rest.trailing_zeros();
                rest &= rest - 1;
                if !wanted(at * 64 + bit as usize) {
                    *word &= !(1 << bit);
                }
            }
        }
    }

    /// Whether it has no rule.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|&word| word == 0)
    }

    /// The rules, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(at, &word)| {
            (0..64).filter(move |bit| word & (1 << bit) != 0).map(move |bit| at * 64 + bit)
        })
    }
}

/// The search for the guards of all rules over one kind of bytes.
#[derive(Debug)]
pub struct Prefilter {
    /// The first look, the fastest that takes these needles.
    first: FirstLook,
    /// Every needle. `None` when no rule has a guard.
    search: Option<AhoCorasick>,
    /// The rules of each needle.
    rules_of: Vec<RuleSet>,
    /// Rules without a guard: they may match anywhere.
    everywhere: RuleSet,
    /// The rules of every needle, where all needles have the same (one rule alone): then any hit
    /// tells which rules may match.
    common: Option<RuleSet>,
    /// Of several rules all clauses, to tell them apart in one event.
    clauses: Option<Clauses>,
}

/// The ways to look for the first hit, a ladder from the fastest.
#[derive(Debug)]
enum FirstLook {
    Fingerprints(Box<FingerprintSearch>),
    Windows(Windows),
    Automaton,
}

impl FirstLook {
    fn new(needles: &[&[u8]], sample: &[u8]) -> Self {
        if let Some(search) = FingerprintSearch::new(needles, sample) {
            return Self::Fingerprints(Box::new(search));
        }
        log::debug!("{} needles do not fit the fingerprint search", needles.len());
        if let Some(windows) = Windows::new(needles) {
            return Self::Windows(windows);
        }
        log::debug!("{} needles do not fit the packed search either", needles.len());
        Self::Automaton
    }
}

impl Prefilter {
    /// The prefilter of these guards, one a rule; `None` for a rule that may match anywhere.
    /// `sample` is some of the bytes that will be searched, or nothing: it changes the speed of
    /// the search only.
    ///
    /// # Errors
    /// When the needles are too many for one automaton.
    pub fn new<'g>(
        guards: impl ExactSizeIterator<Item = Option<&'g Guard>>,
        sample: &[u8],
    ) -> Result<Self, BuildError> {
        let count = guards.len();
        let mut needles: Vec<&[u8]> = Vec::new();
        let mut number_of: HashMap<&[u8], usize> = HashMap::new();
        let mut rules_of: Vec<RuleSet> = Vec::new();
        let mut everywhere = RuleSet::none(count);
        for (rule, guard) in guards.enumerate() {
            let Some(guard) = guard else {
                everywhere.insert(rule);
                continue;
            };
            for needle in &guard.needles {
                let at = *number_of.entry(needle.as_slice()).or_insert(needles.len());
                if at == needles.len() {
                    needles.push(needle);
                    rules_of.push(RuleSet::none(count));
                }
                rules_of[at].insert(rule);
            }
        }
        // Standard semantics, so that a long needle never hides a short one inside it.
        let search = (!needles.is_empty())
            .then(|| {
                AhoCorasickBuilder::new()
                    .ascii_case_insensitive(true)
                    .match_kind(MatchKind::Standard)
                    .build(&needles)
            })
            .transpose()?;
        let first = FirstLook::new(&needles, sample);
        let common = rules_of.first().filter(|first| rules_of.iter().all(|of| of == *first));
        let common = common.map(|rules| {
            let mut rules = rules.clone();
            rules.add(&everywhere);
            rules
        });
        Ok(Self { first, search, rules_of, everywhere, common, clauses: None })
    }

    /// Has events looked through for all clauses of several rules, not for the one that is
    /// searched for alone.
    ///
    /// # Errors
    /// When the needles are too many for one automaton.
    pub fn with_clauses(mut self, rules: &[&[Guard]]) -> Result<Self, BuildError> {
        if self.search.is_some() && rules.len() > 1 {
            self.clauses = Some(Clauses::new(rules)?);
        }
        Ok(self)
    }

    /// The prefilter that lets everything through: what `--prefilter off` uses.
    #[must_use]
    pub fn off(rules: usize) -> Self {
        let mut everywhere = RuleSet::none(rules);
        (0..rules).for_each(|rule| everywhere.insert(rule));
        Self {
            first: FirstLook::Automaton,
            search: None,
            rules_of: Vec::new(),
            everywhere,
            common: None,
            clauses: None,
        }
    }

    /// Whether some rule may match anywhere, so that no byte can be passed over.
    #[must_use]
    pub fn is_inert(&self) -> bool {
        !self.everywhere.is_empty()
    }

    /// The first byte of a hit in `span`; `None` when there is none. No event that lies whole
    /// before the hit, or that ends before it, holds another.
    #[must_use]
    pub fn find(&self, bytes: &[u8], span: Range<usize>) -> Option<usize> {
        if self.is_inert() {
            return (!span.is_empty()).then_some(span.start);
        }
        self.find_needle(bytes, span)
    }

    /// The first byte of a needle in `span`, of those that [`Prefilter::find`] may give.
    fn find_needle(&self, bytes: &[u8], span: Range<usize>) -> Option<usize> {
        let search = self.search.as_ref()?;
        match &self.first {
            FirstLook::Fingerprints(search) => search.find(bytes, span),
            FirstLook::Windows(windows) => windows.find(bytes, span),
            FirstLook::Automaton => Some(search.find(Input::new(bytes).span(span))?.start()),
        }
    }

    /// Every hit in `span`, overlapping ones too.
    pub fn hits<'a>(
        &'a self,
        bytes: &'a [u8],
        span: Range<usize>,
    ) -> impl Iterator<Item = Hit> + 'a {
        let search = self.search.as_ref();
        search
            .and_then(|search| search.try_find_overlapping_iter(Input::new(bytes).span(span)).ok())
            .into_iter()
            .flatten()
            .map(|found| Hit { at: found.start(), needle: found.pattern().as_usize() })
    }

    /// Removes from `rules` those that cannot match an event with these bytes. `seen` is scratch
    /// memory.
    pub fn keep_rules(
        &self,
        bytes: &[u8],
        span: Range<usize>,
        rules: &mut RuleSet,
        seen: &mut Vec<u64>,
    ) {
        if let Some(clauses) = &self.clauses {
            return clauses.keep(bytes.get(span).unwrap_or_default(), rules, seen);
        }
        if let Some(common) = &self.common {
            let found = self.find_needle(bytes, span).is_some();
            return rules.keep(if found { common } else { &self.everywhere });
        }
        let mut found = self.everywhere.clone();
        for hit in self.hits(bytes, span) {
            found.add(&self.rules_of[hit.needle]);
        }
        rules.keep(&found);
    }

    /// The rules that may match an event with these bytes.
    #[must_use]
    pub fn rules(&self, bytes: &[u8], span: Range<usize>) -> RuleSet {
        let mut rules = self.everywhere.clone();
        self.rules_of.iter().for_each(|of| rules.add(of));
        self.keep_rules(bytes, span, &mut rules, &mut Vec::new());
        rules
    }

    /// The rules that may match anywhere.
    #[must_use]
    pub fn everywhere(&self) -> &RuleSet {
        &self.everywhere
    }

    /// The rules of a needle.
    #[must_use]
    pub fn rules_of(&self, hit: Hit) -> &RuleSet {
        &self.rules_of[hit.needle]
    }
}

/// A needle found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Its first byte.
    pub at: usize,
    /// Its number.
    needle: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(needles: &[&str]) -> Guard {
        Guard {
            needles: needles.iter().map(|needle| needle.as_bytes().to_vec()).collect(),
            literals: Vec::new(),
            bits: 20,
        }
    }

    #[test]
    fn overlapping_needles_do_not_hide_each_other() {
        // STYLE.md, Traps: leftmost search for {abcd, bc, cde} on xabcdex finds only abcd.
        let guards = [guard(&["abcd"]), guard(&["bc"]), guard(&["CDE"]), guard(&["zz"])];
        let prefilter = Prefilter::new(guards.iter().map(Some), b"").unwrap();
        let bytes = b"xABcdex";
        assert_eq!(prefilter.find(bytes, 0..7), Some(1));
        assert_eq!(prefilter.rules(bytes, 0..7).iter().collect::<Vec<_>>(), [0, 1, 2]);
    }

    #[test]
    fn a_rule_without_a_guard_makes_it_inert() {
        let one = guard(&["abcd"]);
        let prefilter = Prefilter::new([Some(&one), None].into_iter(), b"").unwrap();
        assert!(prefilter.is_inert());
        assert_eq!(prefilter.find(b"xx", 1..2), Some(1));
        assert_eq!(prefilter.rules(b"xx", 0..2).iter().collect::<Vec<_>>(), [1]);
        assert_eq!(Prefilter::off(3).rules(b"", 0..0).iter().count(), 3);
    }
}
