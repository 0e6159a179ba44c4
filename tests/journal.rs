//! Frozen buckets of Splunk: the same events give the same rows as plain files.
#![allow(clippy::print_stderr)]

mod common;

use std::path::{Path, PathBuf};

use coldsweep::cim::Cim;
use coldsweep::corpus::journal_writer::{JournalLayout, JournalPacking};
use coldsweep::plan::Plan;
use coldsweep::reading::Reading;
use coldsweep::report::{OutputFormat, write_rows};
use coldsweep::rule::Rule;
use coldsweep::scan::{Options, Outcome, Progress, scan};
use coldsweep::source::MapChoice;
use common::journals::{Stored, bucket, index_files, journal, stored};
use common::logs;

/// Rules that ask for all that a journal says: the built-in one, names, times and text. An index
/// has milliseconds, so that they look at seconds.
fn plans(reading: Reading) -> Vec<Plan> {
    let rule = |text: &str| common::compile(Rule::parse(text, "x.spl").unwrap(), reading);
    vec![
        common::seed_plan(reading),
        rule(
            "`get_endpoint_data_winevent` msiexec | bin _time span=1s \
             | stats count by _time, host, source, sourcetype",
        ),
        rule("sourcetype=*WinEventLog* source=*Security host=s* | stats values(process) by host"),
        rule("NOT msiexec | bin _time span=1s | stats count min(_time) max(_time) by sourcetype"),
    ]
}

fn run(plans: &[Plan], paths: &[PathBuf], options: &Options) -> Outcome {
    scan(plans, &Cim::builtin(), paths, options, &Progress::default()).unwrap()
}

