//! Broken and hostile input: it is told with path, offset and reason, everything else is read,
//! nothing hangs, and memory stays small.
//!
//! Every case stands beside a good file, whose row must be found.

mod common;

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use coldsweep::cim::Cim;
use coldsweep::plan::Plan;
use coldsweep::reading::Reading;
use coldsweep::scan::{Options, Outcome, Progress, Severity, scan};
use common::logs;
use common::program::{Program, Run};

/// The folder of a case: a good file, and what the case puts beside it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("good.xml"), logs::xml("good", 59, "good")).unwrap();
        Self(dir)
    }

    fn with(name: &str, bytes: &[u8]) -> Self {
        let folder = Self::new();
        std::fs::write(folder.path().join(name), bytes).unwrap();
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Sweeps the folder from within, so that messages name no temporary folder.
    fn sweep(&self) -> Run {
        let run = Program::new(["scan", "."]).within(self.path()).run();
        let good = run.rows().iter().filter(|row| row["host"] == "good").count();
        assert_eq!(good, 1, "the good file's row\n{}\n{}", run.stdout, run.stderr);
        run
    }
}

/// Rows beside that of the good file.
fn other_rows(run: &Run) -> usize {
    run.rows().len() - 1
}

/// A file of a case: its bytes, how many rows it gives, and what is said of it: `OFFSET: REASON`,
/// or `REASON` where it is about the whole file.
struct Case {
    name: &'static str,
    bytes: Vec<u8>,
    rows: usize,
    says: &'static [&'static str],
}

/// Events in the log that the EVTX cases break, and how many of them a chunk holds.
const EVENTS: usize = 100;
const IN_A_CHUNK: usize = 32;

const CHUNK: usize = 65_536;
const FIRST_CHUNK: usize = 4096;
const FIRST_RECORD: usize = FIRST_CHUNK + 512;

fn evtx_with(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut log = logs::evtx("evtx", EVENTS);
    change(&mut log);
    log
}

fn evtx_cases() -> Vec<Case> {
    let case = |name, rows, says, bytes| Case { name, bytes, rows, says };
    vec![
        case("whole", EVENTS, &[], evtx_with(|_| ())),
        case(
            "cut within a chunk",
            2 * IN_A_CHUNK + 17,
            &[
                "135168: the chunk is cut short",
                "the file ends within a chunk: its last records are cut off",
            ],
            evtx_with(|log| log.truncate(FIRST_CHUNK + 2 * CHUNK + 36_000)),
        ),
        case(
            "cut between chunks",
            2 * IN_A_CHUNK,
            &["135168: the file is cut short: its header counts 4 chunks, it has 2"],
            evtx_with(|log| log.truncate(FIRST_CHUNK + 2 * CHUNK)),
        ),
        case(
            "a header alone",
            0,
            &["4096: the file is cut short: its header counts 4 chunks, it has 0"],
            evtx_with(|log| log.truncate(FIRST_CHUNK)),
        ),
        case(
            "part of a header",
            0,
            &["0: the file ends within the header of the log"],
            evtx_with(|log| log.truncate(100)),
        ),
        case(
            "a wrong checksum",
            EVENTS,
            &["4096: the checksum of the chunk's header is wrong"],
            evtx_with(|log| log[FIRST_CHUNK + 124] ^= 1),
        ),
        case(
            "another byte than was summed",
            EVENTS,
            &["4608: the checksum of the chunk's records is wrong"],
            // In the middle of the letters that fill up the first event.
            evtx_with(|log| {
                let at = log.windows(40).position(|w| w.chunks(2).all(|c| c == b"x\0"));
                log[at.unwrap() + 100] = b'y';
            }),
        ),
        case(
            "a record of size 0",
            EVENTS - 1,
            &[
                "4608: the checksum of the chunk's records is wrong",
                "4608: the size of a record, 0, is wrong",
            ],
            evtx_with(|log| log[FIRST_RECORD + 4..FIRST_RECORD + 8].fill(0)),
        ),
        case(
            "a record larger than its chunk",
            EVENTS - 1,
            &[
                "4608: the checksum of the chunk's records is wrong",
                "4608: the size of a record, 131071, is wrong",
            ],
            evtx_with(|log| {
                log[FIRST_RECORD + 4..FIRST_RECORD + 8].copy_from_slice(&131_071u32.to_le_bytes());
            }),
        ),
        case(
            "a chunk without its magic",
            EVENTS,
            &["69632: the chunk's magic is lost"],
            evtx_with(|log| log[FIRST_CHUNK + CHUNK..][..8].fill(0)),
        ),
        case(
            "a chunk of other bytes",
            EVENTS - IN_A_CHUNK,
            &["69632: no chunk starts where one should"],
            evtx_with(|log| log[FIRST_CHUNK + CHUNK..][..CHUNK].fill(0xa5)),
        ),
    ]
}

