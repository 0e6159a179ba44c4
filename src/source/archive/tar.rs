//! tar: ustar, pax and GNU, from a stream or from memory. A member that lies in memory is a part
//! of it, not copied.

use std::io::{self, Read};
use std::ops::ControlFlow;

use super::{ArchiveKind, Content, Entry, Member, Visit, is_litter};
use crate::source::bytes::Bytes;
use crate::source::compression::Stream;

/// tar.
pub(super) const TAR: ArchiveKind = ArchiveKind {
    name: "tar",
    is: |head| head.get(257..262) == Some(b"ustar"),
    stream: Some(|stream, visit| walk(stream, None, visit)),
    whole: |bytes, _, visit| walk(Box::new(io::Cursor::new(bytes.clone())), Some(bytes), visit),
};

fn walk(stream: Stream<'_>, whole: Option<&Bytes>, visit: Visit<'_>) {
    let mut archive = tar::Archive::new(stream);
    let entries = match archive.entries() {
        Ok(entries) => entries,
        Err(error) => {
            let _ = visit(damage(None, None, &error));
            return;
        }
    };
    let mut end = 0;
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            // Where the next header is, is not known any more.
            Err(error) => {
                let _ = visit(damage(None, Some(end), &error));
                return;
            }
        };
        end = entry.raw_file_position().saturating_add(entry.size());
        if step(entry, whole, visit).is_break() {
            return;
        }
    }
}

fn damage(member: Option<Vec<u8>>, at: Option<u64>, error: &io::Error) -> Entry<'static> {
    let reason = format!("the tar archive is damaged or cut short: {error}");
    Entry::Damage { member, at, reason }
}

fn step(
    entry: tar::Entry<'_, Stream<'_>>,
    whole: Option<&Bytes>,
    visit: Visit<'_>,
) -> ControlFlow<()> {
    let kind = entry.header().entry_type();
    let sparse = kind.is_gnu_sparse();
    let name = entry.path_bytes().into_owned();
    let is_file = kind.is_file() || kind.is_contiguous() || sparse;
    if !is_file || entry.size() == 0 || is_litter(&name) {
        return ControlFlow::Continue(());
    }
    let modified = entry.header().mtime().ok().and_then(|time| i64::try_from(time).ok());
    let packed = entry.size();
    let part = whole.filter(|_| !sparse);
    let part = part.and_then(|bytes| bytes.part(entry.raw_file_position(), packed));
    let content = match part {
        Some(part) => Content::Part(part),
        None => Content::Stream(Box::new(Whole { left: if sparse { 0 } else { packed }, entry })),
    };
    visit(Entry::Member(Member { name, modified, packed, content }))
}

/// A member that must not end before its size.
struct Whole<R> {
    entry: R,
    left: u64,
}

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.entry.read(into)?;
        if read == 0 && !into.is_empty() && std::mem::take(&mut self.left) > 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the archive ends too early"));
        }
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}
