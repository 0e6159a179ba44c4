//! The words of SPL: quotes, escapes, blanks, and where one command ends and the next starts.
//!
//! SPL has no one set of tokens: what is an operator in `where` is part of a word in `search`.
//! So there is no list of tokens; a [`Scanner`] stands in the text of one command and is asked for
//! whatever its parser expects next.

use std::ops::Range;

/// How long a search may be, in bytes, before and after its macros are expanded.
pub(super) const MAX_TEXT: usize = 1 << 20;

/// A piece of text with its place in the expanded text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lexeme {
    /// What it says, unescaped.
    pub(super) text: String,
    /// Where it stands, quotes included.
    pub(super) range: Range<usize>,
}

/// A quote that is never closed, and where it opens.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unclosed(pub(super) Range<usize>);

/// The end of the quoted string that opens at `at`: one past its closing quote.
/// `None` where it is never closed. A backslash keeps the next character from closing it.
pub(super) fn quoted_end(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let quote = *bytes.get(at)?;
    let mut at = at + 1;
    loop {
        let found = memchr::memchr2(quote, b'\\', bytes.get(at..)?)?;
        at += found + 1;
        if bytes.get(at - 1) == Some(&quote) {
            return Some(at);
        }
        at += 1;
    }
}

/// How many bytes the backslash at `at` holds together outside quotes: it escapes quotes, pipes
/// and itself (SPLUNK.md 2), and nothing else.
pub(super) fn escape_len(text: &str, at: usize) -> usize {
    match text.as_bytes().get(at + 1) {
        Some(b'"' | b'\\' | b'|') => 2,
        _ => 1,
    }
}

/// Unescapes once: `\\` is `\`, `\` before the quote is the quote, any other `\x` stays
/// (SPLUNK.md 2).
pub(super) fn unescape(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match characters.peek() {
            Some(&next) if c == '\\' && (next == '\\' || next == quote) => {
                out.push(next);
                characters.next();
            }
            _ => out.push(c),
        }
    }
    out
}

/// Unescapes a word outside quotes, where a backslash also keeps a pipe.
fn unescape_bare(text: &str) -> String {
    if text.contains("\\|") {
        // `\\|` is an escaped backslash before a pipe that was never part of the word.
        return unescape(text, '"').replace("\\|", "|");
    }
    unescape(text, '"')
}

/// Splits the text at the pipes outside quotes and subsearches.
///
/// An unclosed `[` nests nothing: the pipes after it count, so that the commands after the mistake
/// are still read.
pub(super) fn split_commands(text: &str) -> Vec<Range<usize>> {
    let mut pipes = Vec::new();
    let mut brackets = Vec::new();
    let last_apostrophe = text.rfind('\'').unwrap_or(0);
    let mut names_fields = false;
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at = match byte {
            b'"' => quoted_end(text, at).unwrap_or(text.len()),
            b'\'' if names_fields && at < last_apostrophe => quoted_end(text, at).unwrap_or(at + 1),
            b'\\' => at + escape_len(text, at),
            b'[' => {
                brackets.push(pipes.len());
                at + 1
            }
            b']' => {
                if let Some(outside) = brackets.pop() {
                    pipes.truncate(outside);
                }
                at + 1
            }
            b'|' => {
                pipes.push(at);
                names_fields = takes_expression(text.get(at + 1..).unwrap_or_default());
                at + 1
            }
            _ => at + 1,
        };
    }
    let mut start = 0;
    let mut commands = Vec::with_capacity(pipes.len() + 1);
    for pipe in pipes {
        commands.push(start..pipe);
        start = pipe + 1;
    }
    commands.push(start..text.len());
    commands
}

/// Whether the command that starts here takes expressions, in which `'...'` is a field.
fn takes_expression(text: &str) -> bool {
    let text = text.trim_start();
    ["where", "eval"].iter().any(|name| {
        text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
            && !text[name.len()..].starts_with(is_name_part)
    })
}

/// Whether a character can be inside an unquoted name of a field in an expression.
pub(super) fn is_name_part(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(c, '_' | ':' | '@' | '#' | '$')
        || (!c.is_ascii() && !c.is_whitespace())
}

