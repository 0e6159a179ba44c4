//! `xyseries ROW COLUMN VALUE` and `untable ROW COLUMN VALUE`.

use crate::spl::ast::{CommandKind, Series};
use crate::spl::codes;

use super::super::Parser;

pub(super) fn parse_xyseries(parser: &mut Parser<'_>) -> Option<CommandKind> {
    series(parser, "xyseries").map(CommandKind::Xyseries)
}

pub(super) fn parse_untable(parser: &mut Parser<'_>) -> Option<CommandKind> {
    series(parser, "untable").map(CommandKind::Untable)
}

fn series(parser: &mut Parser<'_>, command: &str) -> Option<Series> {
    let start = parser.scan.at();
    let mut fields = parser.field_list(|_| false);
    if !parser.findings.is_empty() {
        return None;
    }
    if let Some(more) = fields.get(3) {
        let message = format!("`{command}` of more than one field of values is not supported");
        let finding = crate::spl::diagnostic::Diagnostic::error(
            codes::UNSUPPORTED_OPTION,
            message,
            more.span,
        );
        parser.findings.push(finding);
        return None;
    }
    let (value, column, row) = (fields.pop(), fields.pop(), fields.pop());
    let (Some(row), Some(column), Some(value)) = (row, column, value) else {
        let message = format!("`{command}` names three fields: of rows, of columns, of values");
        parser.missing(start..start, message);
        return None;
    };
    Some(Series { row, column, value })
}
