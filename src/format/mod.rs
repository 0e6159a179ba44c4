//! Formats: where an event starts and ends in the bytes, and what its text says.
//!
//! One file a format. None of them knows rules, plans or threads.

pub mod classic;
pub mod evtx;
pub mod hostmon;
pub mod json;
pub mod line;
pub mod text;
pub mod time;
pub mod windows;
pub mod xml;
mod xml_glance;

pub use xml_glance::Glance;

use std::borrow::Cow;

use jiff::tz::TimeZone;

use crate::event::{Event, Format, Metadata, RawFields};
use crate::reading::Reading;

/// What decoding needs beside the bytes.
#[derive(Debug, Clone)]
pub struct DecodeContext {
    /// Which accommodations are in force.
    pub reading: Reading,
    /// The zone of times that carry none.
    pub timezone: TimeZone,
}

/// Why an event could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DecodeError(pub Cow<'static, str>);

/// Decodes the event in `text`, whose span and format framing has told.
///
/// What it yields depends on [`DecodeContext::reading`] for `xml-text`, `message-start`,
/// `multiline-value` and `decoded-record`; the other accommodations work on the fields.
/// A JSON document that wraps several events gives the first one; [`decode_each`] gives all.
///
/// # Errors
/// When the text cannot be read as an event of that format.
pub fn decode<'t>(
    text: &'t [u8],
    format: Format,
    context: &DecodeContext,
) -> Result<Event<'t>, DecodeError> {
    match format {
        Format::Evtx | Format::Xml => xml::decode(text, context),
        Format::Classic => classic::decode(text, context),
        Format::HostMon => hostmon::decode(text, context),
        Format::Line => line::decode(text, context),
        Format::Json => json::decode(text, context),
        Format::Journal => Ok(plain(Cow::Borrowed(text))),
    }
}

/// An event of text that is in no format: it has no fields.
fn plain(raw: Cow<'_, [u8]>) -> Event<'_> {
    Event {
        format: Format::Json,
        raw,
        meta: Metadata::default(),
        fields: RawFields::default(),
        data: Vec::new(),
        channel: None,
        provider: None,
        event_id: None,
        record: None,
    }
}

/// The format of an event's text as an index holds it: told by the text, else by its source type
/// (SPLUNK.md 1.13). Text in none of them counts as JSON, which may hold anything.
#[must_use]
pub fn stored_format(raw: &[u8], sourcetype: Option<&str>) -> Format {
    let of_sourcetype = || {
        let name = sourcetype?.to_ascii_lowercase();
        let formats = [
            ("xmlwineventlog", Format::Xml),
            ("wineventlog", Format::Classic),
            ("winhostmon", Format::HostMon),
        ];
        formats.into_iter().find(|(start, _)| name.starts_with(start)).map(|(_, format)| format)
    };
    text::sniff_event(raw).or_else(of_sourcetype).unwrap_or(Format::Json)
}

/// Decodes the one event that an index holds as this text, under two readings. Text that is not of
/// its format is an event without fields.
#[must_use]
pub fn decode_stored<'t>(
    text: &'t [u8],
    format: Format,
    contexts: [&DecodeContext; 2],
) -> [Event<'t>; 2] {
    let events = match format {
        Format::Json => contexts.map(|context| json::decode_stored(text, context)),
        Format::Evtx | Format::Xml => xml::decode_twice(text, contexts),
        _ => contexts.map(|context| decode(text, format, context)),
    };
    events.map(|event| event.unwrap_or_else(|_| plain(Cow::Borrowed(text))))
}

/// Decodes every event in `text`: one, but for a JSON document that wraps several or none.
pub fn decode_each<'t>(
    text: &'t [u8],
    format: Format,
    context: &DecodeContext,
    visit: &mut dyn FnMut(Result<Event<'t>, DecodeError>),
) {
    match format {
        Format::Json => json::decode_each(text, context, &mut |event| visit(event)),
        _ => visit(decode(text, format, context)),
    }
}

/// What tells the kind of the event that is all of `text`, where that can be had without decoding
/// it.
#[must_use]
pub fn glance(text: &[u8], format: Format) -> Option<Glance<'_>> {
    match format {
        Format::Xml | Format::Evtx => xml_glance::read(text),
        _ => None,
    }
}

