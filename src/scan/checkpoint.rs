//! A sweep that may be killed at any moment: what is done is kept in a folder, a file a batch of
//! inputs, and the same sweep started again goes on from there.

use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use jiff::Timestamp;

use super::partial::Ran;
use super::saved::{Saved, Stamp, list_digest};
use super::{Input, Options, Outcome, Progress, ScanError, gather};
use crate::cim::Cim;
use crate::plan::Plan;
use crate::source::walk;

/// How many bytes of input a batch usually has at least.
const BATCH: u64 = 1 << 30;

/// Where a sweep keeps what it has done.
#[derive(Debug)]
pub struct Checkpoint {
    folder: PathBuf,
    /// Held as long as the sweep runs, so that no other uses the folder.
    _lock: File,
    verify: bool,
    batch: u64,
    saved: Vec<(PathBuf, Saved)>,
    /// Files of the folder that could not be read.
    damaged: usize,
}

/// Why a sweep with a checkpoint could not be run.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum CheckpointError {
    #[error("{0}: {1}")]
    Folder(PathBuf, io::Error),
    #[error("{0}: another sweep is using it")]
    Busy(PathBuf),
    #[error("{0}: it is of a sweep with other rules or options; give another folder, or remove it")]
    OtherSweep(PathBuf),
    #[error("{0}: cannot be read twice, so a sweep of it cannot be taken up again")]
    NoFile(PathBuf),
    #[error(transparent)]
    Scan(#[from] ScanError),
}

/// What was found of an earlier run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resumed {
    /// Files that are not read again.
    pub files: usize,
    /// Files that are read again, for one of their batch has changed.
    pub again: usize,
    /// Files of the folder that could not be read, and count as not there.
    pub damaged: usize,
}

