//! What a scan is measured against: passes over the same bytes that do as little as can be.

use std::fs::File;
use std::hint::black_box;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::BenchError;
use crate::scan::SHARD_SIZE;
use crate::source::{MapChoice, Opened, open};

/// How much is read at once, as `cat` does.
const READ_SIZE: usize = 128 << 10;

/// Sums the 8-byte words of all files, mapped as a scan maps them, on so many threads: how fast
/// bytes can come at all.
pub(super) fn sum(paths: &[PathBuf], threads: usize) -> Result<u64, BenchError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let total = std::sync::atomic::AtomicU64::new(0);
    let failed = std::sync::Mutex::new(None);
    pool.scope(|scope| {
        for path in paths {
            let (total, failed) = (&total, &failed);
            scope.spawn(move |scope| {
                let add = |part: u64| {
                    total.fetch_add(part, std::sync::atomic::Ordering::Relaxed);
                };
                match open(path, MapChoice::Auto).map(Opened::unpacked) {
                    Ok(Opened::Whole(bytes)) => {
                        for start in (0..bytes.len()).step_by(SHARD_SIZE) {
                            let bytes = bytes.clone();
                            scope.spawn(move |_| {
                                let end = bytes.len().min(start + SHARD_SIZE);
                                add(sum_words(&bytes[start..end]));
                            });
                        }
                    }
                    Ok(Opened::Stream(mut reader)) => {
                        let mut buffer = vec![0; READ_SIZE];
                        loop {
                            match reader.read(&mut buffer) {
                                Ok(0) | Err(_) => break,
                                Ok(length) => add(sum_words(&buffer[..length])),
                            }
                        }
                    }
                    Err(error) => {
                        let mut failed =
                            failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                        *failed = Some(BenchError::Io(path.display().to_string(), error));
                    }
                }
            });
        }
    });
    match failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(black_box(total.into_inner())),
    }
}

/// The sum of the words in little-endian order, the rest taken for a word padded with zeros.
pub(super) fn sum_words(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let sum = words.iter().fold(0u64, |sum, word| sum.wrapping_add(u64::from_le_bytes(*word)));
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    sum.wrapping_add(u64::from_le_bytes(last))
}

/// Reads all files, one after the other, into one small buffer: what `cat FILE > /dev/null` does.
pub(super) fn read(paths: &[PathBuf]) -> Result<u64, BenchError> {
    let mut buffer = vec![0; READ_SIZE];
    let mut total = 0;
    for path in paths {
        let mut file = File::open(path).map_err(BenchError::io(path))?;
        loop {
            match file.read(&mut buffer).map_err(BenchError::io(path))? {
                0 => break,
                length => total += black_box(&buffer[..length]).len() as u64,
            }
        }
    }
    Ok(total)
}

/// Drops files from the page cache, so that the next pass reads them from disk. `false` where
/// the system has no such thing.
pub(super) fn drop_from_cache(paths: &[PathBuf]) -> Result<bool, BenchError> {
    paths.iter().try_for_each(|path| drop_one(path).map_err(BenchError::io(path)))?;
    Ok(cfg!(target_os = "linux"))
}

#[cfg(target_os = "linux")]
fn drop_one(path: &Path) -> std::io::Result<()> {
    let file = File::open(path)?;
    // What has not reached the disk yet cannot be dropped.
    file.sync_all()?;
    Ok(rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?)
}

#[cfg(not(target_os = "linux"))]
fn drop_one(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_summed_on_any_number_of_threads() {
        let folder = tempfile::tempdir().unwrap();
        let sizes = [0, 5, 8, 100_003, SHARD_SIZE + 3];
        let files: Vec<_> = sizes
            .iter()
            .map(|size| {
                let bytes: Vec<u8> = (0..*size).map(|at| (at * 7 % 251) as u8).collect();
                let path = folder.path().join(size.to_string());
                std::fs::write(&path, &bytes).unwrap();
                (path, bytes)
            })
            .collect();
        // A shard is a whole number of words, so cutting changes nothing.
        let naive = |bytes: &[u8]| {
            let word = |(at, byte): (usize, &u8)| u64::from(*byte) << (8 * (at % 8));
            bytes.iter().enumerate().map(word).fold(0, u64::wrapping_add)
        };
        let expected = files.iter().fold(0u64, |sum, (_, bytes)| sum.wrapping_add(naive(bytes)));
        let paths: Vec<_> = files.iter().map(|(path, _)| path.clone()).collect();
        for threads in [1, 3] {
            assert_eq!(sum(&paths, threads).unwrap(), expected);
        }
        assert_eq!(read(&paths).unwrap(), sizes.iter().sum::<usize>() as u64);
        drop_from_cache(&paths).unwrap();
        assert_eq!(sum(&paths, 2).unwrap(), expected);
        assert!(sum(&[folder.path().join("none")], 1).is_err());
    }
}
