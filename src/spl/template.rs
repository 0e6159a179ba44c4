//! Commands with `<<FIELD>>` and its like in them, which `foreach` fills in field by field.
//!
//! Splunk fills them in as text and parses the result. Here the commands are parsed once, with marks
//! in the places of the words, and the marks are filled in in the syntax tree: a field's name comes
//! from a log, and must never be read as SPL. What a template means is the same as in Splunk for
//! every name that is one word there, and plain where Splunk would trip over the name.

use super::ast::{Command, CommandKind, Expr, ExprKind, Fillnull, Rex, RexAction, Spanned};

/// A word of a template and the mark that stands for it: as many bytes, so that places stay what
/// they are, of characters that can be in a field's name and are in no text (private use).
struct Word {
    written: &'static str,
    mark: &'static str,
}

static FIELD: Word = Word { written: "<<FIELD>>", mark: "\u{e000}\u{e000}\u{e000}" };
static MATCHED: Word = Word { written: "<<MATCHSTR>>", mark: "\u{e001}\u{e001}\u{e001}\u{e001}" };
static SEGMENTS: [Word; 3] = [
    Word { written: "<<MATCHSEG1>>", mark: "\u{e002}\u{e002}\u{e002}\u{f0001}" },
    Word { written: "<<MATCHSEG2>>", mark: "\u{e002}\u{e002}\u{e002}\u{f0002}" },
    Word { written: "<<MATCHSEG3>>", mark: "\u{e002}\u{e002}\u{e002}\u{f0003}" },
];

fn words() -> impl Iterator<Item = &'static Word> {
    [&FIELD, &MATCHED].into_iter().chain(&SEGMENTS)
}

/// What the words stand for, for one field.
#[derive(Debug, Clone, Copy)]
pub struct Filling<'f> {
    /// `<<FIELD>>`: the name of the field.
    pub field: &'f str,
    /// `<<MATCHSTR>>`: the part of the name from the first wildcard of the pattern to the last.
    pub matched: &'f str,
    /// `<<MATCHSEG1>>` to `<<MATCHSEG3>>`: what each wildcard stands for.
    pub segments: &'f [&'f str],
}

/// The text of a template with marks for the words, as long as it was.
pub(super) fn mark(text: &str) -> String {
    words().fold(text.to_owned(), |text, word| text.replace(word.written, word.mark))
}

/// The text with the words again, for messages.
pub(super) fn unmark(text: &str) -> String {
    words().fold(text.to_owned(), |text, word| text.replace(word.mark, word.written))
}

/// Whether commands of this kind can stand in a template.
#[must_use]
pub fn takes(kind: &CommandKind) -> bool {
    matches!(
        kind,
        CommandKind::Eval(_)
            | CommandKind::Fields { .. }
            | CommandKind::Fillnull(_)
            | CommandKind::Regex { .. }
            | CommandKind::Rename(_)
            | CommandKind::Rex(_)
            | CommandKind::Where(_)
    )
}

impl Filling<'_> {
    /// The commands for this field. Those that cannot stand in a template stay as they are.
    #[must_use]
    pub fn fill(&self, template: &[Command]) -> Vec<Command> {
        let mut commands = template.to_vec();
        for command in &mut commands {
            self.command(&mut command.kind);
        }
        commands
    }

    fn command(&self, kind: &mut CommandKind) {
        match kind {
            CommandKind::Eval(clauses) => {
                for (name, expr) in clauses {
                    self.spanned(name);
                    self.expr(expr);
                }
            }
            CommandKind::Where(expr) => self.expr(expr),
            CommandKind::Fields { list, .. } => list.iter_mut().for_each(|name| self.spanned(name)),
            CommandKind::Fillnull(Fillnull { value, list }) => {
                self.text(value);
                list.iter_mut().for_each(|name| self.spanned(name));
            }
            CommandKind::Regex { field, pattern, .. } => {
                self.spanned(field);
                self.spanned(pattern);
            }
            CommandKind::Rename(pairs) => {
                for (from, to) in pairs {
                    self.spanned(from);
                    self.spanned(to);
                }
            }
            CommandKind::Rex(rex) => self.rex(rex),
            _ => {}
        }
    }

    fn rex(&self, rex: &mut Rex) {
        self.text(&mut rex.field);
        match &mut rex.action {
            RexAction::Extract { pattern, offset_field, .. } => {
                self.spanned(pattern);
                offset_field.iter_mut().for_each(|name| self.text(name));
            }
            RexAction::Substitute { pattern, replacement, .. } => {
                self.spanned(pattern);
                self.text(replacement);
            }
            RexAction::Translate(_) => {}
        }
    }

    fn expr(&self, expr: &mut Expr) {
        match &mut expr.node {
            ExprKind::Field(name) => {
                // A part of a name may be a number, and stands in Splunk's text as one.
                let is_part = name.starts_with(['\u{e001}', '\u{e002}']);
                self.text(name);
                let digits = name.bytes().all(|b| b.is_ascii_digit() || b == b'.');
                if is_part
                    && digits
                    && let Ok(number) = name.parse()
                {
                    expr.node = ExprKind::Number(number);
                }
            }
            ExprKind::Text(text) => self.text(text),
            ExprKind::Number(_) | ExprKind::Bool(_) => {}
            ExprKind::Not(inner) | ExprKind::Negate(inner) => self.expr(inner),
            ExprKind::Binary(_, left, right) | ExprKind::Like(left, right) => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::Call { arguments, .. } => arguments.iter_mut().for_each(|e| self.expr(e)),
            ExprKind::In(inner, list) => {
                self.expr(inner);
                list.iter_mut().for_each(|e| self.expr(e));
            }
        }
    }

    fn spanned(&self, text: &mut Spanned<String>) {
        self.text(&mut text.node);
    }

    fn text(&self, text: &mut String) {
        if !text.contains(['\u{e000}', '\u{e001}', '\u{e002}']) {
            return;
        }
        *text = text.replace(FIELD.mark, self.field).replace(MATCHED.mark, self.matched);
        for (at, word) in SEGMENTS.iter().enumerate() {
            *text = text.replace(word.mark, self.segments.get(at).copied().unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_as_long_as_words_and_can_be_in_names() {
        for word in words() {
            assert_eq!(word.mark.len(), word.written.len(), "{}", word.written);
            assert!(word.mark.chars().all(super::super::lexer::is_name_part));
            assert!(word.mark.chars().all(super::super::lexer::is_name_start));
            assert_eq!(unmark(&mark(word.written)), word.written);
        }
    }
}