/// Whether a character can start one.
pub(super) fn is_name_start(c: char) -> bool {
    is_name_part(c) && !c.is_ascii_digit() && c != ':'
}

/// A place in the text of one command.
#[derive(Debug, Clone)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    end: usize,
}

impl<'a> Scanner<'a> {
    /// A scanner over `range` of `text`.
    pub(super) fn new(text: &'a str, range: Range<usize>) -> Self {
        Self { text, at: range.start, end: range.end.min(text.len()) }
    }

    /// The offset it stands at.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Goes back (or on) to an offset that [`Self::at`] gave.
    pub(super) fn set(&mut self, at: usize) {
        self.at = at;
    }

    /// What follows.
    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..self.end).unwrap_or_default()
    }

    /// The text of a range.
    pub(super) fn slice(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or_default()
    }

    /// Whether nothing follows but blanks, which are skipped.
    pub(super) fn is_done(&mut self) -> bool {
        self.skip_blanks();
        self.at >= self.end
    }

    /// Goes to the end: nothing after this place can be made sense of.
    pub(super) fn finish(&mut self) {
        self.at = self.end;
    }

    /// The next character.
    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Skips blanks.
    pub(super) fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Skips blanks and commas, which are the same in a list (SPLUNK.md 4, table).
    pub(super) fn skip_separators(&mut self) {
        self.take_while(|c| c.is_whitespace() || c == ',');
    }

    /// Takes `text` if it stands here.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        let here = self.rest().starts_with(text);
        if here {
            self.at += text.len();
        }
        here
    }

    /// Takes characters as long as they are wanted.
    pub(super) fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> Range<usize> {
        let start = self.at;
        let rest = self.rest();
        self.at += rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        start..self.at
    }

    /// Takes the next character.
    pub(super) fn take_char(&mut self) -> Range<usize> {
        let start = self.at;
        self.at += self.peek().map_or(0, char::len_utf8);
        start..self.at
    }

    /// The word that starts here, without taking it: letters, digits and `_`.
    pub(super) fn peek_word(&self) -> &'a str {
        let rest = self.rest();
        rest.split(|c: char| !is_name_part(c)).next().unwrap_or_default()
    }

    /// Takes a word if it stands here, whatever its case, and ends here.
    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let here = self.peek_word().eq_ignore_ascii_case(word);
        if here {
            self.at += word.len();
        }
        here
    }

    /// Takes the quoted string that starts here, which the caller has seen.
    pub(super) fn quoted(&mut self) -> Result<Lexeme, Unclosed> {
        let start = self.at;
        let quote = self.peek().unwrap_or('"');
        match quoted_end(self.text, start).filter(|&end| end <= self.end) {
            Some(end) => {
                self.at = end;
                let inner = self.slice(start + 1..end - 1);
                Ok(Lexeme { text: unescape(inner, quote), range: start..end })
            }
            None => {
                self.at = self.end;
                Err(Unclosed(start..start + 1))
            }
        }
    }

    /// Takes a bare word up to a character that ends it. Empty where one stands here already.
    pub(super) fn bare(&mut self, ends: impl Fn(char, Option<char>) -> bool) -> Lexeme {
        let start = self.at;
        loop {
            let mut characters = self.rest().chars();
            match (characters.next(), characters.next()) {
                (Some('\\'), _) => self.at += escape_len(self.text, self.at),
                (Some(c), next) if !ends(c, next) => self.at += c.len_utf8(),
                _ => break,
            }
            self.at = self.at.min(self.end);
        }
        Lexeme { text: unescape_bare(self.slice(start..self.at)), range: start..self.at }
    }

    /// Takes the argument of `TERM(` or `CASE(`, whose opening parenthesis is taken: up to its
    /// closing parenthesis, those inside quotes or paired inside left alone. The closing one is
    /// taken too; `None` where there is none.
    pub(super) fn parenthesized(&mut self) -> Option<Lexeme> {
        let start = self.at;
        let mut depth = 0_usize;
        while let Some(c) = self.peek() {
            match c {
                '"' => {
                    self.quoted().ok()?;
                    continue;
                }
                '\\' => {
                    self.at = (self.at + escape_len(self.text, self.at)).min(self.end);
                    continue;
                }
                '(' => depth += 1,
                ')' if depth == 0 => {
                    let inner = start..self.at;
                    self.at += 1;
                    return Some(term_argument(self.slice(inner.clone()), inner));
                }
                ')' => depth -= 1,
                _ => {}
            }
            self.at += c.len_utf8();
        }
        None
    }
}

