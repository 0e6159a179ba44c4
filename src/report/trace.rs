//! What a rule makes of an event, for people.

use super::text::printable;
use crate::plan::trace::{Mark, Seen, StageMark, Verdict};
use crate::scan::{EventTrace, TracePosition};

/// One traced event as text, `number` from 1. Nothing in it moves the cursor.
#[must_use]
pub fn trace_text(number: usize, event: &EventTrace) -> String {
    let mut out = Text::default();
    let place = match event.position {
        TracePosition::Offset(offset) => format!("offset {offset}"),
        TracePosition::Record(record) => format!("record {record}"),
    };
    let time = event.time.as_deref().unwrap_or("no time");
    let host = event.host.as_deref().unwrap_or("no host");
    out.line(
        0,
        &format!("event {number}  {}  {place}  {}  {time}  {host}", event.path, event.format),
    );
    match &event.strict {
        None => out.verdict("", &event.verdict),
        Some(strict) => {
            out.verdict("as read: ", &event.verdict);
            out.verdict("under --strict: ", strict);
        }
    }
    out.0.push('\n');
    out.0
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, indent: usize, line: &str) {
        self.0.extend(std::iter::repeat_n(' ', indent));
        self.0.push_str(&printable(line).replace('\n', "\\n"));
        self.0.push('\n');
    }

    fn verdict(&mut self, reading: &str, verdict: &Verdict) {
        let last = verdict.stages.last();
        let by = match last.filter(|_| !verdict.matches) {
            Some(stage) => format!("does not match, stage {} drops it", stage.number),
            None => "matches".to_owned(),
        };
        self.line(2, &format!("{reading}{by}"));
        for stage in &verdict.stages {
            self.stage(stage);
        }
    }

    fn stage(&mut self, stage: &StageMark) {
        let what = if stage.kept { "keeps it" } else { "drops it" };
        let command = match stage.number {
            1 => "search",
            _ => stage.text.split_whitespace().next().unwrap_or_default(),
        };
        let why = match stage.decided_by.as_slice() {
            [] => String::new(),
            list => format!(", for {}", list.join("; ")),
        };
        self.line(4, &format!("stage {} {command} {what}{why}", stage.number));
        if let Some(mark) = &stage.mark {
            self.mark(6, mark);
        }
    }

    fn mark(&mut self, indent: usize, mark: &Mark) {
        let truth = match mark.truth {
            Some(true) => "true ",
            Some(false) => "false",
            None => "null ",
        };
        self.line(indent, &format!("{truth} {}", mark.text));
        for seen in &mark.seen {
            self.line(indent + 8, &seen_text(seen));
        }
        mark.of.iter().for_each(|one| self.mark(indent + 2, one));
    }
}

fn seen_text(seen: &Seen) -> String {
    match seen {
        Seen::Field { name, values, .. } if values.is_empty() => format!("{name} has no value"),
        Seen::Field { name, values, more } => {
            let values: Vec<_> = values.iter().map(|value| format!("{value:?}")).collect();
            let more = if *more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{name} is {}{more}", values.join(", "))
        }
        Seen::Raw { offset, text, before, behind } => {
            format!("in the raw text at {offset}: {before}[{text}]{behind}")
        }
        Seen::OwnId { event_id } => format!("its own event id is {event_id}"),
        Seen::OtherNames { names } if names.is_empty() => {
            "nothing says which it has, so any will do".to_owned()
        }
        Seen::OtherNames { names } => format!("it answers to {}", names.join(", ")),
    }
}
