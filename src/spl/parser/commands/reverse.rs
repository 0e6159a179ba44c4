//! `reverse`, which takes nothing.

use crate::spl::ast::CommandKind;

use super::super::Parser;

pub(super) fn parse(_: &mut Parser<'_>) -> Option<CommandKind> {
    Some(CommandKind::Reverse)
}
