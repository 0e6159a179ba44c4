//! Where the chunks stand in a file, a dump, or a block of a stream.

use memchr::memmem;

use super::bytes::u32_at;
use super::{CHUNK_HEADER_LEN, CHUNK_LEN, CHUNK_MAGIC, FILE_HEADER_LEN, FILE_MAGIC};

/// One place of a chunk: 64 KiB, less at the end of the data or before a chunk that stands at an
/// odd offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkSlot {
    /// Where it starts in the data.
    pub offset: usize,
    /// How many bytes it has, at most [`CHUNK_LEN`].
    pub len: usize,
    /// What stands there.
    pub state: SlotState,
}

/// What stands in a [`ChunkSlot`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotState {
    /// A whole chunk by its magic and length; its checksums are not looked at.
    Intact,
    /// The start of a chunk: the data end, or another chunk starts, before its end.
    Truncated,
    /// Bytes without the magic of a chunk. Where only the magic is lost,
    /// [`ChunkReader`](super::ChunkReader) still reads the records.
    BadMagic,
    /// Only zeros: space that Windows allocated and has not used, which is no damage.
    Empty,
}

/// How far from the start of a slot the bytes reach that may tell where it ends: to the end of the
/// header of the chunk that follows it.
pub const SLOT_HORIZON: usize = CHUNK_LEN + CHUNK_HEADER_LEN;

/// Iterates over the chunk slots of some data; see [`chunks`] and [`chunks_from`].
#[derive(Debug, Clone)]
pub struct Chunks<'d> {
    data: &'d [u8],
    at: usize,
}

/// The chunk slots of a whole file or dump, in order.
///
/// The count in the file's header is not used: logs copied while in use say 1 and hold more.
#[must_use]
pub fn chunks(data: &[u8]) -> Chunks<'_> {
    chunks_from(data, body_offset(data))
}

/// The chunk slots of data in which a chunk is due at `start`.
///
/// For a block of a stream that starts at a chunk boundary, `start` is 0. A slot that starts less
/// than [`SLOT_HORIZON`] bytes before the end of the block is to be read again with what follows,
/// unless the stream ends too.
#[must_use]
pub fn chunks_from(data: &[u8], start: usize) -> Chunks<'_> {
    Chunks { data, at: start }
}

/// Where the first chunk is due: after the file header where there is one, readable or not, and
/// at 0 in a dump of bare chunks.
#[must_use]
pub fn body_offset(data: &[u8]) -> usize {
    if data.starts_with(FILE_MAGIC) {
        return FILE_HEADER_LEN.min(data.len());
    }
    let second = data.get(FILE_HEADER_LEN..).is_some_and(|rest| rest.starts_with(CHUNK_MAGIC));
    if second && !data.starts_with(CHUNK_MAGIC) { FILE_HEADER_LEN } else { 0 }
}

impl Iterator for Chunks<'_> {
    type Item = ChunkSlot;

    fn next(&mut self) -> Option<ChunkSlot> {
        let offset = self.at;
        let rest = self.data.get(offset..).filter(|rest| !rest.is_empty())?;
        let slot = &rest[..rest.len().min(CHUNK_LEN)];
        let (len, state) = if slot.starts_with(CHUNK_MAGIC) {
            // Only a chunk with no other right behind it can be one that was cut short by the
            // start of the next: carved dumps have those. All others are not searched.
            match rest.get(CHUNK_LEN..).filter(|next| !starts_slot(next)) {
                Some(_) => match find_chunk(rest, 1, CHUNK_LEN) {
                    Some(next) => (next, SlotState::Truncated),
                    None => (CHUNK_LEN, SlotState::Intact),
                },
                None if slot.len() == CHUNK_LEN => (CHUNK_LEN, SlotState::Intact),
                None => (slot.len(), SlotState::Truncated),
            }
        } else if slot.iter().all(|&byte| byte == 0) {
            (slot.len(), SlotState::Empty)
        } else {
            (find_chunk(rest, 1, slot.len()).unwrap_or(slot.len()), SlotState::BadMagic)
        };
        self.at = offset + len;
        Some(ChunkSlot { offset, len, state })
    }
}

/// Whether a slot of its own starts here: a chunk, or nothing but zeros to where one would start.
fn starts_slot(data: &[u8]) -> bool {
    data.is_empty()
        || data.starts_with(CHUNK_MAGIC)
        || data.iter().take(CHUNK_MAGIC.len()).all(|&byte| byte == 0)
}

