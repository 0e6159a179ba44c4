//! xz: streams one after another.

use super::Compression;

/// The most memory that a stream's dictionary may take.
const MOST_MEMORY: u64 = 256 << 20;

/// xz.
pub(super) const XZ: Compression = Compression {
    name: "xz",
    is: |head| head.starts_with(b"\xfd7zXZ\0"),
    open: |packed| match liblzma::stream::Stream::new_stream_decoder(
        MOST_MEMORY,
        liblzma::stream::CONCATENATED,
    ) {
        Ok(stream) => Box::new(liblzma::read::XzDecoder::new_stream(packed, stream)),
        // Only where there is no memory; the default asks for no more.
        Err(_) => Box::new(liblzma::read::XzDecoder::new_multi_decoder(packed)),
    },
};

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::super::testing;

    #[test]
    fn streams_are_read_up_to_a_cut() {
        testing::check(|text| {
            let mut packed = Vec::new();
            liblzma::read::XzEncoder::new(text, 1).read_to_end(&mut packed).unwrap();
            packed
        });
    }
}
