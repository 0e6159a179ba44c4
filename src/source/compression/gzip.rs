//! Unpacking gzip, one member after another.
//!
//! What a damaged file still holds must not depend on how much is asked for at a time, and all of
//! it must come out. The reader of `flate2` drops what it has unpacked in the call that meets the
//! damage, so its inflater is driven here.

use std::io::{self, Read};
use std::ops::Range;

use super::Compression;
use flate2::{Decompress, FlushDecompress, Status};

/// How much packed data is read at a time.
const INPUT: usize = 64 << 10;

/// How much is unpacked at a time. Fixed, for what the inflater says of damage depends on it.
const OUTPUT: usize = 64 << 10;

/// The window of every gzip file, as a power of two.
const WINDOW_BITS: u8 = 15;

const MAGIC: &[u8] = &[0x1f, 0x8b];

/// gzip, RFC 1952.
pub(super) const GZIP: Compression = Compression {
    name: "gzip",
    is: |head| head.starts_with(&[0x1f, 0x8b, 0x08]),
    open: |packed| Box::new(Gunzip::new(packed)),
};

/// Unpacks a gzip stream. Zeros after the last member are padding, as on tapes.
pub(in crate::source) struct Gunzip<R> {
    reader: R,
    input: Vec<u8>,
    /// How much of `input` has been used.
    used: usize,
    /// The offset of the first byte of `input` in the packed stream.
    base: u64,
    ended: bool,
    output: Vec<u8>,
    /// The part of `output` that is still to be given out.
    ready: Range<usize>,
    state: State,
}

enum State {
    /// Before a member, or the end. Whether it is the first.
    Between(bool),
    Member(Box<Decompress>),
    /// The error that is still to be reported, if any; then the end.
    Failed(Option<io::Error>),
}

impl<R: Read> Gunzip<R> {
    pub(in crate::source) fn new(reader: R) -> Self {
        Self {
            reader,
            input: Vec::new(),
            used: 0,
            base: 0,
            ended: false,
            output: vec![0; OUTPUT],
            ready: 0..0,
            state: State::Between(true),
        }
    }

