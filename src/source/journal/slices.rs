//! The slices of a journal: what is compressed apart from the rest, and so can be unpacked apart.

use std::io::{self, Cursor, Read};

use flate2::{Decompress, FlushDecompress, Status};
use lz4_flex::frame::FrameDecoder;
use memchr::memmem;
use zstd::stream::raw::{Decoder as ZstdDecoder, Operation};

use crate::source::Bytes;

/// How a journal is compressed (`journalCompression` in indexes.conf).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not at all: one slice.
    Plain,
    /// gzip, a member a slice.
    Gzip,
    /// zstd, a frame a slice.
    Zstd,
    /// lz4, a frame a slice.
    Lz4,
}

const GZIP: &[u8] = &[0x1f, 0x8b, 0x08];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const LZ4: &[u8] = &[0x04, 0x22, 0x4d, 0x18];

/// The window of every gzip file, as a power of two.
const GZIP_WINDOW_BITS: u8 = 15;

/// How much is unpacked in one step.
const STEP: usize = 128 << 10;

/// How much of a slice's window a zstd frame may ask for, as a power of two: 128 MiB, the most
/// that `zstd` itself unpacks without being told.
const ZSTD_WINDOW_BITS: u32 = 27;

impl Packing {
    /// The name that messages have.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Lz4 => "lz4",
        }
    }

    /// Tells a compression by its first bytes; [`Packing::Plain`] where it is none of these.
    #[must_use]
    pub fn of(head: &[u8]) -> Self {
        let all = [Self::Gzip, Self::Zstd, Self::Lz4];
        all.into_iter().find(|packing| head.starts_with(packing.magic())).unwrap_or(Self::Plain)
    }

    /// Tells a compression by the end of a file's name: for a file whose first bytes are damaged.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        match name.rsplit_once('.') {
            Some((_, "gz")) => Self::Gzip,
            Some((_, "zst")) => Self::Zstd,
            Some((_, "lz4")) => Self::Lz4,
            _ => Self::Plain,
        }
    }

    fn magic(self) -> &'static [u8] {
        match self {
            Self::Plain => &[],
            Self::Gzip => GZIP,
            Self::Zstd => ZSTD,
            Self::Lz4 => LZ4,
        }
    }

    /// Where a slice may start next, at or after `from` and before `to`: what looks like a start.
    /// The bytes of a slice may look so too, so that the end of the slice before has the last word.
    #[must_use]
    pub fn next_start(self, packed: &[u8], from: usize, to: usize) -> Option<usize> {
        if self == Self::Plain {
            return None;
        }
        let to = to.min(packed.len());
        let window = packed.get(from..to)?;
        let mut starts = memmem::find_iter(window, self.magic()).map(|at| from + at);
        starts.find(|&at| match self {
            // The upper flags are reserved.
            Self::Gzip => packed.get(at + 3).is_some_and(|flags| flags & 0xe0 == 0),
            _ => true,
        })
    }
}

/// How far a slice has been unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// There is more of it.
    More,
    /// It is whole, and ends before this byte of the packed journal.
    Whole(usize),
    /// It cannot be unpacked any further, and why.
    Damaged(String),
}

/// Unpacks one slice, bit by bit.
pub struct Unpacker {
    packed: Bytes,
    at: usize,
    state: State,
}

impl std::fmt::Debug for Unpacker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unpacker").field("at", &self.at).finish_non_exhaustive()
    }
}

enum State {
    Plain,
    Gzip(Box<Decompress>),
    Zstd(Box<ZstdDecoder<'static>>),
    Lz4(Box<FrameDecoder<Cursor<Bytes>>>),
    Failed(String),
}

impl Unpacker {
    /// An unpacker of the slice that starts at a byte of the packed journal.
    #[must_use]
    pub fn new(packed: Bytes, packing: Packing, start: usize) -> Self {
        let state = match packing {
            Packing::Plain => State::Plain,
            Packing::Gzip => State::Gzip(Box::new(Decompress::new_gzip(GZIP_WINDOW_BITS))),
            Packing::Zstd => match zstd_decoder() {
                Ok(decoder) => State::Zstd(Box::new(decoder)),
                Err(error) => State::Failed(error.to_string()),
            },
            Packing::Lz4 => {
                let mut cursor = Cursor::new(packed.clone());
                cursor.set_position(start as u64);
                State::Lz4(Box::new(FrameDecoder::new(cursor)))
            }
        };
        Self { packed, at: start, state }
    }

