//! Guards: one clause of needles of which the bytes of any match must hold one.
//!
//! A literal of a rule is not what stands in the bytes: XML writes `&amp;`, JSON may write
//! `\u002e`, EVTX writes UTF-16. So a literal is cut down to a run of *plain* characters, which
//! every format writes as they are or by a numeric escape, and the needles of those escapes are
//! added to the clause (DESIGN, law 1). Where that is not possible the literal is not required.

use std::collections::HashSet;

use super::required::{Fold, Required, Where};
use crate::cim::{Cim, Constant, survives};
use crate::event::Format;
use crate::format::evtx;

/// How the bytes that are searched hold text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Storage {
    /// UTF-8 text of any format, JSON and XML included.
    Text,
    /// The chunks of a binary event log: UTF-16LE and 8-bit strings.
    Evtx,
}

/// One clause: any of these needles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// The bytes to search for; ASCII letters in either case.
    pub needles: Vec<Vec<u8>>,
    /// The literals of the rule that they stand for.
    pub literals: Vec<String>,
    /// How selective the clause is thought to be: the chance of a hit at one place, as a
    /// power of two, the more the better.
    pub bits: u32,
}

/// Longer needles make fewer false hits, but no longer any fewer past this length.
const LONGEST_NEEDLE: usize = 16;

/// How many letters that double the needles a window may have.
const MOST_DOUBLING: usize = 2;

/// A clause with fewer bits is poisonous: hits nearly everywhere.
const FEWEST_BITS: u32 = 8;

/// A clause with more needles than this searches slower than its hits would cost.
const MOST_NEEDLES: usize = 2_000;

/// The clauses that are kept of a formula. No rule that people write has so many.
const MOST_CLAUSES: usize = 64;

impl Guard {
    /// The clauses of a formula that are worth searching for, the one first that is thought to
    /// be the most selective. Each of them alone is enough; which is best depends on the data.
    #[must_use]
    pub fn all(required: &Required, storage: Storage, cim: &Cim) -> Vec<Self> {
        let mut guards: Vec<Self> = Vec::new();
        let mut known: HashSet<Vec<String>> = HashSet::new();
        for guard in conjuncts(required).filter_map(|one| best(one, storage, cim)) {
            let fit = guard.bits >= FEWEST_BITS && guard.needles.len() <= MOST_NEEDLES;
            if fit && known.insert(guard.literals.clone()) {
                guards.push(guard);
            }
        }
        guards.sort_by_key(Self::worth);
        guards.truncate(MOST_CLAUSES);
        guards
    }

    /// For sorting: the most selective first, of equals the one with fewer needles.
    fn worth(&self) -> (std::cmp::Reverse<u32>, usize) {
        (std::cmp::Reverse(self.bits), self.needles.len())
    }

    fn join(mut self, other: Self) -> Self {
        for needle in other.needles {
            if !self.needles.contains(&needle) {
                self.needles.push(needle);
            }
        }
        for literal in other.literals {
            if !self.literals.contains(&literal) {
                self.literals.push(literal);
            }
        }
        self.bits = self.bits.min(other.bits);
        self
    }
}

/// The parts of a formula of which all must hold.
fn conjuncts(required: &Required) -> Box<dyn Iterator<Item = &Required> + '_> {
    match required {
        Required::All(list) => Box::new(list.iter().flat_map(conjuncts)),
        one => Box::new(std::iter::once(one)),
    }
}

fn best(required: &Required, storage: Storage, cim: &Cim) -> Option<Guard> {
    match required {
        Required::Anything => None,
        Required::Literal { place, text, fold } => literal_guard(place, text, *fold, storage, cim),
        Required::All(list) => {
            list.iter().filter_map(|one| best(one, storage, cim)).min_by_key(Guard::worth)
        }
        Required::Any(list) => {
            let mut guards = list.iter().map(|one| best(one, storage, cim));
            let first = guards.next()??;
            guards.try_fold(first, |joined, guard| {
                let joined = joined.join(guard?);
                // More is worth nothing, and takes long to put together.
                (joined.needles.len() <= MOST_NEEDLES).then_some(joined)
            })
        }
    }
}

