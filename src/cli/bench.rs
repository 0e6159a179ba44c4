//! `coldsweep bench`.

mod plots;
mod readme;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::args::{BenchArgs, BenchFormat, SelectArgs};
use super::{CliError, config};
use crate::bench::catalog::{self, CatalogCost, CatalogSubject};
use crate::bench::{
    Bench, BenchError, Change, Machine, Measurement, Report, RuleCost, Stages, Store, Subject,
    Target, Verdict, catalog_targets, compare, rank, targets,
};
use crate::corpus::{Definition, Size};
use crate::plan::Settings;
use crate::scan::Options;

/// What rules are ranked on, where nothing else is asked for, and how large.
const RANKED_ON: [&str; 2] = ["xml-rare", "evtx-rare"];
/// What a catalog is measured on.
const CATALOG_ON: [&str; 3] = ["xml-rare", "xml-quiet", "evtx-rare"];
/// Hundreds of rules are a common collection, and some of them look at every event.
const RANKED_SIZE: Size = Size(16 << 20);

impl From<BenchError> for CliError {
    fn from(error: BenchError) -> Self {
        Self::new(error.to_string())
    }
}

/// Says which commit the program was built from: it does not know itself.
const COMMIT: &str = "COLDSWEEP_COMMIT";

/// Measures, and gives the exit status.
pub(super) fn run(args: &BenchArgs) -> Result<u8, CliError> {
    // Before anything takes an hour.
    let old = args.compare.as_deref().map(load).transpose()?;
    let paths: Vec<_> = args.rule.iter().chain(&args.rules).chain(&args.catalog).cloned().collect();
    let settings = config::settings(&args.reading, &paths)?;
    let bench = bench(args, &settings);
    let mut report = Report {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        command: command(),
        commit: std::env::var(COMMIT).ok().filter(|commit| !commit.is_empty()),
        machine: Machine::this(),
        ..Report::default()
    };
    if !args.catalog.is_empty() {
        measure_catalog(args, &settings, &bench, &mut report)?;
    } else if args.rules.is_empty() {
        measure(args, &settings, &bench, &mut report)?;
    } else {
        rank_rules(args, &settings, &bench, &mut report)?;
    }
    if let Some(folder) = &args.record {
        record(&report, folder)?;
    }
    let mut stdout = BufWriter::new(io::stdout().lock());
    match args.format {
        BenchFormat::Table => write_tables(&report, &mut stdout)?,
        BenchFormat::Json => write_json(&report, &mut stdout)?,
        BenchFormat::Csv => write_csv(&report, &mut stdout)?,
    }
    let changes = old.map(|old| compare(&old, &report)).unwrap_or_default();
    if args.format == BenchFormat::Table {
        write_changes(&changes, &mut stdout)?;
    } else {
        write_changes(&changes, &mut io::stderr())?;
    }
    stdout.flush()?;
    for wrong in &report.wrong {
        writeln!(io::stderr(), "coldsweep: wrong: {wrong}")?;
    }
    Ok(if report.wrong.is_empty() { 0 } else { 2 })
}

fn bench(args: &BenchArgs, settings: &Settings) -> Bench {
    let folder = args.dir.clone().unwrap_or_else(|| std::env::temp_dir().join("coldsweep-corpora"));
    let threads = match args.threads {
        Some(threads) if threads > 0 => threads.into(),
        _ => std::thread::available_parallelism().map_or(1, Into::into),
    };
    Bench {
        store: Store::new(folder),
        runs: args.runs.into(),
        threads,
        size: args.size,
        program: std::env::current_exe().ok(),
        options: Options {
            reading: settings.reading,
            timezone: settings.timezone.clone(),
            ..Options::default()
        },
        cim: settings.cim.clone(),
    }
}

fn load(path: &Path) -> Result<Report, CliError> {
    let wrong = |why: String| CliError::new(format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| wrong(format!("is no report: {error}")))
}

fn definitions(names: &[String]) -> Result<Vec<Definition>, CliError> {
    let all = if names.is_empty() {
        Definition::builtin()
    } else {
        names.iter().map(|name| Definition::find(name)).collect()
    };
    all.map_err(|error| CliError::new(error.to_string()))
}

/// Says on standard error what is being done: a full run takes many minutes.
fn say(what: &str) {
    let _ = writeln!(io::stderr(), "{what}");
}

fn plans(
    paths: &[std::path::PathBuf],
    args: &BenchArgs,
    settings: &Settings,
) -> Result<Vec<crate::plan::Plan>, CliError> {
    let config::Compiled { plans, refused, .. } =
        config::compile(paths, settings, &config::selection(&args.select)?, true)?;
    for refused in &refused {
        io::stderr().write_all(refused.rendered.as_bytes())?;
    }
    if plans.is_empty() {
        return Err(CliError::new("no rule can run, so nothing was measured"));
    }
    Ok(plans)
}

