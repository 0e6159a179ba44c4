//! One worker: its scratch memory, its partial results, and what it does with one event.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::admission::Admission;
use super::counters::Counters;
use super::skip::{Severity, SkipLog};
use super::{InputNames, Sweep};
use crate::aggregate::{Evidence, Groups, Place, Position, Source};
use crate::eval::kinds::kinds_of_windows;
use crate::eval::row::{EventRow, RawText, Record, Scratch};
use crate::event::{Event, Format, Metadata};
use crate::format::evtx::ChunkReader;
use crate::format::{self, DecodeContext};
use crate::plan::{GateCaches, Held, Plan, Program};
use crate::prefilter::RuleSet;
use crate::reading::{Accommodation, Reading};

/// What belongs to one worker alone.
pub(crate) struct Worker {
    pub(super) partials: Vec<Partial>,
    pub(super) counters: Counters,
    pub(super) skips: SkipLog,
    /// Not there while its records are being evaluated.
    pub(super) chunks: Option<Box<ChunkReader>>,
    scratch: Scratch,
    /// Of each rule.
    gates: Vec<GateCaches>,
    admission: Admission,
    /// Scratch memory of the prefilter.
    seen: Vec<u64>,
    /// Whether the kind of the event at hand was told by its text.
    told: bool,
}

/// The partial result of one rule.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Partial {
    /// Of a rule with `stats`.
    Groups(Groups),
    /// Of a rule without: the rows themselves.
    Rows(Vec<(Place, Record, Vec<Evidence>)>),
}

impl Partial {
    pub(super) fn merge(&mut self, other: Self) {
        match (self, other) {
            (Self::Groups(mine), Self::Groups(theirs)) => mine.merge(theirs),
            (Self::Rows(mine), Self::Rows(theirs)) => mine.extend(theirs),
            // Both come from the same plan.
            _ => {}
        }
    }

    /// The rows in the order of the pipeline.
    pub(super) fn into_rows(self, plan: &Plan) -> Vec<Held> {
        match (self, plan.program.stats()) {
            (Self::Groups(groups), Some(stats)) => groups.finish(stats),
            (Self::Rows(mut rows), _) => {
                rows.sort_by(|(a, ..), (b, ..)| a.cmp(b));
                rows.into_iter().map(|(_, record, evidence)| (record, evidence)).collect()
            }
            (Self::Groups(_), None) => Vec::new(),
        }
    }
}

/// The file that an event comes from.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    /// Its path.
    pub path: Arc<Path>,
    /// The same as text, for evidence.
    pub name: Arc<str>,
    /// Its place in the sweep, for ties in time.
    pub source: Source,
    /// When it was last changed: the time of events that carry none (SPLUNK.md 6, `WinHostMon`).
    pub modified: Option<Timestamp>,
    /// The archive that it is a member of.
    pub archive: Option<Arc<Path>>,
}

/// One framed event.
pub(super) struct Framed<'t> {
    pub text: &'t [u8],
    pub format: Format,
    pub position: Position,
    /// The byte of its file at which it starts, or its record does.
    pub offset: u64,
    /// What its index says of it, if it comes from one. That wins over what the text says.
    pub envelope: Option<&'t Metadata>,
}

