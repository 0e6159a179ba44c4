//! What each lint says, and what it keeps silent on.

use jiff::tz::TimeZone;

use crate::cim::Cim;
use crate::plan::{Plan, Settings};
use crate::reading::Reading;
use crate::rule::Rule;
use crate::spl::{Macros, codes};

/// The findings of lints, but for that of cost: code, place and message.
fn lint(search: &str, reading: Reading) -> Vec<(&'static str, String, String)> {
    let settings = Settings {
        macros: Macros::builtin(),
        cim: Cim::builtin(),
        reading,
        timezone: TimeZone::UTC,
        resources: Default::default(),
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    let rule = Rule::parse(search, "r.spl").unwrap();
    let (plan, findings) = match Plan::compile(rule, &settings) {
        Ok(compiled) => compiled,
        Err(refusal) => panic!("{}", refusal.rule.render(&refusal.findings, false)),
    };
    let lints = findings.iter().filter(|f| f.code > "W0100" && f.code != codes::UNSELECTIVE);
    lints
        .map(|f| (f.code, plan.rule.search[f.span.range()].to_owned(), f.message.clone()))
        .collect()
}

/// Runs cases: a search, and the code and the place of each finding.
fn table(cases: &[(&str, &[(&str, &str)])]) {
    for (search, expected) in cases {
        let found = lint(search, Reading::AS_MEANT);
        let short: Vec<_> = found.iter().map(|(code, place, _)| (*code, place.as_str())).collect();
        assert_eq!(short, *expected, "{search}: {found:?}");
    }
}

#[test]
fn fields_that_were_removed() {
    const CODE: &str = codes::REMOVED_FIELD;
    table(&[
        // SPLUNK.md, trap 23: table removes fields for good.
        ("x | table a, b* | where c=1 and b1=2", &[(CODE, "c")]),
        ("x | table a | regex c=\"y\"", &[(CODE, "c")]),
        ("x | table a | stats count by c", &[(CODE, "c")]),
        ("x | table a | search c=1 a=1", &[(CODE, "c")]),
        ("x | table a | search word", &[(CODE, "word")]),
        ("x | table a | eval b=c+1 | where b=1", &[(CODE, "c")]),
        ("x | table a, _raw | search word", &[]),
        // SPLUNK.md 4, table: a wildcard does not select names that start with `_`.
        ("x | table * | bin span=1s _time", &[(CODE, "_time")]),
        ("x | table a | bin span=1s", &[(CODE, "bin span=1s")]),
        // SPLUNK.md 4, fields: `+` keeps the internal fields.
        ("x | fields a | bin span=1s _time | search word", &[]),
        ("x | fields - a* | where ab=1 or b=1", &[(CODE, "ab")]),
        ("x | stats count by a | where b=1 or count>1 or a=1", &[(CODE, "b")]),
        // SPLUNK.md, trap 22: `values(*) as *` keeps what there was, `_*` apart.
        ("x | table a, _t | stats values(*) as * by b | where a=1 and b=1", &[(CODE, "b")]),
        ("x | stats values(*) as * by b | where _time>1 and c=1", &[(CODE, "_time")]),
        ("x | stats values(a*) as b* by c | where bx=1 and ax=1", &[(CODE, "ax")]),
        ("x | stats dc(a) by c | where 'dc(a)'>1 and a=1", &[(CODE, "a")]),
        ("x | rename a as b | where a=1 and b=1", &[(CODE, "a")]),
        ("x | table a | rename a as b | where b=1", &[]),
        ("x | table a | rename c as b | where b=1", &[(CODE, "b")]),
        ("x | table a | eval c=a | where c=1", &[]),
        ("x | table a | eval b=a, c=b, b=d", &[(CODE, "d")]),
        ("x | table a | search earliest=-1d a=1", &[]),
        ("x | table a | fillnull c | where c=1", &[]),
        ("x | table a | fillnull | where c=1", &[]),
    ]);
}

#[test]
fn fields_that_nothing_sets() {
    const CODE: &str = codes::UNSET_FIELD;
    table(&[
        // SPLUNK.md, trap 12: `message` is not `Message`.
        ("`get_endpoint_data_winevent` x | where match(message, \"y\")", &[(CODE, "message")]),
        ("`get_endpoint_data_winevent` x | where match(Message, \"y\")", &[]),
        // SPLUNK.md 5: `process` is set of Windows events, `http_method` is not.
        ("`get_endpoint_data_winevent` process=a http_method=GET", &[(CODE, "http_method")]),
        ("source=WinEventLog:* process=a http_method=GET", &[(CODE, "http_method")]),
        ("`get_endpoint_data_sysmon` x | where parent_process=\"y\" or Whatever=1", &[]),
        ("`get_endpoint_data_powershell` parent_process=y", &[(CODE, "parent_process")]),
        // It is made by the rule, or by who knows what.
        ("`get_endpoint_data_winevent` x | eval dest_ip=a | where dest_ip=\"b\"", &[]),
        ("x | where match(message, \"y\") and http_method=\"GET\"", &[]),
        ("`get_endpoint_data` http_method=GET", &[]),
    ]);
}

#[test]
fn arms_that_are_dead() {
    const CODE: &str = codes::DEAD_ARM;
    let all = |search: &'static str| (CODE, search);
    table(&[
        ("host=a host=b", &[all("host=a host=b")]),
        ("host=a host=A", &[]),
        ("host=a* host=ab", &[]),
        ("x=a x=b", &[]),
        ("(host=a host=b) OR y", &[(CODE, "(host=a host=b)")]),
        ("host=a (host=b OR host=a)", &[(CODE, "host=b")]),
        ("host=a (host=b OR (y host IN (c, d)))", &[all("host=a (host=b OR (y host IN (c, d)))")]),
        ("y NOT y", &[all("y NOT y")]),
        ("y NOT (y z)", &[]),
        ("a IN (b) NOT c IN (d)", &[]),
        ("EventCode=1 EventCode=2", &[all("EventCode=1 EventCode=2")]),
        ("EventCode=1 EventCode=01", &[all("EventCode=1 EventCode=01")]),
        (
            "`get_endpoint_data_sysmon` `get_endpoint_data_winevent` y",
            &[all("`get_endpoint_data_sysmon` `get_endpoint_data_winevent` y")],
        ),
        ("`get_endpoint_data` `get_endpoint_data_winevent` y", &[]),
        // SPLUNK.md 1.6: the parser tells of the term; the arm is dead with it.
        ("(TERM(>) y) OR z", &[]),
        ("TERM(>) y", &[all("TERM(>) y")]),
        ("NOT TERM(>)", &[]),
        (
            "x | where (signature_id=1 and signature_id=2) or y=1",
            &[(CODE, "(signature_id=1 and signature_id=2)")],
        ),
        (
            "x | where match(signature_id, \"4688\") and match(signature_id, \"1040|1042\") or y=1",
            &[(CODE, "match(signature_id, \"4688\") and match(signature_id, \"1040|1042\")")],
        ),
        // SPLUNK.md 3.4: match is a substring test, and 11040 is an id.
        ("x | where match(signature_id, \"104\") and match(signature_id, \"110\")", &[]),
        ("x | where signature_id=4688 and match(signature_id, \"4688\")", &[]),
        ("x | where signature_id=1 and signature_id=\"1\"", &[]),
        ("x | where a=1 and not a=1", &[all("where a=1 and not a=1")]),
        // One command after another is a conjunction.
        ("x | where host=\"a\" | where host=\"b\"", &[all("where host=\"b\"")]),
        ("x | where host=\"a\" | where host=\"b\" or y=1", &[(CODE, "host=\"b\"")]),
        ("x | where host=\"a\" or y=1 | where host=\"b\"", &[]),
        ("host=a | where host=\"A\"", &[]),
        ("x | where a=1 | eval a=2 | where not a=1", &[]),
        // SPLUNK.md 4, stats: the row of a group has the ids of all its events.
        ("x | stats values(*) as * by host | where signature_id=1 and signature_id=2", &[]),
    ]);
    // What one macro brings stands at one place, and is several tests.
    let mut macros = Macros::builtin();
    macros.insert("m", Vec::new(), "NOT a IN (b) c IN (d) NOT (x y) x>1");
    let settings = Settings {
        macros,
        cim: Cim::builtin(),
        reading: Reading::AS_MEANT,
        timezone: TimeZone::UTC,
        resources: Default::default(),
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    let (_, findings) = Plan::compile(Rule::parse("`m` z", "r.spl").unwrap(), &settings).unwrap();
    assert!(findings.iter().all(|finding| finding.code != CODE), "{findings:?}");
    // SPLUNK.md, trap 4, under --strict.
    for (search, is_dead) in [
        ("(sourcetype=XmlWinEventLog TERM(EventCode=4688)) OR y", true),
        ("(source=XmlWinEventLog:* (TERM(EventCode=4688) OR TERM(EventCode=1))) OR y", true),
        ("(source=WinEventLog:Security \"<EventID>4688<\") OR y", true),
        ("(source=WinEventLog:Security TERM(EventCode=4688)) OR y", false),
        ("(source=XmlWinEventLog:Security \"<EventID>4688<\") OR y", false),
        ("(\"<EventID>4688<\" TERM(EventCode=4688)) OR y", false),
        ("(NOT source=XmlWinEventLog:Security TERM(EventCode=4688)) OR y", false),
    ] {
        assert_eq!(lint(search, Reading::AS_MEANT), [], "{search}");
        let found = lint(search, Reading::STRICT);
        assert_eq!(found.len(), usize::from(is_dead), "{search}: {found:?}");
        assert!(found.iter().all(|(_, _, says)| says.contains("either-spelling")), "{found:?}");
    }
}

#[test]
fn by_fields_that_are_often_missing() {
    const CODE: &str = codes::OFTEN_MISSING_BY_FIELD;
    table(&[
        // SPLUNK.md, trap 21.
        ("x | stats count by _time, user", &[(CODE, "user")]),
        (
            "`get_endpoint_data_winevent` x | stats count by host, process, signature_id",
            &[(CODE, "process")],
        ),
        ("x | table user | stats count by user", &[(CODE, "user")]),
        ("user=* | stats count by user", &[]),
        ("user!=a | stats count by user", &[]),
        ("NOT user=a | stats count by user", &[(CODE, "user")]),
        ("x | where not match(user, \"a\") | stats count by user", &[]),
        ("x | where match(user, \"a\") or y=1 | stats count by user", &[(CODE, "user")]),
        ("x | where isnull(user) | stats count by user", &[(CODE, "user")]),
        ("x | regex user!=\"a\" | stats count by user", &[(CODE, "user")]),
        ("x | regex user=\"a\" | stats count by user", &[]),
        ("x | fillnull value=\"-\" user | stats count by user", &[]),
        ("user=* | rename user as u | stats count by u", &[]),
    ]);
}

#[test]
fn searches_for_nothing_selective() {
    let settings = || Settings {
        macros: Macros::builtin(),
        cim: Cim::builtin(),
        reading: Reading::AS_MEANT,
        timezone: TimeZone::UTC,
        resources: Default::default(),
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    for (search, expected) in [
        ("needleword", None),
        ("NOT needleword", Some("every event is evaluated")),
        ("(needleword OR NOT otherword)", Some("every event is evaluated")),
        ("\".exe\"", Some("most events hold")),
        ("\".exe\" OR needleword", Some("most events hold")),
        ("\".exe\" needleword", None),
        ("`get_endpoint_data`", Some("every event is evaluated")),
    ] {
        let rule = Rule::parse(search, "r.spl").unwrap();
        let (_, findings) = Plan::compile(rule, &settings()).unwrap();
        let found = findings.iter().find(|finding| finding.code == codes::UNSELECTIVE);
        match expected {
            Some(says) => assert!(found.is_some_and(|f| f.message.contains(says)), "{search}"),
            None => assert_eq!(found, None, "{search}"),
        }
    }
}

#[test]
fn long_rules_end() {
    let mut search = "x | table a".to_owned();
    for at in 0..5_000 {
        search += &format!(" | where f{at}=1 and f{at}=2");
    }
    let started = std::time::Instant::now();
    assert!(lint(&search, Reading::AS_MEANT).len() <= 50);
    let arms = ["(host=a host=b signature_id=1)"; 20_000].join(" OR ");
    lint(&arms, Reading::AS_MEANT);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}