fn measure(
    args: &BenchArgs,
    settings: &Settings,
    bench: &Bench,
    report: &mut Report,
) -> Result<(), CliError> {
    let plans = plans(&args.rule, args, settings)?;
    // The corpora say what the seed rule finds when it is read as it was meant.
    let seed = args.rule.is_empty() && settings.reading == crate::reading::Reading::AS_MEANT;
    if args.on.is_empty() {
        for definition in definitions(&args.names)? {
            say(&format!("{}: making it", definition.name));
            let subject = bench.corpus(&definition, report)?;
            bench.measure(&plans, seed, &subject, report, &mut say)?;
        }
        if seed {
            report.targets = targets(report, bench.threads);
        }
    } else {
        bench.measure(&plans, false, &Subject::files(&args.on), report, &mut say)?;
    }
    Ok(())
}

/// Rules in one pass are measured on so much of a corpus.
const CATALOG_SIZE: Size = Size(256 << 20);
/// Every rule is evaluated on every event of so much.
const EVERY_SIZE: Size = Size(4 << 20);

fn measure_catalog(
    args: &BenchArgs,
    settings: &Settings,
    bench: &Bench,
    report: &mut Report,
) -> Result<(), CliError> {
    let names: Vec<_> = if args.names.is_empty() {
        CATALOG_ON.iter().map(|&name| name.to_owned()).collect()
    } else {
        args.names.clone()
    };
    let sized = |size| Bench { size: Some(size), ..bench.clone() };
    let (whole, part) = (sized(bench.size.unwrap_or(CATALOG_SIZE)), sized(EVERY_SIZE));
    let mut subjects = Vec::new();
    for definition in definitions(&names)? {
        say(&format!("{}: making it", definition.name));
        let whole = whole.corpus(&definition, report)?;
        subjects.push(CatalogSubject { whole, part: part.corpus(&definition, report)? });
    }
    let selection = config::selection(&args.select)?;
    let compile = || -> Result<_, CliError> {
        let config::Compiled { plans, refused, .. } =
            config::compile(&args.catalog, settings, &selection, true)?;
        Ok((plans, refused.len()))
    };
    let one = config::compile(&[], settings, &config::selection(&SelectArgs::default())?, true)?;
    let one = one.plans.into_iter().next();
    let one = one.ok_or_else(|| CliError::new("the built-in rule does not run"))?;
    let cost = catalog::measure(bench, &compile, one, &subjects, &mut say)?;
    if cost.rules == 0 {
        return Err(CliError::new("no rule can run, so nothing was measured"));
    }
    report.targets = catalog_targets(&cost);
    report.catalog = Some(cost);
    Ok(())
}

fn rank_rules(
    args: &BenchArgs,
    settings: &Settings,
    bench: &Bench,
    report: &mut Report,
) -> Result<(), CliError> {
    let plans = plans(&args.rules, args, settings)?;
    let subjects = if args.on.is_empty() {
        let names: Vec<_> = if args.names.is_empty() {
            RANKED_ON.iter().map(|&name| name.to_owned()).collect()
        } else {
            args.names.clone()
        };
        let sized = Bench { size: bench.size.or(Some(RANKED_SIZE)), ..bench.clone() };
        let definitions = definitions(&names)?;
        let corpora = definitions.iter().map(|definition| sized.corpus(definition, report));
        corpora.collect::<Result<_, _>>()?
    } else {
        vec![Subject::files(&args.on)]
    };
    say(&format!("{} rules, {} rounds each", plans.len(), bench.runs));
    report.rules = rank(bench, plans, &subjects)?;
    Ok(())
}

fn record(report: &Report, folder: &Path) -> Result<(), CliError> {
    std::fs::create_dir_all(folder)?;
    let create = |name: &str| File::create(folder.join(name)).map(BufWriter::new);
    write_json(report, &mut create("report.json")?)?;
    write_csv(report, &mut create("raw.csv")?)?;
    write_tables(report, &mut create("table.txt")?)?;
    let plots = plots::plots(report)?;
    for (name, text) in &plots {
        std::fs::write(folder.join(name), text)?;
    }
    let names: Vec<_> = plots.iter().map(|(name, _)| *name).collect();
    std::fs::write(folder.join("README.md"), readme::readme(report, &names, folder))?;
    std::fs::write(folder.join("BIAS.md"), readme::BIAS)?;
    Ok(())
}

/// The command line, as it would be typed: the program without its folder.
fn command() -> String {
    let quoted = |word: String| {
        let plain = |c: char| c.is_alphanumeric() || "-_./=:,+@".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            return word;
        }
        format!("'{}'", word.replace('\'', r"'\''"))
    };
    let words = std::env::args_os().skip(1).map(|word| quoted(word.to_string_lossy().into_owned()));
    std::iter::once("coldsweep".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

fn write_json(report: &Report, to: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *to, report)?;
    writeln!(to)?;
    to.flush()
}

