//! `regex [field][=|!=]"re"`.

use crate::spl::ast::{CommandKind, Spanned};
use crate::spl::codes;

use super::super::Parser;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    if parser.scan.is_done() {
        parser.missing(parser.here(), "regex has no pattern");
        return None;
    }
    let start = parser.scan.at();
    if parser.scan.peek() == Some('"') {
        let pattern = parser.quoted()?;
        let span = parser.span(&(start..start));
        let field = Spanned { node: "_raw".to_owned(), span };
        let pattern = parser.spanned(pattern);
        return Some(CommandKind::Regex { field, negated: false, pattern });
    }
    let Some(field) = parser.field_name() else {
        parser.not_a_name();
        return None;
    };
    parser.scan.skip_blanks();
    let negated = parser.scan.eat("!=");
    if !negated && !parser.scan.eat("=") {
        parser.error_with_hint(
            codes::UNEXPECTED_TEXT,
            format!("expected `=` or `!=` after the field `{}`", field.text),
            field.range,
            "write regex field=\"pattern\", or regex \"pattern\" for the raw text",
        );
        parser.scan.finish();
        return None;
    }
    let operator = start..parser.scan.at();
    parser.scan.skip_blanks();
    let pattern = match parser.scan.peek() {
        Some('"') => parser.quoted()?,
        _ => parser.scan.bare(|c, _| c.is_whitespace() || matches!(c, '"' | '|')),
    };
    if pattern.range.is_empty() {
        parser.missing(operator, "regex has no pattern");
        return None;
    }
    let (field, pattern) = (parser.spanned(field), parser.spanned(pattern));
    Some(CommandKind::Regex { field, negated, pattern })
}