impl Checkpoint {
    /// Opens a folder, made where there is none. `verify` compares the bytes of inputs, not only
    /// their size and time.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(folder: &Path, verify: bool) -> Result<Self, CheckpointError> {
        let failed = |error| CheckpointError::Folder(folder.to_owned(), error);
        fs::create_dir_all(folder).map_err(failed)?;
        let lock = File::create(folder.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(CheckpointError::Busy(folder.to_owned()));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let mut checkpoint = Self {
            folder: folder.to_owned(),
            _lock: lock,
            verify,
            batch: BATCH,
            saved: Vec::new(),
            damaged: 0,
        };
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|end| end == "part") {
                paths.push(path);
            }
        }
        paths.sort();
        for path in paths {
            match Saved::read(&path) {
                Ok(saved) => checkpoint.saved.push((path, saved)),
                Err(error) => {
                    log::warn!("{}: {error}", path.display());
                    checkpoint.damaged += 1;
                }
            }
        }
        Ok(checkpoint)
    }

    /// Sets how many bytes of input a batch has at least, unless no more are left.
    #[must_use]
    pub fn with_batch(mut self, bytes: u64) -> Self {
        self.batch = bytes;
        self
    }

    /// The moment that an earlier run's `now()` went by.
    #[must_use]
    pub fn now(&self) -> Option<Timestamp> {
        self.saved.first().map(|(_, saved)| saved.now)
    }

    /// Sweeps files and folders, but for what an earlier run of the same sweep has done. `sweep` is
    /// the digest of rules and options. `tell` hears what was found of the earlier run.
    ///
    /// # Errors
    /// When the sweep cannot start, or what was done cannot be kept.
    #[allow(clippy::too_many_arguments)]
    pub fn scan(
        mut self,
        sweep: &str,
        now: Timestamp,
        plans: &[Plan],
        cim: &Cim,
        paths: &[PathBuf],
        options: &Options,
        progress: &Progress,
        tell: &mut dyn FnMut(Resumed),
    ) -> Result<Outcome, CheckpointError> {
        let started = Instant::now();
        let found = walk(paths);
        if let Some(path) = found.files.iter().find(|path| !path.is_file()) {
            return Err(CheckpointError::NoFile(path.clone()));
        }
        let files = Input::all(&found.files);
        let (mut kept, resumed) = self.take_kept(sweep, &files)?;
        tell(resumed);
        let done: HashSet<u32> =
            kept.iter().flat_map(|saved| &saved.files).map(|stamp| stamp.number).collect();
        let rest: Vec<Input> =
            files.iter().filter(|file| !done.contains(&file.number)).cloned().collect();
        let mut ran = Ran::default();
        let mut result = kept.pop().map(|saved| saved.result);
        let mut add = |part| match &mut result {
            Some(result) => result.merge(part, options.max_result).is_ok() && !result.overflowed(),
            None => {
                result = Some(part);
                true
            }
        };
        let mut goes_on = kept.into_iter().all(|saved| add(saved.result));
        for batch in batches(&rest, self.batch) {
            if !goes_on {
                break;
            }
            let stamps: Vec<_> = batch.iter().map(|file| Stamp::of(file, self.verify)).collect();
            let (part, how) = gather(plans, cim, &batch, options, progress)?;
            ran = how;
            goes_on = !part.overflowed();
            // What could not be read may be readable next time.
            let stamps: Option<Vec<_>> = stamps.into_iter().map(Result::ok).collect();
            let part = match stamps.filter(|stamps| goes_on && !stamps.is_empty()) {
                None => part,
                Some(stamps) => {
                    let saved = Saved {
                        sweep: sweep.to_owned(),
                        now,
                        all_files: list_digest(&files),
                        shard: None,
                        files: stamps,
                        result: part,
                    };
                    self.keep(&saved)?;
                    saved.result
                }
            };
            goes_on &= add(part);
        }
        ran.seconds = started.elapsed().as_secs_f64();
        let mut result = match result {
            Some(result) => result,
            None => gather(plans, cim, &[], options, progress)?.0,
        };
        result.cannot_walk(&found.errors);
        Ok(result.finish_looking(plans, &found.files, options, ran)?)
    }

    /// What of the earlier run still holds; the rest is removed.
    fn take_kept(
        &mut self,
        sweep: &str,
        files: &[Input],
    ) -> Result<(Vec<Saved>, Resumed), CheckpointError> {
        let mut kept = Vec::new();
        let mut resumed = Resumed { damaged: self.damaged, ..Resumed::default() };
        for (path, saved) in std::mem::take(&mut self.saved) {
            if saved.sweep != sweep {
                return Err(CheckpointError::OtherSweep(self.folder.clone()));
            }
            let holds = saved.files.iter().all(|stamp| {
                let input = files.get(stamp.number as usize);
                input.is_some_and(|input| {
                    input.path == stamp.path && stamp.holds(input, self.verify)
                })
            });
            if holds {
                resumed.files += saved.files.len();
                kept.push(saved);
            } else {
                resumed.again += saved.files.len();
                fs::remove_file(&path).map_err(|e| CheckpointError::Folder(path.clone(), e))?;
            }
        }
        Ok((kept, resumed))
    }

    fn keep(&self, saved: &Saved) -> Result<(), CheckpointError> {
        // The number of its first file is no other batch's.
        let first = saved.files.first().map_or(0, |stamp| stamp.number);
        let path = self.folder.join(format!("{first:08}.part"));
        saved.write(&path).map_err(|error| CheckpointError::Folder(path, error))
    }
}

/// Files in their order, in batches that are worth being kept.
fn batches(files: &[Input], least: u64) -> Vec<Vec<Input>> {
    let mut batches = vec![Vec::new()];
    let mut bytes = 0;
    for file in files {
        if bytes >= least {
            batches.push(Vec::new());
            bytes = 0;
        }
        bytes += file.path.metadata().map_or(0, |meta| meta.len());
        if let Some(last) = batches.last_mut() {
            last.push(file.clone());
        }
    }
    batches.retain(|batch| !batch.is_empty());
    batches
}
