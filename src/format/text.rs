//! Framing of text: where events start and end, in files of one format and in files that mix them.
//!
//! A file follows one [`TextLayout`], which says what its *primary boundaries* are: places where
//! an event starts that can be told from the bytes around them alone. So a file can be cut into
//! shards, or framed around a hit, and the events never depend on where that was. Between two
//! primary boundaries lies a *segment*, and [`Frames`] walks it forward, finding every event of
//! whatever format: in a Splunk raw dump classic text and JSON lines stand between XML events.
//!
//! | layout | a primary boundary is |
//! |---|---|
//! | [`Xml`](TextLayout::Xml) | `<Event` whose tag is followed by `<System`, not quoted |
//! | [`Classic`](TextLayout::Classic) | at a line start, a date line and a header line |
//! | [`HostMon`](TextLayout::HostMon) | at a line start, `Type=` and a known type, then `Key=` |
//! | [`JsonLines`](TextLayout::JsonLines) | at a line start, `{"key":` |
//! | [`JsonDocument`](TextLayout::JsonDocument) | none: objects span lines or share one |
//!
//! A line starts after a line feed and any NULs, or at the start of the text.
//!
//! Streams: [`TextLayout::cut`] says where a buffer may be cut. A document has no boundary, so a
//! stream of one is walked with [`TextLayout::frames_so_far`], which stops before an event that
//! the buffer may not hold whole; [`Frames::carry`] says from where, and with what state, to go
//! on when the buffer holds more. That way of walking works with every layout.

use std::borrow::Cow;
use std::iter::FusedIterator;
use std::ops::Range;

use memchr::memmem;

use super::json::framing::{self, Scan, Wrapper};
use super::{classic, hostmon, xml};
use crate::event::{Damage, Format, Frame};

/// How long a line may be before the event it introduces: a syslog header.
const HEADER_LIMIT: usize = 1024;

/// How long a declaration or the root element's tag may be.
const PROLOG_LIMIT: usize = 4096;

/// Which boundary rule a file follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextLayout {
    /// `<Event>` elements.
    Xml,
    /// `WinEventLog` text.
    Classic,
    /// `WinHostMon` text.
    HostMon,
    /// A JSON object a line, or several on one line, but none over several lines.
    JsonLines,
    /// JSON in any other arrangement: pretty-printed, one array on one line, objects with nothing
    /// between them, a document that wraps a list of results.
    JsonDocument,
}

impl TextLayout {
    /// The layout of a file that starts with `head`, judged by the first event that can be
    /// recognised in it; `None` when there is none, so that it is no log.
    ///
    /// The more of the file `head` holds, the better: an object that does not end in it is taken
    /// for one of many lines if it has no line end.
    #[must_use]
    pub fn sniff(head: &[u8]) -> Option<Self> {
        let mut at = 0;
        loop {
            let (start, kind) = next_start(head, at)?;
            match kind {
                Start::Xml => return Some(Self::Xml),
                Start::Classic => return Some(Self::Classic),
                Start::HostMon => return Some(Self::HostMon),
                Start::Json
                    if {
                        let line = line_before(head, start);
                        in_array(line) || is_header(line)
                    } =>
                {
                    return Some(Self::sniff_json(head, start));
                }
                // An object amid other text makes no log.
                Start::Json => at = start + 1,
            }
        }
    }

    /// The layout for a format that a user names.
    #[must_use]
    pub fn for_format(format: Format, head: &[u8]) -> Self {
        match format {
            Format::Evtx | Format::Xml => Self::Xml,
            Format::Classic => Self::Classic,
            Format::HostMon => Self::HostMon,
            Format::Json => match memchr::memchr(b'{', head) {
                Some(start) => Self::sniff_json(head, start),
                None => Self::JsonDocument,
            },
        }
    }

