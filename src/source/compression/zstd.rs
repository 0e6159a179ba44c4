//! zstd, RFC 8878: frames one after another, skippable ones passed over.

use std::io::{self, Read};

use super::Compression;
use super::Stream;

/// zstd.
pub(super) const ZSTD: Compression = Compression { name: "zstd", is, open };

fn is(head: &[u8]) -> bool {
    // Skippable frames come first in files that pzstd wrote.
    head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
        || matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// The largest window is 128 MiB, the library's own limit: no frame can make memory grow past it.
fn open(packed: Stream<'_>) -> Stream<'_> {
    match zstd::Decoder::new(packed) {
        Ok(decoder) => Box::new(decoder),
        Err(error) => Box::new(Refused(Some(error))),
    }
}

/// A stream that could not be opened.
struct Refused(Option<io::Error>);

impl Read for Refused {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;

    #[test]
    fn frames_are_read_up_to_a_cut() {
        testing::check(|text| zstd::encode_all(text, 3).unwrap());
        let skippable =
            [b"\x50\x2a\x4d\x18\x03\0\0\0abc".to_vec(), zstd::encode_all(&b"x"[..], 3).unwrap()];
        assert_eq!(testing::unpack(&skippable.concat()), (b"x".to_vec(), None));
    }
}
