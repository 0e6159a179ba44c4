//! The tactics and techniques of ATT&CK that a rule names.

use serde::Serialize;

use crate::rule::Rule;

/// The tactics of Enterprise ATT&CK by the name that the Navigator has, with id and title
/// (`https://attack.mitre.org/tactics/enterprise/`).
const TACTICS: &[(&str, &str, &str)] = &[
    ("reconnaissance", "TA0043", "Reconnaissance"),
    ("resource-development", "TA0042", "Resource Development"),
    ("initial-access", "TA0001", "Initial Access"),
    ("execution", "TA0002", "Execution"),
    ("persistence", "TA0003", "Persistence"),
    ("privilege-escalation", "TA0004", "Privilege Escalation"),
    ("defense-evasion", "TA0005", "Defense Evasion"),
    ("credential-access", "TA0006", "Credential Access"),
    ("discovery", "TA0007", "Discovery"),
    ("lateral-movement", "TA0008", "Lateral Movement"),
    ("collection", "TA0009", "Collection"),
    ("command-and-control", "TA0011", "Command and Control"),
    ("exfiltration", "TA0010", "Exfiltration"),
    ("impact", "TA0040", "Impact"),
];

/// A tactic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tactic {
    /// Its id, when it is known.
    pub id: Option<&'static str>,
    /// Its name.
    pub name: String,
    /// Its page.
    pub url: Option<String>,
}

/// A technique.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Technique {
    /// Its id (`T1218.007`).
    pub id: String,
    /// Its name in the rule, where it can be told which of the rule's names it is.
    pub name: Option<String>,
    /// Its page, where the id is one.
    pub url: Option<String>,
}

/// What a rule says of ATT&CK.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Attack {
    /// The tactics, each once, as the rule has them in order.
    pub tactics: Vec<Tactic>,
    /// The techniques.
    pub techniques: Vec<Technique>,
    /// Names of techniques of which it cannot be told which id they belong to.
    pub other_names: Vec<String>,
}

impl Attack {
    pub(super) fn of(rule: &Rule) -> Self {
        let named: Vec<_> = rule.techniques.iter().map(|text| split(text)).collect();
        let mut tactics: Vec<Tactic> = Vec::new();
        for tactic in named.iter().filter_map(|(tactic, _)| tactic.as_deref()).map(tactic) {
            if !tactics.contains(&tactic) {
                tactics.push(tactic);
            }
        }
        // One name for each id, in the same order, or there is no telling.
        let paired = named.len() == rule.technique_ids.len();
        let techniques = rule.technique_ids.iter().enumerate().map(|(at, id)| Technique {
            id: id.clone(),
            name: named.get(at).filter(|_| paired).map(|(_, name)| name.clone()),
            url: technique_url(id),
        });
        let mut other_names = Vec::new();
        for (_, name) in named.iter().filter(|_| !paired) {
            if !other_names.contains(name) {
                other_names.push(name.clone());
            }
        }
        Self { tactics, techniques: techniques.collect(), other_names }
    }
}

/// `defense-evasion:system binary proxy execution:msiexec`: the tactic, and the technique with its
/// sub-technique.
fn split(text: &str) -> (Option<String>, String) {
    let name = |text: &str| text.split(':').map(str::trim).collect::<Vec<_>>().join(": ");
    match text.split_once(':') {
        Some((tactic, rest)) => (Some(tactic.trim().to_owned()), name(rest)),
        None => (None, name(text)),
    }
}

fn tactic(slug: &str) -> Tactic {
    match TACTICS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(slug)) {
        Some((_, id, name)) => Tactic {
            id: Some(id),
            name: (*name).to_owned(),
            url: Some(format!("https://attack.mitre.org/tactics/{id}/")),
        },
        None => Tactic { id: None, name: slug.to_owned(), url: None },
    }
}

/// The page of a technique: `https://attack.mitre.org/techniques/T1218/007/`.
fn technique_url(id: &str) -> Option<String> {
    let digits = |text: &str, count: usize| {
        text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let (main, sub) = match id.split_once('.') {
        Some((main, sub)) => (main, Some(sub)),
        None => (id, None),
    };
    let valid = main.strip_prefix('T').is_some_and(|rest| digits(rest, 4))
        && sub.is_none_or(|sub| digits(sub, 3));
    valid.then(|| match sub {
        Some(sub) => format!("https://attack.mitre.org/techniques/{main}/{sub}/"),
        None => format!("https://attack.mitre.org/techniques/{main}/"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn techniques_have_pages() {
        for (id, url) in [
            ("T1218.007", Some("https://attack.mitre.org/techniques/T1218/007/")),
            ("T1105", Some("https://attack.mitre.org/techniques/T1105/")),
            ("T12", None),
            ("T1218.7", None),
            ("x/../y", None),
        ] {
            assert_eq!(technique_url(id).as_deref(), url, "{id}");
        }
    }

    #[test]
    fn names_go_with_ids_where_there_are_as_many() {
        let rule = |techniques: &str, ids: &str| {
            let yaml = format!(
                "id: 1\ntitle: t\nlogic: x\ntechniques: [{techniques}]\ntechnique_id: [{ids}]\n"
            );
            Attack::of(&Rule::parse(&yaml, "x.yml").expect("a rule"))
        };
        let one = rule("'defense-evasion:proxy execution:msiexec'", "T1218.007");
        assert_eq!(one.tactics[0].id, Some("TA0005"));
        assert_eq!(one.techniques[0].name.as_deref(), Some("proxy execution: msiexec"));
        let two = rule("'persistence:a', 'execution:a', 'persistence:b'", "T1610, T1525");
        assert_eq!(two.tactics.len(), 2);
        assert_eq!(two.techniques[1].name, None);
        assert_eq!(two.other_names, ["a", "b"]);
    }
}
