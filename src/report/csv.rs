//! CSV: one header line; several values of a field are joined with line feeds, as Splunk's
//! `outputcsv` does (DESIGN, "Rows").

use std::io::{self, Write};

use super::json::JsonEvidence;
use super::{RuleRow, text};

pub(super) fn write<'a>(
    rows: impl Iterator<Item = RuleRow<'a>>,
    to: &mut dyn Write,
) -> io::Result<()> {
    let rows: Vec<_> = rows.collect();
    let mut columns: Vec<&str> = Vec::new();
    for row in &rows {
        for (name, _) in &row.row.columns {
            if !columns.contains(&name.as_str()) {
                columns.push(name);
            }
        }
    }
    let evidence = rows.iter().any(|row| !row.row.evidence.is_empty());
    let mut writer = csv::Writer::from_writer(to);
    let header = ["rule_id", "rule"].into_iter().chain(columns.iter().copied());
    writer.write_record(header.chain(evidence.then_some("_evidence")))?;
    for row in &rows {
        let decimals = row.plan.program.decimals();
        let cell = |name: &str| {
            let field = row.row.columns.iter().find(|(has, _)| has == name).map(|(_, f)| f);
            let values = field.map_or(&[][..], |field| field.values());
            values.iter().map(|v| text::value(v, decimals)).collect::<Vec<_>>().join("\n")
        };
        let mut record = vec![row.plan.rule.id.clone(), row.plan.rule.title.clone()];
        record.extend(columns.iter().map(|name| cell(name)));
        if evidence {
            let list: Vec<_> = row.row.evidence.iter().map(JsonEvidence).collect();
            record.push(serde_json::to_string(&list)?);
        }
        writer.write_record(&record)?;
    }
    writer.flush()
}
