//! Engines against each other: every one must give the same answer, then they run in turns.

use std::ops::Range;

use super::cpu;
use super::engine::{Clauses, Counts, Engine};
use super::literals::Literals;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// How often each needle is in the whole text.
    Whole,
    /// Which clauses hold in each event.
    Events,
}

/// A text and its events.
#[derive(Debug)]
pub struct Corpus {
    pub name: String,
    pub text: Vec<u8>,
    pub events: Vec<Range<usize>>,
}

impl Corpus {
    /// Its first events, at least so many bytes of them.
    pub fn part(&self, bytes: usize) -> Self {
        let whole = self.events.iter().take_while(|span| span.start < bytes).cloned();
        let events: Vec<_> = whole.collect();
        let end = events.last().map_or(0, |span| span.end);
        Self { name: self.name.clone(), text: self.text[..end].to_vec(), events }
    }

    /// Pieces from all over it: what a sweep would look at before it starts.
    pub fn sample(&self) -> Vec<u8> {
        const PIECES: usize = 16;
        const PIECE: usize = 4096;
        let step = self.text.len() / PIECES;
        let pieces = (0..PIECES).map(|at| &self.text[at * step..]);
        pieces.flat_map(|rest| &rest[..PIECE.min(rest.len())]).copied().collect()
    }
}

/// One pass.
#[derive(Debug)]
pub struct Run {
    /// Seconds of this thread.
    pub seconds: f64,
    /// How often each needle was found; or a number that stands for the clauses of each event.
    pub answer: Vec<u64>,
}

/// How an engine's hits become clauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marking {
    /// A set of clauses added for each hit.
    Sets,
    /// The clauses of a needle gone through at its first hit in an event.
    Lists,
}

/// What runs over a text.
pub type Way<'a> = Box<dyn FnMut(&Corpus) -> Run + 'a>;

/// An engine with a name.
pub struct Contestant<'a> {
    pub name: String,
    /// Seconds to compile it.
    pub compile: f64,
    /// Bytes of what it was compiled to.
    pub memory: usize,
    /// Whether it goes over a part of the text, because it takes long.
    pub slow: bool,
    /// Whether its answer is the same as that of the others.
    pub checked: bool,
    pub run: Way<'a>,
}

/// Makes a contestant of an engine.
pub fn enter<'a, E: Engine + 'a>(
    name: &str,
    task: Task,
    marking: Marking,
    literals: &Literals,
    make: impl FnOnce() -> E,
) -> Contestant<'a> {
    let before = cpu::now();
    let mut engine = make();
    let compile = (cpu::now() - before).as_secs_f64();
    let memory = engine.memory();
    let count = literals.needles.len();
    let mut clauses = match marking {
        Marking::Sets => Clauses::sets(&literals.clauses_of, literals.words()),
        Marking::Lists => Clauses::lists(&literals.clauses_of, literals.words()),
    };
    let run = move |corpus: &Corpus| match task {
        Task::Whole => whole(&mut engine, count, corpus),
        Task::Events => events(&mut engine, &mut clauses, corpus),
    };
    Contestant {
        name: name.to_owned(),
        compile,
        memory,
        slow: false,
        checked: true,
        run: Box::new(run),
    }
}

impl Contestant<'_> {
    /// Goes over a part of the text only.
    pub fn slow(self) -> Self {
        Self { slow: true, ..self }
    }

    /// Has an answer of its own.
    pub fn apart(self) -> Self {
        Self { checked: false, ..self }
    }
}

fn whole(engine: &mut impl Engine, needles: usize, corpus: &Corpus) -> Run {
    let mut counts = Counts(vec![0; needles]);
    let before = cpu::now();
    engine.search(&corpus.text, &mut counts);
    let seconds = (cpu::now() - before).as_secs_f64();
    Run { seconds, answer: counts.0 }
}

fn events(engine: &mut impl Engine, clauses: &mut Clauses, corpus: &Corpus) -> Run {
    let mut answer = Vec::with_capacity(corpus.events.len());
    let before = cpu::now();
    for span in &corpus.events {
        clauses.reset();
        engine.search(&corpus.text[span.clone()], clauses);
        answer.push(clauses.digest());
    }
    let seconds = (cpu::now() - before).as_secs_f64();
    Run { seconds, answer }
}

/// What a contestant took.
#[derive(Debug)]
pub struct Standing {
    pub name: String,
    pub compile: f64,
    pub memory: usize,
    /// MB/s of each round.
    pub speeds: Vec<f64>,
}

impl Standing {
    /// The median of the rounds.
    pub fn median(&self) -> f64 {
        let mut speeds = self.speeds.clone();
        speeds.sort_by(f64::total_cmp);
        speeds[speeds.len() / 2]
    }

    /// The slowest and the fastest round.
    pub fn range(&self) -> (f64, f64) {
        let least = self.speeds.iter().copied().fold(f64::MAX, f64::min);
        (least, self.speeds.iter().copied().fold(0.0, f64::max))
    }
}

/// Checks all answers, then has all run in turns. The first contestant's answer is held against
/// the naive search over the small part, which is passed as the second corpus.
///
/// # Panics
/// When two answers differ.
pub fn hold(
    mut contestants: Vec<Contestant<'_>>,
    corpus: &Corpus,
    part: &Corpus,
    rounds: usize,
) -> Vec<Standing> {
    let size = |slow: bool| if slow { part } else { corpus };
    let wanted = [(contestants[0].run)(part).answer, (contestants[0].run)(corpus).answer];
    for contestant in contestants.iter_mut().filter(|contestant| contestant.checked) {
        let answer = (contestant.run)(size(contestant.slow)).answer;
        let same = answer == wanted[usize::from(!contestant.slow)];
        assert!(same, "{}: {} answers otherwise", corpus.name, contestant.name);
    }
    let mut standings: Vec<Standing> = contestants
        .iter()
        .map(|contestant| Standing {
            name: contestant.name.clone(),
            compile: contestant.compile,
            memory: contestant.memory,
            speeds: Vec::new(),
        })
        .collect();
    for _ in 0..rounds {
        for (contestant, standing) in contestants.iter_mut().zip(&mut standings) {
            let corpus = size(contestant.slow);
            let run = (contestant.run)(corpus);
            standing.speeds.push(corpus.text.len() as f64 / 1e6 / run.seconds);
        }
    }
    standings
}
