//! Text: shards of whole segments, hits, and the events around them.

use std::ops::Range;

use super::skip::Severity;
use super::worker::{Framed, Origin, Worker};
use super::{LONGEST_EVENT, Sweep};
use crate::aggregate::Position;
use crate::event::{Damage, Frame};
use crate::format::text::TextLayout;
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

/// Searches one shard and evaluates the events around its hits.
pub(super) fn scan_shard(
    sweep: &Sweep<'_>,
    worker: &mut Worker,
    piece: &Piece<'_>,
    shard: Range<usize>,
) {
    let mut at = shard.start;
    while at < shard.end && !sweep.stopped() {
        let Some(hit) = sweep.text.find(piece.text, at..shard.end) else { return };
        let start = piece.layout.boundary_before(piece.text, hit, at).unwrap_or(at);
        let end = piece
            .layout
            .next_boundary(piece.text, hit + 1)
            .map_or(shard.end, |boundary| boundary.min(shard.end));
        for found in piece.layout.frames(piece.text, start..end) {
            consider(sweep, worker, piece, found);
        }
        at = end;
    }
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
        let reason = "an event longer than 64 MiB";
        return worker.skip(piece.origin, at, Severity::Error, reason);
    }
    let framed = Framed {
        text: &piece.text[frame.span],
        format: frame.format,
        position: Position::Offset(at),
        offset: at,
    };
    worker.evaluate(sweep, piece.origin, &framed, &rules);
}
