//! SPLUNK.md 1: the base search, and the traps of it.

use coldsweep::plan::Settings;
use coldsweep::reading::Reading;
use jiff::tz::TimeZone;

use crate::check::{finds, gives, gives_as, records, rows, selects, texts, value, warned};
use crate::common;

/// SPLUNK.md 1.1, trap 1: parentheses, NOT, OR, then AND.
#[test]
fn or_binds_tighter_than_and_in_search() {
    finds("alpha beta OR gamma", &["alpha beta", "alpha gamma"], &["alpha", "gamma", "beta gamma"]);
    finds("alpha OR beta AND gamma", &["alpha gamma", "beta gamma"], &["alpha", "beta"]);
    finds("(alpha beta) OR gamma", &["alpha beta", "gamma"], &["alpha", "beta"]);
    finds("NOT alpha OR beta", &["gamma", "alpha beta"], &["alpha"]);
    selects(
        "a=1 OR b=1 c=1",
        &[&[("a", "1"), ("c", "1")], &[("b", "1"), ("c", "1")]],
        &[&[("a", "1")], &[("b", "1")], &[("c", "1")]],
    );
}

/// SPLUNK.md 1.1, trap 1: parentheses, NOT, AND, OR, XOR in `where` and `eval`.
#[test]
fn and_binds_tighter_than_or_in_where() {
    for (condition, holds) in [
        ("one=1 OR none=1 AND none=1", true),
        ("none=1 AND none=1 OR one=1", true),
        ("(one=1 OR none=1) AND none=1", false),
        ("NOT one=1 OR one=1", true),
        ("NOT one=1 AND none=1", false),
        ("NOT (one=1 AND none=1)", true),
        // (one OR one) XOR (one AND one)
        ("one=1 OR one=1 XOR one=1 AND one=1", false),
        ("one=1 XOR none=1 OR one=1", false),
    ] {
        let expected = if holds { "yes" } else { "no" };
        let expression = format!("if({condition}, \"yes\", \"no\")");
        value(&[("one", "1"), ("none", "0")], &expression, Some(expected));
    }
    selects("* | where a=1 OR b=1 AND c=1", &[&[("a", "1")]], &[&[("b", "1")], &[("c", "1")]]);
}

/// SPLUNK.md 1.2, trap 2: AND is implied, and operators of `search` are in upper case: others are
/// keywords, of which the user is warned.
#[test]
fn operators_of_search_are_in_upper_case() {
    finds("alpha beta", &["beta alpha"], &["alpha", "beta"]);
    finds("alpha or beta", &["alpha or beta"], &["alpha", "beta", "alpha beta"]);
    finds("alpha and beta", &["alpha and beta"], &["alpha beta"]);
    finds("not alpha", &["not alpha"], &["alpha", "not", "beta"]);
    finds("alpha Or beta", &["alpha or beta"], &["alpha beta"]);
    finds("alpha \"AND\" beta", &["alpha and beta"], &["alpha beta"]);
    finds("alpha \"OR\" beta", &["alpha or beta"], &["alpha", "alpha beta"]);
    warned("alpha or beta", "W0001");
}

/// SPLUNK.md 1.2: lower case and `!` are operators of `where` and `eval`.
#[test]
fn operators_of_where_are_in_any_case() {
    for condition in ["n=1 and n=1", "n=2 or n=1", "not n=2", "!(n=2)", "! n=2", "n=2 xor n=1"] {
        selects(&format!("* | where {condition}"), &[&[("n", "1")]], &[]);
        value(&[("n", "1")], &format!("if({condition}, \"yes\", \"no\")"), Some("yes"));
    }
}

/// SPLUNK.md 1.3: NOT binds to the next term or group only.
#[test]
fn not_binds_to_the_next_term() {
    finds("NOT alpha beta", &["beta"], &["alpha beta", "alpha", "gamma"]);
    finds("NOT (alpha beta)", &["alpha", "beta", "gamma"], &["alpha beta"]);
    finds("NOT alpha NOT beta", &["gamma"], &["alpha", "beta"]);
    finds("NOT NOT alpha", &["alpha"], &["beta"]);
}

