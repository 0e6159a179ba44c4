//! The opcodes of a journal (SPLUNK.md 7): which event stands where, and what is known of it.

use std::ops::Range;
use std::sync::Arc;

use opcode::{EVENT, HEADER, LAST_OLD_EVENT, NEW_STATE, NEW_TEXT, NOP, PRIVATE};

/// The opcodes.
mod opcode {
    use std::ops::RangeInclusive;

    pub(super) const NOP: u8 = 0;
    /// The old forms of an event: 1, and 2 with a hash.
    pub(super) const LAST_OLD_EVENT: u8 = 2;
    /// A new host, source, source type or other text.
    pub(super) const NEW_TEXT: RangeInclusive<u8> = 3..=6;
    /// For Splunk's own use.
    pub(super) const PRIVATE: u8 = 9;
    pub(super) const HEADER: u8 = 10;
    /// What the events that follow have in common.
    pub(super) const NEW_STATE: RangeInclusive<u8> = 17..=31;
    pub(super) const EVENT: RangeInclusive<u8> = 32..=43;
}

/// The length of a header: version, alignment, base of the index times.
const HEADER_LEN: usize = 6;

/// The hash of an event.
const HASH_LEN: usize = 20;

/// The longest name of a host, source or source type that is read.
const LONGEST_TEXT: u64 = 1 << 20;

/// The versions that a header is known to have. None of them is a character of text.
const VERSIONS: std::ops::RangeInclusive<u8> = 1..=8;

/// The most that events can be aligned to, as a power of two.
const MOST_ALIGN_BITS: u8 = 16;

/// Whether these bytes, unpacked, are the start of a journal.
#[must_use]
pub fn sniff(head: &[u8]) -> bool {
    let [HEADER, version, align, ..] = head else { return false };
    if !VERSIONS.contains(version) || *align > MOST_ALIGN_BITS {
        return false;
    }
    // Opcodes to the end of the head, as far as they are whole.
    let mut decoder = Decoder::new(usize::MAX);
    let walked = decoder.walk(head, &mut |_, _| {});
    walked.damage.is_none() && walked.used > HEADER_LEN
}

/// What is known of an event beside its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels {
    /// `host`.
    pub host: Option<Arc<str>>,
    /// `source`.
    pub source: Option<Arc<str>>,
    /// `sourcetype`.
    pub sourcetype: Option<Arc<str>>,
    /// `_time`, in milliseconds since 1970.
    pub time: Option<i64>,
}

/// An event in the bytes that were walked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawEvent {
    /// Its raw text.
    pub raw: Range<usize>,
    /// Its time relative to the base time.
    milliseconds: i64,
}

/// Bytes that are not what they should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, in the bytes that were walked.
    pub at: usize,
    /// Why, as a user can understand it.
    pub reason: String,
}

/// How far a walk came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walked {
    /// The bytes that were used: whole opcodes.
    pub used: usize,
    /// How many bytes there must be before it can go on, where an opcode is not whole.
    pub wanted: usize,
    /// What stopped it.
    pub damage: Option<Fault>,
    /// Events whose own bytes are broken, though it is known where they end.
    pub broken: Vec<Fault>,
}

/// One of the tables that grow with a journal.
#[derive(Debug, Clone, Default)]
struct Table {
    values: Vec<Arc<str>>,
    /// Which value is in force, from 1.
    active: u64,
}

impl Table {
    fn value(&self) -> Option<&Arc<str>> {
        let at = usize::try_from(self.active.checked_sub(1)?).ok()?;
        self.values.get(at)
    }
}

/// What a journal has said so far.
#[derive(Debug, Clone)]
pub struct Decoder {
    hosts: Table,
    sources: Table,
    sourcetypes: Table,
    base_time: Option<i32>,
    /// Whether something was lost, so that new names get numbers that are not known.
    unsure: bool,
    /// The longest event that is read.
    longest: usize,
}

/// Why an opcode could not be walked over.
enum Stop {
    /// There must be so many bytes.
    Wanted(usize),
    Damage(String),
}

impl Decoder {
    /// A decoder at the start of a journal. An event longer than `longest` is damage.
    #[must_use]
    pub fn new(longest: usize) -> Self {
        Self {
            hosts: Table::default(),
            sources: Table::default(),
            sourcetypes: Table::default(),
            base_time: None,
            unsure: false,
            longest,
        }
    }

    /// Forgets what is not sure after a loss: which names are in force, and the base time. Names
    /// that come later have numbers that are not known, so that they are never looked up: an event
    /// has a name that is sure or none.
    pub fn lose(&mut self) {
        self.unsure = true;
        self.base_time = None;
        for table in [&mut self.hosts, &mut self.sources, &mut self.sourcetypes] {
            table.active = 0;
        }
    }

