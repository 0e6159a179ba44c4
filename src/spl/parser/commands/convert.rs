//! `convert [timeformat=F] FUNCTION(FIELD...) [AS NAME]...`, commas and blanks alike.

use crate::spl::ast::{CommandKind, Conversion, Convert, ConvertFunction, FieldPattern};
use crate::spl::codes;
use crate::spl::lexer::Lexeme;

use super::super::Parser;

/// How `ctime` and `mktime` write times when it is not told (Search Reference, convert).
const DEFAULT_FORMAT: &str = "%m/%d/%Y %H:%M:%S";

const FUNCTIONS: &[(&str, ConvertFunction)] = &[
    ("ctime", ConvertFunction::Ctime),
    ("dur2sec", ConvertFunction::Dur2sec),
    ("memk", ConvertFunction::Memk),
    ("mktime", ConvertFunction::Mktime),
    ("mstime", ConvertFunction::Mstime),
    ("none", ConvertFunction::None),
    ("rmcomma", ConvertFunction::Rmcomma),
    ("rmunit", ConvertFunction::Rmunit),
];

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let start = parser.scan.at();
    let (mut time_format, mut conversions) = (None, Vec::new());
    loop {
        parser.scan.skip_separators();
        if parser.scan.rest().is_empty() {
            break;
        }
        if let Some(option) = parser.option_name() {
            if option.text != "timeformat" {
                parser.unknown_option(option.range.start..parser.scan.at());
                return None;
            }
            let value = parser.option_value(&option)?;
            parser.keep_option(&mut time_format, value.text, &option)?;
            continue;
        }
        conversion(parser, &mut conversions)?;
    }
    if conversions.is_empty() {
        parser.missing(start..start, "convert names no function");
        return None;
    }
    let time_format = time_format.unwrap_or_else(|| DEFAULT_FORMAT.to_owned());
    Some(CommandKind::Convert(Box::new(Convert { time_format, conversions })))
}

/// One function with its fields.
fn conversion(parser: &mut Parser<'_>, to: &mut Vec<Conversion>) -> Option<()> {
    let range = parser.scan.take_while(|c| c.is_alphanumeric() || c == '_');
    if range.is_empty() {
        parser.not_a_name();
        return None;
    }
    let text = parser.scan.slice(range.clone()).to_ascii_lowercase();
    let function = function(parser, &Lexeme { text, range: range.clone() })?;
    parser.scan.skip_blanks();
    if !parser.scan.eat("(") {
        parser.missing(range, "fields in parentheses follow a function of `convert`");
        parser.scan.finish();
        return None;
    }
    let fields = fields(parser, range.start)?;
    let findings = parser.findings.len();
    let before = parser.scan.at();
    let name = parser.alias();
    if parser.findings.len() > findings {
        return None;
    }
    if name.is_none() {
        parser.scan.set(before);
    }
    let is_odd = fields.len() != 1 || fields.iter().any(|field| field.node.contains('*'));
    if let Some(name) = name.as_ref().filter(|_| is_odd) {
        let finding = crate::spl::diagnostic::Diagnostic::error(
            codes::WILDCARD_COUNT,
            "one name cannot be that of several fields",
            name.span,
        );
        parser.findings.push(finding);
        return None;
    }
    to.extend(fields.into_iter().map(|field| Conversion { function, field, name: name.clone() }));
    Some(())
}

fn function(parser: &mut Parser<'_>, name: &Lexeme) -> Option<ConvertFunction> {
    let known = FUNCTIONS.iter().find(|(known, _)| *known == name.text);
    if let Some((_, function)) = known {
        return Some(*function);
    }
    let hint = match name.text.as_str() {
        "auto" | "num" => {
            "which forms Splunk tries is written nowhere: say which it is, by rmunit, rmcomma, \
             dur2sec, memk or mstime, or write `eval f=tonumber(f)`"
                .to_owned()
        }
        _ => {
            let names: Vec<_> = FUNCTIONS.iter().map(|(name, _)| *name).collect();
            format!("the functions are {}", names.join(", "))
        }
    };
    let message = format!("`convert` has no function `{}`, or it is not supported", name.text);
    parser.error_with_hint(codes::UNSUPPORTED_OPTION, message, name.range.clone(), hint);
    parser.scan.finish();
    None
}

/// Fields up to the closing parenthesis.
fn fields(parser: &mut Parser<'_>, start: usize) -> Option<Vec<FieldPattern>> {
    let mut fields = Vec::new();
    loop {
        parser.scan.skip_separators();
        if parser.scan.eat(")") {
            break;
        }
        if parser.scan.rest().is_empty() {
            let message = "this function's parenthesis is never closed";
            parser.error(codes::UNCLOSED_PARENTHESIS, message, start..parser.scan.at());
            return None;
        }
        let Some(name) = parser.field_name() else {
            parser.not_a_name();
            return None;
        };
        fields.push(parser.spanned(name));
    }
    if fields.is_empty() {
        parser.missing(start..parser.scan.at(), "this function names no field");
        parser.scan.finish();
        return None;
    }
    Some(fields)
}
