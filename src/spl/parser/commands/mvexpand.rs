//! `mvexpand FIELD [limit=N]`.

use crate::spl::ast::{CommandKind, Mvexpand};
use crate::spl::codes;

use super::super::Parser;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let start = parser.scan.at();
    let (mut field, mut limit) = (None, None);
    loop {
        parser.scan.skip_separators();
        if parser.scan.rest().is_empty() {
            break;
        }
        if let Some(option) = parser.option_name() {
            if option.text != "limit" {
                parser.unknown_option(option.range.start..parser.scan.at());
                return None;
            }
            let value = parser.option_number(&option)?;
            parser.keep_option(&mut limit, value, &option)?;
            continue;
        }
        let Some(name) = parser.field_name() else {
            parser.not_a_name();
            return None;
        };
        if field.is_some() {
            parser.error(codes::GIVEN_TWICE, "`mvexpand` takes one field", name.range);
            parser.scan.finish();
            return None;
        }
        field = Some(name.text);
    }
    let Some(field) = field else {
        parser.missing(start..start, "mvexpand names no field");
        return None;
    };
    Some(CommandKind::Mvexpand(Mvexpand { field, limit: limit.unwrap_or(0) }))
}
