//! JSON: envelopes around events, and event records.
//!
//! An envelope's inner text (`_raw`, the string `event` of the HTTP event collector) is read as
//! its own format; time, host, source, sourcetype and index come from the envelope. A record is
//! read into a [`WindowsEvent`] and then as the XML that Windows renders of it, or strictly, as
//! its own JSON text with the fields that Splunk extracts from it by itself.

mod flatten;
pub(crate) mod framing;
mod record;
mod sourcetype;
mod value;

use std::borrow::Cow;

use self::framing::{Scan, Wrapper};
use self::value::Value;
use super::windows::WindowsEvent;
use super::{DecodeContext, DecodeError, plain, text, time, xml};
use crate::event::{Event, Format, Metadata};
use crate::reading::Accommodation;

/// How many envelopes may lie around an event.
const ENVELOPE_LIMIT: usize = 8;

/// Decodes every event of a document: of a list of results each element, of anything else one,
/// of an empty object none.
pub fn decode_each(
    raw: &[u8],
    context: &DecodeContext,
    visit: &mut dyn FnMut(Result<Event<'static>, DecodeError>),
) {
    each_object(raw, &mut |object| visit(object.and_then(|raw| decode_one(raw, context, 0))));
}

/// Decodes every event of a document under two readings, as [`decode_each`] under each, but parses
/// it once.
pub fn decode_each_twice(
    raw: &[u8],
    contexts: [&DecodeContext; 2],
    visit: &mut dyn FnMut([Result<Event<'static>, DecodeError>; 2]),
) {
    each_object(raw, &mut |object| match object.and_then(|raw| Ok((raw, parse_object(raw)?))) {
        Ok((raw, value)) => {
            visit(contexts.map(|context| Decoder { context }.object(&value, raw, 0)));
        }
        Err(error) => visit([Err(error.clone()), Err(error)]),
    });
}

/// Calls `visit` with each object of a document that holds an event.
fn each_object<'t>(raw: &'t [u8], visit: &mut dyn FnMut(Result<&'t [u8], DecodeError>)) {
    let start = framing::skip_space(raw, 0);
    let list = match framing::wrapper(raw, start) {
        Wrapper::List { at, .. } => Some(at),
        Wrapper::No | Wrapper::Open => (raw.get(start) == Some(&b'[')).then_some(start + 1),
    };
    let Some(mut at) = list else {
        if !framing::is_marker(raw.trim_ascii()) {
            visit(Ok(raw));
        }
        return;
    };
    loop {
        at = framing::skip_space(raw, at);
        match raw.get(at) {
            Some(b',') => at += 1,
            Some(b']') => return,
            _ => {
                let Scan::Complete(end) = framing::scan_value(raw, at) else {
                    visit(Err(DecodeError(Cow::Borrowed("the list of events is broken"))));
                    return;
                };
                visit(Ok(&raw[at..end]));
                at = end;
            }
        }
    }
}

/// Decodes the first event of a document.
///
/// # Errors
/// When the text is no JSON, or holds no event.
pub fn decode(raw: &[u8], context: &DecodeContext) -> Result<Event<'static>, DecodeError> {
    let mut first = None;
    decode_each(raw, context, &mut |event| {
        first.get_or_insert(event);
    });
    first.unwrap_or(Err(DecodeError(Cow::Borrowed("there is no event in this object"))))
}

/// Decodes the event whose text, in an index, is this object.
///
/// # Errors
/// When the text is no JSON object.
pub(super) fn decode_stored(
    raw: &[u8],
    context: &DecodeContext,
) -> Result<Event<'static>, DecodeError> {
    // The index is the envelope.
    decode_one(raw, context, 1)
}

/// Decodes an object that holds one event.
fn decode_one(
    raw: &[u8],
    context: &DecodeContext,
    envelopes: usize,
) -> Result<Event<'static>, DecodeError> {
    Decoder { context }.object(&parse_object(raw)?, raw, envelopes)
}

