//! The input target: any bytes, any way of sweeping them, the same rows.

use std::path::PathBuf;
use std::time::SystemTime;

use coldsweep::cim::Cim;
use coldsweep::event::Format;
use coldsweep::plan::{FinalRow, Plan};
use coldsweep::reading::Reading;
use coldsweep::rule::Rule;
use coldsweep::scan::{Options, Outcome, Progress, Skipped, scan};
use coldsweep::source::{Encoding, MapChoice, sniff_encoding};

use super::mutate::mutate;
use super::rng::Rng;
use super::seeds;
use crate::common;

/// Rules with a guard, so that the prefilter has something to do.
const GUARDED: &[&str] = &[
    r#""msiexec" | where match(process, "(?i)msi") | stats values(*) as * count by _time, host"#,
    r#"msiexec OR "notepad.exe" | table _time host process EventCode signature_id"#,
    r#"".msi" "://" | stats count dc(process) as processes list(user) as users by host"#,
    r#"process="*msiexec*" | stats earliest(_time) as first latest(_time) as last count by host"#,
    r#"| where like(CommandLine, "%install%") | stats values(CommandLine) as c by host"#,
    r#"| regex CommandLine="(?i)https?://\S+\.msi" | table host CommandLine"#,
    r#"| where CommandLine="msiexec /i C:\\local\\thing.msi" | table host CommandLine"#,
];

/// Rules that look at every event.
const UNGUARDED: &[&str] = &[
    r#"* | stats count by host, EventCode"#,
    r#"NOT notepad | where len(process) > 3 | stats values(process) as p max(_time) as t by host"#,
];

/// The target.
pub struct Target {
    seeds: Vec<Vec<u8>>,
    /// How many of the seeds were made here: they are smaller and have more hits.
    made: usize,
    guarded: Vec<Plan>,
    unguarded: Vec<Plan>,
    cim: Cim,
    folder: tempfile::TempDir,
    seed: u64,
}

impl Target {
    /// The target whose cases are those of `seed`.
    pub fn new(seed: u64) -> Self {
        let mut inputs = seeds::builtin();
        let made = inputs.len();
        if let Some(shared) = common::shared("fuzz input") {
            inputs.extend(seeds::corpora(&shared.join("corpora")));
        }
        let rule = |search: &&str| {
            common::compile(
                Rule::parse(search, "fuzz.spl").expect("a bare search"),
                Reading::AS_MEANT,
            )
        };
        let mut guarded: Vec<_> = GUARDED.iter().map(rule).collect();
        guarded.push(common::seed_plan(Reading::AS_MEANT));
        for plan in &guarded {
            assert!(
                !plan.text_guards.is_empty() && !plan.evtx_guards.is_empty(),
                "{}",
                plan.rule.search
            );
        }
        Self {
            seeds: inputs,
            made,
            guarded,
            unguarded: UNGUARDED.iter().map(rule).collect(),
            cim: Cim::builtin(),
            folder: tempfile::tempdir().expect("a folder for inputs"),
            seed,
        }
    }

    /// The input of a case. Its last byte chooses how the format is told.
    pub fn make(&self, case: u64) -> Vec<u8> {
        let mut rng = Rng::of_case(self.seed, case);
        let list = if rng.one_in(2) { &self.seeds[..self.made] } else { &self.seeds[..] };
        let (seed, other) = seeds::pair(list, &mut rng);
        let mut bytes = seed.to_vec();
        mutate(&mut bytes, other, &mut rng);
        bytes.push(if rng.one_in(8) { rng.next() as u8 } else { 255 });
        bytes
    }

