//! The traps of SPLUNK.md that are about what events say, and which fields that becomes.

use coldsweep::reading::Reading;

use crate::check::{gives, gives_as, records, texts};

const STRICT: Reading = Reading::STRICT;
const AS_MEANT: Reading = Reading::AS_MEANT;

/// A 4688 in XML, with a command line and other data.
fn process(command: &str, data: &[(&str, &str)]) -> String {
    let mut fields = vec![
        ("NewProcessName", r"C:\Windows\System32\msiexec.exe"),
        ("ParentProcessName", r"C:\Windows\explorer.exe"),
        ("CommandLine", command),
    ];
    fields.extend_from_slice(data);
    let log = records(&[&fields]).replace("<EventID>1<", "<EventID>4688<");
    log.replace("Name='P'", "Name='Microsoft-Windows-Security-Auditing'")
        .replace("<Channel>Test<", "<Channel>Security<")
}

/// A 4688 in classic text.
fn classic(lines: &str) -> String {
    let log = texts(&["x"]).replace("EventCode=1\n", "EventCode=4688\n");
    log.replace("LogName=Application", "LogName=Security")
        .replace("Message=; x", &format!("Message=A new process has been created.\n\n{lines}"))
}

/// SPLUNK.md, trap 8: a classic provider's id has an attribute in XML, which is other text.
#[test]
fn an_id_with_qualifiers_is_another_text() {
    let log = records(&[&[]]).replace("<EventID>1<", "<EventID Qualifiers='0'>1040<");
    let search = "\"<EventID>1040<\" | table signature_id";
    gives_as(STRICT, &log, search, &[]);
    gives_as(AS_MEANT, &log, search, &["signature_id=1040"]);
    gives(&log, "signature_id=1040 | table signature_id", &["signature_id=1040"]);
}

/// SPLUNK.md, trap 11: `process` of a 4688 is the image's path and the arguments where the command
/// line has no path; `parent_process` is a path, and for Sysmon a command line.
#[test]
fn a_process_is_a_path_and_arguments() {
    let search = "* | table process parent_process";
    let parent = r"parent_process=C:\Windows\explorer.exe";
    for (command, process_is) in [
        ("msiexec  /i a.msi", r"C:\Windows\System32\msiexec.exe /i a.msi"),
        (r"C:\x\msiexec /i a.msi", r"C:\x\msiexec /i a.msi"),
        ("msiexec", r"C:\Windows\System32\msiexec.exe"),
    ] {
        gives(&process(command, &[]), search, &[&format!("process={process_is} {parent}")]);
    }
    let sysmon = records(&[&[("CommandLine", "a /b"), ("ParentCommandLine", "c /d")]])
        .replace("Name='P'", "Name='Microsoft-Windows-Sysmon'")
        .replace("<Channel>Test<", "<Channel>Microsoft-Windows-Sysmon/Operational<");
    gives(&sysmon, search, &["process=a /b parent_process=c /d"]);
}

/// SPLUNK.md, trap 12: names have case. `message` is not `Message`, nor `process_*` `Process_*`.
#[test]
fn names_of_fields_have_case() {
    let log = texts(&["a.msi"]);
    gives(&log, "* | table Message", &["Message=; a.msi"]);
    gives_as(STRICT, &log, "* | where isnotnull(message) | table host", &[]);
    gives_as(AS_MEANT, &log, "* | table message", &["message=; a.msi"]);
    let log = records(&[&[("Process_Name", "a")]]);
    gives(&log, "* | table Process_*", &["Process_Name=a"]);
    gives(&log, "* | where isnotnull(process_Name) | table host", &[]);
}

/// SPLUNK.md, trap 13: WinHostMon has no signature_id, and `process` is the image's name.
#[test]
fn host_monitor_events_have_no_id() {
    let log = "Type=Process\nName=\"msiexec.exe\"\nProcessId=7\nCommandLine=\"msiexec /i a.msi\"\n\
               Path=\"C:\\\\msiexec.exe\"\nHost=\"h\"\n\n";
    let search = "* | table signature_id process process_id";
    gives_as(STRICT, log, search, &["process=msiexec.exe process_id=7"]);
    let meant = "signature_id=4688 process=msiexec /i a.msi process_id=7";
    gives_as(AS_MEANT, log, search, &[meant]);
}

