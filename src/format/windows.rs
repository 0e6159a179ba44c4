//! A Windows event as a structure, and the XML that Windows renders of it.
//!
//! Records in JSON are read into a [`WindowsEvent`] and searched as its XML, so that every
//! format of a record gives the same text and the same fields (SPLUNK.md, `decoded-record`).

use std::fmt::Write as _;

use jiff::Timestamp;

/// What a Windows event says, whatever wrote it down.
///
/// Numbers are kept as the text that stands in the XML. An absent element is not rendered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WindowsEvent {
    /// `<Provider Name>`.
    pub provider: Option<String>,
    /// `<Provider Guid>`, in braces.
    pub guid: Option<String>,
    /// `<Provider EventSourceName>`.
    pub event_source: Option<String>,
    /// `<EventID>`.
    pub event_id: Option<String>,
    /// `<EventID Qualifiers>`.
    pub qualifiers: Option<String>,
    /// `<Version>`.
    pub version: Option<String>,
    /// `<Level>`.
    pub level: Option<String>,
    /// `<Task>`.
    pub task: Option<String>,
    /// `<Opcode>`.
    pub opcode: Option<String>,
    /// `<Keywords>`, hexadecimal.
    pub keywords: Option<String>,
    /// `<TimeCreated SystemTime>`.
    pub system_time: Option<Timestamp>,
    /// `<EventRecordID>`.
    pub record_id: Option<String>,
    /// `<Correlation>`, `None` when the element is not there.
    pub correlation: Option<Correlation>,
    /// `<Execution ProcessID>`.
    pub process_id: Option<String>,
    /// `<Execution ThreadID>`.
    pub thread_id: Option<String>,
    /// `<Channel>`.
    pub channel: Option<String>,
    /// `<Computer>`.
    pub computer: Option<String>,
    /// `<Security UserID>`.
    pub user_id: Option<String>,
    /// `<Data>` elements in order: name, if it has one, and value.
    pub data: Vec<(Option<String>, String)>,
    /// `<Binary>`, hexadecimal.
    pub binary: Option<String>,
    /// What stands in `<UserData>`, as XML.
    pub user_data: Option<String>,
    /// `<RenderingInfo>`'s `<Message>`.
    pub message: Option<String>,
}

/// `<Correlation>` and its attributes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Correlation {
    /// `ActivityID`.
    pub activity_id: Option<String>,
    /// `RelatedActivityID`.
    pub related_activity_id: Option<String>,
}

impl WindowsEvent {
    /// The value of the first datum of this name.
    #[must_use]
    pub fn datum(&self, name: &str) -> Option<&str> {
        let named =
            |(n, v): &'_ (Option<String>, String)| n.as_deref() == Some(name) && !v.is_empty();
        self.data.iter().find(|datum| named(datum)).map(|(_, v)| v.as_str())
    }

