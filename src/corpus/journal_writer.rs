//! Writes journals of Splunk buckets as SPLUNK.md 7 tells them, for tests: in any compression, with
//! slices that end between events or anywhere.

use std::collections::HashMap;
use std::io::{self, Write};

/// How a journal is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalPacking {
    /// Not at all.
    Plain,
    /// A gzip member a slice.
    Gzip,
    /// A zstd frame a slice.
    Zstd,
    /// An lz4 frame a slice.
    Lz4,
}

impl JournalPacking {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Plain, Self::Gzip, Self::Zstd, Self::Lz4];

    /// What the file is called.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Plain => "journal",
            Self::Gzip => "journal.gz",
            Self::Zstd => "journal.zst",
            Self::Lz4 => "journal.lz4",
        }
    }

    fn pack(self, slice: &[u8], to: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Plain => to.extend_from_slice(slice),
            Self::Gzip => {
                let level = flate2::Compression::default();
                let mut encoder = flate2::write::GzEncoder::new(to, level);
                encoder.write_all(slice)?;
                encoder.finish()?;
            }
            Self::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(to, 3)?;
                encoder.include_checksum(true)?;
                encoder.write_all(slice)?;
                encoder.finish()?;
            }
            Self::Lz4 => {
                let info = lz4_flex::frame::FrameInfo::new().content_checksum(true);
                let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(info, to);
                encoder.write_all(slice)?;
                encoder.finish().map_err(io::Error::other)?;
            }
        }
        Ok(())
    }
}

/// How a journal is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalLayout {
    /// The compression.
    pub packing: JournalPacking,
    /// The size of a slice, unpacked.
    pub slice: usize,
    /// Whether a slice ends between events, not amid one.
    pub whole_events: bool,
    /// Whether each slice says anew what is in force.
    pub restated: bool,
}

impl JournalLayout {
    /// As Splunk writes by default, in this compression.
    #[must_use]
    pub fn new(packing: JournalPacking) -> Self {
        Self { packing, slice: 128 << 10, whole_events: true, restated: true }
    }
}

/// How an event is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EventForm {
    /// Without a hash.
    #[default]
    Short,
    /// With a hash.
    Hashed,
    /// With a hash and data that only Splunk knows.
    Extended,
    /// As old versions wrote, without a hash.
    Old,
    /// As old versions wrote, with one.
    OldHashed,
}

impl EventForm {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Short, Self::Hashed, Self::Extended, Self::Old, Self::OldHashed];

    fn opcode(self) -> u8 {
        match self {
            Self::Short => 33,
            Self::Hashed => 32,
            Self::Extended => 36,
            Self::Old => 1,
            Self::OldHashed => 2,
        }
    }

    /// The key of an indexed field that is a text: its name's number and its type, 0.
    fn key(self, name: u64) -> u64 {
        match self {
            Self::Short | Self::Hashed => name << 2,
            Self::Extended => name << 4,
            Self::Old | Self::OldHashed => name << 1,
        }
    }
}

/// An event to write.
#[derive(Debug, Clone, Copy, Default)]
pub struct JournalEvent<'a> {
    /// `host`; empty for none, like the next two.
    pub host: &'a str,
    /// `source`.
    pub source: &'a str,
    /// `sourcetype`.
    pub sourcetype: &'a str,
    /// `_time`, in milliseconds since 1970.
    pub milliseconds: i64,
    /// `_raw`.
    pub raw: &'a [u8],
    /// Indexed fields.
    pub fields: &'a [(&'a str, &'a str)],
    /// How it is written.
    pub form: EventForm,
}

/// How long after the base time an event may be before there is a new one.
const LONGEST_AFTER_BASE: i64 = 3_600_000;

/// Writes a journal into memory.
#[derive(Debug)]
pub struct JournalWriter {
    layout: JournalLayout,
    packed: Vec<u8>,
    /// What is not packed yet.
    pending: Vec<u8>,
    /// The number of each text of each table.
    numbers: HashMap<(u8, String), u64>,
    /// How many texts each table has.
    counts: HashMap<u8, u64>,
    /// Host, source and source type in force.
    active: [u64; 3],
    base: Option<i64>,
    events: u64,
}

const HOST: u8 = 3;
const SOURCE: u8 = 4;
const SOURCETYPE: u8 = 5;
const TEXT: u8 = 6;

impl JournalWriter {
    /// A writer of an empty journal.
    #[must_use]
    pub fn new(layout: JournalLayout) -> Self {
        let mut writer = Self {
            layout,
            packed: Vec::new(),
            pending: Vec::new(),
            numbers: HashMap::new(),
            counts: HashMap::new(),
            active: [0; 3],
            base: None,
            events: 0,
        };
        // Version 2, no alignment, index times from 2020 on.
        writer.pending.extend([10, 2, 0]);
        writer.pending.extend(1_577_836_800i32.to_le_bytes());
        writer
    }

