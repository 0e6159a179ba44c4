//! Decoding the records of a chunk, all or those that hits ask for.
//!
//! The decoder (the `evtx` crate) goes from record to record, in order, and needs templates and
//! names where the chunk has them. To have it decode some records only, it is given a copy of the
//! chunk in which the header of one filler record, with nothing in it, stands over the start of
//! each run of the others, so that it steps over the run. No other byte changes, and nothing that
//! a record refers to is ever written over.

use std::error::Error;
use std::sync::Arc;

use evtx::err::EvtxError;
use evtx::{EvtxChunk, EvtxChunkHeader, ParserSettings};
use memchr::memmem;

use super::checks::{Finding, Severity};
use super::glance::Glance;
use super::survey::{Make, Survey};
use super::walk::{MIN_RECORD_LEN, RECORD_HEADER_LEN, RECORD_MAGIC, RecordSpan, find_records};
use super::xml::normalize;
use super::{CHUNK_HEADER_LEN, CHUNK_MAGIC};

/// The bytes that a filler record is written over: a header, and an end-of-stream token.
const FILLER_LEN: usize = RECORD_HEADER_LEN + 1;

/// The last time of a record that the decoder takes, in 100 ns since 1601: 9999-12-30T22:00 UTC.
const MAX_FILETIME: u64 = (253_402_207_200 + 11_644_473_600) * 10_000_000;

/// Passes over one chunk that the decoder's limit on its output may take. A pass writes up to
/// 64 MiB; no real chunk takes more than one.
const MAX_SPENT_PASSES: usize = 8;

/// How the decoder says that one pass has written as much as it may.
const SPENT: &str = "earlier records of the chunk spent its render budget";

/// The decoder's text of a record, or why there is none.
type Decoded = Result<Vec<u8>, String>;

/// Which records to decode.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'h> {
    /// All of them.
    All,
    /// Those whose text can hold a literal that was found at these byte offsets of the chunk:
    /// where it starts, in any order, every place it was found at. A record is left out only if
    /// none of the hits can be in its text; more may be decoded.
    Hits(&'h [usize]),
}

/// One decoded record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'r> {
    /// Its `EventRecordID`, which Event Viewer shows; where the text has none, the number in the
    /// record's header. The two differ in logs that were exported.
    pub number: u64,
    /// Where the record starts in the chunk.
    pub offset: usize,
    /// Its text, as Windows renders it.
    pub xml: &'r str,
}

/// Decodes chunks. It keeps scratch space, so that each worker should have one and reuse it.
#[derive(Debug)]
pub struct ChunkReader {
    settings: Arc<ParserSettings>,
    survey: Survey,
    glance: Glance,
    records: Vec<RecordSpan>,
    wanted: Vec<RecordSpan>,
    pass: Pass,
    xml: Vec<u8>,
}

impl Default for ChunkReader {
    fn default() -> Self {
        Self::new()
    }
}

impl ChunkReader {
    /// A reader with settings of its own.
    #[must_use]
    pub fn new() -> Self {
        Self {
            settings: Arc::new(ParserSettings::new().indent(false)),
            survey: Survey::default(),
            glance: Glance::default(),
            records: Vec::new(),
            wanted: Vec::new(),
            pass: Pass::default(),
            xml: Vec::new(),
        }
    }

