//! `nomv FIELD`.

use crate::spl::ast::CommandKind;

use super::super::Parser;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    if parser.scan.is_done() {
        parser.missing(parser.here(), "nomv names no field");
        return None;
    }
    let Some(name) = parser.field_name() else {
        parser.not_a_name();
        return None;
    };
    Some(CommandKind::Nomv(parser.spanned(name)))
}