fn literal_guard(
    place: &Where,
    text: &str,
    fold: Fold,
    storage: Storage,
    cim: &Cim,
) -> Option<Guard> {
    let constants = constants(place, storage, cim)?;
    let piece = pieces(text, place, storage)
        .map(|piece| window(piece, fold))
        .filter(|piece| !piece.is_empty() && survives(piece, &constants))
        .filter(|piece| match (place, storage) {
            (Where::Field(_), Storage::Text) => !may_be_number(piece),
            // The XML of a record in JSON has its times, too.
            (Where::Raw, Storage::Text) | (_, Storage::Evtx) => !evtx::may_be_rendered(piece),
        })
        .max_by_key(|piece| bits(piece))?;
    let needles = match storage {
        Storage::Text => text_needles(piece, fold),
        Storage::Evtx => evtx_needles(piece, fold),
    };
    Some(Guard { needles, literals: vec![piece.to_owned()], bits: bits(piece) })
}

/// The constant texts that may stand beside raw text in a place; `None` when the place's text is
/// not in the bytes at all.
fn constants<'c>(place: &Where, storage: Storage, cim: &'c Cim) -> Option<Vec<Constant<'c>>> {
    match place {
        // A JSON record and an EVTX record are read as XML, whose markup is not in the bytes.
        Where::Raw => Some(MARKUP.iter().map(|text| Constant::alone(text)).collect()),
        Where::Field(name) => {
            let formats: &[Format] = match storage {
                Storage::Text => {
                    &[Format::Xml, Format::Classic, Format::HostMon, Format::Line, Format::Json]
                }
                Storage::Evtx => &[Format::Evtx],
            };
            // It may be the default host, or two values with nothing between them.
            if SYSTEM_FIELDS.contains(&name.as_str()) || cim.edges(name, formats).is_none() {
                return None;
            }
            Some(formats.iter().flat_map(|format| cim.constants(name, *format)).collect())
        }
    }
}

/// Fields of a record's System part, which reading JSON or EVTX writes anew (times, GUIDs,
/// keywords, numbers).
pub(super) const SYSTEM_FIELDS: &[&str] = &[
    "ActivityID",
    "EventCode",
    "EventID",
    "EventRecordID",
    "Guid",
    "Keywords",
    "Level",
    "Opcode",
    "ProcessID",
    "Qualifiers",
    "RecordNumber",
    "RelatedActivityID",
    "SystemTime",
    "Task",
    "ThreadID",
    "UserID",
    "Version",
    "event_id",
    "signature_id",
    "user_id",
];

/// Texts that the XML of a record holds and its bytes need not: names of elements, attributes
/// and entities, the names that other schemas' fields are given, and what stands in the skeleton.
const MARKUP: &[&str] = &[
    "http://schemas.microsoft.com/win/2004/08/events/event",
    "xmlns",
    "Event",
    "System",
    "Provider",
    "Name",
    "Guid",
    "EventSourceName",
    "EventID",
    "Qualifiers",
    "Version",
    "Level",
    "Task",
    "Opcode",
    "Keywords",
    "TimeCreated",
    "SystemTime",
    "EventRecordID",
    "Correlation",
    "ActivityID",
    "RelatedActivityID",
    "Execution",
    "ProcessID",
    "ThreadID",
    "Channel",
    "Computer",
    "Security",
    "UserID",
    "EventData",
    "UserData",
    "Data",
    "Binary",
    "RenderingInfo",
    "Culture",
    "en-US",
    "Message",
    "ProcessingErrorData",
    "amp",
    "lt",
    "gt",
    "quot",
    "apos",
    "CommandLine",
    "NewProcessName",
    "NewProcessId",
    "ParentProcessName",
    "ProcessId",
    "ParentCommandLine",
    "ParentImage",
    "ParentProcessId",
    "Image",
    "SubjectUserName",
    "TargetUserName",
    "User",
    "CurrentDirectory",
    "SubjectDomainName",
    "SubjectUserSid",
    "ScriptBlockText",
    "Payload",
    "ContextInfo",
    "OriginalFileName",
    "Hashes",
];

