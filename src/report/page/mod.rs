//! A rule's page for people: as text for a terminal, and as Markdown. Both show the same sections.

mod markdown;
mod text;

pub use markdown::markdown as page_markdown;
pub use text::text as page_text;

use super::text::counted;
use crate::plan::page::{Clause, HowItRuns, Indicator, Page, Tree};

/// So many byte forms of a clause are shown.
const FORMS: usize = 8;

/// A part of a page.
struct Section {
    title: &'static str,
    blocks: Vec<Block>,
}

/// What stands in a section.
enum Block {
    /// Prose.
    Text(String),
    /// A list, each item with what belongs to it.
    List(Vec<Item>),
    /// Text that is shown as it is, line by line.
    Code(String),
}

/// One item of a list.
struct Item {
    text: String,
    /// Whether the text is of a search, a field or bytes rather than prose.
    code: bool,
    of: Vec<Item>,
}

impl Item {
    fn prose(text: impl Into<String>) -> Self {
        Self { text: text.into(), code: false, of: Vec::new() }
    }

    fn code(text: impl Into<String>) -> Self {
        Self { text: text.into(), code: true, of: Vec::new() }
    }

    fn with(mut self, of: Vec<Self>) -> Self {
        self.of = of;
        self
    }
}

/// The sections of a page that have something to say.
fn sections(page: &Page) -> Vec<Section> {
    let mut all = vec![
        section("ATT&CK", attack(page)),
        section("References", list(page.references.iter().map(Item::prose).collect())),
        section("Event coverage", coverage(page)),
        section("Search", vec![Block::Code(search(page))]),
        section("Search terms by stage", list(stage_terms(page))),
        section("Indicators", indicators(page)),
    ];
    all.extend(plans(page));
    all.push(section("Accommodations it relies on", accommodations(page)));
    all.push(section("Warnings", list(page.warnings.iter().map(warning).collect())));
    all.retain(|section| !section.blocks.is_empty());
    all
}

fn section(title: &'static str, blocks: Vec<Block>) -> Section {
    Section { title, blocks }
}

/// A list, unless it is empty.
fn list(items: Vec<Item>) -> Vec<Block> {
    if items.is_empty() { Vec::new() } else { vec![Block::List(items)] }
}

/// The heading of a page: id and title.
fn heading(page: &Page) -> String {
    format!("{}  {}", page.id, page.title)
}

fn attack(page: &Page) -> Vec<Block> {
    let link = |url: &Option<String>| url.as_ref().map_or_else(String::new, |u| format!("  {u}"));
    let tactics = page.attack.tactics.iter().map(|tactic| {
        let id = tactic.id.map_or_else(String::new, |id| format!(" ({id})"));
        Item::prose(format!("tactic {}{id}{}", tactic.name, link(&tactic.url)))
    });
    let techniques = page.attack.techniques.iter().map(|technique| {
        let name = technique.name.as_ref().map_or_else(String::new, |name| format!(" {name}"));
        Item::prose(format!("{}{name}{}", technique.id, link(&technique.url)))
    });
    let others = &page.attack.other_names;
    let others = (!others.is_empty()).then(|| Item::prose(format!("named: {}", others.join(", "))));
    list(tactics.chain(techniques).chain(others).collect())
}

fn coverage(page: &Page) -> Vec<Block> {
    let mut items = Vec::new();
    if !page.kinds.is_empty() {
        items.push(Item::prose(format!("kinds of source {}", page.kinds.join(", "))));
    }
    if !page.data_category.is_empty() {
        items.push(Item::prose(format!("data {}", page.data_category.join(", "))));
    }
    let mut ids: Vec<_> = page.events.iter().map(|event| event.event_id.to_string()).collect();
    ids.dedup();
    if !ids.is_empty() {
        let events = page.events.iter().map(|event| {
            let provider = event.provider.unwrap_or("a provider that is not known");
            let title = event.title.map_or_else(String::new, |title| format!(": {title}"));
            Item::prose(format!("{provider} {}{title}", event.event_id))
        });
        items.push(Item::prose(format!("event ids {}", ids.join(", "))).with(events.collect()));
    }
    list(items)
}

/// The search, a command a line.
fn search(page: &Page) -> String {
    let line = |(at, text): (usize, &str)| format!("{}{text}", if at == 0 { "  " } else { "| " });
    let lines = page.stages.iter().map(|stage| stage.text.as_str()).enumerate().map(line);
    lines.collect::<Vec<_>>().join("\n")
}