fn parse_object(raw: &[u8]) -> Result<Value, DecodeError> {
    let value = Value::parse(raw)?;
    if !value.is_object() {
        return Err(DecodeError(Cow::Borrowed("this is not a JSON object")));
    }
    Ok(value)
}

struct Decoder<'c> {
    context: &'c DecodeContext,
}

impl Decoder<'_> {
    /// `raw` is the object's own text.
    fn object(
        &self,
        value: &Value,
        raw: &[u8],
        envelopes: usize,
    ) -> Result<Event<'static>, DecodeError> {
        if envelopes >= ENVELOPE_LIMIT {
            return Err(DecodeError(Cow::Borrowed("there are too many envelopes in one another")));
        }
        let inner = envelopes + 1;
        if let Some(result) = export_row(value) {
            return self.object(result, member(raw, "result"), inner);
        }
        if let Some(source) = value.get("_source").filter(|source| source.is_object()) {
            return self.object(source, raw, inner);
        }
        if let Some(text) = value.scalar_at("_raw") {
            return Ok(overlay(self.text(text, inner), self.envelope(value, "_time")));
        }
        if is_collector_envelope(value) {
            let envelope = self.envelope(value, "time");
            let event = match value.get("event") {
                Some(event @ Value::Object(_)) => {
                    self.object(event, member(raw, "event"), inner)?
                }
                Some(Value::Text(text)) => self.text(text.clone(), inner),
                _ => return Err(DecodeError(Cow::Borrowed("the envelope holds no event"))),
            };
            return Ok(overlay(event, envelope));
        }
        match record::read(value, &self.context.timezone) {
            Some(record) => self.record(&record, raw),
            None => Ok(self.unknown(value, raw)),
        }
    }

    /// What an envelope says. Of a multivalue field the first value counts.
    fn envelope(&self, value: &Value, time_key: &str) -> Metadata {
        Metadata {
            time: value
                .scalar_at(time_key)
                .and_then(|text| time::parse_or_epoch(&text, &self.context.timezone)),
            host: value.scalar_at("host"),
            source: value.scalar_at("source"),
            sourcetype: value.scalar_at("sourcetype"),
            index: value.scalar_at("index"),
        }
    }

    /// The event that an envelope holds as text, in whatever format. Text in none is an event
    /// without fields.
    fn text(&self, text: String, envelopes: usize) -> Event<'static> {
        let raw = text.as_bytes();
        let event = match text::sniff_event(raw) {
            Some(Format::Json) => decode_one(raw, self.context, envelopes).ok(),
            Some(format) => super::decode(raw, format, self.context).ok().map(into_owned),
            None => None,
        };
        event.unwrap_or_else(|| plain(Cow::Owned(text.into_bytes())))
    }

    fn record(&self, record: &WindowsEvent, raw: &[u8]) -> Result<Event<'static>, DecodeError> {
        if self.context.reading.has(Accommodation::DecodedRecord) {
            let rendered = record.to_xml();
            return xml::decode(rendered.as_bytes(), self.context).map(into_owned);
        }
        let number = |text: &Option<String>| text.as_ref().and_then(|text| text.parse().ok());
        Ok(Event {
            data: Vec::new(),
            format: Format::Json,
            raw: Cow::Owned(raw.to_vec()),
            meta: Metadata {
                time: record.system_time,
                host: record.computer.clone(),
                ..Metadata::default()
            },
            fields: flatten::flatten(raw),
            channel: record.channel.clone(),
            provider: record.provider.clone(),
            event_id: number(&record.event_id).and_then(|id: u64| u32::try_from(id).ok()),
            record: number(&record.record_id),
        })
    }

    /// An object that is no record of Windows is its own text.
    fn unknown(&self, value: &Value, raw: &[u8]) -> Event<'static> {
        const TIMES: [&str; 7] =
            ["_time", "@timestamp", "EventTime", "TimeCreated", "timestamp", "time", "Time"];
        const HOSTS: [&str; 5] = ["Hostname", "Computer", "ComputerName", "host", "host.name"];
        let mut fields = flatten::flatten(raw);
        let shape = sourcetype::of(value);
        for name in shape.map_or(&[][..], |shape| shape.texts) {
            let text = member(raw, name);
            if text.first() == Some(&b'{') {
                fields.push(name, String::from_utf8_lossy(text));
            }
        }
        let time = || {
            let text = value.first_of(&TIMES)?;
            time::parse_or_epoch(&text, &self.context.timezone)
        };
        let meta = Metadata {
            time: shape.and_then(|shape| shape.time(value)).or_else(time),
            host: shape.and_then(|shape| shape.host(value)).or_else(|| value.first_of(&HOSTS)),
            sourcetype: shape.map(|shape| shape.sourcetype.to_owned()),
            ..Metadata::default()
        };
        Event {
            data: Vec::new(),
            format: Format::Json,
            raw: Cow::Owned(raw.to_vec()),
            meta,
            fields,
            channel: None,
            provider: None,
            event_id: None,
            record: None,
        }
    }
}

