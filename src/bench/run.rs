//! One corpus, measured in turns.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use super::memory::{most_of_program, most_while};
use super::report::{Latency, Measurement, Report, What};
use super::rivals::Tool;
use super::samples::Samples;
use super::stages::stages;
use super::store::Store;
use super::{BenchError, passes, rivals};
use crate::cim::Cim;
use crate::corpus::{Case, Counts, Definition, FileSize, Size};
use crate::plan::Plan;
use crate::scan::{Options, Outcome, Progress, scan};

/// How much of a corpus is measured where every event is evaluated.
const PART: u64 = 256 << 20;
/// What takes long is measured no more often than this.
const FEW: usize = 3;

/// How to measure.
#[derive(Debug, Clone)]
pub struct Bench {
    /// Where corpora are kept.
    pub store: Store,
    /// How many rounds.
    pub runs: usize,
    /// How many threads, beside one.
    pub threads: usize,
    /// The size of each corpus, instead of its definition's. What is there to be small stays so.
    pub size: Option<Size>,
    /// The program, for the cases that start it.
    pub program: Option<PathBuf>,
    /// How sweeps run, but for their threads.
    pub options: Options,
    /// The mapping tables.
    pub cim: Cim,
}

/// Files to measure on.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The corpus's name, or the paths.
    pub name: String,
    /// The files.
    pub paths: Vec<PathBuf>,
    /// Bytes of all of them.
    pub bytes: u64,
    /// What the seed rule must find, where that is known.
    counts: Option<Counts>,
    /// The size that was asked for.
    size: Size,
    cases: Vec<Case>,
    definition: Option<Definition>,
}

impl Subject {
    /// The user's own files and folders. What is in them is not known, but every way of scanning
    /// them must find the same.
    #[must_use]
    pub fn files(paths: &[PathBuf]) -> Self {
        let files = crate::source::walk(paths).files;
        let length = |path: &PathBuf| path.metadata().map_or(0, |meta| meta.len());
        let bytes = files.iter().map(length).sum();
        let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        Self {
            name: names.join(" "),
            bytes,
            paths: files,
            counts: None,
            size: Size(bytes),
            cases: vec![Case::NoPrefilter],
            definition: None,
        }
    }

    fn has(&self, case: Case) -> bool {
        self.cases.contains(&case)
    }
}

impl Bench {
    /// A corpus, made if need be.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn corpus(
        &self,
        definition: &Definition,
        report: &mut Report,
    ) -> Result<Subject, BenchError> {
        let keeps = definition.cases.contains(&Case::StartUp);
        let size = self.size.filter(|_| !keeps).unwrap_or(definition.size);
        let stored = self.store.get(definition, size)?;
        if size == definition.size && stored.counts != definition.expected {
            report.wrong.push(format!(
                "{}: the definition expects {:?}, the generator made {:?}",
                definition.name, definition.expected, stored.counts
            ));
        }
        Ok(Subject {
            name: definition.name.clone(),
            paths: stored.paths,
            bytes: stored.counts.bytes,
            counts: Some(stored.counts),
            size,
            cases: definition.cases.clone(),
            definition: Some(definition.clone()),
        })
    }

    /// Measures everything that the subject is for. `seed` says that the plans are the seed rule
    /// alone, so that the subject's counts must come out; `say` is told what is being done.
    ///
    /// # Errors
    /// When a file cannot be read or a sweep cannot start.
    pub fn measure(
        &self,
        plans: &[Plan],
        seed: bool,
        subject: &Subject,
        report: &mut Report,
        say: &mut dyn FnMut(&str),
    ) -> Result<(), BenchError> {
        let mut run = Run { bench: self, plans, seed, subject, report, hits: None };
        say(&format!("{}: scan and sum", subject.name));
        run.scan_and_sum()?;
        for &case in &subject.cases {
            say(&format!("{}: {case:?}", subject.name));
            match case {
                // Taken with the scans.
                Case::Stages => {}
                Case::NoPrefilter => run.no_prefilter()?,
                Case::Cold => run.cold()?,
                Case::Rivals => run.tools()?,
                Case::Linear => run.linear()?,
                Case::Decode => run.decode()?,
                Case::StartUp => run.start_up()?,
            }
        }
        Ok(())
    }

    /// One scan, and the wall time of it.
    pub(super) fn scan(
        &self,
        plans: &[Plan],
        paths: &[PathBuf],
        threads: usize,
    ) -> Result<(f64, Outcome), BenchError> {
        let options = Options { threads, ..self.options.clone() };
        self.scan_with(plans, paths, &options)
    }

    fn scan_with(
        &self,
        plans: &[Plan],
        paths: &[PathBuf],
        options: &Options,
    ) -> Result<(f64, Outcome), BenchError> {
        let started = Instant::now();
        let outcome = scan(plans, &self.cim, paths, options, &Progress::default())?;
        Ok((started.elapsed().as_secs_f64(), outcome))
    }

    /// One thread, and as many as asked for.
    fn thread_counts(&self) -> Vec<usize> {
        let mut counts = vec![1, self.threads.max(1)];
        counts.dedup();
        counts
    }
}

