//! A log in a container is searched like the log (issue "Archives as they are kept"): the same rows,
//! whatever is packed in what; limits hold; damage is told.

mod common;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use coldsweep::reading::Reading;
use coldsweep::report::{OutputFormat, write_rows};
use coldsweep::rule::Rule;
use coldsweep::scan::{Options, Progress, scan};
use common::logs;
use common::pack::{self, ARCHIVES, COMPRESSIONS, File};
use common::program::{Program, Run};
use zip::CompressionMethod;

/// Writes a file, as old as `pack::tar` says its members are.
fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    std::fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

/// The rows of two rules over a folder, under some options. The second asks for ties in time.
fn rows(folder: &Path, options: &Options) -> (String, Vec<String>) {
    let list = r#""msi" | stats list(process) as p, first(process) as f, count by host"#;
    let plans = vec![
        common::seed_plan(Reading::AS_MEANT),
        common::compile(Rule::parse(list, "list.spl").unwrap(), Reading::AS_MEANT),
    ];
    let cim = coldsweep::cim::Cim::builtin();
    let found = scan(&plans, &cim, &[folder.to_owned()], options, &Progress::default()).unwrap();
    let mut text = Vec::new();
    write_rows(OutputFormat::Jsonl, &plans, &found, &mut text).unwrap();
    let skipped = found.skipped.iter().map(|skipped| format!("{skipped:?}")).collect();
    (String::from_utf8(text).unwrap(), skipped)
}

fn files_under(folder: &Path, most: usize) -> Vec<File> {
    let mut files: Vec<File> = Vec::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.unwrap();
        if entry.file_type().is_file() && entry.metadata().unwrap().len() < most as u64 {
            let name = entry.path().strip_prefix(folder).unwrap().to_string_lossy().into_owned();
            files.push((name, std::fs::read(entry.path()).unwrap()));
        }
    }
    files
}

/// Logs with ties in time, in several formats.
fn small_logs() -> Vec<File> {
    let text = |make: fn(&str, usize, &str) -> String, mark: &str| {
        (0..20).map(|at| make("h", at % 3, &format!("{mark}{at}"))).collect::<String>().into_bytes()
    };
    vec![
        ("b/x.xml".into(), text(logs::xml, "x")),
        ("b.log".into(), text(logs::classic, "c")),
        ("a/j.json".into(), text(logs::json, "j")),
        ("e.evtx".into(), logs::evtx("h", 40)),
        ("u.xml".into(), logs::utf16(&logs::xml("h", 1, "u"))),
    ]
}

/// Every way to pack some files, members in an order that is not theirs.
fn packings(files: &[File]) -> Vec<(String, Vec<u8>)> {
    let mut backwards = files.to_vec();
    backwards.reverse();
    let mut all = Vec::new();
    for (archive, pack) in ARCHIVES {
        let bytes = pack(&backwards);
        all.push(((*archive).to_owned(), bytes));
    }
    for (compression, compress) in COMPRESSIONS {
        all.push((format!("tar in {compression}"), compress(&pack::tar(&backwards))));
    }
    let inner = pack::zip(&backwards, CompressionMethod::Deflated, None);
    let middle = logs::gzip(&pack::tar(&[("in.zip".into(), inner)]));
    let outer = pack::zip(&[("in.tar.gz".into(), middle)], CompressionMethod::Stored, None);
    all.push(("zip in tar in gzip in zip".into(), outer));
    all
}

fn same_rows(files: &[File]) {
    let plain = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        write(&plain.path().join("x").join(name), bytes);
    }
    let naive = Options { threads: 1, prefilter: false, ..Options::default() };
    let expected = rows(plain.path(), &naive).0;
    assert!(!expected.is_empty());
    for (name, bytes) in packings(files) {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join("x"), &bytes);
        for (threads, prefilter) in [(1, true), (4, true), (4, false)] {
            let options = Options { threads, prefilter, ..Options::default() };
            let found = rows(folder.path(), &options);
            assert!(found.0 == expected, "{name}: {:?}\n{}\n{expected}", found.1, found.0);
        }
    }
    for (name, compress) in COMPRESSIONS {
        let folder = tempfile::tempdir().unwrap();
        for (file, bytes) in files {
            write(&folder.path().join("x").join(file), &compress(bytes));
        }
        assert!(rows(folder.path(), &Options::default()).0 == expected, "{name}");
    }
}

#[test]
fn small_logs_give_the_same_rows_in_every_container() {
    same_rows(&small_logs());
}

#[test]
fn real_logs_give_the_same_rows_in_every_container() {
    let Some(shared) = common::shared("containers") else { return };
    let mut files = files_under(&shared.join("corpora"), 100_000);
    // Some without a hit, and all that may have one.
    let mut at = 0;
    files.retain(|(name, _)| {
        at += 1;
        !name.contains("damaged") && (name.contains("derived") || at % 10 == 0)
    });
    same_rows(&files);
}

#[test]
fn the_demo_corpus_gives_the_same_rows_in_every_container() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/demo");
    same_rows(&files_under(&root, 1 << 20));
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(bytes: &[u8]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        write(&folder.0.path().join("case"), bytes);
        folder
    }

    fn sweep(&self, more: &[&str]) -> Run {
        let arguments = ["scan", "--evidence", "case"].iter().chain(more);
        Program::new(arguments).within(self.0.path()).run()
    }
}

