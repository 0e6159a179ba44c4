//! Generated corpora hold what they say: small ones are swept and counted.

mod common;

use coldsweep::corpus::generate::make;
use coldsweep::corpus::{Definition, Size};
use coldsweep::reading::Reading;
use coldsweep::scan::{Options, Severity};

#[test]
fn every_corpus_holds_exactly_what_it_says() {
    for definition in Definition::builtin().unwrap() {
        // More hits than usual, so that there are some.
        let definition = Definition {
            one_hit_in: if definition.one_hit_in == 0 { 0 } else { 90 },
            one_near_in: if definition.one_near_in == 0 { 0 } else { 40 },
            ..definition
        };
        let folder = tempfile::tempdir().unwrap();
        let made = make(&definition, Some(Size(600 << 10)), None, folder.path()).unwrap();
        for prefilter in [true, false] {
            let options = Options { prefilter, ..Options::default() };
            let outcome = common::sweep(
                common::seed_plan(Reading::AS_MEANT),
                &[folder.path().to_owned()],
                &options,
            );
            let name = &definition.name;
            let counters = &outcome.counters;
            assert_eq!(counters.files, made.counts.files, "{name}");
            assert_eq!(counters.bytes, made.counts.bytes, "{name}");
            assert_eq!(counters.matched, made.counts.hits, "{name}, prefilter {prefilter}");
            assert_eq!(counters.rows, made.counts.rows, "{name}, prefilter {prefilter}");
            if !prefilter {
                assert_eq!(counters.events, made.counts.events, "{name}");
            }
            let errors = outcome.skipped.iter().filter(|one| one.severity == Severity::Error);
            assert_eq!(errors.count(), 0, "{name}: {:?}", outcome.skipped.first());
            assert_eq!(made.counts.hits > 0, definition.one_hit_in > 0, "{name}");
        }
    }
}

#[test]
fn every_hostile_event_holds_the_literals() {
    for name in ["xml-hostile", "classic-hostile", "json-hostile"] {
        let definition = Definition::find(name).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let made = make(&definition, Some(Size(100 << 10)), None, folder.path()).unwrap();
        let text = std::fs::read_to_string(&made.files[0]).unwrap();
        for literal in ["://", ".msi", " /i "] {
            let count = text.matches(literal).count() as u64;
            assert!(count >= made.counts.events, "{name}: {count} of {literal}");
        }
        let outcome = common::sweep(
            common::seed_plan(Reading::AS_MEANT),
            &[folder.path().to_owned()],
            &Options::default(),
        );
        assert_eq!(outcome.counters.candidates, made.counts.events, "{name}");
        assert_eq!(outcome.counters.matched, 0, "{name}");
    }
}
