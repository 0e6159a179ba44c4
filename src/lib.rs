//! coldsweep: Splunk detection rules over archived logs, without Splunk.

pub mod event;
pub mod format;
pub mod pcre;
pub mod reading;
pub mod spl;
