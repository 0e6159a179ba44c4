//! Kinds of source, and the names that Splunk's add-ons give them: what the `get_*` macros and
//! tests of `sourcetype`, `source` and `index` ask for (SPLUNK.md 1.13 and "Decisions", Macros).
//!
//! An archive keeps neither source types nor indexes, so they are made from the events. What an
//! envelope or the command line says comes before that.

use crate::event::{Event, Format};

use super::row::names;

const SYSMON_CHANNEL: &str = "Microsoft-Windows-Sysmon/Operational";
const POWERSHELL_CHANNELS: [&str; 3] = [
    "Windows PowerShell",
    "Microsoft-Windows-PowerShell/Operational",
    "PowerShellCore/Operational",
];

const HOSTMON: &[&str] = &["endpoint", "windows", "winevent", "hostmon"];
const SYSMON: &[&str] = &["endpoint", "windows", "sysmon"];
const POWERSHELL: &[&str] = &["endpoint", "windows", "powershell"];
const WINEVENT: &[&str] = &["endpoint", "windows", "winevent"];
const UNIX: &[&str] = &["endpoint", "unix"];
const EDR: &[&str] = &["endpoint", "edr"];
const AWS: &[&str] = &["cloud", "aws"];
/// CloudTrail tells of identities and of storage, too: the catalog's rules for it ask for all three.
const CLOUDTRAIL: &[&str] = &["cloud", "aws", "iam", "storage"];
const AZURE: &[&str] = &["cloud", "azure"];
/// Its rules ask for sign-ins as those of Office 365, too.
const ENTRA: &[&str] = &["cloud", "azure", "iam", "o365"];
const AZURE_ACTIVITY: &[&str] = &["cloud", "azure", "storage"];
const GCP: &[&str] = &["cloud", "gcp"];
const O365: &[&str] = &["cloud", "o365"];
const GSUITE: &[&str] = &["cloud", "gsuite"];
const ACCESS: &[&str] = &["web", "access_logs"];
const WAF: &[&str] = &["web", "waf"];
const PROXY: &[&str] = &["web", "proxy"];
const FIREWALL: &[&str] = &["network", "fw"];
const API: &[&str] = &["application", "api"];

/// The source types of Splunk's add-ons and the kinds of source each is; `*` at the end stands for
/// any rest. Each name is that of the add-on's own documentation ("Source types for the Splunk
/// Add-on for ..."). Those of Windows are told by channel instead.
const SOURCETYPES: &[(&str, &[&str])] = &[
    ("winhostmon", HOSTMON),
    ("xmlwineventlog:microsoft-windows-sysmon/operational", SYSMON),
    ("linux_audit", UNIX),
    ("linux:audit", UNIX),
    ("auditd", UNIX),
    ("linux_secure", UNIX),
    ("linux_messages_syslog", UNIX),
    ("bash_history", UNIX),
    ("sysmon:linux", UNIX),
    ("syslog", UNIX),
    ("osquery:*", UNIX),
    ("crowdstrike:events:sensor", EDR),
    ("bit9:carbonblack:*", EDR),
    ("vmware:cbc:*", EDR),
    ("mscs:azure:eventhub:defender:*", EDR),
    ("aws:cloudtrail", CLOUDTRAIL),
    ("aws:waf", WAF),
    ("aws:*", AWS),
    ("azure:monitor:aad", ENTRA),
    ("azure:aad:*", ENTRA),
    ("azure:monitor:activity", AZURE_ACTIVITY),
    ("azure:*", AZURE),
    ("mscs:azure:*", AZURE),
    ("google:gcp:*", GCP),
    ("o365:*", O365),
    ("ms:o365:*", O365),
    ("gsuite:*", GSUITE),
    ("gws:*", GSUITE),
    ("auth0*", &["authentication", "auth0"]),
    ("oktaim2:*", &["authentication", "application", "okta"]),
    ("kube:*", API),
    ("access_combined*", ACCESS),
    ("nginx:*", ACCESS),
    ("apache:access*", ACCESS),
    ("iis", ACCESS),
    ("ms:iis:*", ACCESS),
    ("bluecoat:*", PROXY),
    ("squid:*", PROXY),
    ("zscalernss-web", PROXY),
    ("f5:bigip:asm:*", WAF),
    ("modsecurity:*", WAF),
    ("github:*", &["application"]),
    ("cisco:asa", FIREWALL),
    ("pan:traffic", FIREWALL),
    ("fgt_traffic", FIREWALL),
    ("fortigate_traffic", FIREWALL),
];

