//! Which kinds of source a rule is about: told by its search, else by what its file says.

use std::collections::BTreeSet;
use std::path::Path;

use crate::eval::kinds::kinds_of_sourcetype;
use crate::eval::row::names;
use crate::rule::Rule;
use crate::spl::ast::{CommandKind, CompareOp, SearchExpr, SearchKind};
use crate::spl::{self, Macros};

/// How catalogs name data in words (`data_category`, `data_source`), and the kind each is. The
/// first words of an entry count.
const CATEGORIES: &[(&str, &str)] = &[
    ("sysmon eventid", "sysmon"),
    ("windows sysmon", "sysmon"),
    ("windows event log", "winevent"),
    ("powershell", "powershell"),
    ("edr", "edr"),
    ("crowdstrike", "edr"),
    ("linux auditd", "unix"),
    ("linux", "unix"),
    ("aws", "aws"),
    ("azure", "azure"),
    ("google cloud", "gcp"),
    ("gcp", "gcp"),
    ("o365", "o365"),
    ("office 365", "o365"),
    ("okta", "okta"),
    ("auth0", "auth0"),
    ("kubernetes", "api"),
    ("web proxy", "proxy"),
    ("web application firewall", "waf"),
    ("firewall", "fw"),
];

/// Kinds that say little: each is a family of others.
const FAMILIES: &[&str] =
    &["application", "authentication", "cloud", "email", "endpoint", "network", "web"];

/// The kinds of source of a rule, sorted: what the `get_*` macros of its search ask for, and what
/// its tests of `sourcetype` and `source` stand for. Where it asks for no more than a family of
/// kinds, also what the name of its file (`...-splunk-okta.yml`) and its list of data say. Of a
/// search that cannot be read, the macros alone.
#[must_use]
pub fn source_kinds(rule: &Rule, macros: &Macros) -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    match spl::parse(&rule.search, macros).pipeline {
        Some(pipeline) => {
            for command in &pipeline.commands {
                if let CommandKind::Search(expr) = &command.kind {
                    of_search(expr, &mut kinds);
                }
            }
        }
        None => of_macros(&rule.search, macros, &mut kinds),
    }
    if kinds.iter().all(|kind| FAMILIES.contains(&kind.as_str())) {
        of_catalog(rule, &mut kinds);
    }
    kinds
}

fn of_search(expr: &SearchExpr, kinds: &mut BTreeSet<String>) {
    let mut add = |field: &str, value: &str| match field {
        names::SOURCE_KIND => {
            kinds.insert(value.to_owned());
        }
        names::SOURCETYPE | names::SOURCE => {
            // A wildcard at the end leaves the name of the family.
            let name = value.trim_end_matches('*').trim_end_matches(':');
            kinds.extend(kinds_of_sourcetype(name).iter().map(|&kind| kind.to_owned()));
        }
        _ => {}
    };
    match &expr.node {
        SearchKind::And(list) | SearchKind::Or(list) => {
            list.iter().for_each(|one| of_search(one, kinds));
        }
        SearchKind::Compare { field, op: CompareOp::Equal, value, .. } => {
            add(&field.node, &value.node);
        }
        SearchKind::In { field, values } => {
            values.iter().for_each(|value| add(&field.node, &value.node));
        }
        _ => {}
    }
}

/// The kinds that macros without arguments stand for, wherever they are called.
fn of_macros(search: &str, macros: &Macros, kinds: &mut BTreeSet<String>) {
    // Every second piece between backticks is a call, unless one of them is left open.
    for name in search.split('`').skip(1).step_by(2) {
        let definition = macros.get(name.trim(), 0).map(|found| found.definition.as_str());
        let test = definition.and_then(|text| text.strip_prefix(names::SOURCE_KIND));
        kinds.extend(test.and_then(|test| test.strip_prefix('=')).map(str::to_owned));
    }
}

fn of_catalog(rule: &Rule, kinds: &mut BTreeSet<String>) {
    let stem = Path::new(&rule.origin.name).file_stem().unwrap_or_default().to_string_lossy();
    if let Some((_, kind)) = stem.rsplit_once("-splunk-") {
        kinds.insert(kind.to_ascii_lowercase());
    }
    for entry in &rule.data_category {
        let entry = entry.to_ascii_lowercase();
        let known = CATEGORIES.iter().find(|(words, _)| entry.starts_with(words));
        kinds.extend(known.map(|(_, kind)| (*kind).to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(search: &str, name: &str) -> String {
        let rule = Rule::parse(search, name).expect("a rule");
        let kinds = source_kinds(&rule, &Macros::builtin());
        kinds.into_iter().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn kinds_are_told_by_the_search() {
        for (search, expected) in [
            ("`get_endpoint_data` `get_endpoint_data_winevent` x", "endpoint winevent"),
            (
                "sourcetype=XmlWinEventLog:Microsoft-Windows-Sysmon/Operational x",
                "endpoint sysmon windows",
            ),
            ("source=WinEventLog:Security x", "endpoint windows winevent"),
            ("sourcetype IN (aws:cloudtrail, \"aws:*\") x", "aws cloud iam storage"),
            ("NOT sourcetype=linux_audit x", ""),
            ("x | stats count by host | search sourcetype=linux_audit", "endpoint unix"),
            // It cannot be read, but its macros can.
            ("`get_cloud_data_aws` x | where (", "aws"),
        ] {
            assert_eq!(kinds(search, "x.spl"), expected, "{search}");
        }
    }

    #[test]
    fn else_by_the_catalog() {
        assert_eq!(kinds("`get_application_data` x", "a-splunk-okta.spl"), "application okta");
        assert_eq!(kinds("`get_cloud_data_aws` x", "a-splunk-awscloudtrail.spl"), "aws");
        assert_eq!(kinds("x", "a_rule-splunk-okta.spl"), "okta");
        let yaml = "id: 1\nname: t\nsearch: x\ndata_source:\n- Sysmon EventID 1\n- Windows Event Log Security 4688\n";
        assert_eq!(kinds(yaml, "x.yml"), "sysmon winevent");
    }
}
