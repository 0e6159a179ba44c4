//! Squid's native access log: `seconds.millis duration client action/status bytes method URL user
//! hierarchy/peer type` (Squid wiki, Features/LogFormat).

use jiff::tz::TimeZone;

use super::{Dialect, Line, push_uri, word};
use crate::event::RawFields;
use crate::format::{DecodeContext, time};

pub(super) const DIALECT: Dialect =
    Dialect { sourcetype: "squid:access", certain: true, starts, read };

struct Start<'t> {
    time: &'t str,
    duration: &'t str,
    client: &'t str,
    action: &'t str,
    status: &'t str,
    rest: &'t str,
}

fn start(text: &str) -> Option<Start<'_>> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (time, rest) = word(text)?;
    let (seconds, millis) = time.split_once('.')?;
    let (duration, rest) = word(rest)?;
    let (client, rest) = word(rest)?;
    let (result, rest) = word(rest)?;
    let (action, status) = result.split_once('/')?;
    let is_action = action.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    let is_start = seconds.len() >= 9
        && is_number(seconds)
        && millis.len() == 3
        && is_number(millis)
        && is_number(duration)
        && is_action
        && !action.is_empty()
        && status.len() == 3
        && is_number(status);
    is_start.then_some(Start { time, duration, client, action, status, rest })
}

fn starts(line: &[u8]) -> bool {
    line.first().is_some_and(u8::is_ascii_digit) && start(&String::from_utf8_lossy(line)).is_some()
}

fn read(text: &str, _: &DecodeContext) -> Option<Line> {
    let start = start(text)?;
    let mut fields = RawFields::default();
    fields.push("duration", start.duration);
    fields.push("clientip", start.client);
    fields.push("action", start.action);
    fields.push("status", start.status);
    let (bytes, rest) = word(start.rest)?;
    let (method, rest) = word(rest)?;
    let (url, rest) = word(rest)?;
    fields.push("bytes", bytes);
    fields.push("method", method);
    fields.push("url", url);
    push_uri(&mut fields, url);
    let (user, rest) = word(rest)?;
    fields.push("user", user);
    let (hierarchy, kind) = word(rest).unwrap_or((rest.trim_end(), ""));
    let (way, peer) = hierarchy.split_once('/').unwrap_or((hierarchy, ""));
    fields.push("hierarchy", way);
    if peer != "-" {
        fields.push("dest_ip", peer);
    }
    fields.push("content_type", kind.trim_end());
    Some(Line { time: time::parse_or_epoch(start.time, &TimeZone::UTC), fields, ..Line::default() })
}