fn text_cases() -> Vec<Case> {
    let case = |name, rows, says, bytes: Vec<u8>| Case { name, bytes, rows, says };
    let xml = |second| logs::xml("text", second, "a");
    let three = xml(1) + &xml(2) + &xml(3);
    let cut = three.len() - 60;
    vec![
        case("no bytes", 0, &[], vec![]),
        case("only line ends", 0, &[], vec![b'\n'; 100_000]),
        case("only blanks", 0, &[], b" \t\r\n".repeat(20_000)),
        case("only zeros", 0, &["nothing but zeros at its start"], vec![0; 100_000]),
        case(
            "prose",
            0,
            &["not a log in any known format"],
            b"Dear diary,\nno logs today.\n".to_vec(),
        ),
        case("an image", 0, &["not a log in any known format"], png()),
        case(
            "a pointer of Git LFS",
            0,
            &["a pointer of Git LFS: the file itself was not downloaded"],
            b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 12345\n".to_vec(),
        ),
        case("YAML", 0, &["not a log in any known format"], b"id: '1'\ntitle: a rule\n".to_vec()),
        case(
            "a head of a zip",
            0,
            &["the zip archive is damaged or cut short"],
            b"PK\x03\x04abc".to_vec(),
        ),
        case("tags without end", 0, &["not a log in any known format"], b"<Event".repeat(100_000)),
        case(
            "events without end",
            0,
            &["an XML event without its end tag"],
            b"<Event><System>".repeat(100_000),
        ),
        case("deep objects", 0, &["not a log in any known format"], b"{".repeat(1_000_000)),
        case("deep arrays", 0, &["not a log in any known format"], b"[".repeat(1_000_000)),
        case(
            "deep objects with keys",
            0,
            &["0: a JSON object that nests deeper than 128 levels"],
            b"{\"a\":".repeat(200_000),
        ),
        case("deep envelopes", 2, &["142: a JSON object that nests deeper than 128 levels"], {
            let deep = "{\"event\":".repeat(2000) + "\".msi\"" + &"}".repeat(2000);
            (logs::json("text", 1, "a") + &deep + "\n" + &logs::json("text", 2, "a")).into_bytes()
        }),
        case(
            "XML cut short",
            2,
            &["an XML event without its end tag"],
            three.as_bytes()[..cut].to_vec(),
        ),
        case("JSON cut short", 1, &["a JSON object that is cut short or broken"], {
            let two = logs::json("text", 1, "a") + &logs::json("text", 2, "a");
            two.as_bytes()[..two.len() - 40].to_vec()
        }),
        case("junk between events", 2, &["text that is no event"], {
            (xml(1) + "\n.msi junk\n" + &xml(2)).into_bytes()
        }),
        case(
            "UTF-16 of an odd length",
            3,
            &["text that is no event"],
            [logs::utf16(&three), vec![b'x']].concat(),
        ),
        case("UTF-16 with half a pair", 2, &[], {
            // In the first event's command line, which still matches.
            let mut bytes = logs::utf16(&(xml(1) + &xml(2)));
            let at = bytes.windows(6).position(|w| w == b"x\0.\0m\0").unwrap();
            bytes.splice(at..at, [0x00, 0xd8, b'y', 0]);
            bytes
        }),
        case("bytes that are not UTF-8", 3, &[], {
            let bad: &[u8] = b"x\xff\xfe\xc0\x80\xed\xa0\x80\xf8.msi";
            let parts: Vec<_> = three.split("x.msi").map(str::as_bytes).collect();
            parts.join(bad)
        }),
        case("NULs in an event", 1, &[], xml(1).replace("alice", "al\0\0ice").into_bytes()),
        case(
            "gzip cut short",
            1,
            &[
                "the gzip data is damaged or cut short, what came before was read: the file ends too early",
            ],
            {
                // The tail cannot be packed, so that cutting into it leaves the event whole.
                let packed = logs::gzip(&[xml(1).into_bytes(), noise(100_000)].concat());
                packed[..packed.len() - 50_000].to_vec()
            },
        ),
        case(
            "gzip with a wrong checksum",
            3,
            &["what came before was read: incorrect data check"],
            {
                let mut packed = logs::gzip(three.as_bytes());
                let at = packed.len() - 8;
                packed[at] ^= 1;
                packed
            },
        ),
        case("gzip of gzip", 3, &[], logs::gzip(&logs::gzip(three.as_bytes()))),
        case(
            "gzip of no log",
            0,
            &["gzip of what is not a log in any known format"],
            logs::gzip(b"prose\n"),
        ),
        case("a head of gzip", 0, &["the file ends too early"], b"\x1f\x8b\x08".to_vec()),
    ]
}

