//! Patterns, texts and what PCRE2 makes of them.

use super::super::{Literal, PcreError, Regex, Required, Road, decode};

/// The spans of the first match's groups, written as `0-3 1-2 -`.
fn spans(pattern: &str, text: &str) -> String {
    let regex = Regex::new(pattern).unwrap_or_else(|error| panic!("{pattern:?}: {error}"));
    let mut cache = regex.create_cache();
    let Some(captures) = regex.captures(&mut cache, text) else {
        assert!(!regex.is_match(&mut cache, text), "{pattern:?} on {text:?}");
        return "no".into();
    };
    assert!(regex.is_match(&mut cache, text), "{pattern:?} on {text:?}");
    assert_eq!(regex.find(&mut cache, text), captures.get(0), "{pattern:?} on {text:?}");
    let span = |span: &Option<std::ops::Range<usize>>| match span {
        Some(span) => format!("{}-{}", span.start, span.end),
        None => "-".into(),
    };
    captures.groups().iter().map(span).collect::<Vec<_>>().join(" ")
}

const A: Road = Road::Automata;
const P: Road = Road::Pcre2;

/// Pattern, road, text, spans.
const TABLE: &[(&str, Road, &str, &str)] = &[
    // Literal characters that are special elsewhere (SPLUNK.md 3.6).
    (r"a\>b", A, "a>b", "0-3"),
    (r"a\<b", A, "a<b", "0-3"),
    (r"\/\-\_\:\'\=\%\@\ \é", A, "/-_:'=%@ é", "0-11"),
    (r"[[a]+", A, "x[a[", "1-4"),
    (r"{x}", A, "{x}", "0-3"),
    (r"a{x", A, "a{x", "0-3"),
    (r"a{,3}", A, "aaaa", "0-3"),
    (r"a{ 1, 2 }", A, "aaaa", "0-2"),
    (r"a{,}", A, "a{,}", "0-4"),
    (r"]", A, "]", "0-1"),
    (r"x{0}y", A, "xy", "1-2"),
    // Quoting.
    (r"\Qa.b*\E+", A, "a.b***", "0-6"),
    (r"\Qa.b", A, "a.b", "0-3"),
    (r"a\E+", A, "aa", "0-2"),
    (r"a\Q\E+", A, "aa", "0-2"),
    (r"[\Qa]\E]+", A, "]a", "0-2"),
    (r"(?x)\Qa b\E c # d", A, "a bc", "0-4"),
    // Case.
    ("(?i)k", A, "\u{212a}", "0-3"),
    ("(?i)\u{212a}", A, "K", "0-1"),
    ("(?i)s", A, "\u{17f}", "0-2"),
    ("(?i)[s]", A, "\u{17f}", "0-2"),
    ("(?i)[^s]", A, "\u{17f}S", "no"),
    ("(?i)[a-z]", A, "\u{212a}", "0-3"),
    ("(?i)é", A, "É", "0-2"),
    ("(?i)ß", A, "ẞ", "0-3"),
    ("(?i)i", A, "\u{130}\u{131}", "no"),
    (r"(?i)\w", A, "\u{212a}\u{17f}", "no"),
    (r"(?i)[\w]", A, "\u{212a}", "no"),
    (r"(?i)[[:alpha:]]", A, "\u{212a}", "no"),
    (r"(?i)[[:upper:]]+", A, "aB", "0-2"),
    (r"(?i)[[:^lower:]]", A, "B", "no"),
    ("k", A, "K", "no"),
    // ASCII names, other characters by code point.
    (r"\d", A, "\u{663}", "no"),
    (r"\w+", A, "éa", "2-3"),
    (r"\s", A, "\u{a0}\u{85}", "no"),
    (r"\s+", A, "a\t\n\x0b\x0c\r b", "1-7"),
    (r"\S", A, "\u{a0}", "0-2"),
    (r"\W", A, "é", "0-2"),
    (r"\D", A, "\u{663}", "0-2"),
    (r"\bé", A, "aé", "1-3"),
    (r"\Bé", A, "aé", "no"),
    (r"\B|é", A, "aéa", "1-3"),
    (r".", A, "\u{10348}", "0-4"),
    (r"^.$", A, "é\n", "0-2"),
    (r".", A, "\n\r", "1-2"),
    (r"(?s).", A, "\n", "0-1"),
    (r"\N", A, "\nx", "1-2"),
    (r"(?s)\N", A, "\n", "no"),
    (r"\h\H", A, "\u{a0}x", "0-3"),
    (r"\v\V", A, "\u{2028}x", "0-4"),
    (r"[\h\v]+", A, " \u{180e}\u{85}", "0-6"),
    // Classes.
    (r"[]a]+", A, "a]", "0-2"),
    (r"[^]a]", A, "]ab", "2-3"),
    (r"[a-]+", A, "-a", "0-2"),
    (r"[a-c-e]+", A, "b-ed", "0-3"),
    (r"[\d-]+", A, "1-", "0-2"),
    (r"[--/]+", A, "-./", "0-3"),
    (r"[\b]", A, "\x08", "0-1"),
    (r"[\x41-\x{43}\104\e]+", A, "ABCD\x1b", "0-5"),
    (r"[\8\g\k]+", A, "8gk", "0-3"),
    (r"[[:alpha:][:digit:]_-]+", A, "-a1_!", "0-4"),
    (r"[[:punct:]]+", A, "a`~$", "1-4"),
    (r"[:a]+", A, "a:", "0-2"),
    (r"[[:a]+", A, "[:a", "0-3"),
    (r"[a[:digit:]b]+", A, "1ab", "0-3"),
    (r"(?xx)[a b]+", A, "a b", "0-1"),
    (r"(?x)[a b]+", A, "a b", "0-3"),
    (r"[^a]", A, "\n", "0-1"),
    // Escapes.
    (r"\x5c\x22", A, "\\\"", "0-2"),
    (r"\x5C\x4", A, "\\\x04", "0-2"),
    (r"\x{ 1F600 }", A, "😀", "0-4"),
    (r"\N{U+e9}", A, "é", "0-2"),
    (r"\061\0\o{62}\1234", A, "1\x002S4", "0-5"),
    (r"\cA\c[\ca", A, "\x01\x1b\x01", "0-3"),
    (r"\a\e\f\n\r\t", A, "\x07\x1b\x0c\n\r\t", "0-6"),
    (r"(a)\12", A, "a\n", "0-2 0-1"),
    // Ends.
    (r"a$", A, "a\n", "0-1"),
    (r"a$", A, "a\n\n", "no"),
    (r"a$", A, "a\r\n", "no"),
    (r"a\Z", A, "a\n", "0-1"),
    (r"a\z", A, "a\n", "no"),
    (r"\Aa", A, "ba", "no"),
    (r"(.+)$", A, "ab\n", "0-2 0-2"),
    (r"([\s\S]+)$", A, "ab\n", "0-3 0-3"),
    (r"a(\s|$)", A, "a\n", "0-2 1-2"),
    (r"a($|\s)", A, "a\n", "0-1 1-1"),
    (r"a($|\s)b", A, "a b", "0-3 1-2"),
    (r"(a(b|c$))(d)?", A, "ac\n", "0-2 0-2 1-2 -"),
    (r"(a(b|c$))(d)?", A, "abd", "0-3 0-2 1-2 2-3"),
    (r"a$.*", A, "a\n", "0-1"),
    (r"a$(x*)", A, "a\n", "0-1 1-1"),
    (r"a$b", A, "a\nb", "no"),
    (r"(a|b$)?c?$", A, "b\n", "0-1 0-1"),
    (r"a$\n", P, "a\n", "0-2"),
    (r"(?m)a$", A, "a\r\na\nb", "3-4"),
    (r"(?m)^b", A, "a\nb", "2-3"),
    (r"(?m)^", P, "\n", "0-0"),
    (r"x(?m)^", P, "x\n", "no"),
    (r"(?m)\n^", P, "a\n", "no"),
    // Options and where they end.
    (r"a(?i)b|c", A, "C", "0-1"),
    (r"(a(?i)b|c)D", A, "Cd", "no"),
    (r"(a(?i)b|c)D", A, "CD", "0-2 0-1"),
    (r"(?i:a)b", A, "Ab", "0-2"),
    (r"(?i)a(?-i)b", A, "AB", "no"),
    (r"(?i)(?^:a)B", A, "ab", "0-2"),
    (r"(?U)a+", A, "aaa", "0-1"),
    (r"(?U)a+?", A, "aaa", "0-3"),
    (r"(?n)(a)(?<x>b)", A, "ab", "0-2 1-2"),
    ("(?x) a + # b\n ? c", A, "aac", "0-3"),
    (r"a(?#)(?#b)+", A, "aa", "0-2"),
    // Groups and order.
    (r"(?<a>x)(?P<b>y)(?'c'z)", A, "xyz", "0-3 0-1 1-2 2-3"),
    (r"(?:a|ab)(c|bcd)", A, "abcd", "0-4 1-4"),
    (r"a||b", A, "b", "0-0"),
    (r"(?:(a)|b)*", A, "ab", "0-2 0-1"),
    (r"a+?b??", A, "aab", "0-1"),
    (r"(a{2}){2}", A, "aaaaa", "0-4 2-4"),
    // What only PCRE2 does.
    (r"(?<=\\)\w+$", P, "a\\b\n", "2-3"),
    (r"(?!b)\w(?=c)", P, "bcac", "2-3"),
    (r"(\w)\1", P, "abb", "1-3 1-2"),
    (r"(?<a>\w)\k<a>(?P=a)", P, "aaa", "0-3 0-1"),
    (r"a++b", P, "aab", "0-3"),
    (r"(?>a|ab)c", P, "abc", "no"),
    (r"a\Kb", P, "ab", "1-2"),
    (r"\Ga", P, "ba", "no"),
    (r"c?b[a-k]{0,2}(?!x)", P, "b", "0-1"),
    (r"\R", P, "\r\n", "0-2"),
    (r"\X", P, "e\u{301}", "0-3"),
    (r"\pL[\p{Nd}]", P, "é\u{663}", "0-4"),
    (r"(a*)*", P, "aab", "0-2 2-2"),
    (r"(\((?:[^()]|(?1))*\))", P, "(a(b))", "0-6 0-6"),
    (r"(a)?(?(1)b|c)", P, "c", "0-1 -"),
    (r"(?|(a)|(b))", P, "b", "0-1 0-1"),
    (r"(*UCP)\w", P, "é", "0-2"),
    (r"[[:<:]]a[[:>:]]", P, "ba a", "3-4"),
    // One byte of a character: the ends move out of it.
    (r"x\C", P, "xé", "0-3"),
    (r"C:\Cx", P, "C:\\x", "0-4"),
];

