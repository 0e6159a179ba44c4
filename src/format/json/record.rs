//! Records in JSON, of whatever exporter, as a [`WindowsEvent`].
//!
//! | exporter | told by | host | time |
//! |---|---|---|---|
//! | evtx_dump | `Event.System` | `Computer` | `TimeCreated` |
//! | Winlogbeat, Elastic | `winlog`, or `event.code` and ECS fields | `winlog.computer_name`, never `agent` | `@timestamp` |
//! | Log Analytics | `TenantId`, or `Type` of one of its tables | `Computer` | `TimeGenerated` |
//! | NXLog, Security-Datasets | flat, with `EventID` | `Hostname`; `host` is the collector | `EventTime`, else `TimeCreated`, else `@timestamp` |

use jiff::tz::TimeZone;

use super::value::Value;
use crate::format::windows::{self, Correlation, WindowsEvent};
use crate::format::{time, xml};

/// Reads a record. `None` when the object is none of a Windows event.
pub(super) fn read(value: &Value, zone: &TimeZone) -> Option<WindowsEvent> {
    let event = value.get("Event").filter(|event| event.get("System").is_some());
    if let Some(event) = event.or_else(|| value.get("System").map(|_| value)) {
        return Some(from_evtx_dump(event, zone));
    }
    if value.at("winlog.event_id").is_some() || value.at("winlog.channel").is_some() {
        return Some(from_winlogbeat(value, "winlog.", zone));
    }
    if value.get("event_id").is_some() && value.first_of(&["log_name", "computer_name"]).is_some() {
        return Some(from_winlogbeat(value, "", zone));
    }
    let id = value.first_of(&["EventID", "EventId", "EventCode"]);
    if id.is_some() && is_log_analytics(value) {
        return Some(from_log_analytics(value, zone));
    }
    const FLAT: [&str; 10] = [
        "Channel",
        "LogName",
        "SourceName",
        "ProviderName",
        "Hostname",
        "ComputerName",
        "Computer",
        "EventTime",
        "TimeCreated",
        "EventData",
    ];
    if id.is_some() && FLAT.iter().any(|key| value.get(key).is_some()) {
        return Some(from_flat(value, zone));
    }
    let is_ecs = value.at("event.code").is_some() && value.at("host.name").is_some();
    is_ecs.then(|| from_winlogbeat(value, "winlog.", zone))
}

/// evtx_dump, with `#attributes` or with `NAME_attributes`; also the `@NAME` of other converters.
fn from_evtx_dump(event: &Value, zone: &TimeZone) -> WindowsEvent {
    let nothing = Value::Null;
    let system = event.get("System").unwrap_or(&nothing);
    let text = |name: &str| {
        let value = system.get(name)?;
        value.scalar().or_else(|| value.scalar_at("#text"))
    };
    let attribute = |element: &str, name: &str| attribute(system, element, name);
    let mut record = WindowsEvent {
        provider: attribute("Provider", "Name"),
        guid: attribute("Provider", "Guid").map(braced),
        event_source: attribute("Provider", "EventSourceName"),
        qualifiers: attribute("EventID", "Qualifiers"),
        version: text("Version"),
        level: text("Level"),
        task: text("Task"),
        opcode: text("Opcode"),
        keywords: text("Keywords").and_then(|keywords| hexadecimal(&keywords)),
        system_time: attribute("TimeCreated", "SystemTime").and_then(|t| time::parse(&t, zone)),
        record_id: text("EventRecordID"),
        correlation: system.get("Correlation").map(|_| Correlation {
            activity_id: attribute("Correlation", "ActivityID").map(braced),
            related_activity_id: attribute("Correlation", "RelatedActivityID").map(braced),
        }),
        process_id: attribute("Execution", "ProcessID"),
        thread_id: attribute("Execution", "ThreadID"),
        channel: text("Channel"),
        computer: text("Computer"),
        user_id: attribute("Security", "UserID"),
        message: event.scalar_at("RenderingInfo.Message"),
        ..WindowsEvent::default()
    };
    set_event_id(&mut record, text("EventID"));
    if let Some(data) = event.get("EventData") {
        element_data(data, &mut record);
    }
    if let Some(user_data) = event.get("UserData").filter(|user_data| user_data.is_object()) {
        record.user_data = Some(elements_as_xml(user_data));
    }
    record
}

