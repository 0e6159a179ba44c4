//! SPLUNK.md 4: the commands, and the traps of them.

use coldsweep::plan::Settings;
use coldsweep::reading::Reading;
use jiff::tz::{TimeZone, offset};

use crate::check::{Fields, gives, records, refused, rows, selects, value, warned};
use crate::common;

/// SPLUNK.md 4, where: rows of which the condition is true; what is no condition is fatal.
#[test]
fn where_keeps_what_is_true() {
    selects("* | where n>1", &[&[("n", "2")]], &[&[("n", "1")], &[]]);
    refused("* | where n", "E0305");
    refused("* | where n+1", "E0305");
    refused("* | where \"x\"", "E0305");
}

/// SPLUNK.md 4, regex, trap 20: `=` drops rows without the field, `!=` keeps them; NOT is none.
#[test]
fn regex_unequal_keeps_rows_without_the_field() {
    let [x, y] = [[("f", "x")], [("f", "y")]];
    selects("* | regex f=\"x\"", &[&x], &[&y, &[]]);
    selects("* | regex f!=\"x\"", &[&y, &[]], &[&x]);
    selects("* | regex \"Name='f'>x\"", &[&x], &[&y]);
    selects("* | where f!=\"x\"", &[&y], &[&x, &[]]);
    selects("f!=x", &[&y], &[&x, &[]]);
    selects("NOT f=x", &[&y, &[]], &[&x]);
    let rule = coldsweep::rule::Rule::parse("* | regex NOT f=\"x\"", "fact.spl").unwrap();
    let settings = common::settings(Reading::AS_MEANT);
    assert!(coldsweep::plan::Plan::compile(rule, &settings).is_err());
}

