//! What happens on a machine, as the events that Windows logs of it.

use jiff::Timestamp;

use super::escape::Clock;
use super::evtx_writer::{Datum, EventSpec, Guid, Sid, Value};

/// A kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Security 4688, version 1: Windows 7 to 8.1, with the command line.
    ProcessV1,
    /// Security 4688, version 2: Windows 10 and later.
    Process,
    /// MsiInstaller 1040, a transaction begins. Its package is [`Happening::command_line`].
    MsiBegin,
    /// MsiInstaller 1042, a transaction ends.
    MsiEnd,
    /// Sysmon 1.
    Sysmon,
    /// Security 4624, an account logs on.
    Logon,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::ProcessV1, Self::Process, Self::MsiBegin, Self::MsiEnd, Self::Sysmon, Self::Logon];
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its domain.
    pub domain: &'a str,
    /// Its identifier.
    pub sid: Sid,
}

/// One thing that happens. Which of its parts matter depends on its kind; the others are passed
/// over.
#[derive(Debug, Clone)]
pub struct Happening<'a> {
    /// The kind of event it makes.
    pub kind: Kind,
    /// When.
    pub time: Timestamp,
    /// The number of the record.
    pub record_id: u64,
    /// On which machine.
    pub computer: &'a str,
    /// Who does it.
    pub account: &'a Account<'a>,
    /// In whose name a process starts, where that is another (version 2 of 4688).
    pub target: Option<&'a Account<'a>>,
    /// The command line of a process, or the package of an installer's transaction.
    pub command_line: &'a str,
    /// The path of the process that starts.
    pub image: &'a str,
    /// The path of the process that starts it.
    pub parent_image: &'a str,
    /// The command line of that process.
    pub parent_command_line: &'a str,
    /// The number of the process.
    pub process_id: u32,
    /// The number of the process that starts it.
    pub parent_process_id: u32,
}

/// The most data that an event of these kinds has.
const MOST: usize = 27;

/// What the data of a happening borrow beside the happening itself.
#[derive(Debug, Clone)]
pub struct Details {
    nobody: Sid,
    label: Sid,
    system: Sid,
    /// The process's number as text.
    digits: [u8; 10],
    /// The time as Sysmon writes it.
    clock: [u8; 23],
}

impl Default for Details {
    fn default() -> Self {
        Self {
            nobody: Sid::of(1, 0, &[0]),
            label: Sid::of(1, 16, &[12288]),
            system: Sid::of(1, 5, &[18]),
            digits: [0; 10],
            clock: [0; 23],
        }
    }
}

impl Details {
    fn set(&mut self, happening: &Happening<'_>) {
        let mut text = Vec::with_capacity(32);
        Clock::new(happening.time).iso(&mut text, b' ', 3);
        for (to, from) in self.clock.iter_mut().zip(&text) {
            *to = *from;
        }
        text.clear();
        super::escape::decimal(&mut text, u64::from(happening.process_id), 1);
        self.digits = [0; 10];
        for (to, from) in self.digits.iter_mut().zip(&text) {
            *to = *from;
        }
    }

    fn clock(&self) -> &str {
        std::str::from_utf8(&self.clock).unwrap_or_default()
    }

    fn digits(&self) -> &str {
        std::str::from_utf8(&self.digits).unwrap_or_default().trim_end_matches('\0')
    }
}

/// The data of one event.
#[derive(Debug)]
struct Data<'a> {
    all: [Datum<'a>; MOST],
    count: usize,
}

impl<'a> Data<'a> {
    fn new() -> Self {
        Self { all: [Datum { name: None, value: Value::Null }; MOST], count: 0 }
    }

    fn push(&mut self, name: Option<&'a str>, value: Value<'a>) {
        debug_assert!(self.count < MOST, "MOST is what the kinds below need");
        if let Some(datum) = self.all.get_mut(self.count) {
            *datum = Datum { name, value };
            self.count += 1;
        }
    }

    fn extend<const N: usize>(&mut self, data: [(&'a str, Value<'a>); N]) {
        data.into_iter().for_each(|(name, value)| self.push(Some(name), value));
    }

    fn texts<const N: usize>(&mut self, data: [(&'a str, &'a str); N]) {
        data.into_iter().for_each(|(name, text)| self.push(Some(name), Value::Text(text)));
    }
}

