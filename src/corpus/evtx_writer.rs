//! A small writer of EVTX logs.
//!
//! It writes what Windows 10 would for events of these kinds: a file header, chunks with their
//! checksums, names in a table with hash chains, one template for the `System` part with the
//! `EventData` part, a template of its own, nested as BinXML in a value. A template or name is
//! written where a chunk uses it first and referred to afterwards. Values are typed; the computer
//! is constant text in the template; all data without a name are one array of strings, as
//! classic event sources write them.
//!
//! The same events give the same bytes.
//!
//! ```
//! use coldsweep::corpus::evtx_writer::{Datum, EventSpec, EvtxWriter, Value};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let data = [Datum { name: Some("CommandLine"), value: Value::Text("msiexec /i http://x/a.msi") }];
//! let mut writer = EvtxWriter::new(std::io::Cursor::new(Vec::new()))?;
//! writer.write(&EventSpec { event_id: 4688, data: &data, ..EventSpec::default() })?;
//! let log = writer.finish()?.into_inner();
//! assert_eq!(log.len(), 4096 + 65536);
//! # Ok(())
//! # }
//! ```

use std::collections::HashMap;
use std::io::{self, Seek, SeekFrom, Write};
use std::str::FromStr;

use jiff::Timestamp;

use crate::format::evtx::{CHUNK_HEADER_LEN, CHUNK_LEN, FILE_HEADER_LEN};

const NAMESPACE: &str = "http://schemas.microsoft.com/win/2004/08/events/event";
/// Seconds from 1601, where FILETIME starts, to 1970.
const EPOCH_1601: i64 = 11_644_473_600;
/// The buckets of a chunk's name table and template table.
const NAME_BUCKETS: usize = 64;
const TEMPLATE_BUCKETS: usize = 32;
/// The dependency of an element that does not depend on a value.
const NO_DEPENDENCY: u16 = 0xffff;

/// One event to write.
#[derive(Debug, Clone)]
pub struct EventSpec<'a> {
    /// The provider's name.
    pub provider: &'a str,
    /// The provider's GUID; classic sources have none.
    pub guid: Option<Guid>,
    /// The number of the event's kind.
    pub event_id: u16,
    /// The `Qualifiers` of the event's kind; classic sources have them.
    pub qualifiers: Option<u16>,
    /// The version of the event's kind; `None` leaves the element out, as classic sources do.
    pub version: Option<u8>,
    /// The level: 0 for audits, 4 for information.
    pub level: u8,
    /// The category.
    pub task: u16,
    /// The opcode; `None` leaves the element out, as classic sources do.
    pub opcode: Option<u8>,
    /// The keywords.
    pub keywords: u64,
    /// When it happened, to 100 ns; times before 1601 become 1601.
    pub time: Timestamp,
    /// The `EventRecordID`. The headers of the records count from 1, whatever it is.
    pub record_id: u64,
    /// Process and thread; `None` leaves `Correlation` and `Execution` out, as classic sources do.
    pub process: Option<(u32, u32)>,
    /// The log's channel.
    pub channel: &'a str,
    /// The computer.
    pub computer: &'a str,
    /// The user of the `Security` element.
    pub user: Option<&'a Sid>,
    /// The event's data.
    pub data: &'a [Datum<'a>],
}

impl Default for EventSpec<'_> {
    /// An audit of Windows 10, 2020-01-01, with no data.
    fn default() -> Self {
        Self {
            provider: "Microsoft-Windows-Security-Auditing",
            guid: Some(Guid(0x5484_9625_5478_4994_a5ba_3e3b_0328_c30d)),
            event_id: 4688,
            qualifiers: None,
            version: Some(2),
            level: 0,
            task: 13312,
            opcode: Some(0),
            keywords: 0x8020_0000_0000_0000,
            time: Timestamp::constant(1_577_836_800, 0),
            record_id: 1,
            process: Some((4, 5656)),
            channel: "Security",
            computer: "host.example",
            user: None,
            data: &[],
        }
    }
}

/// One `Data` element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Datum<'a> {
    /// Its `Name`.
    pub name: Option<&'a str>,
    /// What it holds.
    pub value: Value<'a>,
}

