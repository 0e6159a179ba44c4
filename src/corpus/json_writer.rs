//! Events as JSON records, as the usual exporters write them.

use super::escape::{self, Clock, Escapes};
use super::evtx_writer::{EventSpec, Value};
use super::{classic_writer, message};

/// Who wrote a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exporter {
    /// `evtx_dump -o jsonl`.
    EvtxDump,
    /// Winlogbeat 7.
    Winlogbeat,
    /// A document of Elasticsearch: a Winlogbeat record in `_source`.
    Elastic,
    /// NXLog's `im_msvistalog` and `to_json()`.
    NxLog,
    /// The flat records of Security-Datasets (Mordor).
    SecurityDatasets,
}

impl Exporter {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::EvtxDump, Self::Winlogbeat, Self::Elastic, Self::NxLog, Self::SecurityDatasets];
}

/// An object being written.
pub(super) struct Object<'o> {
    out: &'o mut Vec<u8>,
    escapes: Escapes,
    first: bool,
}

impl<'o> Object<'o> {
    pub(super) fn new(out: &'o mut Vec<u8>, escapes: Escapes) -> Self {
        out.push(b'{');
        Self { out, escapes, first: true }
    }

    /// Writes a key, which holds nothing to escape, and what `value` writes.
    pub(super) fn member(&mut self, key: &str, value: impl FnOnce(&mut Vec<u8>)) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        value(self.out);
    }

    pub(super) fn text(&mut self, key: &str, text: &str) {
        let escapes = self.escapes;
        self.member(key, |out| escape::json(out, text, escapes));
    }

    pub(super) fn number(&mut self, key: &str, number: impl Into<u64>) {
        self.member(key, |out| escape::decimal(out, number.into(), 1));
    }

    /// A value in quotes, which holds nothing to escape.
    pub(super) fn quoted(&mut self, key: &str, value: impl FnOnce(&mut Vec<u8>)) {
        self.member(key, |out| {
            out.push(b'"');
            value(out);
            out.push(b'"');
        });
    }

    pub(super) fn object(&mut self, key: &str, members: impl FnOnce(&mut Object<'_>)) {
        let escapes = self.escapes;
        self.member(key, |out| {
            let mut object = Object::new(out, escapes);
            members(&mut object);
            object.end();
        });
    }

    pub(super) fn end(self) {
        self.out.push(b'}');
    }

    /// A datum: text as text, everything else in quotes too; nothing as `null`.
    fn datum(&mut self, key: &str, value: &Value<'_>) {
        match value {
            Value::Null => self.member(key, |out| out.extend_from_slice(b"null")),
            Value::Text(text) => self.text(key, text),
            _ => self.quoted(key, |out| escape::value(out, value, |_, _| {})),
        }
    }
}

/// Writes one record on one line, without a line end.
pub(super) fn write(
    out: &mut Vec<u8>,
    event: &EventSpec<'_>,
    exporter: Exporter,
    escapes: Escapes,
) {
    let mut object = Object::new(out, escapes);
    match exporter {
        Exporter::EvtxDump => object.object("Event", |object| evtx_dump(object, event)),
        Exporter::Winlogbeat => winlogbeat(&mut object, event),
        Exporter::Elastic => {
            object.quoted("_index", |out| {
                out.extend_from_slice(b"winlogbeat-7.17.0-");
                let from = out.len();
                Clock::new(event.time).iso(out, b' ', 0);
                out.truncate(from + 10);
            });
            object.text("_type", "_doc");
            object.quoted("_id", |out| escape::decimal(out, event.record_id, 20));
            object.number("_score", 1u8);
            object.object("_source", |object| winlogbeat(object, event));
        }
        Exporter::NxLog => nxlog(&mut object, event),
        Exporter::SecurityDatasets => security_datasets(&mut object, event),
    }
    object.end();
}

