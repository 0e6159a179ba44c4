//! Lints: what is worth a warning though the rule runs. One file a lint; to add one, a file here, a
//! code in `spl/codes.rs`, a line in [`LINTS`] and a section in `docs/LINTS.md`.
//!
//! A lint says only what is so for sure, or for sure of the mapping tables at hand: a command it
//! does not know may do anything. None looks at more than [`MAX_STEPS`] commands, so that no rule
//! can hold up a sweep.

mod dead_arm;
mod often_missing;
mod origin;
mod reads;
mod removed_field;
mod source;
mod unselective;
mod unset_field;

use std::cell::Cell;

use super::{Plan, Settings};
use crate::spl::ast::Pipeline;
use crate::spl::diagnostic::Diagnostic;

/// A lint: looks at a rule and adds what it finds.
type Lint = fn(&Subject<'_>, &mut Vec<Diagnostic>);

/// Every lint. What the parser and the logical plan warn of needs none.
const LINTS: &[Lint] = &[
    removed_field::check,
    unset_field::check,
    dead_arm::check,
    often_missing::check,
    unselective::check,
];

/// How many commands all lints of one rule may look at.
const MAX_STEPS: usize = 200_000;

/// How many findings one lint may have of one rule.
const MAX_FINDINGS: usize = 50;

/// A rule that compiles, as lints see it.
struct Subject<'a> {
    pipeline: &'a Pipeline,
    plan: &'a Plan,
    settings: &'a Settings,
    steps: Cell<usize>,
}

impl Subject<'_> {
    /// Counts a step; whether another may be taken.
    fn may_step(&self) -> bool {
        let steps = self.steps.get();
        self.steps.set(steps + 1);
        steps < MAX_STEPS
    }
}

/// Runs every lint over a rule.
pub(super) fn run(
    pipeline: &Pipeline,
    plan: &Plan,
    settings: &Settings,
    findings: &mut Vec<Diagnostic>,
) {
    let subject = Subject { pipeline, plan, settings, steps: Cell::new(0) };
    for lint in LINTS {
        let mut found = Vec::new();
        lint(&subject, &mut found);
        found.truncate(MAX_FINDINGS);
        findings.append(&mut found);
    }
}

#[cfg(test)]
mod tests;
