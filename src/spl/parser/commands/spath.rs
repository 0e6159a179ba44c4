//! `spath [input=F] [output=F] [path=P | P]`, its parts in any order.

use crate::spl::ast::{CommandKind, Spath};
use crate::spl::codes;

use super::super::Parser;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let start = parser.scan.at();
    let (mut input, mut output, mut path) = (None, None, None);
    loop {
        parser.scan.skip_separators();
        if parser.scan.rest().is_empty() {
            break;
        }
        let Some(option) = parser.option_name() else {
            let value = match parser.scan.peek() {
                Some('"') => parser.quoted()?,
                _ => parser.scan.bare(|c, _| c.is_whitespace() || matches!(c, ',' | '"')),
            };
            if path.replace(value.text).is_some() {
                parser.error(codes::GIVEN_TWICE, "`spath` takes one path", value.range);
                parser.scan.finish();
                return None;
            }
            continue;
        };
        let value = parser.option_value(&option)?.text;
        match option.text.as_str() {
            "input" => parser.keep_option(&mut input, value, &option)?,
            "output" => parser.keep_option(&mut output, value, &option)?,
            "path" => parser.keep_option(&mut path, value, &option)?,
            _ => {
                parser.unknown_option(option.range.start..parser.scan.at());
                return None;
            }
        }
    }
    if output.is_some() && path.is_none() {
        parser.missing(start..parser.scan.at(), "spath has an output, and no path to it");
        return None;
    }
    let path = path.map(|path| (path.clone(), output.unwrap_or(path)));
    Some(CommandKind::Spath(Spath { input: input.unwrap_or_else(|| "_raw".to_owned()), path }))
}
