//! Linux audit records: `type=SYSCALL msg=audit(1364481363.243:24287): arch=c000003e ..`.
//!
//! One record is one event, as the source types `linux_audit` and `linux:audit` have it; those of
//! one happening share the number behind the time. Arguments that the kernel wrote in hexadecimal
//! stay so.

use jiff::tz::TimeZone;

use super::pairs::push_pairs;
use super::{Dialect, Line};
use crate::event::RawFields;
use crate::format::{DecodeContext, time};

pub(super) const DIALECT: Dialect =
    Dialect { sourcetype: "linux_audit", certain: true, starts, read };

/// The parts of a record's start.
struct Start<'t> {
    node: Option<&'t str>,
    kind: &'t str,
    /// Seconds since 1970.
    seconds: &'t str,
}

fn start(text: &str) -> Option<Start<'_>> {
    let (node, rest) = match text.strip_prefix("node=") {
        Some(rest) => rest.split_once(' ').map(|(node, rest)| (Some(node), rest))?,
        None => (None, text),
    };
    let (kind, rest) = rest.strip_prefix("type=")?.split_once(' ')?;
    let (seconds, rest) = rest.strip_prefix("msg=audit(")?.split_once(':')?;
    let serial = rest.split_once(')')?.0;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (whole, decimals) = seconds.split_once('.')?;
    let is_start = is_number(whole) && is_number(decimals) && is_number(serial);
    (is_start && !kind.is_empty()).then_some(Start { node, kind, seconds })
}

fn starts(line: &[u8]) -> bool {
    if !line.starts_with(b"type=") && !line.starts_with(b"node=") {
        return false;
    }
    start(&String::from_utf8_lossy(line)).is_some()
}

fn read(text: &str, _: &DecodeContext) -> Option<Line> {
    let Start { node, kind, seconds } = start(text)?;
    let mut fields = RawFields::default();
    push_pairs(&mut fields, text);
    Some(Line {
        time: time::parse_or_epoch(seconds, &TimeZone::UTC),
        host: node.map(str::to_owned),
        kind: Some(kind.to_owned()),
        fields,
    })
}
