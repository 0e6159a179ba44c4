//! Bucket folders: what their names say, and what their files are.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use jiff::Timestamp;

use crate::source::Found;

/// What the name of a bucket's folder says: `db_<latest>_<earliest>_<id>[_<guid>]`, or `rb_` for a
/// replica (SPLUNK.md 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// The second of its first event; `None` for a hot bucket, whose name has no times.
    pub earliest: Option<i64>,
    /// The second of its last event.
    pub latest: Option<i64>,
}

impl Bucket {
    /// Whether no event of it can be in the half-open span of time. The name has whole seconds, so
    /// the last one counts to its end.
    #[must_use]
    pub fn is_outside(&self, since: Option<Timestamp>, until: Option<Timestamp>) -> bool {
        let starts_late = self.earliest.zip(until).is_some_and(|(earliest, until)| {
            Timestamp::from_second(earliest).is_ok_and(|earliest| earliest >= until)
        });
        let ends_early = self.latest.zip(since).is_some_and(|(latest, since)| {
            let end = latest.checked_add(1).map(Timestamp::from_second);
            end.is_some_and(|end| end.is_ok_and(|end| end <= since))
        });
        starts_late || ends_early
    }
}

/// Reads the name of a bucket's folder; `None` for any other name.
#[must_use]
pub fn bucket_name(name: &str) -> Option<Bucket> {
    let mut parts = name.split('_');
    let kind = parts.next()?;
    match kind {
        "db" | "rb" => {
            let mut number = || parts.next().and_then(digits);
            let (latest, earliest) = (number()?, number()?);
            number()?;
            // Backwards, and it says nothing.
            let known = earliest <= latest;
            Some(Bucket { earliest: known.then_some(earliest), latest: known.then_some(latest) })
        }
        "hot" => {
            let version = parts.next()?.strip_prefix('v')?;
            digits(version)?;
            parts.next().and_then(digits)?;
            Some(Bucket { earliest: None, latest: None })
        }
        _ => None,
    }
}

fn digits(text: &str) -> Option<i64> {
    let all = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| text.parse().ok()).flatten()
}

/// What a file in a bucket's folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BucketFile {
    /// The raw events.
    Journal,
    /// Part of the index or of what Splunk notes about a bucket: no event is in it that is not in
    /// the journal.
    Index,
    /// Anything else.
    Other,
}

/// Files that Splunk writes into a bucket beside the journal, by their whole name.
const INDEX_NAMES: &[&str] = &[
    ".rawSize",
    ".bucketManifest",
    ".metadata",
    ".sizeManifest4.1",
    ".metaManifest",
    ".rbsentinel",
    "Hosts.data",
    "Sources.data",
    "SourceTypes.data",
    "Strings.data",
    "bloomfilter",
    "bucket_info.csv",
    "merged_lexicon.lex",
    "optimize.result",
    "slicemin.dat",
    "slicesv2.dat",
    "splunk-autogen-params.dat",
];

/// The same, by how their names end.
const INDEX_ENDS: &[&str] =
    &[".tsidx", ".tsidx.gz", ".lex", ".lex.gz", ".data", ".data.gz", ".mini"];

/// The same, by how their names start: hashes of slices.
const INDEX_STARTS: &[&str] = &["l1Hashes_", "l2Hash_", "bloomfilter."];

/// Finds the bucket that a file is in: the folder and what its name says, and what the file is.
/// `None` where none of the folders around it has the name of a bucket.
#[must_use]
pub fn bucket_file(path: &Path) -> Option<(PathBuf, Bucket, BucketFile)> {
    let path = std::path::absolute(path).ok()?;
    let mut folders = path.ancestors().skip(1);
    let (folder, bucket) = folders.find_map(|folder| {
        let Component::Normal(name) = folder.components().next_back()? else { return None };
        // The name of an archive may stand before that of its member.
        let name = name.to_str()?.rsplit('!').next()?;
        Some((folder, bucket_name(name)?))
    })?;
    let inside: Vec<_> =
        path.strip_prefix(folder).ok()?.iter().filter_map(|p| p.to_str()).collect();
    let name = *inside.last()?;
    let known = INDEX_NAMES.contains(&name)
        || INDEX_ENDS.iter().any(|end| name.ends_with(end))
        || INDEX_STARTS.iter().any(|start| name.starts_with(start));
    let file = match inside[..] {
        ["rawdata", name] if is_journal_name(name) => BucketFile::Journal,
        ["rawdata", "deletes", ..] => BucketFile::Index,
        _ if known => BucketFile::Index,
        _ => BucketFile::Other,
    };
    Some((folder.to_owned(), bucket, file))
}

