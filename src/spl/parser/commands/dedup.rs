//! `dedup [N] FIELD... [keepevents=B] [keepempty=B] [consecutive=B] [sortby ...]`.

use crate::spl::ast::{CommandKind, Dedup};
use crate::spl::codes;

use super::super::Parser;
use super::sort;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let mut dedup = Dedup {
        limit: limit(parser)?,
        fields: Vec::new(),
        keep_events: false,
        keep_empty: false,
        consecutive: false,
        sort_by: Vec::new(),
    };
    loop {
        parser.scan.skip_separators();
        if parser.scan.rest().is_empty() {
            break;
        }
        let start = parser.scan.at();
        if parser.scan.eat_word("sortby") {
            let keyword = start..parser.scan.at();
            dedup.sort_by = sort::keys(parser)?;
            if dedup.sort_by.is_empty() {
                parser.missing(keyword, "no field follows `sortby`");
                return None;
            }
            break;
        }
        let Some(option) = parser.option_name() else {
            let Some(name) = parser.field_name() else {
                parser.not_a_name();
                return None;
            };
            dedup.fields.push(parser.spanned(name));
            continue;
        };
        let flag = match option.text.as_str() {
            "keepevents" => &mut dedup.keep_events,
            "keepempty" => &mut dedup.keep_empty,
            "consecutive" => &mut dedup.consecutive,
            _ => {
                parser.unknown_option(start..parser.scan.at());
                return None;
            }
        };
        *flag = parser.option_bool(&option)?;
    }
    if dedup.fields.is_empty() {
        let start = parser.scan.at();
        parser.missing(start..start, "dedup names no field");
        return None;
    }
    Some(CommandKind::Dedup(dedup))
}

/// How many rows of one combination are kept, where it is written: a whole number above 0.
fn limit(parser: &mut Parser<'_>) -> Option<u64> {
    parser.scan.skip_separators();
    let start = parser.scan.at();
    let word = parser.scan.take_while(|c| !c.is_whitespace() && c != ',');
    match parser.scan.slice(word.clone()).parse::<u64>() {
        Ok(0) => {
            let message = "dedup keeps at least one row of each combination";
            parser.error(codes::UNSUPPORTED_OPTION, message, word);
            parser.scan.finish();
            None
        }
        Ok(limit) => Some(limit),
        Err(_) => {
            parser.scan.set(start);
            Some(1)
        }
    }
}
