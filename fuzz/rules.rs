//! The rules target: any text compiles or is refused, and what compiles gives the same rows with
//! the prefilter on and off.
//!
//! A third of the rules are published ones, most of them mutated. The others are made from pieces of the
//! corpus that they run on, so that they match: what tests that no guard loses a match.

use std::path::PathBuf;

use coldsweep::cim::Cim;
use coldsweep::plan::Plan;
use coldsweep::plan::page::Page;
use coldsweep::reading::Reading;
use coldsweep::report::{page_markdown, page_text};
use coldsweep::rule::Rule;
use coldsweep::scan::{Options, Progress, scan};

use super::input::difference;
use super::mutate::mutate;
use super::rng::Rng;
use super::seeds;
use crate::common;

/// Marks an input that is a bare search, as opposed to YAML.
const BARE: &str = "spl:";

/// Files of the shared corpora are cut to this, or a sweep of all would take too long.
const PIECE: usize = 24 << 10;

/// The target.
pub struct Target {
    rules: Vec<Vec<u8>>,
    /// Texts of events, and names and values of fields, of the corpus.
    raws: Vec<String>,
    fields: Vec<(String, String)>,
    cim: Cim,
    folder: tempfile::TempDir,
    seed: u64,
}

impl Target {
    /// The target whose cases are those of `seed`.
    pub fn new(seed: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the corpus");
        let builtin = Rule::builtin().expect("the built-in rule");
        let mut rules = vec![builtin.origin.text.as_bytes().to_vec()];
        let mut logs = seeds::builtin();
        if let Some(shared) = common::shared("fuzz rules") {
            let files = walkdir::WalkDir::new(shared.join("rules")).sort_by_file_name();
            let files = files
                .into_iter()
                .flatten()
                .filter(|entry| entry.path().extension().is_some_and(|end| end == "yml"));
            rules.extend(files.filter_map(|entry| std::fs::read(entry.path()).ok()));
            let pieces = seeds::corpora(&shared.join("corpora"));
            let step = (pieces.len() / 24).max(1);
            logs.extend(pieces.iter().step_by(step).map(|piece| {
                let length = if piece.starts_with(b"ElfFile") { 4096 + 65_536 } else { PIECE };
                piece[..piece.len().min(length)].to_vec()
            }));
        }
        for (at, log) in logs.iter().enumerate() {
            let path = folder.path().join(format!("{at:03}"));
            std::fs::write(path, log).expect("the corpus can be written");
        }
        let mut target =
            Self { rules, raws: Vec::new(), fields: Vec::new(), cim: Cim::builtin(), folder, seed };
        target.learn();
        target
    }

    /// Collects what the corpus says.
    fn learn(&mut self) {
        let rule = Rule::parse("* | table *", "all.spl").expect("a bare search");
        let plan = common::compile(rule, Reading::AS_MEANT);
        let options = Options { evidence: true, threads: 1, ..Options::default() };
        let outcome = self.sweep(std::slice::from_ref(&plan), &options);
        for row in &outcome.rows[0] {
            self.raws.extend(row.evidence.iter().map(|event| event.raw.clone()));
            for (name, field) in &row.columns {
                let values = field.values().iter().map(|value| value.text().into_owned());
                self.fields.extend(values.map(|value| (name.clone(), value)));
            }
        }
        assert!(self.raws.len() > 50 && self.fields.len() > 500, "the corpus is read");
    }

    /// The rule of a case.
    pub fn make(&self, case: u64) -> Vec<u8> {
        let mut rng = Rng::of_case(self.seed, case);
        if rng.one_in(3) {
            let (rule, other) = seeds::pair(&self.rules, &mut rng);
            let mut bytes = rule.to_vec();
            if !rng.one_in(8) {
                mutate(&mut bytes, other, &mut rng);
            }
            return bytes;
        }
        let mut text = Maker { target: self, rng: &mut rng }.rule().into_bytes();
        if rng.one_in(8) {
            let (_, other) = seeds::pair(&self.rules, &mut rng);
            mutate(&mut text, other, &mut rng);
        }
        [BARE.as_bytes(), &text].concat()
    }

