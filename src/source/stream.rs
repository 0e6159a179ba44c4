//! A stream as blocks of whole events, UTF-16 turned into UTF-8 on the way.

use std::io::{self, Read};

use super::encoding::Encoding;

/// How a block's positions map to the offsets of its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offsets {
    /// The offset of the block's first byte in the source (unpacked, where it was packed).
    pub base: u64,
    /// How the source encodes the block's text.
    pub encoding: Encoding,
}

impl Offsets {
    /// The offset in the source of a position in `block`.
    #[must_use]
    pub fn of(&self, block: &[u8], position: usize) -> u64 {
        let before = &block[..position.min(block.len())];
        self.base
            + match self.encoding {
                Encoding::Utf8 => before.len() as u64,
                // Every character is one or two units of two bytes; a lone surrogate became one
                // replacement character and was one unit.
                _ => before
                    .iter()
                    .map(|&byte| match byte {
                        0x80..=0xbf => 0,
                        0xf0.. => 4,
                        _ => 2,
                    })
                    .sum::<u64>(),
            }
    }
}

/// Part of a stream: whole events, or as much as a block may hold.
#[derive(Debug)]
pub struct Block {
    /// The bytes, in UTF-8 where they are text.
    pub bytes: Vec<u8>,
    /// Where they stand in the source.
    pub offsets: Offsets,
    /// Where it ends.
    pub end: BlockEnd,
}

/// Where a block ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockEnd {
    /// At a cut between events.
    Cut,
    /// In an event that is longer than a block may be.
    Forced,
    /// Where the stream ends.
    Stream,
}

/// How much of what was read is kept for the next block where there is no cut: there, an event
/// may start that cannot be told yet.
const LOOK_BACK: usize = 8 << 10;

/// Where a buffer may be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Everything before this position is whole events.
    At(usize),
    /// Nowhere yet.
    Nowhere,
}

/// Reads a stream block by block.
pub struct BlockReader<R> {
    reader: R,
    decoder: Option<encoding_rs::Decoder>,
    encoding: Encoding,
    /// Bytes read and not yet given out.
    buffer: Vec<u8>,
    /// The offset of the buffer's first byte in the source.
    base: u64,
    /// Whether the reader has ended.
    ended: bool,
    /// The error that ended it.
    error: Option<io::Error>,
    /// The usual size of a block.
    size: usize,
    /// The most that a block may hold.
    most: usize,
}

impl<R: Read> BlockReader<R> {
    /// A reader of blocks of about `size` bytes, `most` at the most.
    pub fn new(reader: R, size: usize, most: usize) -> Self {
        Self {
            reader,
            decoder: None,
            encoding: Encoding::Utf8,
            buffer: Vec::new(),
            base: 0,
            ended: false,
            error: None,
            size: size.max(1),
            most: most.max(size.max(1)),
        }
    }

    /// The first bytes, before any block is taken: at least `wanted`, unless there are fewer.
    pub fn head(&mut self, wanted: usize) -> &[u8] {
        while self.buffer.len() < wanted && !self.ended {
            self.fill(wanted - self.buffer.len());
        }
        &self.buffer
    }

    /// Says how the text is encoded, and passes over `skip` bytes (a byte order mark). To be
    /// called before the first block.
    pub fn set_encoding(&mut self, encoding: Encoding, skip: usize) {
        let skip = skip.min(self.buffer.len());
        self.buffer.drain(..skip);
        self.base += skip as u64;
        self.encoding = encoding;
        self.decoder = encoding.decoder();
        if self.decoder.is_some() {
            let raw = std::mem::take(&mut self.buffer);
            self.decode(&raw);
            if self.ended {
                self.end_decoding();
            }
        }
    }

    /// The next block, cut where `cut` says; `None` at the end.
    pub fn next_block(&mut self, mut cut: impl FnMut(&[u8]) -> Cut) -> Option<Block> {
        let mut wanted = self.size;
        loop {
            while self.buffer.len() < wanted && !self.ended {
                self.fill(wanted - self.buffer.len());
            }
            if self.buffer.is_empty() {
                return None;
            }
            if self.ended && self.buffer.len() <= wanted {
                return Some(self.take(self.buffer.len(), BlockEnd::Stream));
            }
            match cut(&self.buffer) {
                Cut::At(at) if at > 0 => return Some(self.take(at, BlockEnd::Cut)),
                _ if self.buffer.len() >= self.most => {
                    let back = LOOK_BACK.min(self.buffer.len() / 2);
                    let at = last_character(&self.buffer[..self.buffer.len() - back]);
                    return Some(self.take(at, BlockEnd::Forced));
                }
                _ => wanted = (self.buffer.len() * 2).min(self.most),
            }
        }
    }

    /// Whether everything that was read has been given out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// What has been read and not been given out, and where it stands.
    #[must_use]
    pub fn peek(&self) -> (&[u8], Offsets) {
        (&self.buffer, Offsets { base: self.base, encoding: self.encoding })
    }