/// SPLUNK.md 1.4, traps 3 and 19: keywords are tokens of the raw text, in any case.
#[test]
fn keywords_are_tokens_of_the_raw_text() {
    finds("foo", &["foo", "a FOO b", "x.foo_y", "\"Foo\""], &["foobar", "barfoo", "f oo"]);
    finds("FOO", &["foo"], &["fool"]);
    finds("\"foo bar\"", &["a FOO bar b"], &["foo barn", "bar foo", "foo  bar"]);
    // The host of an envelope is a field of the event, but no part of its text.
    let log = "{\"time\":1704067200,\"host\":\"outer\",\"event\":\"<Event><System>\
               <EventID>1</EventID><Channel>Test</Channel><Computer>inner</Computer></System>\
               <EventData/></Event>\"}\n";
    gives(log, "inner | table host", &["host=outer"]);
    gives(log, "outer | table host", &[]);
    gives(log, "host=outer | table host", &["host=outer"]);
}

/// The major breakers of SPLUNK.md 1.5.
const MAJOR: &[&str] = &[
    "[", "]", "<", ">", "(", ")", "{", "}", "|", "!", ";", ",", "'", "\"", "*", "\n", "\r\n", " ",
    "\t", "&", "?", "+", "%21", "%26", "%2526", "%3B", "%7C", "%20", "%2B", "%3D", "--", "%2520",
    "%5D", "%5B", "%3A", "%0A", "%2C", "%28", "%29",
];

/// The minor breakers of SPLUNK.md 1.5.
const MINOR: &[&str] = &["/", ":", "=", "@", ".", "-", "$", "#", "%", "\\", "_"];

/// SPLUNK.md 1.5, traps 3 and 6: at a major breaker a whole segment ends, at a minor one a piece.
#[test]
fn breakers_cut_the_raw_text() {
    for &breaker in MAJOR {
        let text = format!("z{breaker}p=foo{breaker}z");
        finds("TERM(p=foo)", &[&text], &[]);
        finds("foo", &[&text], &[]);
    }
    for &breaker in MINOR {
        let text = format!("z{breaker}p=foo{breaker}z");
        finds("TERM(p=foo)", &[], &[&text]);
        finds("foo", &[&text], &[]);
        let whole = format!("x p{breaker}foo y");
        finds(&format!("TERM(p{breaker}foo)"), &[&whole], &[]);
    }
    // Backtick, `^`, `~`, NUL, digits and whatever is not ASCII break nothing.
    for other in ["`", "^", "~", "7", "q", "\u{e9}", "\u{a0}", "\u{201c}", "\u{3000}", "%2F", "%2b"]
    {
        let glued = format!("z{other}foo z");
        let is_minor = other.starts_with('%');
        finds("TERM(foo)", &[], &[&format!("z {other}foo{other} z")]);
        if !is_minor {
            finds("foo", &[], &[&glued]);
        }
    }
}

/// SPLUNK.md 1.5: a major segment and its minor pieces are tokens, prefixes of several pieces are
/// not (INTERMEDIATE_MAJORS=false).
#[test]
fn tokens_are_segments_and_their_pieces() {
    let text = "on 2019-10-21 at";
    for token in ["2019-10-21", "2019", "10", "21"] {
        finds(&format!("TERM({token})"), &[text], &[]);
    }
    for none in ["2019-10", "10-21", "2019-", "-21"] {
        finds(&format!("TERM({none})"), &[], &[text]);
    }
    finds("TERM(1.2)", &["1.2", "a 1.2 b"], &["1.2.3"]);
}

/// SPLUNK.md 1.5: of the breakers that start at a place the longest counts, and hexadecimal digits
/// are as written.
#[test]
fn the_longest_breaker_counts() {
    finds("TERM(p=foo)", &["z%2526p=foo z", "z%2520p=foo z"], &["z%252p=foo z", "z%2bp=foo z"]);
    finds("TERM(-p=foo)", &["z---p=foo z"], &["z--p=foo z"]);
    finds("TERM(p=foo)", &["z--p=foo z", "z----p=foo z"], &["z---p=foo z", "z-p=foo z"]);
    finds("a%20b", &["a%20b"], &["a b", "a20b"]);
}

/// SPLUNK.md 1.5: the whole event is segmented, however long.
#[test]
fn a_long_event_is_segmented_to_its_end() {
    let long = "word ".repeat(40_000) + "p=foo";
    finds("TERM(p=foo)", &[&long], &[]);
    finds("foo", &[&long], &[]);
}

