//! SPLUNK.md 2: escapes, quotes, macros and comments, and the traps of them.

use crate::check::{finds, selects, value};

/// SPLUNK.md 2, one level: `\\` is a backslash, `\"` a quote, and any other `\x` stays.
#[test]
fn a_string_is_unescaped_once() {
    value(&[], r#""a\\b""#, Some(r"a\b"));
    value(&[], r#""a\"b""#, Some("a\"b"));
    value(&[], r#""a\sb\.c""#, Some(r"a\sb\.c"));
    value(&[], r#""a\\\\b""#, Some(r"a\\b"));
    selects(r#"f="a\\b""#, &[&[("f", r"a\b")]], &[&[("f", r"a\\b")]]);
    finds(r#""a\"b""#, &["a\"b"], &["ab"]);
    for regex in [r"a\sb", r"a\\sb"] {
        selects(&format!("* | regex f=\"{regex}\""), &[&[("f", "a b")]], &[&[("f", "asb")]]);
    }
}

/// SPLUNK.md 2, trap 17: a regex sees what is left of the string, so that a literal backslash is
/// four, or three before what is no quote.
#[test]
fn a_literal_backslash_is_three_or_four() {
    let (path, other): ([_; 1], [_; 1]) = ([("f", r"C:\Windows")], [("f", "C:Windows")]);
    for regex in [r"C:\\\\Windows", r"C:\\\Windows"] {
        selects(&format!("* | where match(f, \"{regex}\")"), &[&path], &[&other]);
        selects(&format!("* | regex f=\"{regex}\""), &[&path], &[&other]);
        selects(
            &format!("* | rex field=f \"(?<x>{regex})\" | where isnotnull(x)"),
            &[&path],
            &[&other],
        );
    }
    // `C:\\Windows` is C:, a character that is none of a word, and `indows`.
    selects(r#"* | regex f="C:\\Windows""#, &[&[("f", "C:-indows")]], &[&path]);
    for digit in [r"^\d$", r"^\\d$"] {
        selects(&format!("* | where match(f, \"{digit}\")"), &[&[("f", "7")]], &[&[("f", "d")]]);
    }
    value(&[("f", r"a\b")], r#"replace(f, "\\\\", "/")"#, Some("a/b"));
    // The add-on's own regex.
    selects(r#"* | where match(f, "(\\\)")"#, &[&[("f", r"a\b")]], &[&[("f", "ab")]]);
    // As rules write them.
    selects(r#"* | regex f="^[^\\\]+$""#, &[&[("f", "ab")]], &[&[("f", r"a\b")]]);
    let run = r"Windows\CurrentVersion";
    selects(r#"* | regex f="Windows\\\CurrentVersion""#, &[&[("f", run)]], &[&[("f", "WindowsC")]]);
    selects(r#"* | regex f="c:\\\\temp""#, &[&[("f", r"c:\temp")]], &[&[("f", "c:temp")]]);
}

/// SPLUNK.md 2: `\|` in quotes is a pipe for PCRE, and no command starts there.
#[test]
fn an_escaped_pipe_is_a_literal_one() {
    selects(r#"* | regex f="^a\|b$""#, &[&[("f", "a|b")]], &[&[("f", "a")], &[("f", "b")]]);
    selects(r#"* | where match(f, "^a\|b$")"#, &[&[("f", "a|b")]], &[&[("f", "a")]]);
}

/// SPLUNK.md 2: `\n` and `\t` are two characters of a string; a regex reads them.
#[test]
fn line_breaks_are_of_regexes() {
    value(&[], r#"len("a\n\tb")"#, Some("6"));
    value(&[], r#""a\nb""#, Some(r"a\nb"));
    selects(r#"* | where match(f, "a\tb")"#, &[&[("f", "a\tb")]], &[&[("f", r"a\tb")]]);
}

/// SPLUNK.md 2: in `where` and `eval` single quotes name a field, double quotes make text.
#[test]
fn single_quotes_name_a_field() {
    let fields = [("f", "g"), ("g", "1")];
    value(&fields, "f", Some("g"));
    value(&fields, "'f'", Some("g"));
    value(&fields, "\"f\"", Some("f"));
    value(&fields, "'a b'", None);
    selects("* | where f=\"g\"", &[&fields], &[&[("f", "1"), ("g", "1")]]);
    selects("* | where f=g", &[&[("f", "1"), ("g", "1")]], &[&fields]);
    selects("* | eval 'a b'=f.\"x\" | where 'a b'=\"gx\"", &[&fields], &[&[("f", "x")]]);
}

/// SPLUNK.md 2: backticks call a macro, three of them are a comment.
#[test]
fn backticks_call_and_comment() {
    selects("`get_endpoint_data_windows` f=x", &[&[("f", "x")]], &[&[("f", "y")]]);
    selects("f=x ```f=y | head 1``` g=z", &[&[("f", "x"), ("g", "z")]], &[&[("f", "x")]]);
    selects("* ```why``` | where f=\"```x```\"", &[&[("f", "```x```")]], &[&[("f", "")]]);
}