#[test]
fn patterns_match_as_in_pcre2() {
    for &(pattern, road, text, expected) in TABLE {
        assert_eq!(spans(pattern, text), expected, "{pattern:?} on {text:?}");
        let regex = Regex::new(pattern).unwrap();
        assert_eq!(regex.road(), road, "{pattern:?}");
        assert!(expected == "no" || regex.required_literals().holds(text), "{pattern:?}");
        if road == Road::Automata {
            let difference = super::difference(&regex, &Regex::only_pcre2(pattern).unwrap(), text);
            assert_eq!(difference, None);
        }
    }
}

#[test]
fn refused_patterns_say_where_and_why() {
    let error = |pattern: &str| Regex::new(pattern).expect_err(pattern);
    let refused = [
        ("(a", 2, "missing closing parenthesis"),
        ("a)", 1, "unmatched closing parenthesis"),
        ("[a", 2, "missing terminating ] for character class"),
        ("é*+*", 4, "quantifier does not follow a repeatable item"),
        ("(?<a>x)(?<a>y)", 12, "two named subpatterns have the same name (PCRE2_DUPNAMES not set)"),
    ];
    for (pattern, offset, message) in refused {
        let PcreError { offset: o, message: m } = error(pattern);
        assert_eq!((o, m.as_str()), (offset, message), "{pattern}");
    }
    assert_eq!(error("(a").to_string(), "missing closing parenthesis (at byte 2 of the pattern)");
    assert!(error(r"\y").offset <= 2);
    assert!(error("((a{1000}){1000}){1000}").message.contains("too large"));
}

