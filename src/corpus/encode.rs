//! Sinks that change bytes on their way: UTF-16, gzip.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

/// Turns UTF-8 into UTF-16. What is no UTF-8 becomes U+FFFD.
#[derive(Debug)]
pub struct Utf16<W> {
    sink: W,
    big_endian: bool,
    /// A character's bytes that have come so far.
    partial: Vec<u8>,
    units: Vec<u8>,
}

impl<W: Write> Utf16<W> {
    /// Starts a text, with a byte order mark or without.
    ///
    /// # Errors
    /// When the sink fails.
    pub fn new(mut sink: W, big_endian: bool, mark: bool) -> io::Result<Self> {
        if mark {
            sink.write_all(if big_endian { b"\xfe\xff" } else { b"\xff\xfe" })?;
        }
        Ok(Self { sink, big_endian, partial: Vec::new(), units: Vec::new() })
    }

    /// Ends the text and gives the sink back.
    ///
    /// # Errors
    /// When the sink fails.
    pub fn finish(mut self) -> io::Result<W> {
        if !self.partial.is_empty() {
            self.text("\u{fffd}")?;
        }
        self.sink.flush()?;
        Ok(self.sink)
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        self.units.clear();
        let big = self.big_endian;
        let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        self.units.extend(text.encode_utf16().flat_map(bytes));
        self.sink.write_all(&self.units)
    }
}

impl<W: Write> Write for Utf16<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut joined = std::mem::take(&mut self.partial);
        joined.extend_from_slice(bytes);
        for chunk in joined.utf8_chunks() {
            self.text(chunk.valid())?;
            let invalid = chunk.invalid();
            // What may become a character with more bytes stands at the end.
            let open = joined.ends_with(invalid)
                && std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none());
            match invalid {
                [] => {}
                _ if open => self.partial = invalid.to_vec(),
                _ => self.text("\u{fffd}")?,
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// Compresses with gzip, a new member after every so many bytes, as rotated logs that are joined
/// and Splunk's journals have.
#[derive(Debug)]
pub struct GzipMembers<W: Write> {
    /// `None` only while a member ends.
    member: Option<GzEncoder<W>>,
    size: usize,
    left: usize,
}

impl<W: Write> GzipMembers<W> {
    /// Starts the first member; each takes `size` bytes of input.
    pub fn new(sink: W, size: usize) -> Self {
        Self { member: Some(encoder(sink)), size: size.max(1), left: size.max(1) }
    }

    /// Ends the last member and gives the sink back.
    ///
    /// # Errors
    /// When the sink fails.
    pub fn finish(mut self) -> io::Result<W> {
        self.member.take().ok_or_else(failed)?.finish()
    }
}

fn encoder<W: Write>(sink: W) -> GzEncoder<W> {
    GzEncoder::new(sink, Compression::fast())
}

fn failed() -> io::Error {
    io::Error::other("the sink has failed before")
}

impl<W: Write> Write for GzipMembers<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.left == 0 {
            let sink = self.member.take().ok_or_else(failed)?.finish()?;
            self.member = Some(encoder(sink));
            self.left = self.size;
        }
        let part = &bytes[..bytes.len().min(self.left)];
        let written = self.member.as_mut().ok_or_else(failed)?.write(part)?;
        self.left -= written;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.member.as_mut().ok_or_else(failed)?.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn utf_16_whatever_the_pieces() {
        let text = "a\u{e9}\u{20ac}\u{1f600}z";
        for (big, mark) in [(false, false), (true, false), (false, true), (true, true)] {
            let marked = if mark { format!("\u{feff}{text}") } else { text.to_owned() };
            let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
            let expected: Vec<u8> = marked.encode_utf16().flat_map(bytes).collect();
            for size in 1..text.len() {
                let mut writer = Utf16::new(Vec::new(), big, mark).unwrap();
                text.as_bytes().chunks(size).for_each(|chunk| writer.write_all(chunk).unwrap());
                assert_eq!(writer.finish().unwrap(), expected, "pieces of {size}");
            }
        }
    }

    #[test]
    fn what_is_no_utf_8_is_replaced() {
        for (bytes, expected) in [
            (&b"a\xffb"[..], "a\u{fffd}b"),
            (b"a\xe2\x82", "a\u{fffd}"),
            (b"\xe2\x82z", "\u{fffd}z"),
        ] {
            for size in 1..=bytes.len() {
                let mut writer = Utf16::new(Vec::new(), false, false).unwrap();
                bytes.chunks(size).for_each(|chunk| writer.write_all(chunk).unwrap());
                let written = writer.finish().unwrap();
                let expected: Vec<u8> =
                    expected.encode_utf16().flat_map(u16::to_le_bytes).collect();
                assert_eq!(written, expected, "{bytes:?}, pieces of {size}");
            }
        }
    }

    #[test]
    fn members_hold_what_was_written() {
        let text: Vec<u8> = (0..10_000u32).flat_map(u32::to_le_bytes).collect();
        for (size, members) in [(1_000, 40), (7_777, 6), (40_000, 1), (usize::MAX, 1)] {
            let mut writer = GzipMembers::new(Vec::new(), size);
            text.chunks(333).for_each(|chunk| writer.write_all(chunk).unwrap());
            let packed = writer.finish().unwrap();
            let mut unpacked = Vec::new();
            flate2::read::MultiGzDecoder::new(&packed[..]).read_to_end(&mut unpacked).unwrap();
            assert_eq!(unpacked, text);
            let mut rest = &packed[..];
            let mut count = 0;
            while !rest.is_empty() {
                let mut member = flate2::bufread::GzDecoder::new(rest);
                std::io::copy(&mut member, &mut io::sink()).unwrap();
                rest = member.into_inner();
                count += 1;
            }
            assert_eq!(count, members, "members of {size}");
        }
    }
}