/// A typed value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// A string of up to 32767 UTF-16 units. Readers end it at the first NUL.
    Text(&'a str),
    /// A decimal number.
    Unsigned(u64),
    /// A number in hexadecimal, `0x3e7`.
    Hex(u64),
    /// A GUID.
    Guid(Guid),
    /// A security identifier.
    Sid(&'a Sid),
    /// Bytes, rendered in hexadecimal.
    Binary(&'a [u8]),
    /// Nothing.
    Null,
}

impl Value<'_> {
    /// The type it is stored as.
    fn kind(&self) -> u8 {
        match self {
            Self::Null => kind::NULL,
            Self::Text(_) => kind::STRING,
            Self::Unsigned(_) => kind::U64,
            Self::Hex(_) => kind::HEX64,
            Self::Guid(_) => kind::GUID,
            Self::Sid(_) => kind::SID,
            Self::Binary(_) => kind::BINARY,
        }
    }
}

/// A GUID, its digits read as one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Guid(pub u128);

impl Guid {
    /// As it is stored: the first three groups in little-endian order.
    fn to_bytes(self) -> [u8; 16] {
        let mut bytes = self.0.to_be_bytes();
        bytes[..4].reverse();
        bytes[4..6].reverse();
        bytes[6..8].reverse();
        bytes
    }
}

/// A security identifier, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sid(Vec<u8>);

impl FromStr for Sid {
    type Err = BadSid;

    /// Reads `S-1-5-18`.
    fn from_str(text: &str) -> Result<Self, BadSid> {
        let bad = || BadSid(text.to_owned());
        let mut parts = text.strip_prefix("S-").ok_or_else(bad)?.split('-');
        let mut number = || parts.next().map(|part| part.parse::<u64>().map_err(|_| bad()));
        let revision = number().ok_or_else(bad)??;
        let authority = number().ok_or_else(bad)??;
        let mut bytes = vec![u8::try_from(revision).map_err(|_| bad())?, 0];
        bytes.extend_from_slice(&authority.to_be_bytes()[2..]);
        while let Some(sub) = number() {
            bytes.extend_from_slice(&u32::try_from(sub?).map_err(|_| bad())?.to_le_bytes());
            bytes[1] = bytes[1].checked_add(1).ok_or_else(bad)?;
        }
        Ok(Self(bytes))
    }
}

impl Sid {
    /// The identifier of these parts. An authority has 48 bits, of which one byte is used here.
    pub(super) fn of(revision: u8, authority: u8, subs: &[u32]) -> Self {
        let count = u8::try_from(subs.len()).unwrap_or(u8::MAX);
        let mut bytes = vec![revision, count, 0, 0, 0, 0, 0, authority];
        bytes.extend(subs.iter().take(count.into()).flat_map(|sub| sub.to_le_bytes()));
        Self(bytes)
    }

    /// The revision, the authority and the sub-authorities, as they stand between the dashes.
    pub(super) fn parts(&self) -> impl Iterator<Item = u64> + '_ {
        let big = |bytes: &[u8]| bytes.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
        let little = |bytes: &[u8]| bytes.iter().rev().fold(0, |sum, &b| sum << 8 | u64::from(b));
        let (head, subs) = self.0.split_at(self.0.len().min(8));
        let head = head
            .first()
            .map(|&revision| u64::from(revision))
            .into_iter()
            .chain(head.get(2..).map(big));
        head.chain(subs.chunks_exact(4).map(little))
    }
}

/// Text that is no security identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a security identifier")]
pub struct BadSid(pub String);

/// Why an event could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The sink failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The event does not fit into a chunk, or a value not into its 64 KiB. Nothing of it was
    /// written; other events still can be.
    #[error("the event with record id {0} is too large for a chunk")]
    TooLarge(u64),
}

/// Writes a log, chunk by chunk.
#[derive(Debug)]
pub struct EvtxWriter<W> {
    sink: W,
    chunk: Chunk,
    templates: Templates,
    chunks: u64,
    /// How many records were written to full chunks.
    records: u64,
}

impl<W: Write + Seek> EvtxWriter<W> {
    /// Starts a log.
    ///
    /// # Errors
    /// When the sink fails.
    pub fn new(mut sink: W) -> io::Result<Self> {
        // Its place; `finish` knows what stands in it.
        sink.write_all(&[0; FILE_HEADER_LEN])?;
        Ok(Self {
            sink,
            chunk: Chunk::default(),
            templates: Templates::default(),
            chunks: 0,
            records: 0,
        })
    }

