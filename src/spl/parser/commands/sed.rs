//! The expressions of `rex mode=sed`: `s/regex/replacement/flags` and `y/abc/xyz/` (SPLUNK.md 4,
//! rex). The character behind the `s` or `y` parts the expression, a backslash keeps it from that.

use crate::spl::ast::{Occurrence, RexAction, Span, Spanned};

/// Reads a sed expression written at `span`; what is wrong with it in words.
pub(super) fn parse(text: &str, span: Span) -> Result<RexAction, String> {
    let mut characters = text.trim().chars();
    let command = characters.next().filter(|c| matches!(c, 's' | 'y'));
    let Some(command) = command else {
        return Err("a sed expression starts with `s` or `y`".to_owned());
    };
    let delimiter = characters.next().filter(|&c| !c.is_alphanumeric() && c != '\\');
    let Some(delimiter) = delimiter else {
        return Err(format!("expected `/` after `{command}`"));
    };
    let [from, to, flags] = parts(characters.as_str(), delimiter)
        .ok_or_else(|| format!("this sed expression does not hold three `{delimiter}`"))?;
    if command == 'y' {
        return translation(from, to, flags, delimiter);
    }
    let which = match flags {
        "" => Occurrence::Only(1),
        "g" => Occurrence::All,
        number => match number.parse() {
            Ok(number) if number > 0 => Occurrence::Only(number),
            _ => return Err(format!("`{flags}` is no flag: `g`, or a number from 1 on")),
        },
    };
    let pattern = Spanned { node: from.to_owned(), span };
    Ok(RexAction::Substitute { pattern, replacement: to.to_owned(), which })
}

/// What stands before, between and behind the next two delimiters; `None` where there are fewer,
/// or more.
fn parts(text: &str, delimiter: char) -> Option<[&str; 3]> {
    let mut parts = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, c) in text.char_indices() {
        if c == delimiter && !escaped {
            parts.push(text.get(start..at)?);
            start = at + c.len_utf8();
        }
        escaped = c == '\\' && !escaped;
    }
    parts.push(text.get(start..)?);
    parts.try_into().ok()
}

fn translation(from: &str, to: &str, flags: &str, delimiter: char) -> Result<RexAction, String> {
    if !flags.is_empty() {
        return Err(format!("`y` takes no flags, and is given `{flags}`"));
    }
    let (from, to) = (characters(from, delimiter), characters(to, delimiter));
    if from.len() != to.len() {
        return Err("`y` needs as many characters on one side as on the other".to_owned());
    }
    Ok(RexAction::Translate(from.into_iter().zip(to).collect()))
}

/// The characters of one side of `y`.
fn characters(text: &str, delimiter: char) -> Vec<char> {
    let mut out = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let escaped = rest
            .peek()
            .copied()
            .filter(|&next| c == '\\' && (next == delimiter || matches!(next, '\\' | 'n' | 't')));
        match escaped {
            Some(next) => {
                out.push(match next {
                    'n' => '\n',
                    't' => '\t',
                    other => other,
                });
                rest.next();
            }
            None => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match parse(text, Span::default()) {
            Ok(RexAction::Substitute { pattern, replacement, which }) => {
                format!("<{}> <{replacement}> {which:?}", pattern.node)
            }
            Ok(RexAction::Translate(pairs)) => {
                pairs.iter().map(|(from, to)| format!("{from}{to} ")).collect()
            }
            Ok(RexAction::Extract { .. }) => "extract".to_owned(),
            Err(message) => message,
        }
    }

    /// SPLUNK.md 4, rex: `s/re/rep/[g|N]`, `y/ab/cd/`.
    #[test]
    fn expressions_are_read() {
        for (text, expected) in [
            (r"s/a/b/", "<a> <b> Only(1)"),
            (r"s/a/b/g", "<a> <b> All"),
            (r"s/a//2", "<a> <> Only(2)"),
            (r"s/\/a\\/\1\//g", r"<\/a\\> <\1\/> All"),
            (r"s#/#\##g", r"</> <\#> All"),
            (r"y/ab/cd/", "ac bd "),
            (r"y/\/\\/xy/", r"/x \y "),
            (r"y/é-/e_/", "ée -_ "),
            ("s/a/b", "this sed expression does not hold three `/`"),
            ("s/a/b/g/", "this sed expression does not hold three `/`"),
            ("s/a/b/0", "`0` is no flag: `g`, or a number from 1 on"),
            ("s/a/b/gi", "`gi` is no flag: `g`, or a number from 1 on"),
            ("y/ab/c/", "`y` needs as many characters on one side as on the other"),
            ("y/a/b/g", "`y` takes no flags, and is given `g`"),
            ("d", "a sed expression starts with `s` or `y`"),
            ("", "a sed expression starts with `s` or `y`"),
            ("sa", "expected `/` after `s`"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
