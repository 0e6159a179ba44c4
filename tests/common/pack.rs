//! Packing: every compression and every archive, by their crates' writers.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{AesMode, CompressionMethod, ZipWriter};

/// A file: its name and bytes.
pub type File = (String, Vec<u8>);

/// A name, and what packs something that way.
pub type Packer<T> = (&'static str, fn(&T) -> Vec<u8>);

/// Every compression, by name.
pub const COMPRESSIONS: &[Packer<[u8]>] = &[
    ("gzip", super::logs::gzip),
    ("zstd", |bytes| zstd::encode_all(bytes, 1).unwrap()),
    ("xz", |bytes| all(liblzma::read::XzEncoder::new(bytes, 0))),
    ("bzip2", |bytes| all(bzip2::read::BzEncoder::new(bytes, bzip2::Compression::fast()))),
    ("lz4", |bytes| {
        let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }),
    ("snappy", |bytes| all(snap::read::FrameEncoder::new(bytes))),
];

/// Every archive, by name.
pub const ARCHIVES: &[Packer<[File]>] = &[
    ("tar", tar),
    ("zip stored", |files| zip(files, CompressionMethod::Stored, None)),
    ("zip deflate", |files| zip(files, CompressionMethod::Deflated, None)),
    ("zip zstd", |files| zip(files, CompressionMethod::Zstd, None)),
    ("zip bzip2", |files| zip(files, CompressionMethod::Bzip2, None)),
    ("zip xz", |files| zip(files, CompressionMethod::Xz, None)),
    ("7z", sevenz),
];

fn all(mut reader: impl Read) -> Vec<u8> {
    let mut packed = Vec::new();
    reader.read_to_end(&mut packed).unwrap();
    packed
}

/// A tar.
pub fn tar(files: &[File]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mtime(1_700_000_000);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, &bytes[..]).unwrap();
    }
    builder.into_inner().unwrap()
}

/// A zip, encrypted where there is a password.
pub fn zip(files: &[File], method: CompressionMethod, password: Option<&str>) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        let mut options = SimpleFileOptions::default().compression_method(method);
        if let Some(password) = password {
            options = options.with_aes_encryption(AesMode::Aes256, password);
        }
        writer.start_file(name.as_str(), options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A 7z.
pub fn sevenz(files: &[File]) -> Vec<u8> {
    let mut writer = sevenz_rust2::ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    for (name, bytes) in files {
        let entry = sevenz_rust2::ArchiveEntry::new_file(name);
        writer.push_archive_entry(entry, Some(&bytes[..])).unwrap();
    }
    writer.finish().unwrap().into_inner()
}
