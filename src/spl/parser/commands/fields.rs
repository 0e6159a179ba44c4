//! `fields [+|-] LIST`.

use crate::spl::ast::CommandKind;

use super::super::Parser;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let start = parser.scan.at();
    parser.scan.skip_blanks();
    let keep = !parser.scan.eat("-");
    if keep {
        parser.scan.eat("+");
    }
    let list = parser.field_list(|_| false);
    if list.is_empty() && parser.findings.is_empty() {
        parser.missing(start..start, "fields names no field");
        return None;
    }
    Some(CommandKind::Fields { keep, list })
}
