//! What is said of a sweep on standard error: what was searched, what was not, what it found.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::text::{counted, printable};
use crate::plan::Plan;
use crate::scan::{Outcome, Severity};

/// The exit status of a sweep: 0 with rows, 1 without, 2 when something could not be read
/// (DESIGN, "Command line").
#[must_use]
pub fn exit_status(outcome: &Outcome) -> u8 {
    let unreadable = outcome.skipped.iter().any(|skipped| skipped.severity == Severity::Error);
    match outcome.counters.rows {
        _ if unreadable || outcome.overflowed => 2,
        0 => 1,
        _ => 0,
    }
}

/// Writes what could not be read, one line each: path, offset, reason.
///
/// # Errors
/// When writing fails.
pub fn write_skipped(outcome: &Outcome, to: &mut dyn Write) -> io::Result<()> {
    for skipped in &outcome.skipped {
        let kind = match skipped.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let path = skipped.path.to_string_lossy();
        let offset = skipped.offset.map_or(String::new(), |offset| format!(":{offset}"));
        let (path, reason) = (printable(&path), printable(&skipped.reason));
        writeln!(to, "coldsweep: {kind}: {path}{offset}: {reason}")?;
    }
    if outcome.skipped_more > 0 {
        writeln!(to, "coldsweep: {} more like these are not shown", outcome.skipped_more)?;
    }
    Ok(())
}

/// Writes the summary.
///
/// # Errors
/// When writing fails.
pub fn write_summary(outcome: &Outcome, to: &mut dyn Write) -> io::Result<()> {
    write_searched(outcome, to)?;
    let counters = &outcome.counters;
    if let Some((first, last)) = counters.span.ends {
        writeln!(to, "events looked at: {}, from {first} to {last}", counters.events)?;
    }
    writeln!(
        to,
        "matched: {} in {}; {} of them as stock Splunk would, {} more only as stock Splunk would",
        counted(counters.matched, "event"),
        counted(counters.rows, "row"),
        counters.matched_strict_too,
        counters.matched_strict_only,
    )?;
    if counters.without_host > 0 {
        writeln!(
            to,
            "no host: {} matched without naming one; they get --default-host, but strictly none",
            counters.without_host
        )?;
    }
    if counters.without_time > 0 {
        writeln!(
            to,
            "no time: {} matched without one and got their file's",
            counters.without_time
        )?;
    }
    if counters.matched == 0 {
        write_why_none(outcome, to)?;
    } else if counters.rows == 0 {
        writeln!(
            to,
            "why none: what stands behind the first command that needs all rows, as `stats` does, \
             kept none of them"
        )?;
    }
    let errors = outcome.skipped.iter().filter(|s| s.severity == Severity::Error).count() as u64;
    let unread = errors + outcome.skipped_more;
    if unread > 0 {
        writeln!(to, "not read: {} (see above); everything else was", counted(unread, "place"))?;
    }
    for note in &outcome.notes {
        writeln!(to, "note: {}", printable(note))?;
    }
    if outcome.overflowed {
        writeln!(to, "stopped: the result grew past --max-result; these rows are not all")?;
    }
    Ok(())
}

/// Writes what was read, and how fast.
fn write_searched(outcome: &Outcome, to: &mut dyn Write) -> io::Result<()> {
    let counters = &outcome.counters;
    let formats: Vec<_> = counters
        .formats
        .iter()
        .map(|(format, count)| format!("{} {}", count.files, format.name()))
        .chain((counters.empty_files > 0).then(|| format!("{} empty", counters.empty_files)))
        .collect();
    let of_which =
        if formats.is_empty() { String::new() } else { format!(" ({})", formats.join(", ")) };
    let what = format!("{}{of_which}, {}", counted(counters.files, "file"), size(counters.bytes));
    if outcome.threads == 0 {
        // Not now: by an earlier run, or by others.
        writeln!(to, "searched before: {what}")?;
    } else {
        #[allow(clippy::cast_precision_loss)]
        let rate = counters.bytes as f64 / outcome.seconds.max(1e-9);
        let threads = counted(outcome.threads as u64, "thread");
        let (seconds, rate) = (outcome.seconds, size(rate as u64));
        writeln!(to, "searched {what} in {seconds:.2} s ({rate}/s, {threads})")?;
    }
    if counters.packed_bytes > 0 {
        let packed = size(counters.packed_bytes);
        let members = match counters.members {
            0 => String::new(),
            count => format!(", {} of archives", counted(count, "member")),
        };
        writeln!(to, "unpacked: {packed} of packed files{members}")?;
    }
    if counters.buckets_out_of_time > 0 {
        writeln!(
            to,
            "passed over: {}, for by their names no event is in this time",
            counted(counters.buckets_out_of_time, "bucket")
        )?;
    }
    Ok(())
}

/// Writes what rules ask for and are not given: each once, with the number of rules.
///
/// # Errors
/// When writing fails.
pub fn write_lacks(plans: &[Plan], to: &mut dyn Write) -> io::Result<()> {
    let mut rules: BTreeMap<&str, u64> = BTreeMap::new();
    for lack in plans.iter().flat_map(|plan| &plan.lacks) {
        *rules.entry(lack).or_default() += 1;
    }
    for (lack, count) in rules {
        writeln!(to, "not given: {} ({})", printable(lack), counted(count, "rule"))?;
    }
    Ok(())
}

/// Zero hits are explained.
fn write_why_none(outcome: &Outcome, to: &mut dyn Write) -> io::Result<()> {
    let counters = &outcome.counters;
    let any = counters.formats.values().any(|count| count.bytes > 0);
    if !any {
        return writeln!(to, "why none: no event was found in these files");
    }
    let Some(kinds) = &outcome.kinds else { return Ok(()) };
    let ids: Vec<_> = kinds.event_ids.iter().map(u32::to_string).collect();
    let ids = ids.join(", ");
    match &kinds.example {
        Some(path) => writeln!(
            to,
            "why none: there are events of the kinds looked for ({ids}), for one in {}, but none matches",
            printable(&path.to_string_lossy())
        ),
        None => {
            let seen =
                if kinds.partial { "in the parts that were checked" } else { "in these files" };
            writeln!(
                to,
                "why none: no event of the kinds looked for ({ids}) was seen {seen}: is this the right log, was its auditing on?"
            )
        }
    }
}

/// Bytes in the unit that suits them.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    #[allow(clippy::cast_precision_loss)]
    let mut amount = bytes as f64;
    let mut unit = 0;
    while amount >= 1024.0 && unit + 1 < UNITS.len() {
        amount /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{amount:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_in_the_unit_that_suits_them() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(1023), "1023 B");
        assert_eq!(size(1536), "1.5 KiB");
        assert_eq!(size(3 << 40), "3.0 TiB");
    }
}
