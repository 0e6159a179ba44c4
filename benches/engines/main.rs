//! Which engine finds a catalog's literals fastest: `scripts/engines.sh`, or
//! `cargo bench --bench engines -- --rules FOLDER`.
//!
//! Two tasks over made corpora, on one thread. *Whole*: one clause a rule, searched for in the
//! whole text; how often is each needle in it? *Events*: all clauses of all rules; which of them
//! hold in each event (`prefilter/clauses.rs`)? All engines must give the same answer. What is
//! measured is the time that the thread was given; the rounds of all engines are interleaved.
#![allow(missing_docs, clippy::print_stdout, reason = "a benchmark that prints a table")]

mod automata;
mod contest;
mod cpu;
mod engine;
mod fingerprints;
mod grams;
mod literals;
mod naive;
mod packed;
mod rival;
mod rules;
mod tokens;

use std::path::{Path, PathBuf};

use clap::Parser;
use coldsweep::corpus::generate::make;
use coldsweep::corpus::{Definition, Size};
use coldsweep::format::text::TextLayout;
use coldsweep::plan::Guard;

use automata::{Lanes, Walk, dfa, nfa};
use contest::{Contestant, Corpus, Marking, Run, Standing, Task, enter, hold};
use engine::{Engine, Sink};
use fingerprints::FingerprintGroups;
use grams::Grams;
use literals::Literals;
use naive::Naive;
use packed::Teddies;
use rival::Rival;
use tokens::{NaiveTokens, TokenTable};

#[derive(Debug, Parser)]
struct Args {
    /// The rules: files and folders.
    #[arg(long)]
    rules: Vec<PathBuf>,
    /// The corpora.
    #[arg(long, default_values = ["xml-rare", "xml-quiet"])]
    corpus: Vec<String>,
    /// Bytes of each corpus.
    #[arg(long, default_value = "32MiB")]
    size: Size,
    /// How often each engine runs.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// A program to compare with, as `scripts/engines.sh` builds it.
    #[arg(long)]
    rival: Option<PathBuf>,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

/// Bytes for engines that take long.
const PART: usize = 1 << 20;

fn main() {
    let args = Args::parse();
    let plans = literals::plans(&args.rules);
    if plans.is_empty() {
        println!("engines: skipped, --rules names no rules");
        return;
    }
    let clauses = literals::clauses(&plans);
    println!("{} rules run", plans.len());
    let folder = tempfile::tempdir().unwrap();
    let corpora: Vec<Corpus> =
        args.corpus.iter().map(|name| corpus(name, args.size, folder.path())).collect();
    for (task, most) in [(Task::Whole, 1), (Task::Events, usize::MAX)] {
        let literals = Literals::new(&clauses, most);
        println!("\n{task:?}: {}", literals.describe());
        for corpus in &corpora {
            compete(&args, task, &literals, corpus, folder.path());
        }
    }
    let literals = Literals::new(&clauses, usize::MAX);
    for corpus in &corpora {
        choose_rules(&clauses, &literals, corpus, args.rounds);
    }
}

fn corpus(name: &str, size: Size, folder: &Path) -> Corpus {
    let folder = folder.join(name);
    let definition = Definition::find(name).unwrap();
    let made = make(&definition, Some(size), None, &folder).unwrap();
    let text = std::fs::read(&made.files[0]).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let layout = TextLayout::sniff(&text).unwrap();
    let events = layout.frames(&text, 0..text.len()).map(|frame| frame.unwrap().span).collect();
    Corpus { name: name.to_owned(), text, events }
}

/// Finds nothing: what is left is the same for every engine.
struct Idle;

impl Engine for Idle {
    fn search(&mut self, _: &[u8], _: &mut impl Sink) {}

