//! The gate: a last look at the bytes of one event before it is decoded.
//!
//! A guard is one clause, for a search of all bytes must be fast. An event that it lets through is
//! put to the whole condition: every literal that a guard could be made of, and every regex in the
//! form that it has for bytes ([`crate::pcre::Regex::relaxed`]). The law is the guard's: what the
//! gate holds back matches under no reading.
//!
//! A field's text is read from the bytes piece by piece, each unescaped, and put together at white
//! space ([`crate::cim::Cim::edges`] says with what else). So a part of it without white space
//! stands in the bytes as it is or with escapes that have a name, unless there is a numeric escape,
//! a comment or a CDATA section: where one of these stands, the gate lets the event through.

use std::sync::LazyLock;

use memchr::memmem;
use regex_automata::{Input, meta};

use super::guard::{Guard, SYSTEM_FIELDS, Storage};
use super::physical::Filter;
use super::required::{self, Required, Where};
use super::{LogicalPlan, Operator, Program};
use crate::cim::Cim;
use crate::eval::expr::{Expr, PlacedRegex};
use crate::event::Format;
use crate::pcre::{self, Beside};

/// The whole condition on the bytes of one event.
#[derive(Debug)]
pub struct Gate {
    condition: Condition,
    patterns: Vec<meta::Regex>,
}

/// A necessary condition on bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    /// Nothing is known.
    Anything,
    /// The pattern of this number matches.
    Pattern(usize),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

/// What the searches of one gate write into: one for each worker.
#[derive(Debug, Default)]
pub struct GateCaches(Vec<Option<meta::Cache>>);

impl Gate {
    /// The gate of a plan; `None` where it would let everything through.
    #[must_use]
    pub fn new(logical: &LogicalPlan, program: &Program, cim: &Cim) -> Option<Self> {
        let mut builder = Builder { cim, texts: Vec::new() };
        let condition = builder.plan(logical, program);
        let patterns: Option<Vec<_>> =
            builder.texts.iter().map(|text| pcre::compile_relaxed(text)).collect();
        (condition != Condition::Anything).then_some(Self { condition, patterns: patterns? })
    }

    /// Whether an event of these bytes may match.
    #[must_use]
    pub fn admits(&self, bytes: &[u8], caches: &mut GateCaches) -> bool {
        caches.0.resize_with(self.patterns.len(), || None);
        self.holds(&self.condition, bytes, caches) || is_escaped(bytes)
    }

    fn holds(&self, condition: &Condition, bytes: &[u8], caches: &mut GateCaches) -> bool {
        match condition {
            Condition::Anything => true,
            Condition::All(list) => list.iter().all(|one| self.holds(one, bytes, caches)),
            Condition::Any(list) => list.iter().any(|one| self.holds(one, bytes, caches)),
            Condition::Pattern(at) => {
                let pattern = &self.patterns[*at];
                let cache = caches.0[*at].get_or_insert_with(|| pattern.create_cache());
                let input = Input::new(bytes).earliest(true);
                pattern.search_half_with(cache, &input).is_some()
            }
        }
    }
}

/// Whether the bytes hold what a pattern or a literal cannot be sought behind.
fn is_escaped(bytes: &[u8]) -> bool {
    static SIGNS: LazyLock<[memmem::Finder<'static>; 3]> =
        LazyLock::new(|| [&b"&#"[..], b"!--", b"![CDATA["].map(memmem::Finder::new));
    static ESCAPE: LazyLock<memmem::Finder<'static>> =
        LazyLock::new(|| memmem::Finder::new(b"\\u"));
    let hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    SIGNS.iter().any(|sign| sign.find(bytes).is_some())
        || ESCAPE.find_iter(bytes).any(|at| (at + 2..at + 6).all(hex))
}

/// Draws the condition from a plan, as [`Required::of`] does.
struct Builder<'c> {
    cim: &'c Cim,
    /// The patterns by now.
    texts: Vec<String>,
}