/// An attribute of a child of `<System>`, in any of the spellings.
fn attribute(parent: &Value, element: &str, name: &str) -> Option<String> {
    let beside = || parent.get(&format!("{element}_attributes"))?.get(name);
    let inside = || {
        let element = parent.get(element)?;
        let attributes = element.get("#attributes").and_then(|attributes| attributes.get(name));
        attributes.or_else(|| element.get(&format!("@{name}"))).or_else(|| element.get(name))
    };
    inside().or_else(beside).and_then(Value::scalar)
}

/// Whether a key is attributes rather than an element.
fn is_attributes(key: &str) -> bool {
    key.starts_with(['#', '@']) || key.ends_with("_attributes")
}

/// The data of evtx_dump's `EventData` object.
fn element_data(event_data: &Value, record: &mut WindowsEvent) {
    for (key, value) in event_data.members() {
        match key.as_str() {
            _ if is_attributes(key) => {}
            "Data" => data_elements(value, record),
            "Binary" => record.binary = Some(value.text_form().unwrap_or_default()),
            _ => named_data(base_name(event_data, key), value, record),
        }
    }
}

/// The name of a repeated element: its second occurrence is called `NAME_1`.
fn base_name<'k>(object: &Value, key: &'k str) -> &'k str {
    match key.rsplit_once('_') {
        Some((base, number))
            if number.bytes().all(|b| b.is_ascii_digit())
                && !number.is_empty()
                && object.get(base).is_some() =>
        {
            base
        }
        _ => key,
    }
}

/// A value of `<Data Name=name>`, or several.
fn named_data(name: &str, value: &Value, record: &mut WindowsEvent) {
    let mut push = |value: &Value| {
        let text = value.get("#text").unwrap_or(value).text_form().unwrap_or_default();
        record.data.push((Some(name.to_owned()), text));
    };
    match value.get("#text").unwrap_or(value) {
        Value::Array(values) => values.iter().for_each(push),
        _ => push(value),
    }
}

/// `<Data>` elements, which may have a name each or none.
fn data_elements(value: &Value, record: &mut WindowsEvent) {
    if let Value::Array(elements) = value {
        elements.iter().for_each(|element| data_elements(element, record));
        return;
    }
    let name = value.first_of(&["#attributes.Name", "@Name", "Name"]);
    let text = value.get("#text").unwrap_or(value);
    match text {
        Value::Array(values) => {
            let values = values.iter().map(|value| value.text_form().unwrap_or_default());
            record.data.extend(values.map(|value| (name.clone(), value)));
        }
        _ => record.data.push((name, text.text_form().unwrap_or_default())),
    }
}

/// Elements as XML, each member one. The parser has bounded the depth.
fn elements_as_xml(object: &Value) -> String {
    let mut xml = String::new();
    for (key, value) in object.members() {
        if is_attributes(key) {
            continue;
        }
        let attributes = value
            .get("#attributes")
            .or_else(|| object.get(&format!("{key}_attributes")))
            .map_or(&[][..], Value::members);
        let single = [value];
        let several: Vec<_> = value.elements().iter().collect();
        for value in if several.is_empty() { &single[..] } else { &several } {
            element_as_xml(&mut xml, &element_name(key), attributes, value);
        }
    }
    xml
}

fn element_as_xml(xml: &mut String, name: &str, attributes: &[(String, Value)], value: &Value) {
    xml.push('<');
    xml.push_str(name);
    for (key, value) in attributes {
        windows::attribute(xml, &element_name(key), &value.text_form());
    }
    xml.push('>');
    match value.get("#text").unwrap_or(value) {
        Value::Object(_) => xml.push_str(&elements_as_xml(value)),
        text => windows::escape(xml, &text.text_form().unwrap_or_default()),
    }
    xml.push_str("</");
    xml.push_str(name);
    xml.push('>');
}

/// A key as the name of an element.
fn element_name(key: &str) -> String {
    let valid = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    key.chars().map(|c| if valid(c) { c } else { '_' }).collect()
}

