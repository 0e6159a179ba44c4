//! One file's bytes: mapped, or as a stream.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use memmap2::Mmap;

use super::MapChoice;
use super::gzip::Gunzip;
use super::map::map;

/// Bytes held in memory, shared by the shards cut from them.
#[derive(Debug, Clone)]
pub enum Bytes {
    /// A mapped file.
    Mapped(Arc<Mmap>),
    /// Bytes that were read.
    Read(Arc<Vec<u8>>),
}

impl std::ops::Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Read(bytes) => bytes,
        }
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

/// An opened input.
pub enum Opened {
    /// All of it at once.
    Whole(Bytes),
    /// Bit by bit: standard input, a compressed file, a file that is not mapped.
    Stream {
        /// The bytes, unpacked.
        reader: Box<dyn Read + Send>,
        /// What was unpacked (`gzip`), if anything.
        packing: Option<&'static str>,
    },
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(bytes) => f.debug_tuple("Whole").field(&bytes.len()).finish(),
            Self::Stream { packing, .. } => {
                f.debug_struct("Stream").field("packing", packing).finish()
            }
        }
    }
}

/// Below this, reading a file is cheaper than mapping it: by a third for files of 130 KiB, whose
/// page faults and unmapping cost more than the copy.
const SMALLEST_MAP: u64 = 256 << 10;

const GZIP: &[u8] = &[0x1f, 0x8b, 0x08];

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
            return Ok(from_bytes(Bytes::Read(Arc::new(bytes))));
        }
        return Ok(stream(Box::new(io::Cursor::new(bytes).chain(file))));
    }
    if choice == MapChoice::Auto {
        match map(&file) {
            Ok(map) => return Ok(from_bytes(Bytes::Mapped(Arc::new(map)))),
            Err(error) => log::debug!("{}: not mapped, read instead: {error}", path.display()),
        }
    }
    Ok(stream(Box::new(file)))
}

/// Opens standard input.
#[must_use]
pub fn open_stdin() -> Opened {
    stream(Box::new(io::stdin()))
}

fn from_bytes(bytes: Bytes) -> Opened {
    if bytes.starts_with(GZIP) {
        return gunzip(Box::new(io::Cursor::new(bytes)));
    }
    Opened::Whole(bytes)
}

fn stream(mut reader: Box<dyn Read + Send>) -> Opened {
    let mut head = Vec::new();
    let magic = Read::by_ref(&mut reader).take(GZIP.len() as u64).read_to_end(&mut head);
    let rest = io::Cursor::new(head.clone()).chain(reader);
    match magic {
        Ok(_) if head == GZIP => gunzip(Box::new(rest)),
        Ok(_) => Opened::Stream { reader: Box::new(rest), packing: None },
        Err(error) => {
            Opened::Stream { reader: Box::new(rest.chain(Failed(Some(error)))), packing: None }
        }
    }
}

fn gunzip(reader: Box<dyn Read + Send>) -> Opened {
    Opened::Stream { reader: Box::new(Gunzip::new(reader)), packing: Some("gzip") }
}

/// A reader that reports one error and ends.
struct Failed(Option<io::Error>);

impl Read for Failed {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}
