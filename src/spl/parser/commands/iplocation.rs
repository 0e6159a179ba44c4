//! `iplocation [prefix=P] [allfields=B] [lang=L] FIELD`, its parts in any order.

use crate::spl::ast::{CommandKind, Iplocation};

use super::super::Parser;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let start = parser.scan.at();
    let (mut field, mut prefix, mut all_fields, mut language) = (None, None, None, None);
    loop {
        parser.scan.skip_separators();
        if parser.scan.rest().is_empty() {
            break;
        }
        let Some(option) = parser.option_name() else {
            parser.only_field(&mut field, "iplocation")?;
            continue;
        };
        match option.text.as_str() {
            "prefix" => {
                let value = parser.option_value(&option)?.text;
                parser.keep_option(&mut prefix, value, &option)?;
            }
            "allfields" => {
                let value = parser.option_bool(&option)?;
                parser.keep_option(&mut all_fields, value, &option)?;
            }
            "lang" => {
                let value = parser.option_value(&option)?.text;
                parser.keep_option(&mut language, value, &option)?;
            }
            _ => {
                parser.unknown_option(option.range.start..parser.scan.at());
                return None;
            }
        }
    }
    let Some(field) = field else {
        parser.missing(start..start, "iplocation names no field");
        return None;
    };
    Some(CommandKind::Iplocation(Iplocation {
        field,
        prefix: prefix.unwrap_or_default(),
        all_fields: all_fields.unwrap_or(false),
        language: language.unwrap_or_else(|| "en".to_owned()),
    }))
}
