//! A layer for the ATT&CK Navigator: a score for each technique (layer format 4.5,
//! `layers/LAYERFORMATv4_5.md` of mitre-attack/attack-navigator).

use std::collections::BTreeMap;

use serde::Serialize;

use super::text::counted;
use crate::plan::Plan;
use crate::rule::Rule;
use crate::scan::Outcome;

/// So many rules are named in the comment of a technique.
const NAMED: usize = 20;

/// A layer, ready to be written as JSON.
#[derive(Debug, Serialize)]
pub struct Layer {
    name: String,
    versions: Versions,
    domain: &'static str,
    description: String,
    sorting: u8,
    layout: Layout,
    #[serde(rename = "hideDisabled")]
    hide_disabled: bool,
    techniques: Vec<Technique>,
    gradient: Gradient,
}

#[derive(Debug, Serialize)]
struct Versions {
    navigator: &'static str,
    layer: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Layout {
    layout: &'static str,
    #[serde(rename = "showID")]
    show_id: bool,
    show_name: bool,
    expanded_subtechniques: &'static str,
}

#[derive(Debug, Serialize)]
struct Technique {
    #[serde(rename = "techniqueID")]
    id: String,
    score: u64,
    comment: String,
    enabled: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Gradient {
    colors: [&'static str; 2],
    min_value: u64,
    max_value: u64,
}

impl Layer {
    /// A layer of a catalog: a technique's score is the number of its rules.
    #[must_use]
    pub fn of_rules<'r>(rules: impl Iterator<Item = &'r Rule>) -> Self {
        let mut scores = Scores::default();
        for rule in rules {
            scores.add(rule, 1, format!("{} {}", rule.id, rule.title));
        }
        scores.layer("coldsweep: rules", "The score is the number of rules of a technique.")
    }

    /// A layer of a sweep: a technique's score is the number of rows that its rules found. One
    /// that was searched for and not found has the score 0.
    #[must_use]
    pub fn of_sweep(plans: &[Plan], outcome: &Outcome) -> Self {
        let mut scores = Scores::default();
        for (Plan { rule, .. }, rows) in plans.iter().zip(&outcome.rows) {
            let rows = rows.len() as u64;
            scores.add(rule, rows, format!("{} {}: {}", rule.id, rule.title, counted(rows, "row")));
        }
        let what = "The score is the number of rows that the rules of a technique found; \
                    0 is a technique that was searched for and not found.";
        scores.layer("coldsweep: hits", what)
    }
}

/// The score of each technique, and what makes it.
#[derive(Default)]
struct Scores(BTreeMap<String, (u64, Vec<(u64, String)>)>);

impl Scores {
    fn add(&mut self, rule: &Rule, score: u64, comment: String) {
        let mut ids: Vec<_> = rule.technique_ids.iter().filter_map(|id| technique(id)).collect();
        ids.sort();
        ids.dedup();
        for id in ids {
            let (sum, comments) = self.0.entry(id).or_default();
            *sum = sum.saturating_add(score);
            comments.push((score, comment.clone()));
        }
    }

    fn layer(self, name: &str, description: &str) -> Layer {
        let most = self.0.values().map(|(score, _)| *score).max().unwrap_or(0);
        let techniques = self.0.into_iter().map(|(id, (score, comments))| Technique {
            id,
            score,
            comment: joined(comments),
            enabled: true,
        });
        Layer {
            name: name.to_owned(),
            versions: Versions { navigator: "5.0.0", layer: "4.5" },
            domain: "enterprise-attack",
            description: description.to_owned(),
            sorting: 3,
            layout: Layout {
                layout: "side",
                show_id: true,
                show_name: true,
                expanded_subtechniques: "annotated",
            },
            hide_disabled: false,
            techniques: techniques.collect(),
            // The greatest value must be more than the least.
            gradient: Gradient {
                colors: ["#ffffff", "#e60d0d"],
                min_value: 0,
                max_value: most.max(1),
            },
        }
    }
}

/// The comments, those of the highest score first, a line each.
fn joined(mut comments: Vec<(u64, String)>) -> String {
    comments.sort_by(|(a, one), (b, other)| b.cmp(a).then_with(|| one.cmp(other)));
    let more = comments.len().saturating_sub(NAMED);
    let mut lines: Vec<_> = comments.into_iter().take(NAMED).map(|(_, text)| text).collect();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines.join("\n")
}

/// The id of a technique as the Navigator has it: `T1218`, `T1218.007`. `None` for anything else,
/// which it would refuse.
fn technique(id: &str) -> Option<String> {
    let id = id.trim().to_ascii_uppercase();
    let digits =
        |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    let (main, sub) = match id.split_once('.') {
        Some((main, sub)) => (main, Some(sub)),
        None => (id.as_str(), None),
    };
    let valid = main.strip_prefix('T').is_some_and(|rest| digits(rest, 4))
        && sub.is_none_or(|sub| digits(sub, 3));
    valid.then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(id: u32, techniques: &str) -> Rule {
        let yaml = format!("id: {id}\ntitle: t{id}\nlogic: x\ntechnique_id: [{techniques}]\n");
        Rule::parse(&yaml, "x.yml").expect("a rule")
    }

    #[test]
    fn a_technique_scores_its_rules() {
        let rules = [rule(1, "T1218.007, t1105"), rule(2, "T1105, T1105, nonsense"), rule(3, "")];
        let layer = serde_json::to_value(Layer::of_rules(rules.iter())).expect("JSON");
        let techniques = serde_json::json!([
            {"techniqueID": "T1105", "score": 2, "comment": "1 t1\n2 t2", "enabled": true},
            {"techniqueID": "T1218.007", "score": 1, "comment": "1 t1", "enabled": true},
        ]);
        assert_eq!(layer["techniques"], techniques);
        // What the format requires.
        assert_eq!(layer["versions"]["layer"], "4.5");
        assert_eq!(layer["domain"], "enterprise-attack");
        assert!(layer["name"].is_string() && layer["versions"]["navigator"].is_string());
        assert_eq!(layer["gradient"]["maxValue"], 2);
        assert_eq!(layer["gradient"]["colors"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn a_layer_without_scores_has_a_gradient() {
        let layer = serde_json::to_value(Layer::of_rules(std::iter::empty())).expect("JSON");
        assert_eq!(layer["gradient"]["maxValue"], 1);
    }
}
