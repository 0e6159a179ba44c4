//! 7z. Its members lie packed together in blocks, so they are read in their order.

use std::io;
use std::ops::ControlFlow;

use sevenz_rust2::{ArchiveReader, Password};

use super::{ArchiveKind, Content, Entry, Member, Visit, is_litter};
use crate::source::bytes::Bytes;
use crate::source::limits::Limits;

/// 7z.
pub(super) const SEVENZ: ArchiveKind = ArchiveKind {
    name: "7z",
    is: |head| head.starts_with(b"7z\xbc\xaf\x27\x1c"),
    stream: None,
    whole: walk,
};

fn walk(bytes: &Bytes, limits: &Limits, visit: Visit<'_>) {
    let password = limits.password.as_deref().map_or_else(Password::empty, Password::from);
    let damage = |error: &sevenz_rust2::Error| Entry::Damage {
        member: None,
        at: None,
        reason: format!("the 7z archive cannot be read, or not further: {error}"),
    };
    let mut archive = match ArchiveReader::new(io::Cursor::new(bytes.clone()), password) {
        Ok(archive) => archive,
        Err(error) => {
            let _ = visit(damage(&error));
            return;
        }
    };
    archive.set_thread_count(1);
    // A member's own packed size is not known: they are packed together.
    let packed = bytes.len() as u64;
    let result = archive.for_each_entries(|entry, stream| {
        let name = entry.name().as_bytes().to_vec();
        if entry.is_directory() || !entry.has_stream() || is_litter(&name) {
            return Ok(true);
        }
        let content = Content::Stream(Box::new(&mut *stream));
        let member = Member { name, modified: None, packed, content };
        let going = visit(Entry::Member(member));
        if going == ControlFlow::Continue(()) {
            // What follows is packed behind it.
            io::copy(stream, &mut io::sink())?;
        }
        Ok(going == ControlFlow::Continue(()))
    });
    if let Err(error) = result {
        let _ = visit(damage(&error));
    }
}
