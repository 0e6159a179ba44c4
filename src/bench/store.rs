//! Corpora that were made, kept for the next run.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::BenchError;
use crate::corpus::generate::make;
use crate::corpus::{Counts, Definition, Size};

/// To be changed with the generator, so that no corpus of an older one is used.
const GENERATOR: u32 = 1;

/// A folder for corpora.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

/// What is kept beside the files, written when all of them are whole.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Made {
    fingerprint: u32,
    counts: Counts,
    grown: Vec<Counts>,
    files: Vec<String>,
}

/// A corpus on disk.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub paths: Vec<PathBuf>,
    pub counts: Counts,
    /// What is in the first file, in the first two, and so on.
    pub grown: Vec<Counts>,
}

impl Store {
    /// A store in a folder, which is made if need be.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The corpus at this size, made if it is not there.
    pub(super) fn get(&self, definition: &Definition, size: Size) -> Result<Stored, BenchError> {
        let folder = self.folder.join(format!("{}-{}", definition.name, size.0));
        let manifest = folder.join("made.json");
        let fingerprint = fingerprint(definition);
        if let Some(made) = load(&manifest).filter(|made| made.fingerprint == fingerprint) {
            let paths: Vec<_> = made.files.iter().map(|name| folder.join(name)).collect();
            let bytes: u64 =
                paths.iter().filter_map(|path| Some(path.metadata().ok()?.len())).sum();
            if bytes == made.counts.bytes {
                return Ok(Stored { paths, counts: made.counts, grown: made.grown });
            }
        }
        log::debug!("making corpus {} of {} bytes", definition.name, size.0);
        let made = make(definition, Some(size), None, &folder)
            .map_err(|error| BenchError::Generate(definition.name.clone(), error))?;
        let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into());
        let kept = Made {
            fingerprint,
            counts: made.counts,
            grown: made.grown.clone(),
            files: made.files.iter().filter_map(name).collect(),
        };
        let text = serde_json::to_vec(&kept).map_err(std::io::Error::from);
        let written = text.and_then(|text| std::fs::write(&manifest, text));
        written.map_err(BenchError::io(&manifest))?;
        Ok(Stored { paths: made.files, counts: made.counts, grown: made.grown })
    }
}

fn load(path: &Path) -> Option<Made> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// What decides the bytes, beside the size.
fn fingerprint(definition: &Definition) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    let Definition {
        name,
        format,
        escapes,
        file_size,
        seed,
        hosts,
        one_hit_in,
        one_near_in,
        mix,
        ..
    } = definition;
    let all = format!(
        "{GENERATOR} {name} {format:?} {escapes:?} {file_size:?} {seed} {hosts} {one_hit_in} {one_near_in} {mix:?}"
    );
    hasher.update(all.as_bytes());
    hasher.update(include_bytes!("../../corpora/events.toml"));
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_corpus_is_made_once_and_again_when_it_is_another_or_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().to_owned());
        let definition = Definition::find("small").unwrap();
        let get = |definition| store.get(definition, Size(5000)).unwrap();
        let first = get(&definition);
        let stamp = || first.paths[0].metadata().unwrap().modified().unwrap();
        let made = stamp();
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert_eq!(get(&definition).counts, first.counts);
        assert_eq!(stamp(), made, "it was there");
        let other = Definition { seed: 5, ..definition.clone() };
        get(&other);
        assert_ne!(stamp(), made, "another seed is another corpus");
        std::fs::write(&first.paths[0], b"cut").unwrap();
        assert_eq!(get(&other).counts.bytes, first.paths[0].metadata().unwrap().len());
    }
}