/// Winlogbeat 7 and later (`prefix` is `winlog.`), Winlogbeat 6 (no prefix), and what Elastic's
/// own agent writes, whose ECS fields may stand instead of the event's data.
fn from_winlogbeat(value: &Value, prefix: &str, zone: &TimeZone) -> WindowsEvent {
    let own = |name: &str| value.scalar_at(&format!("{prefix}{name}"));
    let process_id = own("process.pid").or_else(|| own("process_id"));
    let mut record = WindowsEvent {
        provider: own("provider_name")
            .or_else(|| own("source_name"))
            .or_else(|| value.scalar_at("event.provider")),
        guid: own("provider_guid").map(braced),
        version: own("version"),
        task: own("task").filter(|task| is_number(task)),
        opcode: own("opcode").filter(|opcode| is_number(opcode)),
        keywords: value.at(&format!("{prefix}keywords")).and_then(keywords),
        system_time: value.scalar_at("@timestamp").and_then(|t| time::parse(&t, zone)),
        record_id: own("record_id").or_else(|| own("record_number")),
        correlation: process_id.as_ref().map(|_| Correlation {
            activity_id: own("activity_id"),
            related_activity_id: own("related_activity_id"),
        }),
        process_id,
        thread_id: own("process.thread.id").or_else(|| own("thread_id")),
        channel: own("channel").or_else(|| own("log_name")),
        computer: own("computer_name").or_else(|| value.first_of(&["host.name", "host.hostname"])),
        user_id: own("user.identifier"),
        message: value.scalar_at("message"),
        ..WindowsEvent::default()
    };
    set_event_id(&mut record, own("event_id").or_else(|| value.scalar_at("event.code")));
    let data = value.at(&format!("{prefix}event_data")).map_or(&[][..], Value::members);
    for (name, value) in data {
        named_data(name, value, &mut record);
    }
    // Elastic keeps dotted keys in some exports.
    let dotted = format!("{prefix}event_data.");
    for (key, value) in value.members() {
        if let Some(name) = key.strip_prefix(&dotted).filter(|_| data.is_empty()) {
            named_data(name, value, &mut record);
        }
    }
    unname_data(&mut record);
    if let Some(user_data) = value.at(&format!("{prefix}user_data")).filter(|data| data.is_object())
    {
        record.user_data = Some(user_data_as_xml(user_data));
    }
    fill_from_ecs(value, &mut record);
    record
}

/// Winlogbeat keeps the name of the element around user data in `xml_name`.
fn user_data_as_xml(user_data: &Value) -> String {
    let name = user_data.scalar_at("xml_name").unwrap_or_else(|| "EventXML".to_owned());
    let inner = user_data.members().iter().filter(|(key, _)| key != "xml_name").cloned().collect();
    let mut xml = String::new();
    element_as_xml(&mut xml, &element_name(&name), &[], &Value::Object(inner));
    xml
}

/// Data that Windows leaves without names is called `param1` and so on. A provider with a GUID
/// may truly name it so.
fn unname_data(record: &mut WindowsEvent) {
    let number = |name: &Option<String>| -> Option<u32> {
        name.as_deref()?.strip_prefix("param")?.parse().ok()
    };
    let unnamed = record.guid.is_none()
        && record.version.is_none()
        && record.data.iter().all(|(name, _)| number(name).is_some());
    if unnamed {
        record.data.sort_by_key(|(name, _)| number(name));
        record.data.iter_mut().for_each(|(name, _)| *name = None);
    }
}

/// ECS fields as the data of the two events that start a process, where the data lack them.
fn fill_from_ecs(value: &Value, record: &mut WindowsEvent) {
    const SECURITY: [(&str, &str); 7] = [
        ("CommandLine", "process.command_line"),
        ("NewProcessName", "process.executable"),
        ("NewProcessId", "process.pid"),
        ("ParentProcessName", "process.parent.executable"),
        ("ProcessId", "process.parent.pid"),
        ("SubjectUserName", "user.name"),
        ("SubjectDomainName", "user.domain"),
    ];
    const SYSMON: [(&str, &str); 6] = [
        ("CommandLine", "process.command_line"),
        ("Image", "process.executable"),
        ("ProcessId", "process.pid"),
        ("ParentImage", "process.parent.executable"),
        ("ParentCommandLine", "process.parent.command_line"),
        ("ParentProcessId", "process.parent.pid"),
    ];
    let is_sysmon = record.provider.as_deref() == Some("Microsoft-Windows-Sysmon");
    let table: &[(&str, &str)] = match record.event_id.as_deref() {
        Some("4688") => &SECURITY,
        Some("1") if is_sysmon => &SYSMON,
        _ => return,
    };
    for (name, path) in table {
        if record.datum(name).is_some() {
            continue;
        }
        if let Some(text) = value.scalar_at(path) {
            // Event 4688 has process ids in hexadecimal.
            let number = text.parse::<u64>().ok().filter(|_| !is_sysmon && name.ends_with("Id"));
            let text = number.map_or(text, |number| format!("0x{number:x}"));
            record.data.push((Some((*name).to_owned()), text));
        }
    }
}

