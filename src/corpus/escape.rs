//! Characters, numbers and times as the text formats write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::evtx_writer::{Guid, Sid, Value};

/// How much the writers escape. All ways say the same; exporters differ in which they choose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Escapes {
    /// What must be: `&amp;`, `&lt;`, `&gt;` in XML, `\"`, `\\` and control characters in JSON.
    #[default]
    Least,
    /// Quotes in XML too (`&quot;`, `&apos;`), slashes (`\/`) and `<`, `>`, `&`, `'` in JSON.
    More,
    /// Beside that, every character that is not ASCII by its number.
    Ascii,
    /// Every character but letters and digits, and every fifth of those, by its number.
    Numbers,
}

impl Escapes {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Least, Self::More, Self::Ascii, Self::Numbers];

    /// Whether a character is written by its number, the `at`-th of its text.
    fn by_number(self, c: char, at: usize) -> bool {
        match self {
            Self::Least | Self::More => false,
            Self::Ascii => !c.is_ascii(),
            Self::Numbers => !c.is_ascii_alphanumeric() || at % 5 == 4,
        }
    }
}

/// Writes text between XML tags. Characters that XML does not allow become `_`, as when Windows
/// renders an event.
pub(super) fn xml(out: &mut Vec<u8>, text: &str, escapes: Escapes) {
    let special = |byte: &u8| match byte {
        b'&' | b'<' | b'>' => true,
        b'\t' | b'\n' | b'\r' => false,
        0..0x20 | 0xef => true,
        _ => escapes != Escapes::Least,
    };
    let Some(first) = text.as_bytes().iter().position(special) else {
        return out.extend_from_slice(text.as_bytes());
    };
    // Where a special byte stands, a character starts.
    let (plain, rest) = text.split_at(first);
    out.extend_from_slice(plain.as_bytes());
    for (at, c) in rest.chars().enumerate() {
        xml_char(out, c, at, escapes);
    }
}

fn xml_char(out: &mut Vec<u8>, c: char, at: usize, escapes: Escapes) {
    let named: &[u8] = match c {
        '\t' | '\n' | '\r' => b"",
        '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => b"_",
        _ if escapes.by_number(c, at) => {
            out.extend_from_slice(b"&#x");
            hex_digits(out, u64::from(u32::from(c)), 1);
            out.push(b';');
            return;
        }
        '&' => b"&amp;",
        '<' => b"&lt;",
        '>' => b"&gt;",
        '"' if escapes != Escapes::Least => b"&quot;",
        '\'' if escapes != Escapes::Least => b"&apos;",
        _ => b"",
    };
    if named.is_empty() { push_char(out, c) } else { out.extend_from_slice(named) }
}

fn push_char(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Writes a JSON string with its quotes.
pub(super) fn json(out: &mut Vec<u8>, text: &str, escapes: Escapes) {
    out.push(b'"');
    json_inner(out, text, escapes);
    out.push(b'"');
}

/// Writes what stands between the quotes of a JSON string.
pub(super) fn json_inner(out: &mut Vec<u8>, text: &str, escapes: Escapes) {
    if escapes != Escapes::Least {
        return text.chars().enumerate().for_each(|(at, c)| json_char(out, c, at, escapes));
    }
    let bytes = text.as_bytes();
    let mut from = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if byte < 0x20 || matches!(byte, b'"' | b'\\') {
            out.extend_from_slice(&bytes[from..at]);
            json_char(out, char::from(byte), 0, escapes);
            from = at + 1;
        }
    }
    out.extend_from_slice(&bytes[from..]);
}

fn json_char(out: &mut Vec<u8>, c: char, at: usize, escapes: Escapes) {
    let more = escapes != Escapes::Least;
    let short = match c {
        '"' | '\\' => c,
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '/' if more => '/',
        '\0'..='\x1f' => return units(out, c),
        '<' | '>' | '&' | '\'' if more => return units(out, c),
        _ if escapes.by_number(c, at) => return units(out, c),
        _ => return push_char(out, c),
    };
    if escapes == Escapes::Numbers {
        return units(out, c);
    }
    out.push(b'\\');
    push_char(out, short);
}

/// A character as `\uXXXX`, or two of them.
fn units(out: &mut Vec<u8>, c: char) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        out.extend_from_slice(b"\\u");
        hex_digits(out, u64::from(*unit), 4);
    }
}

