//! Expressions of `search` (SPLUNK.md 1): NOT, then OR, then AND, whether written or implied.

use std::ops::Range;

use crate::spl::ast::{CompareOp, Pipeline, SearchExpr, SearchKind, Spanned};
use crate::spl::codes;
use crate::spl::lexer::Lexeme;

use super::{Parser, excerpt};

/// How long the text of one side may be in the warning that shows a grouping.
const LONGEST_GROUPING: usize = 240;

/// What ends a bare word outside a value.
fn ends_word(c: char, next: Option<char>) -> bool {
    ends_value(c, next) || matches!(c, '=' | '<' | '>') || (c == '!' && next == Some('='))
}

/// What ends a bare value. `=`, `<` and `>` may stand in one.
fn ends_value(c: char, _next: Option<char>) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '"' | '[' | ']' | '|')
}

/// What ends a bare value in a list.
fn ends_item(c: char, next: Option<char>) -> bool {
    c == ',' || ends_value(c, next)
}

/// The keywords that an expression is built of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keyword {
    And,
    Or,
    Not,
}

/// `TERM(...)` and `CASE(...)`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TermKind {
    Term,
    Case,
}

impl Parser<'_> {
    /// Parses up to the end of the command. An empty text means every event.
    pub(super) fn search_expression(&mut self) -> Option<SearchExpr> {
        let start = self.scan.at();
        let mut expression = None;
        let mut complete = true;
        while !self.scan.is_done() {
            // Only a closing parenthesis ends a conjunction before the end of the command.
            if self.scan.peek() == Some(')') {
                self.error(
                    codes::STRAY_PARENTHESIS,
                    "this closing parenthesis has no opening one",
                    self.here(),
                );
                self.scan.take_char();
                complete = false;
                continue;
            }
            expression = self.conjunction();
            complete &= expression.is_some();
        }
        if !complete {
            return None;
        }
        let span = self.span(&(start..start));
        Some(expression.unwrap_or(Spanned { node: SearchKind::All, span }))
    }

    /// Operands joined by AND, written or not. `None` after an error; then as much as possible
    /// has been read for further ones.
    fn conjunction(&mut self) -> Option<SearchExpr> {
        let start = self.scan.at();
        let mut operands = Operands::default();
        let mut failed = false;
        // The AND that still waits for its right side.
        let mut pending: Option<Range<usize>> = None;
        loop {
            self.skip_commas();
            if self.scan.is_done() || self.scan.peek() == Some(')') {
                break;
            }
            if let Some(range) = self.eat_keyword(Keyword::And) {
                if operands.ranges.is_empty() || pending.is_some() {
                    self.missing_term(range.clone(), "AND has nothing on its left");
                    failed = true;
                }
                pending = Some(range);
                continue;
            }
            pending = None;
            let from = self.scan.at();
            match self.disjunction() {
                Some((operand, is_or)) => operands.push(operand, is_or, from..self.scan.at()),
                None => failed = true,
            }
            if self.scan.at() == from {
                // Nothing could be read here: never loop on it.
                self.scan.take_char();
            }
        }
        if let Some(range) = pending {
            self.missing_term(range, "AND has nothing on its right");
            failed = true;
        }
        if failed {
            return None;
        }
        self.warn_of_mixed_operators(&operands);
        if operands.list.is_empty() {
            self.missing_term(start..self.scan.at(), "a search term is missing");
            return None;
        }
        Some(join(operands.list, SearchKind::And))
    }

    /// Operands joined by OR, and whether there were several.
    fn disjunction(&mut self) -> Option<(SearchExpr, bool)> {
        let mut operands = Vec::new();
        let mut failed = false;
        if let Some(range) = self.eat_keyword(Keyword::Or) {
            self.missing_term(range, "OR has nothing on its left");
            failed = true;
        }
        loop {
            self.skip_commas();
            match self.negation() {
                Some(operand) => operands.push(operand),
                None => failed = true,
            }
            let Some(range) = self.eat_keyword(Keyword::Or) else { break };
            self.skip_commas();
            if self.at_operand_end() {
                self.missing_term(range, "OR has nothing on its right");
                failed = true;
                break;
            }
        }
        if failed {
            return None;
        }
        let several = operands.len() > 1;
        Some((join(operands, SearchKind::Or), several))
    }

    /// `NOT` binds to the next term or group only (SPLUNK.md 1.3).
    fn negation(&mut self) -> Option<SearchExpr> {
        let Some(range) = self.eat_keyword(Keyword::Not) else { return self.primary() };
        if self.at_operand_end() {
            self.missing_term(range, "NOT has nothing on its right");
            return None;
        }
        let inner = self.nested(Self::negation)?;
        let span = self.span(&range).to(inner.span);
        Some(Spanned { node: SearchKind::Not(Box::new(inner)), span })
    }

    /// Whether what stands here cannot start an operand.
    fn at_operand_end(&mut self) -> bool {
        if self.scan.is_done() || self.scan.peek() == Some(')') {
            return true;
        }
        let at = self.scan.at();
        let keyword =
            self.eat_keyword(Keyword::And).or_else(|| self.eat_keyword(Keyword::Or)).is_some();
        self.scan.set(at);
        keyword
    }

    /// Takes a keyword, which is one only in upper case (SPLUNK.md 1.2).
    fn eat_keyword(&mut self, keyword: Keyword) -> Option<Range<usize>> {
        self.scan.skip_blanks();
        let name = match keyword {
            Keyword::And => "AND",
            Keyword::Or => "OR",
            Keyword::Not => "NOT",
        };
        let start = self.scan.at();
        if !self.scan.rest().starts_with(name) {
            return None;
        }
        let word = self.scan.bare(ends_word).range;
        let is_word = word.len() == name.len() && !self.at_operator();
        if !is_word {
            self.scan.set(start);
            return None;
        }
        Some(word)
    }

    /// Skips commas between terms, with a warning: they join nothing.
    fn skip_commas(&mut self) {
        self.scan.skip_blanks();
        let start = self.scan.at();
        if self.scan.peek() == Some(',') {
            self.scan.skip_separators();
            self.warning(
                codes::COMMA_BETWEEN_TERMS,
                "a comma between search terms means nothing",
                &(start..start + 1),
                "remove it, or put it in quotes if it is to be searched for",
            );
        }
    }

    fn primary(&mut self) -> Option<SearchExpr> {
        match self.scan.peek() {
            Some('(') => self.nested(Self::group),
            Some('[') => self.subsearch(),
            Some(']') => {
                self.error(codes::UNEXPECTED_TEXT, "this `]` has no `[`", self.here());
                self.scan.take_char();
                None
            }
            Some('"') => {
                let phrase = self.quoted()?;
                self.phrase_or_comparison(phrase, true)
            }
            _ => self.word(),
        }
    }

    fn group(&mut self) -> Option<SearchExpr> {
        let open = self.scan.take_char();
        self.scan.skip_blanks();
        if self.scan.peek() == Some(')') {
            let close = self.scan.take_char();
            self.missing_term(open.start..close.end, "these parentheses hold nothing");
            return None;
        }
        let inner = self.conjunction();
        if self.scan.peek() != Some(')') {
            self.error(codes::UNCLOSED_PARENTHESIS, "this parenthesis is never closed", open);
            return None;
        }
        let close = self.scan.take_char();
        let span = self.span(&(open.start..close.end));
        inner.map(|inner| Spanned { node: inner.node, span })
    }

    /// Takes `[...]`; reports one that cannot stand here.
    fn subsearch(&mut self) -> Option<SearchExpr> {
        let start = self.scan.at();
        let mut depth = 0_usize;
        while let Some(c) = self.scan.peek() {
            match c {
                '"' => {
                    self.quoted()?;
                    continue;
                }
                '[' => depth += 1,
                ']' => depth -= 1,
                _ => {}
            }
            self.scan.take_char();
            if depth == 0 {
                break;
            }
        }
        let range = start..self.scan.at();
        if depth > 0 {
            self.error(codes::UNCLOSED_BRACKET, "this bracket is never closed", start..start + 1);
            return None;
        }
        if self.takes_subsearch {
            let commands = self.subsearch_commands(range.start + 1..range.end - 1)?;
            let node = SearchKind::Subsearch(Box::new(Pipeline { commands }));
            return Some(Spanned { node, span: self.span(&range) });
        }
        self.error(codes::SUBSEARCH, "a subsearch cannot stand here", range);
        None
    }

    /// A bare word: a keyword to search for, a `TERM()`, or the field of a comparison.
    fn word(&mut self) -> Option<SearchExpr> {
        let word = self.scan.bare(ends_word);
        if word.range.is_empty() {
            self.error(
                codes::MISSING_OPERAND,
                "this comparison has no field on its left",
                self.here(),
            );
            self.scan.take_while(|c| matches!(c, '=' | '<' | '>' | '!'));
            return None;
        }
        if self.scan.peek() == Some('(') {
            match word.text.as_str() {
                "TERM" => return self.term(TermKind::Term, word.range.start),
                "CASE" => return self.term(TermKind::Case, word.range.start),
                lower
                    if lower.eq_ignore_ascii_case("term") || lower.eq_ignore_ascii_case("case") =>
                {
                    let upper = lower.to_ascii_uppercase();
                    self.warning(
                        codes::LOWER_CASE_TERM,
                        format!(
                            "`{lower}` in lower case is a word to search for, and a group follows"
                        ),
                        &word.range,
                        format!("write {upper}(...) if that is meant"),
                    );
                }
                _ => {}
            }
        }
        self.phrase_or_comparison(word, false)
    }

    /// What a word or a quoted phrase turns out to be: followed by an operator it is a field.
    fn phrase_or_comparison(&mut self, phrase: Lexeme, quoted: bool) -> Option<SearchExpr> {
        if let Some(op) = self.eat_operator() {
            return self.comparison(phrase, op);
        }
        let after = self.scan.at();
        if let Some(negated) = self.eat_in() {
            return self.in_values(phrase, negated);
        }
        self.scan.set(after);
        if quoted {
            let span = self.span(&phrase.range);
            return Some(Spanned { node: SearchKind::Phrase(phrase.text), span });
        }
        Some(self.bare_phrase(phrase))
    }

    fn bare_phrase(&mut self, mut word: Lexeme) -> SearchExpr {
        if word.text == "*" {
            let span = self.span(&word.range);
            return Spanned { node: SearchKind::All, span };
        }
        if ["and", "or", "not"].iter().any(|name| word.text.eq_ignore_ascii_case(name)) {
            let upper = word.text.to_ascii_uppercase();
            self.warning(
                codes::LOWER_CASE_OPERATOR,
                format!(
                    "`{}` is searched for as a word: operators of search are upper case",
                    word.text
                ),
                &word.range,
                format!("write {upper} if that is meant, \"{}\" if not", word.text),
            );
        }
        // A comma that ends a word ends a list item, as in `a, b`.
        let commas = word.text.len() - word.text.trim_end_matches(',').len();
        if commas > 0 && commas < word.text.len() {
            word.text.truncate(word.text.len() - commas);
            word.range.end -= commas;
            self.scan.set(word.range.end);
        }
        let span = self.span(&word.range);
        Spanned { node: SearchKind::Phrase(word.text), span }
    }

    /// `TERM(x)` and `CASE(x)`, from their opening parenthesis.
    fn term(&mut self, kind: TermKind, start: usize) -> Option<SearchExpr> {
        let argument = self.term_argument()?;
        let range = start..self.scan.at();
        if kind == TermKind::Term {
            self.warn_of_breakers(&argument, &range);
        }
        let span = self.span(&range);
        let node = match kind {
            TermKind::Term => SearchKind::Term(argument.text),
            TermKind::Case => SearchKind::Case(argument.text),
        };
        Some(Spanned { node, span })
    }

    fn term_argument(&mut self) -> Option<Lexeme> {
        let open = self.scan.take_char();
        let Some(argument) = self.scan.parenthesized() else {
            self.error(codes::UNCLOSED_PARENTHESIS, "this parenthesis is never closed", open);
            self.scan.finish();
            return None;
        };
        if argument.text.is_empty() {
            self.error(
                codes::EMPTY_TERM,
                "these parentheses hold no term",
                open.start..self.scan.at(),
            );
            return None;
        }
        Some(argument)
    }

    fn warn_of_breakers(&mut self, argument: &Lexeme, range: &Range<usize>) {
        let Some(breaker) = major_breaker(&argument.text) else { return };
        let shown = if breaker.trim().is_empty() { "a blank" } else { breaker };
        self.warning(
            codes::TERM_NEVER_MATCHES,
            format!(
                "TERM({}) can never match: {shown} is a major breaker, which no term contains",
                excerpt(&argument.text)
            ),
            range,
            "search for the text in double quotes instead",
        );
    }

    /// Whether a comparison operator stands here, blanks before it allowed.
    fn at_operator(&mut self) -> bool {
        let at = self.scan.at();
        let found = self.eat_operator().is_some();
        self.scan.set(at);
        found
    }

    fn eat_operator(&mut self) -> Option<CompareOp> {
        let at = self.scan.at();
        self.scan.skip_blanks();
        for (text, op) in [
            ("!=", CompareOp::NotEqual),
            ("<=", CompareOp::LessOrEqual),
            (">=", CompareOp::GreaterOrEqual),
            ("==", CompareOp::Equal),
            ("=", CompareOp::Equal),
            ("<", CompareOp::Less),
            (">", CompareOp::Greater),
        ] {
            if self.scan.eat(text) {
                return Some(op);
            }
        }
        self.scan.set(at);
        None
    }

    /// `field op value`, from the value on.
    fn comparison(&mut self, field: Lexeme, op: CompareOp) -> Option<SearchExpr> {
        let operator_end = self.scan.at();
        self.scan.skip_blanks();
        let (value, case_sensitive) = match self.scan.peek() {
            Some('"') => (self.quoted_value()?, false),
            _ => self.bare_value(&field, operator_end)?,
        };
        let span = self.span(&(field.range.start..self.scan.at()));
        let node = SearchKind::Compare {
            field: self.spanned(field),
            op,
            value: self.spanned(value),
            case_sensitive,
        };
        Some(Spanned { node, span })
    }

    /// A value that starts with a quote; `"a"*` is one value.
    fn quoted_value(&mut self) -> Option<Lexeme> {
        let mut value = self.quoted()?;
        if self.scan.peek() == Some('*') {
            self.glue(&mut value)?;
        }
        Some(value)
    }

    /// A bare value; `*"a b"*` is one value, `CASE(x)` is case-sensitive, `TERM(x)` is `x`.
    fn bare_value(&mut self, field: &Lexeme, operator_end: usize) -> Option<(Lexeme, bool)> {
        let mut value = self.scan.bare(ends_value);
        if value.range.is_empty() {
            let range = field.range.start..operator_end;
            if self.scan.peek() == Some('(') {
                self.error_with_hint(
                    codes::MISSING_OPERAND,
                    format!("a list of values follows `{}`", field.text),
                    range,
                    format!("write {} IN (a, b) for one of several values", field.text),
                );
            } else {
                self.missing_term(range, format!("`{}` is compared with nothing", field.text));
            }
            return None;
        }
        if self.scan.peek() == Some('(') && (value.text == "CASE" || value.text == "TERM") {
            let start = value.range.start;
            let case_sensitive = value.text == "CASE";
            let mut argument = self.term_argument()?;
            argument.range = start..self.scan.at();
            return Some((argument, case_sensitive));
        }
        if self.scan.peek() == Some('"') {
            self.glue(&mut value)?;
        }
        let commas = value.text.len() - value.text.trim_end_matches(',').len();
        if commas > 0 && commas < value.text.len() && !value.text.ends_with("\",") {
            value.text.truncate(value.text.len() - commas);
            value.range.end -= commas;
            self.scan.set(value.range.end);
        }
        Some((value, false))
    }

    /// Adds the quoted and bare pieces that follow without a blank.
    fn glue(&mut self, value: &mut Lexeme) -> Option<()> {
        loop {
            let piece = match self.scan.peek() {
                Some('"') => self.quoted()?,
                _ => self.scan.bare(ends_value),
            };
            if piece.range.is_empty() {
                return Some(());
            }
            value.text.push_str(&piece.text);
            value.range.end = piece.range.end;
        }
    }

    /// Takes `IN` before a list; `Some(true)` for `NOT IN`.
    fn eat_in(&mut self) -> Option<bool> {
        let negated = self.eat_keyword(Keyword::Not).is_some();
        self.scan.skip_blanks();
        let start = self.scan.at();
        let word = self.scan.peek_word();
        if !word.eq_ignore_ascii_case("in") {
            return None;
        }
        let upper = word == "IN";
        self.scan.eat(word);
        let range = start..self.scan.at();
        self.scan.skip_blanks();
        if self.scan.peek() != Some('(') {
            return None;
        }
        if !upper {
            self.warning(
                codes::LOWER_CASE_IN,
                "`in` in lower case is read as the operator IN",
                &range,
                "write IN",
            );
        }
        Some(negated)
    }

    /// `field IN (a, b)`, from the opening parenthesis.
    fn in_values(&mut self, field: Lexeme, negated: bool) -> Option<SearchExpr> {
        let open = self.scan.take_char();
        let mut values = Vec::new();
        loop {
            self.scan.skip_separators();
            let value = match self.scan.peek() {
                Some(')') => break,
                Some('"') => self.quoted_value()?,
                _ => self.scan.bare(ends_item),
            };
            if value.range.is_empty() {
                self.error(
                    codes::UNCLOSED_PARENTHESIS,
                    "this list of values is never closed",
                    open,
                );
                return None;
            }
            let value = self.spanned(value);
            values.push(value);
        }
        let close = self.scan.take_char();
        if values.is_empty() {
            self.missing_term(open.start..close.end, "this list of values is empty");
            return None;
        }
        let span = self.span(&(field.range.start..close.end));
        let inner = Spanned { node: SearchKind::In { field: self.spanned(field), values }, span };
        if !negated {
            return Some(inner);
        }
        Some(Spanned { node: SearchKind::Not(Box::new(inner)), span })
    }

    /// Whether a term is the call of a macro and nothing else.
    fn is_macro(&self, range: &Range<usize>) -> bool {
        let text = self.source.original.get(self.span(range).range()).unwrap_or_default().trim();
        text.starts_with('`') && text.ends_with('`') && text.matches('`').count() == 2
    }

    fn missing_term(&mut self, range: Range<usize>, message: impl Into<String>) {
        self.error(codes::MISSING_OPERAND, message, range);
    }

    /// `a OR b c` is read as `(a OR b) c`: says so, for most people expect otherwise.
    fn warn_of_mixed_operators(&mut self, operands: &Operands) {
        let Some((first, last)) = operands.ranges.first().zip(operands.ranges.last()) else {
            return;
        };
        let alternatives = operands.ranges.iter().filter(|(_, is_or)| *is_or).count();
        // Macros before one row of alternatives can only be meant so.
        let others = operands.ranges.iter().filter(|(_, is_or)| !is_or);
        let needs_others = others.filter(|(range, _)| !self.is_macro(range)).count();
        if alternatives == 0 || alternatives + needs_others < 2 {
            return;
        }
        let range = first.0.start..last.0.end;
        let mut grouping = String::new();
        // The same, a part a line: in one line the parts of a long search are hard to tell apart.
        let mut lines = String::new();
        for (range, is_or) in &operands.ranges {
            let and = if grouping.is_empty() { "" } else { " AND " };
            if grouping.len() > LONGEST_GROUPING {
                grouping.push_str(" AND ...");
                lines.push_str("\n  AND ...");
                break;
            }
            let span = self.span(range);
            let text = self.source.original.get(span.range()).unwrap_or_default().trim();
            let text = shorten(text);
            let part = if *is_or { format!("({text})") } else { text };
            grouping += &format!("{and}{part}");
            lines += &format!("\n  {}{part}", and.trim_start());
        }
        self.warning(
            codes::MIXED_OPERATORS,
            format!("OR binds tighter than AND in a search, so this is: {grouping}"),
            &range,
            format!("put parentheses where they are meant; Splunk groups it so:{lines}"),
        );
    }
}

