//! The parser: one command at a time, so that a mistake in one does not hide those in the next.

mod commands;
mod expr;
mod lists;
mod options;
mod search;

use std::ops::Range;

use super::ast::{Command, CommandKind, Pipeline, SearchKind, Span, Spanned};
use super::codes;
use super::diagnostic::{Diagnostic, Severity};
use super::expand::{self, Expanded};
use super::lexer::{self, Lexeme, MAX_TEXT, Scanner, Unclosed};
use super::macros::Macros;

/// How deep groups, negations and calls may nest.
const MAX_DEPTH: usize = 200;

/// How many findings are kept: a text with more is no search.
const MAX_FINDINGS: usize = 250;

/// What a text says, and everything that is wrong with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The commands; `None` only when there is an error.
    pub pipeline: Option<Pipeline>,
    /// Errors and warnings, by place.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// Whether anything keeps the search from running.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// Parses the text of a search.
///
/// Spans are in `text`; what a macro brought stands at the call of that macro. Never panics,
/// whatever the text; takes time in proportion to its length.
#[must_use]
pub fn parse(text: &str, macros: &Macros) -> Parsed {
    let mut diagnostics = Vec::new();
    let commands = if text.len() > MAX_TEXT {
        diagnostics.push(Diagnostic::error(
            codes::TOO_LONG,
            format!("the search is longer than {MAX_TEXT} bytes"),
            Span::new(0, text.len()),
        ));
        Vec::new()
    } else {
        let expanded = expand::expand(text, macros, &mut diagnostics);
        let whole = 0..expanded.text.len();
        parse_commands(&expanded, whole, false, &mut diagnostics)
    };
    diagnostics.sort_by_key(|finding| (finding.span.start, finding.span.end, finding.code));
    diagnostics.dedup();
    limit_findings(&mut diagnostics);
    let mut parsed = Parsed { pipeline: None, diagnostics };
    if !parsed.has_errors() {
        parsed.pipeline = Some(Pipeline { commands });
    }
    parsed
}

/// Keeps the first findings and says how many were dropped.
pub(crate) fn limit_findings(diagnostics: &mut Vec<Diagnostic>) {
    let Some(first) = diagnostics.get(MAX_FINDINGS) else { return };
    let dropped = diagnostics.len() - MAX_FINDINGS;
    let message = format!("{dropped} more findings from here on");
    let span = first.span;
    let is_error = diagnostics.iter().any(|finding| finding.severity == Severity::Error);
    diagnostics.truncate(MAX_FINDINGS);
    diagnostics.push(if is_error {
        Diagnostic::error(codes::TOO_MANY_FINDINGS, message, span)
    } else {
        Diagnostic::warning(codes::TOO_MANY_WARNINGS, message, span)
    });
}

/// Parses the commands in a range of the text: all of it, or a subsearch.
fn parse_commands(
    expanded: &Expanded<'_>,
    within: Range<usize>,
    is_subsearch: bool,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Command> {
    let text = expanded.text.get(within.clone()).unwrap_or_default();
    let mut ranges = lexer::split_commands(text);
    if is_subsearch && text.split_whitespace().next() == Some("inputlookup") {
        // The first word of a subsearch may be that of a command that makes its own rows.
        ranges.insert(0, 0..0);
    }
    let starts_with_pipe = ranges.len() > 1;
    let mut commands = Vec::with_capacity(ranges.len());
    for (index, range) in ranges.into_iter().enumerate() {
        let range = within.start + range.start..within.start + range.end;
        let mut parser = Parser::new(expanded, range);
        parser.is_subsearch = is_subsearch;
        let kind = if index == 0 { parser.base_search(starts_with_pipe) } else { parser.command() };
        if let Some(kind) = kind {
            if kind.makes_rows() {
                parser.takes_no_rows(&mut commands);
            }
            commands.push(Command { kind, span: parser.command_span() });
        }
        diagnostics.append(&mut parser.findings);
    }
    commands
}

/// Reads one command.
struct Parser<'a> {
    source: &'a Expanded<'a>,
    scan: Scanner<'a>,
    range: Range<usize>,
    depth: usize,
    /// Whether the command is one of a subsearch.
    is_subsearch: bool,
    /// Whether a subsearch may stand among the terms.
    takes_subsearch: bool,
    findings: Vec<Diagnostic>,
}

impl<'a> Parser<'a> {
    fn new(source: &'a Expanded<'a>, range: Range<usize>) -> Self {
        let scan = Scanner::new(&source.text, range.clone());
        Self {
            source,
            scan,
            range,
            depth: 0,
            is_subsearch: false,
            takes_subsearch: false,
            findings: Vec::new(),
        }
    }

    /// The search before the first pipe. Text that starts with a pipe has an empty one.
    fn base_search(&mut self, starts_with_pipe: bool) -> Option<CommandKind> {
        if self.scan.is_done() {
            if !starts_with_pipe {
                self.error(codes::EMPTY_SEARCH, "the search is empty", self.range.clone());
            }
            let span = self.span(&(self.range.start..self.range.start));
            return Some(CommandKind::Search(Spanned { node: SearchKind::All, span }));
        }
        // A text may start with the name of the command that is implied there.
        let start = self.scan.at();
        if !(self.scan.eat("search") && self.scan.peek().is_some_and(char::is_whitespace)) {
            self.scan.set(start);
        }
        commands::search::parse(self)
    }

    /// Sees to it that nothing but an empty search stands before a command that makes its own rows,
    /// and that this search holds of no event.
    fn takes_no_rows(&mut self, before: &mut [Command]) {
        if let [Command { kind: CommandKind::Search(search), .. }] = before
            && search.node == SearchKind::All
            && search.span.start == search.span.end
        {
            let all = Box::new(search.clone());
            search.node = SearchKind::Not(all);
            return;
        }
        let range = self.range.clone();
        self.error_with_hint(
            codes::UNEXPECTED_TEXT,
            "this command makes rows of its own, so it stands first, behind a pipe",
            range,
            "with `append=true` its rows come behind the others",
        );
    }

