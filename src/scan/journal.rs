//! Journals of Splunk buckets: slices are unpacked and searched side by side, and their opcodes
//! walked over in order, for each slice goes on from what was said before it.
//!
//! A worker never waits for another. Who has unpacked a slice lays it down; who has laid down the
//! one that is due walks over it, and over those behind it that are there. What is walked over is
//! handed on: the events around hits are decoded in tasks of their own. The raw text of an event
//! lies in one piece, so that a slice in which nothing is found has no event to decode; only one
//! that starts in an earlier slice is always looked at.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use jiff::Timestamp;

use super::files::{advance, guard};
use super::skip::Severity;
use super::worker::{Framed, Origin, Worker};
use super::{LONGEST_EVENT, Sweep};
use crate::aggregate::Position;
use crate::event::{Format, Metadata};
use crate::format;
use crate::source::Bytes;
use crate::source::journal::{
    BucketFile, Decoder, End, Labels, Packing, Unpacker, bucket_file, sniff,
};

/// How much of a slice is unpacked before it is searched. Splunk's slices have 128 KiB.
const PIECE: usize = 1 << 20;

/// How far ahead the start of the next slice is looked for, so that it can be unpacked beside this
/// one. A slice that is longer than this, packed, is followed by the next when it is done.
const LOOKAHEAD: usize = 1 << 20;

/// A packed journal.
pub(super) struct Journal {
    pub bytes: Bytes,
    pub packing: Packing,
    pub origin: Arc<Origin>,
    /// How many bytes may come out of it.
    pub most: u64,
    /// When it has had its time.
    pub deadline: Option<Instant>,
}

/// A journal that is being swept.
struct Run {
    journal: Journal,
    order: Mutex<Order>,
}

/// What there is to do, in which order.
struct Order {
    /// What was said so far; a worker has it while it walks.
    walker: Option<Walker>,
    /// The pieces that are unpacked and not walked over.
    ready: BTreeMap<u64, Piece>,
    /// The starts of the pieces that were handed out and not walked over.
    starts: BTreeMap<u64, Start>,
    /// The piece to hand out next.
    upcoming: Option<(u64, Task)>,
    /// How many pieces are in memory, or will be.
    flying: usize,
    /// How many may be.
    most: usize,
    /// Whether the start of the next slice is looked for. Not where that has led astray.
    ahead: bool,
    /// Which pieces still count: those handed out before it grew stand at wrong places.
    generation: u32,
}

/// Where a piece starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// A slice starts here, in the packed journal.
    Slice(usize),
    /// It goes on from the piece before.
    Within,
}

/// A piece to unpack.
struct Task {
    start: Start,
    unpacker: Unpacker,
}

/// A piece that is unpacked.
struct Piece {
    start: Start,
    bytes: Vec<u8>,
    /// The first hit in it.
    hit: Option<usize>,
    end: End,
    unpacker: Unpacker,
}

impl Order {
    /// The piece that is due, if it is there and no other worker walks.
    fn take_due(&mut self) -> Option<(Walker, Piece)> {
        let number = self.walker.as_ref()?.next;
        let piece = self.ready.remove(&number)?;
        self.starts.remove(&number);
        Some((self.walker.take()?, piece))
    }
}

impl Journal {
    /// Sweeps it, in tasks of its own.
    pub(super) fn sweep<'s>(self, sweep: &'s Sweep<'_>, scope: &rayon::Scope<'s>) {
        sweep.with_worker(|worker| worker.counters.file(Format::Journal));
        let first = Unpacker::new(self.bytes.clone(), self.packing, 0);
        let order = Order {
            walker: Some(Walker::new()),
            ready: BTreeMap::new(),
            starts: BTreeMap::new(),
            upcoming: Some((0, Task { start: Start::Slice(0), unpacker: first })),
            flying: 0,
            // One worker alone goes from event to event in the order of the journal.
            most: match rayon::current_num_threads() {
                1 => 1,
                threads => 2 * threads + 2,
            },
            ahead: true,
            generation: 0,
        };
        Arc::new(Run { journal: self, order: Mutex::new(order) }).hand_out(sweep, scope);
    }
}

