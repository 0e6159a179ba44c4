//! CSV: one header line; several values of a field are joined with line feeds, as Splunk's
//! `outputcsv` does (DESIGN, "Rows").

use std::io::{self, Write};

use super::json::JsonEvidence;
use super::{RuleRows, text};

pub(super) fn write<'a>(
    rules: impl Iterator<Item = RuleRows<'a>>,
    to: &mut dyn Write,
) -> io::Result<()> {
    let rules: Vec<_> = rules.collect();
    let mut columns: Vec<String> = Vec::new();
    for column in rules.iter().flat_map(|rule| rule.plan.program.columns(rule.rows)) {
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    let evidence = rules.iter().flat_map(|rule| rule.rows).any(|row| !row.evidence.is_empty());
    let mut writer = csv::Writer::from_writer(to);
    let header = ["rule_id", "rule"].into_iter().chain(columns.iter().map(String::as_str));
    writer.write_record(header.chain(evidence.then_some("_evidence"))).map_err(into_io)?;
    for rule in &rules {
        for row in rule.rows {
            let mut record = vec![rule.plan.rule.id.clone(), rule.plan.rule.title.clone()];
            let decimals = rule.plan.program.decimals();
            record.extend(columns.iter().map(|name| text::cell(row, name, decimals)));
            if evidence {
                let list: Vec<_> = row.evidence.iter().map(JsonEvidence).collect();
                record.push(serde_json::to_string(&list)?);
            }
            writer.write_record(&record).map_err(into_io)?;
        }
    }
    writer.flush()
}

/// The error of the sink as it was: a broken pipe is to be known as one.
fn into_io(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