/// The parts of a literal that stand in the bytes as they are, or by a numeric escape: the words
/// of its plain runs, and a run itself where no blank in it can be markup.
///
/// In the XML that a record is read as, a run with one blank may be `Element attribute` or
/// ` attribute`, whose two names stand apart in the bytes. With two blanks it is part of a text.
/// For EVTX the format itself says which parts stand in a chunk.
fn pieces<'l>(
    literal: &'l str,
    place: &Where,
    storage: Storage,
) -> impl Iterator<Item = &'l str> + use<'l> {
    let raw = *place == Where::Raw;
    let text = if raw { evtx::Text::Raw } else { evtx::Text::Field };
    let in_chunks = (storage == Storage::Evtx).then(|| evtx::verbatim_parts(literal, text));
    let in_text = (storage == Storage::Text).then_some(literal);
    let parts = in_chunks.into_iter().flatten().chain(in_text);
    let runs = parts.flat_map(move |part| part.split(move |c| !is_plain(c, raw, storage)));
    runs.flat_map(move |run| {
        let whole = !raw || run.bytes().filter(|&b| b == b' ').count() != 1;
        whole.then_some(run).into_iter().chain(run.split(' '))
    })
}

/// Whether every format writes a character as it is, or by a numeric escape.
fn is_plain(c: char, raw: bool, storage: Storage) -> bool {
    let always = c == ' '
        || c.is_ascii_graphic() && !matches!(c, '/' | '\\' | '"' | '\'' | '&' | '<' | '>' | '=');
    // In a raw text it may end an escape. In EVTX, a list's values are joined with commas, and a
    // control character is read as `_`.
    always && !(raw && c == ';') && !(storage == Storage::Evtx && matches!(c, ',' | '_'))
}

/// The most selective window of a piece. Under a regex's folding each `k` and `s` doubles the
/// needles, so a window has few of them. Pieces are ASCII.
fn window(piece: &str, fold: Fold) -> &str {
    let doubling = |window: &str| {
        window.bytes().filter(|b| matches!(b.to_ascii_lowercase(), b'k' | b's')).count()
    };
    let windows = (0..piece.len()).filter_map(|start| {
        let longest = (start + LONGEST_NEEDLE).min(piece.len());
        (start + 1..=longest)
            .rev()
            .map(|end| &piece[start..end])
            .find(|window| fold != Fold::Regex || doubling(window) <= MOST_DOUBLING)
    });
    windows.max_by_key(|window| (bits(window), std::cmp::Reverse(window.len()))).unwrap_or("")
}

/// Whether a piece may be part of a number or a GUID, which reading JSON may write anew.
fn may_be_number(piece: &str) -> bool {
    piece.bytes().all(|b| b.is_ascii_hexdigit() || b"xX.+-{}".contains(&b))
}

/// Roughly how rare a piece is in logs: for each character, the bits of its rarity.
fn bits(piece: &str) -> u32 {
    piece
        .bytes()
        .map(|b| match b.to_ascii_lowercase() {
            b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' | b'0' | b' ' | b'd' => 4,
            b'1'..=b'9' | b'c' | b'l' | b'm' | b'u' | b'p' | b'-' | b'.' | b':' => 5,
            b'a'..=b'z' => 6,
            _ => 7,
        })
        .sum::<u32>()
        .saturating_sub(4)
}

/// Every way that a piece may be written with the letters beside ASCII that a caseless regex takes
/// for `k` and `s`: U+212A and U+017F.
fn caseless_forms(piece: &str, fold: Fold) -> Vec<String> {
    let mut forms = vec![String::new()];
    for c in piece.chars() {
        let other = match (fold, c.to_ascii_lowercase()) {
            (Fold::Regex, 'k') => Some('\u{212a}'),
            (Fold::Regex, 's') => Some('\u{17f}'),
            _ => None,
        };
        let others: Vec<_> =
            other.iter().flat_map(|o| forms.iter().map(move |form| format!("{form}{o}"))).collect();
        forms.iter_mut().for_each(|form| form.push(c));
        forms.extend(others);
    }
    forms
}

