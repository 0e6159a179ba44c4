//! No switch changes the answer (DESIGN, laws 1 and 2): a property over generated corpora.
//!
//! A corpus is files of every format, pure and mixed, with command lines put together from pieces
//! that are dangerous somewhere (entities, quotes, line ends, NULs, markup, JSON, dates), torn and
//! damaged. Its rows under the naive setting (no prefilter, one worker, one shard) must come out
//! under every other setting, for rules of every kind.
//!
//! `COLDSWEEP_PROPTEST_CASES` is the number of corpora. What fails stays in the folder
//! `switches-failure` under the target folder.

mod common;

use std::io::{Cursor, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use coldsweep::cim::Cim;
use coldsweep::corpus::evtx_writer::EvtxWriter;
use coldsweep::corpus::{
    Account, Arrangement, Details, Escapes, Exporter, GzipMembers, Happening, Inner, Kind, Payload,
    Separator, Style, Utf16, Writer, XmlLayout,
};
use coldsweep::plan::Plan;
use coldsweep::reading::Reading;
use coldsweep::report::{OutputFormat, write_rows};
use coldsweep::rule::Rule;
use coldsweep::scan::{Options, Outcome, Progress, scan};
use coldsweep::source::MapChoice;
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError};

/// Rules of every kind: search, and whether its rows depend on the order of events of one time.
/// Neighbours run together, so those with a guard come first.
const RULES: &[(&str, bool)] = &[
    (r#"".msi" "://" | stats count by host"#, false),
    (
        r#"user=alice process="*msiexec /i*x.example*" | table _time, host, sourcetype, process"#,
        true,
    ),
    (r#"url="*x.example/a.msi" OR uri="*a.msi" | stats count by src_ip, user, status"#, false),
    // Its needle overlaps that of the one before.
    (r#""a.msi" OR "example/a.msi" | stats count by host, user"#, false),
    (
        r#"(TERM(/i) OR TERM(install)) | where match(process, "(?i)https?://") | stats count, dc(process) as n, values(user) as users by host, signature_id"#,
        false,
    ),
    (r#"EventCode=4688 CommandLine="*msiexec*" | table _time host CommandLine"#, true),
    (
        r#"process="*&*msi*" OR process="*<evil>*" | stats list(process) as p, first(process) as f, last(process) as l by host"#,
        true,
    ),
    (r#"CASE(Msiexec) OR "x.example/ a.msi" OR CASE(msiexec) | stats count by host"#, false),
    (r#"* | where like(process, "%x.exa%ple/%") | stats count by process"#, false),
    (r#"* | regex process="(?i)\.msi[\"' &]" | table _time host process"#, true),
    (r#"* | regex _raw="https?://[a-z.]+/\w+\.msi" | stats count by host"#, false),
    (r#""a*b.msi" OR "x.example*.msi" OR "msi*exec" | stats count by host"#, false),
    (r#"dest="srv*" user=alice NOT process="*cmd*" | stats values(*) as * by _time, host"#, false),
    (
        r#"process="msiexec /i https://x.example/a.msi" OR Message="*transaction*x.example*" | stats count by host, signature_id"#,
        false,
    ),
    (r#"* | where CommandLine="a&b<c>\"d\"" OR process="x.example" | stats count by host"#, false),
    (r#"* | where match(_raw, "&amp;|&lt;") | stats count by host"#, false),
    (r#""&amp;" OR "&lt;/Event" | stats count by host"#, false),
    (r#""<Data Name='CommandLine'>msiexec" | stats count by host"#, false),
    (r#""CommandLine'>msiexec" OR "Name=\"CommandLine\">msi" | stats count by host"#, false),
    (r#"user=alice | stats count, values(process) as process by host"#, false),
    (r#"process_name=cmd.exe OR parent_process_name="explorer.exe" | stats count by host"#, false),
    (r#"* | regex process="(?i)kernels" | stats count, values(process) as p by host"#, false),
    (r#"process="*kernel*s*" | stats count by host"#, false),
    (r#"host=ws-01* ".msi" | table _time host process user"#, true),
    (r#"Message="*Installer transaction: https*" | stats count by host"#, false),
    (r#"* | where match(process, "Tools & Co") | stats count by host, process_name"#, false),
    (r#""New Process Name" OR "Process Create" OR "RenderingInfo" | stats count by host"#, false),
    (
        r#"CommandLine="*4688*" OR CommandLine="1e3" OR process="*10.0.0.5" | stats count by host"#,
        false,
    ),
    (r#""10.0.0.5" OR "%20" OR "a--b" | stats count by host"#, false),
    (
        r#"* | where CommandLine="null" OR match(CommandLine, "^(cmd|msiexec).*alice") | stats count by host"#,
        false,
    ),
    (r#""\"Data\"" OR "\"CommandLine\":\"msi" OR "\\u002emsi" | stats count by host"#, false),
    (r#"CommandLine IN ("*.msi", "*x.example*", "cmd /c*") | stats count by host"#, false),
    (r#""2021-02-22T10:59" OR "22T10:59:58.000" OR "S-1-5-21" | stats count by host"#, false),
    (
        r#""<Provider Name" OR "Execution ProcessID" OR "EventID Qualifiers" | stats count by host"#,
        false,
    ),
    (r#"* | regex CommandLine="\\\\u00|\\\\n" | stats count by host"#, false),
    (r#"* | regex CommandLine="[^ ]+\.msi['\" &]?$" | stats count by host"#, false),
    (r#"* | regex process="\"?\S+exec[^ ]* /i" | stats count by host, process"#, false),
    (
        r#"* | where match(process, "(?i)ple/\S*\.msi") OR match(Message, "(?i)x\.exa\S+msi\.?") | stats count by host"#,
        false,
    ),
    (
        r#"".msi" | table _time host process | eventstats count as n, dc(process) as d by host"#,
        true,
    ),
    (
        r#"".msi" | table _time host process user | sort 0 host, -process, user | streamstats window=3 count as n, list(user) as u by host"#,
        true,
    ),
    (
        r#"".msi" OR "exec" | transaction host maxspan=1h maxpause=10m | stats count, max(eventcount) as e, max(duration) as d, values(process) as p by host"#,
        false,
    ),
    (
        r#"".msi" OR "exec" | streamstats time_window=1h count as n by host | stats max(n) as n by host"#,
        false,
    ),
    (
        r#"".msi" | table _time host process | join type=left host [search EventCode=4688 | stats count as n, values(user) as u by host]"#,
        true,
    ),
    (r#"".msi" OR "exec" | top limit=3 process by host"#, false),
    (r#"".msi" | table _time host process `group_events("host", 1h)`"#, false),
    (r#"sourcetype=wineventlog:security ".msi" | stats count by host"#, false),
    (
        r#"source="XmlWinEventLog:*" index=main (x.example OR sourcetype=WinHostMon) | stats count by host"#,
        false,
    ),
    (r#"NOT index=main kernel NOT sourcetype=WinEventLog | stats count by host"#, false),
    (FIRST_UNGUARDED, false),
    (r#"* | dedup host process sortby -_time | table _time host process | tail 20"#, true),
    (r#"sourcetype IN (WinEventLog, XmlWinEventLog) index!=x | stats count by host"#, false),
    (r#"sourcetype!=WinHostMon | stats count by sourcetype, source"#, false),
    (r#"* | table _time, host, signature_id, process"#, true),
    (r#"NOT ".msi" | stats count by host"#, false),
    (r#"".msi" OR NOT user=bob | stats dc(process) as d by host"#, false),
    (
        r#"IpAddress=10.1.0.0/16 OR CommandLine=10.0.0.0/8 | table _time host IpAddress CommandLine"#,
        true,
    ),
    (r#"* | where isnull(process) | stats count by host"#, false),
    (r#"* | where not match(process, "msi") | stats count by host"#, false),
    (r#"* | regex process!="msi" | stats count by host, source, sourcetype"#, false),
    (r#"signature_id!=4688 | stats earliest(_time) as e, latest(_time) as l by host"#, false),
    (
        r#"EventCode>4000 EventCode<4700 | stats sum(EventCode) as s, avg(EventCode) as a by host"#,
        false,
    ),
    (r#"* | bin span=1h | stats count by _time"#, false),
];

/// The first of the rules that have no guard, for they may match anything.
const FIRST_UNGUARDED: &str = "* | stats count by host, signature_id";

fn plans(reading: Reading) -> &'static [Plan] {
    static AS_MEANT: OnceLock<Vec<Plan>> = OnceLock::new();
    static STRICT: OnceLock<Vec<Plan>> = OnceLock::new();
    let plans = if reading == Reading::STRICT { &STRICT } else { &AS_MEANT };
    plans.get_or_init(|| {
        // The built-in rule last, so that every index is that of its search.
        let rules = RULES.iter().enumerate().map(|(at, (search, _))| {
            let rule = Rule::parse(search, &format!("{at}.spl")).expect("a rule");
            common::compile(rule, reading)
        });
        rules.chain([common::seed_plan(reading)]).collect()
    })
}

/// Pieces of command lines, each dangerous to some format or rule.
const PIECES: &[&str] = &[
    ".msi",
    "://",
    "https://x.example/a.msi",
    "http://x.exam",
    "ple/",
    "x.example",
    "/i",
    " /i ",
    " install ",
    "msiexec",
    "MSIEXEC /I HTTPS://X.EXAMPLE/A.MSI",
    "Msiexec",
    "msi",
    "exec",
    "msiexec /i https://x.example/a.msi",
    "cmd /c ",
    "alice",
    "bob",
    "Tools & Co",
    "<evil>",
    "\"",
    "'",
    "&",
    "<",
    ">",
    "a&b<c>\"d\"",
    "&amp;",
    "&#46;msi",
    "&lt;",
    "\\",
    "\\\\",
    "\\u002emsi",
    "\\n",
    "/",
    "\n",
    "\r\n",
    "\r",
    "\0",
    "\t",
    "\u{1}",
    "\u{e9}",
    "kernel",
    "\u{212a}ernel\u{17f}",
    "kernels",
    "\u{1f4e6}",
    "\u{2028}",
    "\u{feff}",
    "\u{85}",
    "\u{fffe}",
    "</Event>",
    "</Data>",
    "</Event>\n",
    "<Event xmlns='x'><System>",
    "{\"EventID\":4688}",
    "\"}}\n{\"EventID\":1}",
    "}",
    "{",
    "[",
    "]",
    "\n02/22/2021 11:07:20 PM\nLogName=Security\n",
    "02/22/2021 11:07:20 PM",
    "\nMessage=x",
    "\nType=Process\nName=x\n",
    "\n\tProcess Command Line:\tx",
    "\n\tNew: x",
    "10.0.0.5",
    "4688",
    "EventCode=4688",
    "<EventID>4688<",
    "%20",
    "--",
    "*",
    "a",
    "b",
    " ",
    "  ",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?",
    "?>",
    "1e3",
    "null",
    "=",
    ":",
    ";",
    ",",
    "|",
    "%",
    "_",
];

/// The pieces that the rules look for, which come more often.
const HOT: &[&str] = &[
    ".msi",
    "://",
    "https://x.example/a.msi",
    "/i",
    " install ",
    "msiexec",
    "x.example",
    "alice",
    "\u{212a}ernel\u{17f}",
    "kernels",
    "&",
    "<",
    ">",
    "\"",
    "\n",
    "\\",
    "a&b<c>\"d\"",
    "msiexec /i https://x.example/a.msi",
    "cmd /c ",
    "Tools & Co",
    "10.0.0.5",
];

/// How many texts of [`JUNK`], its first, are lines of other logs.
const LINES: usize = 6;

/// Bytes that stand between events in damaged files.
const JUNK: &[&str] = &[
    // Lines of other logs, which make a log of lines of a file that starts with one.
    "type=EXECVE msg=audit(1577934245.678:9): argc=4 a0=\"msiexec\" a1=\"/i\" a2=\"https://x.example/a.msi\" a3=\"kernels\"\n",
    "node=srv-02 type=USER_CMD msg=audit(1577934245.678:9): msg='cmd=\"MSIEXEC /I HTTPS://X.EXAMPLE/A.MSI\" acct=\"alice\" res=success'\n",
    "192.0.2.1 - alice [02/Jan/2020:03:04:05 +0000] \"GET https://x.example/a.msi HTTP/1.1\" 200 1 \"-\" \"msiexec /i\"\n",
    "1577934245.678 1 192.0.2.1 TCP_MISS/200 1 GET https://x.example/a.msi alice DIRECT/192.0.2.9 a/b\n",
    "<13>Jan  2 03:04:05 srv-02 sudo[1]: alice : COMMAND=msiexec /i https://x.example/a.msi\n",
    "{\"event_simpleName\":\"ProcessRollup2\",\"aid\":\"a\",\"cid\":\"c\",\"ComputerName\":\"srv-02\",\"UserName\":\"alice\",\"CommandLine\":\"msiexec /i https://x.example/a.msi\",\"timestamp\":\"1577934245678\"}\n",
    "\n",
    "\0\0\0\0",
    "\r\n\r\n",
    "<",
    "{",
    "[",
    "]",
    "}",
    ",",
    "\"",
    "'",
    "<Event",
    "<Event>",
    "<Event xmlns='x'><System>",
    "</Event>",
    "</Events>",
    "<Events>",
    "<?xml version='1.0'?>",
    "<!--",
    "-->",
    "{\"a\":",
    "{\"preview\":false}",
    "{\"results\":[",
    "{\"EventID\":4688,",
    "]}",
    "02/22/2021 11:07:20 PM\n",
    "LogName=Security\n",
    "EventCode=4688\n",
    "Message=",
    "Type=Process\n",
    ".msi",
    "https://x.example/a.msi",
    "\u{feff}",
    "<13>Feb 22 23:07:20 host ",
    "x",
    "ElfFile\0",
];

/// What of an event is made up.
#[derive(Debug, Clone)]
struct Seed {
    kind: Kind,
    seconds: i64,
    host: usize,
    who: usize,
    image: usize,
    command_line: String,
}

/// Part of a file.
#[derive(Debug, Clone)]
enum Part {
    /// Events in one style.
    Events { style: Style, escapes: Escapes, events: Vec<Seed>, wrapped: usize },
    /// The same, cut off after so many thousandths.
    Torn { style: Style, escapes: Escapes, events: Vec<Seed>, keep: usize },
    /// Something else.
    Junk(Vec<u8>),
    /// Many events without a hit, so that files are mapped and cut.
    Bulk { style: Style, count: usize },
}

/// How a file is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Storage {
    Plain,
    Gzip,
    Utf16 { big: bool, mark: bool },
}

#[derive(Debug, Clone)]
enum File {
    Text {
        parts: Vec<Part>,
        storage: Storage,
        /// Places (in thousandths of the file) and bytes to put there.
        damage: Vec<(usize, u8)>,
        /// Texts to replace, and by what.
        tear: Vec<(&'static str, String)>,
    },
    Evtx {
        events: Vec<Seed>,
        bulk: usize,
        damage: Vec<(usize, u8)>,
    },
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        12 => prop::sample::select(PIECES).prop_map(str::to_owned),
        12 => prop::sample::select(HOT).prop_map(str::to_owned),
        1 => "[ -~]{1,8}",
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..7).prop_map(|pieces| pieces.concat())
}

fn seed() -> impl Strategy<Value = Seed> {
    let kind = prop_oneof![4 => Just(Kind::Process), 6 => prop::sample::select(&Kind::ALL[..])];
    // Few seconds, so that groups have several events and times tie.
    (kind, 0i64..6, 0usize..3, 0usize..3, 0usize..3, text()).prop_map(
        |(kind, seconds, host, who, image, command_line)| Seed {
            kind,
            seconds,
            host,
            who,
            image,
            command_line,
        },
    )
}

/// Every kind of style as often as the others, however many there are of it.
fn style() -> impl Strategy<Value = Style> {
    let kinds = Style::all().fold(Vec::<Vec<Style>>::new(), |mut kinds, style| {
        let kind = std::mem::discriminant(&style);
        let known = kinds.iter_mut().find(|list| std::mem::discriminant(&list[0]) == kind);
        match known {
            Some(list) => list.push(style),
            None => kinds.push(vec![style]),
        }
        kinds
    });
    prop::sample::select(kinds).prop_flat_map(prop::sample::select)
}

fn escapes() -> impl Strategy<Value = Escapes> {
    prop::sample::select(&Escapes::ALL[..])
}

fn seeds(most: usize) -> impl Strategy<Value = Vec<Seed>> {
    prop::collection::vec(seed(), 1..=most)
}

fn junk() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::collection::vec(prop::sample::select(JUNK), 1..6);
    prop_oneof![
        3 => pieces.prop_map(|pieces| pieces.concat().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 1..40),
    ]
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        8 => (style(), escapes(), seeds(4), prop_oneof![2 => Just(0), 1 => 1usize..4])
            .prop_map(|(style, escapes, events, wrapped)| Part::Events { style, escapes, events, wrapped }),
        // XML in JSON, with much to escape in both.
        2 => (
            prop::sample::select(XmlLayout::ALL.map(Style::Xml).to_vec()),
            prop::sample::select(vec![Escapes::Ascii, Escapes::Numbers]),
            seeds(2),
            1usize..4,
        )
            .prop_map(|(style, escapes, events, wrapped)| Part::Events { style, escapes, events, wrapped }),
        2 => (style(), escapes(), seeds(3), 0usize..1000)
            .prop_map(|(style, escapes, events, keep)| Part::Torn { style, escapes, events, keep }),
        2 => junk().prop_map(Part::Junk),
        1 => (style(), 20usize..60).prop_map(|(style, count)| Part::Bulk { style, count }),
    ]
}

/// Texts that the rules look for, and that stand in values alone.
const SOUGHT: [&str; 5] = [".msi", "msiexec", "x.example", "alice", "kernels"];

/// How many ways there are to tear a text.
const TEARS: usize = 9;

/// Texts and what to put in their place everywhere: the same text with something in the middle
/// that readers take out again, or do not.
fn torn(how: usize) -> Vec<(&'static str, String)> {
    let tear = |text: &'static str| {
        let (before, rest) = text.split_at(text.len() / 2);
        let (middle, after) = rest.split_at(1);
        let number = u32::from(middle.as_bytes()[0]);
        let middle = match how {
            0 => format!("<![CDATA[{middle}]]>"),
            1 => format!("<!-- x -->{middle}"),
            2 => format!("<?x?>{middle}"),
            3 => format!("&#{number};"),
            4 => format!("&#x{number:02X};"),
            5 => format!("<x>{middle}</x>"),
            6 => format!("\\u{number:04x}"),
            7 => format!("\\u005cu{number:04X}"),
            _ => format!("\0{middle}"),
        };
        (text, format!("{before}{middle}{after}"))
    };
    SOUGHT.map(tear).to_vec()
}

/// Torn texts, or another way to write some punctuation.
fn tear() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    const OTHERS: [(&str, &str); 6] =
        [("\\n", "\n"), ("\n", ""), ("'", "\""), ("\"", "'"), ("&", "\\u0026"), ("<", "\\u003c")];
    prop_oneof![
        6 => Just(Vec::new()),
        3 => (0..TEARS).prop_map(torn),
        1 => prop::sample::select(&OTHERS[..]).prop_map(|(from, to)| vec![(from, to.to_owned())]),
    ]
}

fn file() -> impl Strategy<Value = File> {
    let storage = prop_oneof![
        6 => Just(Storage::Plain),
        1 => Just(Storage::Gzip),
        1 => (any::<bool>(), any::<bool>()).prop_map(|(big, mark)| Storage::Utf16 { big, mark }),
    ];
    let damage = || {
        prop_oneof![
            4 => Just(Vec::new()),
            1 => prop::collection::vec((0usize..1000, any::<u8>()), 1..4),
        ]
    };
    let text = (prop::collection::vec(part(), 1..4), storage, damage(), tear())
        .prop_map(|(parts, storage, damage, tear)| File::Text { parts, storage, damage, tear });
    let evtx = (seeds(6), prop_oneof![2 => Just(0usize), 1 => 60usize..200], damage())
        .prop_map(|(events, bulk, damage)| File::Evtx { events, bulk, damage });
    prop_oneof![6 => text, 1 => evtx]
}

/// Makes events of seeds.
struct Maker {
    accounts: [Account<'static>; 3],
    details: Details,
    record_id: u64,
}

impl Maker {
    fn new() -> Self {
        let account = |name, sid: &str| Account { name, domain: "CORP", sid: sid.parse().unwrap() };
        Self {
            accounts: [
                account("alice", "S-1-5-21-1-2-3-1001"),
                account("bob", "S-1-5-21-1-2-3-1002"),
                account("-", "S-1-5-18"),
            ],
            details: Details::default(),
            record_id: 0,
        }
    }

    fn happening<'a>(&'a self, seed: &'a Seed) -> Happening<'a> {
        const HOSTS: [&str; 3] = ["ws-01.x.example", "srv-02", "caf\u{e9}&co"];
        const IMAGES: [&str; 3] = [
            r"C:\Windows\System32\msiexec.exe",
            r"C:\Windows\System32\cmd.exe",
            r"C:\Program Files\Tools & Co\run.exe",
        ];
        let account = &self.accounts[seed.who];
        Happening {
            kind: seed.kind,
            time: Timestamp::from_second(1_613_991_598 + seed.seconds).unwrap(),
            record_id: self.record_id,
            computer: HOSTS[seed.host],
            account,
            target: (seed.who == 1).then_some(&self.accounts[0]),
            command_line: &seed.command_line,
            image: IMAGES[seed.image],
            parent_image: r"C:\Windows\explorer.exe",
            parent_command_line: &seed.command_line,
            process_id: 4688,
            parent_process_id: 16,
        }
    }

    fn text(&mut self, style: Style, escapes: Escapes, events: &[Seed]) -> Vec<u8> {
        let mut writer = Writer::with_escapes(style, escapes, Vec::new());
        for seed in events {
            self.record_id += 1;
            let mut details = std::mem::take(&mut self.details);
            self.happening(seed).event(&mut details, |event| writer.write(event)).unwrap();
            self.details = details;
        }
        writer.finish().unwrap()
    }

    fn evtx(&mut self, events: &[Seed]) -> Vec<u8> {
        let mut writer = EvtxWriter::new(Cursor::new(Vec::new())).unwrap();
        for seed in events {
            self.record_id += 1;
            let mut details = std::mem::take(&mut self.details);
            self.happening(seed).event(&mut details, |event| writer.write(event)).unwrap();
            self.details = details;
        }
        writer.finish().unwrap().into_inner()
    }
}

/// Events without a hit.
fn bulk(count: usize) -> Vec<Seed> {
    let seed = |at: usize| Seed {
        kind: if at.is_multiple_of(7) { Kind::Sysmon } else { Kind::Logon },
        seconds: (at % 11) as i64,
        host: at % 3,
        who: 1,
        image: 1,
        command_line: "cmd /c dir".to_owned(),
    };
    (0..count).map(seed).collect()
}

/// Each line as a string in an envelope.
fn wrap(text: &[u8], escapes: Escapes) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    let mut out = String::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let mut quoted = serde_json::to_string(line).unwrap();
        if escapes != Escapes::Least {
            quoted = quoted.replace('&', "\\u0026").replace('<', "\\u003c").replace('/', "\\/");
        }
        if escapes == Escapes::Numbers {
            quoted =
                quoted.replace("\\\\", "\\u005c").replace('#', "\\u0023").replace('!', "\\u0021");
        }
        let key = if escapes == Escapes::Ascii { "_raw" } else { "event" };
        out += &format!("{{\"{key}\":{quoted}}}\n");
    }
    out.into_bytes()
}

impl Part {
    fn bytes(&self, maker: &mut Maker) -> Vec<u8> {
        match self {
            Self::Events { style, escapes, events, wrapped } => {
                let mut text = maker.text(*style, *escapes, events);
                for at in 0..*wrapped {
                    text = wrap(&text, Escapes::ALL[(at + *wrapped) % 4]);
                }
                text
            }
            Self::Torn { style, escapes, events, keep } => {
                let mut text = maker.text(*style, *escapes, events);
                text.truncate(text.len() * keep / 1000);
                text
            }
            Self::Junk(bytes) => bytes.clone(),
            Self::Bulk { style, count } => maker.text(*style, Escapes::Least, &bulk(*count)),
        }
    }
}

impl File {
    /// Its bytes before they are compressed.
    fn bytes(&self, maker: &mut Maker) -> Vec<u8> {
        let (mut bytes, damage) = match self {
            Self::Text { parts, damage, tear, .. } => {
                let mut bytes: Vec<u8> = parts.iter().flat_map(|part| part.bytes(maker)).collect();
                for (from, to) in tear {
                    bytes = replace_all(&bytes, from.as_bytes(), to.as_bytes());
                }
                (bytes, damage)
            }
            Self::Evtx { events, bulk: count, damage } => {
                let mut events = events.clone();
                let middle = events.len() / 2;
                events.splice(middle..middle, bulk(*count));
                (maker.evtx(&events), damage)
            }
        };
        for (place, byte) in damage {
            let at = bytes.len() * place / 1000;
            if let Some(there) = bytes.get_mut(at) {
                *there = *byte;
            }
        }
        match self {
            Self::Text { storage: Storage::Utf16 { big, mark }, .. } => {
                let mut writer = Utf16::new(Vec::new(), *big, *mark).unwrap();
                writer.write_all(&bytes).unwrap();
                writer.finish().unwrap()
            }
            _ => bytes,
        }
    }

    fn is_packed(&self) -> bool {
        matches!(self, Self::Text { storage: Storage::Gzip, .. })
    }
}

fn replace_all(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memmem::find(rest, from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = GzipMembers::new(Vec::new(), 3000);
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// Writes a file. Events that carry no time get their file's, so all files have the same.
fn write(path: &Path, bytes: &[u8]) {
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(bytes).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_613_991_600)).unwrap();
}

/// The folders of one corpus: as generated, all compressed, with names in another order.
struct Corpus {
    root: PathBuf,
}

impl Corpus {
    fn write(root: &Path, files: &[File]) -> Self {
        let mut maker = Maker::new();
        for folder in ["plain", "packed", "renamed"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        for (at, file) in files.iter().enumerate() {
            let bytes = file.bytes(&mut maker);
            let stored = if file.is_packed() { gzip(&bytes) } else { bytes.clone() };
            write(&root.join(format!("plain/{at:02}")), &stored);
            write(&root.join(format!("packed/{at:02}")), &gzip(&bytes));
            write(&root.join(format!("renamed/{:02}", 99 - at)), &stored);
        }
        Self { root: root.to_owned() }
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }
}

/// One way to run a sweep.
#[derive(Debug, Clone, Copy)]
struct Setting {
    folder: &'static str,
    threads: usize,
    shard_size: usize,
    prefilter: bool,
    map: MapChoice,
}

/// Larger than any file here.
const ONE_SHARD: usize = 8 << 20;

/// The setting too simple to be wrong.
const NAIVE: Setting = Setting {
    folder: "plain",
    threads: 1,
    shard_size: ONE_SHARD,
    prefilter: false,
    map: MapChoice::Auto,
};

/// Every other setting is compared with it.
const SETTINGS: &[Setting] = &[
    Setting { prefilter: true, ..NAIVE },
    Setting { prefilter: true, shard_size: 1, threads: 2, ..NAIVE },
    Setting { prefilter: true, shard_size: 64, threads: 8, map: MapChoice::Never, ..NAIVE },
    Setting { prefilter: true, shard_size: 4096, threads: 8, ..NAIVE },
    Setting { prefilter: true, shard_size: 4096, threads: 2, map: MapChoice::Never, ..NAIVE },
    Setting { shard_size: 1, threads: 8, ..NAIVE },
    Setting { shard_size: 64, threads: 2, ..NAIVE },
    Setting { shard_size: 4096, map: MapChoice::Never, ..NAIVE },
    Setting { folder: "packed", prefilter: true, threads: 2, ..NAIVE },
    Setting { folder: "packed", shard_size: 64, threads: 2, ..NAIVE },
    Setting { folder: "packed", prefilter: true, shard_size: 4096, ..NAIVE },
    Setting { folder: "renamed", prefilter: true, shard_size: 4096, threads: 2, ..NAIVE },
];

fn run(corpus: &Corpus, plans: &[Plan], reading: Reading, setting: Setting) -> (String, Outcome) {
    let options = Options {
        threads: setting.threads,
        shard_size: setting.shard_size,
        prefilter: setting.prefilter,
        // Which clause is searched for must not matter.
        sample_from: if setting.threads == 1 { u64::MAX } else { 0 },
        map: setting.map,
        reading,
        // Offsets and raw texts must not differ either, but for the names of the files.
        evidence: setting.folder == NAIVE.folder,
        ..Options::default()
    };
    let paths = [corpus.folder(setting.folder)];
    let mut outcome =
        scan(plans, &Cim::builtin(), &paths, &options, &Progress::default()).expect("it starts");
    outcome.skipped.retain(|_| setting.folder == NAIVE.folder);
    (rows(plans, &outcome), outcome)
}

fn rows(plans: &[Plan], outcome: &Outcome) -> String {
    let mut out = Vec::new();
    write_rows(OutputFormat::Jsonl, plans, outcome, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Rows without their evidence.
fn bare(rows: &str) -> String {
    rows.lines()
        .map(|line| {
            let mut row: serde_json::Value = serde_json::from_str(line).unwrap();
            row.as_object_mut().unwrap().remove("_evidence");
            row.to_string() + "\n"
        })
        .collect()
}

/// Whether the rows of these rules depend on the order of events of the same time.
fn ordered(rules: &Range<usize>) -> bool {
    RULES[rules.start..rules.end.min(RULES.len())].iter().any(|(_, ordered)| *ordered)
}

fn first_difference(found: &str, expected: &str) -> String {
    let pair = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
    let count = format!("{} rows for {}", found.lines().count(), expected.lines().count());
    match pair {
        Some((found, expected)) => format!("{count}\nfound    {found}\nexpected {expected}"),
        None => count,
    }
}

fn check(
    files: &[File],
    rules: Range<usize>,
    strict: bool,
    settings: &[Setting],
) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let corpus = Corpus::write(folder.path(), files);
    let reading = if strict { Reading::STRICT } else { Reading::AS_MEANT };
    let plans = &plans(reading)[rules.clone()];
    let (expected, naive) = run(&corpus, plans, reading, NAIVE);
    let bare_expected = bare(&expected);
    // By prefilter: what is damaged is found by all settings that read it.
    let mut skipped = [Some(naive.skipped), None];
    for setting in settings {
        if setting.folder == "renamed" && ordered(&rules) {
            continue;
        }
        let (found, outcome) = run(&corpus, plans, reading, *setting);
        let same_names = setting.folder == NAIVE.folder;
        let (found, expected) =
            if same_names { (found, &expected) } else { (bare(&found), &bare_expected) };
        let mut difference = (found != *expected).then(|| first_difference(&found, expected));
        if same_names {
            let known =
                skipped[usize::from(setting.prefilter)].get_or_insert(outcome.skipped.clone());
            if *known != outcome.skipped && difference.is_none() {
                difference = Some(format!("skipped {:?}\nexpected {known:?}", outcome.skipped));
            }
        }
        if let Some(difference) = difference {
            return failure(&corpus, plans, strict, *setting, &difference);
        }
    }
    Ok(())
}

fn failure(
    corpus: &Corpus,
    plans: &[Plan],
    strict: bool,
    setting: Setting,
    difference: &str,
) -> Result<(), TestCaseError> {
    let kept = keep(corpus);
    let searches: Vec<_> = plans.iter().map(|plan| plan.rule.search.as_str()).collect();
    Err(TestCaseError::fail(format!(
        "{setting:?}\nrules {searches:#?}, strict: {strict}\n{difference}\nfiles in {}",
        kept.display()
    )))
}

/// Copies a corpus to where it stays.
fn keep(corpus: &Corpus) -> PathBuf {
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join("switches-failure");
    let _ = std::fs::remove_dir_all(&to);
    for folder in ["plain", "packed", "renamed"] {
        std::fs::create_dir_all(to.join(folder)).unwrap();
        for entry in std::fs::read_dir(corpus.folder(folder)).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, to.join(folder).join(path.file_name().unwrap())).unwrap();
        }
    }
    to
}

fn cases(default: u32) -> Config {
    let cases = std::env::var("COLDSWEEP_PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    Config {
        cases: cases.unwrap_or(default),
        max_shrink_iters: 400,
        // What fails is kept as files, which say more than a seed.
        failure_persistence: None,
        ..Config::default()
    }
}

/// Rules that run together: one, some neighbours, or all those without a guard.
fn rules() -> impl Strategy<Value = Range<usize>> {
    let guarded = RULES.iter().position(|(search, _)| *search == FIRST_UNGUARDED).unwrap();
    prop_oneof![
        1 => (0..=RULES.len()).prop_map(|at| at..at + 1),
        1 => (0..guarded, 2usize..5).prop_map(move |(at, count)| at..(at + count).min(guarded)),
        1 => Just(guarded..RULES.len() + 1),
    ]
}

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn no_switch_changes_the_answer(
        files in prop::collection::vec(file(), 1..4),
        rules in rules(),
        strict in prop::bool::weighted(0.3),
        settings in prop::sample::subsequence(SETTINGS, 4),
    ) {
        check(&files, rules, strict, &settings)?;
    }
}

proptest! {
    #![proptest_config(cases(80))]

    /// Every rule alone, so that no other keeps the prefilter from skipping anything.
    #[test]
    fn the_prefilter_is_sound(
        files in prop::collection::vec(file(), 1..3),
        strict in prop::bool::weighted(0.3),
    ) {
        check_each_rule(&files, strict)?;
    }
}

fn check_each_rule(files: &[File], strict: bool) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let corpus = Corpus::write(folder.path(), files);
    let reading = if strict { Reading::STRICT } else { Reading::AS_MEANT };
    let plans = plans(reading);
    let (_, mut naive) = run(&corpus, plans, reading, NAIVE);
    let of_rules = std::mem::take(&mut naive.rows);
    for (at, plan) in plans.iter().enumerate() {
        if plan.text_guards.is_empty() && plan.evtx_guards.is_empty() {
            continue;
        }
        let plans = &plans[at..=at];
        let setting = Setting { prefilter: true, ..NAIVE };
        let (found, _) = run(&corpus, plans, reading, setting);
        naive.rows = vec![of_rules[at].clone()];
        let expected = rows(plans, &naive);
        if found != expected {
            return failure(&corpus, plans, strict, setting, &first_difference(&found, &expected));
        }
    }
    Ok(())
}

/// What has failed before.
#[test]
fn what_has_differed_once() {
    let junk = |text: &str, storage| File::Text {
        parts: vec![Part::Junk(text.as_bytes().to_vec())],
        storage,
        damage: Vec::new(),
        tear: Vec::new(),
    };
    // What is said of the end of a document that was read in one byte at a time.
    let files = [junk("{\"preview\":false}</Events>", Storage::Gzip)];
    check(&files, 0..1, false, SETTINGS).unwrap();
}

/// Every way to tear a text, in every format that may be torn so.
#[test]
fn torn_texts_are_not_passed_over() {
    let seed = |command_line: &str| Seed {
        kind: Kind::Process,
        seconds: 0,
        host: 0,
        who: 0,
        image: 0,
        command_line: command_line.to_owned(),
    };
    let events: Vec<_> = HOT.iter().map(|piece| seed(piece)).collect();
    for how in 0..TEARS {
        let styles = [
            Style::Xml(XmlLayout::Lines),
            Style::Collector(Payload::Text(Inner::Xml), Separator::Newline),
            Style::Json(Exporter::NxLog, Arrangement::Lines),
        ];
        let files = styles.map(|style| File::Text {
            parts: vec![Part::Events {
                style,
                escapes: Escapes::Least,
                events: events.clone(),
                wrapped: 0,
            }],
            storage: Storage::Plain,
            damage: Vec::new(),
            tear: torn(how),
        });
        check_each_rule(&files, false).unwrap();
    }
}

/// The generated corpora are of use only if the rules find something in them.
#[test]
fn every_rule_finds_something() {
    let mut maker = Maker::new();
    let folder = tempfile::tempdir().unwrap();
    let pieces = |at: usize| -> String {
        (0..5).map(|piece| PIECES[(at * 31 + piece * 17 + at / 3) % PIECES.len()]).collect()
    };
    // Every piece alone in every kind of event, and some of several pieces.
    let alone = PIECES.len() * Kind::ALL.len();
    let events: Vec<_> = (0..alone + 100)
        .map(|at| Seed {
            kind: Kind::ALL[at % Kind::ALL.len()],
            seconds: (at % 5) as i64,
            host: at % 3,
            who: at % 2,
            image: at % 3,
            command_line: match PIECES.get(at / Kind::ALL.len()) {
                Some(piece) => (*piece).to_owned(),
                None => pieces(at),
            },
        })
        .collect();
    // As XML with its message each says the most.
    let bytes = maker.text(Style::Xml(XmlLayout::Rendered), Escapes::Least, &events);
    write(&folder.path().join("events.xml"), &bytes);
    write(&folder.path().join("lines.log"), JUNK[..LINES].concat().as_bytes());
    let plans = plans(Reading::AS_MEANT);
    let options = Options { threads: 2, ..Options::default() };
    let paths = [folder.path().to_owned()];
    let outcome = scan(plans, &Cim::builtin(), &paths, &options, &Progress::default()).unwrap();
    for (plan, rows) in plans.iter().zip(&outcome.rows) {
        assert!(!rows.is_empty(), "{}", plan.rule.search);
    }
}

/// Where every event has a hit, text is framed without being searched first. It must not show: in
/// the rows, nor in what is told of damage, wherever shards are cut.
#[test]
fn a_hit_in_every_event_changes_the_way_and_not_the_answer() {
    let mut text = Vec::new();
    for at in 0..2_000 {
        let (command, close) = match at % 40 {
            7 => ("cmd.exe", "}"),
            11 => ("msiexec /i http://h.example/a.msi", "}"),
            // Damage beside a hit is told, damage elsewhere is not.
            17 => ("msiexec /i http://h.example/torn.msi", ""),
            23 => ("cmd.exe /c torn", ""),
            _ => ("msiexec /x local.msi://", "}"),
        };
        let time = format!("2024-03-11 08:{:02}:{:02}", at / 60 % 60, at % 60);
        writeln!(
            text,
            "{{\"EventTime\":\"{time}\",\"Hostname\":\"h\",\"EventID\":4688,\
             \"SourceName\":\"Microsoft-Windows-Security-Auditing\",\"Channel\":\"Security\",\
             \"CommandLine\":\"{command}\"{close}"
        )
        .unwrap();
    }
    // That a log was cut short is told, whatever its last event holds.
    write!(text, "{{\"EventTime\":\"2024-03-11 09:00:00\",\"CommandLine\":\"cmd.exe").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    std::fs::write(&path, text).unwrap();
    let plans = [common::seed_plan(Reading::AS_MEANT)];
    let sweep = |shard_size, prefilter| {
        let options = Options { threads: 1, shard_size, prefilter, ..Options::default() };
        let paths = [path.clone()];
        scan(&plans, &Cim::builtin(), &paths, &options, &Progress::default()).unwrap()
    };
    let large = sweep(4 << 20, true);
    assert!(large.counters.unfiltered > 100_000, "{}", large.counters.unfiltered);
    assert_eq!(large.counters.matched, 50);
    let told = |outcome: &Outcome| outcome.skipped.len() as u64 + outcome.skipped_more;
    assert_eq!(told(&large), 51, "{:?}", large.skipped.first());
    for small in [sweep(1, true), sweep(20_000, true)] {
        assert_eq!(rows(&plans, &small), rows(&plans, &large));
        assert_eq!((&small.skipped, told(&small)), (&large.skipped, 51));
    }
    let off = sweep(4 << 20, false);
    assert_eq!(rows(&plans, &off), rows(&plans, &large));
    assert_eq!((off.counters.unfiltered, told(&off)), (0, 101));
}
