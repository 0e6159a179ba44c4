//! Snappy's framed format, in which streams may follow one another.

use super::Compression;

/// Snappy.
pub(super) const SNAPPY: Compression = Compression {
    name: "snappy",
    is: |head| head.starts_with(b"\xff\x06\0\0sNaPpY"),
    open: |packed| Box::new(snap::read::FrameDecoder::new(packed)),
};

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::super::testing;

    #[test]
    fn frames_are_read_up_to_a_cut() {
        testing::check(|text| {
            let mut packed = Vec::new();
            snap::read::FrameEncoder::new(text).read_to_end(&mut packed).unwrap();
            packed
        });
    }
}
