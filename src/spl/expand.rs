//! Macro calls and comments out of the text, with a map back to where everything stood.
//!
//! Splunk substitutes macros as text, before it reads a word of the search; so do we. The parser
//! therefore works on the expanded text, and [`Expanded::span`] says where in the rule a part of
//! it came from: what a macro brought stands at the call of that macro.

use std::ops::Range;

use super::ast::Span;
use super::codes;
use super::diagnostic::Diagnostic;
use super::lexer::{self, MAX_TEXT};
use super::macros::{Lookup, Macros};

/// How deep macros may call macros (Splunk's own limit, limits.conf `max_macro_depth`).
const MAX_MACRO_DEPTH: usize = 100;

/// How many calls one search may make: the guard against macros that double and expand to little.
const MAX_MACRO_CALLS: usize = 10_000;

/// The text of a search after macros and comments.
#[derive(Debug)]
pub(super) struct Expanded<'a> {
    /// The text as it was written.
    pub(super) original: &'a str,
    /// The text that is parsed.
    pub(super) text: String,
    /// Where in the original text the end of `text` is.
    end: usize,
    /// Where each piece of `text` came from, in order.
    pieces: Vec<Piece>,
    /// Offsets in `text` where an unknown macro stood.
    holes: Vec<usize>,
}

/// A run of the expanded text with one origin.
#[derive(Debug)]
struct Piece {
    /// Where it starts in the expanded text.
    at: usize,
    origin: Origin,
}

#[derive(Debug, Clone, Copy)]
enum Origin {
    /// Byte for byte the original text from this offset on.
    Copy(usize),
    /// The call of a macro.
    Call(Span),
}

impl Expanded<'_> {
    /// The part `range` with `text` in its place, which must be as long: what stands in it has the
    /// places that it has in the whole.
    pub(super) fn part(&self, range: &Range<usize>, text: String) -> Self {
        let first = self.pieces.partition_point(|piece| piece.at <= range.start).saturating_sub(1);
        let pieces = self.pieces.iter().skip(first).take_while(|piece| piece.at < range.end);
        let shift = |piece: &Piece| match piece.origin {
            Origin::Copy(origin) if piece.at < range.start => {
                Piece { at: 0, origin: Origin::Copy(origin + (range.start - piece.at)) }
            }
            origin => Piece { at: piece.at.saturating_sub(range.start), origin },
        };
        let holes = self.holes.iter().filter(|hole| (range.start..=range.end).contains(hole));
        Self {
            original: self.original,
            text,
            end: self.place(range.end).start,
            pieces: pieces.map(shift).collect(),
            holes: holes.map(|hole| hole - range.start).collect(),
        }
    }

    /// What a quoted string says, which stands at `span`. A blank is put after it, so that the
    /// place after its end is there too.
    pub(super) fn of_quoted(text: &str, span: Span) -> Self {
        let pieces = vec![Piece { at: 0, origin: Origin::Call(span) }];
        Self { original: "", text: format!("{text} "), end: span.end, pieces, holes: Vec::new() }
    }

    /// Where in the original text a part of the expanded text came from.
    pub(super) fn span(&self, range: &Range<usize>) -> Span {
        let start = self.place(range.start).start;
        let end = if range.end > range.start { self.place(range.end - 1).end } else { start };
        Span::new(start, end.max(start))
    }

    /// The origin of one byte; past the end, where that is.
    fn place(&self, at: usize) -> Span {
        let end = self.end;
        if at >= self.text.len() {
            return Span::new(end, end);
        }
        let after = self.pieces.partition_point(|piece| piece.at <= at);
        match after.checked_sub(1).and_then(|index| self.pieces.get(index)) {
            Some(&Piece { at: from, origin: Origin::Copy(origin) }) => {
                let start = origin + (at - from);
                Span::new(start, start + 1)
            }
            Some(&Piece { origin: Origin::Call(span), .. }) => span,
            None => Span::new(end, end),
        }
    }

    /// Whether an unknown macro stood at an edge of this range: then what is wrong there may be
    /// only that it is missing.
    pub(super) fn is_beside_hole(&self, range: &Range<usize>) -> bool {
        let before = self.text.get(..range.start).map_or(0, |text| text.trim_end().len());
        let after = self
            .text
            .get(range.end..)
            .map_or(self.text.len(), |text| self.text.len() - text.trim_start().len());
        let first = self.holes.partition_point(|&hole| hole < before);
        self.holes.get(first).is_some_and(|&hole| hole <= after)
    }
}

