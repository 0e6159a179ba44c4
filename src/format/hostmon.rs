//! `WinHostMon` text: `Type=Process` and its `Key="value"` lines.

use std::borrow::Cow;

use super::xml::clean;
use super::{DecodeContext, DecodeError, time};
use crate::event::{Event, Format, Metadata, RawFields};

/// What a host monitor reports on. Classic text has `Type=` lines too, with other values.
const TYPES: [&str; 9] = [
    "Process",
    "Service",
    "Computer",
    "OperatingSystem",
    "Processor",
    "Disk",
    "NetworkAdapter",
    "Driver",
    "Roles",
];

/// How much of an event automatic key-value extraction reads (SPLUNK.md 5).
const CHARACTER_LIMIT: usize = 10_240;

/// How many fields automatic key-value extraction takes (SPLUNK.md 5).
const FIELD_LIMIT: usize = 100;

/// How long a leading time line may be.
const TIME_LINE_LIMIT: usize = 64;

/// Whether an event starts at `at`, which must be a line start: `Type=` and a known type, then a
/// `Key=` line; a time line may stand before it, and then that is the start.
pub(super) fn starts_event(text: &[u8], at: usize) -> bool {
    match time_line(text, at) {
        Some(next) => is_type_line(text, next),
        None => is_type_line(text, at) && !follows_time_line(text, at),
    }
}

/// Where the `Type=` line of the event at `at` starts.
pub(super) fn type_line(text: &[u8], at: usize) -> usize {
    time_line(text, at).unwrap_or(at)
}

fn is_type_line(text: &[u8], at: usize) -> bool {
    let Some(rest) = text.get(at..).and_then(|rest| rest.strip_prefix(b"Type=")) else {
        return false;
    };
    let value = rest.strip_prefix(b"\"").unwrap_or(rest);
    let tail = TYPES.iter().find_map(|name| {
        let tail = value.strip_prefix(name.as_bytes())?;
        let tail = tail.strip_prefix(b"\"").unwrap_or(tail);
        tail.strip_prefix(b"\r\n").or_else(|| tail.strip_prefix(b"\n"))
    });
    // A boundary must not depend on what follows the next one.
    tail.is_some_and(|next| is_key_line(next) && !next.starts_with(b"Type="))
}

/// Whether the line that starts here is `Key=`.
fn is_key_line(line: &[u8]) -> bool {
    let key =
        line.iter().take(64).take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b' '));
    let length = key.count();
    length > 0 && line.get(length) == Some(&b'=')
}

/// Where the line after the time line at `at` starts, if there is a time line.
fn time_line(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..).filter(|rest| rest.first().is_some_and(u8::is_ascii_digit))?;
    let end = memchr::memchr(b'\n', &rest[..rest.len().min(TIME_LINE_LIMIT)])?;
    let line = std::str::from_utf8(&rest[..end]).ok()?;
    time::parse(line, &jiff::tz::TimeZone::UTC).map(|_| at + end + 1)
}

/// Whether the line before `at` is a time line.
fn follows_time_line(text: &[u8], at: usize) -> bool {
    let Some(before) = text[..at].strip_suffix(b"\n") else { return false };
    // NULs may stand before a line and at its end.
    let before = &before[before.len().saturating_sub(TIME_LINE_LIMIT)..];
    let padding = before.iter().rev().take_while(|b| b.is_ascii_whitespace() || **b == 0).count();
    let line = &before[..before.len() - padding];
    let length = line.iter().rev().take_while(|b| !matches!(b, b'\n' | 0)).count();
    time_line(text, at - 1 - padding - length) == Some(at)
}

/// Decodes one event.
///
/// # Errors
/// When there is no `Key=value` line.
pub fn decode<'t>(raw: &'t [u8], context: &DecodeContext) -> Result<Event<'t>, DecodeError> {
    let text = String::from_utf8_lossy(raw);
    let end = text.char_indices().nth(CHARACTER_LIMIT).map_or(text.len(), |(at, _)| at);
    let mut fields = RawFields::default();
    let pairs = text[..end].lines().filter_map(|line| line.split_once('='));
    for (key, value) in pairs.take(FIELD_LIMIT) {
        let key = clean(key.trim());
        if !key.is_empty() {
            fields.push(key, unquote(value));
        }
    }
    if fields.is_empty() {
        return Err(DecodeError(Cow::Borrowed("there is no Key=value line")));
    }
    let own = |name: &str| fields.first(name).map(str::to_owned);
    Ok(Event {
        format: Format::HostMon,
        raw: Cow::Borrowed(raw),
        meta: Metadata {
            // `StartTime` is the process's, not the event's (SPLUNK.md 6).
            time: text.lines().next().and_then(|line| time::parse(line, &context.timezone)),
            host: own("Host").or_else(|| own("ComputerName")),
            source: own("Type").map(|kind| kind.to_ascii_lowercase()),
            sourcetype: Some("WinHostMon".to_owned()),
            index: None,
        },
        channel: None,
        provider: None,
        event_id: None,
        record: None,
        data: Vec::new(),
        fields,
    })
}

/// A value without the blanks around it and the quotes around all of it. There are no escapes.
fn unquote(value: &str) -> &str {
    let value = value.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\0');
    let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    inner.unwrap_or(value).trim_ascii()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::reading::Reading;

    fn read(text: &str) -> Event<'_> {
        let context = DecodeContext { reading: Reading::AS_MEANT, timezone: TimeZone::UTC };
        decode(text.as_bytes(), &context).expect("an event")
    }

    #[test]
    fn fields_and_metadata() {
        let event = read(
            "Type=Process\r\nName=\"msiexec.exe\"\r\nProcessId=12\r\n\
             CommandLine=\" \"C:\\a b.exe\" /i x=y \"\r\nHost=\"h\"\r\nPath=\"\"\r\nStartTime=1",
        );
        assert_eq!(event.fields.first("Name"), Some("msiexec.exe"));
        assert_eq!(event.fields.first("ProcessId"), Some("12"));
        assert_eq!(event.fields.first("CommandLine"), Some("\"C:\\a b.exe\" /i x=y"));
        assert_eq!(event.fields.first("Path"), None);
        assert_eq!(event.meta.host.as_deref(), Some("h"));
        assert_eq!(event.meta.source.as_deref(), Some("process"));
        assert_eq!(event.meta.time, None);
        let event = read("2020-01-02 03:04:05\nType=Process\nName=x");
        assert_eq!(event.meta.time, "2020-01-02T03:04:05Z".parse().ok());
    }

    #[test]
    fn limits_are_those_of_automatic_extraction() {
        let many: String = (0..200).map(|n| format!("k{n}=v\n")).collect();
        assert_eq!(read(&many).fields.iter().count(), FIELD_LIMIT);
        let long = format!("a={}\nb=c", "x".repeat(CHARACTER_LIMIT));
        assert_eq!(read(&long).fields.first("b"), None);
    }

    #[test]
    fn starts() {
        let text = b"Type=Process\nName=\"a\"\nType=Process\r\nName=\"b\"\n\n2020-01-02 03:04:05\nType=\"Service\"\nName=c";
        let starts: Vec<_> = (0..text.len())
            .filter(|&at| at == 0 || text[at - 1] == b'\n')
            .filter(|&at| starts_event(text, at))
            .collect();
        assert_eq!(starts, [0, 22, 46]);
        assert!(!starts_event(b"Type=Information\nComputerName=x", 0));
        assert!(!starts_event(b"Type=Process\n\nName=x", 0));
        assert!(!starts_event(b"Type=Processes\nName=x", 0));
    }
}
