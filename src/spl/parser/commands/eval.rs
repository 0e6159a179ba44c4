//! `eval a=EXPR, b=EXPR`.

use crate::spl::ast::{CommandKind, Expr, Spanned};
use crate::spl::codes;

use super::super::Parser;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let mut clauses = Vec::new();
    loop {
        clauses.push(clause(parser)?);
        if parser.scan.is_done() {
            return Some(CommandKind::Eval(clauses));
        }
        if !parser.scan.eat(",") {
            parser.unexpected_after_operand();
            return None;
        }
    }
}

fn clause(parser: &mut Parser<'_>) -> Option<(Spanned<String>, Expr)> {
    if parser.scan.is_done() {
        parser.missing(parser.here(), "expected `field=expression`");
        return None;
    }
    let Some(name) = parser.field_name() else {
        parser.not_a_name();
        return None;
    };
    parser.scan.skip_blanks();
    if !parser.scan.eat("=") {
        parser.error(
            codes::UNEXPECTED_TEXT,
            format!("expected `=` after the field `{}`", name.text),
            name.range,
        );
        parser.scan.finish();
        return None;
    }
    let name = parser.spanned(name);
    Some((name, parser.expression()?))
}
