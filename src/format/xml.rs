//! `<Event>` elements as text (`XmlWinEventLog`): where one starts, and the fields it yields.
//!
//! With `xml-text` an event is read as XML. Without it the fields are those that the regular
//! expressions of the Windows add-on (8.1.2, `transforms.conf`) find, oddities included
//! (SPLUNK.md 5): only single-quoted `Name`, no entity decoded, attribute values in their quotes.

use std::borrow::Cow;

use memchr::{memchr2, memmem};

use super::{DecodeContext, DecodeError, time};
use crate::event::{Event, Format, Metadata, RawFields};
use crate::reading::Accommodation;

/// What ends an event.
pub(super) const END_TAG: &[u8] = b"</Event>";

/// What an event starts with.
pub(super) const START_TAG: &[u8] = b"<Event";

/// How far the start tag and the white space after it may reach, so that a start can be told
/// locally. Windows writes 63 bytes.
const HEADER_LIMIT: usize = 4096;

/// How deep elements may nest before their content is passed over. Windows needs about eight.
const DEPTH_LIMIT: usize = 64;

/// Whether an event starts at `at`: an `<Event>` tag directly followed by `<System`.
pub(super) fn starts_event(text: &[u8], at: usize) -> bool {
    let Some(tag) = text.get(at..).filter(|rest| rest.starts_with(START_TAG)) else {
        return false;
    };
    let tag = &tag[START_TAG.len()..tag.len().min(HEADER_LIMIT)];
    if !matches!(tag.first(), Some(b' ' | b'\t' | b'\r' | b'\n' | b'>')) {
        return false;
    }
    let Some(close) = memchr2(b'>', b'<', tag).filter(|&close| tag[close] == b'>') else {
        return false;
    };
    tag[close + 1..].trim_ascii_start().starts_with(b"<System")
}

/// Whether what stands before `at` says that an `<Event` there is quoted text: a string of JSON
/// or of a script.
pub(super) fn is_quoted(text: &[u8], at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    matches!(before, [.., b'"' | b'\''] | [.., b'\\', b'n' | b'r' | b't'])
}

/// One piece of markup or text.
#[derive(Debug, PartialEq, Eq)]
enum Token<'t> {
    Open {
        name: &'t str,
        attributes: &'t str,
        empty: bool,
    },
    Close {
        name: &'t str,
    },
    Text(&'t str),
    Verbatim(&'t str),
    /// A processing instruction or a declaration.
    Other,
}

/// Splits XML into tokens, without ever failing: what is no markup is text.
struct Tokens<'t>(&'t str);

impl<'t> Tokens<'t> {
    /// Takes `..end`, then passes `skip` bytes more.
    fn take(&mut self, end: usize, skip: usize) -> &'t str {
        let taken = self.0.get(..end).unwrap_or(self.0);
        self.0 = self.0.get(end + skip..).unwrap_or("");
        taken
    }

    /// Where the tag that starts here ends (`>`). Quoted values may hold a `>`, but never a `<`,
    /// so the search is bounded by the next one.
    fn tag_end(&self) -> Option<usize> {
        let bytes = self.0.as_bytes();
        let bound = memchr::memchr(b'<', bytes.get(1..)?).map_or(bytes.len(), |next| next + 1);
        let tag = &bytes[..bound];
        let mut quote = None;
        for (at, &byte) in tag.iter().enumerate() {
            match (quote, byte) {
                (None, b'>') => return Some(at),
                (None, b'"' | b'\'') => quote = Some(byte),
                (Some(open), _) if open == byte => quote = None,
                _ => {}
            }
        }
        memchr::memchr(b'>', tag)
    }
}

impl<'t> Iterator for Tokens<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        while self.0.starts_with("<!--") {
            let end = memmem::find(self.0.as_bytes(), b"-->").unwrap_or(self.0.len());
            self.take(end, 3);
        }
        if self.0.is_empty() {
            return None;
        }
        if !self.0.starts_with('<') {
            let end = memchr::memchr(b'<', self.0.as_bytes()).unwrap_or(self.0.len());
            return Some(Token::Text(self.take(end, 0)));
        }
        if let Some(rest) = self.0.strip_prefix("<![CDATA[") {
            self.0 = rest;
            let end = memmem::find(rest.as_bytes(), b"]]>").unwrap_or(rest.len());
            return Some(Token::Verbatim(self.take(end, 3)));
        }
        let Some(end) = self.tag_end() else {
            let next = memchr::memchr(b'<', &self.0.as_bytes()[1..]);
            return Some(Token::Text(self.take(next.map_or(self.0.len(), |n| n + 1), 0)));
        };
        let tag = &self.take(end, 1)[1..];
        if tag.starts_with(['?', '!']) {
            return Some(Token::Other);
        }
        if let Some(name) = tag.strip_prefix('/') {
            return Some(Token::Close { name: local_name(name.trim()) });
        }
        let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let name_end = tag.find(|c: char| c.is_ascii_whitespace()).unwrap_or(tag.len());
        let (name, attributes) = tag.split_at(name_end);
        Some(Token::Open { name: local_name(name), attributes, empty })
    }
}

