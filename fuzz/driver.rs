//! Runs cases until the time is up, watches each, and makes a failing one small.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A case that takes longer hangs. Tests are not optimised and machines are shared, so it is
/// generous; the inputs are small.
const LIMIT: Duration = Duration::from_secs(60);

/// How long minimising may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long to run, and from which seed.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    pub time: Duration,
    pub seed: u64,
}

impl Budget {
    /// `COLDSWEEP_FUZZ_SECONDS` and `COLDSWEEP_FUZZ_SEED`, else some seconds of seed 0.
    pub fn from_env(seconds: u64) -> Self {
        let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
        Self {
            time: Duration::from_secs(number("COLDSWEEP_FUZZ_SECONDS").unwrap_or(seconds)),
            seed: number("COLDSWEEP_FUZZ_SEED").unwrap_or(0),
        }
    }
}

/// Runs `check` on what `make` gives for case 0, 1, 2 ... Every failure is minimised, saved and
/// reported in the end. Where `COLDSWEEP_FUZZ_INPUT` names a file, that is the only case.
///
/// # Panics
/// When a case failed.
pub fn run(
    target: &str,
    budget: Budget,
    make: impl Fn(u64) -> Vec<u8>,
    check: impl Fn(&[u8]) -> Result<(), String>,
) {
    let watch = Watch::start(target);
    if let Some(path) = std::env::var_os("COLDSWEEP_FUZZ_INPUT") {
        let input = std::fs::read(&path).expect("the input can be read");
        let result = watch.during(&input, || guarded(&check, &input));
        return assert_eq!(result, Ok(()), "{}", path.display());
    }
    let started = Instant::now();
    let mut failures = Vec::new();
    let mut case = 0;
    let mut told = started;
    while started.elapsed() < budget.time && failures.len() < 5 {
        let input = make(case);
        let failure = watch.during(&input, || guarded(&check, &input)).err();
        if let Some(reason) = failure {
            failures.push(report(target, budget.seed, case, &input, &reason, &watch, &check));
        }
        case += 1;
        if told.elapsed() > Duration::from_secs(60) {
            told = Instant::now();
            println!("{target}: {case} cases so far, {} failed", failures.len());
        }
    }
    println!("{target}: {case} cases of seed {} in {:?}", budget.seed, started.elapsed());
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// Runs a check; a panic is a failure like any other.
fn guarded(check: &impl Fn(&[u8]) -> Result<(), String>, input: &[u8]) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| check(input))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("panic: {}", text.unwrap_or("no text")))
    })
}

fn report(
    target: &str,
    seed: u64,
    case: u64,
    input: &[u8],
    reason: &str,
    watch: &Watch,
    check: &impl Fn(&[u8]) -> Result<(), String>,
) -> String {
    let started = Instant::now();
    let small = minimise(input, |bytes| {
        started.elapsed() < PATIENCE && watch.during(bytes, || guarded(check, bytes)).is_err()
    });
    let last = guarded(check, &small).err().unwrap_or_default();
    let path = save(&format!("{target}-{seed}-{case}"), &small);
    format!(
        "{target}, seed {seed}, case {case}: {reason}\nminimised to {} bytes in {}: {last}",
        small.len(),
        path.display()
    )
}

/// Takes out whatever is not needed for the failure.
fn minimise(input: &[u8], fails: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut best = input.to_vec();
    let mut size = best.len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        while at < best.len() {
            let mut shorter = best.clone();
            shorter.drain(at..(at + size).min(best.len()));
            if fails(&shorter) {
                best = shorter;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    best
}

fn save(name: &str, bytes: &[u8]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
    let path = folder.join(name);
    let saved = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, bytes));
    if let Err(error) = saved {
        println!("{}: {error}", path.display());
    }
    path
}

/// Ends the process when a case takes too long, for a thread that hangs cannot be ended; the
/// input is saved before.
struct Watch {
    state: Arc<(Mutex<Current>, AtomicBool)>,
}

/// The case that runs: since when, and its input.
type Current = Option<(Instant, Vec<u8>)>;

impl Watch {
    fn start(target: &str) -> Self {
        let state = Arc::new((Mutex::new(Current::None), AtomicBool::new(false)));
        let (theirs, target) = (Arc::clone(&state), target.to_owned());
        std::thread::spawn(move || {
            while !theirs.1.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(200));
                let current = theirs.0.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some((started, input)) = &*current
                    && started.elapsed() > LIMIT
                {
                    let path = save(&format!("{target}-hang"), input);
                    println!("{target}: a case hangs: {}", path.display());
                    std::process::abort();
                }
            }
        });
        Self { state }
    }

    fn during<T>(&self, input: &[u8], work: impl FnOnce() -> T) -> T {
        let set = |value| {
            *self.state.0.lock().unwrap_or_else(PoisonError::into_inner) = value;
        };
        set(Some((Instant::now(), input.to_vec())));
        let result = work();
        set(None);
        result
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.state.1.store(true, Ordering::Relaxed);
    }
}
