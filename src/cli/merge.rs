//! A sweep in parts: `scan --shard --partial`, `merge`, `plan`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::CliError;
use super::args::ScanArgs;
use super::progress::with_bar;
use super::scan::{Files, Prepared, report, unwritten};
use crate::report::counted;
use crate::scan::{
    Input, Outcome, PartialResult, Progress, Ran, Saved, Shard, Stamp, gather, list_digest, shards,
};
use crate::source::walk;

/// Sweeps one shard, or all files, and writes the partial result.
pub(super) fn sweep_shard(
    args: &ScanArgs,
    prepared: &Prepared,
    path: &Path,
) -> Result<u8, CliError> {
    let Prepared { plans, settings, options, digest, .. } = prepared;
    let found = walk(&args.paths);
    if let Some(path) = found.files.iter().find(|path| !path.is_file()) {
        let why = "is no file, so no two shards would see the same of it";
        return Err(CliError::new(format!("{}: {why}", path.display())));
    }
    let all = Input::all(&found.files);
    let number = |shard: Shard| shard.number as usize - 1;
    let files = match args.shard {
        None => all.clone(),
        Some(shard) => shards(&all, shard.of).swap_remove(number(shard)),
    };
    let stamps: Vec<_> = files.iter().filter_map(|file| Stamp::of(file, false).ok()).collect();
    let progress = Progress::default();
    let (mut result, _) = with_bar(&progress, || {
        gather(plans, &settings.cim, &files, options, &progress)
            .map_err(|error| CliError::new(error.to_string()))
    })?;
    // All shards walk the same paths, so one tells what could not be walked.
    if args.shard.is_none_or(|shard| shard.number == 1) {
        result.cannot_walk(&found.errors);
    }
    let (overflowed, has_errors) = (result.overflowed(), result.has_errors());
    let saved = Saved {
        sweep: digest.clone(),
        now: settings.now,
        all_files: list_digest(&all),
        shard: args.shard,
        files: stamps,
        result,
    };
    saved.write(path).map_err(|error| unwritten(path, &error))?;
    if !args.quiet {
        writeln!(io::stderr(), "swept {} of {}", counted(files.len(), "file"), all.len())?;
    }
    if overflowed {
        let what = "the result outgrew --max-result, so the partial result is not of all events";
        return Err(CliError::new(what));
    }
    if has_errors {
        // `merge` tells which.
        writeln!(io::stderr(), "some of it could not be read")?;
    }
    Ok(if has_errors { 2 } else { 0 })
}

/// `coldsweep merge`: the rows of a sweep whose shards were swept apart.
pub(super) fn run(args: &ScanArgs) -> Result<u8, CliError> {
    let mut parts = Vec::new();
    for path in &args.paths {
        let read = Saved::read(path);
        let saved = read.map_err(|error| CliError::new(format!("{}: {error}", path.display())))?;
        parts.push((path, saved));
    }
    let now = parts.first().map(|(_, saved)| saved.now);
    let prepared = Prepared::new(args, now)?;
    check(&parts, &prepared.digest)?;
    let files = Files::create(args)?;
    let outcome = merge(parts, &prepared)?;
    report(args, &prepared, files, &outcome)
}

/// Whether the parts are of one sweep, and none is there twice.
fn check(parts: &[(&PathBuf, Saved)], digest: &str) -> Result<(), CliError> {
    let Some((_, first)) = parts.first() else { return Ok(()) };
    for (at, (path, saved)) in parts.iter().enumerate() {
        let wrong = |what: &str| Err(CliError::new(format!("{}: {what}", path.display())));
        if saved.sweep != digest {
            return wrong(
                "is of a sweep with other rules or options than are given here; relative times and \
                 now() go by --now, which all shards must be given alike",
            );
        }
        if saved.all_files != first.all_files {
            return wrong("is of a sweep of other files than the first");
        }
        if saved.shard.map(|shard| shard.of) != first.shard.map(|shard| shard.of) {
            return wrong("is of a sweep in another number of shards than the first");
        }
        let number = saved.shard.map(|shard| shard.number);
        if parts[..at].iter().any(|(_, other)| other.shard.map(|shard| shard.number) == number) {
            return wrong("is of a shard that is there already");
        }
    }
    Ok(())
}

/// Puts the parts together. Shards that are missing are told as what was not searched.
fn merge(parts: Vec<(&PathBuf, Saved)>, prepared: &Prepared) -> Result<Outcome, CliError> {
    let shards: Vec<Shard> = parts.iter().filter_map(|(_, saved)| saved.shard).collect();
    let mut merged: Option<PartialResult> = None;
    for (path, saved) in parts {
        match &mut merged {
            None => merged = Some(saved.result),
            Some(result) => result
                .merge(saved.result, prepared.options.max_result)
                .map_err(|error| CliError::new(format!("{}: {error}", path.display())))?,
        }
    }
    let Some(mut merged) = merged else {
        return Err(CliError::new("no partial result is given"));
    };
    let of = shards.first().map_or(0, |shard| shard.of);
    for missing in (1..=of).filter(|number| shards.iter().all(|shard| shard.number != *number)) {
        let name = PathBuf::from(format!("shard {missing}/{of}"));
        merged.not_swept(&name, "its partial result is not given, so its files count as unread");
    }
    Ok(merged.finish(&prepared.plans, &prepared.options, Ran::default()))
}

/// `coldsweep plan`: which files each shard has.
pub(super) fn plan(paths: &[PathBuf], of: u32) -> Result<u8, CliError> {
    #[derive(Serialize)]
    struct Line {
        shard: String,
        bytes: u64,
        files: Vec<String>,
    }
    let found = walk(paths);
    let mut out = io::BufWriter::new(io::stdout().lock());
    for (list, number) in shards(&Input::all(&found.files), of).iter().zip(1..) {
        let bytes = list.iter().filter_map(|file| Some(file.path.metadata().ok()?.len())).sum();
        let files = list.iter().map(|file| file.path.to_string_lossy().into_owned()).collect();
        let shard = format!("{number}/{of}");
        serde_json::to_writer(&mut out, &Line { shard, bytes, files }).map_err(io::Error::from)?;
        writeln!(out)?;
    }
    out.flush()?;
    for (path, reason) in &found.errors {
        writeln!(io::stderr(), "error: {}: {reason}", path.display())?;
    }
    Ok(if found.errors.is_empty() { 0 } else { 2 })
}
