//! Wherever a pattern matches, what it is said to require is there.

use proptest::prelude::*;

use super::super::Regex;
use super::cases;
use super::differential::{pattern, text};

/// The grammar's patterns among constructs that only PCRE2 matches.
fn any_pattern() -> impl Strategy<Value = String> {
    let only_pcre2 = prop::sample::select(vec![
        "(?=a)",
        "(?!b)",
        "(?<=a)",
        "(?<!ab)",
        "a++",
        "(?>ab|a)",
        r"\K",
        r"\R",
        r"(a)\1",
        r"\pL",
        "(?:a|)*",
        "[[:<:]]",
        "(?(?=a)ab|b)",
        "(?|(a)|(b))",
        "(?R)?",
        "(*ACCEPT)",
        r"\X",
    ]);
    (pattern(), only_pcre2, pattern()).prop_map(|(a, b, c)| format!("{a}{b}{c}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(4000), ..ProptestConfig::default() })]

    #[test]
    fn literals_are_required(
        pattern in prop_oneof![3 => pattern(), 1 => any_pattern()],
        texts in prop::collection::vec(text(), 8),
    ) {
        if let Ok(regex) = Regex::new(&pattern) {
            let mut cache = regex.create_cache();
            for text in &texts {
                prop_assert!(
                    !regex.is_match(&mut cache, text) || regex.required_literals().holds(text),
                    "{:?} matches {:?} without {:?}", pattern, text, regex.required_literals()
                );
            }
        }
    }
}