    /// Sweeps an input every way.
    pub fn check(&self, input: &[u8]) -> Result<(), String> {
        let Some((&choice, bytes)) = input.split_last() else { return Ok(()) };
        let input_format = Format::ALL.get(usize::from(choice)).copied();
        let base = Options {
            threads: 1,
            prefilter: false,
            evidence: true,
            input_format,
            ..Options::default()
        };
        let on = Options { prefilter: true, ..base.clone() };
        self.write(bytes);
        let size = 1 + usize::from(choice) * 7 + bytes.len() % 1500;
        let read = MapChoice::Never;
        let guarded = &self.guarded[..];
        let plain = self.sweep(guarded, &base);
        let prefiltered = self.sweep(guarded, &on);
        same_rows("prefilter on", guarded, &plain, &prefiltered)?;
        let small = self.sweep(guarded, &Options { threads: 3, shard_size: size, ..base.clone() });
        same_rows("3 threads, small shards", guarded, &plain, &small)?;
        same_findings("3 threads, small shards", &plain, &small)?;
        let options = Options { threads: 3, shard_size: size, map: read, ..on.clone() };
        let small = self.sweep(guarded, &options);
        same_rows("prefilter on, 3 threads, small shards, read", guarded, &plain, &small)?;
        same_findings("prefilter on, 3 threads, small shards, read", &prefiltered, &small)?;
        let one = usize::from(bytes.len() as u8) % guarded.len();
        let alone = self.sweep(&guarded[one..=one], &on);
        if alone.rows[0] != plain.rows[one] {
            return Err(format!(
                "alone: {}",
                difference(&guarded[one], &plain.rows[one], &alone.rows[0])
            ));
        }
        let unguarded = &self.unguarded[..];
        let every = self.sweep(unguarded, &on);
        let options = Options { threads: 3, shard_size: size, ..base.clone() };
        same_rows("unguarded", unguarded, &every, &self.sweep(unguarded, &options))?;
        if !bytes.starts_with(b"\x1f\x8b\x08") {
            self.write(&seeds::gzip(bytes));
            let packed = self.sweep(guarded, &Options { shard_size: size.max(256), ..on.clone() });
            same_rows("gzip", guarded, &plain, &packed)?;
            same_findings("gzip", &prefiltered, &packed)?;
        }
        self.check_utf16(bytes, &prefiltered, &on)
    }

    /// The same text in UTF-16 gives the same rows, but for where their events stand.
    fn check_utf16(
        &self,
        bytes: &[u8],
        expected: &Outcome,
        options: &Options,
    ) -> Result<(), String> {
        let Ok(text) = std::str::from_utf8(bytes) else { return Ok(()) };
        if text.is_empty()
            || text.starts_with('\u{feff}')
            || sniff_encoding(bytes).0 != Encoding::Utf8
        {
            return Ok(());
        }
        self.write(&seeds::utf16(text, u16::to_le_bytes, b"\xff\xfe"));
        let found = self.sweep(&self.guarded, &Options { evidence: false, ..options.clone() });
        for (at, plan) in self.guarded.iter().enumerate() {
            let columns = |rows: &[FinalRow]| -> Vec<_> {
                rows.iter().map(|row| FinalRow { evidence: Vec::new(), ..row.clone() }).collect()
            };
            let (one, other) = (columns(&expected.rows[at]), columns(&found.rows[at]));
            if one != other {
                return Err(format!("UTF-16: {}", difference(plan, &one, &other)));
            }
        }
        Ok(())
    }

    fn write(&self, bytes: &[u8]) {
        let path = self.path();
        // Events without a time get their file's.
        let set = std::fs::write(&path, bytes).and_then(|()| {
            std::fs::File::options().append(true).open(&path)?.set_modified(SystemTime::UNIX_EPOCH)
        });
        set.expect("the folder for inputs can be written");
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("input")
    }

    fn sweep(&self, plans: &[Plan], options: &Options) -> Outcome {
        scan(plans, &self.cim, &[self.path()], options, &Progress::default())
            .expect("the sweep starts")
    }
}

fn same_rows(how: &str, plans: &[Plan], one: &Outcome, other: &Outcome) -> Result<(), String> {
    for (at, plan) in plans.iter().enumerate() {
        if one.rows[at] != other.rows[at] {
            return Err(format!("{how}: {}", difference(plan, &one.rows[at], &other.rows[at])));
        }
    }
    Ok(())
}

fn same_findings(how: &str, one: &Outcome, other: &Outcome) -> Result<(), String> {
    let (ones, others) = (findings(one), findings(other));
    if ones == others && one.skipped_more == other.skipped_more {
        return Ok(());
    }
    let lost = ones.iter().find(|finding| !others.contains(finding));
    let new = others.iter().find(|finding| !ones.contains(finding));
    Err(format!("{how}: the findings differ: first only {lost:?}, then only {new:?}"))
}

/// What could not be read, without how it was packed.
fn findings(outcome: &Outcome) -> Vec<Skipped> {
    let mut list = outcome.skipped.clone();
    for finding in &mut list {
        finding.reason = finding.reason.replace("gzip of what is ", "");
    }
    list
}

/// The first row that differs.
pub fn difference(plan: &Plan, one: &[FinalRow], other: &[FinalRow]) -> String {
    let at = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    format!(
        "{} | {} and {} rows, first at {at}: {:?} and {:?}",
        plan.rule.search,
        one.len(),
        other.len(),
        one.get(at),
        other.get(at)
    )
}
