//! `inputlookup [append=B] [start=N] [max=N] NAME`.

use crate::spl::ast::{CommandKind, Inputlookup};

use super::super::Parser;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let begin = parser.scan.at();
    let (mut name, mut append, mut start, mut max) = (None, None, None, None);
    loop {
        parser.scan.skip_separators();
        if parser.scan.rest().is_empty() {
            break;
        }
        let Some(option) = parser.option_name() else {
            parser.only_field(&mut name, "inputlookup")?;
            continue;
        };
        match option.text.as_str() {
            "append" => {
                let value = parser.option_bool(&option)?;
                parser.keep_option(&mut append, value, &option)?;
            }
            "start" => {
                let value = parser.option_number(&option)?;
                parser.keep_option(&mut start, value, &option)?;
            }
            "max" => {
                let value = parser.option_number(&option)?;
                parser.keep_option(&mut max, value, &option)?;
            }
            _ => {
                parser.unknown_option(option.range.start..parser.scan.at());
                return None;
            }
        }
    }
    let Some(name) = name else {
        parser.missing(begin..begin, "inputlookup names no table");
        return None;
    };
    let (append, start) = (append.unwrap_or(false), start.unwrap_or(0));
    Some(CommandKind::Inputlookup(Inputlookup { name, append, start, max }))
}
