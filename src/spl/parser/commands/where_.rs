//! `where EXPR`.

use crate::spl::ast::CommandKind;

use super::super::Parser;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let expression = parser.expression()?;
    if !parser.scan.is_done() {
        parser.unexpected_after_operand();
        return None;
    }
    Some(CommandKind::Where(expression))
}