/// SPLUNK.md 1.6, trap 4: a TERM is a token as a whole.
#[test]
fn a_term_is_a_whole_token() {
    let classic = |id: &str| texts(&["x"]).replace("EventCode=1\n", &format!("EventCode={id}\n"));
    gives(&classic("4688"), "TERM(EventCode=4688) | table host", &["host=e0"]);
    gives(&classic("46880"), "TERM(EventCode=4688) | table host", &[]);
    // XML and JSON never hold it, but as meant an event answers to its own id.
    let xml = records(&[&[]]).replace("<EventID>1<", "<EventID>4688<");
    gives_as(Reading::STRICT, &xml, "TERM(EventCode=4688) | table host", &[]);
    gives_as(Reading::AS_MEANT, &xml, "TERM(EventCode=4688) | table host", &["host=e0"]);
    let json = "{\"EventID\":4688,\"Channel\":\"Security\",\"Hostname\":\"e0\",\
                \"EventTime\":\"2024-01-01 00:00:00\",\"EventCode\":4688}\n";
    gives_as(Reading::STRICT, json, "TERM(EventCode=4688) | stats count", &["count=0"]);
    finds("TERM(/i)", &["/i \"x\"", "\"/i\"", "/I x"], &["/ihttp", "-i x", "i", "a/i", "/i:x"]);
    finds("TERM(install)", &["install", "/install", "Install-Package"], &["installer"]);
    finds("TERM(EventCode=46*)", &["EventCode=4688", "EventCode=46"], &["EventCode=4588"]);
    finds("TERM(\"/i\")", &["/i x"], &["/ix"]);
}

/// SPLUNK.md 1.6, trap 5: a TERM with a major breaker in it holds nowhere, which is said.
#[test]
fn a_term_with_a_major_breaker_holds_nowhere() {
    for term in [">", ">>", "<EventID>4104<", "--dns", "a b", "a%20b", "a,b", "a;b"] {
        finds(&format!("TERM({term})"), &[], &[&format!("x {term} y"), term]);
        warned(&format!("x TERM({term})"), "W0003");
    }
    finds("NOT TERM(--dns)", &["--dns"], &[]);
    finds("TERM(--dns) OR dns", &["--dns"], &["x"]);
}

/// SPLUNK.md 1.7: CASE is a TERM that looks at case; so does a comparison.
#[test]
fn case_looks_at_case() {
    finds("CASE(Foo)", &["Foo", "x.Foo"], &["foo", "FOO", "Foobar"]);
    finds("CASE(p=Foo)", &["p=Foo"], &["p=foo", "P=Foo", "a/p=Foo"]);
    selects(
        "f=CASE(Foo)",
        &[&[("f", "Foo")]],
        &[&[("f", "foo")], &[("f", "FOO")], &[("f", "Foos")]],
    );
}

/// SPLUNK.md 1.8: a phrase is its pieces as tokens, and the text as it is between clean edges.
#[test]
fn a_phrase_has_clean_edges() {
    finds("\".msi\"", &["a.msi\"", "a.msi?x", "a.msi_1", "a.msi", "a.MSI b"], &["a.msix", "a msi"]);
    finds("\"b.msi\"", &["b.msi", "a/b.msi"], &["ab.msi", "b.msi1", "b msi"]);
    finds("b.msi", &["b.msi", "a/b.msi"], &["ab.msi", "b.msi1", "b msi"]);
    finds("\"/i http\"", &["/i http://x", "a/i http"], &["/i  http://x", "/i https"]);
    let xml = |id: &str| records(&[&[]]).replace("<EventID>1<", &format!("<EventID{id}<"));
    let search = "\"<EventID>4688<\" | table host";
    gives(&xml(">4688"), search, &["host=e0"]);
    gives(&xml(">46880"), search, &[]);
    // Trap 8: with an attribute it is another text, but as meant an event answers to its own id.
    let qualified = xml(" Qualifiers='0'>4688");
    gives_as(Reading::STRICT, &qualified, search, &[]);
    gives_as(Reading::AS_MEANT, &qualified, search, &["host=e0"]);
}

/// SPLUNK.md 1.8: a phrase of breakers only is a substring of the raw text.
#[test]
fn a_phrase_of_breakers_is_a_substring() {
    finds("\"://\"", &["http://x", "a://b", "://"], &["a:/b", "a: //b"]);
    finds("\"@\"", &["a@b", "@"], &["a b"]);
    finds("\"*://*\"", &["http://x"], &["a:/b"]);
    finds("\"--\"", &["a--b"], &["a-b"]);
}

