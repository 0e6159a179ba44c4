//! A rule's syntax tree -> a logical plan (what) -> a physical plan (how): the program a worker
//! runs on each event, and the literals that any match must hold.

mod bin;
mod commands;
mod gate;
mod guard;
mod kind_test;
mod kinds;
mod lints;
mod logical;
mod needed;
pub mod page;
mod physical;
mod required;
mod select;
mod subsearch;
pub mod trace;

pub use bin::Bin;
pub use commands::{Allowance, Held};
pub use gate::{Gate, GateCaches};
pub use guard::{Guard, Storage};
pub use kind_test::KindTest;
pub use kinds::source_kinds;
pub use logical::{LogicalPlan, Operator};
pub use physical::{FinalRow, Program};
pub use required::{Required, Where};
pub use select::Selection;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cim::Cim;
use crate::reading::{Accommodation, Reading};
use crate::resources::Resources;
use crate::rule::Rule;
use crate::spl::ast::Pipeline;
use crate::spl::diagnostic::{Diagnostic, Severity};
use crate::spl::{self, Macros, codes};

/// How many subsearches a rule may have: each is searched for as a rule of its own is.
const MAX_SUBSEARCHES: usize = 10;

/// What compiling a rule needs beside the rule.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The macros.
    pub macros: Macros,
    /// The mapping tables.
    pub cim: Cim,
    /// The reading in force.
    pub reading: Reading,
    /// The zone of `bin span=1d` and of the functions of time.
    pub timezone: TimeZone,
    /// The tables and databases that rules may ask.
    pub resources: Resources,
    /// The moment that `now()` and `time()` give: the start of the sweep, or what `--now` says.
    pub now: Timestamp,
}

/// A compiled rule: immutable, shared by all workers.
#[derive(Debug)]
pub struct Plan {
    /// The rule.
    pub rule: Rule,
    /// What it says.
    pub logical: LogicalPlan,
    /// What a worker runs.
    pub program: Program,
    /// Which kinds of events it can match.
    pub kinds: KindTest,
    /// What any match needs.
    pub required: Required,
    /// Clauses of literals: any match in text holds one of each. None where there is no such
    /// clause. The first is thought to be the most selective.
    pub text_guards: Vec<Guard>,
    /// The same for EVTX chunks.
    pub evtx_guards: Vec<Guard>,
    /// The last look at the text of one event, before it is decoded; `None` where it would let
    /// everything through.
    pub gate: Option<Gate>,
    /// What the rule asks for and is not given, each once, in words: a lookup table, for one.
    pub lacks: Vec<String>,
    /// The rule's subsearches, in the order of their commands: they look through the same files,
    /// and their rows go into the rule's last part. None has subsearches of its own.
    pub subsearches: Vec<Plan>,
}

/// A rule that does not run, and everything that is wrong with it.
#[derive(Debug)]
pub struct Refusal {
    /// The rule.
    pub rule: Rule,
    /// What is wrong with it, and what is worth a warning.
    pub findings: Vec<Diagnostic>,
}

impl Plan {
    /// Compiles a rule.
    ///
    /// # Errors
    /// Everything that is wrong with it, when it cannot run. Warnings come with a plan.
    pub fn compile(
        rule: Rule,
        settings: &Settings,
    ) -> Result<(Self, Vec<Diagnostic>), Box<Refusal>> {
        let refuse = |rule, findings| Err(Box::new(Refusal { rule, findings }));
        let parsed = spl::parse(&rule.search, &settings.macros);
        let mut diagnostics = parsed.diagnostics;
        if !settings.reading.has(Accommodation::FilterMacro) {
            refuse_filters(&mut diagnostics);
        }
        let Some(mut pipeline) = parsed.pipeline else { return refuse(rule, diagnostics) };
        let known = diagnostics.len();
        subsearch::expand(&rule, &mut pipeline, settings, &mut diagnostics);
        let plan = Self::build(&rule, &pipeline, settings, &mut diagnostics);
        let mut found = diagnostics.split_off(known);
        found.sort_by_key(|finding| finding.span.start);
        // Thousands of them, each shown with its line, would take longer than all the rest.
        spl::limit_findings(&mut found);
        diagnostics.append(&mut found);
        diagnostics.sort_by_key(|finding| finding.span.start);
        let Some(plan) = plan else { return refuse(rule, diagnostics) };
        lints::run(&pipeline, &plan, settings, &mut diagnostics);
        diagnostics.sort_by_key(|finding| finding.span.start);
        Ok((plan, diagnostics))
    }

    /// Compiles a pipeline of a rule: its own, or a subsearch. `None` where something is wrong
    /// with it, be it found before.
    fn build(
        rule: &Rule,
        pipeline: &Pipeline,
        settings: &Settings,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let logical = LogicalPlan::new(pipeline, settings.reading, diagnostics);
        let program = Program::compile(&logical, settings, diagnostics);
        let subsearches = Self::subsearches(rule, pipeline, settings, diagnostics);
        if diagnostics.iter().any(|finding| finding.severity == Severity::Error) {
            return None;
        }
        let required = Required::of(&logical, &program);
        let text_guards = Guard::all(&required, Storage::Text, &settings.cim);
        let evtx_guards = Guard::all(&required, Storage::Evtx, &settings.cim);
        let gate = Gate::new(&logical, &program, &settings.cim);
        let kinds = KindTest::of(&logical, &settings.cim);
        Some(Self {
            rule: rule.clone(),
            logical,
            program,
            kinds,
            required,
            text_guards,
            evtx_guards,
            gate,
            lacks: lacks(diagnostics),
            subsearches,
        })
    }

