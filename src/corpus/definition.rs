//! Definitions of generated corpora: `corpora/*.toml`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::classic_writer::LineEnds;
use super::escape::Escapes;
use super::json_writer::Exporter;
use super::writer::{Arrangement, Style};
use super::xml_writer::XmlLayout;

/// What a corpus is made of. The same definition, size and seed give the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Definition {
    /// Its name, that of the file without the extension.
    pub name: String,
    /// How its events are written.
    pub format: CorpusFormat,
    /// How much its text is escaped.
    #[serde(default)]
    pub escapes: Escapes,
    /// The size of all its files together.
    pub size: Size,
    /// The size of each file, where there are several. EVTX logs with a range have as many chunks
    /// as fit, drawn anew for each file.
    #[serde(default)]
    pub file_size: Option<FileSize>,
    /// Where its randomness starts.
    pub seed: u64,
    /// How many machines log into one file. The next file has the next machines.
    pub hosts: u32,
    /// One event in so many matches the seed rule; 0 for none.
    pub one_hit_in: u64,
    /// One event in so many holds `.msi` and does not match; 0 for none.
    pub one_near_in: u64,
    /// What is measured on it beside a scan.
    #[serde(default)]
    pub cases: Vec<Case>,
    /// How often each kind of event is drawn, against the others.
    pub mix: BTreeMap<String, u32>,
    /// What the seed rule must find in it at the size and seed above.
    pub expected: Counts,
    /// What it is for.
    pub prose: String,
}

/// What a benchmark measures on a corpus beside a scan and the summing pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Case {
    /// The time of each stage.
    Stages,
    /// Every event evaluated, on a part of the size.
    NoPrefilter,
    /// From disk, against reading the files.
    Cold,
    /// Other programs on the same files.
    Rivals,
    /// Its first file, the first two, four, ...: does the time grow with the size?
    Linear,
    /// Decoding every record to JSON first.
    Decode,
    /// The program from its start to its end.
    StartUp,
}

/// The format of a corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CorpusFormat {
    /// One `<Event>` element a line.
    Xml,
    /// Classic text as Splunk stores it.
    Classic,
    /// NXLog's JSON, one record a line.
    Json,
    /// Binary event logs.
    Evtx,
}

impl CorpusFormat {
    /// The text style; `None` for EVTX.
    #[must_use]
    pub fn style(self) -> Option<Style> {
        match self {
            Self::Xml => Some(Style::Xml(XmlLayout::Lines)),
            Self::Classic => Some(Style::Classic(LineEnds::Mixed)),
            Self::Json => Some(Style::Json(Exporter::NxLog, Arrangement::Lines)),
            Self::Evtx => None,
        }
    }

    /// The extension of its files.
    #[must_use]
    pub fn extension(self) -> &'static str {
        self.style().map_or("evtx", Style::extension)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Xml => "xml",
            Self::Classic => "classic",
            Self::Json => "json",
            Self::Evtx => "evtx",
        }
    }
}

/// What is in a corpus.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Files.
    pub files: u64,
    /// Bytes of all of them.
    pub bytes: u64,
    /// Events.
    pub events: u64,
    /// Events that match the seed rule.
    pub hits: u64,
    /// Rows of the seed rule's answer: pairs of a second and a host with a hit.
    pub rows: u64,
}

/// A number of bytes, written `4GiB`, `512MiB`, `10KiB` or plain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Size(pub u64);

/// Sizes of files: one for all, or from one to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum FileSize {
    /// All files have about this size.
    Fixed(Size),
    /// From the first to the second.
    Range([Size; 2]),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(u64),
    Text(String),
}

impl TryFrom<Written> for Size {
    type Error = BadSize;

    fn try_from(written: Written) -> Result<Self, BadSize> {
        match written {
            Written::Number(number) => Ok(Self(number)),
            Written::Text(text) => text.parse(),
        }
    }
}

impl std::str::FromStr for Size {
    type Err = BadSize;

    fn from_str(text: &str) -> Result<Self, BadSize> {
        let bad = || BadSize(text.to_owned());
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = text[digits.len()..].to_ascii_lowercase();
        let shift = match unit.trim_end_matches('b').trim_end_matches('i') {
            "" => 0,
            "k" => 10,
            "m" => 20,
            "g" => 30,
            "t" => 40,
            _ => return Err(bad()),
        };
        let number: u64 = digits.trim().parse().map_err(|_| bad())?;
        number.checked_mul(1 << shift).map(Self).ok_or_else(bad)
    }
}

/// Text that is no size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no size; write 4GiB, 512MiB, 10KiB or a number of bytes")]
pub struct BadSize(pub String);

