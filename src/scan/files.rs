//! Files: opening, telling their format, cutting them into shards for the workers.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use jiff::Timestamp;

use super::evtx::{Chunks, report, scan_chunks};
use super::journal;
use super::packed::{Nest, stream_failed, sweep_bytes, sweep_packed};
use super::skip::{Severity, SkipLog};
use super::text::{
    Edge, Piece, Shards, consider, ends_document, is_padding, report_cut_document, scan_shard,
};
use super::worker::Origin;
use super::{Input, LONGEST_EVENT, Sweep};
use crate::event::Format;
use crate::format::evtx::{self, CHUNK_LEN, FileHeader};
use crate::format::text::{Carry, TextLayout};
use crate::source::{
    BlockEnd, BlockReader, Bytes, Cut, Encoding, Offsets, Opened, Stream, open, open_stdin,
    sniff_encoding,
};

/// How much of a file is looked at to tell its format.
const HEAD: usize = 256 << 10;

/// What is told of a file whose reading panicked.
const FAULT: &str = "coldsweep, or a library that it uses, failed here; not all of it was searched";

/// Does some of the work on an input. A panic in it, be it in a library that unpacks what an attacker
/// has made, ends that work alone and is told.
pub(super) fn guard(sweep: &Sweep<'_>, origin: &Origin, work: impl FnOnce()) {
    // What a worker holds is right but for the event it was at (see `with_worker`).
    if std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err() {
        sweep.with_worker(|worker| {
            worker.skips.add(&origin.path, None, Severity::Error, FAULT);
        });
    }
}

/// Sweeps all files, in the pool of the calling thread.
pub(super) fn sweep_files(sweep: &Sweep<'_>, files: &[Input]) {
    rayon::scope(|scope| {
        for Input { number, path } in files {
            scope.spawn(move |scope| {
                if !sweep.stopped() {
                    sweep_file(sweep, scope, path, *number);
                }
            });
        }
    });
}

fn sweep_file<'s>(sweep: &'s Sweep<'_>, scope: &rayon::Scope<'s>, path: &Path, number: u32) {
    if journal::is_out_of_time(sweep, path) {
        return advance(sweep, path.metadata().map_or(0, |meta| meta.len() as usize));
    }
    let stdin = path.as_os_str() == "-";
    let origin = Arc::new(origin(path, number, stdin));
    let opened = if stdin { Ok(open_stdin()) } else { open(path, sweep.options.map) };
    sweep.progress.files.fetch_add(1, Ordering::Relaxed);
    sweep.with_worker(|worker| worker.counters.files += 1);
    guard(sweep, &origin, || match opened {
        Err(error) => sweep.with_worker(|worker| {
            worker.skips.add(
                &origin.path,
                None,
                Severity::Error,
                format!("cannot be read: {error}"),
            );
        }),
        Ok(Opened::Whole(bytes)) => {
            sweep_bytes(sweep, scope, bytes, &origin, &Nest::outermost(sweep));
        }
        Ok(Opened::Stream(stream)) => {
            sweep_packed(sweep, scope, stream, &origin, &Nest::outermost(sweep));
            // How far unpacking is within a file is not known.
            advance(sweep, path.metadata().map_or(0, |meta| meta.len() as usize));
        }
    });
}

fn origin(path: &Path, number: u32, stdin: bool) -> Origin {
    let modified = if stdin {
        Some(Timestamp::now())
    } else {
        let time = path.metadata().and_then(|meta| meta.modified()).ok();
        time.and_then(|time| Timestamp::try_from(time).ok())
    };
    let name = if stdin { "<stdin>".into() } else { path.to_string_lossy() };
    Origin { path: path.into(), name: name.into(), source: number.into(), modified, archive: None }
}

