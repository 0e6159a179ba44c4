//! Times of one thing, measured several times.

use serde::{Deserialize, Serialize};

/// Seconds, in the order they were measured. All of them are kept, so that a later look can find
/// what a median hides.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Samples(pub Vec<f64>);

impl Samples {
    /// The median; NaN of none.
    #[must_use]
    pub fn median(&self) -> f64 {
        median(&self.0)
    }

    /// The spread: the median of the distances from the median.
    #[must_use]
    pub fn spread(&self) -> f64 {
        let median = self.median();
        let distances: Vec<_> = self.0.iter().map(|sample| (sample - median).abs()).collect();
        self::median(&distances)
    }

    /// The least; infinite of none.
    #[must_use]
    pub fn min(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// The most; infinite of none.
    #[must_use]
    pub fn max(&self) -> f64 {
        self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// How many times faster this is than `other`, by the median over the rounds in which both
    /// were measured one after the other.
    #[must_use]
    pub fn faster_than(&self, other: &Self) -> f64 {
        let ratios: Vec<_> =
            self.0.iter().zip(&other.0).map(|(mine, theirs)| theirs / mine).collect();
        median(&ratios)
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    match sorted.get(half) {
        None => f64::NAN,
        Some(&upper) if sorted.len() % 2 == 1 => upper,
        Some(&upper) => {
            f64::midpoint(sorted.get(half.wrapping_sub(1)).copied().unwrap_or(upper), upper)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_spreads() {
        for (values, median, spread) in [
            (&[3.0][..], 3.0, 0.0),
            (&[4.0, 1.0], 2.5, 1.5),
            (&[9.0, 1.0, 2.0], 2.0, 1.0),
            (&[1.0, 2.0, 3.0, 100.0], 2.5, 1.0),
        ] {
            let samples = Samples(values.to_vec());
            assert_eq!((samples.median(), samples.spread()), (median, spread), "{values:?}");
        }
        assert!(Samples::default().median().is_nan());
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        // The machine slowed down for both: the ratio did not change.
        let (mine, theirs) = (Samples(vec![1.0, 1.0, 10.0]), Samples(vec![2.0, 2.0, 20.0]));
        assert_eq!(mine.faster_than(&theirs), 2.0);
    }
}
