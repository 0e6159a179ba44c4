//! The command line as typed. No I/O here.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use crate::corpus::Size;
use crate::report::OutputFormat;
use crate::scan::Shard;

/// Sweeps cold logs with Splunk detection rules, without Splunk.
#[derive(Debug, Parser)]
#[command(name = "coldsweep", version, propagate_version = true, arg_required_else_help = true)]
pub struct Args {
    /// Say which paths were chosen and why (twice: more)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sweep files and folders; the default rule is the built-in one
    Scan(ScanArgs),
    /// Put partial results of `scan --partial` together: the rows of one sweep
    Merge(MergeArgs),
    /// List the shards of a sweep, for `scan --shard`: one JSON object a line
    Plan {
        /// Files and folders (recursive)
        #[arg(value_name = "PATH", required = true)]
        paths: Vec<PathBuf>,
        /// How many shards
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
        shards: u32,
    },
    /// Show a rule's page: what it looks for, how it runs, what it relies on
    Explain(ExplainArgs),
    /// Check, test or list rules
    Rules(RulesArgs),
    /// Measure what rules cost, over corpora or your files
    Bench(BenchArgs),
    /// List and make the corpora of the benchmark
    Corpus(CorpusArgs),
    /// Write a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the manual page
    Man,
}

/// How rules are read: the same for all commands.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct ReadingArgs {
    /// Answer as stock Splunk with the stock add-ons would, dead arms included
    #[arg(long, conflicts_with = "accommodate")]
    pub strict: bool,
    /// Which accommodations are on: codes, -code, all, none, separated by commas
    #[arg(long, value_name = "LIST", allow_hyphen_values = true)]
    pub accommodate: Option<String>,
    /// SPL macro definitions, over the built-in ones (TOML, or Splunk's macros.conf)
    #[arg(long, value_name = "FILE")]
    pub macros: Vec<PathBuf>,
    /// The CSV file of a lookup table that rules ask by this name
    #[arg(long, value_name = "NAME=FILE")]
    pub lookup: Vec<NamedFile>,
    /// Where addresses are, for iplocation: a MaxMind database with cities (GeoLite2-City.mmdb)
    #[arg(long, value_name = "FILE")]
    pub geoip: Option<PathBuf>,
    /// Mapping tables of fields, over the built-in ones (the form of src/cim/windows.toml)
    #[arg(long, value_name = "FILE")]
    pub cim: Vec<PathBuf>,
    /// The zone of times that carry none, and of days
    #[arg(long, value_name = "TZ", default_value = "UTC")]
    pub timezone: String,
}

/// A file and the name that rules have for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// The name.
    pub name: String,
    /// The file.
    pub path: PathBuf,
}

impl std::str::FromStr for NamedFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((name, path)) if !name.is_empty() && !path.is_empty() => {
                Ok(Self { name: name.to_owned(), path: PathBuf::from(path) })
            }
            _ => Err("write NAME=FILE, as in hosts=hosts.csv".to_owned()),
        }
    }
}

/// What the events of the inputs are called, for rules that test it.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct NameArgs {
    /// The source type of every event, as aws:cloudtrail [default: by format]
    #[arg(long, value_name = "NAME")]
    pub sourcetype: Option<String>,
    /// The source of every event [default: by channel]
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// The index of every event [default: a test of it holds for any name]
    #[arg(long, value_name = "NAME")]
    pub index: Option<String>,
}

/// Which rules of those given are meant.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct SelectArgs {
    /// Only rules of these ATT&CK techniques, as T1218 (with its sub-techniques) or T1218.01*
    #[arg(long, value_name = "ID")]
    pub technique: Vec<String>,
    /// Only rules about these kinds of source, as sysmon
    #[arg(long, value_name = "KIND")]
    pub kind: Vec<String>,
}

/// `coldsweep scan`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  coldsweep scan /evidence                          the built-in rule over a folder
  coldsweep scan --evidence -f json case.evtx       with the events behind each row
  coldsweep scan -r rules/ --since -30d /archive    your rules, the last 30 days
  zcat old.xml.gz | coldsweep scan -                from standard input