    /// What is known of an event that the walk is at.
    #[must_use]
    pub fn labels(&self, event: &RawEvent) -> Labels {
        let base = self.base_time.map(|base| i64::from(base) * 1000);
        Labels {
            host: self.hosts.value().cloned(),
            source: self.sources.value().cloned(),
            sourcetype: self.sourcetypes.value().cloned(),
            time: base.and_then(|base| base.checked_add(event.milliseconds)),
        }
    }

    /// Walks over the opcodes in `bytes`, the first of which starts one, and shows the events. The
    /// raw texts are passed over unread.
    pub fn walk(&mut self, bytes: &[u8], visit: &mut dyn FnMut(&Self, &RawEvent)) -> Walked {
        let mut walked = Walked { used: 0, wanted: 0, damage: None, broken: Vec::new() };
        while walked.used < bytes.len() {
            let mut reader = Reader { bytes, at: walked.used + 1 };
            match self.step(bytes[walked.used], &mut reader, visit, &mut walked.broken) {
                Ok(()) => walked.used = reader.at,
                Err(Stop::Wanted(wanted)) => {
                    walked.wanted = wanted;
                    break;
                }
                Err(Stop::Damage(reason)) => {
                    walked.damage = Some(Fault { at: walked.used, reason });
                    break;
                }
            }
        }
        walked
    }

    fn step(
        &mut self,
        opcode: u8,
        reader: &mut Reader<'_>,
        visit: &mut dyn FnMut(&Self, &RawEvent),
        broken: &mut Vec<Fault>,
    ) -> Result<(), Stop> {
        match opcode {
            NOP => Ok(()),
            HEADER => reader.take(HEADER_LEN).map(|_| ()),
            PRIVATE => {
                let length = reader.number()?;
                reader.take(self.length(length, "private data")?).map(|_| ())
            }
            _ if NEW_TEXT.contains(&opcode) => self.new_text(opcode, reader),
            _ if NEW_STATE.contains(&opcode) => self.new_state(opcode, reader),
            1..=LAST_OLD_EVENT => self.event(opcode, reader, visit, broken),
            _ if EVENT.contains(&opcode) => self.event(opcode, reader, visit, broken),
            _ => Err(Stop::Damage(format!("an unknown opcode, {opcode}"))),
        }
    }

    fn length(&self, length: u64, what: &str) -> Result<usize, Stop> {
        let fits = usize::try_from(length).ok().filter(|length| *length <= self.longest);
        fits.ok_or_else(|| {
            Stop::Damage(format!("{what} of {length} bytes, which is more than is read"))
        })
    }

    fn new_text(&mut self, opcode: u8, reader: &mut Reader<'_>) -> Result<(), Stop> {
        let length = reader.number()?;
        if length > LONGEST_TEXT {
            return Err(Stop::Damage(format!(
                "a name of {length} bytes, which is more than is read"
            )));
        }
        let text = reader.take(usize::try_from(length).unwrap_or(usize::MAX))?;
        let (table, prefix) = match opcode {
            3 => (&mut self.hosts, "host::"),
            4 => (&mut self.sources, "source::"),
            5 => (&mut self.sourcetypes, "sourcetype::"),
            // Names and values of indexed fields, which no search needs (docs/DECISIONS.md).
            _ => return Ok(()),
        };
        if !self.unsure {
            let text = String::from_utf8_lossy(text);
            table.values.push(text.strip_prefix(prefix).unwrap_or(&text).into());
        }
        Ok(())
    }

    fn new_state(&mut self, opcode: u8, reader: &mut Reader<'_>) -> Result<(), Stop> {
        let mut number = |bit: u8| {
            if opcode & bit == 0 { Ok(None) } else { reader.number().map(Some) }
        };
        let (host, source, sourcetype) = (number(8)?, number(4)?, number(2)?);
        let base_time = match opcode & 1 {
            0 => None,
            _ => Some(i32::from_le_bytes(reader.array()?)),
        };
        self.hosts.active = host.unwrap_or(self.hosts.active);
        self.sources.active = source.unwrap_or(self.sources.active);
        self.sourcetypes.active = sourcetype.unwrap_or(self.sourcetypes.active);
        self.base_time = base_time.or(self.base_time);
        Ok(())
    }

