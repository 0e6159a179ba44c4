//! The survey's answer for most chunks, in a fraction of its time.
//!
//! Nearly every record is one instance of a template that the last chunks had too, with values
//! whose types and sizes are all there is to look at. A [`Glance`] knows templates by their bytes
//! from chunk to chunk, and looks at the rest of such a chunk only. It says that a chunk is plain
//! only where [`Survey`] says so; of all else it says nothing, and the survey is asked.

use std::collections::HashMap;
use std::ops::Range;

use super::CHUNK_LEN;
use super::bytes::{array_at, u8_at, u32_at};
use super::survey::{
    MAX_TOKENS, Survey, TEMPLATE_HEADER_LEN, fits, is_name, is_pieced, least_size,
};
use super::walk::{RECORD_HEADER_LEN, RecordSpan};

/// Templates that are remembered; then all are forgotten, so that memory is bounded.
const MAX_TEMPLATES: usize = 256;
/// The longest template that is remembered.
const MAX_TEMPLATE_LEN: usize = 8 << 10;
/// Templates of one chunk; with more, the survey is asked.
const MAX_IN_CHUNK: usize = 64;
/// Nesting of instances in values; Windows nests once, forwarded events twice.
const MAX_DEPTH: u32 = 3;

/// What tells templates apart at first sight: GUID and size. Their bytes are compared as well, so
/// that a log made to deceive gains nothing by using one twice.
type Key = [u8; 20];

/// A template that the survey found plain.
#[derive(Debug)]
struct Template {
    bytes: Vec<u8>,
    /// As long as the bytes: zeros where they hold offsets in the chunk, which may differ.
    mask: Vec<u8>,
    /// Where in it names are referred to.
    names: Vec<NameRef>,
    tokens: u32,
}

#[derive(Debug)]
struct NameRef {
    at: usize,
    /// Whether the name itself follows.
    inline: bool,
}

/// Tells plain chunks at a glance; reused from chunk to chunk.
#[derive(Debug, Default)]
pub(super) struct Glance {
    templates: HashMap<Key, Template>,
    /// Where this chunk has templates that are plain.
    plain: Vec<u32>,
    names: GoodNames,
    /// Bytes of templates that may still be compared in this chunk. Templates do not overlap but
    /// in a chunk made to take long.
    bytes_left: usize,
    tokens_left: usize,
}

impl Glance {
    /// Whether the survey of these records would surely say that all are plain. `survey` is used
    /// for templates that are met for the first time; what it knew is lost.
    pub(super) fn all_plain(
        &mut self,
        chunk: &[u8],
        records: &[RecordSpan],
        survey: &mut Survey,
    ) -> bool {
        self.plain.clear();
        self.names.clear();
        self.bytes_left = CHUNK_LEN;
        self.tokens_left = MAX_TOKENS as usize;
        records.iter().all(|record| {
            let start = record.offset + RECORD_HEADER_LEN;
            self.stream(chunk, start, record.end() - 4, survey, 0).is_some()
        })
    }

