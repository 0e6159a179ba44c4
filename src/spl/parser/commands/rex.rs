//! `rex [field=F] [max_match=N] [offset_field=O] "re"` and `rex [field=F] mode=sed "s/../../"`, the
//! options before or after the expression.

use crate::spl::ast::{CommandKind, Rex, RexAction, Spanned};
use crate::spl::codes;
use crate::spl::lexer::Lexeme;

use super::super::Parser;
use super::sed;

/// The arguments as they are found.
#[derive(Default)]
struct Arguments {
    field: Option<String>,
    max_match: Option<u64>,
    offset_field: Option<String>,
    is_sed: Option<bool>,
    expression: Option<Lexeme>,
}

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let start = parser.scan.at();
    let mut arguments = Arguments::default();
    loop {
        parser.scan.skip_separators();
        if parser.scan.rest().is_empty() {
            break;
        }
        argument(parser, &mut arguments)?;
    }
    let Arguments { field, max_match, offset_field, is_sed, expression } = arguments;
    let Some(expression) = expression else {
        parser.missing(start..start, "rex has no expression");
        return None;
    };
    let action = if is_sed.unwrap_or(false) {
        // `max_match` is said of matches; a sed expression says by its flags how many it replaces.
        match sed::parse(&expression.text, parser.span(&expression.range)) {
            Ok(action) => action,
            Err(message) => {
                parser.error_with_hint(
                    codes::BAD_SED,
                    message,
                    expression.range,
                    "write s/regex/replacement/g, or y/abc/xyz/",
                );
                return None;
            }
        }
    } else {
        let span = parser.span(&expression.range);
        let pattern = Spanned { node: expression.text, span };
        RexAction::Extract { pattern, max_match: max_match.unwrap_or(1), offset_field }
    };
    let field = field.unwrap_or_else(|| "_raw".to_owned());
    Some(CommandKind::Rex(Rex { field, action }))
}

fn argument(parser: &mut Parser<'_>, arguments: &mut Arguments) -> Option<()> {
    let Some(name) = parser.option_name() else {
        let expression = expression(parser)?;
        if arguments.expression.is_none() {
            arguments.expression = Some(expression);
            return Some(());
        }
        parser.error_with_hint(
            codes::GIVEN_TWICE,
            "`rex` takes one expression",
            expression.range,
            "put all of it into double quotes",
        );
        parser.scan.finish();
        return None;
    };
    match name.text.as_str() {
        "field" => {
            let value = parser.option_value(&name)?.text;
            parser.keep_option(&mut arguments.field, value, &name)
        }
        "offset_field" => {
            let value = parser.option_value(&name)?.text;
            parser.keep_option(&mut arguments.offset_field, value, &name)
        }
        "max_match" => {
            let value = parser.option_number(&name)?;
            parser.keep_option(&mut arguments.max_match, value, &name)
        }
        "mode" => {
            let value = parser.option_value(&name)?;
            if !value.text.eq_ignore_ascii_case("sed") {
                parser.unknown_option(name.range.start..value.range.end);
                return None;
            }
            parser.keep_option(&mut arguments.is_sed, true, &name)
        }
        _ => {
            parser.unknown_option(name.range.start..parser.scan.at());
            None
        }
    }
}

