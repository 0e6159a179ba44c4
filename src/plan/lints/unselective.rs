//! Nothing selective to search for: the rule costs as much as reading every event.

use super::Subject;
use crate::plan::Guard;
use crate::spl::ast::Span;
use crate::spl::codes;
use crate::spl::diagnostic::Diagnostic;

/// Texts that stand in most Windows events, or of most processes.
const COMMON: &[&str] = &[
    ".exe",
    "computer",
    "event",
    "eventcode",
    "eventid",
    "exe",
    "information",
    "logon",
    "message",
    "microsoft",
    "microsoft-windo",
    "microsoft-window",
    "process",
    "program files",
    "security",
    "sysmon",
    "system",
    "system32",
    "users",
    "windows",
];

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    if subject.pipeline.commands.get(1).is_some_and(|second| second.kind.makes_rows()) {
        return;
    }
    let span = subject.pipeline.commands.first().map_or(Span::default(), |first| first.span);
    let message = match [&subject.plan.text_guards, &subject.plan.evtx_guards] {
        [text, evtx] if text.is_empty() && evtx.is_empty() => {
            "no text is selective that any match must hold: every event is evaluated".to_owned()
        }
        [text, _] if text.is_empty() => {
            "no text is selective that any match must hold: every event of text logs is evaluated"
                .to_owned()
        }
        [_, evtx] if evtx.is_empty() => {
            "no text is selective that any match must hold: every event of EVTX logs is evaluated"
                .to_owned()
        }
        [text, _] => match text.iter().map(common_word).collect::<Option<Vec<_>>>() {
            Some(words) => {
                let words: Vec<_> = words.iter().map(|word| format!("{word:?}")).collect();
                let words = words.join(", ");
                format!("most events hold the text that is searched for ({words})")
            }
            None => return,
        },
    };
    findings.push(
        Diagnostic::warning(codes::UNSELECTIVE, message, span)
            .with_hint("add a rare word to every arm of the search, as a term or in quotes"),
    );
}

/// The word of a clause that most events hold.
fn common_word(guard: &Guard) -> Option<&str> {
    let is_common = |text: &&String| {
        let text = text.trim().to_ascii_lowercase();
        COMMON.binary_search(&text.as_str()).is_ok()
    };
    guard.literals.iter().find(is_common).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::COMMON;

    #[test]
    fn the_words_are_in_order() {
        assert!(COMMON.is_sorted());
    }
}
