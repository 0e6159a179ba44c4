//! `explain`: a rule's page, its two plans, and what they rest on.

use super::{Guard, Plan, Required, Where};
use crate::spl::diagnostic::Diagnostic;

/// Everything `explain` tells of one rule, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation(pub String);

/// Explains a compiled rule. `warnings` are what compiling it found.
#[must_use]
pub fn explain(plan: &Plan, warnings: &[Diagnostic]) -> Explanation {
    let mut page = Page::default();
    page.rule(plan);
    page.search(plan);
    page.plans(plan);
    page.accommodations(plan);
    if !warnings.is_empty() {
        page.heading("Warnings");
        page.text.push_str(&plan.rule.render(warnings, false));
    }
    Explanation(page.text)
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, line: impl AsRef<str>) {
        self.text.push_str(line.as_ref());
        self.text.push('\n');
    }

    fn heading(&mut self, heading: &str) {
        self.line("");
        self.line(heading);
    }

    fn rule(&mut self, plan: &Plan) {
        let rule = &plan.rule;
        self.line(format!("{}  {}", rule.id, rule.title));
        if !rule.technique_ids.is_empty() {
            self.line(format!("ATT&CK: {}", rule.technique_ids.join(", ")));
        }
        if !rule.description.is_empty() {
            self.line("");
            self.line(&rule.description);
        }
        if !rule.references.is_empty() {
            self.heading("References");
            for reference in &rule.references {
                self.line(format!("  {reference}"));
            }
        }
    }

    fn search(&mut self, plan: &Plan) {
        let ids = plan.logical.event_ids();
        if !ids.is_empty() {
            let ids: Vec<_> = ids.iter().map(u32::to_string).collect();
            self.heading("Event coverage");
            self.line(format!("  event ids {}", ids.join(", ")));
        }
        self.heading("Search");
        for (at, stage) in plan.logical.stages.iter().enumerate() {
            let text = plan.rule.search.get(stage.range()).unwrap_or_default().trim();
            self.line(format!("  {}{text}", if at == 0 { "  " } else { "| " }));
        }
    }

    fn plans(&mut self, plan: &Plan) {
        self.heading("Logical plan");
        for operator in &plan.logical.operators {
            self.line(format!("  {operator}"));
        }
        self.heading("Physical plan");
        self.line("  any match holds:");
        self.required(&plan.required, 4);
        self.guards("text is searched for", &plan.text_guards);
        self.guards("EVTX chunks are searched for", &plan.evtx_guards);
        self.line("  around a hit: frame the event, test its raw text, then its fields");
        match plan.program.stats() {
            Some(_) => {
                self.line("  matches go to partial aggregates, one set a worker, merged at the end")
            }
            None => self.line("  matches are the rows, newest first"),
        }
    }

    fn required(&mut self, required: &Required, indent: usize) {
        let pad = " ".repeat(indent);
        match required {
            Required::Anything => self.line(format!("{pad}anything")),
            Required::Literal { place, text, .. } => {
                let place = match place {
                    Where::Raw => "the raw text".to_owned(),
                    Where::Field(name) => name.clone(),
                };
                self.line(format!("{pad}{text:?} in {place}"));
            }
            Required::All(list) | Required::Any(list) => {
                let all = matches!(required, Required::All(_));
                self.line(format!("{pad}{}", if all { "all of" } else { "any of" }));
                for one in list {
                    self.required(one, indent + 2);
                }
            }
        }
    }

    fn guards(&mut self, what: &str, guards: &[Guard]) {
        let quoted = |guard: &Guard| {
            let all: Vec<_> = guard.literals.iter().map(|text| format!("{text:?}")).collect();
            format!("{} ({} byte forms)", all.join(" or "), guard.needles.len())
        };
        let Some((first, others)) = guards.split_first() else {
            return self.line(format!("  {what} nothing: every event is evaluated (expensive)"));
        };
        self.line(format!("  {what} {}", quoted(first)));
        for other in others {
            self.line(format!("    or, where that is rarer in the data, {}", quoted(other)));
        }
    }

    fn accommodations(&mut self, plan: &Plan) {
        let list = plan.logical.accommodations();
        if list.is_empty() {
            return;
        }
        self.heading("Accommodations it relies on (--strict answers without them)");
        for (accommodation, why) in list {
            self.line(format!("  {accommodation}: {why}; {}", accommodation.info().as_meant));
        }
    }
}
