//! Sets of characters as PCRE2 has them with UTF on and UCP off: `\d`, `\s`, `\w` and the POSIX
//! names are ASCII, `\h` and `\v` are not, and `(?i)` widens only what is written out.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

/// The set of the characters in these ranges, ends included.
pub(super) fn ranges(ranges: &[(char, char)]) -> ClassUnicode {
    ClassUnicode::new(ranges.iter().map(|&(start, end)| ClassUnicodeRange::new(start, end)))
}

/// The set of `c` and, where `caseless`, of every character that PCRE2 takes for the same.
pub(super) fn single(c: char, caseless: bool) -> ClassUnicode {
    range(c, c, caseless)
}

/// The set of the characters from `start` to `end` and, where `caseless`, of their other cases.
pub(super) fn range(start: char, end: char, caseless: bool) -> ClassUnicode {
    let mut class = ranges(&[(start, end)]);
    if caseless {
        class.case_fold_simple();
    }
    class
}

/// Everything else.
pub(super) fn negated(mut class: ClassUnicode) -> ClassUnicode {
    class.negate();
    class
}

/// The set that `\` and this letter name, both inside and outside brackets.
pub(super) fn escape(letter: char) -> Option<ClassUnicode> {
    let class = match letter.to_ascii_lowercase() {
        'd' => ranges(&[('0', '9')]),
        's' => ranges(&[('\t', '\r'), (' ', ' ')]),
        'w' => ranges(&[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]),
        'h' => ranges(&[
            ('\t', '\t'),
            (' ', ' '),
            ('\u{a0}', '\u{a0}'),
            ('\u{1680}', '\u{1680}'),
            ('\u{180e}', '\u{180e}'),
            ('\u{2000}', '\u{200a}'),
            ('\u{202f}', '\u{202f}'),
            ('\u{205f}', '\u{205f}'),
            ('\u{3000}', '\u{3000}'),
        ]),
        'v' => ranges(&[('\n', '\r'), ('\u{85}', '\u{85}'), ('\u{2028}', '\u{2029}')]),
        _ => return None,
    };
    Some(if letter.is_ascii_uppercase() { negated(class) } else { class })
}

/// The set that `[:name:]` names. Under `(?i)`, `upper` and `lower` are `alpha`.
pub(super) fn posix(name: &str, caseless: bool) -> Option<ClassUnicode> {
    let name = if caseless && matches!(name, "upper" | "lower") { "alpha" } else { name };
    Some(match name {
        "alpha" => ranges(&[('A', 'Z'), ('a', 'z')]),
        "lower" => ranges(&[('a', 'z')]),
        "upper" => ranges(&[('A', 'Z')]),
        "alnum" => ranges(&[('0', '9'), ('A', 'Z'), ('a', 'z')]),
        "ascii" => ranges(&[('\0', '\x7f')]),
        "blank" => ranges(&[('\t', '\t'), (' ', ' ')]),
        "cntrl" => ranges(&[('\0', '\x1f'), ('\x7f', '\x7f')]),
        "digit" => ranges(&[('0', '9')]),
        "graph" => ranges(&[('!', '~')]),
        "print" => ranges(&[(' ', '~')]),
        "punct" => ranges(&[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')]),
        "space" => ranges(&[('\t', '\r'), (' ', ' ')]),
        "word" => ranges(&[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]),
        "xdigit" => ranges(&[('0', '9'), ('A', 'F'), ('a', 'f')]),
        _ => return None,
    })
}

/// Whether `c` is in the set.
pub(super) fn contains(class: &ClassUnicode, c: char) -> bool {
    let ranges = class.ranges();
    let at = ranges.partition_point(|range| range.end() < c);
    ranges.get(at).is_some_and(|range| range.start() <= c)
}

/// `.` and `\N`: any character but a newline; with DOTALL, any.
pub(super) fn dot(dotall: bool) -> ClassUnicode {
    if dotall { ranges(&[('\0', char::MAX)]) } else { ranges(&[('\0', '\t'), ('\x0b', char::MAX)]) }
}