fn is_log_analytics(value: &Value) -> bool {
    value.get("TenantId").is_some()
        || (value.get("TimeGenerated").is_some() && value.get("Computer").is_some())
}

/// Log Analytics: its tables SecurityEvent, Event and WindowsEvent.
fn from_log_analytics(value: &Value, zone: &TimeZone) -> WindowsEvent {
    /// What the service says about the event, and what it makes of the data.
    const ABOUT: [&str; 42] = [
        "TenantId",
        "TimeGenerated",
        "SourceSystem",
        "Account",
        "AccountType",
        "Computer",
        "EventSourceName",
        "Provider",
        "ProviderGuid",
        "Source",
        "EventLog",
        "Channel",
        "Task",
        "Level",
        "EventLevel",
        "EventLevelName",
        "EventData",
        "ParameterXml",
        "RenderedDescription",
        "EventID",
        "EventId",
        "EventCategory",
        "EventRecordId",
        "Activity",
        "SourceComputerId",
        "EventOriginId",
        "MG",
        "TimeCollected",
        "TimeCreated",
        "ManagementGroupName",
        "SystemUserId",
        "SystemProcessId",
        "SystemThreadId",
        "Version",
        "Opcode",
        "Keywords",
        "Correlation",
        "Type",
        "Process",
        "SubjectAccount",
        "TargetAccount",
        "RawEventData",
    ];
    let own = |names: &[&str]| value.first_of(names);
    let numeric = |names: &[&str]| own(names).filter(|text| is_number(text));
    let process_id = own(&["SystemProcessId"]);
    let mut record = WindowsEvent {
        provider: own(&["EventSourceName", "Provider", "Source"]),
        guid: own(&["ProviderGuid"]).map(braced),
        version: own(&["Version"]),
        level: numeric(&["Level", "EventLevel"]),
        task: numeric(&["Task"]),
        opcode: numeric(&["Opcode"]),
        keywords: value.get("Keywords").and_then(keywords),
        system_time: own(&["TimeGenerated", "TimeCreated"]).and_then(|t| time::parse(&t, zone)),
        record_id: own(&["EventRecordId"]),
        correlation: process_id.as_ref().map(|_| Correlation::default()),
        process_id,
        thread_id: own(&["SystemThreadId"]),
        channel: own(&["Channel", "EventLog"]),
        computer: own(&["Computer"]),
        user_id: own(&["SystemUserId"]).filter(|sid| sid != "N/A"),
        message: own(&["RenderedDescription"]),
        ..WindowsEvent::default()
    };
    set_event_id(&mut record, own(&["EventID", "EventId"]));
    for name in ["EventData", "ParameterXml"] {
        nested_data(value.get(name), &mut record);
    }
    flat_data(value, |key| ABOUT.contains(&key) || key.starts_with('_'), &mut record);
    record
}

/// What NXLog, Logstash and their kin say about the event.
const FLAT_ABOUT: [&str; 48] = [
    "EventTime",
    "EventReceivedTime",
    "TimeCreated",
    "TimeGenerated",
    "@timestamp",
    "@version",
    "Hostname",
    "Computer",
    "ComputerName",
    "MachineName",
    "host",
    "port",
    "tags",
    "type",
    "EventID",
    "EventId",
    "EventCode",
    "Qualifiers",
    "EventTypeOrignal",
    "EventTypeOriginal",
    "Severity",
    "SeverityValue",
    "SourceName",
    "ProviderName",
    "Provider",
    "ProviderGuid",
    "Version",
    "Level",
    "Task",
    "Category",
    "TaskCategory",
    "Opcode",
    "OpcodeValue",
    "Keywords",
    "RecordNumber",
    "EventRecordID",
    "ActivityID",
    "RelatedActivityID",
    "ExecutionProcessID",
    "ExecutionThreadID",
    "ThreadID",
    "Channel",
    "LogName",
    "Message",
    "message",
    "EventData",
    "SourceModuleName",
    "SourceModuleType",
];

