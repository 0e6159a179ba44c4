//! Which kinds of events a rule can match.

use super::{LogicalPlan, Operator};
use crate::cim::Cim;
use crate::eval::event_kind::{EventKind, KindReader};
use crate::eval::row::names;
use crate::eval::search::spelled_event_id;
use crate::spl::ast::{CompareOp, SearchExpr, SearchKind};

/// What of a rule's search the kind of an event decides. It holds of every event that the rule
/// matches, and of more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KindTest {
    /// Of any event.
    Anything,
    /// Of events that count as this kind of source (lower case).
    Source(String),
    /// Of events with this id, and of those that spell it.
    Id(u32),
    /// Of events that have this field.
    Field(String),
    /// Where all of them hold.
    All(Vec<KindTest>),
    /// Where any of them holds.
    Any(Vec<KindTest>),
}

impl KindTest {
    /// The test of a plan: of what comes before the first command that makes or drops a field.
    #[must_use]
    pub fn of(logical: &LogicalPlan, cim: &Cim) -> Self {
        let mut all = Vec::new();
        for operator in &logical.operators {
            match operator {
                Operator::Search(expr) => all.push(of_search(expr, cim)),
                // `!=` keeps the rows that lack the field (SPLUNK.md 4, regex).
                Operator::Regex { field, negated: false, .. } => all.push(of_field(field, cim)),
                Operator::Where(_) | Operator::Regex { .. } => {}
                _ => break,
            }
        }
        every(all)
    }

    /// Whether an event of this kind may match.
    #[must_use]
    pub fn may_match(&self, kind: &EventKind, reader: &KindReader) -> bool {
        match self {
            Self::Anything => true,
            Self::Source(name) => kind.sources.contains(&name.as_str()),
            Self::Id(id) => kind.has_id(*id),
            Self::Field(name) => reader.number(name).is_none_or(|field| kind.may_have(field)),
            Self::All(list) => list.iter().all(|test| test.may_match(kind, reader)),
            Self::Any(list) => list.iter().any(|test| test.may_match(kind, reader)),
        }
    }

    /// Adds the fields it asks for to a list that has each once.
    pub fn fields(&self, names: &mut Vec<String>) {
        match self {
            Self::Field(name) if !names.contains(name) => names.push(name.clone()),
            Self::All(list) | Self::Any(list) => list.iter().for_each(|test| test.fields(names)),
            _ => {}
        }
    }
}

/// Fields that an event may have without their name standing in its text: metadata, what is made
/// of its id and number, and its message, which is rebuilt.
const MADE: &[&str] =
    &["EventCode", "RecordNumber", "Message", "message", "host", "source", "sourcetype", "index"];

/// The test of a comparison that holds only where there is the field.
fn of_field(field: &str, cim: &Cim) -> KindTest {
    let plain = field.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let made = MADE.contains(&field) || field.starts_with('_') || cim.sets(field);
    if plain && !made { KindTest::Field(field.to_owned()) } else { KindTest::Anything }
}

fn of_search(expr: &SearchExpr, cim: &Cim) -> KindTest {
    let source = |name: &str| KindTest::Source(name.to_lowercase());
    match &expr.node {
        // Where another command makes the rows, no event is looked at.
        SearchKind::Not(inner) if inner.node == SearchKind::All => KindTest::Any(Vec::new()),
        SearchKind::And(list) => every(list.iter().map(|expr| of_search(expr, cim)).collect()),
        SearchKind::Or(list) => any(list.iter().map(|expr| of_search(expr, cim)).collect()),
        SearchKind::Compare { field, op: CompareOp::Equal, value, .. }
            if field.node == names::SOURCE_KIND && is_plain(&value.node) =>
        {
            source(&value.node)
        }
        SearchKind::In { field, values }
            if field.node == names::SOURCE_KIND && values.iter().all(|v| is_plain(&v.node)) =>
        {
            any(values.iter().map(|value| source(&value.node)).collect())
        }
        SearchKind::Compare { field, op: CompareOp::Equal, value, .. }
            if is_own_id(&field.node, cim) && is_number(&value.node) =>
        {
            of_id(&value.node)
        }
        SearchKind::In { field, values }
            if is_own_id(&field.node, cim) && values.iter().all(|v| is_number(&v.node)) =>
        {
            any(values.iter().map(|value| of_id(&value.node)).collect())
        }
        // Each of them, `!=` too, holds only where there is the field (SPLUNK.md 1.11).
        SearchKind::Compare { field, .. } | SearchKind::In { field, .. } => {
            of_field(&field.node, cim)
        }
        node => spelled_event_id(node).map_or(KindTest::Anything, KindTest::Id),
    }
}

/// Whether a field is the event's id.
fn is_own_id(field: &str, cim: &Cim) -> bool {
    match field {
        "EventCode" => !cim.sets(field),
        "signature_id" => cim.copies(field, "EventCode"),
        _ => false,
    }
}

