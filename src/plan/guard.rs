//! Guards: one clause of needles of which the bytes of any match must hold one.
//!
//! A literal of a rule is not what stands in the bytes: XML writes `&amp;`, JSON may write
//! `\u002e`, EVTX writes UTF-16. So a literal is cut down to a run of *plain* characters, which
//! every format writes as they are or by a numeric escape, and the needles of those escapes are
//! added to the clause (DESIGN, law 1). Where that is not possible the literal is not required.

use super::required::{Fold, Required, Where};
use crate::cim::{Cim, Constant, survives};
use crate::event::Format;

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

/// A clause with fewer bits is poisonous: hits nearly everywhere.
const FEWEST_BITS: u32 = 8;

/// A clause with more needles than this searches slower than its hits would cost.
const MOST_NEEDLES: usize = 2_000;

impl Guard {
    /// The most selective clause of a formula, if it has one that is worth searching for.
    #[must_use]
    pub fn choose(required: &Required, storage: Storage, cim: &Cim) -> Option<Self> {
        best(required, storage, cim)
            .filter(|guard| guard.bits >= FEWEST_BITS && guard.needles.len() <= MOST_NEEDLES)
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

fn best(required: &Required, storage: Storage, cim: &Cim) -> Option<Guard> {
    match required {
        Required::Anything => None,
        Required::Literal { place, text, fold } => literal_guard(place, text, *fold, storage, cim),
        Required::All(list) => list
            .iter()
            .filter_map(|one| best(one, storage, cim))
            .max_by_key(|guard| (guard.bits, std::cmp::Reverse(guard.needles.len()))),
        Required::Any(list) => {
            let mut guards = list.iter().map(|one| best(one, storage, cim));
            let first = guards.next()??;
            guards.try_fold(first, |joined, guard| Some(joined.join(guard?)))
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
    let pieces = plain_runs(text, storage).flat_map(|run| [run].into_iter().chain(run.split(' ')));
    let piece = pieces
        .map(window)
        .filter(|piece| !piece.is_empty() && survives(piece, &constants))
        .filter(|piece| match storage {
            Storage::Text => !may_be_number(piece),
            Storage::Evtx => !may_be_rendered(piece),
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
            if SYSTEM_FIELDS.contains(&name.as_str()) {
                return None;
            }
            let formats: &[Format] = match storage {
                Storage::Text => &[Format::Xml, Format::Classic, Format::HostMon, Format::Json],
                Storage::Evtx => &[Format::Evtx],
            };
            Some(formats.iter().flat_map(|format| cim.constants(name, *format)).collect())
        }
    }
}

/// Fields of a record's System part, which reading JSON or EVTX writes anew (times, GUIDs,
/// keywords, numbers).
const SYSTEM_FIELDS: &[&str] = &[
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

/// The runs of characters that every format writes as they are, or by a numeric escape.
fn plain_runs(text: &str, storage: Storage) -> impl Iterator<Item = &str> {
    let plain = move |c: char| {
        let always =
            c.is_ascii_graphic() && !matches!(c, '/' | '\\' | '"' | '\'' | '&' | '<' | '>' | '=');
        match storage {
            Storage::Text => always || c == ' ',
            // A list's values are joined with commas.
            Storage::Evtx => (always || c == ' ') && c != ',',
        }
    };
    text.split(move |c| !plain(c))
}

/// The most selective window of a long piece. Pieces are ASCII.
fn window(piece: &str) -> &str {
    if piece.len() <= LONGEST_NEEDLE {
        return piece;
    }
    (0..=piece.len() - LONGEST_NEEDLE)
        .map(|at| &piece[at..at + LONGEST_NEEDLE])
        .max_by_key(|window| bits(window))
        .unwrap_or(piece)
}

/// Whether a piece may be part of a JSON number, which reading may write anew.
fn may_be_number(piece: &str) -> bool {
    piece.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E'))
        && piece.bytes().filter(|&b| b == b'.').count() <= 1
}

/// Whether a piece may come from a value of an EVTX record that is no string: a number, a GUID, a
/// SID, a time, binary data or a truth value, written out.
fn may_be_rendered(piece: &str) -> bool {
    let rendered = |b: u8| b.is_ascii_hexdigit() || b"-{}xXsStTzZ.:+ ".contains(&b);
    piece.bytes().all(rendered)
        || ["true", "false", "nan", "inf"]
            .iter()
            .any(|word| word.contains(&piece.to_ascii_lowercase()))
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

/// The characters beside ASCII that a caseless regex takes for these letters.
fn caseless_others(piece: &str, fold: Fold) -> Vec<char> {
    let has = |letter: u8| piece.bytes().any(|b| b.eq_ignore_ascii_case(&letter));
    let mut others = Vec::new();
    if fold == Fold::Regex {
        others.extend(has(b'k').then_some('\u{212a}'));
        others.extend(has(b's').then_some('\u{17f}'));
    }
    others
}

/// Where the piece stands escaped, or torn by markup, one of these stands in the event.
///
/// In XML any character may be `&#N;`, and a comment, a CDATA section or a processing instruction
/// may tear a text apart. In JSON any character may be `\uXXXX`: one of the piece, or, for the
/// string may hold XML, one of such markup, or, for it may hold JSON with strings of its own, one
/// of such an escape. The escapes of `&` and `<` alone are no sign: some encoders write all so.
fn text_needles(piece: &str, fold: Fold) -> Vec<Vec<u8>> {
    let escape = |c: char| format!("\\u{:04x}", u32::from(c));
    let others = caseless_others(piece, fold);
    let mut needles = vec![piece.to_owned()];
    needles.extend(others.iter().map(char::to_string));
    needles.extend(others.iter().map(|&c| escape(c)));
    needles.extend(piece.chars().filter(|c| !c.is_ascii_alphanumeric()).map(escape));
    for (first, second) in [('&', '#'), ('<', '!'), ('<', '?')] {
        needles.push(format!("{first}{second}"));
        needles.push(format!("{}{second}", escape(first)));
        needles.push(escape(second));
    }
    // Letters, and the backslash and the digits of an escape, whose escapes no encoder writes.
    needles.extend(["\\u004", "\\u005", "\\u006", "\\u007"].map(str::to_owned));
    needles.extend(('0'..='9').map(escape));
    needles.sort_unstable();
    needles.dedup();
    needles.into_iter().map(String::into_bytes).collect()
}

fn evtx_needles(piece: &str, fold: Fold) -> Vec<Vec<u8>> {
    let mut forms = vec![String::new()];
    for c in piece.chars() {
        let other = match (fold, c.to_ascii_lowercase()) {
            (Fold::Regex, 'k') => Some('\u{212a}'),
            (Fold::Regex, 's') => Some('\u{17f}'),
            _ => None,
        };
        let with_other =
            other.map(|o| forms.iter().map(|form| format!("{form}{o}")).collect::<Vec<_>>());
        for form in &mut forms {
            form.push(c);
        }
        forms.extend(with_other.into_iter().flatten());
    }
    let mut needles: Vec<Vec<u8>> =
        forms.iter().map(|form| form.encode_utf16().flat_map(u16::to_le_bytes).collect()).collect();
    // `AnsiString` values are 8-bit.
    needles.push(piece.as_bytes().to_vec());
    needles
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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

    /// XML of `text`: each character as the choices say, as a reference or with something before.
    fn xml_text(text: &str, choices: &mut impl Iterator<Item = u8>) -> String {
        let mut out = String::new();
        for c in text.chars() {
            match choices.next().unwrap_or(0) % 8 {
                0 => out.push_str(&format!("&#{};", u32::from(c))),
                1 => out.push_str(&format!("&#x{:x};", u32::from(c))),
                2 => out.push_str(&format!("<!-- -->{c}")),
                3 => out.push_str(&format!("<![CDATA[{c}]]>")),
                4 => out.push_str(&format!("<?p?>{c}")),
                _ => out.push(c),
            }
        }
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4096) })]

        #[test]
        fn however_it_is_written_a_needle_stands_there(
            text in prop::sample::select(vec![".msi", ".MSI", ".mſi", ".m\u{17f}I"]),
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
