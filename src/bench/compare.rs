//! Two reports: what got faster or slower, by the median, with the spread of both.

use super::report::{Measurement, Report};

/// A difference under this is no news, however still the machine was.
const LEAST: f64 = 0.03;

/// What became of one measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The difference is within the noise of both.
    NoChange,
    /// It takes less time a byte.
    Faster,
    /// It takes more.
    Slower,
}

/// One measurement in both reports.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Corpus, what was measured, threads.
    pub name: String,
    /// The medians in seconds, the old one first. Where the sizes differ, the old one is scaled
    /// to the new.
    pub medians: (f64, f64),
    /// The spreads, likewise.
    pub spreads: (f64, f64),
    /// New time by old time.
    pub ratio: f64,
    /// Within what ratio of 1 there is no news.
    pub band: f64,
    /// What became of it.
    pub verdict: Verdict,
}

/// Compares what stands in both reports, in the order of the new one.
#[must_use]
pub fn compare(old: &Report, new: &Report) -> Vec<Change> {
    let same = |a: &Measurement, b: &Measurement| {
        a.corpus == b.corpus && a.what == b.what && a.threads == b.threads
    };
    let partner = |one: &Measurement| {
        let mut all = old.measurements.iter().filter(|other| same(other, one));
        // Parts of a corpus have its name and another size.
        all.clone().find(|other| other.bytes == one.bytes).or_else(|| all.next())
    };
    new.measurements.iter().filter_map(|new| Some(change(partner(new)?, new))).collect()
}

fn change(old: &Measurement, new: &Measurement) -> Change {
    let scale = if old.bytes == 0 { 1.0 } else { new.bytes as f64 / old.bytes as f64 };
    let medians = (old.seconds.median() * scale, new.seconds.median());
    let spreads = (old.seconds.spread() * scale, new.seconds.spread());
    let ratio = medians.1 / medians.0;
    // Two spreads each way take in nearly all rounds of a still machine.
    let band = LEAST.max(2.0 * (spreads.0 + spreads.1) / medians.0);
    let verdict = match ratio - 1.0 {
        difference if difference > band => Verdict::Slower,
        difference if difference < -band => Verdict::Faster,
        _ => Verdict::NoChange,
    };
    let name = format!("{} {} -j{}", new.corpus, new.what.name(), new.threads);
    Change { name, medians, spreads, ratio, band, verdict }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::What;
    use crate::bench::samples::Samples;

    fn report(seconds: &[f64], bytes: u64) -> Report {
        let mut one = Measurement::new("x", What::Scan, 1, bytes);
        one.seconds = Samples(seconds.to_vec());
        Report { measurements: vec![one], ..Report::default() }
    }

    #[test]
    fn only_what_is_outside_the_noise_is_news() {
        for (old, new, verdict) in [
            (&[1.0, 1.0, 1.0][..], &[1.02, 1.02, 1.02][..], Verdict::NoChange),
            (&[1.0, 1.0, 1.0], &[1.1, 1.1, 1.1], Verdict::Slower),
            (&[1.0, 1.0, 1.0], &[0.9, 0.9, 0.9], Verdict::Faster),
            // The same medians, but they jump about.
            (&[0.9, 1.0, 1.1], &[1.0, 1.1, 1.2], Verdict::NoChange),
        ] {
            let changes = compare(&report(old, 100), &report(new, 100));
            assert_eq!(changes.len(), 1);
            assert_eq!(changes[0].verdict, verdict, "{old:?} {new:?}");
        }
    }

    #[test]
    fn another_size_is_scaled_and_what_is_new_is_left_out() {
        let changes = compare(&report(&[1.0], 100), &report(&[2.0], 200));
        assert_eq!(changes[0].verdict, Verdict::NoChange);
        assert_eq!(compare(&Report::default(), &report(&[1.0], 1)), []);
    }
}