fn evtx_dump(object: &mut Object<'_>, event: &EventSpec<'_>) {
    let attributes = |object: &mut Object<'_>, element: &str, members: &dyn Fn(&mut Object<'_>)| {
        object.object(element, |object| object.object("#attributes", members));
    };
    object.object("#attributes", |object| {
        object.text("xmlns", "http://schemas.microsoft.com/win/2004/08/events/event");
    });
    object.object("System", |object| {
        attributes(object, "Provider", &|object| {
            object.text("Name", event.provider);
            if let Some(guid) = event.guid {
                // Without its braces.
                object.quoted("Guid", |out| {
                    let from = out.len();
                    escape::guid(out, guid);
                    out.pop();
                    out.remove(from);
                });
            }
        });
        match event.qualifiers {
            Some(qualifiers) => object.object("EventID", |object| {
                object.object("#attributes", |object| object.number("Qualifiers", qualifiers));
                object.number("#text", event.event_id);
            }),
            None => object.number("EventID", event.event_id),
        }
        if let Some(version) = event.version {
            object.number("Version", version);
        }
        object.number("Level", event.level);
        object.number("Task", event.task);
        if let Some(opcode) = event.opcode {
            object.number("Opcode", opcode);
        }
        object.quoted("Keywords", |out| escape::hex(out, event.keywords));
        attributes(object, "TimeCreated", &|object| {
            object.quoted("SystemTime", |out| {
                Clock::new(event.time).iso(out, b'T', 6);
                out.push(b'Z');
            });
        });
        object.number("EventRecordID", event.record_id);
        if let Some((process, thread)) = event.process {
            object.member("Correlation", |out| out.extend_from_slice(b"null"));
            attributes(object, "Execution", &|object| {
                object.number("ProcessID", process);
                object.number("ThreadID", thread);
            });
        }
        object.text("Channel", event.channel);
        object.text("Computer", event.computer);
        match event.user {
            Some(user) => attributes(object, "Security", &|object| {
                object.quoted("UserID", |out| escape::sid(out, user));
            }),
            None => object.member("Security", |out| out.extend_from_slice(b"null")),
        }
    });
    object.object("EventData", |object| evtx_dump_data(object, event));
}

fn evtx_dump_data(object: &mut Object<'_>, event: &EventSpec<'_>) {
    for datum in event.data {
        match (datum.name, datum.value) {
            (Some(name), Value::Unsigned(number)) => object.number(name, number),
            (Some(name), value) => object.datum(name, &value),
            (None, _) => {}
        }
    }
    let mut unnamed = event.data.iter().filter(|datum| datum.name.is_none()).peekable();
    if unnamed.peek().is_none() {
        return;
    }
    let escapes = object.escapes;
    object.object("Data", |object| {
        object.member("#text", |out| {
            out.push(b'[');
            for (at, datum) in unnamed.enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                out.push(b'"');
                escape::value(out, &datum.value, |out, text| {
                    escape::json_inner(out, text, escapes)
                });
                out.push(b'"');
            }
            out.push(b']');
        });
    });
}

fn winlogbeat(object: &mut Object<'_>, event: &EventSpec<'_>) {
    let time = |out: &mut Vec<u8>| {
        Clock::new(event.time).iso(out, b'T', 3);
        out.push(b'Z');
    };
    object.quoted("@timestamp", time);
    object.object("@metadata", |object| {
        object.text("beat", "winlogbeat");
        object.text("type", "_doc");
        object.text("version", "7.17.0");
    });
    object.object("event", |object| {
        object.quoted("code", |out| escape::decimal(out, event.event_id.into(), 1));
        object.text("kind", "event");
        object.text("provider", event.provider);
        object.quoted("created", time);
    });
    object.object("log", |object| object.text("level", "information"));
    object.object("host", |object| object.text("name", event.computer));
    object.object("ecs", |object| object.text("version", "1.12.0"));
    object.object("agent", |object| {
        object.text("type", "winlogbeat");
        object.text("hostname", "collector01");
        object.text("name", "collector01");
        object.text("version", "7.17.0");
    });
    object.text("message", &message_of(event));
    object.object("winlog", |object| winlog(object, event));
}

