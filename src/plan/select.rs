//! Which rules of a catalog are meant: by technique and by kind of source.

use std::collections::BTreeSet;

use globset::{GlobBuilder, GlobMatcher};

use super::kinds::source_kinds;
use crate::rule::Rule;
use crate::spl::Macros;

/// A choice of rules. A rule is in it if it has one of the techniques, where any is named, and
/// is of one of the kinds, where any is named.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    techniques: Vec<Technique>,
    kinds: BTreeSet<String>,
}

/// A technique that is asked for.
#[derive(Debug, Clone)]
struct Technique {
    /// What was written, in capitals.
    text: String,
    glob: GlobMatcher,
}

impl Technique {
    /// Whether it is that technique, or a sub-technique of it.
    fn holds(&self, id: &str) -> bool {
        let id = id.trim().to_ascii_uppercase();
        let sub = id.strip_prefix(&self.text).is_some_and(|rest| rest.starts_with('.'));
        sub || self.glob.is_match(&id)
    }
}

impl Selection {
    /// The rules of these techniques (`T1218`, which takes its sub-techniques along, `T1218.*`) and
    /// of these kinds (`sysmon`).
    ///
    /// # Errors
    /// When a technique is no pattern.
    pub fn new(techniques: &[String], kinds: &[String]) -> Result<Self, globset::Error> {
        let technique = |text: &String| {
            let text = text.trim().to_ascii_uppercase();
            let glob = GlobBuilder::new(&text).build()?.compile_matcher();
            Ok(Technique { text, glob })
        };
        Ok(Self {
            techniques: techniques.iter().map(technique).collect::<Result<_, _>>()?,
            kinds: kinds.iter().map(|kind| kind.trim().to_ascii_lowercase()).collect(),
        })
    }

    /// Whether every rule is in it.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.techniques.is_empty() && self.kinds.is_empty()
    }

    /// Whether a rule is in it.
    #[must_use]
    pub fn admits(&self, rule: &Rule, macros: &Macros) -> bool {
        let technique = self.techniques.is_empty()
            || rule.technique_ids.iter().any(|id| self.techniques.iter().any(|one| one.holds(id)));
        technique && (self.kinds.is_empty() || !self.kinds.is_disjoint(&source_kinds(rule, macros)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_chosen_by_technique_and_kind() {
        let yaml = "id: 1\ntitle: t\nlogic: '`get_endpoint_data_sysmon` x'\ntechnique_id:\n- T1218.007\n- T1105\n";
        let rule = Rule::parse(yaml, "x.yml").expect("a rule");
        for (techniques, kinds, expected) in [
            (&[][..], &[][..], true),
            (&["T1218"], &[], true),
            (&["t1218.007"], &[], true),
            (&["T1218*"], &[], true),
            (&["T1218.01*"], &[], false),
            (&["T121"], &[], false),
            (&["T1003", "T1105"], &[], true),
            (&[], &["Sysmon"], true),
            (&[], &["edr", "unix"], false),
            (&["T1218"], &["unix"], false),
        ] {
            let owned =
                |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
            let selection = Selection::new(&owned(techniques), &owned(kinds)).expect("patterns");
            let admits = selection.admits(&rule, &Macros::builtin());
            assert_eq!(admits, expected, "{techniques:?} {kinds:?}");
        }
        assert!(Selection::new(&["T[".to_owned()], &[]).is_err());
    }
}
