//! Events as classic `WinEventLog` text.

use super::escape::{self, Clock};
use super::evtx_writer::EventSpec;
use super::message;

/// How lines end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineEnds {
    /// All with a line feed.
    Lf,
    /// All with CRLF, a blank line between events.
    Crlf,
    /// As Splunk stores them: header lines with a line feed, message lines with CRLF.
    Mixed,
}

impl LineEnds {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Lf, Self::Crlf, Self::Mixed];

    fn header(self) -> &'static [u8] {
        if self == Self::Crlf { b"\r\n" } else { b"\n" }
    }

    fn message(self) -> &'static [u8] {
        if self == Self::Lf { b"\n" } else { b"\r\n" }
    }

    /// What stands between events beside the end of the last line.
    pub(super) fn between(self) -> &'static [u8] {
        if self == Self::Crlf { b"\r\n\r\n" } else { b"\n" }
    }
}

/// Writes one event, without an end of its last line.
pub(super) fn write(out: &mut Vec<u8>, event: &EventSpec<'_>, ends: LineEnds) {
    let newline = ends.header();
    Clock::new(event.time).american(out);
    text(out, newline, "LogName", event.channel);
    text(out, newline, "SourceName", source(event));
    number(out, newline, "EventCode", event.event_id);
    number(out, newline, "EventType", event.level);
    text(out, newline, "Type", level(event));
    text(out, newline, "ComputerName", event.computer);
    if let Some(user) = event.user {
        text(out, newline, "User", "NOT_TRANSLATED");
        key(out, newline, "Sid");
        escape::sid(out, user);
        text(out, newline, "SidType", "0");
    }
    text(out, newline, "TaskCategory", category(event));
    text(out, newline, "OpCode", if event.opcode.is_some() { "Info" } else { "None" });
    number(out, newline, "RecordNumber", event.record_id);
    text(out, newline, "Keywords", keywords(event));
    key(out, newline, "Message");
    message::write(out, event, ends.message());
}

fn key(out: &mut Vec<u8>, newline: &[u8], key: &str) {
    out.extend_from_slice(newline);
    out.extend_from_slice(key.as_bytes());
    out.push(b'=');
}

fn text(out: &mut Vec<u8>, newline: &[u8], name: &str, value: &str) {
    key(out, newline, name);
    out.extend_from_slice(value.as_bytes());
}

fn number(out: &mut Vec<u8>, newline: &[u8], name: &str, value: impl Into<u64>) {
    key(out, newline, name);
    escape::decimal(out, value.into(), 1);
}

/// The source as the event viewer names it.
fn source<'a>(event: &EventSpec<'a>) -> &'a str {
    match event.provider {
        "Microsoft-Windows-Security-Auditing" => "Microsoft Windows security auditing.",
        provider => provider,
    }
}

/// The name of the level; audits are information.
pub(super) fn level(event: &EventSpec<'_>) -> &'static str {
    match event.level {
        1 => "Critical",
        2 => "Error",
        3 => "Warning",
        _ => "Information",
    }
}

/// The name of the task.
pub(super) fn category(event: &EventSpec<'_>) -> &'static str {
    match (event.provider, event.task) {
        ("Microsoft-Windows-Security-Auditing", 13312) => "Process Creation",
        ("Microsoft-Windows-Security-Auditing", 12544) => "Logon",
        ("Microsoft-Windows-Sysmon", 1) => "Process Create (rule: ProcessCreate)",
        _ => "None",
    }
}

fn keywords(event: &EventSpec<'_>) -> &'static str {
    match event.keywords {
        0x8020_0000_0000_0000 => "Audit Success",
        0x8010_0000_0000_0000 => "Audit Failure",
        0x80_0000_0000_0000 => "Classic",
        _ => "None",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::evtx_writer::{Datum, Value};

    #[test]
    fn lines_and_their_ends() {
        let user = "S-1-5-18".parse().unwrap();
        let text = |text| Datum { name: None, value: Value::Text(text) };
        let event = EventSpec {
            provider: "Some Source",
            event_id: 7,
            level: 3,
            task: 0,
            opcode: None,
            keywords: 0x80_0000_0000_0000,
            time: "2019-03-19T13:05:42.9Z".parse().unwrap(),
            channel: "Application",
            computer: "User-PC",
            user: Some(&user),
            data: &[text("a"), text("b")],
            ..EventSpec::default()
        };
        let expected = "03/19/2019 01:05:42 PM|LogName=Application|SourceName=Some Source|EventCode=7|\
            EventType=3|Type=Warning|ComputerName=User-PC|User=NOT_TRANSLATED|Sid=S-1-5-18|SidType=0|\
            TaskCategory=None|OpCode=None|RecordNumber=1|Keywords=Classic|Message=~a~b";
        for (ends, header, message) in [
            (LineEnds::Lf, "\n", "\n"),
            (LineEnds::Crlf, "\r\n", "\r\n"),
            (LineEnds::Mixed, "\n", "\r\n"),
        ] {
            let mut out = Vec::new();
            write(&mut out, &event, ends);
            let expected = expected.replace('|', header).replace('~', message);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