    /// Reads on until `wanted` bytes are there to be used, or the stream ends.
    fn fill(&mut self, wanted: usize) -> io::Result<()> {
        while self.input.len() - self.used < wanted && !self.ended {
            self.input.drain(..self.used);
            self.base += self.used as u64;
            self.used = 0;
            let start = self.input.len();
            self.input.resize(start + INPUT, 0);
            let read = self.reader.read(&mut self.input[start..]);
            self.input.truncate(start + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) => self.ended = true,
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn fail(&mut self, kind: io::ErrorKind, what: impl Into<String>) {
        self.state = State::Failed(Some(io::Error::new(kind, what.into())));
    }

    /// Starts the next member; at the end of the stream, ends.
    fn next_member(&mut self, first: bool) -> io::Result<()> {
        loop {
            self.fill(MAGIC.len())?;
            let rest = &self.input[self.used..];
            if rest.starts_with(MAGIC) {
                self.state = State::Member(Box::new(Decompress::new_gzip(WINDOW_BITS)));
                return Ok(());
            }
            let zeros = rest.iter().take_while(|&&byte| byte == 0).count();
            if zeros < rest.len() || (first && zeros > 0) {
                let at = self.base + (self.used + zeros) as u64;
                let what = format!("byte {at} of the packed file starts no gzip data");
                self.fail(io::ErrorKind::InvalidData, what);
                return Ok(());
            }
            self.used += zeros;
            if self.ended {
                self.state = State::Failed(None);
                return Ok(());
            }
        }
    }

    /// Unpacks some more of a member.
    fn inflate(&mut self) -> io::Result<()> {
        self.fill(1)?;
        let State::Member(inflater) = &mut self.state else { return Ok(()) };
        let input = &self.input[self.used..];
        let (taken, given) = (inflater.total_in(), inflater.total_out());
        let result = inflater.decompress(input, &mut self.output, FlushDecompress::None);
        let taken = usize::try_from(inflater.total_in() - taken).unwrap_or(0);
        let given = usize::try_from(inflater.total_out() - given).unwrap_or(0);
        let starved = input.is_empty() && given == 0;
        self.used += taken.min(input.len());
        self.ready = 0..given.min(self.output.len());
        match result {
            Ok(Status::StreamEnd) => self.state = State::Between(false),
            Ok(_) if starved => {
                self.fail(io::ErrorKind::UnexpectedEof, "the file ends too early");
            }
            Ok(_) => {}
            Err(error) => {
                // No offset: how far the inflater has read ahead depends on how it is fed.
                let what = error.message().filter(|message| !message.starts_with("repeated call"));
                self.fail(io::ErrorKind::InvalidData, what.unwrap_or("invalid data"));
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Gunzip<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.ready.is_empty() || into.is_empty() {
                let mut rest = &self.output[self.ready.clone()];
                let given = rest.read(into)?;
                self.ready.start += given;
                return Ok(given);
            }
            match &mut self.state {
                State::Failed(error) => return error.take().map_or(Ok(0), Err),
                State::Between(first) => {
                    let first = *first;
                    self.next_member(first)?;
                }
                State::Member(_) => self.inflate()?,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn pack(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// What comes out, `size` bytes at a time, and the error at the end.
    fn unpack(packed: &[u8], size: usize) -> (Vec<u8>, Option<String>) {
        let mut reader = Gunzip::new(packed);
        let (mut all, mut buffer) = (Vec::new(), vec![0; size]);
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return (all, None),
                Ok(read) => all.extend_from_slice(&buffer[..read]),
                Err(error) => {
                    assert_eq!(reader.read(&mut buffer).unwrap(), 0, "after an error is the end");
                    return (all, Some(error.to_string()));
                }
            }
        }
    }

    fn text() -> Vec<u8> {
        (0..4000u32).flat_map(|n| format!("line {} of some log\n", n * 7919).into_bytes()).collect()
    }

    #[test]
    fn members_follow_one_another_and_zeros_may() {
        let two = [pack(b"one,"), pack(b""), pack(b"two"), vec![0; 1000]].concat();
        assert_eq!(unpack(&two, 3), (b"one,two".to_vec(), None));
        let (text, error) = unpack(&[pack(b"one"), b"junk".to_vec()].concat(), 100);
        assert_eq!(text, b"one");
        assert_eq!(error.unwrap(), "byte 23 of the packed file starts no gzip data");
    }

    #[test]
    fn what_stands_before_a_cut_comes_out_whole() {
        let packed = pack(&text());
        let (whole, error) = unpack(&packed, 1000);
        assert_eq!((whole.len(), error), (text().len(), None));
        for cut in [0, 1, 5, 10, 100, packed.len() / 2, packed.len() - 8, packed.len() - 1] {
            let (all, error) = unpack(&packed[..cut], 1 << 20);
            assert!(text().starts_with(&all));
            assert!(cut < packed.len() - 8 || all.len() == text().len());
            assert_eq!(error.is_some(), cut > 0, "{cut}");
        }
    }

    proptest! {
        #[test]
        fn damage_gives_the_same_however_much_is_asked_for(
            at in 0usize..2000,
            with in any::<u8>(),
            sizes in prop::collection::vec(1usize..70_000, 3),
        ) {
            let mut packed = [pack(&text()), pack(b"more")].concat();
            let at = at * packed.len() / 2000;
            packed[at] = with;
            let expected = unpack(&packed, 1);
            for size in sizes {
                let found = unpack(&packed, size);
                prop_assert_eq!(found.0.len(), expected.0.len());
                prop_assert!(found.0 == expected.0);
                prop_assert_eq!(found.1, expected.1.clone());
            }
        }
    }
}