/// A name without its namespace prefix.
fn local_name(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// The attributes of a tag: name without prefix, and value as it stands.
fn attributes(tag: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = tag;
    std::iter::from_fn(move || {
        let (name, after) = rest.split_once('=')?;
        let name = name.trim().rsplit(|c: char| c.is_ascii_whitespace()).next()?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, next) = match quote {
            Some(quote) => {
                let inner = &after[1..];
                let end = inner.find(quote).unwrap_or(inner.len());
                (&inner[..end], inner.get(end + 1..).unwrap_or(""))
            }
            None => {
                let end = after.find(|c: char| c.is_ascii_whitespace()).unwrap_or(after.len());
                after.split_at(end)
            }
        };
        rest = next;
        let name = if name.starts_with("xmlns") { "xmlns" } else { local_name(name) };
        Some((name, value))
    })
}

/// Text with its entities and character references decoded. Unknown ones stay as they are.
fn unescape(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'&', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        decoded.push_str(before);
        // The longest reference is `&#1114111;`.
        let end = after.bytes().take(10).position(|b| b == b';');
        match end.and_then(|end| Some((entity(after.get(..end)?)?, end))) {
            Some((c, end)) => {
                decoded.push(c);
                rest = &after[end + 1..];
            }
            None => {
                decoded.push('&');
                rest = after;
            }
        }
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

/// An element that is open.
struct Open<'t> {
    name: &'t str,
    /// Its `Name` attribute.
    label: Option<Cow<'t, str>>,
    /// Where its text starts in the buffer.
    text_start: usize,
    has_children: bool,
}

/// Collects fields and metadata while the tokens of one event pass.
#[derive(Default)]
struct Reader<'t> {
    open: Vec<Open<'t>>,
    /// Elements open below [`DEPTH_LIMIT`].
    too_deep: usize,
    /// The text of all open elements, one after the other.
    text: String,
    fields: RawFields,
    /// The values of the event's data, empty ones too.
    data: Vec<String>,
    system: System,
}

/// What `<System>` says beside its fields.
#[derive(Default)]
struct System {
    provider: Option<String>,
    channel: Option<String>,
    computer: Option<String>,
    event_id: Option<u32>,
    record: Option<u64>,
    time: Option<String>,
}

impl<'t> Reader<'t> {
    /// Reads the first event of `text`; `false` if there is none.
    fn read(&mut self, text: &'t str) -> bool {
        let mut inside = false;
        for token in Tokens(text) {
            match token {
                Token::Open { name: "Event", empty: false, .. } if !inside => inside = true,
                _ if !inside => {}
                Token::Close { name: "Event" } => break,
                Token::Open { name, attributes, empty } => {
                    self.open(name, attributes);
                    if empty {
                        self.close(name);
                    }
                }
                Token::Close { name } => self.close(name),
                Token::Text(text) => self.text.push_str(&unescape(text)),
                Token::Verbatim(text) => self.text.push_str(text),
                Token::Other => self.tear(),
            }
        }
        inside
    }

    /// Separates the text before some markup from what follows it. A value's text is not joined
    /// over markup, but for comments and CDATA sections, for then no search of the bytes could
    /// find it; Windows never writes any there.
    fn tear(&mut self) {
        self.text.push('\n');
    }

