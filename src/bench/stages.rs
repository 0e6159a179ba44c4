//! Where the time goes: a scan on one thread, stage by stage, with a clock around each.
//!
//! A scan itself has no clocks, for it would pay for them. This does the same work with the same
//! parts in the same order, and must find the same hits. Each shard is summed first, so that
//! *read* is what bringing the bytes into the cache costs and the others are what is done there;
//! in a scan the two overlap. Clocks cost about 50 ns an event that is looked at.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::BenchError;
use super::passes::sum_words;
use crate::aggregate::{Groups, Place};
use crate::cim::Cim;
use crate::eval::row::{EventRow, Record, Scratch};
use crate::event::{Event, Format};
use crate::format::evtx::{self, ChunkReader, SlotState, Wanted};
use crate::format::text::TextLayout;
use crate::format::{DecodeContext, decode_each_twice};
use crate::plan::{Allowance, GateCaches, Plan};
use crate::prefilter::Prefilter;
use crate::reading::Reading;
use crate::scan::{SHARD_SIZE, ScanError};
use crate::source::{MapChoice, Opened, open};

/// How much of a file is looked at to tell its format.
const HEAD: usize = 256 << 10;

/// Seconds of each stage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Stages {
    /// Bytes into the cache.
    pub read: f64,
    /// Searching, and the gate; for EVTX checksums, too, and whether a chunk must be decoded.
    pub prefilter: f64,
    /// Finding where events start and end.
    pub frame: f64,
    /// Decoding events under both readings; for EVTX rendering their records.
    pub extract: f64,
    /// Running the rule on them.
    pub evaluate: f64,
    /// Grouping matches, and the rule's last part.
    pub merge: f64,
    /// Events that matched.
    pub hits: u64,
}

impl Stages {
    /// The stages by name, in their order.
    #[must_use]
    pub fn named(&self) -> [(&'static str, f64); 6] {
        [
            ("read", self.read),
            ("prefilter", self.prefilter),
            ("frame", self.frame),
            ("extract", self.extract),
            ("evaluate", self.evaluate),
            ("merge", self.merge),
        ]
    }
}

/// Measures the stages of one rule over files. What is no plain log in a known format is left out.
pub(super) fn stages(
    plan: &Plan,
    cim: &Cim,
    reading: Reading,
    paths: &[PathBuf],
) -> Result<Stages, BenchError> {
    let filter = |guard: &[crate::plan::Guard]| {
        Prefilter::new([guard.first()].into_iter(), b"").map_err(ScanError::from)
    };
    let context = |reading| DecodeContext { reading, timezone: TimeZone::UTC };
    let mut run = Run {
        plan,
        cim,
        text: filter(&plan.text_guards)?,
        evtx: filter(&plan.evtx_guards)?,
        context: context(reading),
        strict: context(Reading::STRICT),
        scratch: Scratch::default(),
        gate: GateCaches::default(),
        groups: Groups::default(),
        rows: Vec::new(),
        clocks: Clocks::default(),
        hits: 0,
    };
    for path in paths {
        let opened = open(path, MapChoice::Auto).map_err(BenchError::io(path))?;
        let Opened::Whole(bytes) = opened else { continue };
        let head = &bytes[..bytes.len().min(HEAD)];
        if evtx::sniff(head) {
            run.evtx_log(&bytes);
        } else if let Some(layout) = TextLayout::sniff(head) {
            run.text_file(layout, &bytes);
        }
    }
    Ok(run.finish())
}

/// The time spent in each stage.
#[derive(Debug, Default)]
struct Clocks {
    read: Duration,
    prefilter: Duration,
    frame: Duration,
    extract: Duration,
    evaluate: Duration,
    merge: Duration,
}

/// Runs work and adds its time.
fn timed<T>(clock: &mut Duration, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = work();
    *clock += started.elapsed();
    result
}

struct Run<'a> {
    plan: &'a Plan,
    cim: &'a Cim,
    text: Prefilter,
    evtx: Prefilter,
    context: DecodeContext,
    strict: DecodeContext,
    scratch: Scratch,
    gate: GateCaches,
    groups: Groups,
    rows: Vec<Record>,
    clocks: Clocks,
    hits: u64,
}

