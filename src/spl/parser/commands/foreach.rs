//! `foreach PATTERN... [ COMMAND | ... ]`.

use std::ops::Range;

use crate::spl::ast::{Command, CommandKind, Foreach};
use crate::spl::diagnostic::Severity;
use crate::spl::{codes, lexer, template};

use super::super::Parser;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let start = parser.scan.at();
    let mut fields = Vec::new();
    loop {
        parser.scan.skip_separators();
        match parser.scan.peek() {
            Some('[') => break,
            None => {
                parser.missing(start..start, "foreach has no commands in brackets");
                return None;
            }
            Some(_) => {}
        }
        if let Some(option) = parser.option_name() {
            parser.unknown_option(option.range.start..parser.scan.at());
            return None;
        }
        let Some(name) = parser.field_name() else {
            parser.not_a_name();
            return None;
        };
        fields.push(parser.spanned(name));
    }
    let brackets = parser.brackets()?;
    if fields.is_empty() {
        parser.missing(brackets, "foreach names no field");
        return None;
    }
    let template = parser.nested(|parser| parser.template(brackets))?;
    Some(CommandKind::Foreach(Foreach { fields, template }))
}

impl Parser<'_> {
    /// Takes the brackets that open here, and gives what is between them; pairs inside, and what
    /// stands in quotes, are passed over.
    fn brackets(&mut self) -> Option<Range<usize>> {
        let open = self.scan.take_char();
        let mut depth = 0_usize;
        while let Some(c) = self.scan.peek() {
            match c {
                '"' => {
                    self.quoted()?;
                    continue;
                }
                '[' => depth += 1,
                ']' if depth == 0 => {
                    let inner = open.end..self.scan.at();
                    self.scan.eat("]");
                    return Some(inner);
                }
                ']' => depth -= 1,
                _ => {}
            }
            self.scan.take_char();
        }
        self.error(codes::UNCLOSED_BRACKET, "this bracket is never closed", open);
        None
    }

    /// The commands between the brackets of `foreach`, with marks for the words that are filled in.
    fn template(&mut self, range: Range<usize>) -> Option<Vec<Command>> {
        let text = template::mark(self.scan.slice(range.clone()));
        let source = self.source.part(&range, text);
        let mut commands = Vec::new();
        for (index, part) in lexer::split_commands(&source.text).into_iter().enumerate() {
            let mut parser = Parser::new(&source, part.clone());
            parser.depth = self.depth;
            // The first command may stand behind a pipe, or without one.
            if parser.scan.is_done() && index == 0 {
                continue;
            }
            // One in another is not supported, and each level would be read anew by the next.
            let kind = if parser.scan.peek_word().eq_ignore_ascii_case("foreach") {
                let message = "`foreach` in the brackets of `foreach` is not supported";
                parser.error(codes::NOT_IN_FOREACH, message, parser.here());
                None
            } else {
                parser.command()
            };
            let span = parser.command_span();
            for mut finding in parser.findings {
                finding.message = template::unmark(&finding.message);
                finding.hint = finding.hint.map(|hint| template::unmark(&hint));
                self.findings.push(finding);
            }
            commands.extend(kind.map(|kind| Command { kind, span }));
        }
        let is_sound = self.findings.iter().all(|finding| finding.severity < Severity::Error);
        if commands.is_empty() && is_sound {
            self.missing(range, "foreach has no commands in brackets");
            return None;
        }
        is_sound.then_some(commands)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spl::{Macros, parse};

    #[test]
    fn what_is_wrong_is_named_and_placed() {
        for (text, code, place) in [
            ("foreach a*", codes::MISSING_ARGUMENT, ""),
            ("foreach [eval a=1]", codes::MISSING_ARGUMENT, "eval a=1"),
            ("foreach a* []", codes::MISSING_ARGUMENT, ""),
            ("foreach a* [eval a=1", codes::UNCLOSED_BRACKET, "["),
            ("foreach a* [eval a=1] b", codes::UNEXPECTED_TEXT, "b"),
            ("foreach mode=multivalue a [eval a=1]", codes::UNSUPPORTED_OPTION, "mode="),
            ("foreach a* [eval <<FIELD>>=]", codes::MISSING_OPERAND, ""),
            ("foreach a* [eval <<FIELD>> 1]", codes::UNEXPECTED_TEXT, "<<FIELD>>"),
            ("foreach a* [foreach b* [eval c=1]]", codes::NOT_IN_FOREACH, "f"),
            ("foreach a* [ | evil <<FIELD>>=1 ]", codes::UNKNOWN_COMMAND, "evil"),
            ("foreach a* [eval x=\"[\" | wher <<FIELD>>]", codes::UNKNOWN_COMMAND, "wher"),
        ] {
            let text = format!("* | {text}");
            let parsed = parse(&text, &Macros::empty());
            let found: Vec<_> = parsed
                .diagnostics
                .iter()
                .map(|finding| (finding.code, &text[finding.span.range()]))
                .collect();
            assert_eq!(found, [(code, place)], "{text}");
        }
    }

    #[test]
    fn the_end_of_the_commands_is_before_the_bracket() {
        let text = "* | foreach a* [eval `b`<<FIELD>>= ] | table a";
        let mut macros = Macros::empty();
        macros.insert("b", Vec::new(), "longer_than_its_call_");
        let parsed = parse(text, &macros);
        let places: Vec<_> = parsed.diagnostics.iter().map(|finding| finding.span.start).collect();
        assert_eq!(places, [text.find(']').unwrap()], "{:?}", parsed.diagnostics);
    }

    #[test]
    fn a_warning_keeps_the_commands() {
        let parsed = parse("* | foreach a* [eval x=<<FIELD>>.b.c]", &Macros::empty());
        assert_eq!(
            parsed.diagnostics.first().map(|finding| finding.code),
            Some(codes::DOTTED_NAME)
        );
        let commands = parsed.pipeline.map(|pipeline| pipeline.commands.len());
        assert_eq!(commands, Some(2));
    }

    #[test]
    fn brackets_in_brackets_are_limited() {
        let open = "foreach a* [ ".repeat(40_000);
        for close in [0, 40_000] {
            let text = format!("* | {open} eval a=1{}", "]".repeat(close));
            assert!(parse(&text, &Macros::empty()).has_errors());
        }
    }
}
