//! `tail [N]`.

use crate::spl::ast::CommandKind;

use super::super::Parser;
use super::head;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    head::limit(parser, "tail").map(|limit| CommandKind::Tail { limit })
}
