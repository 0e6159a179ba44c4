//! The reader against real logs, whole and damaged.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

/// The shared corpora, where this machine has them.
fn corpora() -> Option<PathBuf> {
    let root = std::env::var_os("COLDSWEEP_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
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
fn survey_stats() {
    let Some(corpora) = corpora() else { return };
    let manifest = manifest(&corpora);
    for (name, log) in logs(&corpora) {
        let (records, findings) = read(&log);
        if manifest[&name] != (records.len(), findings.len()) {
            println!("{name}: {:?} vs {} {:#?}", manifest[&name], records.len(), findings);
        }
    }
    let mut reader = ChunkReader::new();
    let (mut n, mut must) = (0, 0);
    for (name, log) in logs(&corpora) {
        for slot in chunks(&log).filter(|slot| slot.state != SlotState::Empty) {
            n += 1;
            if reader.must_decode(&log[slot.offset..slot.offset + slot.len]) {
                must += 1;
                println!("must {name} {:?} {}", slot, reader.debug());
            }
        }
    }
    println!("{must} of {n}");
    for base in ["derived_bits:derived_4688_bits", "derived_powersploit:derived_4688_powersploit","derived_psattack:derived_4688_psattack","derived_rogue_msi:derived_rogue_msi_url_1040_1042","derived_service_abuse:derived_4688_service_abuse"] {
        let (x, e) = base.split_once(':').unwrap();
        let xml = fs::read_to_string(corpora.join(format!("xml/{x}.xml"))).unwrap();
        let (records, _) = read(&fs::read(corpora.join(format!("evtx/{e}.evtx"))).unwrap());
        let mine: Vec<String> = records.into_iter().map(|r| r.1).collect();
        fs::write(format!("/tmp/wt/evtx/target/{x}.mine"), mine.join("\n")).unwrap();
        let _ = xml;
    }
}
