//! Paths -> bytes: which files there are, how each is read, and in what pieces.

mod archive;
mod bytes;
mod compression;
mod encoding;
pub mod journal;
mod limits;
mod map;
mod stream;
mod walk;

pub use archive::{Apart, ArchiveKind, Content, Entry, Member, archive_of, member_path};
pub use bytes::{Bytes, Opened, open, open_stdin, spool};
pub use compression::{Compression, Stream, compression_of};
pub use encoding::{Encoding, sniff_encoding};
pub use limits::{Limits, Unpacked, peek, unpack};
pub use stream::{Block, BlockEnd, BlockReader, Cut, Offsets};
pub use walk::{Found, walk};

/// Whether files are mapped into memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MapChoice {
    /// Mapped where that pays and works, read otherwise.
    #[default]
    Auto,
    /// Always read. Gives the same answer; for tests and for files on failing disks.
    Never,
}
