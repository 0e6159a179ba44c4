//! Where a JSON value ends, told from its grammar alone: no copy, no recursion, forward only.
//!
//! A file is framed by this, so it must notice a tear as early as it can: a raw line end inside
//! a string, a value where none may stand. It does not judge numbers or escapes; decoding does.

use std::ops::Range;

use memchr::memchr3;

/// How deep objects and arrays may nest. Windows events need about eight.
pub(crate) const DEPTH_LIMIT: usize = 128;

/// How long the white space and the key after a `{` may be, so that a start can be told locally.
const KEY_LIMIT: usize = 256;

/// How a scan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scan {
    /// The value ends before this position.
    Complete(usize),
    /// The bytes before this position start a value, those at it cannot go on with it.
    Broken(usize),
    /// More than [`DEPTH_LIMIT`] objects and arrays are open at this position.
    Deep(usize),
    /// The text ends inside the value.
    Open,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
}

/// Scans the value that starts at `at`; white space may precede it.
pub(crate) fn scan_value(text: &[u8], at: usize) -> Scan {
    // One bit a level, the innermost lowest: set for an object.
    let mut objects = 0u128;
    let mut depth = 0;
    let mut expect = Expect::Value;
    let mut at = at;
    loop {
        at = skip_space(text, at);
        let Some(&byte) = text.get(at) else { return Scan::Open };
        let next = match (expect, byte) {
            (Expect::Value | Expect::ValueOrEnd, b'{' | b'[') => {
                if depth == DEPTH_LIMIT {
                    return Scan::Deep(at);
                }
                depth += 1;
                objects = objects << 1 | u128::from(byte == b'{');
                expect = if byte == b'{' { Expect::KeyOrEnd } else { Expect::ValueOrEnd };
                at += 1;
                continue;
            }
            (Expect::KeyOrEnd | Expect::CommaOrEnd, b'}') if objects & 1 == 1 => at + 1,
            (Expect::ValueOrEnd | Expect::CommaOrEnd, b']') if objects & 1 == 0 && depth > 0 => {
                at + 1
            }
            (Expect::Key | Expect::KeyOrEnd, b'"') => match scan_string(text, at) {
                Scan::Complete(end) => {
                    at = end;
                    expect = Expect::Colon;
                    continue;
                }
                failed => return failed,
            },
            (Expect::Colon, b':') => {
                at += 1;
                expect = Expect::Value;
                continue;
            }
            (Expect::CommaOrEnd, b',') => {
                at += 1;
                expect = if objects & 1 == 1 { Expect::Key } else { Expect::Value };
                continue;
            }
            (Expect::Value | Expect::ValueOrEnd, _) => {
                match if byte == b'"' { scan_string(text, at) } else { scan_scalar(text, at) } {
                    Scan::Complete(end) => {
                        if depth == 0 {
                            return Scan::Complete(end);
                        }
                        at = end;
                        expect = Expect::CommaOrEnd;
                        continue;
                    }
                    failed => return failed,
                }
            }
            _ => return Scan::Broken(at),
        };
        // An object or array has been closed.
        depth -= 1;
        objects >>= 1;
        if depth == 0 {
            return Scan::Complete(next);
        }
        at = next;
        expect = Expect::CommaOrEnd;
    }
}

/// Scans the string whose opening quote is at `at`. A raw line end breaks it.
fn scan_string(text: &[u8], at: usize) -> Scan {
    let mut at = at + 1;
    loop {
        let Some(found) = text.get(at..).and_then(|rest| memchr3(b'"', b'\\', b'\n', rest)) else {
            return Scan::Open;
        };
        at += found;
        match text[at] {
            b'"' => return Scan::Complete(at + 1),
            b'\n' => return Scan::Broken(at),
            _ => at += 2,
        }
    }
}

/// Scans a number, `true`, `false` or `null`.
fn scan_scalar(text: &[u8], at: usize) -> Scan {
    let length = text[at..]
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.'))
        .count();
    match length {
        0 => Scan::Broken(at),
        _ if at + length == text.len() => Scan::Open,
        _ => Scan::Complete(at + length),
    }
}

