//! The command line as a contract (DESIGN, "Command line" and "Rows"): what each flag does, what
//! is written where, and the exit status.

mod common;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::logs;
use common::program::{Program, Run};
use serde_json::Value as Json;

/// A folder with a log in each of four formats: hosts alpha, beta, gamma, delta.
struct Folder(tempfile::TempDir);

impl Folder {
    fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn new() -> Self {
        let folder = Self::empty();
        // Two in one second are one row.
        let command = r#"msiexec.exe /i "https://two.test/a,b.msi" & exit"#;
        let xml = logs::xml("alpha", 1, "one") + &logs::xml_event("alpha", 1, command);
        let quiet = logs::xml_event("alpha", 2, "notepad.exe");
        folder.write("a.xml", xml + &quiet);
        folder.write("b.json", logs::json("beta", 2, "three"));
        folder.write("c.log", logs::classic("gamma", 3, "four"));
        folder.write("d.evtx", logs::evtx("delta", 2));
        folder
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// `coldsweep` with these words, run in the folder.
    fn program(&self, words: &str) -> Program {
        Program::new(words.split_whitespace()).within(self.path())
    }

    fn run(&self, words: &str) -> Run {
        self.program(words).run()
    }
}

/// The keys of an object, sorted: what reads JSON does not mind their order.
fn keys(object: &Json) -> Vec<&str> {
    let mut keys: Vec<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

fn hosts(run: &Run) -> Vec<String> {
    run.rows().iter().map(|row| row["host"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn rows_are_objects_in_a_fixed_shape() {
    let run = Folder::new().run("scan .");
    assert_eq!(run.status, 0);
    assert_eq!(hosts(&run), ["delta", "alpha", "delta", "beta", "gamma"]);
    for line in run.stdout.lines() {
        let start = r#"{"rule_id":"18093.30444","rule":"Remote .msi Installation","_time":"2024-01-01T00:00:0"#;
        assert!(line.starts_with(start), "{line}");
        let rest = &line[start.len()..];
        assert!(rest[1..].starts_with(r#"Z","host":""#), "whole seconds, then the host: {line}");
        let row: Json = serde_json::from_str(line).unwrap();
        for (name, value) in row.as_object().unwrap() {
            match (name.as_str(), value) {
                ("rule_id" | "rule" | "_time" | "host", Json::String(_)) => {}
                // A `values()` column is a list of texts, and one without a value is left out.
                (_, Json::Array(list)) => {
                    assert!(!list.is_empty() && list.iter().all(Json::is_string), "{line}");
                }
                _ => panic!("{name}: {line}"),
            }
        }
    }
    let alpha = &run.rows()[1];
    let commands = [
        "msiexec.exe /i \"https://two.test/a,b.msi\" & exit",
        "msiexec.exe /i https://one.test/x.msi",
    ];
    assert_eq!(alpha["process"], Json::from(commands.to_vec()));
    assert_eq!(alpha["user"], Json::from(vec!["alice"]));
}

#[test]
fn every_format_says_the_same() {
    let folder = Folder::new();
    let rows = folder.run("scan .").rows();
    // Without a terminal, JSON lines are the default.
    assert_eq!(folder.run("scan -f jsonl .").rows(), rows);
    let array: Json = serde_json::from_str(&folder.run("scan -f json .").stdout).unwrap();
    assert_eq!(array, Json::from(rows.clone()));

    let csv = folder.run("scan -f csv .").stdout;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(header[..4], ["rule_id", "rule", "_time", "host"]);
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), rows.len());
    for (record, row) in records.iter().zip(&rows) {
        for (name, cell) in header.iter().zip(record) {
            let expected = match &row[name] {
                Json::Null => String::new(),
                Json::Array(list) => {
                    list.iter().map(|v| v.as_str().unwrap()).collect::<Vec<_>>().join("\n")
                }
                value => value.as_str().unwrap().to_owned(),
            };
            assert_eq!(cell, expected, "{name}");
        }
        assert!(row.as_object().unwrap().keys().all(|name| header.contains(name)));
    }
}

#[test]
fn no_rows_are_an_empty_answer_in_every_format() {
    let folder = Folder::empty();
    folder.write("a.xml", logs::xml_event("alpha", 1, "notepad.exe"));
    for (format, expected) in
        [("jsonl", ""), ("json", "[\n]\n"), ("csv", "rule_id,rule\n"), ("table", "")]
    {
        let run = folder.run(&format!("scan -f {format} a.xml"));
        assert_eq!(run.status, 1, "{format}");
        if format == "csv" {
            assert!(run.stdout.starts_with("rule_id,rule") && run.stdout.lines().count() == 1);
        } else {
            assert_eq!(run.stdout, expected, "{format}");
        }
        assert!(run.stderr.contains("why none: "), "{}", run.stderr);
    }
}

#[test]
fn an_answer_that_a_later_command_empties_says_so() {
    let folder = Folder::empty();
    folder.write("a.xml", logs::xml_event("alpha", 1, "msiexec /i http://x.test/a.msi"));
    folder.write("r.spl", "msiexec | stats count by host | where count > 5");
    let run = folder.run("scan -r r.spl a.xml");
    assert_eq!((run.status, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("matched: 1 event in 0 rows"), "{}", run.stderr);
    assert!(run.stderr.contains("why none: what stands behind"), "{}", run.stderr);
}

#[test]
fn a_folder_is_no_rule_to_explain() {
    let folder = Folder::empty();
    std::fs::create_dir(folder.path().join("rules")).unwrap();
    let run = folder.run("explain rules");
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("rules: a folder, and one rule is wanted"), "{}", run.stderr);
}

#[test]
fn a_table_fits_and_evidence_cannot_reach_the_terminal() {
    let folder = Folder::empty();
    let evil = "msiexec /i http://x.test/\u{1b}[31m\u{7}\u{9b}2J\u{202e}a\u{2066}b.msi \r\tc";
    let long = format!("msiexec /i http://{}.test/x.msi", "wide-".repeat(100));
    folder.write(
        "a.xml",
        logs::xml_event("al\u{1b}]0;pha", 1, evil) + &logs::xml_event("beta", 2, &long),
    );
    for columns in [80, 120] {
        for flags in ["", "--evidence"] {
            let program = folder.program(&format!("scan -f table {flags} a.xml"));
            let run = program.env("COLUMNS", &columns.to_string()).run();
            assert_eq!(run.status, 0);
            let text = run.stdout + &run.stderr;
            let bad = |c: char| {
                (c.is_control() && c != '\n')
                    || ('\u{202a}'..='\u{202e}').contains(&c)
                    || c == '\u{2066}'
            };
            assert!(!text.contains(bad), "{text:?}");
            assert!(text.contains("\\u{1b}[31m"), "it is shown: {text}");
            // Raw events are as long as they are.
            let rows = text.lines().take_while(|line| !line.starts_with("searched"));
            let rows =
                rows.filter(|line| !line.starts_with("    ") && !line.starts_with("  a.xml"));
            let widest = rows.map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= columns, "{widest} of {columns}\n{text}");
        }
    }
    // Messages name paths, which are hostile too.
    #[cfg(unix)]
    {
        folder.write("b\u{1b}[2J.txt", "prose\n");
        let run = folder.run("scan .");
        assert!(run.stderr.contains("b\\u{1b}[2J.txt: not a log"), "{}", run.stderr);
    }
}

#[test]
fn nothing_is_coloured_without_a_terminal() {
    let folder = Folder::new();
    folder.write("bad.spl", "* | frobnicate");
    for words in [
        "scan .",
        "scan -f table --stats .",
        "scan -r bad.spl .",
        "explain",
        "--help",
        "scan --nope",
        "rules check bad.spl",
    ] {
        for no_color in ["", "1"] {
            let run = folder.program(words).env("NO_COLOR", no_color).run();
            assert!(!(run.stdout + &run.stderr).contains('\u{1b}'), "{words}");
        }
    }
}

#[test]
fn output_goes_to_a_file_that_is_no_input() {
    let folder = Folder::new();
    let expected = folder.run("scan a.xml d.evtx").stdout;
    let run = folder.run("scan -o rows.jsonl a.xml d.evtx");
    assert_eq!((run.status, run.stdout.as_str()), (0, ""));
    assert_eq!(folder.read("rows.jsonl"), expected);
    folder.run("scan -o rows.csv -f csv a.xml");
    assert!(folder.read("rows.csv").starts_with("rule_id,rule,_time,host,"));

    let before = folder.read("a.xml");
    for words in ["scan -o a.xml a.xml", "scan --stats-json ./a.xml a.xml"] {
        let run = folder.run(words);
        assert_eq!(run.status, 2);
        assert!(run.stderr.contains("a.xml: is to be searched"), "{}", run.stderr);
        assert_eq!(folder.read("a.xml"), before, "evidence is not written over");
    }
    let run = folder.run("scan -o none/rows a.xml");
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("none/rows: cannot be written: "), "{}", run.stderr);
}

#[test]
fn evidence_says_where_each_event_stands() {
    let folder = Folder::new();
    assert!(!folder.run("scan .").stdout.contains("_evidence"));
    let rows = folder.run("scan --evidence .").rows();
    let alpha = rows[1]["_evidence"].as_array().unwrap();
    let text = folder.read("a.xml");
    assert_eq!(alpha.len(), 2);
    for event in alpha {
        assert_eq!(keys(event), ["offset", "path", "raw", "strict", "time"]);
        assert_eq!(event["path"], "./a.xml");
        assert_eq!(event["time"], "2024-01-01T00:00:01.25Z");
        assert_eq!(event["strict"], true);
        let offset = usize::try_from(event["offset"].as_u64().unwrap()).unwrap();
        assert!(text[offset..].starts_with(event["raw"].as_str().unwrap()));
    }
    let delta = &rows[0]["_evidence"][0];
    assert_eq!((&delta["record"], &delta["path"]), (&Json::from(1), &Json::from("./d.evtx")));
    assert!(delta.get("offset").is_none());
    assert!(delta["raw"].as_str().unwrap().starts_with("<Event xmlns="));
    // In CSV it is a column of JSON; in a table it stands below.
    let csv = folder.run("scan --evidence -f csv a.xml").stdout;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let record = reader.records().next().unwrap().unwrap();
    assert_eq!(
        serde_json::from_str::<Json>(&record[record.len() - 1]).unwrap(),
        rows[1]["_evidence"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| {
                let mut event = event.clone();
                event["path"] = "a.xml".into();
                event
            })
            .collect::<Json>()
    );
    let table = folder.run("scan --evidence -f table a.xml").stdout;
    assert!(table.contains("a.xml  offset 0  2024-01-01T00:00:01.25Z\n    <Event "), "{table}");
}

#[test]
fn time_bounds_are_half_open() {
    let folder = Folder::new();
    for (bounds, expected) in [
        ("--since 2024-01-01T00:00:02Z", "beta gamma"),
        ("--since 2024-01-01T00:00:01.25Z", "alpha delta beta gamma"),
        ("--since 2024-01-01T00:00:01.2500001Z", "beta gamma"),
        ("--until 2024-01-01T00:00:01.25Z", "delta delta"),
        ("--until 2024-01-01T00:00:02Z", "delta alpha delta"),
        ("--since 2024-01-01T01:00:02+01:00 --until 2024-01-01T00:00:03", "beta"),
        ("--since 2024-01-01 --until 2024-01-02", "delta alpha delta beta gamma"),
        ("--until -7d", "delta alpha delta beta gamma"),
    ] {
        let run = folder.run(&format!("scan {bounds} a.xml b.json c.log d.evtx"));
        let mut hosts = hosts(&run);
        let mut expected: Vec<_> = expected.split(' ').collect();
        // The log's events are at 0 and 1 s sharp.
        if bounds.contains(".25") && bounds.contains("since") {
            expected.retain(|host| *host != "delta");
        }
        hosts.sort();
        expected.sort_unstable();
        assert_eq!(hosts, expected, "{bounds}");
        assert_eq!(run.status, 0);
    }
    let now = jiff::Timestamp::now();
    let ago =
        |seconds| (now - jiff::SignedDuration::from_secs(seconds)).strftime("%FT%TZ").to_string();
    let event = |host, seconds| {
        logs::xml(host, 0, "a").replace("2024-01-01T00:00:00.250000000Z", &ago(seconds))
    };
    folder.write("new.xml", event("hour", 3600) + &event("day", 86_400));
    assert_eq!(hosts(&folder.run("scan --since -2h new.xml")), ["hour"]);
    assert_eq!(hosts(&folder.run("scan --since -7d --until -90m new.xml")), ["day"]);
    assert_eq!(folder.run("scan --since -30m new.xml").status, 1);

    for (bounds, says) in [
        (
            "--since yesterday",
            "--since yesterday: neither a time nor a span of time; write a time as",
        ),
        ("--until 7d", "--until 7d: a span of time must go back from now"),
        ("--since 2024-02-30", "--since 2024-02-30: "),
        (
            "--since 2024-01-02 --until 2024-01-02",
            "no event is from 2024-01-02T00:00:00Z on and before",
        ),
    ] {
        let run = folder.run(&format!("scan {bounds} a.xml"));
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{bounds}");
        assert!(run.stderr.contains(says), "{}", run.stderr);
    }
}

#[test]
fn hosts_are_chosen_by_globs() {
    let folder = Folder::new();
    for (globs, expected) in [
        ("--host alpha", &["alpha"][..]),
        ("--host ALPHA", &["alpha"]),
        ("--host *a", &["delta", "alpha", "delta", "beta", "gamma"]),
        ("--host [bg]*", &["beta", "gamma"]),
        ("--host b* --host g*", &["beta", "gamma"]),
        ("--host ?????", &["delta", "alpha", "delta", "gamma"]),
        ("--host nobody", &[]),
    ] {
        assert_eq!(hosts(&folder.run(&format!("scan {globs} ."))), expected, "{globs}");
    }
    let run = folder.run("scan --host [ .");
    assert!(run.status == 2 && run.stderr.contains("--host [: "), "{}", run.stderr);
}

#[test]
fn the_moment_of_a_sweep_can_be_named() {
    let folder = Folder::new();
    let rule = "* | eval n=now(), ago=relative_time(now(), \"-1d@d\") | stats values(n) as n \
                values(ago) as ago";
    folder.write("now.spl", rule);
    let run = folder.run("scan -r now.spl --now 2024-01-02T03:04:05Z a.xml");
    assert_eq!(run.rows()[0]["n"], Json::from(vec!["1704164645"]), "{}", run.stderr);
    assert_eq!(run.rows()[0]["ago"], Json::from(vec!["1704067200"]));
    // Relative times count from it too.
    let run = folder.run("scan --now 2024-01-01T00:00:02Z --since -1s a.xml c.log");
    let all = folder.run("scan --since 2024-01-01T00:00:01Z a.xml c.log");
    assert!(!run.rows().is_empty());
    assert_eq!(run.stdout, all.stdout);
    let run = folder.run("scan -r now.spl --now yesterday a.xml");
    assert!(run.status == 2 && run.stderr.contains("--now yesterday: "), "{}", run.stderr);
    // Without the flag it is the start of the sweep.
    let before = jiff::Timestamp::now().as_second();
    let run = folder.run("scan -r now.spl a.xml");
    let now: i64 = run.rows()[0]["n"][0].as_str().unwrap().parse().unwrap();
    assert!((before..=jiff::Timestamp::now().as_second()).contains(&now), "{now}");
}

#[test]
fn times_without_a_zone_get_the_one_named() {
    let folder = Folder::new();
    for (zone, expected) in [
        ("UTC", "2024-01-01T00:00:03Z"),
        ("Europe/Berlin", "2023-12-31T23:00:03Z"),
        ("America/New_York", "2024-01-01T05:00:03Z"),
        ("+02:00", "2023-12-31T22:00:03Z"),
        ("-03:30", "2024-01-01T03:30:03Z"),
    ] {
        let run = Program::new(["scan", &format!("--timezone={zone}"), "c.log"]);
        assert_eq!(run.within(folder.path()).run().rows()[0]["_time"], expected, "{zone}");
        // What carries a zone keeps its time.
        let run = Program::new(["scan", &format!("--timezone={zone}"), "a.xml"]);
        assert_eq!(run.within(folder.path()).run().rows()[0]["_time"], "2024-01-01T00:00:01Z");
    }
    let run = folder.run("scan --timezone Mars/Olympus c.log");
    assert!(run.status == 2 && run.stderr.contains("--timezone Mars/Olympus: "), "{}", run.stderr);
}

#[test]
fn the_format_of_input_can_be_named() {
    let folder = Folder::new();
    // Nothing at the start of this one says what it is.
    let hidden = "prose\n".repeat(60_000) + &logs::xml("hidden", 1, "a");
    folder.write("hidden", hidden);
    let run = folder.run("scan hidden");
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("hidden: not a log in any known format"), "{}", run.stderr);
    assert_eq!(hosts(&folder.run("scan --input-format xml hidden")), ["hidden"]);
    for (format, file) in
        [("evtx", "d.evtx"), ("xml", "a.xml"), ("classic", "c.log"), ("json", "b.json")]
    {
        let named = folder.run(&format!("scan --input-format {format} {file}"));
        assert_eq!((named.status, named.stdout), (0, folder.run(&format!("scan {file}")).stdout));
    }
    let run = folder.run("scan --input-format evtx a.xml");
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("a.xml:0: no chunk starts where one should"), "{}", run.stderr);
    let run = folder.run("scan --input-format syslog a.xml");
    assert!(run.status == 2 && run.stderr.contains("evtx, xml, classic, hostmon, line, json"));
}

#[test]
fn readings_are_chosen_as_a_whole_or_one_by_one() {
    let folder = Folder::empty();
    let event = logs::xml("alpha", 1, "a")
        .replace(">4688<", ">1040<")
        .replace("Microsoft-Windows-Security-Auditing", "MsiInstaller")
        .replace(">Security<", ">Application<")
        .replace("Name='CommandLine'", "");
    folder.write("a.xml", event);
    for (flags, status) in [
        ("", 0),
        ("--accommodate all", 0),
        ("--accommodate all,-message-text", 1),
        ("--accommodate -message-text", 1),
        ("--strict", 1),
        ("--accommodate none,bin-time", 1),
        // Without this one, Splunk refuses the rule.
        ("--accommodate none", 2),
    ] {
        let run = folder.run(&format!("scan {flags} a.xml"));
        assert_eq!(run.status, status, "{flags}: {}", run.stderr);
    }
    let run = folder.run("scan --accommodate mesage-text a.xml");
    assert_eq!(run.status, 2);
    let codes = coldsweep::reading::ACCOMMODATIONS.iter().map(|row| row.code);
    assert!(codes.into_iter().all(|code| run.stderr.contains(code)), "{}", run.stderr);
    let run = folder.run("scan --strict --accommodate all a.xml");
    assert!(run.status == 2 && run.stderr.contains("cannot be used with"), "{}", run.stderr);
    assert!(folder.run("scan a.xml").stderr.contains("0 of them as stock Splunk would"));
}

#[test]
fn events_without_a_host_get_the_default_one() {
    let folder = Folder::empty();
    folder.write("c.log", logs::classic("x", 1, "a").replace("ComputerName=x\n", ""));
    let run = folder.run("scan c.log");
    assert_eq!(hosts(&run), ["unknown"]);
    assert!(run.stderr.contains("no host: 1 matched without naming one"), "{}", run.stderr);
    assert_eq!(hosts(&folder.run("scan --default-host box7 c.log")), ["box7"]);
    assert_eq!(hosts(&folder.run("scan --default-host box7 --host box* c.log")), ["box7"]);
}

#[test]
fn rules_come_from_files_and_folders() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("rules")).unwrap();
    folder.write(
        "rules/b.yml",
        "id: '2'\ntitle: By name\nlogic: '\"notepad.exe\" | stats count by host'\n",
    );
    folder.write("rules/a.spl", "msiexec | stats count by host");
    folder.write("rules/notes.txt", "not a rule, and not read");
    let run = folder.run("scan -r rules .");
    let rows: Vec<_> = run
        .rows()
        .iter()
        .map(|row| format!("{} {} {}", row["rule_id"], row["host"], row["count"]))
        .collect();
    // By rule, then by the by-fields; a count is a number.
    let expected = [
        "\"2\" \"alpha\" 1",
        "\"a\" \"alpha\" 2",
        "\"a\" \"beta\" 1",
        "\"a\" \"delta\" 2",
        "\"a\" \"gamma\" 1",
    ];
    assert_eq!(rows, expected);
    let run = folder.run("scan -r rules/b.yml --rule rules/a.spl -r rules .");
    assert_eq!(run.rows().len(), expected.len(), "a rule reached twice is one rule");
    assert_eq!(folder.run("scan -r rules/b.yml .").rows().len(), 1);
}

