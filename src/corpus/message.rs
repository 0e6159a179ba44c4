//! The text that Windows shows for an event: what `Message=` holds in classic text.

use super::escape;
use super::evtx_writer::{EventSpec, Value};

/// Event 4688 before version 2 (Windows 7 to 8.1).
const PROCESS_V1: &str = "\
A new process has been created.

Subject:
\tSecurity ID:\t\t%{SubjectUserSid}
\tAccount Name:\t\t%{SubjectUserName}
\tAccount Domain:\t\t%{SubjectDomainName}
\tLogon ID:\t\t%{^SubjectLogonId}

Process Information:
\tNew Process ID:\t\t%{NewProcessId}
\tNew Process Name:\t%{NewProcessName}
\tToken Elevation Type:\tTokenElevationTypeFull (2)
\tCreator Process ID:\t%{ProcessId}
\tProcess Command Line:\t%{CommandLine}
";

/// Event 4688, version 2 (Windows 10 and later).
const PROCESS_V2: &str = "\
A new process has been created.

Creator Subject:
\tSecurity ID:\t\t%{SubjectUserSid}
\tAccount Name:\t\t%{SubjectUserName}
\tAccount Domain:\t\t%{SubjectDomainName}
\tLogon ID:\t\t%{^SubjectLogonId}

Target Subject:
\tSecurity ID:\t\t%{TargetUserSid}
\tAccount Name:\t\t%{TargetUserName}
\tAccount Domain:\t\t%{TargetDomainName}
\tLogon ID:\t\t%{^TargetLogonId}

Process Information:
\tNew Process ID:\t\t%{NewProcessId}
\tNew Process Name:\t%{NewProcessName}
\tToken Elevation Type:\t%{TokenElevationType}
\tMandatory Label:\t\t%{MandatoryLabel}
\tCreator Process ID:\t%{ProcessId}
\tCreator Process Name:\t%{ParentProcessName}
\tProcess Command Line:\t%{CommandLine}
";

/// What every version of 4688 ends with.
const PROCESS_NOTES: &str = "
Token Elevation Type indicates the type of token that was assigned to the new process in accordance with User Account Control policy.

Type 1 is a full token with no privileges removed or groups disabled.  A full token is only used if User Account Control is disabled or if the user is the built-in Administrator account or a service account.

Type 2 is an elevated token with no privileges removed or groups disabled.  An elevated token is used when User Account Control is enabled and the user chooses to start the program using Run as administrator.  An elevated token is also used when an application is configured to always require administrative privilege or to always require maximum privilege, and the user is a member of the Administrators group.

Type 3 is a limited token with administrative privileges removed and administrative groups disabled.  The limited token is used when User Account Control is enabled, the application does not require administrative privilege, and the user does not choose to start the program using Run as administrator.";

const MSI_BEGIN: &str = "Beginning a Windows Installer transaction: %{1}. Client Process Id: %{2}.";

const MSI_END: &str = "Ending a Windows Installer transaction: %{1}. Client Process Id: %{2}.";

const LOGON: &str = "\
An account was successfully logged on.

Subject:
\tSecurity ID:\t\t%{SubjectUserSid}
\tAccount Name:\t\t%{SubjectUserName}
\tAccount Domain:\t\t%{SubjectDomainName}
\tLogon ID:\t\t%{^SubjectLogonId}

Logon Information:
\tLogon Type:\t\t%{LogonType}
\tRestricted Admin Mode:\t%{RestrictedAdminMode}
\tVirtual Account:\t\t%{VirtualAccount}
\tElevated Token:\t\t%{ElevatedToken}

Impersonation Level:\t\t%{ImpersonationLevel}

New Logon:
\tSecurity ID:\t\t%{TargetUserSid}
\tAccount Name:\t\t%{TargetUserName}
\tAccount Domain:\t\t%{TargetDomainName}
\tLogon ID:\t\t%{^TargetLogonId}
\tLinked Logon ID:\t\t%{TargetLinkedLogonId}
\tNetwork Account Name:\t%{TargetOutboundUserName}
\tNetwork Account Domain:\t%{TargetOutboundDomainName}
\tLogon GUID:\t\t%{LogonGuid}

Process Information:
\tProcess ID:\t\t%{ProcessId}
\tProcess Name:\t\t%{ProcessName}

Network Information:
\tWorkstation Name:\t%{WorkstationName}
\tSource Network Address:\t%{IpAddress}
\tSource Port:\t\t%{IpPort}

Detailed Authentication Information:
\tLogon Process:\t\t%{LogonProcessName}
\tAuthentication Package:\t%{AuthenticationPackageName}
\tTransited Services:\t%{TransmittedServices}
\tPackage Name (NTLM only):\t%{LmPackageName}
\tKey Length:\t\t%{KeyLength}

This event is generated when a logon session is created. It is generated on the computer that was accessed.

The subject fields indicate the account on the local system which requested the logon. This is most commonly a service such as the Server service, or a local process such as Winlogon.exe or Services.exe.";

