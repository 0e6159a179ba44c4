//! The spl target: searches of published rules with their tokens deleted, doubled, swapped and
//! spliced are parsed, planned and explained, or refused with a place, in every reading.
//!
//! Bytes are mutated by the `rules` target; most of what that makes is refused by the first parser.
//! What is made of whole tokens goes deeper.

use std::time::{Duration, Instant};

use coldsweep::plan::Plan;
use coldsweep::plan::page::Page;
use coldsweep::reading::Reading;
use coldsweep::report::{page_markdown, page_text};
use coldsweep::rule::{Rule, load_all};

use super::rng::Rng;
use crate::common;

/// How long a search may grow.
const LONGEST: usize = 64 << 10;

/// How long compiling and explaining one may take. They take milliseconds; tests are not optimised,
/// and machines are shared.
const PATIENCE: Duration = Duration::from_secs(20);

/// Tokens that mean something, put where others stood.
const TOKENS: &[&str] = &[
    "|",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "'",
    "`",
    "```",
    ",",
    "=",
    "==",
    "!=",
    "<",
    ">=",
    "!",
    "*",
    "\\",
    ".",
    "+",
    "-",
    "%",
    "AND",
    "OR",
    "NOT",
    "XOR",
    "IN",
    "and",
    "not",
    "like",
    "by",
    "as",
    "AS",
    "TERM(",
    "CASE(",
    "earliest=-1d",
    "search",
    "where",
    "regex",
    "rex",
    "field=",
    "max_match=0",
    "mode=sed",
    "eval",
    "table",
    "fields",
    "rename",
    "bin",
    "span=1s",
    "span=0.1",
    "stats",
    "count",
    "values(*)",
    "values(*) as *",
    "eventstats",
    "streamstats",
    "window=2",
    "sort",
    "dedup",
    "head",
    "top",
    "foreach",
    "<<FIELD>>",
    "join",
    "transaction",
    "lookup",
    "OUTPUT",
    "mvexpand",
    "makemv",
    "fillnull",
    "match(",
    "replace(",
    "if(",
    "case(",
    "mvfilter(",
    "null()",
    "true()",
    "spath",
    "\"(?<x>a)\"",
    "\"(\"",
    "\"[a-\"",
    "\"(?i)(a|b)+$\"",
    "\"\\\\\"",
    "0",
    "-1",
    "1e999",
    "99999999999999999999",
    "_time",
    "_raw",
    "host",
    "\u{212a}",
    "\u{e9}",
    "\0",
    "\n",
];

/// The target.
pub struct Target {
    /// The searches, cut into tokens.
    searches: Vec<Vec<String>>,
    seed: u64,
}

impl Target {
    /// The target whose cases are those of `seed`.
    pub fn new(seed: u64) -> Self {
        let builtin = Rule::builtin().expect("the built-in rule");
        let mut searches = vec![tokens(&builtin.search)];
        searches.extend(COMMANDS.iter().map(|search| tokens(search)));
        if let Some(shared) = common::shared("fuzz spl") {
            let rules = load_all(&[shared.join("rules")]).rules;
            searches.extend(rules.iter().map(|rule| tokens(&rule.search)));
        }
        Self { searches, seed }
    }

    /// The search of a case.
    pub fn make(&self, case: u64) -> Vec<u8> {
        let mut rng = Rng::of_case(self.seed, case);
        let mut search = rng.pick(&self.searches).clone();
        let most = if rng.one_in(4) { 16 } else { 3 };
        for _ in 0..=rng.below(most) {
            self.mutate(&mut search, &mut rng);
        }
        let mut text = search.concat();
        let end = (0..=LONGEST.min(text.len())).rev().find(|&at| text.is_char_boundary(at));
        text.truncate(end.unwrap_or(0));
        text.into_bytes()
    }

