//! The sweep: the only place with threads. Files are cut into shards of whole events; each
//! worker has its own scratch memory, counters and partial aggregates; at the end they merge.

mod admission;
mod checkpoint;
mod counters;
mod evtx;
mod files;
mod journal;
mod kinds;
mod os_path;
mod packed;
mod partial;
mod sample;
mod saved;
mod skip;
mod text;
mod trace;
mod worker;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub use checkpoint::{Checkpoint, CheckpointError, Resumed};
pub use counters::{Counters, FormatCount, TimeSpan};
pub use kinds::KindCheck;
pub use partial::{Partial as PartialResult, Ran};
pub use sample::Searched;
pub use saved::{Saved, Shard, Stamp, digest, list_digest, shards};
pub use skip::{Severity, SkipLog, Skipped};
pub use trace::{EventTrace, TracePosition, trace};

use crate::cim::Cim;
use crate::eval::event_kind::KindReader;
use crate::event::Format;
use crate::format::DecodeContext;
use crate::plan::{FinalRow, Guard, Plan};
use crate::prefilter::Prefilter;
use crate::reading::Reading;
use crate::source::{Limits, MapChoice, walk};
use admission::kind_reader;
use sample::{Choice, Sample};
use worker::Worker;

/// The usual size of a shard: large enough that cutting it costs nothing, small enough that a
/// few files keep all workers busy to the end.
pub const SHARD_SIZE: usize = 4 << 20;

/// The longest event that is read. A longer one is reported and passed over, so that no input
/// can make the memory grow.
pub const LONGEST_EVENT: usize = 64 << 20;

/// Metadata that a user gives all events of a sweep.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InputNames {
    /// Splunk's `sourcetype`.
    pub sourcetype: Option<String>,
    /// Splunk's `source`.
    pub source: Option<String>,
    /// Splunk's `index`.
    pub index: Option<String>,
}

/// How a sweep runs. None of this changes a row of the answer but `reading`, the filters and what
/// events without a time zone or host are given.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many workers; 0 for one a processor.
    pub threads: usize,
    /// The size of a shard in bytes.
    pub shard_size: usize,
    /// Whether files are mapped.
    pub map: MapChoice,
    /// Whether the prefilter is on.
    pub prefilter: bool,
    /// Whether each row keeps the events behind it.
    pub evidence: bool,
    /// The reading in force.
    pub reading: Reading,
    /// The zone of times that carry none.
    pub timezone: TimeZone,
    /// The host of events that name none (accommodation `no-host`).
    pub default_host: String,
    /// What every event is called, whatever it or its envelope says (SPLUNK.md 1.13).
    pub names: InputNames,
    /// Only events at or after this time.
    pub since: Option<Timestamp>,
    /// Only events before this time.
    pub until: Option<Timestamp>,
    /// Only events of these hosts.
    pub hosts: Option<globset::GlobSet>,
    /// The format of every input, instead of sniffing.
    pub input_format: Option<Format>,
    /// How many bytes the partial results may take before the sweep stops.
    pub max_result: usize,
    /// From how many bytes of input on some of it is looked at first, to choose what to search
    /// for. Less is searched before that pays.
    pub sample_from: u64,
    /// What packed inputs may cost.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: 0,
            shard_size: SHARD_SIZE,
            map: MapChoice::Auto,
            prefilter: true,
            evidence: false,
            reading: Reading::AS_MEANT,
            timezone: TimeZone::UTC,
            default_host: "unknown".to_owned(),
            names: InputNames::default(),
            since: None,
            until: None,
            hosts: None,
            input_format: None,
            max_result: 1 << 30,
            sample_from: 16 << 20,
            limits: Limits::default(),
        }
    }
}

/// What a sweep found.
#[derive(Debug)]
pub struct Outcome {
    /// The rows of each rule, in the order of the rules.
    pub rows: Vec<Vec<FinalRow>>,
    /// What was read and matched.
    pub counters: Counters,
    /// What could not be read, by path and offset.
    pub skipped: Vec<Skipped>,
    /// How many findings `skipped` leaves out, for there were too many of one file.
    pub skipped_more: u64,
    /// Whether the sweep stopped because the result grew past its limit.
    pub overflowed: bool,
    /// What the rules' commands have to say of their rows, in the order of the rules.
    pub notes: Vec<String>,
    /// The wall time.
    pub seconds: f64,
    /// How many workers ran.
    pub threads: usize,
    /// What text was searched for, of each rule, unless the prefilter was off.
    pub searched_text: Vec<Searched>,
    /// The same for EVTX chunks.
    pub searched_evtx: Vec<Searched>,
    /// Where nothing matched and the rules say which kinds of events they are about: whether
    /// there was one.
    pub kinds: Option<KindCheck>,
}

