//! `top` and `rare`: `[N] [OPTION]... FIELD... [by FIELD...]`.

use crate::spl::ast::{CommandKind, Top};
use crate::spl::codes;
use crate::spl::lexer::Lexeme;

use super::super::Parser;

/// How many combinations are kept of each group when it is not told (Search Reference, top).
const DEFAULT_LIMIT: u64 = 10;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    read(parser, false)
}

pub(super) fn parse_rare(parser: &mut Parser<'_>) -> Option<CommandKind> {
    read(parser, true)
}

fn read(parser: &mut Parser<'_>, rarest: bool) -> Option<CommandKind> {
    let start = parser.scan.at();
    let mut top = Top {
        rarest,
        limit: DEFAULT_LIMIT,
        fields: Vec::new(),
        by: Vec::new(),
        count: Some("count".to_owned()),
        percent: Some("percent".to_owned()),
    };
    limit(parser, &mut top);
    loop {
        parser.scan.skip_separators();
        if parser.scan.rest().is_empty() {
            break;
        }
        if let Some(fields) = parser.by_fields() {
            top.by = fields;
            break;
        }
        if let Some(option) = parser.option_name() {
            set_option(parser, &option, &mut top)?;
            continue;
        }
        let Some(name) = parser.field_name() else {
            parser.not_a_name();
            return None;
        };
        top.fields.push(parser.spanned(name));
    }
    if top.fields.is_empty() {
        if parser.findings.is_empty() {
            parser.missing(start..start, "no field is named whose values are to be counted");
        }
        return None;
    }
    Some(CommandKind::Top(Box::new(top)))
}

/// Takes a number before the fields.
fn limit(parser: &mut Parser<'_>, to: &mut Top) {
    parser.scan.skip_blanks();
    let start = parser.scan.at();
    let word = parser.scan.take_while(|c| !c.is_whitespace() && c != ',');
    match parser.scan.slice(word).parse() {
        Ok(limit) => to.limit = limit,
        Err(_) => parser.scan.set(start),
    }
}

/// Reads the value of an option; `None` after an error, which an unknown option is.
fn set_option(parser: &mut Parser<'_>, name: &Lexeme, to: &mut Top) -> Option<()> {
    match name.text.as_str() {
        "limit" => {
            let value = parser.option_value(name)?;
            let Ok(limit) = value.text.parse() else {
                let message = "`limit` is a number of rows, 0 for all";
                parser.error(codes::UNSUPPORTED_OPTION, message, name.range.start..value.range.end);
                parser.scan.finish();
                return None;
            };
            to.limit = limit;
        }
        "countfield" => to.count = Some(parser.option_value(name)?.text),
        "percentfield" => to.percent = Some(parser.option_value(name)?.text),
        "showcount" => hide_unless(parser.option_bool(name)?, &mut to.count),
        "showperc" => hide_unless(parser.option_bool(name)?, &mut to.percent),
        _ => {
            parser.unknown_option(name.range.start..parser.scan.at());
            return None;
        }
    }
    Some(())
}

fn hide_unless(is_shown: bool, column: &mut Option<String>) {
    if !is_shown {
        *column = None;
    }
}