    fn sniff_json(head: &[u8], start: usize) -> Self {
        if !matches!(framing::wrapper(head, start), Wrapper::No) {
            return Self::JsonDocument;
        }
        let (object, closed) = match framing::scan_value(head, start) {
            Scan::Complete(end) => (&head[start..end], Some(end)),
            Scan::Broken(_) | Scan::Open => (&head[start..], None),
        };
        let compact = match closed {
            Some(_) => memchr::memchr(b'\n', object).is_none(),
            // The first line of a torn file, or an object longer than the head.
            None => memchr::memchr(b'\n', object).is_none_or(|end| {
                framing::opening(object, 0).is_some_and(|opening| opening.len() < end)
                    && !object[..end].trim_ascii_end().ends_with(b"{")
                    && !object[..end].trim_ascii_end().ends_with(b",")
            }),
        };
        let ends_line = closed.is_none_or(|end| {
            let rest = &head[end..];
            let gap = rest.iter().take_while(|b| matches!(b, b',' | b' ' | b'\t' | b'\r' | 0));
            matches!(rest.get(gap.count()), None | Some(b'\n'))
        });
        if compact && ends_line && in_array(line_before(head, start)) {
            Self::JsonLines
        } else {
            Self::JsonDocument
        }
    }

    /// The first primary boundary at or after `from`.
    ///
    /// What stands before `from` is looked at too, so pass the whole text, not a tail of it.
    /// Linear in the distance.
    #[must_use]
    pub fn next_boundary(self, text: &[u8], from: usize) -> Option<usize> {
        match self {
            Self::JsonDocument => None,
            Self::Xml => {
                let finder = memmem::Finder::new(xml::START_TAG);
                let rest = text.get(from..)?;
                finder.find_iter(rest).map(|at| from + at).find(|&at| self.is_boundary(text, at))
            }
            Self::Classic | Self::HostMon | Self::JsonLines => {
                // The line that starts at `from` itself.
                if self.is_boundary(text, from) {
                    return Some(from);
                }
                let rest = text.get(from..)?;
                let starts = memchr::memchr2_iter(b'\n', 0, rest).map(|at| from + at + 1);
                starts.into_iter().find(|&at| self.is_boundary(text, at))
            }
        }
    }

    /// The last primary boundary at or before `at` that is not before `floor`.
    ///
    /// Linear in the distance.
    #[must_use]
    pub fn boundary_before(self, text: &[u8], at: usize, floor: usize) -> Option<usize> {
        match self {
            Self::JsonDocument => None,
            Self::Xml => {
                let end = at.saturating_add(xml::START_TAG.len()).min(text.len());
                let window = text.get(floor..end)?;
                let finder = memmem::FinderRev::new(xml::START_TAG);
                let starts = finder.rfind_iter(window).map(|at| floor + at);
                starts.into_iter().find(|&at| self.is_boundary(text, at))
            }
            Self::Classic | Self::HostMon | Self::JsonLines => {
                let window = text.get(floor..at.min(text.len()))?;
                let starts = memchr::memrchr2_iter(b'\n', 0, window).map(|at| floor + at + 1);
                let starts = starts.chain(std::iter::once(floor));
                starts.into_iter().find(|&at| self.is_boundary(text, at))
            }
        }
    }

    /// Whether a primary boundary is at `at`.
    fn is_boundary(self, text: &[u8], at: usize) -> bool {
        match self {
            Self::Xml => xml::starts_event(text, at) && !xml::is_quoted(text, at),
            Self::Classic => line_start(text, at) && classic::starts_event(text, at),
            Self::HostMon => line_start(text, at) && hostmon::starts_event(text, at),
            Self::JsonLines => line_start(text, at) && framing::opening(text, at).is_some(),
            Self::JsonDocument => false,
        }
    }

    /// The last primary boundary in a buffer: all before it may be framed, the rest belongs
    /// before what is read next. `None` when there is none but at the very start.
    #[must_use]
    pub fn cut(self, buffer: &[u8]) -> Option<usize> {
        self.boundary_before(buffer, buffer.len(), 1)
    }

