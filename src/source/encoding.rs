//! Text that is not UTF-8: UTF-16 of either order, with or without a byte order mark.

use encoding_rs::{UTF_16BE, UTF_16LE};

/// How a file's text is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// UTF-8, or bytes that are searched as they are.
    Utf8,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
}

impl Encoding {
    /// The decoder, for what is not UTF-8.
    pub(super) fn decoder(self) -> Option<encoding_rs::Decoder> {
        match self {
            Self::Utf8 => None,
            Self::Utf16Le => Some(UTF_16LE.new_decoder_without_bom_handling()),
            Self::Utf16Be => Some(UTF_16BE.new_decoder_without_bom_handling()),
        }
    }
}

/// Tells the encoding from a file's first bytes, and how many of them are a byte order mark.
///
/// Without a mark, text is UTF-16 when nearly every other byte is zero and always on the same
/// side: logs are mostly ASCII.
#[must_use]
pub fn sniff_encoding(head: &[u8]) -> (Encoding, usize) {
    match head {
        [0xef, 0xbb, 0xbf, ..] => return (Encoding::Utf8, 3),
        [0xff, 0xfe, ..] => return (Encoding::Utf16Le, 2),
        [0xfe, 0xff, ..] => return (Encoding::Utf16Be, 2),
        _ => {}
    }
    let sample = &head[..head.len().min(4096)];
    let pairs = sample.chunks_exact(2);
    let count = pairs.len();
    if count < 4 {
        return (Encoding::Utf8, 0);
    }
    let low_first = pairs.clone().filter(|pair| pair[0] != 0 && pair[1] == 0).count();
    let high_first = pairs.filter(|pair| pair[0] == 0 && pair[1] != 0).count();
    let most = count - count / 8;
    match (low_first >= most, high_first >= most) {
        (true, _) => (Encoding::Utf16Le, 0),
        (_, true) => (Encoding::Utf16Be, 0),
        _ => (Encoding::Utf8, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_by_their_bytes() {
        let le: Vec<u8> = "LogName=Sécurité".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = "LogName=Sécurité".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(sniff_encoding(&le), (Encoding::Utf16Le, 0));
        assert_eq!(sniff_encoding(&be), (Encoding::Utf16Be, 0));
        assert_eq!(sniff_encoding(b"\xef\xbb\xbf<Event"), (Encoding::Utf8, 3));
        assert_eq!(sniff_encoding(b"\xff\xfex\0"), (Encoding::Utf16Le, 2));
        assert_eq!(sniff_encoding(b"<Event>"), (Encoding::Utf8, 0));
        assert_eq!(sniff_encoding(b"a\0b\0"), (Encoding::Utf8, 0));
        assert_eq!(sniff_encoding(b"ElfFile\0\0\0\0\0\0\0\0\0"), (Encoding::Utf8, 0));
        assert_eq!(sniff_encoding(b""), (Encoding::Utf8, 0));
    }
}