/// NXLog's words for what kind of event it is; Sysmon has an `EventType` of its own.
const EVENT_TYPES: [&str; 8] =
    ["INFO", "WARNING", "ERROR", "CRITICAL", "VERBOSE", "DEBUG", "AUDIT_SUCCESS", "AUDIT_FAILURE"];

/// NXLog, Security-Datasets and other flat records.
fn from_flat(value: &Value, zone: &TimeZone) -> WindowsEvent {
    let own = |names: &[&str]| value.first_of(names);
    let numeric = |names: &[&str]| own(names).filter(|text| is_number(text));
    // Older NXLog calls the logging process `ProcessID`; events of the filtering platform have a
    // datum of that name.
    let thread_id = own(&["ExecutionThreadID", "ThreadID"]);
    let execution = if value.get("ExecutionProcessID").is_some() {
        "ExecutionProcessID"
    } else if thread_id.is_some() {
        "ProcessID"
    } else {
        ""
    };
    let process_id = own(&[execution]);
    // NXLog looks up the account of the event's `UserID`.
    let has_account = value.get("UserID").is_some() && value.get("AccountType").is_some();
    let mut record = WindowsEvent {
        provider: own(&["SourceName", "ProviderName", "Provider"]),
        guid: own(&["ProviderGuid"]).map(braced),
        qualifiers: own(&["Qualifiers"]),
        version: own(&["Version"]),
        level: numeric(&["Level"]),
        task: numeric(&["Task"]),
        opcode: numeric(&["OpcodeValue", "Opcode"]),
        keywords: value.get("Keywords").and_then(keywords),
        system_time: own(&["EventTime", "TimeCreated", "@timestamp"])
            .and_then(|t| time::parse(&t, zone)),
        record_id: own(&["RecordNumber", "EventRecordID"]),
        correlation: process_id.as_ref().map(|_| Correlation {
            activity_id: own(&["ActivityID"]),
            related_activity_id: own(&["RelatedActivityID"]),
        }),
        process_id,
        thread_id,
        channel: own(&["Channel", "LogName"]),
        computer: own(&["Hostname", "Computer", "ComputerName", "MachineName"]),
        user_id: own(&["UserID"]),
        message: own(&["Message", "message"]),
        ..WindowsEvent::default()
    };
    set_event_id(&mut record, own(&["EventID", "EventId", "EventCode"]));
    nested_data(value.get("EventData"), &mut record);
    let is_about = |key: &str| {
        FLAT_ABOUT.contains(&key)
            || key == execution
            || key == "UserID"
            || (has_account && matches!(key, "AccountName" | "AccountType" | "Domain"))
            || (key == "EventType"
                && own(&["EventType"]).is_some_and(|kind| EVENT_TYPES.contains(&kind.as_str())))
    };
    flat_data(value, is_about, &mut record);
    unname_data(&mut record);
    record
}

/// Every scalar member that is not about the event is a datum, unless there is one of its name.
fn flat_data(value: &Value, is_about: impl Fn(&str) -> bool, record: &mut WindowsEvent) {
    let nested = record.data.len();
    for (key, value) in value.members() {
        let known = || record.data[..nested].iter().any(|(name, _)| name.as_deref() == Some(key));
        if is_about(key) || matches!(value, Value::Null | Value::Object(_)) || known() {
            continue;
        }
        named_data(key, value, record);
    }
}

/// Data in a member of their own: an object, or XML as text.
fn nested_data(value: Option<&Value>, record: &mut WindowsEvent) {
    match value {
        Some(Value::Object(_)) => value.into_iter().for_each(|value| element_data(value, record)),
        Some(Value::Text(text)) => record.data.extend(xml::data_elements(text)),
        _ => {}
    }
}

