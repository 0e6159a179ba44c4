//! What `explain --event` says of an event is what a sweep makes of it.

mod common;

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use coldsweep::cim::Cim;
use coldsweep::plan::trace::Verdict;
use coldsweep::plan::{Plan, Settings};
use coldsweep::reading::Reading;
use coldsweep::rule::{Rule, load_all};
use coldsweep::scan::{EventTrace, Options, Progress, scan, trace};

/// Rules with every connective, in `search` and in `where`, and tests behind other commands.
const RULES: &[&str] = &[
    r#"".msi" OR "://" NOT powershell | table _time host"#,
    r#"NOT (TERM(/i) OR TERM(install)) | table host"#,
    r#"NOT (NOT ".msi" OR NOT index=main) sourcetype=WinEventLog | table host"#,
    r#"source="XmlWinEventLog:*" index=x NOT source=*Security | table host"#,
    r#"index!=main sourcetype!=XmlWinEventLog | table host"#,
    r#"signature_id IN (4688, 10*) process="*http*" | table host"#,
    r#"user!=alice OR EventCode>4000 | table host"#,
    r#"ms*exec OR "http*msi" OR CASE(MsiInstaller) | table host"#,
    r#"* | where match(process, "(?i)msi") or not signature_id=4688 | table host"#,
    r#"* | where NOT (match(process, "x") AND isnull(user)) XOR like(process, "%msi%") | table host"#,
    r#"* | where (missing=1 OR EventCode=4688) AND NOT (missing="x" AND user="y") | table host"#,
    r#"* | where in(EventCode, 4688, 1040) and (len(process)>40 or not match(Message, "begin")) | table host"#,
    r#"* | regex process="(?i)msiexec" | regex user!="^SYSTEM$" | table host"#,
    r#"* | eval long=len(process) | where long>60 | table long host | search host=w* | regex host!="9$""#,
    r#"* | table host user | where isnotnull(process)"#,
    r#"".msi" | fillnull value=none user | where user="none" | stats count by host"#,
];

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/demo")
}

fn traces(plan: &Plan, settings: &Settings, paths: &[PathBuf]) -> Vec<EventTrace> {
    let events = Mutex::new(Vec::new());
    let options = Options { reading: settings.reading, ..Options::default() };
    let visit = |event| {
        events.lock().unwrap().push(event);
        true
    };
    trace(plan, &settings.cim, paths, &options, &visit).unwrap();
    events.into_inner().unwrap()
}

/// The marks of a verdict say what the commands did.
fn check(search: &str, verdict: &Verdict) {
    for stage in &verdict.stages {
        if let Some(mark) = &stage.mark {
            assert_eq!(mark.truth == Some(true), stage.kept, "{search}\n{mark:#?}");
            assert!(!stage.decided_by.is_empty(), "{search}\n{mark:#?}");
        }
    }
    let kept = verdict.stages.iter().all(|stage| stage.kept);
    assert_eq!(kept, verdict.matches, "{search}");
}

/// Checks a rule on the events of some paths, and says how many there are and how many match.
fn check_rule(plan: &Plan, settings: &Settings, paths: &[PathBuf]) -> (usize, usize) {
    let search = &plan.rule.search;
    let events = traces(plan, settings, paths);
    for event in &events {
        check(search, &event.verdict);
        event.strict.iter().for_each(|strict| check(search, strict));
    }
    let matched = events.iter().filter(|event| event.verdict.matches).count();
    let plans = std::slice::from_ref(plan);
    let options = Options { reading: settings.reading, threads: 1, ..Options::default() };
    let outcome = scan(plans, &Cim::builtin(), paths, &options, &Progress::default()).unwrap();
    assert_eq!(outcome.counters.matched, matched as u64, "{search}");
    if settings.reading != Reading::STRICT {
        let strictly = events.iter().filter(|event| match &event.strict {
            Some(strict) => strict.matches,
            None => event.verdict.matches,
        });
        let counters = outcome.counters;
        let counted = counters.matched_strict_too + counters.matched_strict_only;
        assert_eq!(strictly.count() as u64, counted, "{search}");
    }
    (events.len(), matched)
}

#[test]
fn marks_agree_with_the_sweep() {
    for reading in [Reading::AS_MEANT, Reading::STRICT] {
        let settings = common::settings(reading);
        let mut found = 0;
        for search in RULES {
            let plan = common::compile(Rule::parse(search, "case.spl").unwrap(), reading);
            let (events, matched) = check_rule(&plan, &settings, &[demo()]);
            assert!(events > 20, "{events} events");
            found += usize::from(matched > 0 && matched < events);
        }
        assert!(found > RULES.len() / 2, "{found} rules tell events apart");
        check_rule(&common::seed_plan(reading), &settings, &[demo()]);
    }
}

#[test]
fn marks_agree_for_the_rules_of_the_catalog() {
    let Some(shared) = common::shared("marks_agree_for_the_rules_of_the_catalog") else { return };
    let settings = common::settings(Reading::AS_MEANT);
    let catalog = load_all(&[shared.join("rules/armory")]);
    let mut checked = 0;
    // Every eighth that runs: each is put to every event.
    let plans = catalog.rules.into_iter().filter_map(|rule| Plan::compile(rule, &settings).ok());
    for (plan, _) in plans.step_by(8) {
        let events = traces(&plan, &settings, &[demo()]);
        for event in &events {
            check(&plan.rule.search, &event.verdict);
            event.strict.iter().for_each(|strict| check(&plan.rule.search, strict));
        }
        checked += events.len();
    }
    assert!(checked > 2_000, "{checked} events");
}

#[test]
fn a_panic_over_one_event_ends_the_work_on_its_part_of_the_file_alone() {
    let settings = common::settings(Reading::AS_MEANT);
    let plan = common::seed_plan(Reading::AS_MEANT);
    let paths = ["xml/viewer.xml", "xml/lines.xml"].map(|name| demo().join(name));
    let seen = Mutex::new(Vec::new());
    let visit = |event: EventTrace| {
        assert!(!event.path.ends_with("lines.xml"), "a fault that the test makes");
        seen.lock().unwrap().push(event.path);
        true
    };
    let outcome = trace(&plan, &settings.cim, &paths, &Options::default(), &visit).unwrap();
    assert!(!seen.lock().unwrap().is_empty());
    let told: Vec<_> = outcome.skipped.iter().map(|one| (&one.path, one.offset)).collect();
    assert_eq!(told, [(&paths[1], None)]);
    assert!(outcome.skipped[0].reason.contains("not all of it was searched"));
}