/// Said of a bucket that holds no event that could be read.
const NO_JOURNAL: &str = "a bucket without its raw data (rawdata/journal.gz, .zst or .lz4): \
                          an index alone holds no events";

/// Leaves out what buckets have beside their journals, and reports buckets without one.
pub(in crate::source) fn leave_indexes(found: &mut Found, paths: &[PathBuf]) {
    // Whether each bucket has a journal.
    let mut buckets: BTreeMap<PathBuf, bool> = BTreeMap::new();
    found.files.retain(|path| match bucket_file(path) {
        Some((folder, _, BucketFile::Journal)) => {
            buckets.insert(folder, true);
            true
        }
        Some((folder, _, BucketFile::Index)) => {
            buckets.entry(folder).or_insert(false);
            false
        }
        // A log that somebody put there.
        Some((_, _, BucketFile::Other)) | None => true,
    });
    // A folder without any file was not found.
    for path in paths.iter().filter(|path| path.is_dir()) {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let name = absolute.file_name().and_then(|name| name.to_str());
        let is_empty = || !found.files.iter().any(|file| file.starts_with(path));
        if name.and_then(bucket_name).is_some() && is_empty() {
            buckets.entry(absolute).or_insert(false);
        }
    }
    let without = buckets.into_iter().filter(|(folder, has)| !has && !has_journal(folder));
    found.errors.extend(without.map(|(folder, _)| (folder, NO_JOURNAL.to_owned())));
}

/// Whether a bucket has a journal, though it was not asked for.
fn has_journal(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder.join("rawdata"));
    entries.is_ok_and(|entries| {
        let mut names = entries.flatten().map(|entry| entry.file_name());
        names.any(|name| name.to_str().is_some_and(is_journal_name))
    })
}

fn is_journal_name(name: &str) -> bool {
    matches!(name, "journal" | "journal.gz" | "journal.zst" | "journal.lz4")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_when() {
        let times = |latest, earliest| Some(Bucket { earliest, latest });
        for (name, expected) in [
            ("db_1550000000_1540000000_12", times(Some(1_550_000_000), Some(1_540_000_000))),
            ("rb_2_1_3_0AF4-11", times(Some(2), Some(1))),
            ("db_2_2_0", times(Some(2), Some(2))),
            ("db_1_2_3", times(None, None)),
            ("hot_v1_7", times(None, None)),
            ("db_1_2", None),
            ("db_x_1_2", None),
            ("db_99999999999999999999_1_2", None),
            ("hot_7", None),
            ("database", None),
        ] {
            assert_eq!(bucket_name(name), expected, "{name}");
        }
    }

    #[test]
    fn a_bucket_is_outside_only_where_no_event_can_be_inside() {
        let bucket = bucket_name("db_200_100_1").unwrap();
        let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        let outside = |since, until| bucket.is_outside(since, until);
        assert!(!outside(None, None));
        // 200.999 is within the name's last second.
        assert!(!outside(at("1970-01-01T00:03:20.999Z"), None));
        assert!(outside(at("1970-01-01T00:03:21Z"), None));
        // `until` is the first moment that is out.
        assert!(outside(None, at("1970-01-01T00:01:40Z")));
        assert!(!outside(None, at("1970-01-01T00:01:40.001Z")));
        assert!(!bucket_name("hot_v1_0").unwrap().is_outside(at("2000-01-01T00:00:00Z"), None));
    }

    #[test]
    fn files_are_told_by_place_and_name() {
        let kind = |path: &str| bucket_file(Path::new(path)).map(|(_, _, file)| file);
        for (path, expected) in [
            ("x/db_2_1_0/rawdata/journal.zst", Some(BucketFile::Journal)),
            ("x/db_2_1_0/rawdata/journal", Some(BucketFile::Journal)),
            ("x/db_2_1_0/journal.gz", Some(BucketFile::Other)),
            ("x/db_2_1_0/rawdata/slicesv2.dat", Some(BucketFile::Index)),
            ("x/db_2_1_0/1-2-345.tsidx", Some(BucketFile::Index)),
            ("x/db_2_1_0/Hosts.data", Some(BucketFile::Index)),
            ("x/db_2_1_0/notes.xml", Some(BucketFile::Other)),
            ("x/rawdata/journal.gz", None),
            ("x/a.zip!db_2_1_0/rawdata/journal.gz", Some(BucketFile::Journal)),
            ("x/a.zip!y/db_2_1_0/1.tsidx", Some(BucketFile::Index)),
        ] {
            assert_eq!(kind(path), expected, "{path}");
        }
    }
}
