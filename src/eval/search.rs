//! The expressions of `search`: terms and phrases on the raw text, tests of fields
//! (SPLUNK.md 1).

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;

use super::event_kind::EventKind;
use super::glob::Glob;
use super::kinds::OtherNames;
use super::row::{RawText, Row, names};
use super::segment::{self, Breaker, fold};
use super::subnet::Subnet;
use crate::spl::ast::{CompareOp, SearchExpr, SearchKind};
use crate::value::{Value, parse_number};

/// A compiled search expression.
#[derive(Debug)]
pub enum Search {
    /// Every row.
    All,
    /// Rows of which all hold.
    And(Vec<Search>),
    /// Rows of which any holds.
    Or(Vec<Search>),
    /// Rows of which it does not hold.
    Not(Box<Search>),
    /// A term or phrase on the raw text.
    Text(Box<TextTest>),
    /// A test of one field.
    Field(FieldTest),
}

impl Search {
    /// Compiles an expression. The terms of an AND or OR are put in the order of their cost,
    /// which changes no answer: none of them has an effect.
    #[must_use]
    pub fn compile(expr: &SearchExpr) -> Self {
        Self::compile_under(expr, false)
    }

    /// The same for an expression inside an odd number of `NOT` (`negated`). A test that is negated
    /// asks for the value alone, else `NOT index=x` would hold of nothing.
    #[must_use]
    pub fn compile_under(expr: &SearchExpr, negated: bool) -> Self {
        let all = |list: &[SearchExpr]| {
            let mut list: Vec<_> =
                list.iter().map(|one| Self::compile_under(one, negated)).collect();
            list.sort_by_key(Self::cost);
            list
        };
        match &expr.node {
            SearchKind::All => Self::All,
            // A plan has its terms in its place; without them it holds of nothing.
            SearchKind::Subsearch(_) => Self::Not(Box::new(Self::All)),
            SearchKind::And(list) => Self::And(all(list)),
            SearchKind::Or(list) => Self::Or(all(list)),
            SearchKind::Not(inner) => Self::Not(Box::new(Self::compile_under(inner, !negated))),
            SearchKind::Phrase(text) => Self::Text(Box::new(TextTest::phrase(text))),
            SearchKind::Term(text) => Self::Text(Box::new(TextTest::term(text, true))),
            SearchKind::Case(text) => Self::Text(Box::new(TextTest::term(text, false))),
            SearchKind::Compare { field, op, value, case_sensitive } => {
                let test = FieldTest::new(&field.node, *op, &value.node, *case_sensitive);
                Self::Field(test.under(negated))
            }
            SearchKind::In { field, values } => Self::Or(
                values
                    .iter()
                    .map(|value| {
                        let (field, value) = (&field.node, &value.node);
                        let test = FieldTest::new(field, CompareOp::Equal, value, false);
                        Self::Field(test.under(negated))
                    })
                    .collect(),
            ),
        }
    }

    /// Whether it holds of `row`.
    #[must_use]
    pub fn holds(&self, row: &dyn Row) -> bool {
        match self {
            Self::All => true,
            Self::And(list) => list.iter().all(|search| search.holds(row)),
            Self::Or(list) => list.iter().any(|search| search.holds(row)),
            Self::Not(inner) => !inner.holds(row),
            Self::Text(test) => test.holds(row),
            Self::Field(test) => test.holds(row),
        }
    }

    /// Whether it may hold of an event of which the raw text is known, and perhaps the kind, but
    /// no field. `false` is sure, under either reading.
    #[must_use]
    pub fn may_hold(&self, raw: &RawText<'_>, kind: Option<&EventKind>) -> bool {
        match self {
            Self::All | Self::Field(_) => true,
            Self::And(list) => list.iter().all(|search| search.may_hold(raw, kind)),
            Self::Or(list) => list.iter().any(|search| search.may_hold(raw, kind)),
            Self::Not(inner) => !inner.must_hold(raw, kind),
            Self::Text(test) => {
                let own = test.event_id.is_some_and(|id| kind.is_none_or(|kind| kind.has_id(id)));
                own || test.holds_in(raw)
            }
        }
    }

