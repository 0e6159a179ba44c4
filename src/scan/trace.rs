//! What one rule makes of each event, instead of rows: the same walk over the same files, on one
//! thread, with every event decoded.

use std::path::PathBuf;

use serde::Serialize;

use super::worker::{Decoded, Framed, Origin};
use super::{Input, Options, Outcome, Progress, ScanError, Sweep};
use crate::aggregate::Position;
use crate::cim::Cim;
use crate::eval::row::{EventRow, Scratch};
use crate::plan::Plan;
use crate::plan::trace::{Tracer, Verdict};
use crate::reading::Reading;
use crate::source::walk;

/// What a rule makes of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventTrace {
    /// The file.
    pub path: String,
    /// Where in the file the event stands.
    #[serde(flatten)]
    pub position: TracePosition,
    /// The format of its fields.
    pub format: &'static str,
    /// When it happened, in RFC 3339.
    pub time: Option<String>,
    /// Its host.
    pub host: Option<String>,
    /// Under the reading in force.
    pub verdict: Verdict,
    /// As stock Splunk would answer, where that differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<Verdict>,
}

/// Where an event stands, as evidence has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TracePosition {
    /// The byte at which it starts.
    Offset(u64),
    /// The number of its record.
    Record(u64),
}

/// Who looks at events instead of evaluating rules on them.
pub(super) struct Tap<'a> {
    tracer: Tracer<'a>,
    /// Whether more events are wanted after this one.
    visit: &'a (dyn Fn(EventTrace) -> bool + Sync),
}

impl Tap<'_> {
    /// Traces one event; says whether to go on.
    pub(super) fn look(
        &self,
        sweep: &Sweep<'_>,
        origin: &Origin,
        framed: &Framed<'_>,
        decoded: &Decoded<'_>,
        strict: Option<&Decoded<'_>>,
    ) -> bool {
        let verdict = |decoded: &Decoded<'_>, reading| {
            let event = &decoded.event;
            let row = EventRow::new(event, sweep.cim.view(event, reading), reading);
            self.tracer.trace(&row, &Scratch::default())
        };
        let as_read = verdict(decoded, sweep.context.reading);
        let strict = strict.map(|strict| verdict(strict, Reading::STRICT));
        let event = &decoded.event;
        (self.visit)(EventTrace {
            path: origin.name.to_string(),
            position: match framed.position {
                Position::Offset(offset) => TracePosition::Offset(offset),
                Position::Record(record) => TracePosition::Record(record),
            },
            format: event.format.name(),
            time: event.meta.time.map(|time| time.to_string()),
            host: event.meta.host.clone(),
            strict: strict.filter(|strict| *strict != as_read),
            verdict: as_read,
        })
    }
}

/// Traces a rule on the events of files and folders, in the order they stand in a file, until
/// `visit` says that it has seen enough. The outcome has no rows, but what could not be read.
///
/// # Errors
/// When the sweep cannot start.
pub fn trace(
    plan: &Plan,
    cim: &Cim,
    paths: &[PathBuf],
    options: &Options,
    visit: &(dyn Fn(EventTrace) -> bool + Sync),
) -> Result<Outcome, ScanError> {
    let options = Options { threads: 1, prefilter: false, ..options.clone() };
    let found = walk(paths);
    let mut files = Input::all(&found.files);
    // One worker takes the last task that was handed out first.
    files.reverse();
    let progress = Progress::default();
    let plans = [plan];
    let mut sweep = Sweep::new(&plans, cim, &options, &progress, &files)?;
    sweep.tap = Some(Tap { tracer: Tracer::new(plan), visit });
    let (mut result, ran) = sweep.run(&files)?;
    result.cannot_walk(&found.errors);
    Ok(result.finish(std::slice::from_ref(plan), &options, ran))
}
