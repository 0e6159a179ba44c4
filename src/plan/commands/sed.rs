//! `rex mode=sed`: values rewritten (SPLUNK.md 4, rex).

use super::{Context, RowCommand};
use crate::eval::expr::PlacedRegex;
use crate::eval::row::{Record, Scratch};
use crate::pcre::Captures;
use crate::spl::ast::Occurrence;
use crate::value::{Field, Value};

/// How long a rewritten value may get. Where the next replacement would lead beyond, the rest of
/// the value stays as it is. No event is longer than this.
const MAX_REWRITTEN: usize = 64 << 20;

/// Rewrites each value of a field.
#[derive(Debug)]
pub(super) struct Sed {
    field: String,
    edit: Edit,
}

#[derive(Debug)]
enum Edit {
    Substitute { regex: PlacedRegex, replacement: Vec<Part>, which: Occurrence },
    Translate(Vec<(char, char)>),
}

/// A part of a replacement.
#[derive(Debug, PartialEq)]
enum Part {
    Text(String),
    /// What a group matched; nothing where it took no part.
    Group(usize),
}

impl Sed {
    /// `s/regex/replacement/`.
    pub(super) fn substitution(
        field: String,
        regex: PlacedRegex,
        replacement: &str,
        which: Occurrence,
    ) -> Self {
        Self { field, edit: Edit::Substitute { regex, replacement: parts(replacement), which } }
    }

    /// `y/from/to/`. Of a character that stands twice the first is meant.
    pub(super) fn translation(field: String, pairs: Vec<(char, char)>) -> Self {
        Self { field, edit: Edit::Translate(pairs) }
    }
}

/// Reads a replacement: `\1` is group 1, `\0` the whole match. `\n` and `\t` are a line end and a
/// tab (inferred); any other character behind a backslash is itself.
fn parts(replacement: &str) -> Vec<Part> {
    let (mut parts, mut text) = (Vec::new(), String::new());
    let mut characters = replacement.chars();
    while let Some(c) = characters.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match characters.next() {
            Some(digit) if digit.is_ascii_digit() => {
                if !text.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut text)));
                }
                parts.push(Part::Group(digit.to_digit(10).unwrap_or(0) as usize));
            }
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some(other) => text.push(other),
            None => text.push('\\'),
        }
    }
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    parts
}

impl RowCommand for Sed {
    fn apply(&self, mut record: Record, context: Context<'_>) -> Option<Record> {
        let Some(field) = record.get(&self.field) else { return Some(record) };
        let mut changed = false;
        let rewrite = |value: &Value| match self.edit.apply(&value.text(), context.scratch) {
            Some(text) => {
                changed = true;
                Value::Text(text)
            }
            None => value.clone(),
        };
        let values: Vec<Value> = field.values().iter().map(rewrite).collect();
        if changed {
            record.set(&self.field, Field::from_values(values));
        }
        Some(record)
    }
}

impl Edit {
    /// The text rewritten; `None` where it stays as it is.
    fn apply(&self, text: &str, scratch: &Scratch) -> Option<String> {
        match self {
            Self::Substitute { regex, replacement, which } => {
                substitute(text, regex, replacement, *which, scratch)
            }
            Self::Translate(pairs) => {
                let to = |c| pairs.iter().find(|(from, _)| *from == c).map(|(_, to)| *to);
                text.contains(|c| to(c).is_some())
                    .then(|| text.chars().map(|c| to(c).unwrap_or(c)).collect())
            }
        }
    }
}

fn substitute(
    text: &str,
    regex: &PlacedRegex,
    replacement: &[Part],
    which: Occurrence,
    scratch: &Scratch,
) -> Option<String> {
    let (mut out, mut copied, mut number, mut replaced) = (String::new(), 0, 0, false);
    regex.each_match(text, scratch, &mut |captures| {
        let Some(whole) = captures.get(0) else { return false };
        number += 1;
        if let Occurrence::Only(wanted) = which
            && number < wanted
        {
            return true;
        }
        // A match may, by `\K` in a lookahead, end before the last one did.
        let before = text.get(copied..whole.start).unwrap_or_default();
        let length = before.len() + length(replacement, captures);
        if out.len() + length + text.len().saturating_sub(whole.end) > MAX_REWRITTEN {
            return false;
        }
        out.push_str(before);
        fill(replacement, captures, text, &mut out);
        copied = copied.max(whole.end);
        replaced = true;
        which == Occurrence::All
    });
    if !replaced {
        return None;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Some(out)
}

/// How long a replacement gets.
fn length(replacement: &[Part], captures: &Captures) -> usize {
    let length = |part: &Part| match part {
        Part::Text(text) => text.len(),
        Part::Group(group) => captures.get(*group).map_or(0, |range| range.len()),
    };
    replacement.iter().map(length).sum()
}

fn fill(replacement: &[Part], captures: &Captures, text: &str, out: &mut String) {
    for part in replacement {
        out.push_str(match part {
            Part::Text(text) => text,
            Part::Group(group) => captures.text(*group, text).unwrap_or_default(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacements_are_text_and_groups() {
        let text = |text: &str| Part::Text(text.to_owned());
        for (written, expected) in [
            (r"a\1b\2", vec![text("a"), Part::Group(1), text("b"), Part::Group(2)]),
            (r"\0", vec![Part::Group(0)]),
            (r"\/\\\n\t\x", vec![text("/\\\n\tx")]),
            ("\\", vec![text("\\")]),
            ("", vec![]),
            ("$1&", vec![text("$1&")]),
        ] {
            assert_eq!(parts(written), expected, "{written}");
        }
    }
}