/// A line a round, so that a look at the noise needs nothing else.
fn write_csv(report: &Report, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "corpus,what,threads,bytes,events,hits,candidates,rss_anon,round,seconds")?;
    let text = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    for one in &report.measurements {
        for (round, seconds) in one.seconds.0.iter().enumerate() {
            writeln!(
                to,
                "\"{}\",{},{},{},{},{},{},{},{},{seconds:.6}",
                one.corpus.replace('"', "\"\""),
                one.what.name(),
                one.threads,
                one.bytes,
                text(one.events),
                text(one.hits),
                text(one.candidates),
                text(one.rss_anon),
                round + 1,
            )?;
        }
    }
    to.flush()
}

fn write_tables(report: &Report, to: &mut dyn Write) -> io::Result<()> {
    let Machine { system, processor, processors, memory } = &report.machine;
    writeln!(
        to,
        "coldsweep {} on {processor}, {processors} processors, {} MiB, {system}, {}",
        report.version,
        memory >> 20,
        report.started
    )?;
    if !report.measurements.is_empty() {
        write_measurements(&report.measurements, to)?;
        write_latencies(&report.measurements, to)?;
        write_stages(&report.measurements, to)?;
    }
    write_rules(&report.rules, to)?;
    if let Some(cost) = &report.catalog {
        write_catalog(cost, to)?;
    }
    write_targets(&report.targets, to)?;
    for note in &report.notes {
        writeln!(to, "note: {note}")?;
    }
    for wrong in &report.wrong {
        writeln!(to, "WRONG: {wrong}")?;
    }
    to.flush()
}

/// What stands where there is no number.
const NOTHING: &str = "-";

fn or_nothing<T>(value: Option<T>, write: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| NOTHING.to_owned(), write)
}

fn write_measurements(measurements: &[Measurement], to: &mut dyn Write) -> io::Result<()> {
    writeln!(
        to,
        "\n{:<16} {:<12} {:>2} {:>8} {:>10} {:>7} {:>8} {:>8} {:>6} {:>8} {:>10} {:>9} {:>8}",
        "corpus",
        "what",
        "j",
        "MB",
        "ms",
        "spread",
        "GB/s",
        "Mev/s",
        "of sum",
        "hits",
        "candidates",
        "false pos",
        "anon MiB"
    )?;
    for one in measurements {
        writeln!(
            to,
            "{:<16} {:<12} {:>2} {:>8.1} {:>10.2} {:>6.1}% {:>8.3} {:>8} {:>6} {:>8} {:>10} {:>9} {:>8}",
            printable(&one.corpus),
            one.what.name(),
            one.threads,
            one.bytes as f64 / 1e6,
            one.seconds.median() * 1e3,
            one.seconds.spread() / one.seconds.median() * 1e2,
            one.gigabytes_per_second(),
            or_nothing(one.events_per_second(), |rate| format!("{:.3}", rate / 1e6)),
            or_nothing(one.of_sum, |ratio| format!("{ratio:.2}")),
            or_nothing(one.hits, |hits| hits.to_string()),
            or_nothing(one.candidates, |candidates| candidates.to_string()),
            or_nothing(one.false_positive_rate(), |rate| format!("{:.2}%", rate * 1e2)),
            or_nothing(one.rss_anon, |bytes| format!("{:.1}", bytes as f64 / 1_048_576.0)),
        )?;
    }
    Ok(())
}

fn write_catalog(cost: &CatalogCost, to: &mut dyn Write) -> io::Result<()> {
    writeln!(
        to,
        "\n{} rules run, {} do not; compiled in {:.0} ms{}\n",
        cost.rules,
        cost.refused,
        cost.compile.median() * 1e3,
        cost.plan_bytes.map_or_else(String::new, |bytes| format!(", {} MiB", bytes >> 20)),
    )?;
    writeln!(
        to,
        "{:<16} {:>8} {:>10} {:>10} {:>8} {:>8} {:>10} {:>10} {:>10}",
        "corpus", "MB", "one ms", "all ms", "GB/s", "times", "candidates", "hits", "of every"
    )?;
    for scan in &cost.scans {
        writeln!(
            to,
            "{:<16} {:>8.1} {:>10.2} {:>10.2} {:>8.3} {:>8.1} {:>10} {:>10} {:>10.1}",
            printable(&scan.corpus),
            scan.bytes as f64 / 1e6,
            scan.one.median() * 1e3,
            scan.all.median() * 1e3,
            scan.gigabytes_per_second(),
            scan.times_one(),
            scan.candidates,
            scan.hits,
            scan.gain(),
        )?;
    }
    Ok(())
}

