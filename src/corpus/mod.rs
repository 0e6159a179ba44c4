//! Writers of data for tests and benchmarks.

pub mod evtx_writer;
