//! `fillnull [value=V] [LIST]`, its parts in any order.

use crate::spl::ast::{CommandKind, Fillnull};
use crate::spl::codes;

use super::super::Parser;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let (mut value, mut list) = (None, Vec::new());
    loop {
        parser.scan.skip_separators();
        if parser.scan.rest().is_empty() {
            let value = value.unwrap_or_else(|| "0".to_owned());
            return Some(CommandKind::Fillnull(Fillnull { value, list }));
        }
        let start = parser.scan.at();
        let Some(name) = parser.field_name() else {
            parser.not_a_name();
            return None;
        };
        let after = parser.scan.at();
        parser.scan.skip_blanks();
        if !parser.scan.eat("=") {
            parser.scan.set(after);
            list.push(parser.spanned(name));
            continue;
        }
        if !name.text.eq_ignore_ascii_case("value") {
            parser.unknown_option(start..parser.scan.at());
            return None;
        }
        parser.scan.skip_blanks();
        let given = match parser.scan.peek() {
            Some('"') => parser.quoted()?,
            _ => parser.scan.bare(|c, _| c.is_whitespace() || c == ','),
        };
        if value.replace(given.text).is_some() {
            let range = start..parser.scan.at();
            parser.error(codes::GIVEN_TWICE, "`value` is given twice", range);
            parser.scan.finish();
            return None;
        }
    }
}
