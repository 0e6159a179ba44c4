//! `lookup [local=B] [update=B] NAME f [AS g]... [OUTPUT|OUTPUTNEW f [AS g]...]`.

use crate::spl::ast::{ColumnField, CommandKind, Lookup};
use crate::spl::lexer::Lexeme;

use super::super::Parser;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let start = parser.scan.at();
    let Some(name) = name(parser)? else {
        parser.missing(start..start, "lookup names no table");
        return None;
    };
    let named = name.range.clone();
    let name = parser.spanned(name);
    let matches = columns(parser)?;
    if matches.is_empty() {
        parser.missing(named, "lookup names no field to look up");
        return None;
    }
    let start = parser.scan.at();
    let keeps = parser.scan.eat_word("outputnew");
    if !keeps && !parser.scan.eat_word("output") {
        return Some(CommandKind::Lookup(Lookup { name, matches, output: None, keeps: false }));
    }
    let keyword = start..parser.scan.at();
    let output = columns(parser)?;
    if output.is_empty() {
        parser.missing(keyword, "no field follows this");
        return None;
    }
    Some(CommandKind::Lookup(Lookup { name, matches, output: Some(output), keeps }))
}

/// The name of the table, behind options that say where and when a lookup runs in Splunk: here
/// they change nothing.
#[expect(clippy::option_option, reason = "an error, no name, a name")]
fn name(parser: &mut Parser<'_>) -> Option<Option<Lexeme>> {
    loop {
        parser.scan.skip_separators();
        let Some(option) = parser.option_name() else { break };
        if !["local", "update"].contains(&option.text.as_str()) {
            parser.unknown_option(option.range.start..parser.scan.at());
            return None;
        }
        parser.option_bool(&option)?;
    }
    if parser.scan.rest().is_empty() {
        return Some(None);
    }
    let name = parser.field_name();
    if name.is_none() {
        parser.not_a_name();
        return None;
    }
    Some(name)
}

/// Columns and their fields, up to `OUTPUT` or the end.
fn columns(parser: &mut Parser<'_>) -> Option<Vec<ColumnField>> {
    let mut list = Vec::new();
    loop {
        parser.scan.skip_separators();
        let word = parser.scan.peek_word();
        let is_keyword = ["output", "outputnew"].iter().any(|k| word.eq_ignore_ascii_case(k));
        if parser.scan.rest().is_empty() || is_keyword {
            return Some(list);
        }
        let Some(column) = parser.field_name() else {
            parser.not_a_name();
            return None;
        };
        let column = parser.spanned(column);
        let findings = parser.findings.len();
        let alias = parser.alias();
        if parser.findings.len() > findings {
            return None;
        }
        let field = alias.map_or_else(|| column.node.clone(), |alias| alias.node);
        list.push(ColumnField { column, field });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spl::{Macros, codes, parse};

    fn lookup(text: &str) -> Result<String, Vec<&'static str>> {
        let parsed = parse(&format!("* | lookup {text}"), &Macros::empty());
        let codes: Vec<_> = parsed.diagnostics.iter().map(|finding| finding.code).collect();
        let mut commands = parsed.pipeline.ok_or(codes)?.commands;
        let Some(CommandKind::Lookup(lookup)) = commands.pop().map(|command| command.kind) else {
            panic!("{text}")
        };
        let shown = |list: &[ColumnField]| {
            let list = list.iter().map(|one| format!("{}>{}", one.column.node, one.field));
            list.collect::<Vec<_>>().join(" ")
        };
        let output = lookup.output.map(|list| shown(&list));
        let (name, matches) = (lookup.name.node, shown(&lookup.matches));
        Ok(format!("{name}: {matches}: {output:?} {}", lookup.keeps))
    }

    /// SPLUNK.md 4, lookup.
    #[test]
    fn arguments_are_read() {
        for (text, expected) in [
            ("t a", "t: a>a: None false"),
            ("t a AS b, c as \"d e\" f", "t: a>b c>d e f>f: None false"),
            ("t.csv a OUTPUT x as y, z", "t.csv: a>a: Some(\"x>y z>z\") false"),
            ("local=true update = f t a as b outputnew x", "t: a>b: Some(\"x>x\") true"),
        ] {
            assert_eq!(lookup(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, code) in [
            ("", codes::MISSING_ARGUMENT),
            ("t", codes::MISSING_ARGUMENT),
            ("t OUTPUT a", codes::MISSING_ARGUMENT),
            ("t a OUTPUT", codes::MISSING_ARGUMENT),
            ("t a as", codes::MISSING_ARGUMENT),
            ("t a OUTPUT b OUTPUT c", codes::UNEXPECTED_TEXT),
            ("local=maybe t a", codes::UNSUPPORTED_OPTION),
            ("colour=red t a", codes::UNSUPPORTED_OPTION),
        ] {
            assert_eq!(lookup(text), Err(vec![code]), "{text}");
        }
    }
}
