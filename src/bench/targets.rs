//! The project's targets: ratios within one run, and whether they hold.

use serde::{Deserialize, Serialize};

use super::catalog::CatalogCost;
use super::report::{Measurement, Report, What};

/// One target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// What is compared.
    pub name: String,
    /// The number to reach, or to stay under; `None` where a number is only reported.
    pub wanted: Option<f64>,
    /// Whether `found` must be at least `wanted`, not at most.
    pub at_least: bool,
    /// The number; `None` where it was not measured.
    pub found: Option<f64>,
}

impl Target {
    /// Whether it holds; `None` where it was not measured or nothing is wanted.
    #[must_use]
    pub fn holds(&self) -> Option<bool> {
        let (wanted, found) = (self.wanted?, self.found?);
        Some(if self.at_least { found >= wanted } else { found <= wanted })
    }
}

/// The report's numbers, looked up.
struct Numbers<'r> {
    report: &'r Report,
    threads: usize,
}

impl Numbers<'_> {
    /// The measurement of the whole corpus: parts have the same name and fewer bytes.
    fn get(&self, corpus: &str, what: What, threads: usize) -> Option<&Measurement> {
        let all = self.report.measurements.iter();
        all.filter(|one| one.corpus == corpus && one.what == what && one.threads == threads)
            .max_by_key(|one| one.bytes)
    }

    fn seconds(&self, corpus: &str, what: What, threads: usize) -> Option<f64> {
        Some(self.get(corpus, what, threads)?.seconds.median())
    }

    fn of_sum(&self, corpus: &str, threads: usize) -> Option<f64> {
        self.get(corpus, What::Scan, threads)?.of_sum
    }

    /// How many times longer `what` takes than a scan on as many threads.
    fn times(&self, corpus: &str, what: What, threads: usize) -> Option<f64> {
        Some(self.seconds(corpus, what, threads)? / self.seconds(corpus, What::Scan, threads)?)
    }

    fn per_byte(&self, corpus: &str, threads: usize) -> Option<f64> {
        let one = self.get(corpus, What::Scan, threads)?;
        Some(one.seconds.median() / one.bytes as f64)
    }

    /// How far the time of any size is from the line through the largest and zero.
    fn off_the_line(&self, corpus: &str) -> Option<f64> {
        let largest = self.get(corpus, What::Growth, 1)?;
        let per_byte = |one: &Measurement| one.seconds.median() / one.bytes as f64;
        let all = self.report.measurements.iter();
        let sizes = all.filter(|one| one.corpus == corpus && one.what == What::Growth);
        let off: Vec<_> =
            sizes.map(|one| (per_byte(one) / per_byte(largest) - 1.0).abs()).collect();
        (off.len() > 1).then(|| off.into_iter().fold(0.0, f64::max))
    }

    /// How many times longer a part of a corpus takes without the prefilter.
    fn gain(&self, corpus: &str) -> Option<f64> {
        let without = self.get(corpus, What::NoPrefilter, self.threads)?;
        let with = self.report.measurements.iter().find(|one| {
            one.corpus == corpus
                && one.what == What::Scan
                && one.threads == self.threads
                && one.bytes == without.bytes
        })?;
        Some(without.seconds.median() / with.seconds.median())
    }

    fn speed_up(&self, corpus: &str) -> Option<f64> {
        if self.threads < 2 {
            return None;
        }
        let one = self.seconds(corpus, What::Scan, 1)?;
        Some(one / self.seconds(corpus, What::Scan, self.threads)?)
    }

    fn cold(&self, corpus: &str) -> Option<f64> {
        let scan = &self.get(corpus, What::ColdScan, self.threads)?.seconds;
        Some(scan.faster_than(&self.get(corpus, What::ColdRead, 1)?.seconds))
    }
}

