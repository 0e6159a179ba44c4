//! A sweep in parts gives the rows of the whole: shards that are merged, a sweep that was killed and
//! started again.

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::program::{Program, Run};

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/demo")
}

fn run(folder: &Path, words: &str) -> Run {
    let demo = demo().to_string_lossy().into_owned();
    let words =
        words.split(' ').map(|word| if word == "DEMO" { demo.clone() } else { word.to_owned() });
    Program::new(words).within(folder).run()
}

/// The rows that a run wrote, with evidence, so that ties in time and places count.
const AS_WHOLE: &str = "scan DEMO --evidence -f jsonl -q";

#[test]
fn shards_merge_to_the_rows_of_the_whole_in_any_order() {
    let folder = tempfile::tempdir().unwrap();
    let whole = run(folder.path(), AS_WHOLE);
    assert_eq!(whole.status, 0);
    for of in [1, 2, 7, 40] {
        let mut names = Vec::new();
        for number in 1..=of {
            let name = format!("{number}-of-{of}");
            let words = format!(
                "scan DEMO --evidence -q --shard {number}/{of} --partial {name} -j {number}"
            );
            let shard = run(folder.path(), &words);
            assert_eq!((shard.status, shard.stdout.as_str()), (0, ""), "{}", shard.stderr);
            names.push(name);
        }
        names.reverse();
        let merged =
            run(folder.path(), &format!("merge --evidence -f jsonl -q {}", names.join(" ")));
        assert_eq!(merged.stdout, whole.stdout, "{of} shards");
        assert_eq!(merged.status, 0, "{}", merged.stderr);
    }
}

#[test]
fn what_does_not_belong_together_is_not_merged() {
    let folder = tempfile::tempdir().unwrap();
    for (name, words) in [
        ("a", "--shard 1/2"),
        ("b", "--shard 2/2"),
        ("strict", "--shard 2/2 --strict"),
        ("of-3", "--shard 3/3"),
    ] {
        let words = format!("scan DEMO -q {words} --partial {name}");
        assert_eq!(run(folder.path(), &words).status, 0, "{words}");
    }
    let other = format!("scan {} -q --shard 2/2 --partial other", demo().join("xml").display());
    assert_eq!(run(folder.path(), &other).status, 0);
    let damaged = std::fs::read(folder.path().join("b")).unwrap();
    std::fs::write(folder.path().join("damaged"), &damaged[..damaged.len() - 1]).unwrap();
    std::fs::write(folder.path().join("none"), "{}").unwrap();
    for (parts, message) in [
        ("a strict", "strict: is of a sweep with other rules or options"),
        ("a a", "a: is of a shard that is there already"),
        ("a of-3", "of-3: is of a sweep in another number of shards"),
        ("a other", "other: is of a sweep of other files"),
        ("a damaged", "damaged: a damaged partial result"),
        ("a none", "none: no partial result"),
        ("a missing", "missing: No such file"),
    ] {
        let merged = run(folder.path(), &format!("merge -q {parts}"));
        assert_eq!((merged.status, merged.stdout.as_str()), (2, ""), "{parts}");
        assert!(merged.stderr.contains(message), "{parts}: {}", merged.stderr);
    }
    let merged = run(folder.path(), "merge -q a");
    assert_eq!(merged.status, 2, "a shard is missing");
    assert!(merged.stderr.contains("shard 2/2: its partial result is not given"));
    assert_eq!(run(folder.path(), "merge -q a b").status, 0);
}

#[test]
fn a_plan_has_every_file_once() {
    let folder = tempfile::tempdir().unwrap();
    let plan = run(folder.path(), "plan DEMO --shards 4");
    assert_eq!(plan.status, 0);
    let lines: Vec<serde_json::Value> =
        plan.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    let mut files: Vec<_> = lines
        .iter()
        .flat_map(|line| line["files"].as_array().unwrap())
        .map(|file| PathBuf::from(file.as_str().unwrap()))
        .collect();
    files.sort();
    assert_eq!(files, coldsweep::source::walk(&[demo()]).files);
    let bytes: Vec<u64> = lines.iter().map(|line| line["bytes"].as_u64().unwrap()).collect();
    assert!(bytes.iter().max() < bytes.iter().min().map(|least| least * 2).as_ref(), "{bytes:?}");
}