/// Writes the message, its line ends as `newline`. Values stand in it as they are, but for their
/// line ends: a lone line feed stays one.
///
/// The message of an event of no known kind are its values, each on a line.
pub(super) fn write(out: &mut Vec<u8>, event: &EventSpec<'_>, newline: &[u8]) {
    match (event.provider, event.event_id) {
        ("Microsoft-Windows-Security-Auditing", 4688) => {
            let version_2 = event.version.is_some_and(|version| version >= 2);
            fill(out, if version_2 { PROCESS_V2 } else { PROCESS_V1 }, event, newline);
            fill(out, PROCESS_NOTES, event, newline);
        }
        ("Microsoft-Windows-Security-Auditing", 4624) => fill(out, LOGON, event, newline),
        ("MsiInstaller", 1040) => fill(out, MSI_BEGIN, event, newline),
        ("MsiInstaller", 1042) => fill(out, MSI_END, event, newline),
        ("Microsoft-Windows-Sysmon", 1) => {
            out.extend_from_slice(b"Process Create:");
            list(out, event, newline);
        }
        _ => list(out, event, newline),
    }
}

/// Writes a template: `%{Name}` is a value, `%{^Name}` in upper case, `%{1}` the first.
fn fill(out: &mut Vec<u8>, template: &str, event: &EventSpec<'_>, newline: &[u8]) {
    let mut rest = template.as_bytes();
    while let Some(at) = memchr::memchr2(b'\n', b'%', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        if rest[0] == b'\n' {
            out.extend_from_slice(newline);
            rest = &rest[1..];
            continue;
        }
        let end = memchr::memchr(b'}', rest).unwrap_or(rest.len() - 1);
        placeholder(out, rest.get(2..end).unwrap_or_default(), event);
        rest = &rest[end + 1..];
    }
    out.extend_from_slice(rest);
}

fn placeholder(out: &mut Vec<u8>, name: &[u8], event: &EventSpec<'_>) {
    let (upper, name) = name.strip_prefix(b"^").map_or((false, name), |name| (true, name));
    let numbered = name.first().filter(|b| b.is_ascii_digit()).map(|b| usize::from(b - b'1'));
    let datum = match numbered {
        Some(at) => event.data.get(at),
        None => {
            event.data.iter().find(|datum| datum.name.is_some_and(|has| has.as_bytes() == name))
        }
    };
    let Some(datum) = datum else { return };
    let from = out.len();
    value(out, &datum.value);
    // `0x3e7` is shown as `0x3E7`.
    if upper && let Some(digits) = out.get_mut(from + 2..) {
        digits.make_ascii_uppercase();
    }
}

fn list(out: &mut Vec<u8>, event: &EventSpec<'_>, newline: &[u8]) {
    for datum in event.data {
        out.extend_from_slice(newline);
        if let Some(name) = datum.name {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
        }
        value(out, &datum.value);
    }
}

fn value(out: &mut Vec<u8>, value: &Value<'_>) {
    escape::value(out, value, |out, text| out.extend_from_slice(text.as_bytes()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::evtx_writer::Datum;

    #[test]
    fn templates_name_what_the_events_hold() {
        let account = crate::corpus::Account {
            name: "alice",
            domain: "CORP",
            sid: "S-1-5-18".parse().unwrap(),
        };
        for (kind, template) in [
            (crate::corpus::Kind::ProcessV1, PROCESS_V1),
            (crate::corpus::Kind::Process, PROCESS_V2),
            (crate::corpus::Kind::Logon, LOGON),
        ] {
            let happening = crate::corpus::Happening {
                kind,
                time: jiff::Timestamp::UNIX_EPOCH,
                record_id: 1,
                computer: "h",
                account: &account,
                target: None,
                command_line: "c",
                image: "i",
                parent_image: "p",
                parent_command_line: "pc",
                process_id: 1,
                parent_process_id: 2,
            };
            happening.event(&mut Default::default(), |event| {
                for name in template.split("%{").skip(1) {
                    let name = name.split('}').next().unwrap().trim_start_matches('^');
                    let known = |datum: &Datum<'_>| datum.name == Some(name);
                    assert!(event.data.iter().any(known), "{kind:?} has no {name}");
                }
            });
        }
    }

    #[test]
    fn values_are_filled_in() {
        let text = |text| Datum { name: None, value: Value::Text(text) };
        let event = EventSpec {
            provider: "MsiInstaller",
            event_id: 1042,
            data: &[text("https://x.example/%{2}.msi"), text("7")],
            ..EventSpec::default()
        };
        let mut out = Vec::new();
        write(&mut out, &event, b"\r\n");
        let expected = "Ending a Windows Installer transaction: https://x.example/%{2}.msi. Client Process Id: 7.";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn hexadecimal_is_shown_as_windows_does() {
        let named = |name, value| Datum { name: Some(name), value };
        let data =
            [named("SubjectLogonId", Value::Hex(0x3e7)), named("NewProcessId", Value::Hex(0xdec))];
        let event = EventSpec { version: Some(1), data: &data, ..EventSpec::default() };
        let mut out = Vec::new();
        write(&mut out, &event, b"\r\n");
        let out = String::from_utf8(out).unwrap();
        assert!(out.contains("\r\n\tLogon ID:\t\t0x3E7\r\n"), "{out}");
        assert!(out.contains("\r\n\tNew Process ID:\t\t0xdec\r\n"), "{out}");
        assert!(!out.replace("\r\n", "").contains('\n'));
    }
}
