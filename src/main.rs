//! The `coldsweep` program.

fn main() {}