    /// How far the packed journal has been read.
    #[must_use]
    pub fn position(&self) -> usize {
        self.at.min(self.packed.len())
    }

    /// The first bytes of a slice, at most about `most`, as far as they can be had.
    #[must_use]
    pub fn head(packed: &Bytes, packing: Packing, most: usize) -> Vec<u8> {
        let mut head = Vec::new();
        let _ = Self::new(packed.clone(), packing, 0).unpack(&mut head, most);
        head
    }

    /// Unpacks on, until the slice ends or there are about `most` bytes more. What stands before
    /// damage comes out.
    pub fn unpack(&mut self, into: &mut Vec<u8>, most: usize) -> End {
        let enough = into.len().saturating_add(most);
        loop {
            let before = into.len();
            match self.step(into, most.clamp(1, STEP)) {
                Ok(Some(end)) => return End::Whole(end),
                Ok(None) if into.len() >= enough => return End::More,
                Ok(None) => {}
                Err(reason) => {
                    debug_assert!(into.len() >= before);
                    return End::Damaged(reason);
                }
            }
        }
    }

    /// Unpacks a little more; says where the slice ended, if it did.
    fn step(&mut self, into: &mut Vec<u8>, size: usize) -> Result<Option<usize>, String> {
        let input = self.packed.get(self.at..).unwrap_or_default();
        match &mut self.state {
            State::Failed(reason) => Err(reason.clone()),
            State::Plain => {
                let taken = input.len().min(size);
                into.extend_from_slice(&input[..taken]);
                self.at += taken;
                Ok((self.at >= self.packed.len()).then_some(self.at))
            }
            State::Gzip(inflater) => {
                let (ended, taken) = inflate(inflater, input, into, size)?;
                self.at += taken;
                Ok(ended.then_some(self.at))
            }
            State::Zstd(decoder) => {
                let (ended, taken) = unpack_zstd(decoder, input, into, size)?;
                self.at += taken;
                Ok(ended.then_some(self.at))
            }
            State::Lz4(decoder) => {
                let start = into.len();
                into.resize(start + size, 0);
                let read = decoder.read(&mut into[start..]);
                into.truncate(start + read.as_ref().map_or(0, |read| *read));
                match read {
                    Ok(0) => match lz4_frame_end(&self.packed, self.at) {
                        Some(end) => {
                            self.at = end;
                            Ok(Some(end))
                        }
                        None => Err(TOO_EARLY.to_owned()),
                    },
                    Ok(_) => Ok(None),
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                        Err(TOO_EARLY.to_owned())
                    }
                    Err(error) => Err(error.to_string()),
                }
            }
        }
    }
}

const TOO_EARLY: &str = "it ends too early";

fn zstd_decoder() -> io::Result<ZstdDecoder<'static>> {
    let mut decoder = ZstdDecoder::new()?;
    decoder.set_parameter(zstd::stream::raw::DParameter::WindowLogMax(ZSTD_WINDOW_BITS))?;
    Ok(decoder)
}

/// Inflates a little; says whether the member ended, and how much input was taken.
fn inflate(
    inflater: &mut Decompress,
    input: &[u8],
    into: &mut Vec<u8>,
    size: usize,
) -> Result<(bool, usize), String> {
    let start = into.len();
    into.resize(start + size, 0);
    let (taken, given) = (inflater.total_in(), inflater.total_out());
    let result = inflater.decompress(input, &mut into[start..], FlushDecompress::None);
    let taken = usize::try_from(inflater.total_in() - taken).unwrap_or(0).min(input.len());
    let given = usize::try_from(inflater.total_out() - given).unwrap_or(0).min(size);
    into.truncate(start + given);
    match result {
        Ok(Status::StreamEnd) => Ok((true, taken)),
        Ok(_) if taken == 0 && given == 0 => Err(TOO_EARLY.to_owned()),
        Ok(_) => Ok((false, taken)),
        Err(error) => {
            let what = error.message().filter(|message| !message.starts_with("repeated call"));
            Err(what.unwrap_or("invalid data").to_owned())
        }
    }
}

