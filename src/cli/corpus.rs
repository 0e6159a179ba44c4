//! `coldsweep corpus`.

use std::io::{self, Write};

use super::CliError;
use super::args::{CorpusArgs, CorpusCommand, CorpusMakeArgs};
use crate::corpus::generate::{count, make};
use crate::corpus::{Counts, Definition};

/// Lists or makes corpora, and gives the exit status.
pub(super) fn run(args: &CorpusArgs) -> Result<u8, CliError> {
    let mut stdout = io::stdout().lock();
    match &args.command {
        CorpusCommand::List => list(&mut stdout),
        CorpusCommand::Make(args) => run_make(args, &mut stdout),
    }?;
    Ok(0)
}

fn list(to: &mut dyn Write) -> Result<(), CliError> {
    let definitions = Definition::builtin().map_err(|error| CliError::new(error.to_string()))?;
    writeln!(
        to,
        "{:<16} {:<8} {:>10} {:>6} {:>10} {:>8}",
        "name", "format", "bytes", "files", "events", "hits"
    )?;
    for definition in definitions {
        let Counts { files, bytes, events, hits, .. } = definition.expected;
        writeln!(
            to,
            "{:<16} {:<8} {bytes:>10} {files:>6} {events:>10} {hits:>8}",
            definition.name,
            definition.format.name()
        )?;
    }
    Ok(())
}

fn run_make(args: &CorpusMakeArgs, to: &mut dyn Write) -> Result<(), CliError> {
    let definition =
        Definition::find(&args.name).map_err(|error| CliError::new(error.to_string()))?;
    let counts = match &args.output {
        Some(folder) => make(&definition, args.size, args.seed, folder)
            .map(|made| made.counts)
            .map_err(|error| CliError::new(format!("{}: {error}", folder.display())))?,
        None => count(&definition, args.size, args.seed)
            .map_err(|error| CliError::new(error.to_string()))?,
    };
    write_counts(&definition.name, &counts, to)?;
    Ok(())
}

fn write_counts(name: &str, counts: &Counts, to: &mut dyn Write) -> io::Result<()> {
    let Counts { files, bytes, events, hits, rows } = counts;
    writeln!(to, "{name}: {files} files, {bytes} bytes, {events} events, {hits} hits, {rows} rows")
}
