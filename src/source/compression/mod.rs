//! Compressions, told by their first bytes. One file each, and a line in `COMPRESSIONS`.
//!
//! All of them stream: what comes before damage is given out, then the damage is an error.

mod bzip2;
mod gzip;
mod lz4;
mod snappy;
mod xz;
mod zstd;

use std::io::Read;

/// A stream of bytes that one worker reads.
pub type Stream<'r> = Box<dyn Read + 'r>;

/// One compression.
#[derive(Debug)]
pub struct Compression {
    /// What it is called.
    pub name: &'static str,
    /// Whether a stream that starts with these bytes is compressed so.
    is: fn(&[u8]) -> bool,
    /// Unpacks a stream.
    open: for<'r> fn(Stream<'r>) -> Stream<'r>,
}

impl Compression {
    /// Unpacks a stream.
    #[must_use]
    pub fn open<'r>(&self, packed: Stream<'r>) -> Stream<'r> {
        (self.open)(packed)
    }
}

const COMPRESSIONS: &[Compression] =
    &[gzip::GZIP, zstd::ZSTD, xz::XZ, bzip2::BZIP2, lz4::LZ4, snappy::SNAPPY];

/// How a stream that starts with these bytes is compressed, if it is.
#[must_use]
pub fn compression_of(head: &[u8]) -> Option<&'static Compression> {
    COMPRESSIONS.iter().find(|compression| (compression.is)(head))
}

/// What all compressions are tested on.
#[cfg(test)]
pub(super) mod testing {
    use super::*;

    /// Some log.
    pub fn text() -> Vec<u8> {
        (0..20_000u32).flat_map(|n| format!("line {} of a log\n", n * 7919).into_bytes()).collect()
    }

    /// What a stream unpacks to, and the error at its end.
    pub fn unpack(packed: &[u8]) -> (Vec<u8>, Option<String>) {
        let compression = compression_of(packed).expect("a compression");
        let (mut all, mut buffer) = (Vec::new(), vec![0; 7000]);
        let mut reader = compression.open(Box::new(packed));
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return (all, None),
                Ok(read) => all.extend_from_slice(&buffer[..read]),
                Err(error) => return (all, Some(error.to_string())),
            }
        }
    }

    /// Streams follow one another; a cut one gives what came before, and an error.
    pub fn check(pack: impl Fn(&[u8]) -> Vec<u8>) {
        let text = text();
        let packed = pack(&text);
        assert_eq!(unpack(&packed), (text.clone(), None));
        let twice = [packed.clone(), pack(b"more")].concat();
        assert_eq!(unpack(&twice), ([text.clone(), b"more".to_vec()].concat(), None));
        for part in 1..10 {
            let (all, error) = unpack(&packed[..packed.len() * part / 10]);
            assert!(text.starts_with(&all) && error.is_some(), "{part}: {error:?}");
        }
        let (most, _) = unpack(&packed[..packed.len() - 1]);
        assert!(most.len() > text.len() / 2, "{} of {}", most.len(), text.len());
    }
}