#[test]
fn macros_come_from_files() {
    let folder = Folder::new();
    folder.write("rule.spl", "`mine` | stats count by host");
    let run = folder.run("scan -r rule.spl a.xml");
    assert_eq!(run.status, 2);
    assert!(
        run.stderr.contains("`mine`") && run.stderr.contains("--> rule.spl:1:1"),
        "{}",
        run.stderr
    );
    folder.write("macros.conf", "[mine]\ndefinition = msiexec host=alpha\n");
    folder.write("macros.toml", "[[macro]]\nname = \"mine\"\ndefinition = \"notepad.exe\"\n");
    assert_eq!(folder.run("scan -r rule.spl --macros macros.conf .").rows()[0]["count"], 2);
    let run = folder.run("scan -r rule.spl --macros none.toml .");
    assert!(run.status == 2 && run.stderr.contains("none.toml: "), "{}", run.stderr);
}

#[test]
fn lookups_and_places_are_files_that_are_named() {
    let folder = Folder::new();
    folder.write("rule.spl", "msiexec host=alpha | lookup teams name AS host | table host team");
    folder.write("teams.csv", "name,team\nalpha,red\n");
    let run = folder.run("scan -r rule.spl --lookup teams=teams.csv a.xml");
    assert_eq!(run.rows()[0]["team"], "red");
    assert!(!run.stderr.contains("not given"), "{}", run.stderr);
    // Without the table the rule runs, its fields stay empty, and that is said once.
    let run = folder.run("scan -r rule.spl --lookup others=teams.csv a.xml");
    assert_eq!((run.status, run.rows()[0].get("team")), (0, None));
    let said =
        "not given: the lookup `teams` is not given: the fields it fills stay as they are (1 rule)";
    assert_eq!(run.stderr.lines().filter(|line| *line == said).count(), 1, "{}", run.stderr);
    assert!(!folder.run("scan -q -r rule.spl a.xml").stderr.contains("not given"));
    let run = folder.run("rules check rule.spl");
    assert!(run.status == 0 && run.stdout.contains("warning[W0020]"), "{}", run.stdout);
    assert!(folder.run("explain rule.spl").stdout.contains("W0020"));
    // Splunk refuses such a search.
    let run = folder.run("scan --strict -r rule.spl a.xml");
    assert!(run.status == 2 && run.stderr.contains("error[E0322]"), "{}", run.stderr);
    assert_eq!(folder.run("scan --strict -r rule.spl --lookup teams=teams.csv a.xml").status, 0);
    for (flags, says) in [
        ("--lookup teams", "write NAME=FILE"),
        ("--lookup =teams.csv", "write NAME=FILE"),
        ("--lookup teams=none.csv", "none.csv: "),
        ("--geoip none.mmdb", "none.mmdb: "),
        ("--geoip teams.csv", "teams.csv: no MaxMind database: "),
    ] {
        let run = folder.run(&format!("scan {flags} a.xml"));
        assert!(run.status == 2 && run.stderr.contains(says), "{flags}: {}", run.stderr);
    }
}

