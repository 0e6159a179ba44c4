//! What predicates and expressions see: a row of fields, with or without raw text.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::kinds::{OtherNames, other_names, source_kinds};
use super::segment::{self, Segments};
use crate::cim::CimView;
use crate::event::Event;
use crate::named::Named;
use crate::pcre::Regex;
use crate::reading::{Accommodation, Reading};
use crate::value::{Field, Value};

/// One row: an event in the first stages of a search, a record of fields later.
pub trait Row {
    /// The field `name`, if it has a value.
    fn field(&self, name: &str) -> Option<Cow<'_, Field>>;

    /// The raw text, while the row has one.
    fn raw(&self) -> Option<&RawText<'_>>;

    /// Whether the row answers to an event id in either spelling (accommodation `either-spelling`).
    fn has_own_id(&self, id: u32) -> bool;

    /// What a test of a metadata field may ask for beside the field's value.
    fn other_names(&self, _field: &str) -> OtherNames {
        OtherNames::None
    }
}

/// Raw text with what search terms need of it, made when first asked for.
#[derive(Debug)]
pub struct RawText<'t> {
    text: Cow<'t, [u8]>,
    folded: OnceCell<Vec<u8>>,
    segments: OnceCell<Segments>,
}

impl<'t> RawText<'t> {
    /// The raw text `text`.
    #[must_use]
    pub fn new(text: impl Into<Cow<'t, [u8]>>) -> Self {
        Self { text: text.into(), folded: OnceCell::new(), segments: OnceCell::new() }
    }

    /// The bytes as they are.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.text
    }

    /// The bytes folded for comparison without case.
    #[must_use]
    pub fn folded(&self) -> &[u8] {
        self.folded.get_or_init(|| {
            let mut folded = Vec::new();
            segment::fold_bytes(&self.text, &mut folded);
            folded
        })
    }

    /// The index segments.
    #[must_use]
    pub fn segments(&self) -> &Segments {
        self.segments.get_or_init(|| Segments::of(&self.text))
    }
}

/// The names of a row's metadata.
pub mod names {
    #![allow(missing_docs)]
    pub const TIME: &str = "_time";
    pub const RAW: &str = "_raw";
    pub const HOST: &str = "host";
    pub const SOURCE: &str = "source";
    pub const SOURCETYPE: &str = "sourcetype";
    pub const INDEX: &str = "index";
    /// Those that every row may have.
    pub const METADATA: [&str; 6] = [TIME, RAW, HOST, SOURCE, SOURCETYPE, INDEX];
    /// What the built-in macros test: which kinds of source an event counts as.
    pub const SOURCE_KIND: &str = "_source_kind";
}

/// An event as a row, under one reading.
#[derive(Debug)]
pub struct EventRow<'e> {
    event: &'e Event<'e>,
    view: CimView<'e>,
    raw: Rc<RawText<'e>>,
    reading: Reading,
    /// The fields that have been asked for, spread by their names.
    known: [OnceCell<Box<Known>>; BUCKETS],
    /// Whether what was asked for depends on the reading.
    asked: Cell<bool>,
}

/// In how many lists fields are kept.
const BUCKETS: usize = 64;

/// How many fields a list keeps: dropping it goes as deep.
const MOST_KNOWN: usize = 32;

/// The list of a field.
fn bucket(name: &str) -> usize {
    let bytes = name.as_bytes();
    let at = |at: usize| usize::from(bytes.get(at).copied().unwrap_or(0));
    let last = at(bytes.len().wrapping_sub(1));
    (bytes.len() + 7 * at(0) + 13 * at(bytes.len() / 2) + 31 * last) % BUCKETS
}

/// A field that has been asked for, and the next one: rules ask for the same few.
#[derive(Debug)]
struct Known {
    name: String,
    field: Option<Field>,
    /// Whether it depends on the reading.
    asked: bool,
    next: OnceCell<Box<Known>>,
}

impl<'e> EventRow<'e> {
    /// `event` seen through the mapping tables of `view`.
    #[must_use]
    pub fn new(event: &'e Event<'e>, view: CimView<'e>, reading: Reading) -> Self {
        Self::with_raw(event, view, reading, Rc::new(RawText::new(event.raw.as_ref())))
    }