    /// Writes one event.
    ///
    /// # Errors
    /// When the event is too large for a chunk, or the sink fails.
    pub fn write(&mut self, event: &EventSpec<'_>) -> Result<(), WriteError> {
        let system = self.templates.system(event.computer);
        let data = self.templates.data(event.data);
        if self.chunk.write(event, &self.templates, system, data, self.records) {
            return Ok(());
        }
        if self.chunk.records > 0 {
            self.flush()?;
            if self.chunk.write(event, &self.templates, system, data, self.records) {
                return Ok(());
            }
        }
        Err(WriteError::TooLarge(event.record_id))
    }

    /// Ends the log and gives the sink back. A log without events has one empty chunk.
    ///
    /// # Errors
    /// When the sink fails.
    pub fn finish(mut self) -> io::Result<W> {
        if self.chunk.records > 0 || self.chunks == 0 {
            self.flush()?;
        }
        let mut header = [0; FILE_HEADER_LEN];
        header[..8].copy_from_slice(b"ElfFile\0");
        header[16..24].copy_from_slice(&(self.chunks - 1).to_le_bytes());
        header[24..32].copy_from_slice(&(self.records + 1).to_le_bytes());
        header[32..36].copy_from_slice(&128u32.to_le_bytes());
        header[36..38].copy_from_slice(&1u16.to_le_bytes());
        header[38..40].copy_from_slice(&3u16.to_le_bytes());
        header[40..42].copy_from_slice(&4096u16.to_le_bytes());
        let count = u16::try_from(self.chunks).unwrap_or(u16::MAX);
        header[42..44].copy_from_slice(&count.to_le_bytes());
        let sum = crc32fast::hash(&header[..120]);
        header[124..128].copy_from_slice(&sum.to_le_bytes());
        self.sink.seek(SeekFrom::Start(0))?;
        self.sink.write_all(&header)?;
        self.sink.seek(SeekFrom::End(0))?;
        self.sink.flush()?;
        Ok(self.sink)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.chunk.seal(self.records);
        self.sink.write_all(&self.chunk.bytes)?;
        self.records += self.chunk.records;
        self.chunks += 1;
        self.chunk.clear();
        Ok(())
    }
}

/// One token of a template.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Part {
    /// `<Name`, left out when the value it depends on is null.
    Open { name: usize, attributes: bool, dependency: u16 },
    /// ` Name=`, with or without another after it.
    Attribute { name: usize, more: bool },
    /// `>`
    CloseStart,
    /// `/>`
    CloseEmpty,
    /// `</Name>`
    Close,
    /// Constant text, in UTF-16.
    Text(Vec<u8>),
    /// A value; an optional one is left out, with the attribute it is in, when null.
    Slot { id: u16, kind: u8, optional: bool },
}

/// A template, before it has a place in a chunk.
#[derive(Debug)]
struct Template {
    guid: [u8; 16],
    parts: Vec<Part>,
}

/// Every template and name of the log; their indices are used for what each chunk has of them.
#[derive(Debug, Default)]
struct Templates {
    templates: Vec<Template>,
    names: Vec<Name>,
    name_index: HashMap<String, usize>,
    systems: HashMap<String, usize>,
    data: HashMap<Vec<Slot>, usize>,
    /// The key to look `data` up by, kept for its space.
    key: Vec<Slot>,
}

/// A `Data` element of a template: its name, and the type of its value.
type Slot = (Option<String>, u8);

/// A name as the name table has it.
#[derive(Debug)]
struct Name {
    hash: u16,
    units: Vec<u8>,
}

/// The values of the `System` template, numbered as Windows numbers them.
mod slot {
    pub(super) const LEVEL: u16 = 0;
    pub(super) const OPCODE: u16 = 1;
    pub(super) const TASK: u16 = 2;
    pub(super) const EVENT_ID: u16 = 3;
    pub(super) const QUALIFIERS: u16 = 4;
    pub(super) const KEYWORDS: u16 = 5;
    pub(super) const TIME: u16 = 6;
    pub(super) const ACTIVITY: u16 = 7;
    pub(super) const PROCESS: u16 = 8;
    pub(super) const THREAD: u16 = 9;
    pub(super) const RECORD_ID: u16 = 10;
    pub(super) const VERSION: u16 = 11;
    pub(super) const USER: u16 = 12;
    pub(super) const RELATED_ACTIVITY: u16 = 13;
    pub(super) const PROVIDER: u16 = 14;
    pub(super) const GUID: u16 = 15;
    pub(super) const CHANNEL: u16 = 16;
    pub(super) const DATA: u16 = 17;
    pub(super) const COUNT: usize = 18;
}

