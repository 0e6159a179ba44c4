//! Logs of one event a line: Linux audit, web servers, proxies, syslog.
//!
//! A dialect is told by the start of its line alone, so that files can be cut at any line. One
//! file a dialect, one line in `DIALECTS`. Every value of a field is a piece of the line as it
//! stands there, with no escape undone: what a rule looks for in one is in the bytes.

mod access;
mod audit;
mod iis;
mod pairs;
mod squid;
mod syslog;

use std::borrow::Cow;

use jiff::Timestamp;

use super::{DecodeContext, DecodeError};
use crate::event::{Event, Format, Metadata, RawFields};

/// How much of a line tells its dialect.
const START_LIMIT: usize = 1024;

/// What one dialect is.
struct Dialect {
    /// Splunk's source type of it.
    sourcetype: &'static str,
    /// Whether a file that starts with such a line is a log of lines, whatever else it holds. A
    /// header of syslog may stand before an event of another format.
    certain: bool,
    /// Whether this is the start of a line of the dialect.
    starts: fn(&[u8]) -> bool,
    /// What the line says; nothing where it breaks off.
    read: fn(&str, &DecodeContext) -> Option<Line>,
}

/// What a line says.
#[derive(Default)]
struct Line {
    time: Option<Timestamp>,
    host: Option<String>,
    /// What kind of record it is, where the dialect has kinds: the event's channel.
    kind: Option<String>,
    fields: RawFields,
}

/// The dialects; the first that fits counts.
const DIALECTS: &[Dialect] =
    &[audit::DIALECT, access::DIALECT, iis::DIALECT, squid::DIALECT, syslog::DIALECT];

/// The start of the line at `at`, as far as it is looked at; nothing where no dialect starts with
/// its first byte, so that long runs of padding cost little.
fn start_of(text: &[u8], at: usize) -> &[u8] {
    let rest = text.get(at..).unwrap_or_default();
    if !rest.first().is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'<' | b':')) {
        return &[];
    }
    let window = &rest[..rest.len().min(START_LIMIT)];
    &window[..memchr::memchr(b'\n', window).unwrap_or(window.len())]
}

fn dialect(start: &[u8]) -> Option<&'static Dialect> {
    DIALECTS.iter().find(|dialect| (dialect.starts)(start))
}

/// Whether an event starts at `at`, which must be a line start.
pub(super) fn starts_event(text: &[u8], at: usize) -> bool {
    dialect(start_of(text, at)).is_some()
}

/// As [`starts_event`], of the dialects whose start is nothing else's.
pub(super) fn surely_starts_event(text: &[u8], at: usize) -> bool {
    dialect(start_of(text, at)).is_some_and(|dialect| dialect.certain)
}

/// Whether a line that starts so is a remark about those that follow, of the W3C's extended format.
pub(super) fn is_remark(line: &[u8]) -> bool {
    const DIRECTIVES: [&[u8]; 8] = [
        b"#Software:",
        b"#Version:",
        b"#Date:",
        b"#Fields:",
        b"#Remark:",
        b"#Start-Date:",
        b"#End-Date:",
        b"#GMT-Offset:",
    ];
    DIRECTIVES.iter().any(|directive| line.starts_with(directive))
}

/// Decodes one event.
///
/// # Errors
/// When the text is in no dialect, or breaks off.
pub fn decode<'t>(raw: &'t [u8], context: &DecodeContext) -> Result<Event<'t>, DecodeError> {
    let none = DecodeError(Cow::Borrowed("this is no line of a known log"));
    let dialect = dialect(start_of(raw, 0)).ok_or(none)?;
    let broken = DecodeError(Cow::Borrowed("a line that is cut short or broken"));
    let line = (dialect.read)(&String::from_utf8_lossy(raw), context).ok_or(broken)?;
    Ok(Event {
        format: Format::Line,
        raw: Cow::Borrowed(raw),
        meta: Metadata {
            time: line.time,
            host: line.host,
            sourcetype: Some(dialect.sourcetype.to_owned()),
            ..Metadata::default()
        },
        fields: line.fields,
        data: Vec::new(),
        channel: line.kind,
        provider: None,
        event_id: None,
        record: None,
    })
}

/// What stands before the first blank, and what follows the blanks behind it.
fn word(text: &str) -> Option<(&str, &str)> {
    let end = text.find(' ').filter(|&end| end > 0)?;
    Some((&text[..end], text[end..].trim_start_matches(' ')))
}

