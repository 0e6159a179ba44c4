//! `WinEventLog` text: a date line, `Key=value` lines, `Message=` and its labelled lines.

use std::borrow::Cow;

use super::xml::clean;
use super::{DecodeContext, DecodeError, time};
use crate::event::{Event, Format, Metadata, RawFields};
use crate::reading::Accommodation;

/// The keys one of which follows the date line. `Type` is none of them: host monitor text has it.
const HEADER_KEYS: [&str; 14] = [
    "LogName",
    "SourceName",
    "EventCode",
    "EventType",
    "ComputerName",
    "User",
    "Sid",
    "SidType",
    "TaskCategory",
    "Category",
    "OpCode",
    "RecordNumber",
    "Keywords",
    "Message",
];

/// The labels of event 4688, any of which ends a command line that runs over several lines.
const PROCESS_LABELS: [&str; 15] = [
    "Subject",
    "Creator Subject",
    "Target Subject",
    "Security ID",
    "Account Name",
    "Account Domain",
    "Logon ID",
    "Process Information",
    "New Process ID",
    "New Process Name",
    "Token Elevation Type",
    "Mandatory Label",
    "Creator Process ID",
    "Creator Process Name",
    "Process Command Line",
];

/// The paragraphs that follow the labels of event 4688 after a blank line.
const PROCESS_PARAGRAPHS: [&str; 4] =
    ["Token Elevation Type indicates", "Type 1 is ", "Type 2 is ", "Type 3 is "];

/// The field whose value may run on.
const COMMAND_LINE: &str = "Process_Command_Line";

/// How long a date line may be, its line end and the NULs before it included.
const DATE_LINE_LIMIT: usize = 128;

/// Whether an event starts at `at`, which must be a line start: a date line, then a header line.
pub(super) fn starts_event(text: &[u8], at: usize) -> bool {
    date_line(text, at).is_some_and(|next| {
        let line = &text[next..];
        HEADER_KEYS.iter().any(|key| {
            line.strip_prefix(key.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'='))
        })
    })
}

/// Where the line after the date line at `at` starts, if there is a date line.
fn date_line(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    if !rest.first()?.is_ascii_digit() {
        return None;
    }
    let line = &rest[..rest.len().min(DATE_LINE_LIMIT)];
    let end = memchr::memchr(b'\n', line)?;
    is_date(trim_line(&line[..end])).then_some(at + end + 1)
}

/// A line without the NULs, blanks and CR at its end.
fn trim_line(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|b| !matches!(b, b'\r' | b' ' | b'\t' | 0));
    &line[..end.map_or(0, |end| end + 1)]
}

/// `MM/DD/YYYY HH:MM:SS[.fff][ AM|PM]`
fn is_date(line: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit) && !text.is_empty();
    let mut words = line.split(|&b| b == b' ').filter(|word| !word.is_empty());
    let (Some(date), Some(clock)) = (words.next(), words.next()) else { return false };
    let date: Vec<_> = date.splitn(4, |&b| b == b'/').collect();
    let [month, day, year] = date[..] else { return false };
    let clock: Vec<_> = clock.splitn(4, |&b| b == b':').collect();
    let [hour, minute, second] = clock[..] else { return false };
    let second_is_one = match second.iter().position(|&b| matches!(b, b'.' | b',')) {
        Some(point) => point == 2 && digits(&second[..2]) && digits(&second[3..]),
        None => second.len() == 2 && digits(second),
    };
    let half = words.next();
    (1..=2).contains(&month.len())
        && (1..=2).contains(&day.len())
        && year.len() == 4
        && (1..=2).contains(&hour.len())
        && minute.len() == 2
        && [month, day, year, hour, minute].iter().all(|part| digits(part))
        && second_is_one
        && half
            .is_none_or(|half| half.eq_ignore_ascii_case(b"AM") || half.eq_ignore_ascii_case(b"PM"))
        && words.next().is_none()
}

