//! `coldsweep rules test`: the built-in rule's own tests pass, and what must fail fails.

mod common;

use std::path::Path;

use common::logs;
use common::program::{Program, Run};
use serde_json::Value as Json;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn run(folder: &Path, words: &str) -> Run {
    Program::new(words.split_whitespace()).within(folder).run()
}

/// A case over the XML event of `host`, with this end.
fn case(name: &str, host: &str, rest: &str) -> String {
    let raw = logs::xml(host, 1, "one").replace('\n', "");
    format!("- name: {name}\n  events:\n  - raw: |\n      {raw}\n{rest}")
}

const RULE: &str =
    "id: '1'\ntitle: Hosts\nlogic: 'msiexec | stats values(user) as u count by host'\n";

#[test]
fn the_builtin_rule_passes_its_tests() {
    let run = run(Path::new(env!("CARGO_MANIFEST_DIR")), "rules test rules");
    assert_eq!(run.status, 0, "{}", run.stdout);
    let count = run.stdout.split(' ').nth(2).unwrap().parse::<usize>().unwrap();
    assert!(count >= 50 && run.stdout.contains("0 failed, 0 errors"), "{}", run.stdout);
}

#[test]
fn the_builtin_rule_without_a_clause_fails_its_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rule = coldsweep::rule::Rule::builtin().unwrap().search;
    let tests =
        std::fs::read_to_string(root.join("rules/remote_msi_installation.test.yml")).unwrap();
    let tests = tests.replace("../corpora/", &format!("{}/corpora/", root.display()));
    for (clause, instead) in [
        ("TERM(EventCode=4688) OR ", ""),
        ("\"<EventID>4688<\" OR ", ""),
        ("TERM(/i) OR ", ""),
        (" OR TERM(install)", ""),
        ("(TERM(/i) OR TERM(install))", "(\"/i\" OR install OR \"-i\")"),
        ("\".msi\")", "\"a\")"),
        ("\"://\"", "\"s\""),
        ("\"(?i)\\w+tps?://\\S+\\.msi\") and match(signature_id, \"4688\")", "\"msi\")"),
        ("match(message, \"(?i)\\w+tps?://\\S+\\.msi\")", "match(message, \"://\")"),
        ("match(message, ", "match(Message, "),
        ("parent_* |", "parent_*, signature_id |"),
        ("span=1s", "span=10s"),
        ("by _time, host ", "by _time, process "),
    ] {
        assert!(rule.contains(clause), "{clause}");
        let folder =
            folder(&[("r.test.yml", &tests), ("r.spl", &rule.replacen(clause, instead, 1))]);
        let run = run(folder.path(), "rules test r.spl");
        assert_eq!(run.status, 1, "{clause} -> {instead}: {}", run.stdout);
    }
}