/// What the first bytes of a file say it is.
enum Kind {
    Empty,
    Evtx,
    Text(TextLayout),
    /// No log, and what it looks like.
    Unknown(&'static str),
}

fn kind_of(sweep: &Sweep<'_>, head: &[u8]) -> Kind {
    match sweep.options.input_format {
        Some(Format::Evtx) => return Kind::Evtx,
        Some(format) => return Kind::Text(TextLayout::for_format(format, head)),
        None => {}
    }
    if head.iter().all(u8::is_ascii_whitespace) {
        return Kind::Empty;
    }
    if evtx::sniff(head) {
        return Kind::Evtx;
    }
    if let Some(layout) = TextLayout::sniff(head) {
        return Kind::Text(layout);
    }
    Kind::Unknown(looks_like(head))
}

fn looks_like(head: &[u8]) -> &'static str {
    if head.iter().all(|&byte| byte == 0) {
        return "nothing but zeros at its start: it was never written, or its data are lost";
    }
    if head.starts_with(b"version https://git-lfs") {
        return "a pointer of Git LFS: the file itself was not downloaded";
    }
    "not a log in any known format"
}

fn layout_format(layout: TextLayout) -> Format {
    match layout {
        TextLayout::Xml => Format::Xml,
        TextLayout::Classic => Format::Classic,
        TextLayout::HostMon => Format::HostMon,
        TextLayout::Lines => Format::Line,
        TextLayout::JsonLines | TextLayout::JsonDocument => Format::Json,
    }
}

pub(super) fn sweep_whole<'s>(
    sweep: &'s Sweep<'_>,
    scope: &rayon::Scope<'s>,
    bytes: Bytes,
    origin: &Arc<Origin>,
) {
    let head = &bytes[..bytes.len().min(HEAD)];
    let (encoding, mark) = sniff_encoding(head);
    if encoding != Encoding::Utf8 {
        let reader = std::io::Cursor::new(bytes.clone());
        sweep_stream(sweep, Box::new(reader), &[], origin);
        return advance(sweep, bytes.len());
    }
    match kind_of(sweep, &head[mark..]) {
        Kind::Empty => sweep.with_worker(|worker| {
            worker.counters.empty_files += 1;
            worker.counters.bytes += bytes.len() as u64;
        }),
        Kind::Unknown(what) => not_a_log(sweep, origin, what, bytes.len()),
        Kind::Evtx => whole_evtx(sweep, scope, &bytes, origin),
        Kind::Text(layout) => whole_text(sweep, scope, &bytes, mark, layout, origin),
    }
}

fn not_a_log(sweep: &Sweep<'_>, origin: &Origin, what: &str, length: usize) {
    sweep.with_worker(|worker| {
        match &origin.archive {
            // Of an archive's many members few may be logs: they are told with it.
            Some(archive) => {
                let what = format!("{what}: {}", origin.name);
                worker.skips.add(archive, None, Severity::Error, what);
            }
            None => worker.skips.add(&origin.path, None, Severity::Error, what),
        }
        worker.counters.bytes += length as u64;
    });
    advance(sweep, length);
}

fn whole_text<'s>(
    sweep: &'s Sweep<'_>,
    scope: &rayon::Scope<'s>,
    bytes: &Bytes,
    mark: usize,
    layout: TextLayout,
    origin: &Arc<Origin>,
) {
    let format = layout_format(layout);
    sweep.with_worker(|worker| worker.counters.file(format));
    let text = Text {
        bytes: bytes.clone(),
        mark,
        layout,
        shards: Shards::new(layout, sweep.options.shard_size),
        origin: Arc::clone(origin),
    };
    text.sweep_from(sweep, scope, 0);
}

/// A text that is swept shard by shard.
struct Text {
    bytes: Bytes,
    /// Where the text starts, behind its byte order mark.
    mark: usize,
    layout: TextLayout,
    shards: Shards,
    origin: Arc<Origin>,
}

