//! Other ways to the same answer, on the same files.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use evtx::{EvtxParser, ParserSettings};
use rayon::iter::{ParallelBridge, ParallelIterator};
use regex_automata::meta::Regex;

use super::BenchError;
use crate::source::{MapChoice, Opened, open};

/// The seed rule's regex, as one would search for it.
pub(super) const PATTERN: &str = r"(?i)\w+tps?://\S+\.msi";

/// Decodes every record of EVTX logs to JSON with the `evtx` crate, chunk by chunk on so many
/// threads, and gives how many there were: what a scanner that decodes first pays before any rule.
pub(super) fn decode_all(paths: &[PathBuf], threads: usize) -> Result<u64, BenchError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    pool.install(|| {
        paths.iter().par_bridge().map(|path| decode_log(path)).try_reduce(|| 0, |a, b| Ok(a + b))
    })
}

fn decode_log(path: &Path) -> Result<u64, BenchError> {
    let wrong = |error: String| BenchError::Io(path.display().to_string(), io::Error::other(error));
    let Opened::Whole(bytes) = open(path, MapChoice::Auto).map_err(BenchError::io(path))? else {
        return Err(wrong("is not a plain file".to_owned()));
    };
    let mut parser = EvtxParser::from_read_seek(io::Cursor::new(bytes))
        .map_err(|error| wrong(error.to_string()))?;
    let settings = Arc::new(ParserSettings::new().indent(false));
    let records = AtomicU64::new(0);
    parser.chunks().par_bridge().for_each(|chunk| {
        let Ok(mut chunk) = chunk else { return };
        let Ok(mut chunk) = chunk.parse(Arc::clone(&settings)) else { return };
        for record in chunk.iter().flatten() {
            if let Ok(json) = record.into_json_bytes() {
                std::hint::black_box(&json.data);
                records.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    Ok(records.into_inner())
}

/// Counts the lines that the rule's regex matches with the automata that ripgrep uses, over
/// mapped files on one thread: what ripgrep does, where it is not installed.
pub(super) fn regex_lines(paths: &[PathBuf]) -> Result<u64, BenchError> {
    // ASCII, as `--no-unicode`. It is a constant, and compiles.
    let syntax = regex_automata::util::syntax::Config::new().unicode(false).utf8(false);
    let regex = Regex::builder()
        .syntax(syntax)
        .configure(Regex::config().utf8_empty(false))
        .build(PATTERN)
        .map_err(|error| BenchError::Io(PATTERN.to_owned(), io::Error::other(error.to_string())))?;
    let mut lines = 0;
    for path in paths {
        let Opened::Whole(bytes) = open(path, MapChoice::Auto).map_err(BenchError::io(path))?
        else {
            continue;
        };
        lines += matching_lines(&regex, &bytes);
    }
    Ok(lines)
}

/// A match never spans lines, for the pattern's `\S` and `\w` do not.
fn matching_lines(regex: &Regex, bytes: &[u8]) -> u64 {
    let mut lines = 0;
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| regex.find(rest)) {
        lines += 1;
        let end = at + found.end();
        match memchr::memchr(b'\n', &bytes[end..]) {
            Some(next) => at = end + next + 1,
            None => break,
        }
    }
    lines
}

/// A program that counts matching lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    /// `rg -j1`.
    Ripgrep,
    /// `grep -P` in the C locale.
    Grep,
    /// `zstd -dc FILES | rg`.
    ZstdRipgrep,
    /// `zstd -dc FILES | grep -P`.
    ZstdGrep,
}

impl Tool {
    pub(super) const ALL: [Self; 4] =
        [Self::Ripgrep, Self::Grep, Self::ZstdRipgrep, Self::ZstdGrep];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ripgrep => "rg",
            Self::Grep => "grep",
            Self::ZstdRipgrep => "zstd-rg",
            Self::ZstdGrep => "zstd-grep",
        }
    }

    fn searcher(self) -> Command {
        match self {
            Self::Ripgrep | Self::ZstdRipgrep => {
                let mut command = Command::new("rg");
                command.args(["-c", "-j1", "-a", "--no-unicode", "--no-filename", "-e", PATTERN]);
                command
            }
            Self::Grep | Self::ZstdGrep => {
                let mut command = Command::new("grep");
                command.env("LC_ALL", "C").args(["-c", "-a", "-h", "-P", "-e", PATTERN]);
                command
            }
        }
    }

    fn unpacks(self) -> bool {
        matches!(self, Self::ZstdRipgrep | Self::ZstdGrep)
    }

    /// Whether its programs can be run, or which one cannot.
    pub(super) fn missing(self) -> Option<&'static str> {
        let searcher =
            if matches!(self, Self::Ripgrep | Self::ZstdRipgrep) { "rg" } else { "grep" };
        let needed = if self.unpacks() { vec!["zstd", searcher] } else { vec![searcher] };
        needed.into_iter().find(|program| !runs(program))
    }

    /// Makes what it reads from the files: packed ones, where it unpacks.
    pub(super) fn prepare(self, paths: &[PathBuf]) -> Result<Vec<PathBuf>, BenchError> {
        if !self.unpacks() {
            return Ok(paths.to_vec());
        }
        paths.iter().map(|path| pack(path)).collect()
    }

    /// Counts the matching lines of prepared files.
    pub(super) fn run(self, paths: &[PathBuf]) -> Result<u64, BenchError> {
        let failed = |error| BenchError::Io(self.name().to_owned(), error);
        let mut searcher = self.searcher();
        searcher.stdout(Stdio::piped());
        if !self.unpacks() {
            return self.count(searcher.args(paths).stdin(Stdio::null()));
        }
        let mut unpacking = Command::new("zstd")
            .args(["-d", "-c", "-q"])
            .args(paths)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let stdin = unpacking.stdout.take().map_or_else(Stdio::null, Stdio::from);
        let count = self.count(searcher.stdin(stdin));
        unpacking.wait().map_err(failed)?;
        count
    }

    /// Adds up the counts that a searcher writes, one a file.
    fn count(self, searcher: &mut Command) -> Result<u64, BenchError> {
        let failed = |error| BenchError::Io(self.name().to_owned(), error);
        let output = searcher.output().map_err(failed)?;
        // 1 is "nothing matched".
        if !matches!(output.status.code(), Some(0 | 1)) {
            let message = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(failed(io::Error::other(message)));
        }
        let lines = String::from_utf8_lossy(&output.stdout);
        Ok(lines.lines().filter_map(|line| line.trim().parse::<u64>().ok()).sum())
    }
}

