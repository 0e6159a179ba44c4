//! The map against the parser, character by character, in every style.

use proptest::prelude::*;
use saphyr_parser::{Event, Parser};

use super::*;

/// The value and map of the second scalar of `key: value`.
fn read(text: &str) -> (String, SourceMap, ScalarStyle) {
    let mut offset = None;
    for event in Parser::new_from_str(text) {
        let (event, place) = event.unwrap_or_else(|error| panic!("{error}: {text:?}"));
        if let Event::Scalar(value, style, _, _) = event {
            if offset.is_some() {
                let start =
                    text.char_indices().nth(place.start.index()).map_or(text.len(), |(at, _)| at);
                return (
                    value.to_string(),
                    SourceMap::of_scalar(text, start, style, &value),
                    style,
                );
            }
            offset = Some(());
        }
    }
    panic!("no scalar in {text:?}");
}

/// Every character of the value that is neither blank nor escaped stands in the file as itself.
fn check(text: &str, expected: &str) {
    let (value, map, style) = read(text);
    assert_eq!(value, expected, "{text:?}");
    assert!(matches!(map, SourceMap::Runs(_)), "{style:?} {text:?} {value:?} {map:?}");
    for (at, c) in value.char_indices() {
        let file = map.offset(at);
        // A block scalar ends in a line break even where the file does not.
        let there = text[file..].chars().next().unwrap_or('\n');
        let same = there == c
            || (c == ' ' && matches!(there, '\n' | '\r'))
            || (c == '\n' && matches!(there, '\r'))
            || (there == '\\' && style == ScalarStyle::DoubleQuoted);
        assert!(same, "{style:?} {text:?}: {c:?} at {at} is said to stand at {there:?} ({file})");
    }
}

#[test]
fn each_style_leads_back() {
    for (text, value) in [
        ("k: plain text", "plain text"),
        ("k: plain\n  text\n\n\n  more é x\nl: 1", "plain text\n\nmore é x"),
        ("k:   plain  two # comment", "plain  two"),
        ("k: 'it''s   x\n   folded  \n\n  twice '", "it's   x folded\ntwice "),
        ("k: ''", ""),
        ("é: 'a\r\n  b\r\n\r\n  c'", "a b\nc"),
        ("k: \"a\\\"b \\\\ \\x41\\u00e9\\U0001F600 \\\n   c\n  d \"", "a\"b \\ Aé😀 c d "),
        ("k: \"a\\\n  \\  b\"", "a  b"),
        ("k: |\n  a\n   b\n\n  c\n\n\n", "a\n b\n\nc\n"),
        ("k: |-\n  a\n  b\n", "a\nb"),
        ("k: |+\n  a\n\n", "a\n\n"),
        ("k: | # why\n  a", "a\n"),
        ("k: !!str &a |\n\n  x\n", "\nx\n"),
        ("k: &a 'x  y'", "x  y"),
        ("k: |\n  | tstats\n  !x\n", "| tstats\n!x\n"),
        ("k: >\n  &a b\n", "&a b\n"),
        ("k:\n  >\n\n   x\n   y\n", "\nx y\n"),
        ("k: |2\n   a\n  b\n", " a\nb\n"),
        ("k: |\n\n\n  a\n", "\n\na\n"),
        ("k: |\r\n  a\r\n  b\r\n", "a\nb\n"),
        ("k: >\n  a\n  b\n\n  c\n   d\n   e\n  f\n\n", "a b\nc\n d\n e\nf\n"),
        ("k: >-\n  a\n\n   b\n\n  c", "a\n\n b\n\nc"),
        ("k: >\n\n  a\n  b\n", "\na b\n"),
        ("k: >2-\n    a\n  b", "  a\nb"),
        ("k: |\n  é | x\nl: m\n", "é | x\n"),
        ("k: >\n  é\n\nl: m\n", "é\n"),
    ] {
        check(text, value);
    }
}

#[test]
fn a_walk_that_goes_astray_is_not_trusted() {
    let map = SourceMap::of_scalar("k: 'abc'", 3, ScalarStyle::SingleQuoted, "abd");
    assert_eq!(map, SourceMap::Coarse(3));
    assert_eq!(map.offset(2), 3);
}

#[test]
fn added_blanks_are_taken_back() {
    let text = "k: 'a\n b\n c'";
    let map = SourceMap::of_scalar(text, 3, ScalarStyle::SingleQuoted, "a b c");
    let original = "k: 'a\nb\nc'";
    let map = map.without(&[6, 9]);
    assert_eq!(&original[map.offset(2)..], "b\nc'");
    assert_eq!(&original[map.offset(4)..], "c'");
}

/// Lines of text that no style reads as anything else.
fn lines() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("(  ?)?([a-zé|(=][a-zé '\"\\\\(.]{0,8}[a-zé)])?", 1..8)
}

proptest! {
    #[test]
    fn block_scalars_lead_back(
        mut lines in lines(),
        empty in 0..3_usize,
        folded in any::<bool>(),
        chomp in 0..3_usize,
        crlf in any::<bool>(),
    ) {
        // The first line of text sets the indentation, so it must not start with blanks itself.
        lines.insert(0, "|x".to_owned());
        lines.splice(0..0, vec![String::new(); empty]);
        let header = if folded { ">" } else { "|" };
        let end = if crlf { "\r\n" } else { "\n" };
        let mut text = format!("k: {header}{}{end}", ["", "-", "+"][chomp]);
        for line in &lines {
            if line.trim().is_empty() {
                text.push_str(end);
            } else {
                text.push_str(&format!("   {line}{end}"));
            }
        }
        text.push_str("l: m");
        let (value, _, _) = read(&text);
        check(&text, &value);
    }

    #[test]
    fn quoted_scalars_lead_back(lines in lines(), double in any::<bool>()) {
        let joined = lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join("\n    ");
        let text = if double {
            format!("k: \"{}\"\nl: m", joined.replace('\\', "\\\\").replace('"', "\\\""))
        } else {
            format!("k: '{}'\nl: m", joined.replace('\'', "''"))
        };
        let (value, _, _) = read(&text);
        check(&text, &value);
    }
}
