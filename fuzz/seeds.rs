//! Inputs to start from: small logs of every format, and pieces of the shared corpora.

use std::io::{Cursor, Write};
use std::path::Path;

use coldsweep::corpus::evtx_writer::{Datum, EventSpec, EvtxWriter, Value};
use flate2::{Compression, write::GzEncoder};

use super::rng::Rng;

/// How long a piece of a corpus file is.
const PIECE: usize = 128 << 10;

/// A log of each format with events that the built-in rule matches and some that it does not.
pub fn builtin() -> Vec<Vec<u8>> {
    let mut seeds = vec![
        evtx(),
        xml().into_bytes(),
        classic().into_bytes(),
        hostmon().into_bytes(),
        json_lines().into_bytes(),
        json_document().into_bytes(),
        export().into_bytes(),
        collector().into_bytes(),
        mixed().into_bytes(),
        syslog().into_bytes(),
        lines(),
        include_bytes!("../tests/data/logs/cloudtrail.json").to_vec(),
    ];
    seeds.push(utf16(&xml(), u16::to_le_bytes, b"\xff\xfe"));
    seeds.push(utf16(&classic(), u16::to_be_bytes, b""));
    seeds.push(gzip(xml().as_bytes()));
    seeds
}

/// A log of lines in every dialect.
fn lines() -> Vec<u8> {
    const LOGS: [&[u8]; 5] = [
        include_bytes!("../tests/data/logs/audit.log"),
        include_bytes!("../tests/data/logs/access.log"),
        include_bytes!("../tests/data/logs/iis.log"),
        include_bytes!("../tests/data/logs/squid.log"),
        include_bytes!("../tests/data/logs/secure.log"),
    ];
    LOGS.concat()
}

/// Pieces of the shared corpora's files, small enough to be mutated quickly.
pub fn corpora(folder: &Path) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().flatten() {
        if !entry.file_type().is_file() {
            continue;
        }
        let Ok(bytes) = std::fs::read(entry.path()) else { continue };
        let head = bytes[..bytes.len().min(PIECE)].to_vec();
        if bytes.len() > 3 * PIECE {
            // From the middle too, behind the file's header if it has one.
            let start = (bytes.len() / 2) & !0xfff;
            let header = if bytes.starts_with(b"ElfFile") { &bytes[..4096] } else { &[] };
            let middle = &bytes[start..(start + PIECE).min(bytes.len())];
            pieces.push([header, middle].concat());
        }
        pieces.push(head);
    }
    pieces
}

/// A seed, and another to splice with.
pub fn pair<'s>(seeds: &'s [Vec<u8>], rng: &mut Rng) -> (&'s [u8], &'s [u8]) {
    (&seeds[rng.below(seeds.len())], &seeds[rng.below(seeds.len())])
}

/// As gzip.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes every byte")
}

/// As UTF-16, after a byte order mark or not.
pub fn utf16(text: &str, order: fn(u16) -> [u8; 2], mark: &[u8]) -> Vec<u8> {
    mark.iter().copied().chain(text.encode_utf16().flat_map(order)).collect()
}

const COMMANDS: [&str; 6] = [
    r#"msiexec.exe /q /i "https://example.test/a/b.msi""#,
    r#"C:\Windows\System32\msiexec.exe /i http://10.0.0.1/x.MSI TRANSFORMS=a&b"#,
    r"cmd.exe /c echo <hello> 'world' & exit",
    r#"powershell.exe "Install-Product ftps://mirror.test/é/setup.msi" install"#,
    r"msiexec /i C:\local\thing.msi",
    r"notepad.exe C:\Users\José\notes.txt",
];

fn evtx() -> Vec<u8> {
    let mut writer = EvtxWriter::new(Cursor::new(Vec::new())).expect("memory");
    for (at, command) in COMMANDS.iter().cycle().take(24).enumerate() {
        let number = at as u64 + 1;
        let data = [
            Datum { name: Some("SubjectUserName"), value: Value::Text("alice") },
            Datum { name: Some("NewProcessId"), value: Value::Hex(0x1000 + number) },
            Datum {
                name: Some("NewProcessName"),
                value: Value::Text("C:\\Windows\\System32\\msiexec.exe"),
            },
            Datum { name: Some("CommandLine"), value: Value::Text(command) },
        ];
        let message = "Beginning a Windows Installer transaction: https://example.test/a.msi.";
        let installer = [Datum { name: None, value: Value::Text(message) }];
        let event = EventSpec {
            record_id: number,
            time: jiff::Timestamp::constant(1_600_000_000 + (at as i64 / 3), 0),
            computer: if at % 5 == 0 { "other.test" } else { "host.test" },
            data: &data,
            ..EventSpec::default()
        };
        let event = if at % 7 == 6 {
            EventSpec {
                provider: "MsiInstaller",
                guid: None,
                event_id: 1040,
                version: None,
                opcode: None,
                process: None,
                channel: "Application",
                data: &installer,
                ..event
            }
        } else {
            event
        };
        writer.write(&event).expect("a small event");
    }
    writer.finish().expect("memory").into_inner()
}