/// How far a sweep is, for whoever shows it.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes of input that have been dealt with.
    pub bytes: AtomicU64,
    /// Bytes of input in all, as far as known.
    pub total: AtomicU64,
    /// Files that have been opened.
    pub files: AtomicU64,
}

/// Everything that all workers share, read-only but for the marks of a common end.
pub(crate) struct Sweep<'a> {
    /// The rules, then the subsearches of the first, of the second and so on.
    plans: &'a [&'a Plan],
    /// How many of them are rules.
    rules: usize,
    cim: &'a Cim,
    options: &'a Options,
    /// The prefilters for text and for EVTX chunks.
    text: Prefilter,
    evtx: Prefilter,
    searched_text: Vec<Searched>,
    searched_evtx: Vec<Searched>,
    kinds: KindReader,
    context: DecodeContext,
    strict: DecodeContext,
    progress: &'a Progress,
    /// How many chunks of each EVTX log are looked at.
    chunks_of_a_log: usize,
    /// Who looks at events instead of evaluating rules on them.
    tap: Option<trace::Tap<'a>>,
    /// How many bytes all partial results take.
    held: AtomicUsize,
    overflowed: AtomicBool,
    workers: Vec<Mutex<Worker>>,
}

impl Sweep<'_> {
    /// Runs `work` with the worker's own state. Never to be nested, nor to wait inside.
    fn with_worker<R>(&self, work: impl FnOnce(&mut Worker) -> R) -> R {
        let at = rayon::current_thread_index().unwrap_or(0) % self.workers.len();
        // A worker that panicked has lost nothing but the event it was at.
        let mut worker = self.workers[at].lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        work(&mut worker)
    }

    /// Past which offset an EVTX log is not looked at.
    fn end_of_log(&self) -> u64 {
        (self.chunks_of_a_log as u64).saturating_mul(crate::format::evtx::CHUNK_LEN as u64)
    }

    /// Whether events are put to the rules of their kind only. For one rule that has something to
    /// search for, its hits are selective enough.
    fn goes_by_kind(&self) -> bool {
        self.options.prefilter && (self.plans.len() > 1 || self.text.is_inert())
    }

    fn stopped(&self) -> bool {
        self.overflowed.load(Ordering::Relaxed)
    }

    /// Ends the sweep early.
    fn stop(&self) {
        self.overflowed.store(true, Ordering::Relaxed);
    }

    /// Accounts for growth of a partial result.
    fn grow(&self, bytes: usize) {
        let held = self.held.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if held > self.options.max_result {
            self.stop();
        }
    }
}

/// Why a sweep could not start.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The rules' needles are too many for one search.
    #[error("the literals of these rules are too many for one search: {0}")]
    Prefilter(#[from] aho_corasick::BuildError),
    /// The workers could not be started.
    #[error("cannot start the workers: {0}")]
    Workers(#[from] rayon::ThreadPoolBuildError),
}

/// Sweeps files and folders with compiled rules.
///
/// # Errors
/// When the sweep cannot start. What cannot be read is no error: it is in the outcome.
pub fn scan(
    plans: &[Plan],
    cim: &Cim,
    paths: &[PathBuf],
    options: &Options,
    progress: &Progress,
) -> Result<Outcome, ScanError> {
    let started = Instant::now();
    let found = walk(paths);
    let files = Input::all(&found.files);
    let (mut result, mut ran) = gather(plans, cim, &files, options, progress)?;
    result.cannot_walk(&found.errors);
    ran.seconds = started.elapsed().as_secs_f64();
    result.finish_looking(plans, &found.files, options, ran)
}

/// A file of a sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Its number among all files of the sweep, in the order of their paths: what of two events of
    /// the same time comes first goes by it.
    pub number: u32,
    /// Where it is.
    pub path: PathBuf,
}

