//! What was typed -> what is meant.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use globset::{Glob, GlobSetBuilder};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Unit};

use super::CliError;
use super::args::{
    FormatName, MmapChoice, NameArgs, NamedFile, PackedArgs, PrefilterChoice, ReadingArgs,
    ScanArgs, SelectArgs,
};
use crate::cim::Cim;
use crate::event::Format;
use crate::plan::{Plan, Selection, Settings, source_kinds};
use crate::reading::Reading;
use crate::report::printable;
use crate::resources::Resources;
use crate::rule::{Catalog, Rule, load_all, macros_beside};
use crate::scan::{InputNames, Options, SHARD_SIZE};
use crate::source::{Limits, MapChoice};
use crate::spl::Macros;

/// Resolves how rules are read. `rules` are the paths that they come from: macros may lie beside.
/// What cannot be read of these is told on standard error.
pub(super) fn settings(args: &ReadingArgs, rules: &[PathBuf]) -> Result<Settings, CliError> {
    let reading = match (&args.accommodate, args.strict) {
        (_, true) => Reading::STRICT,
        (None, false) => Reading::AS_MEANT,
        (Some(list), false) => {
            Reading::parse(list).map_err(|error| CliError::new(error.to_string()))?
        }
    };
    let mut macros = Macros::builtin();
    let (beside, errors) = macros_beside(rules);
    for error in &errors {
        writeln!(io::stderr(), "error: {}", printable(&error.to_string()))?;
    }
    macros.extend(beside);
    for path in &args.macros {
        macros.extend(Macros::load(path).map_err(|error| CliError::new(error.to_string()))?);
    }
    let mut cim = Cim::builtin();
    for path in &args.cim {
        cim.extend_from_file(path).map_err(|error| CliError::new(error.to_string()))?;
    }
    let mut resources = Resources::default();
    for NamedFile { name, path } in &args.lookup {
        resources.add_lookup(name, path).map_err(|error| CliError::new(error.to_string()))?;
    }
    if let Some(path) = &args.geoip {
        resources.set_geoip(path).map_err(|error| CliError::new(error.to_string()))?;
    }
    let timezone = timezone(&args.timezone)?;
    Ok(Settings { macros, cim, reading, timezone, resources, now: Timestamp::now() })
}

fn timezone(name: &str) -> Result<TimeZone, CliError> {
    // A fixed offset, `+02:00`, or a name of the time zone database.
    if let Ok(offset) = format!("2020-01-01T00:00:00{name}").parse::<Timestamp>() {
        let noon = "2020-01-01T00:00:00Z"
            .parse::<Timestamp>()
            .map_err(|e| CliError::new(e.to_string()))?;
        let seconds = i32::try_from(noon.as_second() - offset.as_second()).unwrap_or(0);
        if let Ok(offset) = jiff::tz::Offset::from_seconds(seconds) {
            return Ok(TimeZone::fixed(offset));
        }
    }
    TimeZone::get(name).map_err(|error| CliError::new(format!("--timezone {name}: {error}")))
}

/// Resolves how a sweep's rules are read: as [`settings`], at the moment of `--now`, else of `now`.
pub(super) fn scan_settings(args: &ScanArgs, now: Option<Timestamp>) -> Result<Settings, CliError> {
    let mut settings = settings(&args.reading, &args.rule)?;
    settings.now = now.unwrap_or(settings.now);
    if let Some(now) = &args.now {
        settings.now = moment("--now", now, &settings)?;
    }
    Ok(settings)
}

/// Resolves the options of a sweep.
pub(super) fn options(args: &ScanArgs, settings: &Settings) -> Result<Options, CliError> {
    let time = |flag: &str, text: &Option<String>| {
        text.as_deref().map(|text| moment(flag, text, settings)).transpose()
    };
    let hosts = if args.host.is_empty() {
        None
    } else {
        let mut set = GlobSetBuilder::new();
        for host in &args.host {
            let glob = globset::GlobBuilder::new(host).case_insensitive(true).build();
            let glob: Glob =
                glob.map_err(|error| CliError::new(format!("--host {host}: {error}")))?;
            set.add(glob);
        }
        Some(set.build().map_err(|error| CliError::new(format!("--host: {error}")))?)
    };
    let (since, until) = (time("--since", &args.since)?, time("--until", &args.until)?);
    if let (Some(since), Some(until)) = (since, until)
        && since >= until
    {
        let message = format!("no event is from {since} on and before {until}");
        return Err(CliError::new(format!("--since, --until: {message}")));
    }
    Ok(Options {
        threads: args.threads.map_or(0, usize::from),
        shard_size: args.shard_size.map_or(SHARD_SIZE, |size| size as usize),
        map: match args.mmap {
            MmapChoice::Auto => MapChoice::Auto,
            MmapChoice::Never => MapChoice::Never,
        },
        prefilter: args.prefilter == PrefilterChoice::Auto,
        evidence: args.evidence,
        reading: settings.reading,
        timezone: settings.timezone.clone(),
        default_host: args.default_host.clone(),
        names: names(&args.names),
        since,
        until,
        hosts,
        input_format: args.input_format.map(input_format),
        max_result: args.max_result.saturating_mul(1 << 20),
        sample_from: Options::default().sample_from,
        limits: limits(&args.packed),
    })
}

