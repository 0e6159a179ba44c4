//! Zero hits explained: was there any event of the kinds that the rules are about?
//!
//! The sweep itself cannot say: it passes over whatever cannot match. So when nothing matched, a
//! second sweep looks for one event of these kinds and stops at the first. Text is searched
//! whole, for the digits of the event ids; EVTX would have to be decoded, so only the start of
//! each log is.

use std::path::PathBuf;

use super::{Counters, Input, Options, Progress, ScanError, Sweep};
use crate::cim::Cim;
use crate::plan::{Guard, Plan, Settings};
use crate::reading::Reading;
use crate::resources::Resources;
use crate::rule::Rule;
use crate::spl::Macros;

/// How many chunks of each EVTX log are decoded: its first MiB.
pub(super) const CHUNKS_OF_A_LOG: usize = 16;

/// What looking for events of the rules' kinds found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindCheck {
    /// The event ids that the rules' searches spell.
    pub event_ids: Vec<u32>,
    /// An event of these kinds: its file.
    pub example: Option<PathBuf>,
    /// Whether EVTX logs longer than what was decoded of them may hold others.
    pub partial: bool,
}

/// Looks for an event of the kinds that the rules spell; `None` where they spell none.
///
/// # Errors
/// When the second sweep cannot start.
pub(super) fn check(
    plans: &[Plan],
    paths: &[PathBuf],
    options: &Options,
    counters: &Counters,
) -> Result<Option<KindCheck>, ScanError> {
    let mut event_ids: Vec<u32> = plans.iter().flat_map(|plan| plan.logical.event_ids()).collect();
    event_ids.sort_unstable();
    event_ids.dedup();
    let Some(plan) = kind_plan(&event_ids) else { return Ok(None) };
    // The first match outgrows the limit, which stops the sweep.
    let options =
        Options { max_result: 0, evidence: true, reading: Reading::AS_MEANT, ..options.clone() };
    let plans = [&plan];
    let cim = Cim::builtin();
    let progress = Progress::default();
    let files = Input::all(paths);
    let mut sweep = Sweep::new(&plans, &cim, &options, &progress, &files)?;
    sweep.chunks_of_a_log = CHUNKS_OF_A_LOG;
    let (result, ran) = sweep.run(&files)?;
    let outcome = result.finish(std::slice::from_ref(&plan), &options, ran);
    let example = outcome.rows[0].first().and_then(|row| row.evidence.first());
    let long_log = counters.formats.get(&crate::event::Format::Evtx).is_some_and(|evtx| {
        evtx.bytes > evtx.files * (CHUNKS_OF_A_LOG * crate::format::evtx::CHUNK_LEN) as u64
    });
    Ok(Some(KindCheck {
        event_ids,
        example: example.map(|evidence| PathBuf::from(evidence.path.as_ref())),
        partial: long_log,
    }))
}

/// A rule that any event with one of these ids matches. A `WinHostMon` process counts as 4688.
fn kind_plan(event_ids: &[u32]) -> Option<Plan> {
    if event_ids.is_empty() {
        return None;
    }
    let ids: Vec<String> = event_ids.iter().map(u32::to_string).collect();
    let search = format!("signature_id IN ({}) | table signature_id", ids.join(", "));
    let settings = Settings {
        macros: Macros::empty(),
        cim: Cim::builtin(),
        reading: Reading::AS_MEANT,
        timezone: jiff::tz::TimeZone::UTC,
        resources: Resources::default(),
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    let rule = Rule::parse(&search, "kinds.spl").ok()?;
    let (mut plan, _) = Plan::compile(rule, &settings).ok()?;
    // Good enough to explain with, not to match with: an id could be written otherwise.
    let needles = ids.iter().map(|id| id.clone().into_bytes()).chain([b"Type=Process".to_vec()]);
    plan.text_guards = vec![Guard { needles: needles.collect(), literals: ids, bits: 0 }];
    Some(plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_for_kinds_compiles() {
        assert!(kind_plan(&[4688, 1040]).is_some());
        assert!(kind_plan(&[]).is_none());
    }
}
