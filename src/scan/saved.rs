//! Partial results as files: of a shard that another machine swept, of what a sweep had done when
//! it was stopped.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::partial::Partial;
use super::{Input, os_path};

/// How a file of a partial result starts.
const MAGIC: &[u8] = b"coldsweep partial result 1\n";

/// A partial result and what it is of.
#[derive(Debug, Serialize, Deserialize)]
pub struct Saved {
    /// What decides the answer beside the files: rules and options, as a digest.
    pub sweep: String,
    /// The moment that `now()` went by.
    pub now: Timestamp,
    /// How many files the whole sweep has, and a digest of their paths.
    pub all_files: (u32, String),
    /// Which shard of how many it is of, where it is of one.
    pub shard: Option<Shard>,
    /// The files it is of.
    pub files: Vec<Stamp>,
    /// The result over them.
    pub result: Partial,
}

/// Some of the files of a sweep: the `number`-th of `of` parts, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Shard {
    pub number: u32,
    pub of: u32,
}

impl std::str::FromStr for Shard {
    type Err = String;

    /// Reads `I/N`.
    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').map(|(i, n)| (i.parse::<u32>(), n.parse::<u32>()));
        match parts {
            Some((Ok(number), Ok(of))) if (1..=of).contains(&number) => Ok(Self { number, of }),
            _ => Err("a shard is I/N, with I from 1 to N: 2/5".to_owned()),
        }
    }
}

/// A file as it was when it was swept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Its number in the sweep.
    pub number: u32,
    /// Where it is.
    #[serde(with = "os_path")]
    pub path: PathBuf,
    /// How many bytes it had.
    pub size: u64,
    /// When it was last changed, in nanoseconds since 1970.
    modified: Option<i128>,
    /// The SHA-256 of its bytes, where that was asked for.
    hash: Option<String>,
}

impl Stamp {
    /// A file as it is now; with its hash if `verify`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(input: &Input, verify: bool) -> io::Result<Self> {
        let meta = input.path.metadata()?;
        let modified = meta.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
        let hash = if verify { Some(hash_of(&input.path)?) } else { None };
        Ok(Self {
            number: input.number,
            path: input.path.clone(),
            size: meta.len(),
            modified: modified.map(Timestamp::as_nanosecond),
            hash,
        })
    }

    /// Whether the file is still as it was. Its bytes are compared where `verify` says so and its
    /// hash is known.
    #[must_use]
    pub fn holds(&self, input: &Input, verify: bool) -> bool {
        Self::of(input, verify && self.hash.is_some()).is_ok_and(|now| {
            let now = Self { hash: now.hash.or_else(|| self.hash.clone()), ..now };
            now == *self
        })
    }
}

fn hash_of(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&hash.finalize())),
            count => hash.update(&buffer[..count]),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How many files a sweep has, and a digest of their paths.
#[must_use]
pub fn list_digest(files: &[Input]) -> (u32, String) {
    let mut hash = Sha256::new();
    for file in files {
        let path = file.path.as_os_str().as_encoded_bytes();
        hash.update((path.len() as u64).to_le_bytes());
        hash.update(path);
    }
    (u32::try_from(files.len()).unwrap_or(u32::MAX), hex(&hash.finalize()))
}

/// A digest of texts, each by itself.
#[must_use]
pub fn digest<'t>(texts: impl IntoIterator<Item = &'t [u8]>) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    hex(&hash.finalize())
}

/// The files of each of `of` shards: the largest go first, each to the shard that has least, so that
/// all get about the same bytes. The same for the same files.
#[must_use]
pub fn shards(files: &[Input], of: u32) -> Vec<Vec<Input>> {
    let size = |input: &Input| input.path.metadata().map_or(0, |meta| meta.len());
    let mut by_size: Vec<(u64, &Input)> = files.iter().map(|file| (size(file), file)).collect();
    by_size.sort_by_key(|(size, file)| (std::cmp::Reverse(*size), file.number));
    let mut shards = vec![(0_u64, Vec::new()); of.max(1) as usize];
    for (size, file) in by_size {
        if let Some(least) = shards.iter_mut().min_by_key(|(bytes, list)| (*bytes, list.len())) {
            least.0 += size;
            least.1.push(file.clone());
        }
    }
    let in_order = |mut list: Vec<Input>| {
        list.sort_by_key(|file| file.number);
        list
    };
    shards.into_iter().map(|(_, list)| in_order(list)).collect()
}

impl Saved {
    /// Writes it to a file that is there whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let body = postcard::to_stdvec(self).map_err(io::Error::other)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
        {
            let mut out = BufWriter::new(file.as_file_mut());
            out.write_all(MAGIC)?;
            out.write_all(&Sha256::digest(&body))?;
            out.write_all(&body)?;
            out.flush()?;
        }
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    /// Reads such a file.
    ///
    /// # Errors
    /// When it cannot be read, is none, is damaged or of another version.
    pub fn read(path: &Path) -> io::Result<Self> {
        let mut reader = BufReader::new(File::open(path)?);
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes)?;
        let invalid = |what| io::Error::new(io::ErrorKind::InvalidData, what);
        let rest = bytes
            .strip_prefix(MAGIC)
            .ok_or_else(|| invalid("no partial result, or one of another version"))?;
        let (_, body) = rest
            .split_at_checked(32)
            .filter(|(digest, body)| *digest == Sha256::digest(body).as_slice())
            .ok_or_else(|| invalid("a damaged partial result"))?;
        postcard::from_bytes(body).map_err(|_| invalid("a partial result of another version"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(folder: &Path, sizes: &[usize]) -> Vec<Input> {
        let paths: Vec<_> = sizes
            .iter()
            .enumerate()
            .map(|(at, size)| {
                let path = folder.join(format!("{at}"));
                std::fs::write(&path, vec![b'x'; *size]).unwrap();
                path
            })
            .collect();
        Input::all(&paths)
    }

    #[test]
    fn shards_have_each_file_once_and_about_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let files = inputs(folder.path(), &[10, 900, 20, 400, 500, 30]);
        let shards = shards(&files, 3);
        let numbers: Vec<Vec<u32>> =
            shards.iter().map(|list| list.iter().map(|file| file.number).collect()).collect();
        assert_eq!(numbers, [vec![1], vec![4], vec![0, 2, 3, 5]]);
        assert_eq!(super::shards(&files, 9).iter().flatten().count(), 6);
    }

    #[test]
    fn a_shard_is_written_as_part_of_all() {
        assert_eq!("2/5".parse(), Ok(Shard { number: 2, of: 5 }));
        for wrong in ["0/5", "6/5", "1", "a/b", "1/0", "-1/2"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_stamp_tells_when_a_file_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let files = inputs(folder.path(), &[5]);
        let stamp = Stamp::of(&files[0], true).unwrap();
        assert!(stamp.holds(&files[0], true));
        // The same size and time, other bytes: only the hash tells.
        let modified = files[0].path.metadata().unwrap().modified().unwrap();
        std::fs::write(&files[0].path, "yyyyy").unwrap();
        File::options().write(true).open(&files[0].path).unwrap().set_modified(modified).unwrap();
        assert!(stamp.holds(&files[0], false));
        assert!(!stamp.holds(&files[0], true));
        std::fs::write(&files[0].path, "yyyyyy").unwrap();
        assert!(!stamp.holds(&files[0], false));
        std::fs::remove_file(&files[0].path).unwrap();
        assert!(!stamp.holds(&files[0], false));
    }
}