/// The first position at or after `at` that is no white space.
pub(crate) fn skip_space(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')).count()
}

/// The bytes of `{"key":` at `at`, if an object with a key starts there.
pub(crate) fn opening(text: &[u8], at: usize) -> Option<&[u8]> {
    let rest = text.get(at..).filter(|rest| rest.first() == Some(&b'{'))?;
    let rest = &rest[..rest.len().min(KEY_LIMIT)];
    let quote = skip_space(rest, 1);
    let Scan::Complete(end) = scan_string(rest, (rest.get(quote) == Some(&b'"')).then_some(quote)?)
    else {
        return None;
    };
    let colon = skip_space(rest, end);
    (rest.get(colon) == Some(&b':')).then(|| &rest[..=colon])
}

/// Whether an object that may be an event starts at `at`, judged by what stands before it: at a
/// line start or after another object, and not as a member's value or first in such a list.
pub(crate) fn starts_object(text: &[u8], at: usize) -> bool {
    if opening(text, at).is_none() {
        return false;
    }
    // A window, so that a long run of white space is not walked again and again.
    let window = &text[at.saturating_sub(KEY_LIMIT)..at];
    let before = window.trim_ascii_end();
    match before {
        // In the first column stands no member's value, however the text is indented.
        _ if window.ends_with(b"\n") => true,
        [] | [.., b'}' | 0] => true,
        [outer @ .., b':'] if outer.trim_ascii_end().ends_with(b"\"") => false,
        [outer @ .., b','] => outer.trim_ascii_end().ends_with(b"}"),
        [outer @ .., b'['] => !outer.trim_ascii_end().ends_with(b":"),
        _ => window[before.len()..].contains(&b'\n'),
    }
}

/// Whether an object looks like an event or an envelope around one: it has one of the keys that
/// tell the shapes apart. Tells an event's line from JSON inside a message.
pub(crate) fn looks_like_event(object: &[u8]) -> bool {
    const KEYS: [&[u8]; 16] = [
        b"_raw",
        b"_source",
        b"_time",
        b"@timestamp",
        b"result",
        b"results",
        b"event",
        b"Event",
        b"winlog",
        b"EventID",
        b"EventId",
        b"EventCode",
        b"event_id",
        b"EventTime",
        b"TimeCreated",
        b"TimeGenerated",
    ];
    Members::new(object, 0).any(|(key, _)| KEYS.contains(&key))
}

/// Whether an object says nothing: `{}`, or the last line of an export without rows.
pub(crate) fn is_marker(object: &[u8]) -> bool {
    const LONGEST: usize = 256;
    object.len() < LONGEST
        && (object
            .get(1..object.len().saturating_sub(1))
            .is_some_and(|inner| inner.trim_ascii().is_empty())
            || (object.starts_with(b"{\"preview\"")
                && memchr::memmem::find(object, b"\"result").is_none()))
}

/// The members of an object, lazily: key (without quotes, as it is written) and value span.
pub(crate) struct Members<'t> {
    text: &'t [u8],
    at: usize,
    done: bool,
}

impl<'t> Members<'t> {
    /// The members of the object whose `{` is at `at`.
    pub(crate) fn new(text: &'t [u8], at: usize) -> Self {
        Self { text, at: at + 1, done: text.get(at) != Some(&b'{') }
    }

    /// The next key, and where its value starts; [`Scan::Complete`] at the end of the object.
    fn next_key(&mut self) -> Result<(&'t [u8], usize), Scan> {
        let at = skip_space(self.text, self.at);
        let at = if self.text.get(at) == Some(&b',') { skip_space(self.text, at + 1) } else { at };
        match self.text.get(at) {
            None => return Err(Scan::Open),
            Some(b'}') => return Err(Scan::Complete(at + 1)),
            Some(b'"') => {}
            Some(_) => return Err(Scan::Broken(at)),
        }
        let Scan::Complete(end) = scan_string(self.text, at) else { return Err(Scan::Open) };
        let colon = skip_space(self.text, end);
        match self.text.get(colon) {
            None => Err(Scan::Open),
            Some(b':') => Ok((&self.text[at + 1..end - 1], skip_space(self.text, colon + 1))),
            Some(_) => Err(Scan::Broken(colon)),
        }
    }