/// The event id; one that has the qualifiers in its upper half is split.
fn set_event_id(record: &mut WindowsEvent, id: Option<String>) {
    match id.as_deref().and_then(|id| id.parse::<u32>().ok()) {
        Some(number) if number > 0xffff => {
            record.event_id = Some((number & 0xffff).to_string());
            record.qualifiers.get_or_insert_with(|| (number >> 16).to_string());
        }
        _ => record.event_id = id,
    }
}

fn is_number(text: &str) -> bool {
    text.parse::<i64>().is_ok()
}

/// Keywords in any form: a number, hexadecimal, or the names of the two that audits have.
fn keywords(value: &Value) -> Option<String> {
    let text = value.scalar()?;
    match text.to_ascii_lowercase().as_str() {
        "audit success" => Some("0x8020000000000000".to_owned()),
        "audit failure" => Some("0x8010000000000000".to_owned()),
        _ => hexadecimal(&text),
    }
}

/// A number as Windows writes keywords. They are 64 bits, which some print as a signed number.
fn hexadecimal(text: &str) -> Option<String> {
    if text.starts_with("0x") {
        return Some(text.to_owned());
    }
    let signed = text.parse::<i64>().map(i64::cast_unsigned);
    signed.or_else(|_| text.parse::<u64>()).ok().map(|number| format!("0x{number:x}"))
}

