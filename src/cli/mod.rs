//! The command line: flags -> [`args`] (typed text) -> `config` (resolved) -> exit status.

pub mod args;
mod bench;
mod config;
mod corpus;
mod explain;
mod merge;
mod progress;
mod rules;
mod scan;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Args, Command};

/// Why a command could not be carried out. It has been told in one line or more.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Something was wrong; the text says what.
    #[error("{0}")]
    Message(String),
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl CliError {
    fn new(message: impl Into<String>) -> Self {
        Self::Message(message.into())
    }
}

/// Runs the program with the command line of the process.
#[must_use]
pub fn main() -> ExitCode {
    let args = Args::parse();
    init_log(args.verbose);
    let result = match args.command {
        Command::Scan(scan) => scan::run(&scan),
        Command::Merge(merge) => merge::run(&merge.0),
        Command::Plan { paths, shards } => merge::plan(&paths, shards),
        Command::Explain(explain) => explain::run(&explain),
        Command::Rules(rules) => rules::run(&rules),
        Command::Bench(bench) => bench::run(&bench),
        Command::Corpus(corpus) => corpus::run(&corpus),
        Command::Completions { shell } => {
            // The generator panics where it cannot write.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "coldsweep", &mut script);
            io::stdout().write_all(&script).map(|()| 0).map_err(Into::into)
        }
        Command::Man => clap_mangen::Man::new(Args::command())
            .render(&mut io::stdout())
            .map(|()| 0)
            .map_err(Into::into),
    };
    match result {
        Ok(status) => ExitCode::from(status),
        // Whoever reads the output has seen enough.
        Err(CliError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "coldsweep: {error}");
            ExitCode::from(2)
        }
    }
}

/// Messages of the library go to standard error, from `-v` on.
fn init_log(verbose: u8) {
    struct Stderr;
    impl log::Log for Stderr {
        fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
            metadata.target().starts_with("coldsweep")
        }
        fn log(&self, record: &log::Record<'_>) {
            if self.enabled(record.metadata()) {
                let _ = writeln!(io::stderr(), "{}: {}", record.level(), record.args());
            }
        }
        fn flush(&self) {}
    }
    static STDERR: Stderr = Stderr;
    let level = match verbose {
        0 => log::LevelFilter::Off,
        1 => log::LevelFilter::Debug,
        _ => log::LevelFilter::Trace,
    };
    if log::set_logger(&STDERR).is_ok() {
        log::set_max_level(level);
    }
}
