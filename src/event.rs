//! The event: one row as Splunk would have indexed it, and the fields its text yields.

use std::borrow::Cow;
use std::ops::Range;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The format an event's text is written in. What an event *is* does not depend on it; how it
/// is framed, how its fields are spelled and how a literal looks in its bytes do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Format {
    /// A binary Windows event log. Its raw text is the XML that Windows renders.
    Evtx,
    /// `<Event>` elements as text.
    Xml,
    /// `WinEventLog` text: a date line, `Key=value` lines, `Message=` and its labelled lines.
    Classic,
    /// `WinHostMon` text: `Type=Process` and its `Key="value"` lines.
    HostMon,
    /// A line of a log that has one event a line: Linux audit, access logs, syslog.
    Line,
    /// A JSON object, which may be an envelope around any of the text formats.
    Json,
    /// The journal of a Splunk bucket, whose events are each in a format of their own.
    Journal,
}

impl Format {
    /// All of them, in the order they are reported.
    pub const ALL: [Self; 7] = [
        Self::Evtx,
        Self::Xml,
        Self::Classic,
        Self::HostMon,
        Self::Line,
        Self::Json,
        Self::Journal,
    ];

    /// The name that `--input-format` takes and the summary prints.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Evtx => "evtx",
            Self::Xml => "xml",
            Self::Classic => "classic",
            Self::HostMon => "hostmon",
            Self::Line => "line",
            Self::Json => "json",
            Self::Journal => "journal",
        }
    }
}

/// Where an event stands among the bytes searched together, and in which format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Its bytes.
    pub span: Range<usize>,
    /// Its format.
    pub format: Format,
}

/// Bytes that could not be read as an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Which bytes, relative to the slice that was read.
    pub span: Range<usize>,
    /// Why, as a user can understand it.
    pub reason: Cow<'static, str>,
}

/// Raw fields: name and value in the order the text has them. A name that stands twice has two
/// values (multivalue). Empty values are never kept (SPLUNK.md 5).
///
/// All of them lie in one text, for an event has dozens and most are never looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawFields {
    /// Name and value of each, one after the other.
    text: String,
    /// Where each one's name and value end.
    ends: Vec<(usize, usize)>,
}

impl RawFields {
    /// Adds a value, unless it is empty.
    pub fn push(&mut self, name: impl AsRef<str>, value: impl AsRef<str>) {
        let (name, value) = (name.as_ref(), value.as_ref());
        if !value.is_empty() {
            self.text.push_str(name);
            let name_end = self.text.len();
            self.text.push_str(value);
            self.ends.push((name_end, self.text.len()));
        }
    }

    /// The first value of `name`.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&str> {
        self.iter().find(|(n, _)| *n == name).map(|(_, v)| v)
    }

    /// Every value of `name`, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter().filter(move |(n, _)| *n == name).map(|(_, v)| v)
    }

    /// Every name and value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut start = 0;
        self.ends.iter().map(move |&(name_end, end)| {
            let pair = (&self.text[start..name_end], &self.text[name_end..end]);
            start = end;
            pair
        })
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

/// What is known of an event beside its text: what Splunk calls metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// When. `None` when neither the text nor its envelope says.
    pub time: Option<Timestamp>,
    /// Which machine, when the text or its envelope says.
    pub host: Option<String>,
    /// Splunk's `source`, from the envelope or made from the channel
    /// (`XmlWinEventLog:Security`, `WinEventLog:Security`).
    pub source: Option<String>,
    /// Splunk's `sourcetype`, from the envelope or made from the format
    /// (`XmlWinEventLog`, `WinEventLog`, `WinHostMon`).
    pub sourcetype: Option<String>,
    /// Splunk's `index`, when an envelope says.
    pub index: Option<String>,
}

impl Metadata {
    /// This, and where it does not say, what `other` says: an envelope, and the text in it.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            time: self.time.or(other.time),
            host: self.host.or(other.host),
            source: self.source.or(other.source),
            sourcetype: self.sourcetype.or(other.sourcetype),
            index: self.index.or(other.index),
        }
    }
}

/// One decoded event under one reading.
#[derive(Debug, Clone, PartialEq)]
pub struct Event<'t> {
    /// The format its *fields* follow: that of the text inside an envelope, [`Format::Xml`] for
    /// EVTX and for JSON records read as XML.
    pub format: Format,
    /// The text that search terms see (`_raw`).
    pub raw: Cow<'t, [u8]>,
    /// Time, host and the like.
    pub meta: Metadata,
    /// The fields its text yields.
    pub fields: RawFields,
    /// The values of the event's data in order, empty ones too: `%1` of its message is the first.
    pub data: Vec<String>,
    /// The log's channel (`Security`, `Application`), which tells kinds of source apart; of Linux
    /// audit the record's type.
    pub channel: Option<String>,
    /// The provider (`MsiInstaller`).
    pub provider: Option<String>,
    /// The number of the event's kind (4688).
    pub event_id: Option<u32>,
    /// The record's number in its log, when the text says.
    pub record: Option<u64>,
}