#[test]
fn switches_that_change_nothing() {
    let folder = Folder::new();
    let expected = folder.run("scan --evidence .").stdout;
    for flags in [
        "-j 1",
        "-j 3",
        "--threads 2",
        "--prefilter off",
        "--prefilter auto",
        "--mmap never",
        "--shard-size 1000",
        "-q",
        "-v",
        "-vv",
        "-j 1 --prefilter off --mmap never --stats",
    ] {
        let run = folder.run(&format!("scan --evidence {flags} ."));
        assert_eq!((run.status, &run.stdout), (0, &expected), "{flags}");
    }
    let run = folder.run("scan d.evtx c.log b.json a.xml --evidence");
    assert_eq!(run.stdout.replace("\"path\":\"", "\"path\":\"./"), expected, "the order of paths");
    for threads in ["x", "100000", "-1"] {
        let run = folder.run(&format!("scan --threads={threads} ."));
        assert!(run.status == 2 && run.stderr.contains("--threads"), "{}", run.stderr);
    }
}

#[test]
fn quiet_says_only_what_is_wrong() {
    let folder = Folder::new();
    assert_eq!(folder.run("scan -q .").stderr, "");
    folder.write("e.txt", "prose\n");
    let run = folder.run("scan -q .");
    assert_eq!(run.stderr, "coldsweep: error: ./e.txt: not a log in any known format\n");
}

