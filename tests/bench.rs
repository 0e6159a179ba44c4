//! `coldsweep bench` and `coldsweep corpus`, on small sizes.

use assert_cmd::Command;

fn coldsweep() -> Command {
    Command::cargo_bin("coldsweep").unwrap()
}

fn stdout(command: &mut Command) -> String {
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

#[test]
fn a_corpus_is_listed_and_made() {
    let folder = tempfile::tempdir().unwrap();
    let list = stdout(coldsweep().args(["corpus", "list"]));
    assert!(list.contains("xml-rare") && list.contains("evtx-many"), "{list}");
    let make = ["corpus", "make", "evtx-many", "--size", "300KiB"];
    let made = stdout(coldsweep().args(make).arg("-o").arg(folder.path()));
    let dry = stdout(coldsweep().args(make).arg("--dry-run"));
    assert_eq!(made, dry);
    assert!(folder.path().join("evtx-many-00000.evtx").is_file());
    coldsweep().args(["corpus", "make", "nothing", "--dry-run"]).assert().code(2);
    coldsweep().args(["corpus", "make", "small"]).assert().code(2);
}

#[test]
fn every_case_can_be_measured_recorded_and_compared() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("corpora");
    let record = folder.path().join("record");
    let bench = |more: &[&str]| {
        let mut command = coldsweep();
        command.args(["bench", "--size", "128KiB", "--runs", "2", "-j", "2", "--dir"]).arg(&dir);
        command.args(more);
        command
    };
    let mut all = bench(&["--record"]);
    let table = all.arg(&record).assert().code(0);
    let table = String::from_utf8(table.get_output().stdout.clone()).unwrap();
    for text in ["xml-rare", "no-prefilter", "decode", "start-up", "target at least"] {
        assert!(table.contains(text), "{text} in {table}");
    }
    assert!(!table.contains("WRONG"), "{table}");
    let csv = std::fs::read_to_string(record.join("raw.csv")).unwrap();
    let columns = csv.lines().next().unwrap().split(',').count();
    assert!(csv.lines().all(|line| line.split(',').count() == columns), "{csv}");
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(record.join("report.json")).unwrap()).unwrap();
    let scans = report["measurements"].as_array().unwrap();
    assert!(scans.iter().any(|one| one["what"] == "scan" && one["stages"]["hits"].is_u64()));
    assert_eq!(std::fs::read_to_string(record.join("table.txt")).unwrap(), table);
    the_folder_can_be_read(&record, &report);

    let mut again = bench(&["xml-dense", "--compare"]);
    let compared = stdout(again.arg(record.join("report.json")));
    assert!(
        compared.contains("since then") && compared.contains("xml-dense scan -j2"),
        "{compared}"
    );
    let hostile = stdout(&mut bench(&["xml-hostile"]));
    assert!(
        hostile.contains("xml-rare: cold, speed of reading the file: not measured"),
        "{hostile}"
    );
    bench(&["small", "--compare", "nowhere.json"]).assert().code(2);
}

/// What is in a record beside the numbers: a README with every target and plot, plots with labels.
fn the_folder_can_be_read(record: &std::path::Path, report: &serde_json::Value) {
    let read = |name: &str| std::fs::read_to_string(record.join(name)).unwrap();
    let readme = read("README.md");
    let targets = report["targets"].as_array().unwrap();
    assert!(targets.len() > 20);
    for target in targets {
        let name = target["name"].as_str().unwrap();
        assert!(readme.contains(&format!("| {name} | ")), "{name} in {readme}");
    }
    let verdict = readme.contains("| holds |") || readme.contains("| **does not hold** |");
    assert!(verdict && !readme.contains("WRONG"), "{readme}");
    for text in
        ["- command: `coldsweep bench --size 128KiB", "- commit: ", "| xml-hostile | scan |"]
    {
        assert!(readme.contains(text), "{text} in {readme}");
    }
    assert!(read("BIAS.md").contains("may flatter"));
    for (name, labels) in [
        ("throughput.svg", ["GB/s (10^9", "xml-rare: sum, 2 threads", "evtx-many: decode"]),
        ("stages.svg", ["% of the time", "evaluate", "json-hostile"]),
        ("growth.svg", ["seconds", "GB (10^9 bytes)", "xml-rare"]),
    ] {
        assert!(readme.contains(&format!("]({name})")), "{name} in {readme}");
        let svg = read(name);
        for label in labels {
            assert!(svg.contains(label), "{label} in {name}");
        }
        well_formed(&svg);
    }
    let growth = report["measurements"].as_array().unwrap().iter();
    let growth: Vec<_> = growth.filter(|one| one["what"] == "growth").collect();
    assert_eq!(growth.len(), 4, "one file, two, four, eight");
    let bytes = |at: usize| growth[at]["bytes"].as_f64().unwrap();
    assert!((bytes(3) / bytes(0) - 8.0).abs() < 0.8);
}

/// Every element is closed, in order.
fn well_formed(svg: &str) {
    let mut open = Vec::new();
    let mut rest = svg;
    while let Some((text, after)) = rest.split_once('<') {
        assert!(!text.contains('>') && !text.contains("NaN"), "{text}");
        let (tag, next) = after.split_once('>').unwrap();
        assert!(!tag.contains("NaN") && !tag.contains("inf"), "{tag}");
        let name = tag.split_whitespace().next().unwrap();
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None if tag.ends_with('/') => {}
            None => open.push(name),
        }
        rest = next;
    }
    assert_eq!(open, Vec::<&str>::new());
}

#[test]
fn the_users_files_and_rules_are_measured() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    let made = coldsweep()
        .args(["corpus", "make", "xml-dense", "--size", "64KiB", "-o"])
        .arg(&files)
        .output();
    assert!(made.unwrap().status.success());
    let rule = concat!(env!("CARGO_MANIFEST_DIR"), "/rules");
    let json = stdout(
        coldsweep().args(["bench", "--runs", "1", "-f", "json", "-r", rule, "--on"]).arg(&files),
    );
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["wrong"], serde_json::json!([]));
    assert!(report["measurements"].as_array().unwrap().len() >= 3);

    let every = folder.path().join("every.yml");
    let text = "id: every\ntitle: Every event\nlogic_format: Splunk\nlogic: 'EventID | stats count by host'\n";
    std::fs::write(&every, text).unwrap();
    let ranked = stdout(
        coldsweep()
            .args(["bench", "--runs", "2", "--rules", rule, "--rules"])
            .arg(&every)
            .arg("--on")
            .arg(&files),
    );
    let at = |text: &str| ranked.find(text).unwrap_or_else(|| panic!("{text} in {ranked}"));
    assert!(at("Every event") < at("Remote .msi Installation"), "{ranked}");
}