    fn event(
        &self,
        opcode: u8,
        reader: &mut Reader<'_>,
        visit: &mut dyn FnMut(&Self, &RawEvent),
        broken: &mut Vec<Fault>,
    ) -> Result<(), Stop> {
        let start = reader.at - 1;
        let length = reader.number()?;
        let length = self.length(length, "an event")?;
        let end = reader.at.saturating_add(length);
        let Some(bytes) = reader.bytes.get(..end) else { return Err(Stop::Wanted(end)) };
        let mut inside = Reader { bytes, at: reader.at };
        reader.at = end;
        match event_head(opcode, &mut inside) {
            Ok(milliseconds) => visit(self, &RawEvent { raw: inside.at..end, milliseconds }),
            Err(Stop::Wanted(_)) => {
                let reason = "an event whose head is longer than the event".to_owned();
                broken.push(Fault { at: start, reason });
            }
            Err(Stop::Damage(reason)) => broken.push(Fault { at: start, reason }),
        }
        Ok(())
    }
}

/// Reads what stands between an event's length and its raw text; gives the milliseconds of its
/// time.
fn event_head(opcode: u8, reader: &mut Reader<'_>) -> Result<i64, Stop> {
    let old = opcode <= LAST_OLD_EVENT;
    let extended = if !old && opcode & 4 != 0 { reader.number()? } else { 0 };
    if opcode & 1 == 0 {
        reader.take(HASH_LEN)?;
    }
    // Which input it came from, and where in it.
    reader.take(8)?;
    reader.number()?;
    reader.number()?;
    // When it was indexed.
    reader.number()?;
    let milliseconds = zigzag(reader.number()?);
    let count = reader.number()?;
    for _ in 0..count {
        let key = reader.number()?;
        for _ in 0..numbers_of(opcode, key)? {
            reader.number()?;
        }
    }
    reader.take(usize::try_from(extended).unwrap_or(usize::MAX))?;
    Ok(milliseconds)
}

/// How many numbers follow the key of an indexed field: its type says, the lowest four bits.
fn numbers_of(opcode: u8, key: u64) -> Result<usize, Stop> {
    if opcode <= LAST_OLD_EVENT {
        return Ok(1);
    }
    let kind = if opcode < 36 { key << 2 } else { key } & 0xf;
    match kind {
        0 | 2 | 8 | 9 | 10 => Ok(1),
        3 | 4 | 6 | 11 | 14 => Ok(2),
        7 | 12 => Ok(3),
        15 => Ok(0),
        _ => Err(Stop::Damage(format!("an indexed field of unknown type, {kind}"))),
    }
}

/// A signed number that is written unsigned: 0, -1, 1, -2, ...
fn zigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