    /// Compiles the subsearches of a pipeline.
    fn subsearches(
        rule: &Rule,
        pipeline: &Pipeline,
        settings: &Settings,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Vec<Self> {
        let mut plans = Vec::new();
        for command in &pipeline.commands {
            let Some(subsearch) = commands::subsearch(&command.kind) else { continue };
            if plans.len() == MAX_SUBSEARCHES {
                diagnostics.push(Diagnostic::error(
                    codes::SUBSEARCH,
                    format!("a rule may have {MAX_SUBSEARCHES} subsearches"),
                    command.span,
                ));
                break;
            }
            plans.extend(Self::build(rule, subsearch, settings, diagnostics));
        }
        plans
    }
}

/// What is said of macros that are taken for filters, as the errors that they are to Splunk.
fn refuse_filters(findings: &mut [Diagnostic]) {
    for finding in findings.iter_mut().filter(|finding| finding.code == codes::FILTER_MACRO) {
        finding.severity = Severity::Error;
        finding.code = codes::UNKNOWN_MACRO;
        finding.message = finding.message.replace(", and keeps every row", "");
    }
}

/// The findings that say that something is not given.
fn lacks(findings: &[Diagnostic]) -> Vec<String> {
    let of = [codes::LOOKUP_NOT_GIVEN, codes::NO_NAME_SERVER, codes::GEOIP_NOT_GIVEN];
    let lacks = findings.iter().filter(|finding| of.contains(&finding.code));
    let mut lacks: Vec<_> = lacks.map(|finding| finding.message.clone()).collect();
    lacks.sort_unstable();
    lacks.dedup();
    lacks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(search: &str) -> Result<Plan, Vec<&'static str>> {
        compile_under(search, Reading::AS_MEANT)
    }

    fn compile_under(search: &str, reading: Reading) -> Result<Plan, Vec<&'static str>> {
        let settings = Settings {
            macros: Macros::builtin(),
            cim: Cim::builtin(),
            reading,
            timezone: TimeZone::UTC,
            resources: Resources::default(),
            now: Timestamp::UNIX_EPOCH,
        };
        let rule = Rule::parse(search, "rule.spl").unwrap();
        match Plan::compile(rule, &settings) {
            Ok((plan, _)) => Ok(plan),
            Err(refusal) => Err(refusal.findings.iter().map(|finding| finding.code).collect()),
        }
    }

    #[test]
    fn findings_of_a_plan_are_limited() {
        let codes = compile(&format!("x | stats {}", "nosuch ".repeat(3000))).unwrap_err();
        assert_eq!(codes.len(), 251);
        assert!(codes.contains(&"E0016") && codes.contains(&"E0309"));
        let times = compile(&format!("x {}", "earliest=-1d ".repeat(3000)));
        assert!(times.is_ok(), "warnings refuse nothing");
    }

    #[test]
    fn a_rule_owns_the_plans_of_its_subsearches() {
        let plan =
            compile("a | join b [search process=c | bin span=1s | stats count by b]").unwrap();
        assert_eq!(plan.subsearches.len(), 1);
        assert!(plan.subsearches[0].program.stats().is_some() && plan.program.stats().is_none());
        let accommodations: Vec<_> =
            plan.logical.accommodations().into_iter().map(|(code, _)| code).collect();
        assert!(accommodations.contains(&Accommodation::BinTime));
        assert!(accommodations.contains(&Accommodation::PowershellProcess));
        // What is wrong with a subsearch is wrong with the rule.
        let wrong = compile("a | join b [search c | regex d=\"(\"]").unwrap_err();
        assert_eq!(wrong, [codes::BAD_REGEX]);
    }

    #[test]
    fn a_filter_that_is_not_defined_keeps_every_row_where_that_is_meant() {
        let plan = compile("needle | stats count by a | `some_rule_filter`").unwrap();
        let relied: Vec<_> =
            plan.logical.accommodations().into_iter().map(|(code, _)| code).collect();
        assert_eq!(relied, [Accommodation::FilterMacro]);
        assert_eq!(compile("needle | `_filter`").unwrap_err(), [codes::UNKNOWN_MACRO]);
        assert_eq!(compile("needle | `a_filter(x)`").unwrap_err(), [codes::UNKNOWN_MACRO]);
        let reading = Reading::AS_MEANT.with(Accommodation::FilterMacro, false);
        let strict = compile_under("needle | `some_rule_filter`", reading).unwrap_err();
        assert_eq!(strict, [codes::UNKNOWN_MACRO]);
    }

    #[test]
    fn a_rule_has_a_bounded_number_of_subsearches() {
        let joins = |count| format!("a{}", " | join b [c]".repeat(count));
        assert_eq!(compile(&joins(MAX_SUBSEARCHES)).unwrap().subsearches.len(), MAX_SUBSEARCHES);
        assert_eq!(compile(&joins(MAX_SUBSEARCHES + 1)).unwrap_err(), [codes::SUBSEARCH]);
    }
}