fn write_latencies(measurements: &[Measurement], to: &mut dyn Write) -> io::Result<()> {
    writeln!(
        to,
        "\n{:<16} {:>2} {:>8} {:>8} {:>8} {:>8} {:>8}   microseconds a shard",
        "corpus", "j", "p50", "p90", "p99", "p99.9", "max"
    )?;
    for one in measurements {
        if let Some(latency) = &one.latency_us {
            writeln!(
                to,
                "{:<16} {:>2} {:>8} {:>8} {:>8} {:>8} {:>8}",
                printable(&one.corpus),
                one.threads,
                latency.p50,
                latency.p90,
                latency.p99,
                latency.p999,
                latency.max
            )?;
        }
    }
    Ok(())
}

fn write_stages(measurements: &[Measurement], to: &mut dyn Write) -> io::Result<()> {
    let staged = measurements.iter().filter_map(|one| Some((one, one.stages?)));
    let mut staged = staged.peekable();
    if staged.peek().is_none() {
        return Ok(());
    }
    write!(to, "\n{:<16}", "corpus")?;
    for (name, _) in Stages::default().named() {
        write!(to, " {name:>10}")?;
    }
    writeln!(to, "   ms a stage, 1 thread, shard by shard")?;
    for (one, stages) in staged {
        write!(to, "{:<16}", printable(&one.corpus))?;
        for (_, seconds) in stages.named() {
            write!(to, " {:>10.2}", seconds * 1e3)?;
        }
        writeln!(to)?;
    }
    Ok(())
}

fn write_rules(rules: &[RuleCost], to: &mut dyn Write) -> io::Result<()> {
    if rules.is_empty() {
        return Ok(());
    }
    writeln!(
        to,
        "\n{:<14} {:>10} {:>7} {:>8} {:>10} {:>8}  title [what is searched for]",
        "rule", "ms", "spread", "GB/s", "candidates", "hits"
    )?;
    for rule in rules {
        let median = rule.seconds.median();
        let literals = if rule.literals.is_empty() {
            "nothing: every event is evaluated".to_owned()
        } else {
            rule.literals.join(" or ")
        };
        writeln!(
            to,
            "{:<14} {:>10.2} {:>6.1}% {:>8.3} {:>10} {:>8}  {} [{}]",
            printable(&rule.id),
            median * 1e3,
            rule.seconds.spread() / median * 1e2,
            rule.bytes as f64 / median / 1e9,
            rule.candidates,
            rule.hits,
            printable(&rule.title),
            printable(&literals),
        )?;
    }
    Ok(())
}

fn write_targets(targets: &[Target], to: &mut dyn Write) -> io::Result<()> {
    if targets.iter().all(|target| target.found.is_none()) {
        return Ok(());
    }
    writeln!(to)?;
    for target in targets {
        let found = target.found.map(number);
        let side = if target.at_least { "at least" } else { "at most" };
        let line = match (target.wanted.map(number), found, target.holds()) {
            (_, None, _) => "not measured".to_owned(),
            (None, Some(found), _) => format!("found {found}"),
            (Some(wanted), Some(found), holds) => {
                let verdict = if holds == Some(true) { "holds" } else { "DOES NOT HOLD" };
                format!("target {side} {wanted}, found {found}: {verdict}")
            }
        };
        writeln!(to, "{}: {line}", target.name)?;
    }
    Ok(())
}

/// With as many digits as say something.
fn number(number: f64) -> String {
    if number < 10.0 { format!("{number:.2}") } else { format!("{number:.1}") }
}

fn write_changes(changes: &[Change], to: &mut dyn Write) -> io::Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    writeln!(
        to,
        "\n{:<32} {:>10} {:>7} {:>10} {:>7} {:>6}  since then",
        "corpus, what, threads", "old ms", "spread", "new ms", "spread", "ratio"
    )?;
    for change in changes {
        let said = match change.verdict {
            Verdict::NoChange => "no change".to_owned(),
            Verdict::Faster => format!("{:.1}% faster", (1.0 - change.ratio) * 1e2),
            Verdict::Slower => format!("{:.1}% SLOWER", (change.ratio - 1.0) * 1e2),
        };
        writeln!(
            to,
            "{:<32} {:>10.2} {:>6.1}% {:>10.2} {:>6.1}% {:>6.3}  {said} (noise {:.1}%)",
            printable(&change.name),
            change.medians.0 * 1e3,
            change.spreads.0 / change.medians.0 * 1e2,
            change.medians.1 * 1e3,
            change.spreads.1 / change.medians.1 * 1e2,
            change.ratio,
            change.band * 1e2,
        )?;
    }
    Ok(())
}

/// Text of a rule or a path, which must not move a terminal's cursor.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