    /// Adds an event.
    ///
    /// # Errors
    /// When it cannot be packed, or its time is none that a journal can hold.
    pub fn write(&mut self, event: &JournalEvent<'_>) -> io::Result<()> {
        let labels = [
            self.number(HOST, "host::", event.host),
            self.number(SOURCE, "source::", event.source),
            self.number(SOURCETYPE, "sourcetype::", event.sourcetype),
        ];
        let fields: Vec<_> = event
            .fields
            .iter()
            .map(|(name, value)| (self.number(TEXT, "", name), self.number(TEXT, "", value)))
            .collect();
        let base = self.state(labels, event.milliseconds)?;
        let milliseconds = event.milliseconds - base * 1000;
        let mut head = Vec::new();
        if event.form == EventForm::Extended {
            number(3, &mut head);
        }
        if event.form.opcode() & 1 == 0 {
            head.extend([0xa5; 20]);
        }
        head.extend(self.events.to_le_bytes());
        // Where it stood in its input, and when it was indexed.
        number(self.events * 300, &mut head);
        number(0, &mut head);
        number(self.events, &mut head);
        number(milliseconds.cast_unsigned() << 1 ^ (milliseconds >> 63).cast_unsigned(), &mut head);
        number(fields.len() as u64, &mut head);
        for (name, value) in fields {
            number(event.form.key(name), &mut head);
            number(value, &mut head);
        }
        if event.form == EventForm::Extended {
            head.extend(b"ext");
        }
        self.pending.push(event.form.opcode());
        number((head.len() + event.raw.len()) as u64, &mut self.pending);
        self.pending.extend(head);
        self.pending.extend_from_slice(event.raw);
        self.events += 1;
        if self.events.is_multiple_of(7) {
            // Nothing, and something for Splunk alone.
            self.pending.extend([0, 9, 3, 1, 2, 3]);
        }
        self.pack_full_slices()
    }

    /// Ends the journal; gives its bytes.
    ///
    /// # Errors
    /// When it cannot be packed.
    pub fn finish(mut self) -> io::Result<Vec<u8>> {
        if !self.pending.is_empty() {
            self.layout.packing.pack(&self.pending, &mut self.packed)?;
        }
        Ok(self.packed)
    }

    /// The number of a text in its table, into which it is written if it is new; 0, for none, of an
    /// empty one.
    fn number(&mut self, table: u8, prefix: &str, text: &str) -> u64 {
        if text.is_empty() {
            return 0;
        }
        let key = (table, text.to_owned());
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let count = self.counts.entry(table).or_default();
        *count += 1;
        self.numbers.insert(key, *count);
        self.pending.push(table);
        number((prefix.len() + text.len()) as u64, &mut self.pending);
        self.pending.extend_from_slice(prefix.as_bytes());
        self.pending.extend_from_slice(text.as_bytes());
        *count
    }

    /// Says what has changed since the last event; gives the base time.
    fn state(&mut self, labels: [u64; 3], milliseconds: i64) -> io::Result<i64> {
        let mut opcode = 16;
        let mut said = Vec::new();
        for (at, bit) in [8, 4, 2].into_iter().enumerate() {
            if self.active[at] != labels[at] {
                opcode |= bit;
                number(labels[at], &mut said);
            }
        }
        self.active = labels;
        let near = |base: &i64| (0..LONGEST_AFTER_BASE).contains(&(milliseconds - base * 1000));
        let base = match self.base.filter(near) {
            Some(base) => base,
            None => {
                let base = milliseconds.div_euclid(1000);
                let short = i32::try_from(base).map_err(io::Error::other)?;
                opcode |= 1;
                said.extend(short.to_le_bytes());
                base
            }
        };
        self.base = Some(base);
        if opcode > 16 {
            self.pending.push(opcode);
            self.pending.extend(said);
        }
        Ok(base)
    }

    fn pack_full_slices(&mut self) -> io::Result<()> {
        let size = self.layout.slice.max(1);
        if self.layout.whole_events {
            if self.pending.len() >= size {
                self.layout.packing.pack(&self.pending, &mut self.packed)?;
                self.pending.clear();
                if self.layout.restated {
                    self.active = [0; 3];
                    self.base = None;
                }
            }
            return Ok(());
        }
        while self.pending.len() >= size {
            self.layout.packing.pack(&self.pending[..size], &mut self.packed)?;
            self.pending.drain(..size);
        }
        Ok(())
    }
}

/// Writes a number, seven bits a byte, the lowest first.
fn number(mut number: u64, to: &mut Vec<u8>) {
    while number >= 0x80 {
        to.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}
