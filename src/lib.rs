//! coldsweep: Splunk detection rules over archived logs, without Splunk.

pub mod corpus;
pub mod event;
pub mod format;
pub mod reading;
pub mod spl;