/// SPLUNK.md 1.9: `*` is the only wildcard, in quotes too, and nothing escapes it.
#[test]
fn only_the_star_is_a_wildcard() {
    finds("foo*", &["foo", "foobar", "x.foobar"], &["xfoo", "fo"]);
    finds("*foo", &["foo", "xfoo"], &["foox"]);
    finds("*foo*", &["foo", "xfoox"], &["fo o"]);
    finds("\"foo*\"", &["foobar"], &["xfoo"]);
    finds("fo*ar", &["foobar", "foar"], &["foobars", "fo ar"]);
    finds("\"foo b*r\"", &["foo bar", "foo br"], &["foo b", "xfoo bar"]);
    finds("\"foo?\"", &["foo?", "foo? x"], &["foox", "foo"]);
    finds("\"x?y\"", &["x?y"], &["xzy", "xy"]);
    // `\*` is a backslash and a wildcard.
    finds(r#""foo\*bar""#, &[r"foo\bar", r"foo\x bar"], &["foo*bar", "foobar"]);
    selects(r#"f="a\*""#, &[&[("f", r"a\b")]], &[&[("f", "a*")], &[("f", "ab")]]);
}

/// SPLUNK.md 1.10: `field=value` compares text without case; names have case; `*` is any run.
#[test]
fn a_field_is_compared_as_text() {
    selects("n=1", &[&[("n", "1")]], &[&[("n", "1.0")], &[("n", "01")], &[("n", "11")], &[]]);
    selects("f=Abc", &[&[("f", "abc")], &[("f", "ABC")]], &[&[("F", "abc")], &[("f", "abcd")]]);
    selects("f=a*c", &[&[("f", "abc")], &[("f", r"a b/\c")], &[("f", "ac")]], &[&[("f", "abcd")]]);
    selects("f=*", &[&[("f", "x")]], &[&[("g", "x")]]);
    selects("f=\"a b\"", &[&[("f", "a b")]], &[&[("f", "a  b")], &[("f", "a")]]);
    // The right side is a value, never a field.
    selects("f=g", &[&[("f", "g"), ("g", "x")]], &[&[("f", "x"), ("g", "x")]]);
}

/// SPLUNK.md 1.10: `<` and its like compare numbers if both sides are, else text by bytes.
#[test]
fn an_order_is_of_numbers_or_of_text() {
    selects("n>9", &[&[("n", "10")], &[("n", "9.5")], &[("n", "abc")]], &[&[("n", "9")], &[]]);
    selects("n<=9", &[&[("n", "9")], &[("n", "-1")], &[("n", "9.0")]], &[&[("n", "10")]]);
    selects("f<b", &[&[("f", "a")], &[("f", "B")], &[("f", "9")]], &[&[("f", "b")], &[("f", "c")]]);
    selects("f>=Z", &[&[("f", "a")], &[("f", "Z")]], &[&[("f", "Y")], &[("f", "9")]]);
}

/// SPLUNK.md 1.11, trap 20: `!=` needs the field, NOT does not.
#[test]
fn unequal_needs_the_field() {
    selects("f!=x", &[&[("f", "y")]], &[&[("f", "x")], &[("g", "y")]]);
    selects("NOT f=x", &[&[("f", "y")], &[("g", "y")]], &[&[("f", "x")], &[("f", "X")]]);
    // Of several values.
    let (both, same) = ([("f", "x"), ("f", "y")], [("f", "x"), ("f", "x")]);
    selects("f=x", &[&both, &same], &[&[("f", "y")]]);
    selects("f!=x", &[&both, &[("f", "y")]], &[&same]);
    selects("NOT f=x", &[&[("f", "y")]], &[&both, &same]);
}

/// SPLUNK.md 1.12: IN is an OR of comparisons, with wildcards and subnets.
#[test]
fn in_is_an_or_of_comparisons() {
    selects(
        "f IN (a, b*, \"c d\")",
        &[&[("f", "A")], &[("f", "b")], &[("f", "bx")], &[("f", "c d")]],
        &[&[("f", "ax")], &[("f", "c")], &[("g", "a")]],
    );
    let subnet: [&[(&str, &str)]; 2] = [&[("ip", "10.1.2.3")], &[("ip", "10.255.255.255")]];
    let outside: [&[(&str, &str)]; 3] = [&[("ip", "11.0.0.1")], &[("ip", "x")], &[]];
    selects("ip=10.0.0.0/8", &subnet, &outside);
    selects("ip IN (10.0.0.0/8, 12.0.0.0/8)", &subnet, &outside);
    selects(
        "ip IN (\"FE80::/10\")",
        &[&[("ip", "fe80::1")], &[("ip", "FEBF::1")]],
        &[&[("ip", "fec0::1")], &[("ip", "10.0.0.1")]],
    );
    // In `where` a wildcard of in() is a star.
    selects("* | where f IN (\"a\", \"b*\")", &[&[("f", "a")], &[("f", "b*")]], &[&[("f", "bx")]]);
}

/// SPLUNK.md 1.13: metadata compare without case, and time terms test no field: they would limit
/// the search, which `--since` and `--until` do here, as is said.
#[test]
fn metadata_and_times_are_no_fields_of_the_event() {
    let log = records(&[&[("f", "x")]]);
    for search in
        ["host=E0", "sourcetype=xmlwineventlog", "source=XMLWINEVENTLOG:test", "index=any"]
    {
        gives(&log, &format!("{search} | table host f"), &["host=e0 f=x"]);
    }
    gives(&log, "host=other | table host", &[]);
    gives(&log, "source=other | table host", &[]);
    for term in ["earliest=-7d", "latest=now", "starttime=\"01/01/2024:00:00:00\""] {
        gives(&log, &format!("{term} f=x | table f"), &["f=x"]);
        gives(&log, &format!("f=x ({term}) | table f"), &["f=x"]);
        warned(&format!("f=x {term}"), "W0010");
    }
}

/// SPLUNK.md 1.14: a later `search` tests terms on `_raw`, which stats and table take away.
#[test]
fn a_later_search_needs_the_raw_text_for_terms() {
    let log = records(&[&[("f", "x"), ("g", "y")], &[("f", "z")]]);
    gives(&log, "* | search x | table f", &["f=x"]);
    gives(&log, "* | table f | search x | table f", &[]);
    gives(&log, "* | stats count by f | search x", &[]);
    gives(&log, "* | table f | search f=X", &["f=x"]);
    gives(&log, "* | stats count by f | search f=x count=1", &["f=x count=1"]);
    gives(&log, "* | table f _raw | search x | table f", &["f=x"]);
}

/// SPLUNK.md 1.15, trap 25: events enter the pipeline newest first.
#[test]
fn events_come_newest_first() {
    let log = records(&[&[("f", "old")], &[("f", "mid")], &[("f", "new")]]);
    gives(&log, "* | table f", &["f=new", "f=mid", "f=old"]);
    gives(&log, "* | head 1 | table f", &["f=new"]);
    gives(&log, "* | stats first(f) as a last(f) as z", &["a=new z=old"]);
    gives(&log, "* | dedup host sortby +_time | stats count", &["count=3"]);
    gives(&log, "* | eval k=1 | dedup k | table f", &["f=new"]);
    gives(&log, "* | streamstats count as n | table f n", &["f=new n=1", "f=mid n=2", "f=old n=3"]);
}

/// Trap 25 of SPLUNK.md, traps 25: bin drops fractions, so that two events ten milliseconds apart may
/// fall into different seconds, and classic times are of the source's zone.
#[test]
fn times_are_cut_and_classic_ones_are_local() {
    let near = records(&[&[], &[]]).replace(":01.250Z", ":00.005Z").replace(":00.250Z", ":59.995Z");
    gives(
        &near.replace("T00:00:59", "T00:01:59").replace("T00:00:00", "T00:02:00"),
        "* | bin _time span=1s | stats count by _time",
        &["_time=59 count=1", "_time=00 count=1"],
    );
    let log = texts(&["x"]);
    let hour = "* | eval h=strftime(_time, \"%s\") | table h";
    let utc = common::settings(Reading::AS_MEANT);
    let east = Settings { timezone: TimeZone::fixed(jiff::tz::offset(2)), ..utc.clone() };
    assert_eq!(rows(&log, hour, &utc), ["h=1704067200"]);
    assert_eq!(rows(&log, hour, &east), ["h=1704060000"]);
}

/// SPLUNK.md, trap 7: text of a JSON string is searched as it stands, where `\n\tNew` is
/// `tNew` behind a backslash; as meant a record is decoded.
#[test]
fn escapes_of_json_are_text() {
    let json = "{\"EventID\":1,\"Channel\":\"Test\",\"Hostname\":\"e0\",\
                \"EventTime\":\"2024-01-01 00:00:00\",\"Text\":\"a\\n\\tNew b\"}\n";
    gives_as(Reading::STRICT, json, "tnew | stats count", &["count=1"]);
    gives_as(Reading::STRICT, json, "new | stats count", &["count=0"]);
    gives_as(Reading::AS_MEANT, json, "new | stats count", &["count=1"]);
    gives_as(Reading::AS_MEANT, json, "tnew | stats count", &["count=0"]);
}