    /// The event as Windows renders it: one line, single quotes, times in 100 ns UTC.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let mut xml = String::with_capacity(1024);
        xml.push_str("<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>");
        self.write_system(&mut xml);
        self.write_data(&mut xml);
        if let Some(message) = &self.message {
            xml.push_str("<RenderingInfo Culture='en-US'>");
            element(&mut xml, "Message", Some(message));
            xml.push_str("</RenderingInfo>");
        }
        xml.push_str("</Event>");
        xml
    }

    fn write_system(&self, xml: &mut String) {
        xml.push_str("<System>");
        empty_element(
            xml,
            "Provider",
            &[
                ("Name", &self.provider),
                ("Guid", &self.guid),
                ("EventSourceName", &self.event_source),
            ],
        );
        if let Some(id) = &self.event_id {
            xml.push_str("<EventID");
            attribute(xml, "Qualifiers", &self.qualifiers);
            xml.push('>');
            escape(xml, id);
            xml.push_str("</EventID>");
        }
        element(xml, "Version", self.version.as_ref());
        element(xml, "Level", self.level.as_ref());
        element(xml, "Task", self.task.as_ref());
        element(xml, "Opcode", self.opcode.as_ref());
        element(xml, "Keywords", self.keywords.as_ref());
        if let Some(time) = self.system_time {
            // A String cannot fail to be written to.
            let _ = write!(xml, "<TimeCreated SystemTime='{time:.9}'/>");
        }
        element(xml, "EventRecordID", self.record_id.as_ref());
        if let Some(correlation) = &self.correlation {
            empty_element(
                xml,
                "Correlation",
                &[
                    ("ActivityID", &correlation.activity_id),
                    ("RelatedActivityID", &correlation.related_activity_id),
                ],
            );
        }
        if self.process_id.is_some() || self.thread_id.is_some() {
            empty_element(
                xml,
                "Execution",
                &[("ProcessID", &self.process_id), ("ThreadID", &self.thread_id)],
            );
        }
        element(xml, "Channel", self.channel.as_ref());
        element(xml, "Computer", self.computer.as_ref());
        empty_element(xml, "Security", &[("UserID", &self.user_id)]);
        xml.push_str("</System>");
    }

    fn write_data(&self, xml: &mut String) {
        if let Some(user_data) = &self.user_data {
            xml.push_str("<UserData>");
            xml.push_str(user_data);
            xml.push_str("</UserData>");
        }
        if self.user_data.is_some() && self.data.is_empty() && self.binary.is_none() {
            return;
        }
        xml.push_str("<EventData>");
        for (name, value) in &self.data {
            xml.push_str("<Data");
            attribute(xml, "Name", name);
            xml.push('>');
            escape(xml, value);
            xml.push_str("</Data>");
        }
        element(xml, "Binary", self.binary.as_ref());
        xml.push_str("</EventData>");
    }
}

fn element(xml: &mut String, name: &str, value: Option<&String>) {
    if let Some(value) = value {
        let _ = write!(xml, "<{name}>");
        escape(xml, value);
        let _ = write!(xml, "</{name}>");
    }
}

fn empty_element(xml: &mut String, name: &str, attributes: &[(&str, &Option<String>)]) {
    let _ = write!(xml, "<{name}");
    for (name, value) in attributes {
        attribute(xml, name, value);
    }
    xml.push_str("/>");
}

/// Writes ` name='value'`, or nothing where there is no value.
pub(super) fn attribute(xml: &mut String, name: &str, value: &Option<String>) {
    if let Some(value) = value {
        let _ = write!(xml, " {name}='");
        for c in value.chars() {
            match c {
                '\'' => xml.push_str("&apos;"),
                '"' => xml.push_str("&quot;"),
                _ => escape_char(xml, c),
            }
        }
        xml.push('\'');
    }
}

/// Writes text as it stands between tags. Quotes stay as they are, as Windows leaves them.
pub(super) fn escape(xml: &mut String, text: &str) {
    text.chars().for_each(|c| escape_char(xml, c));
}

fn escape_char(xml: &mut String, c: char) {
    match c {
        '&' => xml.push_str("&amp;"),
        '<' => xml.push_str("&lt;"),
        '>' => xml.push_str("&gt;"),
        _ => xml.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn it_is_rendered_as_windows_does() {
        let event = WindowsEvent {
            provider: some("MsiInstaller"),
            event_id: some("1040"),
            qualifiers: some("0"),
            level: some("4"),
            system_time: "2019-03-19T13:05:42.0000001Z".parse().ok(),
            channel: some("Application"),
            computer: some("User-PC"),
            user_id: some("S-1-5-18"),
            data: vec![
                (None, "a & b".to_owned()),
                (some("X"), "\"<'".to_owned()),
                (None, String::new()),
            ],
            binary: Some(String::new()),
            message: some("m"),
            ..WindowsEvent::default()
        };
        assert_eq!(
            event.to_xml(),
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>\
             <Provider Name='MsiInstaller'/><EventID Qualifiers='0'>1040</EventID><Level>4</Level>\
             <TimeCreated SystemTime='2019-03-19T13:05:42.000000100Z'/><Channel>Application</Channel>\
             <Computer>User-PC</Computer><Security UserID='S-1-5-18'/></System><EventData>\
             <Data>a &amp; b</Data><Data Name='X'>\"&lt;'</Data><Data></Data><Binary></Binary>\
             </EventData><RenderingInfo Culture='en-US'><Message>m</Message></RenderingInfo></Event>"
        );
    }
}
