//! Tests of rules: files, places, and the real rules.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::spl::diagnostic::{Diagnostic, Severity};
use crate::spl::{Macros, codes, parse};

/// The folder of shared data, if this machine has it.
#[allow(clippy::print_stdout)]
fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("COLDSWEEP_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")),
        PathBuf::from,
    );
    let found = folder.is_dir();
    if !found {
        println!("skipped: {} is not there", folder.display());
    }
    found.then_some(folder)
}

/// The rule with this search under `logic`, in this YAML.
fn rule(yaml: &str) -> Rule {
    Rule::parse(yaml, "r.yml").unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_builtin_rule_is_read() {
    let rule = Rule::builtin().unwrap();
    assert_eq!(rule.id, "18093.30444");
    assert_eq!(rule.title, "Remote .msi Installation");
    assert!(rule.description.ends_with("Atomics T1218.007 Test #11"));
    assert_eq!(rule.technique_ids, ["T1218.007"]);
    assert_eq!(rule.techniques, ["defense-evasion:system binary proxy execution:msiexec"]);
    assert_eq!(rule.data_category, ["Process command-line parameters", "Windows event logs"]);
    assert_eq!(rule.references.len(), 1);
    assert!(rule.search.starts_with("`get_endpoint_data`"));
    assert!(rule.search.ends_with("by _time, host "));
}

#[test]
fn the_builtin_rule_is_the_published_one() {
    let Some(shared) = shared() else { return };
    let name = "endpoint/remote_msi_installation-splunk-winevent.yml";
    let published = fs::read_to_string(shared.join("rules/armory").join(name)).unwrap();
    assert_eq!(published, BUILTIN);
}

#[test]
fn every_word_of_the_builtin_rule_is_where_it_is_said_to_be() {
    let rule = Rule::builtin().unwrap();
    let mut words = 0;
    let mut at = 0;
    for word in rule.search.split(' ') {
        let span = rule.file_span(Span::new(at, at + word.len()));
        assert_eq!(&rule.origin.text[span.range()], word);
        at += word.len() + 1;
        words += 1;
    }
    assert!(words > 50);
    let where_at = rule.search.find("where").unwrap();
    assert_eq!(rule.position(where_at), Position { line: 12, column: 76 });
}

#[test]
fn security_content_is_read() {
    let rule = rule(
        "name: Some Detection\nid: 1-2\nversion: 3\ndescription: |-\n  Two\n  lines\n\
         data_source:\n- Sysmon EventID 1\nsearch: '| tstats `x`\n  count '\n\
         references: []\ntags:\n  mitre_attack_id:\n  - T1059\n  - T1003.001\n  cve: []\n",
    );
    assert_eq!((rule.id.as_str(), rule.title.as_str()), ("1-2", "Some Detection"));
    assert_eq!(rule.description, "Two\nlines");
    assert_eq!(rule.search, "| tstats `x` count ");
    assert_eq!(rule.technique_ids, ["T1059", "T1003.001"]);
    assert_eq!(rule.data_category, ["Sysmon EventID 1"]);
    assert!(rule.references.is_empty() && rule.techniques.is_empty());
}

#[test]
fn a_bare_search_is_a_rule() {
    let rule = Rule::parse("\u{feff}a\n| é x", "folder/my rule.SPL").unwrap();
    assert_eq!((rule.id.as_str(), rule.title.as_str()), ("my rule", "my rule"));
    assert_eq!(rule.search, "a\n| é x");
    assert_eq!(rule.position(rule.search.find('x').unwrap()), Position { line: 2, column: 5 });
    assert_eq!(rule.position(1_000), Position { line: 2, column: 6 });
}

/// What splunk/security_content's build writes, cut down.
const SAVED: &str = "\u{feff}# made by a tool\ndisabled = 1\n[default]\ndescription = none\n\n\
    [ESCU - One - Rule]\naction.escu = 0\ndescription = Finds one.\ndisabled = false\n\
    action.correlationsearch.annotations = {\"analytic_story\": [\"S\"], \\\n \
    \"mitre_attack\": [\"T1059.001\", \"T1105\"], \"data_source\": [\"Sysmon EventID 1\"]}\n\
    action.escu.how_to_implement = Collect it.\n\
    search = `one` é \\\n  | tabel a\\\n\\\n  | nope b\r\n\
    [no search]\ncron_schedule = * * * * *\n\
    [Two]\nsearch = | nope\nsearch = two\n\n[ESCU - One - Rule]\ncron_schedule = 0\n";

#[test]
fn each_saved_search_is_a_rule() {
    let rules = Rule::parse_each(SAVED, "savedsearches.conf").unwrap();
    let [one, two] = rules.as_slice() else { panic!("{rules:?}") };
    assert_eq!((one.id.as_str(), one.title.as_str()), ("ESCU - One - Rule", "ESCU - One - Rule"));
    assert_eq!(one.description, "Finds one.");
    assert_eq!(one.how_to_implement, "Collect it.");
    assert_eq!(one.technique_ids, ["T1059.001", "T1105"]);
    assert_eq!(one.data_category, ["Sysmon EventID 1"]);
    assert_eq!(one.search, "`one` é \n  | tabel a\n\n  | nope b");
    assert_eq!((two.search.as_str(), two.description.as_str()), ("two", "none"));
    assert!(!one.disabled && two.disabled, "what a stanza does not say it has from [default]");
    // The same, told by what it says.
    assert_eq!(Rule::parse_each(SAVED, "notes.txt").unwrap().len(), 2);
    assert_eq!(
        Rule::parse(SAVED, "s.conf").unwrap_err().to_string(),
        "s.conf: holds 2 rules, and one is wanted here"
    );
}

#[test]
fn files_of_too_many_stanzas_are_refused() {
    let stanzas: String = (0..30_000).map(|at| format!("[{at}]\nsearch = x\n")).collect();
    let error = Rule::parse_each(&stanzas, "savedsearches.conf").unwrap_err().to_string();
    assert!(error.contains("more than 20000 stanzas"), "{error}");
}

#[test]
fn positions_in_continued_lines() {
    let rules = Rule::parse_each(SAVED, "savedsearches.conf").unwrap();
    let one = &rules[0];
    let parsed = parse(&one.search, &Macros::empty());
    let places: Vec<_> = parsed
        .diagnostics
        .iter()
        .map(|finding| {
            let at = one.position(finding.span.start);
            (&one.origin.text[one.file_span(finding.span).range()], at.line, at.column)
        })
        .collect();
    assert_eq!(places, [("`one`", 13, 10), ("tabel", 14, 5), ("nope", 16, 5)]);
    let shown = one.render(&parsed.diagnostics, false);
    assert!(shown.contains("--> savedsearches.conf:14:5\n"), "{shown}");
    for (at, c) in one.search.char_indices().filter(|(_, c)| *c != '\n') {
        let span = one.file_span(Span::new(at, at + c.len_utf8()));
        assert_eq!(one.origin.text[span.range()], *c.to_string(), "{at}");
    }
}

#[test]
fn files_are_told_by_what_they_say() {
    let yaml = "id: 1\ntitle: t\nlogic: from yaml\n";
    let conf = "[a stanza]\nsearch = from conf\n";
    let search = "`from` | table x";
    for (text, name, expected) in [
        (yaml, "r.yml", "from yaml"),
        (yaml, "r.spl", "from yaml"),
        (yaml, "r", "from yaml"),
        (conf, "savedsearches.conf", "from conf"),
        (conf, "old.txt", "from conf"),
        (conf, "r.yml", "from conf"),
        ("search = from conf\n[a]\n", "x", "from conf"),
        (search, "r.spl", search),
        (search, "r.txt", search),
        ("a: b", "r.spl", "a: b"),
        ("index=main x", "r", "index=main x"),
        ("```why``` [x]\nsearch = y", "r.spl", "```why``` [x]\nsearch = y"),
        ("| makeresults", "r", "| makeresults"),
    ] {
        let found = Rule::parse(text, name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(found.search, expected, "{name}: {text:?}");
    }
    for (text, name, expected) in [
        ("[a]\nb = 1\n", "savedsearches.conf", "not a rule: it has no `search`"),
        ("[a\nsearch = 1\n", "savedsearches.conf", "savedsearches.conf:1: this `[`"),
        ("[a]\nsearch\n", "a.conf", "a.conf:2: expected `[name]`"),
        ("| makeresults", "r.yml", "not YAML"),
    ] {
        let error = Rule::parse(text, name).unwrap_err().to_string();
        assert!(error.contains(expected), "{name}: {error}");
    }
}

#[test]
fn positions_in_every_style() {
    for (yaml, line, column) in [
        ("id: 1\ntitle: t\nlogic: a | nope b", 3, 12),
        ("id: 1\ntitle: é\nlogic: éa\n  | nope b", 4, 5),
        ("id: 1\ntitle: t\nlogic: 'it''s\n  | nope b'", 4, 5),
        ("id: 1\ntitle: t\nlogic: \"\\\"é\\\" \\\n  | nope b\"", 4, 5),
        ("id: 1\ntitle: t\nlogic: |\n  a\n  | nope b\n", 5, 5),
        ("id: 1\ntitle: t\nlogic: >-\n\n    a\n\n    | nope\n    b\n", 7, 7),
        ("\u{feff}id: 1\r\ntitle: t\r\nlogic: 'a\r\n  | nope b'\r\n", 4, 5),
        ("logic: 'a\n| nope b'\nid: 1\ntitle: t\n", 2, 3),
        ("id: 1\ntitle: t\nlogic: \"a \\\"b\nc\\\" 'd\n\n| nope b\"\n", 6, 3),
    ] {
        let rule = rule(yaml);
        let parsed = parse(&rule.search, &Macros::empty());
        let [finding] = parsed.diagnostics.as_slice() else { panic!("{yaml}: {parsed:?}") };
        assert_eq!(finding.code, codes::UNKNOWN_COMMAND);
        assert_eq!(rule.position(finding.span.start), Position { line, column }, "{yaml:?}");
        let span = rule.file_span(finding.span);
        assert_eq!(&rule.origin.text[span.range()], "nope", "{yaml:?}");
    }
}

#[test]
fn findings_are_shown_in_the_file() {
    let rule = rule("id: 1\ntitle: t\nlogic: 'it''s a\n  | tabel b'\n");
    let parsed = parse(&rule.search, &Macros::empty());
    let expected = "\
error[E0201]: there is no command `tabel`
 --> r.yml:4:5
  |
4 |   | tabel b'
  |     ^^^^^
  |
  = help: did you mean `table`?
";
    assert_eq!(rule.render(&parsed.diagnostics, false), expected);
    let coloured = rule.render(&parsed.diagnostics, true);
    assert!(coloured.contains("\u{1b}["), "{coloured}");
}

#[test]
fn hostile_text_reaches_no_terminal() {
    let text = "a \u{1b}[31m | \u{1b}]0;x\u{7} \u{9b}1m";
    let rule = Rule::parse(text, "\u{1b}[2Jr.spl").unwrap();
    let mut findings = parse(text, &Macros::empty()).diagnostics;
    let span = Span::new(0, usize::MAX);
    findings.push(Diagnostic::error("E0000", text, span).with_hint(text));
    let shown = rule.render(&findings, false);
    assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
}

#[test]
fn any_finding_can_be_shown() {
    for text in ["", "\n", "a", "é\r\n\r\n", "\u{feff}", "x\u{301}\n\té"] {
        let rule = Rule::parse(text, "r.spl").unwrap();
        for start in 0..8 {
            for end in 0..8 {
                let finding = Diagnostic::warning("W0000", "m", Span { start, end });
                assert!(rule.render(&[finding], false).starts_with("warning[W0000]: m"));
            }
        }
    }
}

#[test]
fn what_is_no_rule_says_why() {
    for (yaml, expected) in [
        ("", "r.yml:1:1: not a rule: not a YAML mapping"),
        ("- a\n", "r.yml:1:1: not a rule: not a YAML mapping"),
        ("id: 1\ntitle: t\n", "r.yml: not a rule: it has no `logic` or `search`"),
        ("title: t\nlogic: a\n", "r.yml: not a rule: it has no `id`"),
        ("id: 1\nlogic: a\n", "r.yml: not a rule: it has no `title`"),
        ("id: 1\nsearch: a\n", "r.yml: not a rule: it has no `name`"),
        ("id: 1\nlogic: {a: b}\n", "r.yml: not a rule: it has no `logic` or `search`"),
        ("id: 1\nlogic_format: KQL\nlogic: a\n", "r.yml: a rule for KQL, not for Splunk"),
        ("id: 1\nlogic: a\nlogic: b\n", "r.yml:3:1: the key `logic` stands here twice"),
        ("é: 'x\n", "r.yml:1:4: not YAML: "),
        ("id: 1\na: [b\n", "r.yml:"),
    ] {
        let error = Rule::parse(yaml, "r.yml").unwrap_err().to_string();
        assert!(error.starts_with(expected), "{yaml:?}: {error}");
    }
    let deep = format!("a: {}", "[".repeat(100_000));
    assert!(Rule::parse(&deep, "r.yml").is_err());
}

#[test]
fn folders_are_read_in_order_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("sub")).unwrap();
    fs::write(path("b.yml"), "id: b\ntitle: t\nlogic: a").unwrap();
    fs::write(path("a.SPL"), "a").unwrap();
    fs::write(path("sub/c.yaml"), "id: c\ntitle: t\nlogic: a").unwrap();
    fs::write(path("sub/d.yml"), b"id: \xff").unwrap();
    fs::write(path("sub/e.yml"), "nothing").unwrap();
    fs::write(path("readme.txt"), "no rule").unwrap();
    fs::write(path("b.test.yml"), "cases: []").unwrap();
    fs::write(path("props.conf"), "[a]\nKV_MODE = none\n").unwrap();
    fs::write(path("sub/SavedSearches.conf"), "[s1]\nsearch = a\n[s2]\nsearch = b\n").unwrap();
    fs::write(path("odd.txt"), "id: odd\ntitle: t\nlogic: a").unwrap();
    let catalog =
        load_all(&[path("odd.txt"), folder.path().to_owned(), path("b.yml"), path("missing.yml")]);
    let ids: Vec<_> = catalog.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids, ["odd", "a", "b", "s1", "s2", "c"]);
    let errors: Vec<_> = catalog.errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert!(errors[0].contains("d.yml: not UTF-8 at byte 4"), "{errors:?}");
    assert!(errors[1].contains("e.yml:1:1: not a rule"), "{errors:?}");
    assert!(errors[2].contains("missing.yml"), "{errors:?}");
}