    /// The child of `<Event>` that is open.
    fn section(&self) -> &'t str {
        self.open.first().map_or("", |open| open.name)
    }

    fn open(&mut self, name: &'t str, tag: &'t str) {
        if self.open.len() >= DEPTH_LIMIT {
            self.too_deep += 1;
            return self.tear();
        }
        if let Some(parent) = self.open.last_mut() {
            parent.has_children = true;
        }
        if self.section() == "EventData" && self.open.len() > 1 {
            self.tear();
        }
        if self.section() == "System" && self.open.len() == 1 {
            self.system_attributes(name, tag);
        }
        let label = attributes(tag).find(|(key, _)| *key == "Name").map(|(_, v)| unescape(v));
        self.open.push(Open { name, label, text_start: self.text.len(), has_children: false });
    }

    /// Closes the innermost element of this name, and those that were left open inside it.
    fn close(&mut self, name: &str) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
            return self.tear();
        }
        if !self.open.iter().any(|open| open.name == name) {
            return self.tear();
        }
        while let Some(element) = self.open.pop() {
            let done = element.name == name;
            self.finish(element);
            if done {
                break;
            }
        }
    }

    fn system_attributes(&mut self, element: &str, tag: &'t str) {
        for (name, value) in attributes(tag) {
            if name == "xmlns" {
                continue;
            }
            let value = unescape(value);
            match (element, name) {
                ("Provider", "Name") => self.system.provider = Some(value.to_string()),
                ("TimeCreated", "SystemTime") => self.system.time = Some(value.to_string()),
                _ => {}
            }
            self.fields.push(name, value);
        }
    }

    /// The fields of an element whose end has been reached. Each is closed by its parent's text
    /// shrinking back to where it started, so that the buffer never holds more than what is open.
    fn finish(&mut self, element: Open<'t>) {
        let section = if self.open.is_empty() { element.name } else { self.section() };
        let depth = self.open.len();
        let Self { text, fields, data, system, .. } = self;
        let value = &text[element.text_start..];
        let leaf = !element.has_children;
        match section {
            "System" if depth == 1 && leaf => {
                system.field(element.name, value.trim(), fields);
            }
            "EventData" if depth == 1 => {
                let name = element.label.as_deref().unwrap_or(element.name);
                data.push(value.to_owned());
                fields.push(name, value);
            }
            "UserData" if depth > 1 && leaf => {
                data.push(value.to_owned());
                fields.push(element.name, value);
            }
            "RenderingInfo" if depth > 0 && leaf => fields.push(element.name, value),
            // A nested datum's text belongs to the datum around it.
            "EventData" if depth > 1 => return self.tear(),
            _ => {}
        }
        self.text.truncate(element.text_start);
    }
}

impl System {
    fn field(&mut self, name: &str, value: &str, fields: &mut RawFields) {
        match name {
            "EventID" => {
                self.event_id = value.parse().ok();
                fields.push("EventCode", value);
            }
            "EventRecordID" => {
                self.record = value.parse().ok();
                fields.push("RecordNumber", value);
            }
            "Channel" => self.channel = Some(value.to_owned()),
            "Computer" => self.computer = Some(value.to_owned()),
            _ => {}
        }
        fields.push(name, value);
    }
}

/// Bytes as text, with U+FFFD for what is none. Nearly always all of it is, which one look tells.
fn lossy(raw: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(raw).map_or_else(|_| String::from_utf8_lossy(raw), Cow::Borrowed)
}

/// Decodes one event.
///
/// # Errors
/// When there is no `<Event>` element in the text.
pub fn decode<'t>(raw: &'t [u8], context: &DecodeContext) -> Result<Event<'t>, DecodeError> {
    let text = lossy(raw);
    let mut reader = Reader::default();
    if !reader.read(&text) {
        return Err(DecodeError(Cow::Borrowed("there is no <Event> element")));
    }
    let Reader { fields, data, system, .. } = reader;
    let fields =
        if context.reading.has(Accommodation::XmlText) { fields } else { addon_fields(&text) };
    let present = |value: Option<String>| value.filter(|value| !value.is_empty());
    let channel = present(system.channel);
    let provider = present(system.provider);
    // Sysmon for Linux writes the same XML into syslog (sysmon_for_linux_eventid_1.yml).
    let linux = provider.as_deref() == Some("Linux-Sysmon");
    let (source, sourcetype) =
        if linux { ("Syslog", "sysmon:linux") } else { ("XmlWinEventLog", "XmlWinEventLog") };
    Ok(Event {
        format: Format::Xml,
        raw: Cow::Borrowed(raw),
        meta: Metadata {
            time: system.time.and_then(|text| time::parse(&text, &context.timezone)),
            host: present(system.computer),
            source: channel.as_ref().map(|channel| format!("{source}:{channel}")),
            sourcetype: Some(sourcetype.to_owned()),
            index: None,
        },
        fields,
        data,
        channel,
        provider,
        event_id: system.event_id,
        record: system.record,
    })
}

