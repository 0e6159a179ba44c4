//! What the commands do, rule by rule, on four events (SPLUNK.md 1 and 4).

mod common;

use coldsweep::cim::Cim;
use coldsweep::plan::{Plan, Settings};
use coldsweep::reading::Reading;
use coldsweep::rule::Rule;
use coldsweep::scan::{Options, Progress, scan};
use common::mmdb::{Datum, mmdb};
use common::shown;

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

/// Sweeps the events with each search, with and without the prefilter, and compares the rows.
fn check(cases: &[(&str, &[&str])]) {
    check_with(&common::settings(Reading::AS_MEANT), cases);
}

/// The same under certain settings.
fn check_with(settings: &Settings, cases: &[(&str, &[&str])]) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.xml");
    std::fs::write(&path, archive()).unwrap();
    let mut wrong = Vec::new();
    for (search, expected) in cases {
        for prefilter in [true, false] {
            let rule = Rule::parse(search, "case.spl").unwrap();
            let plan = common::compile_with(rule, settings);
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
        // SPLUNK.md 1.13: metadata compares without case; what an archive does not keep is any, and
        // a Windows event has the names of older add-ons too.
        ("sourcetype=wineventlog source=WINEVENTLOG:test | stats count", &["count=4"]),
        ("sourcetype=\"WinEventLog:Test\" index=main | stats count", &["count=4"]),
        ("sourcetype=WinEventLog:Security | stats count", &["count=0"]),
        ("NOT index=main NOT sourcetype=WinEventLog:Test | stats count", &["count=4"]),
        ("NOT sourcetype=XmlWinEventLog | stats count", &["count=0"]),
        ("index=* index!=_internal sourcetype!=WinEventLog | stats count", &["count=4"]),
        ("source IN (a, *:Test) | stats values(sourcetype) as s", &["s=XmlWinEventLog"]),
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
        // `earliest` and `latest` of rows go by their `_time`, whatever their order.
        ("* | stats count by host _time | stats earliest(host) as e latest(host) as l first(host) as f", &["e=alpha l=beta f=alpha"]),
        // eventstats: stats joined back on each row; rows lacking a by-field unchanged (SPLUNK.md 4, eventstats).
        ("* | eventstats count as n by host | table host N n", &["host=beta n=2", "host=beta N=abc n=2", "host=alpha N=10 n=2", "host=alpha N=9 n=2"]),
        ("* | table host N | eventstats c(host) as n max(N) as m by N | where isnull(n) OR n<2", &["host=beta", "host=beta N=abc n=1 m=abc", "host=alpha N=10 n=1 m=10", "host=alpha N=9 n=1 m=9"]),
        ("N=9 OR N=10 | table N | eventstats dc(N) values(*) as all_*", &["N=10 dc(N)=2 all_N=10+9", "N=9 dc(N)=2 all_N=10+9"]),
        // A row with several values in a by-field has the results of each group.
        ("* | stats values(N) as N by host | eventstats count as c by N | table N c", &["N=10+9 c=1", "N=abc c=1"]),
        ("* | stats values(host) as h by _time | eventstats count by h | table h count", &["h=alpha count=1", "h=beta count=2", "h=beta count=2"]),
        ("* | stats values(host) as h values(EventCode) as e | eventstats count(eval(e=4688)) as n sum(none) as s by e | table e n s", &["e=4688+4689 n=1"]),
        ("none_of_this | eventstats count", &[]),
        // sort: numbers, addresses and text; missing values last; ties as they came (SPLUNK.md 4, sort).
        ("* | sort N | table N M", &["N=9", "N=10", "N=abc", "M=one+two"]),
        ("* | sort -N | table N M", &["N=abc", "N=10", "N=9", "M=one+two"]),
        ("* | sort str(N) | table N M", &["N=10", "N=9", "N=abc", "M=one+two"]),
        ("* | sort 1 num(N) d | table N", &["N=abc"]),
        ("* | sort 0 host, -_time | table host N M", &["host=alpha N=10", "host=alpha N=9", "host=beta M=one+two", "host=beta N=abc"]),
        ("* | sort - host _time | table host N M", &["host=beta M=one+two", "host=beta N=abc", "host=alpha N=10", "host=alpha N=9"]),
        ("* | sort -host _time | table host N M", &["host=beta N=abc", "host=beta M=one+two", "host=alpha N=10", "host=alpha N=9"]),
        ("* | sort limit=2 -ip(Ip) | table Ip", &["Ip=192.168.0.1", "Ip=10.1.2.3"]),
        ("* | sort _time desc | table _time", &["_time=03.25", "_time=02.25", "_time=01.25", "_time=01.25"]),
        // dedup: the first of each combination, rows without a field dropped (SPLUNK.md 4, dedup).
        ("* | dedup host | table host N M", &["host=beta M=one+two", "host=alpha N=10"]),
        ("* | dedup N | table N", &["N=abc", "N=10", "N=9"]),
        ("* | dedup N keepempty=t | table host N", &["host=beta", "host=beta N=abc", "host=alpha N=10", "host=alpha N=9"]),
        ("* | dedup 2 EventCode host | table host N", &["host=beta", "host=beta N=abc", "host=alpha N=10", "host=alpha N=9"]),
        ("* | dedup host keepevents=true | table host N", &["host=beta", "N=abc", "host=alpha N=10", "N=9"]),
        ("* | dedup EventCode | table EventCode N", &["EventCode=4688", "EventCode=4689 N=abc"]),
        ("* | dedup EventCode consecutive=t | table EventCode N", &["EventCode=4688", "EventCode=4689 N=abc", "EventCode=4688 N=10"]),
        ("* | dedup host sortby -num(N) | table host N", &["host=beta N=abc", "host=alpha N=10"]),
        ("* | dedup host sortby +_time | table host N", &["host=alpha N=10", "host=beta N=abc"]),
        // streamstats: running, in the order of the rows (SPLUNK.md 4, streamstats).
        ("* | streamstats count as n sum(N) as s | table N n s", &["n=1", "N=abc n=2", "N=10 n=3 s=10", "N=9 n=4 s=19"]),
        ("* | streamstats count as n dc(N) as d by host | table host N n d", &["host=beta n=1 d=0", "host=beta N=abc n=2 d=1", "host=alpha N=10 n=1 d=1", "host=alpha N=9 n=2 d=2"]),
        ("* | streamstats current=f last(N) as previous count as n | table N previous n", &["n=0", "N=abc n=1", "N=10 previous=abc n=2", "N=9 previous=10 n=3"]),
        ("* | sort 0 _time | streamstats window=1 current=f values(N) as p first(host) as h | table N p h", &["N=10", "N=9 p=10 h=alpha", "N=abc p=9 h=alpha", "p=abc h=beta"]),
        ("* | streamstats window=2 range(_time) as duration list(N) as l | table N duration l", &["duration=0", "N=abc duration=1 l=abc", "N=10 duration=1 l=abc+10", "N=9 duration=0 l=10+9"]),
        // One window across groups, or one a group: the third row is one of two hosts.
        ("* | table EventCode N | streamstats window=2 count as n by EventCode", &["EventCode=4688 n=1", "EventCode=4689 N=abc n=1", "EventCode=4688 N=10 n=1", "EventCode=4688 N=9 n=2"]),
        ("* | table EventCode N | streamstats window=2 global=f count as n by EventCode", &["EventCode=4688 n=1", "EventCode=4689 N=abc n=1", "EventCode=4688 N=10 n=2", "EventCode=4688 N=9 n=2"]),
        ("* | table host N | streamstats count as n by N", &["host=beta", "host=beta N=abc n=1", "host=alpha N=10 n=1", "host=alpha N=9 n=1"]),
        // The far edge of a window of time is open.
        ("* | streamstats time_window=1s count as n | table N n", &["n=1", "N=abc n=1", "N=10 n=1", "N=9 n=2"]),
        ("* | streamstats time_window=2s count as n | table N n", &["n=1", "N=abc n=2", "N=10 n=2", "N=9 n=3"]),
        ("* | streamstats reset_on_change=t count as n by EventCode | table EventCode N n", &["EventCode=4688 n=1", "EventCode=4689 N=abc n=1", "EventCode=4688 N=10 n=1", "EventCode=4688 N=9 n=2"]),
        ("* | streamstats reset_before=(N=10) count as n | table N n", &["n=1", "N=abc n=2", "N=10 n=1", "N=9 n=2"]),
        ("* | streamstats reset_after=\"(n=2)\" count as n | table N n", &["n=1", "N=abc n=2", "N=10 n=1", "N=9 n=2"]),
        ("* | streamstats reset_after=\"(\"N=\"abc\"\")\" count as n | table N n", &["n=1", "N=abc n=2", "N=10 n=1", "N=9 n=2"]),
        // A result may have its argument's name: later rows look back on what was there before.
        ("* | streamstats window=2 sum(N) as N | table host N", &["host=beta", "host=beta", "host=alpha N=10", "host=alpha N=19"]),
        // group_events: a row for each group and bucket of time, and how many events it stands for.
        ("* | table _time host N `group_events(\"host\", 1s)` | where event_count>1", &["_time=01 host=alpha N=10+9 end_time=01.25 event_count=2 start_time=01.25"]),
        ("* | table _time host N `group_events(host,2)`", &["_time=00 host=alpha N=10+9 end_time=01.25 event_count=2 start_time=01.25", "_time=02 host=beta N=abc end_time=03.25 event_count=2 start_time=02.25"]),
        ("* | table _time host N EventCode`group_events(\"host, EventCode\", 1min)` | table EventCode event_count", &["EventCode=4688 event_count=2", "EventCode=4688 event_count=1", "EventCode=4689 event_count=1"]),
        // transaction: distinct sorted values, duration, eventcount; rows come newest first (SPLUNK.md 4, transaction).
        ("* | table _time host N | transaction host", &["_time=02.25 host=beta N=abc duration=1 eventcount=2 closed_txn=0", "_time=01.25 host=alpha N=10+9 duration=0 eventcount=2 closed_txn=0"]),
        ("* | table _time host N | transaction host maxspan=500ms | table host N eventcount closed_txn", &["host=beta eventcount=1 closed_txn=1", "host=beta N=abc eventcount=1 closed_txn=1", "host=alpha N=10+9 eventcount=2 closed_txn=0"]),
        ("* | transaction maxpause=1s | table host eventcount", &["host=alpha+beta eventcount=4"]),
        ("* | transaction maxevents=3 | table _time eventcount closed_txn", &["_time=01.25 eventcount=3 closed_txn=1", "_time=01.25 eventcount=1 closed_txn=0"]),
        // A start closes: what comes after none is evicted, unless it is kept.
        ("* | table _time host N | transaction startswith=\"N=abc\" | table N eventcount", &["N=abc eventcount=2"]),
        ("* | table _time host N | transaction startswith=eval(N=\"abc\") keepevicted=t | table N eventcount closed_txn", &["N=abc eventcount=2 closed_txn=1", "N=10+9 eventcount=2 closed_txn=0"]),
        ("* | table _time host N | transaction endswith=(N=abc) | table N eventcount", &["N=10+9+abc eventcount=3"]),
        ("* | transaction host startswith=x.exe endswith=\"host=beta\" | table host EventCode eventcount", &["host=beta EventCode=4688 eventcount=1", "host=beta EventCode=4689 eventcount=1"]),
        ("* | transaction host mvlist=f | where match(_raw, \"(?s)x.exe.*y.exe\") | table host", &[]),
        ("* | transaction host | where match(_raw, \"(?s)y.exe.*x.exe\") | table host", &["host=alpha"]),
        // Events share one value at least and contradict none.
        ("* | transaction EventCode N | table EventCode N", &["EventCode=4689 N=abc", "EventCode=4688 N=10", "EventCode=4688 N=9"]),
        ("* | table host N | transaction host", &[]),
        // join: rows of a subsearch over the same files, by the fields' values (SPLUNK.md 4, join).
        ("EventCode=4688 N=* | table host N | join host [search Ip=10.* | table host Ip N]", &["host=alpha N=10 Ip=10.1.2.3", "host=alpha N=10 Ip=10.1.2.3"]),
        ("* | table host N | join type=left overwrite=f host [search Ip=10.* | table host Ip N]", &["host=beta", "host=beta N=abc", "host=alpha N=10 Ip=10.1.2.3", "host=alpha N=9 Ip=10.1.2.3"]),
        ("* | stats values(N) as N by host | join max=0 host [ * | table host EventCode Image ] | table host EventCode", &["host=alpha EventCode=4688", "host=alpha EventCode=4688", "host=beta EventCode=4688", "host=beta EventCode=4689"]),
        ("* | stats count by host | join host [search M=one | stats values(M) as m dc(Image) as d by host | where d=1] | table host count m", &["host=beta count=2 m=one+two"]),
        ("* | stats values(N) as N | join N [search N=9 | table N Ip]", &["N=10+9+abc Ip=192.168.0.1"]),
        ("* | join host [search none_of_this | table host]", &[]),
        ("N=9 | table host | join host [search N=10 | table host N] | join host [search N=9 | table host Ip]", &["host=alpha Ip=192.168.0.1 N=10"]),
        // top and rare: counts and shares, ties by value (Search Reference, top).
        ("* | top EventCode", &["EventCode=4688 count=3 percent=75.000000", "EventCode=4689 count=1 percent=25.000000"]),
        ("* | rare limit=1 showperc=f countfield=n EventCode", &["EventCode=4689 n=1"]),
        ("* | top 1 N showcount=f by host", &["host=alpha N=9 percent=50.000000", "host=beta N=abc percent=100.000000"]),
        ("* | top 0 M, host", &["M=one host=beta count=1 percent=50.000000", "M=two host=beta count=1 percent=50.000000"]),
        // head, tail, reverse.
        ("* | reverse | table N", &["N=9", "N=10", "N=abc"]),
        ("* | tail 2 | table N", &["N=9", "N=10"]),
        ("* | reverse | head 2 | stats list(N) as l", &["l=9+10"]),
        ("* | bin span=1s | stats values(*) as * by _time, host | table _time host Ip", &["_time=01 host=alpha Ip=10.1.2.3+192.168.0.1", "_time=02 host=beta", "_time=03 host=beta"]),
    ];
    check(cases);
}