#[test]
fn what_a_rule_lacks_is_in_the_numbers() {
    let folder = Folder::new();
    for name in ["r", "s"] {
        let lookup = "EventCode=* | lookup owners host | iplocation src | table _time";
        folder.write(&format!("rules/{name}.spl"), lookup);
    }
    folder.run("scan -r rules --stats-json stats.json a.xml");
    let stats: Json = serde_json::from_str(&folder.read("stats.json")).unwrap();
    let lacks = stats["not_given"].as_array().unwrap();
    let whats: Vec<_> = lacks.iter().map(|one| one["what"].as_str().unwrap()).collect();
    assert!(
        lacks.len() == 2 && whats.iter().any(|what| what.contains("the lookup `owners`")),
        "{whats:?}"
    );
    assert!(lacks.iter().all(|one| one["rules"] == serde_json::json!(["r", "s"])), "{lacks:?}");
    folder.write("owners.csv", "host,owner\nx,y\n");
    folder.write("t.spl", "EventCode=* | lookup owners host | table _time");
    folder.run("scan -r t.spl --lookup owners=owners.csv --stats-json stats.json a.xml");
    let stats: Json = serde_json::from_str(&folder.read("stats.json")).unwrap();
    assert_eq!(stats["not_given"], serde_json::json!([]));
}

#[test]
fn what_a_command_says_of_its_rows_is_in_the_summary() {
    let folder = Folder::new();
    folder.write("r.spl", "EventCode=* | sort 1 -_time | table _time");
    let run = folder.run("scan -r r.spl --stats-json stats.json a.xml");
    assert!(run.stderr.contains("note: r: sort keeps the first 1 of "), "{}", run.stderr);
    let stats: Json = serde_json::from_str(&folder.read("stats.json")).unwrap();
    assert_eq!(stats["notes"].as_array().map(Vec::len), Some(1));
}

#[test]
fn statistics_are_for_people_and_for_programs() {
    let folder = Folder::new();
    folder.write("e.txt", "prose\n");
    folder.write("f.log", "");
    let run = folder
        .run("scan -j 2 --stats --stats-json stats.json a.xml b.json c.log d.evtx e.txt f.log");
    assert_eq!(run.status, 2);
    for says in [
        "searched 6 files (1 evtx, 1 xml, 1 classic, 1 json, 1 empty)",
        "matched: 6 events in 5 rows",
        "searched for:",
        "18093.30444: .msi in text",
        "microseconds a shard: p50 ",
        "not read: 1 place (see above)",
    ] {
        assert!(run.stderr.contains(says), "{says}: {}", run.stderr);
    }
    let stats: Json = serde_json::from_str(&folder.read("stats.json")).unwrap();
    let size = |name: &str| std::fs::metadata(folder.path().join(name)).unwrap().len();
    let bytes: u64 = ["a.xml", "b.json", "c.log", "d.evtx", "e.txt"].into_iter().map(size).sum();
    assert_eq!(stats["bytes"], bytes);
    assert_eq!(stats["files"], 6);
    assert_eq!(
        (&stats["matched"], &stats["rows"], &stats["threads"]),
        (&6.into(), &5.into(), &2.into())
    );
    assert!(stats["events"].as_u64() >= Some(6) && stats["candidates"].as_u64() >= Some(6));
    assert!(stats["seconds"].as_f64().unwrap() > 0.0);
    let latency = ["p50", "p90", "p99", "max"].map(|at| stats["latency_us"][at].as_u64().unwrap());
    assert!(latency.is_sorted() && latency[0] > 0, "{latency:?}");
    let skipped = stats["skipped"].as_array().unwrap();
    assert_eq!(skipped.len(), 1);
    assert_eq!(skipped[0]["path"], "e.txt");
    assert_eq!(skipped[0]["offset"], Json::Null);
    assert_eq!(skipped[0]["reason"], "not a log in any known format");
    // With the prefilter off, every event is looked at.
    folder.run("scan --prefilter off --stats-json all.json a.xml b.json c.log d.evtx");
    let all: Json = serde_json::from_str(&folder.read("all.json")).unwrap();
    assert_eq!((&all["events"], &all["matched"]), (&7.into(), &6.into()));
}

