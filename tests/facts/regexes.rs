//! SPLUNK.md 3: regular expressions.

use std::collections::BTreeSet;

use coldsweep::plan::Plan;
use coldsweep::reading::Reading;
use coldsweep::rule::load_all;

use crate::check::{gives, records, refused, selects, value};
use crate::common;

/// SPLUNK.md 3.1, trap 19: unanchored, with case, `.` ends at a line break, `^` and `$` are the
/// text's, and flags are as written; in match(), regex and rex alike.
#[test]
fn a_regex_has_no_flags_but_those_written() {
    for (regex, hit, misses) in [
        ("bc", "abcd", &["aBCd", "acb"][..]),
        ("(?i)bc", "aBCd", &["acb"]),
        ("a.c", "abc", &["a\nc"]),
        ("(?s)a.c", "a\nc", &["ac"]),
        ("^b", "b\na", &["a\nb"]),
        ("(?m)^b", "a\nb", &["ab"]),
        ("a$", "b\na", &["a\nb"]),
        ("a((?i)b)c", "aBc", &["ABc", "aBC"]),
    ] {
        let misses: Vec<[(&str, &str); 1]> = misses.iter().map(|text| [("f", *text)]).collect();
        let misses: Vec<_> = misses.iter().map(|fields| &fields[..]).collect();
        for search in [
            format!("* | where match(f, \"{regex}\")"),
            format!("* | regex f=\"{regex}\""),
            format!("* | rex field=f \"(?<x>{regex})\" | where isnotnull(x)"),
            format!("* | where replace(f, \"{regex}\", \"\")!=f"),
        ] {
            selects(&search, &[&[("f", hit)]], &misses);
        }
    }
}