impl Text {
    /// Sweeps one shard, having handed on the next one. So the shards of a file are taken in their
    /// order, which is the order that the system reads ahead in: all of them handed out at once
    /// are taken from the last to the first, and a file that is not in memory is then read at a
    /// third of the speed.
    fn sweep_from<'s>(self, sweep: &'s Sweep<'_>, scope: &rayon::Scope<'s>, window: usize) {
        let Self { ref bytes, mark, layout, shards, ref origin } = self;
        let (bytes, origin) = (bytes.clone(), Arc::clone(origin));
        let text = &bytes[mark..];
        if window + 1 < shards.count(text) {
            scope.spawn(move |scope| {
                if !sweep.stopped() {
                    let origin = Arc::clone(&self.origin);
                    guard(sweep, &origin, || self.sweep_from(sweep, scope, window + 1));
                }
            });
        }
        let Some(shard) = shards.get(text, window) else { return };
        let length = shard.len() + if shard.start == 0 { mark } else { 0 };
        let edge = if shard.end == text.len() { Edge::End } else { Edge::Boundary };
        let offsets = Offsets { base: mark as u64, encoding: Encoding::Utf8 };
        let piece = Piece { text, offsets, layout, origin: &origin };
        let format = layout_format(layout);
        timed(sweep, format, length, |worker| scan_shard(sweep, worker, &piece, shard, edge));
        advance(sweep, length);
    }
}

fn whole_evtx<'s>(
    sweep: &'s Sweep<'_>,
    scope: &rayon::Scope<'s>,
    bytes: &Bytes,
    origin: &Arc<Origin>,
) {
    let header = FileHeader::parse(bytes);
    let body = evtx::body_offset(bytes);
    sweep.with_worker(|worker| {
        worker.counters.file(Format::Evtx);
        let chunks = Chunks { bytes, base: 0, header, origin };
        if let Some(finding) = evtx::check_file_header(bytes) {
            report(worker, &chunks, 0, &finding);
        }
    });
    let log = Log { bytes: bytes.clone(), header, body, origin: Arc::clone(origin) };
    log.sweep_from(sweep, scope, body, 0);
}

/// A log that is swept shard by shard.
struct Log {
    bytes: Bytes,
    header: Option<FileHeader>,
    /// Where the first chunk is due.
    body: usize,
    origin: Arc<Origin>,
}

impl Log {
    /// Sweeps the shard that starts at `start`, behind so many `slots`. Slots are 64 KiB but where
    /// a chunk stands at an odd offset, so that a shard's end is found by walking; it is, before
    /// the shard is searched, and the next one handed on. So no more than one shard is walked
    /// ahead of the workers, and a log is read from the disk once, in order.
    fn sweep_from<'s>(
        self,
        sweep: &'s Sweep<'_>,
        scope: &rayon::Scope<'s>,
        start: usize,
        slots: usize,
    ) {
        let size = sweep.options.shard_size.div_ceil(CHUNK_LEN).max(1) * CHUNK_LEN;
        let (span, here) = evtx_shard(&self.bytes, start, size);
        let (bytes, header) = (self.bytes.clone(), self.header);
        let (origin, body) = (Arc::clone(&self.origin), self.body);
        let slots = slots + here;
        if span.end == bytes.len() {
            check_count(sweep, header, slots, bytes.len(), &origin);
        } else {
            let next = span.end;
            scope.spawn(move |scope| {
                if !sweep.stopped() {
                    let origin = Arc::clone(&self.origin);
                    guard(sweep, &origin, || self.sweep_from(sweep, scope, next, slots));
                }
            });
        }
        let length = span.len() + if start == body { body } else { 0 };
        let chunks = Chunks { bytes: &bytes, base: 0, header, origin: &origin };
        timed(sweep, Format::Evtx, length, |worker| scan_chunks(sweep, worker, &chunks, span));
        advance(sweep, length);
    }
}

/// Reports a log that has fewer chunks than its header counts.
fn check_count(
    sweep: &Sweep<'_>,
    header: Option<FileHeader>,
    slots: usize,
    length: usize,
    origin: &Origin,
) {
    let finding = header.and_then(|header| evtx::check_chunk_count(&header, slots, length));
    if let Some(finding) = finding {
        sweep.with_worker(|worker| {
            let chunks = Chunks { bytes: &[], base: 0, header, origin };
            report(worker, &chunks, 0, &finding);
        });
    }
}

