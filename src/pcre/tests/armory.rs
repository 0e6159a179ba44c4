//! The patterns of published rules on real command lines.

use std::collections::BTreeSet;
use std::path::PathBuf;

use saphyr_parser::{Event, Parser};

use super::super::{Regex, Required, Road};
use super::difference;

fn shared() -> Option<PathBuf> {
    let shared = std::env::var_os("COLDSWEEP_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")),
        PathBuf::from,
    );
    let found = shared.join("rules/armory").is_dir() && shared.join("corpora").is_dir();
    if !found {
        eprintln!("skipped: no rules and corpora in {}", shared.display());
    }
    found.then_some(shared)
}

/// File name and search text of every rule.
fn searches(shared: &std::path::Path) -> Vec<(String, String)> {
    let mut searches = Vec::new();
    for entry in walkdir::WalkDir::new(shared.join("rules/armory")).sort_by_file_name() {
        let path = entry.unwrap().into_path();
        if path.extension().is_some_and(|extension| extension == "yml") {
            let text = std::fs::read_to_string(&path).unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            searches.extend(scalar_of_key(&text, "logic").map(|search| (name, search)));
        }
    }
    searches
}

/// The rules here that are known to have a pattern which PCRE2 refuses.
fn known_as_refused(shared: &std::path::Path) -> BTreeSet<String> {
    let issues = std::fs::read_to_string(shared.join("armory_issues.json")).unwrap();
    let issues: serde_json::Value = serde_json::from_str(&issues).unwrap();
    let refused = issues["regex_rejected_by_pcre2_too"].as_array().unwrap();
    let here: BTreeSet<String> = searches(shared).into_iter().map(|(name, _)| name).collect();
    refused.iter().filter_map(|name| here.get(name.as_str()?)).cloned().collect()
}

fn scalar_of_key(yaml: &str, key: &str) -> Option<String> {
    let mut found = false;
    for event in Parser::new_from_str(yaml) {
        if let (Event::Scalar(value, ..), _) = event.ok()? {
            if found {
                return Some(value.into_owned());
            }
            found = value == key;
        }
    }
    None
}

/// The regular expressions of a search, roughly: string arguments of `match`, `replace`, `regex`
/// and `rex`, unescaped once (SPLUNK.md 2).
fn patterns(search: &str) -> Vec<String> {
    let mut patterns = Vec::new();
    let mut before = String::new();
    let mut chars = search.chars();
    while let Some(c) = chars.next() {
        if c != '"' {
            before.push(c);
            continue;
        }
        let mut string = String::new();
        while let Some(c) = chars.next() {
            match c {
                '"' => break,
                '\\' => match chars.next() {
                    Some(c @ ('"' | '\\')) => string.push(c),
                    Some(c) => string.extend(['\\', c]),
                    None => {}
                },
                c => string.push(c),
            }
        }
        if takes_pattern(&before) {
            patterns.push(string);
        }
        before.clear();
        before.push('"');
    }
    patterns
}

/// Whether a string behind this text is a regular expression.
fn takes_pattern(before: &str) -> bool {
    let before = before.trim_end();
    if let Some(arguments) = before.strip_suffix(',') {
        let call = arguments.rsplit(['(']).nth(1).unwrap_or_default().trim_end();
        return call.ends_with("match") || call.ends_with("replace");
    }
    let stage = before.rsplit('|').next().unwrap_or_default();
    let command = stage.split_whitespace().next().unwrap_or_default();
    let last = stage.split_whitespace().next_back().unwrap_or_default();
    match command {
        "regex" => last == "regex" || last.ends_with('='),
        "rex" => !last.ends_with('=') && !stage.contains("mode=sed"),
        _ => false,
    }
}

fn command_lines(shared: &std::path::Path) -> Vec<String> {
    let mut lines = BTreeSet::new();
    for file in ["near_misses.jsonl", "expected.jsonl"] {
        for line in std::fs::read_to_string(shared.join("corpora").join(file)).unwrap().lines() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            for field in [&value["process"], &value["message"]] {
                let texts = field.as_array().map_or_else(|| vec![field], |a| a.iter().collect());
                lines.extend(texts.iter().filter_map(|text| text.as_str()).map(str::to_owned));
            }
        }
    }
    lines.into_iter().collect()
}

/// A command line and what it becomes with a newline behind it, in upper case, and with a
/// character that is not ASCII in it.
fn variants(line: &str) -> [String; 4] {
    let middle = (0..=line.len() / 2).rev().find(|&at| line.is_char_boundary(at)).unwrap_or(0);
    let (head, tail) = line.split_at(middle);
    let upper = line.to_uppercase();
    [line.to_owned(), format!("{line}\n"), upper, format!("{head}\u{212a}é\u{a0}{tail}")]
}

#[test]
fn both_roads_agree_on_published_patterns() {
    let Some(shared) = shared() else { return };
    let mut all = BTreeSet::new();
    let mut used = 0;
    let (mut refused, mut refused_rules) = (0, BTreeSet::new());
    for (name, search) in searches(&shared) {
        for pattern in patterns(&search) {
            used += 1;
            if Regex::new(&pattern).is_err() {
                refused += 1;
                refused_rules.insert(name.clone());
            } else {
                all.insert(pattern);
            }
        }
    }
    let lines = command_lines(&shared);
    let every = if super::cases(0) > 0 { 1 } else { 37 };
    let mut pcre2_road = Vec::new();
    let mut without_literals = 0;
    let mut matches = 0;
    for (index, pattern) in all.iter().enumerate() {
        let regex = Regex::new(pattern).unwrap();
        without_literals += usize::from(regex.required_literals() == &Required::Anything);
        let pcre2 = Regex::only_pcre2(pattern).unwrap();
        for line in lines.iter().skip(index % every).step_by(every) {
            for text in variants(line) {
                let matched = regex.is_match(&mut regex.create_cache(), &text);
                matches += usize::from(matched);
                assert!(!matched || regex.required_literals().holds(&text), "{pattern:?} {text:?}");
                if regex.road() == Road::Automata {
                    assert_eq!(difference(&regex, &pcre2, &text), None);
                }
            }
        }
        if regex.road() == Road::Pcre2 {
            pcre2_road.push(pattern);
        }
    }
    eprintln!(
        "{used} patterns, {} valid ones distinct, {} of them by PCRE2: {pcre2_road:#?}",
        all.len(),
        pcre2_road.len(),
    );
    eprintln!("{without_literals} without literals; {matches} matches on {} lines", lines.len());
    eprintln!("{refused} refused, in {} rules", refused_rules.len());
    assert_eq!(refused_rules, known_as_refused(&shared));
    assert!(matches > 0 && pcre2_road.len() * 20 < all.len());
}