    /// Compiles a rule, and runs it if it compiles.
    pub fn check(&self, input: &[u8]) -> Result<(), String> {
        let text = String::from_utf8_lossy(input);
        let rule = match text.strip_prefix(BARE) {
            Some(search) => Rule::parse(search, "fuzz.spl"),
            None => Rule::parse(&text, "fuzz.yml"),
        };
        let rule = match rule {
            Ok(rule) => rule,
            Err(error) => return said(&error.to_string()),
        };
        let reading =
            if input.len().is_multiple_of(5) { Reading::STRICT } else { Reading::AS_MEANT };
        let settings = common::settings(reading);
        let plan = match Plan::compile(rule, &settings) {
            Ok((plan, findings)) => {
                let page = Page::new(&plan, &settings.macros, &findings, None);
                said(&page_text(&page))?;
                said(&page_markdown(&page))?;
                plan
            }
            Err(refusal) => return said(&refusal.rule.render(&refusal.findings, false)),
        };
        // Without a guard both sweeps are one and the same.
        if plan.text_guards.is_empty()
            && plan.evtx_guards.is_empty()
            && !input.len().is_multiple_of(16)
        {
            return Ok(());
        }
        let options =
            Options { evidence: true, threads: 1, reading, prefilter: false, ..Options::default() };
        let plan = std::slice::from_ref(&plan);
        let off = self.sweep(plan, &options);
        let on = self.sweep(plan, &Options { prefilter: true, sample_from: 0, ..options });
        if off.rows != on.rows {
            let guards = (&plan[0].text_guards, &plan[0].evtx_guards);
            let what = difference(&plan[0], &off.rows[0], &on.rows[0]);
            return Err(format!("prefilter on: {what}; guards {guards:?}"));
        }
        Ok(())
    }

    fn sweep(&self, plans: &[Plan], options: &Options) -> coldsweep::scan::Outcome {
        let paths: [PathBuf; 1] = [self.folder.path().to_owned()];
        scan(plans, &self.cim, &paths, options, &Progress::default()).expect("the sweep starts")
    }
}

/// A user is told something.
fn said(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        Err("refused or explained without a word".to_owned())
    } else {
        Ok(())
    }
}

/// Makes rules that have something to do with the corpus.
struct Maker<'t, 'r> {
    target: &'t Target,
    rng: &'r mut Rng,
}

impl Maker<'_, '_> {
    fn rule(&mut self) -> String {
        let mut rule = if self.rng.one_in(4) { String::from("*") } else { self.search(3) };
        for _ in 0..self.rng.below(3) {
            rule += " | ";
            rule += &match self.rng.below(6) {
                0 => format!("search {}", self.search(2)),
                1 => {
                    let (name, value) = self.field();
                    let sign = if self.rng.one_in(5) { "!=" } else { "=" };
                    format!("regex {name}{sign}{}", self.regex(&value))
                }
                _ => format!("where {}", self.test(3)),
            };
        }
        let (name, _) = self.field();
        rule + &match self.rng.below(4) {
            0 => String::new(),
            1 => format!(" | table _time host {name}"),
            2 => format!(" | stats count values({name}) as v by host"),
            _ => " | bin _time span=1s | stats values(*) as * by _time, host".to_owned(),
        }
    }

    /// A search expression.
    fn search(&mut self, depth: usize) -> String {
        match self.rng.below(if depth == 0 { 8 } else { 12 }) {
            0 | 1 => quote(&self.piece()),
            2 => self.piece().split_whitespace().next().map_or("x".to_owned(), word),
            3 => format!(
                "TERM({})",
                self.piece().split_whitespace().next().map_or("x".to_owned(), word)
            ),
            4 => format!("CASE({})", quote(&self.piece())),
            5 | 6 => {
                let (name, value) = self.field();
                let piece = self.cut(&value);
                let value = match self.rng.below(4) {
                    0 => value,
                    1 => format!("{piece}*"),
                    _ => format!("*{piece}*"),
                };
                let sign = if self.rng.one_in(8) { "!=" } else { "=" };
                format!("{name}{sign}{}", quote(&value))
            }
            7 => {
                let (name, value) = self.field();
                let (_, other) = self.field();
                format!("{name} IN ({}, {})", quote(&value), quote(&other))
            }
            8 => format!("NOT {}", self.search(depth - 1)),
            9 | 10 => format!("({} OR {})", self.search(depth - 1), self.search(depth - 1)),
            _ => format!("{} {}", self.search(depth - 1), self.search(depth - 1)),
        }
    }