/// The kinds of source that a source type of one of Splunk's add-ons is; none for a name that is
/// not known. Letters count as equal in either case.
#[must_use]
pub fn kinds_of_sourcetype(sourcetype: &str) -> &'static [&'static str] {
    let name = sourcetype.to_ascii_lowercase();
    if let Some(channel) = windows_channel(&name) {
        return kinds_of_channel(channel);
    }
    let is = |known: &str| match known.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == known,
    };
    SOURCETYPES.iter().find(|(known, _)| is(known)).map_or(&[], |(_, kinds)| kinds)
}

/// The kinds of source that a Windows channel counts as.
#[must_use]
pub fn kinds_of_channel(channel: &str) -> &'static [&'static str] {
    if channel.eq_ignore_ascii_case(SYSMON_CHANNEL) {
        SYSMON
    } else if POWERSHELL_CHANNELS.iter().any(|name| channel.eq_ignore_ascii_case(name)) {
        POWERSHELL
    } else {
        WINEVENT
    }
}

/// The kinds of source that a Windows event of this channel and provider counts as.
#[must_use]
pub fn kinds_of_windows(channel: Option<&str>, provider: Option<&str>) -> &'static [&'static str] {
    if provider.is_some_and(|name| name.eq_ignore_ascii_case("Microsoft-Windows-Sysmon")) {
        return SYSMON;
    }
    // Sysmon for Linux writes the same XML. Nobody else's provider is called so, however spelled.
    if provider == Some("Linux-Sysmon") {
        return UNIX;
    }
    channel.map_or(WINEVENT, kinds_of_channel)
}

/// The names of the built-in kinds, each once.
#[must_use]
pub fn known_kinds() -> Vec<&'static str> {
    let mut all: Vec<_> = SOURCETYPES.iter().flat_map(|(_, kinds)| kinds.iter().copied()).collect();
    all.extend([WINEVENT, POWERSHELL, SYSMON].concat());
    all.sort_unstable();
    all.dedup();
    all
}

/// The channel in a name of the Windows add-on, lower-cased: `security` in
/// `wineventlog:security`, nothing in `xmlwineventlog`. `None` for any other name.
fn windows_channel(name: &str) -> Option<&str> {
    let rest = name.strip_prefix("xml").unwrap_or(name).strip_prefix("wineventlog")?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix(':') }
}

/// Which kinds of source an event counts as, for the built-in macros (SPLUNK.md, "Decisions",
/// Macros). Told by the event's own channel; of events that are none of Windows, by the source
/// type that an envelope or the command line gives them.
#[must_use]
pub fn source_kinds(event: &Event<'_>) -> &'static [&'static str] {
    if event.format == Format::HostMon {
        return HOSTMON;
    }
    if event.format == Format::Line {
        return event.meta.sourcetype.as_deref().map_or(&[], kinds_of_sourcetype);
    }
    let kinds = kinds_of_windows(event.channel.as_deref(), event.provider.as_deref());
    let windows = matches!(event.format, Format::Xml | Format::Classic | Format::Evtx);
    if windows || kinds != WINEVENT {
        return kinds;
    }
    match event.meta.sourcetype.as_deref().map(kinds_of_sourcetype) {
        Some(kinds) if !kinds.is_empty() => kinds,
        _ => &["endpoint"],
    }
}

/// How a test of metadata goes beyond the one value that the event is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OtherNames {
    /// Nothing but that value.
    None,
    /// These values would do as well.
    These(Vec<String>),
    /// Any value would do, for nothing says which one the event has.
    Any,
}

