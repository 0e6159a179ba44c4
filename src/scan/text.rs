//! Text: shards of whole segments, hits, and the events around them.

use std::ops::Range;

use super::skip::Severity;
use super::worker::{Framed, Origin, Worker};
use super::{LONGEST_EVENT, Sweep};
use crate::aggregate::Position;
use crate::event::{Damage, Frame};
use crate::format::text::{Carry, TextLayout};
use crate::source::Offsets;

/// Text that is searched together: a mapped file, or a block of a stream.
pub(super) struct Piece<'t> {
    pub text: &'t [u8],
    pub offsets: Offsets,
    pub layout: TextLayout,
    pub origin: &'t Origin,
}

/// Cuts a text into shards of about `size` bytes, each of whole segments.
pub(super) fn shards(layout: TextLayout, text: &[u8], size: usize) -> Vec<Range<usize>> {
    let mut cuts = vec![0];
    let mut at = size.max(1);
    while at < text.len() {
        match layout.next_boundary(text, at) {
            Some(boundary) => {
                cuts.push(boundary);
                at = boundary + size.max(1);
            }
            None => break,
        }
    }
    cuts.push(text.len());
    cuts.dedup();
    cuts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// An event longer than [`LONGEST_EVENT`].
const TOO_LONG: &str = "an event longer than 64 MiB, which is not read";

/// How the last event of a shard ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// Before the next boundary.
    Boundary,
    /// Where the text ends, so that damage there is told: most often, a file was cut short.
    End,
    /// Not in this text, for it is longer than a block.
    Torn,
}

/// Searches one shard and evaluates the events around its hits.
pub(super) fn scan_shard(
    sweep: &Sweep<'_>,
    worker: &mut Worker,
    piece: &Piece<'_>,
    shard: Range<usize>,
    edge: Edge,
) {
    let (text, layout) = (piece.text, piece.layout);
    let mut at = shard.start;
    while at < shard.end && !sweep.stopped() {
        let Some(hit) = sweep.text.find(text, at..shard.end) else { break };
        let start = layout.boundary_before(text, hit, at).unwrap_or(at);
        let next = layout.next_boundary(text, hit + 1);
        let end = next.map_or(shard.end, |boundary| boundary.min(shard.end));
        if edge == Edge::Torn && end == shard.end {
            let mut frames = layout.frames_so_far(text, start..end, Carry::default(), false);
            frames.by_ref().for_each(|found| consider(sweep, worker, piece, found));
            let rest = frames.carry().0;
            if sweep.text.find(text, rest..end).is_some() && !is_padding(&text[rest..end]) {
                worker.skip(piece.origin, piece.offsets.of(text, rest), Severity::Error, TOO_LONG);
            }
        } else {
            layout.frames(text, start..end).for_each(|found| consider(sweep, worker, piece, found));
        }
        at = end;
    }
    if edge == Edge::End && at < shard.end {
        check_end(worker, piece, at..shard.end);
    }
}

/// Reports damage at the end of a text in which nothing was found.
fn check_end(worker: &mut Worker, piece: &Piece<'_>, rest: Range<usize>) {
    let (text, layout) = (piece.text, piece.layout);
    if layout == TextLayout::JsonDocument {
        // It has no boundary to look from, but for its last character.
        if !ends_document(&text[rest.clone()]) {
            report_cut_document(worker, piece.origin, piece.offsets.of(text, rest.end));
        }
        return;
    }
    let start = layout.boundary_before(text, rest.end, rest.start).unwrap_or(rest.start);
    if rest.end - start > LONGEST_EVENT {
        if !is_padding(&text[start..rest.end]) {
            let at = piece.offsets.of(text, start);
            worker.skip(piece.origin, at, Severity::Error, TOO_LONG);
        }
        return;
    }
    for damage in layout.frames(text, start..rest.end).filter_map(Result::err) {
        let at = piece.offsets.of(text, damage.span.start);
        worker.skip(piece.origin, at, Severity::Error, &damage.reason);
    }
}

/// Whether a JSON document may end with these bytes.
pub(super) fn ends_document(text: &[u8]) -> bool {
    let last = text.iter().rev().find(|byte| !is_padding(&[**byte]));
    last.is_none_or(|last| matches!(last, b'}' | b']' | b','))
}

/// Reports that a JSON document ends too early.
pub(super) fn report_cut_document(worker: &mut Worker, origin: &Origin, at: u64) {
    worker.skip(origin, at, Severity::Error, "the JSON document is cut short");
}

/// Whether this is only white space and NULs, as log files are padded with.
fn is_padding(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0)
}

/// Evaluates a framed event if a rule may match it, or reports damage.
pub(super) fn consider(
    sweep: &Sweep<'_>,
    worker: &mut Worker,
    piece: &Piece<'_>,
    found: Result<Frame, Damage>,
) {
    let offset = |position| piece.offsets.of(piece.text, position);
    let frame = match found {
        Ok(frame) => frame,
        Err(damage) => {
            let at = offset(damage.span.start);
            return worker.skip(piece.origin, at, Severity::Error, &damage.reason);
        }
    };
    let rules = sweep.text.rules(piece.text, frame.span.clone());
    if rules.is_empty() {
        return;
    }
    let at = offset(frame.span.start);
    if frame.span.len() > LONGEST_EVENT {
        return worker.skip(piece.origin, at, Severity::Error, TOO_LONG);
    }
    let framed = Framed {
        text: &piece.text[frame.span],
        format: frame.format,
        position: Position::Offset(at),
        offset: at,
    };
    worker.evaluate(sweep, piece.origin, &framed, &rules);
}
