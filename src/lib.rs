//! coldsweep: Splunk detection rules over archived logs, without Splunk.

pub mod aggregate;
pub mod bench;
pub mod cim;
pub mod cli;
pub mod corpus;
pub mod eval;
pub mod event;
pub mod format;
pub mod named;
pub mod pcre;
pub mod plan;
pub mod prefilter;
pub mod reading;
pub mod report;
pub mod resources;
pub mod rule;
pub mod scan;
pub mod source;
pub mod spl;
pub mod value;