#[test]
fn standard_input_is_a_file_like_any_other() {
    let folder = Folder::new();
    for name in ["a.xml", "b.json", "c.log", "d.evtx"] {
        let bytes = std::fs::read(folder.path().join(name)).unwrap();
        let expected = folder.run(&format!("scan --evidence {name}")).stdout;
        let expected = expected.replace(&format!("\"{name}\""), "\"<stdin>\"");
        for bytes in [logs::gzip(&bytes), bytes] {
            let run = folder.program("scan --evidence -").stdin(bytes).run();
            assert_eq!((run.status, &run.stdout), (0, &expected), "{name}");
        }
    }
    let run = folder.program("scan - a.xml").stdin(logs::json("beta", 2, "x")).run();
    assert_eq!(hosts(&run), ["alpha", "beta"]);
    let run = folder.program("scan -").run();
    assert_eq!((run.status, run.stdout.as_str()), (1, ""));
    let run = folder.program("scan -").stdin("prose\n").run();
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("error: -: not a log"), "{}", run.stderr);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let folder = Folder::empty();
    let many: String = (0..3000).map(|at| logs::xml(&format!("host{at}"), at % 60, "a")).collect();
    folder.write("many.xml", many);
    for format in ["jsonl", "json", "csv", "table"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_coldsweep"))
            .args(["scan", "--evidence", "--stats-json", "stats.json", "-f", format, "many.xml"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::with_capacity(64, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{format}: {stderr}");
        assert!(stderr.contains("3000 rows") && !stderr.contains("ipe"), "{format}: {stderr}");
        let stats: Json = serde_json::from_str(&folder.read("stats.json")).unwrap();
        assert_eq!(stats["rows"], 3000, "what else was asked for is written");
    }
}

#[test]
fn the_exit_status_tells_rows_none_and_errors_apart() {
    let folder = Folder::new();
    folder.write("none.xml", logs::xml_event("alpha", 1, "notepad.exe"));
    folder.write("bad.txt", "prose\n");
    folder.write("bad.spl", "* | frobnicate");
    for (words, status) in [
        ("scan a.xml", 0),
        ("scan none.xml", 1),
        ("scan bad.txt", 2),
        ("scan a.xml bad.txt", 2),
        ("scan missing", 2),
        ("scan a.xml missing", 2),
        ("scan -r bad.spl a.xml", 2),
        ("scan", 2),
        ("scan --nope a.xml", 2),
        ("", 2),
        ("nope", 2),
        ("--help", 0),
        ("--version", 0),
        ("explain", 0),
        ("explain bad.spl", 2),
        ("rules check bad.spl", 2),
    ] {
        let run = folder.run(words);
        assert_eq!(run.status, status, "{words}: {}", run.stderr);
        assert_eq!(status == 2, run.status == 2 && !(run.stderr + &run.stdout).is_empty());
    }
}

const SEVERAL_ERRORS: &str = "id: '7'
title: Wrong in two places
logic: 'index=main process=*x* | where match(process,
  \"a(\") | stats count by host
  | eval n = nosuch(host)'
";

#[test]
fn a_rule_that_cannot_run_is_shown_where() {
    let folder = Folder::new();
    folder.write("wrong.yml", SEVERAL_ERRORS);
    let run = folder.run("scan -r wrong.yml a.xml");
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    // File, line and column, the line itself, and a caret below the place: the regex, and the
    // function, both in one run.
    for says in [
        "--> wrong.yml:4:3",
        "--> wrong.yml:5:14",
        "\"a(\") | stats count by host",
        "^^^^",
        "`nosuch`",
    ] {
        assert!(run.stderr.contains(says), "{says}: {}", run.stderr);
    }
    assert!(run.stderr.ends_with("coldsweep: no rule can run, so nothing was searched\n"));

    // The others run.
    folder.write("good.spl", "msiexec | stats count by host");
    folder.write("not.yml", "- a list\n");
    let run = folder.run("scan -r wrong.yml -r good.spl -r not.yml -r missing.yml a.xml");
    assert_eq!((run.status, run.rows().len()), (2, 1));
    for says in [
        "wrong.yml:4:3",
        "error: not.yml",
        "error: missing.yml: there is no such file",
        "rules: 1 ran, 3 did not",
    ] {
        assert!(run.stderr.contains(says), "{says}: {}", run.stderr);
    }
}

#[test]
fn misspelt_words_are_answered_with_the_right_ones() {
    let folder = Folder::new();
    for (words, says) in [
        ("scna a.xml", "'scan'"),
        ("scan --evidnce a.xml", "'--evidence'"),
        ("scan --time-zone UTC a.xml", "'--timezone'"),
        ("scan --format jsnl a.xml", "'jsonl'"),
        ("rules chek .", "'check'"),
        ("completions bsh", "'bash'"),
    ] {
        let run = folder.run(words);
        assert_eq!(run.status, 2);
        assert!(run.stderr.contains("similar") && run.stderr.contains(says), "{}", run.stderr);
    }
}

#[test]
fn explain_shows_the_page_of_a_rule() {
    let folder = Folder::new();
    let page = folder.run("explain");
    assert_eq!((page.status, page.stderr.as_str()), (0, ""));
    for says in [
        "18093.30444",
        "Remote .msi Installation",
        "T1218.007",
        "1040, 1042, 4688",
        "Logical plan",
        "Physical plan",
        "\".msi\"",
    ] {
        assert!(page.stdout.contains(says), "{says}: {}", page.stdout);
    }
    folder.write("join.spl", "needle-one | join host [search \"needle-two\" | table host user]");
    let page = folder.run("explain join.spl").stdout;
    let (_, subsearches) = page.split_once("Subsearches, which look").expect("a section");
    assert!(subsearches.contains("needle-two") && subsearches.contains("table host, user"));
    folder.write("rule.spl", "\"needle-one\" | stats count by host");
    assert!(folder.run("explain rule.spl").stdout.contains("needle-one"));
    assert_eq!(folder.run("explain --strict").status, 0);
}

#[test]
fn disabled_searches_run_when_asked() {
    let folder = Folder::new();
    folder.write(
        "savedsearches.conf",
        "[default]\ndisabled = 1\n[on]\ndisabled = 0\nsearch = msiexec \\\n| stats count by host\n\
         [off]\nsearch = msiexec | stats count by host\n",
    );
    let run = folder.run("scan -r savedsearches.conf .");
    assert!(!run.rows().is_empty() && run.rows().iter().all(|row| row["rule"] == "on"));
    assert!(run.stderr.contains("rules: 1 left out"), "{}", run.stderr);
    let all = folder.run("scan -r savedsearches.conf --with-disabled .");
    assert_eq!(all.rows().len(), 2 * run.rows().len());
    assert!(!all.stderr.contains("left out"), "{}", all.stderr);
}

#[test]
fn a_page_is_text_markdown_or_json() {
    let folder = catalog();
    let json: Json = serde_json::from_str(&folder.run("explain --format json").stdout).unwrap();
    assert_eq!(json["attack"]["techniques"][0]["id"], "T1218.007");
    assert_eq!(json["events"][2]["title"], "A new process has been created");
    assert_eq!(json["plan"]["expensive"], serde_json::json!([]));
    let markdown = folder.run("explain --format markdown").stdout;
    assert!(markdown.starts_with("# 18093.30444 Remote .msi Installation\n"), "{markdown}");
    assert!(markdown.contains("\n## Physical plan\n") && markdown.contains("```spl\n"));
    // Two rules look for none of what the third does, and one of them for what the first does.
    folder.write("rules/d.spl", "msiexec | stats count by user");
    let page = folder.run("explain rules/a.yml --rules rules");
    assert!(page.stdout.contains("msiexec  [1]"), "{}", page.stdout);
    assert!(page.stdout.contains("how many of 3 other rules"), "{}", page.stdout);
}

#[test]
fn events_are_explained() {
    let folder = Folder::new();
    let run = folder.run("explain --event a.xml");
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    for says in [
        "event 1  a.xml  offset 0  xml  ",
        "  as read: matches\n",
        "event 3  a.xml",
        "does not match, stage 1 drops it",
        "is false",
        "process is \"",
        "[.msi]",
    ] {
        assert!(run.stdout.contains(says), "{says}: {}", run.stdout);
    }
    // A line an event, from any format, by path and in the order of the file.
    let run = folder.run("explain --event d.evtx --event c.log -f json");
    let lines: Vec<Json> = run.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let places: Vec<_> = lines
        .iter()
        .map(|line| format!("{} {} {}", line["path"], line["offset"], line["record"]))
        .collect();
    assert_eq!(places, ["\"c.log\" 0 null", "\"d.evtx\" null 1", "\"d.evtx\" null 2"]);
    assert!(lines.iter().all(|line| line["verdict"]["matches"] == true));
    // The first twenty, or all.
    let many: String = (0..25).map(|second| logs::xml("alpha", second, "x")).collect();
    folder.write("many.xml", many);
    let run = folder.run("explain --event many.xml");
    assert!(run.stdout.contains("event 20 ") && !run.stdout.contains("event 21 "));
    assert!(run.stderr.contains("the first 20 events"), "{}", run.stderr);
    let run = folder.run("explain --event many.xml --all-events");
    assert!(run.stdout.contains("event 25 ") && run.stderr.is_empty());
    // From standard input, as whatever it is called.
    folder.write("named.spl", "sourcetype=mine x | table host");
    let run = folder
        .program("explain named.spl --event - --sourcetype MINE")
        .stdin("{\"a\":\"x\"}\n")
        .run();
    assert!(run.stdout.contains("<stdin>") && run.stdout.contains("matches\n"), "{}", run.stdout);
    folder.write("bad.txt", "prose\n");
    assert_eq!(folder.run("explain --event bad.txt").status, 2);
    assert_eq!(folder.run("explain --all-events").status, 2);
}

#[test]
fn rules_are_checked_and_listed() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("rules")).unwrap();
    folder.write("rules/a.spl", "msiexec | stats count by host");
    folder.write("rules/b.yml", SEVERAL_ERRORS);
    folder.write(
        "rules/c.yml",
        "id: '3'\ntitle: Loose\nlogic: 'x | bin span=1s | stats count by _time'\n",
    );
    folder.write("rules/d.yml", "nothing: here\n");
    let run = folder.run("rules check --format json rules");
    assert_eq!(run.status, 2);
    let list: Json = serde_json::from_str(&run.stdout).unwrap();
    let list = list.as_array().unwrap();
    let text = |at: usize, key: &str| list[at][key].as_str().unwrap_or_default().to_owned();
    let found: Vec<_> = (0..list.len())
        .map(|at| (text(at, "path"), text(at, "rule_id"), text(at, "title"), text(at, "state")))
        .collect();
    let expected = [
        ("rules/a.spl", "a", "a", "runs"),
        ("rules/b.yml", "7", "Wrong in two places", "error"),
        ("rules/c.yml", "3", "Loose", "accommodated"),
        ("", "", "", "error"),
    ];
    assert_eq!(
        found,
        expected.map(|(a, b, c, d)| (a.to_owned(), b.to_owned(), c.to_owned(), d.to_owned()))
    );
    for rule in list {
        assert_eq!(
            keys(rule),
            ["accommodations", "errors", "path", "rule_id", "state", "title", "warnings"]
        );
        assert_eq!(rule["state"] == "error", !rule["errors"].as_array().unwrap().is_empty());
        for finding in
            rule["errors"].as_array().unwrap().iter().chain(rule["warnings"].as_array().unwrap())
        {
            assert_eq!(keys(finding), ["code", "column", "line", "message"]);
        }
    }
    let places: Vec<_> = list[1]["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["line"].as_u64(), e["column"].as_u64()))
        .collect();
    assert_eq!(places, [(Some(4), Some(3)), (Some(5), Some(14))]);
    assert_eq!(list[2]["accommodations"], serde_json::json!(["bin-time"]));
    assert!(
        list[3]["errors"][0]["message"].as_str().unwrap().starts_with("rules/d.yml: not a rule")
    );

    let run = folder.run("rules check rules");
    assert!(
        run.stdout.contains("--> rules/b.yml:4:3") && run.stdout.contains("3 rules: 1 run"),
        "{}",
        run.stdout
    );
    let run = folder.run("rules list rules");
    assert_eq!(run.status, 2);
    assert_eq!(run.stdout.lines().count(), 4);
    assert!(run.stdout.lines().next().unwrap().starts_with("a "), "{}", run.stdout);
    assert_eq!(folder.run("rules check rules/a.spl rules/c.yml").status, 0);
    let json: Json =
        serde_json::from_str(&folder.run("rules list -f json rules/a.spl").stdout).unwrap();
    assert_eq!(json[0]["state"], "runs");
}

/// Rules of two kinds and three techniques.
fn catalog() -> Folder {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("rules")).unwrap();
    for (name, id, title, search, techniques) in [
        (
            "a.yml",
            1,
            "Any host",
            "`get_endpoint_data_winevent` msiexec | stats count by host",
            "T1218.007",
        ),
        (
            "b.yml",
            2,
            "Sysmon, alone",
            "`get_endpoint_data_sysmon` x | stats count by host",
            "T1218.011, T1105",
        ),
        (
            "c.yml",
            3,
            "Never",
            "`get_endpoint_data_winevent` nothing | stats count by host",
            "T1105",
        ),
    ] {
        folder.write(
            &format!("rules/{name}"),
            format!(
                "id: '{id}'\ntitle: {title}\nlogic: '{search}'\ntechnique_id: [{techniques}]\n"
            ),
        );
    }
    folder
}