    /// A condition of `where`.
    fn test(&mut self, depth: usize) -> String {
        let (name, value) = self.field();
        match self.rng.below(if depth == 0 { 6 } else { 9 }) {
            0..=2 => format!("match({name}, {})", self.regex(&value)),
            3 => format!("like({name}, {})", quote(&format!("%{}%", self.cut(&value)))),
            4 => format!("{name}={}", quote(&value)),
            5 => format!("lower({name})={}", quote(&value.to_lowercase())),
            6 => format!("({} and {})", self.test(depth - 1), self.test(depth - 1)),
            7 => format!("({} or {})", self.test(depth - 1), self.test(depth - 1)),
            _ => format!("not {}", self.test(depth - 1)),
        }
    }

    /// A regex that some text like `value` matches, quoted.
    fn regex(&mut self, value: &str) -> String {
        let mut regex = String::new();
        if self.rng.one_in(2) {
            regex += "(?i)";
        }
        let piece = self.cut(value);
        for c in piece.chars() {
            match self.rng.below(24) {
                0 => regex.push('.'),
                1 => regex += &format!("({}|zz)", escape(c)),
                2 => regex += &format!("{}?", escape(c)),
                3 => regex += &format!("[{}q]", escape(c)),
                4 => regex += &format!("{}+", escape(c)),
                5 => regex += r"\S*",
                _ => regex += &escape(c),
            }
        }
        match self.rng.below(8) {
            0 => regex = format!("^{regex}"),
            1 => regex += "$",
            2 => regex = format!(r"\b{regex}\b"),
            3 => {
                let (_, other) = self.field();
                let other: String = self.cut(&other).chars().map(escape).collect();
                regex = format!("(?:{regex}|{other})");
            }
            _ => {}
        }
        quote(&regex)
    }

    /// A field of the corpus and a value of it.
    fn field(&mut self) -> (String, String) {
        let (name, value) = self.rng.pick(&self.target.fields).clone();
        (name, self.disguise(value))
    }

    /// Some text of the corpus.
    fn piece(&mut self) -> String {
        let text = if self.rng.one_in(2) {
            self.rng.pick(&self.target.raws).clone()
        } else {
            self.rng.pick(&self.target.fields).1.clone()
        };
        let piece = self.cut(&text);
        self.disguise(piece)
    }

    /// A part of a text, of some characters.
    fn cut(&mut self, text: &str) -> String {
        let count = text.chars().count();
        let length = 1 + self.rng.below(24);
        let start = self.rng.below(count.saturating_sub(length) + 1);
        text.chars().skip(start).take(length).collect()
    }

    /// The same text for a caseless comparison, or nearly.
    fn disguise(&mut self, text: String) -> String {
        match self.rng.below(10) {
            0 => text.to_uppercase(),
            1 => text.to_lowercase(),
            2 => text.replace(['k', 'K'], "\u{212a}").replace(['s', 'S'], "\u{17f}"),
            _ => text,
        }
    }
}

fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('`', "'"))
}

/// One word of a search that needs no quotes.
fn word(text: &str) -> String {
    let plain =
        |c: &char| c.is_alphanumeric() || matches!(c, '.' | '/' | ':' | '_' | '-' | '=' | '*');
    let word: String = text.chars().filter(plain).collect();
    if word.is_empty() { "x".to_owned() } else { word }
}

fn escape(c: char) -> String {
    if c.is_alphanumeric() || c == ' ' { c.to_string() } else { format!("\\{c}") }
}
