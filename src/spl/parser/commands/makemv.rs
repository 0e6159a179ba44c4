//! `makemv [delim=D | tokenizer=RE] [allowempty=B] FIELD`, its parts in any order.

use crate::spl::ast::{CommandKind, Makemv, Split};

use super::super::Parser;

/// What parts values when it is not told (Search Reference, makemv).
const DEFAULT_DELIMITER: &str = " ";

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let start = parser.scan.at();
    let (mut field, mut split, mut allow_empty) = (None, None, None);
    loop {
        parser.scan.skip_separators();
        if parser.scan.rest().is_empty() {
            break;
        }
        let Some(option) = parser.option_name() else {
            parser.only_field(&mut field, "makemv")?;
            continue;
        };
        match option.text.as_str() {
            "delim" => {
                let value = parser.option_value(&option)?;
                if value.text.is_empty() {
                    parser.missing(value.range, "an empty text parts nothing");
                    parser.scan.finish();
                    return None;
                }
                parser.keep_option(&mut split, Split::Delimiter(value.text), &option)?;
            }
            "tokenizer" => {
                let value = parser.option_value(&option)?;
                let pattern = parser.spanned(value);
                parser.keep_option(&mut split, Split::Tokenizer(pattern), &option)?;
            }
            "allowempty" => {
                let value = parser.option_bool(&option)?;
                parser.keep_option(&mut allow_empty, value, &option)?;
            }
            _ => {
                parser.unknown_option(option.range.start..parser.scan.at());
                return None;
            }
        }
    }
    let Some(field) = field else {
        parser.missing(start..start, "makemv names no field");
        return None;
    };
    Some(CommandKind::Makemv(Makemv {
        field: field.node,
        split: split.unwrap_or_else(|| Split::Delimiter(DEFAULT_DELIMITER.to_owned())),
        allow_empty: allow_empty.unwrap_or(false),
    }))
}