/// A copy of the demonstration in `folder`, and the rows of a sweep of it.
fn copy(folder: &Path) -> Run {
    for entry in walkdir::WalkDir::new(demo()) {
        let entry = entry.unwrap();
        let target = folder.join("logs").join(entry.path().strip_prefix(demo()).unwrap());
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(target).unwrap();
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
    run(folder, "scan logs --evidence -f jsonl -q")
}

/// Each file is a batch of its own.
const KEPT: &str = "scan logs --evidence -f jsonl --checkpoint kept --checkpoint-batch 1";

fn parts(folder: &Path) -> Vec<PathBuf> {
    let list = std::fs::read_dir(folder.join("kept")).into_iter().flatten();
    let paths = list.map(|entry| entry.unwrap().path());
    let mut parts: Vec<_> = paths.filter(|p| p.extension().is_some_and(|e| e == "part")).collect();
    parts.sort();
    parts
}

#[test]
fn a_sweep_that_was_killed_goes_on_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let whole = copy(folder.path());
    let mut killed = Command::new(env!("CARGO_BIN_EXE_coldsweep"))
        .args(KEPT.split(' '))
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while parts(folder.path()).len() < 3 && started.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(1));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    let done = parts(folder.path()).len();
    assert!(done >= 3, "{done}");
    let again = run(folder.path(), KEPT);
    assert_eq!(again.stdout, whole.stdout);
    let told = again.stderr.lines().find(|line| line.starts_with("checkpoint:")).unwrap();
    assert_eq!(told, format!("checkpoint: {done} files not read again"));
    // All is kept now, however the files that were left behind look.
    let third = run(folder.path(), KEPT);
    assert_eq!(third.stdout, whole.stdout);
    assert!(third.stderr.contains("22 files not read again"), "{}", third.stderr);
}

#[test]
fn what_has_changed_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let whole = copy(folder.path());
    assert_eq!(run(folder.path(), &format!("{KEPT} --verify")).stdout, whole.stdout);
    // A damaged part is done again.
    let part = &parts(folder.path())[4];
    std::fs::write(part, "x").unwrap();
    let mended = run(folder.path(), KEPT);
    assert_eq!(mended.stdout, whole.stdout);
    assert!(mended.stderr.contains("1 partial result of an earlier run cannot be read"));
    // Other bytes, of the same size and time.
    let log = folder.path().join("logs/xml/lines.xml");
    let (text, time) = (std::fs::read(&log).unwrap(), log.metadata().unwrap().modified().unwrap());
    std::fs::write(&log, vec![b' '; text.len()]).unwrap();
    std::fs::File::options().write(true).open(&log).unwrap().set_modified(time).unwrap();
    assert_eq!(run(folder.path(), KEPT).stdout, whole.stdout, "size and time do not tell");
    let fresh = run(folder.path(), "scan logs --evidence -f jsonl -q");
    assert_ne!(fresh.stdout, whole.stdout);
    let verified = run(folder.path(), &format!("{KEPT} --verify"));
    assert_eq!(verified.stdout, fresh.stdout);
    assert!(verified.stderr.contains("1 file read again"), "{}", verified.stderr);
    // A new file moves the numbers of those behind it.
    std::fs::write(folder.path().join("logs/aaa.xml"), &text).unwrap();
    let fresh = run(folder.path(), "scan logs --evidence -f jsonl -q");
    assert_eq!(run(folder.path(), KEPT).stdout, fresh.stdout);
    // Other options are another sweep.
    let other = run(folder.path(), &format!("{KEPT} --strict"));
    assert_eq!((other.status, other.stdout.as_str()), (2, ""));
    assert!(other.stderr.contains("of a sweep with other rules or options"), "{}", other.stderr);
}
