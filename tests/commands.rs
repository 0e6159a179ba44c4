//! What the commands do, rule by rule, on four events (SPLUNK.md 1 and 4).

mod common;

use coldsweep::plan::{FinalRow, Plan};
use coldsweep::reading::Reading;
use coldsweep::rule::Rule;
use coldsweep::scan::Options;
use coldsweep::value::Value;

/// The events, as (second, host, id, data).
#[allow(clippy::type_complexity)]
const EVENTS: &[(u32, &str, u32, &[(&str, &str)])] = &[
    (1, "alpha", 4688, &[("Image", r"C:\a\x.exe"), ("N", "10"), ("Ip", "10.1.2.3")]),
    (1, "alpha", 4688, &[("Image", r"C:\a\y.exe"), ("N", "9"), ("Ip", "192.168.0.1")]),
    (2, "beta", 4689, &[("Image", r"C:\b\x.exe"), ("N", "abc")]),
    (3, "beta", 4688, &[("Image", r"C:\b\X.EXE"), ("M", "one"), ("M", "two")]),
];

fn archive() -> String {
    let mut text = String::new();
    for (second, host, id, data) in EVENTS {
        let data: String = data
            .iter()
            .map(|(name, value)| format!("<Data Name='{name}'>{value}</Data>"))
            .collect();
        text.push_str(&format!(
            "<Event><System><Provider Name='P'/><EventID>{id}</EventID>\
             <TimeCreated SystemTime='2024-01-01T00:00:0{second}.250Z'/><Channel>Test</Channel>\
             <Computer>{host}</Computer></System><EventData>{data}</EventData></Event>\n"
        ));
    }
    text
}

fn shown(row: &FinalRow) -> String {
    let cells = row.columns.iter().map(|(name, field)| {
        let values = field.values().iter().map(|value| match value {
            Value::Time(time) => time.strftime("%S%.f").to_string(),
            other => other.text().into_owned(),
        });
        format!("{name}={}", values.collect::<Vec<_>>().join("+"))
    });
    cells.collect::<Vec<_>>().join(" ")
}