/// SPLUNK.md, trap 14: where values end, what is encoded in them, and which are not extracted.
#[test]
fn values_end_where_the_format_says() {
    let lines = "Process Information:\n\tProcess Command Line:\tone\n\ttwo\n";
    let length =
        "* | eval l=if(match(Process_Command_Line, \"two\"), \"all\", \"first\") | table l";
    gives_as(STRICT, &classic(lines), length, &["l=first"]);
    gives_as(AS_MEANT, &classic(lines), length, &["l=all"]);
    let log = records(&[&[("f", "a\nb"), ("g", "x&amp;y")]]);
    gives(&log, "* | where match(f, \"(?s)^a.b$\") | table host", &["host=e0"]);
    gives_as(STRICT, &log, "* | table g", &["g=x&amp;y"]);
    gives_as(AS_MEANT, &log, "* | table g", &["g=x&y"]);
    let quoted = records(&[&[("f", "a")]]).replace("<Data Name='f'>", "<Data Name=\"f\">");
    gives_as(STRICT, &quoted, "* | table host f", &["host=e0"]);
    gives_as(AS_MEANT, &quoted, "* | table host f", &["host=e0 f=a"]);
}

/// SPLUNK.md, trap 15: of the two accounts of a 4688 the second is the user; `-` falls back.
#[test]
fn the_user_is_the_second_account() {
    let of = |second: &str| {
        classic(&format!(
            "Creator Subject:\n\tAccount Name:\talice\n\nTarget Subject:\n\tAccount Name:\t{second}\n"
        ))
    };
    let search = "* | table user src_user Account_Name";
    gives(&of("bob"), search, &["user=bob src_user=alice Account_Name=alice+bob"]);
    gives(&of("-"), search, &["user=alice src_user=alice Account_Name=alice+-"]);
    let names = |target| [("SubjectUserName", "alice"), ("TargetUserName", target)];
    gives(&process("x", &names("bob")), "* | table user src_user", &["user=bob src_user=alice"]);
    gives(&process("x", &names("-")), "* | table user src_user", &["user=alice src_user=alice"]);
}

/// SPLUNK.md, trap 16: the fields of the add-on's aliases and calculations replace those that an
/// event has by the same name, and each is made of the event's own fields, not of one another.
#[test]
fn made_fields_replace_those_of_the_event() {
    let log =
        process("msiexec /i", &[("process", "mine"), ("dest", "mine"), ("process_name", "p")]);
    let search = "* | table process dest process_name";
    let made = r"process=C:\Windows\System32\msiexec.exe /i dest=e0 process_name=msiexec.exe";
    gives(&log, search, &[made]);
}

/// SPLUNK.md, trap 24: automatic extraction reads 5,000 bytes of JSON, and of key and value pairs
/// 10,240 characters and 100 fields. Lines cut at index time are in no archive.
#[test]
fn automatic_extraction_has_limits() {
    let json = |length: usize| {
        format!(
            "{{\"time\":\"2024-01-01T00:00:00Z\",\"a\":\"1\",\"pad\":\"{}\",\"z\":\"2\"}}\n",
            "x".repeat(length)
        )
    };
    gives(&json(4000), "* | table a z", &["a=1 z=2"]);
    gives(&json(6000), "* | table a z", &["a=1"]);
    let monitor = |pad: usize, fields: usize| {
        let many: String = (0..fields).map(|at| format!("k{at}=\"v\"\n")).collect();
        format!(
            "Type=Process\nName=\"n\"\nPad=\"{}\"\n{many}Last=\"z\"\nHost=\"h\"\n\n",
            "x".repeat(pad)
        )
    };
    gives(&monitor(9_000, 0), "* | table Name Last", &["Name=n Last=z"]);
    gives(&monitor(11_000, 0), "* | table Name Last", &["Name=n"]);
    gives(&monitor(0, 50), "* | table Name Last", &["Name=n Last=z"]);
    gives(&monitor(0, 120), "* | table Name Last", &["Name=n"]);
}
