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
//! | [`Lines`](TextLayout::Lines) | at a line start, the start of a line in a known dialect |
//! | [`JsonDocument`](TextLayout::JsonDocument) | none: objects span lines or share one |
//!
//! A line starts after a line feed and any NULs, or at the start of the text.
//!
//! Streams: [`TextLayout::cut`] says where a buffer may be cut. A document has no boundary, so a
//! stream of one is walked with [`TextLayout::frames_so_far`], which stops before an event that
//! the buffer may not hold whole; [`Frames::carry`] says from where, and with what state, to go
//! on when the buffer holds more. That way of walking gives the same events in every layout.

use std::borrow::Cow;
use std::iter::FusedIterator;
use std::ops::Range;

use memchr::memmem;

use super::json::framing::{self, Scan, Wrapper};
use super::{classic, hostmon, line, xml};
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
    /// An event a line: audit records, access logs, syslog.
    Lines,
}

/// How many lines at the start of a file may be in no dialect, so that it is a log of lines yet.
const LINES_BEFORE: usize = 8;

impl TextLayout {
    /// The layout of a file that starts with `head`, judged by the first event that can be
    /// recognised in it; `None` when there is none, so that it is no log.
    ///
    /// The more of the file `head` holds, the better: an object that does not end in it is taken
    /// for one of many lines if it has no line end.
    #[must_use]
    pub fn sniff(head: &[u8]) -> Option<Self> {
        let mut starts = line_starts(head)
            .filter(|&at| !line::is_remark(&head[at..]))
            .take(LINES_BEFORE)
            .peekable();
        if starts.peek().is_some_and(|&at| line::surely_starts_event(head, at)) {
            return Some(Self::Lines);
        }
        Self::sniff_event_layout(head)
            .or_else(|| starts.any(|at| line::starts_event(head, at)).then_some(Self::Lines))
    }

    /// As [`sniff`](Self::sniff), of layouts whose events are more than lines.
    fn sniff_event_layout(head: &[u8]) -> Option<Self> {
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
            Format::Line => Self::Lines,
            // A journal is read as one before any layout is asked for.
            Format::Json | Format::Journal => match memchr::memchr(b'{', head) {
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
            Scan::Broken(_) | Scan::Deep(_) | Scan::Open => (&head[start..], None),
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
            Self::Classic | Self::HostMon | Self::JsonLines | Self::Lines => {
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
            Self::Classic | Self::HostMon | Self::JsonLines | Self::Lines => {
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
            Self::Lines => line_start(text, at) && line::starts_event(text, at),
            Self::JsonDocument => false,
        }
    }

    /// The last primary boundary in a buffer: all before it may be framed, the rest belongs
    /// before what is read next. `None` when there is none but at the very start.
    #[must_use]
    pub fn cut(self, buffer: &[u8]) -> Option<usize> {
        self.boundary_before(buffer, buffer.len(), 1)
    }

    /// The events and the damage in a range of one or more segments: it starts at a primary
    /// boundary or at the start of the text, and ends at one or at the end. What an event is does
    /// not depend on how many segments are walked at once. Spans are relative to `text`.
    #[must_use]
    pub fn frames(self, text: &[u8], range: Range<usize>) -> Frames<'_> {
        Frames::new(self, text, range, Carry::default(), true)
    }

    /// As [`frames`](Self::frames), for text that goes on after the range: stops before what may
    /// not be whole yet. `carry` is what the walk over the text before said, or the default.
    ///
    /// An event longer than the range gives nothing: [`Frames::carry`] then stands at its start.
    /// A caller that will not enlarge its buffer any more can walk it with `last`, which ends
    /// whatever is open.
    #[must_use]
    pub fn frames_so_far(
        self,
        text: &[u8],
        range: Range<usize>,
        carry: Carry,
        last: bool,
    ) -> Frames<'_> {
        Frames::new(self, text, range, carry, last)
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
    if text[start..].starts_with(b"LogName=") {
        return Some(Format::Classic);
    }
    // What stands before it would be in the way of telling its dialect again.
    (start == 0 && line::starts_event(text, 0)).then_some(Format::Line)
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

/// Where the lines of a text start, but for blank ones.
fn line_starts(text: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let ends = memchr::memchr2_iter(b'\n', 0, text).map(|end| end + 1);
    let starts = std::iter::once(0).chain(ends);
    starts.filter(|&at| text.get(at).is_some_and(|byte| !matches!(byte, b'\r' | b'\n' | 0)))
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
        && let Some(found) = start_in_line(text, from)
    {
        return Some(found);
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
                if let Some(found) = start_in_line(text, line) {
                    return Some(found);
                }
                at = line - 1;
            }
            _ => {}
        }
        at += 1;
    }
}

