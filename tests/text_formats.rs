//! The text formats against the shared corpora: counts, damage, and the known hits.
#![allow(clippy::print_stdout)]
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use coldsweep::event::{Damage, Event, Format, Frame};
use coldsweep::format::text::{Carry, TextLayout};
use coldsweep::format::{DecodeContext, decode_each};
use coldsweep::reading::Reading;
use jiff::tz::TimeZone;

/// The corpora, unless this machine has none.
fn corpora() -> Option<PathBuf> {
    let shared = std::env::var_os("COLDSWEEP_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let corpora = shared.join("corpora");
    if !corpora.is_dir() {
        eprintln!("skipped: there is no {}", corpora.display());
        return None;
    }
    Some(corpora)
}

/// A file's text as sources give it: UTF-8 without a byte order mark.
fn read(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).expect("a readable corpus");
    if let Some(units) = bytes.strip_prefix(b"\xff\xfe") {
        let units: Vec<u16> =
            units.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        return String::from_utf16_lossy(&units).into_bytes();
    }
    bytes.strip_prefix(b"\xef\xbb\xbf").map_or(bytes.clone(), <[u8]>::to_vec)
}

/// Every text file of the corpora, by its name in the manifest.
fn text_files(corpora: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for folder in ["xml", "classic", "json", "export", "hec", "mixed", "damaged"] {
        let entries = std::fs::read_dir(corpora.join(folder)).expect("a folder");
        for entry in entries {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            if !name.ends_with(".evtx") && !name.ends_with(".gz") {
                files.push((format!("{folder}/{name}"), read(&path)));
            }
        }
    }
    files.sort();
    files
}

/// Events per file, by the manifest.
fn manifest(corpora: &Path) -> BTreeMap<String, usize> {
    let text = std::fs::read_to_string(corpora.join("MANIFEST.md")).expect("the manifest");
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        Some(((*cells.get(1)?).to_owned(), cells.get(6)?.parse().ok()?))
    });
    rows.collect()
}

type Frames = (Vec<Frame>, Vec<Damage>);

fn sorted(items: impl Iterator<Item = Result<Frame, Damage>>) -> Frames {
    let mut all = Frames::default();
    for item in items {
        match item {
            Ok(frame) => all.0.push(frame),
            Err(damage) => all.1.push(damage),
        }
    }
    all
}

fn frames(layout: TextLayout, text: &[u8]) -> Frames {
    sorted(layout.frames(text, 0..text.len()))
}

fn layout(text: &[u8]) -> Option<TextLayout> {
    TextLayout::sniff(&text[..text.len().min(1 << 16)])
}

#[test]
fn events_and_damage_are_counted() {
    let Some(corpora) = corpora() else { return };
    let manifest = manifest(&corpora);
    let mut damaged = BTreeMap::new();
    for (name, text) in text_files(&corpora) {
        let Some(layout) = layout(&text) else {
            assert_eq!(manifest.get(&name), Some(&0), "{name} is a log");
            continue;
        };
        let (frames, damage) = frames(layout, &text);
        assert_eq!(manifest.get(&name), Some(&frames.len()), "{name} as {layout:?}");
        if !damage.is_empty() {
            damaged.insert(name, damage.len());
        }
    }
    // The torn JSON file has a line in two pieces, told as one damage, and a cut last line.
    let expected = [("damaged/derived_json_torn.jsonl", 2), ("damaged/derived_xml_torn.xml", 1)];
    assert_eq!(damaged, expected.map(|(name, count)| (name.to_owned(), count)).into());
}

#[test]
fn layouts() {
    let Some(corpora) = corpora() else { return };
    for (name, text) in text_files(&corpora) {
        let expected = match name.split_once('/').expect("a folder") {
            ("damaged", "derived_classic_nul_and_latin1.log") => Some(TextLayout::Classic),
            ("damaged", "derived_json_torn.jsonl") => Some(TextLayout::JsonLines),
            ("damaged", "derived_xml_torn.xml") => Some(TextLayout::Xml),
            ("damaged", _) => None,
            ("xml", _) | ("mixed", "real_certutil.raw") => Some(TextLayout::Xml),
            ("classic" | "mixed", _) => Some(TextLayout::Classic),
            ("hec", file) if file.ends_with("_object.jsonl") => Some(TextLayout::JsonDocument),
            ("json", file) if file.starts_with("real_sigma") => Some(TextLayout::JsonDocument),
            _ => Some(TextLayout::JsonLines),
        };
        assert_eq!(layout(&text), expected, "{name}");
    }
}

/// Every event of a file, decoded.
fn events(text: &[u8], reading: Reading) -> Vec<Event<'_>> {
    let context = DecodeContext { reading, timezone: TimeZone::UTC };
    let mut events = Vec::new();
    let Some(layout) = layout(text) else { return events };
    for frame in frames(layout, text).0 {
        decode_each(&text[frame.span.clone()], frame.format, &context, &mut |event| {
            events.push(event.unwrap_or_else(|error| panic!("{frame:?}: {error}")));
        });
    }
    events
}

#[test]
fn every_event_is_decoded_in_either_reading() {
    let Some(corpora) = corpora() else { return };
    for (name, text) in text_files(&corpora) {
        for reading in [Reading::AS_MEANT, Reading::STRICT] {
            for event in events(&text, reading) {
                assert!(event.meta.time.is_some(), "{name} {}", event.raw.escape_ascii());
                assert!(event.meta.host.is_some(), "{name} {}", event.raw.escape_ascii());
                assert!(event.event_id.is_some(), "{name} {}", event.raw.escape_ascii());
                assert!(!event.fields.is_empty(), "{name} {}", event.raw.escape_ascii());
            }
        }
    }
}

