//! The reader against real logs, whole and damaged.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

/// The shared corpora, where this machine has them.
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
    for (offset, xml) in all.iter().step_by(1 + all.len() / 12) {
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
        for slot in chunks(&log).filter(|slot| slot.state != SlotState::Empty).step_by(3) {
            let chunk = &log[slot.offset..slot.offset + slot.len];
            let counts = assert_sound(&mut reader, chunk, &name);
            decoded += counts.0;
            whole += counts.1;
        }
    }
    assert!(decoded > 0 && decoded < whole, "{decoded} of {whole} records were decoded");
}
