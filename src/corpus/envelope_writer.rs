//! Events in envelopes: Splunk's exports and what its HTTP event collector takes.

use super::classic_writer::{self, LineEnds};
use super::escape::{self, Clock, Escapes};
use super::evtx_writer::EventSpec;
use super::json_writer::{self, Exporter, Object};
use super::xml_writer::{self, XmlLayout};

/// The text that an envelope holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Inner {
    /// Classic text.
    Classic,
    /// An `<Event>` element.
    Xml,
}

impl Inner {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Classic, Self::Xml];

    fn write(self, out: &mut Vec<u8>, event: &EventSpec<'_>) {
        match self {
            Self::Classic => classic_writer::write(out, event, LineEnds::Mixed),
            Self::Xml => xml_writer::element(out, event, XmlLayout::Lines, Escapes::Least),
        }
    }

    fn sourcetype(self) -> &'static str {
        match self {
            Self::Classic => "WinEventLog",
            Self::Xml => "XmlWinEventLog",
        }
    }
}

/// What is sent to the HTTP event collector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Payload {
    /// The event's text as a string.
    Text(Inner),
    /// The event as an object, of NXLog's shape.
    Object,
}

impl Payload {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Text(Inner::Classic), Self::Text(Inner::Xml), Self::Object];
}

/// The members that an envelope has about its event.
fn metadata(object: &mut Object<'_>, event: &EventSpec<'_>, sourcetype: &str) {
    object.text("host", event.computer);
    object.text("index", "wineventlog");
    object.member("source", |out| {
        out.push(b'"');
        if sourcetype != "_json" {
            out.extend_from_slice(sourcetype.as_bytes());
            out.push(b':');
        }
        escape::json_inner(out, event.channel, Escapes::Least);
        out.push(b'"');
    });
    object.text("sourcetype", sourcetype);
}

/// Writes a row of a Splunk export. `text` is scratch.
pub(super) fn row(
    out: &mut Vec<u8>,
    text: &mut String,
    event: &EventSpec<'_>,
    inner: Inner,
    escapes: Escapes,
) {
    set_text(text, event, inner);
    let mut object = Object::new(out, escapes);
    object.text("_raw", text);
    object.quoted("_time", |out| {
        Clock::new(event.time).iso(out, b' ', 3);
        out.extend_from_slice(b" UTC");
    });
    metadata(&mut object, event, inner.sourcetype());
    object.quoted("linecount", |out| {
        let lines = memchr::memchr_iter(b'\n', text.as_bytes()).count() as u64 + 1;
        escape::decimal(out, lines, 1);
    });
    object.text("splunk_server", "idx01");
    object.end();
}

/// Writes an envelope for the HTTP event collector. `text` is scratch.
pub(super) fn collector(
    out: &mut Vec<u8>,
    text: &mut String,
    event: &EventSpec<'_>,
    payload: Payload,
    escapes: Escapes,
) {
    let mut object = Object::new(out, escapes);
    object.member("time", |out| escape::epoch(out, event.time));
    match payload {
        Payload::Text(inner) => {
            metadata(&mut object, event, inner.sourcetype());
            set_text(text, event, inner);
            object.text("event", text);
        }
        Payload::Object => {
            metadata(&mut object, event, "_json");
            object.member("event", |out| {
                json_writer::write(out, event, Exporter::NxLog, escapes);
            });
        }
    }
    object.end();
}

fn set_text(text: &mut String, event: &EventSpec<'_>, inner: Inner) {
    let mut bytes = std::mem::take(text).into_bytes();
    bytes.clear();
    inner.write(&mut bytes, event);
    // Both writers write text.
    *text = String::from_utf8(bytes).unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelopes() {
        let event = EventSpec { computer: "h\"1", data: &[], ..EventSpec::default() };
        for escapes in Escapes::ALL {
            for inner in Inner::ALL {
                let mut raw = Vec::new();
                inner.write(&mut raw, &event);
                let raw = String::from_utf8(raw).unwrap();
                let mut out = Vec::new();
                row(&mut out, &mut "scratch".to_owned(), &event, inner, escapes);
                let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
                assert_eq!(value["_raw"], raw.as_str());
                assert_eq!(value["_time"], "2020-01-01 00:00:00.000 UTC");
                assert_eq!(value["host"], "h\"1");
                assert_eq!(value["source"], format!("{}:Security", inner.sourcetype()));
                assert_eq!(value["linecount"], raw.split('\n').count().to_string());
                let mut out = Vec::new();
                let payload = Payload::Text(inner);
                collector(&mut out, &mut String::new(), &event, payload, escapes);
                let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
                assert_eq!(value["event"], raw.as_str());
                assert_eq!(value["time"], 1_577_836_800.0);
            }
            let mut out = Vec::new();
            collector(&mut out, &mut String::new(), &event, Payload::Object, escapes);
            let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(value["event"]["EventID"], 4688);
            assert_eq!(value["source"], "Security");
        }
    }
}