/// Judges the targets by a report of so many threads.
#[must_use]
pub fn targets(report: &Report, threads: usize) -> Vec<Target> {
    let numbers = Numbers { report, threads };
    let mut all = Vec::new();
    let mut add = |name: String, at_least, wanted, found: Option<f64>| {
        all.push(Target { name, wanted, at_least, found });
    };
    let of_sum = |corpus: &str, wanted| (corpus.to_owned(), wanted, numbers.of_sum(corpus, 1));
    for (corpus, wanted, found) in [
        of_sum("xml-rare", 0.9),
        of_sum("classic-rare", 0.8),
        of_sum("json-rare", 0.8),
        of_sum("evtx-rare", 0.75),
    ] {
        add(format!("{corpus}: speed of the summing pass, 1 thread"), true, Some(wanted), found);
    }
    // Either will do: a scan that is as fast as memory is not faster on more threads than that.
    let speed_up = numbers.speed_up("xml-rare");
    let of_sum = numbers.of_sum("xml-rare", threads).filter(|_| threads > 1);
    let wanted = 0.9 * threads as f64;
    let by_sum = speed_up.is_some_and(|found| found < wanted) && of_sum >= Some(0.85);
    let wanted = Some(wanted).filter(|_| !by_sum);
    add(format!("xml-rare: {threads} threads against 1"), true, wanted, speed_up);
    let wanted = Some(0.85).filter(|_| by_sum);
    add(format!("xml-rare: speed of the summing pass, {threads} threads"), true, wanted, of_sum);
    let rg = numbers.times("xml-rare", What::Rg, 1);
    let (name, found) = match rg {
        Some(_) => ("ripgrep with the rule's regex", rg),
        None => (
            "the rule's regex by ripgrep's automata (rg is not installed)",
            numbers.times("xml-rare", What::Regex, 1),
        ),
    };
    add(format!("xml-rare: times faster than {name}, 1 thread"), true, Some(15.0), found);
    let cold = numbers.cold("xml-rare");
    add("xml-rare: cold, speed of reading the file".to_owned(), true, Some(0.95), cold);
    for (corpus, wanted) in [("evtx-rare", 40.0), ("evtx-many", 25.0)] {
        let found = numbers.times(corpus, What::Decode, threads);
        let name = format!("{corpus}: times faster than decoding all, {threads} threads");
        add(name, true, Some(wanted), found);
    }
    for (dense, rare) in [
        ("xml-dense", "xml-rare"),
        ("classic-dense", "classic-rare"),
        ("json-dense", "json-rare"),
        ("evtx-dense", "evtx-rare"),
        ("evtx-many-dense", "evtx-many"),
    ] {
        let found = numbers.per_byte(dense, 1).zip(numbers.per_byte(rare, 1));
        let found = found.map(|(dense, rare)| dense / rare);
        add(format!("{dense}: times the time of {rare}, 1 thread"), false, Some(3.0), found);
    }
    for corpus in ["xml-hostile", "classic-hostile", "json-hostile"] {
        let found = numbers.get(corpus, What::Scan, 1).map(Measurement::gigabytes_per_second);
        add(format!("{corpus}: GB/s, 1 thread"), true, Some(0.5), found);
    }
    for corpus in ["xml-rare", "classic-rare", "json-rare", "evtx-rare"] {
        let found = numbers.gain(corpus);
        add(format!("{corpus}: times faster than without prefilter"), true, None, found);
    }
    let found = numbers.seconds("small", What::StartUp, threads).map(|seconds| seconds * 1e3);
    add("small: milliseconds from start to end".to_owned(), false, Some(10.0), found);
    let found = numbers.off_the_line("xml-rare");
    add("xml-rare: off a straight line over sizes".to_owned(), false, Some(0.1), found);
    for corpus in ["xml-rare", "classic-rare", "json-rare", "evtx-rare", "evtx-many"] {
        let most = numbers.get(corpus, What::Scan, threads).and_then(|one| one.rss_anon);
        let wanted = (64 + 8 * threads) as f64;
        let found = most.map(|bytes| bytes as f64 / (1u64 << 20) as f64);
        add(format!("{corpus}: MiB of anonymous memory"), false, Some(wanted), found);
    }
    all
}

/// Judges the targets for a whole catalog.
#[must_use]
pub fn catalog_targets(cost: &CatalogCost) -> Vec<Target> {
    let mut all = Vec::new();
    let mut add = |name: String, at_least, wanted, found| {
        all.push(Target { name, wanted: Some(wanted), at_least, found });
    };
    let compile = cost.compile.median();
    add(format!("{} rules: seconds to compile", cost.rules), false, 1.5, Some(compile));
    let plans = cost.plan_bytes.map(|bytes| bytes as f64 / (1u64 << 20) as f64);
    add(format!("{} rules: MiB of compiled plans", cost.rules), false, 300.0, plans);
    for scan in &cost.scans {
        let name = |what: &str| format!("{}, {} rules: {what}", scan.corpus, cost.rules);
        let speed = Some(scan.gigabytes_per_second());
        add(name("GB/s, 1 thread"), true, 0.3, speed);
        add(name("times the time of one rule"), false, 8.0, Some(scan.times_one()));
        let gain = Some(scan.gain());
        add(name("times faster than every rule on every decoded event"), true, 25.0, gain);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::samples::Samples;

    fn one(corpus: &str, what: What, threads: usize, bytes: u64, seconds: f64) -> Measurement {
        let mut one = Measurement::new(corpus, what, threads, bytes);
        one.seconds = Samples(vec![seconds]);
        one
    }

    #[test]
    fn numbers_are_those_of_the_whole_corpus() {
        let gigabyte = 1_000_000_000;
        let mut whole = one("xml-rare", What::Scan, 1, 4 * gigabyte, 0.4);
        whole.of_sum = Some(0.93);
        let report = Report {
            measurements: vec![
                whole,
                one("xml-rare", What::Growth, 1, gigabyte, 0.104),
                one("xml-rare", What::Growth, 1, 8 * gigabyte, 0.8),
                one("xml-rare", What::Rg, 1, 4 * gigabyte, 8.0),
                one("xml-hostile", What::Scan, 1, gigabyte, 4.0),
                one("xml-dense", What::Scan, 1, gigabyte, 0.2),
                one("xml-rare", What::Scan, 2, gigabyte, 0.05),
                one("xml-rare", What::NoPrefilter, 2, gigabyte, 5.0),
            ],
            ..Report::default()
        };
        let targets = targets(&report, 2);
        let found = |start: &str| {
            let target = targets.iter().find(|target| target.name.starts_with(start)).unwrap();
            (target.found.map(|found| (found * 1000.0).round() / 1000.0), target.holds())
        };
        assert_eq!(found("xml-rare: speed of the summing pass, 1"), (Some(0.93), Some(true)));
        assert_eq!(found("xml-rare: times faster than rip"), (Some(20.0), Some(true)));
        assert_eq!(found("xml-dense"), (Some(2.0), Some(true)));
        assert_eq!(found("xml-hostile"), (Some(0.25), Some(false)));
        assert_eq!(found("xml-rare: off a"), (Some(0.04), Some(true)));
        assert_eq!(found("xml-rare: times faster than without"), (Some(100.0), None));
        assert_eq!(found("evtx-rare: times faster than decoding"), (None, None));
    }
}
