//! A program that is no part of the crate: it gets the same needles and texts in files, runs when
//! it is told to, and says how long its thread was at work and what it found
//! (`scripts/engines/vectorscan.c`).

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::contest::{Corpus, Run, Task};
use super::literals::Literals;

/// A running rival.
#[derive(Debug)]
pub struct Rival {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    /// What it says of itself.
    pub name: String,
    /// Seconds to compile the needles.
    pub compile: f64,
    /// Bytes of what they were compiled to.
    pub memory: usize,
}

impl Rival {
    /// Starts it; `way` is its own.
    pub fn start(
        program: &Path,
        folder: &Path,
        task: Task,
        way: &str,
        literals: &Literals,
        corpus: &Corpus,
    ) -> io::Result<Self> {
        write_needles(&folder.join("needles"), literals)?;
        fs::write(folder.join("text"), &corpus.text)?;
        let ends = corpus.events.iter().flat_map(|span| [span.start as u64, span.end as u64]);
        fs::write(folder.join("events"), ends.flat_map(u64::to_le_bytes).collect::<Vec<u8>>())?;
        let task = match task {
            Task::Whole => "whole",
            Task::Events => "events",
        };
        let mut child = Command::new(program)
            .args([folder.as_os_str(), task.as_ref(), way.as_ref()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (to, from) = child.stdin.take().zip(child.stdout.take()).ok_or(io::ErrorKind::Other)?;
        let mut rival = Self {
            child,
            to,
            from: BufReader::new(from),
            name: String::new(),
            compile: 0.0,
            memory: 0,
        };
        rival.name = rival.line()?;
        let numbers = rival.numbers()?;
        let [nanoseconds, memory] = numbers[..] else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        (rival.compile, rival.memory) = (nanoseconds as f64 / 1e9, memory as usize);
        Ok(rival)
    }

    /// Has it go over the text once.
    pub fn run(&mut self) -> io::Result<Run> {
        self.to.write_all(b"\n")?;
        let mut answer = self.numbers()?;
        let nanoseconds = answer.remove(0);
        Ok(Run { seconds: nanoseconds as f64 / 1e9, answer })
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.from.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    fn numbers(&mut self) -> io::Result<Vec<u64>> {
        let line = self.line()?;
        line.split(' ').map(|word| word.parse().map_err(io::Error::other)).collect()
    }
}

impl Drop for Rival {
    fn drop(&mut self) {
        // It may have ended on its own.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How many needles and clauses; then a needle a line, as hexadecimal digits, and its clauses.
fn write_needles(path: &Path, literals: &Literals) -> io::Result<()> {
    let mut text = format!("{} {}\n", literals.needles.len(), literals.clauses);
    for (needle, clauses) in literals.needles.iter().zip(&literals.clauses_of) {
        needle.iter().for_each(|byte| text.push_str(&format!("{byte:02x}")));
        text.push_str(&format!(" {}", clauses.len()));
        clauses.iter().for_each(|clause| text.push_str(&format!(" {clause}")));
        text.push('\n');
    }
    fs::write(path, text)
}
