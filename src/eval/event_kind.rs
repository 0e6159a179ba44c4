//! What kind an event is of: the little that tells which rules it can match at all.
//!
//! Nearly every rule names its kinds of source and the ids of its events, and most events of an
//! archive are of no kind that a given rule is about. So of a thousand rules an event is put to
//! those of its kind only.

use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, MatchKind};

use super::kinds::source_kinds;
use crate::event::Event;

/// How many event ids are told apart. An event that spells more is of any kind.
const MOST_IDS: usize = 4;

/// The kind of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventKind {
    /// Which kinds of source it counts as ([`source_kinds`]).
    pub sources: &'static [&'static str],
    /// Its own event id, and every other that its raw text spells.
    ids: Ids,
    /// Which fields it may have, by their numbers in the [`KindReader`]'s list.
    fields: u32,
}

/// A sorted set of few numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Ids {
    numbers: [u32; MOST_IDS],
    count: usize,
}

impl Ids {
    /// Adds a number; `None` where there is no room.
    fn add(&mut self, id: u32) -> Option<()> {
        let at = match self.numbers[..self.count].binary_search(&id) {
            Ok(_) => return Some(()),
            Err(at) => at,
        };
        if self.count == MOST_IDS {
            return None;
        }
        self.numbers.copy_within(at..self.count, at + 1);
        self.numbers[at] = id;
        self.count += 1;
        Some(())
    }
}

impl EventKind {
    /// Whether this is its own id, or one that its raw text spells.
    #[must_use]
    pub fn has_id(&self, id: u32) -> bool {
        self.ids.numbers[..self.ids.count].contains(&id)
    }

    /// Whether it may have the field with this number in the [`KindReader`]'s list.
    #[must_use]
    pub fn may_have(&self, field: usize) -> bool {
        self.fields & (1 << field) != 0
    }
}

/// Tells the kinds of events.
#[derive(Debug)]
pub struct KindReader {
    fields: Vec<String>,
    /// [`SPELLINGS`], [`ESCAPES`], then the fields.
    search: Option<AhoCorasick>,
}

/// How many fields are told apart.
pub const MOST_FIELDS: usize = 32;

/// The ways in which a search can spell an event id: `EventCode=4688`, `<EventID>4688`.
const SPELLINGS: [&str; 2] = ["EventCode=", "<EventID>"];

/// With one of these in the text a field's name may stand there in another form.
const ESCAPES: [&str; 2] = ["&#", "\\u"];

impl KindReader {
    /// A reader that tells which of these fields an event may have; no more than [`MOST_FIELDS`]
    /// are looked at. Names may hold ASCII letters and digits only: other characters may be
    /// written in several ways.
    #[must_use]
    pub fn new(mut fields: Vec<String>) -> Self {
        fields.truncate(MOST_FIELDS);
        let patterns = SPELLINGS.into_iter().chain(ESCAPES);
        let search = AhoCorasickBuilder::new()
            .ascii_case_insensitive(true)
            // Standard semantics: all of them are found.
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(patterns.chain(fields.iter().map(String::as_str)))
            .ok();
        Self { fields, search }
    }

    /// The number of a field, where it is told apart.
    #[must_use]
    pub fn number(&self, field: &str) -> Option<usize> {
        self.fields.iter().position(|known| known == field)
    }

    /// The kind of an event whose raw text, id and kinds of source are these; `None` where it
    /// spells too many event ids to tell. Its fields must all stand in the text under their
    /// names, but for those that are made of its id and number.
    #[must_use]
    pub fn kind(
        &self,
        sources: &'static [&'static str],
        event_id: Option<u32>,
        raw: &[u8],
    ) -> Option<EventKind> {
        let mut kind = EventKind { sources, ids: Ids::default(), fields: 0 };
        if let Some(id) = event_id {
            kind.ids.add(id)?;
        }
        for found in self.search.as_ref()?.try_find_overlapping_iter(raw).ok()? {
            let pattern = found.pattern().as_usize();
            if pattern < SPELLINGS.len() {
                if let Some(id) = number_at(raw, found.end()) {
                    kind.ids.add(id)?;
                }
            } else if pattern < SPELLINGS.len() + ESCAPES.len() {
                kind.fields = u32::MAX;
            } else if is_name(raw, found.range()) {
                kind.fields |= 1 << (pattern - SPELLINGS.len() - ESCAPES.len());
            }
        }
        Some(kind)
    }

    /// The kind of a decoded event. Where the names of its fields need not stand in its text
    /// (`enveloped`), as of one that came in an envelope, it may have any.
    #[must_use]
    pub fn kind_of(&self, event: &Event<'_>, enveloped: bool) -> Option<EventKind> {
        let mut kind = self.kind(source_kinds(event), event.event_id, &event.raw)?;
        if enveloped {
            kind.fields = u32::MAX;
        }
        Some(kind)
    }
}

/// The number that starts at `at`.
fn number_at(raw: &[u8], at: usize) -> Option<u32> {
    let digits = &raw[at..];
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&digits[..count]).ok()?.parse().ok()
}

/// Whether what stands there may be a whole name. The names of classic text's fields are cleaned:
/// what stands before the first letter goes (SPLUNK.md 5).
fn is_name(raw: &[u8], span: Range<usize>) -> bool {
    let before = span.start.checked_sub(1).and_then(|at| raw.get(at));
    let after = raw.get(span.end);
    !before.is_some_and(u8::is_ascii_alphabetic)
        && !after.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_its_own_id_and_those_it_spells() {
        let reader = KindReader::new(Vec::new());
        let kind = |id, raw: &str| reader.kind(&["endpoint"], id, raw.as_bytes());
        let ids = |id, raw| kind(id, raw).map(|kind| kind.ids.numbers[..kind.ids.count].to_vec());
        assert_eq!(ids(None, "x"), Some(vec![]));
        assert_eq!(ids(Some(1), "<EventID>1</EventID>"), Some(vec![1]));
        let spelled = "eventcode=4688 EVENTCODE= <eventid>7<";
        assert_eq!(ids(Some(4104), spelled), Some(vec![7, 4104, 4688]));
        assert_eq!(ids(Some(5), "EventCode=99999999999"), Some(vec![5]));
        let many = "EventCode=1 EventCode=2 EventCode=3 EventCode=4 EventCode=5";
        assert_eq!(ids(None, many), None);
        let kind = kind(Some(4104), "EventCode=4688").unwrap();
        assert!(kind.has_id(4104) && kind.has_id(4688) && !kind.has_id(468));
    }

    #[test]
    fn an_event_may_have_the_fields_whose_names_stand_in_it() {
        let reader = KindReader::new(vec!["Type".to_owned(), "ImageLoaded".to_owned()]);
        let may_have = |raw: &str| {
            let kind = reader.kind(&[], None, raw.as_bytes()).unwrap();
            [kind.may_have(0), kind.may_have(1)]
        };
        assert_eq!(may_have("<Data Name='Type'>x</Data>"), [true, false]);
        assert_eq!(may_have("<Data Name='LogonType'>x</Data>"), [false, false]);
        assert_eq!(may_have("Type=Process"), [true, false]);
        assert_eq!(may_have("\n\t_9Type: x"), [true, false]);
        assert_eq!(may_have("Types=1 Type_2=x <imageloaded>"), [false, true]);
        assert_eq!(may_have("T&#121;pe"), [true, true]);
    }
}
