//! `eventstats AGG... [by FIELD...]`: the arguments of `stats`.

use crate::spl::ast::CommandKind;

use super::super::Parser;
use super::stats;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    stats::clauses(parser, "eventstats").map(CommandKind::Eventstats)
}