fn rows(plans: &[Plan], outcome: &Outcome) -> String {
    let mut out = Vec::new();
    write_rows(OutputFormat::Jsonl, plans, outcome, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn text_files(root: &Path) -> Vec<PathBuf> {
    let files = walkdir::WalkDir::new(root).sort_by_file_name().into_iter().map(Result::unwrap);
    let files = files.filter(|entry| entry.file_type().is_file()).map(|entry| entry.into_path());
    files.filter(|path| !stored(path).is_empty()).collect()
}

/// Every way to run a sweep that must not change a row.
fn switches() -> Vec<Options> {
    let mut all = Vec::new();
    for threads in [1, 4] {
        for prefilter in [true, false] {
            for map in [MapChoice::Auto, MapChoice::Never] {
                all.push(Options { threads, prefilter, map, ..Options::default() });
            }
        }
    }
    all
}

/// Layouts of a journal: all compressions, slices of all kinds.
fn layouts() -> Vec<JournalLayout> {
    let mut all = Vec::new();
    for packing in JournalPacking::ALL {
        all.push(JournalLayout::new(packing));
        all.push(JournalLayout { slice: 3000, restated: false, ..JournalLayout::new(packing) });
        all.push(JournalLayout { slice: 1000, whole_events: false, ..JournalLayout::new(packing) });
        all.push(JournalLayout { slice: usize::MAX, ..JournalLayout::new(packing) });
    }
    all
}

fn check_like_plain(files: &[PathBuf]) {
    let plans = plans(Reading::AS_MEANT);
    let dir = tempfile::tempdir().unwrap();
    let mut found_rows = 0;
    for file in files {
        let events = stored(file);
        let plain = run(&plans, std::slice::from_ref(file), &Options::default());
        let expected = rows(&plans, &plain);
        found_rows += expected.lines().count();
        for (at, layout) in layouts().into_iter().enumerate() {
            let folder = bucket(dir.path(), &format!("db_2_1_{at}"), &events, layout);
            // Not every switch with every file: they meet in the course of it.
            let switches = switches();
            for options in [&switches[at % 8], &switches[(at + 5) % 8]] {
                let outcome = run(&plans, std::slice::from_ref(&folder), options);
                assert_eq!(outcome.skipped, [], "{} {layout:?} {options:?}", file.display());
                let found = rows(&plans, &outcome);
                assert!(
                    found == expected,
                    "{} {layout:?} {options:?}\n{found}\n{expected}",
                    file.display()
                );
            }
            std::fs::remove_dir_all(folder).unwrap();
        }
    }
    assert!(found_rows > files.len(), "{found_rows} rows");
}

#[test]
fn the_demo_gives_the_same_rows_from_buckets() {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/demo");
    let files = text_files(&demo);
    assert!(files.len() > 15, "{files:?}");
    check_like_plain(&files);
}

#[test]
fn real_events_give_the_same_rows_from_buckets() {
    let Some(shared) = common::shared("real_events_give_the_same_rows_from_buckets") else {
        return;
    };
    let names = [
        "xml/real_rogue_msi.xml",
        "xml/derived_service_abuse.xml",
        "xml/derived_rogue_msi_crlf_events.xml",
        "hec/derived_rogue_msi_classic.jsonl",
        "export/derived_rogue_msi_xml.json",
        "json/real_rogue_msi_nxlog.jsonl",
        "mixed/real_certutil.raw",
    ];
    check_like_plain(&names.map(|name| shared.join("corpora").join(name)));
}

/// Events of hits, one a second, each with a mark of its own; the hosts change.
fn hits(count: usize) -> Vec<Stored> {
    let event = |at: usize| {
        let mut event = Stored::new(
            logs::xml_event(
                &format!("pc{}", at % 3),
                at % 60,
                &format!("msiexec.exe /i https://mark{at}.test/x.msi {}", "y".repeat(at % 700)),
            ),
            1_704_067_200_250 + at as i64 * 1000,
        );
        event.meta.host = Some(format!("forwarder{}", at % 4));
        event.meta.source = Some("XmlWinEventLog:Security".to_owned());
        event.meta.sourcetype = Some("XmlWinEventLog".to_owned());
        event
    };
    (0..count).map(event).collect()
}

fn sweep_bytes(bytes: &[u8], name: &str, options: &Options) -> (String, Outcome) {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("db_2_1_0/rawdata");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    let plans = [common::seed_plan(Reading::AS_MEANT)];
    let outcome = run(&plans, &[path], options);
    (rows(&plans, &outcome), outcome)
}

/// The marks whose events a sweep found.
fn marks(rows: &str) -> Vec<usize> {
    let found = rows.split("https://mark").skip(1);
    let mut all: Vec<usize> =
        found.filter_map(|rest| rest.split_once('.')?.0.parse().ok()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[test]
fn what_the_index_says_wins_over_the_text() {
    let layout = JournalLayout::new(JournalPacking::Zstd);
    let mut events = hits(2);
    events[1].meta.sourcetype = Some("mine".to_owned());
    // A base time of its own, and 7 ms.
    events[1].meta.time = Some("2020-02-03T04:05:06.007Z".parse().unwrap());
    let bytes = journal(&events, layout);
    let dir = tempfile::tempdir().unwrap();
    // Alone it is told by its content.
    let path = dir.path().join("some.bin");
    std::fs::write(&path, bytes).unwrap();
    let rule = "msiexec | table _time, host, source, sourcetype, index, dest";
    let plans = [common::compile(Rule::parse(rule, "x.spl").unwrap(), Reading::AS_MEANT)];
    let outcome = run(&plans, &[path], &Options::default());
    assert_eq!(outcome.skipped, []);
    let found = rows(&plans, &outcome);
    for expected in [
        r#""_time":"2024-01-01T00:00:00.25Z","host":"forwarder0","source":"XmlWinEventLog:Security","sourcetype":"XmlWinEventLog","dest":"pc0""#,
        r#""_time":"2020-02-03T04:05:06.007Z","host":"forwarder1","source":"XmlWinEventLog:Security","sourcetype":"mine","dest":"pc1""#,
    ] {
        assert!(found.contains(expected), "{expected} in {found}");
    }
}

#[test]
fn kinds_of_source_go_by_the_source_type_of_the_index() {
    let mut events = vec![Stored::new("EXECVE a0=\"msiexec\"", 1_000)];
    events.push(events[0].clone());
    events[0].meta.sourcetype = Some("linux_audit".to_owned());
    let bytes = journal(&events, JournalLayout::new(JournalPacking::Gzip));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.gz");
    std::fs::write(&path, bytes).unwrap();
    for (rule, expected) in [
        ("`get_endpoint_data_unix` msiexec | stats count", "\"count\":1"),
        ("sourcetype=linux_audit msiexec | stats count", "\"count\":1"),
        ("msiexec | stats count", "\"count\":2"),
    ] {
        let plans = [common::compile(Rule::parse(rule, "x.spl").unwrap(), Reading::AS_MEANT)];
        for prefilter in [true, false] {
            let options = Options { prefilter, ..Options::default() };
            let outcome = run(&plans, std::slice::from_ref(&path), &options);
            assert!(rows(&plans, &outcome).contains(expected), "{rule}");
        }
    }
}

#[test]
fn what_stands_before_a_cut_is_found_and_the_cut_reported() {
    let events = hits(60);
    for packing in JournalPacking::ALL {
        let layout = JournalLayout { slice: 8000, ..JournalLayout::new(packing) };
        let bytes = journal(&events, layout);
        let whole = marks(&sweep_bytes(&bytes, packing.file_name(), &Options::default()).0);
        assert_eq!(whole.len(), 60);
        for part in 1..13 {
            let cut = bytes.len() * part / 13;
            let (rows, outcome) =
                sweep_bytes(&bytes[..cut], packing.file_name(), &Options::default());
            let found = marks(&rows);
            assert_eq!(found, whole[..found.len()], "{packing:?} {cut}");
            // A cut between slices leaves a whole journal.
            let report = outcome.skipped.iter().map(|skipped| &skipped.reason).next();
            if let Some(reason) = report {
                assert!(reason.contains("slice "), "{reason}");
                assert!(outcome.skipped.iter().all(|skipped| skipped.offset.is_some()));
            }
            // All slices but the cut one are there.
            let least = (part * 60 / 13).saturating_sub(24);
            assert!(found.len() >= least, "{packing:?} {cut}: {found:?}");
            assert!(found.len() == 60 || report.is_some() || found.len() * 13 >= part * 30);
        }
    }
}

#[test]
fn the_slices_behind_damage_are_read() {
    let events = hits(60);
    for packing in [JournalPacking::Gzip, JournalPacking::Zstd, JournalPacking::Lz4] {
        for restated in [true, false] {
            let layout = JournalLayout { slice: 8000, restated, ..JournalLayout::new(packing) };
            let mut bytes = journal(&events, layout);
            let middle = bytes.len() / 2;
            bytes[middle..middle + 40].fill(0x55);
            let (all, outcome) = sweep_bytes(&bytes, packing.file_name(), &Options::default());
            let found = marks(&all);
            assert!(found.contains(&0) && found.contains(&59), "{packing:?}: {found:?}");
            assert!(found.len() > 35, "{packing:?}: {found:?}");
            let told = outcome.skipped.iter().any(|skipped| skipped.reason.contains("damaged"));
            assert!(told, "{:?}", outcome.skipped);
            // Names from before the loss keep their numbers.
            let last = all.lines().find(|line| line.contains("mark59.")).unwrap();
            assert!(last.contains("forwarder3"), "{last}");
        }
    }
}

#[test]
fn an_unknown_opcode_ends_a_slice_and_no_more() {
    let events = hits(40);
    let layout = JournalLayout { slice: 6000, ..JournalLayout::new(JournalPacking::Plain) };
    let mut plain = journal(&events, layout);
    let at = memchr::memmem::find(&plain, b"mark20.").unwrap();
    let next = at + memchr::memmem::find(&plain[at..], b"</Event>\n").unwrap() + 9;
    plain[next] = 200;
    let (all, outcome) = sweep_bytes(&plain, "journal", &Options::default());
    assert_eq!(marks(&all), (0..=20).collect::<Vec<_>>());
    let [skipped] = &outcome.skipped[..] else { panic!("{:?}", outcome.skipped) };
    assert_eq!(skipped.offset, Some(next as u64));
    assert!(skipped.reason.starts_with("an unknown opcode, 200"), "{}", skipped.reason);
    // Packed by hand into two slices, the second of which is as it was.
    let (one, two) = plain.split_at(next + 5);
    let rest = journal(&events[30..], layout);
    let packed =
        [logs::gzip(one), logs::gzip(two), logs::gzip(&rest), logs::gzip(&rest[..40])].concat();
    let (all, outcome) = sweep_bytes(&packed, "journal.gz", &Options::default());
    assert_eq!(marks(&all), (0..=20).chain(30..40).collect::<Vec<_>>());
    assert!(outcome.skipped.len() >= 2);
}

#[test]
fn bit_flips_harm_nothing_but_their_slice() {
    let events = hits(30);
    let mut random = 7u64;
    let mut next = |end: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) as usize % end
    };
    for round in 0..52 {
        let packing = JournalPacking::ALL[round % 4];
        let layout = JournalLayout {
            slice: 5000,
            whole_events: round % 3 > 0,
            ..JournalLayout::new(packing)
        };
        let mut bytes = journal(&events, layout);
        let at = next(bytes.len());
        bytes[at] ^= 1 << next(8);
        if round % 5 == 0 {
            bytes.truncate(bytes.len() - next(bytes.len()));
        }
        let name = packing.file_name();
        let mut answers = Vec::new();
        for options in switches().into_iter().step_by(2).chain([switches()[5].clone()]) {
            let (rows, outcome) = sweep_bytes(&bytes, name, &options);
            let skipped: Vec<_> =
                outcome.skipped.into_iter().map(|s| (s.offset, s.reason)).collect();
            answers.push((rows, skipped));
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{round}: {answers:#?}");
        // What the flip is not in is found, up to the slice that it is in.
        let found = marks(&answers[0].0);
        if round % 5 > 0 {
            let before = at * 30 / bytes.len();
            let sure = before.saturating_sub(12);
            assert!((0..sure).all(|mark| found.contains(&mark)), "{round} {packing:?} {found:?}");
            assert!(
                found.len() == 30 || !answers[0].1.is_empty() || packing == JournalPacking::Plain
            );
        }
    }
}

#[test]
fn bytes_that_look_like_the_start_of_a_slice_lead_nowhere() {
    // What cannot be packed stands in the packed journal as it is.
    let mut random = 5u64;
    let mut noise = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 40) as u8
    };
    let magics: [&[u8]; 3] = [b"\x1f\x8b\x08\x00", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18"];
    let mut events = hits(20);
    for (at, event) in events.iter_mut().enumerate() {
        event.raw.extend((0..40_000).map(|_| noise()));
        event.raw.extend(magics[at % 3]);
        event.raw.extend((0..40_000).map(|_| noise()));
    }
    for packing in JournalPacking::ALL {
        for slice in [200_000, usize::MAX] {
            let layout = JournalLayout { slice, ..JournalLayout::new(packing) };
            let bytes = journal(&events, layout);
            let astray = magics.iter().any(|magic| {
                memchr::memmem::find_iter(&bytes, magic).count() > bytes.len() / slice + 2
            });
            assert!(astray || packing == JournalPacking::Plain, "{packing:?}");
            for options in switches() {
                let (rows, outcome) = sweep_bytes(&bytes, packing.file_name(), &options);
                assert_eq!(outcome.skipped, [], "{layout:?}");
                assert_eq!(marks(&rows).len(), 20, "{layout:?}");
            }
        }
    }
}

#[test]
fn events_are_traced_in_the_order_of_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.zst");
    let layout = JournalLayout { slice: 2000, ..JournalLayout::new(JournalPacking::Zstd) };
    std::fs::write(&path, journal(&hits(30), layout)).unwrap();
    let seen = std::sync::Mutex::new(Vec::new());
    let plan = common::seed_plan(Reading::AS_MEANT);
    let visit = |event: coldsweep::scan::EventTrace| {
        seen.lock().unwrap().push(event.time.unwrap());
        true
    };
    let options = Options::default();
    coldsweep::scan::trace(&plan, &Cim::builtin(), &[path], &options, &visit).unwrap();
    let seen = seen.into_inner().unwrap();
    assert!(seen.len() == 30 && seen.is_sorted(), "{seen:?}");
}

#[test]
fn buckets_are_passed_over_by_their_names() {
    let dir = tempfile::tempdir().unwrap();
    let layout = JournalLayout::new(JournalPacking::Zstd);
    let events = hits(3);
    bucket(dir.path(), "db_1704067202_1704067200_0", &events, layout);
    bucket(dir.path(), "rb_1600000000_1500000000_1_AB-CD", &events, layout);
    bucket(dir.path(), "hot_v1_2", &events, layout);
    let plans = [common::seed_plan(Reading::AS_MEANT)];
    let at = |text: &str| Some(text.parse().unwrap());
    for (since, until, files, passed, events) in [
        (None, None, 3, 0, 9),
        (at("2024-01-01T00:00:00Z"), None, 2, 1, 6),
        (at("2024-01-01T00:00:02.5Z"), None, 2, 1, 0),
        (at("2024-01-01T00:00:03Z"), None, 1, 2, 0),
        (None, at("2024-01-01T00:00:00Z"), 2, 1, 0),
        (None, at("2024-01-01T00:00:01Z"), 3, 0, 3),
        (at("2015-01-01T00:00:00Z"), at("2016-01-01T00:00:00Z"), 1, 2, 0),
    ] {
        let options = Options { since, until, ..Options::default() };
        let outcome = run(&plans, &[dir.path().to_owned()], &options);
        assert_eq!(outcome.skipped, []);
        let counters = &outcome.counters;
        assert_eq!((counters.files, counters.buckets_out_of_time), (files, passed), "{since:?}");
        assert_eq!(counters.matched, events, "{since:?} {until:?}");
    }
}

#[test]
fn buckets_in_archives_are_as_good_as_folders() {
    let layout = JournalLayout { slice: 3000, ..JournalLayout::new(JournalPacking::Gzip) };
    let journal = journal(&hits(20), layout);
    let files: Vec<_> = ["rawdata/journal.gz", "Hosts.data", "1-2-3.tsidx", "bucket_info.csv"]
        .map(|name| {
            let bytes = if name.ends_with("gz") { journal.clone() } else { b"none".to_vec() };
            (format!("x/db_1704067219_1704067200_0/{name}"), bytes)
        })
        .into();
    let plans = [common::seed_plan(Reading::AS_MEANT)];
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("evidence");
    let mut expected = None;
    for (name, pack) in common::pack::ARCHIVES {
        std::fs::write(&path, pack(&files)).unwrap();
        let outcome = run(&plans, std::slice::from_ref(&path), &Options::default());
        assert_eq!((outcome.skipped, outcome.counters.matched), (vec![], 20), "{name}");
        let until = Some("2024-01-01T00:00:00Z".parse().unwrap());
        let options = Options { until, ..Options::default() };
        let outcome = run(&plans, std::slice::from_ref(&path), &options);
        assert_eq!(outcome.counters.buckets_out_of_time, 1, "{name}");
    }
    // Alone, in compressions that Splunk does not write.
    for (name, pack) in common::pack::COMPRESSIONS {
        std::fs::write(&path, pack(&journal)).unwrap();
        let outcome = run(&plans, std::slice::from_ref(&path), &Options::default());
        assert_eq!(outcome.skipped, [], "{name}");
        let rows = rows(&plans, &outcome);
        assert_eq!(*expected.get_or_insert(rows.clone()), rows, "{name}");
        assert_eq!(marks(&rows).len(), 20, "{name}");
    }
}

#[test]
fn a_bucket_without_its_raw_data_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let layout = JournalLayout::new(JournalPacking::Lz4);
    let whole = bucket(dir.path(), "db_1704067202_1704067200_0", &hits(1), layout);
    let index_only = dir.path().join("db_9_8_7");
    index_files(&index_only);
    let empty = dir.path().join("db_6_5_4");
    std::fs::create_dir_all(empty.join("rawdata")).unwrap();
    let stub = dir.path().join("db_4_3_2");
    std::fs::create_dir_all(stub.join("rawdata")).unwrap();
    std::fs::write(stub.join("rawdata/journal.gz"), vec![0xee; 16 << 10]).unwrap();
    let nothing = dir.path().join("db_4_3_3");
    std::fs::create_dir_all(nothing.join("rawdata")).unwrap();
    std::fs::write(nothing.join("rawdata/journal.zst"), b"").unwrap();
    let plans = [common::seed_plan(Reading::AS_MEANT)];
    let paths = [whole.clone(), index_only, empty, stub, nothing];
    let outcome = run(&plans, &paths, &Options::default());
    assert_eq!(outcome.counters.matched, 1);
    let said: Vec<_> = outcome
        .skipped
        .iter()
        .map(|s| (s.path.strip_prefix(dir.path()).unwrap().to_str().unwrap(), &s.reason[..20]))
        .collect();
    assert_eq!(
        said,
        [
            ("db_4_3_2/rawdata/journal.gz", "this is no journal: "),
            ("db_4_3_3/rawdata/journal.zst", "this is no journal: "),
            ("db_6_5_4", "a bucket without its"),
            ("db_9_8_7", "a bucket without its"),
        ]
    );
    // One file of a bucket that is whole.
    let outcome = run(&plans, &[whole.join("Hosts.data")], &Options::default());
    assert_eq!(outcome.skipped, []);
}

#[test]
fn memory_does_not_grow_with_what_a_journal_unpacks_to() {
    // 200 MiB of one event's filling, in one member and in many.
    let filler = Stored::new(vec![b'z'; 1 << 20], 1_704_067_200_000);
    let mut events = vec![filler; 200];
    events.extend(hits(1));
    for slice in [usize::MAX, 128 << 10] {
        let dir = tempfile::tempdir().unwrap();
        let layout = JournalLayout { slice, ..JournalLayout::new(JournalPacking::Zstd) };
        let path = dir.path().join("journal.zst");
        std::fs::write(&path, journal(&events, layout)).unwrap();
        let run = common::program::Program::new([
            "scan".as_ref(),
            "--max-expansion".as_ref(),
            "100000".as_ref(),
            path.as_os_str(),
        ])
        .run();
        assert_eq!((run.status, run.stdout.lines().count()), (0, 1), "{}", run.stderr);
        assert!(run.peak < 120, "{} MiB", run.peak);
    }
}

#[test]
fn standard_input_may_be_a_journal() {
    let layout = JournalLayout { slice: 900, ..JournalLayout::new(JournalPacking::Lz4) };
    let run = common::program::Program::new(["scan", "-"]).stdin(journal(&hits(7), layout)).run();
    assert_eq!((run.status, run.stdout.lines().count()), (0, 7), "{}", run.stderr);
}

/// Journals of random events, in all layouts and forms.
fn random_journals(count: usize, visit: &mut dyn FnMut(usize, JournalLayout, &[Stored])) {
    let mut random = 99u64;
    let mut next = |end: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) as usize % end
    };
    for number in 0..count {
        let layout = JournalLayout {
            slice: [200, 1000, 5000, 128 << 10][next(4)],
            whole_events: next(2) == 0,
            restated: next(2) == 0,
            packing: JournalPacking::ALL[number % 4],
        };
        let mut time = 1_600_000_000_000 + next(1 << 30) as i64;
        let events: Vec<_> = (0..1 + next(40))
            .map(|at| {
                time += next(5_000_000) as i64 - 1_000_000;
                let lines = (0..next(5)).map(|line| format!("line {line} é \u{1f4e6} {at}\r\n"));
                let mut event = Stored::new(lines.collect::<String>() + "end", time);
                event.meta.host = Some(format!("host-{}", next(6)));
                event.meta.source = Some(format!(r"C:\logs\{}.log", next(300)));
                event.meta.sourcetype = Some(["a", "b:c", "d"][next(3)].to_owned());
                event
            })
            .collect();
        visit(number, layout, &events);
    }
}

