//! What predicates and expressions see: a row of fields, with or without raw text.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::kinds::{OtherNames, other_names, source_kinds};
use super::segment::{self, Segments};
use crate::cim::CimView;
use crate::event::Event;
use crate::pcre::Regex;
use crate::reading::{Accommodation, Reading};
use crate::value::{Field, Value};

/// One row: an event in the first stages of a search, a record of fields later.
pub trait Row {
    /// The field `name`, if it has a value.
    fn field(&self, name: &str) -> Option<Cow<'_, Field>>;

    /// The raw text, while the row has one.
    fn raw(&self) -> Option<&RawText<'_>>;

    /// The id to which the row answers in either spelling (accommodation `either-spelling`).
    fn own_event_id(&self) -> Option<u32>;

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
    known: OnceCell<Box<Known>>,
}

/// How many fields are kept: dropping them goes as deep.
const MOST_KNOWN: usize = 128;

/// A field that has been asked for, and the next one: rules ask for the same few.
#[derive(Debug)]
struct Known {
    name: String,
    field: Option<Field>,
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
        Self { event, view, raw, reading, known: OnceCell::new() }
    }

    /// The field `name`, if it has a value: what [`Row::field`] gives, without keeping it.
    #[must_use]
    pub fn take_field(&self, name: &str) -> Option<Field> {
        match self.known(name) {
            Ok(known) => known.field.clone(),
            Err(_) => self.work_out(name),
        }
    }

    /// What is known of a field, or where it is to be kept, if there is room.
    fn known(&self, name: &str) -> Result<&Known, Option<&OnceCell<Box<Known>>>> {
        let mut place = &self.known;
        for _ in 0..MOST_KNOWN {
            match place.get() {
                Some(known) if known.name == name => return Ok(known),
                Some(known) => place = &known.next,
                None => return Err(Some(place)),
            }
        }
        Err(None)
    }

    fn work_out(&self, name: &str) -> Option<Field> {
        self.metadata(name).or_else(|| self.view.field(name))
    }

    /// Calls `visit` with the name of every field that may have a value, metadata included, in no
    /// order, some more than once.
    pub fn each_name(&self, visit: &mut dyn FnMut(&str)) {
        self.view.each_name(visit);
        [names::TIME, names::RAW, names::HOST, names::SOURCE, names::SOURCETYPE, names::INDEX]
            .into_iter()
            .for_each(visit);
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
                Box::new(Known { name: name.to_owned(), field, next: OnceCell::new() })
            }),
            Err(None) => return self.work_out(name).map(Cow::Owned),
        };
        known.field.as_ref().map(Cow::Borrowed)
    }

    fn raw(&self) -> Option<&RawText<'_>> {
        Some(&self.raw)
    }

    fn own_event_id(&self) -> Option<u32> {
        if self.reading.has(Accommodation::EitherSpelling) { self.event.event_id } else { None }
    }

    fn other_names(&self, field: &str) -> OtherNames {
        other_names(self.event, field, self.reading.has(Accommodation::EitherSpelling))
    }
}

/// A row of fields, after the first command that makes new rows of events.
#[derive(Debug, Default)]
pub struct Record {
    fields: std::collections::BTreeMap<String, Field>,
    raw: Option<RawText<'static>>,
}

impl Record {
    /// A record of these fields.
    #[must_use]
    pub fn new(fields: impl IntoIterator<Item = (String, Field)>) -> Self {
        let mut record = Self::default();
        for (name, field) in fields {
            record.set(&name, Some(field));
        }
        record
    }

    /// Sets or removes a field.
    pub fn set(&mut self, name: &str, field: Option<Field>) {
        if name == names::RAW {
            self.raw = field
                .as_ref()
                .and_then(|field| field.values().first())
                .map(|value| RawText::new(value.text().into_owned().into_bytes()));
        }
        match field {
            Some(field) => self.fields.insert(name.to_owned(), field),
            None => self.fields.remove(name),
        };
    }

    /// Takes a field out.
    pub fn take(&mut self, name: &str) -> Option<Field> {
        let field = self.fields.remove(name);
        if name == names::RAW {
            self.raw = None;
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
        self.fields.iter().map(|(name, field)| (name.as_str(), field))
    }

    /// Keeps the fields whose name is wanted.
    pub fn retain(&mut self, mut wanted: impl FnMut(&str) -> bool) {
        self.fields.retain(|name, _| wanted(name));
        if !self.fields.contains_key(names::RAW) {
            self.raw = None;
        }
    }

    /// Roughly how many bytes of memory it holds.
    #[must_use]
    pub fn size(&self) -> usize {
        self.fields.iter().map(|(name, field)| name.capacity() + field.size()).sum()
    }

    /// The fields, owned, in name order.
    pub fn into_fields(self) -> impl Iterator<Item = (String, Field)> {
        self.fields.into_iter()
    }

    /// Whether it has no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

impl Row for Record {
    fn field(&self, name: &str) -> Option<Cow<'_, Field>> {
        self.fields.get(name).map(Cow::Borrowed)
    }

    fn raw(&self) -> Option<&RawText<'_>> {
        self.raw.as_ref()
    }

    fn own_event_id(&self) -> Option<u32> {
        None
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
