//! `strcat [allrequired=B] SOURCE... FIELD`.

use crate::spl::ast::{CommandKind, Strcat, StrcatSource};

use super::super::Parser;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let start = parser.scan.at();
    let (mut sources, mut all_required) = (Vec::new(), None);
    loop {
        parser.scan.skip_separators();
        match parser.scan.peek() {
            None => break,
            Some('"') => sources.push(StrcatSource::Text(parser.quoted()?.text)),
            Some(_) => {
                if let Some(option) = parser.option_name() {
                    if option.text != "allrequired" {
                        parser.unknown_option(option.range.start..parser.scan.at());
                        return None;
                    }
                    let value = parser.option_bool(&option)?;
                    parser.keep_option(&mut all_required, value, &option)?;
                    continue;
                }
                let Some(name) = parser.field_name() else {
                    parser.not_a_name();
                    return None;
                };
                sources.push(StrcatSource::Field(parser.spanned(name)));
            }
        }
    }
    match sources.pop() {
        Some(StrcatSource::Field(target)) if !sources.is_empty() => {
            let all_required = all_required.unwrap_or(false);
            Some(CommandKind::Strcat(Strcat { sources, target: target.node, all_required }))
        }
        _ => {
            let message = "strcat needs what is put together, then a field that gets it";
            parser.missing(start..start, message);
            None
        }
    }
}