    fn memory(&self) -> usize {
        0
    }
}

fn compete(args: &Args, task: Task, literals: &Literals, corpus: &Corpus, folder: &Path) {
    let part = corpus.part(PART);
    let mut contestants = engines(task, literals, corpus);
    let programs =
        args.rival.iter().flat_map(|program| ["every", "once"].map(|way| (program, way)));
    for (program, way) in programs.filter(|&(_, way)| task == Task::Events || way == "every") {
        contestants.push(rival(program, folder, task, way, literals, corpus));
    }
    print_table(corpus, &hold(contestants, corpus, &part, args.rounds));
    if task == Task::Events {
        say_tokens(literals, corpus, &part);
    }
}

/// The engines; first the one that the others are compared with.
fn engines<'a>(task: Task, literals: &Literals, corpus: &Corpus) -> Vec<Contestant<'a>> {
    let needles = &literals.needles;
    let sample = corpus.sample();
    let mut all = vec![enter("DFA, sets", task, Marking::Sets, literals, || Walk(dfa(needles)))];
    let lists = Marking::Lists;
    all.push(
        enter("naive: each needle alone", task, lists, literals, || Naive::new(needles)).slow(),
    );
    if task == Task::Events {
        all.push(enter("DFA, lists", task, lists, literals, || Walk(dfa(needles))));
        all.push(
            enter("(the same in all: reset, compare)", task, lists, literals, || Idle).apart(),
        );
    }
    all.push(enter("DFA, 2 lanes", task, lists, literals, || Lanes::<2>::new(needles)));
    all.push(enter("DFA, 4 lanes", task, lists, literals, || Lanes::<4>::new(needles)));
    all.push(enter("DFA, 8 lanes", task, lists, literals, || Lanes::<8>::new(needles)));
    all.push(enter("contiguous NFA", task, lists, literals, || Walk(nfa(needles))));
    let teddies = enter("", task, lists, literals, || Teddies::new(needles, &sample).unwrap());
    let passes = Teddies::new(needles, &sample).unwrap().passes();
    all.push(Contestant { name: format!("Teddy, {passes} passes"), ..teddies }.slow());
    let mut passes = 0;
    let groups = enter("", task, lists, literals, || {
        let groups = FingerprintGroups::new(needles, &sample).unwrap();
        passes = groups.passes();
        groups
    });
    all.push(Contestant { name: format!("fingerprints, {passes} passes"), ..groups }.slow());
    fn grams<const WORDS: usize, const STRIDE: usize>(
        needles: &[Vec<u8>],
        sample: &[u8],
    ) -> Grams<WORDS, STRIDE> {
        Grams::new(needles, sample).unwrap()
    }
    all.push(enter("grams, 2^16", task, lists, literals, || grams::<1024, 1>(needles, &sample)));
    all.push(enter("grams, 2^18", task, lists, literals, || grams::<4096, 1>(needles, &sample)));
    all.push(enter("grams, 2^20", task, lists, literals, || grams::<16384, 1>(needles, &sample)));
    all.push(enter("grams by 2, 2^18", task, lists, literals, || {
        grams::<4096, 2>(needles, &sample)
    }));
    all.push(enter("grams by 2, 2^20", task, lists, literals, || {
        grams::<16384, 2>(needles, &sample)
    }));
    if task == Task::Events {
        let tokens = enter("token table (another answer)", task, lists, literals, || {
            TokenTable::new(needles)
        });
        all.push(tokens.apart());
    }
    all
}

fn rival<'a>(
    program: &Path,
    folder: &Path,
    task: Task,
    way: &str,
    literals: &Literals,
    corpus: &Corpus,
) -> Contestant<'a> {
    let mut rival = Rival::start(program, folder, task, way, literals, corpus).unwrap();
    let (name, compile, memory) = (rival.name.clone(), rival.compile, rival.memory);
    let run = Box::new(move |_: &Corpus| -> Run { rival.run().unwrap() });
    Contestant { name, compile, memory, slow: false, checked: true, run }
}

fn print_table(corpus: &Corpus, standings: &[Standing]) {
    println!(
        "\n{}: {:.1} MB, {} events\n{:<34} {:>8} {:>15} {:>8} {:>9} {:>11}",
        corpus.name,
        corpus.text.len() as f64 / 1e6,
        corpus.events.len(),
        "",
        "MB/s",
        "least - most",
        "of DFA",
        "MiB",
        "compile ms"
    );
    let first = standings[0].median();
    for standing in standings {
        let (least, most) = standing.range();
        println!(
            "{:<34} {:>8.1} {:>15} {:>8.2} {:>9.2} {:>11.1}",
            standing.name,
            standing.median(),
            format!("{least:.0} - {most:.0}"),
            standing.median() / first,
            standing.memory as f64 / f64::from(1 << 20),
            1e3 * standing.compile
        );
    }
}

/// Checks the token table against its own naive search, and says what it misses.
fn say_tokens(literals: &Literals, corpus: &Corpus, part: &Corpus) {
    let needles = &literals.needles;
    let answer = |mut contestant: Contestant<'_>| (contestant.run)(part).answer;
    let (task, lists) = (Task::Events, Marking::Lists);
    let table = answer(enter("", task, lists, literals, || TokenTable::new(needles)));
    let naive = answer(enter("", task, lists, literals, || NaiveTokens::new(needles)));
    assert!(table == naive, "{}: the token table answers otherwise", corpus.name);
    let events: Vec<&[u8]> = part.events.iter().map(|span| &part.text[span.clone()]).collect();
    let (all, tokens) = tokens::shares(needles, &events);
    let whole = needles.iter().filter(|needle| tokens::may_be_token(needle)).count();
    println!(
        "token table: {whole} of {} needles could be a token; of {all} pairs of an event and a needle in it, \
         in {tokens} the needle is one ({:.1}%)",
        needles.len(),
        100.0 * tokens as f64 / all as f64
    );
}

/// From clauses to rules.
fn choose_rules(clauses: &[&[Guard]], literals: &Literals, corpus: &Corpus, rounds: usize) {
    println!("\n{}: from clauses to rules, every rule possible", corpus.name);
    for (name, seconds) in rules::measure(clauses, literals, corpus, rounds) {
        let (events, bytes) = (corpus.events.len() as f64, corpus.text.len() as f64);
        println!(
            "{name:<50} {:>8.0} ns an event {:>8.1} MB/s",
            1e9 * seconds / events,
            bytes / 1e6 / seconds
        );
    }
}