#[test]
fn searching_on_skips_nothing_and_ends() {
    let all = |pattern: &str, text: &str| {
        let regex = Regex::new(pattern).unwrap();
        let mut cache = regex.create_cache();
        let spans = regex.captures_iter(&mut cache, text).map(|c| c.get(0).unwrap());
        spans.map(|span| format!("{}-{}", span.start, span.end)).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(all("a", "aba"), "0-1 2-3");
    assert_eq!(all("a*", "baac"), "0-0 1-3 3-3 4-4");
    assert_eq!(all("x*", "é"), "0-0 2-2");
    assert_eq!(all("$", "a\n"), "1-1 2-2");
    assert_eq!(all(r"\w+$", "ab\n"), "0-2");
    assert_eq!(all(r"(?=a)", "aa"), "0-0 1-1");
    assert_eq!(all(r"\C", "é"), "0-2");
    assert_eq!(all("^a", "aa"), "0-1");
    assert_eq!(all(r"\bb", "ab b"), "3-4");
    assert_eq!(all("", ""), "0-0");
}

#[test]
fn groups_are_found_by_name() {
    let regex = Regex::new(r"(?<user>\w+)@((?P<host>\w+)|x)").unwrap();
    let names: Vec<_> = regex.group_names().iter().map(Option::as_deref).collect();
    assert_eq!(names, [None, Some("user"), None, Some("host")]);
    let mut cache = regex.create_cache();
    let captures = regex.captures(&mut cache, "to me@home!").unwrap();
    assert_eq!(captures.text(3, "to me@home!"), Some("home"));
    assert_eq!(captures.text(4, "to me@home!"), None);
}

#[test]
fn a_cache_of_another_pattern_is_made_anew() {
    let regexes = ["(a)(b)", "x", "(?=a)ab"].map(|pattern| Regex::new(pattern).unwrap());
    let mut cache = super::super::Cache::default();
    for regex in regexes.iter().chain(regexes.iter().rev()) {
        assert!(regex.is_match(&mut cache, "xab"), "{regex:?}");
    }
}

#[test]
fn too_much_work_is_no_match() {
    let text = "a".repeat(40);
    for pattern in [r"(?=a)(?:a+)+b", r"(?=a)(a*)*b\1"] {
        let regex = Regex::new(pattern).unwrap();
        assert!(!regex.is_match(&mut regex.create_cache(), &text), "{pattern}");
    }
    let linear = Regex::new("(?:a+)+b").unwrap();
    assert_eq!(linear.road(), Road::Automata);
    let long = "a".repeat(1 << 20);
    assert!(!linear.is_match(&mut linear.create_cache(), &long));
}

/// SPLUNK.md 3.2: match_limit 100000, depth_limit 1000, and over the limit is no match.
#[test]
fn patterns_that_explode_end_on_either_road() {
    let long = format!("{}!", "a".repeat(5000));
    for pattern in ["(a+)+$", "(a|aa)+$", "^(a|a)*$", "(?:a*)*b", "(.*.*.*)*x", r"^(\w+\s?)*\z"] {
        let limited = Regex::only_pcre2(pattern).unwrap();
        assert!(!limited.is_match(&mut limited.create_cache(), &long), "{pattern}");
        if let Some(linear) = Regex::only_automata(pattern) {
            assert!(!linear.is_match(&mut linear.create_cache(), &long), "{pattern}");
        }
    }
}

/// Each construct of the table in SPLUNK.md 3.6, as PCRE2 matches it and as the automata do.
#[test]
fn constructs_of_the_armory_are_the_same_on_either_road() {
    for (pattern, text, expected) in [
        (r"cmd\>", "cmd>", true),
        (r"cmd\>", "cmd x", false),
        (r"\<cmd", "<cmd", true),
        (r"\<cmd", "cmd", false),
        (r"a$", "a\n", true),
        (r"a$", "a\nb", false),
        (r"\/\-\_\:\'\=\%\@", "/-_:'=%@", true),
        (r"\Qa.b\E", "a.b", true),
        (r"\Qa.b\E", "axb", false),
        (r"\x5c\x22", "\\\"", true),
        (r"(?<n>..)", "ab", true),
        (r"(?i)abc", "xABC", true),
        (r"((?i)x)y", "Xy", true),
        (r"((?i)x)y", "XY", false),
        (r"\s", "\u{a0}", false),
        (r"\S", "\u{a0}", true),
        (r"\w", "é", false),
        (r"\d", "\u{663}", false),
        (r"\w{20,1000}", "abcdefghijklmnopqrst", true),
        (r"\w{20,1000}", "abcdefghijklmnopqrs", false),
        (r"a.*?b", "axxb", true),
        (r"[[a]", "[", true),
        (r"{x}", "{x}", true),
        (r"a{,3}b", "aaab", true),
        (r"[[:alpha:]]", "é", false),
    ] {
        let limited = Regex::only_pcre2(pattern).unwrap();
        let linear = Regex::only_automata(pattern).unwrap_or_else(|| panic!("{pattern}"));
        assert_eq!(limited.is_match(&mut limited.create_cache(), text), expected, "{pattern}");
        assert_eq!(linear.is_match(&mut linear.create_cache(), text), expected, "{pattern}");
    }
    // What the automata do not take: lookbehind and `\C`, seven rules of the armory.
    for (pattern, text, expected) in [
        ("(?<=x)y", "xy", true),
        ("(?<=x)y", "zy", false),
        (r"C:\C", "C:é", true),
        (r"C:\C", "C:", false),
    ] {
        let regex = Regex::new(pattern).unwrap();
        assert_eq!(regex.road(), Road::Pcre2);
        assert_eq!(regex.is_match(&mut regex.create_cache(), text), expected, "{pattern} {text}");
    }
}

#[test]
fn patterns_too_large_for_automata_are_left_to_pcre2() {
    for (pattern, road) in [
        (r"\w{20,1000}", Road::Automata),
        (r"[^\\]{1,1000}x", Road::Automata),
        (r"(?:\S{1,1000}x){1,100}", Road::Pcre2),
    ] {
        assert_eq!(Regex::new(pattern).unwrap().road(), road, "{pattern}");
    }
    let many = format!("{}x", "(?:a|$)".repeat(1000));
    assert_eq!(Regex::new(&many).unwrap().road(), Road::Pcre2);
    let deep = format!("{}x{}", "(".repeat(249), ")".repeat(249));
    assert_eq!(Regex::new(&deep).unwrap().road(), Road::Automata);
}

#[test]
fn bytes_that_are_no_text_are_replaced() {
    let regex = Regex::new("^a.b$").unwrap();
    assert!(regex.is_match(&mut regex.create_cache(), &decode(b"a\xffb")));
}

#[test]
fn regexes_and_caches_cross_threads() {
    fn check<T: Send + Sync>() {}
    check::<Regex>();
    check::<super::super::Cache>();
}

fn text(text: &str) -> Required {
    Required::Literal(Literal { text: text.into(), case_insensitive: false })
}

fn word(text: &str) -> Required {
    Required::Literal(Literal { text: text.into(), case_insensitive: true })
}

#[test]
fn literals_that_a_match_contains() {
    use Required::{All, Any, Anything};
    let cases: Vec<(&str, Required)> = vec![
        (
            r"(?i)\w+tps?://\S+\.msi",
            All(vec![Any(vec![word("tps://"), word("tp://")]), word(".msi")]),
        ),
        (r"1040|1042", Any(vec![text("1040"), text("1042")])),
        (r"a\.exe$", text("a.exe")),
        (r"(?i)a[.]b[/-]", Any(vec![word("a.b-"), word("a.b/")])),
        (r"[Cc][Mm][Dd]", word("cmd")),
        (r"foo\bbar(?=x)baz", text("foobarbaz")),
        (r"foo(?:bar)?baz", Any(vec![text("foobarbaz"), text("foobaz")])),
        (r"foo(?:\d\d)?baz", All(vec![text("foo"), text("baz")])),
        (
            r"(?:cmd\.exe.*/c|pwsh)\s",
            Any(vec![All(vec![text("cmd.exe"), text("/c")]), text("pwsh")]),
        ),
        (r"(?:cmd|\w+)x", text("x")),
        (r"a{2,}b", text("aab")),
        (r"(?:ab){2}c", text("ababc")),
        (r"ca+b", All(vec![text("ca"), text("ab")])),
        (r"(?:foo\d)+x", All(vec![text("foo"), text("x")])),
        (r"(?:a|b|)foo", text("foo")),
        (r"a?b?c?d?foo", text("foo")),
        (r"x\d{3}|\d", Anything),
        (r"(a)\1b", All(vec![text("a"), text("b")])),
        (r"(?<!foo)bar(?!baz)", text("bar")),
        (r"a++b", text("ab")),
        (r"(?>foo|bar)baz", Any(vec![text("foobaz"), text("barbaz")])),
        (r"foo(*ACCEPT)bar", Anything),
        (r"(?i)é\d", Any(vec![text("É"), text("é")])),
        ("(?i)\u{212a}ill", word("kill")),
        ("a\u{fffd}b", All(vec![text("a"), text("b")])),
        (r"\Qa.b\E\x5cc", text("a.b\\c")),
        (r"(?i)C:\\\\x(?-i)Y", word("c:\\\\xy")),
        (r"", Anything),
    ];
    for (pattern, expected) in cases {
        let regex = Regex::new(pattern).unwrap();
        assert_eq!(regex.required_literals(), &expected, "{pattern}");
    }
}

#[test]
fn literals_stay_few() {
    fn size(required: &Required) -> usize {
        match required {
            Required::Anything => 0,
            Required::Literal(literal) => literal.text.len(),
            Required::All(parts) | Required::Any(parts) => parts.iter().map(size).sum(),
        }
    }
    let words: Vec<String> = (0..400).map(|n| format!("word{n}")).collect();
    let patterns = [
        "(?:[abc][def]){200}".to_owned(),
        "[ab]".repeat(1000),
        "(?:x{8}y{8}){8}".repeat(100),
        format!("(?:{})", words.join("|")),
    ];
    for pattern in patterns {
        let regex = Regex::new(&pattern).unwrap();
        assert!(size(regex.required_literals()) <= 20 * pattern.len());
    }
    let regex = Regex::new(&format!("(?:{})", words.join("|"))).unwrap();
    assert!(matches!(regex.required_literals(), Required::Any(words) if words.len() > 300));
}
