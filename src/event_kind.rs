//! What kind an event is of: the little that tells which rules it can match at all.
//!
//! Nearly every rule names its kinds of source and the ids of its events, and most events of an
//! archive are of no kind that a given rule is about. So of a thousand rules an event is put to
//! those of its kind only.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};

use crate::event::{Event, Format};

/// How many event ids are told apart. An event that spells more is of any kind.
const MOST_IDS: usize = 4;

/// The kind of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventKind {
    /// Which kinds of source it counts as ([`source_kinds`]).
    pub sources: &'static [&'static str],
    /// Its own event id, and every other that its raw text spells.
    ids: Ids,
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
    /// The kind of an event whose raw text, id and kinds of source are these; `None` where it
    /// spells too many event ids to tell.
    #[must_use]
    pub fn new(
        sources: &'static [&'static str],
        event_id: Option<u32>,
        raw: &[u8],
    ) -> Option<Self> {
        let mut ids = Ids::default();
        if let Some(id) = event_id {
            ids.add(id)?;
        }
        spelled(raw).try_for_each(|id| ids.add(id))?;
        Some(Self { sources, ids })
    }

    /// The kind of a decoded event.
    #[must_use]
    pub fn of(event: &Event<'_>) -> Option<Self> {
        Self::new(source_kinds(event), event.event_id, &event.raw)
    }

    /// Whether this is its own id, or one that its raw text spells.
    #[must_use]
    pub fn has_id(&self, id: u32) -> bool {
        self.ids.numbers[..self.ids.count].contains(&id)
    }
}

/// The ids that a raw text spells in either of the ways that a search can: `EventCode=4688`,
/// `<EventID>4688`.
fn spelled(raw: &[u8]) -> impl Iterator<Item = u32> + '_ {
    static SPELLINGS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        AhoCorasickBuilder::new()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::LeftmostFirst)
            .build(["EventCode=", "<EventID>"])
            .ok()
    });
    let found = SPELLINGS.as_ref().map(|spellings| spellings.find_iter(raw));
    found.into_iter().flatten().filter_map(|spelling| {
        let digits = &raw[spelling.end()..];
        let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        std::str::from_utf8(&digits[..count]).ok()?.parse().ok()
    })
}

/// Which kinds of source an event counts as, for the built-in macros (SPLUNK.md, "Decisions",
/// Macros). Told by the event's own channel, for archives do not keep Splunk's source types.
#[must_use]
pub fn source_kinds(event: &Event<'_>) -> &'static [&'static str] {
    sources_of(event.format, event.channel.as_deref(), event.provider.as_deref())
}

/// The same, of an event of this format, channel and provider.
#[must_use]
pub fn sources_of(
    format: Format,
    channel: Option<&str>,
    provider: Option<&str>,
) -> &'static [&'static str] {
    const POWERSHELL: [&str; 3] = [
        "Windows PowerShell",
        "Microsoft-Windows-PowerShell/Operational",
        "PowerShellCore/Operational",
    ];
    if format == Format::HostMon {
        return &["endpoint", "windows", "winevent", "hostmon"];
    }
    let is = |has: Option<&str>, name: &str| has.is_some_and(|has| has.eq_ignore_ascii_case(name));
    if is(channel, "Microsoft-Windows-Sysmon/Operational")
        || is(provider, "Microsoft-Windows-Sysmon")
    {
        return &["endpoint", "windows", "sysmon"];
    }
    if POWERSHELL.iter().any(|name| is(channel, name)) {
        return &["endpoint", "windows", "powershell"];
    }
    if matches!(format, Format::Xml | Format::Classic | Format::Evtx) {
        return &["endpoint", "windows", "winevent"];
    }
    &["endpoint"]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_its_own_id_and_those_it_spells() {
        let kind = |id, raw: &str| EventKind::new(&["endpoint"], id, raw.as_bytes());
        let ids = |id, raw| kind(id, raw).map(|kind| kind.ids.numbers[..kind.ids.count].to_vec());
        assert_eq!(ids(None, "x"), Some(vec![]));
        assert_eq!(ids(Some(1), "<EventID>1</EventID>"), Some(vec![1]));
        assert_eq!(
            ids(Some(4104), "eventcode=4688 EVENTCODE= <eventid>7<"),
            Some(vec![7, 4104, 4688])
        );
        assert_eq!(ids(Some(5), "EventCode=99999999999"), Some(vec![5]));
        let many = "EventCode=1 EventCode=2 EventCode=3 EventCode=4 EventCode=5";
        assert_eq!(ids(None, many), None);
        let kind = kind(Some(4104), "EventCode=4688").unwrap();
        assert!(kind.has_id(4104) && kind.has_id(4688) && !kind.has_id(468));
    }
}
