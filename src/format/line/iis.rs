//! Access logs of Microsoft IIS with the fields that it writes unless told otherwise:
//! `date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent)
//! [cs(Referer)] sc-status sc-substatus sc-win32-status time-taken`, times in UTC.
//!
//! Lines with other fields can only be told by the `#Fields:` line, which may be far away; they are
//! in no dialect. Field names are those of the add-on for `ms:iis:default`.

use jiff::tz::TimeZone;

use super::{Dialect, Line};
use crate::event::RawFields;
use crate::format::{DecodeContext, time};

pub(super) const DIALECT: Dialect =
    Dialect { sourcetype: "ms:iis:default", certain: true, starts, read };

/// The fields up to the user agent, and those behind what may be the referrer.
const HEAD: [&str; 10] = [
    "date",
    "time",
    "s_ip",
    "cs_method",
    "cs_uri_stem",
    "cs_uri_query",
    "s_port",
    "cs_username",
    "c_ip",
    "cs_User_Agent",
];
const TAIL: [&str; 4] = ["sc_status", "sc_substatus", "sc_win32_status", "time_taken"];

/// Whether this starts such a line: its date and time, its address, method and path.
fn starts(line: &[u8]) -> bool {
    let mut words = line.split(|&byte| byte == b' ');
    let mut word = || words.next().unwrap_or_default();
    let [date, time, address, method, path] = std::array::from_fn(|_| word());
    fits(date, b"0000-00-00")
        && fits(time, b"00:00:00")
        && !address.is_empty()
        && address.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':' | b'%'))
        && !method.is_empty()
        && method.iter().all(u8::is_ascii_uppercase)
        && (path.starts_with(b"/") || path == b"*")
}

fn fits(text: &[u8], shape: &[u8]) -> bool {
    text.len() == shape.len()
        && text.iter().zip(shape).all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            _ => byte == shape,
        })
}

fn read(text: &str, _: &DecodeContext) -> Option<Line> {
    let words: Vec<&str> = text.trim_end().split(' ').collect();
    let behind = words.get(HEAD.len()..)?;
    let referrer = behind.len() == TAIL.len() + 1;
    if !referrer && behind.len() != TAIL.len() {
        return None;
    }
    let mut fields = RawFields::default();
    let mut push = |name: &str, value: &str| {
        if value != "-" {
            fields.push(name, value);
        }
    };
    HEAD.iter().zip(&words).for_each(|(name, value)| push(name, value));
    if referrer {
        push("cs_Referer", behind[0]);
    }
    let tail = &behind[usize::from(referrer)..];
    TAIL.iter().zip(tail).for_each(|(name, value)| push(name, value));
    let stamp = text.get(.."0000-00-00 00:00:00".len())?;
    Some(Line { time: time::parse(stamp, &TimeZone::UTC), fields, ..Line::default() })
}
