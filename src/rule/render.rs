//! Findings as people read them: the line of the file, a caret under the place, what to do.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet, normalize_untrusted_str};

use crate::spl::diagnostic::{Diagnostic, Severity};

use super::Rule;

impl Rule {
    /// Shows findings in the search of this rule, each with `file:line:column` and the line.
    ///
    /// A finding that runs over several lines is shown on its first. Control characters of the
    /// file are replaced, whatever a hostile rule holds.
    #[must_use]
    pub fn render(&self, diagnostics: &[Diagnostic], coloured: bool) -> String {
        let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
        let mut out = String::new();
        for diagnostic in diagnostics {
            out.push_str(&self.render_one(diagnostic, &renderer));
            out.push('\n');
        }
        out
    }

    fn render_one(&self, diagnostic: &Diagnostic, renderer: &Renderer) -> String {
        let text = &self.origin.text;
        let span = self.file_span(diagnostic.span);
        let before = text.get(..span.start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let after = text.get(span.start..).unwrap_or_default();
        let line_end = span.start + after.find('\n').unwrap_or(after.len());
        let line = text.get(line_start..line_end).unwrap_or_default().trim_end_matches('\r');
        let start = (span.start - line_start).min(line.len());
        let end = span.end.min(line_end).saturating_sub(line_start).clamp(start, line.len());

        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let snippet = Snippet::source(without_c1(line))
            .line_start(self.position(diagnostic.span.start).line)
            .path(normalize_untrusted_str(&without_c1(&self.origin.name)))
            .annotation(AnnotationKind::Primary.span(start..end));
        let mut group = level
            .primary_title(without_c1(&diagnostic.message))
            .id(diagnostic.code)
            .element(snippet);
        if let Some(hint) = &diagnostic.hint {
            group = group.element(Level::HELP.message(normalize_untrusted_str(&without_c1(hint))));
        }
        renderer.render(&[group])
    }
}

/// The text with the control characters U+0080 to U+009F, which the renderer lets through, made
/// visible by one of the same length.
fn without_c1(text: &str) -> String {
    text.chars().map(|c| if ('\u{80}'..='\u{9f}').contains(&c) { '\u{b7}' } else { c }).collect()
}
