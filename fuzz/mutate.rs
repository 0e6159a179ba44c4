//! Mutations of bytes: what disks, copies and attackers do to logs.

use super::rng::Rng;

/// How long a mutated input may grow.
const LONGEST: usize = 512 << 10;

/// Bytes and words that mean something to one format or another.
const TOKENS: &[&[u8]] = &[
    b"<",
    b">",
    b"&",
    b"\"",
    b"'",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\n",
    b"\r\n",
    b"\0",
    b"\0\0\0\0",
    b"=",
    b"\xff",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"<Event>",
    b"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>",
    b"</Event>",
    b"</Event></Event>",
    b"<System>",
    b"</System>",
    b"<EventID>4688</EventID>",
    b"<Data Name='CommandLine'>",
    b"</Data>",
    b"<![CDATA[",
    b"]]>",
    b"<!--",
    b"-->",
    b"&#46;msi",
    b"&#x2E;msi",
    b"&amp;",
    b"&lt;",
    b"&bogus;",
    b"\\u002emsi",
    b"\\u002Emsi",
    b"\\/",
    b"\\\"",
    b"\\ud800",
    b"\\ud83d\\ude00",
    b"{\"",
    b"{\"a\":",
    b"\"}",
    b"\"},\n{\"",
    b"{}",
    b"{\"results\":[",
    b"{\"hits\":{\"hits\":[",
    b"]}",
    b"{\"event\":\"",
    b"{\"_raw\":\"",
    b"{\"preview\":false,\"result\":",
    b"09/20/2016 06:45:16 PM\nLogName=Security\n",
    b"\nLogName=Security\n",
    b"\nMessage=",
    b"EventCode=4688\n",
    b"Type=Process\nName=\"x\"\n",
    b".msi",
    b".MSI",
    b"msiexec",
    b"http://a/b.msi",
    b"://",
    b" /i ",
    b"install",
    "\u{212a}\u{17f}\u{131}\u{130}".as_bytes(),
    b"ElfFile\0",
    b"ElfChnk\0",
    b"**\0\0",
    b"\x0c\x01",
    b"\x1f\x8b\x08",
];

/// Numbers that offsets, sizes and counts go wrong at.
const NUMBERS: &[u32] = &[
    0,
    1,
    2,
    7,
    8,
    23,
    24,
    28,
    127,
    128,
    255,
    256,
    511,
    512,
    4096,
    65_535,
    65_536,
    0x7fff_ffff,
    u32::MAX,
];

/// Mutates `bytes` once or some times. `other` is another input to splice with.
pub fn mutate(bytes: &mut Vec<u8>, other: &[u8], rng: &mut Rng) {
    let most = if rng.one_in(4) { 24 } else { 4 };
    for _ in 0..=rng.below(most) {
        mutate_once(bytes, other, rng);
        bytes.truncate(LONGEST);
    }
}

fn mutate_once(bytes: &mut Vec<u8>, other: &[u8], rng: &mut Rng) {
    let at = rng.below(bytes.len() + 1);
    match rng.below(14) {
        0 => flip(bytes, at, rng),
        1 => set(bytes, at, &[rng.next() as u8]),
        2 => set(bytes, at, token(rng)),
        3 | 4 => insert(bytes, at, token(rng)),
        5 => {
            bytes.drain(rng.range(bytes.len()));
        }
        6 => {
            let copy = bytes[rng.range(bytes.len())].to_vec();
            insert(bytes, at, &copy);
        }
        7 => {
            let range = rng.range(bytes.len());
            let with = *rng.pick(&[0u8, b' ', b'\n', 0xff, b'{', b'<']);
            bytes[range].fill(with);
        }
        8 => bytes.truncate(at),
        9 => set(bytes, at & !1, &rng.pick(NUMBERS).to_le_bytes()),
        10 => insert(bytes, at, &other[rng.range(other.len())]),
        11 => {
            // The start of this, the end of the other.
            bytes.truncate(at);
            bytes.extend_from_slice(&other[rng.below(other.len() + 1)..]);
        }
        12 => change_case(bytes, at),
        _ => repeat(bytes, at, rng),
    }
}

fn flip(bytes: &mut [u8], at: usize, rng: &mut Rng) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << rng.below(8);
    }
}

fn set(bytes: &mut [u8], at: usize, with: &[u8]) {
    for (byte, new) in bytes.iter_mut().skip(at).zip(with) {
        *byte = *new;
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, with: &[u8]) {
    bytes.splice(at..at, with.iter().copied());
}

fn change_case(bytes: &mut [u8], at: usize) {
    for byte in bytes.iter_mut().skip(at).take(8) {
        if byte.is_ascii_alphabetic() {
            *byte ^= 0x20;
        }
    }
}

fn repeat(bytes: &mut Vec<u8>, at: usize, rng: &mut Rng) {
    let token = token(rng);
    let most = if rng.one_in(8) { 5000 } else { 200 };
    insert(bytes, at, &token.repeat(1 + rng.below(most)));
}

fn token(rng: &mut Rng) -> &'static [u8] {
    TOKENS[rng.below(TOKENS.len())]
}