/// The shard of whole chunk slots that starts at `start`, of at least `size` bytes unless the log
/// ends, and how many slots it has.
fn evtx_shard(bytes: &[u8], start: usize, size: usize) -> (Range<usize>, usize) {
    let mut slots = 0;
    for slot in evtx::chunks_from(bytes, start) {
        if slot.offset - start >= size {
            return (start..slot.offset, slots);
        }
        slots += 1;
    }
    (start..bytes.len(), slots)
}

/// Runs one shard on the worker's state and counts it.
fn timed(
    sweep: &Sweep<'_>,
    format: Format,
    length: usize,
    work: impl FnOnce(&mut super::worker::Worker),
) {
    let started = Instant::now();
    sweep.with_worker(|worker| {
        work(worker);
        worker.counters.searched(format, length);
        worker.counters.shard_took(started.elapsed());
    });
}

/// Marks input bytes as dealt with.
pub(super) fn advance(sweep: &Sweep<'_>, bytes: usize) {
    sweep.progress.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
}

type Reader<'r> = BlockReader<Stream<'r>>;

/// Sweeps a stream that is a log, or nothing known. `packings` were undone, the outermost first.
pub(super) fn sweep_stream(
    sweep: &Sweep<'_>,
    reader: Stream<'_>,
    packings: &[&str],
    origin: &Arc<Origin>,
) {
    let mut reader = Reader::new(reader, sweep.options.shard_size, LONGEST_EVENT);
    let (encoding, mark) = sniff_encoding(reader.head(HEAD));
    reader.set_encoding(encoding, mark);
    let head = reader.head(HEAD);
    match kind_of(sweep, &head[..head.len().min(HEAD)]) {
        Kind::Empty => sweep.with_worker(|worker| worker.counters.empty_files += 1),
        Kind::Unknown(what) => {
            let packing = packings.iter().map(|packing| format!("{packing} of "));
            let packing: String = packing.collect();
            let what =
                if packing.is_empty() { what.into() } else { format!("{packing}what is {what}") };
            not_a_log(sweep, origin, &what, 0);
        }
        Kind::Evtx => stream_evtx(sweep, &mut reader, origin),
        Kind::Text(TextLayout::JsonDocument) => stream_document(sweep, &mut reader, origin),
        Kind::Text(layout) => stream_text(sweep, &mut reader, layout, origin),
    }
    if let Some(error) = reader.take_error() {
        let at = reader.offset();
        let reason = stream_failed(packings, &error);
        sweep.with_worker(|worker| worker.skip(origin, at, Severity::Error, &reason));
    }
}

fn stream_text(
    sweep: &Sweep<'_>,
    reader: &mut Reader<'_>,
    layout: TextLayout,
    origin: &Arc<Origin>,
) {
    let format = layout_format(layout);
    sweep.with_worker(|worker| worker.counters.file(format));
    // Unpacking is slower than searching, so the blocks of one stream are not worth a second
    // worker; and a worker never waits for others inside a task.
    let cut = |buffer: &[u8]| layout.cut(buffer).map_or(Cut::Nowhere, Cut::At);
    while let Some(block) = reader.next_block(cut) {
        if sweep.stopped() {
            return;
        }
        let piece = Piece { text: &block.bytes, offsets: block.offsets, layout, origin };
        let edge = match block.end {
            BlockEnd::Cut => Edge::Boundary,
            BlockEnd::Forced => Edge::Torn,
            BlockEnd::Stream => Edge::End,
        };
        timed(sweep, format, block.bytes.len(), |worker| {
            scan_shard(sweep, worker, &piece, 0..block.bytes.len(), edge);
        });
    }
}