struct Reader<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl<'t> Reader<'t> {
    fn take(&mut self, count: usize) -> Result<&'t [u8], Stop> {
        let end = self.at.saturating_add(count);
        let taken = self.bytes.get(self.at..end).ok_or(Stop::Wanted(end))?;
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// A number of seven bits a byte, the lowest first.
    fn number(&mut self) -> Result<u64, Stop> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.bytes.get(self.at).ok_or(Stop::Wanted(self.at + 1))?;
            self.at += 1;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Stop::Damage("a number of more than 64 bits".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn events(bytes: &[u8]) -> (Vec<(String, Labels)>, Walked) {
        let mut decoder = Decoder::new(1 << 20);
        let mut all = Vec::new();
        let walked = decoder.walk(bytes, &mut |decoder, event| {
            let raw = String::from_utf8_lossy(&bytes[event.raw.clone()]).into_owned();
            all.push((raw, decoder.labels(event)));
        });
        (all, walked)
    }

    /// A journal by hand, as SPLUNK.md 7 tells it.
    fn journal() -> Vec<u8> {
        let mut bytes = vec![10, 2, 0, 1, 0, 0, 0];
        for (opcode, text) in
            [(3, "host::a"), (3, "host::b"), (4, "source::s"), (5, "sourcetype::t")]
        {
            bytes.extend([opcode, u8::try_from(text.len()).unwrap()]);
            bytes.extend(text.bytes());
        }
        bytes.extend([9, 2, 0xff, 0xff, 0]);
        // Host 2, source 1, source type 1, base time 1000.
        bytes.extend([31, 2, 1, 1, 0xe8, 3, 0, 0]);
        // No hash, two numbers of a field, 250 ms.
        let head = [&[0; 8][..], &[1, 2, 3, 0xf4, 3, 1, 1 << 2 | 1, 1, 1]].concat();
        bytes.extend([33, u8::try_from(head.len() + 5).unwrap()]);
        bytes.extend(&head);
        bytes.extend(b"hello");
        // A hash, extended data, -1 ms.
        let head = [&[3][..], &[7; 20], &[0; 8], &[1, 2, 3, 1, 0], b"ext"].concat();
        bytes.extend([36, u8::try_from(head.len() + 2).unwrap()]);
        bytes.extend(&head);
        bytes.extend(b"hi");
        // As old versions wrote: no hash, a field of one number whatever its type, 0 ms.
        let head = [&[0; 8][..], &[1, 2, 3, 0, 1, 7, 1]].concat();
        bytes.extend([1, u8::try_from(head.len() + 3).unwrap()]);
        bytes.extend(&head);
        bytes.extend(b"old");
        bytes
    }

    #[test]
    fn events_come_with_what_is_known_of_them() {
        let (all, walked) = events(&journal());
        assert_eq!((walked.damage, walked.broken, walked.used), (None, vec![], journal().len()));
        let labels = |time| Labels {
            host: Some("b".into()),
            source: Some("s".into()),
            sourcetype: Some("t".into()),
            time: Some(time),
        };
        let times = [("hello", 1_000_250), ("hi", 999_999), ("old", 1_000_000)];
        let expected = times.map(|(raw, time)| (raw.to_owned(), labels(time)));
        assert_eq!(all, expected);
        assert!(sniff(&journal()) && sniff(&journal()[..20]));
        assert!(!sniff(b"\n\n<Event>") && !sniff(b"\n\t{\"a\":1}") && !sniff(&[10, 2, 0]));
    }

    #[test]
    fn an_event_goes_on_where_it_is_known_to_end() {
        let mut bytes = journal();
        let broken = bytes.len();
        // An indexed field of a type that there is not, 1, and one that is longer than the event.
        let head = [&[0][..], &[0; 8], &[1, 2, 3, 0, 1, 1, 9], b"lost"].concat();
        bytes.extend([37, u8::try_from(head.len()).unwrap()]);
        bytes.extend(&head);
        bytes.extend([33, 3, 1, 2, 3]);
        bytes.extend(&journal()[7..]);
        let at = bytes.len();
        bytes.extend([44, 1]);
        let (all, walked) = events(&bytes);
        assert_eq!(all.len(), 6);
        let reasons: Vec<_> =
            walked.broken.iter().map(|fault| (fault.at, &*fault.reason)).collect();
        let short = "an event whose head is longer than the event";
        let second = broken + head.len() + 2;
        let expected = [(broken, "an indexed field of unknown type, 1"), (second, short)];
        assert_eq!(reasons, expected);
        let unknown = Fault { at, reason: "an unknown opcode, 44".to_owned() };
        assert_eq!(walked.damage, Some(unknown));
    }

    #[test]
    fn after_a_loss_only_what_is_sure_is_said() {
        let bytes = journal();
        let mut decoder = Decoder::new(1 << 20);
        decoder.walk(&bytes, &mut |_, _| {});
        decoder.lose();
        // A new host would be the third, or a later one; the second is sure.
        let mut more = vec![3, 7];
        more.extend(b"host::z");
        more.extend([24, 3]);
        let mut event = vec![33, 14];
        event.extend([0; 13]);
        event.push(b'x');
        more.extend(&event);
        more.extend([24, 2]);
        more.extend(&event);
        let mut hosts = Vec::new();
        decoder.walk(&more, &mut |decoder, event| hosts.push(decoder.labels(event)));
        let none = Labels::default();
        let sure = Labels { host: Some("b".into()), ..Labels::default() };
        assert_eq!(hosts, [none, sure]);
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_events(cut in 0usize..220) {
            let bytes = journal();
            let cut = cut.min(bytes.len());
            let (whole, _) = events(&bytes);
            let mut decoder = Decoder::new(1 << 20);
            let mut all = Vec::new();
            let first = decoder.walk(&bytes[..cut], &mut |_, event| all.push(event.raw.clone()));
            prop_assert!(first.damage.is_none());
            prop_assert!(first.used == cut || first.wanted > cut);
            let start = first.used;
            decoder.walk(&bytes[start..], &mut |_, event| {
                all.push(event.raw.start + start..event.raw.end + start);
            });
            let texts: Vec<_> = all.into_iter().map(|raw| bytes[raw].to_vec()).collect();
            let expected: Vec<_> = whole.into_iter().map(|(raw, _)| raw.into_bytes()).collect();
            prop_assert_eq!(texts, expected);
        }

        #[test]
        fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            events(&bytes);
            let _ = sniff(&[&[10, 1, 0, 0, 0, 0, 0][..], &bytes].concat());
        }
    }
}
