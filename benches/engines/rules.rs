//! From the clauses of an event to the rules that may match it: every rule asked, or only those
//! whose rarest clause is there.

use coldsweep::plan::Guard;
use coldsweep::prefilter::{Prefilter, RuleSet};

use super::automata::{Walk, dfa};
use super::contest::Corpus;
use super::cpu;
use super::engine::{Clauses, Engine};
use super::literals::Literals;

/// The clauses of each event, in words.
struct Seen {
    words: usize,
    all: Vec<u64>,
}

impl Seen {
    fn of(literals: &Literals, corpus: &Corpus) -> Self {
        let mut engine = Walk(dfa(&literals.needles));
        let words = literals.words();
        let mut clauses = Clauses::lists(&literals.clauses_of, words);
        let mut all = Vec::new();
        for span in &corpus.events {
            clauses.reset();
            engine.search(&corpus.text[span.clone()], &mut clauses);
            all.extend_from_slice(clauses.seen());
        }
        Self { words, all }
    }

    fn events(&self) -> impl Iterator<Item = &[u64]> {
        self.all.chunks_exact(self.words)
    }
}

fn has(seen: &[u64], clause: u32) -> bool {
    seen[clause as usize / 64] & (1 << (clause % 64)) != 0
}

/// From the rarest clause of each rule to the rule.
struct Index {
    /// The clauses that some rule is filed under.
    filed: Vec<u64>,
    /// The rules filed under each clause.
    rules: Vec<Vec<u32>>,
    /// Rules without a clause.
    always: Vec<u32>,
}

impl Index {
    /// `sample` tells which clauses are rare.
    fn new<'s>(literals: &Literals, sample: impl Iterator<Item = &'s [u64]>) -> Self {
        let mut counts = vec![0usize; literals.clauses];
        for seen in sample {
            counts.iter_mut().zip(0..).for_each(|(count, at)| *count += usize::from(has(seen, at)));
        }
        let mut index = Self {
            filed: vec![0; literals.words()],
            rules: vec![Vec::new(); literals.clauses],
            always: Vec::new(),
        };
        for (rule, clauses) in (0..).zip(&literals.of_rule) {
            match clauses.iter().min_by_key(|&&clause| counts[clause as usize]) {
                Some(&rarest) => {
                    index.rules[rarest as usize].push(rule);
                    index.filed[rarest as usize / 64] |= 1 << (rarest % 64);
                }
                None => index.always.push(rule),
            }
        }
        index
    }

    fn rules(&self, of_rule: &[Vec<u32>], seen: &[u64], rules: &mut RuleSet) {
        self.always.iter().for_each(|&rule| rules.insert(rule as usize));
        for (at, (seen_here, filed)) in seen.iter().zip(&self.filed).enumerate() {
            let mut rest = seen_here & filed;
            while rest != 0 {
                let clause = 64 * at + rest.trailing_zeros() as usize;
                rest &= rest - 1;
                for &rule in &self.rules[clause] {
                    if of_rule[rule as usize].iter().all(|&clause| has(seen, clause)) {
                        rules.insert(rule as usize);
                    }
                }
            }
        }
    }
}

/// The ways, and the seconds of each for all events: the median of the rounds.
///
/// # Panics
/// When two ways choose different rules.
pub fn measure(
    clauses: &[&[Guard]],
    literals: &Literals,
    corpus: &Corpus,
    rounds: usize,
) -> Vec<(&'static str, f64)> {
    let seen = Seen::of(literals, corpus);
    let index = Index::new(literals, seen.events().step_by(64));
    let count = literals.of_rule.len();
    let first = clauses.iter().map(|guards| guards.first());
    let prefilter = Prefilter::new(first, &corpus.sample()).unwrap().with_clauses(clauses).unwrap();
    let mut scratch = Vec::new();
    let mut every = |rules: &mut RuleSet, seen: &[u64], _: &[u8]| {
        *rules = RuleSet::all(count);
        rules.retain(|rule| literals.of_rule[rule].iter().all(|&clause| has(seen, clause)));
    };
    let mut indexed = |rules: &mut RuleSet, seen: &[u64], _: &[u8]| {
        *rules = RuleSet::none(count);
        index.rules(&literals.of_rule, seen, rules);
    };
    let mut whole = |rules: &mut RuleSet, _: &[u64], text: &[u8]| {
        *rules = RuleSet::all(count);
        prefilter.keep_rules(text, 0..text.len(), rules, &mut scratch);
    };
    type Step<'s> = &'s mut dyn FnMut(&mut RuleSet, &[u64], &[u8]);
    let mut ways: [(&str, Step<'_>); 3] = [
        ("every rule asked for all its clauses", &mut every),
        ("rules found by their rarest clause", &mut indexed),
        ("Prefilter::keep_rules: the search, every rule asked", &mut whole),
    ];
    let mut seconds = vec![Vec::new(); ways.len()];
    let mut expected: Option<Vec<RuleSet>> = None;
    for _ in 0..rounds {
        for ((name, step), seconds) in ways.iter_mut().zip(&mut seconds) {
            let mut chosen = Vec::with_capacity(corpus.events.len());
            let before = cpu::now();
            for (seen, span) in seen.events().zip(&corpus.events) {
                let mut rules = RuleSet::none(0);
                step(&mut rules, seen, &corpus.text[span.clone()]);
                chosen.push(rules);
            }
            seconds.push((cpu::now() - before).as_secs_f64());
            let expected = expected.get_or_insert_with(|| chosen.clone());
            assert!(*expected == chosen, "{}: {name}: other rules", corpus.name);
        }
    }
    let median = |mut seconds: Vec<f64>| {
        seconds.sort_by(f64::total_cmp);
        seconds[seconds.len() / 2]
    };
    ways.iter().map(|(name, _)| *name).zip(seconds.into_iter().map(median)).collect()
}