/// A corpus being measured.
struct Run<'a> {
    bench: &'a Bench,
    plans: &'a [Plan],
    seed: bool,
    subject: &'a Subject,
    report: &'a mut Report,
    /// What the first scan found.
    hits: Option<u64>,
}

impl Run<'_> {
    fn few(&self) -> usize {
        self.bench.runs.min(FEW)
    }

    fn measurement(&self, what: What, threads: usize, bytes: u64) -> Measurement {
        let mut one = Measurement::new(&self.subject.name, what, threads, bytes);
        one.events = self.subject.counts.map(|counts| counts.events);
        one
    }

    fn wrong(&mut self, what: &str, found: u64, expected: u64) {
        if found != expected {
            let wrong = format!("{}: {what} found {found}, not {expected}", self.subject.name);
            // Once is enough, whatever the number of rounds.
            if !self.report.wrong.contains(&wrong) {
                self.report.wrong.push(wrong);
            }
        }
    }

    /// Checks an outcome against what must be in the files. `counts` are theirs.
    fn check(&mut self, what: &str, outcome: &Outcome, counts: Option<Counts>) {
        let counters = &outcome.counters;
        if let Some(counts) = counts.filter(|_| self.seed) {
            self.wrong(what, counters.matched, counts.hits);
            self.wrong(&format!("rows of {what}"), counters.rows, counts.rows);
        } else {
            let first = *self.hits.get_or_insert(counters.matched);
            self.wrong(what, counters.matched, first);
        }
        if outcome.overflowed {
            self.report.wrong.push(format!("{}: {what} stopped early", self.subject.name));
        }
    }

    /// Scans and sums in turns, on one thread and on more.
    fn scan_and_sum(&mut self) -> Result<(), BenchError> {
        let (bench, subject) = (self.bench, self.subject);
        // Into the page cache.
        passes::sum(&subject.paths, bench.threads)?;
        for threads in bench.thread_counts() {
            let mut sum = Samples::default();
            let mut seconds = Samples::default();
            let mut last = None;
            for _ in 0..bench.runs {
                sum.0.push(time(|| passes::sum(&subject.paths, threads))?.0);
                let (took, outcome) = bench.scan(self.plans, &subject.paths, threads)?;
                seconds.0.push(took);
                self.check("scan", &outcome, subject.counts);
                last = Some(outcome.counters);
            }
            let mut summed = self.measurement(What::Sum, threads, subject.bytes);
            let mut scanned = self.measurement(What::Scan, threads, subject.bytes);
            scanned.of_sum = Some(seconds.faster_than(&sum));
            summed.seconds = sum;
            if let Some(counters) = last {
                scanned.hits = Some(counters.matched);
                scanned.candidates = Some(counters.candidates);
                scanned.latency_us = Some(Latency::of(&counters.latency));
            }
            scanned.seconds = seconds;
            scanned.rss_anon = self.memory(threads)?;
            if threads == 1 && subject.has(Case::Stages) {
                scanned.stages = self.stages()?;
            }
            self.report.measurements.extend([summed, scanned]);
        }
        Ok(())
    }

    /// The most memory that one more scan takes, beside the mapping: of a process of its own where
    /// the rule is the program's default, for this one holds what earlier measurements left.
    fn memory(&self, threads: usize) -> Result<Option<u64>, BenchError> {
        let paths = &self.subject.paths;
        let Some(program) = self.bench.program.as_ref().filter(|_| self.seed) else {
            let (again, most) = most_while(|| self.bench.scan(self.plans, paths, threads));
            return again.map(|_| most);
        };
        let mut command = rivals::scan_command(program, paths);
        command.args(["--threads", &threads.to_string()]).stdout(Stdio::null());
        let (status, most) = most_of_program(&mut command).map_err(BenchError::io(program))?;
        match status.code() {
            Some(0 | 1) => Ok(most),
            _ => {
                let message = format!("the program ended with {status}");
                Err(BenchError::Io(program.display().to_string(), std::io::Error::other(message)))
            }
        }
    }

    fn stages(&mut self) -> Result<Option<super::stages::Stages>, BenchError> {
        let [plan] = self.plans else { return Ok(None) };
        let (bench, subject) = (self.bench, self.subject);
        let stages = stages(plan, &bench.cim, bench.options.reading, &subject.paths)?;
        if let Some(counts) = subject.counts.filter(|_| self.seed) {
            self.wrong("the stages", stages.hits, counts.hits);
        }
        Ok(Some(stages))
    }

    /// Every event evaluated, on a part of the corpus, in turns with a scan of that part.
    fn no_prefilter(&mut self) -> Result<(), BenchError> {
        let (bench, subject) = (self.bench, self.subject);
        let part = match &subject.definition {
            Some(definition) if subject.bytes > 2 * PART => {
                let stored = bench.store.get(definition, Size(PART))?;
                Some((stored.paths, stored.counts))
            }
            _ => None,
        };
        let (paths, counts) = match part {
            Some((paths, counts)) => (paths, Some(counts)),
            None => (subject.paths.clone(), subject.counts),
        };
        let bytes = counts.map_or(subject.bytes, |counts| counts.bytes);
        passes::sum(&paths, bench.threads)?;
        let off = Options { threads: bench.threads, prefilter: false, ..bench.options.clone() };
        let mut with = self.measurement(What::Scan, bench.threads, bytes);
        let mut without = self.measurement(What::NoPrefilter, bench.threads, bytes);
        for one in [&mut with, &mut without] {
            one.events = counts.map(|counts| counts.events);
        }
        for _ in 0..self.few() {
            let (seconds, outcome) = bench.scan(self.plans, &paths, bench.threads)?;
            self.check("scan of a part", &outcome, counts);
            with.seconds.0.push(seconds);
            let (seconds, outcome) = bench.scan_with(self.plans, &paths, &off)?;
            self.check("scan without prefilter", &outcome, counts);
            if let Some(counts) = counts {
                self.wrong("events without prefilter", outcome.counters.events, counts.events);
            }
            without.seconds.0.push(seconds);
            without.hits = Some(outcome.counters.matched);
            without.candidates = Some(outcome.counters.candidates);
        }
        if bytes != subject.bytes {
            self.report.measurements.push(with);
        }
        self.report.measurements.push(without);
        Ok(())
    }

    /// From disk, against reading the files.
    fn cold(&mut self) -> Result<(), BenchError> {
        let (bench, subject) = (self.bench, self.subject);
        let mut read = self.measurement(What::ColdRead, 1, subject.bytes);
        let mut scanned = self.measurement(What::ColdScan, bench.threads, subject.bytes);
        for _ in 0..self.few() {
            if !passes::drop_from_cache(&subject.paths)? {
                let name = &subject.name;
                self.report.notes.push(format!("{name}: no cold case on this system"));
                return Ok(());
            }
            read.seconds.0.push(time(|| passes::read(&subject.paths))?.0);
            passes::drop_from_cache(&subject.paths)?;
            let (seconds, outcome) = bench.scan(self.plans, &subject.paths, bench.threads)?;
            self.check("cold scan", &outcome, subject.counts);
            scanned.hits = Some(outcome.counters.matched);
            scanned.seconds.0.push(seconds);
        }
        self.report.measurements.extend([read, scanned]);
        Ok(())
    }

    /// Programs that search for the seed rule's regex, which must agree on the number of lines.
    fn tools(&mut self) -> Result<(), BenchError> {
        let Some(counts) = self.subject.counts.filter(|_| self.seed) else { return Ok(()) };
        let paths = &self.subject.paths;
        self.rival(What::Regex, 1, counts.hits, || rivals::regex_lines(paths))?;
        for tool in Tool::ALL {
            if let Some(missing) = tool.missing() {
                let note = format!("{} was left out: {missing} is not installed", tool.name());
                self.report.notes.push(note);
                continue;
            }
            let what = match tool {
                Tool::Ripgrep => What::Rg,
                Tool::Grep => What::Grep,
                Tool::ZstdRipgrep => What::ZstdRg,
                Tool::ZstdGrep => What::ZstdGrep,
            };
            let prepared = tool.prepare(paths)?;
            // What was packed may have pushed the files out of the cache.
            passes::sum(paths, self.bench.threads)?;
            self.rival(what, 1, counts.hits, || tool.run(&prepared))?;
        }
        Ok(())
    }

    fn rival(
        &mut self,
        what: What,
        threads: usize,
        expected: u64,
        mut work: impl FnMut() -> Result<u64, BenchError>,
    ) -> Result<(), BenchError> {
        let mut one = self.measurement(what, threads, self.subject.bytes);
        for _ in 0..self.few() {
            let (seconds, found) = time(&mut work)?;
            one.seconds.0.push(seconds);
            one.hits = Some(found);
            self.wrong(what.name(), found, expected);
        }
        self.report.measurements.push(one);
        Ok(())
    }

    /// One file, the first two, four, ... on one thread, in turns: up to twice the corpus's size
    /// where memory holds that, and a quarter of the corpus to a file.
    fn linear(&mut self) -> Result<(), BenchError> {
        let (bench, subject) = (self.bench, self.subject);
        let Some(definition) = &subject.definition else { return Ok(()) };
        let (size, file_size) = (subject.size.0, Size((subject.size.0 / 4).max(1)));
        let fits = size.saturating_mul(3) <= self.report.machine.memory;
        let size = if fits { 2 * size } else { size };
        if !fits {
            let name = &subject.name;
            let note = format!("{name}: no room in memory for growth to twice the size");
            self.report.notes.push(note);
        }
        let definition =
            Definition { file_size: Some(FileSize::Fixed(file_size)), ..definition.clone() };
        let stored = bench.store.get(&definition, Size(size))?;
        // Into the page cache.
        passes::sum(&stored.paths, bench.threads)?;
        let mut sizes: Vec<_> = doubling(stored.paths.len())
            .filter_map(|files| Some((files, *stored.grown.get(files - 1)?)))
            .map(|(files, counts)| {
                let mut one = self.measurement(What::Growth, 1, counts.bytes);
                one.events = Some(counts.events);
                (files, counts, one)
            })
            .collect();
        for _ in 0..bench.runs {
            for (files, counts, one) in &mut sizes {
                let (seconds, outcome) = bench.scan(self.plans, &stored.paths[..*files], 1)?;
                one.seconds.0.push(seconds);
                one.hits = Some(outcome.counters.matched);
                self.check_growth(*files, &outcome, *counts);
            }
        }
        self.report.measurements.extend(sizes.into_iter().map(|(_, _, one)| one));
        Ok(())
    }

    fn check_growth(&mut self, files: usize, outcome: &Outcome, counts: Counts) {
        let what = format!("scan of {files} files");
        if self.seed {
            self.check(&what, outcome, Some(counts));
        } else if outcome.overflowed {
            self.report.wrong.push(format!("{}: {what} stopped early", self.subject.name));
        }
    }

    /// Every record to JSON first, on as many threads.
    fn decode(&mut self) -> Result<(), BenchError> {
        let Some(counts) = self.subject.counts else { return Ok(()) };
        let (paths, threads) = (&self.subject.paths, self.bench.threads);
        self.rival(What::Decode, threads, counts.events, || rivals::decode_all(paths, threads))
    }

    /// The program itself, from its start to its end.
    fn start_up(&mut self) -> Result<(), BenchError> {
        let (Some(program), [path]) = (&self.bench.program, &self.subject.paths[..]) else {
            return Ok(());
        };
        let rows = self.subject.counts.filter(|_| self.seed).map(|counts| counts.rows);
        let mut one = self.measurement(What::StartUp, self.bench.threads, self.subject.bytes);
        // It is over in no time, so a few more rounds do not matter.
        for _ in 0..self.bench.runs * 4 {
            let (seconds, found) = time(|| rivals::start_up(Path::new(program), path))?;
            one.seconds.0.push(seconds);
            one.hits = Some(found);
            if let Some(rows) = rows {
                self.wrong("the program", found, rows);
            }
        }
        self.report.measurements.push(one);
        Ok(())
    }
}

/// 1, 2, 4, ... and `last` itself.
fn doubling(last: usize) -> impl Iterator<Item = usize> {
    let powers = std::iter::successors(Some(1), |count: &usize| count.checked_mul(2));
    powers.take_while(move |&count| count < last).chain((last > 0).then_some(last))
}

fn time<T>(work: impl FnOnce() -> Result<T, BenchError>) -> Result<(f64, T), BenchError> {
    let started = Instant::now();
    let result = work()?;
    Ok((started.elapsed().as_secs_f64(), result))
}