    /// Whether it surely holds of such an event.
    fn must_hold(&self, raw: &RawText<'_>, kind: Option<&EventKind>) -> bool {
        match self {
            Self::All => true,
            Self::Field(_) => false,
            Self::And(list) => list.iter().all(|search| search.must_hold(raw, kind)),
            Self::Or(list) => list.iter().any(|search| search.must_hold(raw, kind)),
            Self::Not(inner) => !inner.may_hold(raw, kind),
            Self::Text(test) => test.holds_in(raw),
        }
    }

    /// Where it holds of `row`, if it is a term or phrase and does.
    #[must_use]
    pub fn place(&self, row: &dyn Row) -> Option<TextPlace> {
        match self {
            Self::Text(test) => test.place(row),
            _ => None,
        }
    }

    /// How dear evaluating it is thought to be: the terms of an AND or OR go by it.
    #[must_use]
    pub fn cost(&self) -> u32 {
        match self {
            Self::All => 0,
            Self::Field(test) if test.field == names::SOURCE_KIND => 1,
            Self::Text(_) => 10,
            Self::Field(_) => 20,
            Self::Not(inner) => inner.cost(),
            Self::And(list) | Self::Or(list) => list.iter().map(Self::cost).sum(),
        }
    }
}

/// A term or phrase on the raw text.
#[derive(Debug)]
pub struct TextTest {
    kind: TextKind,
    fold: bool,
    /// The event id that the text spells, if it does (`EventCode=4688`, `<EventID>4688<`).
    event_id: Option<u32>,
}

#[derive(Debug)]
enum TextKind {
    /// Holds nowhere: a TERM with a major breaker in it (SPLUNK.md 1.6).
    Never,
    /// One index token.
    Token(memmem::Finder<'static>),
    /// One index token, by wildcard.
    TokenGlob(Glob),
    /// Text whose every piece is a token, at a place with clean edges (SPLUNK.md 1.8).
    Phrase { text: memmem::Finder<'static>, pieces: Vec<memmem::Finder<'static>> },
    /// A phrase with wildcards: the parts in order, edges at both ends (SPLUNK.md 1.9, inferred).
    PhraseGlob(PhraseGlob),
}

#[derive(Debug)]
struct PhraseGlob {
    parts: Vec<memmem::Finder<'static>>,
    /// Whether the pattern starts with a wildcard.
    open_start: bool,
    /// Whether the pattern ends with a wildcard.
    open_end: bool,
}

impl TextTest {
    /// A bare word or quoted phrase.
    fn phrase(text: &str) -> Self {
        let folded = fold(text);
        let event_id = id_in_phrase(text);
        let kind = if folded.contains('*') {
            if segment::strongest_breaker(&folded.replace('*', "")) == Breaker::None {
                TextKind::TokenGlob(Glob::new(&folded))
            } else {
                TextKind::PhraseGlob(PhraseGlob {
                    parts: folded.split('*').filter(|p| !p.is_empty()).map(finder).collect(),
                    open_start: folded.starts_with('*'),
                    open_end: folded.ends_with('*'),
                })
            }
        } else if segment::strongest_breaker(&folded) == Breaker::None {
            TextKind::Token(finder(&folded))
        } else {
            let pieces = segment::pieces(&folded).iter().map(|piece| finder(piece)).collect();
            TextKind::Phrase { text: finder(&folded), pieces }
        };
        Self { kind, fold: true, event_id }
    }

    /// `TERM(x)`, or `CASE(x)` without folding.
    fn term(text: &str, folding: bool) -> Self {
        let event_id = id_in_term(text);
        let text = if folding { fold(text) } else { text.to_owned() };
        let kind = match segment::strongest_breaker(&text.replace('*', "")) {
            Breaker::Major => TextKind::Never,
            _ if text.contains('*') => TextKind::TokenGlob(Glob::new(&text)),
            _ => TextKind::Token(finder(&text)),
        };
        Self { kind, fold: folding, event_id }
    }

