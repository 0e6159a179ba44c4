//! The value of one row of a group: the first, the last, the earliest, the latest.

use serde::{Deserialize, Serialize};

use super::Place;
use super::accumulator::growth;
use crate::value::{Field, Value};

/// Which row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Choice {
    /// The first of the pipeline, which is the newest (SPLUNK.md 4, stats).
    First,
    /// The last of the pipeline.
    Last,
    /// The oldest of those that have a time.
    Earliest,
    /// The newest of those that have a time.
    Latest,
    /// The time of the oldest, in seconds since 1970.
    EarliestTime,
    /// The time of the newest.
    LatestTime,
}

impl Choice {
    /// Whether only rows that have a time count.
    fn by_time(self) -> bool {
        !matches!(self, Self::First | Self::Last)
    }

    /// First in the pipeline is newest, so `latest` is `first` and `earliest` is `last`.
    fn keeps_first(self) -> bool {
        matches!(self, Self::First | Self::Latest | Self::LatestTime)
    }

    fn is_time(self) -> bool {
        matches!(self, Self::EarliestTime | Self::LatestTime)
    }
}

/// The row chosen of those seen: where it stands and what it holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chosen {
    choice: Choice,
    row: Option<(Place, Field)>,
}

impl Chosen {
    /// None yet.
    #[must_use]
    pub fn new(choice: Choice) -> Self {
        Self { choice, row: None }
    }

    /// Takes in a row. Returns roughly by how many bytes it grew.
    pub(super) fn update(&mut self, place: &Place, field: &Field) -> usize {
        if !self.prefers(place) {
            return 0;
        }
        let before = self.row.as_ref().map_or(0, |(_, field)| field.size());
        let field = if self.choice.is_time() { time_of(place) } else { field.clone() };
        self.row = Some((place.clone(), field));
        growth(before, self.row.as_ref().map_or(0, |(_, field)| field.size()))
    }

    fn prefers(&self, place: &Place) -> bool {
        if self.choice.by_time() && place.time().is_none() {
            return false;
        }
        let keeps_first = self.choice.keeps_first();
        let is_before = |current: &Place| {
            if self.choice.by_time() {
                place.by_time() < current.by_time()
            } else {
                place < current
            }
        };
        self.row.as_ref().is_none_or(|(current, _)| is_before(current) == keeps_first)
    }

    pub(super) fn merge(&mut self, other: Self) {
        if let Some((place, field)) = other.row
            && self.prefers(&place)
        {
            self.row = Some((place, field));
        }
    }

    /// What the row holds.
    pub(super) fn finish(self) -> Option<Field> {
        self.row.map(|(_, field)| field)
    }

    fn time(&self) -> Option<f64> {
        self.row.as_ref().and_then(|(place, _)| Value::Time(place.time()?).number())
    }

    fn number(&self) -> Option<f64> {
        match self.row.as_ref()?.1.values() {
            [one] => one.number(),
            _ => None,
        }
    }
}

fn time_of(place: &Place) -> Field {
    let seconds = place.time().and_then(|time| Value::Time(time).number());
    Field::One(Value::Number(seconds.unwrap_or(0.0)))
}

/// `rate(X)`: the latest value less the earliest, over the seconds between the two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    earliest: Chosen,
    latest: Chosen,
}

impl Default for Rate {
    fn default() -> Self {
        Self { earliest: Chosen::new(Choice::Earliest), latest: Chosen::new(Choice::Latest) }
    }
}

impl Rate {
    pub(super) fn update(&mut self, place: &Place, field: &Field) -> usize {
        self.earliest.update(place, field) + self.latest.update(place, field)
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.earliest.merge(other.earliest);
        self.latest.merge(other.latest);
    }

    /// `None` where either is no number, or both are of one time.
    pub(super) fn finish(&self) -> Option<f64> {
        let change = self.latest.number()? - self.earliest.number()?;
        let rate = change / (self.latest.time()? - self.earliest.time()?);
        rate.is_finite().then_some(rate)
    }
}
