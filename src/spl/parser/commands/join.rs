//! `join [type=inner|left] [max=N] [overwrite=B] FIELD... [SUBSEARCH]`.

use crate::spl::ast::{CommandKind, Join, Pipeline};
use crate::spl::codes;
use crate::spl::lexer::Lexeme;

use super::super::Parser;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let start = parser.scan.at();
    let mut join = Join {
        fields: Vec::new(),
        keeps_all: false,
        max: 1,
        overwrite: true,
        pipeline: Pipeline { commands: Vec::new() },
    };
    loop {
        parser.scan.skip_separators();
        if parser.scan.peek() == Some('[') {
            break;
        }
        if parser.scan.rest().is_empty() {
            parser.missing(start..start, "join has no subsearch in square brackets");
            return None;
        }
        if let Some(option) = parser.option_name() {
            set_option(parser, &option, &mut join)?;
            continue;
        }
        let Some(name) = parser.field_name() else {
            parser.not_a_name();
            return None;
        };
        join.fields.push(parser.spanned(name));
    }
    if join.fields.is_empty() {
        let message = "join names no field; joining by all common fields is not supported yet";
        parser.missing(start..start, message);
        parser.scan.finish();
        return None;
    }
    join.pipeline = subsearch(parser)?;
    Some(CommandKind::Join(Box::new(join)))
}

/// Reads the value of an option; `None` after an error, which an unknown option is.
fn set_option(parser: &mut Parser<'_>, name: &Lexeme, to: &mut Join) -> Option<()> {
    match name.text.as_str() {
        "type" => to.keeps_all = keeps_all(parser, name)?,
        "max" => to.max = max(parser, name)?,
        "overwrite" => to.overwrite = parser.option_bool(name)?,
        _ => {
            parser.unknown_option(name.range.start..parser.scan.at());
            return None;
        }
    }
    Some(())
}

/// The value of `type=`; `left` and `outer` are the same.
fn keeps_all(parser: &mut Parser<'_>, name: &Lexeme) -> Option<bool> {
    let value = parser.option_value(name)?;
    match value.text.to_ascii_lowercase().as_str() {
        "inner" => Some(false),
        "left" | "outer" => Some(true),
        _ => {
            let message = "`type` is inner, left or outer";
            parser.error(codes::UNSUPPORTED_OPTION, message, name.range.start..value.range.end);
            parser.scan.finish();
            None
        }
    }
}

fn max(parser: &mut Parser<'_>, name: &Lexeme) -> Option<u64> {
    let value = parser.option_value(name)?;
    let max = value.text.parse().ok();
    if max.is_none() {
        let message = "`max` is a number of rows, 0 for all";
        parser.error(codes::UNSUPPORTED_OPTION, message, name.range.start..value.range.end);
        parser.scan.finish();
    }
    max
}

/// A search of its own in square brackets, up to the end of the command.
pub(super) fn subsearch(parser: &mut Parser<'_>) -> Option<Pipeline> {
    let start = parser.scan.at();
    let end = start + parser.scan.rest().trim_end().len();
    if !parser.scan.slice(start..end).ends_with(']') {
        let message = "this subsearch is never closed, or does not end the command";
        parser.error(codes::UNEXPECTED_TEXT, message, start..start + 1);
        parser.scan.finish();
        return None;
    }
    parser.scan.finish();
    if parser.is_subsearch {
        let message = "a subsearch in a subsearch is not supported yet";
        parser.error(codes::SUBSEARCH, message, start..end);
        return None;
    }
    parser.subsearch_commands(start + 1..end - 1).map(|commands| Pipeline { commands })
}