#[test]
fn members_are_named_and_hostile_names_are_shown_safely() {
    let log = logs::xml("h", 1, "m").into_bytes();
    let names = ["../../etc/x", "a\u{1b}[2J.xml", "b!c", "__MACOSX/._a", "dir/._b"];
    let files: Vec<File> = names.iter().map(|name| ((*name).into(), log.clone())).collect();
    let folder = Folder::with(&pack::zip(&files, CompressionMethod::Deflated, None));
    let run = folder.sweep(&[]);
    for name in ["case!../../etc/x", r"case!a\\x1b[2J.xml", r"case!b\\x21c"] {
        assert!(run.stdout.contains(name), "{name}: {}", run.stdout);
    }
    assert!(!run.stdout.contains("MACOSX") && !run.stdout.contains("._b"), "{}", run.stdout);
    assert_eq!(std::fs::read_dir(folder.0.path()).unwrap().count(), 1, "nothing is written");
    assert_eq!(run.status, 0, "{}", run.stderr);
}

#[test]
fn encrypted_members_need_their_password() {
    let files = [("a.xml".to_owned(), logs::xml("h", 1, "m").into_bytes())];
    let folder = Folder::with(&pack::zip(&files, CompressionMethod::Deflated, Some("infected")));
    assert_eq!(folder.sweep(&["--zip-password", "infected"]).rows().len(), 1);
    for (arguments, told) in
        [(&["--zip-password", "x"][..], "is not its password"), (&[], "give its password by")]
    {
        let run = folder.sweep(arguments);
        assert_eq!((run.status, run.rows().len()), (2, 0));
        assert!(run.stderr.contains(told) && run.stderr.contains("case!a.xml"), "{}", run.stderr);
    }
}

#[test]
fn limits_are_reported_and_the_rest_goes_on() {
    let hit = ("z.xml".to_owned(), logs::xml("h", 1, "m").into_bytes());
    let zeros = ("a".to_owned(), b"{\"a\":1}\n".repeat(10 << 20));
    let bomb = pack::zip(&[zeros, hit.clone()], CompressionMethod::Deflated, None);
    let run = Folder::with(&bomb).sweep(&["--max-expansion", "100"]);
    assert!(run.stderr.contains("--max-expansion"), "{}", run.stderr);
    assert_eq!((run.status, run.rows().len()), (2, 1), "{}", run.stderr);

    let mut nested = hit.1.clone();
    for _ in 0..9 {
        nested = logs::gzip(&nested);
    }
    let run = Folder::with(&nested).sweep(&[]);
    assert!(run.stderr.contains("gzip within 8 other containers"), "{}", run.stderr);
    assert_eq!(Folder::with(&nested).sweep(&["--max-depth", "9"]).rows().len(), 1);

    let many: Vec<File> = (0..100).map(|at| (format!("{at:03}.xml"), hit.1.clone())).collect();
    let run = Folder::with(&pack::tar(&many)).sweep(&["--max-members", "10"]);
    assert!(run.stderr.contains("only the first 10 members"), "{}", run.stderr);
    assert_eq!(run.rows().len(), 1);
}

/// A small generator, so that what fails fails again.
fn random(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize
}

/// The built-in rule's rows over one file, and what could not be read.
fn rows_of(bytes: &[u8]) -> (Vec<String>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("x"), bytes);
    let plans = vec![common::seed_plan(Reading::AS_MEANT)];
    let cim = coldsweep::cim::Cim::builtin();
    let paths: [PathBuf; 1] = [folder.path().to_owned()];
    let options = Options { threads: 2, ..Options::default() };
    let found = scan(&plans, &cim, &paths, &options, &Progress::default()).unwrap();
    let mut text = Vec::new();
    write_rows(OutputFormat::Jsonl, &plans, &found, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let skipped = found.skipped.iter().map(|skipped| format!("{skipped:?}")).collect();
    (text.lines().map(str::to_owned).collect(), skipped)
}

#[test]
fn damaged_containers_give_what_they_still_hold_and_say_so() {
    let cases = std::env::var("COLDSWEEP_DAMAGE_CASES").ok().and_then(|n| n.parse().ok());
    let cases = cases.unwrap_or(8);
    let mut state = 7;
    let log: String = (0..60).map(|at| logs::xml("h", at, &format!("m{at}"))).collect();
    // What cannot be packed lies behind each log, so that a cut tears it.
    let noise: String =
        (0..40_000).map(|_| char::from(b'!' + (random(&mut state) % 90) as u8)).collect();
    let log = log + &noise.replace(['<', '{'], "x");
    let files: Vec<File> =
        (0..3).map(|at| (format!("{at}.xml"), log.clone().into_bytes())).collect();
    let compressed =
        COMPRESSIONS.iter().map(|(name, pack)| ((*name).to_owned(), pack(log.as_bytes())));
    for (name, bytes) in compressed.chain(packings(&files)) {
        let (whole, _) = rows_of(&bytes);
        assert_eq!(whole.len(), 60, "{name}");
        for case in 0..cases {
            let cut = random(&mut state) % bytes.len();
            let (rows, skipped) = rows_of(&bytes[..cut]);
            assert!(rows.len() <= 60, "{name}: cut at {cut}");
            // Of a cut in the padding behind a tar, nothing need be said.
            let lost = rows.len() < 60 && cut > 0;
            assert!(!lost || !skipped.is_empty(), "{name}, {case}: cut at {cut}");
            let mut flipped = bytes.clone();
            flipped[random(&mut state) % bytes.len()] ^= 1 << (random(&mut state) % 8);
            rows_of(&flipped);
        }
    }
}