Exit status: 0 rows were found, 1 none, 2 an error or something unreadable (rows or not).")]
pub struct ScanArgs {
    /// Files, folders (recursive) and frozen Splunk buckets; - is standard input
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// A rule, or a folder of rules
    #[arg(short, long, value_name = "FILE|DIR")]
    pub rule: Vec<PathBuf>,
    /// Which of them.
    #[command(flatten)]
    pub select: SelectArgs,
    /// Run the searches, too, that a savedsearches.conf says are disabled
    #[arg(long)]
    pub with_disabled: bool,
    /// How rows are written [default: table on a terminal, jsonl otherwise]
    #[arg(short, long, value_enum)]
    pub format: Option<OutputFormat>,
    /// Write the rows to a file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// With each row, the events behind it: path, offset or record number, time, raw text
    #[arg(long)]
    pub evidence: bool,
    /// Only events at or after this time: RFC 3339, or relative as -7d. Splunk buckets whose name
    /// says that they hold none are not opened
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub since: Option<String>,
    /// Only events before this time; buckets as with --since
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub until: Option<String>,
    /// The moment that now() and relative times go by, so that an answer can be had again: RFC
    /// 3339 [default: the start of the sweep]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub now: Option<String>,
    /// Only events of these hosts (wildcards allowed)
    #[arg(long, value_name = "GLOB")]
    pub host: Vec<String>,
    /// The format of every input, instead of telling it by content
    #[arg(long, value_name = "NAME", value_enum)]
    pub input_format: Option<FormatName>,
    /// The host of events that name none (not under --strict)
    #[arg(long, value_name = "NAME", default_value = "unknown")]
    pub default_host: String,
    /// What the events are called.
    #[command(flatten)]
    pub names: NameArgs,
    /// How rules are read.
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// Worker threads [default: one a processor]
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Search raw bytes first (auto), or evaluate every event (off): the answer is the same
    #[arg(long, value_enum, default_value_t)]
    pub prefilter: PrefilterChoice,
    /// Map files into memory where that pays (auto), or always read them (never)
    #[arg(long, value_enum, default_value_t)]
    pub mmap: MmapChoice,
    /// Stop when the result takes more memory than this many MiB
    #[arg(long, value_name = "MIB", default_value_t = 1024)]
    pub max_result: usize,
    /// How compressed files and archives are read
    #[command(flatten)]
    pub packed: PackedArgs,
    /// The size of a shard in bytes, for tests
    #[arg(long, value_name = "BYTES", hide = true, value_parser = clap::value_parser!(u32).range(1..=1 << 30))]
    pub shard_size: Option<u32>,
    /// Say what was read, searched for, looked at, and how fast
    #[arg(long)]
    pub stats: bool,
    /// Write the same as one JSON object
    #[arg(long, value_name = "FILE")]
    pub stats_json: Option<PathBuf>,
    /// Write an ATT&CK Navigator layer: a technique's score is the number of its rows
    #[arg(long, value_name = "FILE")]
    pub navigator: Option<PathBuf>,
    /// No summary on standard error
    #[arg(short, long)]
    pub quiet: bool,
    /// Sweep one part of the files only: the I-th of N, of about the same size each
    #[arg(long, value_name = "I/N", requires = "partial")]
    pub shard: Option<Shard>,
    /// Write no rows but what `coldsweep merge` makes them of
    #[arg(long, value_name = "FILE", conflicts_with_all = ["format", "output", "navigator"])]
    pub partial: Option<PathBuf>,
    /// Keep what is done in a folder: a sweep that was killed goes on from there when it is started
    /// again with the same arguments
    #[arg(long, value_name = "DIR", conflicts_with = "partial")]
    pub checkpoint: Option<PathBuf>,
    /// How many bytes of input a batch of a checkpoint has, for tests
    #[arg(long, value_name = "BYTES", hide = true, requires = "checkpoint")]
    pub checkpoint_batch: Option<u64>,
    /// Notice by their bytes that inputs have changed since, not only by size and time
    #[arg(long, requires = "checkpoint")]
    pub verify: bool,
}