/// Where the piece stands escaped, or torn by a comment or a CDATA section, one of these stands in
/// the event.
///
/// In XML any character may be `&#N;`. In JSON any character may be `\uXXXX`: one of the piece; or,
/// for the string may hold XML, one of a reference's or a section's; or, for it may hold JSON with
/// strings of its own, one of such an escape. The escapes of `&` and `<` alone are no sign: some
/// encoders write all so.
///
/// None is shorter than three bytes: the packed search goes by the first three of each.
fn text_needles(piece: &str, fold: Fold) -> Vec<Vec<u8>> {
    let escape = |c: char| format!("\\u{:04x}", u32::from(c));
    let mut needles = caseless_forms(piece, fold);
    let others: Vec<char> =
        needles.iter().flat_map(|form| form.chars()).filter(|c| !c.is_ascii()).collect();
    needles.extend(others.into_iter().map(escape));
    needles.extend(piece.chars().filter(|c| !c.is_ascii_alphanumeric()).map(escape));
    // Letters, brackets, and the backslash of an escape; digits. No encoder writes them so.
    needles.extend(["\\u004", "\\u005", "\\u006", "\\u007"].map(str::to_owned));
    needles.extend(('0'..='9').map(escape));
    // References.
    needles.extend(('0'..='9').chain(['x']).map(|digit| format!("&#{digit}")));
    needles.extend([format!("{}#", escape('&')), escape('#')]);
    // Comments and sections.
    needles.extend(["!--".to_owned(), "![CDATA[".to_owned(), escape('!'), escape('-')]);
    let mut unique: Vec<Vec<u8>> = Vec::new();
    for needle in needles.into_iter().map(String::into_bytes) {
        if !unique.contains(&needle) {
            unique.push(needle);
        }
    }
    unique
}

