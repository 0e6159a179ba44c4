//! Literals that a match must contain: what a prefilter can look for instead of the pattern.
//!
//! The law is soundness: whenever the pattern matches a text, the formula holds of that text. It
//! may hold of others. So everything unknown requires nothing.
//!
//! A pattern is walked from left to right with the set of strings that the characters since the
//! last gap can be. A letter makes each of them longer, `s?` doubles them, `\S+` is a gap: there
//! the set becomes a clause (any of these) and starts afresh. Assertions take no characters and
//! leave no gap.

use regex_syntax::hir::ClassUnicode;

use super::ast::Node;
use super::class;

/// A necessary condition on a text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Required {
    /// Nothing is required.
    Anything,
    /// The text contains this.
    Literal(Literal),
    /// Each holds. At least two.
    All(Vec<Required>),
    /// At least one holds. At least two.
    Any(Vec<Required>),
}

/// A piece of text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Literal {
    /// Its characters, never none. ASCII letters are lower case where case does not matter.
    pub text: String,
    /// Whether ASCII letters match in either case, `k` also U+212A (the Kelvin sign) and `s`
    /// also U+017F (the long s), as PCRE2 folds. Other characters always match only themselves.
    pub case_insensitive: bool,
}

/// How many strings one clause may have that come of combining parts.
const MAX_COMBINED: usize = 16;

/// How many strings one clause may have that stand in the pattern side by side.
const MAX_BRANCHES: usize = 512;

/// How many characters a class may have to be read as so many alternatives.
const MAX_CLASS: usize = 4;

/// How many characters of a class are looked at, to find whether they are few under folding.
const MAX_CLASS_CHARS: usize = 16;

/// How long a literal may be, in bytes. More finds nothing sooner.
const MAX_LENGTH: usize = 128;

/// How many copies of a repeated part are written out.
const MAX_COPIES: u32 = 8;

/// Up to how many clauses or strings are compared with each other to drop what others imply.
const MAX_COMPARED: usize = 64;

impl Required {
    /// Whether the condition holds of a text: the plain way, for tests and small texts.
    #[must_use]
    pub fn holds(&self, text: &str) -> bool {
        match self {
            Self::Anything => true,
            Self::Literal(literal) => literal.is_in(text),
            Self::All(all) => all.iter().all(|required| required.holds(text)),
            Self::Any(any) => any.iter().any(|required| required.holds(text)),
        }
    }

    fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Vec::new();
        for part in parts {
            match part {
                Self::Anything => {}
                Self::All(parts) => all.extend(parts),
                part => all.push(part),
            }
        }
        drop_implied(&mut all, |kept, dropped| kept.implies(dropped));
        match all.len() {
            0 => Self::Anything,
            1 => all.swap_remove(0),
            _ => Self::All(all),
        }
    }

    fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut any = Vec::new();
        for part in parts {
            match part {
                Self::Anything => return Self::Anything,
                Self::Any(parts) => any.extend(parts),
                part => any.push(part),
            }
        }
        if any.len() > MAX_BRANCHES {
            return Self::Anything;
        }
        drop_implied(&mut any, |kept, dropped| dropped.implies(kept));
        match any.len() {
            0 => Self::Anything,
            1 => any.swap_remove(0),
            _ => Self::Any(any),
        }
    }

    /// Whether this is known to hold of no text of which `other` does not.
    fn implies(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Literal(literal), Self::Literal(other)) => literal.implies(other),
            (required, other) => required == other,
        }
    }
}

/// Drops every part that one which is kept makes superfluous, in `is_superfluous(kept, dropped)`.
fn drop_implied(parts: &mut Vec<Required>, is_superfluous: impl Fn(&Required, &Required) -> bool) {
    if parts.len() > MAX_COMPARED {
        parts.sort_unstable();
        parts.dedup();
        return;
    }
    let mut at = 0;
    while at < parts.len() {
        let superfluous = (0..parts.len()).any(|other| {
            // Of two that say the same, the first stays.
            let first = other < at || !is_superfluous(&parts[at], &parts[other]);
            other != at && first && is_superfluous(&parts[other], &parts[at])
        });
        if superfluous {
            parts.remove(at);
        } else {
            at += 1;
        }
    }
}

impl Literal {
    /// Whether the text contains it.
    fn is_in(&self, text: &str) -> bool {
        if self.case_insensitive {
            text.chars().map(fold).collect::<String>().contains(&self.text)
        } else {
            text.contains(&self.text)
        }
    }

    /// Whether a text that contains this contains `other`.
    fn implies(&self, other: &Self) -> bool {
        if other.case_insensitive {
            other.is_in(&self.text)
        } else {
            let exact = !self.case_insensitive || !other.text.contains(is_folded);
            exact && self.text.contains(&other.text)
        }
    }
}

/// A character as it is compared where case does not matter.
fn fold(c: char) -> char {
    match c {
        '\u{212a}' => 'k',
        '\u{17f}' => 's',
        c => c.to_ascii_lowercase(),
    }
}

/// Whether folding makes `c` equal to others.
fn is_folded(c: char) -> bool {
    fold(c).is_ascii_lowercase()
}

/// What a match of the pattern must contain.
pub(super) fn required(node: &Node) -> Required {
    let mut walk = Walk::default();
    walk.visit(node);
    walk.finish()
}

/// A string that a part of the pattern may be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Run {
    text: String,
    /// Whether case does not matter for one of its letters. Then it is ignored for all.
    caseless: bool,
}

impl Run {
    fn single(c: char, caseless: bool) -> Self {
        Self { text: c.into(), caseless: caseless && is_folded(c) }
    }

