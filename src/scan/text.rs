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

/// A boundary can be told from the text up to this many bytes behind it.
const LOOKAHEAD: usize = 64 << 10;

/// Cuts a text into shards of about `size` bytes, each of whole segments: for each window of
/// `size` bytes, from its first boundary to the first at or after its end. Any shard can be had
/// without the others, so that nothing is read ahead of the workers, and all of them together
/// look at each byte twice at most, even where there is no boundary for long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shards {
    layout: TextLayout,
    size: usize,
}

impl Shards {
    pub(super) fn new(layout: TextLayout, size: usize) -> Self {
        Self { layout, size: size.max(1) }
    }

    /// How many windows a text has.
    pub(super) fn count(self, text: &[u8]) -> usize {
        match self.layout {
            // It has no boundary.
            TextLayout::JsonDocument => 1,
            _ => text.len().div_ceil(self.size).max(1),
        }
    }

    /// The shard of a window; `None` where no boundary is in it, so that an earlier shard has it.
    pub(super) fn get(self, text: &[u8], window: usize) -> Option<Range<usize>> {
        let start = match window {
            0 => 0,
            _ => self.first_boundary(text, window)?,
        };
        let end = (window + 1..self.count(text)).find_map(|next| self.first_boundary(text, next));
        Some(start..end.unwrap_or(text.len()))
    }

    fn first_boundary(self, text: &[u8], window: usize) -> Option<usize> {
        let from = window * self.size;
        let to = (from + self.size).min(text.len());
        let view = &text[..(to + LOOKAHEAD).min(text.len())];
        self.layout.next_boundary(view, from).filter(|&boundary| boundary < to)
    }
}

/// An event longer than [`LONGEST_EVENT`].
const TOO_LONG: &str = "an event longer than 64 MiB, which is not read";

/// So many events in a row with a hit, and searching for the next one tells nothing.
const POISONED: u32 = 16;

/// For how many bytes nothing is searched then, but every event framed and looked at.
const INERT_FOR: usize = 64 << 10;

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
    // How many hits there were with no event between them that could be passed over.
    let mut in_a_row = 0;
    while at < shard.end && !sweep.stopped() {
        let Some(hit) = sweep.text.find(text, at..shard.end) else { break };
        let start = layout.boundary_before(text, hit, at).unwrap_or(at);
        in_a_row = if start == at { in_a_row + 1 } else { 0 };
        let inert = in_a_row > POISONED;
        let from = if inert { (hit + INERT_FOR).min(shard.end) } else { hit + 1 };
        let next = layout.next_boundary(text, from);
        let end = next.map_or(shard.end, |boundary| boundary.min(shard.end));
        if edge == Edge::Torn && end == shard.end {
            let mut frames = layout.frames_so_far(text, start..end, Carry::default(), false);
            frames.by_ref().for_each(|found| consider(sweep, worker, piece, found));
            let rest = frames.carry().0;
            if sweep.text.find(text, rest..end).is_some() && !is_padding(&text[rest..end]) {
                worker.skip(piece.origin, piece.offsets.of(text, rest), Severity::Error, TOO_LONG);
            }
        } else {
            // Where a text ends, damage is told with no hit near it.
            let last = (inert && edge == Edge::End && end == shard.end)
                .then(|| layout.boundary_before(text, end, start).unwrap_or(start));
            let ends = |found: &Result<Frame, Damage>| match (found, last) {
                (Err(damage), Some(last)) => damage.span.start >= last,
                _ => false,
            };
            layout
                .frames(text, start..end)
                .filter(|found| {
                    !inert || ends(found) || is_near_hit(sweep, piece, found, start..end)
                })
                .for_each(|found| consider(sweep, worker, piece, found));
        }
        if inert && !sweep.text.is_inert() {
            worker.counters.unfiltered += (end - start) as u64;
        }
        at = end;
    }
    if edge == Edge::End && at < shard.end {
        check_end(worker, piece, at..shard.end);
    }
}

/// Whether something framed without a search would have been framed after one: damage is told
/// where a hit is, whatever the events around it hold. (An event without a hit is dropped later.)
fn is_near_hit(
    sweep: &Sweep<'_>,
    piece: &Piece<'_>,
    found: &Result<Frame, Damage>,
    span: Range<usize>,
) -> bool {
    let Err(damage) = found else { return true };
    let (text, layout) = (piece.text, piece.layout);
    let at = damage.span.start;
    let start = layout.boundary_before(text, at, span.start).unwrap_or(span.start);
    let next = layout.next_boundary(text, at + 1);
    let end = next.map_or(span.end, |boundary| boundary.min(span.end));
    sweep.text.find(text, start..end).is_some()
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
pub(super) fn is_padding(text: &[u8]) -> bool {
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
    let rules = worker.candidates(sweep, frame.format, &piece.text[frame.span.clone()]);
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
        envelope: None,
    };
    worker.evaluate(sweep, piece.origin, &framed, &rules);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn shards_tile_the_text_at_boundaries(
            pieces in prop::collection::vec(
                prop::sample::select(vec!["{\"a\":1}\n", "x\n", "\n", "{\"b\":\"{\"}\n", "yyyyyyyyyy"]), 0..40),
            size in 1usize..60,
        ) {
            let text = pieces.concat();
            let text = text.as_bytes();
            let layout = TextLayout::JsonLines;
            let shards = Shards::new(layout, size);
            let mut end = 0;
            for shard in (0..shards.count(text)).filter_map(|window| shards.get(text, window)) {
                prop_assert_eq!(shard.start, end);
                prop_assert!(shard.start == 0 || layout.boundary_before(text, shard.start, 0) == Some(shard.start));
                end = shard.end;
            }
            prop_assert_eq!(end, text.len());
        }
    }
}