impl Run {
    fn lock(&self) -> MutexGuard<'_, Order> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands out pieces as far as there is room.
    fn hand_out<'s>(self: &Arc<Self>, sweep: &'s Sweep<'_>, scope: &rayon::Scope<'s>) {
        let mut order = self.lock();
        while order.flying < order.most && !sweep.stopped() {
            let Some((number, task)) = order.upcoming.take() else { return };
            order.flying += 1;
            order.starts.insert(number, task.start);
            if order.ahead
                && let Start::Slice(at) = task.start
            {
                let to = at.saturating_add(LOOKAHEAD);
                let next = self.journal.packing.next_start(&self.journal.bytes, at + 1, to);
                order.upcoming = next.map(|at| (number + 1, self.slice(at)));
            }
            let generation = order.generation;
            let run = Arc::clone(self);
            scope.spawn(move |scope| {
                let origin = Arc::clone(&run.journal.origin);
                guard(sweep, &origin, || run.unpack(sweep, scope, number, generation, task));
            });
        }
    }

    fn slice(&self, at: usize) -> Task {
        let unpacker = Unpacker::new(self.journal.bytes.clone(), self.journal.packing, at);
        Task { start: Start::Slice(at), unpacker }
    }

    /// Unpacks a piece, lays it down, and walks over what is due.
    fn unpack<'s>(
        self: Arc<Self>,
        sweep: &'s Sweep<'_>,
        scope: &rayon::Scope<'s>,
        number: u64,
        generation: u32,
        task: Task,
    ) {
        let Task { start, mut unpacker } = task;
        let mut bytes = Vec::new();
        let stale = self.lock().generation != generation;
        let end =
            if stale || sweep.stopped() { End::More } else { unpacker.unpack(&mut bytes, PIECE) };
        let hit = sweep.text.find(&bytes, 0..bytes.len());
        let mut order = self.lock();
        if order.generation == generation && !sweep.stopped() {
            order.ready.insert(number, Piece { start, bytes, hit, end, unpacker });
        } else {
            order.flying -= 1;
        }
        drop(order);
        self.walk_due(sweep, scope);
        self.hand_out(sweep, scope);
    }

    /// Walks over the pieces that are due and there, unless another worker does.
    fn walk_due<'s>(self: &Arc<Self>, sweep: &'s Sweep<'_>, scope: &rayon::Scope<'s>) {
        loop {
            let due = self.lock().take_due();
            let Some((mut walker, mut piece)) = due else { return };
            let limit = walker.limit(&self.journal, &piece);
            let (follow, batch) = match limit {
                Some(reason) => (Follow::End, walker.give_up(sweep, &self.journal, reason)),
                None => {
                    let follow = follow(&self.journal, &piece);
                    (follow, walker.walk(sweep, &self.journal, &mut piece, follow))
                }
            };
            let idle = batch.events.is_empty();
            let mut order = self.lock();
            self.line_up(&mut order, walker.next, follow, piece.unpacker);
            order.walker = Some(walker);
            order.flying -= usize::from(idle);
            drop(order);
            if !idle {
                let run = Arc::clone(self);
                scope.spawn(move |scope| {
                    guard(sweep, &run.journal.origin, || {
                        batch.evaluate(sweep, &run.journal.origin);
                    });
                    run.lock().flying -= 1;
                    run.hand_out(sweep, scope);
                });
            }
        }
    }

    /// Sees to it that the piece with this number is what follows, whatever was guessed.
    fn line_up(&self, order: &mut Order, number: u64, follow: Follow, unpacker: Unpacker) {
        let upcoming = order.upcoming.as_ref().filter(|(next, _)| *next == number);
        let guessed = order.starts.get(&number).copied().or(upcoming.map(|(_, task)| task.start));
        let task = match follow {
            Follow::End => None,
            Follow::On(start) if guessed == Some(start) => return,
            Follow::On(Start::Slice(at)) => Some(self.slice(at)),
            Follow::On(Start::Within) => Some(Task { start: Start::Within, unpacker }),
        };
        if guessed.is_some() {
            order.ahead = false;
            order.generation += 1;
            order.flying -= order.ready.len();
            order.ready.clear();
            order.starts.clear();
        }
        order.upcoming = task.map(|task| (number, task));
    }
}