    fn followed_by(&self, next: &Self) -> Self {
        let text = format!("{}{}", self.text, next.text);
        Self { text, caseless: self.caseless || next.caseless }
    }

    fn into_required(self) -> Required {
        if self.text.is_empty() {
            return Required::Anything;
        }
        let text = if self.caseless { self.text.chars().map(fold).collect() } else { self.text };
        Required::Literal(Literal { text, case_insensitive: self.caseless })
    }
}

/// A walk over a pattern.
struct Walk {
    /// What the characters since the last gap can be. Never none.
    runs: Vec<Run>,
    /// What is required by now.
    clauses: Vec<Required>,
}

impl Default for Walk {
    fn default() -> Self {
        Self { runs: vec![Run::default()], clauses: Vec::new() }
    }
}

impl Walk {
    fn finish(mut self) -> Required {
        self.gap();
        Required::all(self.clauses)
    }

    /// Any characters may follow.
    fn gap(&mut self) {
        let runs = std::mem::replace(&mut self.runs, vec![Run::default()]);
        self.clauses.push(Required::any(runs.into_iter().map(Run::into_required)));
    }

    /// One of these follows.
    fn strings(&mut self, strings: Vec<Run>) {
        self.runs = match combine(&self.runs, &strings, MAX_COMBINED) {
            Some(runs) => runs,
            None => {
                self.gap();
                strings
            }
        };
    }

    fn visit(&mut self, node: &Node) {
        if let Some(strings) = strings(node, MAX_COMBINED) {
            return self.strings(strings);
        }
        match node {
            Node::Capture { node, .. } => self.visit(node),
            Node::Concat(nodes) => nodes.iter().for_each(|node| self.visit(node)),
            Node::Alternation(nodes) => {
                self.gap();
                self.clauses.push(Required::any(nodes.iter().map(required)));
            }
            Node::Repeat { min: 0, .. } => self.gap(),
            Node::Repeat { min, node, .. } => match strings(node, MAX_COMBINED) {
                Some(strings) => {
                    let copies = (*min).min(MAX_COPIES);
                    (0..copies).for_each(|_| self.strings(strings.clone()));
                    self.gap();
                    (0..copies).for_each(|_| self.strings(strings.clone()));
                }
                None => {
                    self.gap();
                    self.visit(node);
                    self.gap();
                }
            },
            _ => self.gap(),
        }
    }
}

/// Each of `runs` followed by each of `strings`, if these are few and short.
fn combine(runs: &[Run], strings: &[Run], max: usize) -> Option<Vec<Run>> {
    let longest = |runs: &[Run]| runs.iter().map(|run| run.text.len()).max().unwrap_or(0);
    if runs.len() * strings.len() > max || longest(runs) + longest(strings) > MAX_LENGTH {
        return None;
    }
    let mut combined = Vec::with_capacity(runs.len() * strings.len());
    for run in runs {
        combined.extend(strings.iter().map(|next| run.followed_by(next)));
    }
    Some(combined)
}

/// All strings that the node can match, if they are known and no more than `max`.
fn strings(node: &Node, max: usize) -> Option<Vec<Run>> {
    match node {
        Node::Empty | Node::Look(_) | Node::LineStart | Node::Dollar | Node::ZeroWidth => {
            Some(vec![Run::default()])
        }
        Node::Unknown => None,
        &Node::Char { c, caseless: true } => few(&class::single(c, true)),
        Node::Char { c, .. } if is_replacement(*c) => None,
        Node::Char { c, .. } => Some(vec![Run::single(*c, false)]),
        Node::Class(class) => few(class),
        Node::Capture { node, .. } => strings(node, max),
        Node::Concat(nodes) => nodes
            .iter()
            .try_fold(vec![Run::default()], |runs, node| combine(&runs, &strings(node, max)?, max)),
        Node::Alternation(nodes) => {
            let mut all = Vec::new();
            for node in nodes {
                all.extend(strings(node, max)?);
                if all.len() > max {
                    return None;
                }
            }
            Some(all)
        }
        Node::Repeat { min, max: Some(count), node, .. }
            if min == count && *count <= MAX_COPIES =>
        {
            let once = strings(node, max)?;
            (0..*count).try_fold(vec![Run::default()], |runs, _| combine(&runs, &once, max))
        }
        Node::Repeat { min: 0, max: Some(1), node, .. } => {
            let mut optional = strings(node, max)?;
            optional.push(Run::default());
            (optional.len() <= max).then_some(optional)
        }
        Node::Repeat { .. } => None,
    }
}

/// The characters of a class, if they are few once those that differ in case are one.
fn few(class: &ClassUnicode) -> Option<Vec<Run>> {
    let count: usize = class.ranges().iter().map(|range| range.len()).sum();
    if count == 0 || count > MAX_CLASS_CHARS {
        return None;
    }
    let chars = class.ranges().iter().flat_map(|range| range.start()..=range.end());
    let mut runs: Vec<Run> = Vec::new();
    for c in chars {
        if is_replacement(c) {
            return None;
        }
        let other_case = if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { fold(c) };
        let caseless = is_folded(c) && other_case != c && class::contains(class, other_case);
        let run = Run::single(if caseless { fold(c) } else { c }, caseless);
        if !runs.contains(&run) {
            runs.push(run);
        }
    }
    (runs.len() <= MAX_CLASS).then_some(runs)
}

/// Whether `c` may stand for bytes that are no character ([`super::decode`]), so that it is not
/// found among the bytes.
fn is_replacement(c: char) -> bool {
    c == char::REPLACEMENT_CHARACTER
}
