//! `accum FIELD [AS NAME]` and `delta FIELD [AS NAME] [p=N]`.

use crate::spl::ast::{CommandKind, Running};

use super::super::Parser;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    running(parser, "accum", str::to_owned).map(CommandKind::Accum)
}

pub(super) fn parse_delta(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let of = running(parser, "delta", |field| format!("delta({field})"))?;
    let mut back = None;
    parser.scan.skip_separators();
    while let Some(option) = parser.option_name() {
        if option.text != "p" {
            parser.unknown_option(option.range.start..parser.scan.at());
            return None;
        }
        let number = parser.option_number(&option)?;
        parser.keep_option(&mut back, number.max(1), &option)?;
        parser.scan.skip_separators();
    }
    Some(CommandKind::Delta { of, back: back.unwrap_or(1) })
}

fn running(
    parser: &mut Parser<'_>,
    command: &str,
    default: impl Fn(&str) -> String,
) -> Option<Running> {
    parser.scan.skip_blanks();
    if parser.scan.rest().is_empty() {
        parser.missing(parser.here(), format!("{command} names no field"));
        return None;
    }
    let Some(field) = parser.field_name() else {
        parser.not_a_name();
        return None;
    };
    let field = parser.spanned(field);
    let findings = parser.findings.len();
    let name = parser.alias();
    if parser.findings.len() > findings {
        return None;
    }
    let name = name.map_or_else(|| default(&field.node), |name| name.node);
    Some(Running { field, name })
}
