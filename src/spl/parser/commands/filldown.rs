//! `filldown [FIELD]...`.

use crate::spl::ast::CommandKind;

use super::super::Parser;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let list = parser.field_list(|_| false);
    parser.findings.is_empty().then_some(CommandKind::Filldown(list))
}