    /// A command after a pipe: its name, then what its own file says.
    fn command(&mut self) -> Option<CommandKind> {
        if self.scan.is_done() {
            let before = self.range.start.saturating_sub(1);
            self.error_with_hint(
                codes::EMPTY_COMMAND,
                "no command follows this pipe",
                before..self.range.start,
                "remove the pipe, or add a command",
            );
            return None;
        }
        commands::parse(self)
    }

    /// From the name of the command to the next pipe, without the blanks around it.
    fn command_span(&self) -> Span {
        let text = self.scan.slice(self.range.clone());
        let start = self.range.start + (text.len() - text.trim_start().len());
        let end = self.range.start + text.trim_end().len();
        self.span(&(start..end.max(start)))
    }

    /// Where in the rule a range of the expanded text stands.
    fn span(&self, range: &Range<usize>) -> Span {
        self.source.span(range)
    }

    fn spanned(&self, lexeme: Lexeme) -> Spanned<String> {
        Spanned { span: self.span(&lexeme.range), node: lexeme.text }
    }

    /// The next character, or nothing, for an error about what stands here.
    fn here(&self) -> Range<usize> {
        let start = self.scan.at();
        start..start + self.scan.peek().map_or(0, char::len_utf8)
    }

    fn error(&mut self, code: &'static str, message: impl Into<String>, range: Range<usize>) {
        self.report(Diagnostic::error(code, message, self.span(&range)), &range);
    }

    fn error_with_hint(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        range: Range<usize>,
        hint: impl Into<String>,
    ) {
        let finding = Diagnostic::error(code, message, self.span(&range)).with_hint(hint);
        self.report(finding, &range);
    }

    fn warning(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        range: &Range<usize>,
        hint: impl Into<String>,
    ) {
        let finding = Diagnostic::warning(code, message, self.span(range)).with_hint(hint);
        self.findings.push(finding);
    }

    /// Keeps an error, unless it may be only the shadow of an unknown macro: something missing, or
    /// something too much, right where that macro stood.
    fn report(&mut self, finding: Diagnostic, range: &Range<usize>) {
        let may_be_shadow = matches!(
            finding.code,
            codes::MISSING_OPERAND
                | codes::MISSING_ARGUMENT
                | codes::UNEXPECTED_TEXT
                | codes::EMPTY_COMMAND
                | codes::EMPTY_SEARCH
        );
        if !(may_be_shadow && self.source.is_beside_hole(range)) {
            self.findings.push(finding);
        }
    }

    fn unclosed_quote(&mut self, unclosed: Unclosed) {
        let quote = self.scan.slice(unclosed.0.clone());
        let message = if quote == "'" {
            "this single quote, which opens the name of a field, is never closed"
        } else {
            "this quote is never closed"
        };
        self.error(codes::UNCLOSED_QUOTE, message, unclosed.0);
    }

    /// Takes the quoted string that stands here; reports one that is never closed.
    fn quoted(&mut self) -> Option<Lexeme> {
        match self.scan.quoted() {
            Ok(lexeme) => Some(lexeme),
            Err(unclosed) => {
                self.unclosed_quote(unclosed);
                None
            }
        }
    }

    /// Reports text after the end of what a command takes.
    fn expect_end(&mut self) -> Option<()> {
        if self.scan.is_done() {
            return Some(());
        }
        let start = self.scan.at();
        let rest = self.scan.rest().trim_end();
        let what = excerpt(rest);
        if self.scan.peek() == Some(')') {
            self.error(
                codes::STRAY_PARENTHESIS,
                "this closing parenthesis has no opening one",
                start..start + 1,
            );
        } else {
            self.error(
                codes::UNEXPECTED_TEXT,
                format!("unexpected `{what}`"),
                start..start + rest.len(),
            );
        }
        self.scan.finish();
        None
    }

    /// Parses what a quoted string says, all of it. Findings stand at the string.
    fn within<T>(
        &mut self,
        quoted: &Lexeme,
        parse: impl FnOnce(&mut Parser<'_>) -> Option<T>,
    ) -> Option<T> {
        let source = Expanded::of_quoted(&quoted.text, self.span(&quoted.range));
        let mut inner = Parser::new(&source, 0..quoted.text.len());
        let parsed = parse(&mut inner).and_then(|parsed| inner.expect_end().map(|()| parsed));
        self.findings.append(&mut inner.findings);
        parsed
    }

    /// Parses the commands of a subsearch; `None` where one is wrong, which is reported.
    fn subsearch_commands(&mut self, within: Range<usize>) -> Option<Vec<Command>> {
        let mut findings = Vec::new();
        let commands = parse_commands(self.source, within, true, &mut findings);
        let is_right = findings.iter().all(|finding| finding.severity != Severity::Error);
        self.findings.append(&mut findings);
        is_right.then_some(commands)
    }

    /// Runs `inner` one level deeper; reports and gives up where that is too deep.
    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            self.error(
                codes::TOO_DEEP,
                format!("this is nested more than {MAX_DEPTH} levels deep"),
                self.here(),
            );
            self.scan.finish();
            return None;
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }
}

/// The start of a text, short enough for a message.
fn excerpt(text: &str) -> String {
    const LONGEST: usize = 32;
    let mut out: String = text.chars().take(LONGEST).collect();
    if out.len() < text.len() {
        out.push_str("...");
    }
    out
}

#[cfg(test)]
mod tests;
