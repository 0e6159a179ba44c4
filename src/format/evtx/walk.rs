//! Where the records of a chunk stand.

use std::ops::Range;

use memchr::memmem;

use super::bytes::{u32_at, u64_at};
use super::checks::{Finding, Severity};
use super::{CHUNK_HEADER_LEN, CHUNK_LEN, CHUNK_MAGIC};

/// The magic that a record starts with.
pub(super) const RECORD_MAGIC: &[u8; 4] = b"**\0\0";
/// The length of a record's header: magic, size, number and time.
pub(super) const RECORD_HEADER_LEN: usize = 24;
/// The least size of a record: its header, and the copy of its size at its end.
pub(super) const MIN_RECORD_LEN: usize = RECORD_HEADER_LEN + 4;

/// A record's place in its chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RecordSpan {
    pub(super) offset: usize,
    pub(super) len: usize,
    pub(super) number: u64,
}

impl RecordSpan {
    pub(super) fn end(&self) -> usize {
        self.offset + self.len
    }

    pub(super) fn range(&self) -> Range<usize> {
        self.offset..self.end()
    }
}

/// What a chunk's header says of its records.
#[derive(Debug, Clone)]
struct Live {
    /// The number of the last record; `None` where the header is not to be believed.
    last: Option<u64>,
    /// The numbers its records have.
    numbers: Range<u64>,
    /// Where the last record is.
    last_offset: usize,
    /// Where the records end.
    end: usize,
}

impl Live {
    fn of(chunk: &[u8]) -> Self {
        let unknown = Self { last: None, numbers: 0..u64::MAX, last_offset: 0, end: CHUNK_LEN };
        // The magic alone may be lost, so that it is not asked for.
        if u32_at(chunk, 40) != Some(128) {
            return unknown;
        }
        let (Some(first), Some(last), Some(last_offset), Some(free)) =
            (u64_at(chunk, 24), u64_at(chunk, 32), u32_at(chunk, 44), u32_at(chunk, 48))
        else {
            return unknown;
        };
        let free = free as usize;
        if !(CHUNK_HEADER_LEN..=CHUNK_LEN).contains(&free) {
            return unknown;
        }
        if free == CHUNK_HEADER_LEN || first > last || last == u64::MAX {
            // A cleared log's chunk holds none, and says so with -1.
            return Self { end: free, ..unknown };
        }
        Self {
            last: Some(last),
            numbers: first..last + 1,
            last_offset: last_offset as usize,
            end: free,
        }
    }
}

impl Live {
    /// Whether the header says that this record is the last.
    fn ends_with(&self, record: &RecordSpan) -> bool {
        self.last == Some(record.number) && record.offset >= self.last_offset
    }
}

/// Finds the records of a chunk in order, into `records`, and reports what is between them.
///
/// The records run from the chunk's header to where it says that free space starts. Windows
/// updates that late, so that records whose numbers go on after it belong too; what else stands
/// there is left over from when the chunk was used before, and is not read.
pub(super) fn find_records(
    chunk: &[u8],
    records: &mut Vec<RecordSpan>,
    report: &mut dyn FnMut(Finding),
) {
    records.clear();
    let live = Live::of(chunk);
    let limit = chunk.len().min(CHUNK_LEN);
    if !chunk.starts_with(CHUNK_MAGIC) && record_at(chunk, CHUNK_HEADER_LEN).is_none() {
        // Not a chunk: offsets in it would mean nothing.
        return;
    }
    let mut at = CHUNK_HEADER_LEN;
    while at < limit {
        let found = record_at(chunk, at);
        let previous = records.last();
        let past = at >= live.end || previous.is_some_and(|record| live.ends_with(record));
        let follows = |record: RecordSpan| {
            previous.is_some_and(|previous| previous.number.checked_add(1) == Some(record.number))
        };
        if past && !found.is_some_and(follows) {
            break;
        }
        if let Some(record) = found {
            at = record.end();
            records.push(record);
            continue;
        }
        let stop = live.end.min(limit);
        let next = next_record(chunk, at + 1..stop, &live);
        let end = next.unwrap_or(stop);
        if let Some(finding) = gap(chunk, at..end, next.is_none(), &live) {
            report(finding);
        }
        at = end;
        if next.is_none() {
            break;
        }
    }
}

/// The record at `at`, when its size keeps it within the chunk.
fn record_at(chunk: &[u8], at: usize) -> Option<RecordSpan> {
    let header = chunk.get(at..at.checked_add(RECORD_HEADER_LEN)?)?;
    if !header.starts_with(RECORD_MAGIC) {
        return None;
    }
    let len = u32_at(header, 4)? as usize;
    let number = u64_at(header, 8)?;
    let end = at.checked_add(len)?;
    (len >= MIN_RECORD_LEN && end <= chunk.len().min(CHUNK_LEN)).then_some(RecordSpan {
        offset: at,
        len,
        number,
    })
}

/// The first record in `span` that is one by more than its magic: its size stands at its end
/// again, and its number is one of the chunk's. A chunk in its second use holds records of its
/// first use too.
fn next_record(chunk: &[u8], span: Range<usize>, live: &Live) -> Option<usize> {
    let area = chunk.get(span.clone())?;
    memmem::find_iter(area, RECORD_MAGIC).map(|hit| span.start + hit).find(|&at| {
        record_at(chunk, at).is_some_and(|record| {
            record.end() <= span.end
                && live.numbers.contains(&record.number)
                && u32_at(chunk, record.end() - 4).is_some_and(|copy| copy as usize == record.len)
        })
    })
}

