//! The page of a rule: everything that is to be known of it, as data. [`crate::report`] shows it.

mod attack;
mod events;
mod how;
mod indicators;
pub(super) mod labels;

use serde::Serialize;

pub use attack::{Attack, Tactic, Technique};
pub use events::EventKind;
pub use how::{Clause, HowItRuns, Tree};
pub use indicators::{Indicator, IndicatorKind, IndicatorValue, Shared};

use super::{Plan, source_kinds};
use crate::spl::diagnostic::Diagnostic;
use crate::spl::{self, Macros};

/// Everything that is to be known of a rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Page {
    /// Its identifier.
    pub id: String,
    /// Its name.
    pub title: String,
    /// The file it came from.
    pub path: String,
    /// What it detects.
    pub description: String,
    /// The tactics and techniques of ATT&CK.
    pub attack: Attack,
    /// The kinds of source it is about.
    pub kinds: Vec<String>,
    /// The kinds of data it needs, in the catalog's words.
    pub data_category: Vec<String>,
    /// The kinds of event it is about.
    pub events: Vec<EventKind>,
    /// Where to read more.
    pub references: Vec<String>,
    /// The search.
    pub search: String,
    /// Its commands, in order.
    pub stages: Vec<Stage>,
    /// The values it looks for.
    pub indicators: Vec<Indicator>,
    /// How many other rules were looked at for the same values; `None` for no catalog.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compared_with: Option<usize>,
    /// How it runs.
    pub plan: HowItRuns,
    /// The accommodations it relies on.
    pub accommodations: Vec<Relied>,
    /// What compiling it warns of, with its place in the file.
    pub warnings: Vec<Warning>,
}

/// A command of the search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// Its number, from 1.
    pub number: usize,
    /// Its text, as written.
    pub text: String,
    /// What it looks for in the raw text and in fields.
    pub terms: Vec<String>,
}

/// An accommodation that a rule relies on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Relied {
    /// Its code.
    pub code: &'static str,
    /// Why the rule relies on it.
    pub why: String,
    /// What is done, and stock Splunk does not.
    pub as_meant: &'static str,
}

/// A warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Its code.
    pub code: &'static str,
    /// What it says.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// The line of the file, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Page {
    /// The page of a compiled rule. `warnings` are what compiling it found, `shared` is what other
    /// rules look for.
    #[must_use]
    pub fn new(
        plan: &Plan,
        macros: &Macros,
        warnings: &[Diagnostic],
        shared: Option<&Shared>,
    ) -> Self {
        let rule = &plan.rule;
        let kinds = source_kinds(rule, macros);
        // A rule that was compiled can be parsed.
        let pipeline = spl::parse(&rule.search, macros).pipeline;
        let indicators =
            pipeline.map_or_else(Vec::new, |pipeline| indicators::of(&pipeline, shared));
        Self {
            id: rule.id.clone(),
            title: rule.title.clone(),
            path: rule.origin.name.clone(),
            description: rule.description.clone(),
            attack: Attack::of(rule),
            events: events::coverage(&plan.logical, &kinds),
            kinds: kinds.into_iter().collect(),
            data_category: rule.data_category.clone(),
            references: rule.references.clone(),
            search: rule.search.clone(),
            stages: stages(plan, &indicators),
            indicators,
            compared_with: shared.map(Shared::rules),
            plan: HowItRuns::of(plan),
            accommodations: accommodations(plan),
            warnings: warnings.iter().map(|finding| warning(plan, finding)).collect(),
        }
    }
}

fn stages(plan: &Plan, indicators: &[Indicator]) -> Vec<Stage> {
    let stage = |(at, span): (usize, &spl::ast::Span)| {
        let own = indicators.iter().filter(|one| one.stage == at + 1);
        Stage {
            number: at + 1,
            text: plan.rule.search.get(span.range()).unwrap_or_default().trim().to_owned(),
            terms: own.flat_map(terms).collect(),
        }
    };
    plan.logical.stages.iter().enumerate().map(stage).collect()
}