    /// The events and the damage in one segment: from one primary boundary to the next, or what
    /// stands before the first. Spans are relative to `text`.
    #[must_use]
    pub fn frames(self, text: &[u8], segment: Range<usize>) -> Frames<'_> {
        Frames::new(text, segment, Carry::default(), true)
    }

    /// As [`frames`](Self::frames), for text that goes on after the segment: stops before what
    /// may not be whole yet. `carry` is what the walk over the text before said, or the default.
    ///
    /// A single event longer than the segment gives nothing. A caller that will not enlarge its
    /// buffer any more can walk it with `last`, which ends whatever is open.
    #[must_use]
    pub fn frames_so_far(
        self,
        text: &[u8],
        segment: Range<usize>,
        carry: Carry,
        last: bool,
    ) -> Frames<'_> {
        Frames::new(text, segment, carry, last)
    }
}

/// The format of one event's text, as an envelope holds it.
pub(super) fn sniff_event(text: &[u8]) -> Option<Format> {
    let start = text.iter().position(|b| !b.is_ascii_whitespace() && *b != 0)?;
    if text[start] == b'{' {
        return Some(Format::Json);
    }
    match line_event(text, start) {
        Some(Start::Classic) => return Some(Format::Classic),
        Some(Start::HostMon) => return Some(Format::HostMon),
        _ => {}
    }
    // A declaration or a header may stand before an XML event.
    if let Some((_, Start::Xml)) = next_start(text, start) {
        return Some(Format::Xml);
    }
    // Classic text without its date line.
    text[start..].starts_with(b"LogName=").then_some(Format::Classic)
}

/// What framing a stream remembers over a cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Carry {
    /// Braces open around the list that is being walked.
    open: u8,
}

/// How an event that starts somewhere looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    Xml,
    Classic,
    HostMon,
    Json,
}

/// Whether a line starts at `at`.
fn line_start(text: &[u8], at: usize) -> bool {
    at == 0 || matches!(text.get(at - 1), Some(b'\n' | 0))
}

/// What stands before `at` on its line, as far as a header may reach.
fn line_before(text: &[u8], at: usize) -> &[u8] {
    let window = &text[at.saturating_sub(HEADER_LIMIT)..at];
    memchr::memrchr(b'\n', window).map_or(window, |newline| &window[newline + 1..])
}

/// Whether this is only white space and array punctuation.
fn in_array(line: &[u8]) -> bool {
    line.iter().all(|b| b.is_ascii_whitespace() || matches!(b, b'[' | b',' | 0))
}

/// The event that starts exactly at `at`, of those that start at a line start only.
fn line_event(text: &[u8], at: usize) -> Option<Start> {
    if classic::starts_event(text, at) {
        Some(Start::Classic)
    } else if hostmon::starts_event(text, at) {
        Some(Start::HostMon)
    } else {
        None
    }
}

/// The first event start at or after `from`.
fn next_start(text: &[u8], from: usize) -> Option<(usize, Start)> {
    if line_start(text, from)
        && let Some(start) = line_event(text, from)
    {
        return Some((from, start));
    }
    let mut at = from;
    loop {
        at += memchr::memchr3(b'<', b'{', b'\n', text.get(at..)?)?;
        match text[at] {
            b'<' if xml::starts_event(text, at) && !xml::is_quoted(text, at) => {
                return Some((at, Start::Xml));
            }
            b'{' if framing::starts_object(text, at) => return Some((at, Start::Json)),
            b'\n' => {
                let line = skip_nul(text, at + 1);
                if let Some(start) = line_event(text, line) {
                    return Some((line, start));
                }
                at = line - 1;
            }
            _ => {}
        }
        at += 1;
    }
}

fn skip_nul(text: &[u8], at: usize) -> usize {
    at + text.get(at..).unwrap_or_default().iter().take_while(|&&b| b == 0).count()
}