/// `coldsweep merge`: what `scan` takes, for the same rules and options decide the answer.
#[derive(Debug)]
pub struct MergeArgs(pub ScanArgs);

impl MergeArgs {
    fn of_scan(command: clap::Command) -> clap::Command {
        let unused = ["threads", "prefilter", "mmap", "shard", "partial", "checkpoint", "verify"];
        let command = command.mut_arg("paths", |paths| {
            paths.value_name("PARTIAL").help("Partial results, of all shards of one sweep")
        });
        unused
            .into_iter()
            .fold(command, |command, name| command.mut_arg(name, |arg| arg.hide(true)))
    }
}

impl clap::Args for MergeArgs {
    fn augment_args(command: clap::Command) -> clap::Command {
        Self::of_scan(ScanArgs::augment_args(command))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::of_scan(ScanArgs::augment_args_for_update(command))
    }
}

impl clap::FromArgMatches for MergeArgs {
    fn from_arg_matches(matches: &clap::ArgMatches) -> Result<Self, clap::Error> {
        ScanArgs::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &clap::ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

/// The formats that `--input-format` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
#[allow(missing_docs)]
pub enum FormatName {
    Evtx,
    Xml,
    Classic,
    Hostmon,
    Line,
    Json,
    Journal,
}

/// `--prefilter`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
#[allow(missing_docs)]
pub enum PrefilterChoice {
    #[default]
    Auto,
    Off,
}

/// `--mmap`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
#[allow(missing_docs)]
pub enum MmapChoice {
    #[default]
    Auto,
    Never,
}

/// `coldsweep explain`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  coldsweep explain                                 the page of the built-in rule
  coldsweep explain rule.yml --format markdown      for a wiki
  coldsweep explain rule.yml --event case.evtx      why it does or does not match
  coldsweep explain rule.yml --event - -f json      events from standard input, a line each")]
pub struct ExplainArgs {
    /// The rule [default: the built-in one]
    pub rule: Option<PathBuf>,
    /// How its page is written
    #[arg(short, long, value_enum, default_value_t)]
    pub format: PageFormat,
    /// Other rules: say how many of them look for the same values
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// Instead of the page: what the rule makes of each event of a file, test by test
    #[arg(long, value_name = "FILE")]
    pub event: Vec<PathBuf>,
    /// Of every event, not of the first 20
    #[arg(long, requires = "event")]
    pub all_events: bool,
    /// The format of the events, instead of telling it by content
    #[arg(long, value_name = "NAME", value_enum, requires = "event")]
    pub input_format: Option<FormatName>,
    /// The host of events that name none (not under --strict)
    #[arg(long, value_name = "NAME", default_value = "unknown")]
    pub default_host: String,
    /// What the events are called.
    #[command(flatten)]
    pub names: NameArgs,
    /// How rules are read.
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// `explain --format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum PageFormat {
    /// For a terminal.
    #[default]
    Text,
    /// For a wiki.
    Markdown,
    /// Everything, as one JSON object; with --event, one a line.
    Json,
}

/// `coldsweep rules`.
#[derive(Debug, ClapArgs)]
pub struct RulesArgs {
    /// What to do with them.
    #[command(subcommand)]
    pub command: RulesCommand,
}

/// The commands of `coldsweep rules`.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Compile every rule: say what runs, what runs with accommodations, what is wrong and where
    Check(RulesCheckArgs),
    /// Run the tests of rules: `NAME.test.yml` beside `NAME.yml`
    Test(RulesTestArgs),
    /// List rules: id, state, techniques, kinds of source, title
    List(RulesListArgs),
}

/// `coldsweep rules list`.
#[derive(Debug, ClapArgs)]
pub struct RulesListArgs {
    /// Rules and folders of rules
    #[arg(value_name = "PATH", required_unless_present = "rules")]
    pub paths: Vec<PathBuf>,
    /// More of them
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// Which of them.
    #[command(flatten)]
    pub select: SelectArgs,
    /// How they are told [default: table]
    #[arg(short, long, value_enum, default_value_t)]
    pub format: RulesListFormat,
    /// Write an ATT&CK Navigator layer: a technique's score is the number of its rules
    #[arg(long, value_name = "FILE")]
    pub navigator: Option<PathBuf>,
    /// How rules are read.
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// `rules list --format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum RulesListFormat {
    /// For people.
    #[default]
    Table,
    /// One JSON array, an object a rule.
    Json,
    /// A line a rule, below a line of names.
    Csv,
}

/// `coldsweep rules check`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  coldsweep rules check rules/                      every rule, what is wrong and where
  coldsweep rules check --deny-warnings rules/      for CI: status 1 where anything is found
  coldsweep rules check --allow W0002,W0009 rules/  without these two warnings
  coldsweep rules check -f sarif rules/ > out.sarif for code scanning

docs/LINTS.md says what each code means. Exit status: 0 every rule runs, 1 a warning that is denied,
2 a rule that does not run, or a file that holds none.")]
pub struct RulesCheckArgs {
    /// Rules and folders of rules
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// How findings are told
    #[arg(short, long, value_enum, default_value_t)]
    pub format: CheckFormat,
    /// Exit with status 1 when there is any warning
    #[arg(long)]
    pub deny_warnings: bool,
    /// Leave out the warnings of these codes, as W0002
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub allow: Vec<String>,
    /// Exit with status 1 when there is a warning of these codes
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub deny: Vec<String>,
    /// How rules are read.
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// `rules check --format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum CheckFormat {
    /// For people: each finding with its line and a caret.
    #[default]
    Table,
    /// One JSON array, an object a rule.
    Json,
    /// SARIF 2.1.0, as code scanning reads it.
    Sarif,
    /// `JUnit` XML, a test case a rule.
    Junit,
}

/// `coldsweep rules test`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
A file of tests lists cases, each with the text of events and the rows expected:

  cases:
  - name: a remote package is found
    events:
    - raw: |
        01/02/2024 03:04:05 AM
        LogName=Security
        ...
    rows:
    - {host: srv, process: 'msiexec /i http://x/a.msi'}

An event is `raw` text or a `file`, with `format`, or with sourcetype, source, host, index. A case
has `rows` (the columns named are compared, ~ for none) or `count`; `strict: true` or
`reading: LIST` read the rule as --strict or --accommodate do.

Exit status: 0 every test passed, 1 one failed, 2 an error.")]
pub struct RulesTestArgs {
    /// Files of tests, rules that have one beside them, and folders of either
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// How results are told
    #[arg(short, long, value_enum, default_value_t)]
    pub format: TestFormat,
    /// How rules are read, where a case does not say.
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// `rules test --format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum TestFormat {
    /// For people: what failed and how, then the sum.
    #[default]
    Table,
    /// One JSON array, an object a case.
    Json,
    /// `JUnit` XML, a suite a file.
    Junit,
}

/// `coldsweep bench`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  coldsweep bench                                   everything, at full size: 20 GiB of disk
  coldsweep bench xml-rare --size 512MiB            one corpus, smaller
  coldsweep bench --on /evidence -r rule.yml        your files, your rule
  coldsweep bench --rules rules/ xml-dense          which rule costs what
  coldsweep bench -f json > new.json; coldsweep bench --compare old.json

Every pass is checked: a wrong count is an error. Exit status: 0, or 2 after an error.")]
pub struct BenchArgs {
    /// Corpora (see `coldsweep corpus list`) or definitions of corpora [default: all]
    #[arg(value_name = "NAME|FILE", conflicts_with = "on")]
    pub names: Vec<String>,
    /// Your own files and folders instead of corpora
    #[arg(long, value_name = "PATH")]
    pub on: Vec<PathBuf>,
    /// A rule, or a folder of rules, run together [default: the built-in one]
    #[arg(short, long, value_name = "FILE|DIR")]
    pub rule: Vec<PathBuf>,
    /// Run each of these rules alone and rank them by what they cost
    #[arg(long, value_name = "DIR", conflicts_with = "rule")]
    pub rules: Vec<PathBuf>,
    /// Run all of these rules in one pass, and compare that with one rule
    #[arg(long, value_name = "DIR", conflicts_with_all = ["rule", "rules", "on"])]
    pub catalog: Vec<PathBuf>,
    /// Which of the rules.
    #[command(flatten)]
    pub select: SelectArgs,
    /// The size of each corpus, as 512MiB [default: that of its definition]
    #[arg(long, value_name = "SIZE")]
    pub size: Option<Size>,
    /// How many rounds
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    pub runs: u16,
    /// Worker threads, beside one [default: one a processor]
    #[arg(short = 'j', long, value_name = "N")]
    pub threads: Option<u16>,
    /// How the numbers are written
    #[arg(short, long, value_enum, default_value_t)]
    pub format: BenchFormat,
    /// Write all of it into a folder, too: README.md, plots (SVG), report.json, raw.csv, table.txt
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,
    /// Say what got slower or faster since this run (its JSON)
    #[arg(long, value_name = "OLD.json")]
    pub compare: Option<PathBuf>,
    /// Where corpora are made and kept [default: a folder in the temporary one]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// How rules are read.
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// `bench --format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum BenchFormat {
    /// For people.
    #[default]
    Table,
    /// Everything, as `--compare` takes it.
    Json,
    /// A line a round.
    Csv,
}

/// `coldsweep corpus`.
#[derive(Debug, ClapArgs)]
pub struct CorpusArgs {
    /// What to do with them.
    #[command(subcommand)]
    pub command: CorpusCommand,
}

/// The commands of `coldsweep corpus`.
#[derive(Debug, Subcommand)]
pub enum CorpusCommand {
    /// List the corpora that can be made: name, format, size, what is in them
    List,
    /// Make a corpus: the same bytes for the same definition, size and seed
    Make(CorpusMakeArgs),
}

/// `coldsweep corpus make`.
#[derive(Debug, ClapArgs)]
pub struct CorpusMakeArgs {
    /// The name of a corpus, or a definition of one (a file as those in corpora/)
    #[arg(value_name = "NAME|FILE")]
    pub name: String,
    /// The folder for its files
    #[arg(short, long, value_name = "DIR", required_unless_present = "dry_run")]
    pub output: Option<PathBuf>,
    /// Its size, as 4GiB [default: that of the definition]
    #[arg(long, value_name = "SIZE")]
    pub size: Option<Size>,
    /// Another seed: other events by the same definition
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Write nothing, only say what would be in it
    #[arg(long, conflicts_with = "output")]
    pub dry_run: bool,
}

/// How compressed files and archives are read.
#[derive(Debug, ClapArgs)]
pub struct PackedArgs {
    /// The password of encrypted members of zip and 7z archives
    #[arg(long, value_name = "PASSWORD")]
    pub zip_password: Option<String>,
    /// Unpack compressions and archives that lie within one another to this depth
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub max_depth: usize,
    /// Stop unpacking what grows past so many times its size, and past 64 MiB
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub max_expansion: u64,
    /// Read at most so many members of one archive
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    pub max_members: usize,
    /// Stop unpacking a file after so many seconds
    #[arg(long, value_name = "SECONDS")]
    pub source_timeout: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_table_of_flags_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn values_with_a_leading_dash_are_values() {
        let args = Args::try_parse_from([
            "coldsweep",
            "scan",
            "--since",
            "-7d",
            "--accommodate",
            "-message-case",
            "x",
        ])
        .unwrap();
        let Command::Scan(scan) = args.command else { panic!("no scan") };
        assert_eq!(scan.since.as_deref(), Some("-7d"));
        assert_eq!(scan.reading.accommodate.as_deref(), Some("-message-case"));
    }
}