fn runs(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn pack(path: &Path) -> Result<PathBuf, BenchError> {
    let mut packed = path.as_os_str().to_owned();
    packed.push(".zst");
    let packed = PathBuf::from(packed);
    if !packed.exists() {
        let mut command = Command::new("zstd");
        command.args(["-q", "-f", "-1", "-T0", "-o"]).arg(&packed).arg(path);
        let status = command.status().map_err(BenchError::io(path))?;
        if !status.success() {
            let error = io::Error::other("zstd failed");
            return Err(BenchError::Io(packed.display().to_string(), error));
        }
    }
    Ok(packed)
}

/// The program itself, scanning some files for its built-in rule.
pub(super) fn scan_command(program: &Path, paths: &[impl AsRef<OsStr>]) -> Command {
    let mut command = Command::new(program);
    command.args(["scan", "--quiet", "--format", "jsonl"]).args(paths).stdin(Stdio::null());
    command
}

/// How long the program itself takes for one small file, from its start to its end.
pub(super) fn start_up(program: &Path, path: &Path) -> Result<u64, BenchError> {
    let output = scan_command(program, &[path]).output().map_err(BenchError::io(program))?;
    if !matches!(output.status.code(), Some(0 | 1)) {
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(BenchError::Io(program.display().to_string(), io::Error::other(message)));
    }
    Ok(memchr::memchr_iter(b'\n', &output.stdout).count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        let text = "a http://x/a.msi b ftps://y/b.MSI\nnothing http://x\nHTTPS://z/.msi.msi";
        std::fs::write(&path, text).unwrap();
        let paths = [path];
        assert_eq!(regex_lines(&paths).unwrap(), 2);
        for tool in Tool::ALL {
            if tool.missing().is_none() {
                let prepared = tool.prepare(&paths).unwrap();
                assert_eq!(tool.run(&prepared).unwrap(), 2, "{}", tool.name());
            }
        }
    }
}
