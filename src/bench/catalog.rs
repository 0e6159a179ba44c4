//! A whole catalog in one pass: what compiling and running it cost, against one rule and against
//! evaluating every rule on every event.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::BenchError;
use super::memory::rss_anon;
use super::run::{Bench, Subject};
use super::samples::Samples;
use crate::plan::Plan;

/// What a catalog costs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CatalogCost {
    /// How many rules run.
    pub rules: usize,
    /// How many do not.
    pub refused: usize,
    /// Seconds to read and compile them.
    pub compile: Samples,
    /// By how many bytes `RssAnon` grew for the plans, where the system says so.
    pub plan_bytes: Option<u64>,
    /// The scans.
    pub scans: Vec<CatalogScan>,
}

/// A catalog over one corpus, on one thread.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CatalogScan {
    /// The corpus.
    pub corpus: String,
    /// Its bytes.
    pub bytes: u64,
    /// Seconds for one rule, the built-in one.
    pub one: Samples,
    /// Seconds for all rules together.
    pub all: Samples,
    /// Events that were looked at for all rules.
    pub candidates: u64,
    /// Pairs of an event and a rule that it matches.
    pub hits: u64,
    /// Bytes of the part on which every rule was evaluated on every event.
    pub part: u64,
    /// Seconds for that: each record decoded once, and each rule evaluated on it.
    pub every: Samples,
    /// Seconds for all rules together on the same part.
    pub part_all: Samples,
}

impl CatalogScan {
    /// Gigabytes a second for all rules, on one thread.
    #[must_use]
    pub fn gigabytes_per_second(&self) -> f64 {
        self.bytes as f64 / 1e9 / self.all.median()
    }

    /// How many times longer all rules take than one.
    #[must_use]
    pub fn times_one(&self) -> f64 {
        self.all.median() / self.one.median()
    }

    /// How many times faster all rules are than evaluating every rule on every event.
    #[must_use]
    pub fn gain(&self) -> f64 {
        self.every.median() / self.part_all.median()
    }
}

/// A corpus, and a small part of the same kind.
#[derive(Debug)]
pub struct CatalogSubject {
    /// All of it.
    pub whole: Subject,
    /// The part.
    pub part: Subject,
}

/// Measures a catalog. `compile` gives its plans, and how many rules do not run.
///
/// # Errors
/// What `compile` says, and when a sweep cannot start.
pub fn measure<E: From<BenchError>>(
    bench: &Bench,
    compile: &dyn Fn() -> Result<(Vec<Plan>, usize), E>,
    one: Plan,
    subjects: &[CatalogSubject],
    say: &mut dyn FnMut(&str),
) -> Result<CatalogCost, E> {
    let before = rss_anon();
    let mut cost = CatalogCost::default();
    let mut plans = Vec::new();
    for _ in 0..bench.runs {
        plans.clear();
        let started = Instant::now();
        let (compiled, refused) = compile()?;
        cost.compile.0.push(started.elapsed().as_secs_f64());
        (plans, cost.refused) = (compiled, refused);
    }
    cost.rules = plans.len();
    cost.plan_bytes = rss_anon().zip(before).map(|(after, before)| after.saturating_sub(before));
    let one = [one];
    let mut naive = bench.clone();
    naive.options.prefilter = false;
    for CatalogSubject { whole, part } in subjects {
        say(&format!("{}: one rule, {} rules", whole.name, plans.len()));
        let mut scan = CatalogScan {
            corpus: whole.name.clone(),
            bytes: whole.bytes,
            part: part.bytes,
            ..CatalogScan::default()
        };
        for _ in 0..bench.runs {
            // The system may have dropped the files while all rules ran.
            bench.scan(&one, &whole.paths, 1)?;
            scan.one.0.push(bench.scan(&one, &whole.paths, 1)?.0);
            let (seconds, outcome) = bench.scan(&plans, &whole.paths, 1)?;
            scan.all.0.push(seconds);
            scan.candidates = outcome.counters.candidates;
            scan.hits = outcome.counters.matched;
            scan.part_all.0.push(bench.scan(&plans, &part.paths, 1)?.0);
        }
        say(&format!("{}: every rule on every event", whole.name));
        scan.every.0.push(naive.scan(&plans, &part.paths, 1)?.0);
        cost.scans.push(scan);
    }
    Ok(cost)
}
