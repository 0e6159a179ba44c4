//! Fuzzing: `fuzz/README.md` says what is mutated and what must hold. Some seconds here; set
//! `COLDSWEEP_FUZZ_SECONDS` for more, `COLDSWEEP_FUZZ_SEED` for other cases.
#![allow(clippy::print_stdout)]

mod common;
#[path = "../fuzz/mod.rs"]
mod fuzz;

use fuzz::driver::{Budget, run};

#[test]
fn any_input_gives_the_same_rows_however_it_is_swept() {
    let budget = Budget::from_env(10);
    let target = fuzz::input::Target::new(budget.seed);
    run("input", budget, |case| target.make(case), |input| target.check(input));
}

#[test]
fn any_rule_compiles_or_is_refused_and_no_guard_loses_a_match() {
    let budget = Budget::from_env(5);
    let target = fuzz::rules::Target::new(budget.seed);
    run("rules", budget, |case| target.make(case), |input| target.check(input));
}

#[test]
fn any_file_of_rules_is_read_or_refused() {
    let budget = Budget::from_env(5);
    let target = fuzz::files::Target::new(budget.seed);
    run("files", budget, |case| target.make(case), |input| target.check(input));
}

#[test]
fn any_tokens_of_rules_are_explained_or_refused() {
    let budget = Budget::from_env(5);
    let target = fuzz::spl::Target::new(budget.seed);
    run("spl", budget, |case| target.make(case), |input| target.check(input));
}