/// Search Reference: convert, append, filldown, mvcombine, strcat, xyseries, untable.
#[test]
fn rows_and_values_take_other_forms() {
    #[rustfmt::skip]
    let cases: &[(&str, &[&str])] = &[
        // convert: times by their format, in place or under another name; what is none stays.
        ("N=10 | stats min(_time) as first | convert timeformat=\"%Y-%m-%dT%H:%M:%S\" ctime(first)", &["first=2024-01-01T00:00:01"]),
        ("N=10 | eval t=_time | convert ctime(t) AS shown | table shown", &["shown=01/01/2024 00:00:01"]),
        ("N=abc | convert ctime(N) | table N", &["N=abc"]),
        ("N=10 | eval s=\"01/02/2024 00:00:00\" | convert mktime(s) | table s", &["s=1704153600"]),
        ("N=10 | eval a=\"01:00:01\", b=\"2m\", c=\"1,234\", d=\"12 ms\", e=\"01:02.5\" | convert dur2sec(a) memk(b), rmcomma(c) rmunit(d) mstime(e) | table a b c d e", &["a=3601 b=2048 c=1234 d=12 e=62.5"]),
        ("N=10 | eval xa=0, xb=0 | convert timeformat=\"%Y\" ctime(x*) none(xb) | table xa xb", &["xa=1970 xb=0"]),
        ("* | stats values(N) as v | convert rmunit(v) | table v", &["v=10+9+abc"]),
        // append: behind the rows that are there.
        ("N=10 | table N | append [search N=abc | table N host]", &["N=10", "N=abc host=beta"]),
        ("* | stats count | append maxtime=60 [search N=9 | stats count by host] | table host count", &["count=4", "host=alpha count=1"]),
        ("N=none_such | table N | append [search N=9 | table N]", &["N=9"]),
        // filldown: from the row before, all fields or some.
        ("* | table host N | filldown N", &["host=beta", "host=beta N=abc", "host=alpha N=10", "host=alpha N=9"]),
        ("* | reverse | table host N M | filldown", &["host=alpha N=9", "host=alpha N=10", "host=beta N=abc", "host=beta N=abc M=one+two"]),
        ("* | reverse | table host N | filldown M", &["host=alpha N=9", "host=alpha N=10", "host=beta N=abc", "host=beta"]),
        // mvcombine: rows that differ in one field alone.
        ("* | table host N | mvcombine N", &["host=beta", "host=beta N=abc", "host=alpha N=10+9"]),
        ("* | table host N | mvcombine delim=\",\" host", &["host=beta", "host=beta N=abc", "host=alpha N=10", "host=alpha N=9"]),
        // strcat: a field that is missing is empty, unless all are required.
        ("N=10 | strcat host \"/\" N at | table at", &["at=alpha/10"]),
        ("N=10 | strcat host none \"!\" at | table at", &["at=alpha!"]),
        ("N=10 | strcat allrequired=t host none at | table host at", &["host=alpha"]),
        // xyseries and untable: a table of rows, and back.
        ("* | stats count by host, EventCode | xyseries host EventCode count", &["host=alpha 4688=2", "host=beta 4688=1 4689=1"]),
        ("* | stats count by host, EventCode | xyseries host EventCode count | untable host id n", &["host=alpha id=4688 n=2", "host=beta id=4688 n=1", "host=beta id=4689 n=1"]),
        ("* | table host N | xyseries host N none", &["host=beta", "host=alpha"]),
        // accum and delta: in the order of rows; what is no number is passed over.
        ("* | reverse | table N | accum N", &["N=9", "N=19", "N=abc"]),
        ("* | reverse | table N | accum N as sum", &["N=9 sum=9", "N=10 sum=19", "N=abc"]),
        ("* | reverse | table N | delta N", &["N=9", "N=10 delta(N)=1", "N=abc"]),
        ("* | eval n=EventCode | table n | delta n AS d p=2", &["n=4688", "n=4689", "n=4688 d=0", "n=4688 d=-1"]),
        // spath: a path, or all there is; what is no JSON gives nothing.
        (r#"N=10 | eval j="{\"a\":{\"b\":[1,{\"c\":\"x\"}]}}" | spath input=j path=a.b{}.c output=o | table o"#, &["o=x"]),
        (r#"N=10 | eval j="{\"a\":{\"b\":[1,2]}}" | spath input=j a.b{} | table a.*"#, &["a.b{}=1+2"]),
        (r#"N=10 | eval j="{\"a\":{\"b\":[1,{\"c\":\"x\"},3]},\"d\":null,\"e\":true}" | spath input=j | table a.* d e"#, &["a.b{}=1+3 a.b{}.c=x e=true"]),
        ("N=10 | spath | table N", &["N=10"]),
    ];
    check(cases);
}

/// Search Reference, inputlookup.
#[test]
fn a_table_gives_its_rows() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("owners.csv");
    std::fs::write(&path, "host,owner,\nalpha,ann,x\nbeta,,y\ngamma,carl,z\n").unwrap();
    let mut settings = common::settings(Reading::AS_MEANT);
    settings.resources.add_lookup("owners", &path).unwrap();
    #[rustfmt::skip]
    let cases: &[(&str, &[&str])] = &[
        ("| inputlookup owners", &["host=alpha owner=ann", "host=beta", "host=gamma owner=carl"]),
        ("| inputlookup start=1 max=1 owners | fields host", &["host=beta"]),
        ("| inputlookup owners | where isnotnull(owner) | stats count", &["count=2"]),
        ("N=10 | table host | inputlookup append=t max=1 owners", &["host=alpha", "host=alpha owner=ann"]),
        ("N=10 | table host N | join host [| inputlookup owners]", &["host=alpha N=10 owner=ann"]),
        ("N=10 | table host | append [| inputlookup owners | search owner=c*]", &["host=alpha", "host=gamma owner=carl"]),
        // Among search terms its rows are joined by OR, the fields of a row by AND; no row is false.
        ("[| inputlookup owners | fields host] | stats count", &["count=4"]),
        ("[| inputlookup owners | where owner=\"ann\" | fields host] N=* | table N", &["N=10", "N=9"]),
        ("NOT [inputlookup owners | where owner=\"ann\" | fields host] | table host", &["host=beta", "host=beta"]),
        ("x.exe [| inputlookup owners | eval N=if(host=\"alpha\", \"10\", \"abc\") | fields host N] | table host N", &["host=beta N=abc", "host=alpha N=10"]),
        ("[| inputlookup owners | where owner=\"nobody\" | fields host] | stats count", &["count=0"]),
        ("[| inputlookup owners | stats values(host) as host] | stats count", &["count=4"]),
        ("* | table host N | search [| inputlookup owners | where isnull(owner) | fields host]", &["host=beta", "host=beta N=abc"]),
    ];
    check_with(&settings, cases);
    check(&[("N=10 | table host | append [| inputlookup none]", &["host=alpha"])]);
    for (search, reading, code) in [
        ("| inputlookup none", Reading::AS_MEANT, Ok(vec!["W0020"])),
        ("| inputlookup none", Reading::STRICT, Err(vec!["E0322"])),
    ] {
        let rule = Rule::parse(search, "case.spl").unwrap();
        let codes = |findings: Vec<coldsweep::spl::diagnostic::Diagnostic>| {
            findings.iter().map(|finding| finding.code).collect::<Vec<_>>()
        };
        let found = Plan::compile(rule, &common::settings(reading));
        let found = found.map(|(_, f)| codes(f)).map_err(|refusal| codes(refusal.findings));
        assert_eq!(found, code, "{search}");
    }
}

/// SPLUNK.md 4, rex.
#[test]
fn rex_takes_and_rewrites() {
    #[rustfmt::skip]
    let cases: &[(&str, &[&str])] = &[
        // Named groups become fields, over those that were there; the first match is taken.
        (r#"N=10 | rex field=Image "(?<drive>\w):.(?<dir>\w+).(?<N>\w+)" | table drive dir N"#, &["drive=C dir=a N=x"]),
        (r#"N=10 | rex field=Ip (?<first>"\d+") | table first"#, &["first=10"]),
        (r#"N=10 | rex "<Computer>(?<computer>[^<]+)" | table computer"#, &["computer=alpha"]),
        // No match, and no field, leave fields alone; a group without a part sets none.
        (r#"N=10 | rex field=Image "(?<N>zzz)" | table N"#, &["N=10"]),
        (r#"N=10 | rex field=none "(?<N>.)" | table N"#, &["N=10"]),
        (r#"N=10 | rex field=Image "(?<N>zzz)|(?<x>x)" | table N x"#, &["N=10 x=x"]),
        (r#"N=10 | rex field=N "1(?<x>x*)" | table x N"#, &["x= N=10"]),
        // max_match: 1 by default, 0 for all; of each value.
        (r#"N=10 | rex field=Ip max_match=0 "(?<n>\d+)" | table n"#, &["n=10+1+2+3"]),
        (r#"N=10 | rex field=Ip max_match=3 "(?<n>\d+)" | table n"#, &["n=10+1+2"]),
        (r#"M=one | rex field=M "(?<n>o)" | table n"#, &["n=o+o"]),
        (r#"M=one | rex field=M "(?<M>.)" | table M"#, &["M=o+t"]),
        // Places count characters from 0, and the last is in.
        (r#"N=10 | rex field=Ip offset_field=at "(?<n>\d+)\.(?<m>\d+)$" | table at"#, &["at=n=5-5&m=7-7"]),
        (r#"N=10 | rex field=Ip max_match=2 offset_field=at "(?<n>\d+)" | table at"#, &["at=n=0-1+n=3-3"]),
        (r#"N=10 | eval x="é€10" | rex field=x offset_field=at "(?<n>\d+)" | table at"#, &["at=n=2-3"]),
        // SPLUNK.md 3: `$` in a group leaves the newline before the end out.
        (r#"N=10 | rex field=N mode=sed "s/$/\n/" | rex field=N "(?<x>1.*$)" | table x"#, &["x=10"]),
        // SPLUNK.md 2: one level of escapes before the regex sees it.
        (r#"N=10 | rex field=Image "\\\(?<x>\w+)" | table x"#, &["x=a"]),
        // A later command sees the fields; so does a rename to and from `_raw`.
        (r#"* | rex field=Image "(?<e>(?i)exe)$" | where e="EXE" | table Image"#, &[r"Image=C:\b\X.EXE"]),
        (r#"* | rex field=Image "\\\(?<d>\w)\\\\" | stats count by d"#, &["d=a count=2", "d=b count=2"]),
        (r#"* | stats values(Image) as i by host | rex field=i max_match=0 "(?<n>\w)\." | table n"#, &["n=x+y", "n=X+x"]),
        // mode=sed.
        (r#"N=10 | rex field=Ip mode=sed "s/\./-/" | table Ip"#, &["Ip=10-1.2.3"]),
        (r#"N=10 | rex field=Ip mode=sed "s/\./-/g" | table Ip"#, &["Ip=10-1-2-3"]),
        (r#"N=10 | rex field=Ip mode=sed "s/\./-/2" | table Ip"#, &["Ip=10.1-2.3"]),
        (r#"N=10 | rex field=Ip mode=sed "s/(\d+)\.(\d+)/\2.\1/g" | table Ip"#, &["Ip=1.10.3.2"]),
        (r#"N=10 | rex field=Ip mode=sed "s/\d*/<\0>/g" | table Ip"#, &["Ip=<10><>.<1><>.<2><>.<3><>"]),
        (r#"N=10 | rex field=Image mode=sed s/\.\w{3}$//g | table Image"#, &[r"Image=C:\a\x"]),
        (r#"N=10 | rex field=Image mode=sed "y/ax/AX/" | table Image"#, &[r"Image=C:\A\X.eXe"]),
        (r#"M=one | rex field=M mode=sed "s/o/0/g" | table M"#, &["M=0ne+tw0"]),
        (r#"N=10 | rex field=none mode=sed "s/o/0/g" | table N none"#, &["N=10"]),
        (r#"N=10 | rex mode=sed "s/(?s).*/new/" | search new | table N"#, &["N=10"]),
    ];
    check(cases);
}

/// SPLUNK.md 4, fillnull.
#[test]
fn fillnull_fills() {
    #[rustfmt::skip]
    let cases: &[(&str, &[&str])] = &[
        ("* | fillnull N | table N", &["N=0", "N=abc", "N=10", "N=9"]),
        ("* | fillnull value=- N, none | table N none", &["N=- none=-", "N=abc none=-", "N=10 none=-", "N=9 none=-"]),
        ("* | fillnull N value=\"a b\" | where N=\"a b\" | table N", &["N=a b"]),
        // Without a list: every field that any row has.
        ("* | table N M | fillnull value=x", &["N=x M=one+two", "N=abc M=x", "N=10 M=x", "N=9 M=x"]),
        ("* | stats values(N) as N values(M) as M by host | fillnull", &["host=alpha N=10+9 M=0", "host=beta N=abc M=one+two"]),
    ];
    check(cases);
}

/// SPLUNK.md 4, foreach.
#[test]
fn foreach_runs_commands_field_by_field() {
    #[rustfmt::skip]
    let cases: &[(&str, &[&str])] = &[
        (r#"N=10 | foreach I* [ eval <<FIELD>> = upper('<<FIELD>>') ] | table Image Ip N"#, &[r"Image=C:\A\X.EXE Ip=10.1.2.3 N=10"]),
        (r#"N=10 | foreach Ip N [ | eval "was_<<FIELD>>" = "<<FIELD>>:".<<FIELD>> | eval n=mvcount(<<FIELD>>) ] | table was_* n"#, &["was_Ip=Ip:10.1.2.3 was_N=N:10 n=1"]),
        (r#"N=10 | foreach I* [ rex field=<<FIELD>> mode=sed "s/[a-z.]//g" ] | table Image Ip"#, &[r"Image=C:\\ Ip=10123"]),
        (r#"N=10 | foreach *p Im* [ rex field=<<FIELD>> "(?<<<MATCHSTR>>_x>.)" ] | table *_x"#, &["I_x=1 age_x=C"]),
        (r#"N=10 | eval a_1=5, a_22=7 | foreach a_* [ eval sum=if(isnull(sum), 0, sum) + <<FIELD>> * <<MATCHSTR>> ] | table sum"#, &["sum=159"]),
        (r#"N=10 | foreach I*g* [ eval x="<<MATCHSEG1>>,<<MATCHSEG2>>,<<MATCHSEG3>>,<<MATCHSTR>>" ] | table x"#, &["x=ma,e,,mage"]),
        // A field that is named outright is taken whether the row has it or not; wildcards do not
        // reach internal fields.
        (r#"N=10 | foreach none [ eval <<FIELD>> = if(isnull(<<FIELD>>), "no", "yes") ] | table none"#, &["none=no"]),
        (r#"N=10 | foreach *time [ eval <<FIELD>> = 1 ] | stats count by _time"#, &["_time=01.25 count=1"]),
        // In name order, a field that a command makes is not taken; commands can drop the row.
        (r#"N=10 | fields N Image Ip | foreach * [ eval all=if(isnull(all), "", all)."<<FIELD>> " ] | table all"#, &["all=Image Ip N "]),
        (r#"* | foreach N [ where <<FIELD>> > 9 ] | table N"#, &["N=10"]),
        (r#"* | stats values(N) as N by host | foreach N [ eval n=mvcount(<<FIELD>>) ] | table n"#, &["n=2", "n=1"]),
    ];
    check(cases);
}

/// A lookup table of the events' hosts, and a database of their addresses.
fn with_resources() -> Settings {
    let folder = tempfile::tempdir().unwrap();
    let hosts = folder.path().join("hosts.csv");
    std::fs::write(
        &hosts,
        "name,N,team,room\nalpha,10,red,1\nbeta,abc,blue,\nalpha,9,green,3\nAlpha,,,4\none,,uno,\n",
    )
    .unwrap();
    let places = folder.path().join("places.mmdb");
    let names = |name| Datum::Map(vec![("names", Datum::Map(vec![("en", Datum::Text(name))]))]);
    let berlin = Datum::Map(vec![
        (
            "city",
            Datum::Map(vec![(
                "names",
                Datum::Map(vec![("de", Datum::Text("K\u{f6}ln")), ("en", Datum::Text("Cologne"))]),
            )]),
        ),
        ("continent", names("Europe")),
        ("country", names("Germany")),
        (
            "location",
            Datum::Map(vec![
                ("latitude", Datum::Double(50.5)),
                ("longitude", Datum::Double(-7.0)),
                ("metro_code", Datum::U16(7)),
                ("time_zone", Datum::Text("Europe/Berlin")),
            ]),
        ),
        ("subdivisions", Datum::Array(vec![names("NRW"), names("none")])),
    ]);
    let elsewhere = Datum::Map(vec![("country", names("Nowhere"))]);
    let networks = [([10, 1, 0, 0], 16, berlin), ([192, 168, 0, 0], 24, elsewhere)];
    std::fs::write(&places, mmdb(&networks)).unwrap();
    let mut settings = common::settings(Reading::AS_MEANT);
    settings.resources.add_lookup("hosts", &hosts).unwrap();
    let many = folder.path().join("many.csv");
    let rows: String = (0..1500).map(|at| format!("10,{at}\n")).collect();
    std::fs::write(&many, format!("N,n\n{rows}")).unwrap();
    settings.resources.add_lookup("many.csv", &many).unwrap();
    settings.resources.set_geoip(&places).unwrap();
    settings
}

/// SPLUNK.md 4, lookup.
#[test]
fn lookup_fills_fields_from_a_table() {
    #[rustfmt::skip]
    let cases: &[(&str, &[&str])] = &[
        ("N=10 | lookup hosts name AS host, N OUTPUT team AS squad, room | table squad room", &["squad=red room=1"]),
        // Without OUTPUT: all columns that are not matched. An empty cell fills nothing.
        ("N=abc | lookup hosts name AS host | table team room N", &["team=blue N=abc"]),
        ("N=10 | lookup hosts N | table name team room", &["name=alpha team=red room=1"]),
        // Several rows match: several values, in the order of the file. Case counts.
        ("N=10 | lookup hosts name AS host OUTPUT team room | table team room", &["team=red+green room=1+3"]),
        // OUTPUT overwrites, OUTPUTNEW only fills.
        ("N=10 | eval team=\"mine\" | lookup hosts N OUTPUT team room | table team room", &["team=red room=1"]),
        ("N=10 | eval team=\"mine\" | lookup hosts N OUTPUTNEW team room | table team room", &["team=mine room=1"]),
        // No match and no field leave the row as it is.
        ("N=10 | eval team=\"mine\" | lookup hosts name AS Ip OUTPUT team | table team", &["team=mine"]),
        ("N=10 | lookup hosts name AS none OUTPUT team | table N team", &["N=10"]),
        ("M=one | lookup hosts name AS M OUTPUT team | table team", &["team=uno"]),
        // max_matches: the first 1000.
        ("N=10 | lookup many.csv N | eval c=mvcount(n) | where n=\"999\" | table c", &["c=1000"]),
        ("N=10 | lookup many.csv N | where n=\"1000\" | table c", &[]),
        // After a stats, too.
        ("* | stats count by host | lookup hosts name AS host, N AS count OUTPUT team | table host team", &["host=alpha", "host=beta"]),
        // What is not given leaves rows as they are.
        ("N=10 | lookup dnslookup clientip AS Ip OUTPUT clienthost AS N | table N clienthost", &["N=10"]),
        ("N=10 | lookup unknown N OUTPUT x AS N | table N x", &["N=10"]),
    ];
    check_with(&with_resources(), cases);
}

/// SPLUNK.md 4, iplocation.
#[test]
fn iplocation_says_where_addresses_are() {
    #[rustfmt::skip]
    let cases: &[(&str, &[&str])] = &[
        ("N=10 | iplocation Ip | table City Country Region lat lon Continent", &["City=Cologne Country=Germany Region=NRW lat=50.5 lon=-7"]),
        ("N=10 | iplocation prefix=\"src_\" Ip | table src_* City", &["src_City=Cologne src_Country=Germany src_Region=NRW src_lat=50.5 src_lon=-7"]),
        ("N=10 | iplocation Ip allfields=true lang=de prefix=x_ | table x_*", &["x_City=K\u{f6}ln x_Continent=Europe x_Country=Germany x_MetroCode=7 x_Region=NRW x_Timezone=Europe/Berlin x_lat=50.5 x_lon=-7"]),
        // What the database does not know of an address it has is empty.
        ("N=9 | iplocation Ip | table City Country lat", &["City= Country=Nowhere lat="]),
        // An address that it does not have, and what is none, set nothing.
        ("N=9 | eval Ip=\"8.8.8.8\", Country=\"x\" | iplocation Ip | table City Country", &["Country=x"]),
        ("N=9 | iplocation Image | table Country N", &["N=9"]),
        ("N=9 | eval Ip=\"10.1.0.0/16\" | iplocation Ip | table Country", &["Country=Germany"]),
        ("N=10 OR N=9 | stats values(Ip) as Ip | iplocation Ip | table City Country", &["City=Cologne+ Country=Germany+Nowhere"]),
    ];
    check_with(&with_resources(), cases);
    check(&[("N=10 | iplocation Ip | table Ip Country", &["Ip=10.1.2.3"])]);
}

/// Search Reference, mvexpand.
#[test]
fn mvexpand_makes_a_row_of_each_value() {
    #[rustfmt::skip]
    let cases: &[(&str, &[&str])] = &[
        ("* | mvexpand M | table M host", &["M=one host=beta", "M=two host=beta", "host=beta", "host=alpha", "host=alpha"]),
        ("* | mvexpand M limit=1 | stats count by M", &["M=one count=1"]),
        ("* | stats values(N) as N values(Ip) as Ip by host | mvexpand N | table N Ip", &["N=10 Ip=10.1.2.3+192.168.0.1", "N=9 Ip=10.1.2.3+192.168.0.1", "N=abc"]),
        ("* | stats values(N) as N | mvexpand N limit=0 | where N>9", &["N=10"]),
    ];
    check(cases);
}

/// Search Reference, makemv and nomv.
#[test]
fn makemv_and_nomv_split_and_join() {
    #[rustfmt::skip]
    let cases: &[(&str, &[&str])] = &[
        ("N=10 | makemv delim=\".\" Ip | table Ip", &["Ip=10+1+2+3"]),
        ("N=10 | eval x=\" a  b \" | makemv x | eval n=mvcount(x) | table x n", &["x=a+b n=2"]),
        ("N=10 | eval x=\",a,,b\" | makemv delim=\",\" allowempty=t x | eval n=mvcount(x) | table x n", &["x=+a++b n=4"]),
        ("N=10 | eval x=\",,\" | makemv delim=\",\" x | table x N", &["N=10"]),
        ("N=10 | makemv tokenizer=\"(\\d)\\.?\" Ip | table Ip", &["Ip=1+0+1+2+3"]),
        ("M=one | makemv delim=\"o\" M | table M", &["M=ne+tw"]),
        ("N=10 | makemv none | table N", &["N=10"]),
        ("M=one | nomv M | rex field=M \"(?<x>(?s)^.*$)\" | table x", &["x=one\ntwo"]),
        ("N=10 | nomv N | table N", &["N=10"]),
    ];
    check(cases);
    for (command, code) in [
        ("makemv", "E0205"),
        ("makemv delim=\"\" x", "E0205"),
        ("makemv delim=a tokenizer=b x", "E0207"),
        ("makemv x y", "E0207"),
        ("makemv setsv=t x", "E0203"),
        ("makemv tokenizer=\"a\" x", "E0320"),
        ("nomv", "E0205"),
        ("nomv a b", "E0005"),
        ("mvexpand", "E0205"),
        ("mvexpand a b", "E0207"),
        ("mvexpand a limit=x", "E0015"),
        ("mvexpand a depth=1", "E0203"),
        ("iplocation", "E0205"),
        ("iplocation a b", "E0207"),
        ("iplocation allfields=maybe a", "E0203"),
        ("iplocation prefix= ", "E0205"),
    ] {
        let rule = Rule::parse(&format!("* | {command}"), "case.spl").unwrap();
        let refusal = Plan::compile(rule, &common::settings(Reading::AS_MEANT)).err();
        let codes =
            refusal.map(|refusal| refusal.findings.iter().map(|f| f.code).collect::<Vec<_>>());
        assert_eq!(codes, Some(vec![code]), "{command}");
    }
}

/// What is not given is a warning that the plan keeps, and under the strict reading an error where
/// Splunk refuses the search.
#[test]
fn what_is_not_given_is_said() {
    let cases: &[(&str, &str, bool)] = &[
        ("lookup t a OUTPUT b", "W0020", true),
        ("lookup dnslookup clientip OUTPUT clienthost", "W0021", false),
        ("iplocation a", "W0022", false),
    ];
    for (command, code, refused) in cases {
        let rule = || Rule::parse(&format!("* | {command} | {command}"), "case.spl").unwrap();
        let (plan, mut findings) =
            Plan::compile(rule(), &common::settings(Reading::AS_MEANT)).unwrap();
        // Beside it, that there is nothing to search for.
        findings.retain(|finding| finding.code != "W0105");
        let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [*code, *code], "{command}");
        assert_eq!(plan.lacks, [findings[0].message.clone()], "{command}");
        let strict = Plan::compile(rule(), &common::settings(Reading::STRICT));
        let codes = strict.err().map(|refusal| refusal.findings[0].code);
        assert_eq!(codes, refused.then_some("E0322"), "{command}");
    }
    let rule = Rule::parse("* | lookup hosts N AS x, nome AS y OUTPUT tem", "case.spl").unwrap();
    let refusal = Plan::compile(rule, &with_resources()).unwrap_err();
    let findings = refusal.findings.iter().map(|f| (f.code, &refusal.rule.search[f.span.range()]));
    assert_eq!(findings.collect::<Vec<_>>(), [("E0323", "nome"), ("E0323", "tem")]);
}

/// A rule that writes all values into every row is stopped, and says so.
#[test]
fn what_commands_add_to_rows_is_limited() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.xml");
    let text: String = (0..200)
        .map(|n| {
            format!(
                "<Event><System><Provider Name='P'/><EventID>1</EventID>\
                 <TimeCreated SystemTime='2024-01-01T00:00:00Z'/><Channel>Test</Channel>\
                 <Computer>h</Computer></System><EventData><Data Name='N'>{n:0200}</Data>\
                 </EventData></Event>\n"
            )
        })
        .collect();
    std::fs::write(&path, text).unwrap();
    for (search, rows) in [
        ("eventstats values(N) as all", 200),
        ("streamstats values(N) as all", 200),
        ("eval k=1 | join max=0 k [* | eval k=1 | table k N | rename N as M]", 40_000),
    ] {
        let search = &format!("* | table N | {search}");
        for (max_result, fits) in [(1 << 20, false), (64 << 20, true)] {
            let plan = common::compile(Rule::parse(search, "c.spl").unwrap(), Reading::AS_MEANT);
            let options = Options { max_result, ..Options::default() };
            let outcome = common::sweep(plan, std::slice::from_ref(&path), &options);
            assert_eq!(outcome.overflowed, !fits, "{search}");
            assert_eq!(outcome.rows[0].len() == rows, fits, "{search}");
        }
    }
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
        ("* | convert auto(N)", "E0203"),
        ("* | convert ctime()", "E0205"),
        ("* | convert ctime N", "E0205"),
        ("* | convert ctime(N", "E0002"),
        ("* | convert ctime(*) as a", "E0206"),
        ("* | convert", "E0205"),
        ("* | append", "E0205"),
        ("* | accum", "E0205"),
        ("* | delta N x=2", "E0203"),
        ("* | spath output=a", "E0205"),
        ("* | spath a b", "E0207"),
        ("* | inputlookup t", "E0005"),
        ("| inputlookup", "E0205"),
        ("a [search b]", "E0011"),
        ("a | transaction host startswith=([| inputlookup t])", "E0011"),
        ("* | append maxout=3 [a]", "E0203"),
        ("* | append x [a]", "E0005"),
        ("* | filldown (", "E0005"),
        ("* | mvcombine", "E0205"),
        ("* | strcat a", "E0205"),
        ("* | strcat a \"b\"", "E0205"),
        ("* | xyseries a b", "E0205"),
        ("* | untable a b c d", "E0203"),
        ("* | tstats count", "E0202"),
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
        // Beside it, that there is nothing to search for.
        let found: Vec<_> =
            warnings.iter().map(|finding| finding.code).filter(|code| *code != "W0105").collect();
        assert_eq!(found, codes, "{search}");
    }
}

#[test]
fn a_field_that_only_a_later_command_reads_is_relied_on() {
    for command in [
        "rex field=process \"(?<x>a)\"",
        "foreach process [ eval x=<<FIELD>> ]",
        "foreach a* [ eval <<FIELD>>=process ]",
        "foreach a* [ rex field=process \"(?<<<FIELD>>>a)\" ]",
        "lookup dnslookup clientip AS process",
        "mvexpand process",
    ] {
        let rule = Rule::parse(&format!("* | {command}"), "case.spl").unwrap();
        let plan = common::compile(rule, Reading::AS_MEANT);
        let codes: Vec<_> = plan.logical.accommodations().iter().map(|(a, _)| a.code()).collect();
        assert_eq!(codes, ["hostmon-process", "powershell-process"], "{command}");
    }
}

/// The rows of a subsearch go to its own rule, whichever others there are.
#[test]
fn each_rule_has_the_rows_of_its_own_subsearches() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.xml");
    std::fs::write(&path, archive()).unwrap();
    let searches = [
        "N=9 | table host | join host [search N=10 | table host N] | join host [search N=9 | table host Ip]",
        "N=abc | table N",
        "M=one | table host | join host [search N=abc | table host N]",
    ];
    let plans: Vec<_> = searches
        .iter()
        .map(|search| common::compile(Rule::parse(search, "c.spl").unwrap(), Reading::AS_MEANT))
        .collect();
    for prefilter in [true, false] {
        let options = Options { prefilter, threads: 2, ..Options::default() };
        let (cim, progress) = (Cim::builtin(), Progress::default());
        let outcome = scan(&plans, &cim, std::slice::from_ref(&path), &options, &progress).unwrap();
        let rows: Vec<_> = outcome.rows.iter().flatten().map(shown).collect();
        assert_eq!(rows, ["host=alpha Ip=192.168.0.1 N=10", "N=abc", "host=beta N=abc"]);
        // What matches a subsearch alone is not counted.
        assert_eq!(outcome.counters.matched, 3);
    }
}
