//! What a sweep counts.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::event::Format;

/// Files and bytes of one format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormatCount {
    /// Files.
    pub files: u64,
    /// Bytes: of the file, or unpacked where it was packed.
    pub bytes: u64,
}

/// From the first event seen to the last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeSpan {
    /// The first and the last time.
    pub ends: Option<(Timestamp, Timestamp)>,
}

impl TimeSpan {
    /// Takes in a time.
    pub fn add(&mut self, time: Timestamp) {
        let (first, last) = self.ends.unwrap_or((time, time));
        self.ends = Some((first.min(time), last.max(time)));
    }
}

/// What one worker, or all of them together, have read and matched.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Counters {
    /// Files by format.
    pub formats: BTreeMap<Format, FormatCount>,
    /// Files of no bytes.
    pub empty_files: u64,
    /// Buckets that were passed over, for by their names none of their events is in the time that
    /// was asked for.
    pub buckets_out_of_time: u64,
    /// Bytes that were searched or could not be.
    pub bytes: u64,
    /// Files that were opened.
    pub files: u64,
    /// Bytes of packed files as they lie on the disk; what they unpack to counts in `bytes`.
    pub packed_bytes: u64,
    /// Members of archives that were opened.
    pub members: u64,
    /// Events that were framed and decoded: candidates that a rule's gate let through.
    pub events: u64,
    /// Events in which the prefilter found something to look at; all of them where it is off.
    pub candidates: u64,
    /// Bytes of text that were framed without a search first, for nearly every event before them
    /// had a hit.
    pub unfiltered: u64,
    /// Events that matched under the reading in force, counted once a rule.
    pub matched: u64,
    /// Of those, how many stock Splunk would match too.
    pub matched_strict_too: u64,
    /// Events that stock Splunk would match and the reading in force does not.
    pub matched_strict_only: u64,
    /// Matches that named no host, and were given the default one under `no-host`.
    pub without_host: u64,
    /// Matches that carry no time and were given their file's.
    pub without_time: u64,
    /// The times seen: of every decoded event, and of the first and last of every file.
    pub span: TimeSpan,
    /// Rows of the answer.
    pub rows: u64,
    /// How long each shard took, in microseconds.
    #[serde(serialize_with = "save_latency", deserialize_with = "load_latency")]
    pub latency: Histogram<u64>,
}

/// How often each latency was recorded.
fn save_latency<S: Serializer>(latency: &Histogram<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    let recorded = latency.iter_recorded();
    let counts: Vec<_> = recorded.map(|v| (v.value_iterated_to(), v.count_at_value())).collect();
    counts.serialize(serializer)
}

fn load_latency<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Histogram<u64>, D::Error> {
    let mut latency = no_latency();
    for (value, count) in Vec::<(u64, u64)>::deserialize(deserializer)? {
        latency.saturating_record_n(value, count);
    }
    Ok(latency)
}

fn no_latency() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_LATENCY, 3)
        .unwrap_or_else(|error| unreachable!("the bounds are fixed and valid: {error}"))
}

/// An hour; a shard that takes longer counts as one that took this long.
const LONGEST_LATENCY: u64 = 3_600_000_000;

impl Default for Counters {
    fn default() -> Self {
        Self {
            formats: BTreeMap::new(),
            empty_files: 0,
            buckets_out_of_time: 0,
            bytes: 0,
            files: 0,
            packed_bytes: 0,
            members: 0,
            events: 0,
            candidates: 0,
            unfiltered: 0,
            matched: 0,
            matched_strict_too: 0,
            matched_strict_only: 0,
            without_host: 0,
            without_time: 0,
            span: TimeSpan::default(),
            rows: 0,
            latency: no_latency(),
        }
    }
}

impl Counters {
    /// Counts a file of a format.
    pub fn file(&mut self, format: Format) {
        self.formats.entry(format).or_default().files += 1;
    }

    /// Counts bytes of a format that were searched.
    pub fn searched(&mut self, format: Format, bytes: usize) {
        self.formats.entry(format).or_default().bytes += bytes as u64;
        self.bytes += bytes as u64;
    }

    /// Counts how long a shard took.
    pub fn shard_took(&mut self, time: std::time::Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.latency.saturating_record(micros.clamp(1, LONGEST_LATENCY));
    }
}

impl std::ops::AddAssign for Counters {
    fn add_assign(&mut self, other: Self) {
        for (format, count) in other.formats {
            let mine = self.formats.entry(format).or_default();
            mine.files += count.files;
            mine.bytes += count.bytes;
        }
        self.empty_files += other.empty_files;
        self.buckets_out_of_time += other.buckets_out_of_time;
        self.bytes += other.bytes;
        self.files += other.files;
        self.packed_bytes += other.packed_bytes;
        self.members += other.members;
        self.events += other.events;
        self.candidates += other.candidates;
        self.unfiltered += other.unfiltered;
        self.matched += other.matched;
        self.matched_strict_too += other.matched_strict_too;
        self.matched_strict_only += other.matched_strict_only;
        self.without_host += other.without_host;
        self.without_time += other.without_time;
        if let Some((first, last)) = other.span.ends {
            self.span.add(first);
            self.span.add(last);
        }
        self.rows += other.rows;
        // Both have the same bounds, so that nothing can be out of range.
        let _ = self.latency.add(&other.latency);
    }
}
