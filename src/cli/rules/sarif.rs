//! SARIF 2.1.0 (OASIS Standard, 27 March 2020), as code scanning reads it: what it requires and
//! what it says of places, no more.

use std::io::{self, Write};

use serde::Serialize;

use super::{Checked, CheckedRule};
use crate::spl::codes::{self, CODES};
use crate::spl::diagnostic::{Diagnostic, Severity};

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    column_kind: &'static str,
    results: Vec<Finding>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<Descriptor>,
}

/// What a code means.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    short_description: Text,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    rule_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Text,
    locations: Vec<Location>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

/// A part of a file; lines and columns from 1, columns in code points.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

/// Writes the findings of a check.
pub(super) fn write(checked: &Checked, to: &mut dyn Write) -> io::Result<()> {
    let of_rule = |rule| move |finding| of_finding(rule, finding);
    let of_rules = checked.rules.iter().flat_map(|rule| rule.findings.iter().map(of_rule(rule)));
    let unreadable = checked.unreadable.iter().map(|error| Finding {
        rule_id: codes::NO_RULE,
        rule_index: index(codes::NO_RULE),
        level: "error",
        message: Text { text: error.clone() },
        locations: Vec::new(),
    });
    let results = of_rules.chain(unreadable).collect();
    let driver =
        Driver { name: "coldsweep", version: env!("CARGO_PKG_VERSION"), rules: descriptors() };
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run { tool: Tool { driver }, column_kind: "unicodeCodePoints", results }],
    };
    serde_json::to_writer_pretty(&mut *to, &log)?;
    writeln!(to)
}

fn descriptors() -> Vec<Descriptor> {
    let descriptor = |&(id, meaning): &(&'static str, &'static str)| Descriptor {
        id,
        short_description: Text { text: meaning.trim().to_owned() },
        default_configuration: Configuration {
            level: if id.starts_with('W') { "warning" } else { "error" },
        },
    };
    CODES.iter().map(descriptor).collect()
}

fn index(code: &str) -> Option<usize> {
    CODES.iter().position(|(known, _)| *known == code)
}

fn of_finding(rule: &CheckedRule, finding: &Diagnostic) -> Finding {
    let rule = &rule.rule;
    let start = rule.position(finding.span.start);
    // One past the last character; an empty place is one between two characters.
    let end = if finding.span.end > finding.span.start {
        let last = rule.position(finding.span.end - 1);
        (last.line, last.column + 1)
    } else {
        (start.line, start.column)
    };
    let text = match &finding.hint {
        Some(hint) => format!("{}\n{hint}", finding.message),
        None => finding.message.clone(),
    };
    Finding {
        rule_id: finding.code,
        rule_index: index(finding.code),
        level: match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        message: Text { text },
        locations: vec![Location {
            physical_location: PhysicalLocation {
                artifact_location: Artifact { uri: uri(&rule.origin.name) },
                region: Region {
                    start_line: start.line,
                    start_column: start.column,
                    end_line: end.0,
                    end_column: end.1,
                },
            },
        }],
    }
}

/// The path of a file as a URI reference (RFC 3986): relative paths stay relative.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    let path = path.strip_prefix("./").unwrap_or(path);
    let path =
        if std::path::MAIN_SEPARATOR == '\\' { path.replace('\\', "/") } else { path.into() };
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_uris() {
        for (path, expected) in [
            ("rules/a b.yml", "rules/a%20b.yml"),
            ("./a.yml", "a.yml"),
            ("/x/é#1.yml", "file:///x/%C3%A9%231.yml"),
        ] {
            assert_eq!(uri(path), expected);
        }
    }
}