/// A GUID in braces, which some leave out.
fn braced(guid: String) -> String {
    if guid.len() == 36 && !guid.starts_with('{') { format!("{{{guid}}}") } else { guid }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(text: &str) -> WindowsEvent {
        let value = Value::parse(text.as_bytes()).expect("JSON");
        read(&value, &TimeZone::UTC).expect("a record")
    }

    fn pairs(record: &WindowsEvent) -> Vec<(Option<&str>, &str)> {
        record.data.iter().map(|(name, value)| (name.as_deref(), value.as_str())).collect()
    }

    #[test]
    fn evtx_dump_in_its_spellings() {
        for text in [
            r##"{"Event":{"System":{"Provider":{"#attributes":{"Name":"P"}},"EventID":{"#attributes":{"Qualifiers":0},"#text":1040},
              "TimeCreated":{"#attributes":{"SystemTime":"2019-03-19T13:05:42.000000Z"}},"Computer":"h"},
              "EventData":{"A":"x","A_1":"y","B_1":null,"Data":{"#text":["p","q"]},"Binary":null}}}"##,
            r##"{"System":{"Provider_attributes":{"Name":"P"},"EventID_attributes":{"Qualifiers":"0"},"EventID":"1040",
              "TimeCreated_attributes":{"SystemTime":"2019-03-19T13:05:42Z"},"Computer":"h"},
              "EventData":{"A":["x","y"],"B_1":"","Data":["p",{"#text":"q"}],"Binary":""}}"##,
        ] {
            let record = record(text);
            assert_eq!(record.provider.as_deref(), Some("P"));
            assert_eq!(record.event_id.as_deref(), Some("1040"));
            assert_eq!(record.qualifiers.as_deref(), Some("0"));
            assert_eq!(record.system_time, "2019-03-19T13:05:42Z".parse().ok());
            assert_eq!(
                pairs(&record),
                [(Some("A"), "x"), (Some("A"), "y"), (Some("B_1"), ""), (None, "p"), (None, "q")]
            );
            assert_eq!(record.binary.as_deref(), Some(""));
        }
    }

    #[test]
    fn named_data_elements_and_user_data() {
        let record = record(
            r##"{"Event":{"System":{"EventID":1},"EventData":{"Data":[{"#attributes":{"Name":"X"},"#text":"1"},{"@Name":"Y","#text":"2"}]},
              "UserData":{"Cleared":{"#attributes":{"xmlns":"u"},"User":"a<b","L":["1","2"],"<bad":null}}}}"##,
        );
        assert_eq!(pairs(&record), [(Some("X"), "1"), (Some("Y"), "2")]);
        assert_eq!(
            record.user_data.as_deref(),
            Some("<Cleared xmlns='u'><User>a&lt;b</User><L>1</L><L>2</L><_bad></_bad></Cleared>")
        );
    }

    #[test]
    fn flat_records() {
        let nxlog = record(
            r#"{"EventTime":"2020-08-06 01:20:11","@timestamp":"2020-08-06T05:20:14Z","Hostname":"h","host":"collector",
              "Keywords":-9214364837600034816,"EventID":"4688","ProcessID":4,"ThreadID":8,"ProcessId":"0x10","EventType":"AUDIT_SUCCESS",
              "AccountName":"SYSTEM","AccountType":"User","UserID":"S-1","Message":"m","param1":"p","x":null}"#,
        );
        assert_eq!(nxlog.keywords.as_deref(), Some("0x8020000000000000"));
        assert_eq!(nxlog.computer.as_deref(), Some("h"));
        assert_eq!(nxlog.system_time, "2020-08-06T01:20:11Z".parse().ok());
        assert_eq!(nxlog.process_id.as_deref(), Some("4"));
        assert_eq!(pairs(&nxlog), [(Some("ProcessId"), "0x10"), (Some("param1"), "p")]);
        let newer = record(
            r#"{"EventID":5156,"ExecutionProcessID":4,"ThreadID":8,"ProcessID":"77","Channel":"Security","EventType":"SetValue"}"#,
        );
        assert_eq!(newer.process_id.as_deref(), Some("4"));
        assert_eq!(pairs(&newer), [(Some("ProcessID"), "77"), (Some("EventType"), "SetValue")]);
        let bare =
            record(r#"{"EventID":5156,"TimeCreated":"2020-10-18 02:17:12.527","ProcessID":"77"}"#);
        assert_eq!(
            (bare.process_id.as_deref(), pairs(&bare)),
            (None, vec![(Some("ProcessID"), "77")])
        );
    }

    #[test]
    fn winlogbeat_and_ecs() {
        let beat = record(
            r#"{"@timestamp":"2019-03-19T13:05:42Z","agent":{"hostname":"collector"},"host":{"name":"other"},"message":null,
              "winlog":{"event_id":"1040","computer_name":"h","provider_guid":null,"keywords":["Audit Success"],"task":"None",
              "event_data":{"param1":"a","param10":"c","param2":"b"}}}"#,
        );
        assert_eq!(beat.computer.as_deref(), Some("h"));
        assert_eq!(beat.message, None);
        assert_eq!(beat.task, None);
        assert_eq!(beat.keywords.as_deref(), Some("0x8020000000000000"));
        assert_eq!(pairs(&beat), [(None, "a"), (None, "b"), (None, "c")]);
        let ecs = record(
            r#"{"event":{"code":"4688"},"host":{"name":"h"},"agent":{"hostname":"c"},"process.command_line":"cl",
              "process":{"executable":"e","pid":16,"parent":{"executable":"pe","pid":1}}}"#,
        );
        assert_eq!(ecs.event_id.as_deref(), Some("4688"));
        assert_eq!(ecs.computer.as_deref(), Some("h"));
        for (name, value) in [
            ("CommandLine", "cl"),
            ("NewProcessName", "e"),
            ("NewProcessId", "0x10"),
            ("ParentProcessName", "pe"),
            ("ProcessId", "0x1"),
        ] {
            assert_eq!(ecs.datum(name), Some(value));
        }
    }

    #[test]
    fn log_analytics_data_are_xml() {
        let record = record(
            r#"{"TenantId":"t","TimeGenerated":"2022-05-13T08:54:05.21Z","Computer":"h","EventSourceName":"P","Level":"0","EventID":5156,
              "Process":"svchost.exe","CommandLine":"flat","Protocol":"no",
              "EventData":"\u003cEventData xmlns=\"x\"\u003e\r\n  \u003cData Name=\"Protocol\"\u003e6 \u0026amp; 7\u003c/Data\u003e\u003c/EventData\u003e"}"#,
        );
        assert_eq!(pairs(&record), [(Some("Protocol"), "6 & 7"), (Some("CommandLine"), "flat")]);
        assert_eq!(record.computer.as_deref(), Some("h"));
    }

    #[test]
    fn other_objects_are_no_records() {
        for text in [r#"{"a":1}"#, r#"{"EventID":1}"#, r#"{"event":{"code":"x"}}"#, "[]", "1"] {
            let value = Value::parse(text.as_bytes()).expect("JSON");
            assert_eq!(read(&value, &TimeZone::UTC), None, "{text}");
        }
    }
}
