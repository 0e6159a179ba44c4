//! The layout of splunk/security_content: rules in `detections/`, and beside it `macros/`, a file a
//! macro (`name`, `definition`, `arguments`). What else lies there holds no rules.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::spl::Macros;

use super::yaml::{self, Document};
use super::{RuleError, read};

/// The folder of the rules.
const RULES: &str = "detections";

/// The folder of the macros.
const MACROS: &str = "macros";

/// The folder of rules of a checkout; `None` for a folder that is none.
pub(super) fn rules_of(folder: &Path) -> Option<PathBuf> {
    let rules = folder.join(RULES);
    (rules.is_dir() && folder.join(MACROS).is_dir()).then_some(rules)
}

/// The macros of the checkouts that paths of rules lead to: those that they name, and those that
/// they lie in. What cannot be read is told, and the others count.
#[must_use]
pub fn macros_beside(paths: &[PathBuf]) -> (Macros, Vec<RuleError>) {
    let folders: BTreeSet<PathBuf> = paths.iter().filter_map(|path| checkout(path)).collect();
    let (mut macros, mut errors) = (Macros::empty(), Vec::new());
    for folder in folders {
        for entry in walkdir::WalkDir::new(folder.join(MACROS)).sort_by_file_name() {
            let path = match entry {
                Ok(entry) if is_yaml(entry.path()) && entry.file_type().is_file() => {
                    entry.into_path()
                }
                Ok(_) => continue,
                Err(error) => {
                    let path = error.path().unwrap_or(&folder).to_owned();
                    let source = error
                        .into_io_error()
                        .unwrap_or_else(|| std::io::Error::other("the folder contains itself"));
                    errors.push(RuleError::Io { path, source });
                    continue;
                }
            };
            errors.extend(add(&path, &mut macros).err());
        }
    }
    (macros, errors)
}

/// The checkout that a path of rules is, or lies in.
fn checkout(path: &Path) -> Option<PathBuf> {
    if rules_of(path).is_some() {
        return Some(path.to_owned());
    }
    let path = path.canonicalize().ok()?;
    let mut above = path.ancestors().filter(|folder| folder.ends_with(RULES));
    above
        .find_map(|rules| rules.parent().filter(|folder| folder.join(MACROS).is_dir()))
        .map(Path::to_owned)
}

fn is_yaml(path: &Path) -> bool {
    let end = path.extension().unwrap_or_default();
    end.eq_ignore_ascii_case("yml") || end.eq_ignore_ascii_case("yaml")
}

/// Reads the macro of a file.
fn add(path: &Path, to: &mut Macros) -> Result<(), RuleError> {
    let (text, name) = (read(path)?, path.display().to_string());
    let document: Document<'_> = yaml::parse(&text).map_err(|fault| fault.named(&name, &text))?;
    let root = &document.root;
    let missing = |key| RuleError::MissingOfMacro { name: name.clone(), key };
    let title = root.text("name").ok_or_else(|| missing("name"))?;
    let definition = root.text("definition").ok_or_else(|| missing("definition"))?;
    // Some are written with the number of their arguments, as in macros.conf.
    let title = title.split_once('(').map_or(title, |(title, _)| title).trim();
    to.insert(title, root.list("arguments"), definition);
    Ok(())
}
