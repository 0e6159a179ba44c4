//! `table LIST`.

use crate::spl::ast::CommandKind;

use super::super::Parser;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let start = parser.scan.at();
    let list = parser.field_list(|_| false);
    if list.is_empty() && parser.findings.is_empty() {
        parser.missing(start..start, "table names no field");
        return None;
    }
    Some(CommandKind::Table(list))
}