/// Whether the text before an event on its line is a syslog header: a priority, or a date.
fn is_header(line: &[u8]) -> bool {
    const MONTHS: [&[u8]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    let line = line.trim_ascii_start();
    let digits = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
    let priority = line.strip_prefix(b"<").is_some_and(|rest| {
        let count = digits(rest);
        (1..=3).contains(&count) && rest.get(count) == Some(&b'>')
    });
    let month = MONTHS.iter().any(|month| {
        line.strip_prefix(*month).is_some_and(|rest| {
            rest.first() == Some(&b' ')
                && rest.trim_ascii_start().first().is_some_and(u8::is_ascii_digit)
        })
    });
    let iso = digits(line) == 4 && line.get(4) == Some(&b'-') && digits(&line[5..]) == 2;
    line.len() < HEADER_LIMIT && (priority || month || iso)
}

/// What the walk finds where an event may start.
enum Found {
    /// An event up to here; what it is.
    Event(usize, Format),
    /// Nothing to report up to here.
    Nothing(usize),
    /// A list of events, its elements from here on, that many braces open.
    List(usize, u8),
    /// A broken event: where the next one may start, and what is wrong.
    Broken(usize, &'static str),
    /// The text ends before it can be told.
    Unfinished,
}

const TORN_XML: &str = "an XML event without its end tag";
const TORN_JSON: &str = "a JSON object that is cut short or broken";
const TORN_LIST: &str = "a JSON document whose end is broken";
const JUNK: &str = "text that is no event";

/// Walks a segment: its events and damage, in order, none overlapping. Forward only, in constant
/// memory and linear time.
///
/// What it passes over in silence is white space, NULs, byte order marks, XML declarations and
/// comments, `<Events>`, array punctuation, the wrapper around a list of results, empty objects,
/// and syslog headers before events. An event's span has no white space or NULs at its ends.
#[derive(Debug, Clone)]
pub struct Frames<'t> {
    /// The text up to the segment's end: nothing after it is ever looked at.
    text: &'t [u8],
    at: usize,
    carry: Carry,
    /// Whether the text ends with the segment.
    last: bool,
    done: bool,
    /// Where the next `</Event>` is, so that it is not searched again: valid from the first
    /// position up to the second.
    end_tag: Option<(usize, Option<usize>)>,
}

impl<'t> Frames<'t> {
    fn new(text: &'t [u8], segment: Range<usize>, carry: Carry, last: bool) -> Self {
        let text = &text[..segment.end.min(text.len())];
        Self { text, at: segment.start.min(text.len()), carry, last, done: false, end_tag: None }
    }

    /// Where to go on when there is more text, and with what state. What stands before it has
    /// been dealt with.
    #[must_use]
    pub fn carry(&self) -> (usize, Carry) {
        (self.at, self.carry)
    }

    fn found(&mut self) -> Found {
        match self.text[self.at] {
            b'<' if xml::starts_event(self.text, self.at) => self.xml_event(),
            b'{' => self.json_event(),
            _ => match line_event(self.text, self.at) {
                Some(Start::Classic) => self.line_event(self.at, Format::Classic),
                Some(Start::HostMon) => {
                    self.line_event(hostmon::type_line(self.text, self.at), Format::HostMon)
                }
                _ => self.broken(self.at + 1, JUNK),
            },
        }
    }

    /// Damage from here to the next event start at or after `from`.
    fn broken(&self, from: usize, reason: &'static str) -> Found {
        match next_start(self.text, from) {
            Some((next, _)) => Found::Broken(next, reason),
            None if self.last => Found::Broken(self.text.len(), reason),
            None => Found::Unfinished,
        }
    }

    /// The first `</Event>` after the start, unless another event starts before it. One that a
    /// quote follows ends a JSON string.
    fn xml_event(&mut self) -> Found {
        let start = self.at + xml::START_TAG.len();
        let Some(close) = self.close_after(start) else {
            return if self.last { self.broken(start, TORN_XML) } else { Found::Unfinished };
        };
        let end = close + xml::END_TAG.len();
        let inside = memmem::find_iter(&self.text[..close][start..], xml::START_TAG)
            .map(|at| start + at)
            .find(|&at| xml::starts_event(self.text, at) && !xml::is_quoted(self.text, at));
        match inside {
            // What broke off may hold events of other formats at its line starts.
            Some(_) => self.broken(start, TORN_XML),
            None => Found::Event(end, Format::Xml),
        }
    }

    fn close_after(&mut self, from: usize) -> Option<usize> {
        if let Some((since, close)) = self.end_tag
            && from >= since
            && close.is_none_or(|close| close >= from)
        {
            return close;
        }
        let rest = &self.text[from..];
        let close = memmem::find_iter(rest, xml::END_TAG)
            .map(|at| from + at)
            .find(|at| self.text.get(at + xml::END_TAG.len()) != Some(&b'"'));
        self.end_tag = Some((from, close));
        close
    }

    /// An event that goes on until another starts at a line start: classic text, host monitor
    /// text. `from` is in its first line.
    fn line_event(&self, from: usize, format: Format) -> Found {
        let mut at = from;
        while let Some(newline) = memchr::memchr(b'\n', &self.text[at..]) {
            at = skip_nul(self.text, at + newline + 1);
            let starts = match self.text.get(at) {
                Some(b'<') => xml::starts_event(self.text, at),
                Some(b'{') => match self.is_event_line(at) {
                    Some(is) => is,
                    None => return Found::Unfinished,
                },
                Some(_) => line_event(self.text, at).is_some(),
                None => false,
            };
            if starts {
                return Found::Event(at, format);
            }
        }
        if self.last { Found::Event(self.text.len(), format) } else { Found::Unfinished }
    }

    /// Whether the line at `at` is one whole JSON object that looks like an event; `None` if it
    /// may become one with more text. Others belong to the message they stand in.
    fn is_event_line(&self, at: usize) -> Option<bool> {
        let rest = &self.text[at..];
        let line = match memchr::memchr(b'\n', rest) {
            Some(end) => &rest[..end],
            None if self.last => rest,
            None => return None,
        };
        if !line.starts_with(b"{\"") {
            return Some(false);
        }
        let Scan::Complete(end) = framing::scan_value(line, 0) else { return Some(false) };
        let tail = line[end..].iter().all(|b| b.is_ascii_whitespace() || *b == 0);
        Some(tail && framing::looks_like_event(&line[..end]))
    }

    fn json_event(&self) -> Found {
        match framing::wrapper(self.text, self.at) {
            Wrapper::List { at, open } => return Found::List(at, open),
            Wrapper::Open if !self.last => return Found::Unfinished,
            Wrapper::Open | Wrapper::No => {}
        }
        match framing::scan_value(self.text, self.at) {
            Scan::Complete(end) if framing::is_marker(&self.text[self.at..end]) => {
                Found::Nothing(end)
            }
            Scan::Complete(end) => Found::Event(end, Format::Json),
            Scan::Broken(at) => self.broken_json(at),
            Scan::Open if self.last => self.broken_json(self.text.len()),
            Scan::Open => Found::Unfinished,
        }
    }

    /// Where to go on after an object that cannot go on at `broken_at`.
    ///
    /// If it was torn, the event after it may have been read as a part of it: an object that
    /// starts as this one does, with the same key, is the next event. Else the next event starts
    /// about where the tear was noticed.
    fn broken_json(&self, broken_at: usize) -> Found {
        let Some(opening) = framing::opening(self.text, self.at) else {
            return self.broken(self.at + 1, JUNK);
        };
        let from = self.at + 1;
        let end = broken_at.saturating_add(opening.len());
        if end > self.text.len() && !self.last {
            return Found::Unfinished;
        }
        let end = end.min(self.text.len());
        if let Some(next) = memmem::find(&self.text[from..end], opening) {
            return Found::Broken(from + next, TORN_JSON);
        }
        // In `"cut{"next":1}` the tear shows two bytes after the brace.
        let tear = from.max(broken_at.saturating_sub(2));
        let next = (tear..=broken_at).find(|&at| framing::opening(self.text, at).is_some());
        next.map_or_else(|| self.broken(tear, TORN_JSON), |next| Found::Broken(next, TORN_JSON))
    }

    /// Passes over what is neither event nor damage. `false` when the text ends inside it.
    fn skip_padding(&mut self) -> Result<(), Found> {
        loop {
            let rest = &self.text[self.at..];
            let Some(&byte) = rest.first() else { return Ok(()) };
            let length = match byte {
                b']' if self.carry.open > 0 => {
                    let end = framing::scan_tail(self.text, self.at + 1, self.carry.open);
                    match end {
                        Scan::Complete(end) => {
                            self.carry.open = 0;
                            end - self.at
                        }
                        Scan::Open if !self.last => return Err(Found::Unfinished),
                        Scan::Open | Scan::Broken(_) => {
                            self.carry.open = 0;
                            return Err(self.broken(self.at + 1, TORN_LIST));
                        }
                    }
                }
                b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c | 0 | b'[' | b']' | b',' => 1,
                0xef if rest.starts_with(b"\xef\xbb\xbf") => 3,
                b'<' if xml::starts_event(self.text, self.at) => return Ok(()),
                b'<' => match prolog(rest) {
                    Some(length) => length,
                    None => self.header(),
                },
                b'{' => return Ok(()),
                _ if line_event(self.text, self.at).is_some() => return Ok(()),
                _ => self.header(),
            };
            if length == 0 {
                return Ok(());
            }
            self.at += length;
        }
    }

    /// How long the syslog header is that stands here, before an event on the same line or before
    /// the segment's end: the event then starts the next segment.
    fn header(&self) -> usize {
        let rest = &self.text[self.at..];
        let window = &rest[..rest.len().min(HEADER_LIMIT)];
        let line_end = memchr::memchr(b'\n', window);
        let line = &window[..line_end.unwrap_or(window.len())];
        if !is_header(line) {
            return 0;
        }
        let event = memchr::memchr2_iter(b'<', b'{', line)
            .map(|at| self.at + at)
            .find(|&at| xml::starts_event(self.text, at) || framing::starts_object(self.text, at));
        match event {
            Some(event) => event - self.at,
            None if line_end.is_none() && rest.len() == window.len() && self.last => rest.len(),
            None => 0,
        }
    }
}

/// How long the declaration, comment or root tag is that starts here.
fn prolog(rest: &[u8]) -> Option<usize> {
    let window = &rest[..rest.len().min(PROLOG_LIMIT)];
    let until = |end: &[u8]| memmem::find(window, end).map(|at| at + end.len());
    if window.starts_with(b"<?") {
        until(b"?>")
    } else if window.starts_with(b"<!--") {
        until(b"-->")
    } else {
        let tag = window.strip_prefix(b"</Events").or_else(|| window.strip_prefix(b"<Events"))?;
        tag.first().filter(|b| b.is_ascii_whitespace() || **b == b'>').and_then(|_| until(b">"))
    }
}

/// Without white space and NULs at the end.
fn trim_end(text: &[u8], span: Range<usize>) -> Range<usize> {
    let last = text[span.clone()].iter().rposition(|b| !b.is_ascii_whitespace() && *b != 0);
    span.start..span.start + last.map_or(0, |last| last + 1)
}

impl Iterator for Frames<'_> {
    type Item = Result<Frame, Damage>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.done {
            let found = match self.skip_padding() {
                Ok(()) if self.at >= self.text.len() => Found::Unfinished,
                Ok(()) => self.found(),
                Err(found) => found,
            };
            let start = self.at;
            match found {
                Found::Event(end, format) => {
                    self.at = end;
                    return Some(Ok(Frame { span: trim_end(self.text, start..end), format }));
                }
                Found::Broken(end, reason) => {
                    self.at = end;
                    let span = trim_end(self.text, start..end);
                    return Some(Err(Damage { span, reason: Cow::Borrowed(reason) }));
                }
                Found::Nothing(end) => self.at = end,
                Found::List(at, open) => {
                    self.at = at;
                    self.carry.open = open;
                }
                Found::Unfinished => self.done = true,
            }
        }
        None
    }
}

impl FusedIterator for Frames<'_> {}