fn stage_terms(page: &Page) -> Vec<Item> {
    let stages = page.stages.iter().filter(|stage| !stage.terms.is_empty());
    stages
        .map(|stage| {
            let command = match stage.number {
                1 => "base search".to_owned(),
                _ => stage.text.split_whitespace().next().unwrap_or_default().to_owned(),
            };
            Item::prose(format!("stage {}, {command}", stage.number))
                .with(stage.terms.iter().map(Item::code).collect())
        })
        .collect()
}

fn indicators(page: &Page) -> Vec<Block> {
    let mut blocks = list(page.indicators.iter().map(indicator).collect());
    if let Some(rules) = page.compared_with.filter(|_| !blocks.is_empty()) {
        let what = format!("In brackets: how many of {rules} other rules look for the same.");
        blocks.push(Block::Text(what));
    }
    blocks
}

fn indicator(one: &Indicator) -> Item {
    let not = if one.negated { "not " } else { "" };
    let values = one.values.iter().map(|value| {
        let shared = value.shared_by.map_or_else(String::new, |count| format!("  [{count}]"));
        Item::code(format!("{}{shared}", value.value))
    });
    Item::prose(format!("{} {not}{}", one.field, one.kind.name())).with(values.collect())
}

fn plans(page: &Page) -> Vec<Section> {
    let subsearches = page.plan.subsearches.iter().enumerate().map(|(at, plan)| {
        let logical = plan.logical.iter().map(Item::code).collect();
        let mut of = vec![Item::prose("logical plan").with(logical)];
        of.extend(physical(plan));
        Item::prose(format!("subsearch {}", at + 1)).with(of)
    });
    vec![
        section("Logical plan", list(page.plan.logical.iter().map(Item::code).collect())),
        section("Physical plan", list(physical(&page.plan))),
        section("Subsearches, which look through the same files", list(subsearches.collect())),
    ]
}

/// How a plan runs, step by step.
fn physical(plan: &HowItRuns) -> Vec<Item> {
    let mut steps = vec![
        Item::prose("any match holds").with(vec![tree(&plan.required)]),
        clauses("text is searched for", &plan.text_clauses),
        clauses("EVTX chunks are searched for", &plan.evtx_clauses),
        Item::prose(if plan.gate {
            "around a hit: frame the event, put its bytes to the whole condition, decode it"
        } else {
            "around a hit: frame the event, decode it"
        }),
        Item::prose("then test, in this order").with(plan.predicates.iter().map(tree).collect()),
        Item::prose(format!("it reads the fields {}", plan.fields.join(", "))),
        Item::prose(if plan.aggregates {
            "matches go to partial aggregates, one set a worker, merged at the end"
        } else {
            "matches are the rows, newest first"
        }),
    ];
    if !plan.expensive.is_empty() {
        let why = plan.expensive.iter().map(Item::prose).collect();
        steps.push(Item::prose("what makes it expensive").with(why));
    }
    steps
}

fn tree(node: &Tree) -> Item {
    let item = if node.of.is_empty() { Item::code(&node.text) } else { Item::prose(&node.text) };
    item.with(node.of.iter().map(tree).collect())
}

fn clauses(what: &str, clauses: &[Clause]) -> Item {
    let Some((first, others)) = clauses.split_first() else {
        return Item::prose(format!("{what} no literal: every event is evaluated (expensive)"));
    };
    let quoted = |clause: &Clause| {
        let all: Vec<_> = clause.literals.iter().map(|text| format!("{text:?}")).collect();
        format!("{} ({})", all.join(" or "), counted(clause.forms, "byte form"))
    };
    let bytes = |clause: &Clause| {
        let more = clause.forms.saturating_sub(FORMS);
        let mut all: Vec<_> = clause.bytes.iter().take(FORMS).map(Item::code).collect();
        if more > 0 {
            all.push(Item::prose(format!("and {more} more")));
        }
        all
    };
    let mut of = bytes(first);
    of.extend(others.iter().map(|other| {
        let text = format!("or, where that is rarer in the data, {}", quoted(other));
        Item::prose(text).with(bytes(other))
    }));
    Item::prose(format!("{what} {}", quoted(first))).with(of)
}

fn accommodations(page: &Page) -> Vec<Block> {
    let items: Vec<_> = page
        .accommodations
        .iter()
        .map(|one| Item::prose(format!("{}: {}; {}", one.code, one.why, one.as_meant)))
        .collect();
    let mut blocks = list(items);
    if !blocks.is_empty() {
        blocks.push(Block::Text("--strict answers without them.".to_owned()));
    }
    blocks
}

fn warning(one: &crate::plan::page::Warning) -> Item {
    let hint = one.hint.as_ref().map_or_else(String::new, |hint| format!(" ({hint})"));
    Item::prose(format!("{}:{} {}: {}{hint}", one.line, one.column, one.code, one.message))
}
