//! What the records of a chunk are made of, without decoding them.
//!
//! A record is a template and the values that go into it. The template stands where the chunk
//! used it first, mostly within another record, and names stand likewise. So the text of a
//! record comes from its own bytes and from what it refers to, and a search in the chunk's bytes
//! tells which records can hold a literal, given two things that this survey finds out:
//!
//! - which bytes are *shared*, that is, referred to from elsewhere;
//! - which records are not *plain*: a literal in their text may stand in pieces in the bytes,
//!   because one element or attribute is put together from several tokens.
//!
//! A chunk with a record that cannot be followed is *opaque*: nothing is known of it.

use super::bytes::{u8_at, u16_at, u32_at};
use super::walk::{RECORD_HEADER_LEN, RecordSpan};

/// Tokens and values looked at in one chunk before it is given up as opaque. No chunk of the real
/// logs at hand takes more than 5,076.
pub(super) const MAX_TOKENS: u32 = 1 << 18;
/// Nesting of BinXML in values that is followed. Windows nests once, forwarded events twice.
const MAX_DEPTH: u32 = 8;
/// Nesting of elements that is followed; the decoder refuses more.
const MAX_ELEMENTS: usize = 512;

/// The length of a template's header: link, GUID and size.
pub(super) const TEMPLATE_HEADER_LEN: usize = 24;

/// What is known of an offset that templates or names are referred to by.
mod known {
    pub(super) const TEMPLATE: u8 = 1;
    pub(super) const PIECED: u8 = 2;
    pub(super) const NAME: u8 = 4;
}

/// Why a chunk cannot be followed. No reason is kept: all its records are decoded.
struct Opaque;

/// How a record's text relates to its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Make {
    /// Every value in it is one token.
    Plain,
    /// Some value in it is put together from several tokens.
    Pieced,
}

impl Make {
    fn and(self, other: Self) -> Self {
        if self == Self::Plain { other } else { self }
    }
}

/// One survey of a chunk; reused from chunk to chunk.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// For each offset in the chunk, what of [`known`] it is.
    known: Vec<u8>,
    /// The offsets set in `known`.
    touched: Vec<u32>,
    /// The templates referred to, as offset and end.
    templates: Vec<(u32, u32)>,
    /// The names referred to.
    names: Vec<u32>,
    /// The shared bytes: sorted, apart; see [`Survey::share`].
    shared: Vec<(u32, u32)>,
    /// Where names are referred to, while a template is traced.
    refs: Option<Vec<usize>>,
    /// For each element that is open, how many tokens its text has.
    open: Vec<u32>,
    tokens: u32,
    opaque: bool,
    makes: Vec<Make>,
}

impl Survey {
    /// Surveys `records` of `chunk`.
    pub(super) fn run(&mut self, chunk: &[u8], records: &[RecordSpan]) {
        self.forget();
        for record in records {
            let start = record.offset + RECORD_HEADER_LEN;
            let end = record.end() - 4;
            self.open.clear();
            match self.stream(chunk, start, end, false, 0) {
                // What is no template's instance is decoded in a way of its own; nothing at all
                // becomes an element that the bytes do not name.
                Ok(_) if !is_instance(chunk, start) => self.makes.push(Make::Pieced),
                Ok(make) => self.makes.push(make),
                Err(Opaque) => {
                    self.opaque = true;
                    return;
                }
            }
        }
    }

    fn forget(&mut self) {
        for at in self.touched.drain(..) {
            if let Some(known) = self.known.get_mut(at as usize) {
                *known = 0;
            }
        }
        self.known.resize(super::CHUNK_LEN, 0);
        self.templates.clear();
        self.names.clear();
        self.shared.clear();
        self.makes.clear();
        self.tokens = 0;
        self.opaque = false;
    }

    /// Follows the template at `at` alone. Where it is plain: how many tokens it takes, and where
    /// it refers to names.
    pub(super) fn trace(&mut self, chunk: &[u8], at: u32) -> Option<(u32, Vec<usize>)> {
        self.forget();
        self.open.clear();
        self.refs = Some(Vec::new());
        let make = self.template(chunk, at);
        let refs = self.refs.take()?;
        matches!(make, Ok(Make::Plain)).then_some((self.tokens, refs))
    }

