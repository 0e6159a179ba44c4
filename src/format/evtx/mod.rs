//! EVTX: binary Windows event logs, a header of 4 KiB and chunks of 64 KiB.
//!
//! A chunk stands for itself: records, the templates they are made from and the names in them. So
//! chunks are what is searched, skipped or decoded:
//!
//! 1. [`chunks`] says where they stand, in files, dumps and blocks of streams, damaged or not.
//! 2. [`check_file_header`] and [`check_chunk`] say what is not as Windows wrote it.
//! 3. Where the literals of a rule were found in the bytes of a chunk, [`ChunkReader::records`]
//!    decodes the records that can hold them. Where none was, [`ChunkReader::must_decode`] says
//!    whether the chunk can be skipped.
//! 4. [`verbatim_parts`] says which parts of a literal those are that stand in the bytes.
//!
//! A record's text is the XML that Windows renders (`EvtRender`), which is what Splunk stores:
//! attributes in single quotes, no declaration, no indentation.

mod bytes;
mod checks;
mod glance;
mod literal;
mod reader;
mod slots;
mod survey;
mod walk;
mod xml;

pub use checks::{
    FileHeader, Finding, Severity, check_chunk, check_chunk_count, check_file_header,
};
pub use literal::{Text, may_be_rendered, verbatim_parts};
pub use reader::{ChunkReader, Record, Wanted};
pub use slots::{ChunkSlot, Chunks, SLOT_HORIZON, SlotState, body_offset, chunks, chunks_from};

/// The length of a chunk.
pub const CHUNK_LEN: usize = 64 * 1024;
/// The length of the header of a file.
pub const FILE_HEADER_LEN: usize = 4096;
/// The length of the header of a chunk; the first record follows.
pub const CHUNK_HEADER_LEN: usize = 512;

const FILE_MAGIC: &[u8; 8] = b"ElfFile\0";
const CHUNK_MAGIC: &[u8; 8] = b"ElfChnk\0";

/// Whether `head`, the start of some data, starts an EVTX file or a dump of its chunks.
///
/// It takes 8 bytes to know a log by its header, and 4140 to know one whose header is lost.
#[must_use]
pub fn sniff(head: &[u8]) -> bool {
    head.starts_with(FILE_MAGIC)
        || head.starts_with(CHUNK_MAGIC)
        || head.get(FILE_HEADER_LEN..).is_some_and(slots::is_chunk_header)
}

#[cfg(test)]
mod tests;