/// `TERM("x")` is `TERM(x)` (SPLUNK.md, Decisions).
fn term_argument(text: &str, range: Range<usize>) -> Lexeme {
    let trimmed = text.trim();
    let quoted = trimmed.starts_with('"') && quoted_end(trimmed, 0) == Some(trimmed.len());
    let text = if quoted {
        unescape(trimmed.get(1..trimmed.len() - 1).unwrap_or_default(), '"')
    } else {
        unescape_bare(trimmed)
    };
    Lexeme { text, range }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_level_of_unescaping() {
        for (text, expected) in [
            (r"\\", r"\"),
            (r#"\""#, r#"""#),
            (r"\s", r"\s"),
            (r"\\s", r"\s"),
            (r"\\\\", r"\\"),
            (r"\\\Run", r"\\Run"),
            (r"[^\\\]+", r"[^\\]+"),
            (r"C:\\Windows", r"C:\Windows"),
            (r"a\|b", r"a\|b"),
            (r"\n\t", r"\n\t"),
            (r"end\", r"end\"),
        ] {
            assert_eq!(unescape(text, '"'), expected, "{text}");
        }
    }

    #[test]
    fn quoted_strings_end_at_an_unescaped_quote() {
        for (text, expected) in [
            (r#""a" b"#, Some(3)),
            (r#""a\" b" c"#, Some(7)),
            (r#""a\\" b"#, Some(5)),
            (r#""a\"#, None),
            (r#""é"x"#, Some(4)),
            (r#"""#, None),
        ] {
            assert_eq!(quoted_end(text, 0), expected, "{text}");
        }
    }

    #[test]
    fn commands_end_at_pipes() {
        for (text, expected) in [
            ("a", &["a"][..]),
            ("a | b |c", &["a ", " b ", "c"]),
            ("|", &["", ""]),
            (r#""a|b" | c"#, &[r#""a|b" "#, " c"]),
            (r#""a\"|b" | c"#, &[r#""a\"|b" "#, " c"]),
            (r"a\|b | c", &[r"a\|b ", " c"]),
            (
                "a | foreach x [ | eval y=1 | z ] | c",
                &["a ", " foreach x [ | eval y=1 | z ] ", " c"],
            ),
            ("a [ b | c", &["a [ b ", " c"]),
            ("a [ b | [ c | d ] | e", &["a [ b ", " [ c | d ] ", " e"]),
            ("a ] | b", &["a ] ", " b"]),
            ("a | where 'b|c'=1 | d", &["a ", " where 'b|c'=1 ", " d"]),
            ("it's | search don't | d", &["it's ", " search don't ", " d"]),
            ("a | where b='c | d", &["a ", " where b='c ", " d"]),
        ] {
            let parts: Vec<_> =
                split_commands(text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(parts, expected, "{text}");
        }
    }

    #[test]
    fn terms_end_at_their_own_parenthesis() {
        for (text, expected, rest) in [
            ("a)b", Some("a"), "b"),
            ("a(b)c)d", Some("a(b)c"), "d"),
            (r#""a)b")c"#, Some("a)b"), "c"),
            (" a ) ", Some("a"), " "),
            (r#"a "b" c)"#, Some(r#"a "b" c"#), ""),
            ("a(b)", None, ""),
            (r#"a")"#, None, ""),
            (r#"a\")"#, Some(r#"a""#), ""),
        ] {
            let mut scanner = Scanner::new(text, 0..text.len());
            let term = scanner.parenthesized();
            assert_eq!(term.map(|term| term.text).as_deref(), expected, "{text}");
            assert_eq!(scanner.rest(), rest, "{text}");
        }
    }
}
