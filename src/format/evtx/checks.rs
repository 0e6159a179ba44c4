//! The file header, and the checksums of headers and chunks.
//!
//! Nothing here decides whether records are read: they always are. A wrong checksum says that
//! bytes are not what Windows wrote, so it is reported. Where the log says of itself that it was
//! in use (dirty), it is a [`Severity::Warning`]: Windows seals the chunk in use, and the header
//! of the file, only when it closes the log, so that a copy of a live log never fits.

use std::borrow::Cow;
use std::ops::Range;

use crate::event::Damage;

use super::bytes::{u16_at, u32_at, u64_at};
use super::walk::RECORD_MAGIC;
use super::{CHUNK_HEADER_LEN, CHUNK_LEN, CHUNK_MAGIC, FILE_HEADER_LEN, FILE_MAGIC};

/// The flag of a log, or a chunk, that was in use.
const DIRTY: u32 = 0x1;
/// The flag of a log, or a chunk, whose checksums are not set.
const NO_CRC: u32 = 0x4;

/// How bad a [`Finding`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// To be expected of a log that was copied while in use; all its records can be there.
    Warning,
    /// Something is lost, or is not what Windows wrote.
    Error,
}

/// Something about the bytes that a user should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Which bytes, relative to the slice that was given, and what is wrong with them.
    pub damage: Damage,
}

impl Finding {
    pub(super) fn new(
        severity: Severity,
        span: Range<usize>,
        reason: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { severity, damage: Damage { span, reason: reason.into() } }
    }
}

/// What the header of an EVTX file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileHeader {
    /// How many chunks there are meant to be. Not to be trusted in a live log.
    pub chunk_count: u16,
    /// The number that the next record would get.
    pub next_record: u64,
    /// Minor and major version: (1, 3) up to Windows 10, (2, 3) in newer ones.
    pub version: (u16, u16),
    /// Whether the log was in use when it was copied.
    pub dirty: bool,
    /// Whether checksums are set.
    pub checksums: bool,
    /// Whether the checksum of the header is right, or not set.
    pub intact: bool,
}

impl FileHeader {
    /// Reads the header at the start of `data`; `None` where there is none.
    #[must_use]
    pub fn parse(data: &[u8]) -> Option<Self> {
        if !data.starts_with(FILE_MAGIC) {
            return None;
        }
        let flags = u32_at(data, 120)?;
        let checksums = flags & NO_CRC == 0;
        let sum = crc32fast::hash(data.get(..120)?);
        Some(Self {
            chunk_count: u16_at(data, 42)?,
            next_record: u64_at(data, 24)?,
            version: (u16_at(data, 36)?, u16_at(data, 38)?),
            dirty: flags & DIRTY != 0,
            checksums,
            intact: !checksums || u32_at(data, 124)? == sum,
        })
    }
}

/// What is wrong with the file header at the start of `data`, the whole file or its first 4 KiB.
///
/// A dump of bare chunks has no header, which is nothing wrong. A lost header costs no record, so
/// it is a warning.
#[must_use]
pub fn check_file_header(data: &[u8]) -> Option<Finding> {
    let span = 0..FILE_HEADER_LEN.min(data.len());
    if data.starts_with(CHUNK_MAGIC) {
        return None;
    }
    let (severity, reason) = match FileHeader::parse(data) {
        Some(header) if header.intact && data.len() >= FILE_HEADER_LEN => return None,
        Some(header) if header.intact => {
            (Severity::Error, "the file ends within the header of the log")
        }
        Some(header) if header.dirty => {
            (Severity::Warning, "the checksum of the log's header is wrong (the log was in use)")
        }
        Some(_) => (Severity::Warning, "the checksum of the log's header is wrong"),
        None if data.starts_with(FILE_MAGIC) => {
            (Severity::Error, "the file ends within the header of the log")
        }
        None => (Severity::Warning, "the header of the log is missing"),
    };
    Some(Finding::new(severity, span, reason))
}

/// What is wrong with the number of chunk slots that a log of `length` bytes has.
///
/// The header of a log that was copied while in use counts too few, never too many: where it
/// counts more than there are, the end of the file is lost.
#[must_use]
pub fn check_chunk_count(header: &FileHeader, slots: usize, length: usize) -> Option<Finding> {
    let count = usize::from(header.chunk_count);
    if !header.intact || slots >= count {
        return None;
    }
    let reason = format!("the file is cut short: its header counts {count} chunks, it has {slots}");
    Some(Finding::new(Severity::Error, length..length, reason))
}

/// Checks a chunk as a whole: that it is one, that it is whole, and its checksums, which are not
/// set where the chunk or its file says so. What is wrong within it,
/// [`ChunkReader::records`](super::ChunkReader::records) reports.
///
/// `file` is the header of the file, where there is one.
#[must_use]
pub fn check_chunk(chunk: &[u8], file: Option<&FileHeader>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let all = 0..chunk.len();
    if !chunk.starts_with(CHUNK_MAGIC) {
        let reason = if u32_at(chunk, CHUNK_HEADER_LEN) == Some(u32::from_le_bytes(*RECORD_MAGIC)) {
            "the chunk's magic is lost"
        } else {
            "no chunk starts where one should"
        };
        findings.push(Finding::new(Severity::Error, all, reason));
        return findings;
    }
    if chunk.len() < CHUNK_LEN {
        findings.push(Finding::new(Severity::Error, all, "the chunk is cut short"));
    }
    let Some(header) = chunk.get(..CHUNK_HEADER_LEN) else { return findings };
    let flags = u32_at(header, 120).unwrap_or(0);
    if flags & NO_CRC != 0 || file.is_some_and(|file| !file.checksums) {
        return findings;
    }
    let dirty = flags & DIRTY != 0 || file.is_some_and(|file| file.dirty);
    let mut wrong = |span, plain: &'static str, live: &'static str| {
        findings.push(if dirty {
            Finding::new(Severity::Warning, span, live)
        } else {
            Finding::new(Severity::Error, span, plain)
        });
    };
    let mut sum = crc32fast::Hasher::new();
    sum.update(&header[..120]);
    sum.update(&header[128..]);
    if u32_at(header, 124) != Some(sum.finalize()) {
        wrong(
            0..CHUNK_HEADER_LEN,
            "the checksum of the chunk's header is wrong",
            "the checksum of the chunk's header is wrong (the log was in use)",
        );
    }
    // A chunk cut short has lost bytes that the sum is over.
    if chunk.len() < CHUNK_LEN {
        return findings;
    }
    let free = u32_at(header, 48).map_or(0, |free| free as usize);
    let records = chunk.get(CHUNK_HEADER_LEN..free);
    if records.is_none_or(|records| u32_at(header, 52) != Some(crc32fast::hash(records))) {
        wrong(
            CHUNK_HEADER_LEN..free.clamp(CHUNK_HEADER_LEN, chunk.len()),
            "the checksum of the chunk's records is wrong",
            "the checksum of the chunk's records is wrong (the log was in use)",
        );
    }
    findings
}
