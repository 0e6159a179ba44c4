//! Why a rule could not be read.

use std::path::PathBuf;

use super::Position;

/// Why a rule could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// The file or folder itself.
    #[error("{}: {}", path.display(), why(source))]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A folder stands where one rule is wanted.
    #[error(
        "{}: a folder, and one rule is wanted here (`rules list` names those in it)", .0.display()
    )]
    Folder(PathBuf),
    /// The file is larger than any rule.
    #[error("{}: larger than {limit} bytes", .0.display(), limit = super::MAX_FILE)]
    TooLarge(PathBuf),
    /// The file is not text in UTF-8.
    #[error("{}: not UTF-8 at byte {offset}", path.display())]
    NotText {
        /// Which file.
        path: PathBuf,
        /// The first byte that is not text.
        offset: usize,
    },
    /// The file is not YAML, or not of the shape of a rule.
    #[error("{name}:{line}:{column}: {message}", line = position.line, column = position.column)]
    Yaml {
        /// Which file.
        name: String,
        /// Where.
        position: Position,
        /// Why.
        message: String,
    },
    /// The file is no `.conf` file.
    #[error("{name}:{line}: {message}")]
    Conf {
        /// Which file.
        name: String,
        /// The line, from 1.
        line: usize,
        /// Why.
        message: String,
    },
    /// The file holds more rules than the one that is wanted.
    #[error("{name}: holds {count} rules, and one is wanted here")]
    Several {
        /// Which file.
        name: String,
        /// How many.
        count: usize,
    },
    /// The file lacks what every rule has.
    #[error("{name}: not a rule: it has no `{key}`")]
    Missing {
        /// Which file.
        name: String,
        /// The key.
        key: &'static str,
    },
    /// The file lacks what every macro has.
    #[error("{name}: not a macro: it has no `{key}`")]
    MissingOfMacro {
        /// Which file.
        name: String,
        /// The key.
        key: &'static str,
    },
    /// The rule is written for something else.
    #[error("{name}: a rule for {format}, not for Splunk")]
    NotSplunk {
        /// Which file.
        name: String,
        /// What it is written for.
        format: String,
    },
}

/// What the system says, or for what happens most the words that other messages have for it.
fn why(source: &std::io::Error) -> String {
    match source.kind() {
        std::io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        _ => source.to_string(),
    }
}