impl Builder<'_> {
    fn plan(&mut self, logical: &LogicalPlan, program: &Program) -> Condition {
        let mut list = Vec::new();
        let mut filters = program.filters.iter();
        for operator in &logical.operators {
            match operator {
                Operator::Search(expr) => {
                    list.push(self.literals(&required::of_search(expr)));
                    filters.next();
                }
                Operator::Where(_) | Operator::Regex { .. } => {
                    list.extend(filters.next().map(|filter| self.filter(filter)));
                }
                Operator::Table(_) | Operator::Fields { .. } => {}
                _ => break,
            }
        }
        all(list)
    }

    fn filter(&mut self, filter: &Filter) -> Condition {
        match filter {
            Filter::Where(expr) => self.expr(expr),
            Filter::Regex { negated: false, field, regex } => self.regex(field, regex),
            Filter::Search(_) | Filter::Regex { .. } => Condition::Anything,
        }
    }

    fn expr(&mut self, expr: &Expr) -> Condition {
        if let Some((and, operands)) = expr.as_connective() {
            let list = operands.into_iter().map(|one| self.expr(one)).collect();
            return if and { all(list) } else { any(list) };
        }
        match expr.as_call().and_then(|call| call.required_match()) {
            Some((field, regex)) => self.regex(field, regex),
            None => self.literals(&required::of_expr(expr)),
        }
    }

    fn regex(&mut self, field: &str, regex: &PlacedRegex) -> Condition {
        let Some(place) = required::text_of(field) else { return Condition::Anything };
        let literals =
            self.literals(&required::of_regex(regex.regex().required_literals(), &place));
        match self.relaxed(&place, regex) {
            Some(pattern) => all(vec![pattern, literals]),
            None => literals,
        }
    }

    fn relaxed(&mut self, place: &Where, regex: &PlacedRegex) -> Option<Condition> {
        const FORMATS: [Format; 5] =
            [Format::Xml, Format::Classic, Format::HostMon, Format::Line, Format::Json];
        // The raw text of a record in JSON is made of markup that is not in its bytes.
        let Where::Field(name) = place else { return None };
        if SYSTEM_FIELDS.contains(&name.as_str()) {
            return None;
        }
        let edges = self.cim.edges(name, &FORMATS)?;
        let beside =
            Beside { before: &edges.before, behind: &edges.behind, constants: &edges.constants };
        Some(self.pattern(regex.regex().relaxed(beside)?))
    }

    fn literals(&mut self, required: &Required) -> Condition {
        match required {
            Required::Anything => Condition::Anything,
            Required::All(list) => all(list.iter().map(|one| self.literals(one)).collect()),
            Required::Any(list) => any(list.iter().map(|one| self.literals(one)).collect()),
            Required::Literal { .. } => match Guard::all(required, Storage::Text, self.cim).first()
            {
                Some(guard) => self.needles(guard),
                None => Condition::Anything,
            },
        }
    }

    /// Any of a guard's needles.
    fn needles(&mut self, guard: &Guard) -> Condition {
        let needles = guard.needles.iter().filter(|needle| !is_escaped_needle(needle));
        let literals: Vec<String> = needles.map(|needle| literal(needle)).collect();
        self.pattern(literals.join("|"))
    }

    fn pattern(&mut self, text: String) -> Condition {
        if let Some(at) = self.texts.iter().position(|known| *known == text) {
            return Condition::Pattern(at);
        }
        // With more of them, the gate costs more than what it keeps out.
        if self.texts.len() == MOST_PATTERNS {
            return Condition::Anything;
        }
        self.texts.push(text);
        Condition::Pattern(self.texts.len() - 1)
    }
}

/// Whether a needle stands for an escape, which the gate looks for by itself.
fn is_escaped_needle(needle: &[u8]) -> bool {
    [&b"\\u"[..], b"&#", b"!--", b"![CDATA["].iter().any(|start| needle.starts_with(start))
}

/// A pattern for these bytes, ASCII letters in either case.
fn literal(needle: &[u8]) -> String {
    let byte = |byte: &u8| {
        let (lower, upper) = (byte.to_ascii_lowercase(), byte.to_ascii_uppercase());
        format!("[\\x{lower:02x}\\x{upper:02x}]")
    };
    needle.iter().map(byte).collect()
}

/// The patterns that a gate has at most.
const MOST_PATTERNS: usize = 256;

fn all(list: Vec<Condition>) -> Condition {
    let mut unique: Vec<Condition> = Vec::new();
    for one in list {
        if one != Condition::Anything && !unique.contains(&one) {
            unique.push(one);
        }
    }
    match unique.len() {
        0 => Condition::Anything,
        1 => unique.remove(0),
        _ => Condition::All(unique),
    }
}

