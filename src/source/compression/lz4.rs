//! lz4 frames, one after another.

use std::io::{self, Read};

use lz4_flex::frame::FrameDecoder;

use super::{Compression, Stream};

const MAGIC: &[u8] = &[0x04, 0x22, 0x4d, 0x18];

/// lz4.
pub(super) const LZ4: Compression = Compression {
    name: "lz4",
    is: |head| head.starts_with(MAGIC),
    open: |packed| Box::new(Frames { decoder: Some(FrameDecoder::new(packed)), given: false }),
};

/// Reads frame after frame, each with a decoder of its own: one that has read a frame of large
/// blocks cannot read one of small blocks.
struct Frames<'r> {
    decoder: Option<FrameDecoder<Stream<'r>>>,
    /// Whether the frame at hand gave something.
    given: bool,
}

impl Read for Frames<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.decoder {
            let read = decoder.read(into).map_err(plain)?;
            if read > 0 || into.is_empty() || !std::mem::take(&mut self.given) {
                self.given |= read > 0;
                return Ok(read);
            }
            let rest = self.decoder.take().map(FrameDecoder::into_inner);
            self.decoder = rest.map(FrameDecoder::new);
        }
        Ok(0)
    }
}

/// The decoder's own errors, which say more than the kind they come as.
fn plain(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), error.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::testing;

    #[test]
    fn frames_are_read_up_to_a_cut() {
        testing::check(|text| {
            let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        });
    }
}
