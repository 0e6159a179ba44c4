//! Numbers seen, and what `stats` makes of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::accumulator::NODE;
use crate::value::{Field, Value};

/// What is computed of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Statistic {
    /// Their sum.
    Sum,
    /// The sum of their squares.
    SumOfSquares,
    /// Their mean.
    Mean,
    /// The sample variance (n - 1).
    Variance,
    /// The variance of all (n).
    PopulationVariance,
    /// The sample standard deviation (n - 1).
    Deviation,
    /// The standard deviation of all (n).
    PopulationDeviation,
    /// The largest less the smallest.
    Range,
    /// The one in the middle. Of an even number of values the mean of the two in the middle, an
    /// exact half of which is rounded up (SPLUNK.md 4, stats).
    Median,
    /// The value below which such a share of them lies, between two of them in proportion.
    Percentile {
        /// The share, in millionths.
        millionths: u32,
    },
}

/// The numbers among the values of one aggregate; text is passed over (SPLUNK.md 4, stats).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    statistic: Statistic,
    /// How often each number was seen, by its bits: adding up in this order at the end gives the
    /// same sum however the rows were spread over workers.
    #[serde(with = "super::pairs")]
    seen: BTreeMap<u64, u64>,
}

impl Numbers {
    /// None yet.
    #[must_use]
    pub fn new(statistic: Statistic) -> Self {
        Self { statistic, seen: BTreeMap::new() }
    }

    /// Takes in a field's values. Returns roughly by how many bytes it grew.
    pub(super) fn update(&mut self, field: &Field) -> usize {
        let before = self.seen.len();
        for number in field.values().iter().filter_map(Value::number) {
            if self.statistic == Statistic::Range {
                self.widen(number);
            } else {
                *self.seen.entry(number.to_bits()).or_default() += 1;
            }
        }
        self.seen.len().saturating_sub(before) * NODE
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (bits, times) in other.seen {
            if self.statistic == Statistic::Range {
                self.widen(f64::from_bits(bits));
            } else {
                *self.seen.entry(bits).or_default() += times;
            }
        }
    }

    /// Keeps the smallest and the largest only.
    fn widen(&mut self, number: f64) {
        let sorted = self.sorted();
        let (low, high) = match (sorted.first(), sorted.last()) {
            (Some((low, _)), Some((high, _))) => (*low, *high),
            _ => (number, number),
        };
        let kept = [low, high, number];
        let least = kept.into_iter().fold(low, f64::min);
        let most = kept.into_iter().fold(high, f64::max);
        self.seen = [least, most].map(|number| (number.to_bits(), 1)).into();
    }

    /// Each number and how often it was seen, in an order that is always the same.
    #[allow(clippy::cast_precision_loss)]
    fn iter(&self) -> impl Iterator<Item = (f64, f64)> {
        self.seen.iter().map(|(bits, times)| (f64::from_bits(*bits), *times as f64))
    }

    /// The same from the smallest on.
    fn sorted(&self) -> Vec<(f64, u64)> {
        let mut sorted: Vec<_> =
            self.seen.iter().map(|(bits, times)| (f64::from_bits(*bits), *times)).collect();
        sorted.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        sorted
    }

    fn count(&self) -> f64 {
        self.iter().map(|(_, times)| times).sum()
    }

    fn sum(&self) -> f64 {
        self.iter().map(|(number, times)| number * times).sum()
    }

    fn mean(&self) -> f64 {
        self.sum() / self.count()
    }

    /// The squares of the distances from the mean, over the count less `less`.
    fn variance(&self, less: f64) -> f64 {
        let (count, mean) = (self.count(), self.mean());
        if count < 2.0 {
            return 0.0;
        }
        let squares: f64 = self.iter().map(|(n, times)| (n - mean).powi(2) * times).sum();
        squares / (count - less)
    }

    /// The number at a place of all in order, the first being 0; in proportion between two.
    #[allow(clippy::cast_precision_loss)]
    fn at(&self, share: f64) -> Option<f64> {
        let sorted = self.sorted();
        let place = share * (self.count() - 1.0);
        let nth = |wanted: f64| {
            let mut seen = 0.0;
            let found = sorted.iter().find(|(_, times)| {
                seen += *times as f64;
                seen > wanted
            });
            found.map(|(number, _)| *number)
        };
        let (low, part) = (nth(place.floor())?, place.fract());
        if part == 0.0 { Some(low) } else { Some(low + (nth(place.floor() + 1.0)? - low) * part) }
    }

