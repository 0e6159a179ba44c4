//! `rename a as b, c* as d*`.

use crate::spl::ast::{CommandKind, FieldPattern};
use crate::spl::codes;

use super::super::Parser;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let mut pairs = Vec::new();
    loop {
        parser.scan.skip_separators();
        if parser.scan.rest().is_empty() {
            break;
        }
        pairs.push(pair(parser)?);
    }
    if pairs.is_empty() {
        parser.missing(parser.here(), "rename names no field");
        return None;
    }
    Some(CommandKind::Rename(pairs))
}

fn pair(parser: &mut Parser<'_>) -> Option<(FieldPattern, FieldPattern)> {
    let start = parser.scan.at();
    let Some(from) = parser.field_name() else {
        parser.not_a_name();
        return None;
    };
    let from = parser.spanned(from);
    let findings = parser.findings.len();
    let Some(to) = parser.alias() else {
        if parser.findings.len() == findings {
            parser.missing(
                start..parser.scan.at(),
                format!("expected `as` and a new name after `{}`", from.node),
            );
            parser.scan.finish();
        }
        return None;
    };
    let wildcards = |name: &str| name.matches('*').count();
    if wildcards(&from.node) != wildcards(&to.node) {
        parser.error(
            codes::WILDCARD_COUNT,
            format!("`{}` and `{}` hold a different number of wildcards", from.node, to.node),
            start..parser.scan.at(),
        );
        return None;
    }
    Some((from, to))
}