    /// Whether nothing is known of the chunk.
    pub(super) fn is_opaque(&self) -> bool {
        self.opaque
    }

    /// Whether hits alone tell which records of the chunk can hold a literal.
    pub(super) fn all_plain(&self) -> bool {
        !self.opaque && self.makes.iter().all(|&make| make == Make::Plain)
    }

    /// How the record with this index is made.
    pub(super) fn make(&self, index: usize) -> Make {
        self.makes.get(index).copied().unwrap_or(Make::Pieced)
    }

    /// Works out which bytes are shared, for [`Survey::is_shared`].
    pub(super) fn share(&mut self, chunk: &[u8]) {
        self.shared.clear();
        self.shared.extend_from_slice(&self.templates);
        for &name in &self.names {
            // Link, hash and length; then the characters and a NUL.
            let units = u16_at(chunk, name as usize + 6).unwrap_or(0);
            self.shared.push((name, name + 8 + 2 * u32::from(units) + 2));
        }
        self.shared.sort_unstable();
        let mut kept = 0;
        for at in 0..self.shared.len() {
            let (start, end) = self.shared[at];
            if kept > 0 && start <= self.shared[kept - 1].1 {
                let last = &mut self.shared[kept - 1].1;
                *last = end.max(*last);
            } else {
                self.shared[kept] = (start, end);
                kept += 1;
            }
        }
        self.shared.truncate(kept);
    }

    /// Whether any byte in `start..end` is shared.
    pub(super) fn is_shared(&self, start: usize, end: usize) -> bool {
        let after = self.shared.partition_point(|&(from, _)| (from as usize) < end);
        after
            .checked_sub(1)
            .and_then(|at| self.shared.get(at))
            .is_some_and(|&(_, to)| to as usize > start)
    }

    fn learn(&mut self, at: u32, what: u8) -> Result<bool, Opaque> {
        let known = self.known.get_mut(at as usize).ok_or(Opaque)?;
        if *known == 0 {
            self.touched.push(at);
        }
        let fresh = *known & what == 0;
        *known |= what;
        Ok(fresh)
    }

    fn token(&mut self) -> Result<(), Opaque> {
        self.tokens += 1;
        if self.tokens > MAX_TOKENS { Err(Opaque) } else { Ok(()) }
    }

    /// Follows the BinXML in `start..end`, which is that of a template (`in_template`), a record
    /// or a value.
    fn stream(
        &mut self,
        data: &[u8],
        start: usize,
        end: usize,
        in_template: bool,
        depth: u32,
    ) -> Result<Make, Opaque> {
        if depth > MAX_DEPTH {
            return Err(Opaque);
        }
        let floor = self.open.len();
        let mut make = Make::Plain;
        let mut at = start;
        // How many tokens the attribute has whose value is being read.
        let mut attribute = None::<u32>;
        while at < end {
            self.token()?;
            let token = u8_at(data, at).ok_or(Opaque)?;
            at += 1;
            match token {
                // End of the stream.
                0x00 => break,
                // Start tag, with or without attributes.
                0x01 | 0x41 => {
                    at += if in_template { 6 } else { 4 };
                    at = self.name(data, at)?;
                    if token == 0x41 {
                        at += 4;
                    }
                    if self.open.len() >= MAX_ELEMENTS {
                        return Err(Opaque);
                    }
                    self.open.push(0);
                    attribute = None;
                }
                // End of a start tag.
                0x02 => attribute = None,
                // End of an empty tag, end tag.
                0x03 | 0x04 => {
                    if self.open.len() <= floor {
                        return Err(Opaque);
                    }
                    self.open.pop();
                    attribute = None;
                }
                // Text.
                0x05 | 0x45 => {
                    if u8_at(data, at) != Some(0x01) {
                        return Err(Opaque);
                    }
                    let units = u16_at(data, at + 1).ok_or(Opaque)?;
                    at += 3 + 2 * usize::from(units);
                    make = make.and(self.count(&mut attribute, floor)?);
                }
                0x06 | 0x46 => {
                    at = self.name(data, at)?;
                    attribute = Some(0);
                }
                // Substitution, optional substitution.
                0x0d | 0x0e if in_template => {
                    at += 3;
                    make = make.and(self.count(&mut attribute, floor)?);
                }
                // A CDATA section: its text runs up to other text.
                0x07 | 0x47 | 0x0b => {
                    let units = u16_at(data, at).ok_or(Opaque)?;
                    at += 2 + 2 * usize::from(units);
                    make = Make::Pieced;
                }
                // Character reference; entity reference; target of an instruction.
                0x08 | 0x48 => {
                    at += 2;
                    make = Make::Pieced;
                }
                0x09 | 0x49 | 0x0a => {
                    at = self.name(data, at)?;
                    make = Make::Pieced;
                }
                0x0c if !in_template => {
                    let (after, instance) = self.instance(data, at, end, depth)?;
                    at = after;
                    make = make.and(instance);
                }
                // Header of a fragment.
                0x0f => at += 3,
                _ => return Err(Opaque),
            }
        }
        if at > end || self.open.len() != floor {
            return Err(Opaque);
        }
        Ok(make)
    }