    fn mutate(&self, search: &mut Vec<String>, rng: &mut Rng) {
        let at = rng.below(search.len() + 1);
        let other = rng.pick(&self.searches);
        match rng.below(9) {
            // Delete, double, swap.
            0 | 1 => {
                search.drain(rng.range(search.len()));
            }
            2 => {
                let copy = search[rng.range(search.len())].to_vec();
                search.splice(at..at, copy);
            }
            3 if !search.is_empty() => {
                let (one, two) = (rng.below(search.len()), rng.below(search.len()));
                search.swap(one, two);
            }
            // Flip: another token in the place of one.
            4 if at < search.len() => search[at] = (*rng.pick(TOKENS)).to_owned(),
            5 if at < search.len() && !other.is_empty() => search[at] = rng.pick(other).clone(),
            // Splice: a piece of another search, or all of its end.
            6 => {
                let piece = other[rng.range(other.len())].to_vec();
                search.splice(at..at, piece);
            }
            7 => {
                search.truncate(at);
                search.extend_from_slice(&other[rng.below(other.len() + 1)..]);
            }
            // One token many times.
            _ => {
                let times = if rng.one_in(8) { 3000 } else { 1 + rng.below(40) };
                let token = (*rng.pick(TOKENS)).to_owned();
                search.splice(at..at, std::iter::repeat_n(token + " ", times));
            }
        }
    }

    /// Compiles a search in every reading and explains it, or shows why it is refused.
    pub fn check(&self, input: &[u8]) -> Result<(), String> {
        let text = String::from_utf8_lossy(input);
        let Ok(rule) = Rule::parse(&text, "fuzz.spl") else { return Ok(()) };
        let started = Instant::now();
        for reading in [Reading::AS_MEANT, Reading::STRICT, Reading::NONE] {
            explained(&rule, reading)?;
        }
        let taken = started.elapsed();
        if taken > PATIENCE { Err(format!("it took {taken:?}")) } else { Ok(()) }
    }
}

fn explained(rule: &Rule, reading: Reading) -> Result<(), String> {
    let settings = common::settings(reading);
    let findings = match Plan::compile(rule.clone(), &settings) {
        Ok((plan, findings)) => {
            let page = Page::new(&plan, &settings.macros, &findings, None);
            if page_text(&page).is_empty() || page_markdown(&page).is_empty() {
                return Err("explained without a word".to_owned());
            }
            serde_json::to_string(&page).map_err(|error| error.to_string())?;
            findings
        }
        Err(refusal) if refusal.findings.is_empty() => {
            return Err("refused without a word".to_owned());
        }
        Err(refusal) => refusal.findings,
    };
    let shown = rule.render(&findings, false);
    for finding in &findings {
        if rule.search.get(finding.span.range()).is_none() {
            return Err(format!("{finding:?} is nowhere"));
        }
        if !shown.contains(finding.code) {
            return Err(format!("{finding:?} is not shown"));
        }
    }
    Ok(())
}

/// Cuts a search into words, strings, runs of blanks, and single characters of anything else.
fn tokens(search: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = search;
    while let Some(first) = rest.chars().next() {
        let run = |is_part: fn(char) -> bool| rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let end = match first {
            '"' => closed(rest),
            c if is_word(c) => run(is_word),
            c if c.is_whitespace() => run(char::is_whitespace),
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(end);
        tokens.push(token.to_owned());
        rest = after;
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where the string that `text` starts with ends.
fn closed(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == '"' && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

/// Searches with the commands that published rules seldom have.
const COMMANDS: &[&str] = &[
    "x | rex field=f max_match=3 \"(?<a>\\d+)\" | rex field=f mode=sed \"s/a(b)/\\1/g\" | sort 5 -a, +b",
    "x | foreach a* [ eval <<FIELD>>=upper('<<FIELD>>') ] | fillnull value=0 a b | dedup 2 a sortby -b",
    "x | join type=left host [search y | stats count by host] | transaction host maxspan=5m",
    "x | streamstats window=3 global=f sum(n) as s by host | eventstats dc(s) as d | top limit=3 s by d",
    "x | lookup t a AS b OUTPUTNEW c | iplocation ip | makemv delim=\",\" c | mvexpand c limit=2",
    "x | eval a=case(f=1, \"b\", true(), mvindex(split(g, \",\"), 0)), b=if(like(a, \"%x\"), 1, 2)",
];
