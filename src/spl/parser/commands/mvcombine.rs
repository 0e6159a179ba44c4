//! `mvcombine [delim=D] FIELD`. What parts the values shows only in a form of the field that no
//! command reads, so it changes nothing here.

use crate::spl::ast::CommandKind;

use super::super::Parser;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let start = parser.scan.at();
    let (mut field, mut delimiter) = (None, None);
    loop {
        parser.scan.skip_separators();
        if parser.scan.rest().is_empty() {
            break;
        }
        let Some(option) = parser.option_name() else {
            parser.only_field(&mut field, "mvcombine")?;
            continue;
        };
        if option.text != "delim" {
            parser.unknown_option(option.range.start..parser.scan.at());
            return None;
        }
        let value = parser.option_value(&option)?;
        parser.keep_option(&mut delimiter, value.text, &option)?;
    }
    if field.is_none() {
        parser.missing(start..start, "mvcombine names no field");
    }
    field.map(CommandKind::Mvcombine)
}