/// Why a definition cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionError {
    /// There is no such definition.
    #[error("there is no corpus `{0}`; the corpora are {all}", all = names())]
    Unknown(String),
    /// The file cannot be read.
    #[error("{0}: {1}")]
    Unreadable(String, std::io::Error),
    /// The text is no definition.
    #[error("{0}: {1}")]
    Invalid(String, String),
}

/// The definitions that come with the program.
const BUILTIN: &[(&str, &str)] = &[
    ("xml-rare", include_str!("../../corpora/xml-rare.toml")),
    ("xml-dense", include_str!("../../corpora/xml-dense.toml")),
    ("xml-hostile", include_str!("../../corpora/xml-hostile.toml")),
    ("xml-escaped", include_str!("../../corpora/xml-escaped.toml")),
    ("xml-quiet", include_str!("../../corpora/xml-quiet.toml")),
    ("classic-rare", include_str!("../../corpora/classic-rare.toml")),
    ("classic-dense", include_str!("../../corpora/classic-dense.toml")),
    ("classic-hostile", include_str!("../../corpora/classic-hostile.toml")),
    ("json-rare", include_str!("../../corpora/json-rare.toml")),
    ("json-dense", include_str!("../../corpora/json-dense.toml")),
    ("json-hostile", include_str!("../../corpora/json-hostile.toml")),
    ("json-escaped", include_str!("../../corpora/json-escaped.toml")),
    ("evtx-rare", include_str!("../../corpora/evtx-rare.toml")),
    ("evtx-dense", include_str!("../../corpora/evtx-dense.toml")),
    ("evtx-many", include_str!("../../corpora/evtx-many.toml")),
    ("evtx-many-dense", include_str!("../../corpora/evtx-many-dense.toml")),
    ("small", include_str!("../../corpora/small.toml")),
];

fn names() -> String {
    BUILTIN.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

impl Definition {
    /// The definitions that come with the program, in the order of the documentation.
    ///
    /// # Errors
    /// Never: a test reads them all.
    pub fn builtin() -> Result<Vec<Self>, DefinitionError> {
        BUILTIN.iter().map(|(name, text)| Self::parse(name, text)).collect()
    }

    /// The definition of this name, or in this file.
    ///
    /// # Errors
    /// When there is none, or it is no definition.
    pub fn find(name: &str) -> Result<Self, DefinitionError> {
        if let Some((name, text)) = BUILTIN.iter().find(|(known, _)| *known == name) {
            return Self::parse(name, text);
        }
        let path = Path::new(name);
        if path.extension().is_none_or(|end| end != "toml") {
            return Err(DefinitionError::Unknown(name.to_owned()));
        }
        let text = std::fs::read_to_string(path)
            .map_err(|error| DefinitionError::Unreadable(name.to_owned(), error))?;
        Self::parse(name, &text)
    }

    /// Reads a definition; `origin` is for messages.
    ///
    /// # Errors
    /// When the text is no definition.
    pub fn parse(origin: &str, text: &str) -> Result<Self, DefinitionError> {
        let invalid = |why: String| DefinitionError::Invalid(origin.to_owned(), why);
        let definition: Self = toml::from_str(text).map_err(|error| invalid(error.to_string()))?;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if definition.name.is_empty() || !definition.name.chars().all(plain) {
            return Err(invalid("a name is of letters, digits, - and _".to_owned()));
        }
        if definition.mix.values().all(|&weight| weight == 0) {
            return Err(invalid("the mix has no events".to_owned()));
        }
        if let Some(FileSize::Range([from, to])) = definition.file_size
            && from.0 > to.0
        {
            return Err(invalid("the first size of files is the larger".to_owned()));
        }
        Ok(definition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, size) in [
            ("4GiB", Some(4 << 30)),
            ("512MiB", Some(512 << 20)),
            ("10k", Some(10 << 10)),
            ("10KB", Some(10 << 10)),
            ("7", Some(7)),
            ("", None),
            ("GiB", None),
            ("4XiB", None),
            ("99999999999999TiB", None),
        ] {
            assert_eq!(text.parse::<Size>().ok(), size.map(Size), "{text}");
        }
    }

    #[test]
    fn every_definition_is_one_and_has_its_files_name() {
        let all = Definition::builtin().unwrap();
        for (definition, (name, _)) in all.iter().zip(BUILTIN) {
            assert_eq!(&definition.name, name);
            assert!(definition.prose.len() > 40, "{name} says what it is for");
        }
        assert!(matches!(Definition::find("nothing"), Err(DefinitionError::Unknown(_))));
    }

    #[test]
    fn what_cannot_be_made_is_refused() {
        let good = include_str!("../../corpora/small.toml");
        for (from, to) in [
            ("name = \"small\"", "name = \"../small\""),
            ("format = \"xml\"", "format = \"yaml\""),
            ("seed", "sed"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good);
            assert!(Definition::parse("bad.toml", &bad).is_err(), "{to}");
        }
    }
}