    fn median(&self) -> Option<f64> {
        let middle = self.at(0.5)?;
        let even = self.count() % 2.0 == 0.0;
        let half = (middle - middle.floor() - 0.5).abs() < f64::EPSILON;
        Some(if even && half { middle.ceil() } else { middle })
    }

    /// The result; `None` where no value was a number, or the result is none.
    pub(super) fn finish(&self) -> Option<f64> {
        if self.seen.is_empty() {
            return None;
        }
        let number = match self.statistic {
            Statistic::Sum => self.sum(),
            Statistic::SumOfSquares => self.iter().map(|(n, times)| n * n * times).sum(),
            Statistic::Mean => self.mean(),
            Statistic::Variance => self.variance(1.0),
            Statistic::PopulationVariance => self.variance(0.0),
            Statistic::Deviation => self.variance(1.0).sqrt(),
            Statistic::PopulationDeviation => self.variance(0.0).sqrt(),
            Statistic::Range => self.at(1.0)? - self.at(0.0)?,
            Statistic::Median => self.median()?,
            Statistic::Percentile { millionths } => self.at(f64::from(millionths) / 1e6)?,
        };
        number.is_finite().then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use crate::aggregate::Function;
    use crate::value::{Field, number_text};

    fn of(name: &str, values: &[&str]) -> String {
        let Some(Function::Numeric(statistic)) = Function::from_name(name) else {
            panic!("{name} is no statistic")
        };
        let mut numbers = super::Numbers::new(statistic);
        values.iter().for_each(|value| {
            numbers.update(&Field::text(*value));
        });
        numbers.finish().map_or("none".to_owned(), number_text)
    }

    #[test]
    fn a_median_rounds_an_exact_half_up() {
        // SPLUNK.md 4, stats: "median rounds an exact half up".
        for (values, expected) in [
            (&["1", "2"][..], "2"),
            (&["1", "4"], "3"),
            (&["0", "1"], "1"),
            (&["4", "3", "2", "1"], "3"),
            (&["10", "20", "30", "40", "50", "60"], "35"),
            (&["1", "2", "3"], "2"),
            (&["1.5"], "1.5"),
            (&["-2", "-1"], "-1"),
            (&["x"], "none"),
        ] {
            assert_eq!(of("median", values), expected, "{values:?}");
        }
        let middle: f64 = of("median", &["1.2", "1.4"]).parse().unwrap();
        assert!((middle - 1.3).abs() < 1e-9, "{middle}");
    }

    #[test]
    fn percentiles_lie_between_values_in_proportion() {
        let values = ["4", "1", "3", "2", "text"];
        for (name, expected) in [
            ("perc50", "2.5"),
            ("p90", "3.7"),
            ("perc0", "1"),
            ("exactperc100", "4"),
            ("upperperc25", "1.75"),
        ] {
            assert_eq!(of(name, &values), expected, "{name}");
        }
        assert_eq!(of("p50", &["-3", "-1", "-2"]), "-2");
        assert_eq!(of("p95", &["7", "7", "7"]), "7");
        assert_eq!(of("p95", &["x"]), "none");
    }

    #[test]
    fn samples_and_populations_differ_by_one() {
        // SPLUNK.md 4, stats: stdev is of a sample (n - 1); sums and means are of numbers only.
        let values = ["2", "4", "4", "4", "5", "5", "7", "9", "text"];
        for (name, expected) in [
            ("sum", "40"),
            ("sumsq", "232"),
            ("avg", "5"),
            ("mean", "5"),
            ("varp", "4"),
            ("stdevp", "2"),
            ("range", "7"),
        ] {
            assert_eq!(of(name, &values), expected, "{name}");
        }
        assert_eq!(of("var", &["1", "3"]), "2");
        assert_eq!(of("stdev", &["1", "3"]), "1.4142135623730951");
        assert_eq!(of("stdev", &["5"]), "0");
        assert_eq!(of("range", &["-5", "3", "-7"]), "10");
        assert_eq!(of("sum", &["x"]), "none");
        assert_eq!(of("sum", &["1e308", "1e308", "1.5e308"]), "none");
    }
}