/// Decodes one event under two readings, of which the fields alone can differ.
pub(super) fn decode_twice<'t>(
    raw: &'t [u8],
    contexts: [&DecodeContext; 2],
) -> [Result<Event<'t>, DecodeError>; 2] {
    let [first, second] = contexts;
    let has = |context: &DecodeContext| context.reading.has(Accommodation::XmlText);
    let event = decode(raw, first);
    let other = match &event {
        Ok(event) if !has(second) => Ok(Event {
            format: event.format,
            raw: event.raw.clone(),
            meta: event.meta.clone(),
            fields: addon_fields(&lossy(raw)),
            data: event.data.clone(),
            channel: event.channel.clone(),
            provider: event.provider.clone(),
            event_id: event.event_id,
            record: event.record,
        }),
        _ => decode(raw, second),
    };
    [event, other]
}

/// The `<Data>` elements in a piece of XML, decoded: name, if it has one, and value.
pub(super) fn data_elements(xml: &str) -> Vec<(Option<String>, String)> {
    let mut data = Vec::new();
    let mut open: Option<(Option<String>, String)> = None;
    for token in Tokens(xml) {
        match token {
            Token::Open { name: "Data" | "Param", attributes: tag, empty } => {
                let name = attributes(tag).find(|(key, _)| *key == "Name");
                let datum = (name.map(|(_, name)| unescape(name).into_owned()), String::new());
                if empty { data.push(datum) } else { open = Some(datum) }
            }
            Token::Close { name: "Data" | "Param" } => data.extend(open.take()),
            Token::Text(text) => {
                if let Some((_, value)) = &mut open {
                    value.push_str(&unescape(text));
                }
            }
            Token::Verbatim(text) => {
                if let Some((_, value)) = &mut open {
                    value.push_str(text);
                }
            }
            // As in an event: no text is joined over markup.
            _ => {
                if let Some((_, value)) = &mut open {
                    value.push('\n');
                }
            }
        }
    }
    data
}

/// The fields as the add-on's own regular expressions find them.
fn addon_fields(text: &str) -> RawFields {
    let mut fields = RawFields::default();
    if let Some((system, _)) = block(text, "System") {
        for (name, value) in tag_pairs(system) {
            match name {
                "EventID" => fields.push("EventCode", value),
                "EventRecordID" => fields.push("RecordNumber", value),
                _ => {}
            }
            fields.push(name, value);
        }
        for (name, value) in quoted_pairs(system) {
            fields.push(clean(name), value);
        }
        if fields.first("EventCode").is_none()
            && let Some(id) = event_id_text(text)
        {
            fields.push("EventCode", id);
        }
    }
    let mut rest = text;
    while let Some((data, after)) = block(rest, "EventData") {
        data_pairs(data, &mut fields);
        rest = after;
    }
    if let Some((rendering, _)) = block(text, "RenderingInfo") {
        for (name, value) in tag_pairs(rendering) {
            fields.push(name, value);
        }
    }
    fields
}

/// `(?ms)<tag(?:\s+[^>]+)?>(.*?)</tag>`, and what follows it.
fn block<'t>(text: &'t str, tag: &str) -> Option<(&'t str, &'t str)> {
    let open = format!("<{tag}");
    let close = format!("</{tag}>");
    let mut rest = text;
    loop {
        let start = memmem::find(rest.as_bytes(), open.as_bytes())?;
        rest = &rest[start + open.len()..];
        if !rest.starts_with(|c: char| c == '>' || c.is_ascii_whitespace()) {
            continue;
        }
        let inner = &rest[rest.find('>')? + 1..];
        let end = memmem::find(inner.as_bytes(), close.as_bytes())?;
        return Some((&inner[..end], &inner[end..]));
    }
}

/// `(?ms)<(\w*)>([^<]*)</\1>`
fn tag_pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            rest = &rest[rest.find('<')? + 1..];
            let end = rest.find(|c: char| !is_word(c))?;
            let name = &rest[..end];
            let Some(inner) = rest[end..].strip_prefix('>') else { continue };
            let value = &inner[..inner.find('<')?];
            let close = &inner[value.len()..];
            let tail = close.strip_prefix("</").and_then(|close| close.strip_prefix(name));
            if let Some(tail) = tail.and_then(|tail| tail.strip_prefix('>')) {
                rest = tail;
                return Some((name, value));
            }
        }
    })
}