#[test]
fn known_hits_say_the_same_in_every_format() {
    let Some(corpora) = corpora() else { return };
    let files: BTreeMap<_, _> = text_files(&corpora).into_iter().collect();
    let expected = std::fs::read_to_string(corpora.join("expected.jsonl")).expect("the hits");
    let mut checked = 0;
    for line in expected.lines() {
        let group: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let Some(text) = files.get(group["file"].as_str().expect("a file")) else { continue };
        let events = events(text, Reading::AS_MEANT);
        for hit in group["events"].as_array().expect("events") {
            let found = events.iter().any(|event| is_hit(event, &group, hit));
            assert!(found, "{} {hit}", group["file"]);
            checked += 1;
        }
    }
    assert!(checked > 60, "only {checked} hits were looked at");
}

fn is_hit(event: &Event<'_>, group: &serde_json::Value, hit: &serde_json::Value) -> bool {
    let field = |names: &[&str]| names.iter().find_map(|name| event.fields.first(name));
    let same = |expected: &serde_json::Value, actual: Option<&str>| {
        // One file has NULs before its line ends, which the independent program kept.
        expected.as_str().is_none_or(|expected| Some(expected.trim_end_matches('\0')) == actual)
    };
    // The message is filled from a template later where the text has none.
    let message = field(&["Message"]).or_else(|| hit["message"].as_str());
    event.meta.host.as_deref() == group["host"].as_str()
        && event.meta.time.map(jiff::Timestamp::as_second) == group["epoch"].as_i64()
        && event.event_id.map(|id| id.to_string()).as_deref() == hit["signature_id"].as_str()
        && same(&hit["record"], event.record.map(|record| record.to_string()).as_deref())
        && same(&hit["process"], field(&["CommandLine", "Process_Command_Line"]))
        && same(&hit["message"], message)
}

#[test]
fn a_record_in_json_is_the_event_in_xml() {
    let Some(corpora) = corpora() else { return };
    for case in ["bits", "powersploit", "psattack", "rogue_msi", "service_abuse"] {
        let xml = read(&corpora.join(format!("xml/derived_{case}.xml")));
        let json = read(&corpora.join(format!("json/derived_{case}_evtxdump.jsonl")));
        let (xml, json) = (events(&xml, Reading::AS_MEANT), events(&json, Reading::AS_MEANT));
        assert_eq!(xml.len(), json.len());
        for (xml, json) in xml.iter().zip(&json) {
            assert_eq!(json.raw.escape_ascii().to_string(), xml.raw.escape_ascii().to_string());
            assert_eq!(json, xml);
        }
    }
}

#[test]
fn frames_do_not_depend_on_where_a_file_is_cut() {
    let Some(corpora) = corpora() else { return };
    for (name, text) in text_files(&corpora) {
        let Some(layout) = layout(&text) else { continue };
        let text = &text[..text.len().min(300_000)];
        let whole = frames(layout, text);
        for shard in [1, 37, 1_009, 65_537] {
            assert_eq!(sharded(layout, text, shard), whole, "{name} in shards of {shard}");
        }
        for buffer in [700, 4_096, 70_001] {
            assert_eq!(streamed(layout, text, buffer), whole, "{name} in buffers of {buffer}");
        }
    }
}

/// Frames by shards: each cut moved to the next boundary, each shard walked by itself.
fn sharded(layout: TextLayout, text: &[u8], shard: usize) -> Frames {
    let mut items = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let end = layout.next_boundary(text, start + shard).unwrap_or(text.len());
        let mut at = start;
        while at < end {
            let next = layout.next_boundary(text, at + 1).filter(|&next| next < end).unwrap_or(end);
            items.extend(layout.frames(text, at..next));
            at = next;
        }
        start = end;
    }
    sorted(items.into_iter())
}

/// Frames by a buffer that is refilled, and doubled when an event does not fit.
fn streamed(layout: TextLayout, text: &[u8], buffer: usize) -> Frames {
    let mut items = Vec::new();
    let (mut base, mut size, mut carry) = (0, buffer, Carry::default());
    loop {
        let end = text.len().min(base + size);
        let window = &text[base..end];
        let last = end == text.len();
        let mut frames = layout.frames_so_far(window, 0..window.len(), carry, last);
        for item in frames.by_ref() {
            items.push(match item {
                Ok(frame) => {
                    Ok(Frame { span: frame.span.start + base..frame.span.end + base, ..frame })
                }
                Err(damage) => {
                    let span = damage.span.start + base..damage.span.end + base;
                    Err(Damage { span, ..damage })
                }
            });
        }
        let (consumed, next) = frames.carry();
        if last {
            return sorted(items.into_iter());
        }
        size = if consumed == 0 { size * 2 } else { buffer.max(window.len() - consumed + 1) };
        base += consumed;
        carry = next;
    }
}

#[test]
fn mixed_files_hold_every_format() {
    let Some(corpora) = corpora() else { return };
    let text = read(&corpora.join("mixed/derived_mix.raw"));
    let (frames, _) = frames(TextLayout::Classic, &text);
    for format in [Format::Xml, Format::Classic, Format::Json] {
        assert!(frames.iter().any(|frame| frame.format == format), "{format:?}");
    }
}
