//! That no fact of SPLUNK.md is without a test that names it, "SPLUNK.md 1.6".
//!
//! Of some facts a part has no behaviour here:
//!
//! | fact | what of it is not tested | why |
//! |---|---|---|
//! | 1.13 | which indexes are searched where none is named | an archive has no users and no indexes |
//! | 3.1 | `(?ms)` before the regexes of `EXTRACT-*` | no props.conf is read |
//! | 4 iplocation | the places of the database that Splunk ships | it is not ours to give away |
//! | 4 table | the message "No matching fields exist." | it is the searching program's |
//! | trap 16 | an alias removes its target where the source is missing | the add-ons' aliases are tables of `cim/`, none of which has a target that an event sets and a source that it lacks |
//! | trap 24 | lines cut at 10,000 bytes at index time | what was cut is in no archive |

use std::collections::BTreeSet;
use std::path::Path;

use crate::common;

/// Facts of which nothing has a behaviour to test, and why.
const NOT_TESTED: &[(&str, &str)] = &[];

/// The facts of the notes: those numbered in sections 1 and 3, the commands of section 4, the traps.
fn facts(notes: &str) -> BTreeSet<String> {
    let mut facts = BTreeSet::new();
    let mut section = "";
    for line in notes.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            section = title;
        }
        let number = line.split_once(". ").map(|(number, _)| number);
        let number = number.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        if section.starts_with("Traps") {
            facts.extend(number.map(|number| format!("trap {number}")));
        } else if section.starts_with("1.") || section.starts_with("3.") {
            facts.extend(number.map(|number| format!("{}.{number}", &section[..1])));
        } else if section.starts_with("2.") {
            facts.insert("2".to_owned());
        } else if let Some(line) =
            section.starts_with("4.").then_some(line.strip_prefix("- ")).flatten()
        {
            // In bold: `**sort**`, `**bin/bucket**`, or several in one line.
            let bold = line.split("**").skip(1).step_by(2).flat_map(|names| names.split('/'));
            let bold = bold.filter(|name| name.starts_with(char::is_alphabetic));
            facts.extend(bold.map(|name| format!("4 {}", name.split([' ', ',']).next().unwrap())));
        }
    }
    facts
}

/// A clause up to where it ends; a dot within a number ends nothing.
fn up_to_its_end(clause: &str) -> &str {
    let ends = |(at, c): &(usize, char)| match c {
        ':' | ')' | '"' | ';' => true,
        '.' => !clause[at + 1..].starts_with(|next: char| next.is_ascii_digit()),
        _ => false,
    };
    clause.char_indices().find(ends).map_or(clause, |(at, _)| &clause[..at])
}

/// The facts that a text names behind "SPLUNK.md", up to the end of its clause.
fn named(text: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for clause in text.split("SPLUNK.md").skip(1) {
        let words = up_to_its_end(clause).split(|c: char| !c.is_alphanumeric() && c != '.');
        let (mut traps, mut in_four) = (false, false);
        for word in words {
            match word {
                "" | "and" | "to" => {}
                "trap" | "traps" => (traps, in_four) = (true, false),
                "2" if !traps => drop(named.insert("2".to_owned())),
                "4" if !traps => in_four = true,
                number if traps && number.bytes().all(|byte| byte.is_ascii_digit()) => {
                    named.insert(format!("trap {number}"));
                }
                number if number.contains('.') => drop(named.insert(number.to_owned())),
                name if in_four => drop(named.insert(format!("4 {name}"))),
                _ => traps = false,
            }
        }
    }
    named
}

/// The text of every test: the files of `tests/`, and of `src/` what is behind `#[cfg(test)]`.
fn tests() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = String::new();
    for folder in ["tests", "src"] {
        for entry in walkdir::WalkDir::new(root.join(folder)).sort_by_file_name() {
            let entry = entry.unwrap();
            let path = entry.path();
            let is_read = path.extension().is_some_and(|end| end == "rs" || end == "toml");
            if !is_read || path.ends_with(file!()) {
                continue;
            }
            let text = std::fs::read_to_string(path).unwrap();
            let is_test =
                folder == "tests" || path.iter().any(|part| part == "tests" || part == "tests.rs");
            let start = if is_test { Some(0) } else { text.find("#[cfg(test)]\nmod") };
            all.extend(start.map(|start| text[start..].to_owned() + "\n"));
        }
    }
    all
}

#[test]
fn every_fact_has_a_test() {
    let Some(shared) = common::shared("facts") else { return };
    let notes = std::fs::read_to_string(shared.join("SPLUNK.md")).unwrap();
    let facts = facts(&notes);
    for known in
        ["1.1", "1.15", "2", "3.7", "4 where", "4 sort", "4 iplocation", "trap 1", "trap 25"]
    {
        assert!(
            facts.contains(known),
            "the notes are read otherwise than they are written: {known}"
        );
    }
    let named = named(&tests());
    let excused: BTreeSet<_> = NOT_TESTED.iter().map(|(fact, _)| (*fact).to_owned()).collect();
    let without: Vec<_> =
        facts.iter().filter(|fact| !named.contains(*fact) && !excused.contains(*fact)).collect();
    assert!(without.is_empty(), "no test names {without:?}, nor does NOT_TESTED say why");
    let needless: Vec<_> =
        excused.iter().filter(|fact| named.contains(*fact) || !facts.contains(*fact)).collect();
    assert!(needless.is_empty(), "NOT_TESTED needs no {needless:?}");
}

#[test]
fn names_of_facts_are_understood() {
    for (text, expected) in [
        ("/// SPLUNK.md 1.1, trap 1: parentheses", &["1.1", "trap 1"][..]),
        ("// SPLUNK.md 4, stats, trap 21: rows", &["4 stats", "trap 21"]),
        (
            "why = \"It is (SPLUNK.md 1.5, 1.6, traps 3 and 6).\"",
            &["1.5", "1.6", "trap 3", "trap 6"],
        ),
        ("/// SPLUNK.md 2, one level: trap 9", &["2"]),
        ("/// trap 9 without the name of the notes, 1.4", &[]),
    ] {
        assert_eq!(named(text), expected.iter().map(|&fact| fact.to_owned()).collect(), "{text}");
    }
}