/// `(?ms)([^\s=]+)\s*=\s*('[^<']*'|"[^<"]*")`
fn quoted_pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let (before, after) = rest.split_once('=')?;
            rest = after;
            let name = before.trim_ascii_end();
            let name = name.rsplit(|c: char| c.is_ascii_whitespace() || c == '=').next()?;
            let value = after.trim_ascii_start();
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
            let Some(quote) = quote.filter(|_| !name.is_empty()) else { continue };
            let Some(end) = value[1..].find([quote, '<']) else { continue };
            if value[1 + end..].starts_with(quote) {
                let (value, tail) = value.split_at(end + 2);
                rest = tail;
                return Some((name, value));
            }
        }
    })
}

/// `<(?:\w+)\sName='([^>]*)'\/?>([^<]*)(?:<\/\1>)?`
fn data_pairs(text: &str, fields: &mut RawFields) {
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let Some(end) = rest.find(|c: char| !is_word(c)).filter(|&end| end > 0) else { continue };
        let mut after = rest[end..].chars();
        if !after.next().is_some_and(|c| c.is_ascii_whitespace()) {
            continue;
        }
        let Some(tag) = after.as_str().strip_prefix("Name='") else { continue };
        let Some(close) = tag.find('>') else { return };
        let name = tag[..close].strip_suffix('/').unwrap_or(&tag[..close]).strip_suffix('\'');
        let inner = &tag[close + 1..];
        let value = &inner[..inner.find('<').unwrap_or(inner.len())];
        if let Some(name) = name {
            fields.push(clean(name), value);
        }
        rest = inner;
    }
}