/// The names in one list of armory_issues.json.
fn issues(shared: &Path, list: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(shared.join("armory_issues.json")).unwrap();
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    let names = all[list].as_array().unwrap().iter();
    names.map(|name| name.as_str().unwrap().to_owned()).collect()
}

fn file_name(rule: &Rule) -> String {
    Path::new(&rule.origin.name).file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn published_rules_are_refused_where_splunk_refuses_them() {
    let Some(shared) = shared() else { return };
    let catalog = load_all(&[shared.join("rules/armory")]);
    assert!(catalog.errors.is_empty(), "{:?}", catalog.errors);
    assert!(catalog.rules.len() > 1_000);

    let mut broken = issues(&shared, "glued_operators");
    broken.extend(issues(&shared, "odd_quotes"));
    broken.extend(issues(&shared, "parens_unbalanced_outside_strings"));
    // There the parentheses are unbalanced inside a regex, which is not ours to judge.
    let regexes = issues(&shared, "regex_rejected_by_pcre2_too");
    // Not in the lists: `(... ".rar", OR ...)`, and `process contains "x"` in where.
    let unlisted = [
        "suspicious_email_attachment-splunk-suspicious.yml",
        "password_validation_check_via_dscl_from_uncommon_process-macos-splunk-edr.yml",
    ];
    let macros = Macros::builtin();
    for rule in &catalog.rules {
        let name = file_name(rule);
        let parsed = parse(&rule.search, &macros);
        assert_eq!(parsed.pipeline.is_none(), parsed.has_errors(), "{name}");
        let errors = parsed.diagnostics.iter().filter(|one| one.severity == Severity::Error);
        let syntax: Vec<_> = errors
            .filter(|one| one.code < codes::UNKNOWN_MACRO || one.code == codes::MACRO_SYNTAX)
            .cloned()
            .collect();
        let is_broken = unlisted.contains(&name.as_str())
            || (broken.contains(&name) && !regexes.contains(&name));
        assert_eq!(!syntax.is_empty(), is_broken, "{name}: {}", rule.render(&syntax, false));
        let unknown = parsed.diagnostics.iter().any(|one| one.code == codes::UNKNOWN_COMMAND);
        assert!(!unknown, "{name}: every command is one of Splunk's");
    }
}

#[test]
fn published_rules_are_warned_of() {
    let Some(shared) = shared() else { return };
    let catalog = load_all(&[shared.join("rules/armory")]);
    let macros = Macros::builtin();
    let warned = |code: &str| -> BTreeSet<String> {
        let rules = catalog.rules.iter();
        let warned = rules.filter(|rule| {
            parse(&rule.search, &macros).diagnostics.iter().any(|one| one.code == code)
        });
        warned.map(file_name).collect()
    };
    let here: BTreeSet<_> = catalog.rules.iter().map(file_name).collect();
    let listed = |list: &str| -> BTreeSet<String> {
        issues(&shared, list).intersection(&here).cloned().collect()
    };
    assert_eq!(warned(codes::LOWER_CASE_OPERATOR), listed("lowercase_bool_in_base"));
    let mut terms = listed("TERM_arg_contains_major_breaker");
    // These hold no breaker but the quotes of TERM("x"), which are not part of the term.
    assert!(terms.remove("rare_dll_called_by_spoolsv-splunk-winevent.yml"));
    assert!(terms.remove("sam_system_security_files_accessed-splunk-winevent.yml"));
    // `TERM(Mount-DiskImage OR TERM(mdisk))` is one term with blanks in it.
    terms.insert("iso_image_mounted-windows-splunk-powershell.yml".to_owned());
    assert_eq!(warned(codes::TERM_NEVER_MATCHES), terms);
}

#[test]
fn published_rules_lead_back_to_their_files() {
    let Some(shared) = shared() else { return };
    let catalog = load_all(&[shared.join("rules/armory")]);
    for rule in &catalog.rules {
        let mut at = 0;
        for word in rule.search.split([' ', '\n']) {
            let span = rule.file_span(Span::new(at, at + word.len()));
            at += word.len() + 1;
            let there = &rule.origin.text[span.range()];
            // What YAML escapes is longer in the file.
            let escaped = there.replace("''", "'").replace("\\\"", "\"").replace("\\\\", "\\");
            let expected = word.replace("''", "'").replace("\\\"", "\"").replace("\\\\", "\\");
            assert_eq!(escaped, expected, "{} at {at}", rule.origin.name);
        }
    }
}

/// Text that means something to YAML.
const FRAGMENTS: &[&str] = &[
    "'",
    "\"",
    "\\",
    "|",
    ">",
    "|2-\n",
    ":",
    ": ",
    "- ",
    "\n",
    "\n  ",
    "\r\n",
    "#",
    " # ",
    "!",
    "&a ",
    "*a",
    "[",
    "]",
    "{",
    "}",
    ",",
    "?",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "\t",
    "\u{feff}",
    "é",
    "\u{85}",
    "\\x4",
    "\\u00e9",
    "~",
    "(",
    "`",
    "\\\n",
    "\\\r\n",
    "\n[x]\n",
    "\nsearch = ",
    "=",
];

/// Files of each kind.
const FILES: &[(&str, &str)] = &[
    ("r.yml", BUILTIN),
    ("savedsearches.conf", SAVED),
    ("r", SAVED),
    ("r.spl", "`a` \"b\" ```c``` OR d\n| where match(e, \"f\") | table é, g*\n| bin span=1s\n"),
    ("r.yml", "name: A\nid: 1\nsearch: '| tstats `x`\n  count '\ntags:\n  mitre_attack_id: [T1]\n"),
];

proptest! {
    #[test]
    fn no_mutated_file_panics(
        file in 0..FILES.len(),
        edits in prop::collection::vec(
            (any::<prop::sample::Index>(), 0..12_usize, prop::sample::select(FRAGMENTS)),
            1..5,
        ),
    ) {
        let (name, text) = FILES[file];
        let mut characters: Vec<char> = text.chars().collect();
        for (at, dropped, fragment) in edits {
            let at = at.index(characters.len() + 1);
            let end = (at + dropped).min(characters.len());
            characters.splice(at..end, fragment.chars());
        }
        let text: String = characters.into_iter().collect();
        for rule in Rule::parse_each(&text, name).unwrap_or_default() {
            let parsed = parse(&rule.search, &Macros::builtin());
            for finding in &parsed.diagnostics {
                let span = rule.file_span(finding.span);
                prop_assert!(rule.origin.text.get(span.range()).is_some());
                let at = rule.position(finding.span.start);
                prop_assert_eq!(at, position_in(&rule.origin.text, span.start));
            }
            let shown = rule.render(&parsed.diagnostics, false);
            prop_assert_eq!(shown.is_empty(), parsed.diagnostics.is_empty());
        }
    }
}