/// Decodes every event in `text` under two readings, as [`decode_each`] under each; what both have
/// in common is read once.
pub fn decode_each_twice<'t>(
    text: &'t [u8],
    format: Format,
    contexts: [&DecodeContext; 2],
    visit: &mut dyn FnMut([Result<Event<'t>, DecodeError>; 2]),
) {
    match format {
        Format::Json => json::decode_each_twice(text, contexts, &mut |events| visit(events)),
        Format::Evtx | Format::Xml => visit(xml::decode_twice(text, contexts)),
        _ => visit(contexts.map(|context| decode(text, format, context))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    /// One event of each shape.
    const EVENTS: [(&str, Format); 10] = [
        (
            "node=h type=USER_AUTH msg=audit(1.2:3): pid=1 msg='op=x acct=\"a b\" res=failed'",
            Format::Line,
        ),
        (
            "<13>Oct 11 22:14:15 h sshd[1]: Failed password for x from 192.0.2.1 port 22 ssh2",
            Format::Line,
        ),
        (
            "<Event xmlns='x'><System><Provider Name='P'/><EventID Qualifiers='0'>1</EventID>\
             <TimeCreated SystemTime='2020-01-02T03:04:05.678Z'/><Computer>h</Computer></System>\
             <EventData><Data Name='A'>&lt;&#65;</Data><Data>b</Data></EventData>\
             <RenderingInfo Culture='en'><Message>m</Message></RenderingInfo></Event>",
            Format::Xml,
        ),
        (
            "01/02/2020 03:04:05 AM\nLogName=Security\nEventCode=4688\nComputerName=h\nMessage=m\r\n\
             \r\nX:\r\n\tProcess Command Line:\ta\r\nb\r\n\tCreator Process ID:\t0x1\r\n\r\nType 1 is x",
            Format::Classic,
        ),
        ("Type=Process\nName=\"a\"\nCommandLine=\"b \"c\"\"\nHost=h", Format::HostMon),
        (
            r##"{"Event":{"System":{"EventID":{"#text":1},"Computer":"h"},"EventData":{"A":["1",null],"Data":{"#text":["x"]}},"UserData":{"x":{"y":"z"}}}}"##,
            Format::Json,
        ),
        (
            r#"{"@timestamp":"2020-01-02T03:04:05Z","event":{"code":"4688"},"winlog":{"event_id":4688,"computer_name":"h","event_data":{"param1":"x"},"user_data":{"a":1}},"process":{"pid":1}}"#,
            Format::Json,
        ),
        (
            r#"{"EventTime":"2020-01-02 03:04:05","Hostname":"h","EventID":4688,"Keywords":-1,"EventData":"<Data Name=\"a\">b</Data>"}"#,
            Format::Json,
        ),
        (
            r#"{"preview":false,"offset":0,"result":{"_raw":"Type=Process\nName=a","_time":"1577934245.678","host":["h","i"]}}"#,
            Format::Json,
        ),
        (
            r#"{"time":1577934245.678,"host":"h","event":{"EventID":1,"Channel":"c","a":{"b":[1]}}}"#,
            Format::Json,
        ),
    ];

    fn read(text: &[u8], format: Format) -> Vec<Vec<Result<Event<'_>, DecodeError>>> {
        let readings = [Reading::AS_MEANT, Reading::STRICT];
        let events = readings.map(|reading| {
            let context = DecodeContext { reading, timezone: TimeZone::UTC };
            let mut events = Vec::new();
            decode_each(text, format, &context, &mut |event| events.push(event));
            let first = events.first().cloned();
            assert_eq!(decode(text, format, &context).ok(), first.and_then(Result::ok));
            events
        });
        let contexts = readings.map(|reading| DecodeContext { reading, timezone: TimeZone::UTC });
        let mut twice = [Vec::new(), Vec::new()];
        decode_each_twice(text, format, [&contexts[0], &contexts[1]], &mut |[one, other]| {
            twice[0].push(one);
            twice[1].push(other);
        });
        assert_eq!(twice, events);
        events.into()
    }

    #[test]
    fn every_shape_is_one_event_with_a_host() {
        for (text, format) in EVENTS {
            for events in read(text.as_bytes(), format) {
                let [Ok(event)] = &events[..] else { panic!("{events:?} of {text}") };
                assert_eq!(event.meta.host.as_deref(), Some("h"), "{text}");
                assert!(!event.fields.is_empty(), "{text}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

        #[test]
        fn nothing_panics(
            event in proptest::sample::select(EVENTS.to_vec()),
            edits in proptest::collection::vec((any::<Index>(), 0..3usize, proptest::collection::vec(any::<u8>(), 0..3)), 0..6),
            format in proptest::sample::select(Format::ALL.to_vec()),
        ) {
            let mut text = event.0.as_bytes().to_vec();
            for (at, removed, added) in edits {
                let at = at.index(text.len());
                let end = text.len().min(at + removed);
                text.splice(at..end, added);
                if text.is_empty() {
                    text.push(b'{');
                }
            }
            for format in [event.1, format] {
                read(&text, format);
                if let Some(layout) = text::TextLayout::sniff(&text) {
                    for frame in layout.frames(&text, 0..text.len()).flatten() {
                        read(&text[frame.span], frame.format);
                    }
                }
            }
        }

        #[test]
        fn random_bytes_do_not_panic(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            for format in Format::ALL {
                read(&text, format);
            }
        }
    }
}
