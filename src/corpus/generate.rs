//! Corpora from definitions: the same bytes for the same definition, size and seed.
//!
//! A pool of events is drawn for each file by the definition's mix. For text each is written once
//! and then copied, with its own time, record and process put in: copying is as fast as memory,
//! so that the disk is what limits. Which event is a hit is drawn once a block of events, so the
//! number of hits is known exactly at every size.

mod catalog;
mod random;
mod rows;

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};

pub use catalog::CatalogError;

use super::definition::{Counts, Definition, FileSize, Size};
use super::evtx_writer::{EventSpec, EvtxWriter, WriteError};
use crate::format::evtx::{CHUNK_LEN, FILE_HEADER_LEN};
use catalog::{Catalog, Drawn, Host};
use random::Random;
use rows::{Marks, Row};

/// Text is handed to the file when there is so much.
const FLUSH_AT: usize = 1 << 20;
/// The most events of a pool.
const LARGEST_POOL: u64 = 4096;
/// The kinds of events that match the seed rule, and of those that nearly do.
const HITS: &[&str] = &["process-hit", "process-hit", "process-hit", "installer-hit"];
const NEAR: &[&str] = &["process-near", "installer-near"];
/// 2021-03-01: when the first event happens.
const START: Timestamp = Timestamp::constant(1_614_556_800, 0);
/// Events follow each other after up to twice this time.
const USUAL_STEP: u64 = 25_000_000;

/// Why a corpus could not be made.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// A file cannot be written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The definition names what the catalog does not have.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// An event does not fit its format.
    #[error(transparent)]
    Event(#[from] WriteError),
}

/// A corpus that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Its files, in the order of their times.
    pub files: Vec<PathBuf>,
    /// What is in it.
    pub counts: Counts,
    /// What is in the first file, in the first two, and so on: the last is `counts`.
    pub grown: Vec<Counts>,
}

/// Where a file's bytes go.
trait Sink: Write + Seek {}
impl<T: Write + Seek> Sink for T {}

/// Writes a corpus into a folder, which is made if need be; files of the same names are replaced.
/// `size` and `seed` are those of the definition where they are `None`.
///
/// # Errors
/// When a file cannot be written, or the definition names an unknown kind of event.
pub fn make(
    definition: &Definition,
    size: Option<Size>,
    seed: Option<u64>,
    folder: &Path,
) -> Result<Made, GenerateError> {
    std::fs::create_dir_all(folder)?;
    let mut files = Vec::new();
    let grown = generate(definition, size, seed, &mut |name| {
        let path = folder.join(name);
        let file = File::create(&path)?;
        files.push(path);
        Ok(Box::new(file) as Box<dyn Sink>)
    })?;
    Ok(Made { files, counts: grown.last().copied().unwrap_or_default(), grown })
}

/// What a corpus holds, without writing it.
///
/// # Errors
/// As [`make`].
pub fn count(
    definition: &Definition,
    size: Option<Size>,
    seed: Option<u64>,
) -> Result<Counts, GenerateError> {
    let nowhere = &mut |_: &str| Ok(Box::new(Nowhere::default()) as Box<dyn Sink>);
    Ok(generate(definition, size, seed, nowhere)?.last().copied().unwrap_or_default())
}

/// Gives what there is after each file.
fn generate(
    definition: &Definition,
    size: Option<Size>,
    seed: Option<u64>,
    open: &mut dyn FnMut(&str) -> io::Result<Box<dyn Sink>>,
) -> Result<Vec<Counts>, GenerateError> {
    let size = size.unwrap_or(definition.size).0;
    let mut grown = Vec::new();
    let catalog = Catalog::builtin()?;
    let mut run = Run::new(definition, seed.unwrap_or(definition.seed));
    while run.counts.bytes < size {
        let left = size - run.counts.bytes;
        let target = run.file_size(left);
        let number = run.counts.files;
        let extension = definition.format.extension();
        let sink = open(&format!("{}-{number:05}.{extension}", definition.name))?;
        let pool = Pool::new(definition, &catalog, number, target, &mut run.random)?;
        run.counts.bytes += match definition.format.style() {
            Some(style) => run.text_file(&pool.rows(style, definition.escapes)?, target, sink)?,
            None => run.evtx_file(&pool, target, sink)?,
        };
        run.counts.files += 1;
        grown.push(run.counts);
    }
    Ok(grown)
}

/// Events to choose from; `hits` match the seed rule.
struct Choice<T> {
    usual: Vec<T>,
    hits: Vec<T>,
    near: Vec<T>,
}

impl<T> Choice<T> {
    fn of(&self, class: Class) -> &[T] {
        match class {
            Class::Usual => &self.usual,
            Class::Hit => &self.hits,
            Class::Near => &self.near,
        }
    }

    fn map<'a, U, E>(&'a self, mut one: impl FnMut(&'a T) -> Result<U, E>) -> Result<Choice<U>, E> {
        let mut all = |list: &'a [T]| list.iter().map(&mut one).collect::<Result<Vec<_>, E>>();
        let (usual, hits) = (all(&self.usual)?, all(&self.hits)?);
        Ok(Choice { usual, hits, near: all(&self.near)? })
    }
}