    /// Counts a token of text in the open attribute or element.
    fn count(&mut self, attribute: &mut Option<u32>, floor: usize) -> Result<Make, Opaque> {
        let tokens = match attribute {
            Some(tokens) => tokens,
            None if self.open.len() > floor => self.open.last_mut().ok_or(Opaque)?,
            // Text outside any element.
            None => return Err(Opaque),
        };
        *tokens += 1;
        Ok(if *tokens > 1 { Make::Pieced } else { Make::Plain })
    }

    /// Follows a reference to a name at `at`; returns where the bytes after it start.
    fn name(&mut self, data: &[u8], at: usize) -> Result<usize, Opaque> {
        let name = u32_at(data, at).ok_or(Opaque)?;
        if let Some(refs) = &mut self.refs {
            refs.push(at);
        }
        if self.learn(name, known::NAME)? {
            self.names.push(name);
            if !is_name(data, name as usize) {
                return Err(Opaque);
            }
        }
        let after = at + 4;
        if name as usize != after {
            return Ok(after);
        }
        let units = u16_at(data, after + 6).ok_or(Opaque)?;
        // Link, hash, length, characters, NUL.
        Ok(after + 10 + 2 * usize::from(units))
    }

    /// Follows a template instance in a stream up to `end`, whose token ends at `at`; returns
    /// where it ends.
    fn instance(
        &mut self,
        data: &[u8],
        at: usize,
        end: usize,
        depth: u32,
    ) -> Result<(usize, Make), Opaque> {
        let template = u32_at(data, at + 5).ok_or(Opaque)?;
        let mut at = at + 9;
        if template as usize == at {
            let size = u32_at(data, at + 20).ok_or(Opaque)?;
            at = at.checked_add(TEMPLATE_HEADER_LEN + size as usize).ok_or(Opaque)?;
        }
        let mut make = self.template(data, template)?;
        let count = u32_at(data, at).ok_or(Opaque)? as usize;
        let mut descriptor = at + 4;
        let mut value =
            descriptor.checked_add(count.checked_mul(4).ok_or(Opaque)?).ok_or(Opaque)?;
        if value > end {
            return Err(Opaque);
        }
        for _ in 0..count {
            self.token()?;
            let size = usize::from(u16_at(data, descriptor).ok_or(Opaque)?);
            let kind = u8_at(data, descriptor + 2).ok_or(Opaque)?;
            descriptor += 4;
            let bytes = data.get(value..value + size).ok_or(Opaque)?;
            if !fits(kind, bytes) {
                return Err(Opaque);
            }
            if is_pieced(kind, bytes) {
                make = Make::Pieced;
            }
            if kind == 0x21 && size > 0 {
                make = make.and(self.stream(data, value, value + size, false, depth + 1)?);
            }
            value += size;
        }
        Ok((value, make))
    }