/// A JSON document has no boundary to cut at, so it is walked by one worker.
fn stream_document(sweep: &Sweep<'_>, reader: &mut Reader<'_>, origin: &Arc<Origin>) {
    let layout = TextLayout::JsonDocument;
    sweep.with_worker(|worker| worker.counters.file(Format::Json));
    let mut carry = Carry::default();
    let mut wanted = sweep.options.shard_size;
    // As in a document that is searched whole, damage is told where something was found.
    let (mut hit, mut damaged) = (false, SkipLog::default());
    let mut whole = true;
    loop {
        let ended = reader.head(wanted).len() < wanted;
        if reader.is_empty() || sweep.stopped() {
            break;
        }
        let forced = wanted >= LONGEST_EVENT;
        let (buffer, offsets) = reader.peek();
        let piece = Piece { text: buffer, offsets, layout, origin };
        let mut done = 0;
        timed(sweep, Format::Json, 0, |worker| {
            let here = sweep.text.find(buffer, 0..buffer.len()).is_some();
            hit |= here;
            let mut frames = layout.frames_so_far(buffer, 0..buffer.len(), carry, ended || forced);
            for found in frames.by_ref() {
                match found {
                    Ok(frame) if here => consider(sweep, worker, &piece, Ok(frame)),
                    Ok(_) => {}
                    Err(damage) => {
                        let at = offsets.of(buffer, damage.span.start);
                        damaged.add(&origin.path, Some(at), Severity::Error, damage.reason);
                    }
                }
            }
            (done, carry) = frames.carry();
            worker.counters.searched(Format::Json, done);
        });
        if ended || forced {
            done = buffer.len();
        }
        // The end may come long after the last character that tells how it ended.
        if let Some(consumed) = buffer.get(..done).filter(|bytes| !is_padding(bytes)) {
            whole = ends_document(consumed);
        }
        reader.consume(done);
        wanted = if done == 0 { (wanted * 2).min(LONGEST_EVENT) } else { sweep.options.shard_size };
        if ended {
            break;
        }
    }
    let end = reader.offset();
    sweep.with_worker(|worker| match (hit, whole) {
        (true, _) => worker.skips.merge(damaged),
        (false, false) => report_cut_document(worker, origin, end),
        (false, true) => {}
    });
}

fn stream_evtx(sweep: &Sweep<'_>, reader: &mut Reader<'_>, origin: &Arc<Origin>) {
    sweep.with_worker(|worker| worker.counters.file(Format::Evtx));
    let head = reader.head(evtx::FILE_HEADER_LEN + CHUNK_LEN);
    let header = FileHeader::parse(head);
    let body = evtx::body_offset(head);
    let finding = evtx::check_file_header(head);
    sweep.with_worker(|worker| {
        let chunks = Chunks { bytes: &[], base: 0, header, origin };
        if let Some(finding) = finding {
            report(worker, &chunks, 0, &finding);
        }
        worker.counters.searched(Format::Evtx, body);
    });
    reader.consume(body);
    let mut slots = 0;
    loop {
        let wanted = sweep.options.shard_size.max(2 * evtx::SLOT_HORIZON);
        let ended = reader.head(wanted).len() < wanted;
        if reader.is_empty() || sweep.stopped() {
            break;
        }
        let (buffer, offsets) = reader.peek();
        // Where a slot ends may depend on what is read next.
        let last = if ended { buffer.len() } else { buffer.len() - evtx::SLOT_HORIZON };
        let mut end = buffer.len();
        for slot in evtx::chunks_from(buffer, 0) {
            if slot.offset > last {
                end = slot.offset;
                break;
            }
            slots += 1;
        }
        timed(sweep, Format::Evtx, end, |worker| {
            let chunks = Chunks { bytes: buffer, base: offsets.base, header, origin };
            scan_chunks(sweep, worker, &chunks, 0..end);
        });
        reader.consume(end);
        if ended {
            break;
        }
    }
    if !sweep.stopped() {
        let length = usize::try_from(reader.offset()).unwrap_or(usize::MAX);
        check_count(sweep, header, slots, length, origin);
    }
}
