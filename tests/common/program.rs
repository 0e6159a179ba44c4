//! Runs the program itself, under a time limit, and watches how much memory it takes.

use std::ffi::OsStr;
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The program with its arguments.
pub struct Program {
    command: Command,
    stdin: Vec<u8>,
    limit: Duration,
}

/// What a run came to.
#[derive(Debug)]
pub struct Run {
    /// The exit status.
    pub status: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// The most memory of its own that was seen, in MiB: neither files that are mapped nor code.
    /// Where the system does not say, 0.
    pub peak: u64,
}

impl Program {
    /// The program with these arguments.
    pub fn new<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(args: I) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_coldsweep"));
        command.args(args).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        Self { command, stdin: Vec::new(), limit: Duration::from_secs(60) }
    }

    /// Gives it something on standard input.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it in a folder.
    pub fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Gives it more or less time than a minute.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When it takes longer than the limit, or ends by a signal or a panic.
    pub fn run(mut self) -> Run {
        let mut files = [tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap()];
        let mut input = tempfile::tempfile().unwrap();
        input.write_all(&self.stdin).unwrap();
        input.rewind().unwrap();
        self.command
            .stdin(input)
            .stdout(Stdio::from(files[0].try_clone().unwrap()))
            .stderr(Stdio::from(files[1].try_clone().unwrap()));
        let mut child = self.command.spawn().unwrap();
        let (status, peak) = watch(&mut child, self.limit);
        let [stdout, stderr] = files.each_mut().map(|file| {
            let mut bytes = Vec::new();
            file.rewind().unwrap();
            file.read_to_end(&mut bytes).unwrap();
            String::from_utf8(bytes).expect("the program writes UTF-8")
        });
        let Some(status) = status else { panic!("still running after {:?}", self.limit) };
        let status = status.code().unwrap_or_else(|| panic!("{status}\n{stderr}"));
        assert_ne!(status, 101, "it panicked: {stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
        Run { status, stdout, stderr, peak }
    }
}

/// Waits for a child until the limit, then ends it.
fn watch(child: &mut Child, limit: Duration) -> (Option<std::process::ExitStatus>, u64) {
    let (started, mut peak) = (Instant::now(), 0);
    loop {
        peak = peak.max(own_memory(child.id()));
        if let Some(status) = child.try_wait().unwrap() {
            return (Some(status), peak);
        }
        if started.elapsed() > limit {
            child.kill().unwrap();
            child.wait().unwrap();
            return (None, peak);
        }
        std::thread::sleep(Duration::from_millis(3));
    }
}

/// `RssAnon` of a process in MiB.
fn own_memory(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}

impl Run {
    /// The rows, of JSON lines.
    pub fn rows(&self) -> Vec<serde_json::Value> {
        let lines = self.stdout.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect()
    }

    /// The lines on standard error that tell of something not read.
    pub fn findings(&self) -> Vec<&str> {
        let lines = self.stderr.lines();
        lines.filter(|line| line.starts_with("coldsweep: ")).collect()
    }
}