/// Expands macros and drops comments. Findings are in the original text.
pub(super) fn expand<'a>(
    original: &'a str,
    macros: &Macros,
    findings: &mut Vec<Diagnostic>,
) -> Expanded<'a> {
    let expanded = Expanded {
        original,
        text: String::new(),
        end: original.len(),
        pieces: Vec::new(),
        holes: Vec::new(),
    };
    let mut expander = Expander { macros, findings, expanded, calls: 0, overflow: false };
    expander.text(original, None, 0);
    if expander.overflow {
        expander.findings.push(Diagnostic::error(
            codes::TOO_LONG,
            format!("the search is longer than {MAX_TEXT} bytes once its macros are expanded"),
            Span::new(0, original.len()),
        ));
    }
    expander.expanded
}

struct Expander<'a, 'f> {
    macros: &'f Macros,
    findings: &'f mut Vec<Diagnostic>,
    expanded: Expanded<'a>,
    calls: usize,
    overflow: bool,
}

impl Expander<'_, '_> {
    /// Appends `text`; `call` is the outermost macro call it came from.
    fn text(&mut self, text: &str, call: Option<Span>, depth: usize) {
        let mut copied = 0;
        let mut at = 0;
        while let Some(found) = text.get(at..).and_then(|rest| rest.find(['`', '"', '\\'])) {
            at += found;
            match text.as_bytes().get(at) {
                Some(b'"') => at = lexer::quoted_end(text, at).unwrap_or(text.len()),
                Some(b'\\') => at += lexer::escape_len(text, at),
                _ => {
                    self.copy(text, copied..at, call);
                    at = self.backtick(text, at, call, depth);
                    copied = at;
                }
            }
            if self.overflow {
                return;
            }
        }
        self.copy(text, copied..text.len(), call);
    }

    fn copy(&mut self, text: &str, range: Range<usize>, call: Option<Span>) {
        let start = range.start;
        let run = text.get(range).unwrap_or_default();
        self.append(run, call.map_or(Origin::Copy(start), Origin::Call));
    }

    fn append(&mut self, run: &str, origin: Origin) {
        if run.is_empty() {
            return;
        }
        if self.expanded.text.len() + run.len() > MAX_TEXT {
            self.overflow = true;
            return;
        }
        self.expanded.pieces.push(Piece { at: self.expanded.text.len(), origin });
        self.expanded.text.push_str(run);
    }

    /// Handles the backtick at `at`; returns where the text goes on.
    fn backtick(&mut self, text: &str, at: usize, call: Option<Span>, depth: usize) -> usize {
        let rest = text.get(at..).unwrap_or_default();
        if let Some(comment) = rest.strip_prefix("```") {
            if let Some(close) = comment.find("```") {
                let end = at + 3 + close + 3;
                // A comment parts words, as a blank does.
                self.append(" ", call.map_or(Origin::Copy(at), Origin::Call));
                return end;
            }
            let span = call.unwrap_or(Span::new(at, at + 3));
            self.report(Diagnostic::error(
                codes::UNCLOSED_COMMENT,
                "the comment that starts here is never closed",
                span,
            ));
            return text.len();
        }
        let Some(close) = rest.get(1..).and_then(|inner| inner.find('`')) else {
            let span = call.unwrap_or(Span::new(at, at + 1));
            self.report(
                Diagnostic::error(codes::MACRO_SYNTAX, "this backtick is never closed", span)
                    .with_hint("a macro is called as `name` or `name(argument, argument)`"),
            );
            return text.len();
        };
        let inner = rest.get(1..=close).unwrap_or_default();
        let end = at + close + 2;
        self.call(inner, call.unwrap_or(Span::new(at, end)), depth);
        end
    }

