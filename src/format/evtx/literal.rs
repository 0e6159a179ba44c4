//! Which parts of a literal stand in a chunk's bytes as they stand in a record's text.
//!
//! In the bytes there are names and strings, as UTF-16LE, a few strings as ASCII. The text has,
//! beyond those:
//!
//! - markup: `<`, `</`, `>`, `/>`, the blank before an attribute, `='` and `'` around its value;
//! - values that are stored in binary: numbers, hexadecimal, GUIDs, SIDs, times, booleans;
//! - escapes (`&amp;` and the like) where a string has `&`, `<`, `>`, or a quote in an attribute;
//! - `_` where a string has a character that XML does not allow: a control character other than
//!   tab, CR and LF, a lone surrogate, U+FFFE, U+FFFF.
//!
//! Everything between two pieces of markup is one name, one string or one such value, but in
//! records that [`ChunkReader::must_decode`](super::ChunkReader::must_decode) asks for.

/// The text that a literal is matched against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// The record's XML, escapes and all: what search terms see.
    Raw,
    /// One decoded value of it: what `where` and `regex` see.
    Field,
}

/// Whether a value that is stored in binary, or a part of one, can read like this, case aside.
/// Such a literal may stand nowhere in the bytes of a chunk.
#[must_use]
pub fn may_be_rendered(literal: &str) -> bool {
    let all = |extra: &str, digit: fn(&char) -> bool| {
        literal.chars().all(|c| digit(&c) || extra.contains(c.to_ascii_lowercase()))
    };
    let hex: fn(&char) -> bool = char::is_ascii_hexdigit;
    let decimal: fn(&char) -> bool = char::is_ascii_digit;
    // Hexadecimal, binary and GUIDs; numbers; times; SIDs. A comma is between items of a list.
    all("x{}-,", hex)
        || all("+-.e,", decimal)
        || all("tz:.-,", decimal)
        || all("s-?,", decimal)
        || WORDS.iter().any(|word| is_part(literal, word))
}

/// The words that values are rendered as.
const WORDS: &[&str] = &["true", "false", "-inf", "nan"];
/// What escapes have between `&` and `;`.
const ESCAPES: &[&str] = &["amp", "lt", "gt", "quot", "apos"];

fn is_part(literal: &str, word: &str) -> bool {
    literal.is_ascii() && word.contains(&literal.to_ascii_lowercase())
}

/// The parts of a literal that stand in the bytes of every chunk that has a record whose text has
/// the literal, as UTF-16LE or (if all of it is) as ASCII, in whatever case the literal is
/// compared, unless [`ChunkReader::must_decode`](super::ChunkReader::must_decode) asks for the
/// chunk.
///
/// All of the parts stand there, so that any one will do; the longest tells most. There may be
/// none: then such a record cannot be found by its bytes.
///
/// ```
/// use coldsweep::format::evtx::{Text, verbatim_parts};
/// let parts = |literal| verbatim_parts(literal, Text::Raw).collect::<Vec<_>>();
/// assert_eq!(parts("<EventID>1040<"), ["EventID"]);
/// assert_eq!(parts("<Data Name='CommandLine'>msiexec /i http://x"), [
///     "Data", "Name", "CommandLine", "msiexec /i http://x"
/// ]);
/// assert_eq!(parts("0x3e7"), [""; 0]);
/// ```
pub fn verbatim_parts(literal: &str, text: Text) -> impl Iterator<Item = &str> {
    let breaks = move |c: char| match text {
        // A control character may have become `_`.
        _ if c == '_' || (c.is_control() && !matches!(c, '\t' | '\r' | '\n')) => true,
        Text::Raw => "<>&;'".contains(c),
        Text::Field => false,
    };
    literal
        .split(breaks)
        .flat_map(move |piece| if text == Text::Raw { markup_free(piece) } else { [piece, ""] })
        .filter(move |part| {
            let escape = text == Text::Raw && ESCAPES.iter().any(|word| is_part(part, word));
            !part.is_empty() && !escape && !may_be_rendered(part)
        })
}

/// The parts of a piece without `<`, `>` and `'` that are surely not markup.
///
/// Such a piece is within a text or a value, or is part of `/Name`, `Name/` or `Name Attribute=`:
/// with two blanks it can only be the former.
fn markup_free(piece: &str) -> [&str; 2] {
    let mut blanks = piece.match_indices(' ');
    let (first, second) = (blanks.next(), blanks.next());
    if second.is_some() {
        return [piece, ""];
    }
    let (head, tail) = match first {
        Some((at, blank)) => (&piece[..at], &piece[at + blank.len()..]),
        None => (piece, ""),
    };
    let trim = |part| str::trim_matches(part, ['/', '=']);
    [trim(head), trim(tail)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_raw_literals() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            ("msiexec", &["msiexec"]),
            (".msi", &[".msi"]),
            ("<EventID>1040<", &["EventID"]),
            ("EventID>4688", &["EventID"]),
            ("://", &[]),
            ("http://", &["http:"]),
            ("http://host/a.msi", &["http://host/a.msi"]),
            ("/i", &[]),
            ("net user /add", &["net user /add"]),
            ("Data Name=", &["Data", "Name"]),
            ("net user", &["net", "user"]),
            ("a&amp;xyz", &["xyz"]),
            ("lt;script", &["script"]),
            ("amp", &[]),
            ("0x3E7", &[]),
            ("S-1-5-18", &[]),
            ("{54849625-5478-4994-A5BA-3E3B0328C30D}", &[]),
            ("2019-03-18T11:06", &[]),
            ("TRUE", &[]),
            ("my_file", &["my", "file"]),
            ("it's here now ok", &["it", "s here now ok"]),
            ("\"C:\\x.exe\"", &["\"C:\\x.exe\""]),
            ("naïve ж", &["naïve", "ж"]),
        ];
        for (literal, expected) in cases {
            let parts: Vec<_> = verbatim_parts(literal, Text::Raw).collect();
            assert_eq!(&parts, expected, "{literal}");
        }
    }

    #[test]
    fn parts_of_field_literals() {
        let cases: &[(&str, &[&str])] = &[
            ("a<b & 'c'", &["a<b & 'c'"]),
            ("my_file", &["my", "file"]),
            ("4688", &[]),
            ("/i", &["/i"]),
        ];
        for (literal, expected) in cases {
            let parts: Vec<_> = verbatim_parts(literal, Text::Field).collect();
            assert_eq!(&parts, expected, "{literal}");
        }
    }
}