/// The event that the line at `at` starts with, or introduces with a syslog header.
fn start_in_line(text: &[u8], at: usize) -> Option<(usize, Start)> {
    if let Some(start) = line_event(text, at) {
        return Some((at, start));
    }
    header_event(text, at, header_line(text, at)?)
}

/// The event in the line at `at`, which starts as a syslog header does.
fn header_event(text: &[u8], at: usize, line: &[u8]) -> Option<(usize, Start)> {
    memchr::memchr2_iter(b'<', b'{', line).map(|found| at + found).find_map(|at| {
        if xml::starts_event(text, at) {
            Some((at, Start::Xml))
        } else {
            framing::opening(text, at).map(|_| (at, Start::Json))
        }
    })
}

/// The line at `at`, as far as a header may reach, if it starts as a syslog header does.
fn header_line(text: &[u8], at: usize) -> Option<&[u8]> {
    let rest = text.get(at..)?;
    let window = &rest[..rest.len().min(HEADER_LIMIT)];
    let line = &window[..memchr::memchr(b'\n', window).unwrap_or(window.len())];
    is_header(line).then_some(line)
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
    priority || month || iso
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
const DEEP_JSON: &str = "a JSON object that nests deeper than 128 levels";
const TORN_LIST: &str = "a JSON document whose end is broken";
const JUNK: &str = "text that is no event";

/// Walks segments: their events and damage, in order, none overlapping. Forward only, in constant
/// memory and linear time.
///
/// What it passes over in silence is white space, NULs, byte order marks, XML declarations and
/// comments, `<Events>`, array punctuation, the wrapper around a list of results, empty objects,
/// syslog headers before events, and in a log of lines the remarks of W3C's format. An event's span
/// has no white space or NULs at its ends.
#[derive(Debug, Clone)]
pub struct Frames<'t> {
    layout: TextLayout,
    /// The text up to the range's end.
    whole: &'t [u8],
    /// The text up to the current segment's end: an event never depends on what follows.
    text: &'t [u8],
    at: usize,
    carry: Carry,
    /// Whether the text ends with the range.
    closed: bool,
    done: bool,
    /// Where the next `</Event>` of this segment is, so that it is not searched again: valid from
    /// the first position up to the second.
    end_tag: Option<(usize, Option<usize>)>,
}

impl<'t> Frames<'t> {
    fn new(
        layout: TextLayout,
        text: &'t [u8],
        range: Range<usize>,
        carry: Carry,
        closed: bool,
    ) -> Self {
        let whole = &text[..range.end.min(text.len())];
        let at = range.start.min(whole.len());
        let text = &whole[..at];
        Self { layout, whole, text, at, carry, closed, done: false, end_tag: None }
    }

    /// Where to go on when there is more text, and with what state. What stands before it has
    /// been dealt with.
    #[must_use]
    pub fn carry(&self) -> (usize, Carry) {
        (self.at, self.carry)
    }

    /// Goes on to the segment that starts here; `false` at the end of the range.
    fn next_segment(&mut self) -> bool {
        if self.at >= self.whole.len() {
            return false;
        }
        let end = self.layout.next_boundary(self.whole, self.at + 1);
        self.text = &self.whole[..end.unwrap_or(self.whole.len())];
        self.end_tag = None;
        if self.layout != TextLayout::JsonDocument {
            self.carry = Carry::default();
        }
        true
    }

    /// Whether what is open at the end of the segment ends there.
    fn ends_here(&self) -> bool {
        self.closed || self.text.len() < self.whole.len()
    }