fn any(list: Vec<Condition>) -> Condition {
    if list.is_empty() || list.contains(&Condition::Anything) {
        return Condition::Anything;
    }
    let mut unique: Vec<Condition> = Vec::new();
    for one in list {
        if !unique.contains(&one) {
            unique.push(one);
        }
    }
    if unique.len() == 1 { unique.remove(0) } else { Condition::Any(unique) }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;
    use crate::eval::row::{EventRow, Scratch};
    use crate::format::{DecodeContext, decode_each};
    use crate::plan::{Plan, Settings};
    use crate::reading::Reading;
    use crate::resources::Resources;
    use crate::rule::Rule;
    use crate::spl::Macros;

    /// Rules whose regexes are dangerous somewhere: at quotes, at what a field is made with, at
    /// characters that have an escape with a name, at white space, at numbers.
    const RULES: &[&str] = &[
        r#"* | where match(process, "(?i)\w+tps?://\S+\.msi")"#,
        r#"* | where match(message, "(?i)\w+tps?://\S+\.msi") or match(process, "\S+exe\"$")"#,
        r#"* | regex process="exe\" /i""#,
        r#"* | regex process="^\"\S+""#,
        r#"* | regex process="(?i)kernels|ple/\S*[&<]""#,
        r#"* | regex CommandLine="[^ ]+\.msi['\" &]?$""#,
        r#"* | where match(Message, "transaction: \S+\.") and match(Message, "msi\.$")"#,
        r#"* | regex Message="Id: [0-9]+\.""#,
        r#"* | where match(dest, "unknown|h")"#,
        r#"* | where match(CommandLine, "^(?:1e3|1000)$")"#,
        r#"* | regex CommandLine="x\.example\\\\?/a\.msi""#,
        r#"* | regex process="(a|b\S)+c?/\.m\w{2}(?=.)""#,
        r#"process="*x.exam*" OR Message="*.msi*" | regex _raw="https?://[a-z.]+/\w+\.msi""#,
    ];

    const PIECES: &[&str] = &[
        ".msi",
        "://",
        "https://x.example/a.msi",
        "http",
        "x.exam",
        "ple/",
        "kernel",
        "\u{212a}ernel\u{17f}",
        "msiexec.exe",
        "\"",
        "'",
        "&",
        "<",
        ">",
        "\\",
        "/",
        " /i ",
        " ",
        "\n",
        "\t",
        "1e3",
        "1000",
        "a",
        "b",
        "c/",
        "\u{e9}",
        "\u{fffd}",
        "&amp;",
        "C:\\b c\\d.exe",
        "=",
        "!--",
        "\u{8}",
        "transaction: ",
    ];

    fn xml(text: &str, style: u8) -> String {
        let mut out = String::new();
        for (at, c) in text.chars().enumerate() {
            match (c, style) {
                ('&', _) => out.push_str("&amp;"),
                ('<', _) => out.push_str("&lt;"),
                ('"', 1) => out.push_str("&quot;"),
                ('\'', 1) => out.push_str("&apos;"),
                ('>', 1) => out.push_str("&gt;"),
                (c, 2) if at % 5 == 0 => out.push_str(&format!("&#{};", u32::from(c))),
                (c, 3) if at % 7 == 0 => out.push_str(&format!("<!-- -->{c}<![CDATA[]]>")),
                _ => out.push(c),
            }
        }
        out
    }

    fn json(text: &str, style: u8) -> String {
        let mut out = String::new();
        for (at, c) in text.chars().enumerate() {
            match (c, style) {
                ('"' | '\\', _) => out.extend(['\\', c]),
                ('/', 1) => out.push_str("\\/"),
                ('\n', _) => out.push_str("\\n"),
                ('\t', _) => out.push_str("\\t"),
                ('\u{8}', _) => out.push_str("\\b"),
                (c, 2) if at % 5 == 0 && u32::from(c) < 0x1_0000 => {
                    out.push_str(&format!("\\u{:04x}", u32::from(c)));
                }
                (c, 3) if !c.is_ascii() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
                _ => out.push(c),
            }
        }
        out
    }

    /// An event that says `line` in one of the formats.
    fn event(shape: usize, line: &str, image: &str, style: u8, outer: u8) -> (String, Format) {
        let (l, i) = (xml(line, style), xml(image, style));
        let system = |id: u32, provider: &str, channel: &str| {
            format!(
                "<Event xmlns='x'><System><Provider Name='{provider}'/><EventID>{id}</EventID>\
                 <Channel>{channel}</Channel><Computer>h</Computer></System><EventData>"
            )
        };
        let process = format!(
            "{}<Data Name='NewProcessName'>{i}</Data><Data Name='CommandLine'>{l}</Data></EventData></Event>",
            system(4688, "P", "Security")
        );
        let (jl, ji) = (json(line, outer), json(image, outer));
        match shape % 9 {
            0 => (process, Format::Xml),
            1 => (
                format!(
                    "{}<Data>{l}</Data><Data>{i}</Data></EventData></Event>",
                    system(1040, "MsiInstaller", "Application")
                ),
                Format::Xml,
            ),
            2 => (
                format!(
                    "{}<Data Name=\"A\">{l}</Data><Data>{i}</Data></EventData>\
                     <RenderingInfo><Message>{l}</Message></RenderingInfo></Event>",
                    system(7, "P", "Application")
                ),
                Format::Xml,
            ),
            3 => (
                format!(
                    "01/02/2020 03:04:05 AM\nLogName=Security\nEventCode=4688\nComputerName=h\nMessage=A.\r\n\r\n\
                     \tNew Process Name:\t{image}\r\n\tProcess Command Line:\t{line}\r\n\r\nType 1 is x"
                ),
                Format::Classic,
            ),
            4 => (
                format!("Type=Process\nName=\"{image}\"\nCommandLine=\"{line}\"\nx=y"),
                Format::HostMon,
            ),
            5 => (
                format!(
                    r#"{{"Event":{{"System":{{"EventID":4688,"Channel":"Security","Computer":"h"}},"EventData":{{"CommandLine":"{jl}","NewProcessName":"{ji}"}}}}}}"#
                ),
                Format::Json,
            ),
            6 => (
                format!(
                    r#"{{"EventID":1040,"Channel":"Application","SourceName":"MsiInstaller","Message":"{jl}","EventData":"{}"}}"#,
                    json(&format!("<Data>{l}</Data><Data>{i}</Data>"), outer)
                ),
                Format::Json,
            ),
            7 => (
                format!(r#"{{"preview":false,"result":{{"_raw":"{}"}}}}"#, json(&process, outer)),
                Format::Json,
            ),
            _ => (
                format!(
                    r#"{{"EventID":4688,"Channel":"Security","Hostname":"h","CommandLine":{},"NewProcessName":"{ji}"}}"#,
                    line.parse::<f64>().map_or(format!("\"{jl}\""), |number| number.to_string())
                ),
                Format::Json,
            ),
        }
    }

    fn plans() -> &'static [(Plan, Cim)] {
        static PLANS: std::sync::OnceLock<Vec<(Plan, Cim)>> = std::sync::OnceLock::new();
        PLANS.get_or_init(compiled)
    }

    fn compiled() -> Vec<(Plan, Cim)> {
        let settings = Settings {
            macros: Macros::empty(),
            cim: Cim::builtin(),
            reading: Reading::AS_MEANT,
            timezone: TimeZone::UTC,
            resources: Resources::default(),
            now: jiff::Timestamp::UNIX_EPOCH,
        };
        let plan = |rule: &&str| {
            let search = format!("{rule} | table process");
            let rule = Rule::parse(&search, "x.spl").expect("a rule");
            let (plan, _) =
                Plan::compile(rule, &settings).unwrap_or_else(|r| panic!("{:?}", r.findings));
            (plan, settings.cim.clone())
        };
        RULES.iter().map(plan).collect()
    }

    /// Whether the rule matches an event of the text under a reading.
    fn matches(plan: &Plan, cim: &Cim, text: &[u8], format: Format, reading: Reading) -> bool {
        let context = DecodeContext { reading, timezone: TimeZone::UTC };
        let mut any = false;
        decode_each(text, format, &context, &mut |event| {
            let Ok(mut event) = event else { return };
            event.meta.host.get_or_insert_with(|| "unknown".to_owned());
            let row = EventRow::new(&event, cim.view(&event, reading), reading);
            let matched = plan.program.run(&row, &Scratch::default()).is_some();
            assert_eq!(matched, plan.program.matches(&row, &Scratch::default()));
            any |= matched;
        });
        any
    }

    #[test]
    fn what_has_the_literals_but_not_the_regex_is_held_back() {
        let plans = plans();
        let gate = plans[0].0.gate.as_ref().expect("a gate");
        let admits = |text: &str| gate.admits(text.as_bytes(), &mut GateCaches::default());
        assert!(!admits(r"msiexec /i C:\Temp\a.msi /l*v b.log HOME=http://x.example/u"));
        assert!(!admits("http://x/.mxi \u{e9}"));
        assert!(admits("x https://x/a.msi"));
        assert!(admits(r"x https:\/\/x\/a.msi"));
        assert!(admits("&#104;ttp"));
        assert!(admits(r"\u0068ttp") && !admits(r"c:\users"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(
            std::env::var("COLDSWEEP_PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(600),
        ) })]

        #[test]
        fn nothing_that_matches_is_held_back(
            lines in prop::collection::vec(
                (prop::collection::vec(prop::sample::select(PIECES), 1..7), prop::collection::vec(prop::sample::select(PIECES), 1..4)), 1..4),
            styles in prop::collection::vec((0..4u8, 0..4u8), 9),
        ) {
            let plans = plans();
            for (line, image) in &lines {
                for (shape, (style, outer)) in styles.iter().enumerate() {
                    let (text, format) = event(shape, &line.concat(), &image.concat(), *style, *outer);
                    for ((plan, cim), rule) in plans.iter().zip(RULES) {
                        let Some(gate) = &plan.gate else { continue };
                        if gate.admits(text.as_bytes(), &mut GateCaches::default()) {
                            continue;
                        }
                        for reading in [Reading::AS_MEANT, Reading::STRICT, Reading::NONE] {
                            prop_assert!(!matches(plan, cim, text.as_bytes(), format, reading), "{} {}", rule, text);
                        }
                    }
                }
            }
        }
    }
}
