//! Lines with a syslog header, of RFC 3164, of RFC 5424, or with the long time that rsyslog
//! writes, and `key=value` pairs in their text.
//!
//! `host`, `process` and `pid` are those of Splunk's own extraction for `syslog`; the user and the
//! address in what sshd says are called as the add-on for Unix calls them. A time of RFC 3164 has
//! no year, so the event has none, and goes by the time of its file.

use super::pairs::push_pairs;
use super::{Dialect, Line, word};
use crate::event::RawFields;
use crate::format::{DecodeContext, time};

pub(super) const DIALECT: Dialect = Dialect { sourcetype: "syslog", certain: false, starts, read };

struct Header<'t> {
    /// With its date and zone, where it has them.
    time: Option<&'t str>,
    host: &'t str,
    /// What follows the host.
    rest: &'t str,
    /// Whether that are the fields of RFC 5424.
    structured: bool,
}

fn header(text: &str) -> Option<Header<'_>> {
    let (priority, text) = match text.strip_prefix('<') {
        Some(rest) => {
            let (digits, rest) = rest.split_once('>')?;
            let fits = (1..=3).contains(&digits.len());
            (fits && digits.bytes().all(|b| b.is_ascii_digit())).then_some(())?;
            (true, rest)
        }
        None => (false, text),
    };
    if let Some(rest) = text.strip_prefix("1 ").filter(|_| priority) {
        let (time, rest) = word(rest).filter(|(time, _)| *time == "-" || is_long_time(time))?;
        let (host, rest) = word(rest)?;
        return Some(Header { time: Some(time), host, rest, structured: true });
    }
    let (time, rest) = match text.get(..15).filter(|text| is_short_time(text.as_bytes())) {
        Some(_) => (None, text[15..].strip_prefix(' ')?),
        None => word(text)
            .filter(|(time, _)| is_long_time(time))
            .map(|(time, rest)| (Some(time), rest))?,
    };
    let (host, rest) = word(rest).unwrap_or((rest, ""));
    (!host.is_empty()).then_some(Header { time, host, rest, structured: false })
}

/// `Oct 11 22:14:15`, the day filled up with a blank.
fn is_short_time(text: &[u8]) -> bool {
    const MONTHS: [&[u8]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    MONTHS.contains(&&text[..3])
        && text.iter().zip(b"MMM d0 00:00:00").skip(3).all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            b'd' => byte.is_ascii_digit() || *byte == b' ',
            _ => byte == shape,
        })
}

/// `2003-10-11T22:14:15.003Z`.
fn is_long_time(text: &str) -> bool {
    let shape = b"0000-00-00T00:00:00";
    text.len() > shape.len()
        && text.bytes().zip(shape).all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            _ => byte == *shape,
        })
}

fn starts(line: &[u8]) -> bool {
    let first = line.first().is_some_and(|b| *b == b'<' || b.is_ascii_alphanumeric());
    first && header(&String::from_utf8_lossy(line)).is_some()
}

fn read(text: &str, context: &DecodeContext) -> Option<Line> {
    let header = header(text)?;
    let mut fields = RawFields::default();
    let text = if header.structured {
        let (process, rest) = word(header.rest)?;
        let (pid, rest) = word(rest)?;
        push_process(&mut fields, process, pid);
        rest
    } else {
        match header.rest.split_once(": ").filter(|(tag, _)| !tag.contains(' ')) {
            Some((tag, text)) => {
                let (process, pid) =
                    tag.strip_suffix(']').and_then(|tag| tag.split_once('[')).unwrap_or((tag, ""));
                push_process(&mut fields, process, pid);
                text
            }
            None => header.rest,
        }
    };
    if fields.first("process") == Some("sshd") {
        push_login(&mut fields, text);
    }
    push_pairs(&mut fields, text);
    Some(Line {
        time: header.time.and_then(|text| time::parse(text, &context.timezone)),
        host: Some(header.host.to_owned()).filter(|host| host != "-"),
        fields,
        ..Line::default()
    })
}

fn push_process(fields: &mut RawFields, process: &str, pid: &str) {
    for (name, value) in [("process", process), ("pid", pid)] {
        if value != "-" {
            fields.push(name, value);
        }
    }
}

/// `Failed password for invalid user bob from 203.0.113.9 port 22 ssh2`.
fn push_login(fields: &mut RawFields, text: &str) {
    let Some((before, after)) = text.rsplit_once(" from ") else { return };
    let Some((address, rest)) = word(after).filter(|(_, rest)| rest.starts_with("port ")) else {
        return;
    };
    let user = before.split_once(" for ").map_or("", |(_, user)| user);
    let user = user.strip_prefix("invalid user ").unwrap_or(user);
    fields.push("user", user);
    fields.push("src_ip", address);
    let port = rest["port ".len()..].split(' ').next().unwrap_or("");
    fields.push("src_port", port.trim_end());
}