/// A row as `check_journal.py` takes it.
fn expected_line(event: &Stored) -> serde_json::Value {
    let meta = &event.meta;
    serde_json::json!([
        meta.time.unwrap().as_millisecond(),
        meta.host,
        meta.source,
        meta.sourcetype,
        String::from_utf8_lossy(&event.raw),
    ])
}

fn count_of_journals() -> usize {
    let count = std::env::var("COLDSWEEP_JOURNALS").ok();
    count.map_or(40, |count| count.parse().unwrap())
}

#[test]
fn every_event_comes_out_as_it_was_written() {
    let rule = "| table _time, host, source, sourcetype, _raw";
    let plans =
        [common::compile(Rule::parse(&format!("* {rule}"), "x.spl").unwrap(), Reading::STRICT)];
    random_journals(count_of_journals(), &mut |number, layout, events| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(layout.packing.file_name());
        std::fs::write(&path, journal(events, layout)).unwrap();
        let options = Options { reading: Reading::STRICT, ..Options::default() };
        let outcome = run(&plans, &[path], &options);
        assert_eq!(outcome.skipped, [], "{number} {layout:?}");
        let mut found: Vec<_> = rows(&plans, &outcome)
            .lines()
            .map(|line| {
                let row: serde_json::Value = serde_json::from_str(line).unwrap();
                let time: jiff::Timestamp = row["_time"].as_str().unwrap().parse().unwrap();
                let field = |name: &str| row[name].clone();
                serde_json::json!([
                    time.as_millisecond(),
                    field("host"),
                    field("source"),
                    field("sourcetype"),
                    field("_raw")
                ])
                .to_string()
            })
            .collect();
        let mut expected: Vec<_> =
            events.iter().map(|event| expected_line(event).to_string()).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{number} {layout:?}");
    });
}