/// A digest of everything that decides the answer of a sweep but its files.
pub(super) fn digest_of_sweep(
    args: &ScanArgs,
    settings: &Settings,
    options: &Options,
    plans: &[Plan],
) -> Result<String, CliError> {
    let mut parts = vec![env!("CARGO_PKG_VERSION").as_bytes().to_vec()];
    let mut goes_by_now = false;
    for plan in plans {
        let logical = format!("{:?}", plan.logical);
        goes_by_now |= ["now", "time"].iter().any(|f| logical.contains(&format!("node: \"{f}\"")));
        parts.push(format!("{:?} {:?} {logical}", plan.rule.id, plan.rule.title).into_bytes());
    }
    parts.push(format!("{:?}", settings.cim).into_bytes());
    let resources = args.reading.lookup.iter().map(|named| (named.name.as_str(), &named.path));
    for (name, path) in resources.chain(args.reading.geoip.iter().map(|path| ("", path))) {
        let read = std::fs::read(path);
        parts.push(name.as_bytes().to_vec());
        parts.push(read.map_err(|e| CliError::new(format!("{}: {e}", path.display())))?);
    }
    let Options {
        evidence, reading, default_host, names, since, until, input_format, limits, ..
    } = options;
    let told = (evidence, reading, default_host, names, since, until, input_format, limits);
    let zone = &args.reading.timezone;
    let now = goes_by_now.then_some(settings.now);
    parts.push(format!("{told:?} {:?} {zone:?} {now:?}", args.host).into_bytes());
    Ok(crate::scan::digest(parts.iter().map(Vec::as_slice)))
}

fn limits(args: &PackedArgs) -> Limits {
    Limits {
        depth: args.max_depth,
        expansion: args.max_expansion,
        members: args.max_members,
        time: args.source_timeout.map(Duration::from_secs),
        password: args.zip_password.clone(),
    }
}

/// Resolves what inputs are called.
pub(super) fn names(args: &NameArgs) -> InputNames {
    InputNames {
        sourcetype: args.sourcetype.clone(),
        source: args.source.clone(),
        index: args.index.clone(),
    }
}

/// The format that a name of `--input-format` is.
pub(super) fn input_format(name: FormatName) -> Format {
    match name {
        FormatName::Evtx => Format::Evtx,
        FormatName::Xml => Format::Xml,
        FormatName::Classic => Format::Classic,
        FormatName::Hostmon => Format::HostMon,
        FormatName::Line => Format::Line,
        FormatName::Json => Format::Json,
        FormatName::Journal => Format::Journal,
    }
}

/// A point in time: RFC 3339, a date or time without a zone, or a span before now (`-7d`).
fn moment(flag: &str, text: &str, settings: &Settings) -> Result<Timestamp, CliError> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    if let Ok(local) = text.parse::<jiff::civil::DateTime>()
        && let Ok(zoned) = local.to_zoned_datetime(settings.timezone.clone())
    {
        return Ok(zoned.timestamp());
    }
    let wrong = |why: String| {
        CliError::new(format!("{flag} {text}: {why}; write a time as 2024-05-01T00:00:00Z or -7d"))
    };
    let span: Span =
        text.parse().map_err(|_| wrong("neither a time nor a span of time".to_owned()))?;
    if !text.starts_with('-') {
        return Err(wrong("a span of time must go back from now".to_owned()));
    }
    let now = settings.now.to_zoned_datetime(settings.timezone.clone());
    let then = now.checked_add(span).map_err(|error| wrong(error.to_string()))?;
    then.timestamp().round(Unit::Second).map_err(|error| wrong(error.to_string()))
}

