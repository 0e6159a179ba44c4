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
    for text in
        ["xml-rare", "no-prefilter", "decode", "start-up", "not measured", "target at least"]
    {
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

    let mut again = bench(&["xml-dense", "--compare"]);
    let compared = stdout(again.arg(record.join("report.json")));
    assert!(
        compared.contains("since then") && compared.contains("xml-dense scan -j2"),
        "{compared}"
    );
    bench(&["small", "--compare", "nowhere.json"]).assert().code(2);
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
