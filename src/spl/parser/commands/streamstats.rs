//! `streamstats [OPTION]... AGG... [by FIELD...]`: options, then the arguments of `stats`.

use std::ops::Range;

use crate::spl::ast::{CommandKind, Expr, Stats, Streamstats};
use crate::spl::codes;
use crate::spl::lexer::Lexeme;

use super::super::Parser;
use super::{duration, stats};

/// How many rows a window may hold (SPLUNK.md 4, streamstats).
const MAX_WINDOW: u64 = 10_000;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let mut streamstats = Streamstats {
        stats: Stats { aggregations: Vec::new(), by: Vec::new() },
        current: true,
        window: 0,
        global: true,
        time_window: None,
        reset_on_change: false,
        reset_before: None,
        reset_after: None,
    };
    let mut option =
        |parser: &mut Parser<'_>, name: &Lexeme| set_option(parser, name, &mut streamstats);
    let stats = stats::clauses_and_options(parser, "streamstats", &mut option)?;
    streamstats.stats = stats;
    Some(CommandKind::Streamstats(Box::new(streamstats)))
}

/// Reads the value of an option; `None` after an error, which an unknown option is.
fn set_option(parser: &mut Parser<'_>, name: &Lexeme, to: &mut Streamstats) -> Option<()> {
    match name.text.as_str() {
        "current" => to.current = parser.option_bool(name)?,
        "global" => to.global = parser.option_bool(name)?,
        "reset_on_change" => to.reset_on_change = parser.option_bool(name)?,
        "window" => to.window = window(parser, name)?,
        "time_window" => to.time_window = Some(duration::value(parser, name)?),
        "reset_before" => to.reset_before = Some(condition(parser)?),
        "reset_after" => to.reset_after = Some(condition(parser)?),
        _ => {
            parser.unknown_option(name.range.start..parser.scan.at());
            return None;
        }
    }
    Some(())
}

fn window(parser: &mut Parser<'_>, name: &Lexeme) -> Option<u64> {
    let value = parser.option_value(name)?;
    match value.text.parse() {
        Ok(window) if window <= MAX_WINDOW => Some(window),
        _ => {
            let message = format!("a window is 0, for all rows, or up to {MAX_WINDOW} rows");
            parser.error(codes::UNSUPPORTED_OPTION, message, name.range.start..value.range.end);
            parser.scan.finish();
            None
        }
    }
}

/// A condition, written `(EXPR)`, `"(EXPR)"` or `"("EXPR")"`, which is how the manual has it.
fn condition(parser: &mut Parser<'_>) -> Option<Expr> {
    parser.scan.skip_blanks();
    let start = parser.scan.at();
    for (open, close) in [("\"(\"", "\")\""), ("(", ")")] {
        if parser.scan.eat(open) {
            let expression = parser.expression()?;
            parser.scan.skip_blanks();
            return closed(parser, close, start..start + open.len()).map(|()| expression);
        }
    }
    if parser.scan.peek() != Some('"') {
        parser.missing(start..start, "a condition in parentheses is missing");
        parser.scan.finish();
        return None;
    }
    let quoted = parser.quoted()?;
    parser.within(&quoted, |inner| inner.expression())
}

fn closed(parser: &mut Parser<'_>, close: &str, open: Range<usize>) -> Option<()> {
    if parser.scan.eat(close) {
        return Some(());
    }
    parser.error(codes::UNCLOSED_PARENTHESIS, "this parenthesis is never closed", open);
    parser.scan.finish();
    None
}