/// A rule that does not run, and all that is wrong with it, ready to be shown.
pub(super) struct Refused {
    pub rendered: String,
}

/// The rules of a command line, compiled.
pub(super) struct Compiled {
    pub plans: Vec<Plan>,
    pub refused: Vec<Refused>,
    /// How many were left out, for their file switches them off.
    pub disabled: usize,
}

/// Resolves which rules are meant.
pub(super) fn selection(args: &SelectArgs) -> Result<Selection, CliError> {
    Selection::new(&args.technique, &args.kind)
        .map_err(|error| CliError::new(format!("--technique: {error}")))
}

/// Loads rules, and keeps those that are meant; the built-in one when no path is given.
///
/// # Errors
/// When there are rules, but none of those that are meant: most often, a word is misspelt.
pub(super) fn load(
    paths: &[PathBuf],
    settings: &Settings,
    selection: &Selection,
) -> Result<Catalog, CliError> {
    let mut loaded = if paths.is_empty() { builtin() } else { load_all(paths) };
    if selection.is_all() || loaded.rules.is_empty() {
        return Ok(loaded);
    }
    let all = loaded.rules;
    let (meant, others): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|rule| selection.admits(rule, &settings.macros));
    if meant.is_empty() {
        let kinds: BTreeSet<_> =
            others.iter().flat_map(|rule| source_kinds(rule, &settings.macros)).collect();
        let kinds: Vec<_> = kinds.into_iter().collect();
        return Err(CliError::new(format!(
            "--technique, --kind: none of the {} rules is such a one; their kinds are: {}",
            others.len(),
            kinds.join(", ")
        )));
    }
    loaded.rules = meant;
    Ok(loaded)
}

/// Loads and compiles rules; the built-in one when no path is given.
///
/// # Errors
/// As [`load`].
pub(super) fn compile(
    paths: &[PathBuf],
    settings: &Settings,
    selection: &Selection,
    with_disabled: bool,
) -> Result<Compiled, CliError> {
    let mut loaded = load(paths, settings, selection)?;
    let all = loaded.rules.len();
    loaded.rules.retain(|rule| with_disabled || !rule.disabled);
    let disabled = all - loaded.rules.len();
    let mut refused: Vec<_> = loaded
        .errors
        .iter()
        .map(|error| Refused { rendered: format!("error: {error}\n") })
        .collect();
    let mut plans = Vec::new();
    for rule in loaded.rules {
        match Plan::compile(rule, settings) {
            Ok((plan, _)) => plans.push(plan),
            Err(refusal) => {
                let rendered = refusal.rule.render(&refusal.findings, false);
                refused.push(Refused { rendered });
            }
        }
    }
    plans.sort_by(|a, b| (&a.rule.id, &a.rule.title).cmp(&(&b.rule.id, &b.rule.title)));
    Ok(Compiled { plans, refused, disabled })
}

fn builtin() -> Catalog {
    let mut catalog = Catalog::default();
    match Rule::builtin() {
        Ok(rule) => catalog.rules.push(rule),
        Err(error) => catalog.errors.push(error),
    }
    catalog
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_absolute_or_before_now() {
        let settings =
            settings(&ReadingArgs { timezone: "UTC".into(), ..ReadingArgs::default() }, &[]);
        let settings = settings.unwrap_or_else(|error| panic!("{error:?}"));
        let at = |text| moment("--since", text, &settings).map_err(|error| error.to_string());
        assert_eq!(at("2024-05-01T00:00:00+02:00"), Ok("2024-04-30T22:00:00Z".parse().unwrap()));
        assert_eq!(at("2024-05-01"), Ok("2024-05-01T00:00:00Z".parse().unwrap()));
        let week = at("-7d").unwrap();
        let ago = Timestamp::now().as_second() - week.as_second();
        assert!((7 * 86_400 - 5..7 * 86_400 + 5).contains(&ago), "{ago}");
        assert!(at("7d").is_err());
        assert!(at("yesterday").is_err());
    }

    #[test]
    fn zones_are_names_or_offsets() {
        assert!(timezone("Europe/Berlin").is_ok());
        assert!(timezone("Nowhere/Nothing").is_err());
        let offset = timezone("+02:00").unwrap();
        let at: Timestamp = "2024-05-01T00:00:00Z".parse().unwrap();
        assert_eq!(offset.to_offset(at).seconds(), 7200);
    }
}