#[test]
fn rules_are_listed_by_technique_and_kind() {
    let folder = catalog();
    let ids = |words: &str| {
        let run = folder.run(&format!("rules list {words} -f json"));
        assert_eq!(run.status, 0, "{}", run.stderr);
        let list: Json = serde_json::from_str(&run.stdout).unwrap();
        let id = |rule: &Json| rule["rule_id"].as_str().unwrap().to_owned();
        list.as_array().unwrap().iter().map(id).collect::<Vec<_>>().join(" ")
    };
    for (words, expected) in [
        ("rules", "1 2 3"),
        ("--rules rules", "1 2 3"),
        ("rules --technique T1218", "1 2"),
        ("rules --technique T1218.0*7", "1"),
        ("rules --technique T1105 --kind winevent", "3"),
        ("rules --kind sysmon --kind winevent", "1 2 3"),
    ] {
        assert_eq!(ids(words), expected, "{words}");
    }
    let csv = folder.run("rules list -f csv rules --kind sysmon").stdout;
    assert_eq!(
        csv,
        "rule_id,title,techniques,kinds,state,path\n\
         2,\"Sysmon, alone\",\"T1218.011,T1105\",sysmon,runs,rules/b.yml\n"
    );
    let none = folder.run("rules list rules --kind sysmom");
    assert_eq!((none.status, none.stdout.as_str()), (2, ""));
    assert!(none.stderr.contains("their kinds are: sysmon, winevent"), "{}", none.stderr);
    assert_eq!(folder.run("rules list").status, 2);
}

