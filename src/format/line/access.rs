//! Access logs of Apache and nginx, common and combined:
//! `host ident user [day/Mon/year:time zone] "request" status bytes "referer" "agent"`.
//!
//! Fields are called as Splunk's own extraction for `access_combined` calls them.

use jiff::Timestamp;

use super::{Dialect, Line, push_uri, word};
use crate::event::RawFields;
use crate::format::DecodeContext;

pub(super) const DIALECT: Dialect =
    Dialect { sourcetype: "access_combined", certain: true, starts, read };

/// How long `[10/Oct/2000:13:55:36 -0700]` is.
const TIME_LEN: usize = 28;

struct Start<'t> {
    host: &'t str,
    ident: &'t str,
    user: &'t str,
    time: &'t str,
    /// What follows the quote before the request.
    rest: &'t str,
}

fn start(text: &str) -> Option<Start<'_>> {
    let is_host = |host: &str| {
        host.bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b':' | b'-' | b'_' | b'%'))
    };
    let (host, rest) = word(text).filter(|(host, _)| is_host(host))?;
    let (ident, rest) = word(rest)?;
    let open = rest.find(" [").filter(|&open| open > 0)?;
    let user = &rest[..open];
    let rest = &rest[open + 1..];
    let time = rest.get(..TIME_LEN)?.strip_prefix('[')?.strip_suffix(']')?;
    let shape = b"00/aaa/0000:00:00:00 s0000";
    let fits = time.bytes().zip(shape).all(|(byte, shape)| match shape {
        b'0' => byte.is_ascii_digit(),
        b'a' => byte.is_ascii_alphabetic(),
        b's' => matches!(byte, b'+' | b'-'),
        _ => byte == *shape,
    });
    let rest = rest[TIME_LEN..].strip_prefix(" \"").filter(|_| fits)?;
    Some(Start { host, ident, user, time, rest })
}

fn starts(line: &[u8]) -> bool {
    // Most lines of other logs have no bracket.
    memchr::memchr(b'[', line).is_some() && start(&String::from_utf8_lossy(line)).is_some()
}

fn read(text: &str, _: &DecodeContext) -> Option<Line> {
    let start = start(text)?;
    let mut fields = RawFields::default();
    fields.push("clientip", start.host);
    fields.push("ident", start.ident);
    fields.push("user", start.user);
    fields.push("req_time", start.time);
    let (request, rest) = quoted(start.rest)?;
    push_request(&mut fields, request);
    let mut rest = rest.trim_start_matches(' ');
    for name in ["status", "bytes"] {
        let (value, after) = word(rest).unwrap_or((rest, ""));
        fields.push(name, value.trim_end());
        rest = after;
    }
    for name in ["referer", "useragent", "cookie"] {
        let Some((value, after)) = rest.strip_prefix('"').and_then(quoted) else { break };
        fields.push(name, value);
        rest = after.trim_start_matches(' ');
    }
    Some(Line { time: parse_time(start.time), fields, ..Line::default() })
}

/// What stands before the closing quote, and what follows it. A backslash escapes a quote.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    let end = text.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })?;
    Some((&text[..end], &text[end + 1..]))
}

/// `GET /path?query HTTP/1.1`; of anything else the whole is the request.
fn push_request(fields: &mut RawFields, request: &str) {
    fields.push("request", request);
    let Some((method, rest)) = word(request) else { return };
    if !method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_') {
        return;
    }
    let (uri, version) = rest.rsplit_once(" HTTP/").unwrap_or((rest, ""));
    fields.push("method", method);
    push_uri(fields, uri);
    fields.push("version", version);
}

fn parse_time(text: &str) -> Option<Timestamp> {
    Timestamp::strptime("%d/%b/%Y:%H:%M:%S %z", text).ok()
}
