//! `key=value` pairs, as Splunk extracts them from a text by itself.

use crate::event::RawFields;

/// How much of an event automatic key-value extraction reads (SPLUNK.md 5).
const CHARACTER_LIMIT: usize = 10_240;

/// How many fields automatic key-value extraction takes (SPLUNK.md 5).
const FIELD_LIMIT: usize = 100;

/// Adds the pairs in a text: a value goes on to a blank or comma, or stands in double quotes. In
/// `msg='op=x res=y'` the quotes stand around other pairs.
pub(super) fn push_pairs(fields: &mut RawFields, text: &str) {
    let end = text.char_indices().nth(CHARACTER_LIMIT).map_or(text.len(), |(at, _)| at);
    let mut rest = &text[..end];
    let mut count = 0;
    while count < FIELD_LIMIT
        && let Some(equals) = rest.find('=')
    {
        let key = name_before(&rest[..equals]);
        rest = &rest[equals + 1..];
        if key.is_empty() || rest.starts_with('\'') {
            continue;
        }
        let (value, after) = value(rest);
        fields.push(key, value);
        rest = after;
        count += 1;
    }
}

/// The name that ends a text.
fn name_before(text: &str) -> &str {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let name = text.trim_end_matches(is_name);
    &text[name.len()..]
}

/// The value that starts a text, and what follows it.
fn value(text: &str) -> (&str, &str) {
    if let Some(quoted) = text.strip_prefix('"')
        && let Some((value, after)) = quoted.split_once('"')
    {
        return (value, after);
    }
    let is_end = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n' | ',' | '\u{1d}');
    let (value, after) = text.split_at(text.find(is_end).unwrap_or(text.len()));
    // The quote that closes `msg='..'`.
    (value.strip_suffix('\'').unwrap_or(value), after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let mut fields = RawFields::default();
        push_pairs(&mut fields, text);
        fields.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn names_and_values() {
        let expected = [("a", "1"), ("b.c", "x y"), ("d", "e=f"), ("g", "h")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(pairs("x a=1, b.c=\"x y\" d=e=f =no k= msg='g=h'"), expected);
        assert_eq!(pairs("a=\"open"), [("a".to_owned(), "\"open".to_owned())]);
    }

    #[test]
    fn limits_are_those_of_automatic_extraction() {
        assert_eq!(pairs(&"k=v ".repeat(200)).len(), FIELD_LIMIT);
        assert_eq!(pairs(&format!("{} b=c", "x".repeat(CHARACTER_LIMIT))).len(), 0);
    }
}