/// Takes a regex or a sed expression, up to a blank. Quotes in it only delimit strings, and vanish:
/// `(?<x>"a b")` is `(?<x>a b)` (SPLUNK.md, "Decisions"). But one that starts with a quote ends with
/// that string: `"(?<x>a b")` has one parenthesis too few, which Splunk refuses (SPLUNK.md 0).
fn expression(parser: &mut Parser<'_>) -> Option<Lexeme> {
    let start = parser.scan.at();
    let mut text = String::new();
    while parser.scan.peek().is_some_and(|c| !c.is_whitespace()) {
        let part = match parser.scan.peek() {
            Some('"') => parser.quoted()?,
            _ => parser.scan.bare(|c, _| c.is_whitespace() || c == '"'),
        };
        let whole =
            part.range.start == start && parser.scan.slice(part.range.clone()).starts_with('"');
        if whole && parser.scan.peek() == Some(')') {
            parser.error_with_hint(
                codes::BAD_REGEX,
                "this regex lacks the parenthesis that stands behind it: it ends with its string",
                parser.here(),
                "put the parenthesis inside the quotes; Splunk refuses the whole search for it",
            );
            parser.scan.finish();
            return None;
        }
        text.push_str(&part.text);
    }
    Some(Lexeme { text, range: start..parser.scan.at() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spl::ast::Occurrence;
    use crate::spl::{Macros, parse};

    fn rex(text: &str) -> Result<Rex, Vec<&'static str>> {
        let parsed = parse(&format!("* | rex {text}"), &Macros::empty());
        let codes: Vec<_> = parsed.diagnostics.iter().map(|finding| finding.code).collect();
        let mut commands = parsed.pipeline.ok_or(codes)?.commands;
        match commands.pop().map(|command| command.kind) {
            Some(CommandKind::Rex(rex)) => Ok(rex),
            other => panic!("{other:?}"),
        }
    }

    /// SPLUNK.md 4, rex, and "Decisions": quotes inside an unquoted expression only delimit.
    #[test]
    fn expressions_may_be_quoted_in_part() {
        for (text, field, pattern) in [
            (r#""(?<x>a b)""#, "_raw", "(?<x>a b)"),
            (r#"field=process (?<x>"a b|c")"#, "process", "(?<x>a b|c)"),
            (r#"(?<x>"a") field = process"#, "process", "(?<x>a)"),
            (r#"field="a b" "-l "(?<x>"[^\s]+")"\s""#, "a b", r"-l (?<x>[^\s]+)\s"),
            (r#"field=a{}.b (?<y>\d{1,3})"#, "a{}.b", r"(?<y>\d{1,3})"),
            (r#""\\\(?<x>\"a\")""#, "_raw", r#"\\(?<x>"a")"#),
        ] {
            let rex = rex(text).unwrap_or_else(|codes| panic!("{text}: {codes:?}"));
            let RexAction::Extract { pattern: read, max_match: 1, offset_field: None } = rex.action
            else {
                panic!("{text}: {:?}", rex.action)
            };
            assert_eq!((rex.field.as_str(), read.node.as_str()), (field, pattern), "{text}");
        }
    }

    #[test]
    fn options_stand_anywhere() {
        let first = rex(r#"max_match=0 field=a offset_field=o "(?<x>.)""#);
        assert_eq!(first.as_ref().map(|rex| rex.field.as_str()), Ok("a"));
        let last = rex(r#""(?<x>.)" offset_field=o max_match=0 field=a"#).unwrap().action;
        let RexAction::Extract { max_match: 0, offset_field: Some(name), .. } = last else {
            panic!("{last:?}")
        };
        assert_eq!(name, "o");
        let sed = rex(r"field=a mode=sed max_match=0 s/\.\w{3}$//g").unwrap().action;
        let RexAction::Substitute { pattern, which: Occurrence::All, .. } = sed else {
            panic!("{sed:?}")
        };
        assert_eq!(pattern.node, r"\.\w{3}$");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, code) in [
            ("", codes::MISSING_ARGUMENT),
            ("field=a", codes::MISSING_ARGUMENT),
            (r#"field= "(?<x>.)""#, codes::MISSING_ARGUMENT),
            (r#""(?<x>.)" "(?<y>.)""#, codes::GIVEN_TWICE),
            (r#"field=a field=b "(?<x>.)""#, codes::GIVEN_TWICE),
            (r#"max_match=many "(?<x>.)""#, codes::BAD_NUMBER),
            (r#"mode=awk "(?<x>.)""#, codes::UNSUPPORTED_OPTION),
            (r#"colour=red "(?<x>.)""#, codes::UNSUPPORTED_OPTION),
            (r#"mode=sed "s/a/b""#, codes::BAD_SED),
            (r#""(?<x>.)"#, codes::UNCLOSED_QUOTE),
            (r#"field=a "(?<x>a b")"#, codes::BAD_REGEX),
        ] {
            assert_eq!(rex(text).unwrap_err(), [code], "{text}");
        }
    }
}
