//! The writer against the reader, the decoder and independent parsers.

use std::fmt::Write as _;
use std::io::Cursor;

use proptest::prelude::*;

use super::*;
use crate::format::evtx::{
    ChunkReader, SlotState, Wanted, check_chunk, check_file_header, chunks, sniff,
};

fn write(events: &[EventSpec<'_>]) -> Vec<u8> {
    let mut writer = EvtxWriter::new(Cursor::new(Vec::new())).unwrap();
    events.iter().for_each(|event| writer.write(event).unwrap());
    writer.finish().unwrap().into_inner()
}

/// Every record's text, by a reader that must find nothing wrong.
fn read(log: &[u8]) -> Vec<String> {
    assert!(sniff(log));
    assert_eq!(check_file_header(log), None);
    let mut reader = ChunkReader::new();
    let mut texts = Vec::new();
    for slot in chunks(log) {
        assert_eq!(slot.state, SlotState::Intact);
        let chunk = &log[slot.offset..slot.offset + slot.len];
        assert_eq!(check_chunk(chunk, None), []);
        assert!(!reader.must_decode(chunk), "all that is written is plain");
        reader.records(
            chunk,
            Wanted::All,
            &mut |record| texts.push(record.xml.to_owned()),
            &mut |finding| panic!("{finding:?}"),
        );
    }
    texts
}

/// As Windows writes a text: without what XML does not allow.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\t' | '\n' | '\r' => out.push(c),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => out.push('_'),
            _ => out.push(c),
        }
    }
    out
}

