//! Process creations as `WinHostMon` text.
//!
//! A host monitor lists the processes that run; of the events here only those that start one have
//! anything to say in it.

use super::escape::{self, Clock};
use super::evtx_writer::{EventSpec, Value};

/// Where an event names the process that it starts: image, number and command line.
fn names(event: &EventSpec<'_>) -> Option<[&'static str; 3]> {
    match (event.provider, event.event_id) {
        ("Microsoft-Windows-Security-Auditing", 4688) => {
            Some(["NewProcessName", "NewProcessId", "CommandLine"])
        }
        ("Microsoft-Windows-Sysmon", 1) => Some(["Image", "ProcessId", "CommandLine"]),
        _ => None,
    }
}

/// Whether the event starts a process.
pub(super) fn carries(event: &EventSpec<'_>) -> bool {
    names(event).is_some()
}

/// Writes one event, without an end of its last line. What starts no process writes nothing.
pub(super) fn write(out: &mut Vec<u8>, event: &EventSpec<'_>) {
    let Some([image, id, command_line]) = names(event) else { return };
    let text = |name: &str| match datum(event, name) {
        Some(Value::Text(text)) => text,
        _ => "",
    };
    Clock::new(event.time).american(out);
    out.extend_from_slice(b"\nType=Process\nName=\"");
    let path = text(image);
    out.extend_from_slice(path.rsplit('\\').next().unwrap_or(path).as_bytes());
    out.extend_from_slice(b"\"\nProcessId=");
    if let Some(Value::Hex(number) | Value::Unsigned(number)) = datum(event, id) {
        escape::decimal(out, number, 1);
    }
    let mut line = |key: &str, value: &str| {
        out.extend_from_slice(b"\n");
        out.extend_from_slice(key.as_bytes());
        out.extend_from_slice(b"=\"");
        out.extend_from_slice(value.as_bytes());
        out.push(b'"');
    };
    line("CommandLine", text(command_line));
    line("Host", event.computer);
    line("Path", path);
    out.extend_from_slice(b"\nStartTime=\"");
    Clock::new(event.time).wmi(out);
    out.push(b'"');
}

fn datum<'a>(event: &EventSpec<'a>, name: &str) -> Option<Value<'a>> {
    event.data.iter().find(|datum| datum.name == Some(name)).map(|datum| datum.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::evtx_writer::Datum;

    #[test]
    fn a_process_creation_and_what_is_none() {
        let named = |name, value| Datum { name: Some(name), value };
        let data = [
            named("NewProcessName", Value::Text(r"C:\Windows\System32\msiexec.exe")),
            named("NewProcessId", Value::Hex(0x10)),
            named("CommandLine", Value::Text(r#"msiexec /i "https://x.example/a.msi""#)),
        ];
        let event = EventSpec { data: &data, ..EventSpec::default() };
        let mut out = Vec::new();
        write(&mut out, &event);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "01/01/2020 12:00:00 AM\nType=Process\nName=\"msiexec.exe\"\nProcessId=16\n\
             CommandLine=\"msiexec /i \"https://x.example/a.msi\"\"\nHost=\"host.example\"\n\
             Path=\"C:\\Windows\\System32\\msiexec.exe\"\nStartTime=\"20200101000000.000000+000\""
        );
        let logon = EventSpec { event_id: 4624, ..event };
        assert!(!carries(&logon));
        let mut out = Vec::new();
        write(&mut out, &logon);
        assert_eq!(out, b"");
    }
}
