//! From the decoder's XML to the text that Windows renders and Splunk stores.

use memchr::{memchr, memmem};

/// Rewrites one record of the decoder as `EvtRender` writes it, into `out`.
///
/// Names, texts and escapes are the decoder's, which are those of Windows. Three things differ:
/// Windows writes no declaration, puts attributes in single quotes, and (until Windows 10 2004,
/// and in all event data that Splunk publishes) gives `SystemTime` nine decimals, of which the
/// last two are zeros.
pub(super) fn normalize(decoded: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let mut rest = strip_declaration(decoded).trim_ascii_end();
    out.reserve(rest.len() + 2);
    while let Some(open) = memchr(b'<', rest) {
        let (text, tag) = rest.split_at(open);
        out.extend_from_slice(text);
        let len = markup_len(tag);
        let (tag, after) = tag.split_at(len);
        rest = after;
        if tag.starts_with(b"<!") || tag.starts_with(b"<?") {
            out.extend_from_slice(tag);
            continue;
        }
        let start = out.len();
        out.extend_from_slice(tag);
        // The decoder escapes quotes within values, so that every one left delimits a value.
        if let Some(tag) = out.get_mut(start..) {
            tag.iter_mut().filter(|byte| **byte == b'"').for_each(|byte| *byte = b'\'');
        }
        widen_system_time(out, start);
    }
    out.extend_from_slice(rest);
}

fn strip_declaration(decoded: &[u8]) -> &[u8] {
    if !decoded.starts_with(b"<?xml ") {
        return decoded;
    }
    let end = memmem::find(decoded, b"?>").map_or(0, |at| at + 2);
    decoded.get(end..).unwrap_or_default().trim_ascii_start()
}

/// How long the tag, CDATA section or processing instruction at the start of `data` is.
fn markup_len(data: &[u8]) -> usize {
    let (close, len): (&[u8], usize) = if data.starts_with(b"<![CDATA[") {
        (b"]]>", 3)
    } else if data.starts_with(b"<?") {
        (b"?>", 2)
    } else {
        return memchr(b'>', data).map_or(data.len(), |at| at + 1);
    };
    memmem::find(data, close).map_or(data.len(), |at| at + len)
}

/// Gives the time in a `TimeCreated` tag at `start` its nine decimals.
fn widen_system_time(out: &mut Vec<u8>, start: usize) {
    const OPEN: &[u8] = b"<TimeCreated SystemTime='";
    const TIME: usize = "2000-01-01T00:00:00.0000000".len();
    let Some(tag) = out.get(start..).filter(|tag| tag.starts_with(OPEN)) else { return };
    if tag.get(OPEN.len() + TIME) == Some(&b'Z') && tag.get(OPEN.len() + TIME - 8) == Some(&b'.') {
        let at = start + OPEN.len() + TIME;
        out.splice(at..at, *b"00");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_windows_writes() {
        for (decoded, expected) in [
            ("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Event/>", "<Event/>"),
            (
                "<A b=\"c\" d=\"&quot;e&apos;\">it's \"f\"\r\n</A>",
                "<A b='c' d='&quot;e&apos;'>it's \"f\"\r\n</A>",
            ),
            ("<A><![CDATA[<x y=\"z\">]]></A>", "<A><![CDATA[<x y=\"z\">]]></A>"),
            ("<A><?p q=\"r\"?></A>", "<A><?p q=\"r\"?></A>"),
            (
                "<TimeCreated SystemTime=\"2019-03-18T11:06:25.4852402Z\"/>",
                "<TimeCreated SystemTime='2019-03-18T11:06:25.485240200Z'/>",
            ),
            ("<TimeCreated SystemTime=\"x\"/>", "<TimeCreated SystemTime='x'/>"),
            (
                "<Data>2019-03-18T11:06:25.4852402Z</Data>",
                "<Data>2019-03-18T11:06:25.4852402Z</Data>",
            ),
            ("<a b=\"", "<a b='"),
            ("", ""),
        ] {
            let mut out = Vec::new();
            normalize(decoded.as_bytes(), &mut out);
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
    }
}