/// Decodes one event.
///
/// # Errors
/// When the text has no header: neither a date line nor a `Key=value` line.
pub fn decode<'t>(raw: &'t [u8], context: &DecodeContext) -> Result<Event<'t>, DecodeError> {
    // CRLF is one line end for fields (SPLUNK.md, decisions).
    let text = String::from_utf8_lossy(raw).replace("\r\n", "\n");
    let first_line = text.lines().next().unwrap_or_default();
    let time = time::parse(first_line, &context.timezone);
    let (header, message) = split_message(&text, context);
    let mut fields = RawFields::default();
    if let Some(message) = message {
        fields.push("Message", trim_nul(message));
    }
    header_fields(header, &mut fields);
    if fields.is_empty() && time.is_none() {
        return Err(DecodeError(Cow::Borrowed("there is neither a date line nor a header")));
    }
    if let Some(message) = message {
        let runs_on = context.reading.has(Accommodation::MultilineValue)
            && fields.first("EventCode") == Some("4688");
        label_fields(message, runs_on, &mut fields);
    }
    let own = |name: &str| fields.first(name).map(str::to_owned);
    let channel = own("LogName");
    Ok(Event {
        format: Format::Classic,
        raw: Cow::Borrowed(raw),
        meta: Metadata {
            time,
            host: own("ComputerName"),
            source: channel.as_ref().map(|channel| format!("WinEventLog:{channel}")),
            sourcetype: Some("WinEventLog".to_owned()),
            index: None,
        },
        provider: own("SourceName"),
        data: Vec::new(),
        event_id: fields.first("EventCode").and_then(|id| id.trim().parse().ok()),
        record: fields.first("RecordNumber").and_then(|record| record.trim().parse().ok()),
        channel,
        fields,
    })
}

/// The header, and what follows `Message=`: the first line that starts so, or strictly the last.
fn split_message<'t>(text: &'t str, context: &DecodeContext) -> (&'t str, Option<&'t str>) {
    const START: &[u8] = b"\nMessage=";
    let at = if context.reading.has(Accommodation::MessageStart) {
        memchr::memmem::find(text.as_bytes(), START)
    } else {
        memchr::memmem::rfind(text.as_bytes(), START)
    };
    match at {
        Some(at) => (&text[..at], Some(&text[at + START.len()..])),
        None => (text, None),
    }
}

fn header_fields(header: &str, fields: &mut RawFields) {
    for line in header.lines() {
        if let Some((key, value)) = line.split_once('=') {
            let key = clean(key);
            if !key.is_empty() {
                fields.push(key, trim_nul(value));
            }
        }
    }
}

fn trim_nul(value: &str) -> &str {
    value.trim_end_matches(['\0', '\r'])
}

/// `\n([^:\n\r]+):[ \t]++([^\n]*)`, each match a field.
fn label_fields(message: &str, runs_on: bool, fields: &mut RawFields) {
    // The sentence before the first line end is not a field.
    let Some((_, body)) = message.split_once('\n') else { return };
    let mut at = 0;
    while at < body.len() {
        let rest = &body[at..];
        let (line, _) = rest.split_once('\n').unwrap_or((rest, ""));
        let mut end = line.len();
        if let Some((label, value)) = line.split_once(':')
            && !label.is_empty()
            && !label.contains('\r')
            && value.starts_with([' ', '\t'])
        {
            let start = end - value.trim_start_matches([' ', '\t']).len();
            let name = clean(label);
            if runs_on && name == COMMAND_LINE {
                end = start + command_line_end(&rest[start..]);
            }
            if !name.is_empty() {
                fields.push(name, trim_nul(&rest[start..end]));
            }
        }
        at += end + 1;
    }
}

/// How long the command line is that starts here: up to the next known label, or a blank line
/// before a known paragraph or before the end.
fn command_line_end(text: &str) -> usize {
    let mut end = 0;
    let mut at = 0;
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 && (is_process_label(line) || (end < at.max(1) - 1 && is_paragraph(line))) {
            break;
        }
        at += line.len() + 1;
        if number == 0 || !line.trim().is_empty() {
            end = at - 1;
        }
    }
    end
}

fn is_process_label(line: &str) -> bool {
    line.split_once(':').is_some_and(|(label, value)| {
        PROCESS_LABELS.contains(&label.trim())
            && (value.is_empty() || value.starts_with([' ', '\t', '\r']))
    })
}