    /// Expands one call.
    fn call(&mut self, inner: &str, span: Span, depth: usize) {
        self.calls += 1;
        if depth >= MAX_MACRO_DEPTH || self.calls > MAX_MACRO_CALLS {
            self.hole();
            if self.calls <= MAX_MACRO_CALLS + 1 {
                self.report(
                    Diagnostic::error(
                        codes::MACRO_RECURSION,
                        format!("the macro `{}` calls itself, or expands too often", inner.trim()),
                        span,
                    )
                    .with_hint(format!(
                        "macros may nest {MAX_MACRO_DEPTH} deep and be called \
                         {MAX_MACRO_CALLS} times"
                    )),
                );
            }
            return;
        }
        let (name, arguments) = match parse_call(inner) {
            Ok(call) => call,
            Err(message) => {
                self.hole();
                self.report(Diagnostic::error(codes::MACRO_SYNTAX, message, span));
                return;
            }
        };
        match self.macros.lookup(name, arguments.len()) {
            Lookup::Found(definition) => {
                let text = definition.substitute(&arguments);
                self.text(&text, Some(span), depth + 1);
            }
            Lookup::OtherArity(arities) => {
                self.hole();
                self.report(wrong_arity(name, arguments.len(), &arities, span));
            }
            Lookup::Unknown if is_filter(name) && arguments.is_empty() => {
                self.text("search *", Some(span), depth + 1);
                self.report(undefined_filter(name, span));
            }
            Lookup::Unknown => {
                self.hole();
                self.report(unknown_macro(name, arguments.len(), span));
            }
        }
    }

    fn hole(&mut self) {
        self.expanded.holes.push(self.expanded.text.len());
    }

    fn report(&mut self, finding: Diagnostic) {
        self.findings.push(finding);
    }
}

fn wrong_arity(name: &str, given: usize, arities: &[usize], span: Span) -> Diagnostic {
    let known: Vec<_> = arities.iter().map(ToString::to_string).collect();
    Diagnostic::error(
        codes::MACRO_ARGUMENTS,
        format!(
            "the macro `{name}` is called with {given} arguments, but takes {}",
            known.join(" or ")
        ),
        span,
    )
}

/// Whether a macro is one of those with which rules of splunk/security_content end: their app ships
/// each as `search *`, for a site to change.
fn is_filter(name: &str) -> bool {
    name.strip_suffix("_filter").is_some_and(|rule| !rule.is_empty())
}

fn undefined_filter(name: &str, span: Span) -> Diagnostic {
    Diagnostic::warning(
        codes::FILTER_MACRO,
        format!("the macro `{name}` is not defined, and keeps every row"),
        span,
    )
    .with_hint("define it in a file and name that with --macros FILE")
}

fn unknown_macro(name: &str, arity: usize, span: Span) -> Diagnostic {
    let (title, example) = if arity == 0 {
        (name.to_owned(), format!("[{name}]\ndefinition = \"...\""))
    } else {
        let names: Vec<_> = (1..=arity.min(9)).map(|at| format!("\"arg{at}\"")).collect();
        (
            format!("{name}({arity})"),
            format!("[{name}]\nargs = [{}]\ndefinition = \"...\"", names.join(", ")),
        )
    };
    Diagnostic::error(codes::UNKNOWN_MACRO, format!("the macro `{title}` is not defined"), span)
        .with_hint(format!("define it in a file and name that with --macros FILE:\n{example}"))
}

/// Reads `name` or `name(a, "b, c")`.
fn parse_call(inner: &str) -> Result<(&str, Vec<String>), String> {
    let inner = inner.trim();
    let (name, arguments) = match inner.split_once('(') {
        None => (inner, None),
        Some((name, rest)) => {
            let Some(list) = rest.trim_end().strip_suffix(')') else {
                return Err(format!("the arguments of the macro `{}` are not closed", name.trim()));
            };
            (name.trim_end(), Some(list))
        }
    };
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    if name.is_empty() || !name.chars().all(is_name) {
        return Err(format!("`{name}` is not the name of a macro"));
    }
    match arguments {
        None => Ok((name, Vec::new())),
        Some(list) if list.trim().is_empty() => Ok((name, Vec::new())),
        Some(list) => match split_arguments(list) {
            Some(arguments) => Ok((name, arguments)),
            None => Err(format!("a quote is not closed in the arguments of the macro `{name}`")),
        },
    }
}

/// Splits at commas outside double quotes; quotes around a whole argument are dropped.
/// `None` where a quote is not closed.
fn split_arguments(list: &str) -> Option<Vec<String>> {
    let mut arguments = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some(found) = list.get(at..)?.find([',', '"']) {
        at += found;
        if list.as_bytes().get(at) == Some(&b'"') {
            at = lexer::quoted_end(list, at)?;
        } else {
            arguments.push(argument(list.get(start..at)?));
            at += 1;
            start = at;
        }
    }
    arguments.push(argument(list.get(start..)?));
    Some(arguments)
}

