//! The literals of a catalog's rules: what the engines search for.

use std::collections::HashMap;
use std::path::PathBuf;

use coldsweep::cim::Cim;
use coldsweep::plan::{Guard, Plan, Settings};
use coldsweep::reading::Reading;
use coldsweep::resources::Resources;
use coldsweep::rule::load_all;
use coldsweep::spl::Macros;
use jiff::tz::TimeZone;

/// Needles, and what each of them tells.
#[derive(Debug, Default)]
pub struct Literals {
    /// The needles, lower-cased, each once.
    pub needles: Vec<Vec<u8>>,
    /// The clauses that each needle satisfies.
    pub clauses_of: Vec<Vec<u32>>,
    /// How many clauses there are.
    pub clauses: usize,
    /// The clauses of each rule: a match needs a needle of each.
    pub of_rule: Vec<Vec<u32>>,
}

impl Literals {
    /// The literals of these rules' clauses, of each rule at most so many clauses.
    pub fn new(rules: &[&[Guard]], most: usize) -> Self {
        let mut literals = Self::default();
        let mut clauses: HashMap<&[Vec<u8>], u32> = HashMap::new();
        let mut numbers: HashMap<Vec<u8>, usize> = HashMap::new();
        for guards in rules {
            let mut of = Vec::new();
            for guard in guards.iter().take(most) {
                let next = clauses.len() as u32;
                let clause = *clauses.entry(&guard.needles).or_insert(next);
                of.push(clause);
                if clause == next {
                    for needle in &guard.needles {
                        let needle = needle.to_ascii_lowercase();
                        let number = *numbers.entry(needle.clone()).or_insert_with(|| {
                            literals.needles.push(needle);
                            literals.clauses_of.push(Vec::new());
                            literals.needles.len() - 1
                        });
                        if literals.clauses_of[number].last() != Some(&clause) {
                            literals.clauses_of[number].push(clause);
                        }
                    }
                }
            }
            literals.of_rule.push(of);
        }
        literals.clauses = clauses.len();
        literals
    }

    /// How many words a set of its clauses has.
    pub fn words(&self) -> usize {
        self.clauses.div_ceil(64)
    }

    /// How many needles, of which lengths, for how many clauses of how many rules.
    pub fn describe(&self) -> String {
        let mut lengths: Vec<usize> = self.needles.iter().map(Vec::len).collect();
        lengths.sort_unstable();
        let at = |part: usize| lengths.get((lengths.len() * part / 4).min(lengths.len() - 1));
        let shorter = |than: usize| lengths.iter().filter(|&&length| length < than).count();
        let pairs: usize = self.clauses_of.iter().map(Vec::len).sum();
        format!(
            "{} needles of {} clauses ({pairs} pairs) of {} rules; bytes a needle: least {}, quartiles {} {} {}, \
             most {}; {} have fewer than 3, {} fewer than 4, {} fewer than 5",
            self.needles.len(),
            self.clauses,
            self.of_rule.iter().filter(|of| !of.is_empty()).count(),
            lengths.first().unwrap_or(&0),
            at(1).unwrap_or(&0),
            at(2).unwrap_or(&0),
            at(3).unwrap_or(&0),
            lengths.last().unwrap_or(&0),
            shorter(3),
            shorter(4),
            shorter(5),
        )
    }
}

/// The rules of these files and folders that run, compiled.
pub fn plans(paths: &[PathBuf]) -> Vec<Plan> {
    let settings = Settings {
        macros: Macros::builtin(),
        cim: Cim::builtin(),
        reading: Reading::AS_MEANT,
        timezone: TimeZone::UTC,
        resources: Resources::default(),
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    let rules = load_all(paths).rules.into_iter();
    rules.filter_map(|rule| Some(Plan::compile(rule, &settings).ok()?.0)).collect()
}

/// The clauses of the rules and of their subsearches, as a sweep has them.
pub fn clauses(plans: &[Plan]) -> Vec<&[Guard]> {
    let subsearches = plans.iter().flat_map(|plan| &plan.subsearches);
    plans.iter().chain(subsearches).map(|plan| plan.text_guards.as_slice()).collect()
}
