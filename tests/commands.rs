//! What the commands do, rule by rule, on four events (SPLUNK.md 1 and 4).

mod common;

use coldsweep::plan::{FinalRow, Plan, Settings};
use coldsweep::reading::Reading;
use coldsweep::rule::Rule;
use coldsweep::scan::Options;
use coldsweep::value::Value;
use common::mmdb::{Datum, mmdb};

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
        ("* | bin span=1s | stats values(*) as * by _time, host | table _time host Ip", &["_time=01 host=alpha Ip=10.1.2.3+192.168.0.1", "_time=02 host=beta", "_time=03 host=beta"]),
    ];
    check(cases);
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
        let (plan, findings) = Plan::compile(rule(), &common::settings(Reading::AS_MEANT)).unwrap();
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
