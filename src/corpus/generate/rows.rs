//! Rows of text that are written once and copied for each event, with what differs put in.

use std::io;

use jiff::Timestamp;
use memchr::memmem;

use super::catalog::{Drawn, PROCESS_MARK};
use crate::corpus::escape::{self, Clock, Escapes};
use crate::corpus::evtx_writer::EventSpec;
use crate::corpus::writer::{Style, Writer};

/// The time that stands in a row where each event has its own: a time that is written with as
/// many digits as any other.
const TIME_MARK: Timestamp = Timestamp::constant(1_941_407_927, 123_456_700);
/// The same for the number of the record.
const RECORD_MARK: u64 = 48_765_432;
/// The first number of a record; all have eight digits.
const FIRST_RECORD: u64 = 10_000_000;

/// What is put into a copy of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `2019-03-19T13:05:42`
    Iso,
    /// `2019-03-19 13:05:42`
    IsoBlank,
    /// `03/19/2019 01:05:42 PM`
    American,
    /// The first digits of the fraction of a second.
    Fraction(usize),
    /// The number of the record, eight digits.
    Record,
    /// The number of a process, four digits after `0x`.
    ProcessHex,
    /// The same, five digits.
    ProcessDecimal,
}

#[derive(Debug, Clone, Copy)]
struct Patch {
    at: usize,
    kind: Kind,
}

/// An event as text, with the places of what differs from event to event.
#[derive(Debug)]
pub(super) struct Row {
    bytes: Vec<u8>,
    patches: Vec<Patch>,
    /// The number of the host.
    pub host: u64,
}

impl Row {
    /// Writes a row in a style whose events stand for themselves, one after the other.
    pub(super) fn new(drawn: &Drawn<'_>, style: Style, escapes: Escapes) -> io::Result<Self> {
        let data = drawn.data();
        let event = EventSpec { time: TIME_MARK, record_id: RECORD_MARK, ..drawn.spec(&data) };
        let mut writer = Writer::with_escapes(style, escapes, Vec::new());
        writer.write(&event)?;
        let bytes = writer.finish()?;
        Ok(Self { patches: patches(&bytes), bytes, host: drawn.host })
    }

    /// Appends a copy for one event.
    pub(super) fn append(&self, out: &mut Vec<u8>, marks: &Marks) {
        let base = out.len();
        out.extend_from_slice(&self.bytes);
        for patch in &self.patches {
            let text = marks.text(patch.kind);
            let from = base + patch.at;
            if let Some(place) = out.get_mut(from..from + text.len()) {
                place.copy_from_slice(text);
            }
        }
    }
}

fn patches(bytes: &[u8]) -> Vec<Patch> {
    let clock = Clock::new(TIME_MARK);
    let written = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut out = Vec::new();
        write(&mut out);
        out
    };
    let marks = [
        (Kind::Iso, written(&|out| clock.iso(out, b'T', 0))),
        (Kind::IsoBlank, written(&|out| clock.iso(out, b' ', 0))),
        (Kind::American, written(&|out| clock.american(out))),
        (Kind::Record, written(&|out| escape::decimal(out, RECORD_MARK, 8))),
        (Kind::ProcessHex, written(&|out| escape::hex(out, PROCESS_MARK))),
        (Kind::ProcessDecimal, written(&|out| escape::decimal(out, PROCESS_MARK, 5))),
    ];
    let mut patches = Vec::new();
    for (kind, mark) in marks {
        for at in memmem::find_iter(bytes, &mark) {
            // `0x` stays.
            let skip = if kind == Kind::ProcessHex { 2 } else { 0 };
            patches.push(Patch { at: at + skip, kind });
            let after = &bytes[at + mark.len()..];
            if matches!(kind, Kind::Iso | Kind::IsoBlank) && after.first() == Some(&b'.') {
                let digits = after[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                let kind = Kind::Fraction(digits.min(9));
                patches.push(Patch { at: at + mark.len() + 1, kind });
            }
        }
    }
    patches
}