#[test]
fn an_independent_reader_reads_what_is_written() {
    let dir = tempfile::tempdir().unwrap();
    random_journals(count_of_journals(), &mut |number, layout, events| {
        let end = match layout.packing {
            JournalPacking::Gzip => "gz",
            JournalPacking::Zstd => "zst",
            // It knows no lz4: the opcodes are the same.
            JournalPacking::Plain | JournalPacking::Lz4 => "journal",
        };
        let packing = if end == "journal" { JournalPacking::Plain } else { layout.packing };
        let bytes = journal(events, JournalLayout { packing, ..layout });
        std::fs::write(dir.path().join(format!("{number}.{end}")), bytes).unwrap();
        let lines: String =
            events.iter().map(|event| format!("{}\n", expected_line(event))).collect();
        std::fs::write(dir.path().join(format!("{number}.jsonl")), lines).unwrap();
    });
    let python = std::env::var_os("COLDSWEEP_PYTHON").unwrap_or_else(|| "python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/check_journal.py");
    let Ok(ran) = std::process::Command::new(python).arg(script).arg(dir.path()).output() else {
        eprintln!("skipped: no python3");
        return;
    };
    if ran.status.code() == Some(77) {
        eprintln!("skipped: splunk-ddss-extractor is not installed");
        return;
    }
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    eprintln!("{said}");
}
