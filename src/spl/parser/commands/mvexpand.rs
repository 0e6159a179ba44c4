//! `mvexpand FIELD [limit=N]`.

use crate::spl::ast::{CommandKind, Mvexpand};

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
        parser.only_field(&mut field, "mvexpand")?;
    }
    let Some(field) = field else {
        parser.missing(start..start, "mvexpand names no field");
        return None;
    };
    Some(CommandKind::Mvexpand(Mvexpand { field: field.node, limit: limit.unwrap_or(0) }))
}
