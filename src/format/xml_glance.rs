//! The kind of an `<Event>` without decoding it.
//!
//! Only of events that are written as Windows writes them: anything else in `<System>`, and
//! nothing is said.

use memchr::{memchr, memmem};

use super::xml::START_TAG;

/// How long the start tag and the blanks behind it may be.
const LONGEST_START: usize = 512;

/// What `<System>` says of an event's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Glance<'t> {
    /// The provider.
    pub provider: Option<&'t str>,
    /// The number of the event's kind.
    pub event_id: Option<u32>,
    /// The channel.
    pub channel: Option<&'t str>,
}

/// Reads the event that is all of `text`; `None` where that takes decoding it.
pub(super) fn read(text: &[u8]) -> Option<Glance<'_>> {
    let (system, rest) = system(text)?;
    // Of two of them the last counts.
    let more = memmem::find(rest, b"<System").or_else(|| memmem::find(rest, b":System"));
    more.is_none().then_some(system)
}

/// Reads `<System>`; gives what follows it, too.
fn system(text: &[u8]) -> Option<(Glance<'_>, &[u8])> {
    let start = text.strip_prefix(START_TAG)?;
    let close = memchr(b'>', start.get(..LONGEST_START.min(start.len()))?)?;
    let tag = &start[..close];
    if !is_tag_text(tag) || tag.ends_with(b"/") || tag.first().is_some_and(|&byte| byte != b' ') {
        return None;
    }
    let mut rest = start[close + 1..].trim_ascii_start().strip_prefix(b"<System>")?;
    let mut system = Glance::default();
    let mut seen = 0;
    loop {
        rest = rest.trim_ascii_start().strip_prefix(b"<")?;
        if let Some(rest) = rest.strip_prefix(b"/System>") {
            return Some((system, rest));
        }
        let close = memchr(b'>', rest)?;
        let (tag, after) = (&rest[..close], &rest[close + 1..]);
        let (tag, empty) = tag.strip_suffix(b"/").map_or((tag, false), |tag| (tag, true));
        let name_end = tag.iter().position(|byte| !byte.is_ascii_alphabetic());
        let (name, attributes) = tag.split_at(name_end.unwrap_or(tag.len()));
        if name.is_empty() || !is_tag_text(attributes) {
            return None;
        }
        let value = if empty {
            rest = after;
            &[][..]
        } else {
            let end = memchr(b'<', after)?;
            rest = after[end + 1..].strip_prefix(b"/")?.strip_prefix(name)?.strip_prefix(b">")?;
            &after[..end]
        };
        let bit = match name {
            b"Provider" => 1,
            b"EventID" => 2,
            b"Channel" => 4,
            _ => continue,
        };
        let value = std::str::from_utf8(value).ok()?.trim();
        if seen & bit != 0 || value.contains('&') {
            return None;
        }
        seen |= bit;
        match bit {
            1 => system.provider = Some(provider(attributes)?),
            2 => system.event_id = Some(value.parse().ok()?),
            _ => system.channel = Some(value).filter(|channel| !channel.is_empty()),
        }
    }
}

/// Whether this is of a tag whose end is the first `>`: no quoted one, no other tag, and every
/// attribute behind a blank.
fn is_tag_text(tag: &[u8]) -> bool {
    if memchr(b'<', tag).is_some() {
        return false;
    }
    let count = |quote: u8| tag.iter().filter(|&&byte| byte == quote).count();
    let (single, double) = (count(b'\''), count(b'"'));
    // Both kinds together may be quoted by each other.
    let quoted = (single == 0 || double == 0) && single % 2 == 0 && double % 2 == 0;
    quoted && tag.first().is_none_or(u8::is_ascii_whitespace)
}