/// An image's first bytes.
fn png() -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), noise(1000)].concat()
}

/// Bytes without any pattern, and without line ends.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        128 | (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[test]
fn damage_is_told_and_the_rest_is_read() {
    let mut wrong = Vec::new();
    for case in evtx_cases().into_iter().chain(text_cases()) {
        let run = Folder::with("case", &case.bytes).sweep();
        let findings = run.findings();
        let told = case.says.iter().all(|say| {
            findings.iter().any(|finding| finding.contains("./case:") && finding.contains(say))
        });
        let silent = case.says.is_empty() && !findings.is_empty();
        let status = if case.says.is_empty() { 0 } else { 2 };
        if !told || silent || run.status != status || other_rows(&run) != case.rows {
            let first = &findings[..findings.len().min(5)];
            let rows = other_rows(&run);
            wrong.push(format!("{}: status {}, {rows} rows, {first:#?}", case.name, run.status));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The built-in rule, compiled once for many sweeps.
struct Sweeper(Vec<Plan>, Cim);

impl Sweeper {
    fn new() -> Self {
        Self(vec![common::seed_plan(Reading::AS_MEANT)], Cim::builtin())
    }

    fn sweep(&self, folder: &Folder, options: &Options) -> Outcome {
        scan(&self.0, &self.1, &[folder.path().to_owned()], options, &Progress::default()).unwrap()
    }
}

#[test]
fn a_cut_anywhere_is_told_and_costs_only_what_is_cut() {
    let sweeper = Sweeper::new();
    let (event, line) = (logs::xml("text", 1, "a"), logs::json("text", 1, "a"));
    let xml: String = (1..4).map(|second| logs::xml("text", second, "a")).collect();
    let json: String = (1..4).map(|second| logs::json("text", second, "a")).collect();
    for (log, length) in [(xml, event.len()), (json, line.len())] {
        for cut in (1..log.len()).step_by(if log.len() > 1000 { 3 } else { 1 }) {
            let folder = Folder::with("case", &log.as_bytes()[..cut]);
            let outcome = sweeper.sweep(&folder, &Options { threads: 1, ..Options::default() });
            // The line feed behind an event may be missing.
            let (whole, rest) = ((cut + 1) / length, (cut + 1) % length);
            assert_eq!(outcome.rows[0].len(), 1 + whole, "{cut}: {:?}", outcome.skipped);
            assert_eq!(outcome.skipped.is_empty(), rest <= 1, "{cut}: {:?}", outcome.skipped);
        }
    }
    let log = logs::evtx("evtx", EVENTS);
    for cut in (1..log.len()).step_by(3001).chain([FIRST_CHUNK, FIRST_RECORD, FIRST_CHUNK + CHUNK])
    {
        let folder = Folder::with("case", &log[..cut]);
        let outcome = sweeper.sweep(&folder, &Options { threads: 1, ..Options::default() });
        let chunks = cut.saturating_sub(FIRST_CHUNK) / CHUNK;
        let rows = outcome.rows[0].len() - 1;
        assert!((chunks * IN_A_CHUNK..=(chunks + 1) * IN_A_CHUNK).contains(&rows), "{cut}: {rows}");
        let told = outcome.skipped.iter().any(|finding| finding.severity == Severity::Error);
        assert!(told, "{cut}: {:?}", outcome.skipped);
    }
}

#[test]
fn damage_gives_the_same_however_it_is_read() {
    let sweeper = Sweeper::new();
    // Chunks as carving leaves them: some cut short by the next, none where one is due.
    let log = logs::evtx("evtx", EVENTS);
    let chunk = |at: usize| &log[FIRST_CHUNK + at * CHUNK..][..CHUNK];
    let carved = [
        &log[..FIRST_CHUNK],
        &chunk(0)[..40_000],
        &chunk(1)[..700],
        chunk(2),
        &[9; 3000],
        &chunk(3)[..CHUNK - 20],
        chunk(0),
        &[0; 70_000],
        chunk(1),
        &chunk(2)[..30],
    ]
    .concat();
    let torn = logs::json("text", 1, "a").repeat(3).replace("},", "} {\"torn\":").into_bytes();
    let document = format!("[\n {},\n {{\"a\": \".msi\",\n", logs::json("text", 2, "b").trim());
    for bytes in [carved, torn, document.into_bytes()] {
        let plain = Folder::with("case", &bytes);
        let expected = sweeper.sweep(&plain, &Options { threads: 1, ..Options::default() });
        for shard_size in [1, 700, 5000, 66_000, 140_000] {
            let options = Options { shard_size, threads: 3, ..Options::default() };
            let found = sweeper.sweep(&plain, &options);
            assert_eq!(found.rows, expected.rows, "{shard_size}");
            assert_eq!(found.skipped, expected.skipped, "{shard_size}");
            std::fs::write(plain.path().join("case"), logs::gzip(&bytes)).unwrap();
            let found = sweeper.sweep(&plain, &options);
            std::fs::write(plain.path().join("case"), &bytes).unwrap();
            assert_eq!(found.rows, expected.rows, "gzip, {shard_size}");
            assert_eq!(found.skipped, expected.skipped, "gzip, {shard_size}");
        }
    }
}

/// What is no file to be read. Reading as root, nothing is forbidden, so that "no permission" is
/// tried with files that nobody can read: `/proc/self/mem` at its start, a name that is too long.
#[cfg(unix)]
#[test]
fn paths_that_cannot_be_read() {
    use std::os::unix::fs::symlink;

    type Make = fn(&Path) -> std::io::Result<()>;
    let cases: &[(&str, Make, &str)] = &[
        ("a dangling link", |at| symlink("nowhere", at), "there is no such file or folder"),
        ("a link to itself", |at| symlink("case", at), "symbolic links"),
        (
            "a link to the folder above",
            |at| symlink(".", at),
            "a loop of links: it leads back to .",
        ),
        ("a folder with the name of a file", |at| std::fs::create_dir(at), ""),
        ("a pipe", make_pipe, "neither a file nor a folder (a device, socket or pipe)"),
        ("a device", |at| symlink("/dev/zero", at), "neither a file nor a folder"),
        (
            "a socket",
            |at| std::os::unix::net::UnixListener::bind(at).map(drop),
            "neither a file nor",
        ),
        ("unreadable", |at| symlink("/proc/self/mem", at), "cannot be read: Input/output error"),
    ];
    for (name, make, says) in cases {
        if name == &"unreadable" && !Path::new("/proc/self/mem").exists() {
            continue;
        }
        let folder = Folder::new();
        make(&folder.path().join("case")).unwrap();
        let run = folder.sweep();
        assert_eq!(run.status, if says.is_empty() { 0 } else { 2 }, "{name}: {}", run.stderr);
        let findings = run.findings();
        assert_eq!(findings.len(), usize::from(!says.is_empty()), "{name}: {findings:?}");
        assert!(
            findings.iter().all(|f| f.contains("./case: ") && f.contains(says)),
            "{findings:?}"
        );
    }
}

#[cfg(unix)]
fn make_pipe(at: &Path) -> std::io::Result<()> {
    let made = std::process::Command::new("mkfifo").arg(at).status()?;
    assert!(made.success());
    Ok(())
}

#[test]
fn paths_that_are_not_there() {
    let folder = Folder::new();
    let long = "x".repeat(400);
    for (path, says) in [("none", "no such file"), (long.as_str(), "name too long")] {
        let run = Program::new(["scan", path, "good.xml"]).within(folder.path()).run();
        assert_eq!((run.status, run.rows().len()), (2, 1));
        let told = run.stderr.to_lowercase();
        assert!(told.contains(&format!("error: {path}: ")) && told.contains(says), "{told}");
    }
    // A path given twice, or in two ways, is read once.
    let run = Program::new(["scan", "good.xml", ".", "./good.xml"]).within(folder.path()).run();
    assert!(run.stderr.contains("searched 1 file"), "{}", run.stderr);
}

/// Some data that is made piece by piece, packed or not.
fn large(path: &Path, pieces: &[(&[u8], usize)]) {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    for (piece, count) in pieces {
        for _ in 0..*count {
            file.write_all(piece).unwrap();
        }
    }
    file.flush().unwrap();
}

#[test]
fn large_hostile_files_take_little_memory_and_time() {
    const MIB: usize = 1 << 20;
    // Memory that a stream may hold: an event of 64 MiB, and as much again while its buffer grows.
    const BOUND: u64 = 256;
    let zeros = logs::gzip(&vec![0; MIB]);
    let letters = logs::gzip(&vec![b'x'; MIB]);
    let braces = logs::gzip(&b"{\"a\":".repeat(MIB / 5));
    let hit = logs::gzip(logs::xml("text", 1, "a").as_bytes());
    let line = logs::json("text", 1, "a");
    let open = "{\"EventID\":4688,\"CommandLine\":\"";
    let long = vec![b'x'; MIB];
    type Pieces<'p> = &'p [(&'p [u8], usize)];
    let cases: &[(&str, Pieces<'_>, usize, &[&str])] = &[
        ("a gibibyte of zeros", &[(&zeros, 1024)], 0, &["nothing but zeros"]),
        ("zeros between events", &[(&hit, 1), (&zeros, 300), (&hit, 1)], 1, &[]),
        ("a line without end", &[(&hit, 1), (&letters, 140), (&hit, 1)], 1, &[]),
        ("objects without end", &[(&braces, 80)], 0, &["text that is no event"]),
        (
            "one long string",
            &[(open.as_bytes(), 1), (&long, 100), (b".msi\"}\n", 1), (line.as_bytes(), 1)],
            1,
            &["case:0: an event longer than 64 MiB"],
        ),
        (
            "one long string, packed",
            &[
                (&logs::gzip(open.as_bytes()), 1),
                (&letters, 100),
                (&logs::gzip(format!(".msi\"}}\n{line}").as_bytes()), 1),
            ],
            1,
            &["text that is no event"],
        ),
    ];
    for (name, pieces, rows, says) in cases {
        let folder = Folder::new();
        large(&folder.path().join("case"), pieces);
        let run = folder.sweep();
        assert_eq!(other_rows(&run), *rows, "{name}: {}", run.stderr);
        assert!(run.peak < BOUND, "{name}: {} MiB", run.peak);
        let findings = run.findings();
        let told = says.iter().all(|say| findings.iter().any(|finding| finding.contains(say)));
        assert!(told && findings.is_empty() == says.is_empty(), "{name}: {findings:?}");
        assert_eq!(run.status, if says.is_empty() { 0 } else { 2 }, "{name}");
    }
}

#[test]
fn a_result_that_grows_past_its_limit_ends_the_sweep() {
    let folder = Folder::new();
    let many: String = (0..20_000)
        .map(|at| logs::xml(&format!("host{at}"), at % 60, &"long".repeat(50)))
        .collect();
    std::fs::write(folder.path().join("case"), many).unwrap();
    let run = Program::new(["scan", "--max-result", "1", "."]).within(folder.path()).run();
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("stopped: the result grew past --max-result"), "{}", run.stderr);
}

/// Texts whose decoding costs too much where something in it is quadratic: each matches the
/// built-in rule, so that it is decoded.
#[test]
fn no_event_takes_long_to_decode() {
    const COUNT: usize = 60_000;
    let command = "<Data Name='CommandLine'>msiexec /i http://a.test/b.msi</Data>";
    let xml = |inner: String| logs::xml_event("text", 1, "x").replace("</EventData>", &inner);
    let classic = logs::classic("text", 1, "a");
    let json = logs::json("text", 1, "a").trim_end().trim_end_matches('}').to_owned();
    let end = format!("{command}</EventData>");
    let cases = [
        xml("<a \"".repeat(COUNT) + &end),
        xml("<a '".repeat(COUNT) + &end),
        xml("<a>".repeat(COUNT) + &end),
        xml("</Data>".repeat(COUNT) + &end),
        xml("<![CDATA[".repeat(COUNT) + "]]>" + &end),
        xml("<Data Name='x'>y</Data>".repeat(COUNT) + &end),
        xml((0..COUNT).map(|at| format!("<Data Name='x{at}'>y</Data>")).collect::<String>() + &end),
        xml(format!("<Data Name='y'>{}</Data>{end}", "&#46;".repeat(COUNT))),
        xml(format!("<Data Name='y'>{}</Data>{end}", "&".repeat(COUNT))),
        xml(format!("<Data Name='CommandLine'>msiexec /i {}</Data>{end}", "http://".repeat(COUNT))),
        xml(format!("<Data Name='CommandLine'>{}</Data>{end}", "wtps://x ".repeat(COUNT))),
        xml(format!("<Data Name='CommandLine'>/i .msi {}</Data>", "w".repeat(COUNT))),
        xml(format!("<Data Name='CommandLine'>/i .msi {}</Data>", "\"".repeat(COUNT))),
        xml(format!("<Data Name='NewProcessName'>{}</Data>{end}", "\\".repeat(COUNT))),
        classic.clone() + &"\tLabel:\tvalue\r\n".repeat(COUNT),
        classic.clone()
            + &(0..COUNT).map(|at| format!("\tLabel {at}:\tvalue\r\n")).collect::<String>(),
        classic.clone() + &"=".repeat(COUNT),
        classic.clone() + &"{\"a\":1}\n".repeat(COUNT),
        classic.clone() + &"{\"".repeat(COUNT),
        classic.replace(
            "Message=",
            &((0..COUNT).map(|at| format!("K{at}=v\n")).collect::<String>() + "Message="),
        ),
        format!("{json}{}}}\n", ",\"k\":1".repeat(COUNT)),
        format!("{json}{}}}\n", (0..COUNT).map(|at| format!(",\"k{at}\":1")).collect::<String>()),
        format!("{json},\"k\":[{}1]}}\n", "1,".repeat(COUNT)),
        format!("{json},\"k\":[{}{{}}]}}\n", "{\"a\":1},".repeat(COUNT)),
        format!("{json},\"k\":\"{}\"}}\n", "\\u0041".repeat(COUNT)),
        format!("{json},\"k\":\"{}\"}}\n", "\\\\".repeat(COUNT)),
        format!("{json},\"k\":{}{}}}\n", "[".repeat(COUNT), "]".repeat(COUNT)),
        "{\"event\":".repeat(COUNT) + "\".msi\"",
        "{\"results\":[".repeat(COUNT) + "\".msi\"",
        "[".repeat(COUNT) + "{\"a\":\".msi\"}",
        "Type=Process\nCommandLine=\"x.msi\"\n".to_owned() + &"K=\"".repeat(COUNT),
    ];
    for (at, text) in cases.iter().enumerate() {
        let folder = Folder::with("case", text.as_bytes());
        let limit = Duration::from_secs(20);
        let run = Program::new(["scan", "-q", "."]).within(folder.path()).limit(limit).run();
        assert!(run.status != 1, "case {at}: {}", run.stderr);
    }
}

/// A rule that only a long walk can refuse must not keep a sweep from its end.
#[test]
fn a_regex_that_explodes_is_bounded() {
    let rule = coldsweep::rule::Rule::parse(
        r#"* | where match(CommandLine, "(a+)+(?=b)$") OR match(CommandLine, "good") | table host"#,
        "explodes.spl",
    );
    let plan: Plan = common::compile(rule.unwrap(), Reading::AS_MEANT);
    let folder = Folder::new();
    let evil = logs::xml_event("text", 1, &("a".repeat(50_000) + "!"));
    std::fs::write(folder.path().join("case"), evil.repeat(20)).unwrap();
    let started = std::time::Instant::now();
    let outcome = common::sweep(plan, &[folder.path().to_owned()], &Options::default());
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    assert_eq!(outcome.rows[0].len(), 1);
}
