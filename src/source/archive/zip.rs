//! zip: by its directory, members apart from one another; where the directory is lost, by what
//! stands before each member.

use std::io;
use std::ops::ControlFlow;

use zip::CompressionMethod;
use zip::read::{ZipArchive, read_zipfile_from_stream};
use zip::result::ZipError;

use super::{Apart, ArchiveKind, Content, Entry, Member, Visit, is_litter};
use crate::source::bytes::Bytes;
use crate::source::compression::Stream;
use crate::source::limits::Limits;

/// zip.
pub(super) const ZIP: ArchiveKind = ArchiveKind {
    name: "zip",
    is: |head| {
        [b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"].iter().any(|magic| head.starts_with(*magic))
    },
    stream: None,
    whole: walk,
};

type Directory = ZipArchive<io::Cursor<Bytes>>;

fn walk(bytes: &Bytes, limits: &Limits, visit: Visit<'_>) {
    let mut archive = match ZipArchive::new(io::Cursor::new(bytes.clone())) {
        Ok(archive) => archive,
        Err(error) => {
            let reason = format!("the zip archive is damaged or cut short: {error}");
            if visit(Entry::Damage { member: None, at: None, reason }).is_continue() {
                walk_without_directory(bytes, visit);
            }
            return;
        }
    };
    // Members that share their bytes are how a small archive is made to unpack to anything.
    let mut left = bytes.len() as u64;
    for index in 0..archive.len() {
        if step(bytes, &mut archive, index, limits, &mut left, visit).is_break() {
            return;
        }
    }
}

fn step(
    bytes: &Bytes,
    archive: &mut Directory,
    index: usize,
    limits: &Limits,
    left: &mut u64,
    visit: Visit<'_>,
) -> ControlFlow<()> {
    let listed = archive.name_for_index(index).and_then(Result::ok);
    let listed = listed.map(|name| name.as_bytes().to_vec());
    let file = match archive.by_index_raw(index) {
        Ok(file) => file,
        Err(error) => {
            let reason = format!("the zip archive is damaged here: {error}");
            return visit(Entry::Damage { member: listed, at: None, reason });
        }
    };
    let name = file.name_raw().to_vec();
    let packed = file.compressed_size();
    if file.is_dir() || file.is_symlink() || is_litter(&name) || file.size() == 0 && packed == 0 {
        return ControlFlow::Continue(());
    }
    let Some(rest) = left.checked_sub(packed) else {
        let reason = "its bytes belong to other members of the zip archive, too".to_owned();
        return visit(Entry::Damage { member: Some(name), at: file.data_start(), reason });
    };
    *left = rest;
    let stored = file.compression() == CompressionMethod::Stored && !file.encrypted();
    let part = stored.then(|| bytes.part(file.data_start()?, packed)).flatten();
    // Large members are searched where they lie; their checksum is looked at all the same.
    if let Some(part) = &part
        && crc32fast::hash(part) != file.crc32()
    {
        let reason = "its checksum is wrong: it is damaged".to_owned();
        visit(Entry::Damage { member: Some(name.clone()), at: file.data_start(), reason })?;
    }
    drop(file);
    let content = part.map_or_else(
        || {
            let password = limits.password.clone();
            Content::Apart(Box::new(Indexed { archive: archive.clone(), index, password }))
        },
        Content::Part,
    );
    visit(Entry::Member(Member { name, modified: None, packed, content }))
}

/// A member by its place in the directory.
struct Indexed {
    archive: Directory,
    index: usize,
    password: Option<String>,
}

impl Apart for Indexed {
    fn read(&self, with: &mut dyn FnMut(Stream<'_>)) -> Result<(), String> {
        let mut archive = self.archive.clone();
        let opened = match &self.password {
            Some(password) => archive.by_index_decrypt(self.index, password.as_bytes()),
            None => archive.by_index(self.index),
        };
        match opened {
            Ok(file) => {
                with(Box::new(file));
                Ok(())
            }
            Err(ZipError::InvalidPassword) => Err("--zip-password is not its password".to_owned()),
            Err(error) if self.password.is_none() && error.to_string().contains("assword") => {
                Err("it is encrypted: give its password by --zip-password".to_owned())
            }
            Err(error) => Err(format!("it cannot be unpacked: {error}")),
        }
    }
}

/// Reads what an archive without its directory holds, in order, up to the damage.
fn walk_without_directory(bytes: &Bytes, visit: Visit<'_>) {
    let mut stream = io::Cursor::new(bytes.clone());
    loop {
        let at = stream.position();
        match read_zipfile_from_stream(&mut stream) {
            Ok(Some(file)) => {
                let name = file.name_raw().to_vec();
                let packed = file.compressed_size();
                if file.is_dir() || is_litter(&name) || packed == 0 {
                    continue;
                }
                let content = Content::Stream(Box::new(file));
                let member = Member { name, modified: None, packed, content };
                if visit(Entry::Member(member)).is_break() {
                    return;
                }
            }
            Ok(None) => return,
            Err(error) => {
                let reason = format!("what follows in the zip archive cannot be read: {error}");
                let _ = visit(Entry::Damage { member: None, at: Some(at), reason });
                return;
            }
        }
    }
}