impl Worker {
    pub(super) fn new(plans: &[&Plan]) -> Self {
        let partial = |plan: &&Plan| match plan.program.stats() {
            Some(_) => Partial::Groups(Groups::default()),
            None => Partial::Rows(Vec::new()),
        };
        Self {
            partials: plans.iter().map(partial).collect(),
            counters: Counters::default(),
            skips: SkipLog::default(),
            chunks: Some(Box::default()),
            scratch: Scratch::default(),
            gates: plans.iter().map(|_| GateCaches::default()).collect(),
            admission: Admission::default(),
            seen: Vec::new(),
            told: false,
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.partials.iter_mut().zip(other.partials) {
            mine.merge(theirs);
        }
        self.counters += other.counters;
        self.skips.merge(other.skips);
    }

    /// Reports something that could not be read.
    pub(super) fn skip(&mut self, origin: &Origin, offset: u64, severity: Severity, reason: &str) {
        self.skips.add(&origin.path, Some(offset), severity, reason);
    }

    /// The rules that may match an event with this text: those of its kind, where the text tells
    /// it, that find in it what they need.
    pub(super) fn candidates(&mut self, sweep: &Sweep<'_>, format: Format, text: &[u8]) -> RuleSet {
        let by_kind = sweep.goes_by_kind();
        let glance = if by_kind { format::glance(text, format) } else { None };
        let kind = glance.and_then(|glance| {
            let sources = kinds_of_windows(glance.channel, glance.provider);
            sweep.kinds.kind(sources, glance.event_id, text)
        });
        self.told = kind.is_some();
        let mut rules = match kind {
            Some(kind) => self.admission.of(kind, &sweep.kinds, sweep.plans).clone(),
            None => RuleSet::all(sweep.plans.len()),
        };
        if !rules.is_empty() {
            sweep.text.keep_rules(text, 0..text.len(), &mut rules, &mut self.seen);
        }
        // The raw text of an event in JSON is another.
        if by_kind && format != Format::Json && !rules.is_empty() {
            let raw = RawText::new(text);
            rules.retain(|rule| sweep.plans[rule].program.may_match_text(&raw, kind.as_ref()));
        }
        rules
    }

    /// The rules that a decoded event of its kind can match, under either reading; `None` where
    /// that drops none.
    fn admit_decoded(
        &mut self,
        sweep: &Sweep<'_>,
        format: Format,
        events: [Option<&Decoded<'_>>; 2],
        rules: &RuleSet,
    ) -> Option<RuleSet> {
        // A text that tells its kind tells it under both readings.
        if !sweep.goes_by_kind() || self.told {
            return None;
        }
        // The fields of a line are told by their place in it, mostly.
        let enveloped = matches!(format, Format::Json | Format::Line);
        let mut admitted = RuleSet::none(sweep.plans.len());
        for decoded in events.into_iter().flatten() {
            let kind = sweep.kinds.kind_of(&decoded.event, enveloped)?;
            admitted.add(self.admission.of(kind, &sweep.kinds, sweep.plans));
        }
        admitted.keep(rules);
        Some(admitted)
    }

    /// Evaluates the rules on one event.
    pub(super) fn evaluate(
        &mut self,
        sweep: &Sweep<'_>,
        origin: &Origin,
        framed: &Framed<'_>,
        rules: &RuleSet,
    ) {
        self.counters.candidates += 1;
        let Some(rules) = self.pass_gates(sweep, framed.text, rules) else { return };
        // One frame is one event, but for a JSON document that wraps several.
        for (event, strict) in decode(sweep, origin, framed) {
            match event {
                Ok(event) => {
                    let events = [Some(&event), strict.as_ref()];
                    let admitted = self.admit_decoded(sweep, framed.format, events, &rules);
                    let rules = admitted.as_ref().unwrap_or(&rules);
                    self.evaluate_event(sweep, origin, framed, rules, &event, strict.as_ref())
                }
                Err(reason) => self.skip(origin, framed.offset, Severity::Error, &reason),
            }
        }
    }

    /// The rules whose gate lets an event through; `None` where none does.
    fn pass_gates(&mut self, sweep: &Sweep<'_>, text: &[u8], rules: &RuleSet) -> Option<RuleSet> {
        if !sweep.options.prefilter {
            return Some(rules.clone());
        }
        let mut admitted = RuleSet::none(sweep.plans.len());
        for rule in rules.iter() {
            let gate = sweep.plans[rule].gate.as_ref();
            if gate.is_none_or(|gate| gate.admits(text, &mut self.gates[rule])) {
                admitted.insert(rule);
            }
        }
        (!admitted.is_empty()).then_some(admitted)
    }

    fn evaluate_event(
        &mut self,
        sweep: &Sweep<'_>,
        origin: &Origin,
        framed: &Framed<'_>,
        rules: &RuleSet,
        decoded: &Decoded<'_>,
        strict: Option<&Decoded<'_>>,
    ) {
        self.counters.events += 1;
        if let Some(time) = decoded.event.meta.time {
            self.counters.span.add(time);
        }
        if let Some(tap) = &sweep.tap {
            if !sweep.stopped() && !tap.look(sweep, origin, framed, decoded, strict) {
                sweep.stop();
            }
        } else if admits(sweep, &decoded.event) {
            let seen = Seen::new(sweep, decoded, strict);
            for rule in rules.iter() {
                self.evaluate_rule(sweep, origin, framed, rule, &seen);
            }
        }
    }

    fn evaluate_rule(
        &mut self,
        sweep: &Sweep<'_>,
        origin: &Origin,
        framed: &Framed<'_>,
        rule: usize,
        seen: &Seen<'_>,
    ) {
        let plan = sweep.plans[rule];
        let (record, strict) = seen.run(&plan.program, &self.scratch);
        let strict = strict.unwrap_or(sweep.context.reading == Reading::STRICT && record.is_some());
        let decoded = seen.as_read.decoded;
        // What matches a subsearch alone matches no rule.
        let counts = u64::from(rule < sweep.rules);
        let Some(record) = record else {
            self.counters.matched_strict_only += counts * u64::from(strict);
            return;
        };
        self.counters.matched += counts;
        self.counters.matched_strict_too += counts * u64::from(strict);
        self.counters.without_host += counts * u64::from(decoded.without_host);
        self.counters.without_time += counts * u64::from(decoded.without_time);
        let time = decoded.event.meta.time;
        let place = Place::new(time, origin.source.clone(), framed.offset);
        let evidence: Vec<_> = sweep
            .options
            .evidence
            .then(|| Evidence {
                time,
                path: Arc::clone(&origin.name),
                position: framed.position,
                raw: String::from_utf8_lossy(&decoded.event.raw).into_owned(),
                strict,
            })
            .into_iter()
            .collect();
        let grown = match (&mut self.partials[rule], plan.program.stats()) {
            (Partial::Groups(groups), Some(stats)) => {
                groups.update(stats, &record, &place, evidence, &self.scratch)
            }
            (Partial::Rows(rows), _) => {
                let size = record.size() + evidence.iter().map(Evidence::size).sum::<usize>();
                rows.push((place, record, evidence));
                size
            }
            (Partial::Groups(_), None) => 0,
        };
        sweep.grow(grown);
    }
}

/// An event under the reading in force, and as stock Splunk reads it; no second where that is the
/// reading in force.
type Both<'t> = (Result<Decoded<'t>, String>, Option<Decoded<'t>>);

/// Decodes a frame's events and gives them what their file knows of them.
fn decode<'t>(sweep: &Sweep<'_>, origin: &Origin, framed: &Framed<'t>) -> Vec<Both<'t>> {
    let (context, strict) = (&sweep.context, &sweep.strict);
    let complete = |mut event: Event<'t>, context: &DecodeContext| {
        if let Some(envelope) = framed.envelope {
            event.meta = envelope.clone().or(event.meta);
        }
        complete(sweep, origin, event, context.reading)
    };
    if framed.envelope.is_some() {
        let contexts = [context, strict];
        let [event, other] = format::decode_stored(framed.text, framed.format, contexts);
        let other = (context.reading != Reading::STRICT).then(|| complete(other, strict));
        return vec![(Ok(complete(event, context)), other)];
    }
    let message = |error: format::DecodeError| error.to_string();
    let mut all = Vec::new();
    if context.reading == Reading::STRICT {
        format::decode_each(framed.text, framed.format, context, &mut |event| {
            all.push((event.map(|event| complete(event, context)).map_err(message), None));
        });
    } else {
        let contexts = [context, strict];
        format::decode_each_twice(framed.text, framed.format, contexts, &mut |[event, other]| {
            let other = other.ok().map(|event| complete(event, strict));
            all.push((event.map(|event| complete(event, context)).map_err(message), other));
        });
    }
    all
}

/// Gives an event what its file knows of it.
fn complete<'t>(
    sweep: &Sweep<'_>,
    origin: &Origin,
    mut event: Event<'t>,
    reading: Reading,
) -> Decoded<'t> {
    let without_host = event.meta.host.is_none();
    if without_host && reading.has(Accommodation::NoHost) {
        event.meta.host = Some(sweep.options.default_host.clone());
    }
    let without_time = event.meta.time.is_none();
    if without_time {
        event.meta.time = origin.modified;
    }
    name(&mut event, &sweep.options.names);
    Decoded { event, without_host, without_time }
}

