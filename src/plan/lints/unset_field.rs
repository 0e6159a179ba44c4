//! A field is read that nothing sets for the rule's kind of source (SPLUNK.md, traps 12 and 13).

use std::collections::BTreeSet;

use super::Subject;
use super::origin::{Origin, origin};
use super::reads::reads;
use super::source::{is_model_field, windows_kind};
use crate::reading::Accommodation;
use crate::spl::codes;
use crate::spl::diagnostic::Diagnostic;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(kind) = windows_kind(subject) else { return };
    let mut told = BTreeSet::new();
    for (at, command) in subject.pipeline.commands.iter().enumerate() {
        for read in reads(command) {
            let Origin::Event(name) = origin(subject, at, read.name) else { continue };
            let settings = subject.settings;
            if !is_model_field(&name)
                || settings.cim.sets_for_kind(&name, kind, settings.reading)
                || !told.insert(name.clone())
            {
                continue;
            }
            let (message, hint) = if name == "message" {
                of_message(settings.reading.has(Accommodation::MessageCase))
            } else {
                (
                    format!(
                        "no mapping table sets `{name}` of {} events, and few have it themselves",
                        word(kind)
                    ),
                    "name the raw field, or map it with a table: --cim FILE".to_owned(),
                )
            };
            findings
                .push(Diagnostic::warning(codes::UNSET_FIELD, message, read.span).with_hint(hint));
        }
    }
}

fn of_message(accommodated: bool) -> (String, String) {
    let message = "no add-on sets `message` of Windows events: the field is `Message`";
    let hint = if accommodated {
        "write `Message`; here it is read so (accommodation message-case), not by Splunk"
    } else {
        "write `Message`"
    };
    (message.to_owned(), hint.to_owned())
}

/// A kind of source as people call it.
pub(super) fn word(kind: &str) -> &str {
    match kind {
        "sysmon" => "Sysmon",
        "powershell" => "PowerShell",
        _ => "Windows",
    }
}