/// Writes a decimal number of at least `width` digits.
pub(super) fn decimal(out: &mut Vec<u8>, number: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    let mut rest = number;
    while rest > 0 || digits.len() - at < width.clamp(1, 20) {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend_from_slice(&digits[at..]);
}

fn hex_digits(out: &mut Vec<u8>, number: u64, width: usize) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let needed = (16 - number.leading_zeros() as usize / 4).max(width);
    out.extend((0..needed).rev().map(|at| DIGITS[(number >> (4 * at) & 15) as usize]));
}

/// Writes `0x3e7`.
pub(super) fn hex(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(b"0x");
    hex_digits(out, number, 1);
}

/// Writes `{54849625-5478-4994-a5ba-3e3b0328c30d}`.
pub(super) fn guid(out: &mut Vec<u8>, guid: Guid) {
    let group = |out: &mut Vec<u8>, shift: u32, digits: usize| {
        let mask = (1u128 << (4 * digits)) - 1;
        // At most 12 digits.
        hex_digits(out, (guid.0 >> shift & mask) as u64, digits);
    };
    out.push(b'{');
    for (shift, digits) in [(96, 8), (80, 4), (64, 4), (48, 4)] {
        group(out, shift, digits);
        out.push(b'-');
    }
    group(out, 0, 12);
    out.push(b'}');
}

/// Writes `S-1-5-18`.
pub(super) fn sid(out: &mut Vec<u8>, sid: &Sid) {
    out.extend_from_slice(b"S");
    for part in sid.parts() {
        out.push(b'-');
        decimal(out, part, 1);
    }
}

/// Writes a value, its text through `text`.
pub(super) fn value(out: &mut Vec<u8>, value: &Value<'_>, text: impl FnOnce(&mut Vec<u8>, &str)) {
    match value {
        Value::Text(value) => text(out, value),
        Value::Unsigned(number) => decimal(out, *number, 1),
        Value::Hex(number) => hex(out, *number),
        Value::Guid(value) => guid(out, *value),
        Value::Sid(value) => sid(out, value),
        Value::Binary(bytes) => {
            let digit = |digit: u8| (digit + if digit < 10 { b'0' } else { b'A' - 10 }) as char;
            out.extend(bytes.iter().flat_map(|b| [digit(b >> 4) as u8, digit(b & 15) as u8]));
        }
        Value::Null => {}
    }
}

/// A time's parts, in UTC.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock(DateTime);

impl Clock {
    pub(super) fn new(time: Timestamp) -> Self {
        Self(TimeZone::UTC.to_datetime(time))
    }

    fn number(out: &mut Vec<u8>, number: impl Into<i64>, width: usize) {
        decimal(out, u64::try_from(number.into()).unwrap_or(0), width);
    }

    /// `2019-03-19`, `T` or a blank, `13:05:42`, and this many decimals.
    pub(super) fn iso(self, out: &mut Vec<u8>, between: u8, decimals: u32) {
        Self::number(out, self.0.year(), 4);
        out.push(b'-');
        Self::number(out, self.0.month(), 2);
        out.push(b'-');
        Self::number(out, self.0.day(), 2);
        out.push(between);
        self.time(out, self.0.hour());
        if decimals > 0 {
            out.push(b'.');
            let nanoseconds = i64::from(self.0.subsec_nanosecond());
            Self::number(out, nanoseconds / 10i64.pow(9 - decimals.min(9)), decimals as usize);
        }
    }

    fn time(self, out: &mut Vec<u8>, hour: i8) {
        Self::number(out, hour, 2);
        out.push(b':');
        Self::number(out, self.0.minute(), 2);
        out.push(b':');
        Self::number(out, self.0.second(), 2);
    }

    /// `03/19/2019 01:05:42 PM`
    pub(super) fn american(self, out: &mut Vec<u8>) {
        Self::number(out, self.0.month(), 2);
        out.push(b'/');
        Self::number(out, self.0.day(), 2);
        out.push(b'/');
        Self::number(out, self.0.year(), 4);
        out.push(b' ');
        let hour = self.0.hour();
        self.time(out, if hour % 12 == 0 { 12 } else { hour % 12 });
        out.extend_from_slice(if hour < 12 { b" AM" } else { b" PM" });
    }

    /// `Mar 19 13:05:42`
    pub(super) fn syslog(self, out: &mut Vec<u8>) {
        const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
        let at = 3 * usize::try_from(self.0.month() - 1).unwrap_or(0);
        out.extend_from_slice(&MONTHS[at..at + 3]);
        out.extend_from_slice(if self.0.day() < 10 { b"  " } else { b" " });
        Self::number(out, self.0.day(), 1);
        out.push(b' ');
        self.time(out, self.0.hour());
    }