#[test]
fn a_scan_runs_the_rules_that_are_meant() {
    let folder = catalog();
    let rules = |words: &str| {
        let run = folder.run(&format!("scan a.xml -r rules {words}"));
        let mut ids: Vec<_> =
            run.rows().iter().map(|row| row["rule_id"].as_str().unwrap().to_owned()).collect();
        ids.dedup();
        (run.status, ids.join(" "))
    };
    assert_eq!(rules(""), (0, "1".to_owned()));
    assert_eq!(rules("--technique T1105"), (1, String::new()));
    assert_eq!(rules("--kind winevent"), (0, "1".to_owned()));
    assert_eq!(rules("--technique T9999"), (2, String::new()));
}

/// What is not as the format of layers has it (mitre-attack/attack-navigator,
/// `layers/LAYERFORMATv4_5.md`).
fn wrong_in_layer(layer: &Json) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut must = |holds: bool, what: String| wrong.extend((!holds).then_some(what));
    must(layer["name"].is_string(), "name".to_owned());
    must(layer["domain"] == "enterprise-attack", "domain".to_owned());
    must(layer["versions"]["layer"] == "4.5", "version of the format".to_owned());
    let navigator: Vec<u32> = layer["versions"]["navigator"]
        .as_str()
        .map(|text| text.split('.').filter_map(|part| part.parse().ok()).collect())
        .unwrap_or_default();
    must(navigator.len() == 3 && navigator >= vec![4, 9, 0], format!("navigator {navigator:?}"));
    must(layer["sorting"].as_u64().is_some_and(|sorting| sorting <= 3), "sorting".to_owned());
    let is_one_of = |value: &Json, known: &[&str]| known.iter().any(|known| value == known);
    must(is_one_of(&layer["layout"]["layout"], &["side", "flat", "mini"]), "layout".to_owned());
    let expanded = &layer["layout"]["expandedSubtechniques"];
    must(is_one_of(expanded, &["none", "all", "annotated"]), "expandedSubtechniques".to_owned());
    let gradient = &layer["gradient"];
    let (least, most) = (gradient["minValue"].as_u64(), gradient["maxValue"].as_u64());
    must(least.is_some() && least < most, format!("gradient {least:?} to {most:?}"));
    let colours = gradient["colors"].as_array().map_or(&[][..], Vec::as_slice);
    must(colours.len() >= 2, "colours".to_owned());
    for colour in colours {
        let digits = colour.as_str().and_then(|text| text.strip_prefix('#')).unwrap_or_default();
        let is_rgb = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        must(is_rgb, format!("colour {colour}"));
    }
    for one in layer["techniques"].as_array().unwrap() {
        let id = one["techniqueID"].as_str().unwrap_or_default();
        let shape: String = id.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
        must(["T9999", "T9999.999"].contains(&shape.as_str()), format!("id of {one}"));
        must(one["score"].as_u64().is_some_and(|s| Some(s) <= most), format!("score of {one}"));
        must(one["enabled"].is_boolean() && one["comment"].is_string(), format!("parts of {one}"));
    }
    wrong
}

