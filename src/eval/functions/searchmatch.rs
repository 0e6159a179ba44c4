//! `searchmatch("SEARCH")`: whether the row is one that the search would find (SPLUNK.md 1). Only
//! the terms of the `search` command: no pipe, no macro.

use super::{Arguments, Call, Function, Type};
use crate::eval::expr::{Compiler, Datum, Env};
use crate::eval::search::Search;
use crate::spl::ast::{CommandKind, Span};
use crate::spl::codes;
use crate::spl::diagnostic::{Diagnostic, Severity};
use crate::spl::{Macros, parse};

pub(super) const FUNCTION: Function = Function { name: "searchmatch", arity: (1, 1), make };

#[derive(Debug)]
struct SearchMatch(Search);

fn make(arguments: Arguments, compiler: &mut Compiler) -> Option<Box<dyn Call>> {
    let [written] = arguments.exactly()?;
    let Some(text) = written.as_text() else {
        compiler.diagnostics.push(Diagnostic::error(
            codes::NOT_A_LITERAL,
            "the search of `searchmatch` must be written as a string",
            written.span(),
        ));
        return None;
    };
    let search = compile(text, written.span(), compiler)?;
    Some(Box::new(SearchMatch(search)))
}

/// The places of what is wrong inside are those of the whole string.
fn compile(text: &str, span: Span, compiler: &mut Compiler) -> Option<Search> {
    let parsed = parse(text, &Macros::empty());
    compiler
        .diagnostics
        .extend(parsed.diagnostics.into_iter().map(|diagnostic| Diagnostic { span, ..diagnostic }));
    if compiler.diagnostics.iter().any(|found| found.severity == Severity::Error) {
        return None;
    }
    match parsed.pipeline?.commands.as_slice() {
        [command] => match &command.kind {
            CommandKind::Search(expr) => Some(Search::compile(expr)),
            _ => None,
        },
        _ => {
            compiler.diagnostics.push(Diagnostic::error(
                codes::UNEXPECTED_TEXT,
                "`searchmatch` takes search terms only, no further command",
                span,
            ));
            None
        }
    }
}

impl Call for SearchMatch {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        Datum::Bool(self.0.holds(env.row))
    }

    fn returns(&self) -> Type {
        Type::Boolean
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::{check, refused};
    use crate::spl::codes;

    #[test]
    fn rows_are_searched() {
        check(&[
            (r#"searchmatch("a=ABC")"#, "true"),
            (r#"searchmatch("a=x OR n=10*")"#, "true"),
            (r#"searchmatch("a=abc n=1")"#, "false"),
            (r#"searchmatch("many=y NOT missing=*")"#, "true"),
            (r#"if(searchmatch("a=\"abc\""), 1, 2)"#, "1"),
        ]);
    }

    #[test]
    fn what_is_no_search_is_refused() {
        refused(&[
            ("searchmatch(a)", codes::NOT_A_LITERAL),
            (r#"searchmatch("a=b | head 1")"#, codes::UNEXPECTED_TEXT),
            (r#"searchmatch("(a=b")"#, codes::UNCLOSED_PARENTHESIS),
        ]);
    }
}