    fn holds(&self, row: &dyn Row) -> bool {
        self.place(row).is_some()
    }

    /// Where it holds, if it does.
    fn place(&self, row: &dyn Row) -> Option<TextPlace> {
        if let Some(id) = self.event_id
            && row.has_own_id(id)
        {
            return Some(TextPlace::OwnId(id));
        }
        row.raw().and_then(|raw| self.place_in(raw))
    }

    /// Whether the text itself holds it.
    fn holds_in(&self, raw: &RawText<'_>) -> bool {
        self.place_in(raw).is_some()
    }

    /// Where the text itself holds it, if it does.
    fn place_in(&self, raw: &RawText<'_>) -> Option<TextPlace> {
        let text = if self.fold { raw.folded() } else { raw.bytes() };
        let token = |finder: &memmem::Finder<'_>| {
            let length = finder.needle().len();
            segment::occurrences(finder, text)
                .find(|&at| raw.segments().is_token(at, at + length))
                .map(|at| at..at + length)
        };
        let found = match &self.kind {
            TextKind::Never => None,
            TextKind::Token(finder) => token(finder),
            TextKind::TokenGlob(glob) => raw.segments().tokens().find_map(|(start, end)| {
                let matches = |token: &str| glob.matches(token);
                std::str::from_utf8(&text[start..end]).is_ok_and(matches).then_some(start..end)
            }),
            TextKind::Phrase { text: phrase, pieces } => {
                let length = phrase.needle().len();
                let at = segment::occurrences(phrase, text)
                    .find(|&at| raw.segments().has_phrase_edges(at, at + length));
                at.filter(|_| pieces.iter().all(|piece| token(piece).is_some()))
                    .map(|at| at..at + length)
            }
            TextKind::PhraseGlob(glob) => phrase_glob(glob, text, raw.segments()),
        };
        found.map(TextPlace::Raw)
    }
}

/// Where a term or phrase holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextPlace {
    /// Nowhere in the text: the event has that id (accommodation `either-spelling`).
    OwnId(u32),
    /// At these bytes of the raw text.
    Raw(Range<usize>),
}

/// Where the parts stand in order, with clean edges where the pattern has no wildcard.
fn phrase_glob(
    glob: &PhraseGlob,
    text: &[u8],
    segments: &segment::Segments,
) -> Option<Range<usize>> {
    let (mut start, mut from) = (None, 0);
    for (at, part) in glob.parts.iter().enumerate() {
        let length = part.needle().len();
        // The leftmost place leaves the most room for the parts that follow.
        let found =
            segment::occurrences(part, &text[from..]).map(|found| from + found).find(|&found| {
                (at > 0 || glob.open_start || segments.starts_cleanly(found))
                    && (at + 1 < glob.parts.len()
                        || glob.open_end
                        || segments.ends_cleanly(found + length))
            })?;
        start.get_or_insert(found);
        from = found + length;
    }
    Some(start.unwrap_or(0)..from)
}

fn finder(text: &str) -> memmem::Finder<'static> {
    memmem::Finder::new(text.as_bytes()).into_owned()
}

/// The event id that a term or phrase spells, if it does: `TERM(EventCode=4688)`,
/// `"<EventID>4688<"`.
#[must_use]
pub fn spelled_event_id(kind: &SearchKind) -> Option<u32> {
    match kind {
        SearchKind::Phrase(text) => id_in_phrase(text),
        SearchKind::Term(text) | SearchKind::Case(text) => id_in_term(text),
        _ => None,
    }
}

fn id_in_phrase(text: &str) -> Option<u32> {
    own_id_spelled(text, "<EventID>", &["<", "</EventID>"]).or_else(|| id_in_term(text))
}