/// The operands of a conjunction, and where each stands.
#[derive(Default)]
struct Operands {
    list: Vec<SearchExpr>,
    /// The text of each and whether it is an OR without parentheses.
    ranges: Vec<(Range<usize>, bool)>,
}

impl Operands {
    fn push(&mut self, operand: SearchExpr, is_or: bool, range: Range<usize>) {
        self.list.push(operand);
        self.ranges.push((range, is_or));
    }
}

/// One node of several operands; one operand is itself.
fn join(mut operands: Vec<SearchExpr>, node: fn(Vec<SearchExpr>) -> SearchKind) -> SearchExpr {
    let span = match (operands.first(), operands.last()) {
        (Some(first), Some(last)) => first.span.to(last.span),
        _ => crate::spl::ast::Span::default(),
    };
    match operands.pop() {
        Some(only) if operands.is_empty() => only,
        last => {
            operands.extend(last);
            Spanned { node: node(operands), span }
        }
    }
}

/// The start and the end of a text that is too long to show.
fn shorten(text: &str) -> String {
    const EACH: usize = 24;
    if text.chars().nth(2 * EACH + 3).is_none() {
        return text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    let start: String = text.chars().take(EACH).collect();
    let end: Vec<char> = text.chars().rev().take(EACH).collect();
    let end: String = end.into_iter().rev().collect();
    format!("{start}...{end}")
}

/// The first major breaker in a term, `*` aside, which is a wildcard there (SPLUNK.md 1.5, 1.6).
fn major_breaker(term: &str) -> Option<&str> {
    const SEVERAL: &[&str] = &[
        "%2526", "%2520", "%21", "%26", "%3B", "%7C", "%20", "%2B", "%3D", "%5D", "%5B", "%3A",
        "%0A", "%2C", "%28", "%29", "--",
    ];
    term.char_indices().find_map(|(at, c)| {
        let rest = term.get(at..)?;
        let one = matches!(
            c,
            '[' | ']'
                | '<'
                | '>'
                | '('
                | ')'
                | '{'
                | '}'
                | '|'
                | '!'
                | ';'
                | ','
                | '\''
                | '"'
                | '\n'
                | '\r'
                | ' '
                | '\t'
                | '&'
                | '?'
                | '+'
        );
        if one {
            return rest.get(..c.len_utf8());
        }
        SEVERAL.iter().find(|breaker| rest.starts_with(**breaker)).copied()
    })
}