/// What to say of bytes where a record should start and none does.
fn gap(chunk: &[u8], span: Range<usize>, last: bool, live: &Live) -> Option<Finding> {
    let bytes = chunk.get(span.clone())?;
    let blank = bytes.iter().all(|&byte| byte == 0);
    if last && chunk.len() < CHUNK_LEN && live.end > chunk.len() {
        return Some(Finding::new(
            Severity::Error,
            span,
            "the file ends within a chunk: its last records are cut off",
        ));
    }
    if last && blank {
        // Where the header is not to be believed, zeros are just where the records end.
        return live.last.map(|_| {
            Finding::new(
                Severity::Warning,
                span,
                "the chunk's header tells of records where there are only zeros",
            )
        });
    }
    let reason = match (bytes.get(..RECORD_MAGIC.len()), u32_at(bytes, 4)) {
        (Some(magic), Some(size)) if magic == RECORD_MAGIC => {
            return Some(Finding::new(
                Severity::Error,
                span,
                format!("the size of a record, {size}, is wrong"),
            ));
        }
        _ => "no record starts where one should",
    };
    Some(Finding::new(Severity::Error, span, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: u64, len: usize) -> Vec<u8> {
        let mut record = vec![0xEE; len];
        record[..4].copy_from_slice(RECORD_MAGIC);
        record[4..8].copy_from_slice(&(len as u32).to_le_bytes());
        record[8..16].copy_from_slice(&number.to_le_bytes());
        record[len - 4..].copy_from_slice(&(len as u32).to_le_bytes());
        record
    }

    /// A chunk of `parts` whose header says records `first` to `last` and free space at `free`.
    fn chunk(parts: &[Vec<u8>], first: u64, last: u64, free: usize) -> Vec<u8> {
        let mut chunk = vec![0; CHUNK_HEADER_LEN];
        chunk[..8].copy_from_slice(super::super::CHUNK_MAGIC);
        chunk[24..32].copy_from_slice(&first.to_le_bytes());
        chunk[32..40].copy_from_slice(&last.to_le_bytes());
        chunk[40..44].copy_from_slice(&128u32.to_le_bytes());
        chunk[48..52].copy_from_slice(&(free as u32).to_le_bytes());
        parts.iter().for_each(|part| chunk.extend_from_slice(part));
        chunk.resize(CHUNK_LEN, 0);
        chunk
    }

    fn walk(chunk: &[u8]) -> (Vec<u64>, Vec<(usize, usize)>) {
        let (mut records, mut findings) = (Vec::new(), Vec::new());
        find_records(chunk, &mut records, &mut |finding| {
            findings.push((finding.damage.span.start, finding.damage.span.end));
        });
        (records.iter().map(|record| record.number).collect(), findings)
    }

    #[test]
    fn records_and_what_is_between_them() {
        let r = record;
        let mut oversize = r(2, 100);
        oversize[4..8].copy_from_slice(&70_000u32.to_le_bytes());
        let mut tiny = r(2, 100);
        tiny[4..8].copy_from_slice(&0u32.to_le_bytes());
        type Case = (&'static str, Vec<u8>, Vec<u64>, Vec<(usize, usize)>);
        let cases: Vec<Case> = vec![
            ("plain", chunk(&[r(1, 100), r(2, 60)], 1, 2, 672), vec![1, 2], vec![]),
            ("slack is not read", chunk(&[r(7, 100), r(3, 60)], 7, 7, 612), vec![7], vec![]),
            ("the header lags", chunk(&[r(7, 100), r(8, 60)], 7, 7, 612), vec![7, 8], vec![]),
            ("cleared", chunk(&[r(7, 100)], u64::MAX, u64::MAX, 512), vec![], vec![]),
            (
                "a size too large",
                chunk(&[r(1, 100), oversize, r(3, 60)], 1, 3, 772),
                vec![1, 3],
                vec![(612, 712)],
            ),
            (
                "a size of nothing",
                chunk(&[r(1, 100), tiny, r(3, 60)], 1, 3, 772),
                vec![1, 3],
                vec![(612, 712)],
            ),
            (
                "records of the chunk's other use are not taken up",
                chunk(&[r(5, 100), vec![1; 9], r(1, 60), r(6, 60)], 5, 6, 741),
                vec![5, 6],
                vec![(612, 681)],
            ),
            (
                "zeros before the free space",
                chunk(&[r(1, 100)], 1, 4, 900),
                vec![1],
                vec![(612, 900)],
            ),
            ("no header", chunk(&[r(1, 100), r(2, 60)], 0, 0, 0), vec![1, 2], vec![]),
            (
                "cut within a record",
                chunk(&[r(1, 100), r(2, 60)], 1, 2, 672)[..650].to_vec(),
                vec![1],
                vec![(612, 650)],
            ),
            (
                "cut between two records",
                chunk(&[r(1, 100), r(2, 60)], 1, 2, 672)[..612].to_vec(),
                vec![1],
                vec![],
            ),
            ("not a chunk", vec![9; CHUNK_LEN], vec![], vec![]),
            ("too short", vec![9; 20], vec![], vec![]),
            (
                "cut in slack",
                chunk(&[r(1, 100), r(2, 60)], 1, 2, 672)[..700].to_vec(),
                vec![1, 2],
                vec![],
            ),
        ];
        for (name, chunk, numbers, gaps) in cases {
            assert_eq!(walk(&chunk), (numbers, gaps), "{name}");
        }
    }
}