    /// Follows the template at `at`, once a chunk.
    fn template(&mut self, data: &[u8], at: u32) -> Result<Make, Opaque> {
        if !self.learn(at, known::TEMPLATE)? {
            let pieced = self.known.get(at as usize).is_some_and(|k| k & known::PIECED != 0);
            return Ok(if pieced { Make::Pieced } else { Make::Plain });
        }
        let size = u32_at(data, at as usize + 20).ok_or(Opaque)? as usize;
        let start = at as usize + TEMPLATE_HEADER_LEN;
        let end = start.checked_add(size).ok_or(Opaque)?;
        self.templates.push((at, u32::try_from(end).map_err(|_| Opaque)?));
        // Templates hold no instances, so that one more level is all it takes.
        let make = self.stream(data, start, end, true, 0)?;
        if make == Make::Pieced {
            self.learn(at, known::PIECED)?;
        }
        Ok(make)
    }
}

/// Whether the BinXML at `at` is a template's instance.
fn is_instance(data: &[u8], at: usize) -> bool {
    let at = if u8_at(data, at) == Some(0x0f) { at + 4 } else { at };
    u8_at(data, at) == Some(0x0c)
}

/// Whether a value of 8-bit strings reads other than its bytes do: the decoder leaves out every
/// NUL, and takes all that is not ASCII as Windows-1252.
pub(super) fn is_pieced(kind: u8, bytes: &[u8]) -> bool {
    match kind {
        0x02 => {
            let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
            bytes.iter().take(end).any(|&byte| byte == 0 || !byte.is_ascii())
        }
        0x82 => !bytes.is_ascii(),
        _ => false,
    }
}

/// Whether the name at `at` has no character that could pass for markup or be rendered as
/// another: [`verbatim_parts`](super::verbatim_parts) counts on it.
pub(super) fn is_name(data: &[u8], at: usize) -> bool {
    let Some(units) = u16_at(data, at + 6) else { return false };
    let Some(name) = data.get(at + 8..at + 8 + 2 * usize::from(units)) else { return false };
    let (units, _) = name.as_chunks::<2>();
    let fine = |unit: u16| {
        (unit > 0x20)
            & !(0x22..=0x27).contains(&unit)
            & !(0x3b..=0x3f).contains(&unit)
            & (unit != 0x2f)
    };
    // To the end without a branch, which vectors do eight at once.
    units.iter().fold(true, |all, &unit| all & fine(u16::from_le_bytes(unit)))
}

/// Whether the decoder reads a value of this type within its own bytes, so that the next value
/// starts where its size says.
pub(super) fn fits(kind: u8, bytes: &[u8]) -> bool {
    if let Some(least) = least_size(kind) {
        return bytes.len() >= least;
    }
    match kind {
        0x13 => sid_len(bytes).is_some_and(|len| len <= bytes.len()),
        // Strings with a NUL each: the decoder reads on to the next NUL.
        0x81 => {
            let ends = bytes.len() >= 2 && bytes.ends_with(&[0, 0]);
            bytes.is_empty() || (bytes.len().is_multiple_of(2) && ends)
        }
        0x93 => {
            let mut rest = bytes;
            while let Some(len) = sid_len(rest).filter(|&len| len <= rest.len()) {
                rest = &rest[len..];
            }
            rest.is_empty()
        }
        _ => true,
    }
}

/// The size from which a value of this type [fits] and is not pieced; `None` where that takes a
/// look at its bytes.
pub(super) const fn least_size(kind: u8) -> Option<usize> {
    Some(match kind {
        0x03 | 0x04 => 1,
        0x05 | 0x06 => 2,
        0x07 | 0x08 | 0x0b | 0x0d | 0x14 => 4,
        0x09 | 0x0a | 0x0c | 0x11 | 0x15 => 8,
        0x0f | 0x12 => 16,
        // 8-bit strings, identifiers, strings with a NUL each, BinXML.
        0x02 | 0x82 | 0x13 | 0x93 | 0x81 | 0x21 => return None,
        _ => 0,
    })
}

/// The length of the security identifier that starts here.
fn sid_len(bytes: &[u8]) -> Option<usize> {
    bytes.get(..8)?;
    Some(8 + 4 * usize::from(u8_at(bytes, 1)?))
}
