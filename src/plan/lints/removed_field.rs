//! A field is read after a command removed it (SPLUNK.md, trap 23).

use super::Subject;
use super::origin::{Origin, origin};
use super::reads::reads;
use crate::eval::row::names;
use crate::spl::ast::{Command, CommandKind};
use crate::spl::codes;
use crate::spl::diagnostic::Diagnostic;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (at, command) in subject.pipeline.commands.iter().enumerate().skip(1) {
        for read in reads(command) {
            // A test of the kind of source stays in force wherever it stands.
            if read.name == names::SOURCE_KIND {
                continue;
            }
            let Origin::Removed(by) = origin(subject, at, read.name) else { continue };
            let what = match (read.name, read.what) {
                (names::RAW, "searched") => "the raw text is searched here".to_owned(),
                (name, what) => format!("`{name}` is {what} here"),
            };
            findings.push(
                Diagnostic::warning(
                    codes::REMOVED_FIELD,
                    format!("{what}, but {}", what_became(by)),
                    read.span,
                )
                .with_hint(hint(by, read.name)),
            );
        }
    }
}

fn what_became(by: &Command) -> &'static str {
    match by.kind {
        CommandKind::Table(_) => "the `table` before keeps no such field",
        CommandKind::Fields { .. } => "the `fields` before does not keep it",
        CommandKind::Stats(_) => "the `stats` before makes no such field",
        CommandKind::Rename(_) => "the `rename` before gave it another name",
        _ => "a command before removed it",
    }
}

fn hint(by: &Command, name: &str) -> String {
    match by.kind {
        CommandKind::Stats(_) => {
            format!("add values({name}) as {name} to the `stats`, or put this before it")
        }
        CommandKind::Rename(_) => "write the new name".to_owned(),
        _ => format!("keep {name} in the list, or put this before it"),
    }
}