fn argument(text: &str) -> String {
    let text = text.trim();
    if text.len() >= 2 && text.starts_with('"') && lexer::quoted_end(text, 0) == Some(text.len()) {
        return lexer::unescape(text.get(1..text.len() - 1).unwrap_or_default(), '"');
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn macros(list: &[(&str, &[&str], &str)]) -> Macros {
        let mut macros = Macros::empty();
        for (name, arguments, definition) in list {
            let arguments = arguments.iter().map(ToString::to_string).collect();
            macros.insert(*name, arguments, *definition);
        }
        macros
    }

    fn run(text: &str, macros: &Macros) -> (String, Vec<&'static str>) {
        let mut findings = Vec::new();
        let expanded = expand(text, macros, &mut findings);
        (expanded.text, findings.iter().map(|finding| finding.code).collect())
    }

    #[test]
    fn macros_are_text() {
        let macros = macros(&[
            ("kind", &[], "_source_kind=x"),
            ("twice", &["a", "b"], "$a$ OR \"$b$\" $c$"),
            ("outer", &[], "x `kind` y"),
            ("nothing", &[], ""),
        ]);
        for (text, expected) in [
            ("`kind` a", "_source_kind=x a"),
            ("a`kind`b", "a_source_kind=xb"),
            ("`outer`", "x _source_kind=x y"),
            ("`twice(1, \"a, \\\"b\")`", "1 OR \"a, \"b\" $c$"),
            ("a `nothing` | b", "a  | b"),
            ("\"`kind`\" `kind`", "\"`kind`\" _source_kind=x"),
            ("a ```a `kind` | b``` c", "a   c"),
            ("\\\"`kind`", "\\\"_source_kind=x"),
        ] {
            assert_eq!(run(text, &macros), (expected.to_owned(), vec![]), "{text}");
        }
    }

    #[test]
    fn wrong_calls_are_named() {
        let macros = macros(&[
            ("one", &["a"], "$a$"),
            ("loop", &[], "`loop`"),
            ("m0", &[], "`m1``m1`"),
            ("m1", &[], "`m2``m2`"),
        ]);
        for (text, code) in [
            ("`unknown`", codes::UNKNOWN_MACRO),
            ("`one`", codes::MACRO_ARGUMENTS),
            ("`one(1,2)`", codes::MACRO_ARGUMENTS),
            ("`one(\"a)`", codes::MACRO_SYNTAX),
            ("`one(a`", codes::MACRO_SYNTAX),
            ("`a b`", codes::MACRO_SYNTAX),
            ("``", codes::MACRO_SYNTAX),
            ("`open", codes::MACRO_SYNTAX),
            ("```open", codes::UNCLOSED_COMMENT),
            ("`loop`", codes::MACRO_RECURSION),
        ] {
            assert_eq!(run(text, &macros).1, vec![code], "{text}");
        }
    }

    #[test]
    fn doubling_macros_end() {
        let mut macros = Macros::empty();
        for at in 0..60 {
            macros.insert(format!("m{at}"), vec![], format!("`m{next}``m{next}`", next = at + 1));
        }
        macros.insert("m60", vec![], "");
        assert_eq!(run("`m0`", &macros).1, vec![codes::MACRO_RECURSION]);
        macros.insert("m10", vec![], "x".repeat(MAX_TEXT / 100));
        assert_eq!(run("`m0`", &macros).1, vec![codes::TOO_LONG]);
    }

    #[test]
    fn spans_lead_back() {
        let macros = macros(&[("kind", &[], "_source_kind=x")]);
        let original = "ab `kind` cd ```x``` ef";
        let mut findings = Vec::new();
        let expanded = expand(original, &macros, &mut findings);
        for (part, place) in [
            ("ab", "ab"),
            ("_source_kind", "`kind`"),
            ("=x", "`kind`"),
            ("=x cd", "`kind` cd"),
            ("ef", "ef"),
        ] {
            let start = expanded.text.find(part).unwrap();
            let span = expanded.span(&(start..start + part.len()));
            assert_eq!(&original[span.range()], place, "{part}");
        }
        let end = expanded.text.len();
        assert_eq!(expanded.span(&(end..end)), Span::new(original.len(), original.len()));
    }
}