#[test]
fn commands_do_what_splunk_does() {
    #[rustfmt::skip]
    let cases: &[(&str, &[&str])] = &[
        // search: OR binds tighter than AND; fields by text without case; wildcards; subnets.
        ("x.exe host=alpha OR host=beta | table Image", &[r"Image=C:\b\X.EXE", r"Image=C:\b\x.exe", r"Image=C:\a\x.exe"]),
        ("EventCode=4689 | table host", &["host=beta"]),
        ("N=1* | table N", &["N=10"]),
        ("Ip=10.0.0.0/8 | table Ip", &["Ip=10.1.2.3"]),
        ("N IN (9, abc) | table N", &["N=abc", "N=9"]),
        ("N>9 | table N", &["N=abc", "N=10"]),
        ("N!=9 | table N", &["N=abc", "N=10"]),
        ("NOT N=9 | table host N", &["host=beta", "host=beta N=abc", "host=alpha N=10"]),
        ("host=ALPHA | stats count", &["count=2"]),
        ("CASE(X.EXE) | stats count", &["count=0"]),
        ("CASE(EXE) | stats count", &["count=1"]),
        ("sourcetype=XmlWinEventLog source=XmlWinEventLog:Test | stats count", &["count=4"]),
        // where: three-valued, numbers by size, text by bytes and with case.
        ("* | where N>9 | table N", &["N=10"]),
        ("* | where N=\"9\" OR N=10 | table N", &["N=10", "N=9"]),
        ("* | where N!=\"9\" | table N", &["N=abc", "N=10"]),
        ("* | where NOT N=\"9\" | table N", &["N=abc", "N=10"]),
        ("* | where isnull(N) | table M", &["M=one+two"]),
        ("* | where M=\"two\" | table M", &["M=one+two"]),
        ("* | where like(Image, \"%x.exe\") | table Image", &[r"Image=C:\b\x.exe", r"Image=C:\a\x.exe"]),
        ("* | where match(Image, \"(?i)x\\.exe$\") AND host=\"beta\" | table Image", &[r"Image=C:\b\X.EXE", r"Image=C:\b\x.exe"]),
        ("* | where host=\"Alpha\" | stats count", &["count=0"]),
        // regex: `=` drops rows that lack the field, `!=` keeps them.
        ("* | regex N=\"^1\" | table N", &["N=10"]),
        ("* | regex N!=\"^1\" | table host N", &["host=beta", "host=beta N=abc", "host=alpha N=9"]),
        ("* | regex \"x\\.exe\" | stats count", &["count=2"]),
        // table, fields, rename, eval.
        ("N=10 | table N, I* host", &[r"N=10 Image=C:\a\x.exe Ip=10.1.2.3 host=alpha"]),
        ("N=10 | table * | stats count(_time) as times count(N) as n", &["times=0 n=1"]),
        ("N=10 | fields N | table *", &["N=10"]),
        ("N=10 | fields N host | fields - host | table *", &["N=10"]),
        ("N=10 | rename N as number, I* as *I | table number mageI pI", &[r"number=10 mageI=C:\a\x.exe pI=10.1.2.3"]),
        ("N=10 | eval a=N+1, b=a*2, c=N.\"x\", d=none.\"x\" | table a b c d", &["a=11 b=22 c=10x"]),
        ("N=10 | eval N=if(N=10, \"ten\", \"other\") | where N=\"ten\" | table N", &["N=ten"]),
        ("N=10 | table N | where isnull(host) | table N", &["N=10"]),
        // bin.
        ("* | bin span=2s | stats count by _time", &["_time=00 count=2", "_time=02 count=2"]),
        ("* | bin _time span=1s as second | stats count by second", &["second=01 count=2", "second=02 count=1", "second=03 count=1"]),
        ("N=10 OR N=9 | bin N span=5 | stats count by N", &["N=10-15 count=1", "N=5-10 count=1"]),
        // stats.
        ("* | stats count by host", &["host=alpha count=2", "host=beta count=2"]),
        ("* | stats count by N", &["N=9 count=1", "N=10 count=1", "N=abc count=1"]),
        ("* | stats dc(host) values(N) as n max(N) min(N) sum(N)", &["dc(host)=2 n=10+9+abc max(N)=10 min(N)=9 sum(N)=19"]),
        ("* | stats first(N) as f last(N) as l list(N) as all", &["f=abc l=9 all=abc+10+9"]),
        ("* | stats values(*) as * by host | table host M N", &["host=alpha N=10+9", "host=beta M=one+two N=abc"]),
        ("* | stats count by M", &["M=one count=1", "M=two count=1"]),
        ("* | stats count(eval(N>9)) as big", &["big=1"]),
        ("* | stats count by host N | stats count as n by host", &["host=alpha n=2", "host=beta n=1"]),
        ("* | stats count by host | where count>5", &[]),
        ("* | stats count as c by host | search c=2 host=b*", &["host=beta c=2"]),
        ("none_of_this | stats count", &["count=0"]),
        // An aggregate with nothing to compute writes no field, a group keeps its key, and a count
        // is still one (SPLUNK.md 4, stats).
        ("* | stats sum(Image) as s by host", &["host=alpha", "host=beta"]),
        ("* | stats sum(Image) as s", &[]),
        ("* | stats count(none) as n dc(none) as d", &["n=0 d=0"]),
        ("* | stats count(M) as n", &["n=2"]),
        ("* | stats c as n", &["n=4"]),
        ("* | stats c", &["count=4"]),
        ("* | stats median(N) as m perc50(N) as p var(N) as v varp(N) as vp stdev(N) as s", &["m=10 p=9.5 v=0.5 vp=0.25 s=0.7071067811865476"]),
        ("* | stats mode(host) as m range(N) as r sumsq(N) as q estdc(host) as d by M", &["M=one m=beta d=1", "M=two m=beta d=1"]),
        ("* | stats earliest_time(N) as e latest_time(N) as l", &["e=1704067201.25 l=1704067202.25"]),
        ("* | stats earliest(Image) as e latest(Image) as l by host", &[r"host=alpha e=C:\a\y.exe l=C:\a\x.exe", r"host=beta e=C:\b\x.exe l=C:\b\X.EXE"]),
        // eval: left to right, a NULL removes the field, functions (SPLUNK.md 4, eval).
        ("N=10 | eval a=null(), N=null() | table a N host", &["host=alpha"]),
        ("N=10 | eval a=round(N/3, 2), b=a*3, c=strftime(_time, \"%H:%M:%S.%3N\") | table a b c", &["a=3.33 b=9.99 c=00:00:01.250"]),
        ("* | eval M=mvfilter(match(M, \"t\")) | where isnotnull(M) | table M", &["M=two"]),
        ("* | eval k=mvcount(M), last=mvindex(M, -1), all=mvjoin(M, \"-\") | where k=2 | table last all", &["last=two all=one-two"]),
        ("* | where searchmatch(\"host=alpha N=9\") | table N", &["N=9"]),
        ("* | where searchmatch(\"X.EXE OR y.exe host=alpha\") | table N", &["N=10", "N=9"]),
        (r#"N=10 | eval p=replace(Image, "^.*\\\\", "") | table p"#, &["p=x.exe"]),
        ("none_of_this | stats sum(N)", &[]),
        ("* | bin span=1s | stats values(*) as * by _time, host | table _time host Ip", &["_time=01 host=alpha Ip=10.1.2.3+192.168.0.1", "_time=02 host=beta", "_time=03 host=beta"]),
    ];
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.xml");
    std::fs::write(&path, archive()).unwrap();
    let mut wrong = Vec::new();
    for (search, expected) in cases {
        for prefilter in [true, false] {
            let rule = Rule::parse(search, "case.spl").unwrap();
            let plan = common::compile(rule, Reading::AS_MEANT);
            let options = Options { prefilter, ..Options::default() };
            let outcome = common::sweep(plan, std::slice::from_ref(&path), &options);
            assert!(outcome.skipped.is_empty(), "{:?}", outcome.skipped);
            let rows: Vec<_> = outcome.rows[0].iter().map(shown).collect();
            if rows != *expected {
                wrong.push(format!("{search}\n  expected {expected:?}\n  found    {rows:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_splunk_refuses_is_refused() {
    // SPLUNK.md 4: where, eval, stats, "Comparison in where/eval"; trap 10: one is enough.
    for (search, code) in [
        ("* | where N", "E0305"),
        ("* | where upper(N)", "E0305"),
        ("* | where if(N=1, \"a\", \"b\")", "E0305"),
        ("* | eval a=(N=1)", "E0306"),
        ("* | eval a=if(N=1, true(), false())", "E0306"),
        ("* | eval a=isnum(N)", "E0306"),
        ("* | where nosuch(N)=1", "E0302"),
        ("* | where len(N, 1)=1", "E0303"),
        ("* | where match(N=\"x\")", "E0303"),
        ("* | where match(N, \"(\")", "E0301"),
        ("* | regex N=\"(\"", "E0301"),
        ("* | eval a=\"x\"+1", "E0311"),
        ("* | eval a=upper(null())", "E0311"),
        ("* | where random()>1", "E0312"),
        ("* | stats nosuchfunc(N)", "E0309"),
        ("* | stats perc101(N)", "E0309"),
        ("* | stats sparkline(N)", "E0309"),
        ("* | stats sum", "E0303"),
        ("* | stats count nosucharg=1", "E0203"),
        ("* | stats count allnum=true", "E0203"),
        ("* | stats delim=\",\" values(N)", "E0203"),
        ("* | stats count as host by host", "E0313"),
        ("* | stats count(eval(N=1))", "E0310"),
    ] {
        let rule = Rule::parse(search, "case.spl").unwrap();
        let refusal = Plan::compile(rule, &common::settings(Reading::AS_MEANT)).expect_err(search);
        let codes: Vec<_> = refusal.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [code], "{search}");
    }
}

#[test]
fn computing_the_same_twice_is_worth_a_warning() {
    // SPLUNK.md 4, stats: "No `stats f(a) as x, f(a) as y` on the same field".
    for (search, codes) in [
        ("* | stats max(N) as a max(N) as b", &["W0011"][..]),
        ("* | stats max(N) as a min(N) as b max(M) as c", &[]),
        ("* | stats count(eval(N=1)) as a count(eval(N=2)) as b count", &[]),
    ] {
        let rule = Rule::parse(search, "case.spl").unwrap();
        let (_, warnings) =
            Plan::compile(rule, &common::settings(Reading::AS_MEANT)).expect(search);
        let found: Vec<_> = warnings.iter().map(|finding| finding.code).collect();
        assert_eq!(found, codes, "{search}");
    }
}