fn is_paragraph(line: &str) -> bool {
    PROCESS_PARAGRAPHS.iter().any(|paragraph| line.starts_with(paragraph))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::reading::Reading;

    fn read(text: &str, reading: Reading) -> Event<'_> {
        let context = DecodeContext { reading, timezone: TimeZone::UTC };
        decode(text.as_bytes(), &context).expect("an event")
    }

    fn values(text: &str, reading: Reading, name: &str) -> Vec<String> {
        read(text, reading).fields.all(name).map(str::to_owned).collect()
    }

    const PROCESS: &str = "09/20/2016 06:45:24 PM\nLogName=Security\nSourceName=S\nEventCode=4688\n\
        ComputerName=h\0\nRecordNumber=13371\0\nMessage=A new process has been created.\r\n\r\n\
        Subject:\r\n\tAccount Name:\t\ta\r\n\tAccount Name:\t\tb\r\n\r\nProcess Information:\r\n\
        \tNew Process Name:\tC:\\p.exe\r\n\tProcess Command Line:\tcmd /c \"x\r\ny: z\r\n\r\nw\"\r\n\
        \r\nToken Elevation Type indicates the type: of token.\r\n\r\nMessage=no";

    #[test]
    fn fields() {
        for reading in [Reading::AS_MEANT, Reading::STRICT.with(Accommodation::MessageStart, true)]
        {
            let all = |name| values(PROCESS, reading, name);
            assert_eq!(all("LogName"), ["Security"]);
            assert_eq!(all("ComputerName"), ["h"]);
            assert_eq!(all("Account_Name"), ["a", "b"]);
            assert_eq!(all("New_Process_Name"), ["C:\\p.exe"]);
            assert_eq!(all("Subject"), [""; 0]);
        }
        let event = read(PROCESS, Reading::AS_MEANT);
        assert_eq!(event.meta.time, "2016-09-20T18:45:24Z".parse().ok());
        assert_eq!(event.meta.host.as_deref(), Some("h"));
        assert_eq!(event.meta.source.as_deref(), Some("WinEventLog:Security"));
        assert_eq!((event.event_id, event.record), (Some(4688), Some(13371)));
        assert_eq!(event.raw, PROCESS.as_bytes());
    }

    #[test]
    fn a_command_line_may_run_on() {
        let meant = |name| values(PROCESS, Reading::AS_MEANT, name);
        assert_eq!(meant("Process_Command_Line"), ["cmd /c \"x\ny: z\n\nw\""]);
        assert_eq!(meant("y"), [""; 0]);
        let one_line = Reading::AS_MEANT.with(Accommodation::MultilineValue, false);
        assert_eq!(values(PROCESS, one_line, "Process_Command_Line"), ["cmd /c \"x"]);
        assert_eq!(values(PROCESS, one_line, "y"), ["z"]);
    }

    #[test]
    fn where_a_command_line_ends() {
        for (text, expected) in [
            ("a", "a"),
            ("a\n", "a"),
            ("a\n\n\n", "a"),
            ("a\nb", "a\nb"),
            ("a\n\tCreator Process ID:\t0x1\nb", "a"),
            ("a\n\nType 1 is a full token\nb", "a"),
            ("a\nType 1 is a full token\nb", "a\nType 1 is a full token\nb"),
            ("a\n\nb\n\nToken Elevation Type indicates", "a\n\nb"),
            ("\nToken Elevation Type:\t1", ""),
        ] {
            assert_eq!(&text[..command_line_end(text)], expected, "{text:?}");
        }
    }

    #[test]
    fn the_message_starts_at_the_first_or_strictly_the_last_line() {
        let text = "01/02/2020 01:00:00 AM\nLogName=A\nMessage=x\nMessage=y\nMessage=z";
        assert_eq!(values(text, Reading::AS_MEANT, "Message"), ["x\nMessage=y\nMessage=z"]);
        assert_eq!(values(text, Reading::STRICT, "Message"), ["z", "x", "y"]);
    }

    #[test]
    fn starts() {
        for (text, expected) in [
            ("01/02/2020 01:00:00 AM\nLogName=A", true),
            ("01/02/2020 13:00:00\r\nLogName=A", true),
            ("1/2/2020 13:00:00.250 \0\0\r\nEventCode=1", true),
            ("01/02/2020 01:00:00 AM\nlogname=A", false),
            ("01/02/2020 01:00:00 XM\nLogName=A", false),
            ("01/02/2020 01:00:00 AM", false),
            ("01/02/20 01:00:00 AM\nLogName=A", false),
            ("01/02/2020 01:00 AM\nLogName=A", false),
            ("01/02/2020 01:00:0x AM\nLogName=A", false),
        ] {
            assert_eq!(starts_event(text.as_bytes(), 0), expected, "{text:?}");
        }
    }
}
