//! Fuzzing on stable Rust: mutated inputs and rules, each with an oracle. See `README.md`.

pub mod driver;
pub mod files;
pub mod input;
pub mod mutate;
pub mod rng;
pub mod rules;
pub mod seeds;
pub mod spl;