fn evtx_needles(piece: &str, fold: Fold) -> Vec<Vec<u8>> {
    let mut needles: Vec<Vec<u8>> = caseless_forms(piece, fold)
        .iter()
        .map(|form| form.encode_utf16().flat_map(u16::to_le_bytes).collect())
        .collect();
    // `AnsiString` values are 8-bit.
    needles.push(piece.as_bytes().to_vec());
    needles
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn needles(text: &str, place: Where, fold: Fold, storage: Storage) -> Option<Vec<String>> {
        let required = Required::Literal { place, text: text.to_owned(), fold };
        let guard = Guard::all(&required, storage, &Cim::builtin()).into_iter().next()?;
        let text = |needle: &Vec<u8>| String::from_utf8_lossy(needle).replace('\0', "_");
        Some(guard.needles.iter().map(text).collect())
    }

    fn field(name: &str) -> Where {
        Where::Field(name.to_owned())
    }

    #[test]
    fn a_literal_comes_with_every_way_to_write_it() {
        let text = needles(".msi", field("process"), Fold::Regex, Storage::Text).unwrap();
        for needle in [".msi", ".m\u{17f}i", "\\u002e", "\\u004", "\\u006", "\\u017f", "&#4", "&#x"]
        {
            assert!(text.iter().any(|has| has == needle), "{needle} is not in {text:?}");
        }
        let evtx = needles(".msi", field("process"), Fold::Ascii, Storage::Evtx).unwrap();
        assert_eq!(evtx, ["._m_s_i_", ".msi"]);
    }

    #[test]
    fn what_is_written_otherwise_is_cut_away() {
        let first = |text: &str| {
            needles(text, field("CommandLine"), Fold::Exact, Storage::Text)
                .map(|list| list[0].clone())
        };
        assert_eq!(first(r"\CurrentVersion\Run").as_deref(), Some("CurrentVersion"));
        assert_eq!(first("a&amp=\"wmic\"").as_deref(), Some("wmic"));
        assert_eq!(first("://"), None, "a lone colon is worth nothing");
        assert_eq!(first("0x1f"), None, "JSON may hold it as a number");
        assert_eq!(first("http://x.example/abc").as_deref(), Some("x.example"));
    }

    #[test]
    fn what_may_come_from_elsewhere_is_not_required() {
        let none = |text: &str, place: Where| {
            assert_eq!(needles(text, place, Fold::Ascii, Storage::Text), None, "{text}");
        };
        none("transaction", field("message"));
        none("EventRecordID", Where::Raw);
        none("Execution ProcessID", Where::Raw);
        none("712' ThreadID=", Where::Raw);
        none("<Data Name='", Where::Raw);
        none("amp;quot", Where::Raw);
        none("2020-01-02T03:04", Where::Raw);
        none("4688", field("signature_id"));
        none("server-one", field("dest"));
        assert!(needles("msiexec", field("message"), Fold::Ascii, Storage::Text).is_some());
        assert!(needles("msiexec", Where::Raw, Fold::Ascii, Storage::Evtx).is_some());
        assert_eq!(needles("0xdeadbeef", Where::Raw, Fold::Ascii, Storage::Evtx), None);
    }

    #[test]
    fn names_beside_one_another_in_markup_are_apart_in_the_bytes() {
        let first = |text: &str, storage| {
            needles(text, Where::Raw, Fold::Ascii, storage).map(|list| list[0].replace('_', ""))
        };
        for storage in [Storage::Text, Storage::Evtx] {
            assert_eq!(first("LogFileCleared xmlns", storage).unwrap(), "LogFileCleared");
            assert_eq!(first("cmd whoami", storage).unwrap(), "whoami");
            assert_eq!(first("cmd whoami now", storage).unwrap(), "cmd whoami now");
            assert_eq!(first("lt;wscript", storage).unwrap(), "wscript");
        }
        assert_eq!(first("whoami_x", Storage::Evtx).unwrap(), "whoami");
    }

    #[test]
    fn windows_keep_the_needles_few() {
        let long = "kkkkssss".repeat(8);
        let list = needles(&long, field("CommandLine"), Fold::Regex, Storage::Text);
        assert!(list.is_none_or(|list| list.len() < 40));
    }

    /// A JSON string of `text`: each character as the choices say, escaped or not.
    fn json_string(text: &str, choices: &mut impl Iterator<Item = u8>) -> String {
        let mut out = String::new();
        for c in text.chars() {
            match (choices.next().unwrap_or(0) % 4, c) {
                (0, _) => out.push_str(&format!("\\u{:04x}", u32::from(c))),
                (1, _) => out.push_str(&format!("\\u{:04X}", u32::from(c))),
                (_, '"' | '\\') => out.extend(['\\', c]),
                _ => out.push(c),
            }
        }
        out
    }

    /// XML of `text`: each character as the choices say, as a reference, in a section or behind a
    /// comment.
    fn xml_text(text: &str, choices: &mut impl Iterator<Item = u8>) -> String {
        let mut out = String::new();
        for c in text.chars() {
            match choices.next().unwrap_or(0) % 8 {
                0 => out.push_str(&format!("&#{};", u32::from(c))),
                1 => out.push_str(&format!("&#x{:x};", u32::from(c))),
                2 => out.push_str(&format!("<![CDATA[{c}]]>")),
                3 => out.push_str(&format!("<!-- -->{c}")),
                _ => out.push(c),
            }
        }
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4096) })]

        #[test]
        fn however_it_is_written_a_needle_stands_there(
            text in prop::sample::select(vec![".msi", ".MSI", ".m\u{17f}i", ".m\u{17f}I"]),
            xml in any::<bool>(),
            levels in 0..4usize,
            choices in prop::collection::vec(any::<u8>(), 0..120),
        ) {
            let mut choices = choices.into_iter().chain(std::iter::repeat(7));
            let mut bytes = if xml { xml_text(text, &mut choices) } else { text.to_owned() };
            for _ in 0..levels {
                bytes = json_string(&bytes, &mut choices);
            }
            let bytes = bytes.to_ascii_lowercase();
            let needles = text_needles(".msi", Fold::Regex);
            let stands = |needle: &Vec<u8>| {
                memchr::memmem::find(bytes.as_bytes(), &needle.to_ascii_lowercase()).is_some()
            };
            prop_assert!(needles.iter().any(stands), "{}", bytes);
        }
    }
}