/// The types of values.
mod kind {
    pub(super) const NULL: u8 = 0x00;
    pub(super) const STRING: u8 = 0x01;
    pub(super) const U8: u8 = 0x04;
    pub(super) const U16: u8 = 0x06;
    pub(super) const U32: u8 = 0x08;
    pub(super) const U64: u8 = 0x0a;
    pub(super) const BINARY: u8 = 0x0e;
    pub(super) const GUID: u8 = 0x0f;
    pub(super) const FILETIME: u8 = 0x11;
    pub(super) const SID: u8 = 0x13;
    pub(super) const HEX64: u8 = 0x15;
    pub(super) const BINXML: u8 = 0x21;
    pub(super) const STRINGS: u8 = 0x81;
}

impl Templates {
    fn name(&mut self, name: &str) -> usize {
        if let Some(&index) = self.name_index.get(name) {
            return index;
        }
        let mut hash = 0u32;
        let mut units = Vec::with_capacity(2 * name.len());
        for unit in name.encode_utf16() {
            hash = hash.wrapping_mul(65599).wrapping_add(u32::from(unit));
            units.extend_from_slice(&unit.to_le_bytes());
        }
        let [low, high, ..] = hash.to_le_bytes();
        self.names.push(Name { hash: u16::from_le_bytes([low, high]), units });
        self.name_index.insert(name.to_owned(), self.names.len() - 1);
        self.names.len() - 1
    }

