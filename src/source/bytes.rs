//! One file's bytes: mapped, or as a stream.

use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use memmap2::Mmap;

use super::MapChoice;
use super::compression::{Stream, compression_of};
use super::map::map;

/// Bytes held in memory, shared by the shards cut from them: a file's, or a part of it.
#[derive(Debug, Clone)]
pub struct Bytes {
    store: Store,
    span: Range<usize>,
}

#[derive(Debug, Clone)]
enum Store {
    Mapped(Arc<Mmap>),
    Read(Arc<Vec<u8>>),
}

impl Bytes {
    /// Bytes that were read.
    #[must_use]
    pub fn read(bytes: Vec<u8>) -> Self {
        Self { span: 0..bytes.len(), store: Store::Read(Arc::new(bytes)) }
    }

    fn mapped(map: Mmap) -> Self {
        Self { span: 0..map.len(), store: Store::Mapped(Arc::new(map)) }
    }

    /// A part of them, not copied; `None` where it is not within.
    #[must_use]
    pub fn part(&self, start: u64, length: u64) -> Option<Self> {
        let start = self.span.start.checked_add(usize::try_from(start).ok()?)?;
        let end = start.checked_add(usize::try_from(length).ok()?)?;
        (end <= self.span.end).then(|| Self { store: self.store.clone(), span: start..end })
    }
}

impl std::ops::Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let all: &[u8] = match &self.store {
            Store::Mapped(map) => map,
            Store::Read(bytes) => bytes,
        };
        &all[self.span.clone()]
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

/// An opened input, packed as it is.
pub enum Opened {
    /// All of it at once.
    Whole(Bytes),
    /// Bit by bit: standard input, a file that is not mapped.
    Stream(Stream<'static>),
}

impl Opened {
    /// The same with a compression undone.
    #[must_use]
    pub fn unpacked(self) -> Self {
        match self {
            Self::Whole(bytes) => match compression_of(&bytes) {
                Some(compression) => {
                    Self::Stream(compression.open(Box::new(io::Cursor::new(bytes))))
                }
                None => Self::Whole(bytes),
            },
            Self::Stream(stream) => {
                Self::Stream(super::unpack(stream, 0, None, &super::Limits::default(), None).stream)
            }
        }
    }
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(bytes) => f.debug_tuple("Whole").field(&bytes.len()).finish(),
            Self::Stream(_) => f.write_str("Stream"),
        }
    }
}

/// Below this, reading a file is cheaper than mapping it: by a third for files of 130 KiB, whose
/// page faults and unmapping cost more than the copy.
const SMALLEST_MAP: u64 = 256 << 10;

/// Opens a file.
///
/// # Errors
/// When it cannot be opened or read.
pub fn open(path: &Path, choice: MapChoice) -> io::Result<Opened> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    if length < SMALLEST_MAP {
        let mut bytes = Vec::new();
        // Files that only pretend to be small (as in /proc) are still bounded.
        Read::by_ref(&mut file).take(SMALLEST_MAP).read_to_end(&mut bytes)?;
        if (bytes.len() as u64) < SMALLEST_MAP {
            return Ok(Opened::Whole(Bytes::read(bytes)));
        }
        return Ok(Opened::Stream(Box::new(io::Cursor::new(bytes).chain(file))));
    }
    if choice == MapChoice::Auto {
        match map(&file) {
            Ok(map) => return Ok(Opened::Whole(Bytes::mapped(map))),
            Err(error) => log::debug!("{}: not mapped, read instead: {error}", path.display()),
        }
    }
    Ok(Opened::Stream(Box::new(file)))
}

/// Opens standard input.
#[must_use]
pub fn open_stdin() -> Opened {
    Opened::Stream(Box::new(io::stdin()))
}

/// How much of a stream is held in memory where all of it is needed at once.
const MOST_IN_MEMORY: u64 = 16 << 20;

/// Takes in a whole stream: in memory, or in a temporary file without a name where it is long.
/// Also gives the error that ended it early.
///
/// # Errors
/// When the temporary file cannot be written.
pub fn spool(stream: &mut Stream<'_>) -> io::Result<(Bytes, Option<io::Error>)> {
    let mut start = Vec::new();
    if let Err(error) = Read::by_ref(stream).take(MOST_IN_MEMORY).read_to_end(&mut start) {
        return Ok((Bytes::read(start), Some(error)));
    }
    if (start.len() as u64) < MOST_IN_MEMORY {
        return Ok((Bytes::read(start), None));
    }
    let mut file = tempfile::tempfile()?;
    file.write_all(&start)?;
    let mut buffer = vec![0; 256 << 10];
    let failed = loop {
        match stream.read(&mut buffer) {
            Ok(0) => break None,
            Ok(read) => file.write_all(&buffer[..read])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Some(error),
        }
    };
    Ok((Bytes::mapped(map(&file)?), failed))
}