/// What an event is to the seed rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Usual,
    Hit,
    Near,
}

/// The events of one file.
struct Pool<'c>(Choice<Drawn<'c>>);

impl<'c> Pool<'c> {
    fn new(
        definition: &Definition,
        catalog: &'c Catalog,
        file: u64,
        size: u64,
        random: &mut Random,
    ) -> Result<Self, CatalogError> {
        let hosts = u64::from(definition.hosts.max(1));
        let hosts: Vec<_> = (0..hosts).map(|at| Host::new(file * hosts + at)).collect();
        let mut draw = |count: u64, kind: &mut dyn FnMut(&mut Random) -> &'static str| {
            let mut one = || {
                let kind = kind(random);
                let host = &hosts[random.below(hosts.len() as u64) as usize];
                catalog.draw(kind, host, random)
            };
            (0..count).map(|_| one()).collect::<Result<Vec<_>, _>>()
        };
        let count = (size / 4096).clamp(32, LARGEST_POOL);
        let few = |rate: u64| if rate == 0 { 0 } else { count.div_ceil(16) };
        let hits = draw(few(definition.one_hit_in), &mut |random| pick(HITS, random))?;
        let near = draw(few(definition.one_near_in), &mut |random| pick(NEAR, random))?;
        let usual = Self::usual(definition, catalog, &hosts, count, random)?;
        Ok(Self(Choice { usual, hits, near }))
    }

    fn usual(
        definition: &Definition,
        catalog: &'c Catalog,
        hosts: &[Host],
        count: u64,
        random: &mut Random,
    ) -> Result<Vec<Drawn<'c>>, CatalogError> {
        let sum: u64 = definition.mix.values().map(|&weight| u64::from(weight)).sum();
        let mut events = Vec::new();
        for _ in 0..count {
            let mut at = random.below(sum);
            let kind = definition.mix.iter().find(|(_, weight)| {
                let weight = u64::from(**weight);
                let here = at < weight;
                at = at.saturating_sub(weight);
                here
            });
            if let (Some((kind, _)), Some(host)) = (kind, random.pick(hosts)) {
                events.push(catalog.draw(kind, host, random)?);
            }
        }
        Ok(events)
    }

    fn rows(&self, style: super::Style, escapes: super::Escapes) -> io::Result<Choice<Row>> {
        self.0.map(|drawn| Row::new(drawn, style, escapes))
    }
}