    /// Passes the value that starts at `at`.
    fn pass(&mut self, at: usize) -> Result<usize, Scan> {
        match scan_value(self.text, at) {
            Scan::Complete(end) => {
                self.at = end;
                Ok(end)
            }
            failed => Err(failed),
        }
    }
}

impl<'t> Iterator for Members<'t> {
    type Item = (&'t [u8], Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let member =
            self.next_key().and_then(|(key, start)| self.pass(start).map(|end| (key, start..end)));
        self.done = member.is_err();
        member.ok()
    }
}

/// An object that only wraps a list of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrapper {
    /// The list's first element may stand at `at`; `open` braces have been passed.
    List { at: usize, open: u8 },
    /// It is no wrapper.
    No,
    /// The text ends before it can be told.
    Open,
}

/// Keys that stand before the list in a wrapper: Splunk's results and Elasticsearch's responses.
const PREAMBLE: [&[u8]; 12] = [
    b"preview",
    b"init_offset",
    b"post_process_count",
    b"messages",
    b"fields",
    b"took",
    b"timed_out",
    b"_shards",
    b"_scroll_id",
    b"total",
    b"max_score",
    b"@odata.context",
];

/// Keys whose value is the list.
const LISTS: [&[u8]; 7] =
    [b"results", b"hits", b"value", b"Events", b"events", b"Records", b"records"];

/// Whether the object at `at` is a wrapper: known keys only, then a list of objects.
pub(crate) fn wrapper(text: &[u8], at: usize) -> Wrapper {
    let mut members = Members::new(text, at);
    let mut open = 1;
    loop {
        let (key, value) = match members.next_key() {
            Ok(member) => member,
            Err(Scan::Open) => return Wrapper::Open,
            Err(_) => return Wrapper::No,
        };
        if LISTS.contains(&key) {
            match text.get(value) {
                None => return Wrapper::Open,
                Some(b'[') => {
                    let first = skip_space(text, value + 1);
                    return match text.get(first) {
                        None => Wrapper::Open,
                        Some(b'{' | b']') => Wrapper::List { at: value + 1, open },
                        Some(_) => Wrapper::No,
                    };
                }
                Some(b'{') if key == b"hits" && open == 1 => {
                    open = 2;
                    members = Members::new(text, value);
                    continue;
                }
                Some(_) => return Wrapper::No,
            }
        }
        if !PREAMBLE.contains(&key) {
            return Wrapper::No;
        }
        match members.pass(value) {
            Ok(_) => {}
            Err(Scan::Open) => return Wrapper::Open,
            Err(_) => return Wrapper::No,
        }
    }
}