impl Input {
    /// All files of a sweep, which are in order.
    #[must_use]
    pub fn all(files: &[PathBuf]) -> Vec<Self> {
        let number = |at| u32::try_from(at).unwrap_or(u32::MAX);
        let files = files.iter().enumerate();
        files.map(|(at, path)| Self { number: number(at), path: path.clone() }).collect()
    }
}

/// Sweeps some of the files of a sweep, as far as any can be swept without the others.
///
/// # Errors
/// When the sweep cannot start.
pub fn gather(
    plans: &[Plan],
    cim: &Cim,
    files: &[Input],
    options: &Options,
    progress: &Progress,
) -> Result<(PartialResult, Ran), ScanError> {
    let all = with_subsearches(plans);
    let mut sweep = Sweep::new(&all, cim, options, progress, files)?;
    sweep.rules = plans.len();
    sweep.run(files)
}

/// The rules, then their subsearches, which are searched for as rules are.
fn with_subsearches(plans: &[Plan]) -> Vec<&Plan> {
    plans.iter().chain(plans.iter().flat_map(|plan| &plan.subsearches)).collect()
}

impl<'a> Sweep<'a> {
    fn new(
        plans: &'a [&'a Plan],
        cim: &'a Cim,
        options: &'a Options,
        progress: &'a Progress,
        files: &[Input],
    ) -> Result<Self, ScanError> {
        let total: u64 = files.iter().filter_map(|f| Some(f.path.metadata().ok()?.len())).sum();
        progress.total.fetch_add(total, Ordering::Relaxed);
        let sampled = options.prefilter && total >= options.sample_from;
        let sample = if sampled { Sample::of(files) } else { Sample::default() };
        let prefilter = |choices: &[Choice<'_>], sample: &[u8]| {
            if options.prefilter {
                Prefilter::new(choices.iter().map(|choice| choice.guard), sample)
            } else {
                Ok(Prefilter::off(plans.len()))
            }
        };
        let guards = |of: fn(&Plan) -> &[Guard]| -> Vec<&[Guard]> {
            plans.iter().map(|plan| if options.prefilter { of(plan) } else { &[] }).collect()
        };
        let clauses = guards(|plan| &plan.text_guards);
        let text = sample::choose(&clauses, &sample.text);
        let evtx = sample::choose(&guards(|plan| &plan.evtx_guards), &sample.evtx);
        let searched = |choices: &[Choice<'_>]| choices.iter().map(Choice::searched).collect();
        let context = |reading| DecodeContext { reading, timezone: options.timezone.clone() };
        Ok(Self {
            plans,
            rules: plans.len(),
            cim,
            options,
            text: prefilter(&text, &sample.text)?.with_clauses(&clauses)?,
            evtx: prefilter(&evtx, &sample.evtx)?,
            searched_text: searched(&text),
            searched_evtx: searched(&evtx),
            kinds: kind_reader(plans),
            context: context(options.reading),
            strict: context(Reading::STRICT),
            progress,
            chunks_of_a_log: usize::MAX,
            tap: None,
            held: AtomicUsize::new(0),
            overflowed: AtomicBool::new(false),
            workers: Vec::new(),
        })
    }

    /// Sweeps the files.
    fn run(mut self, files: &[Input]) -> Result<(PartialResult, Ran), ScanError> {
        let started = Instant::now();
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.options.threads)
            .thread_name(|at| format!("worker-{at}"))
            .build()?;
        let threads = pool.current_num_threads();
        self.workers = (0..threads).map(|_| Mutex::new(Worker::new(self.plans))).collect();
        pool.install(|| files::sweep_files(&self, files));
        let stopped = self.stopped();
        let mut workers = self
            .workers
            .into_iter()
            .map(|worker| worker.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner));
        let mut merged = workers.next().unwrap_or_else(|| Worker::new(self.plans));
        workers.for_each(|worker| merged.merge(worker));
        let ran = Ran {
            seconds: started.elapsed().as_secs_f64(),
            threads,
            searched_text: self.searched_text,
            searched_evtx: self.searched_evtx,
        };
        Ok((PartialResult::new(merged, self.held.into_inner(), stopped), ran))
    }
}