fn id_in_term(text: &str) -> Option<u32> {
    own_id_spelled(text, "EventCode=", &[""])
}

/// The number between `before` and one of `after`, when that is all of `text`. ASCII case is
/// passed over, as everywhere in `search`.
fn own_id_spelled(text: &str, before: &str, after: &[&str]) -> Option<u32> {
    let head = text.get(..before.len())?;
    let rest = text.get(before.len()..)?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let tail = &rest[digits..];
    (digits > 0
        && head.eq_ignore_ascii_case(before)
        && after.iter().any(|after| tail.eq_ignore_ascii_case(after)))
    .then(|| rest[..digits].parse().ok())
    .flatten()
}

/// A test of one field against a value written in the search.
#[derive(Debug)]
pub struct FieldTest {
    field: String,
    op: CompareOp,
    value: Wanted,
    /// Whether other names of the same thing would do (SPLUNK.md 1.13).
    metadata: bool,
}

#[derive(Debug)]
enum Wanted {
    /// Text with wildcards, case passed over or not.
    Text { glob: Glob, fold: bool },
    /// A subnet (SPLUNK.md 1.12).
    Subnet(Subnet),
    /// The right side of `<` and its like.
    Bound { number: Option<f64>, text: String },
}

impl FieldTest {
    fn new(field: &str, op: CompareOp, value: &str, case_sensitive: bool) -> Self {
        let wanted = match op {
            CompareOp::Equal | CompareOp::NotEqual => match Subnet::parse(value) {
                Some(subnet) => Wanted::Subnet(subnet),
                None => Wanted::Text {
                    glob: Glob::new(&if case_sensitive { value.to_owned() } else { fold(value) }),
                    fold: !case_sensitive,
                },
            },
            _ => Wanted::Bound { number: parse_number(value), text: value.to_owned() },
        };
        let metadata = match op {
            CompareOp::Equal => [names::SOURCE, names::SOURCETYPE, names::INDEX].contains(&field),
            // What is unknown is not the one that is shut out.
            CompareOp::NotEqual => field == names::INDEX,
            _ => false,
        };
        Self { field: field.to_owned(), op, value: wanted, metadata }
    }

    /// The test as it is inside a `NOT`, or inside none.
    fn under(self, negated: bool) -> Self {
        Self { metadata: self.metadata && !negated, ..self }
    }

    fn holds(&self, row: &dyn Row) -> bool {
        let holds = row
            .field(&self.field)
            .is_some_and(|field| field.values().iter().any(|value| self.holds_for(value)));
        holds || (self.metadata && self.holds_for_other_name(row))
    }

    fn holds_for_other_name(&self, row: &dyn Row) -> bool {
        match row.other_names(&self.field) {
            OtherNames::None => false,
            OtherNames::Any => true,
            OtherNames::These(all) => {
                all.into_iter().any(|name| self.holds_for(&Value::Text(name)))
            }
        }
    }

