//! The fields that Splunk extracts from a JSON event by itself: paths `a.b`, `a{}`, `a{}.b`.

use super::framing::{self, Scan};
use crate::event::RawFields;

/// How much of an event automatic extraction reads: `extraction_cutoff` (SPLUNK.md 5).
const CUTOFF: usize = 5000;

/// The fields whose values end within the first [`CUTOFF`] bytes.
pub(super) fn flatten(text: &[u8]) -> RawFields {
    let mut walk = Walk {
        text: &text[..text.len().min(CUTOFF)],
        path: String::new(),
        fields: RawFields::default(),
    };
    walk.value(framing::skip_space(text, 0), 0);
    walk.fields
}

struct Walk<'t> {
    text: &'t [u8],
    path: String,
    fields: RawFields,
}

impl Walk<'_> {
    /// Takes the fields of the value at `at`; where it ends, unless the text ends or breaks in it.
    fn value(&mut self, at: usize, depth: usize) -> Option<usize> {
        if depth > framing::DEPTH_LIMIT {
            return None;
        }
        let outer = self.path.len();
        let end = match self.text.get(at)? {
            b'{' => self.list(at, |walk, at| {
                let Scan::Complete(end) = framing::scan_value(walk.text, at) else { return None };
                let key = string(&walk.text[at..end])?;
                let colon = framing::skip_space(walk.text, end);
                (walk.text.get(colon) == Some(&b':')).then_some(())?;
                if outer > 0 {
                    walk.path.push('.');
                }
                walk.path.push_str(&key);
                walk.value(framing::skip_space(walk.text, colon + 1), depth + 1)
            }),
            b'[' => self.list(at, |walk, at| {
                walk.path.push_str("{}");
                walk.value(at, depth + 1)
            }),
            _ => {
                let Scan::Complete(end) = framing::scan_value(self.text, at) else { return None };
                let token = &self.text[at..end];
                match string(token) {
                    Some(value) => self.fields.push(&self.path, value),
                    None if token == b"null" => {}
                    None => self.fields.push(&self.path, String::from_utf8_lossy(token)),
                }
                Some(end)
            }
        };
        self.path.truncate(outer);
        end
    }

    /// Walks what stands between commas in brackets; where the bracket is closed.
    fn list(
        &mut self,
        at: usize,
        mut item: impl FnMut(&mut Self, usize) -> Option<usize>,
    ) -> Option<usize> {
        let outer = self.path.len();
        let mut at = framing::skip_space(self.text, at + 1);
        loop {
            match self.text.get(at)? {
                b'}' | b']' => return Some(at + 1),
                b',' => at = framing::skip_space(self.text, at + 1),
                _ => {
                    let end = item(self, at)?;
                    self.path.truncate(outer);
                    at = framing::skip_space(self.text, end);
                }
            }
        }
    }
}

/// The text of a string token.
fn string(token: &[u8]) -> Option<String> {
    if token.first() != Some(&b'"') {
        return None;
    }
    serde_json::from_str(&String::from_utf8_lossy(token)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        flatten(text.as_bytes()).iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
    }

    #[test]
    fn paths() {
        let fields =
            pairs(r#"{"a":{"b":1,"c":[ "x", {"d":"\u0041\n"}, [2]]},"e":null,"f":"", "g":true}"#);
        let expected =
            [("a.b", "1"), ("a.c{}", "x"), ("a.c{}.d", "A\n"), ("a.c{}{}", "2"), ("g", "true")];
        assert_eq!(fields, expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
    }

    #[test]
    fn only_the_beginning_is_read() {
        let text = format!(r#"{{"a":1,"b":"{}","c":2}}"#, "x".repeat(CUTOFF));
        assert_eq!(pairs(&text), [("a".to_owned(), "1".to_owned())]);
        for cut in 0..40 {
            pairs(&r#"{"a":{"b":1,"c":["x",{"d":"\u0041"}]}}"#[..cut.min(38)]);
        }
        pairs(&"{\"a\":".repeat(2000));
    }
}
