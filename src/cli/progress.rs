//! A progress bar on a terminal, for work that takes over a second.

use std::io::{IsTerminal, stderr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::scan::Progress;

/// Work that takes less shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(100);

/// Runs `work` and shows how far it is.
pub(super) fn with_bar<T>(progress: &Progress, work: impl FnOnce() -> T) -> T {
    if !stderr().is_terminal() {
        return work();
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (done, main) = (&done, std::thread::current());
        let ticker = scope.spawn(move || {
            let _ = main;
            show(progress, done);
        });
        let result = work();
        done.store(true, Ordering::Relaxed);
        ticker.thread().unpark();
        result
    })
}

fn show(progress: &Progress, done: &AtomicBool) {
    std::thread::park_timeout(PATIENCE);
    if done.load(Ordering::Relaxed) {
        return;
    }
    let bar = ProgressBar::new(0);
    let style = "{bar:30} {bytes} of {total_bytes}, {binary_bytes_per_sec}, {eta} left, {msg}";
    bar.set_style(
        ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    while !done.load(Ordering::Relaxed) {
        bar.set_length(progress.total.load(Ordering::Relaxed));
        bar.set_position(progress.bytes.load(Ordering::Relaxed));
        bar.set_message(format!("{} files", progress.files.load(Ordering::Relaxed)));
        std::thread::park_timeout(TICK);
    }
    bar.finish_and_clear();
}