/// The value of `Name`, where it is the first attribute and stands in one kind of quotes.
fn provider(attributes: &[u8]) -> Option<&str> {
    let attributes = std::str::from_utf8(attributes).ok()?;
    let quoted = attributes.strip_prefix(" Name=")?;
    let quote = quoted.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (name, rest) = quoted[1..].split_once(quote)?;
    // A second `Name` would count instead.
    let once = memmem::find(rest.as_bytes(), b"Name")
        .is_none_or(|at| rest[..at].ends_with("EventSource") && !rest[at + 4..].contains("Name"));
    (once && !name.contains('&') && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{DecodeContext, xml};
    use crate::reading::Reading;
    use proptest::prelude::*;

    const EVENT: &str = "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>\
        <System><Provider Name='Microsoft-Windows-Sysmon' Guid='{5770385f}'/>\
        <EventID Qualifiers='0'>1</EventID><Version>5</Version><Correlation/>\
        <TimeCreated SystemTime='2021-03-01T00:00:00.0Z'/><Execution ProcessID='1' ThreadID='2'/>\
        <Channel>Microsoft-Windows-Sysmon/Operational</Channel><Computer>a</Computer>\
        <Security UserID='S-1-5-18'/></System><EventData><Data Name='x'>y</Data></EventData></Event>";

    /// The same by decoding.
    fn decoded(text: &str) -> Option<(Option<String>, Option<u32>, Option<String>)> {
        let context =
            DecodeContext { reading: Reading::AS_MEANT, timezone: jiff::tz::TimeZone::UTC };
        let event = xml::decode(text.as_bytes(), &context).ok()?;
        Some((event.provider, event.event_id, event.channel))
    }

    fn told(text: &str) -> Option<(Option<String>, Option<u32>, Option<String>)> {
        let glance = read(text.as_bytes())?;
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Some((owned(glance.provider), glance.event_id, owned(glance.channel)))
    }

    #[test]
    fn an_event_as_windows_writes_it_is_told() {
        let sysmon = "Microsoft-Windows-Sysmon".to_owned();
        let channel = format!("{sysmon}/Operational");
        assert_eq!(told(EVENT), Some((Some(sysmon), Some(1), Some(channel))));
        assert_eq!(told(EVENT), decoded(EVENT));
        let lines = EVENT.replace("><", ">\r\n  <");
        assert_eq!(told(&lines), decoded(&lines));
        assert!(told(&lines).is_some());
    }

    #[test]
    fn of_what_could_mislead_nothing_is_said() {
        for (from, to) in [
            ("</System>", "</System><System><EventID>2</EventID></System>"),
            ("</System>", "</System><x:System><EventID>2</EventID></x:System>"),
            ("</EventID>", "</EventID><EventID>2</EventID>"),
            ("<EventID Qualifiers='0'>1<", "<EventID>&#50;<"),
            ("<Version>", "<!-- --><Version>"),
            ("<System>", "<System><x:EventID>2</x:EventID>"),
            ("<EventID Qualifiers='0'>1<", "<EventID><![CDATA[2]]><"),
            ("Name='Microsoft", "x='>' Name='Microsoft"),
            ("Guid=", "Name='b' Guid="),
            ("<Correlation/>", "<Correlation><EventID>2</EventID></Correlation>"),
        ] {
            let text = EVENT.replacen(from, to, 1);
            assert_ne!(text, EVENT);
            assert_eq!(told(&text), None, "{to}");
        }
    }

    proptest! {
        #[test]
        fn what_is_told_is_what_decoding_tells(
            edits in prop::collection::vec(
                (0usize..700, 0usize..12, prop::sample::select(vec![
                    "", "<", ">", "/", "'", "\"", " ", "&#49;", "<EventID>2</EventID>", "<System>",
                    "</System>", ":", "x:", "=", "Name='y'", " Name=\"z\"", "<!--", "-->", "<![CDATA[", "]]>",
                    "<Channel>Security</Channel>", "<Provider Name='q'/>", "\n", "</Event>", "1", "EventCode=7 ",
                ])), 0..4),
        ) {
            let mut text = EVENT.to_owned();
            for (at, cut, insert) in edits {
                let at = at.min(text.len());
                let end = (at + cut).min(text.len());
                text.replace_range(at..end, insert);
            }
            if let Some(told) = told(&text) {
                prop_assert_eq!(Some(told), decoded(&text), "{}", text);
            }
        }
    }
}