impl Happening<'_> {
    /// Makes the event and hands it to `visit`. `details` is scratch, to be used again.
    pub fn event<R>(&self, details: &mut Details, visit: impl FnOnce(&EventSpec<'_>) -> R) -> R {
        details.set(self);
        let mut data = Data::new();
        match self.kind {
            Kind::ProcessV1 | Kind::Process => self.process(details, &mut data),
            Kind::MsiBegin | Kind::MsiEnd => self.installer(details, &mut data),
            Kind::Sysmon => self.sysmon(details, &mut data),
            Kind::Logon => self.logon(details, &mut data),
        }
        visit(&self.spec(&details.system, &data.all[..data.count]))
    }

    fn spec<'d>(&'d self, system: &'d Sid, data: &'d [Datum<'d>]) -> EventSpec<'d> {
        let base = EventSpec {
            time: self.time,
            record_id: self.record_id,
            computer: self.computer,
            data,
            ..EventSpec::default()
        };
        match self.kind {
            Kind::Process => base,
            Kind::ProcessV1 => EventSpec { version: Some(1), process: Some((4, 60)), ..base },
            Kind::MsiBegin | Kind::MsiEnd => EventSpec {
                provider: "MsiInstaller",
                guid: None,
                event_id: if self.kind == Kind::MsiBegin { 1040 } else { 1042 },
                qualifiers: Some(0),
                version: None,
                level: 4,
                task: 0,
                opcode: None,
                keywords: 0x80_0000_0000_0000,
                process: None,
                channel: "Application",
                user: Some(&self.account.sid),
                ..base
            },
            Kind::Sysmon => EventSpec {
                provider: "Microsoft-Windows-Sysmon",
                guid: Some(Guid(0x5770_385f_c22a_43e0_bf4c_06f5_698f_fbd9)),
                event_id: 1,
                version: Some(5),
                level: 4,
                task: 1,
                keywords: 0x8000_0000_0000_0000,
                process: Some((2232, 3252)),
                channel: "Microsoft-Windows-Sysmon/Operational",
                user: Some(system),
                ..base
            },
            Kind::Logon => {
                EventSpec { event_id: 4624, task: 12544, process: Some((652, 700)), ..base }
            }
        }
    }

    fn process<'d>(&'d self, details: &'d Details, data: &mut Data<'d>) {
        data.extend([
            ("SubjectUserSid", Value::Sid(&self.account.sid)),
            ("SubjectUserName", Value::Text(self.account.name)),
            ("SubjectDomainName", Value::Text(self.account.domain)),
            ("SubjectLogonId", Value::Hex(logon_id(self.account))),
            ("NewProcessId", Value::Hex(self.process_id.into())),
            ("NewProcessName", Value::Text(self.image)),
            ("TokenElevationType", Value::Text("%%1937")),
            ("ProcessId", Value::Hex(self.parent_process_id.into())),
            ("CommandLine", Value::Text(self.command_line)),
        ]);
        if self.kind == Kind::ProcessV1 {
            return;
        }
        let (sid, name, domain, logon) = match self.target {
            Some(target) => (&target.sid, target.name, target.domain, logon_id(target)),
            None => (&details.nobody, "-", "-", 0),
        };
        data.extend([
            ("TargetUserSid", Value::Sid(sid)),
            ("TargetUserName", Value::Text(name)),
            ("TargetDomainName", Value::Text(domain)),
            ("TargetLogonId", Value::Hex(logon)),
            ("ParentProcessName", Value::Text(self.parent_image)),
            ("MandatoryLabel", Value::Sid(&details.label)),
        ]);
    }

    fn installer<'d>(&'d self, details: &'d Details, data: &mut Data<'d>) {
        let nothing = "(NULL)";
        for text in [self.command_line, details.digits(), nothing, nothing, nothing, nothing, ""] {
            data.push(None, Value::Text(text));
        }
    }

    fn sysmon<'d>(&'d self, details: &'d Details, data: &mut Data<'d>) {
        let process = |id: u32| Guid(u128::from(self.record_id) << 64 | u128::from(id));
        data.texts([("RuleName", "-"), ("UtcTime", details.clock())]);
        data.extend([
            ("ProcessGuid", Value::Guid(process(self.process_id))),
            ("ProcessId", Value::Unsigned(self.process_id.into())),
        ]);
        data.texts([
            ("Image", self.image),
            ("FileVersion", "5.0.19041.1"),
            ("Description", "Windows\u{ae} installer"),
            ("Product", "Windows Installer - Unicode"),
            ("Company", "Microsoft Corporation"),
            ("OriginalFileName", "msiexec.exe"),
            ("CommandLine", self.command_line),
            ("CurrentDirectory", r"C:\Windows\system32\"),
            ("User", self.account.name),
        ]);
        data.extend([
            ("LogonGuid", Value::Guid(process(0))),
            ("LogonId", Value::Hex(logon_id(self.account))),
            ("TerminalSessionId", Value::Unsigned(1)),
        ]);
        data.texts([
            ("IntegrityLevel", "High"),
            (
                "Hashes",
                "MD5=D41D8CD98F00B204E9800998ECF8427E,IMPHASH=00000000000000000000000000000000",
            ),
        ]);
        data.extend([
            ("ParentProcessGuid", Value::Guid(process(self.parent_process_id))),
            ("ParentProcessId", Value::Unsigned(self.parent_process_id.into())),
        ]);
        data.texts([
            ("ParentImage", self.parent_image),
            ("ParentCommandLine", self.parent_command_line),
            ("ParentUser", self.account.name),
        ]);
    }

    fn logon<'d>(&'d self, details: &'d Details, data: &mut Data<'d>) {
        data.extend([
            ("SubjectUserSid", Value::Sid(&details.system)),
            ("SubjectUserName", Value::Text(self.computer)),
            ("SubjectDomainName", Value::Text(self.account.domain)),
            ("SubjectLogonId", Value::Hex(0x3e7)),
            ("TargetUserSid", Value::Sid(&self.account.sid)),
            ("TargetUserName", Value::Text(self.account.name)),
            ("TargetDomainName", Value::Text(self.account.domain)),
            ("TargetLogonId", Value::Hex(logon_id(self.account))),
            ("LogonType", Value::Unsigned(3)),
        ]);
        data.texts([
            ("LogonProcessName", "Kerberos"),
            ("AuthenticationPackageName", "Kerberos"),
            ("WorkstationName", "-"),
        ]);
        data.extend([("LogonGuid", Value::Guid(Guid(u128::from(self.record_id) << 48)))]);
        data.texts([("TransmittedServices", "-"), ("LmPackageName", "-")]);
        data.extend([
            ("KeyLength", Value::Unsigned(0)),
            ("ProcessId", Value::Hex(self.parent_process_id.into())),
        ]);
        data.texts([
            ("ProcessName", self.parent_image),
            ("IpAddress", "10.1.2.3"),
            ("IpPort", "49702"),
            ("ImpersonationLevel", "%%1833"),
            ("RestrictedAdminMode", "-"),
            ("TargetOutboundUserName", "-"),
            ("TargetOutboundDomainName", "-"),
            ("VirtualAccount", "%%1843"),
        ]);
        data.extend([
            ("TargetLinkedLogonId", Value::Hex(0)),
            ("ElevatedToken", Value::Text("%%1842")),
        ]);
    }
}

