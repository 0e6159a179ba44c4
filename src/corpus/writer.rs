//! One writer for every text format.

use std::io::{self, Write};

use super::classic_writer::{self, LineEnds};
use super::envelope_writer::{self, Inner, Payload};
use super::escape::Escapes;
use super::evtx_writer::EventSpec;
use super::hostmon_writer;
use super::json_writer::{self, Exporter};
use super::xml_writer::{self, XmlLayout};

/// A format, as one of its sources writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style {
    /// `<Event>` elements.
    Xml(XmlLayout),
    /// Classic `WinEventLog` text.
    Classic(LineEnds),
    /// `WinHostMon` text, of the events that start a process.
    HostMon,
    /// JSON records.
    Json(Exporter, Arrangement),
    /// What `output_mode=json` of Splunk's export writes: a line a result.
    Export(Inner),
    /// What Splunk's `/results` writes: one document.
    Results(Inner),
    /// Envelopes for the HTTP event collector.
    Collector(Payload, Separator),
}

/// How JSON records are arranged in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Arrangement {
    /// One a line.
    Lines,
    /// Pretty-printed, one after the other.
    Pretty,
    /// An array, all on one line.
    Array,
    /// An array, an element a line.
    ArrayLines,
    /// A pretty-printed array.
    PrettyArray,
    /// In `hits.hits`, as a search of Elasticsearch answers.
    Response,
}

impl Arrangement {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Lines,
        Self::Pretty,
        Self::Array,
        Self::ArrayLines,
        Self::PrettyArray,
        Self::Response,
    ];

    fn frame(self) -> Frame {
        match self {
            Self::Lines => Frame { before: b"", between: b"\n", after: b"\n", after_none: b"" },
            Self::Pretty => Frame { before: b"", between: b"\n", after: b"\n", after_none: b"" },
            Self::Array => Frame { before: b"[", between: b",", after: b"]\n", after_none: b"]\n" },
            Self::ArrayLines => {
                Frame { before: b"[\n", between: b",\n", after: b"\n]\n", after_none: b"]\n" }
            }
            Self::PrettyArray => {
                Frame { before: b"[\n  ", between: b",\n  ", after: b"\n]\n", after_none: b"]\n" }
            }
            Self::Response => Frame {
                before: br#"{"took":5,"timed_out":false,"_shards":{"total":1,"successful":1},"hits":{"total":{"value":10000,"relation":"gte"},"max_score":1.0,"hits":["#,
                between: b",",
                after: b"]}}\n",
                after_none: b"]}}\n",
            },
        }
    }
}

/// What stands between envelopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Separator {
    /// A line end.
    Newline,
    /// Nothing.
    Nothing,
}

impl Separator {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Newline, Self::Nothing];
}

/// What stands around events.
struct Frame {
    before: &'static [u8],
    between: &'static [u8],
    after: &'static [u8],
    /// After `before`, when there is no event.
    after_none: &'static [u8],
}

impl Style {
    /// Every style.
    pub fn all() -> impl Iterator<Item = Self> {
        let records = Exporter::ALL
            .into_iter()
            .flat_map(|exporter| Arrangement::ALL.map(|arrangement| (exporter, arrangement)))
            // A response holds documents, nothing else.
            .filter(|(exporter, arrangement)| {
                *exporter == Exporter::Elastic || *arrangement != Arrangement::Response
            });
        let envelopes = Payload::ALL.into_iter().flat_map(|payload| {
            Separator::ALL.map(|separator| Self::Collector(payload, separator))
        });
        XmlLayout::ALL
            .map(Self::Xml)
            .into_iter()
            .chain(LineEnds::ALL.map(Self::Classic))
            .chain([Self::HostMon])
            .chain(records.map(|(exporter, arrangement)| Self::Json(exporter, arrangement)))
            .chain(Inner::ALL.map(Self::Export))
            .chain(Inner::ALL.map(Self::Results))
            .chain(envelopes)
    }

    /// A name for files, of lower-case words: `xml-one-line`.
    #[must_use]
    pub fn name(self) -> String {
        let debug = format!("{self:?}");
        let mut name = String::with_capacity(debug.len() + 8);
        for c in debug.chars() {
            let word_starts = c.is_ascii_uppercase() && !name.is_empty() && !name.ends_with('-');
            match c {
                '(' | ',' | ' ' | ')' if name.ends_with('-') => {}
                '(' | ',' | ' ' | ')' => name.push('-'),
                _ if word_starts => name.extend(['-', c.to_ascii_lowercase()]),
                _ => name.push(c.to_ascii_lowercase()),
            }
        }
        name.trim_end_matches('-').to_owned()
    }

