//! Which files there are: paths as given, folders recursively, in one fixed order.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

/// What walking the given paths found.
#[derive(Debug, Default)]
pub struct Found {
    /// The files, in the order of their paths; `-` stands for standard input.
    pub files: Vec<PathBuf>,
    /// What could not be walked: a missing path, no permission, a loop of links.
    pub errors: Vec<(PathBuf, String)>,
}

/// Walks the paths. Of Splunk's buckets only the raw data are files to read. Links are followed; a
/// file that links lead to more than once is read once, and a folder that contains itself is an error.
#[must_use]
pub fn walk(paths: &[PathBuf]) -> Found {
    let mut found = Found::default();
    for path in paths {
        if path.as_os_str() == "-" {
            found.files.push(path.clone());
            continue;
        }
        for entry in WalkDir::new(path).follow_links(true).sort_by_file_name() {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {}
                // A pipe or device is read only when it is named itself (`<(zcat x)`): one that
                // stands in a folder could keep a sweep waiting for ever.
                Ok(entry) if entry.file_type().is_file() || entry.depth() == 0 => {
                    found.files.push(entry.into_path());
                }
                Ok(entry) => {
                    let reason =
                        "neither a file nor a folder (a device, socket or pipe)".to_owned();
                    found.errors.push((entry.into_path(), reason));
                }
                Err(error) => {
                    let at = error.path().unwrap_or(path).to_owned();
                    found.errors.push((at, reason(&error)));
                }
            }
        }
    }
    found.files.sort();
    found.files.dedup();
    drop_twins(&mut found.files);
    super::journal::leave_indexes(&mut found, paths);
    found
}

fn reason(error: &walkdir::Error) -> String {
    match (error.loop_ancestor(), error.io_error()) {
        (Some(ancestor), _) => format!("a loop of links: it leads back to {}", ancestor.display()),
        (None, Some(io)) if io.kind() == std::io::ErrorKind::NotFound => {
            "there is no such file or folder".to_owned()
        }
        (None, Some(io)) => io.to_string(),
        (None, None) => error.to_string(),
    }
}

/// Drops all but one of the paths that lead to one file, as `a` and `./a` do, or links, so that no
/// event counts twice. A path without a link is kept rather than one with.
fn drop_twins(files: &mut Vec<PathBuf>) {
    let linked = |path: &Path| {
        path.ancestors()
            .any(|a| a.symlink_metadata().is_ok_and(|meta| meta.file_type().is_symlink()))
    };
    let mut kept: HashMap<PathBuf, (bool, usize)> = HashMap::new();
    for (at, path) in files.iter().enumerate() {
        // What has no canonical path, such as standard input, is itself.
        let canonical = path.canonicalize().unwrap_or_else(|_| path.clone());
        let mine = (linked(path), at);
        kept.entry(canonical).and_modify(|best| *best = mine.min(*best)).or_insert(mine);
    }
    let mut keep = vec![false; files.len()];
    kept.into_values().for_each(|(_, at)| keep[at] = true);
    let mut keep = keep.into_iter();
    files.retain(|_| keep.next().unwrap_or(true));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_once_in_order_and_errors_do_not_stop_it() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        std::fs::create_dir(root.join("b")).unwrap();
        std::fs::write(root.join("b/2"), "x").unwrap();
        std::fs::write(root.join("a"), "x").unwrap();
        let dotted = root.join("b/./2");
        let found = walk(&[root.join("b"), root.to_owned(), dotted, root.join("none")]);
        assert_eq!(found.files, [root.join("a"), root.join("b/2")]);
        assert_eq!(found.errors.len(), 1);
        assert_eq!(found.errors[0].0, root.join("none"));
    }

    #[cfg(unix)]
    #[test]
    fn loops_are_errors_and_linked_twins_are_read_once() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        std::fs::write(root.join("z"), "x").unwrap();
        std::os::unix::fs::symlink(&root, root.join("loop")).unwrap();
        std::os::unix::fs::symlink(root.join("z"), root.join("link")).unwrap();
        let found = walk(std::slice::from_ref(&root));
        assert_eq!(found.files, [root.join("z")]);
        assert_eq!(found.errors.len(), 1);
        assert!(found.errors[0].1.contains("loop"), "{:?}", found.errors);
    }
}
