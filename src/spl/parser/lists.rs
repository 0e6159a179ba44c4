//! Lists of fields: commas and blanks alike, names in double quotes where they are odd.

use std::ops::Range;

use crate::spl::ast::FieldPattern;
use crate::spl::codes;
use crate::spl::lexer::Lexeme;

use super::Parser;

/// What ends a bare name in a list.
fn ends_name(c: char, next: Option<char>) -> bool {
    c.is_whitespace()
        || matches!(c, ',' | '(' | ')' | '"' | '[' | ']' | '|' | '=')
        || (c == '!' && next == Some('='))
}

impl Parser<'_> {
    /// Takes the name of a field: a bare word, or one in double or single quotes.
    /// `None` where none stands here; an unclosed quote is reported.
    pub(super) fn field_name(&mut self) -> Option<Lexeme> {
        match self.scan.peek() {
            Some('"' | '\'') => self.quoted(),
            _ => Some(self.scan.bare(ends_name)).filter(|name| !name.range.is_empty()),
        }
    }

    /// Takes names up to the end of the command, or to a word that `stops` the list.
    pub(super) fn field_list(&mut self, stops: impl Fn(&str) -> bool) -> Vec<FieldPattern> {
        let mut list = Vec::new();
        loop {
            self.scan.skip_separators();
            if self.scan.rest().is_empty() || stops(self.scan.peek_word()) {
                return list;
            }
            let Some(name) = self.field_name() else {
                self.not_a_name();
                return list;
            };
            if let Some(option) = self.option_after(&name) {
                self.unknown_option(option);
                return list;
            }
            let name = self.spanned(name);
            list.push(name);
        }
    }

    /// The name with the `=` after it, where it is an option instead of a field.
    fn option_after(&mut self, name: &Lexeme) -> Option<Range<usize>> {
        let option = self.scan.rest().starts_with('=');
        option.then(|| name.range.start..self.scan.at() + 1)
    }

    /// Takes `by FIELD...` up to the end of the command, if it stands here.
    pub(super) fn by_fields(&mut self) -> Option<Vec<FieldPattern>> {
        let start = self.scan.at();
        if !self.scan.eat_word("by") {
            return None;
        }
        let keyword = start..self.scan.at();
        let fields = self.field_list(|_| false);
        if fields.is_empty() && self.findings.is_empty() {
            self.missing(keyword, "no field follows `by`");
        }
        Some(fields)
    }

    /// Takes the one field that `command` has, into `slot`; reports a second one.
    pub(super) fn only_field(
        &mut self,
        slot: &mut Option<FieldPattern>,
        command: &str,
    ) -> Option<()> {
        let Some(name) = self.field_name() else {
            self.not_a_name();
            return None;
        };
        if slot.is_some() {
            let message = format!("`{command}` takes one field");
            self.error(codes::GIVEN_TWICE, message, name.range);
            self.scan.finish();
            return None;
        }
        *slot = Some(self.spanned(name));
        Some(())
    }

    /// Reports an option that a command does not take here.
    pub(super) fn unknown_option(&mut self, range: Range<usize>) {
        let option = self.scan.slice(range.clone()).to_owned();
        self.error(
            codes::UNSUPPORTED_OPTION,
            format!("the option `{option}` is unknown here, or not supported yet"),
            range,
        );
        self.scan.finish();
    }

    /// Reports that something other than the name of a field stands here, unless that was done.
    pub(super) fn not_a_name(&mut self) {
        if self.scan.peek() == Some(')') {
            self.error(
                codes::STRAY_PARENTHESIS,
                "this closing parenthesis has no opening one",
                self.here(),
            );
        } else if !self.scan.rest().is_empty() {
            let here = self.here();
            let what = self.scan.slice(here.clone()).to_owned();
            self.error(
                codes::UNEXPECTED_TEXT,
                format!("expected the name of a field, found `{what}`"),
                here,
            );
        }
        self.scan.finish();
    }

    /// Takes `as NAME` if it stands here.
    pub(super) fn alias(&mut self) -> Option<FieldPattern> {
        self.scan.skip_blanks();
        let start = self.scan.at();
        if !self.scan.eat_word("as") {
            return None;
        }
        let keyword = start..self.scan.at();
        self.scan.skip_blanks();
        match self.field_name() {
            Some(name) => Some(self.spanned(name)),
            None => {
                if self.scan.is_done() {
                    self.missing(keyword, "a name is missing after `as`");
                } else {
                    self.not_a_name();
                }
                None
            }
        }
    }

    /// Reports that a command lacks something.
    pub(super) fn missing(&mut self, range: Range<usize>, message: impl Into<String>) {
        self.error(codes::MISSING_ARGUMENT, message, range);
    }
}
