//! `stats AGG... [by FIELD...]`, commas and blanks alike.

use std::ops::Range;

use crate::spl::ast::{Aggregation, AggregationArgument, CommandKind, Spanned, Stats};
use crate::spl::codes;
use crate::spl::lexer::Lexeme;

use super::super::Parser;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    clauses(parser, "stats").map(CommandKind::Stats)
}

/// Reads aggregations and by-fields up to the end of the command, which is called `name`.
pub(super) fn clauses(parser: &mut Parser<'_>, name: &str) -> Option<Stats> {
    clauses_and_options(parser, name, &mut |parser, option| {
        parser.unknown_option(option.range.start..parser.scan.at());
        None
    })
}

/// Reads the value of the option that it is given, at the `=`; `None` after an error.
pub(super) type ReadOption<'r> = &'r mut dyn FnMut(&mut Parser<'_>, &Lexeme) -> Option<()>;

/// The same with options before and between the aggregations.
pub(super) fn clauses_and_options(
    parser: &mut Parser<'_>,
    name: &str,
    read_option: ReadOption<'_>,
) -> Option<Stats> {
    let start = parser.scan.at();
    let mut stats = Stats { aggregations: Vec::new(), by: Vec::new() };
    loop {
        parser.scan.skip_separators();
        if parser.scan.rest().is_empty() {
            break;
        }
        if let Some(fields) = parser.by_fields() {
            stats.by = fields;
            break;
        }
        if let Some(option) = parser.option_name() {
            read_option(parser, &option)?;
            continue;
        }
        stats.aggregations.push(aggregation(parser)?);
    }
    if stats.aggregations.is_empty() && parser.findings.is_empty() {
        parser.missing(start..start, format!("{name} computes nothing"));
        return None;
    }
    Some(stats)
}

fn aggregation(parser: &mut Parser<'_>) -> Option<Aggregation> {
    let function = function(parser)?;
    let start = function.range.start;
    parser.scan.skip_blanks();
    let argument = if parser.scan.peek() == Some('(') {
        Some(argument(parser)?)
    } else {
        parser.scan.set(function.range.end);
        None
    };
    let mut end = parser.scan.at();
    let findings = parser.findings.len();
    let alias = parser.alias();
    match alias {
        Some(_) => end = parser.scan.at(),
        None if parser.findings.len() > findings => return None,
        None => parser.scan.set(end),
    }
    refuse_wildcard_mismatch(parser, argument.as_ref(), alias.as_ref(), start..end)?;
    let span = parser.span(&(start..end));
    let mut function = parser.spanned(function);
    function.node.make_ascii_lowercase();
    Some(Aggregation { function, argument: argument.flatten(), alias, span })
}

/// `values(a*) as b` names one field for many: an error in Splunk too.
fn refuse_wildcard_mismatch(
    parser: &mut Parser<'_>,
    argument: Option<&Option<AggregationArgument>>,
    alias: Option<&Spanned<String>>,
    range: Range<usize>,
) -> Option<()> {
    let Some(alias) = alias else { return Some(()) };
    let wildcards = |name: &str| name.matches('*').count();
    let given = match argument {
        Some(Some(AggregationArgument::Field(field))) => wildcards(&field.node),
        _ => 0,
    };
    if given == wildcards(&alias.node) {
        return Some(());
    }
    parser.error(
        codes::WILDCARD_COUNT,
        format!("`{}` holds another number of wildcards than the field it renames", alias.node),
        range,
    );
    None
}

/// The name of a function.
fn function(parser: &mut Parser<'_>) -> Option<Lexeme> {
    let range = parser.scan.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
    if range.is_empty() {
        let here = parser.here();
        let what = parser.scan.slice(here.clone()).to_owned();
        let (code, message) = match what.as_str() {
            ")" => (codes::STRAY_PARENTHESIS, "this closing parenthesis has no opening one".into()),
            _ => {
                (codes::UNEXPECTED_TEXT, format!("expected a statistical function, found `{what}`"))
            }
        };
        parser.error(code, message, here);
        parser.scan.finish();
        return None;
    }
    Some(Lexeme { text: parser.scan.slice(range.clone()).to_owned(), range })
}

/// What stands in parentheses: a field, `eval(...)`, or nothing.
fn argument(parser: &mut Parser<'_>) -> Option<Option<AggregationArgument>> {
    let open = parser.scan.take_char();
    parser.scan.skip_blanks();
    if parser.scan.eat(")") {
        return Some(None);
    }
    let start = parser.scan.at();
    let is_eval = parser.scan.eat_word("eval") && {
        parser.scan.skip_blanks();
        parser.scan.peek() == Some('(')
    };
    let argument = if is_eval {
        let inner = parser.scan.take_char();
        let expression = parser.expression()?;
        close(parser, &inner)?;
        AggregationArgument::Eval(expression)
    } else {
        parser.scan.set(start);
        AggregationArgument::Field(field(parser, &open)?)
    };
    close(parser, &open)?;
    Some(Some(argument))
}

fn field(parser: &mut Parser<'_>, open: &Range<usize>) -> Option<Spanned<String>> {
    match parser.field_name() {
        Some(name) => Some(parser.spanned(name)),
        None => {
            if parser.scan.is_done() {
                close(parser, open)?;
            }
            parser.not_a_name();
            None
        }
    }
}

fn close(parser: &mut Parser<'_>, open: &Range<usize>) -> Option<()> {
    parser.scan.skip_blanks();
    if parser.scan.eat(")") {
        return Some(());
    }
    if parser.scan.rest().is_empty() {
        parser.error(codes::UNCLOSED_PARENTHESIS, "this parenthesis is never closed", open.clone());
        return None;
    }
    let here = parser.here();
    let what = parser.scan.slice(here.clone()).to_owned();
    parser.error_with_hint(
        codes::UNEXPECTED_TEXT,
        format!("expected `)`, found `{what}`"),
        here,
        "an expression in a statistical function is written eval(...)",
    );
    parser.scan.finish();
    None
}