/// `<EventID.*?>(.+?)</EventID>.*`
fn event_id_text(text: &str) -> Option<&str> {
    let tag = &text[text.find("<EventID")?..];
    let inner = &tag[tag.find('>')? + 1..];
    inner.find("</EventID>").map(|end| &inner[..end])
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// A field's name as Splunk cleans it: what is not alphanumeric is `_`, leading `_` and digits go
/// (SPLUNK.md 5).
pub(super) fn clean(name: &str) -> Cow<'_, str> {
    let trimmed =
        |text: &str| text.trim_start_matches(|c: char| c == '_' || c.is_ascii_digit()).len();
    if name.bytes().all(|byte| is_word(byte.into())) {
        return Cow::Borrowed(&name[name.len() - trimmed(name)..]);
    }
    let mut cleaned: String = name.chars().map(|c| if is_word(c) { c } else { '_' }).collect();
    cleaned.drain(..cleaned.len() - trimmed(&cleaned));
    Cow::Owned(cleaned)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::reading::Reading;

    fn context(reading: Reading) -> DecodeContext {
        DecodeContext { reading, timezone: TimeZone::UTC }
    }

    fn fields(text: &str, reading: Reading) -> Vec<(String, String)> {
        let event = decode(text.as_bytes(), &context(reading)).expect("an event");
        event.fields.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
    }

    fn values(text: &str, reading: Reading, name: &str) -> Vec<String> {
        fields(text, reading).into_iter().filter(|(n, _)| n == name).map(|(_, v)| v).collect()
    }

    const SINGLE: &str = "<Event xmlns='http://x'><System><Provider Name='P' Guid='{1}'/>\
        <EventID Qualifiers='0'>1040</EventID><Level>4</Level>\
        <TimeCreated SystemTime='2021-02-22T23:07:20.794383000Z'/>\
        <EventRecordID>7</EventRecordID><Execution ProcessID='4' ThreadID='9'/>\
        <Channel>Application</Channel><Computer>h</Computer><Security UserID='S-1'/></System>\
        <EventData><Data Name='A'>x &amp; y</Data><Data Name='A'>z</Data><Data>u</Data>\
        <Data Name='E'></Data><Data Name='F'/><Binary>00</Binary></EventData>\
        <RenderingInfo Culture='en-US'><Message>m &#x41;&#10;n</Message><Level>Info</Level>\
        <Keywords><Keyword>k</Keyword></Keywords></RenderingInfo></Event>";

    #[test]
    fn fields_as_meant() {
        let all = |name| values(SINGLE, Reading::AS_MEANT, name);
        assert_eq!(all("EventCode"), ["1040"]);
        assert_eq!(all("EventID"), ["1040"]);
        assert_eq!(all("Qualifiers"), ["0"]);
        assert_eq!(all("Name"), ["P"]);
        assert_eq!(all("UserID"), ["S-1"]);
        assert_eq!(all("A"), ["x & y", "z"]);
        assert_eq!(all("Data"), ["u"]);
        assert_eq!(all("Binary"), ["00"]);
        assert_eq!(all("E"), [""; 0]);
        assert_eq!(all("Message"), ["m A\nn"]);
        assert_eq!(all("Level"), ["4", "Info"]);
        assert_eq!(all("Keyword"), ["k"]);
        assert_eq!(all("xmlns"), [""; 0]);
    }

    #[test]
    fn strict_fields_are_those_of_the_addons_expressions() {
        let all = |name| values(SINGLE, Reading::STRICT, name);
        assert_eq!(all("EventCode"), ["1040"]);
        assert_eq!(all("EventID"), [""; 0]);
        assert_eq!(all("Name"), ["'P'"]);
        assert_eq!(all("SystemTime"), ["'2021-02-22T23:07:20.794383000Z'"]);
        assert_eq!(all("A"), ["x &amp; y", "z"]);
        assert_eq!(all("Data"), [""; 0]);
        assert_eq!(all("Message"), ["m &#x41;&#10;n"]);
        assert_eq!(all("Level"), ["4", "Info"]);
        let double = SINGLE.replace('\'', "\"");
        assert_eq!(values(&double, Reading::STRICT, "A"), [""; 0]);
        assert_eq!(values(&double, Reading::STRICT, "Name"), ["\"P\""]);
        assert_eq!(fields(&double, Reading::AS_MEANT), fields(SINGLE, Reading::AS_MEANT));
    }

    #[test]
    fn metadata() {
        for reading in [Reading::AS_MEANT, Reading::STRICT] {
            let event = decode(SINGLE.as_bytes(), &context(reading)).expect("an event");
            assert_eq!(event.meta.time, "2021-02-22T23:07:20.794383Z".parse().ok());
            assert_eq!(event.meta.host.as_deref(), Some("h"));
            assert_eq!(event.meta.source.as_deref(), Some("XmlWinEventLog:Application"));
            assert_eq!(event.provider.as_deref(), Some("P"));
            assert_eq!((event.event_id, event.record), (Some(1040), Some(7)));
        }
    }

    #[test]
    fn prefixes_cdata_and_user_data() {
        let text = "<?xml version=\"1.0\"?><e:Event a = \"1\" >\n<e:System>\n<e:EventID>\n 1102 \n\
            </e:EventID></e:System><e:UserData><x:Cleared xmlns:x=\"u\"><x:User><![CDATA[a<b&amp;]]>\
            </x:User><x:Id>3</x:Id></x:Cleared></e:UserData></e:Event>";
        let all = |name| values(text, Reading::AS_MEANT, name);
        assert_eq!(all("EventCode"), ["1102"]);
        assert_eq!(all("User"), ["a<b&amp;"]);
        assert_eq!(all("Id"), ["3"]);
        assert_eq!(all("Cleared"), [""; 0]);
    }

    #[test]
    fn starts() {
        for (text, expected) in [
            ("<Event><System>", true),
            ("<Event xmlns='a'>\r\n  <System>", true),
            ("<Event\n>\n<System/>", true),
            ("<EventID><System>", false),
            ("<Event <Event><System>", false),
            ("<Event>x<System>", false),
            ("<Events><System>", false),
            ("<Event>", false),
        ] {
            assert_eq!(starts_event(text.as_bytes(), 0), expected, "{text}");
        }
    }

    #[test]
    fn broken_markup_never_panics_and_keeps_what_is_whole() {
        let whole = fields(SINGLE, Reading::AS_MEANT);
        for cut in 0..SINGLE.len() {
            for reading in [Reading::AS_MEANT, Reading::STRICT] {
                if let Ok(event) = decode(&SINGLE.as_bytes()[..cut], &context(reading)) {
                    assert!(event.fields.iter().count() <= whole.len() + 3);
                }
            }
        }
        for text in
            ["<Event><a b='", "<Event><System><EventID", "<Event>&#xffffffff;&", "<Event></a></b>"]
        {
            let _ = decode(text.as_bytes(), &context(Reading::AS_MEANT));
            let _ = decode(text.as_bytes(), &context(Reading::STRICT));
        }
    }
}