    /// The same with the event's raw text at hand, so that what search terms need of it is made
    /// once for all rules and readings.
    #[must_use]
    pub fn with_raw(
        event: &'e Event<'e>,
        view: CimView<'e>,
        reading: Reading,
        raw: Rc<RawText<'e>>,
    ) -> Self {
        let known = [const { OnceCell::new() }; BUCKETS];
        Self { event, view, raw, reading, known, asked: Cell::new(false) }
    }

    /// Whether another row of the same event has the same fields and metadata, so that every search
    /// gives the same answer of both as long as neither [depends on its reading](Self::take_asked).
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        self.view.has_tables_of(&other.view) && self.event == other.event
    }

    /// Whether since the last time anything asked for could be another under another reading,
    /// though the rows are [alike](Self::is_like).
    pub fn take_asked(&self) -> bool {
        // Both are reset.
        self.view.take_asked() | self.asked.take()
    }

    /// The field `name`, if it has a value: what [`Row::field`] gives, without keeping it.
    #[must_use]
    pub fn take_field(&self, name: &str) -> Option<Field> {
        match self.known(name) {
            Ok(known) => {
                self.asked.set(self.asked.get() | known.asked);
                known.field.clone()
            }
            Err(_) => self.work_out(name),
        }
    }

    /// What is known of a field, or where it is to be kept, if there is room.
    fn known(&self, name: &str) -> Result<&Known, Option<&OnceCell<Box<Known>>>> {
        let mut place = &self.known[bucket(name)];
        for _ in 0..MOST_KNOWN {
            match place.get() {
                Some(known) if known.name == name => return Ok(known),
                Some(known) => place = &known.next,
                None => return Err(Some(place)),
            }
        }
        Err(None)
    }

    fn has(&self, accommodation: Accommodation) -> bool {
        self.asked.set(true);
        self.reading.has(accommodation)
    }

    fn work_out(&self, name: &str) -> Option<Field> {
        self.metadata(name).or_else(|| self.view.field(name))
    }

    /// The event's fields whose name is wanted, metadata among them.
    #[must_use]
    pub fn record(&self, wanted: &dyn Fn(&str) -> bool) -> Record {
        let mut fields = Vec::new();
        self.view.each_field(wanted, &mut |name, field| fields.push((name.into(), field)));
        // They come last, for they hide fields of the text that have their names.
        for name in names::METADATA.into_iter().filter(|name| wanted(name)) {
            fields.extend(self.metadata(name).map(|field| (name.into(), field)));
        }
        Record { fields: fields.into_iter().collect(), raw: OnceCell::new() }
    }

    fn metadata(&self, name: &str) -> Option<Field> {
        let meta = &self.event.meta;
        let text = |text: &Option<String>| text.as_deref().map(Field::text);
        match name {
            names::TIME => meta.time.map(|time| Field::One(Value::Time(time))),
            names::RAW => Some(Field::text(String::from_utf8_lossy(&self.event.raw))),
            names::HOST => text(&meta.host),
            names::SOURCE => text(&meta.source),
            names::SOURCETYPE => text(&meta.sourcetype),
            names::INDEX => text(&meta.index),
            names::SOURCE_KIND => Field::from_values(
                source_kinds(self.event).iter().map(|&kind| Value::from(kind)).collect(),
            ),
            _ => None,
        }
    }
}

impl Row for EventRow<'_> {
    fn field(&self, name: &str) -> Option<Cow<'_, Field>> {
        let known = match self.known(name) {
            Ok(known) => known,
            Err(Some(place)) => place.get_or_init(|| {
                let field = self.work_out(name);
                let asked = self.view.take_asked();
                Box::new(Known { name: name.to_owned(), field, asked, next: OnceCell::new() })
            }),
            Err(None) => return self.work_out(name).map(Cow::Owned),
        };
        self.asked.set(self.asked.get() | known.asked);
        known.field.as_ref().map(Cow::Borrowed)
    }

    fn raw(&self) -> Option<&RawText<'_>> {
        Some(&self.raw)
    }

    fn has_own_id(&self, id: u32) -> bool {
        self.event.event_id == Some(id) && self.has(Accommodation::EitherSpelling)
    }

    fn other_names(&self, field: &str) -> OtherNames {
        other_names(self.event, field, self.has(Accommodation::EitherSpelling))
    }
}