    fn add(&mut self, parts: Vec<Part>, identity: &[&str]) -> usize {
        // FNV-1a of what makes the template, so that the same events get the same GUIDs.
        let mut hash = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58du128;
        for byte in identity.iter().flat_map(|part| part.bytes().chain([0])) {
            hash =
                (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
        self.templates.push(Template { guid: hash.to_le_bytes(), parts });
        self.templates.len() - 1
    }

    /// The template of the `Event` and `System` elements of a computer.
    fn system(&mut self, computer: &str) -> usize {
        if let Some(&index) = self.systems.get(computer) {
            return index;
        }
        let mut build = Builder { templates: self, parts: Vec::new() };
        build.open("Event", &[("xmlns", Content::Text(NAMESPACE))], None);
        build.open("System", &[], None);
        let provider = [
            ("Name", Content::Slot(slot::PROVIDER, kind::STRING)),
            ("Guid", Content::Slot(slot::GUID, kind::GUID)),
        ];
        build.empty("Provider", &provider, None);
        let qualifiers = [("Qualifiers", Content::Slot(slot::QUALIFIERS, kind::U16))];
        build.open("EventID", &qualifiers, None);
        build.slot(slot::EVENT_ID, kind::U16);
        build.close();
        build.value("Version", slot::VERSION, kind::U8);
        build.value("Level", slot::LEVEL, kind::U8);
        build.value("Task", slot::TASK, kind::U16);
        build.value("Opcode", slot::OPCODE, kind::U8);
        build.value("Keywords", slot::KEYWORDS, kind::HEX64);
        let time = [("SystemTime", Content::Slot(slot::TIME, kind::FILETIME))];
        build.empty("TimeCreated", &time, None);
        build.value("EventRecordID", slot::RECORD_ID, kind::U64);
        let activity = [
            ("ActivityID", Content::Slot(slot::ACTIVITY, kind::GUID)),
            ("RelatedActivityID", Content::Slot(slot::RELATED_ACTIVITY, kind::GUID)),
        ];
        build.empty("Correlation", &activity, Some(slot::PROCESS));
        let process = [
            ("ProcessID", Content::Slot(slot::PROCESS, kind::U32)),
            ("ThreadID", Content::Slot(slot::THREAD, kind::U32)),
        ];
        build.empty("Execution", &process, Some(slot::PROCESS));
        build.value("Channel", slot::CHANNEL, kind::STRING);
        build.open("Computer", &[], None);
        build.text(computer);
        build.close();
        build.empty("Security", &[("UserID", Content::Slot(slot::USER, kind::SID))], None);
        build.close();
        build.slot(slot::DATA, kind::BINXML);
        build.close();
        let parts = build.parts;
        let index = self.add(parts, &["System", computer]);
        self.systems.insert(computer.to_owned(), index);
        index
    }

    /// The template of an `EventData` element with data of these names.
    fn data(&mut self, data: &[Datum<'_>]) -> usize {
        if is_array(data) {
            return self.data_of(&[(None, kind::STRING)]);
        }
        // The key is written over the last one, so that no event allocates.
        let mut key = std::mem::take(&mut self.key);
        key.resize(data.len(), (None, kind::STRING));
        for ((to, kind), datum) in key.iter_mut().zip(data) {
            *kind = datum.value.kind();
            match (to.as_mut(), datum.name) {
                (Some(to), Some(name)) => {
                    to.clear();
                    to.push_str(name);
                }
                (_, name) => *to = name.map(str::to_owned),
            }
        }
        let index = self.data_of(&key);
        self.key = key;
        index
    }

    fn data_of(&mut self, slots: &[Slot]) -> usize {
        if let Some(&index) = self.data.get(slots) {
            return index;
        }
        let mut build = Builder { templates: self, parts: Vec::new() };
        build.open("EventData", &[], None);
        for (id, (name, kind)) in (0..=u16::MAX).zip(slots) {
            match name {
                Some(name) => build.open("Data", &[("Name", Content::Text(name))], None),
                None => build.open("Data", &[], None),
            }
            // libevtx takes a null only where it may be left out.
            build.parts.push(Part::Slot { id, kind: *kind, optional: *kind == kind::NULL });
            build.close();
        }
        build.close();
        let parts = build.parts;
        let identity: Vec<_> = slots
            .iter()
            .map(|(name, kind)| format!("{kind} {}", name.as_deref().unwrap_or_default()))
            .collect();
        let identity: Vec<_> =
            std::iter::once("EventData").chain(identity.iter().map(String::as_str)).collect();
        let index = self.add(parts, &identity);
        self.data.insert(slots.to_vec(), index);
        index
    }
}

/// Whether the data are written as one array of strings.
fn is_array(data: &[Datum<'_>]) -> bool {
    let text = |datum: &Datum<'_>| datum.name.is_none() && matches!(datum.value, Value::Text(_));
    !data.is_empty() && data.iter().all(text)
}

/// What an attribute holds.
#[derive(Clone, Copy)]
enum Content<'c> {
    Text(&'c str),
    Slot(u16, u8),
}

/// Puts a template together.
struct Builder<'t> {
    templates: &'t mut Templates,
    parts: Vec<Part>,
}

impl Builder<'_> {
    fn start(&mut self, name: &str, attributes: &[(&str, Content<'_>)], dependency: Option<u16>) {
        let name = self.templates.name(name);
        self.parts.push(Part::Open {
            name,
            attributes: !attributes.is_empty(),
            dependency: dependency.unwrap_or(NO_DEPENDENCY),
        });
        for (at, &(name, content)) in attributes.iter().enumerate() {
            let name = self.templates.name(name);
            self.parts.push(Part::Attribute { name, more: at + 1 < attributes.len() });
            match content {
                Content::Text(text) => self.text(text),
                Content::Slot(id, kind) => self.slot(id, kind),
            }
        }
    }

    fn open(&mut self, name: &str, attributes: &[(&str, Content<'_>)], dependency: Option<u16>) {
        self.start(name, attributes, dependency);
        self.parts.push(Part::CloseStart);
    }

    fn empty(&mut self, name: &str, attributes: &[(&str, Content<'_>)], dependency: Option<u16>) {
        self.start(name, attributes, dependency);
        self.parts.push(Part::CloseEmpty);
    }

    /// An element with one value, left out when that is null.
    fn value(&mut self, name: &str, id: u16, kind: u8) {
        self.open(name, &[], Some(id));
        self.slot(id, kind);
        self.close();
    }

    fn close(&mut self) {
        self.parts.push(Part::Close);
    }

    fn text(&mut self, text: &str) {
        self.parts.push(Part::Text(text.encode_utf16().flat_map(u16::to_le_bytes).collect()));
    }

    fn slot(&mut self, id: u16, kind: u8) {
        self.parts.push(Part::Slot { id, kind, optional: true });
    }
}

/// The chunk that is being written.
#[derive(Debug)]
struct Chunk {
    bytes: Vec<u8>,
    records: u64,
    last_record: usize,
    /// Where the chains of the tables start.
    name_heads: [u32; NAME_BUCKETS],
    template_heads: [u32; TEMPLATE_BUCKETS],
    /// Where each name and template of the log stands; 0 for nowhere.
    name_offsets: Vec<u32>,
    template_offsets: Vec<u32>,
    /// Where the sizes stand that are known at the end of each open element.
    open: Vec<usize>,
}

impl Default for Chunk {
    fn default() -> Self {
        Self {
            bytes: vec![0; CHUNK_HEADER_LEN],
            records: 0,
            last_record: 0,
            name_heads: [0; NAME_BUCKETS],
            template_heads: [0; TEMPLATE_BUCKETS],
            name_offsets: Vec::new(),
            template_offsets: Vec::new(),
            open: Vec::new(),
        }
    }
}

impl Chunk {
    fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.resize(CHUNK_HEADER_LEN, 0);
        self.records = 0;
        self.last_record = 0;
        self.name_heads.fill(0);
        self.template_heads.fill(0);
        self.name_offsets.fill(0);
        self.template_offsets.fill(0);
    }

    /// Writes one record, if it fits.
    fn write(
        &mut self,
        event: &EventSpec<'_>,
        templates: &Templates,
        system: usize,
        data: usize,
        before: u64,
    ) -> bool {
        let start = self.bytes.len();
        let (names, heads) = (self.name_heads, self.template_heads);
        self.name_offsets.resize(templates.names.len(), 0);
        self.template_offsets.resize(templates.templates.len(), 0);

        self.bytes.extend_from_slice(b"**\0\0\0\0\0\0");
        self.bytes.extend_from_slice(&(before + self.records + 1).to_le_bytes());
        self.bytes.extend_from_slice(&filetime(event.time).to_le_bytes());
        let fits = self.system_values(event, templates, system, data);
        self.bytes.push(0);
        while !(self.bytes.len() + 4 - start).is_multiple_of(8) {
            self.bytes.push(0);
        }
        let len = self.bytes.len() + 4 - start;
        if !fits || start + len > CHUNK_LEN {
            self.bytes.truncate(start);
            (self.name_heads, self.template_heads) = (names, heads);
            let gone = |offset: &&mut u32| **offset as usize >= start;
            self.name_offsets.iter_mut().filter(gone).for_each(|offset| *offset = 0);
            self.template_offsets.iter_mut().filter(gone).for_each(|offset| *offset = 0);
            return false;
        }
        let size = u32::try_from(len).unwrap_or(0).to_le_bytes();
        self.bytes.extend_from_slice(&size);
        self.bytes[start + 4..start + 8].copy_from_slice(&size);
        self.last_record = start;
        self.records += 1;
        true
    }

    /// Writes the BinXML of a record: the template's instance and its values.
    fn system_values(
        &mut self,
        event: &EventSpec<'_>,
        templates: &Templates,
        system: usize,
        data: usize,
    ) -> bool {
        self.instance(templates, system);
        let mut values = Values::start(&mut self.bytes, slot::COUNT);
        values.put(kind::U8, &[event.level]);
        values.put_some(kind::U8, event.opcode.map(u8::to_le_bytes));
        values.put(kind::U16, &event.task.to_le_bytes());
        values.put(kind::U16, &event.event_id.to_le_bytes());
        values.put_some(kind::U16, event.qualifiers.map(u16::to_le_bytes));
        values.put(kind::HEX64, &event.keywords.to_le_bytes());
        values.put(kind::FILETIME, &filetime(event.time).to_le_bytes());
        values.put(kind::NULL, &[]);
        values.put_some(kind::U32, event.process.map(|(process, _)| process.to_le_bytes()));
        values.put_some(kind::U32, event.process.map(|(_, thread)| thread.to_le_bytes()));
        values.put(kind::U64, &event.record_id.to_le_bytes());
        values.put_some(kind::U8, event.version.map(u8::to_le_bytes));
        values.put_some(kind::SID, event.user.map(|sid| sid.0.as_slice()));
        values.put(kind::NULL, &[]);
        values.put_text(event.provider);
        values.put_some(kind::GUID, event.guid.map(Guid::to_bytes));
        values.put_text(event.channel);
        let (at, mut fits) = (values.descriptor, values.fits);
        let start = self.bytes.len();
        self.instance(templates, data);
        fits &= data_values(&mut self.bytes, event.data);
        self.bytes.push(0);
        fits &= describe(&mut self.bytes, at, kind::BINXML, start);
        fits
    }

    /// Starts the instance of a template, with the template if it is new in the chunk.
    fn instance(&mut self, templates: &Templates, index: usize) {
        let template = &templates.templates[index];
        self.bytes.extend_from_slice(&[0x0f, 1, 1, 0, 0x0c, 1]);
        self.bytes.extend_from_slice(&template.guid[..4]);
        let known = self.template_offsets[index];
        if known != 0 {
            self.bytes.extend_from_slice(&known.to_le_bytes());
            return;
        }
        let offset = self.offset(4);
        self.bytes.extend_from_slice(&offset.to_le_bytes());
        self.template_offsets[index] = offset;
        let [a, b, c, d, ..] = template.guid;
        let bucket = u32::from_le_bytes([a, b, c, d]) as usize % TEMPLATE_BUCKETS;
        let head = &mut self.template_heads[bucket];
        self.bytes.extend_from_slice(&head.to_le_bytes());
        *head = offset;
        self.bytes.extend_from_slice(&template.guid);
        let size = self.reserve();
        self.bytes.extend_from_slice(&[0x0f, 1, 1, 0]);
        for part in &template.parts {
            self.part(templates, part);
        }
        self.bytes.push(0);
        self.patch(size);
    }

    fn part(&mut self, templates: &Templates, part: &Part) {
        match part {
            Part::Open { name, attributes, dependency } => {
                self.bytes.push(if *attributes { 0x41 } else { 0x01 });
                self.bytes.extend_from_slice(&dependency.to_le_bytes());
                let size = self.reserve();
                self.open.push(size);
                self.name(templates, *name);
                // An element without attributes has no list of them to know the size of.
                let list = if *attributes { self.reserve() } else { 0 };
                self.open.push(list);
            }
            Part::Attribute { name, more } => {
                self.bytes.push(if *more { 0x46 } else { 0x06 });
                self.name(templates, *name);
            }
            Part::CloseStart | Part::CloseEmpty => {
                let list = self.open.pop().unwrap_or(0);
                if list != 0 {
                    self.patch(list);
                }
                if *part == Part::CloseEmpty {
                    self.bytes.push(0x03);
                    self.close();
                } else {
                    self.bytes.push(0x02);
                }
            }
            Part::Close => {
                self.bytes.push(0x04);
                self.close();
            }
            Part::Text(text) => {
                let units = u16::try_from(text.len() / 2).unwrap_or(u16::MAX);
                self.bytes.extend_from_slice(&[0x05, kind::STRING]);
                self.bytes.extend_from_slice(&units.to_le_bytes());
                self.bytes.extend_from_slice(&text[..2 * usize::from(units)]);
            }
            Part::Slot { id, kind, optional } => {
                self.bytes.push(if *optional { 0x0e } else { 0x0d });
                self.bytes.extend_from_slice(&id.to_le_bytes());
                self.bytes.push(*kind);
            }
        }
    }

    fn close(&mut self) {
        if let Some(size) = self.open.pop() {
            self.patch(size);
        }
    }

    /// Refers to a name, with the name if it is new in the chunk.
    fn name(&mut self, templates: &Templates, index: usize) {
        let known = self.name_offsets[index];
        if known != 0 {
            self.bytes.extend_from_slice(&known.to_le_bytes());
            return;
        }
        let name = &templates.names[index];
        let offset = self.offset(4);
        self.bytes.extend_from_slice(&offset.to_le_bytes());
        self.name_offsets[index] = offset;
        let head = &mut self.name_heads[usize::from(name.hash) % NAME_BUCKETS];
        self.bytes.extend_from_slice(&head.to_le_bytes());
        *head = offset;
        self.bytes.extend_from_slice(&name.hash.to_le_bytes());
        let units = u16::try_from(name.units.len() / 2).unwrap_or(u16::MAX);
        self.bytes.extend_from_slice(&units.to_le_bytes());
        self.bytes.extend_from_slice(&name.units[..2 * usize::from(units)]);
        self.bytes.extend_from_slice(&[0, 0]);
    }

    /// The offset of what is written after `ahead` more bytes. One past the chunk, in a record
    /// that turns out not to fit, is never read.
    fn offset(&self, ahead: usize) -> u32 {
        u32::try_from(self.bytes.len() + ahead).unwrap_or(u32::MAX)
    }

    /// Leaves space for the size of what follows.
    fn reserve(&mut self) -> usize {
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.len()
    }

    /// Writes how many bytes were written since `reserve` returned `from`.
    fn patch(&mut self, from: usize) {
        let size = u32::try_from(self.bytes.len() - from).unwrap_or(u32::MAX);
        self.bytes[from - 4..from].copy_from_slice(&size.to_le_bytes());
    }

    /// Writes the header and fills the chunk up.
    fn seal(&mut self, before: u64) {
        let free = self.bytes.len();
        let sum = crc32fast::hash(&self.bytes[CHUNK_HEADER_LEN..]);
        self.bytes.resize(CHUNK_LEN, 0);
        let (first, last) = match self.records {
            0 => (u64::MAX, u64::MAX),
            records => (before + 1, before + records),
        };
        let mut header = Vec::with_capacity(CHUNK_HEADER_LEN);
        header.extend_from_slice(b"ElfChnk\0");
        for number in [first, last, first, last] {
            header.extend_from_slice(&number.to_le_bytes());
        }
        let free = u32::try_from(free).unwrap_or(0);
        let last_record = u32::try_from(self.last_record).unwrap_or(0);
        for field in [128, last_record, free, sum] {
            header.extend_from_slice(&field.to_le_bytes());
        }
        header.resize(128, 0);
        for head in self.name_heads.iter().chain(&self.template_heads) {
            header.extend_from_slice(&head.to_le_bytes());
        }
        let mut sum = crc32fast::Hasher::new();
        sum.update(&header[..120]);
        sum.update(&header[128..]);
        header[124..128].copy_from_slice(&sum.finalize().to_le_bytes());
        self.bytes[..CHUNK_HEADER_LEN].copy_from_slice(&header);
    }
}

/// The values of a template instance, while they are written: their count, a descriptor each,
/// then the values.
struct Values<'b> {
    bytes: &'b mut Vec<u8>,
    /// Where the next descriptor stands.
    descriptor: usize,
    fits: bool,
}

impl<'b> Values<'b> {
    fn start(bytes: &'b mut Vec<u8>, count: usize) -> Self {
        bytes.extend_from_slice(&u32::try_from(count).unwrap_or(0).to_le_bytes());
        let descriptor = bytes.len();
        bytes.resize(descriptor + 4 * count, 0);
        Self { bytes, descriptor, fits: true }
    }

    fn put(&mut self, kind: u8, value: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.end(kind, start);
    }

    fn put_some<V: AsRef<[u8]>>(&mut self, kind: u8, value: Option<V>) {
        match value {
            Some(value) => self.put(kind, value.as_ref()),
            None => self.put(kind::NULL, &[]),
        }
    }

    fn put_text(&mut self, text: &str) {
        let start = self.bytes.len();
        put_utf16(self.bytes, text);
        self.end(kind::STRING, start);
    }

    fn end(&mut self, kind: u8, start: usize) {
        self.fits &= describe(self.bytes, self.descriptor, kind, start);
        self.descriptor += 4;
    }
}

/// Writes the descriptor at `at` of the value from `start` on. `false`: it is too large for one.
fn describe(bytes: &mut [u8], at: usize, kind: u8, start: usize) -> bool {
    let Ok(size) = u16::try_from(bytes.len() - start) else { return false };
    bytes[at..at + 2].copy_from_slice(&size.to_le_bytes());
    bytes[at + 2] = kind;
    true
}

/// Writes the values of an `EventData` element.
fn data_values(bytes: &mut Vec<u8>, data: &[Datum<'_>]) -> bool {
    if is_array(data) {
        let mut values = Values::start(bytes, 1);
        let start = values.bytes.len();
        for datum in data {
            if let Value::Text(text) = datum.value {
                put_utf16(values.bytes, text);
            }
            values.bytes.extend_from_slice(&[0, 0]);
        }
        values.end(kind::STRINGS, start);
        return values.fits;
    }
    let mut values = Values::start(bytes, data.len());
    for datum in data {
        let kind = datum.value.kind();
        match datum.value {
            Value::Text(text) => values.put_text(text),
            Value::Unsigned(number) | Value::Hex(number) => values.put(kind, &number.to_le_bytes()),
            Value::Guid(guid) => values.put(kind, &guid.to_bytes()),
            Value::Sid(sid) => values.put(kind, &sid.0),
            Value::Binary(data) => values.put(kind, data),
            Value::Null => values.put(kind, &[]),
        }
    }
    values.fits && data.len() <= usize::from(u16::MAX)
}

fn put_utf16(bytes: &mut Vec<u8>, text: &str) {
    if text.is_ascii() {
        bytes.extend(text.bytes().flat_map(|byte| [byte, 0]));
    } else {
        bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    }
}

/// 100 ns since 1601.
fn filetime(time: Timestamp) -> u64 {
    let ticks = i128::from(time.as_second() + EPOCH_1601) * 10_000_000
        + i128::from(time.subsec_nanosecond() / 100);
    u64::try_from(ticks).unwrap_or(0)
}

#[cfg(test)]
mod tests;
