//! `sort [N] [+|-]FIELD... [d]`, commas and blanks alike; a field may be `num(f)`, `str(f)`,
//! `ip(f)` or `auto(f)`.

use crate::spl::ast::{CommandKind, Sort, SortKey, SortKind};
use crate::spl::codes;

use super::super::Parser;

/// How many rows `sort` keeps when it is not told (SPLUNK.md 4, sort).
const DEFAULT_LIMIT: u64 = 10_000;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let start = parser.scan.at();
    let limit = limit(parser)?;
    let keys = keys(parser)?;
    if keys.is_empty() {
        parser.missing(start..start, "sort names no field");
        return None;
    }
    // 0 is no limit at all.
    let limit = Some(limit.unwrap_or(DEFAULT_LIMIT)).filter(|&limit| limit > 0);
    Some(CommandKind::Sort(Sort { limit, keys }))
}

/// `N` or `limit=N`; `Some(None)` where none is written, `None` after an error.
fn limit(parser: &mut Parser<'_>) -> Option<Option<u64>> {
    parser.scan.skip_separators();
    let start = parser.scan.at();
    let named = parser.scan.eat("limit=");
    let word = parser.scan.take_while(|c| !c.is_whitespace() && c != ',');
    match parser.scan.slice(word.clone()).parse() {
        Ok(limit) => Some(Some(limit)),
        Err(_) if named => {
            let message = "`limit` is a number of rows, 0 for all";
            parser.error(codes::UNSUPPORTED_OPTION, message, start..word.end);
            parser.scan.finish();
            None
        }
        Err(_) => {
            parser.scan.set(start);
            Some(None)
        }
    }
}

/// Reads what rows are sorted by, up to the end of the command.
pub(super) fn keys(parser: &mut Parser<'_>) -> Option<Vec<SortKey>> {
    let mut keys: Vec<SortKey> = Vec::new();
    // A sign with a blank after it goes for all that follow (SPLUNK.md 4, sort).
    let mut descending = false;
    loop {
        parser.scan.skip_separators();
        if parser.scan.rest().is_empty() {
            return Some(keys);
        }
        let sign = match parser.scan.peek() {
            Some('-') => Some(true),
            Some('+') => Some(false),
            _ => None,
        };
        if sign.is_some() {
            parser.scan.take_char();
            if parser.scan.peek().is_none_or(char::is_whitespace) {
                descending = sign.unwrap_or(descending);
                continue;
            }
        }
        if sign.is_none() && !keys.is_empty() && ends_descending(parser) {
            keys.iter_mut().for_each(|key| key.descending = !key.descending);
            return Some(keys);
        }
        keys.push(key(parser, sign.unwrap_or(descending))?);
    }
}

/// Takes a last word `d` or `desc`, which turns the order round, or `a` or `asc`, which does not.
fn ends_descending(parser: &mut Parser<'_>) -> bool {
    let start = parser.scan.at();
    for (word, turns) in [("desc", true), ("d", true), ("asc", false), ("a", false)] {
        if parser.scan.eat_word(word) && parser.scan.is_done() {
            return turns;
        }
        parser.scan.set(start);
    }
    false
}

/// A field, or a function of one that says how its values are compared.
fn key(parser: &mut Parser<'_>, descending: bool) -> Option<SortKey> {
    let Some(name) = parser.field_name() else {
        parser.not_a_name();
        return None;
    };
    if parser.scan.peek() != Some('(') {
        if parser.scan.peek() == Some('=') {
            parser.unknown_option(name.range.start..parser.scan.at() + 1);
            return None;
        }
        return Some(SortKey { field: parser.spanned(name), descending, kind: SortKind::Auto });
    }
    let kind = match name.text.to_ascii_lowercase().as_str() {
        "auto" => SortKind::Auto,
        "str" => SortKind::Text,
        "num" => SortKind::Number,
        "ip" => SortKind::Address,
        other => {
            let message = format!("`{other}` is no way to sort");
            let hint = "write num(f), str(f), ip(f) or auto(f)";
            parser.error_with_hint(codes::UNSUPPORTED_OPTION, message, name.range, hint);
            parser.scan.finish();
            return None;
        }
    };
    let open = parser.scan.take_char();
    parser.scan.skip_blanks();
    let Some(field) = parser.field_name() else {
        parser.not_a_name();
        return None;
    };
    parser.scan.skip_blanks();
    if !parser.scan.eat(")") {
        let message = "this parenthesis is never closed";
        parser.error(codes::UNCLOSED_PARENTHESIS, message, open);
        parser.scan.finish();
        return None;
    }
    Some(SortKey { field: parser.spanned(field), descending, kind })
}