/// The row of an export: `{"preview":false,"offset":0,"result":{..}}`.
fn export_row(value: &Value) -> Option<&Value> {
    let result = value.get("result").filter(|result| result.is_object())?;
    let is_export = ["preview", "offset", "lastrow"].iter().any(|key| value.get(key).is_some());
    (is_export || result.get("_raw").is_some()).then_some(result)
}

/// Whether this is what the HTTP event collector takes. Elastic's documents have an `event` too.
fn is_collector_envelope(value: &Value) -> bool {
    let has = |keys: &[&str]| keys.iter().any(|key| value.get(key).is_some());
    match value.get("event") {
        Some(Value::Text(_)) => {
            has(&["time", "host", "source", "sourcetype", "index", "fields"])
                || value.members().len() == 1
        }
        Some(Value::Object(_)) => {
            has(&["time", "source", "sourcetype", "index", "fields"])
                && !has(&["winlog", "@timestamp", "ecs", "agent"])
        }
        _ => false,
    }
}

/// The text of a member's value; nothing when there is none.
fn member<'t>(object: &'t [u8], key: &str) -> &'t [u8] {
    let start = framing::skip_space(object, 0);
    let members = framing::Members::new(object, start);
    members
        .filter(|(name, _)| *name == key.as_bytes())
        .last()
        .map_or(&[], |(_, span)| &object[span])
}

