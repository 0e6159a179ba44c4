//! The `coldsweep` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    coldsweep::cli::main()
}