/// What follows a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Follow {
    End,
    On(Start),
}

fn follow(journal: &Journal, piece: &Piece) -> Follow {
    let packed = &journal.bytes[..];
    let resume = |from| match journal.packing.next_start(packed, from, packed.len()) {
        Some(at) => Follow::On(Start::Slice(at)),
        None => Follow::End,
    };
    match (&piece.end, piece.start) {
        (End::More, _) => Follow::On(Start::Within),
        (End::Whole(end), _) if is_padding(packed, *end) => Follow::End,
        (End::Whole(end), _) => resume(*end),
        (End::Damaged(_), Start::Slice(at)) => resume(at + 1),
        (End::Damaged(_), Start::Within) => resume(piece.unpacker.position()),
    }
}

/// Whether there are only zeros from here on, as on tapes.
fn is_padding(packed: &[u8], from: usize) -> bool {
    packed.get(from..).unwrap_or_default().iter().all(|&byte| byte == 0)
}

/// How sure it is where the next opcode starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Footing {
    /// Behind the last one.
    Sure,
    /// It is not known any more in this slice.
    Lost,
}

/// Walks over the opcodes, piece by piece.
struct Walker {
    decoder: Decoder,
    /// The piece that is due.
    next: u64,
    footing: Footing,
    /// The start of an opcode that is not whole yet.
    tail: Vec<u8>,
    /// How many bytes there must be before the walk can go on.
    wanted: usize,
    /// The offset in the unpacked journal of the tail's first byte, or of the next piece.
    offset: u64,
    /// The number of the slice, and the byte of the file that it starts at.
    slice: u64,
    slice_start: usize,
    /// How far the packed journal has been dealt with.
    packed: usize,
}

impl Walker {
    fn new() -> Self {
        Self {
            decoder: Decoder::new(LONGEST_EVENT),
            next: 0,
            footing: Footing::Sure,
            tail: Vec::new(),
            wanted: 0,
            offset: 0,
            slice: 0,
            slice_start: 0,
            packed: 0,
        }
    }

