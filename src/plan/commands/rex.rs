//! `rex`: fields from the named groups of a regex, or values rewritten by a sed expression
//! (SPLUNK.md 4, rex; SPLUNK.md 3).

use super::sed::Sed;
use super::{Context, Lowered, RowCommand};
use crate::eval::expr::{Compiler, PlacedRegex};
use crate::eval::row::{Record, Scratch};
use crate::pcre::Captures;
use crate::spl::ast::{self, RexAction, Spanned};
use crate::spl::codes;
use crate::spl::diagnostic::Diagnostic;
use crate::value::{Field, Value};

/// How many matches are taken from one row, also where `max_match=0` says all: more are no finding
/// but a text made to fill memory.
const MAX_MATCHES: usize = 100_000;

/// How many bytes one `rex` takes from one row. Groups in lookaheads can each take the rest of the
/// text, so it is not enough that the text is bounded. No event is longer than this.
const MAX_TAKEN: usize = 64 << 20;

/// Takes what named groups match.
#[derive(Debug)]
struct Extract {
    field: String,
    regex: PlacedRegex,
    /// The named groups, by number.
    groups: Vec<(usize, String)>,
    /// How many matches of each value are taken.
    max_match: usize,
    offset_field: Option<String>,
}

pub(super) fn lower(rex: &ast::Rex, compiler: &mut Compiler) -> Option<Lowered> {
    let field = rex.field.clone();
    Some(Lowered::Row(match &rex.action {
        RexAction::Extract { pattern, max_match, offset_field } => {
            let regex = compiler.regex(&pattern.node, pattern.span)?;
            let groups = named_groups(&regex, pattern, compiler)?;
            let max_match = match usize::try_from(*max_match).unwrap_or(usize::MAX) {
                0 => usize::MAX,
                some => some,
            };
            Box::new(Extract {
                field,
                regex,
                groups,
                max_match,
                offset_field: offset_field.clone(),
            })
        }
        RexAction::Substitute { pattern, replacement, which } => {
            let regex = compiler.regex(&pattern.node, pattern.span)?;
            Box::new(Sed::substitution(field, regex, replacement, *which))
        }
        RexAction::Translate(pairs) => Box::new(Sed::translation(field, pairs.clone())),
    }))
}

/// The groups that set fields; an error where there is none (SPLUNK.md 4, rex: fatal).
fn named_groups(
    regex: &PlacedRegex,
    pattern: &Spanned<String>,
    compiler: &mut Compiler,
) -> Option<Vec<(usize, String)>> {
    let names = regex.regex().group_names().iter().enumerate();
    let groups: Vec<_> = names.filter_map(|(at, name)| Some((at, name.clone()?))).collect();
    if groups.is_empty() {
        compiler.diagnostics.push(
            Diagnostic::error(
                codes::NO_NAMED_GROUP,
                "this regex has no named group, so `rex` has nothing to extract",
                pattern.span,
            )
            .with_hint("name a group as in (?<name>...)"),
        );
        return None;
    }
    Some(groups)
}

impl RowCommand for Extract {
    fn apply(&self, mut record: Record, context: Context<'_>) -> Option<Record> {
        let Some(field) = record.get(&self.field) else { return Some(record) };
        let mut taken = Taken::new(self.groups.len());
        for value in field.values() {
            self.take(&value.text(), context.scratch, &mut taken);
        }
        for ((_, name), values) in self.groups.iter().zip(taken.values) {
            set_found(&mut record, name, values);
        }
        if let Some(name) = &self.offset_field {
            set_found(&mut record, name, taken.places);
        }
        Some(record)
    }
}

/// Sets a field where there are values for it: without a match it stays as it is.
fn set_found(record: &mut Record, name: &str, values: Vec<Value>) {
    if let Some(field) = Field::from_values(values) {
        record.set(name, Some(field));
    }
}

/// What the matches in one row gave.
struct Taken {
    /// For each named group.
    values: Vec<Vec<Value>>,
    /// For each match, where its groups stand.
    places: Vec<Value>,
    matches: usize,
    bytes: usize,
}

impl Taken {
    fn new(groups: usize) -> Self {
        Self { values: vec![Vec::new(); groups], places: Vec::new(), matches: 0, bytes: 0 }
    }
}

impl Extract {
    /// Takes the matches in one value.
    fn take(&self, text: &str, scratch: &Scratch, taken: &mut Taken) {
        let mut left = self.max_match.min(MAX_MATCHES - taken.matches.min(MAX_MATCHES));
        let mut counter = Counter { text, at: 0, characters: 0 };
        if left == 0 {
            return;
        }
        self.regex.each_match(text, scratch, &mut |captures| {
            left -= 1;
            taken.matches += 1;
            for ((group, _), values) in self.groups.iter().zip(&mut taken.values) {
                let Some(found) = captures.text(*group, text) else { continue };
                taken.bytes += found.len();
                if taken.bytes <= MAX_TAKEN {
                    values.push(Value::from(found));
                }
            }
            if self.offset_field.is_some() {
                let places = self.places(captures, &mut counter);
                if !places.is_empty() {
                    taken.places.push(Value::Text(places));
                }
            }
            left > 0 && taken.bytes <= MAX_TAKEN
        });
    }