fn guid(guid: Guid) -> String {
    let hex = format!("{:032x}", guid.0);
    format!("{{{}-{}-{}-{}-{}}}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// The oracle: an event's text put together without templates, chunks or bytes.
fn render(event: &EventSpec<'_>, users: &str) -> String {
    let mut xml = format!("<Event xmlns='{NAMESPACE}'><System><Provider");
    if !event.provider.is_empty() {
        write!(xml, " Name='{}'", event.provider).unwrap();
    }
    event.guid.iter().for_each(|g| write!(xml, " Guid='{}'", guid(*g)).unwrap());
    xml.push_str("/><EventID");
    event.qualifiers.iter().for_each(|q| write!(xml, " Qualifiers='{q}'").unwrap());
    write!(xml, ">{}</EventID>", event.event_id).unwrap();
    event.version.iter().for_each(|v| write!(xml, "<Version>{v}</Version>").unwrap());
    write!(xml, "<Level>{}</Level><Task>{}</Task>", event.level, event.task).unwrap();
    event.opcode.iter().for_each(|o| write!(xml, "<Opcode>{o}</Opcode>").unwrap());
    let time = event.time.strftime("%Y-%m-%dT%H:%M:%S");
    let ticks = event.time.subsec_nanosecond() / 100;
    write!(
        xml,
        "<Keywords>{:#x}</Keywords><TimeCreated SystemTime='{time}.{ticks:07}00Z'/>\
         <EventRecordID>{}</EventRecordID>",
        event.keywords, event.record_id
    )
    .unwrap();
    if let Some((process, thread)) = event.process {
        write!(xml, "<Correlation/><Execution ProcessID='{process}' ThreadID='{thread}'/>")
            .unwrap();
    }
    write!(
        xml,
        "<Channel>{}</Channel><Computer>{}</Computer><Security",
        escape(event.channel),
        escape(event.computer)
    )
    .unwrap();
    if event.user.is_some() {
        write!(xml, " UserID='{users}'").unwrap();
    }
    xml.push_str("/></System><EventData>");
    for datum in event.data {
        xml.push_str("<Data");
        datum.name.iter().for_each(|name| write!(xml, " Name='{name}'").unwrap());
        xml.push('>');
        match datum.value {
            Value::Text(text) => xml.push_str(&escape(text)),
            Value::Unsigned(number) => write!(xml, "{number}").unwrap(),
            Value::Hex(number) => write!(xml, "{number:#x}").unwrap(),
            Value::Guid(g) => xml.push_str(&guid(g)),
            Value::Sid(_) => xml.push_str(users),
            Value::Binary(bytes) => {
                bytes.iter().for_each(|byte| write!(xml, "{byte:02X}").unwrap());
            }
            Value::Null => {}
        }
        xml.push_str("</Data>");
    }
    xml.push_str("</EventData></Event>");
    xml
}

const USER: &str = "S-1-5-21-3463664321-2923530833-3546627382-1000";

fn text() -> impl Strategy<Value = String> {
    let any = any::<String>().prop_map(|text| text.replace('\0', "\x01"));
    let commands = "[ -~]{0,60}(http://[a-z.]{1,20}/[a-z]{1,9}\\.msi)?[&<>\"'\r\n\t]{0,3}";
    prop_oneof![3 => commands, 1 => any, 1 => Just(String::new())]
}

type Data = Vec<(Option<String>, String, u8, u64)>;

fn data() -> impl Strategy<Value = Data> {
    let name = proptest::option::weighted(0.8, "[A-Za-z][A-Za-z0-9.-]{0,20}");
    proptest::collection::vec((name, text(), 0u8..12, any::<u64>()), 0..12)
}

/// The data as written, `bytes` for what they borrow.
fn typed<'a>(data: &'a Data, user: &'a Sid) -> Vec<Datum<'a>> {
    let datum = |(name, text, kind, number): &'a (Option<String>, String, u8, u64)| Datum {
        name: name.as_deref(),
        value: match kind {
            0 => Value::Unsigned(*number),
            1 => Value::Hex(*number),
            2 => Value::Guid(Guid(u128::from(*number) << 50)),
            3 => Value::Sid(user),
            4 => Value::Binary(text.as_bytes()),
            5 => Value::Null,
            _ => Value::Text(text),
        },
    };
    data.iter().map(datum).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Events -> log -> reader gives the texts of an oracle that knows no bytes.
    #[test]
    fn what_is_written_is_read(
        events in proptest::collection::vec((data(), any::<u32>(), text()), 1..30),
        seconds in 0i64..4_000_000_000,
    ) {
        let user: Sid = USER.parse().unwrap();
        let data: Vec<_> = events.iter().map(|(data, ..)| typed(data, &user)).collect();
        let specs: Vec<_> = events.iter().zip(&data).map(|((_, seed, channel), data)| EventSpec {
            event_id: *seed as u16,
            qualifiers: (seed & 1 == 0).then_some(16384),
            version: (seed & 2 == 0).then_some(1),
            opcode: (seed & 2 == 0).then_some(0),
            guid: (seed & 4 == 0).then_some(Guid(u128::from(*seed) << 70)),
            process: (seed & 8 == 0).then_some((seed >> 3, seed >> 9)),
            user: (seed & 16 == 0).then_some(&user),
            channel,
            computer: if seed & 32 == 0 { "host-a" } else { "hôst&b" },
            record_id: u64::from(*seed) * 3,
            time: Timestamp::new(seconds, (*seed % 1_000_000_000) as i32).unwrap(),
            data,
            ..EventSpec::default()
        }).collect();
        let log = write(&specs);
        prop_assert_eq!(&write(&specs), &log, "the same events give the same bytes");
        let texts = read(&log);
        prop_assert_eq!(texts.len(), specs.len());
        for (text, spec) in texts.iter().zip(&specs) {
            prop_assert_eq!(text, &render(spec, USER));
        }
    }
}

#[test]
fn many_chunks_whatever_the_size_of_events() {
    for size in [0, 100, 3000, 16_000, 31_000] {
        let text = "x".repeat(size);
        let data = [Datum { name: Some("CommandLine"), value: Value::Text(&text) }];
        let events: Vec<_> = (1..=200)
            .map(|record_id| EventSpec { record_id, data: &data, ..EventSpec::default() })
            .collect();
        let log = write(&events);
        let texts = read(&log);
        assert_eq!(texts.len(), events.len());
        for (text, event) in texts.iter().zip(&events) {
            assert_eq!(text, &render(event, ""));
        }
    }
}

#[test]
fn an_event_that_fits_no_chunk_is_refused_and_leaves_no_trace() {
    let fitting = EventSpec::default();
    let (long, longer) = ("y".repeat(32_767), "y".repeat(32_768));
    for text in [&long, &longer] {
        let data = [Datum { name: Some("Only"), value: Value::Text(text) }; 2];
        let large = EventSpec { record_id: 7, data: &data, ..EventSpec::default() };
        let mut writer = EvtxWriter::new(Cursor::new(Vec::new())).unwrap();
        writer.write(&fitting).unwrap();
        assert!(matches!(writer.write(&large), Err(WriteError::TooLarge(7))));
        writer.write(&fitting).unwrap();
        assert_eq!(read(&writer.finish().unwrap().into_inner()).len(), 2);
    }
    let data = [Datum { name: Some("Only"), value: Value::Text(&long[..31_500]) }];
    let one = EventSpec { data: &data, ..EventSpec::default() };
    assert_eq!(read(&write(std::slice::from_ref(&one))), [render(&one, "")]);
}

#[test]
fn an_empty_log() {
    let log = write(&[]);
    assert_eq!(log.len(), FILE_HEADER_LEN + CHUNK_LEN);
    assert_eq!(read(&log), [""; 0]);
}

#[test]
fn the_decoder_takes_it_with_checksums() {
    let texts = ["a", "", "b\u{1}"];
    let data = texts.map(|text| Datum { name: None, value: Value::Text(text) });
    let event = EventSpec { data: &data, ..EventSpec::default() };
    let log = write(&vec![event.clone(); 500]);
    let settings = evtx::ParserSettings::new().validate_checksums(true);
    let mut parser = evtx::EvtxParser::from_buffer(log).unwrap().with_configuration(settings);
    assert!(parser.header().validate_checksum());
    assert_eq!(parser.records().filter(Result::is_ok).count(), 500);
}

#[test]
fn sids() {
    for text in ["S-1-0-0", "S-1-5-18", USER, "S-1-16-12288"] {
        let sid: Sid = text.parse().unwrap();
        let data = [Datum { name: Some("Sid"), value: Value::Sid(&sid) }];
        let event = EventSpec { data: &data, ..EventSpec::default() };
        assert!(read(&write(&[event]))[0].contains(&format!(">{text}</Data>")));
    }
    for text in ["", "S-", "S-1", "S-1-x", "S-1-5-4294967296", "s-1-5-18", "S-1-5-"] {
        assert!(text.parse::<Sid>().is_err(), "{text}");
    }
}

/// Parsers that share no code with this crate read it, where they are installed
/// (`pip install python-evtx libevtx-python`, `COLDSWEEP_PYTHON` for another interpreter).
#[test]
#[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
fn independent_parsers_take_it() {
    let user: Sid = USER.parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut expected = String::new();
    let mut writer = EvtxWriter::new(Cursor::new(Vec::new())).unwrap();
    for record_id in 1000..1400 {
        let command = format!("msiexec /q /i \"http://host{record_id}.example/a&b<ü>.msi\"");
        let named = [
            Datum { name: Some("SubjectUserSid"), value: Value::Sid(&user) },
            Datum { name: Some("CommandLine"), value: Value::Text(&command) },
            Datum { name: Some("NewProcessId"), value: Value::Hex(record_id) },
            Datum { name: Some("Empty"), value: Value::Text("") },
            Datum { name: Some("Nothing"), value: Value::Null },
        ];
        let unnamed = [Datum { name: None, value: Value::Text(&command) }; 2];
        let classic = record_id % 4 == 0;
        let event = EventSpec {
            record_id,
            user: (record_id % 3 == 0).then_some(&user),
            computer: if record_id % 5 == 0 { "first.example" } else { "second.example" },
            qualifiers: classic.then_some(0),
            guid: EventSpec::default().guid.filter(|_| !classic),
            version: Some(1).filter(|_| !classic),
            process: Some((4, 8)).filter(|_| !classic),
            data: if classic { &unnamed } else { &named },
            ..EventSpec::default()
        };
        writer.write(&event).unwrap();
        let hex = format!("{record_id:x}");
        let mut values = vec![command.as_str(), event.computer, event.channel];
        if !classic {
            values.extend([USER, hex.as_str()]);
        }
        let mut line = vec![serde_json::Value::from(record_id)];
        line.extend(values.into_iter().map(serde_json::Value::from));
        writeln!(expected, "{}", serde_json::Value::from(line)).unwrap();
    }
    let log = folder.path().join("log.evtx");
    std::fs::write(&log, writer.finish().unwrap().into_inner()).unwrap();
    let values = folder.path().join("expected.jsonl");
    std::fs::write(&values, expected).unwrap();
    let python = std::env::var_os("COLDSWEEP_PYTHON").unwrap_or_else(|| "python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/check_evtx_writer.py");
    let Ok(ran) = std::process::Command::new(python).arg(script).arg(log).arg(values).output()
    else {
        eprintln!("skipped: no python3");
        return;
    };
    if ran.status.code() == Some(77) {
        eprintln!("skipped: neither python-evtx nor libevtx-python is installed");
        return;
    }
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

/// A record whose element has `parts` for its content.
fn pieced(parts: Vec<Part>) -> Vec<u8> {
    let mut templates = Templates::default();
    let system = templates.system("host");
    let mut build = Builder { templates: &mut templates, parts: Vec::new() };
    build.open("EventData", &[], None);
    build.parts.extend(parts);
    build.close();
    let parts = build.parts;
    let index = templates.add(parts, &["pieced"]);
    let data = [Datum { name: Some("x"), value: Value::Text("iexec") }];
    let event = EventSpec { data: &data, ..EventSpec::default() };
    let mut chunk = Chunk::default();
    assert!(chunk.write(&event, &templates, system, index, 0));
    let other = templates.data(&data);
    assert!(chunk.write(&event, &templates, system, other, 0));
    chunk.seal(0);
    chunk.bytes
}

/// A literal that stands nowhere in one piece: its chunk must not be skipped, and its record
/// is decoded whatever the hits are.
#[test]
fn text_in_pieces_is_always_decoded() {
    let text = |text: &str| Part::Text(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    let slot = || Part::Slot { id: 0, kind: kind::STRING, optional: false };
    let mut reader = ChunkReader::new();
    for (parts, whole) in [
        (vec![text("ms"), slot()], "msiexec"),
        (vec![slot(), slot()], "iexeciexec"),
        (vec![text("ms"), text("iexec")], "msiexec"),
    ] {
        let chunk = pieced(parts);
        assert!(reader.must_decode(&chunk));
        let mut texts = Vec::new();
        let mut push = |record: crate::format::evtx::Record<'_>| texts.push(record.xml.to_owned());
        reader.records(&chunk, Wanted::Hits(&[]), &mut push, &mut |_| {});
        assert_eq!(texts.len(), 1, "the other record is plain");
        assert!(texts[0].contains(&format!("<EventData>{whole}</EventData>")), "{texts:?}");
    }
    assert!(!reader.must_decode(&pieced(vec![slot()])));
}

/// The decoder leaves NULs out of 8-bit strings, so that what is around them comes together.
#[test]
fn strings_of_bytes_with_nuls_are_always_decoded() {
    let mut reader = ChunkReader::new();
    for (bytes, text, must) in [
        (b"ms\0iexec\0", "msiexec", true),
        (b"msiexec\xe9\0", "msiexec\u{e9}", true),
        (b"msiexec\0\0", "msiexec", false),
    ] {
        let data = [Datum { name: Some("x"), value: Value::Binary(bytes) }];
        let mut log = write(&[EventSpec { data: &data, ..EventSpec::default() }]);
        // The descriptor of the value: another type.
        let at = log.windows(4).position(|w| w == [9, 0, kind::BINARY, 0]).unwrap();
        log[at + 2] = 0x02;
        let chunk = &log[FILE_HEADER_LEN..];
        assert_eq!(reader.must_decode(chunk), must, "{text}");
        let mut found = false;
        let mut look = |record: crate::format::evtx::Record<'_>| {
            found = record.xml.contains(&format!(">{text}</Data>"));
        };
        reader.records(chunk, Wanted::All, &mut look, &mut |_| {});
        assert!(found, "{text}");
    }
}

/// The decoder writes 64 MiB in one go; records beyond that are read in another.
#[test]
fn records_that_swell_are_read_in_several_passes() {
    let mut templates = Templates::default();
    let system = templates.system("host");
    let mut build = Builder { templates: &mut templates, parts: Vec::new() };
    build.open("EventData", &[], None);
    let slot = || Part::Slot { id: 0, kind: kind::STRING, optional: false };
    build.parts.extend(std::iter::repeat_with(slot).take(2500));
    build.close();
    let parts = build.parts;
    let index = templates.add(parts, &["swelling"]);
    let text = "\u{4e2d}".repeat(2000);
    let data = [Datum { name: Some("x"), value: Value::Text(&text) }];
    let mut chunk = Chunk::default();
    for record_id in 1..=10 {
        let event = EventSpec { record_id, data: &data, ..EventSpec::default() };
        assert!(chunk.write(&event, &templates, system, index, 0));
    }
    chunk.seal(0);
    let mut read = Vec::new();
    let mut push = |record: crate::format::evtx::Record<'_>| {
        assert!(record.xml.len() > 2500 * text.len());
        read.push(record.number);
    };
    let mut report = |finding| panic!("{finding:?}");
    ChunkReader::new().records(&chunk.bytes, Wanted::All, &mut push, &mut report);
    assert_eq!(read, (1..=10).collect::<Vec<_>>());
}