    /// The limit that a piece exceeds.
    fn limit(&self, journal: &Journal, piece: &Piece) -> Option<&'static str> {
        let end = self.offset + (self.tail.len() + piece.bytes.len()) as u64;
        if end > journal.most {
            Some("it unpacks to more than --max-expansion allows, the rest was not read")
        } else if journal.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            Some("it takes longer than --source-timeout, the rest was not read")
        } else {
            None
        }
    }

    /// Ends the journal before the next piece.
    fn give_up(&mut self, sweep: &Sweep<'_>, journal: &Journal, reason: &str) -> Batch {
        self.next += 1;
        self.report(sweep, journal, self.offset, reason);
        advance(sweep, journal.bytes.len().saturating_sub(self.packed));
        Batch::default()
    }

    /// Walks over the next piece; gives the events to look at.
    fn walk(
        &mut self,
        sweep: &Sweep<'_>,
        journal: &Journal,
        piece: &mut Piece,
        follow: Follow,
    ) -> Batch {
        if let Start::Slice(at) = piece.start {
            self.slice += u64::from(self.next > 0);
            self.slice_start = at;
        }
        self.next += 1;
        let bytes = std::mem::take(&mut piece.bytes);
        let end = self.offset + (self.tail.len() + bytes.len()) as u64;
        sweep.with_worker(|worker| worker.counters.searched(Format::Journal, bytes.len()));
        let batch = if self.has_footing(piece, &bytes, sweep, journal) {
            self.walk_bytes(sweep, journal, bytes, piece.hit)
        } else {
            Batch::default()
        };
        match &piece.end {
            _ if follow == Follow::End && end == 0 => {
                self.report(sweep, journal, end, NO_JOURNAL);
                self.lose();
            }
            End::Damaged(reason) => {
                let reason = format!(
                    "the {} data is damaged or cut short, what came before was read: {reason}",
                    journal.packing.name()
                );
                self.report(sweep, journal, end, &reason);
                self.lose();
            }
            End::Whole(packed) if follow != Follow::On(Start::Slice(*packed)) => {
                if !is_padding(&journal.bytes, *packed) {
                    let reason = format!("no {} data follows", journal.packing.name());
                    self.report(sweep, journal, end, &reason);
                    self.lose();
                }
            }
            End::Whole(_) | End::More => {}
        }
        if follow == Follow::End && self.footing == Footing::Sure && !self.tail.is_empty() {
            self.report(sweep, journal, self.offset, "the journal ends amid an event");
        }
        if self.footing == Footing::Lost {
            self.offset = end;
        }
        let done = match follow {
            Follow::End => journal.bytes.len(),
            Follow::On(Start::Slice(at)) => at,
            Follow::On(Start::Within) => piece.unpacker.position(),
        };
        advance(sweep, done.saturating_sub(self.packed));
        self.packed = self.packed.max(done);
        batch
    }

    fn report(&self, sweep: &Sweep<'_>, journal: &Journal, offset: u64, reason: &str) {
        let (slice, start) = (self.slice, self.slice_start);
        let reason = format!("{reason} (slice {slice}, from byte {start} of the file)");
        sweep.with_worker(|worker| {
            worker.skip(&journal.origin, offset, Severity::Error, &reason);
        });
    }

    fn lose(&mut self) {
        self.decoder.lose();
        self.footing = Footing::Lost;
        self.tail.clear();
        self.wanted = 0;
    }

    /// Whether it is known where the first opcode of a piece starts. After a loss it is where a
    /// whole slice is opcodes from its first byte to its last: what came of a wrong start would
    /// be texts that nobody wrote.
    fn has_footing(
        &mut self,
        piece: &Piece,
        bytes: &[u8],
        sweep: &Sweep<'_>,
        journal: &Journal,
    ) -> bool {
        if self.footing == Footing::Sure {
            return true;
        }
        if piece.start == Start::Within {
            return false;
        }
        if matches!(piece.end, End::Whole(_)) {
            let walked = self.decoder.clone().walk(bytes, &mut |_, _| {});
            let whole = walked.damage.is_none() && walked.used == bytes.len();
            if whole && walked.broken.is_empty() {
                self.footing = Footing::Sure;
                return true;
            }
        }
        let reason = "passed over: behind a loss it cannot be told where its first event starts";
        self.report(sweep, journal, self.offset, reason);
        false
    }

    /// Walks over bytes; `hit` is the first one in them.
    fn walk_bytes(
        &mut self,
        sweep: &Sweep<'_>,
        journal: &Journal,
        bytes: Vec<u8>,
        hit: Option<usize>,
    ) -> Batch {
        let before = self.tail.len();
        let bytes = if before == 0 {
            bytes
        } else {
            let mut joined = std::mem::take(&mut self.tail);
            joined.extend_from_slice(&bytes);
            joined
        };
        if bytes.len() < self.wanted {
            self.tail = bytes;
            return Batch::default();
        }
        // An event that starts in an earlier piece may hold a hit that no piece holds whole.
        let hit = hit.map_or(usize::MAX, |hit| hit + before);
        let mut events = Vec::new();
        let walked = self.decoder.walk(&bytes, &mut |decoder, event| {
            if event.raw.start < before || event.raw.end > hit {
                events.push((event.raw.clone(), decoder.labels(event)));
            }
        });
        for fault in &walked.broken {
            self.report(sweep, journal, self.offset + fault.at as u64, &fault.reason);
        }
        let base = self.offset;
        self.wanted = walked.wanted.saturating_sub(walked.used);
        if let Some(fault) = walked.damage {
            let reason = match (self.offset, fault.at) {
                (0, 0) => NO_JOURNAL.to_owned(),
                _ => format!("{}; the rest of the slice is not read", fault.reason),
            };
            self.report(sweep, journal, self.offset + fault.at as u64, &reason);
            self.lose();
        } else {
            self.tail = bytes[walked.used..].to_vec();
            self.offset += walked.used as u64;
        }
        Batch { bytes, base, events }
    }
}

