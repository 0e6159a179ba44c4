//! How much memory the process holds that is not a mapped file.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often it is looked at.
const EVERY: Duration = Duration::from_millis(2);

/// `RssAnon` of this process in bytes: what it allocated and touched, without mapped files. Only
/// Linux says so.
pub(super) fn rss_anon() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes << 10)
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

    #[test]
    fn what_is_allocated_is_seen() {
        let Some(before) = rss_anon() else { return };
        let (length, most) = most_while(|| {
            let bytes = vec![1u8; 64 << 20];
            std::thread::sleep(20 * EVERY);
            std::hint::black_box(&bytes).len()
        });
        assert!(most.unwrap() >= before.saturating_sub(8 << 20) + length as u64 - (8 << 20));
    }
}