    fn holds_for(&self, value: &Value) -> bool {
        let text = value.text();
        let equal = match &self.value {
            Wanted::Text { glob, fold: folding } => glob.matches(&if *folding {
                Cow::Owned(fold(&text))
            } else {
                Cow::Borrowed(text.as_ref())
            }),
            Wanted::Subnet(subnet) => subnet.holds(&text),
            Wanted::Bound { number, text: bound } => {
                let order = match (value.number(), number) {
                    (Some(a), Some(b)) => a.partial_cmp(b),
                    _ => Some(text.as_ref().cmp(bound.as_str())),
                };
                return order.is_some_and(|order| match self.op {
                    CompareOp::Less => order.is_lt(),
                    CompareOp::LessOrEqual => order.is_le(),
                    CompareOp::Greater => order.is_gt(),
                    CompareOp::GreaterOrEqual => order.is_ge(),
                    CompareOp::Equal | CompareOp::NotEqual => false,
                });
            }
        };
        equal == (self.op == CompareOp::Equal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::row::Record;
    use crate::spl::ast::{Span, Spanned};
    use crate::value::Field;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_may_not_hold_of_a_text_holds_under_no_fields(
            search in "(NOT )?(a|\\(a OR b=1\\)|b=1|\\(NOT a b\\)|TERM\\(EventCode=[12]\\)) (b|NOT b|a OR b=2)",
            raw in "[abx ]{0,6}( EventCode=[12])?",
            id in prop::option::of(1u32..3),
            fields in prop::collection::vec("[12]", 0..2),
        ) {
            let parsed = crate::spl::parse(&search, &crate::spl::Macros::empty());
            let pipeline = parsed.pipeline.unwrap();
            let crate::spl::ast::CommandKind::Search(expr) = &pipeline.commands[0].kind else {
                panic!("{search}")
            };
            let search = Search::compile(expr);
            let text = RawText::new(raw.clone().into_bytes());
            let kind = crate::eval::event_kind::KindReader::new(Vec::new()).kind(&[], id, raw.as_bytes());
            let row = Fielded(RawText::new(raw.into_bytes()), id, fields);
            for kind in [kind.as_ref(), None] {
                prop_assert!(search.may_hold(&text, kind) || !search.holds(&row));
                prop_assert!(!search.must_hold(&text, kind) || search.holds(&row));
            }
        }
    }

    /// A row with these values in its only field, `b`.
    struct Fielded(RawText<'static>, Option<u32>, Vec<String>);

    impl Row for Fielded {
        fn field(&self, name: &str) -> Option<Cow<'_, Field>> {
            let values = self.2.iter().map(|value| Value::from(value.as_str())).collect();
            Field::from_values(values).filter(|_| name == "b").map(Cow::Owned)
        }
        fn raw(&self) -> Option<&RawText<'_>> {
            Some(&self.0)
        }
        fn has_own_id(&self, id: u32) -> bool {
            self.1 == Some(id)
        }
    }