/// The values of an indicator as search terms.
fn terms(indicator: &Indicator) -> impl Iterator<Item = String> + '_ {
    indicator.values.iter().map(|IndicatorValue { value, .. }| {
        let field = &indicator.field;
        let term = match indicator.kind {
            IndicatorKind::Phrase => format!("\"{value}\""),
            IndicatorKind::Term => format!("TERM({value})"),
            IndicatorKind::Regex => format!("{field} ~ {value}"),
            IndicatorKind::Equals | IndicatorKind::Wildcard | IndicatorKind::Cidr => {
                format!("{field} = {value}")
            }
        };
        if indicator.negated { format!("not {term}") } else { term }
    })
}

fn accommodations(plan: &Plan) -> Vec<Relied> {
    let relied = plan.logical.accommodations().into_iter();
    relied
        .map(|(accommodation, why)| Relied {
            code: accommodation.code(),
            why,
            as_meant: accommodation.info().as_meant,
        })
        .collect()
}

fn warning(plan: &Plan, finding: &Diagnostic) -> Warning {
    let at = plan.rule.position(finding.span.start);
    Warning {
        code: finding.code,
        message: finding.message.clone(),
        hint: finding.hint.clone(),
        line: at.line,
        column: at.column,
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::cim::Cim;
    use crate::plan::Settings;
    use crate::reading::Reading;
    use crate::rule::Rule;

    fn page(rule: Rule) -> Page {
        let settings = Settings {
            macros: Macros::builtin(),
            cim: Cim::builtin(),
            reading: Reading::AS_MEANT,
            timezone: TimeZone::UTC,
            resources: Default::default(),
            now: jiff::Timestamp::UNIX_EPOCH,
        };
        let (plan, warnings) =
            Plan::compile(rule, &settings).unwrap_or_else(|r| panic!("{:?}", r.findings));
        Page::new(&plan, &settings.macros, &warnings, None)
    }

    #[test]
    fn the_page_of_the_built_in_rule() {
        let page = page(Rule::builtin().expect("the rule"));
        assert_eq!(page.kinds, ["endpoint", "winevent"]);
        let events: Vec<_> = page.events.iter().map(|e| (e.event_id, e.provider)).collect();
        let msi = Some("MsiInstaller");
        let audit = Some("Microsoft-Windows-Security-Auditing");
        assert_eq!(events, [(1040, msi), (1042, msi), (4688, audit)]);
        assert_eq!(
            page.attack.techniques[0].url.as_deref(),
            Some("https://attack.mitre.org/techniques/T1218/007/")
        );
        assert_eq!(page.stages.len(), 5);
        assert!(page.stages[0].terms.contains(&"\".msi\"".to_owned()));
        assert!(page.plan.fields.contains(&"parent_*".to_owned()));
        // The test of the kind of source is the cheapest, so it comes first.
        assert_eq!(page.plan.predicates[0].of[0].text, "_source_kind=\"endpoint\"");
        assert!(page.accommodations.iter().any(|relied| relied.code == "message-case"));
        let bin = crate::spl::codes::BIN_WITHOUT_FIELD;
        assert!(page.warnings.iter().any(|warning| warning.code == bin));
        assert!(!page.plan.fields.contains(&"*".to_owned()));
    }

    #[test]
    fn what_makes_a_rule_expensive_is_told() {
        let of = |search: &str| page(Rule::parse(search, "x.spl").expect("a rule")).plan.expensive;
        assert_eq!(of("needle-one | stats count by host"), [""; 0]);
        assert_eq!(of("* | stats count by host").len(), 2);
        assert!(of(r#"needle-one | regex f="(a)\1""#)[0].contains("PCRE2"));
    }

    #[test]
    fn a_number_of_two_providers_is_that_of_the_rules_kind() {
        let providers = |search: &str| {
            let page = page(Rule::parse(search, "x.spl").expect("a rule"));
            page.events.iter().map(|event| event.provider).collect::<Vec<_>>()
        };
        let sysmon = Some("Microsoft-Windows-Sysmon");
        let session = Some("Microsoft-Windows-TerminalServices-LocalSessionManager");
        assert_eq!(providers("`get_endpoint_data_sysmon` EventCode=25"), [sysmon]);
        assert_eq!(providers("`get_endpoint_data_winevent` EventCode=25"), [session]);
        assert_eq!(providers("EventCode=25"), [sysmon, session]);
        assert_eq!(providers("x | where match(signature_id, \"^(25)$\")"), [sysmon, session]);
        assert_eq!(providers("EventCode=60001"), [None]);
        assert_eq!(providers("NOT EventCode=25"), []);
    }
}