    /// The usual extension of such a file, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Xml(XmlLayout::Syslog) | Self::Classic(_) | Self::HostMon => "log",
            Self::Xml(_) => "xml",
            Self::Json(_, Arrangement::Lines) | Self::Export(_) => "jsonl",
            Self::Collector(_, Separator::Newline) => "jsonl",
            Self::Json(..) | Self::Results(_) | Self::Collector(..) => "json",
        }
    }

    /// Whether the format can hold the event at all. [`Style::HostMon`] holds only what starts a
    /// process.
    #[must_use]
    pub fn carries(self, event: &EventSpec<'_>) -> bool {
        self != Self::HostMon || hostmon_writer::carries(event)
    }

    fn frame(self) -> Frame {
        let plain = |between| Frame { before: b"", between, after: between, after_none: b"" };
        match self {
            Self::Xml(layout) => Frame {
                before: layout.prolog(),
                between: b"",
                after: layout.epilog(),
                after_none: layout.epilog(),
            },
            Self::Classic(ends) => plain(ends.between()),
            Self::HostMon => plain(b"\n"),
            Self::Json(_, arrangement) => arrangement.frame(),
            // The last row is marked, so rows are written by `write` and `finish`.
            Self::Export(_) => Frame { before: b"", between: b"", after: b"", after_none: b"" },
            Self::Results(_) => Frame {
                before: br#"{"preview":false,"init_offset":0,"messages":[],"fields":[{"name":"_raw"},{"name":"_time"},{"name":"host"},{"name":"index"},{"name":"source"},{"name":"sourcetype"}],"results":["#,
                between: b",",
                after: b"],\"highlighted\":{}}",
                after_none: b"],\"highlighted\":{}}",
            },
            Self::Collector(_, Separator::Newline) => plain(b"\n"),
            Self::Collector(_, Separator::Nothing) => plain(b""),
        }
    }
}

/// Bytes are handed to the sink when there are so many.
const FLUSH_AT: usize = 256 << 10;

/// Writes events in one style. The same events give the same bytes.
///
/// ```
/// use coldsweep::corpus::evtx_writer::EventSpec;
/// use coldsweep::corpus::{Style, Writer, XmlLayout};
/// # fn main() -> std::io::Result<()> {
/// let mut writer = Writer::new(Style::Xml(XmlLayout::Lines), Vec::new());
/// writer.write(&EventSpec::default())?;
/// let text = writer.finish()?;
/// assert!(text.starts_with(b"<Event xmlns="));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Writer<W> {
    sink: W,
    style: Style,
    escapes: Escapes,
    buffer: Vec<u8>,
    /// The text inside an envelope.
    text: String,
    /// A record before it is laid out, or the last row of an export.
    record: Vec<u8>,
    count: u64,
}

impl<W: Write> Writer<W> {
    /// A writer that escapes no more than it must.
    pub fn new(style: Style, sink: W) -> Self {
        Self::with_escapes(style, Escapes::Least, sink)
    }

    /// A writer that escapes as it is told, where the format has anything to escape.
    pub fn with_escapes(style: Style, escapes: Escapes, sink: W) -> Self {
        Self {
            sink,
            style,
            escapes,
            buffer: Vec::new(),
            text: String::new(),
            record: Vec::new(),
            count: 0,
        }
    }

    /// Writes one event; one that the style does not [carry](Style::carries) is left out.
    ///
    /// # Errors
    /// When the sink fails.
    pub fn write(&mut self, event: &EventSpec<'_>) -> io::Result<()> {
        if !self.style.carries(event) {
            return Ok(());
        }
        let frame = self.style.frame();
        self.buffer.extend_from_slice(if self.count == 0 { frame.before } else { frame.between });
        let (out, text, record) = (&mut self.buffer, &mut self.text, &mut self.record);
        match self.style {
            Style::Xml(layout) => xml_writer::write(out, event, layout, self.escapes),
            Style::Classic(ends) => classic_writer::write(out, event, ends),
            Style::HostMon => hostmon_writer::write(out, event),
            Style::Json(exporter, Arrangement::Pretty | Arrangement::PrettyArray) => {
                record.clear();
                json_writer::write(record, event, exporter, self.escapes);
                let depth = self.style == Style::Json(exporter, Arrangement::PrettyArray);
                json_writer::pretty(out, record, depth.into());
            }
            Style::Json(exporter, _) => json_writer::write(out, event, exporter, self.escapes),
            Style::Export(inner) => {
                export_row(out, record, self.count, false);
                record.clear();
                envelope_writer::row(record, text, event, inner, self.escapes);
            }
            Style::Results(inner) => envelope_writer::row(out, text, event, inner, self.escapes),
            Style::Collector(payload, _) => {
                envelope_writer::collector(out, text, event, payload, self.escapes);
            }
        }
        self.count += 1;
        if self.buffer.len() >= FLUSH_AT { self.flush() } else { Ok(()) }
    }

