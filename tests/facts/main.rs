//! The facts of SPLUNK.md, sections 1 to 4 and the traps: a test for each, which names it.
//!
//! A test gives a search, small events as raw text and the rows that the fact says, and holds in
//! both readings and with the prefilter on and off unless it says otherwise. `listed.rs` checks that
//! no fact is without a test, and holds the few that have no behaviour to test.

#[path = "../common/mod.rs"]
mod common;

mod check;
mod commands;
mod events;
mod listed;
mod regexes;
mod search;
mod strings;
