//! What was measured, as it is kept and compared.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::catalog::CatalogCost;
use super::samples::Samples;
use super::stages::Stages;
use super::targets::Target;

/// Everything one run of the benchmark says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The program's version.
    pub version: String,
    /// When the run started.
    pub started: String,
    /// The command line, but for the program's folder.
    #[serde(default)]
    pub command: String,
    /// The commit that the program was built from, where that was said.
    #[serde(default)]
    pub commit: Option<String>,
    /// Where it ran.
    pub machine: Machine,
    /// What was measured, in order.
    pub measurements: Vec<Measurement>,
    /// The project's targets that could be judged, and why others could not.
    pub targets: Vec<Target>,
    /// What each rule costs, the dearest first.
    pub rules: Vec<RuleCost>,
    /// What a whole catalog costs in one pass.
    #[serde(default)]
    pub catalog: Option<CatalogCost>,
    /// What was left out, and why.
    pub notes: Vec<String>,
    /// Answers that were wrong. There should be none.
    pub wrong: Vec<String>,
}

/// A machine, as far as it says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The operating system and its kernel.
    pub system: String,
    /// The processor's name.
    pub processor: String,
    /// How many processors there are.
    pub processors: usize,
    /// Bytes of memory; 0 where that is not known.
    pub memory: u64,
}

impl Machine {
    /// This machine.
    #[must_use]
    pub fn this() -> Self {
        let file = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let value = |text: &str, key: &str| {
            let line = text.lines().find(|line| line.starts_with(key));
            line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned())
        };
        let memory = value(&file("/proc/meminfo"), "MemTotal").unwrap_or_default();
        let kilobytes: u64 = memory.trim_end_matches("kB").trim().parse().unwrap_or(0);
        let release = file("/proc/sys/kernel/osrelease");
        Self {
            system: format!("{} {}", std::env::consts::OS, release.trim()).trim().to_owned(),
            processor: value(&file("/proc/cpuinfo"), "model name").unwrap_or_default(),
            processors: std::thread::available_parallelism().map_or(0, Into::into),
            memory: kilobytes << 10,
        }
    }
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// A scan: files opened, searched, rows merged.
    Scan,
    /// Summing the 8-byte words of the same files, mapped, on as many threads.
    Sum,
    /// A scan of the first files of a corpus that is made to grow, on one thread.
    Growth,
    /// A scan that evaluates every event.
    NoPrefilter,
    /// A scan from disk: the files were dropped from the page cache.
    ColdScan,
    /// Reading the files just as cold, as `cat FILE > /dev/null` does.
    ColdRead,
    /// Decoding every EVTX record to JSON with the `evtx` crate.
    Decode,
    /// Counting lines with the rule's regex by the automata that ripgrep uses.
    Regex,
    /// ripgrep, one thread.
    Rg,
    /// GNU grep -P.
    Grep,
    /// zstd -dc into ripgrep.
    ZstdRg,
    /// zstd -dc into grep.
    ZstdGrep,
    /// The program from its start to its end.
    StartUp,
}

impl What {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::Sum => "sum",
            Self::Growth => "growth",
            Self::NoPrefilter => "no-prefilter",
            Self::ColdScan => "cold-scan",
            Self::ColdRead => "cold-read",
            Self::Decode => "decode",
            Self::Regex => "regex",
            Self::Rg => "rg",
            Self::Grep => "grep",
            Self::ZstdRg => "zstd-rg",
            Self::ZstdGrep => "zstd-grep",
            Self::StartUp => "start-up",
        }
    }
}

/// One thing, measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// The corpus, or the files' name.
    pub corpus: String,
    /// What was done with it.
    pub what: What,
    /// On how many threads.
    pub threads: usize,
    /// Bytes of the files.
    pub bytes: u64,
    /// Events in them, where that is known.
    pub events: Option<u64>,
    /// What was found: events that matched, lines, or records.
    pub hits: Option<u64>,
    /// Wall time of each round, in seconds.
    pub seconds: Samples,
    /// The median of the rounds' ratios to [`What::Sum`] on as many threads: 1 is as fast as
    /// memory.
    pub of_sum: Option<f64>,
    /// Events that the prefilter asked to look at.
    pub candidates: Option<u64>,
    /// How long the shards of the last round took.
    pub latency_us: Option<Latency>,
    /// The most anonymous memory of the process during one more round, in bytes.
    pub rss_anon: Option<u64>,
    /// Where the time goes, on one thread.
    pub stages: Option<Stages>,
}

impl Measurement {
    pub(super) fn new(corpus: &str, what: What, threads: usize, bytes: u64) -> Self {
        Self {
            corpus: corpus.to_owned(),
            what,
            threads,
            bytes,
            events: None,
            hits: None,
            seconds: Samples::default(),
            of_sum: None,
            candidates: None,
            latency_us: None,
            rss_anon: None,
            stages: None,
        }
    }

    /// Gigabytes (10^9) a second, by the median.
    #[must_use]
    pub fn gigabytes_per_second(&self) -> f64 {
        self.bytes as f64 / self.seconds.median() / 1e9
    }

    /// Events a second, by the median.
    #[must_use]
    pub fn events_per_second(&self) -> Option<f64> {
        Some(self.events? as f64 / self.seconds.median())
    }

    /// Of the events that the prefilter asked to look at, the part that did not match.
    #[must_use]
    pub fn false_positive_rate(&self) -> Option<f64> {
        let candidates = self.candidates.filter(|&candidates| candidates > 0)?;
        Some(1.0 - self.hits? as f64 / candidates as f64)
    }
}

/// How long shards took, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Latency {
    pub p50: u64,
    pub p90: u64,
    pub p99: u64,
    pub p999: u64,
    pub max: u64,
}

impl Latency {
    pub(super) fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| histogram.value_at_quantile(quantile);
        Self { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: histogram.max() }
    }
}

/// What one rule costs over some corpora.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleCost {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Bytes that were scanned.
    pub bytes: u64,
    /// Wall time of each round over all of the corpora, in seconds.
    pub seconds: Samples,
    /// Events that were looked at.
    pub candidates: u64,
    /// Events that matched.
    pub hits: u64,
    /// What was searched for; empty where every event of some format is evaluated.
    pub literals: Vec<String>,
}