fn pick(kinds: &[&'static str], random: &mut Random) -> &'static str {
    random.pick(kinds).copied().unwrap_or_default()
}

/// One event in so many, at a place drawn anew for each block of so many.
#[derive(Debug)]
struct OneIn {
    rate: u64,
    random: Random,
    next: u64,
}

impl OneIn {
    fn new(rate: u64, seed: u64) -> Self {
        let mut one = Self { rate, random: Random::new(seed), next: 0 };
        one.next = one.random.below(rate);
        one
    }

    /// Whether this event is the one; to be asked for each event, in order.
    fn is(&mut self, event: u64) -> bool {
        if self.rate == 0 || event != self.next {
            return false;
        }
        let block = event / self.rate + 1;
        self.next = block * self.rate + self.random.below(self.rate);
        true
    }
}

/// A corpus being made.
struct Run<'d> {
    definition: &'d Definition,
    random: Random,
    hits: OneIn,
    near: OneIn,
    time: Timestamp,
    /// The hosts that had a hit in the second of the last hit.
    second: (i64, Vec<u64>),
    marks: Marks,
    counts: Counts,
}

impl<'d> Run<'d> {
    fn new(definition: &'d Definition, seed: u64) -> Self {
        Self {
            definition,
            random: Random::new(seed),
            hits: OneIn::new(definition.one_hit_in, seed ^ 0x6869_7473),
            near: OneIn::new(definition.one_near_in, seed ^ 0x6e65_6172),
            time: START,
            second: (i64::MIN, Vec::new()),
            marks: Marks::default(),
            counts: Counts::default(),
        }
    }

    /// How large the next file is to become.
    fn file_size(&mut self, left: u64) -> u64 {
        match self.definition.file_size {
            None => left,
            Some(FileSize::Fixed(size)) => left.min(size.0.max(1)),
            Some(FileSize::Range([from, to])) => {
                from.0 + self.random.below(to.0.saturating_sub(from.0) + 1)
            }
        }
    }

    /// Goes on to the next event: what it is, and its row of the pool.
    fn next<'p, T>(&mut self, pool: &'p Choice<T>) -> Option<(Class, &'p T)> {
        let number = self.counts.events;
        let class = if self.hits.is(number) {
            Class::Hit
        } else if self.near.is(number) {
            Class::Near
        } else {
            Class::Usual
        };
        let row = self.random.pick(pool.of(class))?;
        // In steps of 100 ns, which is what Windows counts in.
        let step = self.random.below(2 * USUAL_STEP / 100) * 100;
        let step = SignedDuration::from_nanos(i64::try_from(step).unwrap_or(0));
        self.time = self.time.checked_add(step).unwrap_or(self.time);
        Some((class, row))
    }

    /// Counts an event that was written.
    fn written(&mut self, class: Class, host: u64) {
        self.counts.events += 1;
        if class != Class::Hit {
            return;
        }
        self.counts.hits += 1;
        let second = self.time.as_second();
        if self.second.0 != second {
            self.second = (second, Vec::new());
        }
        if !self.second.1.contains(&host) {
            self.second.1.push(host);
            self.counts.rows += 1;
        }
    }

    /// Writes a text file of about `target` bytes, whole events; gives its size.
    fn text_file(
        &mut self,
        pool: &Choice<Row>,
        target: u64,
        mut sink: Box<dyn Sink>,
    ) -> Result<u64, GenerateError> {
        let mut buffer = Vec::with_capacity(FLUSH_AT + (64 << 10));
        let mut size = 0;
        while size + (buffer.len() as u64) < target {
            let Some((class, row)) = self.next(pool) else { break };
            let process = 10_000 + self.random.below(50_000);
            self.marks.set(self.time, self.counts.events, process);
            row.append(&mut buffer, &self.marks);
            self.written(class, row.host);
            if buffer.len() >= FLUSH_AT {
                sink.write_all(&buffer)?;
                size += buffer.len() as u64;
                buffer.clear();
            }
        }
        sink.write_all(&buffer)?;
        sink.flush()?;
        Ok(size + buffer.len() as u64)
    }

    /// Writes a log of about `target` bytes, the last chunk about half full; gives its size.
    fn evtx_file(
        &mut self,
        pool: &Pool<'_>,
        target: u64,
        sink: Box<dyn Sink>,
    ) -> Result<u64, GenerateError> {
        let (header, chunk) = (FILE_HEADER_LEN as u64, CHUNK_LEN as u64);
        let chunks = ((target.saturating_sub(header) + chunk / 2) / chunk).max(1);
        let data = pool.0.map(|drawn| Ok::<_, GenerateError>((drawn, drawn.data())))?;
        let size = Rc::new(Cell::new(0));
        let mut writer = EvtxWriter::new(Counted { sink, size: Rc::clone(&size) })?;
        let mut rest = 30 + self.random.below(30);
        while size.get() < header + chunks * chunk && rest > 0 {
            let Some((class, (drawn, data))) = self.next(&data) else { break };
            let record_id = rows::record_id(self.counts.events);
            writer.write(&EventSpec { time: self.time, record_id, ..drawn.spec(data) })?;
            self.written(class, drawn.host);
            if size.get() >= header + (chunks - 1) * chunk {
                rest -= 1;
            }
        }
        writer.finish()?;
        Ok(size.get())
    }
}

/// Counts the bytes that were appended.
struct Counted {
    sink: Box<dyn Sink>,
    size: Rc<Cell<u64>>,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.sink.write(bytes)?;
        self.size.set(self.size.get() + written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

impl Seek for Counted {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = self.sink.seek(to)?;
        self.size.set(at);
        Ok(at)
    }
}

/// A file that keeps nothing.
#[derive(Debug, Default)]
struct Nowhere {
    at: u64,
    end: u64,
}

impl Write for Nowhere {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.at += bytes.len() as u64;
        self.end = self.end.max(self.at);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Nowhere {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (base, by) = match to {
            SeekFrom::Start(at) => (at, 0),
            SeekFrom::Current(by) => (self.at, by),
            SeekFrom::End(by) => (self.end, by),
        };
        self.at = base.saturating_add_signed(by);
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_so_many() {
        for rate in [0, 1, 2, 7, 100] {
            let mut one = OneIn::new(rate, 5);
            let is: Vec<_> = (0..700).map(|event| one.is(event)).collect();
            let count = is.iter().filter(|is| **is).count() as u64;
            assert_eq!(count, 700u64.checked_div(rate).unwrap_or(0));
            for block in is.chunks(rate.max(1) as usize).take((700 / rate.max(1)) as usize) {
                assert_eq!(block.iter().filter(|is| **is).count(), usize::from(rate > 0));
            }
        }
    }

    #[test]
    fn the_same_bytes_twice_others_for_another_seed_and_counts_without_writing() {
        for definition in Definition::builtin().unwrap() {
            let size = Some(Size(200 << 10));
            let make = |seed| {
                let folder = tempfile::tempdir().unwrap();
                let made = make(&definition, size, seed, folder.path()).unwrap();
                let files = made.files.iter().map(|path| std::fs::read(path).unwrap());
                (files.collect::<Vec<_>>(), made.counts)
            };
            let (files, counts) = make(None);
            assert_eq!(make(None), (files.clone(), counts), "{}", definition.name);
            assert_ne!(make(Some(99)).0, files, "{}", definition.name);
            assert_eq!(count(&definition, size, None).unwrap(), counts);
            assert_eq!(counts.bytes, files.iter().map(|file| file.len() as u64).sum::<u64>());
            assert_eq!(counts.files, files.len() as u64);
            assert!(counts.events > 30, "{counts:?}");
        }
    }
}
