//! Archives, told by their first bytes: files within a file. One file each, and a line in
//! `ARCHIVES`.

mod name;
mod sevenz;
mod tar;
mod zip;

use std::ops::ControlFlow;

use super::bytes::Bytes;
use super::compression::Stream;
use super::limits::Limits;
pub use name::member_path;

/// One kind of archive.
#[derive(Debug)]
pub struct ArchiveKind {
    /// What it is called.
    pub name: &'static str,
    /// Whether something that starts with these bytes is one.
    is: fn(&[u8]) -> bool,
    /// Reads it from a stream, where that can be.
    stream: Option<fn(Stream<'_>, Visit<'_>)>,
    /// Reads it from memory.
    whole: fn(&Bytes, &Limits, Visit<'_>),
}

impl ArchiveKind {
    /// Reads the members from memory, and says what is damaged.
    pub fn read(&self, bytes: &Bytes, limits: &Limits, visit: Visit<'_>) {
        (self.whole)(bytes, limits, visit);
    }

    /// How members are read from a stream; `None` where all of it is needed at once.
    #[must_use]
    pub fn streams(&self) -> Option<fn(Stream<'_>, Visit<'_>)> {
        self.stream
    }
}

const ARCHIVES: &[ArchiveKind] = &[tar::TAR, zip::ZIP, sevenz::SEVENZ];

/// Which archive something that starts with these bytes is, if any.
#[must_use]
pub fn archive_of(head: &[u8]) -> Option<&'static ArchiveKind> {
    ARCHIVES.iter().find(|kind| (kind.is)(head))
}

/// Takes what an archive holds, one after another; says whether to go on.
pub type Visit<'v> = &'v mut dyn FnMut(Entry<'_>) -> ControlFlow<()>;

/// What reading an archive comes upon.
pub enum Entry<'m> {
    /// A file.
    Member(Member<'m>),
    /// Something that cannot be read.
    Damage {
        /// The member that it belongs to; `None` for the archive itself.
        member: Option<Vec<u8>>,
        /// Where it is in the archive, if known.
        at: Option<u64>,
        /// What is wrong.
        reason: String,
    },
}

/// One file of an archive.
pub struct Member<'m> {
    /// Its name, as it stands there.
    pub name: Vec<u8>,
    /// When it was last changed, in seconds since 1970, where the archive says so exactly.
    pub modified: Option<i64>,
    /// How many bytes of the archive it takes.
    pub packed: u64,
    /// Its bytes.
    pub content: Content<'m>,
}

/// The bytes of a member.
pub enum Content<'m> {
    /// A part of the archive.
    Part(Bytes),
    /// To be read before the next member.
    Stream(Stream<'m>),
    /// To be read whenever, by any worker.
    Apart(Box<dyn Apart>),
}

/// A member that can be read apart from the others.
pub trait Apart: Send {
    /// Opens it and hands it on.
    ///
    /// # Errors
    /// When it cannot be opened: why.
    fn read(&self, with: &mut dyn FnMut(Stream<'_>)) -> Result<(), String>;
}

/// Whether a member is left out on purpose: what macOS adds to archives.
fn is_litter(name: &[u8]) -> bool {
    let mut parts = name.split(|byte| *byte == b'/' || *byte == b'\\');
    name.starts_with(b"__MACOSX/") || parts.next_back().is_some_and(|last| last.starts_with(b"._"))
}
