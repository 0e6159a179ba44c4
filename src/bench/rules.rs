//! Rules, ranked by what each costs alone.

use super::BenchError;
use super::report::RuleCost;
use super::run::{Bench, Subject};
use super::samples::Samples;
use crate::plan::Plan;

/// Scans the subjects with each rule alone and ranks the rules, the dearest first.
///
/// # Errors
/// When a sweep cannot start.
pub fn rank(
    bench: &Bench,
    plans: Vec<Plan>,
    subjects: &[Subject],
) -> Result<Vec<RuleCost>, BenchError> {
    let mut costs = Vec::new();
    for plan in plans {
        let guards = [plan.text_guards.first(), plan.evtx_guards.first()];
        let literals = if guards.iter().all(Option::is_some) {
            let mut all: Vec<_> =
                guards.iter().flatten().flat_map(|guard| guard.literals.clone()).collect();
            all.sort();
            all.dedup();
            all
        } else {
            Vec::new()
        };
        let mut cost = RuleCost {
            id: plan.rule.id.clone(),
            title: plan.rule.title.clone(),
            bytes: subjects.iter().map(|subject| subject.bytes).sum(),
            seconds: Samples::default(),
            candidates: 0,
            hits: 0,
            literals,
        };
        let plans = [plan];
        for _ in 0..bench.runs {
            (cost.candidates, cost.hits) = (0, 0);
            let mut seconds = 0.0;
            for subject in subjects {
                let (took, outcome) = bench.scan(&plans, &subject.paths, bench.threads)?;
                seconds += took;
                cost.candidates += outcome.counters.candidates;
                cost.hits += outcome.counters.matched;
            }
            cost.seconds.0.push(seconds);
        }
        costs.push(cost);
    }
    costs.sort_by(|a, b| b.seconds.median().total_cmp(&a.seconds.median()));
    Ok(costs)
}
