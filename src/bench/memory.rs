//! How much memory a process holds that is not a mapped file.

use std::io;
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often it is looked at.
const EVERY: Duration = Duration::from_millis(2);

/// `RssAnon` of this process in bytes.
pub(super) fn rss_anon() -> Option<u64> {
    rss_anon_of("self")
}

/// `RssAnon` of a process in bytes: what it allocated and touched, without mapped files. Only
/// Linux says so.
fn rss_anon_of(process: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes << 10)
}

/// Runs a program and gives how it ended and the most that its `RssAnon` was.
///
/// # Errors
/// When it cannot be started or waited for.
pub(super) fn most_of_program(command: &mut Command) -> io::Result<(ExitStatus, Option<u64>)> {
    let mut child = command.spawn()?;
    let process = child.id().to_string();
    let mut most = None;
    loop {
        // A process that has ended has no such line any more.
        most = most.max(rss_anon_of(&process));
        if let Some(status) = child.try_wait()? {
            return Ok((status, most));
        }
        std::thread::sleep(EVERY);
    }
}

/// Runs `work` and gives the most that [`rss_anon`] was meanwhile.
pub(super) fn most_while<T>(work: impl FnOnce() -> T) -> (T, Option<u64>) {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut most = rss_anon();
            while !done.load(Ordering::Relaxed) {
                std::thread::sleep(EVERY);
                most = most.max(rss_anon());
            }
            most
        });
        let result = work();
        done.store(true, Ordering::Relaxed);
        (result, watcher.join().unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn what_a_program_holds_is_seen() {
        let (status, most) = most_of_program(Command::new("sleep").arg("0.05")).unwrap();
        assert!(status.success() && most.unwrap() > 0, "{most:?}");
        assert!(most_of_program(&mut Command::new("/nonexistent")).is_err());
    }

    #[test]
    fn what_is_allocated_is_seen() {
        if rss_anon().is_none() {
            return;
        }
        let (length, most) = most_while(|| {
            let bytes = vec![1u8; 64 << 20];
            std::thread::sleep(20 * EVERY);
            std::hint::black_box(&bytes).len()
        });
        // Other tests allocate and free beside this one: what was there before tells nothing.
        assert!(most.unwrap() >= length as u64, "{most:?}");
    }
}