/// What a name takes at least.
const NAME: usize = size_of::<compact_str::CompactString>();

/// A row of fields, after the first command that makes new rows of events.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Record {
    fields: Named<Field>,
    /// The text of `_raw`, made when first asked for.
    #[serde(skip)]
    raw: OnceCell<RawText<'static>>,
}

impl Record {
    /// A record of these fields.
    #[must_use]
    pub fn new(fields: impl IntoIterator<Item = (String, Field)>) -> Self {
        let fields = fields.into_iter().map(|(name, field)| (name.into(), field)).collect();
        Self { fields, raw: OnceCell::new() }
    }

    /// Sets or removes a field.
    pub fn set(&mut self, name: &str, field: Option<Field>) {
        if name == names::RAW {
            self.raw = OnceCell::new();
        }
        match field {
            Some(field) => self.fields.set(name, field),
            None => {
                self.fields.take(name);
            }
        }
    }

    /// Takes a field out.
    pub fn take(&mut self, name: &str) -> Option<Field> {
        let field = self.fields.take(name);
        if name == names::RAW {
            self.raw = OnceCell::new();
        }
        field
    }

    /// A field by name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Field> {
        self.fields.get(name)
    }

    /// The fields in name order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Field)> {
        self.fields.iter()
    }

    /// Keeps the fields whose name is wanted.
    pub fn retain(&mut self, wanted: impl FnMut(&str) -> bool) {
        self.fields.retain(wanted);
        if self.fields.get(names::RAW).is_none() {
            self.raw = OnceCell::new();
        }
    }

    /// Roughly how many bytes of memory it holds.
    #[must_use]
    pub fn size(&self) -> usize {
        self.fields.iter().map(|(name, field)| NAME.max(name.len()) + field.size()).sum()
    }

    /// The fields, owned, in name order.
    pub fn into_fields(self) -> impl Iterator<Item = (String, Field)> {
        self.fields.into_pairs().map(|(name, field)| (name.into(), field))
    }

    /// Whether it has no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

impl<'n> FromIterator<(&'n str, Field)> for Record {
    fn from_iter<I: IntoIterator<Item = (&'n str, Field)>>(fields: I) -> Self {
        let fields = fields.into_iter().map(|(name, field)| (name.into(), field)).collect();
        Self { fields, raw: OnceCell::new() }
    }
}

impl Row for Record {
    fn field(&self, name: &str) -> Option<Cow<'_, Field>> {
        self.fields.get(name).map(Cow::Borrowed)
    }

    fn raw(&self) -> Option<&RawText<'_>> {
        let value = self.fields.get(names::RAW)?.values().first()?;
        let text = || RawText::new(value.text().into_owned().into_bytes());
        Some(self.raw.get_or_init(text))
    }

    fn has_own_id(&self, _id: u32) -> bool {
        false
    }
}

/// The scratch memory of one worker: what evaluating needs and keeps between rows.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The regexes' caches, by the place of each.
    pub(super) regexes: RefCell<Vec<Option<crate::pcre::Cache>>>,
    /// Regexes that rows told, by their pattern: `None` for a malformed one.
    computed: RefCell<HashMap<String, Option<Arc<Regex>>>>,
}

impl Scratch {
    /// How many computed regexes are kept. Each may take some hundred kilobytes.
    const MAX_COMPUTED: usize = 64;

    /// The regex of a pattern that a row told: one that was made before, or what `make` gives.
    pub(super) fn computed_regex(
        &self,
        pattern: &str,
        make: impl FnOnce() -> Option<Arc<Regex>>,
    ) -> Option<Arc<Regex>> {
        let mut computed = self.computed.borrow_mut();
        if let Some(known) = computed.get(pattern) {
            return known.clone();
        }
        if computed.len() >= Self::MAX_COMPUTED {
            computed.clear();
        }
        computed.entry(pattern.to_owned()).or_insert(make()).clone()
    }
}
