//! `--stats`: the numbers behind a sweep.

use std::io::{self, Write};

use super::summary::size;
use crate::plan::Plan;
use crate::scan::Outcome;

/// Writes what was read, searched for, looked at and how fast.
///
/// # Errors
/// When writing fails.
pub fn write_stats(plans: &[Plan], outcome: &Outcome, to: &mut dyn Write) -> io::Result<()> {
    let counters = &outcome.counters;
    writeln!(to, "bytes by format:")?;
    for (format, count) in &counters.formats {
        writeln!(to, "  {:<8} {:>10} in {} files", format.name(), size(count.bytes), count.files)?;
    }
    writeln!(to, "searched for:")?;
    for plan in plans {
        let guard = |guard: &Option<crate::plan::Guard>| match guard {
            Some(guard) => guard.literals.join(" or "),
            None => "nothing (every event is evaluated)".to_owned(),
        };
        let (text, evtx) = (guard(&plan.text_guard), guard(&plan.evtx_guard));
        writeln!(to, "  {}: {text} in text, {evtx} in EVTX", plan.rule.id)?;
    }
    writeln!(
        to,
        "candidates {}, decoded {}, matched {}",
        counters.candidates, counters.events, counters.matched
    )?;
    let latency = &counters.latency;
    writeln!(
        to,
        "microseconds a shard: p50 {}, p90 {}, p99 {}, max {}",
        latency.value_at_quantile(0.5),
        latency.value_at_quantile(0.9),
        latency.value_at_quantile(0.99),
        latency.max()
    )
}
