//! JSON: rows as objects (DESIGN, "Rows"), and the sweep's numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::{RuleRows, text};
use crate::aggregate::{Evidence, Position};
use crate::plan::{FinalRow, Plan};
use crate::scan::{Outcome, Severity};
use crate::value::{Field, Value};

pub(super) fn write_lines<'a>(
    rules: impl Iterator<Item = RuleRows<'a>>,
    to: &mut dyn Write,
) -> io::Result<()> {
    for row in rules.flat_map(JsonRow::of) {
        serde_json::to_writer(&mut *to, &row)?;
        to.write_all(b"\n")?;
    }
    Ok(())
}

pub(super) fn write_array<'a>(
    rules: impl Iterator<Item = RuleRows<'a>>,
    to: &mut dyn Write,
) -> io::Result<()> {
    to.write_all(b"[")?;
    for (at, row) in rules.flat_map(JsonRow::of).enumerate() {
        to.write_all(if at == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *to, &row)?;
    }
    to.write_all(b"\n]\n")
}

/// One row as an object.
struct JsonRow<'a> {
    plan: &'a Plan,
    row: &'a FinalRow,
}

impl<'a> JsonRow<'a> {
    fn of(rule: RuleRows<'a>) -> impl Iterator<Item = Self> {
        rule.rows.iter().map(move |row| Self { plan: rule.plan, row })
    }
}

impl Serialize for JsonRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let decimals = self.plan.program.decimals();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("rule_id", &self.plan.rule.id)?;
        map.serialize_entry("rule", &self.plan.rule.title)?;
        for (name, field) in &self.row.columns {
            let decimals = text::decimals_of(name, decimals);
            map.serialize_entry(name, &JsonField { field, decimals })?;
        }
        if !self.row.evidence.is_empty() {
            let evidence: Vec<_> = self.row.evidence.iter().map(JsonEvidence).collect();
            map.serialize_entry("_evidence", &evidence)?;
        }
        map.end()
    }
}

struct JsonField<'a> {
    field: &'a Field,
    decimals: Option<u8>,
}

impl Serialize for JsonField<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.field {
            Field::One(Value::Number(number)) => serialize_number(*number, serializer),
            Field::One(value) => serializer.serialize_str(&text::value(value, self.decimals)),
            Field::Many(values) => {
                let mut list = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    list.serialize_element(&text::value(value, self.decimals))?;
                }
                list.end()
            }
        }
    }
}

/// A whole number is written without a fraction, as far as a double holds it exactly.
fn serialize_number<S: Serializer>(number: f64, serializer: S) -> Result<S::Ok, S::Error> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[allow(clippy::cast_possible_truncation)]
    if number.fract() == 0.0 && number.abs() < EXACT {
        serializer.serialize_i64(number as i64)
    } else {
        serializer.serialize_f64(number)
    }
}

pub(super) struct JsonEvidence<'a>(pub(super) &'a Evidence);

impl Serialize for JsonEvidence<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", &self.0.path)?;
        match self.0.position {
            Position::Offset(offset) => map.serialize_entry("offset", &offset)?,
            Position::Record(record) => map.serialize_entry("record", &record)?,
        }
        if let Some(time) = self.0.time {
            map.serialize_entry("time", &text::time(time, None))?;
        }
        map.serialize_entry("raw", &self.0.raw)?;
        map.serialize_entry("strict", &self.0.strict)?;
        map.end()
    }
}

/// The numbers of a sweep as `--stats-json` writes them, with what its rules ask for and were not
/// given.
#[derive(Debug)]
pub struct StatsJson<'a>(pub &'a [Plan], pub &'a Outcome);

/// What rules ask for and are not given, each once, with the ids of the rules.
fn not_given(plans: &[Plan]) -> Vec<serde_json::Value> {
    let mut rules: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for plan in plans {
        for lack in &plan.lacks {
            rules.entry(lack).or_default().insert(&plan.rule.id);
        }
    }
    let entry = |(what, rules)| serde_json::json!({"what": what, "rules": rules});
    rules.into_iter().map(entry).collect()
}

impl Serialize for StatsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(plans, outcome) = *self;
        let counters = &outcome.counters;
        let formats: BTreeMap<_, _> = counters
            .formats
            .iter()
            .map(|(format, count)| {
                (format.name(), serde_json::json!({"files": count.files, "bytes": count.bytes}))
            })
            .collect();
        let skipped: Vec<_> = outcome
            .skipped
            .iter()
            .map(|skipped| {
                serde_json::json!({
                    "path": skipped.path.to_string_lossy(),
                    "offset": skipped.offset,
                    "reason": skipped.reason,
                    "severity": match skipped.severity {
                        Severity::Warning => "warning",
                        Severity::Error => "error",
                    },
                })
            })
            .collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("bytes", &counters.bytes)?;
        map.serialize_entry("files", &counters.files)?;
        map.serialize_entry("buckets_out_of_time", &counters.buckets_out_of_time)?;
        map.serialize_entry("packed_bytes", &counters.packed_bytes)?;
        map.serialize_entry("members", &counters.members)?;
        map.serialize_entry("formats", &formats)?;
        map.serialize_entry("events", &counters.events)?;
        map.serialize_entry("candidates", &counters.candidates)?;
        map.serialize_entry("unfiltered_bytes", &counters.unfiltered)?;
        map.serialize_entry("matched", &counters.matched)?;
        map.serialize_entry("matched_strict_too", &counters.matched_strict_too)?;
        map.serialize_entry("matched_strict_only", &counters.matched_strict_only)?;
        map.serialize_entry("rows", &counters.rows)?;
        map.serialize_entry("skipped", &skipped)?;
        map.serialize_entry("skipped_more", &outcome.skipped_more)?;
        map.serialize_entry("notes", &outcome.notes)?;
        map.serialize_entry("not_given", &not_given(plans))?;
        map.serialize_entry("first_time", &counters.span.ends.map(|ends| ends.0.to_string()))?;
        map.serialize_entry("last_time", &counters.span.ends.map(|ends| ends.1.to_string()))?;
        map.serialize_entry("seconds", &outcome.seconds)?;
        map.serialize_entry("threads", &outcome.threads)?;
        let latency = &counters.latency;
        map.serialize_entry(
            "latency_us",
            &serde_json::json!({
                "p50": latency.value_at_quantile(0.5),
                "p90": latency.value_at_quantile(0.9),
                "p99": latency.value_at_quantile(0.99),
                "max": latency.max(),
            }),
        )?;
        map.end()
    }
}