fn winlog(object: &mut Object<'_>, event: &EventSpec<'_>) {
    object.text("provider_name", event.provider);
    if let Some(guid) = event.guid {
        object.quoted("provider_guid", |out| escape::guid(out, guid));
    }
    object.quoted("event_id", |out| escape::decimal(out, event.event_id.into(), 1));
    object.text("channel", event.channel);
    object.text("computer_name", event.computer);
    object.number("record_id", event.record_id);
    if let Some(version) = event.version {
        object.number("version", version);
    }
    object.text("api", "wineventlog");
    object.text("task", classic_writer::category(event));
    if let Some((process, thread)) = event.process {
        object.object("process", |object| {
            object.number("pid", process);
            object.object("thread", |object| object.number("id", thread));
        });
    }
    if let Some(user) = event.user {
        object.object("user", |object| object.quoted("identifier", |out| escape::sid(out, user)));
    }
    object.object("event_data", |object| {
        let mut key = String::new();
        for (at, datum) in event.data.iter().enumerate() {
            match datum.name {
                Some(name) => object.datum(name, &datum.value),
                None => {
                    use std::fmt::Write as _;
                    key.clear();
                    // A String cannot fail to be written to.
                    let _ = write!(key, "param{}", at + 1);
                    object.datum(&key, &datum.value);
                }
            }
        }
    });
}

fn message_of(event: &EventSpec<'_>) -> String {
    let mut text = Vec::with_capacity(2048);
    message::write(&mut text, event, b"\r\n");
    // Templates and values are text.
    String::from_utf8(text).unwrap_or_default()
}

/// NXLog: times in whole seconds, without a zone; data without a name only in the message.
fn nxlog(object: &mut Object<'_>, event: &EventSpec<'_>) {
    let time = |out: &mut Vec<u8>| Clock::new(event.time).iso(out, b' ', 0);
    object.quoted("EventTime", time);
    object.text("Hostname", event.computer);
    object.quoted("Keywords", |out| escape::hex(out, event.keywords));
    let audit = event.keywords == 0x8020_0000_0000_0000;
    object.text("EventType", if audit { "AUDIT_SUCCESS" } else { "INFO" });
    object.number("SeverityValue", 2u8);
    object.text("Severity", "INFO");
    object.number("EventID", event.event_id);
    object.text("SourceName", event.provider);
    if let Some(guid) = event.guid {
        object.quoted("ProviderGuid", |out| escape::guid(out, guid));
    }
    if let Some(version) = event.version {
        object.number("Version", version);
    }
    object.number("Task", event.task);
    if let Some(opcode) = event.opcode {
        object.number("OpcodeValue", opcode);
    }
    object.number("RecordNumber", event.record_id);
    if let Some((process, thread)) = event.process {
        object.number("ExecutionProcessID", process);
        object.number("ExecutionThreadID", thread);
    }
    object.text("Channel", event.channel);
    if let Some(user) = event.user {
        object.quoted("UserID", |out| escape::sid(out, user));
    }
    object.text("Message", &message_of(event));
    named_data(object, event);
    object.quoted("EventReceivedTime", time);
    object.text("SourceModuleName", "eventlog");
    object.text("SourceModuleType", "im_msvistalog");
}

/// Security-Datasets: few members about the event, everything else a string.
fn security_datasets(object: &mut Object<'_>, event: &EventSpec<'_>) {
    object.text("SourceName", event.provider);
    object.quoted("TimeCreated", |out| Clock::new(event.time).iso(out, b' ', 3));
    object.text("Hostname", event.computer);
    object.quoted("Task", |out| escape::decimal(out, event.task.into(), 1));
    named_data(object, event);
    object.text("Channel", event.channel);
    object.text("Message", &message_of(event));
    object.number("EventID", event.event_id);
}

fn named_data(object: &mut Object<'_>, event: &EventSpec<'_>) {
    for datum in event.data {
        if let Some(name) = datum.name {
            object.datum(name, &datum.value);
        }
    }
}

