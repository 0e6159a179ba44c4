//! The functions of `stats` by name.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::accumulator::Accumulator;
use super::chosen::{Choice, Chosen};
use super::numbers::{Numbers, Statistic};
use super::text_set::TextSet;

/// The functions of `stats`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Function {
    /// How many values, or rows.
    Count,
    /// How many different values.
    DistinctCount,
    /// The different values, sorted by bytes.
    Values,
    /// The values in the order of the pipeline.
    List,
    /// The most frequent value.
    Mode,
    /// The smallest value.
    Min,
    /// The largest value.
    Max,
    /// Something of the numbers among the values.
    Numeric(Statistic),
    /// The value of one row.
    Choice(Choice),
    /// How fast the value changes, by the second.
    Rate,
}

/// Every spelling of every function, but those of the percentiles.
const NAMES: &[(&str, Function)] = &[
    ("avg", Function::Numeric(Statistic::Mean)),
    ("c", Function::Count),
    ("count", Function::Count),
    ("dc", Function::DistinctCount),
    ("distinct_count", Function::DistinctCount),
    ("earliest", Function::Choice(Choice::Earliest)),
    ("earliest_time", Function::Choice(Choice::EarliestTime)),
    // All values are kept, so the estimate is exact.
    ("estdc", Function::DistinctCount),
    ("first", Function::Choice(Choice::First)),
    ("last", Function::Choice(Choice::Last)),
    ("latest", Function::Choice(Choice::Latest)),
    ("latest_time", Function::Choice(Choice::LatestTime)),
    ("list", Function::List),
    ("max", Function::Max),
    ("mean", Function::Numeric(Statistic::Mean)),
    ("median", Function::Numeric(Statistic::Median)),
    ("min", Function::Min),
    ("mode", Function::Mode),
    ("range", Function::Numeric(Statistic::Range)),
    ("rate", Function::Rate),
    ("stdev", Function::Numeric(Statistic::Deviation)),
    ("stdevp", Function::Numeric(Statistic::PopulationDeviation)),
    ("sum", Function::Numeric(Statistic::Sum)),
    ("sumsq", Function::Numeric(Statistic::SumOfSquares)),
    ("values", Function::Values),
    ("var", Function::Numeric(Statistic::Variance)),
    ("varp", Function::Numeric(Statistic::PopulationVariance)),
];

/// What may stand before the rank of a percentile. All are exact here, so they are the same.
const PERCENTILES: &[&str] = &["perc", "p", "exactperc", "upperperc"];

impl Function {
    /// The function with this name: `count`, `perc95`, `p99.9`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        if let Some((_, function)) = NAMES.iter().find(|(known, _)| *known == name) {
            return Some(*function);
        }
        PERCENTILES.iter().find_map(|prefix| percentile(name.strip_prefix(prefix)?))
    }

    /// Every name; `<N>` stands for the rank of a percentile.
    pub fn names() -> impl Iterator<Item = String> {
        let percentiles = PERCENTILES.iter().map(|prefix| format!("{prefix}<N>"));
        NAMES.iter().map(|(name, _)| (*name).to_owned()).chain(percentiles)
    }

    /// Whether a search without rows still gets a row of it (SPLUNK.md 4, stats).
    #[must_use]
    pub fn counts_nothing(self) -> bool {
        matches!(self, Self::Count | Self::DistinctCount)
    }

    /// An accumulator that has seen nothing.
    #[must_use]
    pub fn start(self) -> Accumulator {
        match self {
            Self::Count => Accumulator::Count(0),
            Self::DistinctCount => Accumulator::DistinctCount(TextSet::default()),
            Self::Values => Accumulator::Values(TextSet::default()),
            Self::List => Accumulator::List(BTreeMap::new()),
            Self::Mode => Accumulator::Mode(BTreeMap::new()),
            Self::Min => Accumulator::Min(None),
            Self::Max => Accumulator::Max(None),
            Self::Numeric(statistic) => Accumulator::Numbers(Box::new(Numbers::new(statistic))),
            Self::Choice(choice) => Accumulator::Chosen(Box::new(Chosen::new(choice))),
            Self::Rate => Accumulator::Rate(Box::default()),
        }
    }
}

impl fmt::Display for Function {
    /// A name that [`Function::from_name`] knows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Numeric(Statistic::Percentile { millionths }) = self {
            return write!(f, "perc{}", f64::from(*millionths) / 1e4);
        }
        // `c` and `distinct_count` have another name before or behind them.
        let name = match self {
            Self::Count => Some("count"),
            _ => NAMES.iter().find(|(_, function)| function == self).map(|(name, _)| *name),
        };
        f.write_str(name.unwrap_or_default())
    }
}

/// The percentile of a rank from 0 to 100.
fn percentile(rank: &str) -> Option<Function> {
    if rank.is_empty() || rank.bytes().any(|byte| !byte.is_ascii_digit() && byte != b'.') {
        return None;
    }
    let rank: f64 = rank.parse().ok().filter(|rank| *rank <= 100.0)?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Some(Function::Numeric(Statistic::Percentile { millionths: (rank * 1e4).round() as u32 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_found() {
        assert!(NAMES.is_sorted_by_key(|(name, _)| *name));
        for (name, function) in NAMES {
            assert_eq!(Function::from_name(name), Some(*function));
            assert_eq!(Function::from_name(&function.to_string()), Some(*function), "{name}");
        }
    }

    #[test]
    fn percentiles_have_a_rank_up_to_a_hundred() {
        let p = |millionths| Some(Function::Numeric(Statistic::Percentile { millionths }));
        for (name, function) in [
            ("perc95", p(950_000)),
            ("p5", p(50_000)),
            ("exactperc99.95", p(999_500)),
            ("upperperc100", p(1_000_000)),
            ("perc0", p(0)),
            ("perc101", None),
            ("perc", None),
            ("p", None),
            ("perc-5", None),
            ("p1e1", None),
            ("perc1.2.3", None),
            ("nosuchfunc", None),
        ] {
            assert_eq!(Function::from_name(name), function, "{name}");
            if let Some(function) = function {
                assert_eq!(Function::from_name(&function.to_string()), Some(function), "{name}");
            }
        }
    }
}
