//! Events as `<Event>` elements.

use super::escape::{self, Clock, Escapes};
use super::evtx_writer::{EventSpec, Value};
use super::message;

const NAMESPACE: &str = "http://schemas.microsoft.com/win/2004/08/events/event";

/// How `<Event>` elements are arranged in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum XmlLayout {
    /// One a line, as a forwarder sends them.
    Lines,
    /// All on one line with nothing between them, as `wevtutil` writes them.
    OneLine,
    /// Indented over several lines.
    Pretty,
    /// A file saved by the event viewer: declaration, `<Events>`, CRLF, double quotes, a byte
    /// order mark.
    Document,
    /// One a line, a syslog header before each.
    Syslog,
    /// With `<RenderingInfo>`, as event forwarding renders them.
    Rendered,
}

impl XmlLayout {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Lines, Self::OneLine, Self::Pretty, Self::Document, Self::Syslog, Self::Rendered];

    /// What stands before the first event.
    pub(super) fn prolog(self) -> &'static [u8] {
        match self {
            Self::Document => {
                b"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\r\n<Events>\r\n"
            }
            _ => b"",
        }
    }

    /// What stands after the last event.
    pub(super) fn epilog(self) -> &'static [u8] {
        match self {
            Self::Document => b"</Events>\r\n",
            _ => b"",
        }
    }
}

/// Writes one event with what stands before and after it.
pub(super) fn write(out: &mut Vec<u8>, event: &EventSpec<'_>, layout: XmlLayout, escapes: Escapes) {
    if layout == XmlLayout::Syslog {
        syslog_header(out, event);
    }
    element(out, event, layout, escapes);
    out.extend_from_slice(match layout {
        XmlLayout::OneLine => b"",
        XmlLayout::Document => b"\r\n",
        _ => b"\n",
    });
}

fn syslog_header(out: &mut Vec<u8>, event: &EventSpec<'_>) {
    out.extend_from_slice(b"<13>");
    Clock::new(event.time).syslog(out);
    out.push(b' ');
    out.extend_from_slice(event.computer.as_bytes());
    out.push(b' ');
}

/// Writes the element alone.
pub(super) fn element(
    out: &mut Vec<u8>,
    event: &EventSpec<'_>,
    layout: XmlLayout,
    escapes: Escapes,
) {
    Element {
        out,
        escapes,
        quote: if layout == XmlLayout::Document { b'"' } else { b'\'' },
        pretty: layout == XmlLayout::Pretty,
        depth: 0,
    }
    .event(event, layout == XmlLayout::Rendered);
}

/// An element being written.
struct Element<'o> {
    out: &'o mut Vec<u8>,
    escapes: Escapes,
    quote: u8,
    pretty: bool,
    depth: usize,
}