    fn found(&mut self) -> Found {
        if self.is_line() {
            return self.whole_line();
        }
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

    /// Whether a line of a known dialect starts here, in a log of lines: at a line start, or behind
    /// what has been read of the line. One that is a header before an event of another format is none.
    fn is_line(&self) -> bool {
        self.layout == TextLayout::Lines
            && line::starts_event(self.text, self.at)
            && !self.is_header_of_event()
    }

    /// Whether, in a log of lines, more text could tell another dialect of what stands here.
    fn is_open_line(&self) -> bool {
        let rest = &self.text[self.at..];
        self.layout == TextLayout::Lines
            && !self.ends_here()
            && rest.len() < HEADER_LIMIT
            && memchr::memchr(b'\n', rest).is_none()
    }

    /// Whether, in a log of lines, more text could tell that a line of a dialect follows what looks
    /// like the start of another event, which then is none: its next line would be no part of it.
    fn is_open_start(&self, at: usize) -> bool {
        let rest = &self.text[at..];
        self.layout == TextLayout::Lines
            && !self.ends_here()
            && rest.len() < 3 * HEADER_LIMIT
            // A time line, its `Type=` line and a `Key=` line.
            && memchr::memchr_iter(b'\n', rest).take(3).count() < 3
    }

    /// Whether the line that starts here has a syslog header and an event of another format behind
    /// it, whole on the same line.
    fn is_header_of_event(&self) -> bool {
        if line::surely_starts_event(self.text, self.at) {
            return false;
        }
        let Some(header) = header_line(self.text, self.at) else { return false };
        let rest = &self.text[self.at..];
        let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
        match header_event(line, 0, &header[..header.len().min(line.len())]) {
            Some((at, Start::Xml)) => memmem::find(&line[at..], xml::END_TAG).is_some(),
            Some((at, Start::Json)) => matches!(framing::scan_value(line, at), Scan::Complete(_)),
            _ => false,
        }
    }

    /// The event that is the line that starts here.
    fn whole_line(&self) -> Found {
        match memchr::memchr(b'\n', &self.text[self.at..]) {
            Some(end) => Found::Event(self.at + end, Format::Line),
            None if self.ends_here() => Found::Event(self.text.len(), Format::Line),
            None => Found::Unfinished,
        }
    }

    /// Damage from here to the next event start at or after `from`.
    fn broken(&self, from: usize, reason: &'static str) -> Found {
        match next_start(self.text, from) {
            Some((next, _)) => Found::Broken(next, reason),
            None if self.ends_here() => Found::Broken(self.text.len(), reason),
            None => Found::Unfinished,
        }
    }

    /// The first `</Event>` after the start, unless another event starts before it. One that a
    /// quote follows ends a JSON string.
    fn xml_event(&mut self) -> Found {
        let start = self.at + xml::START_TAG.len();
        let Some(close) = self.close_after(start) else {
            return if self.ends_here() { self.broken(start, TORN_XML) } else { Found::Unfinished };
        };
        let end = close + xml::END_TAG.len();
        if end == self.text.len() && !self.ends_here() {
            // Whether a quote follows is yet to be seen.
            return Found::Unfinished;
        }
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
                if self.is_open_start(at) {
                    return Found::Unfinished;
                }
                return Found::Event(at, format);
            }
        }
        if self.ends_here() { Found::Event(self.text.len(), format) } else { Found::Unfinished }
    }

    /// Whether the line at `at` is one whole JSON object that looks like an event; `None` if it
    /// may become one with more text. Others belong to the message they stand in.
    fn is_event_line(&self, at: usize) -> Option<bool> {
        let rest = &self.text[at..];
        let line = match memchr::memchr(b'\n', rest) {
            Some(end) => &rest[..end],
            None if self.ends_here() => rest,
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
        if self.carry.open == 0 {
            match framing::wrapper(self.text, self.at) {
                Wrapper::List { at, open } if self.may_open_list() => return Found::List(at, open),
                Wrapper::Open if !self.ends_here() => return Found::Unfinished,
                _ => {}
            }
        }
        match framing::scan_value(self.text, self.at) {
            Scan::Complete(end) if framing::is_marker(&self.text[self.at..end]) => {
                Found::Nothing(end)
            }
            Scan::Complete(end) => Found::Event(end, Format::Json),
            Scan::Broken(at) => self.broken_json(at),
            Scan::Deep(at) => self.deep_json(at),
            Scan::Open if self.ends_here() => self.broken_json(self.text.len()),
            Scan::Open => Found::Unfinished,
        }
    }

    /// Whether the list that starts here may be walked. In a file that is cut at line starts it
    /// must end in its own segment, for what walks the next one knows nothing of it.
    fn may_open_list(&self) -> bool {
        self.layout == TextLayout::JsonDocument
            || matches!(framing::scan_value(self.text, self.at), Scan::Complete(_))
    }

    /// Where to go on after an object that nests too deeply, as `deep_at` shows: in a line of its
    /// own, for objects that were torn one after another nest too; else past all that is too deep,
    /// for what is inside it is no event.
    fn deep_json(&self, deep_at: usize) -> Found {
        let from = self.at + 1;
        let line = memmem::find_iter(&self.text[from..deep_at], b"\n{")
            .map(|newline| from + newline + 1)
            .find(|&at| framing::opening(self.text, at).is_some());
        match line {
            Some(next) => Found::Broken(next, DEEP_JSON),
            None => self.broken(deep_at, DEEP_JSON),
        }
    }

    /// Where to go on after an object that cannot go on at `broken_at`.
    ///
    /// If it was torn, the event after it may have been read as a part of it: an object that
    /// starts as this one does, with the same key, or that starts in the first column, is the
    /// next event. Else the next event starts about where the tear was noticed.
    fn broken_json(&self, broken_at: usize) -> Found {
        let from = self.at + 1;
        if let Some(opening) = framing::opening(self.text, self.at) {
            let end = broken_at.saturating_add(opening.len());
            if end > self.text.len() && !self.ends_here() {
                return Found::Unfinished;
            }
            let read = &self.text[from..end.min(self.text.len())];
            let same = memmem::find(read, opening);
            let first_column = memmem::find_iter(read, b"\n{")
                .map(|newline| newline + 1)
                .find(|&at| framing::opening(read, at).is_some());
            if let Some(next) = same.into_iter().chain(first_column).min() {
                return Found::Broken(from + next, TORN_JSON);
            }
        }
        // In `"cut{"next":1}` the tear shows two bytes after the brace.
        let tear = from.max(broken_at.saturating_sub(2));
        let after = &self.text[broken_at..];
        let gap = after.iter().take(16).take_while(|b| b.is_ascii_whitespace() || **b == b',');
        let next =
            (tear..=broken_at + gap.count()).find(|&at| framing::opening(self.text, at).is_some());
        next.map_or_else(|| self.broken(tear, TORN_JSON), |next| Found::Broken(next, TORN_JSON))
    }

    /// Passes over what is neither event nor damage. An error is what it finds instead of an event.
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
                        Scan::Open if !self.ends_here() => return Err(Found::Unfinished),
                        Scan::Open | Scan::Broken(_) | Scan::Deep(_) => {
                            let found = self.broken(self.at + 1, TORN_LIST);
                            if !matches!(found, Found::Unfinished) {
                                self.carry.open = 0;
                            }
                            return Err(found);
                        }
                    }
                }
                b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c | 0 | b'[' | b']' | b',' => 1,
                _ if self.is_open_line() => return Err(Found::Unfinished),
                _ if self.is_line() => return Ok(()),
                b'#' if self.layout == TextLayout::Lines && line::is_remark(rest) => {
                    match memchr::memchr(b'\n', rest) {
                        Some(end) => end,
                        None if self.ends_here() => rest.len(),
                        None => return Err(Found::Unfinished),
                    }
                }
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
        let Some(line) = header_line(self.text, self.at) else { return 0 };
        match header_event(self.text, self.at, line) {
            Some((event, _)) => event - self.at,
            None if self.at + line.len() == self.text.len() && self.ends_here() => line.len(),
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
                Ok(()) if self.at >= self.text.len() => {
                    self.done = !self.next_segment();
                    continue;
                }
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

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;
    use crate::format::time;

    const XML: &str = "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>\
        <EventID>1</EventID></System><EventData><Data Name='a'>{\"k\":1}</Data></EventData></Event>";
    const PRETTY_XML: &str =
        "<Event xmlns=\"x\">\r\n  <System>\r\n    <EventID>1</EventID>\r\n  </System>\r\n</Event>";
    const CLASSIC: &str = "01/02/2020 03:04:05 PM\nLogName=Security\nType=Information\n\
        EventCode=1\nMessage=One.\r\n\r\nLabel:\tvalue\r\n{\"no\":\"event\"}\r\n{\r\n  \"x\": 1\r\n}";
    const HOSTMON: &str = "Type=Process\nName=\"a.exe\"\n\nCommandLine=\"a b\"";
    const JSON: &str =
        "{\"EventTime\":\"x\",\"EventID\":1,\"n\":{\"a\":[{\"b\":\"}]\\\"\"}]},\"p\":\"C:\\\\\"}";
    const EXPORT: &str = "{\"preview\":false,\"offset\":0,\"result\":{\"_raw\":\"<Event><System></System></Event>\"}}";
    const PRETTY_JSON: &str =
        "{\n  \"Event\": {\n    \"a\": [\n      {\n        \"b\": 1\n      }\n    ]\n  }\n}";

    const AUDIT: &str =
        "type=EXECVE msg=audit(1364481363.243:24287): argc=2 a0=\"curl\" a1=\"{x}\"";
    const ACCESS: &str =
        "203.0.113.9 - - [10/Oct/2020:13:55:36 +0200] \"GET /<Event><System> HTTP/1.1\" 404 2326";

    const EVENTS: [(&str, Format); 9] = [
        (AUDIT, Format::Line),
        (ACCESS, Format::Line),
        (XML, Format::Xml),
        (PRETTY_XML, Format::Xml),
        (CLASSIC, Format::Classic),
        (HOSTMON, Format::HostMon),
        (JSON, Format::Json),
        (EXPORT, Format::Json),
        (PRETTY_JSON, Format::Json),
    ];

    const LAYOUTS: [TextLayout; 6] = [
        TextLayout::Lines,
        TextLayout::Xml,
        TextLayout::Classic,
        TextLayout::HostMon,
        TextLayout::JsonLines,
        TextLayout::JsonDocument,
    ];

    /// What may stand between events without being damage.
    const PADDING: [&str; 13] = [
        "\n#Fields: date\n",
        "",
        "\n",
        "\r\n",
        "\n\n",
        "\n\0\0\0\0",
        "\n\u{feff}",
        "\n<?xml version='1.0'?>\n",
        "\n<Events>\n",
        "\n</Events>\n",
        "\n<!-- x -->\n",
        ",\n",
        "\n{\"preview\":false,\"lastrow\":true}\n",
    ];

    fn walk(layout: TextLayout, text: &[u8]) -> Vec<Result<Frame, Damage>> {
        layout.frames(text, 0..text.len()).collect()
    }

    /// The events of a text that must hold no damage.
    fn events(text: &str) -> Vec<(&str, Format)> {
        let layout = TextLayout::sniff(text.as_bytes()).expect("a log");
        let frames = walk(layout, text.as_bytes());
        let frames = frames.into_iter().map(|item| {
            let frame = item.unwrap_or_else(|damage| panic!("{damage:?} in {text:?}"));
            (&text[frame.span], frame.format)
        });
        frames.collect()
    }

    #[test]
    fn each_format_alone() {
        for (event, format) in EVENTS {
            for end in ["", "\n", "\r\n\r\n", "\0\0"] {
                let text = format!("{event}{end}");
                assert_eq!(events(&text), [(event, format)], "{text:?}");
                let text = format!("{event}\n{event}{end}");
                assert_eq!(events(&text), [(event, format); 2], "{text:?}");
            }
        }
    }

    #[test]
    fn arrangements() {
        let header = "<13>Oct 11 22:14:15 host app[1]: ";
        let other = "2020-01-02T03:04:05Z host nxlog: ";
        for (text, count, event) in [
            (format!("<?xml version=\"1.0\"?>\r\n<Events>{XML}{XML}</Events>"), 2, XML),
            (format!("{header}{XML}\n{header}{XML}\r\n{other}{XML}\n"), 3, XML),
            (format!("Jan  1 00:00:00 h {JSON}\nJan  1 00:00:00 h {JSON}"), 2, JSON),
            (format!("[{JSON},{JSON}]"), 2, JSON),
            (format!("[\n{JSON},\n{JSON}\n]\n"), 2, JSON),
            (format!("[\n  {PRETTY_JSON},\n  {PRETTY_JSON}\n]\n"), 2, PRETTY_JSON),
            (format!("{JSON}{JSON}{JSON}"), 3, JSON),
            (format!("{JSON}\n{{}}\n{JSON}"), 2, JSON),
            (
                format!(
                    "{{\"preview\":false,\"fields\":[],\"results\":[{JSON}, {JSON}],\"highlighted\":{{}}}}\n"
                ),
                2,
                JSON,
            ),
            (
                format!("{{\"took\":3,\"hits\":{{\"total\":2,\"hits\":[{JSON},{JSON}]}}}}\n"),
                2,
                JSON,
            ),
            (format!("{AUDIT}\n{AUDIT}\n\n{AUDIT}"), 3, AUDIT),
            (format!("{HOSTMON}\n{HOSTMON}"), 2, HOSTMON),
            (format!("\0\0\0\n{CLASSIC}\0\0\n\0\0{CLASSIC}"), 2, CLASSIC),
        ] {
            let found = events(&text);
            assert_eq!(
                found.iter().map(|(event, _)| *event).collect::<Vec<_>>(),
                vec![event; count],
                "{text}"
            );
        }
    }

    #[test]
    fn a_document_without_rows_is_no_damage() {
        let text = b"{\"preview\":false,\"init_offset\":0,\"results\":[]}\n{\"preview\":false,\"lastrow\":true}\n";
        for layout in LAYOUTS {
            assert_eq!(walk(layout, text), []);
        }
    }

    #[test]
    fn layouts_are_told_by_the_first_event() {
        let long = format!("{{\"a\":\"{}", "x".repeat(1000));
        for (text, expected) in [
            (XML, Some(TextLayout::Xml)),
            (PRETTY_XML, Some(TextLayout::Xml)),
            (CLASSIC, Some(TextLayout::Classic)),
            (HOSTMON, Some(TextLayout::HostMon)),
            (JSON, Some(TextLayout::JsonLines)),
            (EXPORT, Some(TextLayout::JsonLines)),
            (PRETTY_JSON, Some(TextLayout::JsonDocument)),
            ("[{\"a\":1},{\"a\":2}]", Some(TextLayout::JsonDocument)),
            ("[{\"a\":1},\n{\"a\":2}]", Some(TextLayout::JsonLines)),
            ("{\"a\":1}{\"a\":2}", Some(TextLayout::JsonDocument)),
            (
                "{\"preview\":false,\"results\":[{\"a\":1},\n{\"a\":2}]}",
                Some(TextLayout::JsonDocument),
            ),
            ("{\n  \"a\": \"", Some(TextLayout::JsonDocument)),
            (&long, Some(TextLayout::JsonLines)),
            ("junk\n{\"a\":1}\n", Some(TextLayout::JsonLines)),
            (AUDIT, Some(TextLayout::Lines)),
            (ACCESS, Some(TextLayout::Lines)),
            ("rotated\n\nOct 11 22:14:15 h sshd[1]: x\n", Some(TextLayout::Lines)),
            (
                "Oct 11 22:14:15 h x: y\nOct 11 22:14:15 h {\"a\":1}\n",
                Some(TextLayout::JsonDocument),
            ),
            ("Oct 11 22:14:15 h {\"a\":1}\n", Some(TextLayout::JsonDocument)),
            ("", None),
            ("a: {\"b\":1}\nc: [{\"d\":1}]\n", None),
            ("say {\"b\":1}\n", None),
            ("version https://git-lfs.github.com/spec/v1\noid sha256:b\nsize 4\n", None),
            ("[section]\nType=Process\n", None),
        ] {
            assert_eq!(TextLayout::sniff(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn junk_is_damage_once_a_run() {
        let text = format!("junk\nmore junk\n{XML}\n-- \nrest {{ \"x\" }}\n{XML}\njunk");
        let items = walk(TextLayout::Xml, text.as_bytes());
        let damage: Vec<_> = items
            .iter()
            .filter_map(|item| item.as_ref().err())
            .map(|d| &text[d.span.clone()])
            .collect();
        assert_eq!(damage, ["junk\nmore junk", "-- \nrest { \"x\" }", "junk"]);
        assert_eq!(items.len(), 5);
    }

    #[test]
    fn torn_events_cost_no_other() {
        for (torn, format) in EVENTS {
            for (next, next_format) in EVENTS {
                // A message may hold code, so only one-line objects end it.
                let is_message = matches!(format, Format::Classic | Format::HostMon);
                if is_message && next == PRETTY_JSON {
                    continue;
                }
                for cut in (0..torn.len()).filter(|&cut| torn.is_char_boundary(cut)) {
                    if time::parse(&torn[..cut], &TimeZone::UTC).is_some() {
                        // A date line that is left alone may stand before a host monitor event.
                        continue;
                    }
                    let text = format!("{next}\n{}\n{next}\n", &torn[..cut]);
                    let text = text.as_bytes();
                    let layout = TextLayout::sniff(text).expect("a log");
                    let start = text.len() - next.len() - 1;
                    let whole = Frame { span: start..text.len() - 1, format: next_format };
                    let items = walk(layout, text);
                    assert!(
                        items.contains(&Ok(whole)),
                        "{format:?} {cut} before {next:?} as {layout:?}: {items:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn torn_objects_with_nothing_between_cost_no_other() {
        for cut in 1..JSON.len() {
            for between in ["", ",", " "] {
                let text =
                    format!("[{JSON}{between}{}{between}{JSON}{between}{JSON}]", &JSON[..cut]);
                let frames = walk(TextLayout::JsonDocument, text.as_bytes());
                let whole =
                    frames.iter().flatten().filter(|frame| &text[frame.span.clone()] == JSON);
                assert_eq!(whole.count(), 3, "{text} {frames:?}");
            }
        }
    }

    #[test]
    fn the_end_of_an_event_is_not_sought_again_and_again() {
        // Each start is torn; a search to the end for each would take hours.
        let start = "<Event><System>";
        let text = start.repeat(200_000);
        assert_eq!(walk(TextLayout::Classic, text.as_bytes()).len(), 200_000);
        let text = "{\"a\":[".repeat(100_000);
        assert!(!walk(TextLayout::JsonDocument, text.as_bytes()).is_empty());
        let text = format!("{AUDIT}\n{}{AUDIT}", "\0 ,".repeat(500_000));
        assert_eq!(walk(TextLayout::Lines, text.as_bytes()).len(), 2);
        for end in ["", "\n"] {
            let text = format!("Oct 11 22:14:15 h {{\"a\":<Event><System>[{end}").repeat(30_000);
            assert!(!walk(TextLayout::Lines, text.as_bytes()).is_empty());
        }
        let text = "<13>Jan 1 ".repeat(100_000);
        assert_eq!(walk(TextLayout::Xml, text.as_bytes()).len(), 1);
    }

    /// Pieces of text: whole events, torn ones, padding and junk.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        let event = proptest::sample::select(EVENTS.map(|(event, _)| event).to_vec());
        let piece = prop_oneof![
            4 => event.clone().prop_map(|event| event.as_bytes().to_vec()),
            2 => (event, any::<proptest::sample::Index>())
                .prop_map(|(event, cut)| event.as_bytes()[..cut.index(event.len())].to_vec()),
            4 => proptest::sample::select(PADDING.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
            1 => proptest::sample::select(vec![
                "junk", "<13>Jan 1 host: ", "\n01/02/2020 03:04:05\n", "\nType=Process\n", "\"", "{", "]", "<Event", "\n{\"",
                "{\"results\":[", "]}", "\n2020-01-02 03:04:05\n",
            ]).prop_map(|text| text.as_bytes().to_vec()),
            1 => proptest::collection::vec(any::<u8>(), 0..8),
        ];
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    /// Whether a gap is made of what is passed over in silence.
    fn is_padding(mut gap: &[u8]) -> bool {
        'next: while let Some((first, rest)) = gap.split_first() {
            if first.is_ascii_whitespace() || matches!(first, 0 | 0x0b | b'[' | b']' | b',') {
                gap = rest;
                continue;
            }
            for known in
                PADDING.iter().map(|text| text.trim().as_bytes()).filter(|text| !text.is_empty())
            {
                if let Some(rest) = gap.strip_prefix(known) {
                    gap = rest;
                    continue 'next;
                }
            }
            for known in [&b"\xef\xbb\xbf"[..], b"{}", b"{\"results\":["] {
                if let Some(rest) = gap.strip_prefix(known) {
                    gap = rest;
                    continue 'next;
                }
            }
            // What is left are headers and the tails of wrappers, of which these are the starts.
            return gap.starts_with(b"<13>")
                || gap.starts_with(b"{\"preview\"")
                || gap.starts_with(b"}")
                || gap.starts_with(b"2020-")
                || gap.starts_with(b"<!--");
        }
        true
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

        #[test]
        fn boundaries_are_those_of_a_naive_scan(text in text()) {
            for layout in LAYOUTS {
                let all: Vec<_> = (0..=text.len()).filter(|&at| layout.is_boundary(&text, at)).collect();
                for from in (0..text.len()).step_by(7) {
                    let next = all.iter().copied().find(|&at| at >= from);
                    prop_assert_eq!(layout.next_boundary(&text, from), next);
                    for floor in [0, from / 2, from] {
                        let before = all.iter().copied().rfind(|&at| at <= from && at >= floor);
                        prop_assert_eq!(layout.boundary_before(&text, from, floor), before);
                    }
                }
                prop_assert_eq!(layout.cut(&text), all.iter().copied().rfind(|&at| at > 0));
            }
        }

        #[test]
        fn every_byte_is_in_an_event_in_damage_or_padding(text in text()) {
            for layout in LAYOUTS {
                let mut at = 0;
                for item in walk(layout, &text) {
                    let span = match item {
                        Ok(frame) => frame.span,
                        Err(damage) => damage.span,
                    };
                    prop_assert!(at <= span.start && span.start < span.end && span.end <= text.len());
                    let ends = [text[span.start], text[span.end - 1]];
                    prop_assert!(!ends.iter().any(|b| b.is_ascii_whitespace() || *b == 0));
                    prop_assert!(is_padding(&text[at..span.start]), "{:?}", text[at..span.start].escape_ascii().to_string());
                    at = span.end;
                }
                prop_assert!(is_padding(&text[at..]), "{:?}", text[at..].escape_ascii().to_string());
            }
        }

        #[test]
        fn frames_are_the_same_by_segments_and_by_shards(text in text(), shard in 1..200usize) {
            for layout in LAYOUTS {
                let whole = walk(layout, &text);
                let mut parts = Vec::new();
                let mut start = 0;
                while start < text.len() {
                    let end = layout.next_boundary(&text, start + shard).unwrap_or(text.len());
                    // A shard is framed by itself, without what follows it.
                    parts.extend(layout.frames(&text[..end], start..end));
                    start = end;
                }
                prop_assert_eq!(&parts, &whole);
            }
        }

        #[test]
        fn frames_are_the_same_in_a_stream(text in text(), first in 1..300usize, more in 1..300usize) {
            for layout in LAYOUTS {
                let mut parts = Vec::new();
                let (mut base, mut end, mut carry) = (0, first.min(text.len()), Carry::default());
                loop {
                    let last = end == text.len();
                    let mut frames = layout.frames_so_far(&text[base..end], 0..end - base, carry, last);
                    for item in frames.by_ref() {
                        let moved = |span: Range<usize>| span.start + base..span.end + base;
                        parts.push(match item {
                            Ok(frame) => Ok(Frame { span: moved(frame.span), ..frame }),
                            Err(damage) => Err(Damage { span: moved(damage.span), ..damage }),
                        });
                    }
                    if last {
                        break;
                    }
                    let (at, next) = frames.carry();
                    (base, carry) = (base + at, next);
                    end = text.len().min(end + more);
                }
                prop_assert_eq!(&parts, &walk(layout, &text), "{:?} {}", layout, text.escape_ascii());
            }
        }
    }
}
