//! coldsweep: Splunk detection rules over archived logs, without Splunk.

pub mod cim;
pub mod eval;
pub mod event;
pub mod format;
pub mod pcre;
pub mod reading;
pub mod rule;
pub mod spl;
pub mod value;