fn is_number(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit())
}

/// The test of `EventCode=N` and `signature_id=N`. An event's id is its `EventCode`; it may have
/// others where that name stands in its text, or a `signature_id` of its own, whose `_` may be
/// written in other ways. `WinHostMon` has it by accommodation.
fn of_id(value: &str) -> KindTest {
    let Ok(id) = value.parse() else { return KindTest::Anything };
    KindTest::Any(vec![
        KindTest::Id(id),
        KindTest::Field("EventCode".to_owned()),
        KindTest::Field("signature".to_owned()),
        KindTest::Source("hostmon".to_owned()),
    ])
}

/// Whether a value means itself: no wildcard, and no subnet.
fn is_plain(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn every(mut list: Vec<KindTest>) -> KindTest {
    list.retain(|test| *test != KindTest::Anything);
    match list.len() {
        0 => KindTest::Anything,
        1 => list.remove(0),
        _ => KindTest::All(list),
    }
}

fn any(list: Vec<KindTest>) -> KindTest {
    if list.contains(&KindTest::Anything) { KindTest::Anything } else { KindTest::Any(list) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Reading;
    use crate::spl::{self, Macros};

    fn may_match(search: &str, sources: &'static [&'static str], id: u32, raw: &str) -> bool {
        let parsed = spl::parse(search, &Macros::builtin());
        let pipeline = parsed.pipeline.unwrap();
        let logical = LogicalPlan::new(&pipeline, Reading::AS_MEANT, &mut Vec::new());
        let test = KindTest::of(&logical, &Cim::builtin());
        let mut fields = Vec::new();
        test.fields(&mut fields);
        let reader = KindReader::new(fields);
        let kind = reader.kind(sources, Some(id), raw.as_bytes()).unwrap();
        test.may_match(&kind, &reader)
    }

    #[test]
    fn a_rule_matches_events_of_its_kinds_only() {
        const WINEVENT: &[&str] = &["endpoint", "windows", "winevent"];
        const SYSMON: &[&str] = &["endpoint", "windows", "sysmon"];
        let ids = "`get_endpoint_data_winevent` (TERM(EventCode=4688) OR \"<EventID>4688<\") x";
        assert!(may_match(ids, WINEVENT, 4688, ""));
        assert!(!may_match(ids, WINEVENT, 4689, ""));
        assert!(!may_match(ids, SYSMON, 4688, ""));
        // A text may quote another event.
        assert!(may_match(ids, WINEVENT, 4104, "where EventCode=4688"));
        let type_or_id = "TERM(EventCode=4688) OR Type=Process";
        assert!(may_match(type_or_id, WINEVENT, 4688, ""));
        assert!(may_match(type_or_id, WINEVENT, 1, "Type=Process"));
        assert!(!may_match(type_or_id, WINEVENT, 1, "LogonType"));
        assert!(may_match("TERM(EventCode=4688) OR process=x", WINEVENT, 1, ""), "it is made");
        assert!(may_match("TERM(EventCode=4688) OR My_Field=x", WINEVENT, 1, "My Field:"));
        assert!(may_match("earliest=-7d", WINEVENT, 1, ""));
        for search in ["EventCode=4688", "signature_id=4688", "signature_id IN (4688, 1)"] {
            assert!(may_match(search, WINEVENT, 4688, ""), "{search}");
            assert!(!may_match(search, WINEVENT, 46, ""), "{search}");
            assert!(may_match(search, WINEVENT, 46, "<Data Name='EventCode'>"), "{search}");
            assert!(may_match(search, WINEVENT, 46, "Signature ID:"), "{search}");
        }
        assert!(may_match("EventCode=46*", WINEVENT, 1, ""));
        assert!(may_match("EventCode!=4688", WINEVENT, 4688, ""));
        assert!(may_match("NOT TERM(EventCode=1)", WINEVENT, 1, ""));
        assert!(may_match("NOT Type=Process", WINEVENT, 1, ""));
        assert!(!may_match("Type!=Process", WINEVENT, 1, ""));
        assert!(!may_match("x | regex Image=\"a\"", WINEVENT, 1, ""));
        assert!(may_match("x | regex Image!=\"a\"", WINEVENT, 1, ""));
        assert!(may_match("x | search TERM(EventCode=1)", WINEVENT, 1, ""));
        assert!(!may_match("x | where a=1 | search TERM(EventCode=2)", WINEVENT, 1, ""));
        assert!(may_match("x | eval a=1 | search TERM(EventCode=2)", WINEVENT, 1, ""));
        assert!(may_match("_source_kind=win*", SYSMON, 1, ""));
        assert!(may_match("_source_kind IN (edr, Sysmon)", SYSMON, 1, ""));
        assert!(!may_match("_source_kind IN (edr, unix)", SYSMON, 1, ""));
    }
}