fn escape_xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn xml_event(at: usize, command: &str) -> String {
    format!(
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Security-Auditing' Guid='{{54849625-5478-4994-A5BA-3E3B0328C30D}}'/><EventID>4688</EventID><Version>2</Version><Level>0</Level><Task>13312</Task><Opcode>0</Opcode><Keywords>0x8020000000000000</Keywords><TimeCreated SystemTime='2020-09-13T12:26:{:02}.{at:03}000000Z'/><EventRecordID>{at}</EventRecordID><Correlation/><Execution ProcessID='4' ThreadID='5656'/><Channel>Security</Channel><Computer>host.test</Computer><Security/></System><EventData><Data Name='SubjectUserName'>alice</Data><Data Name='NewProcessName'>C:\\Windows\\System32\\msiexec.exe</Data><Data Name='CommandLine'>{}</Data></EventData></Event>",
        at % 60,
        escape_xml(command)
    )
}

fn xml() -> String {
    let mut text = String::from("<?xml version=\"1.0\"?>\n<Events>\n");
    for (at, command) in COMMANDS.iter().enumerate() {
        text += &xml_event(at, command);
        text += if at % 2 == 0 { "\n" } else { "" };
    }
    text + "</Events>\n"
}

fn classic_event(at: usize, command: &str) -> String {
    format!(
        "09/20/2016 06:45:{:02} PM\nLogName=Security\nSourceName=Microsoft Windows security auditing.\nEventCode=4688\nEventType=0\nType=Information\nComputerName=IE10Win7\nTaskCategory=Process Creation\nOpCode=Info\nRecordNumber={at}\nKeywords=Audit Success\nMessage=A new process has been created.\r\n\r\nSubject:\r\n\tAccount Name:\t\talice\r\n\r\nProcess Information:\r\n\tNew Process ID:\t\t0x9a0\r\n\tNew Process Name:\tC:\\Windows\\System32\\msiexec.exe\r\n\tProcess Command Line:\t{command}\r\n\r\nToken Elevation Type indicates the type of token.\n",
        at % 60
    )
}

fn classic() -> String {
    COMMANDS.iter().enumerate().map(|(at, command)| classic_event(at, command)).collect()
}

fn hostmon() -> String {
    let event = |(at, command): (usize, &&str)| {
        format!(
            "Type=Process\nName=\"msiexec.exe\"\nProcessId={at}\nCommandLine=\"{command}\"\nPath=\"C:\\Windows\\System32\\msiexec.exe\"\nHost=\"h\"\n\n"
        )
    };
    COMMANDS.iter().enumerate().map(event).collect()
}

fn json_record(at: usize, command: &str) -> serde_json::Value {
    serde_json::json!({
        "EventTime": format!("2020-08-06 01:20:{:02}", at % 60),
        "Hostname": "h.test",
        "EventID": 4688,
        "Channel": "Security",
        "SourceName": "Microsoft-Windows-Security-Auditing",
        "RecordNumber": at,
        "NewProcessName": "C:\\Windows\\System32\\msiexec.exe",
        "CommandLine": command,
        "list": [1, "two", null, {"three": 3.50}],
    })
}

fn json_lines() -> String {
    let mut text = String::new();
    for (at, command) in COMMANDS.iter().enumerate() {
        let line = json_record(at, command).to_string();
        text += &if at % 2 == 0 {
            line.replace('/', "\\/").replace(".msi", "\\u002emsi")
        } else {
            line
        };
        text.push('\n');
    }
    text
}

fn json_document() -> String {
    let list: Vec<_> = COMMANDS.iter().enumerate().map(|(at, c)| json_record(at, c)).collect();
    serde_json::to_string_pretty(&list).expect("plain values")
}

fn export() -> String {
    let mut text = String::new();
    for (at, command) in COMMANDS.iter().enumerate() {
        let raw = if at % 2 == 0 { classic_event(at, command) } else { xml_event(at, command) };
        let row = serde_json::json!({"preview": false, "offset": at, "result": {"_raw": raw, "_time": "2020-01-02 03:04:05.678 UTC", "host": "outer"}});
        text += &format!("{row}\n");
    }
    text
}

fn collector() -> String {
    let event = |(at, command): (usize, &&str)| {
        let raw = if at % 2 == 0 {
            serde_json::json!(xml_event(at, command))
        } else {
            json_record(at, command)
        };
        serde_json::json!({"time": 1_600_000_000.5 + at as f64, "host": "outer", "sourcetype": "XmlWinEventLog", "event": raw}).to_string()
    };
    COMMANDS.iter().enumerate().map(event).collect()
}

fn mixed() -> String {
    let mut text = String::new();
    for (at, command) in COMMANDS.iter().enumerate() {
        text += &match at % 4 {
            0 => xml_event(at, command),
            1 => format!("\n{}", classic_event(at, command)),
            2 => format!("\n{}\n", json_record(at, command)),
            _ => xml_event(at, command) + "\n",
        };
    }
    text
}

fn syslog() -> String {
    let event = |(at, command): (usize, &&str)| {
        format!("<13>Sep 13 12:26:40 host.test WinEvt: {}\n", xml_event(at, command))
    };
    COMMANDS.iter().enumerate().map(event).collect()
}
