//! A report as Markdown: what a folder of results opens with.

use std::fmt::Write as _;
use std::path::Path;

use super::{number, or_nothing, printable};
use crate::bench::{Machine, Measurement, Report, Stages, Target, What};

/// Why the numbers may flatter: the same for every run.
pub(super) const BIAS: &str = include_str!("bias.md");

/// The text; `plots` are the names of the files beside it. `folder` is looked into for what others
/// put there.
pub(super) fn readme(report: &Report, plots: &[&str], folder: &Path) -> String {
    let mut to = String::new();
    head(&mut to, report, folder);
    targets(&mut to, &report.targets);
    side_by_side(&mut to, report);
    for plot in plots {
        let name = plot.trim_end_matches(".svg");
        line(&mut to, &format!("![{name}]({plot})\n"));
    }
    measurements(&mut to, &report.measurements);
    stages(&mut to, &report.measurements);
    rules(&mut to, report);
    list(&mut to, "Left out", &report.notes);
    list(&mut to, "WRONG ANSWERS", &report.wrong);
    to
}

/// Writing to a string does not fail.
fn line(to: &mut String, text: &str) {
    let _ = writeln!(to, "{text}");
}

fn cells(to: &mut String, cells: &[String]) {
    let cells: Vec<_> = cells.iter().map(|cell| printable(cell).replace('|', "\\|")).collect();
    line(to, &format!("| {} |", cells.join(" | ")));
}