    /// `20190319130542.000000+000`, as WMI writes it.
    pub(super) fn wmi(self, out: &mut Vec<u8>) {
        for (number, width) in [
            (i64::from(self.0.year()), 4),
            (i64::from(self.0.month()), 2),
            (i64::from(self.0.day()), 2),
            (i64::from(self.0.hour()), 2),
            (i64::from(self.0.minute()), 2),
            (i64::from(self.0.second()), 2),
        ] {
            Self::number(out, number, width);
        }
        out.push(b'.');
        Self::number(out, self.0.subsec_nanosecond() / 1000, 6);
        out.extend_from_slice(b"+000");
    }
}

/// Seconds since 1970 with three decimals; times before 1970 become 1970.
pub(super) fn epoch(out: &mut Vec<u8>, time: Timestamp) {
    let milliseconds = u64::try_from(time.as_millisecond()).unwrap_or(0);
    decimal(out, milliseconds / 1000, 1);
    out.push(b'.');
    decimal(out, milliseconds % 1000, 3);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text() {
        // (text, XML and JSON with each way of escaping)
        for (text, expected) in [
            (
                "plain é",
                [
                    r"plain é",
                    "\"plain é\"",
                    "plain é",
                    "\"plain é\"",
                    "plain &#xe9;",
                    "\"plain \\u00e9\"",
                ],
            ),
            (
                "a/b'<&>\"\\",
                [
                    "a/b'&lt;&amp;&gt;\"\\",
                    "\"a/b'<&>\\\"\\\\\"",
                    "a/b&apos;&lt;&amp;&gt;&quot;\\",
                    "\"a\\/b\\u0027\\u003c\\u0026\\u003e\\\"\\\\\"",
                    "a/b&apos;&lt;&amp;&gt;&quot;\\",
                    "\"a\\/b\\u0027\\u003c\\u0026\\u003e\\\"\\\\\"",
                ],
            ),
            (
                "\u{1}\n\u{1f600}",
                [
                    "_\n\u{1f600}",
                    "\"\\u0001\\n\u{1f600}\"",
                    "_\n\u{1f600}",
                    "\"\\u0001\\n\u{1f600}\"",
                    "_\n&#x1f600;",
                    "\"\\u0001\\n\\ud83d\\ude00\"",
                ],
            ),
        ] {
            for (at, escapes) in
                [Escapes::Least, Escapes::More, Escapes::Ascii].into_iter().enumerate()
            {
                assert_eq!(written(|out| xml(out, text, escapes)), expected[2 * at], "{escapes:?}");
                assert_eq!(
                    written(|out| json(out, text, escapes)),
                    expected[2 * at + 1],
                    "{escapes:?}"
                );
            }
        }
        assert_eq!(written(|out| xml(out, "abcdefg.", Escapes::Numbers)), "abcd&#x65;fg&#x2e;");
        assert_eq!(
            written(|out| json(out, "abcdefg.\n", Escapes::Numbers)),
            "\"abcd\\u0065fg\\u002e\\u000a\""
        );
    }

    #[test]
    fn numbers_and_times() {
        assert_eq!(written(|out| decimal(out, 0, 1)), "0");
        assert_eq!(written(|out| decimal(out, u64::MAX, 1)), u64::MAX.to_string());
        assert_eq!(written(|out| hex(out, 0)), "0x0");
        assert_eq!(written(|out| hex(out, 0x92e21)), "0x92e21");
        assert_eq!(written(|out| hex(out, u64::MAX)), "0xffffffffffffffff");
        let security = Guid(0x0484_9625_5478_4994_a5ba_3e3b_0328_c30d);
        assert_eq!(written(|out| guid(out, security)), "{04849625-5478-4994-a5ba-3e3b0328c30d}");
        let text = "S-1-5-21-3463664321-2923530833-3546627382-1000";
        assert_eq!(written(|out| sid(out, &text.parse().unwrap())), text);
        assert_eq!(written(|out| value(out, &Value::Binary(b"\x0fz"), |_, _| {})), "0F7A");
        let time: Timestamp = "2019-03-09T00:05:42.012345678Z".parse().unwrap();
        let clock = Clock::new(time);
        assert_eq!(written(|out| clock.iso(out, b'T', 9)), "2019-03-09T00:05:42.012345678");
        assert_eq!(written(|out| clock.iso(out, b' ', 0)), "2019-03-09 00:05:42");
        assert_eq!(written(|out| clock.american(out)), "03/09/2019 12:05:42 AM");
        assert_eq!(written(|out| clock.syslog(out)), "Mar  9 00:05:42");
        assert_eq!(written(|out| clock.wmi(out)), "20190309000542.012345+000");
        assert_eq!(written(|out| epoch(out, time)), "1552089942.012");
    }
}
