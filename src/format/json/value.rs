//! A parsed JSON document: members in their order, numbers as text.

use std::borrow::Cow;

use simd_json::{Buffers, Node, StaticNode};

use super::framing::DEPTH_LIMIT;
use crate::format::DecodeError;

/// How large a document may be: parsing takes several times as much memory.
const SIZE_LIMIT: usize = 256 << 20;

/// One value. Of members that share a key, looking one up takes the last, as parsers do; walking
/// them sees all.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// As decimal text.
    Number(String),
    Text(String),
    Array(Vec<Value>),
    Object(Vec<(String, Value)>),
}

impl Value {
    /// Parses one document. Invalid UTF-8 becomes U+FFFD, raw control characters blanks.
    pub(super) fn parse(text: &[u8]) -> Result<Self, DecodeError> {
        if text.len() > SIZE_LIMIT {
            return Err(DecodeError(Cow::Borrowed("the JSON object is larger than 256 MiB")));
        }
        // The parser needs a copy of its own that it may write into.
        let mut scratch = match String::from_utf8_lossy(text) {
            Cow::Borrowed(_) => text.to_vec(),
            Cow::Owned(repaired) => repaired.into_bytes(),
        };
        for byte in &mut scratch {
            if *byte < b' ' {
                *byte = b' ';
            }
        }
        let mut buffers = Buffers::with_max_depth(scratch.len(), DEPTH_LIMIT);
        let tape = simd_json::to_tape_with_buffers(&mut scratch, &mut buffers)
            .map_err(|error| DecodeError(Cow::Owned(format!("this is not JSON: {error}"))))?;
        let mut nodes = tape.0.iter();
        Self::build(&mut nodes).ok_or(DecodeError(Cow::Borrowed("this is not JSON")))
    }

    /// Builds the value whose nodes come next. The parser has bounded the depth.
    fn build<'n, 't: 'n>(nodes: &mut impl Iterator<Item = &'n Node<'t>>) -> Option<Self> {
        Some(match nodes.next()? {
            Node::String(text) => Self::Text((*text).to_owned()),
            Node::Static(StaticNode::Null) => Self::Null,
            Node::Static(StaticNode::Bool(bool)) => Self::Bool(*bool),
            Node::Static(StaticNode::I64(number)) => Self::Number(number.to_string()),
            Node::Static(StaticNode::U64(number)) => Self::Number(number.to_string()),
            Node::Static(StaticNode::F64(number)) => Self::Number(number.to_string()),
            Node::Array { len, .. } => {
                Self::Array((0..*len).map(|_| Self::build(nodes)).collect::<Option<_>>()?)
            }
            Node::Object { len, .. } => {
                let mut members = Vec::new();
                for _ in 0..*len {
                    let Some(Node::String(key)) = nodes.next() else { return None };
                    members.push(((*key).to_owned(), Self::build(nodes)?));
                }
                Self::Object(members)
            }
        })
    }

    pub(super) fn members(&self) -> &[(String, Value)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    pub(super) fn elements(&self) -> &[Value] {
        match self {
            Self::Array(elements) => elements,
            _ => &[],
        }
    }

    /// The member of this key.
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.members().iter().rev().find(|(k, _)| k == key).map(|(_, value)| value)
    }

    /// The value at a dotted path, whether its parts are nested or the key itself has dots.
    pub(super) fn at(&self, path: &str) -> Option<&Value> {
        if let Some(value) = self.get(path) {
            return Some(value);
        }
        path.match_indices('.').find_map(|(dot, _)| self.get(&path[..dot])?.at(&path[dot + 1..]))
    }

    pub(super) fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// A scalar as text. `null` and an empty text are absent; a list gives its first element, for
    /// Splunk writes a multivalue field as one.
    pub(super) fn scalar(&self) -> Option<String> {
        self.text_form().filter(|text| !text.is_empty())
    }

    /// As [`scalar`](Self::scalar), but an empty text is kept.
    pub(super) fn text_form(&self) -> Option<String> {
        match self {
            Self::Null | Self::Object(_) => None,
            Self::Bool(bool) => Some(bool.to_string()),
            Self::Number(text) | Self::Text(text) => Some(text.clone()),
            Self::Array(elements) => elements.iter().find_map(Self::scalar),
        }
    }

    /// The scalar at a dotted path.
    pub(super) fn scalar_at(&self, path: &str) -> Option<String> {
        self.at(path).and_then(Self::scalar)
    }

    /// The scalar of the first of these paths that has one.
    pub(super) fn first_of(&self, paths: &[&str]) -> Option<String> {
        paths.iter().find_map(|path| self.scalar_at(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_paths() {
        let text = br#"{"a":1,"n":-9214364837600034816,"u":18446744073709551615,"f":1614035240.794,
            "o":{"p.q":{"r":"x"}},"o.s":"y","m":["","v"],"z":null,"e":"","a":2,"b":true}"#;
        let value = Value::parse(text).expect("JSON");
        for (path, expected) in [
            ("a", Some("2")),
            ("n", Some("-9214364837600034816")),
            ("u", Some("18446744073709551615")),
            ("f", Some("1614035240.794")),
            ("o.p.q.r", Some("x")),
            ("o.s", Some("y")),
            ("m", Some("v")),
            ("b", Some("true")),
            ("z", None),
            ("e", None),
            ("o", None),
            ("x.y", None),
        ] {
            assert_eq!(value.scalar_at(path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn hostile_text() {
        assert!(Value::parse(b"").is_err());
        assert!(Value::parse(b"{\"a\":1e999}").is_err());
        assert!(Value::parse("[".repeat(100_000).as_bytes()).is_err());
        let deep = "[".repeat(DEPTH_LIMIT) + &"]".repeat(DEPTH_LIMIT);
        assert!(Value::parse(deep.as_bytes()).is_ok());
        let value = Value::parse(b"{\"a\":\"x\xffy\x01z\"}").expect("repaired");
        assert_eq!(value.scalar_at("a").as_deref(), Some("x\u{fffd}y z"));
    }
}