/// Splits a URL or a request's target: the site, if it names one, the path, and the query without
/// its `?`.
fn push_uri(fields: &mut RawFields, uri: &str) {
    let (target, query) = uri.split_once('?').unwrap_or((uri, ""));
    let (site, path) = match target.split_once("://") {
        Some((_, rest)) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", target),
    };
    fields.push("uri", uri);
    fields.push("site", site);
    fields.push("uri_path", path);
    fields.push("uri_query", query);
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::reading::Reading;

    fn read(text: &str) -> Event<'_> {
        let context = DecodeContext { reading: Reading::AS_MEANT, timezone: TimeZone::UTC };
        decode(text.as_bytes(), &context).expect("an event")
    }

    fn fields(event: &Event<'_>, names: &[&str]) -> Vec<String> {
        names.iter().map(|name| event.fields.first(name).unwrap_or("").to_owned()).collect()
    }

    #[test]
    fn audit_records() {
        let event = read(
            "node=web01 type=EXECVE msg=audit(1364481363.243:24287): argc=3 a0=\"curl\" a1=\"-s\" a2=\"http://x.example/a\"",
        );
        assert_eq!(event.meta.time, "2013-03-28T14:36:03.243Z".parse().ok());
        assert_eq!(event.meta.host.as_deref(), Some("web01"));
        assert_eq!(event.meta.sourcetype.as_deref(), Some("linux_audit"));
        assert_eq!(event.channel.as_deref(), Some("EXECVE"));
        assert_eq!(
            fields(&event, &["type", "a0", "a2", "argc"]),
            ["EXECVE", "curl", "http://x.example/a", "3"]
        );
        // The text of a user record is in quotes of its own, and names follow behind U+001D.
        let event = read(
            "type=USER_AUTH msg=audit(1364481363.243:1): pid=7 uid=0 auid=4294967295 msg='op=PAM:authentication acct=\"root\" exe=\"/usr/sbin/sshd\" addr=1.2.3.4 terminal=ssh res=failed'\u{1d}UID=\"root\" AUID=\"unset\"",
        );
        assert_eq!(
            fields(&event, &["op", "acct", "exe", "addr", "res", "UID", "AUID"]),
            ["PAM:authentication", "root", "/usr/sbin/sshd", "1.2.3.4", "failed", "root", "unset"]
        );
    }

    #[test]
    fn access_lines() {
        let event = read(
            r#"203.0.113.9 - alice [10/Oct/2020:13:55:36 +0200] "GET /a/b.php?x=1&y=%20 HTTP/1.1" 404 2326 "https://r.example/" "curl/7 \"q\"""#,
        );
        assert_eq!(event.meta.time, "2020-10-10T11:55:36Z".parse().ok());
        assert_eq!(event.meta.host, None);
        assert_eq!(
            fields(
                &event,
                &[
                    "clientip",
                    "user",
                    "method",
                    "uri_path",
                    "uri_query",
                    "version",
                    "status",
                    "bytes",
                    "referer",
                    "useragent"
                ]
            ),
            [
                "203.0.113.9",
                "alice",
                "GET",
                "/a/b.php",
                "x=1&y=%20",
                "1.1",
                "404",
                "2326",
                "https://r.example/",
                r#"curl/7 \"q\""#
            ]
        );
        // Common format, and a request that is none.
        let event = read(r#"::1 - - [10/Oct/2020:13:55:36 +0000] "\x16\x03" 400 -"#);
        assert_eq!(fields(&event, &["status", "method", "request"]), ["400", "", r"\x16\x03"]);
    }

    #[test]
    fn squid_lines() {
        let event = read(
            "1286536309.450    916 192.0.2.7 TCP_MISS/200 4142 GET http://x.example/p/a.msi?q=1 bob DIRECT/198.51.100.3 text/html",
        );
        assert_eq!(event.meta.time, "2010-10-08T11:11:49.45Z".parse().ok());
        assert_eq!(
            fields(
                &event,
                &[
                    "clientip",
                    "status",
                    "method",
                    "site",
                    "uri_path",
                    "uri_query",
                    "user",
                    "dest_ip"
                ]
            ),
            ["192.0.2.7", "200", "GET", "x.example", "/p/a.msi", "q=1", "bob", "198.51.100.3"]
        );
    }

    #[test]
    fn syslog_lines() {
        for (text, host, process, pid, time) in [
            ("Oct 11 22:14:15 h1 sshd[12]: x", "h1", "sshd", "12", None),
            (
                "<34>1 2020-01-02T03:04:05.6Z h2 su 77 ID47 - x",
                "h2",
                "su",
                "77",
                "2020-01-02T03:04:05.6Z".parse().ok(),
            ),
            (
                "2020-01-02T03:04:05+00:00 h3 cron: a=b",
                "h3",
                "cron",
                "",
                "2020-01-02T03:04:05Z".parse().ok(),
            ),
        ] {
            let event = read(text);
            assert_eq!(event.meta.host.as_deref(), Some(host), "{text}");
            assert_eq!(fields(&event, &["process", "pid"]), [process, pid], "{text}");
            assert_eq!(event.meta.time, time, "{text}");
        }
        let event = read(
            "Oct 11 22:14:15 h sshd[12]: Failed password for invalid user bob from 203.0.113.9 port 22 ssh2",
        );
        assert_eq!(fields(&event, &["user", "src_ip"]), ["bob", "203.0.113.9"]);
    }

    #[test]
    fn other_lines_are_in_no_dialect() {
        for text in [
            "",
            "type=SYSCALL msg=audit(x): a=b",
            "type=SYSCALL",
            "Type=Process",
            "1286536309.450 x",
            "a b [10/Oct/2020]",
            "Octopus 11 22:14:15 h x: y",
            "Oct 11 h",
            "<999>",
            "2020-01-02 03:04:05",
            "{\"a\":1}",
            "<Event><System>",
        ] {
            assert!(!starts_event(text.as_bytes(), 0), "{text}");
        }
    }
}
