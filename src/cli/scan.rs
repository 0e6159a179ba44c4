//! `coldsweep scan`.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use super::args::ScanArgs;
use super::progress::with_bar;
use super::{CliError, config, merge};
use crate::plan::{Plan, Settings};
use crate::report::{
    Layer, OutputFormat, StatsJson, counted, exit_status, write_lacks, write_rows, write_skipped,
    write_stats, write_summary,
};
use crate::scan::{Checkpoint, Options, Outcome, Progress, Resumed, scan};

/// Sweeps, and gives the exit status.
pub(super) fn run(args: &ScanArgs) -> Result<u8, CliError> {
    let checkpoint = args.checkpoint.as_ref().map(|folder| {
        Checkpoint::open(folder, args.verify)
            .map(|checkpoint| match args.checkpoint_batch {
                None => checkpoint,
                Some(bytes) => checkpoint.with_batch(bytes),
            })
            .map_err(|error| CliError::new(error.to_string()))
    });
    let checkpoint = checkpoint.transpose()?;
    let prepared = Prepared::new(args, checkpoint.as_ref().and_then(Checkpoint::now))?;
    if let Some(partial) = &args.partial {
        return merge::sweep_shard(args, &prepared, partial);
    }
    let files = Files::create(args)?;
    let Prepared { plans, settings, options, .. } = &prepared;
    let progress = Progress::default();
    let outcome = with_bar(&progress, || match checkpoint {
        None => scan(plans, &settings.cim, &args.paths, options, &progress)
            .map_err(|error| CliError::new(error.to_string())),
        Some(checkpoint) => checkpoint
            .scan(
                &prepared.digest,
                settings.now,
                plans,
                &settings.cim,
                &args.paths,
                options,
                &progress,
                &mut |resumed| tell_resumed(resumed, args.quiet),
            )
            .map_err(|error| CliError::new(error.to_string())),
    })?;
    report(args, &prepared, files, &outcome)
}

/// Says what an earlier run of the sweep has left.
fn tell_resumed(resumed: Resumed, quiet: bool) {
    let Resumed { files, again, damaged } = resumed;
    let mut stderr = io::stderr();
    // Nothing is lost where it cannot be written.
    if files > 0 && !quiet {
        let _ = writeln!(stderr, "checkpoint: {} not read again", counted(files, "file"));
    }
    if again > 0 {
        let what = "read again, for some of them, or the list of files, have changed since";
        let _ = writeln!(stderr, "checkpoint: {} {what}", counted(again, "file"));
    }
    if damaged > 0 {
        let what = "of an earlier run cannot be read, and is done again";
        let _ = writeln!(stderr, "checkpoint: {} {what}", counted(damaged, "partial result"));
    }
}

/// What decides the answer of a sweep beside its files.
pub(super) struct Prepared {
    pub(super) plans: Vec<Plan>,
    pub(super) settings: Settings,
    pub(super) options: Options,
    /// How many rules do not run.
    refused: usize,
    /// A digest of all that.
    pub(super) digest: String,
}

impl Prepared {
    /// Resolves the arguments and compiles the rules; `now` is the moment of an earlier run, unless
    /// another is given. What is wrong with rules is told.
    pub(super) fn new(args: &ScanArgs, now: Option<Timestamp>) -> Result<Self, CliError> {
        let settings = config::scan_settings(args, now)?;
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
        let digest = config::digest_of_sweep(args, &settings, &options, &plans)?;
        Ok(Self { plans, settings, options, refused: refused.len(), digest })
    }
}

/// The files for results, made before the sweep: one that cannot be written is known then.
pub(super) struct Files<'a> {
    output: Option<(&'a Path, File)>,
    stats_json: Option<(&'a Path, File)>,
    navigator: Option<(&'a Path, File)>,
}

impl<'a> Files<'a> {
    pub(super) fn create(args: &'a ScanArgs) -> Result<Self, CliError> {
        let make = |path: &'a Option<PathBuf>| {
            path.as_ref().map(|path| create(path, &args.paths)).transpose()
        };
        Ok(Self {
            output: make(&args.output)?,
            stats_json: make(&args.stats_json)?,
            navigator: make(&args.navigator)?,
        })
    }
}

/// Writes what a sweep found, and gives the exit status.
pub(super) fn report(
    args: &ScanArgs,
    prepared: &Prepared,
    files: Files<'_>,
    outcome: &Outcome,
) -> Result<u8, CliError> {
    let Files { output, stats_json, navigator } = files;
    let (plans, refused) = (&prepared.plans, prepared.refused);
    let mut stderr = io::stderr();
    write_skipped(outcome, &mut stderr)?;
    let terminal = output.is_none() && io::stdout().is_terminal();
    let default = if terminal { OutputFormat::Table } else { OutputFormat::Jsonl };
    let format = args.format.unwrap_or(default);
    match output {
        Some((path, file)) => write_rows(format, plans, outcome, &mut BufWriter::new(file))
            .map_err(|error| unwritten(path, &error))?,
        None => {
            let rows = write_rows(format, plans, outcome, &mut BufWriter::new(io::stdout().lock()));
            // Whoever reads the rows may have seen enough; the rest is for others.
            rows.or_else(|error| match error.kind() {
                io::ErrorKind::BrokenPipe => Ok(()),
                _ => Err(unwritten(Path::new("standard output"), &error)),
            })?;
        }
    }
    if let Some((path, file)) = stats_json {
        write_json(&StatsJson(plans, outcome), file).map_err(|error| unwritten(path, &error))?;
    }
    if let Some((path, file)) = navigator {
        write_json(&Layer::of_sweep(plans, outcome), file)
            .map_err(|error| unwritten(path, &error))?;
    }
    if args.stats {
        write_stats(plans, outcome, &mut stderr)?;
    }
    if !args.quiet {
        write_summary(outcome, &mut stderr)?;
        write_lacks(plans, &mut stderr)?;
        if refused > 0 {
            writeln!(stderr, "rules: {} ran, {} did not (see above)", plans.len(), refused)?;
        }
    }
    Ok(if refused == 0 { exit_status(outcome) } else { 2 })
}

/// Creates a file for results, which must not be one of the inputs: evidence is never overwritten.
pub(super) fn create<'p>(path: &'p Path, inputs: &[PathBuf]) -> Result<(&'p Path, File), CliError> {
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
