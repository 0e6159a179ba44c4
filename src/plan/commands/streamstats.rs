//! `streamstats`: at each row what `stats` computes over the rows up to it (SPLUNK.md 4,
//! streamstats).

use std::collections::{BTreeMap, VecDeque};

use super::{Compiler, Context, Held, Lowered, SetCommand, compile_stats, place_of, results};
use super::{condition, keys_of, time_of};
use crate::aggregate::{GroupKey, Results, RunningGroup, Stats};
use crate::eval::expr::{Env, Expr};
use crate::eval::row::Record;
use crate::spl::ast::{self, Nanoseconds};

/// How many rows a window of time may hold (SPLUNK.md 4, streamstats).
const MAX_WINDOW: usize = 10_000;

#[derive(Debug)]
struct Streamstats {
    stats: Stats,
    current: bool,
    /// How many rows a window holds; `None` where it holds all.
    window: Option<usize>,
    global: bool,
    time_window: Option<Nanoseconds>,
    reset_on_change: bool,
    reset_before: Option<Expr>,
    reset_after: Option<Expr>,
}

pub(super) fn lower(streamstats: &ast::Streamstats, compiler: &mut Compiler) -> Lowered {
    let window = usize::try_from(streamstats.window).unwrap_or(MAX_WINDOW);
    let reset_before = streamstats.reset_before.as_ref().map(|expr| condition(expr, compiler));
    let reset_after = streamstats.reset_after.as_ref().map(|expr| condition(expr, compiler));
    Lowered::Set(Box::new(Streamstats {
        stats: compile_stats(&streamstats.stats, compiler),
        current: streamstats.current,
        window: (window > 0).then_some(window),
        global: streamstats.global,
        time_window: streamstats.time_window,
        reset_on_change: streamstats.reset_on_change,
        reset_before,
        reset_after,
    }))
}

impl SetCommand for Streamstats {
    fn apply(&self, mut rows: Vec<Held>, context: Context<'_>) -> Vec<Held> {
        // All rows are read before any is written: a result may have the name of its argument,
        // which later rows still look back on.
        let mut stream = Stream::new(self, &rows, context);
        let mut computed = Vec::with_capacity(rows.len());
        for at in 0..rows.len() {
            let results = stream.step(at);
            if !results.as_ref().is_none_or(|results| results::has_room(results, context)) {
                break;
            }
            computed.push(results);
        }
        context.allowance.give_back(stream.held);
        rows.truncate(computed.len());
        for ((record, _), results) in rows.iter_mut().zip(computed) {
            // Where there is nothing to compute the field is absent (SPLUNK.md 4, streamstats).
            for (name, field) in results.into_iter().flatten() {
                record.set(&name, field);
            }
        }
        rows
    }
}

/// What is known when the next row comes.
struct Stream<'s> {
    command: &'s Streamstats,
    rows: &'s [Held],
    context: Context<'s>,
    /// Of each group all that was seen, where there is no window.
    groups: BTreeMap<GroupKey, RunningGroup>,
    /// The rows in the window of each group, or in the one for all groups.
    windows: BTreeMap<Option<GroupKey>, VecDeque<Seen>>,
    last: Option<Vec<GroupKey>>,
    /// How many bytes the groups hold, and held before they were forgotten.
    held: usize,
}

/// A row in a window.
struct Seen {
    at: usize,
    keys: Vec<GroupKey>,
}

impl<'s> Stream<'s> {
    fn new(command: &'s Streamstats, rows: &'s [Held], context: Context<'s>) -> Self {
        let (groups, windows) = (BTreeMap::new(), BTreeMap::new());
        Self { command, rows, context, groups, windows, last: None, held: 0 }
    }

    /// What is computed at a row; `None` where it lacks a by-field, and so is in no group.
    fn step(&mut self, at: usize) -> Option<Results> {
        let (record, _) = self.rows.get(at)?;
        let keys = keys_of(&self.command.stats, record, self.context);
        if keys.is_empty() {
            return None;
        }
        let changed = self.last.as_ref().is_some_and(|last| *last != keys);
        let resets_before = |expr: &Expr| self.holds(expr, record);
        if (self.command.reset_on_change && changed)
            || self.command.reset_before.as_ref().is_some_and(resets_before)
        {
            self.reset();
        }
        self.last = self.command.reset_on_change.then(|| keys.clone());
        let windowed = self.command.window.is_some() || self.command.time_window.is_some();
        let results = if windowed { self.slide(at, keys) } else { self.grow(at, keys) };
        let results = results::combine(&results.iter().collect::<Vec<_>>());
        if self
            .command
            .reset_after
            .as_ref()
            .is_some_and(|expr| self.resets_after(expr, at, &results))
        {
            self.reset();
        }
        Some(results)
    }

