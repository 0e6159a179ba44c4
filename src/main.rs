//! The `coldsweep` program.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Matches are many small strings; this allocator took an eighth off a sweep with many of them.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    coldsweep::cli::main()
}
