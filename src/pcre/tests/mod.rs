//! The two roads against each other and against a table, on made and on real patterns.

#[expect(clippy::print_stderr, reason = "a skipped test says so, and numbers are wanted")]
mod armory;
mod differential;
mod soundness;
mod table;

use super::{Captures, Regex, Road};

/// How many cases a property test runs: `COLDSWEEP_PROPTEST_CASES`, or few enough for CI.
fn cases(default: u32) -> u32 {
    std::env::var("COLDSWEEP_PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

/// Compares the roads on a text: whether, where and with what groups a pattern matches, first and
/// repeatedly. What differs, in words.
fn difference(automata: &Regex, pcre2: &Regex, text: &str) -> Option<String> {
    assert_eq!((automata.road(), pcre2.road()), (Road::Automata, Road::Pcre2));
    assert_eq!(automata.group_names(), pcre2.group_names());
    let (ca, cp) = (&mut automata.create_cache(), &mut pcre2.create_cache());
    let matched = (automata.is_match(ca, text), pcre2.is_match(cp, text));
    let found = (automata.find(ca, text), pcre2.find(cp, text));
    let captured = (automata.captures(ca, text), pcre2.captures(cp, text));
    let all: (Vec<Captures>, Vec<Captures>) =
        (automata.captures_iter(ca, text).collect(), pcre2.captures_iter(cp, text).collect());
    let same = matched.0 == matched.1
        && found.0 == found.1
        && captured.0 == captured.1
        && all.0 == all.1
        && matched.0 == found.0.is_some()
        && found.0 == captured.0.as_ref().and_then(|captures| captures.get(0));
    (!same).then(|| {
        format!(
            "{:?} on {text:?}: is_match {matched:?}, find {found:?}, captures {captured:?}, all {all:?}",
            automata.as_str()
        )
    })
}