    /// Decodes records of a chunk in order; each goes to `sink`, or, when it cannot be read, to
    /// `report`, once.
    ///
    /// `chunk` is the whole slot, or as much as there is of it: the records that are whole are
    /// read. It needs no magic, if a record follows the header. Its checksums are not looked at
    /// ([`check_chunk`](super::check_chunk)).
    ///
    /// The spans of findings are relative to `chunk`. A record that cannot be *found* is reported
    /// whatever is wanted; one that cannot be *decoded*, only if it is wanted. What is wanted
    /// changes nothing else, but for a chunk made to render to more than half a gigabyte.
    pub fn records(
        &mut self,
        chunk: &[u8],
        wanted: Wanted<'_>,
        sink: &mut dyn FnMut(Record<'_>),
        report: &mut dyn FnMut(Finding),
    ) {
        find_records(chunk, &mut self.records, report);
        self.wanted.clear();
        if let Wanted::Hits(hits) = wanted {
            self.survey.run(chunk, &self.records);
            self.survey.share(chunk);
            if !choose(&self.survey, &self.records, hits, &mut self.wanted) {
                self.wanted.clear();
                self.wanted.extend_from_slice(&self.records);
            }
        } else {
            self.wanted.extend_from_slice(&self.records);
        }
        self.decode(chunk, sink, report);
    }

    /// Whether the chunk has to be given to [`ChunkReader::records`] even without a hit: a
    /// record's text may hold a literal that stands nowhere in the chunk in one piece, or there
    /// is damage to report. Of the real logs at hand, it asks for one chunk in 20, mostly of CAPI2
    /// logs.
    #[must_use]
    pub fn must_decode(&mut self, chunk: &[u8]) -> bool {
        let mut damaged = false;
        find_records(chunk, &mut self.records, &mut |_| damaged = true);
        if damaged {
            return true;
        }
        if self.glance.all_plain(chunk, &self.records, &mut self.survey) {
            return false;
        }
        self.survey.run(chunk, &self.records);
        !self.survey.all_plain()
    }

    /// Whether the glance says plain only where the survey does, and whether it says so.
    #[cfg(test)]
    pub(super) fn glance_is_sound(&mut self, chunk: &[u8]) -> (bool, bool) {
        find_records(chunk, &mut self.records, &mut |_| {});
        let glance = self.glance.all_plain(chunk, &self.records, &mut self.survey);
        self.survey.run(chunk, &self.records);
        (!glance || self.survey.all_plain(), glance)
    }

    /// Decodes `self.wanted`, in as many passes as it takes.
    fn decode(
        &mut self,
        chunk: &[u8],
        sink: &mut dyn FnMut(Record<'_>),
        report: &mut dyn FnMut(Finding),
    ) {
        let mut rest = self.wanted.as_slice();
        let mut spent = 0;
        while !rest.is_empty() {
            self.pass.lay_out(chunk, rest);
            let mut read = |record: &RecordSpan, decoded: Decoded| {
                let text = decoded.and_then(|decoded| {
                    normalize(&decoded, &mut self.xml);
                    std::str::from_utf8(&self.xml).map_err(|err| err.to_string())
                });
                match text {
                    Ok(xml) => {
                        let number = event_record_id(xml).unwrap_or(record.number);
                        sink(Record { number, offset: record.offset, xml });
                    }
                    Err(reason) => report(undecodable(record, &reason)),
                }
            };
            let may_stop = spent < MAX_SPENT_PASSES;
            let done = self.pass.run(chunk, rest, &self.settings, may_stop, &mut read);
            if let (0, Some(first)) = (done, rest.first()) {
                // Nothing can be laid over the few bytes between the header and the record.
                report(undecodable(first, "it cannot be reached"));
            } else if done < self.pass.laid {
                spent += 1;
            }
            rest = rest.get(done.max(1)..).unwrap_or_default();
        }
    }
}

/// Chooses the records that `hits` can be in the text of, in order. `false` says that it cannot
/// be known, so that all have to be decoded.
fn choose(
    survey: &Survey,
    records: &[RecordSpan],
    hits: &[usize],
    chosen: &mut Vec<RecordSpan>,
) -> bool {
    if survey.is_opaque() {
        return false;
    }
    let mut marks = vec![false; records.len()];
    for &hit in hits {
        let before = records.partition_point(|record| record.offset <= hit);
        let holder =
            before.checked_sub(1).filter(|&at| records.get(at).is_some_and(|r| hit < r.end()));
        match holder.and_then(|at| marks.get_mut(at)) {
            Some(mark) if !survey.is_shared(hit, hit + 1) => *mark = true,
            // Shared by records, or in no record at all.
            _ => return false,
        }
    }
    let mut skipped_to = CHUNK_HEADER_LEN;
    for (at, record) in records.iter().enumerate() {
        if !marks[at] && survey.make(at) == Make::Plain {
            continue;
        }
        if record.offset > skipped_to && survey.is_shared(skipped_to, skipped_to + FILLER_LEN) {
            return false;
        }
        chosen.push(*record);
        skipped_to = record.end();
    }
    true
}

/// The `EventRecordID` in a record's text.
fn event_record_id(xml: &str) -> Option<u64> {
    const OPEN: &str = "<EventRecordID>";
    let (_, after) =
        xml.split_at_checked(memmem::find(xml.as_bytes(), OPEN.as_bytes())? + OPEN.len())?;
    after.split_once('<')?.0.parse().ok()
}

fn undecodable(record: &RecordSpan, reason: &str) -> Finding {
    let reason = format!("record {} cannot be decoded: {reason}", record.number);
    Finding::new(Severity::Error, record.range(), reason)
}

/// One step of the decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// A filler.
    Skip,
    /// The next wanted record.
    Read,
}

/// The layout of one pass of the decoder.
#[derive(Debug)]
struct Pass {
    /// The chunk's header as the decoder gets it: where records end, and no string table, for it
    /// finds names without one, and one broken entry would cost the whole chunk.
    header: [u8; CHUNK_HEADER_LEN],
    /// The chunk as the decoder gets it, where it differs from what it is.
    copy: Vec<u8>,
    /// The headers to write: where, and what.
    patches: Vec<(usize, [u8; FILLER_LEN])>,
    /// What the decoder will meet.
    steps: Vec<Step>,
    /// How many of the records that were given fit into the pass.
    laid: usize,
}

impl Default for Pass {
    fn default() -> Self {
        Self {
            header: [0; CHUNK_HEADER_LEN],
            copy: Vec::new(),
            patches: Vec::new(),
            steps: Vec::new(),
            laid: 0,
        }
    }
}

impl Pass {
    /// Lays out a pass over as many of `records` as one can have.
    fn lay_out(&mut self, chunk: &[u8], records: &[RecordSpan]) {
        self.steps.clear();
        self.patches.clear();
        self.laid = 0;
        let mut at = CHUNK_HEADER_LEN;
        for record in records {
            match record.offset - at {
                0 => {}
                gap if gap >= MIN_RECORD_LEN => {
                    self.patches.push((at, filler(gap)));
                    self.steps.push(Step::Skip);
                }
                // Too small for a filler: the next pass can start at the record.
                _ => break,
            }
            self.patches.extend(readable_header(chunk, record).map(|patch| (record.offset, patch)));
            self.steps.push(Step::Read);
            self.laid += 1;
            at = record.end();
        }
        self.header[..8].copy_from_slice(CHUNK_MAGIC);
        // The decoder stops at this number.
        self.header[32..40].copy_from_slice(&u64::MAX.to_le_bytes());
        self.header[48..52].copy_from_slice(&u32::try_from(at).unwrap_or(0).to_le_bytes());
        if self.patches.is_empty() {
            return;
        }
        self.copy.clear();
        self.copy.extend_from_slice(chunk);
        for (at, patch) in &self.patches {
            if let Some(to) = self.copy.get_mut(*at..*at + FILLER_LEN) {
                to.copy_from_slice(patch);
            }
        }
    }

