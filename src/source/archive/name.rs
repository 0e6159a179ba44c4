//! How members are called.

use std::fmt::Write;

/// The path of a member: `outer.zip!inner/Security.evtx`.
///
/// It is for showing only. What could mislead a reader is written as `\x1b` or `\u{202e}`: control
/// characters and those that change the direction of text, bytes that are not UTF-8, and `!` and
/// `\` themselves (`\x21`; a backslash between folders, as Windows writes it, is a `/`).
#[must_use]
pub fn member_path(archive: &str, name: &[u8]) -> String {
    let mut path = format!("{archive}!");
    for chunk in name.utf8_chunks() {
        for character in chunk.valid().chars() {
            let written = match character {
                '\\' => write!(path, "/"),
                '!' => write!(path, "\\x21"),
                _ if character.is_ascii_control() => write!(path, "\\x{:02x}", character as u32),
                _ if is_misleading(character) => write!(path, "{}", character.escape_unicode()),
                _ => write!(path, "{character}"),
            };
            // Writing to a string does not fail.
            debug_assert!(written.is_ok());
        }
        for byte in chunk.invalid() {
            let written = write!(path, "\\x{byte:02x}");
            debug_assert!(written.is_ok());
        }
    }
    path
}

fn is_misleading(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_show_what_they_are() {
        let cases: [(&[u8], &str); 6] = [
            (b"logs/a.evtx", "x.zip!logs/a.evtx"),
            (b"logs\\a.evtx", "x.zip!logs/a.evtx"),
            (b"../../etc/passwd", "x.zip!../../etc/passwd"),
            (b"a\x1b[2J\n!b", "x.zip!a\\x1b[2J\\x0a\\x21b"),
            (b"\xff\xe4", "x.zip!\\xff\\xe4"),
            ("a\u{202e}b".as_bytes(), "x.zip!a\\u{202e}b"),
        ];
        for (name, shown) in cases {
            assert_eq!(member_path("x.zip", name), shown);
        }
    }
}
