//! The benchmark: what a rule costs over a corpus, against summing the same bytes and against
//! other programs; and which of the project's targets hold.
//!
//! ```text
//! definition -> store (files, made once) -> run (rounds: sum, scan, sum, scan, ...) -> report -> targets
//! ```
//!
//! Everything that is compared is measured in one run, in turns, on files in the page cache, and
//! by medians. A wrong count is an error, not a time. What a number means stands with its field in
//! [`Measurement`].

pub mod catalog;
mod compare;
mod memory;
mod passes;
mod report;
mod rivals;
mod rules;
mod run;
mod samples;
mod stages;
mod store;
mod targets;

pub use compare::{Change, Verdict, compare};
pub use report::{Latency, Machine, Measurement, Report, RuleCost, What};
pub use rules::rank;
pub use run::{Bench, Subject};
pub use samples::Samples;
pub use stages::Stages;
pub use store::Store;
pub use targets::{Target, catalog_targets, targets};

/// Why something could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// A file cannot be read or written.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// A corpus cannot be made.
    #[error("corpus {0}: {1}")]
    Generate(String, crate::corpus::generate::GenerateError),
    /// A sweep could not start.
    #[error(transparent)]
    Scan(#[from] crate::scan::ScanError),
    /// The workers of another pass could not be started.
    #[error("cannot start the workers: {0}")]
    Workers(#[from] rayon::ThreadPoolBuildError),
}

impl BenchError {
    fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.display().to_string();
        move |error| Self::Io(path, error)
    }
}