/// What the envelope says wins over what the text says.
fn overlay(event: Event<'static>, envelope: Metadata) -> Event<'static> {
    Event { meta: envelope.or(event.meta.clone()), ..event }
}

fn into_owned(event: Event<'_>) -> Event<'static> {
    Event { raw: Cow::Owned(event.raw.into_owned()), ..event }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::reading::Reading;

    fn read(text: &str, reading: Reading) -> Vec<Event<'static>> {
        let context = DecodeContext { reading, timezone: TimeZone::UTC };
        let mut events = Vec::new();
        decode_each(text.as_bytes(), &context, &mut |event| events.push(event.expect("an event")));
        events
    }

    const CLASSIC: &str = "09/20/2016 06:45:16 PM\\nLogName=Security\\nEventCode=4688\\nComputerName=inner\\nMessage=m";

    #[test]
    fn envelopes_around_text() {
        for envelope in [
            r#"{"preview":false,"offset":0,"result":{"_raw":"RAW","_time":"2020-01-02 03:04:05.678 UTC","host":["outer","x"],"index":"i","source":"s","sourcetype":"st"}}"#,
            r#"{"_raw":"RAW","_time":1577934245.678,"host":"outer","index":"i","source":"s","sourcetype":"st"}"#,
            r#"{"time":"1577934245.678","host":"outer","index":"i","source":"s","sourcetype":"st","event":"RAW"}"#,
            r#"{"preview":false,"messages":[],"results":[{"_raw":"RAW","_time":"2020-01-02T03:04:05.678+00:00","host":"outer","index":"i","source":"s","sourcetype":"st"}]}"#,
        ] {
            let events = read(&envelope.replace("RAW", CLASSIC), Reading::AS_MEANT);
            let [event] = &events[..] else { panic!("one event in {envelope}") };
            assert_eq!(event.format, Format::Classic);
            assert_eq!(event.raw, CLASSIC.replace("\\n", "\n").as_bytes());
            assert_eq!(event.meta.time, "2020-01-02T03:04:05.678Z".parse().ok());
            assert_eq!(event.meta.host.as_deref(), Some("outer"));
            assert_eq!(event.meta.index.as_deref(), Some("i"));
            assert_eq!(event.meta.source.as_deref(), Some("s"));
            assert_eq!(event.event_id, Some(4688));
            assert_eq!(event.fields.first("ComputerName"), Some("inner"));
        }
    }

    #[test]
    fn an_envelope_that_says_nothing_leaves_what_the_text_says() {
        let events = read(&format!(r#"{{"event":"{CLASSIC}"}}"#), Reading::AS_MEANT);
        assert_eq!(events[0].meta.host.as_deref(), Some("inner"));
        assert_eq!(events[0].meta.time, "2016-09-20T18:45:16Z".parse().ok());
    }

    const RECORD: &str = r#"{"EventTime":"2020-08-06 01:20:11","Hostname":"h","host":"collector","EventID":4688,"Channel":"Security","RecordNumber":7,"CommandLine":"a \"<b>\" \\c"}"#;

    #[test]
    fn records_are_xml_as_meant() {
        for text in [
            RECORD.to_owned(),
            format!(r#"{{"_index":"x","_source":{RECORD}}}"#),
            format!(r#"{{"took":1,"hits":{{"total":1,"hits":[{{"_source":{RECORD}}}]}}}}"#),
            format!("[{RECORD}]"),
        ] {
            let events = read(&text, Reading::AS_MEANT);
            let [event] = &events[..] else { panic!("one event in {text}") };
            assert_eq!(event.format, Format::Xml);
            assert!(event.raw.starts_with(b"<Event xmlns="), "{text}");
            assert_eq!(event.fields.first("CommandLine"), Some("a \"<b>\" \\c"));
            assert_eq!(event.meta.host.as_deref(), Some("h"));
            assert_eq!(event.meta.source.as_deref(), Some("XmlWinEventLog:Security"));
            assert_eq!((event.event_id, event.record), (Some(4688), Some(7)));
        }
    }

    #[test]
    fn records_are_json_strictly() {
        let hec =
            format!(r#"{{"time":1,"host":"outer","sourcetype":"_json", "event" : {RECORD} }}"#);
        for (text, host) in [(RECORD, "h"), (&hec, "outer")] {
            let events = read(text, Reading::STRICT);
            assert_eq!(events[0].format, Format::Json);
            assert_eq!(events[0].raw, RECORD.as_bytes());
            assert_eq!(events[0].fields.first("CommandLine"), Some("a \"<b>\" \\c"));
            assert_eq!(events[0].meta.host.as_deref(), Some(host));
            assert_eq!((events[0].event_id, events[0].record), (Some(4688), Some(7)));
        }
    }

    #[test]
    fn what_is_no_event() {
        assert_eq!(read(r#"{"preview":false,"lastrow":true}"#, Reading::AS_MEANT), []);
        assert_eq!(read("{}", Reading::AS_MEANT), []);
        let unknown = read(r#"{"a":{"b":1},"time":1,"host":"h"}"#, Reading::AS_MEANT);
        assert_eq!(unknown[0].fields.first("a.b"), Some("1"));
        assert_eq!(unknown[0].meta.host.as_deref(), Some("h"));
        let plain = read(r#"{"_raw":"<13>sshd[1]: x","host":"h"}"#, Reading::AS_MEANT);
        assert_eq!(plain[0].raw, &b"<13>sshd[1]: x"[..]);
        let context = DecodeContext { reading: Reading::AS_MEANT, timezone: TimeZone::UTC };
        let mut nested = "{}".to_owned();
        for _ in 0..20 {
            nested = format!(r#"{{"_source":{nested}}}"#);
        }
        assert!(decode(nested.as_bytes(), &context).is_err());
        assert!(decode(b"{\"a\":", &context).is_err());
    }
}