    /// Ends the file and gives the sink back.
    ///
    /// # Errors
    /// When the sink fails.
    pub fn finish(mut self) -> io::Result<W> {
        let frame = self.style.frame();
        if let Style::Export(_) = self.style {
            export_row(&mut self.buffer, &self.record, self.count, true);
        }
        if self.count == 0 {
            self.buffer.extend_from_slice(frame.before);
            self.buffer.extend_from_slice(frame.after_none);
        } else {
            self.buffer.extend_from_slice(frame.after);
        }
        self.flush()?;
        self.sink.flush()?;
        Ok(self.sink)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

/// Writes the last of `count` rows of an export; an export without rows has a line too.
fn export_row(out: &mut Vec<u8>, row: &[u8], count: u64, last: bool) {
    if count == 0 && !last {
        return;
    }
    out.extend_from_slice(b"{\"preview\":false");
    if let Some(offset) = count.checked_sub(1) {
        out.extend_from_slice(b",\"offset\":");
        super::escape::decimal(out, offset, 1);
    }
    if last {
        out.extend_from_slice(b",\"lastrow\":true");
    }
    if count > 0 {
        out.extend_from_slice(b",\"result\":");
        out.extend_from_slice(row);
    }
    out.extend_from_slice(b"}\n");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn file(style: Style, count: u64) -> Vec<u8> {
        let mut writer = Writer::new(style, Vec::new());
        for record_id in 1..=count {
            writer.write(&EventSpec { record_id, ..EventSpec::default() }).unwrap();
        }
        writer.finish().unwrap()
    }

    /// Every JSON value in a file.
    fn values(text: &[u8]) -> Vec<serde_json::Value> {
        serde_json::Deserializer::from_slice(text).into_iter().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn names_differ() {
        let names: BTreeSet<_> = Style::all().map(Style::name).collect();
        assert_eq!(names.len(), Style::all().count());
        assert!(names.contains("xml-one-line"), "{names:?}");
        assert!(names.contains("json-nx-log-array-lines"), "{names:?}");
        assert!(names.contains("collector-text-classic-nothing"), "{names:?}");
    }

    #[test]
    fn json_files_are_json() {
        for style in Style::all() {
            for count in [0, 1, 3] {
                let values = match style {
                    Style::Xml(_) | Style::Classic(_) | Style::HostMon => continue,
                    _ => values(&file(style, count)),
                };
                let events = match (style, &values[..]) {
                    (Style::Json(_, Arrangement::Lines | Arrangement::Pretty), all) => all.len(),
                    (Style::Json(_, Arrangement::Response), [one]) => {
                        one["hits"]["hits"].as_array().unwrap().len()
                    }
                    (Style::Json(..), [one]) => one.as_array().unwrap().len(),
                    (Style::Results(_), [one]) => one["results"].as_array().unwrap().len(),
                    (Style::Export(_), all) => {
                        let last = all.last().unwrap();
                        assert_eq!(last["lastrow"], true);
                        assert_eq!(all.iter().filter(|one| one["lastrow"] == true).count(), 1);
                        all.iter().filter(|one| one.get("result").is_some()).count()
                    }
                    (Style::Collector(..), all) => all.len(),
                    other => panic!("{other:?}"),
                };
                assert_eq!(events as u64, count, "{style:?}");
            }
        }
    }

    #[test]
    fn the_number_of_lines_is_that_of_the_arrangement() {
        let lines = |style| memchr::memchr_iter(b'\n', &file(style, 5)).count();
        assert_eq!(lines(Style::Xml(XmlLayout::Lines)), 5);
        assert_eq!(lines(Style::Xml(XmlLayout::OneLine)), 0);
        assert_eq!(lines(Style::Xml(XmlLayout::Document)), 8);
        assert_eq!(lines(Style::Json(Exporter::NxLog, Arrangement::Lines)), 5);
        assert_eq!(lines(Style::Json(Exporter::NxLog, Arrangement::Array)), 1);
        assert_eq!(lines(Style::Json(Exporter::NxLog, Arrangement::ArrayLines)), 7);
        assert_eq!(lines(Style::Collector(Payload::Object, Separator::Nothing)), 0);
        assert_eq!(lines(Style::Export(Inner::Xml)), 5);
        assert!(lines(Style::Json(Exporter::NxLog, Arrangement::Pretty)) > 50);
    }

    #[test]
    fn a_large_file_is_handed_on_in_parts_and_is_the_same() {
        /// Counts the writes.
        struct Sink(Vec<u8>, usize);
        impl Write for Sink {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.1 += 1;
                self.0.write(bytes)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let style = Style::Xml(XmlLayout::Lines);
        let mut writer = Writer::new(style, Sink(Vec::new(), 0));
        for record_id in 1..=2000 {
            writer.write(&EventSpec { record_id, ..EventSpec::default() }).unwrap();
        }
        let Sink(bytes, writes) = writer.finish().unwrap();
        assert_eq!(bytes, file(style, 2000));
        assert!((2..20).contains(&writes), "{writes} writes");
    }
}