impl Run<'_> {
    fn text_file(&mut self, layout: TextLayout, text: &[u8]) {
        let mut start = 0;
        while start < text.len() {
            let next = layout.next_boundary(text, start + SHARD_SIZE);
            let end = next.unwrap_or(text.len());
            timed(&mut self.clocks.read, || std::hint::black_box(sum_words(&text[start..end])));
            self.text_shard(layout, text, start, end);
            start = end;
        }
    }

    fn text_shard(&mut self, layout: TextLayout, text: &[u8], start: usize, end: usize) {
        let mut at = start;
        while at < end {
            let hit = timed(&mut self.clocks.prefilter, || self.text.find(text, at..end));
            let Some(hit) = hit else { return };
            let (frames, next) = timed(&mut self.clocks.frame, || {
                let from = layout.boundary_before(text, hit, at).unwrap_or(at);
                let next = layout.next_boundary(text, hit + 1).map_or(end, |next| next.min(end));
                (layout.frames(text, from..next).flatten().collect::<Vec<_>>(), next)
            });
            for frame in frames {
                let span = frame.span.clone();
                let rules = timed(&mut self.clocks.prefilter, || self.text.rules(text, span));
                if !rules.is_empty() {
                    self.event(&text[frame.span.clone()], frame.format, frame.span.start as u64);
                }
            }
            at = next;
        }
    }

    fn evtx_log(&mut self, log: &[u8]) {
        let header = evtx::FileHeader::parse(log);
        let mut reader = ChunkReader::new();
        for slot in evtx::chunks(log).filter(|slot| slot.state != SlotState::Empty) {
            let chunk = &log[slot.offset..slot.offset + slot.len];
            timed(&mut self.clocks.read, || std::hint::black_box(sum_words(chunk)));
            let (hits, wanted) = timed(&mut self.clocks.prefilter, || {
                std::hint::black_box(evtx::check_chunk(chunk, header.as_ref()));
                let mut hits = Vec::new();
                if self.evtx.find(chunk, 0..chunk.len()).is_some() {
                    hits.extend(self.evtx.hits(chunk, 0..chunk.len()).map(|hit| hit.at));
                }
                let wanted = !hits.is_empty() | reader.must_decode(chunk) | self.evtx.is_inert();
                (hits, wanted)
            });
            if wanted {
                self.chunk(&mut reader, chunk, &hits, slot.offset as u64);
            }
        }
    }

    fn chunk(&mut self, reader: &mut ChunkReader, chunk: &[u8], hits: &[usize], offset: u64) {
        let wanted = if self.evtx.is_inert() { Wanted::All } else { Wanted::Hits(hits) };
        let mut records = Vec::new();
        timed(&mut self.clocks.extract, || {
            let mut keep = |record: evtx::Record<'_>| {
                records.push((record.xml.to_owned(), record.offset as u64));
            };
            reader.records(chunk, wanted, &mut keep, &mut |_| {});
        });
        for (xml, at) in &records {
            self.event(xml.as_bytes(), Format::Xml, offset + at);
        }
    }

    fn event(&mut self, text: &[u8], format: Format, offset: u64) {
        let admitted = timed(&mut self.clocks.prefilter, || {
            self.plan.gate.as_ref().is_none_or(|gate| gate.admits(text, &mut self.gate))
        });
        if !admitted {
            return;
        }
        let (events, strict) = timed(&mut self.clocks.extract, || {
            let mut events: (Vec<Event<'_>>, Vec<Event<'_>>) = Default::default();
            let contexts = [&self.context, &self.strict];
            decode_each_twice(text, format, contexts, &mut |[event, strict]| {
                events.0.extend(event.ok());
                events.1.extend(strict.ok());
            });
            events
        });
        for event in &events {
            let record = timed(&mut self.clocks.evaluate, || {
                let row =
                    |event, reading| EventRow::new(event, self.cim.view(event, reading), reading);
                std::hint::black_box(strict.first().map(|event| {
                    self.plan.program.matches(&row(event, Reading::STRICT), &self.scratch)
                }));
                self.plan.program.run(&row(event, self.context.reading), &self.scratch)
            });
            if let Some(record) = record {
                self.hits += 1;
                timed(&mut self.clocks.merge, || match self.plan.program.stats() {
                    Some(stats) => {
                        let place = Place::new(event.meta.time, 0, offset);
                        self.groups.update(stats, &record, &place, Vec::new(), &self.scratch);
                    }
                    None => self.rows.push(record),
                });
            }
        }
    }

    fn finish(mut self) -> Stages {
        timed(&mut self.clocks.merge, || {
            let rows = match self.plan.program.stats() {
                Some(stats) => self.groups.finish(stats),
                None => self.rows.into_iter().map(|row| (row, Vec::new())).collect(),
            };
            std::hint::black_box(self.plan.program.finish(
                rows,
                &self.scratch,
                &Allowance::new(usize::MAX),
                &[],
            ));
        });
        let Clocks { read, prefilter, frame, extract, evaluate, merge } = self.clocks;
        Stages {
            read: read.as_secs_f64(),
            prefilter: prefilter.as_secs_f64(),
            frame: frame.as_secs_f64(),
            extract: extract.as_secs_f64(),
            evaluate: evaluate.as_secs_f64(),
            merge: merge.as_secs_f64(),
            hits: self.hits,
        }
    }
}