/// What a test of the metadata field `name` of an event may ask for beside its value.
///
/// - `sourcetype`, `source` of a Windows event, where `either` (accommodation `either-spelling`):
///   the names that the add-on gave such events over time, rendered as XML or not:
///   `XmlWinEventLog`, `WinEventLog`, and both with the channel behind a colon. So a rule for
///   `sourcetype=WinEventLog:Security` finds the same events in an `.evtx` file.
/// - `index`, where nothing says which: any. An archive is searched because it is what an analyst
///   would have searched, and no index is called so in it.
#[must_use]
pub fn other_names(event: &Event<'_>, name: &str, either: bool) -> OtherNames {
    let meta = &event.meta;
    let own = match name {
        names::INDEX if meta.index.is_none() => return OtherNames::Any,
        names::SOURCETYPE => &meta.sourcetype,
        names::SOURCE => &meta.source,
        _ => return OtherNames::None,
    };
    let is_windows = |own: &String| windows_channel(&own.to_ascii_lowercase()).is_some();
    let (Some(_), Some(channel), true) =
        (own.as_ref().filter(|own| is_windows(own)), &event.channel, either)
    else {
        return OtherNames::None;
    };
    let mut all = vec![format!("WinEventLog:{channel}"), format!("XmlWinEventLog:{channel}")];
    if name == names::SOURCETYPE {
        all.extend(["WinEventLog".to_owned(), "XmlWinEventLog".to_owned()]);
    }
    OtherNames::These(all)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::event::{Metadata, RawFields};

    fn event(format: Format, channel: Option<&str>, meta: Metadata) -> Event<'static> {
        Event {
            format,
            raw: Cow::Borrowed(b"x"),
            meta,
            fields: RawFields::default(),
            data: Vec::new(),
            channel: channel.map(str::to_owned),
            provider: None,
            event_id: None,
            record: None,
        }
    }

    fn named(sourcetype: &str, source: &str) -> Metadata {
        Metadata {
            sourcetype: Some(sourcetype.to_owned()),
            source: Some(source.to_owned()),
            ..Metadata::default()
        }
    }

    #[test]
    fn kinds_are_told_by_channel_or_source_type() {
        // SPLUNK.md, Decisions, Macros.
        let sysmon = Some("microsoft-windows-sysmon/operational");
        for (format, channel, sourcetype, kind, is) in [
            (Format::Xml, Some("Security"), "", "winevent", true),
            (Format::Xml, None, "", "winevent", true),
            (Format::Xml, sysmon, "", "sysmon", true),
            (Format::Xml, sysmon, "", "winevent", false),
            (Format::Classic, Some("Windows PowerShell"), "", "powershell", true),
            (Format::HostMon, None, "", "winevent", true),
            (Format::Json, Some("Security"), "", "winevent", false),
            (Format::Json, None, "", "endpoint", true),
            (Format::Json, None, "AWS:CloudTrail", "aws", true),
            (Format::Json, None, "aws:cloudtrail", "endpoint", false),
            (Format::Json, None, "linux_audit", "unix", true),
            (Format::Json, None, "XmlWinEventLog:Security", "winevent", true),
            (Format::Json, None, "linux_auditor", "unix", false),
        ] {
            let sourcetype = Some(sourcetype.to_owned()).filter(|name| !name.is_empty());
            let meta = Metadata { sourcetype, ..Metadata::default() };
            let event = event(format, channel, meta);
            let kinds = source_kinds(&event);
            assert_eq!(kinds.contains(&kind), is, "{kind} of {event:?}: {kinds:?}");
        }
    }

    #[test]
    fn a_windows_event_answers_to_the_names_of_its_channel() {
        let xml = event(
            Format::Xml,
            Some("Security"),
            named("XmlWinEventLog", "XmlWinEventLog:Security"),
        );
        let OtherNames::These(all) = other_names(&xml, "sourcetype", true) else { panic!() };
        assert!(all.iter().any(|name| name == "WinEventLog:Security"));
        assert!(all.iter().any(|name| name == "WinEventLog"));
        let OtherNames::These(all) = other_names(&xml, "source", true) else { panic!() };
        assert_eq!(all, ["WinEventLog:Security", "XmlWinEventLog:Security"]);
        assert_eq!(other_names(&xml, "sourcetype", false), OtherNames::None);
        // What a user says it is, it is.
        let told = event(Format::Xml, Some("Security"), named("mine", "x"));
        assert_eq!(other_names(&told, "sourcetype", true), OtherNames::None);
    }

    #[test]
    fn an_unknown_index_is_any() {
        let mut event = event(Format::Json, None, Metadata::default());
        assert_eq!(other_names(&event, "index", false), OtherNames::Any);
        event.meta.index = Some("main".to_owned());
        assert_eq!(other_names(&event, "index", true), OtherNames::None);
        assert_eq!(other_names(&event, "host", true), OtherNames::None);
    }
}
