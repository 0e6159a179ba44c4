//! The page of every rule of the catalog that runs.

mod common;

use coldsweep::plan::Plan;
use coldsweep::plan::page::Page;
use coldsweep::reading::Reading;
use coldsweep::report::{page_markdown, page_text};
use coldsweep::rule::load_all;

#[test]
fn every_rule_that_runs_has_a_page() {
    let Some(shared) = common::shared("every_rule_that_runs_has_a_page") else { return };
    let settings = common::settings(Reading::AS_MEANT);
    let catalog = load_all(&[shared.join("rules/armory")]);
    let (mut pages, mut unknown) = (0, Vec::new());
    for rule in catalog.rules {
        let Ok((plan, findings)) = Plan::compile(rule, &settings) else { continue };
        let page = Page::new(&plan, &settings.macros, &findings, None);
        pages += 1;
        assert!(!page.kinds.is_empty() && !page.indicators.is_empty(), "{}", page.path);
        let json = serde_json::to_value(&page).unwrap();
        assert_eq!(json["stages"].as_array().map(Vec::len), Some(page.stages.len()));
        for text in [page_text(&page), page_markdown(&page)] {
            assert!(text.contains("Physical plan") && !text.contains('\u{1b}'), "{text}");
        }
        for event in page.events.iter().filter(|event| event.provider.is_none()) {
            unknown.push(format!("{} in {}", event.event_id, page.path));
        }
    }
    assert!(pages > 500, "{pages} pages");
    assert!(unknown.is_empty(), "events that have no name:\n{}", unknown.join("\n"));
}