#[test]
fn a_difference_is_shown() {
    let tests = format!(
        "cases:\n{}{}{}{}",
        case("good", "alpha", "  rows: [{host: alpha, u: [alice], count: 1, v: ~}]\n"),
        case("wrong value", "alpha", "  rows: [{host: beta, u: alice, v: x}]\n"),
        case("a row too few", "alpha", "  rows: [{host: alpha}, {host: beta}]\n"),
        case("a row too many", "alpha", "  rows: []\n"),
    );
    let folder = folder(&[("a/r.yml", RULE), ("a/r.test.yml", &tests)]);
    let plain = run(folder.path(), "rules test a");
    assert_eq!(plain.status, 1);
    let expected = "\
failed: a/r.test.yml:7: wrong value
  row 1:
    - host: [\"beta\"]
    + host: [\"alpha\"]
    - v: [\"x\"]
    + v: []
failed: a/r.test.yml:12: a row too few
  expected 2 rows, found 1
  row 2:
    - host: [\"beta\"]
failed: a/r.test.yml:17: a row too many
  expected 0 rows, found 1
  row 1:
    + count: [\"1\"]
    + host: [\"alpha\"]
    + u: [\"alice\"]
1 file: 1 passed, 3 failed, 0 errors
";
    assert_eq!(plain.stdout, expected);

    let json: Json =
        serde_json::from_str(&run(folder.path(), "rules test -f json a").stdout).unwrap();
    let states: Vec<_> = json.as_array().unwrap().iter().map(|case| &case["state"]).collect();
    assert_eq!(states, ["passed", "failed", "failed", "failed"]);
    assert_eq!((&json[1]["line"], &json[1]["name"]), (&Json::from(7), &Json::from("wrong value")));

    let junit = run(folder.path(), "rules test -f junit a");
    assert_eq!(junit.status, 1);
    for says in [
        "<testsuite name=\"a/r.test.yml\" tests=\"4\"",
        "failures=\"3\" errors=\"0\"",
        "name=\"good\"",
    ] {
        assert!(junit.stdout.contains(says), "{says}: {}", junit.stdout);
    }
}

/// The layout of splunk/security_content, all of it made up.
fn content() -> tempfile::TempDir {
    folder(&[
        (
            "content/detections/endpoint/made_up.yml",
            "id: made-up-1\nname: Made up\nsearch: '`made_up_source` EventCode=4688 \
             | stats count min(_time) as first by host | `made_up_ctime(first)` \
             | `made_up_filter`'\n",
        ),
        ("content/macros/made_up_source.yml", "name: made_up_source\ndefinition: '\"4688\"'\n"),
        (
            "content/macros/made_up_ctime.yml",
            "name: made_up_ctime\narguments:\n- field\ndefinition: 'convert \
             timeformat=\"%Y-%m-%dT%H:%M:%S\" ctime($field$)'\n",
        ),
        ("content/macros/broken.yml", "name: broken\n"),
        ("content/lookups/hosts.yml", "name: hosts\nfilename: hosts.csv\n"),
        (
            "a.log",
            "01/02/2024 03:04:05 AM\nLogName=Security\nEventCode=4688\nComputerName=alpha\n\
             Message=x\n",
        ),
    ])
}

#[test]
fn a_checkout_of_security_content_has_its_own_macros() {
    let folder = content();
    for path in ["content", "content/detections", "content/detections/endpoint/made_up.yml"] {
        let check = run(folder.path(), &format!("rules check {path}"));
        assert_eq!(check.status, 0, "{}{}", check.stdout, check.stderr);
        assert!(check.stdout.contains("made_up.yml: Made up (filter-macro)"), "{}", check.stdout);
        assert!(check.stdout.contains("warning[W0012]: the macro `made_up_filter`"));
        assert!(check.stdout.contains("\n1 rule: "), "{}", check.stdout);
        let broken = "broken.yml: not a macro: it has no `definition`";
        assert!(check.stderr.contains(broken), "{}", check.stderr);

        let scan = run(folder.path(), &format!("scan -q -r {path} a.log"));
        let row: Json = serde_json::from_str(&scan.stdout).unwrap();
        assert_eq!(row["first"], "2024-01-02T03:04:05", "{path}");
    }
    let strict = run(folder.path(), "rules check --strict content");
    assert_eq!(strict.status, 2);
    assert!(strict.stdout.contains("error[E0101]: the macro `made_up_filter` is not defined"));
    // A definition of one's own wins over theirs.
    std::fs::write(folder.path().join("m.toml"), "[made_up_source]\ndefinition = \"zzz\"\n")
        .unwrap();
    let none = run(folder.path(), "scan -q -r content --macros m.toml a.log");
    assert_eq!((none.status, none.stdout.as_str()), (1, ""));
}

#[test]
fn what_cannot_be_run_is_an_error() {
    let good = case("one", "alpha", "  count: 1\n");
    let cases = |text: &str| format!("cases:\n{text}");
    for (files, words, says) in [
        (vec![], "rules test .", ".: no tests are there"),
        (vec![("r.yml", RULE.to_owned())], "rules test r.yml", "r.yml: no test is beside it"),
        (vec![], "rules test s.yml", "s.yml: there is no such file"),
        (vec![("r.test.yml", cases(&good))], "rules test .", "no rule is there"),
        (
            vec![("r.test.yml", cases(&good)), ("r.spl", "x | nope".to_owned())],
            "rules test .",
            "there is no command `nope`",
        ),
        (
            vec![
                ("r.test.yml", cases(&good.replace("raw: |", "fiel: |"))),
                ("r.yml", RULE.to_owned()),
            ],
            "rules test .",
            "./r.test.yml:2:9: there is no key `fiel` here",
        ),
        (
            vec![
                ("r.test.yml", cases("- {name: a, events: [{file: gone.log}], count: 0}\n")),
                ("r.yml", RULE.to_owned()),
            ],
            "rules test r.test.yml",
            "gone.log: is not there",
        ),
        (
            vec![
                ("r.test.yml", cases("- {name: a, events: [{raw: x, format: cvs}], count: 0}\n")),
                ("r.yml", RULE.to_owned()),
            ],
            "rules test r.test.yml",
            "there is no format `cvs`",
        ),
        (
            vec![
                ("s.conf", "[a]\nsearch = x\n[b]\nsearch = y\n".to_owned()),
                ("s.test.yml", cases(&good)),
            ],
            "rules test .",
            "holds 2 rules; say which by `title`",
        ),
    ] {
        let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let folder = folder(&files);
        let run = run(folder.path(), words);
        assert_eq!(run.status, 2, "{words}: {}{}", run.stdout, run.stderr);
        let told = format!("{}{}", run.stdout, run.stderr);
        assert!(told.contains(says), "{says}: {told}");
    }
}

#[test]
fn tests_of_saved_searches_name_their_stanza() {
    let conf =
        "[a]\nsearch = nothing\n[b]\ndisabled = 1\nsearch = msiexec \\\n| stats count by host\n";
    let tests = format!(
        "rule: default/savedsearches.conf\ntitle: b\ncases:\n{}",
        case(
            "one",
            "alpha",
            "    sourcetype: XmlWinEventLog\n    host: other\n  rows: [{host: other, count: '1'}]\n"
        ),
    );
    let folder = folder(&[("default/savedsearches.conf", conf), ("b.test.yml", &tests)]);
    let run = run(folder.path(), "rules test b.test.yml");
    assert_eq!((run.status, run.stdout.as_str()), (0, "1 file: 1 passed, 0 failed, 0 errors\n"));
}

#[test]
fn the_example_of_the_page_passes() {
    let page = include_str!("../docs/RULES.md");
    let block = |kind: &str| {
        let (_, after) = page.split_once(&format!("```yaml {kind}\n")).unwrap();
        after.split_once("\n```").unwrap().0.to_owned()
    };
    let folder = folder(&[("greeting.yml", &block("rule")), ("greeting.test.yml", &block("test"))]);
    let run = run(folder.path(), "rules test greeting.yml");
    assert_eq!((run.status, run.stdout.as_str()), (0, "1 file: 2 passed, 0 failed, 0 errors\n"));
}