/// Writes a document, which must be compact and valid, over several lines.
pub(super) fn pretty(out: &mut Vec<u8>, compact: &[u8], depth: usize) {
    let mut depth = depth;
    let line = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        out.extend(std::iter::repeat_n(b' ', 2 * depth));
    };
    let mut at = 0;
    while let Some(&byte) = compact.get(at) {
        let empty = matches!(compact.get(at + 1), Some(b'}' | b']'));
        match byte {
            b'"' => {
                let end = string_end(compact, at);
                out.extend_from_slice(&compact[at..end]);
                at = end;
                continue;
            }
            b'{' | b'[' if !empty => {
                depth += 1;
                out.push(byte);
                line(out, depth);
            }
            b'{' | b'[' => {
                out.push(byte);
                out.extend(compact.get(at + 1));
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                line(out, depth);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                line(out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            _ => out.push(byte),
        }
        at += 1;
    }
}

fn string_end(text: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::evtx_writer::Datum;

    fn events(check: impl Fn(&EventSpec<'_>)) {
        let user = "S-1-5-18".parse().unwrap();
        let named = |name, value| Datum { name: Some(name), value };
        let unnamed = |value| Datum { name: None, value };
        let security = [
            named("SubjectUserSid", Value::Sid(&user)),
            named("CommandLine", Value::Text("msiexec /i \"http://x/\u{e9}.msi\"\n\\")),
            named("NewProcessId", Value::Hex(16)),
            named("Number", Value::Unsigned(7)),
            named("Nothing", Value::Null),
        ];
        check(&EventSpec { data: &security, user: Some(&user), ..EventSpec::default() });
        let installer = [unnamed(Value::Text("https://x.example/a.msi")), unnamed(Value::Text(""))];
        check(&EventSpec {
            provider: "MsiInstaller",
            guid: None,
            event_id: 1040,
            qualifiers: Some(0),
            version: None,
            opcode: None,
            process: None,
            channel: "Application",
            data: &installer,
            ..EventSpec::default()
        });
        check(&EventSpec { data: &[], ..EventSpec::default() });
    }

    #[test]
    fn every_record_is_json_of_the_same_meaning_whatever_is_escaped() {
        for exporter in Exporter::ALL {
            events(|event| {
                let mut least = Vec::new();
                write(&mut least, event, exporter, Escapes::Least);
                let expected: serde_json::Value = serde_json::from_slice(&least).unwrap();
                for escapes in Escapes::ALL {
                    let mut out = Vec::new();
                    write(&mut out, event, exporter, escapes);
                    let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
                    assert_eq!(value, expected, "{exporter:?} {escapes:?}");
                    let mut indented = Vec::new();
                    pretty(&mut indented, &out, 0);
                    let value: serde_json::Value = serde_json::from_slice(&indented).unwrap();
                    assert_eq!(value, expected, "{exporter:?} {escapes:?}, pretty");
                    assert!(!out.contains(&b'\n') && indented.contains(&b'\n'));
                }
            });
        }
    }

    #[test]
    fn shapes() {
        events(|event| {
            let read = |exporter| -> serde_json::Value {
                let mut out = Vec::new();
                write(&mut out, event, exporter, Escapes::Least);
                serde_json::from_slice(&out).unwrap()
            };
            let dump = read(Exporter::EvtxDump);
            let id = &dump["Event"]["System"]["EventID"];
            assert_eq!(id.get("#text").unwrap_or(id), event.event_id);
            assert_eq!(
                dump["Event"]["System"]["TimeCreated"]["#attributes"]["SystemTime"],
                "2020-01-01T00:00:00.000000Z"
            );
            let source = &read(Exporter::Elastic)["_source"];
            assert_eq!(*source, read(Exporter::Winlogbeat));
            assert_eq!(source["winlog"]["event_id"], event.event_id.to_string());
            assert_eq!(read(Exporter::NxLog)["EventTime"], "2020-01-01 00:00:00");
            assert_eq!(read(Exporter::SecurityDatasets)["TimeCreated"], "2020-01-01 00:00:00.000");
            if event.event_id == 1040 {
                assert_eq!(
                    dump["Event"]["EventData"]["Data"]["#text"][0],
                    "https://x.example/a.msi"
                );
                assert_eq!(source["winlog"]["event_data"]["param1"], "https://x.example/a.msi");
            } else if !event.data.is_empty() {
                for value in [
                    &dump["Event"]["EventData"]["CommandLine"],
                    &source["winlog"]["event_data"]["CommandLine"],
                    &read(Exporter::NxLog)["CommandLine"],
                    &read(Exporter::SecurityDatasets)["CommandLine"],
                ] {
                    assert_eq!(*value, "msiexec /i \"http://x/\u{e9}.msi\"\n\\");
                }
            }
        });
    }
}
