use super::*;
use crate::event::RawFields;

fn event(format: Format, event_id: u32, fields: &[(&'static str, &str)]) -> Event<'static> {
    let mut raw = RawFields::default();
    for (name, value) in fields {
        raw.push(*name, *value);
    }
    Event {
        format,
        raw: std::borrow::Cow::Borrowed(b""),
        meta: crate::event::Metadata::default(),
        fields: raw,
        data: Vec::new(),
        channel: Some("Security".to_owned()),
        provider: None,
        event_id: Some(event_id),
        record: None,
    }
}

fn one(event: &Event<'_>, name: &str, reading: Reading) -> Option<String> {
    let cim = Cim::builtin();
    let field = cim.view(event, reading).field(name)?;
    assert_eq!(field.values().len(), 1, "{name}");
    Some(field.values()[0].text().into_owned())
}

#[test]
fn process_follows_the_add_on() {
    // (command line, image, process as meant, process strict), SPLUNK.md 5.
    let image = r"C:\Windows\System32\msiexec.exe";
    for (line, image, as_meant, strict) in [
        (
            "msiexec  /i http://x/a.msi",
            image,
            r"C:\Windows\System32\msiexec.exe /i http://x/a.msi",
            None,
        ),
        (r"C:\a\b.exe /i x", image, r"C:\a\b.exe /i x", None),
        (r#""C:\a b\c.exe" /i x"#, image, r#""C:\a b\c.exe" /i x"#, None),
        (r#""c.exe" /i x"#, image, r"C:\Windows\System32\msiexec.exe /i x", None),
        ("c.exe", image, image, None),
        ("", image, image, None),
        (r"C:\only\path.exe", image, r"C:\only\path.exe", None),
        ("c.exe /i x", r"C:\Program Files\c.exe", r#""C:\Program Files\c.exe" /i x"#, None),
        (
            "c.exe /i\nx",
            image,
            "C:\\Windows\\System32\\msiexec.exe /i\nx",
            Some(r"C:\Windows\System32\msiexec.exe /i"),
        ),
        ("\"\" x", image, r"C:\Windows\System32\msiexec.exe x", None),
        ("  c.exe /i", image, r"C:\Windows\System32\msiexec.exe /i", None),
    ] {
        for (format, line_name, image_name) in [
            (Format::Classic, "Process_Command_Line", "New_Process_Name"),
            (Format::Xml, "CommandLine", "NewProcessName"),
        ] {
            let event = event(format, 4688, &[(line_name, line), (image_name, image)]);
            let process = |reading| one(&event, "process", reading);
            assert_eq!(process(Reading::AS_MEANT).as_deref(), Some(as_meant), "{line:?}");
            assert_eq!(
                process(Reading::STRICT).as_deref(),
                Some(strict.unwrap_or(as_meant)),
                "{line:?}"
            );
        }
    }
}

#[test]
fn the_user_is_the_target_unless_it_is_a_dash() {
    for (names, user, src_user) in [
        (&["subject", "target"][..], "target", Some("subject")),
        (&["subject", "-"], "subject", Some("subject")),
        (&["subject"], "subject", None),
    ] {
        let fields: Vec<_> = names.iter().map(|name| ("Account_Name", *name)).collect();
        let classic = event(Format::Classic, 4688, &fields);
        assert_eq!(one(&classic, "user", Reading::STRICT).as_deref(), Some(user));
        assert_eq!(one(&classic, "src_user", Reading::STRICT).as_deref(), src_user);
    }
    let xml = event(Format::Xml, 4688, &[("SubjectUserName", "s"), ("TargetUserName", "-")]);
    assert_eq!(one(&xml, "user", Reading::STRICT).as_deref(), Some("s"));
}

#[test]
fn messages_are_rebuilt_only_as_meant() {
    let mut event = event(Format::Xml, 1040, &[]);
    event.provider = Some("MsiInstaller".to_owned());
    event.data = ["http://x/a.msi", "2600", "", "z"].map(str::to_owned).to_vec();
    let text =
        "Beginning a Windows Installer transaction: http://x/a.msi. Client Process Id: 2600.";
    assert_eq!(one(&event, "message", Reading::AS_MEANT).as_deref(), Some(text));
    assert_eq!(one(&event, "message", Reading::STRICT), None);
    assert_eq!(one(&event, "Message", Reading::STRICT), None);
    event.event_id = Some(7);
    assert_eq!(
        one(&event, "Message", Reading::AS_MEANT).as_deref(),
        Some("http://x/a.msi\n2600\nz")
    );
}

#[test]
fn a_literal_survives_only_clear_of_every_constant() {
    let cim = Cim::builtin();
    let message = cim.constants("message", Format::Xml);
    assert!(survives(".msi", &message));
    assert!(survives("://", &message));
    assert!(!survives("transaction", &message));
    assert!(!survives(" http", &message), "the template's own blank may be its start");
    assert!(!survives("msi.", &message), "the template's full stop may be its end");
    let process = cim.constants("process", Format::Classic);
    assert!(survives("msiexec.exe", &process));
    assert!(!survives("exe /i", &process), "the blank may be the mapping's own");
    assert!(!survives("4688", &cim.constants("signature_id", Format::HostMon)));
    assert!(survives("4688", &cim.constants("signature_id", Format::Classic)));
}

#[test]
fn a_users_table_wins() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mine.toml");
    std::fs::write(&path, "[[table]]\nname = \"mine\"\nfields = { user = { const = \"me\" } }\n")
        .unwrap();
    let mut cim = Cim::builtin();
    cim.extend_from_file(&path).unwrap();
    let event = event(Format::Xml, 4688, &[("SubjectUserName", "s")]);
    assert_eq!(cim.view(&event, Reading::AS_MEANT).field("user"), Some(Field::text("me")));

    std::fs::write(&path, "[[table]]\nname = \"mine\"\nfields = { user = { konst = \"me\" } }\n")
        .unwrap();
    let error = cim.extend_from_file(&path).unwrap_err().to_string();
    assert!(error.contains("mine.toml") && error.contains("windows.toml"), "{error}");
}