/// Gives an event its source type, source and index: those of the command line, else its own. JSON
/// that says none has the one that Splunk gives JSON by itself. A path is no source: the rows
/// would tell the same log from its compressed copy.
fn name(event: &mut Event<'_>, names: &InputNames) {
    let meta = &mut event.meta;
    if meta.sourcetype.is_none() && event.raw.starts_with(b"{") {
        meta.sourcetype = Some("_json".to_owned());
    }
    let told = [
        (&mut meta.sourcetype, &names.sourcetype),
        (&mut meta.source, &names.source),
        (&mut meta.index, &names.index),
    ];
    for (own, told) in told {
        if told.is_some() {
            own.clone_from(told);
        }
    }
}

pub(super) struct Decoded<'t> {
    pub(super) event: Event<'t>,
    without_host: bool,
    without_time: bool,
}

/// An event under both readings.
struct Seen<'e> {
    as_read: SeenOnce<'e>,
    strict: Option<SeenOnce<'e>>,
    /// Whether both have the same fields, as most events do.
    alike: bool,
}

/// An event under one reading.
struct SeenOnce<'e> {
    decoded: &'e Decoded<'e>,
    row: EventRow<'e>,
}

impl<'e> Seen<'e> {
    fn new(
        sweep: &'e Sweep<'_>,
        decoded: &'e Decoded<'e>,
        strict: Option<&'e Decoded<'e>>,
    ) -> Self {
        let text = |decoded: &'e Decoded<'e>| Rc::new(RawText::new(decoded.event.raw.as_ref()));
        let once = |decoded: &'e Decoded<'e>, raw: &Rc<RawText<'e>>, reading| {
            let view = sweep.cim.view(&decoded.event, reading);
            let row = EventRow::with_raw(&decoded.event, view, reading, Rc::clone(raw));
            SeenOnce { decoded, row }
        };
        let raw = text(decoded);
        let strict = strict.map(|strict| {
            // Most often both readings have the same text.
            let same = strict.event.raw == decoded.event.raw;
            once(strict, &if same { Rc::clone(&raw) } else { text(strict) }, Reading::STRICT)
        });
        let as_read = once(decoded, &raw, sweep.context.reading);
        let alike = strict.as_ref().is_some_and(|strict| as_read.row.is_like(&strict.row));
        Self { as_read, strict, alike }
    }

    /// Runs a rule: its record under the reading in force, and whether it matches as stock Splunk
    /// reads the event, `None` where that was not decoded. A part of the rule is run once where its
    /// answer cannot depend on the reading.
    fn run(&self, program: &Program, scratch: &Scratch) -> (Option<Record>, Option<bool>) {
        let row = &self.as_read.row;
        row.take_asked();
        let admits = program.admits(row, scratch);
        let same_filters = self.alike && !row.take_asked();
        let record = if admits { program.proceed(row, scratch) } else { None };
        let same_rest = self.alike && !row.take_asked();
        let strict = self.strict.as_ref().map(|SeenOnce { row: strict, .. }| {
            let admitted = if same_filters { admits } else { program.admits(strict, scratch) };
            let proceeds = || {
                if admits && same_rest {
                    record.is_some()
                } else {
                    program.proceeds(strict, scratch)
                }
            };
            admitted && proceeds()
        });
        (record, strict)
    }
}

/// Whether the filters of the command line let an event through. An event without a time is not
/// in any span of time.
fn admits(sweep: &Sweep<'_>, event: &Event<'_>) -> bool {
    let options = sweep.options;
    let time = event.meta.time;
    options.since.is_none_or(|since| time.is_some_and(|time| time >= since))
        && options.until.is_none_or(|until| time.is_some_and(|time| time < until))
        && options
            .hosts
            .as_ref()
            .is_none_or(|hosts| event.meta.host.as_deref().is_some_and(|host| hosts.is_match(host)))
}
