//! What is wrong with a search, or worth a warning: a code, a message and a place.

use super::ast::Span;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The rule runs, but perhaps not as its author thinks.
    Warning,
    /// The rule cannot run.
    Error,
}

/// One finding. Its place is in the text of the search; [`crate::rule`] maps it to the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The number of the finding: `E0001`, `W0001`. Never reused.
    pub code: &'static str,
    /// One sentence, no full stop.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What to do about it, when there is something.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// An error.
    #[must_use]
    pub fn error(code: &'static str, message: impl Into<String>, span: Span) -> Self {
        Self { severity: Severity::Error, code, message: message.into(), span, hint: None }
    }

    /// A warning.
    #[must_use]
    pub fn warning(code: &'static str, message: impl Into<String>, span: Span) -> Self {
        Self { severity: Severity::Warning, code, message: message.into(), span, hint: None }
    }

    /// The same with a hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