#[test]
fn navigator_layers_score_rules_and_rows() {
    let folder = catalog();
    let scores = |name: &str| {
        let layer: Json = serde_json::from_str(&folder.read(name)).unwrap();
        assert_eq!(wrong_in_layer(&layer), Vec::<String>::new());
        let one = |one: &Json| (one["techniqueID"].clone(), one["score"].clone());
        let all = layer["techniques"].as_array().unwrap().iter().map(one);
        all.map(|(id, score)| format!("{}={score}", id.as_str().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(folder.run("rules list rules --navigator rules.json").status, 0);
    assert_eq!(scores("rules.json"), ["T1105=2", "T1218.007=1", "T1218.011=1"]);
    assert_eq!(folder.run("scan a.xml c.log -r rules --navigator hits.json").status, 0);
    assert_eq!(scores("hits.json"), ["T1105=0", "T1218.007=2", "T1218.011=0"]);
    // Without a technique, and with what is none.
    folder.write("none/a.yml", "id: 9\ntitle: t\nlogic: x\ntechnique_id: [T12, TA0005, x]\n");
    assert_eq!(folder.run("rules list none --navigator none.json").status, 0);
    assert_eq!(scores("none.json"), [""; 0]);
    let run = folder.run("scan a.xml -r rules --navigator a.xml");
    assert!(run.stderr.contains("is to be searched"), "{}", run.stderr);
}

#[test]
fn inputs_are_what_they_are_called() {
    let folder = Folder::new();
    folder.write("plain.json", "{\"a\":\"x\"}\n");
    folder.write("rule.spl", "sourcetype=aws:cloudtrail index=main source=trail x | stats count");
    folder.write("kind.spl", "`get_cloud_data_aws` x | stats count");
    let count = |words: &str| {
        let run = folder.run(&format!("scan plain.json -q {words}"));
        run.rows()[0]["count"].as_u64()
    };
    assert_eq!(count("-r rule.spl"), Some(0));
    assert_eq!(count("-r rule.spl --sourcetype AWS:CloudTrail --source trail"), Some(1));
    let named = "-r rule.spl --sourcetype aws:cloudtrail --source trail --index";
    assert_eq!(count(&format!("{named} main")), Some(1));
    assert_eq!(count(&format!("{named} other")), Some(0));
    assert_eq!(count("-r kind.spl"), Some(0));
    assert_eq!(count("-r kind.spl --sourcetype aws:cloudtrail"), Some(1));
    // A record may tell by itself what it is.
    folder.write(
        "trail.json",
        r#"{"Records":[{"eventVersion":"1.08","eventSource":"s","eventName":"x","awsRegion":"r"}]}"#,
    );
    folder.write("trail.spl", "sourcetype=aws:cloudtrail index=main x | stats count");
    for rule in ["kind.spl", "trail.spl"] {
        let run = folder.run(&format!("scan trail.json -q -r {rule}"));
        assert_eq!(run.rows()[0]["count"], 1, "{rule}");
    }
}

#[test]
fn shells_and_manuals_get_what_they_need() {
    let folder = Folder::new();
    for (shell, says) in [
        ("bash", "complete -F _coldsweep"),
        ("zsh", "#compdef coldsweep"),
        ("fish", "complete -c coldsweep"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let run = folder.run(&format!("completions {shell}"));
        assert_eq!((run.status, run.stderr.as_str()), (0, ""));
        assert!(run.stdout.contains(says) && run.stdout.contains("evidence"), "{shell}");
    }
    let run = folder.run("man");
    assert_eq!(run.status, 0);
    assert!(run.stdout.contains(".TH coldsweep") && run.stdout.contains("scan"), "{}", run.stdout);
}

#[test]
fn help_names_every_flag() {
    let folder = Folder::new();
    for (words, flags) in [
        (
            "scan",
            "-r --rule -f --format -o --output --evidence --since --until --now --host --timezone \
             --input-format --sourcetype --source --index --strict --accommodate --default-host --macros \
             --lookup --geoip -j --threads --prefilter --stats --stats-json --quiet --mmap --max-result \
             --technique --kind --navigator",
        ),
        (
            "explain",
            "-f --format --rules --event --all-events --input-format --sourcetype --source --index \
             --default-host --strict --accommodate --macros --lookup --geoip --timezone",
        ),
        (
            "rules check",
            "--format --strict --accommodate --macros --lookup --geoip --timezone --allow --deny \
             --deny-warnings",
        ),
        ("rules test", "--format --strict --accommodate --macros --cim --timezone"),
        ("rules list", "--rules --technique --kind --navigator --format --strict"),
        ("bench", "--technique --kind"),
    ] {
        for help in [format!("{words} --help"), format!("help {words}")] {
            let run = folder.run(&help);
            assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{help}");
            let words: Vec<_> = run.stdout.split(|c: char| c.is_whitespace() || c == ',').collect();
            for flag in flags.split_whitespace() {
                assert!(words.contains(&flag), "{flag} in {help}\n{}", run.stdout);
            }
        }
    }
    for command in ["scan", "explain", "rules", "completions", "man"] {
        assert!(folder.run("--help").stdout.contains(&format!("\n  {command} ")), "{command}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn devices_and_pipes() {
    let folder = Folder::new();
    for (words, says) in [
        ("scan -o /dev/full a.xml", "/dev/full: cannot be written: No space left"),
        ("scan --stats-json /dev/full a.xml", "/dev/full: cannot be written: No space left"),
        ("scan -r /dev/zero a.xml", "error: /dev/zero: larger than"),
        ("scan --macros /dev/zero a.xml", "/dev/zero: larger than"),
        ("scan /dev/zero a.xml", "/dev/zero: nothing but zeros at its start"),
        ("scan /dev/urandom a.xml", "/dev/urandom: not a log"),
    ] {
        let run = folder.run(words);
        assert_eq!(run.status, 2, "{words}");
        assert!(run.stderr.contains(says), "{words}: {}", run.stderr);
    }
    for words in ["scan a.xml", "explain", "man", "completions zsh"] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_coldsweep"))
            .args(words.split(' '))
            .current_dir(folder.path())
            .stdout(full)
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{words}: {stderr}");
        assert!(stderr.contains("No space left") && !stderr.contains("panicked"), "{stderr}");
    }
    // A pipe that is named is read, and only once, whether it holds a hit or not.
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (text, status) in
        [(logs::xml("piped", 1, "a"), 0), (logs::xml_event("piped", 1, "notepad.exe"), 1)]
    {
        let to = pipe.clone();
        let writer = std::thread::spawn(move || std::fs::write(to, text));
        let run = folder.run("scan pipe");
        writer.join().unwrap().unwrap();
        assert_eq!(run.status, status, "{}", run.stderr);
    }
}

#[cfg(unix)]
#[test]
fn scripts_and_pages_may_be_read_in_part() {
    for words in ["completions bash", "man", "explain", "scan --help"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_coldsweep"))
            .args(words.split(' '))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""), "{words}");
    }
}

#[test]
fn checks_are_told_in_each_format() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("rules")).unwrap();
    folder.write("rules/a b.spl", "msiexec | stats count by host");
    folder.write("rules/b.yml", SEVERAL_ERRORS);
    folder.write(
        "rules/c.yml",
        "id: '3'\ntitle: Loose & <wide>\nlogic: '\u{e9}needle earliest=-7d\n  | table x | where yy=1'\n",
    );
    folder.write("rules/d.yml", "nothing: here\n");

    let run = folder.run("rules check rules");
    assert_eq!(run.status, 2);
    for says in [
        "runs          rules/a b.spl: a b\n",
        "error         rules/b.yml: Wrong in two places\n",
        "partial       rules/c.yml: Loose & <wide>\n",
        "warning[W0101]: `yy` is tested here",
        "--> rules/c.yml:4:21",
        "3 rules: 1 runs as written, 0 with accommodations, 1 in part, 1 does not run; 1 file without a rule",
    ] {
        assert!(run.stdout.contains(says), "{says}\n{}", run.stdout);
    }

    let run = folder.run("rules check -f sarif rules");
    assert_eq!(run.status, 2);
    let log: Json = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let known = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(known[index]["id"], result["ruleId"]);
    }
    let found = results.iter().find(|result| result["ruleId"] == "W0101").unwrap();
    assert_eq!(found["level"], "warning");
    let place = &found["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "rules/c.yml");
    let region =
        serde_json::json!({"startLine": 4, "startColumn": 21, "endLine": 4, "endColumn": 23});
    assert_eq!(place["region"], region);
    assert!(results.iter().any(|result| result["ruleId"] == "E0000"));

    let run = folder.run("rules check -f junit --deny W0101 rules");
    assert_eq!(run.status, 2);
    for says in [
        "tests=\"4\"",
        "failures=\"1\" errors=\"2\"",
        "name=\"Loose &amp; &lt;wide&gt;\" classname=\"rules/c.yml\"",
        "type=\"W0101\"",
    ] {
        assert!(run.stdout.contains(says), "{says}\n{}", run.stdout);
    }
}

#[test]
fn warnings_are_allowed_and_denied() {
    let folder = Folder::new();
    folder.write("r.spl", "needle | table x | where yy=1 | bin span=1s");
    for (words, status, warnings) in [
        ("rules check r.spl", 0, 3),
        ("rules check --deny-warnings r.spl", 1, 3),
        ("rules check --deny W0101 r.spl", 1, 3),
        ("rules check --deny W0001,w0009 r.spl", 1, 3),
        ("rules check --deny W0001 r.spl", 0, 3),
        ("rules check --allow W0101 --deny-warnings r.spl", 1, 1),
        ("rules check --allow W0101,W0009 --deny-warnings r.spl", 0, 0),
    ] {
        let run = folder.run(words);
        assert_eq!(run.status, status, "{words}: {}", run.stdout);
        let expected = format!("; {warnings} warning{}\n", if warnings == 1 { "" } else { "s" });
        assert!(run.stdout.contains(&expected), "{words}: {}", run.stdout);
    }
    for (words, says) in [
        ("rules check --allow E0001 r.spl", "--allow E0001: this is an error"),
        ("rules check --deny W9999 r.spl", "--deny W9999: there is no such code"),
    ] {
        let run = folder.run(words);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""));
        assert!(run.stderr.contains(says), "{}", run.stderr);
    }
}