    /// Runs the decoder and gives the text of each of `records` to `read`, up to where the
    /// decoder's limit is reached, if the pass `may_stop` there. Returns how many were given.
    fn run(
        &self,
        chunk: &[u8],
        records: &[RecordSpan],
        settings: &Arc<ParserSettings>,
        may_stop: bool,
        read: &mut dyn FnMut(&RecordSpan, Decoded),
    ) -> usize {
        let mut done = 0;
        let data = if self.patches.is_empty() { chunk } else { &self.copy };
        let Ok(header) = EvtxChunkHeader::from_bytes(&self.header) else { return done };
        let Ok(mut chunk) = EvtxChunk::new(data, &header, Arc::clone(settings)) else {
            return done;
        };
        let mut decoder = chunk.iter();
        for step in &self.steps {
            let Some(decoded) = decoder.next() else { break };
            let (Step::Read, Some(record)) = (step, records.get(done)) else { continue };
            match decoded.and_then(evtx::EvtxRecord::into_xml_bytes) {
                Ok(decoded) => read(record, Ok(decoded.data)),
                Err(err) => {
                    let reason = innermost(&err);
                    if may_stop && done > 0 && reason.contains(SPENT) {
                        return done;
                    }
                    read(record, Err(reason));
                }
            }
            done += 1;
        }
        done
    }
}

/// The start of a record of `len` bytes with nothing in it.
fn filler(len: usize) -> [u8; FILLER_LEN] {
    let mut filler = [0; FILLER_LEN];
    filler[..4].copy_from_slice(RECORD_MAGIC);
    filler[4..8].copy_from_slice(&u32::try_from(len).unwrap_or(0).to_le_bytes());
    filler
}

/// The start of `record` with a time and a number that the decoder goes on at, where it has
/// others. Neither is in the text.
fn readable_header(chunk: &[u8], record: &RecordSpan) -> Option<[u8; FILLER_LEN]> {
    let mut start: [u8; FILLER_LEN] = super::bytes::array_at(chunk, record.offset)?;
    let time = super::bytes::u64_at(&start, 16)?;
    if time <= MAX_FILETIME && record.number != u64::MAX {
        return None;
    }
    start[8..24].fill(0);
    Some(start)
}

/// What the last error in the chain says: the ones around it only say where.
fn innermost(err: &EvtxError) -> String {
    let mut err: &dyn Error = err;
    while let Some(source) = err.source() {
        err = source;
    }
    err.to_string()
}