/// The number of an account's session, made from its identifier so that it is always the same.
fn logon_id(account: &Account<'_>) -> u64 {
    account.sid.parts().fold(0x3e7, |sum, part| sum * 31 + part) & 0xfff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_have_the_data_of_their_kind() {
        let account =
            Account { name: "alice", domain: "CORP", sid: "S-1-5-21-1-2-3-1001".parse().unwrap() };
        let mut details = Details::default();
        for (kind, id, count) in [
            (Kind::ProcessV1, 4688, 9),
            (Kind::Process, 4688, 15),
            (Kind::MsiBegin, 1040, 7),
            (Kind::MsiEnd, 1042, 7),
            (Kind::Sysmon, 1, 23),
            (Kind::Logon, 4624, MOST),
        ] {
            let happening = Happening {
                kind,
                time: "2021-02-22T23:07:20.794383Z".parse().unwrap(),
                record_id: 7,
                computer: "ws-01",
                account: &account,
                target: None,
                command_line: "msiexec /i https://x.example/a.msi",
                image: r"C:\Windows\System32\msiexec.exe",
                parent_image: r"C:\Windows\System32\cmd.exe",
                parent_command_line: "cmd",
                process_id: 4294967295,
                parent_process_id: 2,
            };
            happening.event(&mut details, |event| {
                assert_eq!((event.event_id, event.data.len()), (id, count), "{kind:?}");
                let has =
                    |text: &str| event.data.iter().any(|datum| datum.value == Value::Text(text));
                assert_eq!(has(happening.command_line), kind != Kind::Logon, "{kind:?}");
                assert_eq!(has("2021-02-22 23:07:20.794"), kind == Kind::Sysmon, "{kind:?}");
                let installs = matches!(kind, Kind::MsiBegin | Kind::MsiEnd);
                assert_eq!(has("4294967295"), installs, "{kind:?}");
            });
        }
        assert_eq!(details.nobody, "S-1-0-0".parse().unwrap());
        assert_eq!(details.label, "S-1-16-12288".parse().unwrap());
        assert_eq!(details.system, "S-1-5-18".parse().unwrap());
    }
}