    fn reset(&mut self) {
        self.groups.clear();
        self.windows.clear();
    }

    fn holds(&self, expr: &Expr, record: &Record) -> bool {
        expr.truth(Env { row: record, scratch: self.context.scratch }) == Some(true)
    }

    /// Whether the condition holds of the row with its results.
    fn resets_after(&self, expr: &Expr, at: usize, results: &Results) -> bool {
        let Some((record, _)) = self.rows.get(at) else { return false };
        let mut record = Record::new(record.iter().map(|(n, field)| (n.to_owned(), field.clone())));
        results.iter().for_each(|(name, field)| record.set(name, field.clone()));
        self.holds(expr, &record)
    }

    /// All rows so far.
    fn grow(&mut self, at: usize, keys: Vec<GroupKey>) -> Vec<Results> {
        let Some((record, _)) = self.rows.get(at) else { return Vec::new() };
        let (stats, scratch) = (&self.command.stats, self.context.scratch);
        let mut all = Vec::with_capacity(keys.len());
        for key in keys {
            let group = self.groups.entry(key).or_insert_with(|| RunningGroup::start(stats));
            if !self.command.current {
                all.push(group.results(stats));
            }
            let grown = group.update(stats, record, &place_of(at, record), scratch);
            // Where there is no room for it, there is none for the results either.
            let _ = self.context.allowance.take(grown);
            self.held += grown;
            if self.command.current {
                all.push(group.results(stats));
            }
        }
        all
    }

    /// The rows in a window.
    fn slide(&mut self, at: usize, keys: Vec<GroupKey>) -> Vec<Results> {
        // A window of all groups is looked at for each group of the row, but holds it once.
        let slots: Vec<Option<GroupKey>> =
            if self.command.global { vec![None] } else { keys.iter().cloned().map(Some).collect() };
        let seen = |keys: &[GroupKey]| Seen { at, keys: keys.to_vec() };
        let mut all = Vec::with_capacity(keys.len());
        for slot in slots {
            let mut window = self.windows.remove(&slot).unwrap_or_default();
            if self.command.current {
                window.push_back(seen(&keys));
            }
            self.trim(&mut window, at);
            match &slot {
                Some(key) => all.push(self.over(&window, key)),
                None => all.extend(keys.iter().map(|key| self.over(&window, key))),
            }
            if !self.command.current {
                window.push_back(seen(&keys));
            }
            self.windows.insert(slot, window);
        }
        all
    }

    /// Drops what is too long ago at the row `at`, be it in rows or in time.
    fn trim(&self, window: &mut VecDeque<Seen>, at: usize) {
        let limit = self.command.window.unwrap_or(MAX_WINDOW);
        if window.len() > limit && self.command.window.is_none() {
            self.context.allowance.note(format!(
                "streamstats: a window of time holds its last {limit} rows, as in Splunk"
            ));
        }
        window.drain(..window.len().saturating_sub(limit));
        let Some(span) = self.command.time_window else { return };
        let time = |at: usize| {
            let (record, _) = self.rows.get(at)?;
            Some(time_of(record)?.as_nanosecond())
        };
        let now = time(at);
        // The far edge is open (SPLUNK.md 4, streamstats).
        let is_within = |seen: &Seen| matches!((now, time(seen.at)), (Some(a), Some(b)) if (a - b).abs() < span);
        while window.front().is_some_and(|seen| seen.at != at && !is_within(seen)) {
            window.pop_front();
        }
        if window.iter().any(|seen| seen.at != at && !is_within(seen)) {
            let text = "streamstats: `time_window` needs rows sorted by time, and these are not";
            self.context.allowance.note(text);
        }
    }

    /// What is computed over a group's rows in a window.
    fn over(&self, window: &VecDeque<Seen>, key: &GroupKey) -> Results {
        let stats = &self.command.stats;
        let mut group = RunningGroup::start(stats);
        for seen in window.iter().filter(|seen| seen.keys.contains(key)) {
            if let Some((record, _)) = self.rows.get(seen.at) {
                group.update(stats, record, &place_of(seen.at, record), self.context.scratch);
            }
        }
        group.results(stats)
    }
}
