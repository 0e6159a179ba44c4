//! What sweeping some of the files of a sweep gives: enough to finish any rule's later stages once
//! the others are there. It serializes, so that the files may be swept at other times or on other
//! machines.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::counters::Counters;
use super::kinds;
use super::sample::Searched;
use super::skip::{Severity, SkipLog};
use super::worker::{Partial as RuleState, Worker};
use super::{Options, Outcome, ScanError};
use crate::eval::row::Scratch;
use crate::plan::{Allowance, Held, Plan};

/// The result over some of the files.
#[derive(Debug, Serialize, Deserialize)]
pub struct Partial {
    /// Of each rule, then of each subsearch of the first rule and so on.
    states: Vec<RuleState>,
    counters: Counters,
    skips: SkipLog,
    /// How many bytes the states take.
    held: usize,
    /// Whether the sweep stopped because the result grew past its limit.
    overflowed: bool,
}

/// How a sweep, or a part of it, ran.
#[derive(Debug, Clone, Default)]
pub struct Ran {
    /// The wall time.
    pub seconds: f64,
    /// How many workers ran.
    pub threads: usize,
    /// What text was searched for, of each rule, unless the prefilter was off.
    pub searched_text: Vec<Searched>,
    /// The same for EVTX chunks.
    pub searched_evtx: Vec<Searched>,
}

/// Why partial results cannot be put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the partial results are of other rules")]
pub struct OtherRules;

impl Partial {
    pub(super) fn new(worker: Worker, held: usize, overflowed: bool) -> Self {
        let Worker { partials: states, counters, skips, .. } = worker;
        Self { states, counters, skips, held, overflowed }
    }

    /// Notes what of the paths of the sweep could not be walked.
    pub fn cannot_walk(&mut self, errors: &[(PathBuf, String)]) {
        for (path, reason) in errors {
            self.skips.add(path, None, Severity::Error, reason.clone());
        }
    }

    /// Notes files that were not swept.
    pub fn not_swept(&mut self, path: &std::path::Path, reason: &str) {
        self.skips.add(path, None, Severity::Error, reason);
    }

    /// Whether the sweep stopped because the result grew past its limit.
    #[must_use]
    pub fn overflowed(&self) -> bool {
        self.overflowed
    }

    /// Whether anything could not be read.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.skips.has_errors()
    }

    /// Takes in the result over other files of the same sweep. The order does not matter. More than
    /// `max_result` bytes of memory count as an overflow.
    ///
    /// # Errors
    /// When it is of other rules.
    pub fn merge(&mut self, other: Self, max_result: usize) -> Result<(), OtherRules> {
        if self.states.len() != other.states.len() {
            return Err(OtherRules);
        }
        for (mine, theirs) in self.states.iter_mut().zip(other.states) {
            mine.merge(theirs);
        }
        self.counters += other.counters;
        self.skips.merge(other.skips);
        self.held += other.held;
        self.overflowed |= other.overflowed || self.held > max_result;
        Ok(())
    }

    /// Runs the rules' last part. When nothing matched, looks into `files` for an event of the
    /// kinds that the rules are about.
    ///
    /// # Errors
    /// When that look cannot start, or when the result is of other rules.
    pub fn finish_looking(
        self,
        plans: &[Plan],
        files: &[PathBuf],
        options: &Options,
        ran: Ran,
    ) -> Result<Outcome, ScanError> {
        let mut outcome = self.finish(plans, options, ran);
        if outcome.counters.matched == 0 && !outcome.overflowed {
            // Standard input and pipes cannot be read twice.
            let files: Vec<_> = files.iter().filter(|path| path.is_file()).cloned().collect();
            outcome.kinds = kinds::check(plans, &files, options, &outcome.counters)?;
        }
        Ok(outcome)
    }

    /// Runs the rules' last part.
    #[must_use]
    pub fn finish(mut self, plans: &[Plan], options: &Options, ran: Ran) -> Outcome {
        let scratch = Scratch::default();
        // Apart from what the workers hold, so that where it ends does not depend on them.
        let allowance = Allowance::new(options.max_result);
        let mut notes = Vec::new();
        let mut rows = Vec::new();
        let mut subsearches = self.states.split_off(plans.len().min(self.states.len())).into_iter();
        for (plan, state) in plans.iter().zip(self.states) {
            let found: Vec<Vec<Held>> = (plan.subsearches.iter().zip(&mut subsearches))
                .map(|(plan, state)| {
                    let rows = state.into_rows(plan);
                    plan.program.run_on_all(rows, &scratch, &allowance, &[])
                })
                .collect();
            let own = state.into_rows(plan);
            rows.push(plan.program.finish(own, &scratch, &allowance, &found));
            let said = allowance.take_notes().into_iter();
            notes.extend(said.map(|note| format!("{}: {note}", plan.rule.title)));
        }
        let overflowed = self.overflowed || allowance.is_spent();
        self.counters.rows = rows.iter().map(|rows| rows.len() as u64).sum();
        let (skipped, skipped_more) = self.skips.finish();
        let Ran { seconds, threads, searched_text, searched_evtx } = ran;
        Outcome {
            rows,
            counters: self.counters,
            skipped,
            skipped_more,
            overflowed,
            notes,
            seconds,
            threads,
            searched_text,
            searched_evtx,
            kinds: None,
        }
    }
}
