//! The form of a mapping table and how it is read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::expr::Expr;
use crate::event::{Event, Format};
use crate::reading::Accommodation;

/// Why mapping tables could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{}{}", path.as_ref().map(|p| format!("{}: ", p.display())).unwrap_or_default(), reason)]
pub struct CimError {
    path: Option<PathBuf>,
    reason: String,
}

impl CimError {
    fn new(reason: impl ToString) -> Self {
        Self { path: None, reason: reason.to_string() }
    }

    pub(super) fn in_file(path: &Path, reason: impl ToString) -> Self {
        Self { path: Some(path.to_owned()), reason: reason.to_string() }
    }
}

/// One table: which events it is for and what it sets.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) when: When,
    pub(super) accommodation: Option<Accommodation>,
    pub(super) fields: BTreeMap<String, Expr>,
}

/// The message text of one kind of event.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Message {
    pub(super) provider: String,
    pub(super) event_id: u32,
    pub(super) text: String,
    #[allow(dead_code)]
    source: String,
}

/// Which events a table is for: everything it names must be true.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct When {
    #[serde(default)]
    format: OneOrMany<FormatName>,
    #[serde(default)]
    event_id: OneOrMany<u32>,
    #[serde(default)]
    channel: OneOrMany<String>,
    #[serde(default)]
    provider: OneOrMany<String>,
    /// Of events that are none of Windows: what tells them apart.
    #[serde(default)]
    sourcetype: OneOrMany<String>,
}

impl When {
    pub(super) fn holds(&self, event: &Event<'_>) -> bool {
        let text = |wanted: &OneOrMany<String>, has: Option<&str>| {
            wanted.0.is_empty()
                || has.is_some_and(|has| wanted.0.iter().any(|w| w.eq_ignore_ascii_case(has)))
        };
        (self.format.0.is_empty() || self.format.0.iter().any(|f| f.0 == event.format))
            && (self.event_id.0.is_empty()
                || event.event_id.is_some_and(|id| self.event_id.0.contains(&id)))
            && text(&self.channel, event.channel.as_deref())
            && text(&self.provider, event.provider.as_deref())
            && (self.sourcetype.0.is_empty()
                || event.meta.sourcetype.as_deref().is_some_and(|has| self.names_sourcetype(has)))
    }

    /// Whether one of its source types is this one; `*` at the end stands for any rest.
    fn names_sourcetype(&self, has: &str) -> bool {
        self.sourcetype.0.iter().any(|wanted| match wanted.strip_suffix('*') {
            Some(start) => {
                has.get(..start.len()).is_some_and(|has| has.eq_ignore_ascii_case(start))
            }
            None => wanted.eq_ignore_ascii_case(has),
        })
    }

    /// Whether it names nothing but formats, those of event logs among them.
    pub(super) fn goes_by_format(&self) -> bool {
        self.event_id.0.is_empty()
            && self.channel.0.is_empty()
            && self.provider.0.is_empty()
            && self.sourcetype.0.is_empty()
            && self.may_hold_for(Format::Xml)
    }

    /// Whether it can hold for an event of a kind of Windows source, as the built-in macros name
    /// kinds (SPLUNK.md, Decisions, Macros).
    pub(super) fn may_hold_for_kind(&self, kind: &str) -> bool {
        let of = |wanted: &OneOrMany<String>, is_kind: fn(&str) -> bool| {
            wanted.0.is_empty() || wanted.0.iter().any(|name| is_kind(&name.to_ascii_lowercase()))
        };
        let fits =
            |is_kind: fn(&str) -> bool| of(&self.channel, is_kind) && of(&self.provider, is_kind);
        if !self.sourcetype.0.is_empty() {
            return false;
        }
        match kind {
            "sysmon" => fits(|name| name.contains("sysmon")),
            "powershell" => fits(|name| name.contains("powershell")),
            "winevent" => fits(|name| !name.contains("sysmon") && !name.contains("powershell")),
            _ => true,
        }
    }

    /// Whether it can hold for events other than `WinHostMon`'s own text.
    pub(super) fn may_hold_for_others(&self) -> bool {
        self.format.0.is_empty() || self.format.0.iter().any(|f| f.0 != Format::HostMon)
    }

    /// Whether it can hold for an event whose bytes are in `format`.
    pub(super) fn may_hold_for(&self, format: Format) -> bool {
        // Inside JSON stands text of any format, or a record that is read as XML.
        self.format.0.is_empty()
            || self.format.0.iter().any(|f| match format {
                Format::Evtx => f.0 == Format::Xml,
                Format::Json => true,
                format => f.0 == format,
            })
    }
}

#[derive(Debug, Clone)]
struct OneOrMany<T>(Vec<T>);

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form<T> {
            One(T),
            Many(Vec<T>),
        }
        Ok(Self(match Form::deserialize(deserializer)? {
            Form::One(one) => vec![one],
            Form::Many(many) => many,
        }))
    }
}

#[derive(Debug, Clone)]
struct FormatName(Format);

impl<'de> Deserialize<'de> for FormatName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Format::ALL
            .into_iter()
            .find(|format| format.name() == name)
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom(format!("there is no format `{name}`")))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    table: Vec<FileTable>,
    #[serde(default)]
    message: Vec<Message>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileTable {
    name: String,
    #[serde(default)]
    when: When,
    accommodation: Option<String>,
    #[allow(dead_code)]
    source: Option<String>,
    fields: BTreeMap<String, Expr>,
}

pub(super) fn parse(text: &str) -> Result<(Vec<Table>, Vec<Message>), CimError> {
    let file: File = toml::from_str(text).map_err(CimError::new)?;
    let tables = file
        .table
        .into_iter()
        .map(|table| {
            let accommodation = match table.accommodation {
                None => None,
                Some(code) => Some(Accommodation::from_code(&code).ok_or_else(|| {
                    CimError::new(format!(
                        "table `{}`: there is no accommodation `{code}`",
                        table.name
                    ))
                })?),
            };
            Ok(Table { when: table.when, accommodation, fields: table.fields })
        })
        .collect::<Result<_, CimError>>()?;
    Ok((tables, file.message))
}