    struct Raw(RawText<'static>, Option<u32>);

    impl Row for Raw {
        fn field(&self, _: &str) -> Option<Cow<'_, Field>> {
            None
        }
        fn raw(&self) -> Option<&RawText<'_>> {
            Some(&self.0)
        }
        fn has_own_id(&self, id: u32) -> bool {
            self.1 == Some(id)
        }
    }

    fn holds(kind: SearchKind, raw: &str) -> bool {
        holds_with_id(kind, raw, None)
    }

    fn holds_with_id(kind: SearchKind, raw: &str, id: Option<u32>) -> bool {
        let expr = Spanned { node: kind, span: Span::default() };
        Search::compile(&expr).holds(&Raw(RawText::new(raw.as_bytes().to_vec()), id))
    }

    fn term(text: &str) -> SearchKind {
        SearchKind::Term(text.to_owned())
    }

    fn phrase(text: &str) -> SearchKind {
        SearchKind::Phrase(text.to_owned())
    }

    #[test]
    fn term_equals_an_index_token() {
        // SPLUNK.md 1.6, traps 3, 4, 5, 6.
        for (text, raw, expected) in [
            ("/i", "msiexec /i \"x\"", true),
            ("/i", "msiexec /I x", true),
            ("/i", "msiexec /ihttp", false),
            ("/i", "msiexec -i x", false),
            ("/i", "msiexec --/i", true),
            ("/i", "msiexec /i", true),
            ("/i", "msiexec\t/i\tx", true),
            ("/i", "msiexec%20/i%20x", true),
            ("/i", "msiexec a/i x", false),
            ("/i", "/q/i x", false),
            ("install", "Install-Package", true),
            ("install", "/install", true),
            ("install", "--install", true),
            ("install", "installer", false),
            ("install", "a_install.b", true),
            ("install", "pre^install", false),
            ("EventCode=4688", "x\nEventCode=4688\n", true),
            ("EventCode=4688", "x EventCode=46880 ", false),
            ("EventCode=4688", "EventCode=4688", true),
            ("EventCode=4688", "EventCode=4688\0\n", false),
            ("EventCode=4688", "<EventID>4688</EventID>", false),
            (">", "a > b", false),
            ("--dns", "a --dns b", false),
            ("<EventID>4104<", "<EventID>4104<", false),
            ("inst*", "installer", true),
            ("a.b", "x.a.b.c", false),
            ("a.b", "(a.b)", true),
            ("", "", false),
        ] {
            assert_eq!(holds(term(text), raw), expected, "TERM({text}) on {raw:?}");
        }
    }

    #[test]
    fn phrases_need_clean_edges_and_whole_pieces() {
        // SPLUNK.md 1.8.
        for (text, raw, expected) in [
            (".msi", "a.msi\"", true),
            (".msi", "a.msi?x", true),
            (".msi", "a.msi_1", true),
            (".msi", "a.msix", false),
            (".msi", "a.MSI", true),
            (".msi", "a.msix b.msi", true),
            ("://", "http://x", true),
            ("://", "http:/x", false),
            ("<EventID>4688<", "<EventID>4688</EventID>", true),
            ("<EventID>1040<", "<EventID Qualifiers='0'>1040</EventID>", false),
            ("foo", "foobar", false),
            ("foo", "a foo b", true),
            ("foo bar", "foo bar", true),
            ("foo bar", "foo  bar", false),
            ("20foo", "a%20foo", false),
            ("x*z", "xyz", true),
            ("x*z", "xy z", false),
            ("a b*c", "a bxc", true),
        ] {
            assert_eq!(holds(phrase(text), raw), expected, "{text:?} on {raw:?}");
        }
    }

    #[test]
    fn an_event_answers_to_either_spelling_of_its_own_id() {
        for (kind, own, expected) in [
            (term("EventCode=1040"), Some(1040), true),
            (term("EventCode=1040"), Some(4688), false),
            (term("EventCode=1040"), None, false),
            (phrase("<EventID>1040<"), Some(1040), true),
            (phrase("<eventid>1040</EventID>"), Some(1040), true),
            (phrase("<EventID>10401<"), Some(1040), false),
            (term("<EventID>1040<"), Some(1040), false),
            (term("1040"), Some(1040), false),
        ] {
            assert_eq!(holds_with_id(kind.clone(), "x", own), expected, "{kind:?}");
        }
    }

    #[test]
    fn fields_compare_as_search_does() {
        // SPLUNK.md 1.10 to 1.12.
        let many = Field::Many(vec![Value::from("a"), Value::from("b")]);
        let record = Record::new([
            ("Type".to_owned(), Field::text("Process")),
            ("n".to_owned(), Field::text("10")),
            ("ip".to_owned(), Field::text("10.1.2.3")),
            ("six".to_owned(), Field::text("fe80::1")),
            ("many".to_owned(), many),
        ]);
        for (field, op, value, expected) in [
            ("Type", CompareOp::Equal, "process", true),
            ("Type", CompareOp::Equal, "pro*", true),
            ("type", CompareOp::Equal, "process", false),
            ("Type", CompareOp::NotEqual, "process", false),
            ("none", CompareOp::NotEqual, "x", false),
            ("n", CompareOp::Equal, "10.0", false),
            ("n", CompareOp::Greater, "9", true),
            ("Type", CompareOp::Greater, "Aaa", true),
            ("ip", CompareOp::Equal, "10.0.0.0/8", true),
            ("ip", CompareOp::Equal, "10.1.0.0/24", false),
            ("ip", CompareOp::Equal, "0.0.0.0/0", true),
            ("six", CompareOp::Equal, "FE80::/10", true),
            ("many", CompareOp::Equal, "b", true),
            ("many", CompareOp::NotEqual, "b", true),
        ] {
            let test = FieldTest::new(field, op, value, false);
            assert_eq!(test.holds(&record), expected, "{field} {op:?} {value}");
        }
    }
}