/// SPLUNK.md 3.1: PCRE2 without DUPNAMES refuses two groups of one name.
#[test]
fn two_groups_of_one_name_are_refused() {
    refused(r#"* | rex field=f "(?<x>a)|(?<x>b)""#, "E0301");
    refused(r#"* | where match(f, "(?<x>a)|(?<x>b)")"#, "E0301");
}

/// SPLUNK.md 3.2: over the limit of steps a pattern does not match, and nothing hangs.
#[test]
fn over_the_limit_is_no_match() {
    let long = "a".repeat(40) + "b";
    let fields: [(&str, &str); 1] = [("f", &long)];
    // The second arm would match at the end, but to see that the first does not takes too long.
    selects(r#"* | where match(f, "(?=.)(?:a+)+c|b")"#, &[], &[&fields]);
    selects(r#"* | where match(f, "(?=.)a+c|b")"#, &[&fields], &[]);
    selects(r#"* | where match(f, "^(a+)+c")"#, &[], &[&fields]);
    selects(r#"* | where match(f, "^(a+)+b")"#, &[&fields], &[]);
}

/// SPLUNK.md 3.3, trap 18: classes are ASCII.
#[test]
fn classes_are_ascii() {
    for (regex, hit, miss) in [
        (r"^\w$", "a", "\u{e9}"),
        (r"^\d$", "7", "\u{663}"),
        (r"^a\sb$", "a b", "a\u{a0}b"),
        (r"^a\Sb$", "a\u{a0}b", "a b"),
        (r"^a.c$", "a\u{e9}c", "ac"),
        (r"a\b", "a\u{e9}", "ab"),
    ] {
        selects(&format!("* | regex f=\"{regex}\""), &[&[("f", hit)]], &[&[("f", miss)]]);
    }
}

/// SPLUNK.md 3.4: match() of NULL is NULL, of a number it is of its text, of several values any
/// will do, and it is a substring test.
#[test]
fn match_is_a_test_of_any_value_as_text() {
    let expression =
        |call: &str| format!("if(isnull({call}), \"null\", if({call}, \"yes\", \"no\"))");
    value(&[], &expression("match(f, \"x\")"), Some("null"));
    value(&[], &expression("match(12 + 1, \"^13$\")"), Some("yes"));
    value(&[("f", "a"), ("f", "b")], &expression("match(f, \"^b$\")"), Some("yes"));
    value(&[("f", "a"), ("f", "b")], &expression("match(f, \"a.b\")"), Some("no"));
    selects("* | where match(f, \"x\")", &[&[("f", "x")]], &[&[]]);
    selects("* | where match(f, \"x\") OR g=1", &[&[("g", "1")]], &[&[("g", "2")]]);
    selects("* | where NOT match(f, \"x\")", &[&[("f", "y")]], &[&[], &[("f", "x")]]);
    selects("* | where match(f, \"1040|1042\")", &[&[("f", "11040")]], &[&[("f", "1041")]]);
}

/// SPLUNK.md 3.5: the first match only, but of replace() and `rex max_match`.
#[test]
fn the_first_match_counts() {
    let log = records(&[&[("f", "a1b2")]]);
    gives(&log, r#"* | rex field=f "(?<x>\d)" | table x"#, &["x=1"]);
    gives(&log, r#"* | rex field=f max_match=0 "(?<x>\d)" | table x"#, &["x=1+2"]);
    value(&[("f", "a1b2")], r#"replace(f, "\d", "-")"#, Some("a-b-"));
}

/// SPLUNK.md 3.6, trap 18: each construct of the table means what it means in PCRE.
#[test]
fn constructs_mean_what_they_mean_in_pcre() {
    for (regex, hit, miss) in [
        (r"a\|b", "a|b", "a"),
        (r"cmd\-x\/y\_z", "cmd-x/y_z", "cmd"),
        (r"^a$", "a\n", "a\nb"),
        (r"\Qa.b\E", "a.b", "axb"),
        (r"(?<=x)y", "xy", "zy"),
        (r"^C:\C$", "C:x", "C:"),
        (r"^\x5c$", r"\", "x"),
        (r"^\x22$", "\"", "x"),
        (r"^[[a]$", "[", "b"),
        (r"^{x}$", "{x}", "x"),
        (r"^\w{20,1000}$", "abcdefghijklmnopqrst", "abcdefghijklmnopqrs"),
        (r"^a.*?b", "axxb", "axx"),
    ] {
        selects(&format!("* | regex f=\"{regex}\""), &[&[("f", hit)]], &[&[("f", miss)]]);
    }
    // `\>` and `\<` are no ends of words.
    let log = records(&[&[]]).replace("<EventData>", "<EventData>a>b");
    gives(&log, r#"* | regex "a\>b" | stats count"#, &["count=1"]);
    gives(&log, r#"* | regex "\<EventData\>a\>" | stats count"#, &["count=1"]);
    gives(&log, r#"* | regex "a\> " | stats count"#, &["count=0"]);
    // `$` before the last line break is none of it.
    gives(
        &records(&[&[("f", "ab\n")]]),
        r#"* | rex field=f "(?<x>b.*$)" | eval l=len(x) | table l"#,
        &["l=1"],
    );
}

/// SPLUNK.md 3.7, trap 10: of the catalog those rules are refused for a regex that PCRE2 refuses.
#[test]
fn rules_with_a_malformed_regex_are_refused() {
    let Some(shared) = common::shared("facts") else { return };
    let issues = std::fs::read_to_string(shared.join("armory_issues.json")).unwrap();
    let issues: serde_json::Value = serde_json::from_str(&issues).unwrap();
    let known = issues["regex_rejected_by_pcre2_too"].as_array().unwrap().iter();
    let known: BTreeSet<String> = known.map(|name| name.as_str().unwrap().to_owned()).collect();
    let settings = common::settings(Reading::AS_MEANT);
    let (mut refused, mut running) = (BTreeSet::new(), BTreeSet::new());
    for rule in load_all(&[shared.join("rules/armory")]).rules {
        let path = std::path::PathBuf::from(&rule.origin.name);
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match Plan::compile(rule, &settings) {
            Ok(_) => drop(running.insert(name)),
            Err(refusal) if refusal.findings.iter().any(|finding| finding.code == "E0301") => {
                refused.insert(name);
            }
            Err(_) => {}
        }
    }
    assert!(!refused.is_empty(), "none is refused");
    // Its string is malformed alone: `(?<ip>"(a)b)"`. Quotes inside an expression without quotes
    // around it vanish (SPLUNK.md, Decisions), and what is left is sound: `(?<ip>(a)b)`.
    let sound = "certutil_file_download-splunk-powershell.yml";
    let missed: Vec<_> = known.intersection(&running).filter(|name| *name != sound).collect();
    assert!(missed.is_empty(), "these run: {missed:?}");
    let others: Vec<_> = refused.difference(&known).collect();
    assert!(others.is_empty(), "PCRE2 takes the regexes of these: {others:?}");
}
