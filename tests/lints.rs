//! `docs/LINTS.md`: a section for each code, and every example has the finding it is given for.
//!
//! An example is a fenced block: `spl` for a bare search, `yaml` for a file. More words say how it
//! is read (`none`: without accommodations, `strict`), that other findings come with it (`among`),
//! or that it does not have the finding any more (`mended`). A `toml` block defines macros for the
//! examples behind it in its section, a `csv NAME` block a lookup table. `{N*text}` in a search
//! stands for `text` N times.

mod common;

use std::collections::BTreeSet;

use coldsweep::plan::Plan;
use coldsweep::reading::Reading;
use coldsweep::resources::Resources;
use coldsweep::rule::Rule;
use coldsweep::spl::Macros;
use coldsweep::spl::codes::{CODES, LEFT_OUT, NO_RULE};

const PAGE: &str = include_str!("../docs/LINTS.md");

/// A section of the page.
struct Section {
    code: String,
    /// The text before the first example, on one line.
    meaning: String,
    examples: Vec<Example>,
}

struct Example {
    words: Vec<String>,
    text: String,
    macros: Macros,
    resources: Resources,
}

impl Example {
    fn is(&self, word: &str) -> bool {
        self.words.iter().any(|has| has == word)
    }

    /// The codes of all its findings.
    fn codes(&self) -> BTreeSet<&'static str> {
        let name = if self.is("yaml") { "example.yml" } else { "example.spl" };
        let Ok(rule) = Rule::parse(&repeated(&self.text), name) else {
            return BTreeSet::from([NO_RULE]);
        };
        let reading = match () {
            () if self.is("none") => Reading::NONE,
            () if self.is("strict") => Reading::STRICT,
            () => Reading::AS_MEANT,
        };
        let mut settings = common::settings(reading);
        settings.macros.extend(self.macros.clone());
        settings.resources = self.resources.clone();
        let findings = match Plan::compile(rule, &settings) {
            Ok((_, findings)) => findings,
            Err(refusal) => refusal.findings,
        };
        findings.iter().map(|finding| finding.code).collect()
    }
}

/// `{3*ab}` -> `ababab`.
fn repeated(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (inside, behind) = after.split_once('}').expect("a closed brace");
        let (count, what) = inside.split_once('*').expect("a count");
        out.push_str(&what.repeat(count.parse().expect("a number")));
        rest = behind;
    }
    out + rest
}

fn sections() -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut lines = PAGE.lines();
    let mut macros = Macros::empty();
    let mut resources = Resources::default();
    while let Some(line) = lines.next() {
        if let Some(code) = line.strip_prefix("## ") {
            (macros, resources) = (Macros::empty(), Resources::default());
            let (code, meaning) = (code.to_owned(), String::new());
            sections.push(Section { code, meaning, examples: Vec::new() });
            continue;
        }
        let Some(section) = sections.last_mut() else { continue };
        let ticks = line.len() - line.trim_start_matches('`').len();
        if ticks < 3 {
            if section.examples.is_empty() {
                section.meaning += line;
            }
            continue;
        }
        let (fence, words) = line.split_at(ticks);
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != fence).collect();
        let text = body.join("\n");
        if words == "toml" {
            macros = Macros::parse(&text, "docs/LINTS.md").unwrap();
            continue;
        }
        if let Some(name) = words.strip_prefix("csv ") {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), &text).unwrap();
            resources.add_lookup(name, file.path()).unwrap();
            continue;
        }
        let words = words.split(' ').map(str::to_owned).collect();
        let (macros, resources) = (macros.clone(), resources.clone());
        section.examples.push(Example { words, text, macros, resources });
    }
    sections
}

#[test]
fn the_page_has_a_section_for_each_code() {
    let sections = sections();
    let found: Vec<_> = sections.iter().map(|s| (s.code.as_str(), s.meaning.trim())).collect();
    let expected: Vec<_> = CODES.iter().map(|(code, meaning)| (*code, meaning.trim())).collect();
    assert_eq!(found, expected);
    for part in PAGE.split("\n## ").skip(1) {
        assert!(part.contains("**Why.** ") && part.contains("**Mend.** "), "{part}");
    }
}

#[test]
fn every_example_has_the_finding_it_is_given_for() {
    let mut mistakes = Vec::new();
    for section in sections() {
        let code = section.code.as_str();
        let wrong = section.examples.iter().filter(|example| !example.is("mended"));
        assert!(wrong.count() > 0, "{code} has no example");
        for example in &section.examples {
            let found = example.codes();
            let right = if example.is("mended") {
                found.is_empty()
            } else if example.is("among") {
                found.contains(code)
            } else {
                found == BTreeSet::from([code])
            };
            if !right {
                mistakes.push(format!("{code} {:?}: {found:?}: {}", example.words, example.text));
            }
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

#[test]
fn what_leaves_something_out_is_a_warning() {
    for code in LEFT_OUT {
        assert!(code.starts_with('W') && CODES.iter().any(|(known, _)| known == code), "{code}");
    }
}