    /// Where the named groups of a match stand: `name=first-last`, counted in characters from 0,
    /// several joined by `&` (inferred). A group that matched nothing has no place.
    fn places(&self, captures: &Captures, counter: &mut Counter<'_>) -> String {
        let places = self.groups.iter().filter_map(|(group, name)| {
            let range = captures.get(*group).filter(|range| !range.is_empty())?;
            let (start, end) = (counter.count(range.start), counter.count(range.end));
            Some(format!("{name}={start}-{}", end.saturating_sub(1)))
        });
        places.collect::<Vec<_>>().join("&")
    }
}

/// Turns bytes into characters without counting all of a text for each match.
struct Counter<'t> {
    text: &'t str,
    at: usize,
    characters: usize,
}

impl Counter<'_> {
    /// How many characters stand before a byte.
    fn count(&mut self, at: usize) -> usize {
        let count = |from, to| self.text.get(from..to).map_or(0, |part| part.chars().count());
        if at >= self.at {
            self.characters += count(self.at, at);
        } else {
            self.characters -= count(at, self.at);
        }
        self.at = at;
        self.characters
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::spl::ast::CommandKind;
    use crate::spl::{Macros, parse};

    /// The row after a `rex` whose field `x` is `text`.
    fn after(rex: &str, text: &str) -> Record {
        let parsed = parse(&format!("* | rex field=x {rex}"), &Macros::empty());
        let mut commands = parsed.pipeline.expect("a search").commands;
        let Some(CommandKind::Rex(rex)) = commands.pop().map(|command| command.kind) else {
            panic!("{rex} is no rex")
        };
        let mut compiler = Compiler::default();
        let Some(Lowered::Row(command)) = lower(&rex, &mut compiler) else {
            panic!("{:?}", compiler.diagnostics)
        };
        let scratch = Scratch::default();
        let allowance = crate::plan::Allowance::new(usize::MAX);
        let context = Context {
            scratch: &scratch,
            timezone: &TimeZone::UTC,
            allowance: &allowance,
            subsearches: &[],
        };
        let record = Record::new([("x".to_owned(), Field::text(text))]);
        command.apply(record, context).expect("rex keeps every row")
    }

    #[test]
    fn what_one_row_gives_is_bounded() {
        let record = after(r#"max_match=0 "(?<y>a)""#, &"a".repeat(2 * MAX_MATCHES));
        assert_eq!(record.get("y").map(|field| field.values().len()), Some(MAX_MATCHES));
        // Each place takes the rest of the text.
        let text = "a".repeat(1 << 20);
        let record = after(r#"max_match=0 "(?=(?<y>a+))""#, &text);
        let taken = record.get("y").map_or(0, Field::size);
        assert!((MAX_TAKEN / 2..=2 * MAX_TAKEN).contains(&taken), "{taken}");
        // Each replacement is a thousand times as long; the rest stays as it is.
        let text = "a".repeat(1 << 20);
        let long = format!(r#"mode=sed "s/a/{}/g""#, r"\0".repeat(1000));
        let record = after(&long, &text);
        let rewritten = record.get("x").map_or(0, Field::size);
        assert!((MAX_TAKEN / 2..=2 * MAX_TAKEN).contains(&rewritten), "{rewritten}");
    }

    #[test]
    fn a_regex_without_a_named_group_is_refused() {
        // SPLUNK.md 4, rex: no named group is fatal.
        for (rex, code) in [
            ("\"a(b)\"", Some(codes::NO_NAMED_GROUP)),
            ("\"(?<a>b\"", Some(codes::BAD_REGEX)),
            ("\"(?<a>b)(?<a>c)\"", Some(codes::BAD_REGEX)),
            ("mode=sed \"s/(/b/\"", Some(codes::BAD_REGEX)),
            ("mode=sed \"s/(a)/b/\"", None),
            ("\"(?P<a>b)\"", None),
        ] {
            let parsed = parse(&format!("* | rex {rex}"), &Macros::empty());
            let commands = parsed.pipeline.expect("a search").commands;
            let mut compiler = Compiler::default();
            let lowered = super::super::lower(&commands[1].kind, &mut compiler, &mut 0);
            assert_eq!(compiler.diagnostics.first().map(|finding| finding.code), code, "{rex}");
            assert_eq!(lowered.is_none(), code.is_some(), "{rex}");
        }
    }
}