/// The same for a zstd frame.
fn unpack_zstd(
    decoder: &mut ZstdDecoder<'static>,
    input: &[u8],
    into: &mut Vec<u8>,
    size: usize,
) -> Result<(bool, usize), String> {
    let start = into.len();
    into.resize(start + size, 0);
    match decoder.run_on_buffers(input, &mut into[start..]) {
        Ok(status) => {
            into.truncate(start + status.bytes_written.min(size));
            let stuck = status.bytes_read == 0 && status.bytes_written == 0;
            match status.remaining {
                0 => Ok((true, status.bytes_read)),
                _ if stuck => Err(TOO_EARLY.to_owned()),
                _ => Ok((false, status.bytes_read)),
            }
        }
        Err(error) => {
            into.truncate(start);
            Err(error.to_string())
        }
    }
}

/// Where the lz4 frame that starts at `at` ends, by the sizes of its blocks; `None` where it is cut
/// short (lz4_Frame_format.md).
fn lz4_frame_end(packed: &[u8], at: usize) -> Option<usize> {
    let word = |at: usize| {
        let bytes = packed.get(at..at.checked_add(4)?)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    };
    let flags = *packed.get(at + 4)?;
    let has = |bit: u8| usize::from(flags & bit != 0);
    // Magic, flags and block size, then content size, dictionary and the header's checksum.
    let mut at = at + 6 + 8 * has(0x08) + 4 * has(0x01) + 1;
    loop {
        let size = word(at)?;
        at += 4;
        if size == 0 {
            let end = at + 4 * has(0x04);
            return (end <= packed.len()).then_some(end);
        }
        at = at.checked_add((size & 0x7fff_ffff) as usize)? + 4 * has(0x10);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use lz4_flex::frame::{BlockSize, FrameEncoder, FrameInfo};

    use super::*;

    fn pack(packing: Packing, text: &[u8]) -> Vec<u8> {
        match packing {
            Packing::Plain => text.to_vec(),
            Packing::Gzip => {
                let level = flate2::Compression::default();
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
                encoder.write_all(text).unwrap();
                encoder.finish().unwrap()
            }
            Packing::Zstd => zstd::encode_all(text, 3).unwrap(),
            Packing::Lz4 => {
                let info = FrameInfo::new().block_size(BlockSize::Max64KB);
                let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
                encoder.write_all(text).unwrap();
                encoder.finish().unwrap()
            }
        }
    }

    fn text() -> Vec<u8> {
        (0..40_000u32)
            .flat_map(|n| format!("event {}\n", n.wrapping_mul(7919)).into_bytes())
            .collect()
    }

    fn unpack(bytes: &[u8], packing: Packing, start: usize) -> (Vec<u8>, End) {
        let mut unpacker = Unpacker::new(Bytes::read(bytes.to_vec()), packing, start);
        let mut all = Vec::new();
        loop {
            match unpacker.unpack(&mut all, 100_000) {
                End::More => {}
                end => return (all, end),
            }
        }
    }

    const PACKED: [Packing; 3] = [Packing::Gzip, Packing::Zstd, Packing::Lz4];

    #[test]
    fn slices_end_where_the_next_starts() {
        for packing in PACKED {
            let (one, two) = (pack(packing, &text()), pack(packing, b"two"));
            let both = [one.clone(), two.clone()].concat();
            assert_eq!(Packing::of(&both), packing);
            assert_eq!(unpack(&both, packing, 0), (text(), End::Whole(one.len())), "{packing:?}");
            let rest = (b"two".to_vec(), End::Whole(both.len()));
            assert_eq!(unpack(&both, packing, one.len()), rest, "{packing:?}");
            let guess = packing.next_start(&both, 1, both.len());
            assert_eq!(guess, Some(one.len()), "{packing:?}");
        }
        assert_eq!(unpack(&text(), Packing::Plain, 0), (text(), End::Whole(text().len())));
    }

    #[test]
    fn what_stands_before_a_cut_comes_out() {
        for packing in PACKED {
            let packed = pack(packing, &text());
            for cut in [5, 20, packed.len() / 2, packed.len() - 1] {
                let (all, end) = unpack(&packed[..cut], packing, 0);
                assert!(matches!(end, End::Damaged(_)), "{packing:?} {cut}: {end:?}");
                assert!(text().starts_with(&all));
                assert!(
                    cut < packed.len() / 2 || all.len() > text().len() / 4,
                    "{packing:?} {cut}"
                );
            }
        }
    }
}