impl Element<'_> {
    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Starts a line, where elements have lines of their own.
    fn line(&mut self) {
        if self.pretty && self.depth > 0 {
            self.out.push(b'\n');
            self.out.extend(std::iter::repeat_n(b' ', 2 * self.depth));
        }
    }

    fn start(&mut self, name: &str) {
        self.line();
        self.out.push(b'<');
        self.raw(name);
    }

    fn end(&mut self, name: &str) {
        self.raw("</");
        self.raw(name);
        self.out.push(b'>');
    }

    fn open(&mut self, name: &str) {
        self.start(name);
        self.out.push(b'>');
        self.depth += 1;
    }

    fn close(&mut self, name: &str) {
        self.depth -= 1;
        if self.depth == 0 && self.pretty {
            self.out.push(b'\n');
        }
        self.line();
        self.end(name);
    }

    fn attribute(&mut self, name: &str, value: impl FnOnce(&mut Vec<u8>)) {
        self.out.push(b' ');
        self.raw(name);
        self.raw("=");
        self.out.push(self.quote);
        value(self.out);
        self.out.push(self.quote);
    }

    /// An attribute's value is never written with more than quotes allow.
    fn text_attribute(&mut self, name: &str, text: &str) {
        let escapes = if self.escapes == Escapes::Least { Escapes::More } else { self.escapes };
        self.attribute(name, |out| escape::xml(out, text, escapes));
    }

    fn element(&mut self, name: &str, value: impl FnOnce(&mut Vec<u8>)) {
        self.start(name);
        self.out.push(b'>');
        value(self.out);
        self.end(name);
    }

    fn number(&mut self, name: &str, number: impl Into<u64>) {
        self.element(name, |out| escape::decimal(out, number.into(), 1));
    }

    fn text(&mut self, name: &str, text: &str) {
        let escapes = self.escapes;
        self.element(name, |out| escape::xml(out, text, escapes));
    }

    fn event(&mut self, event: &EventSpec<'_>, rendered: bool) {
        self.start("Event");
        self.attribute("xmlns", |out| out.extend_from_slice(NAMESPACE.as_bytes()));
        self.out.push(b'>');
        self.depth += 1;
        self.system(event);
        self.data(event);
        if rendered {
            self.rendering(event);
        }
        self.close("Event");
    }

    fn system(&mut self, event: &EventSpec<'_>) {
        self.open("System");
        self.start("Provider");
        self.text_attribute("Name", event.provider);
        if let Some(guid) = event.guid {
            self.attribute("Guid", |out| escape::guid(out, guid));
        }
        self.raw("/>");
        self.start("EventID");
        if let Some(qualifiers) = event.qualifiers {
            self.attribute("Qualifiers", |out| escape::decimal(out, qualifiers.into(), 1));
        }
        self.out.push(b'>');
        escape::decimal(self.out, event.event_id.into(), 1);
        self.end("EventID");
        if let Some(version) = event.version {
            self.number("Version", version);
        }
        self.number("Level", event.level);
        self.number("Task", event.task);
        if let Some(opcode) = event.opcode {
            self.number("Opcode", opcode);
        }
        self.element("Keywords", |out| escape::hex(out, event.keywords));
        self.start("TimeCreated");
        self.attribute("SystemTime", |out| {
            Clock::new(event.time).iso(out, b'T', 9);
            out.push(b'Z');
        });
        self.raw("/>");
        self.number("EventRecordID", event.record_id);
        if let Some((process, thread)) = event.process {
            self.start("Correlation");
            self.raw("/>");
            self.start("Execution");
            self.attribute("ProcessID", |out| escape::decimal(out, process.into(), 1));
            self.attribute("ThreadID", |out| escape::decimal(out, thread.into(), 1));
            self.raw("/>");
        }
        self.text("Channel", event.channel);
        self.text("Computer", event.computer);
        self.start("Security");
        if let Some(user) = event.user {
            self.attribute("UserID", |out| escape::sid(out, user));
        }
        self.raw("/>");
        self.close("System");
    }

    fn data(&mut self, event: &EventSpec<'_>) {
        self.open("EventData");
        for datum in event.data {
            self.start("Data");
            if let Some(name) = datum.name {
                self.text_attribute("Name", name);
            }
            if datum.value == Value::Null {
                self.raw("/>");
                continue;
            }
            self.out.push(b'>');
            let escapes = self.escapes;
            escape::value(self.out, &datum.value, |out, text| escape::xml(out, text, escapes));
            self.end("Data");
        }
        self.close("EventData");
    }

    fn rendering(&mut self, event: &EventSpec<'_>) {
        self.start("RenderingInfo");
        self.attribute("Culture", |out| out.extend_from_slice(b"en-US"));
        self.out.push(b'>');
        self.depth += 1;
        let mut text = Vec::with_capacity(2048);
        message::write(&mut text, event, b"\r\n");
        self.text("Message", &String::from_utf8_lossy(&text));
        self.text("Level", super::classic_writer::level(event));
        self.text("Task", super::classic_writer::category(event));
        self.text("Channel", event.channel);
        self.close("RenderingInfo");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::evtx_writer::Datum;

    fn written(event: &EventSpec<'_>, layout: XmlLayout) -> String {
        let mut out = Vec::new();
        write(&mut out, event, layout, Escapes::Least);
        String::from_utf8(out).unwrap()
    }

    fn installer(data: &[Datum<'static>]) -> EventSpec<'static> {
        let data: &'static [Datum<'static>] = data.to_vec().leak();
        EventSpec {
            provider: "MsiInstaller",
            guid: None,
            event_id: 1040,
            qualifiers: Some(0),
            version: None,
            level: 4,
            task: 0,
            opcode: None,
            keywords: 0x80_0000_0000_0000,
            process: None,
            channel: "Application",
            computer: "User-PC",
            data,
            ..EventSpec::default()
        }
    }

    #[test]
    fn a_classic_source() {
        let data = [
            Datum { name: None, value: Value::Text("https://x.example/a&b.msi") },
            Datum { name: None, value: Value::Null },
        ];
        let expected = "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>\
            <Provider Name='MsiInstaller'/><EventID Qualifiers='0'>1040</EventID><Level>4</Level>\
            <Task>0</Task><Keywords>0x80000000000000</Keywords>\
            <TimeCreated SystemTime='2020-01-01T00:00:00.000000000Z'/>\
            <EventRecordID>1</EventRecordID><Channel>Application</Channel>\
            <Computer>User-PC</Computer><Security/></System><EventData>\
            <Data>https://x.example/a&amp;b.msi</Data><Data/></EventData></Event>";
        let event = installer(&data);
        assert_eq!(written(&event, XmlLayout::Lines), format!("{expected}\n"));
        assert_eq!(written(&event, XmlLayout::OneLine), expected);
        assert_eq!(
            written(&event, XmlLayout::Syslog),
            format!("<13>Jan  1 00:00:00 User-PC {expected}\n")
        );
        assert_eq!(
            written(&event, XmlLayout::Document),
            format!("{}\r\n", expected.replace('\'', "\""))
        );
        let rendered = written(&event, XmlLayout::Rendered);
        let message = "<RenderingInfo Culture='en-US'><Message>Beginning a Windows Installer transaction: \
            https://x.example/a&amp;b.msi. Client Process Id: .</Message><Level>Information</Level>\
            <Task>None</Task><Channel>Application</Channel></RenderingInfo></Event>\n";
        assert_eq!(rendered, expected.replace("</Event>", message));
    }

    #[test]
    fn pretty_is_the_same_with_white_space() {
        let event = installer(&[Datum { name: None, value: Value::Text("a b\n c") }]);
        let pretty = written(&event, XmlLayout::Pretty);
        assert!(pretty.contains("\n  <System>\n    <Provider Name='MsiInstaller'/>\n"), "{pretty}");
        assert!(
            pretty.ends_with("\n    <Data>a b\n c</Data>\n  </EventData>\n</Event>\n"),
            "{pretty}"
        );
        let lines: Vec<_> = pretty
            .replace("b\n c", "b\u{0} c")
            .lines()
            .map(|line| line.trim().to_owned())
            .collect();
        assert_eq!(lines.concat().replace('\u{0}', "\n") + "\n", written(&event, XmlLayout::Lines));
    }
}
