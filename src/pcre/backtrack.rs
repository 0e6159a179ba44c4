//! Matching by PCRE2 itself, with Splunk's limits on the work of one search.
//!
//! By its interpreter, not by its JIT: from 10.45 on the JIT overlooks matches of patterns such as
//! `c?b[a-k]{0,2}` (PCRE2Project/pcre2 issue 874). Besides, it counts steps in its own way, so
//! the answer at the limit would depend on the machine.

use std::ops::Range;

use pcre2::bytes::{CaptureLocations, Regex, RegexBuilder};

use super::PcreError;

/// What stands before every pattern: Splunk's `match_limit` and `depth_limit` (SPLUNK.md 3.2). A
/// search that needs more steps from one place, or has more choices open, finds nothing.
const LIMITS: &str = "(*LIMIT_MATCH=100000)(*LIMIT_DEPTH=1000)";

/// A pattern compiled by PCRE2.
#[derive(Debug)]
pub(super) struct Backtrack {
    regex: Regex,
}

impl Backtrack {
    /// Compiles a pattern, if it is valid.
    pub(super) fn new(pattern: &str) -> Result<Self, PcreError> {
        let regex = RegexBuilder::new().utf(true).build(&format!("{LIMITS}{pattern}"));
        regex.map(|regex| Self { regex }).map_err(|error| PcreError {
            offset: error.offset().unwrap_or(0).saturating_sub(LIMITS.len()).min(pattern.len()),
            message: message(&error.to_string()),
        })
    }

    /// The name of each group, from group 0 on.
    pub(super) fn group_names(&self) -> &[Option<String>] {
        self.regex.capture_names()
    }

    pub(super) fn scratch(&self) -> CaptureLocations {
        self.regex.capture_locations()
    }

    /// The next match at or behind `from`, whose groups are then in `scratch`. None, too, where
    /// the search takes more than it may.
    ///
    /// Ends that fall into a character (which takes a `\C`) are moved out of it.
    pub(super) fn find(
        &self,
        scratch: &mut CaptureLocations,
        text: &str,
        from: usize,
    ) -> Option<Range<usize>> {
        match self.regex.captures_read_at(scratch, text.as_bytes(), from) {
            Ok(found) => found.map(|found| whole_characters(text, found.start(), found.end())),
            Err(error) => {
                log::debug!("PCRE2 gave up, which counts as no match: {error}");
                None
            }
        }
    }

    /// The next match, each group of which that took part is told to `group`.
    pub(super) fn captures(
        &self,
        scratch: &mut CaptureLocations,
        text: &str,
        from: usize,
        group: &mut dyn FnMut(usize, Range<usize>),
    ) -> Option<Range<usize>> {
        let whole = self.find(scratch, text, from)?;
        group(0, whole.clone());
        for index in 1..scratch.len() {
            if let Some((start, end)) = scratch.get(index) {
                group(index, whole_characters(text, start, end));
            }
        }
        Some(whole)
    }
}

/// PCRE2's words without the crate's introduction.
fn message(error: &str) -> String {
    let introduced = error.starts_with("PCRE2: error compiling pattern");
    match error.splitn(3, ": ").last() {
        Some(message) if introduced => message.to_owned(),
        _ => error.to_owned(),
    }
}

fn whole_characters(text: &str, start: usize, end: usize) -> Range<usize> {
    let start = (0..=start.min(text.len())).rev().find(|&at| text.is_char_boundary(at));
    let end = (end..text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
    let start = start.unwrap_or(0);
    start..end.max(start)
}
