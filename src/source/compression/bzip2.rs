//! bzip2: streams one after another, as pbzip2 writes them.

use super::Compression;

/// bzip2. The magic is short, so the first block's is asked for too, or that of an empty stream.
pub(super) const BZIP2: Compression = Compression {
    name: "bzip2",
    is: |head| {
        let block = head.get(4..10);
        matches!(head, [b'B', b'Z', b'h', b'1'..=b'9', ..])
            && (block == Some(b"1AY&SY") || block == Some(b"\x17\x72\x45\x38\x50\x90"))
    },
    open: |packed| Box::new(bzip2::read::MultiBzDecoder::new(packed)),
};

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::super::testing;

    #[test]
    fn streams_are_read_up_to_a_cut() {
        testing::check(|text| {
            let mut packed = Vec::new();
            let level = bzip2::Compression::fast();
            bzip2::read::BzEncoder::new(text, level).read_to_end(&mut packed).unwrap();
            packed
        });
    }
}
