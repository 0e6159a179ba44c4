//! What the commands do, rule by rule, on four events (SPLUNK.md 1 and 4).

mod common;

use coldsweep::cim::Cim;
use coldsweep::plan::FinalRow;
use coldsweep::reading::Reading;
use coldsweep::rule::Rule;
use coldsweep::scan::{Options, Progress, scan};
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