/// The head of a table: the first column is text, the others numbers.
fn table(to: &mut String, names: &[&str]) {
    cells(to, &names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
    line(to, &format!("|---|{}", "--:|".repeat(names.len() - 1)));
}

fn head(to: &mut String, report: &Report, folder: &Path) {
    let Machine { system, processor, processors, memory } = &report.machine;
    line(to, &format!("# coldsweep {}, measured {}\n", report.version, report.started));
    line(to, &format!("- command: `{}`", printable(&report.command).replace('`', "'")));
    let commit = report.commit.as_deref().unwrap_or("not said; `machine.txt` has it where it is");
    line(to, &format!("- commit: {}", printable(commit)));
    let memory = memory >> 20;
    line(to, &format!("- machine: {processor}, {processors} processors, {memory} MiB, {system}"));
    if folder.join("machine.txt").is_file() {
        line(to, "- [machine.txt](machine.txt): more about the machine, and the tools' versions");
    }
    line(to, "- [report.json](report.json): everything, as `coldsweep bench --compare` takes it");
    line(to, "- [raw.csv](raw.csv): every round; [table.txt](table.txt): the tables as printed");
    line(to, "- [BIAS.md](BIAS.md): **why these numbers may flatter**\n");
}

fn targets(to: &mut String, targets: &[Target]) {
    if targets.is_empty() {
        return;
    }
    line(to, "## Targets\n");
    table(to, &["target", "wanted", "found", "holds"]);
    for target in targets {
        let side = if target.at_least { "≥" } else { "≤" };
        let verdict = match (target.found, target.holds()) {
            (None, _) => "not measured",
            (_, None) => "only reported",
            (_, Some(true)) => "holds",
            (_, Some(false)) => "**does not hold**",
        };
        let wanted = or_nothing(target.wanted, |wanted| format!("{side} {}", number(wanted)));
        let found = or_nothing(target.found, number);
        cells(to, &[target.name.clone(), wanted, found, verdict.to_owned()]);
    }
    line(to, "");
}

/// The kinds of corpora, from the best to the worst.
const KINDS: [&str; 4] = ["rare", "dense", "hostile", "escaped"];

/// The best next to the worst, of each format.
fn side_by_side(to: &mut String, report: &Report) {
    let speed = |corpus: &str, what| {
        let all = report.measurements.iter();
        let of = all.filter(|one| one.corpus == corpus && one.what == what);
        // One thread before more, and the whole before a part of it.
        of.min_by_key(|one| (one.threads, u64::MAX - one.bytes))
            .map(|one| format!("{:.3}", one.gigabytes_per_second()))
    };
    let rows: Vec<_> = ["xml", "classic", "json", "evtx", "evtx-many"]
        .into_iter()
        .map(|format| {
            let scans = KINDS.map(|kind| match (format, kind) {
                ("evtx-many", "rare") => speed(format, What::Scan),
                _ => speed(&format!("{format}-{kind}"), What::Scan),
            });
            let off = speed(&format!("{format}-rare"), What::NoPrefilter);
            (format, [scans.as_slice(), &[off]].concat())
        })
        .filter(|(_, found)| found.iter().any(Option::is_some))
        .collect();
    if rows.is_empty() {
        return;
    }
    line(to, "## The best next to the worst\n");
    line(to, "GB/s: scans on one thread; every event evaluated (`--prefilter off`) on all.\n");
    table(to, &["format", "rare", "dense", "hostile", "escaped", "no prefilter"]);
    for (format, found) in rows {
        let numbers = found.into_iter().map(|one| or_nothing(one, |one| one));
        cells(to, &std::iter::once(format.to_owned()).chain(numbers).collect::<Vec<_>>());
    }
    line(to, "");
}

fn measurements(to: &mut String, all: &[Measurement]) {
    if all.is_empty() {
        return;
    }
    line(to, "## Measurements\n");
    line(
        to,
        "Medians; the spread is the median distance from the median. \"Of sum\" is the speed \
         against summing the same bytes on as many threads, round by round.\n",
    );
    table(
        to,
        &[
            "corpus",
            "what",
            "threads",
            "MB",
            "ms",
            "spread",
            "GB/s",
            "M events/s",
            "of sum",
            "hits",
            "candidates",
            "anon MiB",
        ],
    );
    for one in all {
        let median = one.seconds.median();
        cells(
            to,
            &[
                one.corpus.clone(),
                one.what.name().to_owned(),
                one.threads.to_string(),
                format!("{:.1}", one.bytes as f64 / 1e6),
                format!("{:.2}", median * 1e3),
                format!("{:.1}%", one.seconds.spread() / median * 1e2),
                format!("{:.3}", one.gigabytes_per_second()),
                or_nothing(one.events_per_second(), |rate| format!("{:.3}", rate / 1e6)),
                or_nothing(one.of_sum, |ratio| format!("{ratio:.2}")),
                or_nothing(one.hits, |hits| hits.to_string()),
                or_nothing(one.candidates, |candidates| candidates.to_string()),
                or_nothing(one.rss_anon, |bytes| format!("{:.1}", bytes as f64 / 1_048_576.0)),
            ],
        );
    }
    line(to, "");
}

fn stages(to: &mut String, all: &[Measurement]) {
    let staged: Vec<_> = all.iter().filter_map(|one| Some((one, one.stages?))).collect();
    if staged.is_empty() {
        return;
    }
    line(to, "## Milliseconds of each stage\n");
    let names = Stages::default().named().map(|(name, _)| name);
    table(to, &[["corpus"].as_slice(), &names].concat());
    for (one, stages) in staged {
        let numbers = stages.named().map(|(_, seconds)| format!("{:.2}", seconds * 1e3));
        cells(to, &[[one.corpus.clone()].as_slice(), &numbers].concat());
    }
    line(to, "");
}

fn rules(to: &mut String, report: &Report) {
    if report.rules.is_empty() {
        return;
    }
    line(to, "## Rules, the dearest first\n");
    table(to, &["rule", "ms", "GB/s", "candidates", "hits"]);
    for rule in &report.rules {
        let median = rule.seconds.median();
        cells(
            to,
            &[
                format!("{} ({})", rule.title, rule.id),
                format!("{:.2}", median * 1e3),
                format!("{:.3}", rule.bytes as f64 / median / 1e9),
                rule.candidates.to_string(),
                rule.hits.to_string(),
            ],
        );
    }
    line(to, "");
}

fn list(to: &mut String, name: &str, all: &[String]) {
    if all.is_empty() {
        return;
    }
    line(to, &format!("## {name}\n"));
    for one in all {
        line(to, &format!("- {}", printable(one)));
    }
    line(to, "");
}
