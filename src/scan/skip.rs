//! What could not be read: path, offset, reason. Nothing is lost silently (DESIGN, law 4).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// How bad it is that something was skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// Nothing is known to be lost.
    Warning,
    /// Something could not be read.
    Error,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// The file.
    pub path: PathBuf,
    /// Where in it; `None` for the whole file.
    pub offset: Option<u64>,
    /// How bad it is.
    pub severity: Severity,
    /// Why.
    pub reason: String,
}

/// This many findings of one file are kept, those with the lowest offsets; the others are
/// counted. So the log does not grow with the damage, and is the same for any number of threads.
const MOST_OF_A_FILE: usize = 50;

/// Findings by file.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct SkipLog {
    #[serde(with = "super::os_path::keys")]
    files: BTreeMap<PathBuf, FileLog>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct FileLog {
    kept: std::collections::BTreeSet<(Option<u64>, Severity, String)>,
    /// How many errors and warnings there were in all.
    errors: u64,
    warnings: u64,
}

impl FileLog {
    fn trim(&mut self) {
        while self.kept.len() > MOST_OF_A_FILE {
            self.kept.pop_last();
        }
    }
}

impl SkipLog {
    /// Adds a finding.
    pub fn add(
        &mut self,
        path: &Path,
        offset: Option<u64>,
        severity: Severity,
        reason: impl Into<String>,
    ) {
        if !self.files.contains_key(path) {
            self.files.insert(path.to_owned(), FileLog::default());
        }
        let Some(file) = self.files.get_mut(path) else { return };
        match severity {
            Severity::Error => file.errors += 1,
            Severity::Warning => file.warnings += 1,
        }
        file.kept.insert((offset, severity, reason.into()));
        file.trim();
    }

    /// Takes in another log.
    pub fn merge(&mut self, other: Self) {
        for (path, theirs) in other.files {
            let mine = self.files.entry(path).or_default();
            mine.errors += theirs.errors;
            mine.warnings += theirs.warnings;
            mine.kept.extend(theirs.kept);
            mine.trim();
        }
    }

    /// Whether one of the findings is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.files.values().any(|file| file.errors > 0)
    }

    /// The findings in order, and how many more there were.
    #[must_use]
    pub fn finish(self) -> (Vec<Skipped>, u64) {
        let mut more = 0;
        let mut list = Vec::new();
        for (path, file) in self.files {
            more += file.errors + file.warnings - file.kept.len() as u64;
            list.extend(file.kept.into_iter().map(|(offset, severity, reason)| Skipped {
                path: path.clone(),
                offset,
                severity,
                reason,
            }));
        }
        (list, more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_offsets_are_kept_in_whatever_order_they_come() {
        let path = Path::new("a");
        let (mut one, mut two) = (SkipLog::default(), SkipLog::default());
        for at in (0..200u64).rev() {
            let log = if at % 3 == 0 { &mut one } else { &mut two };
            log.add(path, Some(at), Severity::Error, "torn");
        }
        one.merge(two);
        let (list, more) = one.finish();
        assert_eq!(list.len(), MOST_OF_A_FILE);
        assert_eq!(list.last().unwrap().offset, Some(MOST_OF_A_FILE as u64 - 1));
        assert_eq!(more, 200 - MOST_OF_A_FILE as u64);
    }
}
