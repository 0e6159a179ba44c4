//! EVTX: chunk by chunk, searched as raw bytes; records are decoded only around hits.

use std::ops::Range;

use super::Sweep;
use super::skip::Severity;
use super::worker::{Framed, Origin, Worker};
use crate::aggregate::Position;
use crate::event::Format;
use crate::format::evtx::{self, FileHeader, Finding, SlotState, Wanted};
use crate::prefilter::RuleSet;

/// Some chunks of one log, searched together.
pub(super) struct Chunks<'t> {
    pub bytes: &'t [u8],
    /// The offset of the first byte in the file.
    pub base: u64,
    /// The file's header, where there is one.
    pub header: Option<FileHeader>,
    pub origin: &'t Origin,
}

/// Searches the chunk slots that start in `span`. What follows it is looked at to tell where the
/// last of them ends.
pub(super) fn scan_chunks(
    sweep: &Sweep<'_>,
    worker: &mut Worker,
    chunks: &Chunks<'_>,
    span: Range<usize>,
) {
    let slots = evtx::chunks_from(chunks.bytes, span.start);
    for slot in slots.take_while(|slot| slot.offset < span.end) {
        if sweep.stopped() || chunks.base + slot.offset as u64 >= sweep.end_of_log() {
            return;
        }
        if slot.state == SlotState::Empty {
            continue;
        }
        let bytes = &chunks.bytes[slot.offset..slot.offset + slot.len];
        for finding in evtx::check_chunk(bytes, chunks.header.as_ref()) {
            report(worker, chunks, slot.offset, &finding);
        }
        scan_chunk(sweep, worker, chunks, slot.offset, bytes);
    }
}

fn scan_chunk(
    sweep: &Sweep<'_>,
    worker: &mut Worker,
    chunks: &Chunks<'_>,
    offset: usize,
    bytes: &[u8],
) {
    // Most chunks have no hit, which the first look tells fast.
    let any = sweep.evtx.find(bytes, 0..bytes.len()).is_some();
    // A record whose text is torn over several tokens may match any rule without a hit.
    let must_decode = worker.chunks.get_or_insert_default().must_decode(bytes);
    if !any && !must_decode {
        return;
    }
    let mut hits: Vec<usize> = Vec::new();
    let mut rules = sweep.evtx.everywhere().clone();
    for hit in sweep.evtx.hits(bytes, 0..bytes.len()) {
        hits.push(hit.at);
        rules.add(sweep.evtx.rules_of(hit));
    }
    if must_decode {
        rules = RuleSet::all(sweep.plans.len());
    }
    // The worker gets it back below.
    let mut reader = worker.chunks.take().unwrap_or_default();
    let all = sweep.evtx.is_inert();
    let wanted = if all { Wanted::All } else { Wanted::Hits(&hits) };
    // The sink and the report both need the worker, so findings wait until the records are done.
    let mut findings: Vec<Finding> = Vec::new();
    reader.records(
        bytes,
        wanted,
        &mut |record| {
            let framed = Framed {
                text: record.xml.as_bytes(),
                format: Format::Xml,
                position: Position::Record(record.number),
                offset: chunks.base + (offset + record.offset) as u64,
                envelope: None,
            };
            if sweep.goes_by_kind() {
                // Hits tell of the chunk; the record's own text, which is there now, tells more.
                let mut rules = rules.clone();
                rules.keep(&worker.candidates(sweep, framed.format, framed.text));
                worker.evaluate(sweep, chunks.origin, &framed, &rules);
            } else {
                worker.evaluate(sweep, chunks.origin, &framed, &rules);
            }
        },
        &mut |finding| findings.push(finding),
    );
    for finding in &findings {
        report(worker, chunks, offset, finding);
    }
    worker.chunks = Some(reader);
}

/// Reports a finding about the bytes at `offset` of some chunks.
pub(super) fn report(worker: &mut Worker, chunks: &Chunks<'_>, offset: usize, finding: &Finding) {
    let severity = match finding.severity {
        evtx::Severity::Warning => Severity::Warning,
        evtx::Severity::Error => Severity::Error,
    };
    let at = chunks.base + (offset + finding.damage.span.start) as u64;
    worker.skip(chunks.origin, at, severity, &finding.damage.reason);
}