/// What the copies of rows get, for one event at a time.
#[derive(Debug, Default)]
pub(super) struct Marks {
    second: Option<i64>,
    iso: Vec<u8>,
    iso_blank: Vec<u8>,
    american: Vec<u8>,
    fraction: Vec<u8>,
    record: Vec<u8>,
    process_hex: Vec<u8>,
    process_decimal: Vec<u8>,
}

impl Marks {
    /// Goes on to another event. A process's number has four hexadecimal and five decimal digits.
    pub(super) fn set(&mut self, time: Timestamp, number: u64, process: u64) {
        if self.second.replace(time.as_second()) != Some(time.as_second()) {
            let clock = Clock::new(time);
            let texts = [&mut self.iso, &mut self.iso_blank, &mut self.american];
            texts.into_iter().for_each(Vec::clear);
            clock.iso(&mut self.iso, b'T', 0);
            clock.iso(&mut self.iso_blank, b' ', 0);
            clock.american(&mut self.american);
        }
        let texts = [
            &mut self.fraction,
            &mut self.record,
            &mut self.process_hex,
            &mut self.process_decimal,
        ];
        texts.into_iter().for_each(Vec::clear);
        let nanoseconds = u64::try_from(time.subsec_nanosecond()).unwrap_or(0);
        escape::decimal(&mut self.fraction, nanoseconds, 9);
        escape::decimal(&mut self.record, record_id(number), 8);
        let process = process.clamp(10_000, 0xffff);
        escape::hex(&mut self.process_hex, process);
        escape::decimal(&mut self.process_decimal, process, 5);
    }

    fn text(&self, kind: Kind) -> &[u8] {
        match kind {
            Kind::Iso => &self.iso,
            Kind::IsoBlank => &self.iso_blank,
            Kind::American => &self.american,
            Kind::Fraction(digits) => &self.fraction[..digits.min(self.fraction.len())],
            Kind::Record => &self.record,
            Kind::ProcessHex => self.process_hex.get(2..).unwrap_or_default(),
            Kind::ProcessDecimal => &self.process_decimal,
        }
    }
}

/// The record's number of the event with this number in its corpus.
pub(super) fn record_id(number: u64) -> u64 {
    FIRST_RECORD + number % (10 * FIRST_RECORD - FIRST_RECORD)
}

#[cfg(test)]
mod tests {
    use super::super::catalog::{Catalog, Host};
    use super::super::random::Random;
    use super::*;
    use crate::corpus::CorpusFormat;

    /// A row that was patched is what the writer writes for the event itself.
    #[test]
    fn a_patched_row_is_the_event_written() {
        let catalog = Catalog::builtin().unwrap();
        let time: Timestamp = "2021-11-30T04:05:06.0078Z".parse().unwrap();
        for format in [CorpusFormat::Xml, CorpusFormat::Classic, CorpusFormat::Json] {
            let style = format.style().unwrap();
            for kind in ["logon", "failed-logon", "privileges", "installer-near"] {
                let drawn = catalog.draw(kind, &Host::new(5), &mut Random::new(9)).unwrap();
                let row = Row::new(&drawn, style, Escapes::Least).unwrap();
                let mut marks = Marks::default();
                // Twice, so that what is kept of a second is used.
                let mut copy = Vec::new();
                for _ in 0..2 {
                    copy.clear();
                    marks.set(time, 77, PROCESS_MARK);
                    row.append(&mut copy, &marks);
                }
                let data = drawn.data();
                let event = EventSpec { time, record_id: record_id(77), ..drawn.spec(&data) };
                let mut writer = Writer::new(style, Vec::new());
                writer.write(&event).unwrap();
                let expected = writer.finish().unwrap();
                assert_eq!(
                    String::from_utf8_lossy(&copy),
                    String::from_utf8_lossy(&expected),
                    "{format:?} {kind}"
                );
                assert!(row.patches.len() >= 2, "a time and a number at least");
            }
        }
    }
}