    /// Passes over the first `count` bytes of what has been read.
    pub fn consume(&mut self, count: usize) {
        let count = count.min(self.buffer.len());
        let offsets = Offsets { base: self.base, encoding: self.encoding };
        self.base = offsets.of(&self.buffer, count);
        self.buffer.drain(..count);
    }

    /// The error that ended the stream early, once.
    pub fn take_error(&mut self) -> Option<io::Error> {
        self.error.take()
    }

    /// The offset in the source of what the next block starts with.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.base
    }

    fn take(&mut self, at: usize, end: BlockEnd) -> Block {
        let rest = self.buffer.split_off(at);
        let bytes = std::mem::replace(&mut self.buffer, rest);
        let offsets = Offsets { base: self.base, encoding: self.encoding };
        self.base = offsets.of(&bytes, bytes.len());
        Block { bytes, offsets, end }
    }

    /// Reads about `count` more bytes.
    fn fill(&mut self, count: usize) {
        let count = count.clamp(1, self.size);
        let mut more = vec![0; count];
        match self.reader.read(&mut more) {
            Ok(0) => self.end(None),
            Ok(read) => {
                more.truncate(read);
                if self.decoder.is_some() {
                    self.decode(&more);
                } else {
                    self.buffer.append(&mut more);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => self.end(Some(error)),
        }
    }

    fn end(&mut self, error: Option<io::Error>) {
        self.ended = true;
        self.error = error;
        self.end_decoding();
    }

    /// Half a character at the end becomes a replacement character, which is told as damage.
    fn end_decoding(&mut self) {
        if let Some(decoder) = &mut self.decoder {
            let mut rest = String::with_capacity(16);
            let _ = decoder.decode_to_string(&[], &mut rest, true);
            self.buffer.extend_from_slice(rest.as_bytes());
        }
    }

    fn decode(&mut self, bytes: &[u8]) {
        let Some(decoder) = &mut self.decoder else { return };
        let need = decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len() * 3 + 16);
        let mut text = String::with_capacity(need);
        let _ = decoder.decode_to_string(bytes, &mut text, false);
        self.buffer.extend_from_slice(text.as_bytes());
    }
}

/// Where the last whole character of a buffer starts, so that no cut tears one.
fn last_character(buffer: &[u8]) -> usize {
    let tail = buffer.len().saturating_sub(3);
    let back =
        buffer[tail..].iter().rposition(|&byte| byte >= 0xc0).map_or(buffer.len(), |at| tail + at);
    if back == 0 { buffer.len() } else { back }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line_cut(buffer: &[u8]) -> Cut {
        memchr::memrchr(b'\n', buffer).map_or(Cut::Nowhere, |at| Cut::At(at + 1))
    }

    fn blocks(bytes: &[u8], size: usize, most: usize, encoding: Encoding) -> Vec<Block> {
        let mut reader = BlockReader::new(bytes, size, most);
        reader.head(2);
        reader.set_encoding(encoding, 0);
        std::iter::from_fn(|| reader.next_block(line_cut)).collect()
    }

    #[test]
    fn blocks_hold_whole_lines_at_any_size() {
        let text = b"one\ntwo two\nthree\n\nfour";
        for size in 1..30 {
            let blocks = blocks(text, size, 100, Encoding::Utf8);
            assert_eq!(blocks.iter().flat_map(|b| b.bytes.clone()).collect::<Vec<_>>(), text);
            for block in &blocks[..blocks.len() - 1] {
                assert!(block.bytes.ends_with(b"\n") && block.end == BlockEnd::Cut);
            }
            for pair in blocks.windows(2) {
                let end = pair[0].offsets.base + pair[0].bytes.len() as u64;
                assert_eq!(pair[1].offsets.base, end);
            }
        }
    }

    #[test]
    fn a_line_longer_than_a_block_is_cut_and_said_to_be() {
        let blocks = blocks(b"0123456789\nx", 2, 4, Encoding::Utf8);
        assert!(blocks[0].end == BlockEnd::Forced && blocks[0].bytes.len() <= 4);
        assert_eq!(
            blocks.iter().flat_map(|b| b.bytes.clone()).collect::<Vec<_>>(),
            b"0123456789\nx"
        );
    }

    #[test]
    fn utf_16_keeps_its_own_offsets() {
        let text = "aé\n\u{1f600}b\nc";
        for (encoding, bytes) in [
            (Encoding::Utf16Le, text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()),
            (Encoding::Utf16Be, text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ] {
            for size in 2..12 {
                let blocks = blocks(&bytes, size, 100, encoding);
                let joined: Vec<u8> = blocks.iter().flat_map(|b| b.bytes.clone()).collect();
                assert_eq!(String::from_utf8(joined).unwrap(), text);
                let last = blocks.last().unwrap();
                assert_eq!(last.offsets.of(&last.bytes, last.bytes.len()), bytes.len() as u64);
            }
        }
    }
}