    /// Takes BinXML in `start..end` that is one plain instance.
    fn stream(
        &mut self,
        data: &[u8],
        start: usize,
        end: usize,
        survey: &mut Survey,
        depth: u32,
    ) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        let at = if u8_at(data, start)? == 0x0f { start + 4 } else { start };
        if at >= end || u8_at(data, at)? != 0x0c {
            return None;
        }
        let after = self.instance(data, at + 1, end, survey, depth)?;
        // The header, the instance, the end.
        self.spend(3)?;
        (after == end || (after < end && u8_at(data, after)? == 0)).then_some(())
    }

    /// Takes a plain instance whose token ends at `at`; returns where it ends.
    fn instance(
        &mut self,
        data: &[u8],
        at: usize,
        end: usize,
        survey: &mut Survey,
        depth: u32,
    ) -> Option<usize> {
        let template = u32_at(data, at + 5)?;
        let mut at = at + 9;
        if template as usize == at {
            let size = u32_at(data, at + 20)? as usize;
            at = at.checked_add(TEMPLATE_HEADER_LEN + size)?;
        }
        if self.plain.last() != Some(&template) && !self.plain.contains(&template) {
            self.template(data, template, survey)?;
        }
        let count = u32_at(data, at)? as usize;
        let descriptors = at.checked_add(4)?;
        let mut value = descriptors.checked_add(count.checked_mul(4)?)?;
        if value > end {
            return None;
        }
        self.spend(count)?;
        let (descriptors, _) = data.get(descriptors..value)?.as_chunks::<4>();
        for &[low, high, kind, _] in descriptors {
            let size = usize::from(u16::from_le_bytes([low, high]));
            if size < LEAST[usize::from(kind)] {
                let bytes = data.get(value..value + size)?;
                if !fits(kind, bytes) || is_pieced(kind, bytes) {
                    return None;
                }
                if kind == 0x21 && size > 0 {
                    self.stream(data, value, value + size, survey, depth + 1)?;
                }
            }
            value += size;
        }
        (value <= end).then_some(value)
    }

    /// Takes the template at `at` if it is plain.
    fn template(&mut self, data: &[u8], at: u32, survey: &mut Survey) -> Option<()> {
        let start = at as usize;
        let key: Key = array_at(data, start.checked_add(4)?)?;
        let len = TEMPLATE_HEADER_LEN.checked_add(u32_at(data, start + 20)? as usize)?;
        if start >= CHUNK_LEN || len > MAX_TEMPLATE_LEN || self.plain.len() >= MAX_IN_CHUNK {
            return None;
        }
        self.bytes_left = self.bytes_left.checked_sub(len)?;
        let bytes = data.get(start..start + len)?;
        let tokens = match self.templates.get(&key) {
            Some(known) if known.is_at(data, start, bytes, &mut self.names) => known.tokens,
            _ => self.remember(data, at, key, bytes, survey)?,
        };
        self.spend(tokens as usize)?;
        self.plain.push(at);
        Some(())
    }

    /// Has the template at `at` surveyed, and remembers it if it is plain.
    fn remember(
        &mut self,
        data: &[u8],
        at: u32,
        key: Key,
        bytes: &[u8],
        survey: &mut Survey,
    ) -> Option<u32> {
        let (tokens, refs) = survey.trace(data, at)?;
        let name = |&place: &usize| NameRef {
            at: place - at as usize,
            inline: u32_at(data, place).is_some_and(|name| name as usize == place + 4),
        };
        let template = Template::new(bytes, refs.iter().map(name).collect(), tokens);
        if self.templates.len() >= MAX_TEMPLATES {
            self.templates.clear();
        }
        self.templates.insert(key, template);
        Some(tokens)
    }

    fn spend(&mut self, tokens: usize) -> Option<()> {
        self.tokens_left = self.tokens_left.checked_sub(tokens)?;
        Some(())
    }
}

impl Template {
    fn new(bytes: &[u8], names: Vec<NameRef>, tokens: u32) -> Self {
        let mut mask = vec![u8::MAX; bytes.len()];
        let mut ignore = |span: Range<usize>| {
            if let Some(span) = mask.get_mut(span) {
                span.fill(0);
            }
        };
        // The link at the start, to another template of the chunk, is nothing to the text.
        ignore(0..4);
        for name in &names {
            // A name starts with a link to another one of the chunk.
            ignore(name.at..name.at + if name.inline { 8 } else { 4 });
        }
        Self { bytes: bytes.to_vec(), mask, names, tokens }
    }

    /// Whether `bytes`, which stand at `start`, are this template, so that the survey would
    /// follow them as it followed the first: equal but for offsets in the chunk, with a good name
    /// wherever they refer to one. Names within the template are equal, and so as good as before.
    fn is_at(&self, data: &[u8], start: usize, bytes: &[u8], good: &mut GoodNames) -> bool {
        if bytes.len() != self.bytes.len() {
            return false;
        }
        let pairs = bytes.iter().zip(&self.bytes).zip(&self.mask);
        // To the end without a branch, which vectors do many at once.
        let differing = pairs.fold(0, |all, ((a, b), mask)| all | ((a ^ b) & mask));
        differing == 0
            && self.names.iter().all(|name| {
                u32_at(bytes, name.at).is_some_and(|target| {
                    let target = target as usize;
                    let inline = target == start + name.at + 4;
                    name.inline == inline
                        && target < CHUNK_LEN
                        && (inline || good.has(data, target))
                })
            })
    }
}

/// Which offsets of a chunk have a good name, as far as it is known: templates share theirs.
#[derive(Debug, Default)]
struct GoodNames {
    /// A bit for each offset.
    known: Vec<u64>,
    /// Words of `known` that are not zero.
    set: Vec<usize>,
}

impl GoodNames {
    fn clear(&mut self) {
        self.known.resize(CHUNK_LEN / 64, 0);
        for word in self.set.drain(..) {
            self.known[word] = 0;
        }
    }

    /// Whether there is a good name at an offset of the chunk.
    fn has(&mut self, data: &[u8], at: usize) -> bool {
        let (word, bit) = (at / 64, 1 << (at % 64));
        let Some(known) = self.known.get_mut(word) else { return false };
        if *known & bit == 0 {
            if !is_name(data, at) {
                return false;
            }
            *known |= bit;
            self.set.push(word);
        }
        true
    }
}

/// For each type of value, the size from which nothing else has to be known of it.
const LEAST: [usize; 256] = {
    let mut least = [0; 256];
    let mut kind = 0;
    while kind < least.len() {
        least[kind] = match least_size(kind as u8) {
            Some(size) => size,
            None => usize::MAX,
        };
        kind += 1;
    }
    least
};