/// SPLUNK.md 4, rex: groups set fields, no match none; sed; no named group is fatal.
#[test]
fn rex_sets_fields_of_named_groups() {
    let log = records(&[&[("f", "a1b2c3"), ("x", "old")]]);
    gives(&log, r#"* | rex field=f "(?<x>\d)" | table x"#, &["x=1"]);
    gives(&log, r#"* | rex field=f "(?<x>\d{9})" | table x"#, &["x=old"]);
    gives(&log, r#"* | rex field=f max_match=2 "(?<x>\d)" | table x"#, &["x=1+2"]);
    gives(&log, r#"* | rex field=f max_match=0 "(?<x>\d)" | table x"#, &["x=1+2+3"]);
    gives(&log, r#"* | rex "Name='f'>(?<x>\w)" | table x"#, &["x=a"]);
    gives(&log, r#"* | rex field=f mode=sed "s/(\d)(\w)/\2\1/" | table f"#, &["f=ab12c3"]);
    gives(&log, r#"* | rex field=f mode=sed "s/\d/-/g" | table f"#, &["f=a-b-c-"]);
    gives(&log, r#"* | rex field=f mode=sed "s/\d/-/2" | table f"#, &["f=a1b-c3"]);
    gives(&log, r#"* | rex field=f mode=sed "y/abc/xyz/" | table f"#, &["f=x1y2z3"]);
    refused(r#"* | rex field=f "(\d)""#, "E0320");
}

/// SPLUNK.md 4, eval: clauses see those before; NULL removes the field; no boolean is a value.
#[test]
fn eval_goes_from_left_to_right() {
    let log = records(&[&[("f", "1")]]);
    gives(&log, "* | eval a=f+1, b=a+1, f=b | table a b f", &["a=2 b=3 f=3"]);
    gives(&log, "* | eval f=null() | table host f", &["host=e0"]);
    gives(&log, "* | eval f=none | table host f", &["host=e0"]);
    refused("* | eval a=(f=1)", "E0306");
    refused("* | eval a=isnull(f)", "E0306");
}

/// SPLUNK.md 4, eval functions: conditions, and NULL in and out.
#[test]
fn functions_of_null() {
    value(&[], "if(none=1, \"a\", \"b\")", Some("b"));
    value(&[], "if(none, \"a\", \"b\")", Some("b"));
    value(&[], "case(none=1, \"a\", 1=1, \"b\", 1=1, \"c\")", Some("b"));
    value(&[], "case(1=2, \"a\")", None);
    value(&[("f", "x")], "coalesce(none, f, \"z\")", Some("x"));
    value(&[("f", "x")], "coalesce(\"\", f)", Some(""));
    for call in ["len(none)", "lower(none)", "round(none)", "replace(none, \"a\", \"b\")"] {
        value(&[], call, None);
    }
    value(&[], "none.\"a\"", None);
    value(&[], "tonumber(\"x\")", None);
    value(&[], "tonumber(\"12\")+1", Some("13"));
    refused("* | eval a=upper(null())", "E0311");
    refused("* | eval a=round(null())", "E0311");
    value(&[("f", "x")], "if(isnull(none) AND isnotnull(f), \"yes\", \"no\")", Some("yes"));
}

/// SPLUNK.md 4, eval functions: numbers and text.
#[test]
fn functions_of_numbers_and_text() {
    value(&[], "round(2.5)", Some("3"));
    value(&[], "round(-2.5)", Some("-3"));
    value(&[], "round(10, 2)", Some("10.00"));
    value(&[], "round(3.14159, 2)", Some("3.14"));
    value(&[], "floor(2.7) + ceiling(2.1)", Some("5"));
    value(&[], "sqrt(9)", Some("3"));
    value(&[], "round(sin(pi()/2)+cos(0)+atan2(0, 1), 3)", Some("2.000"));
    value(&[], "len(\"a\u{e9}\u{1f4e6}\")", Some("3"));
    value(&[], r#"replace("a1b22", "(\d)", "<\1>")"#, Some("a<1>b<2><2>"));
    value(&[], "lower(\"AbC\")", Some("abc"));
    // strftime is of the zone of the one who searches.
    let log = records(&[&[]]);
    let search = "* | eval x=strftime(_time, \"%Y-%m-%d %H:%M:%S.%3N\") | table x";
    gives(&log, search, &["x=2024-01-01 00:00:00.250"]);
    let settings = common::settings(Reading::AS_MEANT);
    let east = Settings { timezone: TimeZone::fixed(offset(2)), ..settings };
    assert_eq!(rows(&log, search, &east), ["x=2024-01-01 02:00:00.250"]);
}

/// SPLUNK.md 4, eval functions: like() is of the whole text, with case.
#[test]
fn like_is_of_the_whole_text() {
    for (pattern, hit, miss) in [
        ("a%", "abc", "xabc"),
        ("a_c", "abc", "abbc"),
        ("%b%", "abc", "aBc"),
        ("abc", "abc", "abcd"),
    ] {
        selects(&format!("* | where like(f, \"{pattern}\")"), &[&[("f", hit)]], &[&[("f", miss)]]);
    }
}

/// SPLUNK.md 4, eval functions: those of several values; one that is left is a plain value.
#[test]
fn functions_of_several_values() {
    let m: Fields<'_> = &[("m", "a"), ("m", "b"), ("m", "c"), ("f", "x")];
    value(m, "mvindex(m, 0)", Some("a"));
    value(m, "mvindex(m, -1)", Some("c"));
    value(m, "mvindex(m, 1, 2)", Some("b+c"));
    value(m, "mvindex(m, -2, -1)", Some("b+c"));
    value(m, "mvindex(m, 7)", None);
    value(m, "mvcount(m)", Some("3"));
    value(m, "mvcount(f)", Some("1"));
    value(m, "mvcount(none)", None);
    value(m, "mvfilter(m!=\"b\")", Some("a+c"));
    value(m, "len(mvfilter(m=\"b\"))", Some("1"));
    value(m, "mvappend(m, f, \"y\")", Some("a+b+c+x+y"));
    value(m, "mvdedup(mvappend(m, m))", Some("a+b+c"));
    value(m, "mvfind(m, \"^c\")", Some("2"));
    value(m, "mvfind(m, \"z\")", None);
    refused("* | eval x=mvfilter(m=f)", "E0303");
}

/// SPLUNK.md 4, Comparison: numbers if both sides are, else text with case and by bytes; nothing is
/// equal or unequal to a missing field, under NOT neither. Trap 19: where `=` has case.
#[test]
fn comparison_is_of_numbers_or_of_text() {
    selects("* | where n>9", &[&[("n", "10")], &[("n", "9.5")]], &[&[("n", "9")], &[]]);
    selects("* | where n=4688", &[&[("n", "4688")]], &[&[("n", "46880")], &[("n", "x")]]);
    selects("* | where n==\"4688\"", &[&[("n", "4688")]], &[&[("n", "4688.0")]]);
    selects("* | where n=10", &[&[("n", "10.0")], &[("n", "10")]], &[&[("n", "1")]]);
    selects("* | where f=\"Abc\"", &[&[("f", "Abc")]], &[&[("f", "abc")], &[]]);
    selects("* | where f<\"b\"", &[&[("f", "a")], &[("f", "B")], &[("f", "9")]], &[&[("f", "c")]]);
    selects("* | where f!=\"x\"", &[&[("f", "y")]], &[&[("f", "x")], &[]]);
    selects("* | where NOT f=\"x\"", &[&[("f", "y")]], &[&[("f", "x")], &[]]);
    selects("* | where NOT (f=\"x\" OR f=\"y\")", &[&[("f", "z")]], &[&[("f", "x")], &[]]);
    selects("* | where f>5", &[&[("f", "6")]], &[&[("f", "abc")]]);
    selects("* | where f<5", &[&[("f", "4")]], &[&[("f", "abc")]]);
    value(&[], "if(\"10\"<\"9\", \"yes\", \"no\")", Some("yes"));
    value(&[], "if(10<9, \"yes\", \"no\")", Some("no"));
    value(&[("f", "a")], "f+\"b\"", Some("ab"));
    refused("* | eval x=\"a\"+1", "E0311");
    refused("* | where \"x\"==null()", "E0311");
}

/// SPLUNK.md 4, table, trap 23: the fields in their order, and others are gone for good.
#[test]
fn table_takes_other_fields_away() {
    let log = records(&[&[("a", "1"), ("b", "2"), ("c1", "3"), ("c2", "4")]]);
    gives(&log, "* | table b, a c*", &["b=2 a=1 c1=3 c2=4"]);
    gives(&log, "* | table b,none,a", &["b=2 a=1"]);
    gives(&log, "* | table a | where b=2", &[]);
    gives(&log, "* | table a | eval b=_raw | table a b", &["a=1"]);
    gives(&log, "* | table a | where isnull(_time) | table a", &["a=1"]);
    gives(&log, "* | table * | where isnull(_raw) AND isnull(_time) | table a", &["a=1"]);
    gives(&log, "* | table none other", &[]);
    warned("x | table a | where b=2", "W0101");
}

/// SPLUNK.md 4, fields: `+` keeps what starts with `_` unless that is removed.
#[test]
fn fields_keeps_internal_fields() {
    let log = records(&[&[("a", "1"), ("b", "2")]]);
    gives(&log, "* | fields a | table a b", &["a=1"]);
    gives(&log, "* | fields + a | where isnotnull(_raw) AND isnotnull(_time) | table a", &["a=1"]);
    gives(&log, "* | fields - a | table a b", &["b=2"]);
    gives(&log, "* | fields a | fields - _* | where isnull(_raw) AND isnull(_time)", &["a=1"]);
}

/// SPLUNK.md 4, rename: with wildcards; of two to one name the last wins, and both are gone.
#[test]
fn rename_gives_other_names() {
    let log = records(&[&[("a1", "1"), ("a2", "2")]]);
    gives(&log, "* | rename a1 as b | table a1 b", &["b=1"]);
    gives(&log, "* | rename a* as *z | table 1z 2z a*", &["1z=1 2z=2"]);
    gives(&log, "* | rename a1 as b, a2 as b | table a1 a2 b", &["b=2"]);
    refused("* | rename a* as b", "E0206");
}

/// An event at a second since the epoch.
fn at(second: i64) -> String {
    let time = jiff::Timestamp::from_second(second).unwrap().strftime("%Y-%m-%dT%H:%M:%S");
    records(&[&[("n", "3")]]).replace("2024-01-01T00:00:00.250Z", &format!("{time}.750Z"))
}

/// SPLUNK.md 4, bin and bucket and discretize: the start of a bucket that is counted from the epoch.
#[test]
fn bin_takes_the_start_of_a_bucket() {
    for (span, start) in [
        ("1s", "1787500000"),
        ("5m", "1787499900"),
        ("2h", "1787493600"),
        ("1d", "1787443200"),
        ("1mon", "1785542400"),
        ("1q", "1782864000"),
        ("1y", "1767225600"),
    ] {
        let row = format!("x={start}");
        for command in ["bin", "bucket", "discretize"] {
            let search = format!(
                "* | {command} span={span} _time | eval x=strftime(_time, \"%s\") | table x"
            );
            gives(&at(1_787_500_000), &search, &[&row]);
        }
    }
    // Days are those of the zone.
    let settings = common::settings(Reading::AS_MEANT);
    let east = Settings { timezone: TimeZone::fixed(offset(2)), ..settings };
    let search = "* | bin span=1d _time | eval x=strftime(_time, \"%s\") | table x";
    assert_eq!(rows(&at(1_787_500_000), search, &east), ["x=1787436000"]);
    let log = records(&[&[("n", "3")]]);
    gives(&log, "* | bin span=100ms _time | table _time", &["_time=00.2"]);
    gives(&log, "* | bin span=2 n | table n", &["n=2-4"]);
    gives(&log, "* | bin span=2 none | table n", &["n=3"]);
    refused("* | bin span=300ms _time", "E0204");
}

/// SPLUNK.md, trap 9: a `bin` without a field is an error, and means `_time` where it is meant to.
#[test]
fn a_bin_without_a_field() {
    let rule = || coldsweep::rule::Rule::parse("* | bin span=1s", "fact.spl").unwrap();
    let compile = |reading| coldsweep::plan::Plan::compile(rule(), &common::settings(reading));
    assert_eq!(compile(Reading::NONE).unwrap_err().findings[0].code, "E0307");
    gives(&records(&[&[]]), "* | bin span=1s | table _time", &["_time=00"]);
}

/// SPLUNK.md 4, stats, trap 21: rows that lack a by-field are dropped, and several values of one
/// put the row into several groups.
#[test]
fn stats_groups_by_all_by_fields() {
    let log = records(&[
        &[("u", "a"), ("n", "1")],
        &[("u", "b"), ("n", "2")],
        &[("n", "3")],
        &[("u", "a"), ("u", "b"), ("n", "4")],
    ]);
    gives(&log, "* | stats sum(n) as s by u", &["u=a s=5", "u=b s=6"]);
    gives(
        &log,
        "* | stats count by host u n",
        &[
            "host=e0 u=a n=1 count=1",
            "host=e1 u=b n=2 count=1",
            "host=e3 u=a n=4 count=1",
            "host=e3 u=b n=4 count=1",
        ],
    );
    gives(&log, "nothing | stats count dc(n) as d", &["count=0 d=0"]);
    gives(&log, "nothing | stats sum(n) as s", &[]);
    gives(&log, "nothing | stats count by u", &[]);
    gives(&log, "* | stats sum(u) as s count", &["count=4"]);
}

/// SPLUNK.md 4, stats: rows by the by-fields, numbers as numbers; columns as written.
#[test]
fn stats_sorts_rows_and_columns() {
    let log = records(&[&[("k", "10")], &[("k", "9")], &[("k", "b")], &[("k", "B")]]);
    gives(&log, "* | stats count by k | table k", &["k=9", "k=10", "k=B", "k=b"]);
    gives(&log, "k=9 | stats max(k) as z count as a by k host", &["k=9 host=e1 z=9 a=1"]);
}

/// SPLUNK.md 4, stats, trap 22: `values(*) as *` is of every field but by-fields and `_*`.
#[test]
fn values_of_all_fields() {
    let log = records(&[&[("a", "9"), ("b", "x")], &[("a", "10"), ("a", "9"), ("b", "")]]);
    gives(&log, "* | stats values(a) as a", &["a=10+9"]);
    let search = "* | table a b _time host | eval k=1 | stats values(*) as * by k, host";
    gives(&log, search, &["k=1 host=e0 a=9 b=x", "k=1 host=e1 a=10+9"]);
    gives(
        &log,
        "* | stats values(*) as * values(_raw) as _raw by host | where isnull(_time) AND isnotnull(_raw) | table host",
        &["host=e0", "host=e1"],
    );
    gives(&log, "* | eval e=\"\" | stats values(e) as e count", &["e= count=2"]);
    refused("* | stats count as host by host", "E0313");
}

/// SPLUNK.md 4, stats: the functions.
#[test]
fn functions_of_stats() {
    let log = records(&[&[("n", "9")], &[("n", "x")], &[("n", "10")], &[("n", "10")], &[]]);
    gives(&log, "* | stats count count(n) as c dc(n) as d", &["count=5 c=4 d=3"]);
    gives(
        &log,
        "* | stats sum(n) as s max(n) as x min(n) as m range(n) as r",
        &["s=29 x=10 m=9 r=1"],
    );
    gives(&log, "n=x | stats max(n) as m sum(n) as s count", &["m=x count=1"]);
    gives(&log, "* | stats first(n) as f last(n) as l list(n) as a", &["f=10 l=9 a=10+10+x+9"]);
    gives(&log, "* | stats earliest(n) as e latest(n) as l", &["e=9 l=10"]);
    let log = records(&[&[("n", "2")], &[("n", "4")], &[("n", "4")], &[("n", "5")]]);
    gives(&log, "* | stats avg(n) as a", &["a=3.75"]);
    gives(&log, "n<4.5 | stats stdev(n) as s | eval s=round(s, 4) | table s", &["s=1.1547"]);
    gives(&log, "n=2 OR n=5 | stats median(n) as m", &["m=4"]);
    refused("* | stats nosuch(n)", "E0309");
    refused("* | stats count nosuch=1", "E0203");
    warned("x | stats max(n) as a max(n) as b", "W0011");
}

/// SPLUNK.md 4, eventstats: what stats says joined to each row.
#[test]
fn eventstats_joins_back() {
    let log = records(&[&[("u", "a")], &[("u", "a")], &[]]);
    gives(
        &log,
        "* | eventstats count as n by u | table host u n",
        &["host=e2", "host=e1 u=a n=2", "host=e0 u=a n=2"],
    );
    gives(&log, "* | eventstats count as n | table n", &["n=3", "n=3", "n=3"]);
}

/// SPLUNK.md 4, streamstats: what stats says of the rows so far.
#[test]
fn streamstats_runs() {
    let log = records(&[
        &[("u", "a"), ("n", "1")],
        &[("u", "b"), ("n", "2")],
        &[("n", "3")],
        &[("u", "a"), ("n", "4")],
    ]);
    gives(&log, "* | streamstats sum(n) as s | table s", &["s=4", "s=7", "s=9", "s=10"]);
    gives(
        &log,
        "* | streamstats current=f sum(n) as s | table n s",
        &["n=4", "n=3 s=4", "n=2 s=7", "n=1 s=9"],
    );
    gives(&log, "* | streamstats window=2 sum(n) as s | table s", &["s=4", "s=7", "s=5", "s=3"]);
    gives(
        &log,
        "* | streamstats count as c by u | table host u c",
        &["host=e3 u=a c=1", "host=e2", "host=e1 u=b c=1", "host=e0 u=a c=2"],
    );
    gives(
        &log,
        "* | streamstats window=2 global=f count as c by u | where u=\"a\" | table c",
        &["c=1", "c=2"],
    );
    gives(
        &log,
        "* | where isnotnull(u) | streamstats window=2 global=t count as c by u | where u=\"a\" | table c",
        &["c=1", "c=1"],
    );
    gives(
        &log,
        "* | streamstats time_window=2s count as c | table c",
        &["c=1", "c=2", "c=2", "c=2"],
    );
    refused("* | streamstats window=10001 count", "E0203");
}

/// SPLUNK.md 4, fillnull: a value where there is none.
#[test]
fn fillnull_fills() {
    let log = records(&[&[("a", "1")], &[("b", "2")]]);
    gives(&log, "* | table a b | fillnull", &["a=0 b=2", "a=1 b=0"]);
    gives(&log, "* | table a b | fillnull value=x a", &["a=x b=2", "a=1"]);
    gives(&log, "* | table a b | fillnull a value=x", &["a=x b=2", "a=1"]);
}

/// SPLUNK.md 4, sort, trap 24: 10,000 rows unless it is told otherwise; missing values last.
#[test]
fn sort_keeps_ten_thousand_rows() {
    let log = records(&[&[("n", "9"), ("m", "b")], &[("n", "10"), ("m", "b")], &[("m", "a")]]);
    gives(&log, "* | sort n | table host n", &["host=e0 n=9", "host=e1 n=10", "host=e2"]);
    gives(&log, "* | sort -n | table host n", &["host=e1 n=10", "host=e0 n=9", "host=e2"]);
    gives(&log, "* | sort +m -n | table m n", &["m=a", "m=b n=10", "m=b n=9"]);
    gives(&log, "* | sort - m n | table m n", &["m=b n=10", "m=b n=9", "m=a"]);
    gives(&log, "* | sort 1 n | table n", &["n=9"]);
    let many = "host=e0 | eval k=mvrange(0, 10001) | mvexpand k";
    gives(&log, &format!("{many} | sort k | stats count"), &["count=10000"]);
    gives(&log, &format!("{many} | sort 0 k | stats count"), &["count=10001"]);
}

/// SPLUNK.md 4, stats, trap 24: list() has the first hundred values, values() all.
#[test]
fn list_has_a_hundred_values() {
    let log = records(&[&[]]);
    let many = "* | eval k=mvrange(0, 150) | mvexpand k";
    let search = format!(
        "{many} | stats list(k) as l values(k) as v | eval l=mvcount(l), v=mvcount(v) | table l v"
    );
    gives(&log, &search, &["l=100 v=150"]);
}

/// SPLUNK.md 4, dedup: the first of each combination; rows without a field are dropped.
#[test]
fn dedup_keeps_the_first() {
    let log = records(&[&[("u", "a"), ("n", "1")], &[("u", "a"), ("n", "2")], &[("n", "3")]]);
    gives(&log, "* | dedup u | table n", &["n=2"]);
    gives(&log, "* | dedup 2 u | table n", &["n=2", "n=1"]);
    gives(&log, "* | dedup u n | table n", &["n=2", "n=1"]);
}

/// SPLUNK.md 4, foreach: commands for each field.
#[test]
fn foreach_goes_over_fields() {
    let log = records(&[&[("a1", "x"), ("a2", "y")]]);
    gives(
        &log,
        "* | foreach a* [ eval <<FIELD>>='<<FIELD>>'.\"!\" ] | table a1 a2",
        &["a1=x! a2=y!"],
    );
}

/// SPLUNK.md 4, transaction: one row of events of the same values.
#[test]
fn transaction_merges() {
    let log =
        records(&[&[("u", "a"), ("n", "2")], &[("u", "a"), ("n", "1")], &[("u", "b"), ("n", "3")]]);
    gives(
        &log,
        "* | transaction u | table u n duration eventcount",
        &["u=b n=3 duration=0 eventcount=1", "u=a n=1+2 duration=1 eventcount=2"],
    );
}

/// SPLUNK.md 4, join: rows put together with those of a subsearch.
#[test]
fn join_puts_rows_together() {
    let log =
        records(&[&[("u", "a"), ("n", "1")], &[("u", "a"), ("m", "2")], &[("u", "b"), ("n", "3")]]);
    let inner = "[search m=* | table u m]";
    gives(&log, &format!("n=* | table u n | join u {inner}"), &["u=a n=1 m=2"]);
    gives(
        &log,
        &format!("n=* | table u n | join type=left u {inner}"),
        &["u=b n=3", "u=a n=1 m=2"],
    );
}

/// SPLUNK.md 4, iplocation: without a database the fields stay as they are, which is said. What
/// it says with one is in `tests/commands.rs`.
#[test]
fn iplocation_needs_a_database() {
    let log = records(&[&[("ip", "10.0.0.1")]]);
    gives(&log, "* | iplocation ip | table ip Country", &["ip=10.0.0.1"]);
    warned("x | iplocation ip", "W0022");
}

/// SPLUNK.md 4, lookup: a table, with case; OUTPUT overwrites, OUTPUTNEW fills.
#[test]
fn lookup_fills_from_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("t.csv");
    std::fs::write(&table, "k,v\na,new\n").unwrap();
    let mut settings = common::settings(Reading::AS_MEANT);
    settings.resources.add_lookup("t", &table).unwrap();
    let log = records(&[&[("k", "a"), ("v", "old")], &[("k", "A"), ("v", "old")], &[("k", "a")]]);
    for (search, expected) in [
        (
            "* | lookup t k OUTPUT v | table host v",
            ["host=e2 v=new", "host=e1 v=old", "host=e0 v=new"],
        ),
        (
            "* | lookup t k OUTPUTNEW v | table host v",
            ["host=e2 v=new", "host=e1 v=old", "host=e0 v=old"],
        ),
    ] {
        assert_eq!(rows(&log, search, &settings), expected, "{search}");
    }
}

/// SPLUNK.md, trap 10: one regex, function or command that is wrong and the whole search is refused.
#[test]
fn one_mistake_refuses_the_whole_search() {
    refused("x | where match(f, \"(\") | table f", "E0301");
    refused("x | regex f=\"[\"", "E0301");
    refused("x | where nosuch(f)=1", "E0302");
    refused("x | table f | nosuch f", "E0201");
    refused("x | stats nosuch(f)", "E0309");
    refused("a OR(b ANDmatch(f, \"x\"))| where f=\"x\"ORmatch(f, \"y\")", "E0012");
}