/// Where in `from..until` a chunk header starts that looks like one beyond its magic.
pub(super) fn find_chunk(data: &[u8], from: usize, until: usize) -> Option<usize> {
    let end = (until + CHUNK_MAGIC.len() - 1).min(data.len());
    let window = data.get(from..end)?;
    memmem::find_iter(window, CHUNK_MAGIC)
        .map(|hit| from + hit)
        .find(|&at| is_chunk_header(&data[at..]))
}

/// Whether a chunk header starts here: its magic, and its size field, which is always 128.
pub(super) fn is_chunk_header(data: &[u8]) -> bool {
    data.starts_with(CHUNK_MAGIC) && u32_at(data, 40) == Some(128)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(len: usize) -> Vec<u8> {
        let mut chunk = vec![7; len];
        chunk[..8].copy_from_slice(CHUNK_MAGIC);
        chunk[40..44].copy_from_slice(&128u32.to_le_bytes());
        chunk
    }

    fn file(header: &[u8], parts: &[Vec<u8>]) -> Vec<u8> {
        let mut file = header.to_vec();
        for part in parts {
            file.extend_from_slice(part);
        }
        file
    }

    #[test]
    fn slots_of_files_and_dumps() {
        use SlotState::{BadMagic, Empty, Intact, Truncated};
        let mut header = vec![0; FILE_HEADER_LEN];
        header[..8].copy_from_slice(FILE_MAGIC);
        let zeroed = vec![0; FILE_HEADER_LEN];
        let whole = || chunk(CHUNK_LEN);
        let zeros = || vec![0; CHUNK_LEN];
        let junk = |len| vec![9; len];
        let (h, c) = (FILE_HEADER_LEN, CHUNK_LEN);
        type Case = (&'static str, Vec<u8>, Vec<(usize, usize, SlotState)>);
        let cases: Vec<Case> = vec![
            ("nothing", vec![], vec![]),
            ("only a header", header.clone(), vec![]),
            ("a cut header", header[..100].to_vec(), vec![]),
            ("one chunk", file(&header, &[whole()]), vec![(h, c, Intact)]),
            (
                "allocated space",
                file(&header, &[whole(), zeros(), zeros()]),
                vec![(h, c, Intact), (h + c, c, Empty), (h + 2 * c, c, Empty)],
            ),
            ("a zeroed header", file(&zeroed, &[whole()]), vec![(h, c, Intact)]),
            ("a bare chunk", whole(), vec![(0, c, Intact)]),
            (
                "bare chunks with an odd end",
                file(&[], &[whole(), chunk(900)]),
                vec![(0, c, Intact), (c, 900, Truncated)],
            ),
            (
                "a magic lost",
                file(&header, &[junk(c), whole()]),
                vec![(h, c, BadMagic), (h + c, c, Intact)],
            ),
            (
                "carved: junk before the first chunk",
                file(&[], &[junk(1001), whole(), whole()]),
                vec![(0, 1001, BadMagic), (1001, c, Intact), (1001 + c, c, Intact)],
            ),
            (
                "carved: a chunk cut short by the next",
                file(&[], &[chunk(3000), whole(), junk(50)]),
                vec![(0, 3000, Truncated), (3000, c, Intact), (3000 + c, 50, BadMagic)],
            ),
            (
                "a magic across the slots' boundary",
                file(&[], &[junk(c - 3), whole()]),
                vec![(0, c - 3, BadMagic), (c - 3, c, Intact)],
            ),
            ("no chunk at all", junk(c + 5), vec![(0, c, BadMagic), (c, 5, BadMagic)]),
        ];
        for (name, data, expected) in cases {
            let found: Vec<_> =
                chunks(&data).map(|slot| (slot.offset, slot.len, slot.state)).collect();
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn every_byte_is_in_one_slot() {
        let data = file(&[], &[chunk(3000), vec![1; 77], chunk(CHUNK_LEN), vec![0; 5000]]);
        let mut at = 0;
        for slot in chunks_from(&data, 0) {
            assert_eq!(slot.offset, at);
            assert!(slot.len > 0 && slot.len <= CHUNK_LEN);
            at += slot.len;
        }
        assert_eq!(at, data.len());
    }
}
