//! `search EXPR`.

use crate::spl::ast::CommandKind;

use super::super::Parser;

pub(in super::super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    parser.takes_subsearch = !parser.is_subsearch;
    parser.search_expression().map(CommandKind::Search)
}