/// Scans what follows a wrapper's list: members up to the end of all its `open` braces.
pub(crate) fn scan_tail(text: &[u8], at: usize, open: u8) -> Scan {
    let mut members = Members { text, at, done: false };
    for _ in 0..open {
        loop {
            match members.next_key() {
                Ok((_, value)) => {
                    if let Err(failed) = members.pass(value) {
                        return failed;
                    }
                }
                Err(Scan::Complete(end)) => {
                    members.at = end;
                    break;
                }
                Err(failed) => return failed,
            }
        }
    }
    Scan::Complete(members.at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ends_of_values() {
        for (text, expected) in [
            (r#"{"a":1}x"#, Scan::Complete(7)),
            (r#" {"a":[1,{"b":"}\"]"},null]} "#, Scan::Complete(28)),
            ("{}", Scan::Complete(2)),
            ("[]", Scan::Complete(2)),
            (r#"{"a":"xyz{"b":1}"#, Scan::Broken(11)),
            (r#"{"a":1{"b":1}"#, Scan::Broken(6)),
            (r#"{"a":1,{"b":1}"#, Scan::Broken(7)),
            (r#"{"a":"b"#, Scan::Open),
            ("{\"a\":\"b\nc\"}", Scan::Broken(7)),
            (r#"{"a":1]"#, Scan::Broken(6)),
            (r#"{"a" 1}"#, Scan::Broken(5)),
            (r#"{"a":12"#, Scan::Open),
            ("]", Scan::Broken(0)),
        ] {
            assert_eq!(scan_value(text.as_bytes(), 0), expected, "{text}");
        }
        let deep = "[".repeat(DEPTH_LIMIT) + &"]".repeat(DEPTH_LIMIT);
        assert_eq!(scan_value(deep.as_bytes(), 0), Scan::Complete(deep.len()));
        assert_eq!(scan_value("[".repeat(DEPTH_LIMIT + 1).as_bytes(), 0), Scan::Deep(DEPTH_LIMIT));
    }

    #[test]
    fn wrappers() {
        let list = |text: &str| wrapper(text.as_bytes(), 0);
        assert_eq!(
            list(r#"{"preview":false,"fields":[{"name":"a"}],"results":[{"#),
            Wrapper::List { at: 52, open: 1 }
        );
        assert_eq!(
            list(r#"{"took":1,"hits":{"total":{},"hits":[ ]}}"#),
            Wrapper::List { at: 37, open: 2 }
        );
        assert_eq!(list(r#"{"preview":false,"offset":0,"result":{}}"#), Wrapper::No);
        assert_eq!(list(r#"{"results":[1]}"#), Wrapper::No);
        assert_eq!(list(r#"{"preview":fal"#), Wrapper::Open);
        assert_eq!(scan_tail(br#","x":{}} ,"y":1}z"#, 0, 2), Scan::Complete(16));
    }

    #[test]
    fn objects_that_may_be_events() {
        for (text, expected) in [
            (r#"{"a":1}"#, true),
            ("{\n \"a\" : 1}", true),
            (r#"x {"a":1}"#, false),
            ("x\n{\"a\":1}", true),
            ("\"k\":\n{\"a\":1}", true),
            ("\"k\":\n {\"a\":1}", false),
            ("x:\n {\"a\":1}", true),
            (r#"} {"a":1}"#, true),
            (r#"},{"a":1}"#, true),
            (r#"1,{"a":1}"#, false),
            (r#"[{"a":1}"#, true),
            (r#""k":[{"a":1}"#, false),
            (r#""k": {"a":1}"#, false),
            ("{ a }", false),
            ("{}", false),
        ] {
            let at = text.rfind('{').expect("a brace");
            assert_eq!(starts_object(text.as_bytes(), at), expected, "{text}");
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(6, 64, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                proptest::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_a_parser_writes_is_scanned_whole(value in json(), pretty in any::<bool>(), tail in "[ ,\\]}{x]?") {
            let object = serde_json::json!({ "k": value });
            let text = if pretty { serde_json::to_string_pretty(&object) } else { serde_json::to_string(&object) };
            let text = text.expect("a value");
            prop_assert_eq!(scan_value((text.clone() + &tail).as_bytes(), 0), Scan::Complete(text.len()));
            for cut in 0..text.len() {
                prop_assert_eq!(scan_value(&text.as_bytes()[..cut], 0), Scan::Open);
            }
        }

        #[test]
        fn nothing_panics(text in proptest::collection::vec(prop_oneof![Just(b'"'), Just(b'{'), Just(b'}'), Just(b'['), Just(b']'), Just(b':'), Just(b','), Just(b'\\'), any::<u8>()], 0..64)) {
            for at in 0..=text.len() {
                let _ = scan_value(&text, at);
                let _ = wrapper(&text, at);
                let _ = scan_tail(&text, at, 2);
                let _ = at < text.len() && starts_object(&text, at);
                let _ = Members::new(&text, at).count();
            }
            let _ = is_marker(&text);
        }
    }
}
