//! Many rules: files and folders of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Rule, RuleError, content};

/// What was found in files and folders.
#[derive(Debug, Default)]
pub struct Catalog {
    /// The rules, in the order of the paths given, and by path inside a folder.
    pub rules: Vec<Rule>,
    /// What could not be read, in the same order.
    pub errors: Vec<RuleError>,
}

/// Loads every rule: a file whatever its name, and in a folder all of `.yml`, `.yaml`, `.spl` and
/// every `savedsearches.conf`. The tests of rules (`NAME.test.yml`) are none.
///
/// Every such file ends up as a rule or as an error. A file reached twice counts once.
#[must_use]
pub fn load_all(paths: &[PathBuf]) -> Catalog {
    let mut catalog = Catalog::default();
    let mut seen = BTreeSet::new();
    for path in paths {
        // In a checkout of splunk/security_content only its rules are rules.
        let content = content::rules_of(path);
        let path = content.as_ref().unwrap_or(path);
        // Links given by name are followed, those inside a folder are not: no cycles.
        let walk = walkdir::WalkDir::new(path).sort_by_file_name();
        for entry in walk {
            match entry {
                Ok(entry) => {
                    let given = entry.depth() == 0;
                    let is_rule = if given {
                        !entry.path().is_dir()
                    } else {
                        entry.file_type().is_file() && may_hold_rules(entry.path())
                    };
                    if is_rule && seen.insert(entry.path().to_owned()) {
                        catalog.add(entry.path());
                    }
                }
                Err(error) => {
                    let at = error.path().unwrap_or(path).to_owned();
                    let source = error
                        .into_io_error()
                        .unwrap_or_else(|| std::io::Error::other("the folder contains itself"));
                    catalog.errors.push(RuleError::Io { path: at, source });
                }
            }
        }
    }
    catalog
}

impl Catalog {
    fn add(&mut self, path: &Path) {
        match Rule::load_each(path) {
            Ok(rules) => self.rules.extend(rules),
            Err(error) => self.errors.push(error),
        }
    }
}

/// Whether a file in a folder is taken for one of rules: other `.conf` files and other YAML lie
/// beside rules.
fn may_hold_rules(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if is_test_file(path) {
        return false;
    }
    name.eq_ignore_ascii_case("savedsearches.conf")
        || name.rsplit_once('.').is_some_and(|(_, end)| {
            ["yml", "yaml", "spl"].iter().any(|known| end.eq_ignore_ascii_case(known))
        })
}

/// Whether a file is one of tests of a rule, by its name: `NAME.test.yml`.
#[must_use]
pub fn is_test_file(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let name = name.to_ascii_lowercase();
    name.ends_with(".test.yml") || name.ends_with(".test.yaml")
}
