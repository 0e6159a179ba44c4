//! `coldsweep scan`.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::args::ScanArgs;
use super::progress::with_bar;
use super::{CliError, config};
use crate::report::{
    Layer, OutputFormat, StatsJson, exit_status, write_lacks, write_rows, write_skipped,
    write_stats, write_summary,
};
use crate::scan::{Progress, scan};

/// Sweeps, and gives the exit status.
pub(super) fn run(args: &ScanArgs) -> Result<u8, CliError> {
    let settings = config::scan_settings(args)?;
    let options = config::options(args, &settings)?;
    let selection = config::selection(&args.select)?;
    let config::Compiled { plans, refused, disabled } =
        config::compile(&args.rule, &settings, &selection, args.with_disabled)?;
    let mut stderr = io::stderr();
    for refused in &refused {
        stderr.write_all(refused.rendered.as_bytes())?;
    }
    if disabled > 0 && (plans.is_empty() || !args.quiet) {
        let what = "left out, as their files say `disabled` (--with-disabled runs them)";
        writeln!(stderr, "rules: {disabled} {what}")?;
    }
    if plans.is_empty() {
        return Err(CliError::new("no rule can run, so nothing was searched"));
    }
    // A file that cannot be written is known before the sweep, not after it.
    let output = args.output.as_ref().map(|path| create(path, &args.paths)).transpose()?;
    let stats_json = args.stats_json.as_ref().map(|path| create(path, &args.paths)).transpose()?;
    let navigator = args.navigator.as_ref().map(|path| create(path, &args.paths)).transpose()?;

    let progress = Progress::default();
    let outcome =
        with_bar(&progress, || scan(&plans, &settings.cim, &args.paths, &options, &progress))
            .map_err(|error| CliError::new(error.to_string()))?;

    write_skipped(&outcome, &mut stderr)?;
    let terminal = output.is_none() && io::stdout().is_terminal();
    let default = if terminal { OutputFormat::Table } else { OutputFormat::Jsonl };
    let format = args.format.unwrap_or(default);
    match output {
        Some((path, file)) => write_rows(format, &plans, &outcome, &mut BufWriter::new(file))
            .map_err(|error| unwritten(path, &error))?,
        None => {
            let rows =
                write_rows(format, &plans, &outcome, &mut BufWriter::new(io::stdout().lock()));
            // Whoever reads the rows may have seen enough; the rest is for others.
            rows.or_else(|error| match error.kind() {
                io::ErrorKind::BrokenPipe => Ok(()),
                _ => Err(unwritten(Path::new("standard output"), &error)),
            })?;
        }
    }
    if let Some((path, file)) = stats_json {
        write_json(&StatsJson(&plans, &outcome), file).map_err(|error| unwritten(path, &error))?;
    }
    if let Some((path, file)) = navigator {
        write_json(&Layer::of_sweep(&plans, &outcome), file)
            .map_err(|error| unwritten(path, &error))?;
    }
    if args.stats {
        write_stats(&plans, &outcome, &mut stderr)?;
    }
    if !args.quiet {
        write_summary(&outcome, &mut stderr)?;
        write_lacks(&plans, &mut stderr)?;
        if !refused.is_empty() {
            writeln!(stderr, "rules: {} ran, {} did not (see above)", plans.len(), refused.len())?;
        }
    }
    Ok(if refused.is_empty() { exit_status(&outcome) } else { 2 })
}

/// Creates a file for results, which must not be one of the inputs: evidence is never overwritten.
fn create<'p>(path: &'p Path, inputs: &[PathBuf]) -> Result<(&'p Path, File), CliError> {
    let real = path.canonicalize().ok().filter(|real| real.is_file());
    if real.is_some() && inputs.iter().any(|input| input.canonicalize().ok() == real) {
        let message = format!("{}: is to be searched, so it is not written over", path.display());
        return Err(CliError::new(message));
    }
    File::create(path).map(|file| (path, file)).map_err(|error| unwritten(path, &error))
}

/// Writes one JSON document.
pub(super) fn write_json(document: &impl Serialize, file: File) -> io::Result<()> {
    let mut file = BufWriter::new(file);
    serde_json::to_writer_pretty(&mut file, document)?;
    writeln!(file)?;
    file.flush()
}

pub(super) fn unwritten(path: &Path, error: &io::Error) -> CliError {
    CliError::new(format!("{}: cannot be written: {error}", path.display()))
}
