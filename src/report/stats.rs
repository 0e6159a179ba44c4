//! `--stats`: the numbers behind a sweep.

use std::io::{self, Write};

use super::summary::size;
use super::text::counted;
use crate::plan::Plan;
use crate::scan::{Outcome, Searched};

/// Writes what was read, searched for, looked at and how fast.
///
/// # Errors
/// When writing fails.
pub fn write_stats(plans: &[Plan], outcome: &Outcome, to: &mut dyn Write) -> io::Result<()> {
    let counters = &outcome.counters;
    writeln!(to, "bytes by format:")?;
    for (format, count) in &counters.formats {
        let (size, files) = (size(count.bytes), counted(count.files, "file"));
        writeln!(to, "  {:<8} {size:>10} in {files}", format.name())?;
    }
    writeln!(to, "searched for:")?;
    let searched = outcome.searched_text.iter().zip(&outcome.searched_evtx);
    for (plan, (text, evtx)) in plans.iter().zip(searched) {
        let (text, evtx) = (searched_for(text), searched_for(evtx));
        writeln!(to, "  {}: {text} in text, {evtx} in EVTX", plan.rule.id)?;
    }
    writeln!(
        to,
        "candidates {}, decoded {}, matched {}",
        counters.candidates, counters.events, counters.matched
    )?;
    if counters.unfiltered > 0 {
        let size = size(counters.unfiltered);
        writeln!(
            to,
            "not searched but framed: {size} of text, where nearly every event has a hit"
        )?;
    }
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

fn searched_for(searched: &Searched) -> String {
    if searched.literals.is_empty() {
        return "nothing (every event is evaluated)".to_owned();
    }
    let literals = searched.literals.join(" or ");
    match searched.hits {
        Some(hits) => format!("{literals} ({hits} in a sample, the fewest)"),
        None => literals,
    }
}