/// Said of a file that is called a journal and does not start as one.
const NO_JOURNAL: &str = "this is no journal: a stub, whose events are kept elsewhere, or damaged";

/// Events to look at, and the bytes they stand in.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    /// The offset of the first byte in the unpacked journal.
    base: u64,
    events: Vec<(Range<usize>, Labels)>,
}

impl Batch {
    /// Evaluates the events in which something is found.
    fn evaluate(self, sweep: &Sweep<'_>, origin: &Origin) {
        let started = Instant::now();
        sweep.with_worker(|worker| {
            let mut hit = Some(0);
            for (span, labels) in &self.events {
                if sweep.stopped() {
                    return;
                }
                if hit.is_some_and(|hit| hit < span.start) {
                    hit = sweep.text.find(&self.bytes, span.start..self.bytes.len());
                }
                match hit {
                    None => break,
                    Some(hit) if hit < span.end => {
                        let at = self.base + span.start as u64;
                        consider(sweep, worker, origin, &self.bytes[span.clone()], labels, at);
                    }
                    Some(_) => {}
                }
            }
            worker.counters.shard_took(started.elapsed());
        });
    }
}

/// Evaluates an event if a rule may match it.
fn consider(
    sweep: &Sweep<'_>,
    worker: &mut Worker,
    origin: &Origin,
    raw: &[u8],
    labels: &Labels,
    at: u64,
) {
    let format = format::stored_format(raw, labels.sourcetype.as_deref());
    let rules = worker.candidates(sweep, format, raw);
    if rules.is_empty() {
        return;
    }
    let own = |name: &Option<Arc<str>>| name.as_deref().map(str::to_owned);
    let envelope = Metadata {
        time: labels.time.and_then(|time| Timestamp::from_millisecond(time).ok()),
        host: own(&labels.host),
        source: own(&labels.source),
        sourcetype: own(&labels.sourcetype),
        index: None,
    };
    let framed = Framed {
        text: raw,
        format,
        position: Position::Offset(at),
        offset: at,
        envelope: Some(&envelope),
    };
    worker.evaluate(sweep, origin, &framed, &rules);
}

/// How much of a journal is unpacked to tell it.
const UNPACKED_HEAD: usize = 4 << 10;

/// Tells a journal by its first bytes or its place in a bucket, and how it is packed; `None` where
/// it is none.
pub(super) fn recognise(sweep: &Sweep<'_>, packed: &Bytes, origin: &Origin) -> Option<Packing> {
    let told = match sweep.options.input_format {
        Some(format) if format != Format::Journal => return None,
        Some(_) => true,
        None => bucket_file(&origin.path).is_some_and(|(_, _, file)| file == BucketFile::Journal),
    };
    let packing = Packing::of(packed);
    if told {
        // The first bytes may be what is damaged.
        let name = origin.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let plain = packing == Packing::Plain && !sniff(&packed[..packed.len().min(UNPACKED_HEAD)]);
        return Some(if plain { Packing::of_name(name) } else { packing });
    }
    // Most files are told by a few bytes.
    let starts = Unpacker::head(packed, packing, 8).starts_with(b"\n");
    (starts && sniff(&Unpacker::head(packed, packing, UNPACKED_HEAD))).then_some(packing)
}

/// Whether a file is part of a bucket's index.
pub(super) fn is_index(path: &Path) -> bool {
    bucket_file(path).is_some_and(|(_, _, file)| file == BucketFile::Index)
}

/// Whether a file is the journal of a bucket by whose name none of its events is in the time that
/// is asked for. Counts it.
pub(super) fn is_out_of_time(sweep: &Sweep<'_>, path: &Path) -> bool {
    let Some((_, bucket, BucketFile::Journal)) = bucket_file(path) else { return false };
    let outside = bucket.is_outside(sweep.options.since, sweep.options.until);
    if outside {
        sweep.with_worker(|worker| worker.counters.buckets_out_of_time += 1);
    }
    outside
}
