//! Four bytes of each needle, hashed into a table of bits: most places of a text are passed over
//! by one look, and none waits for the one before. What is left is looked up and compared.
//!
//! With a stride of two, two grams of each needle are in the table, one that starts at an even
//! distance from its start and one at an odd: then every second place is enough.

use std::collections::HashMap;

use super::engine::{Engine, Sink};

/// Bytes of a gram.
const GRAM: usize = 4;
/// Both cases of letters in one; other bytes are joined, too, and told apart when compared.
const FOLD: u32 = 0x2020_2020;

/// A table of `64 * WORDS` bits, looked at every `STRIDE` bytes.
#[derive(Debug)]
pub struct Grams<const WORDS: usize, const STRIDE: usize> {
    bits: Box<[u64; WORDS]>,
    /// Gram -> its places in needles: a hash table with free places.
    slots: Vec<Slot>,
    entries: Vec<Entry>,
    needles: Vec<Vec<u8>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    gram: u32,
    /// Its entries; none where the slot is free.
    start: u32,
    len: u32,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    needle: u32,
    /// Where in the needle the gram starts; before it where negative.
    offset: i32,
}

impl<const WORDS: usize, const STRIDE: usize> Grams<WORDS, STRIDE> {
    /// `sample` tells which grams are rare. `None` where a needle is too short.
    pub fn new(needles: &[Vec<u8>], sample: &[u8]) -> Option<Self> {
        let rarity = Rarity::of(sample);
        let mut places: HashMap<u32, Vec<Entry>> = HashMap::new();
        for (number, needle) in needles.iter().enumerate() {
            for rest in 0..STRIDE {
                let (offset, grams) = best(needle, rest, STRIDE, &rarity)?;
                for gram in grams {
                    places.entry(gram).or_default().push(Entry { needle: number as u32, offset });
                }
            }
        }
        let mut places: Vec<(u32, Vec<Entry>)> = places.into_iter().collect();
        places.sort_unstable_by_key(|&(gram, _)| gram);
        let mut all = Self {
            bits: vec![0; WORDS].into_boxed_slice().try_into().ok()?,
            slots: vec![Slot::default(); (2 * places.len()).next_power_of_two()],
            entries: Vec::new(),
            needles: needles.to_vec(),
        };
        for (gram, entries) in places {
            let bit = Self::bit(gram);
            all.bits[bit / 64] |= 1 << (bit % 64);
            let mut at = all.slot(gram);
            while all.slots[at].len != 0 {
                at = (at + 1) & (all.slots.len() - 1);
            }
            let (start, len) = (all.entries.len() as u32, entries.len() as u32);
            all.slots[at] = Slot { gram, start, len };
            all.entries.extend(entries);
        }
        Some(all)
    }

    #[inline]
    fn bit(gram: u32) -> usize {
        let all = 64 * WORDS as u32;
        (gram.wrapping_mul(0x9e37_79b1) >> (32 - all.trailing_zeros())) as usize
    }

    #[inline]
    fn may_be(&self, gram: u32) -> bool {
        let bit = Self::bit(gram);
        self.bits[bit / 64] >> (bit % 64) & 1 != 0
    }

    fn slot(&self, gram: u32) -> usize {
        (gram.wrapping_mul(0x85eb_ca6b) >> 7) as usize & (self.slots.len() - 1)
    }

    /// The needles that hold `gram`, folded, which stands at `at`.
    fn compare(&self, text: &[u8], at: usize, gram: u32, sink: &mut impl Sink) {
        let mut slot = self.slot(gram);
        loop {
            let Slot { gram: has, start, len } = self.slots[slot];
            if len == 0 {
                return;
            }
            if has == gram {
                for entry in &self.entries[start as usize..(start + len) as usize] {
                    self.compare_one(text, at, *entry, sink);
                }
                return;
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }

    fn compare_one(&self, text: &[u8], at: usize, entry: Entry, sink: &mut impl Sink) {
        let number = entry.needle as usize;
        if sink.has(number) {
            return;
        }
        let needle = &self.needles[number];
        let start = at as isize - entry.offset as isize;
        let Ok(start) = usize::try_from(start) else { return };
        let there = text.get(start..start + needle.len());
        if there.is_some_and(|there| there.eq_ignore_ascii_case(needle)) {
            sink.found(number);
        }
    }

    /// Every place of `window` (eight bytes at `at`) whose gram lies whole in it.
    #[inline]
    fn look(&self, text: &[u8], at: usize, window: u64, sink: &mut impl Sink) {
        let folded = window | u64::from(FOLD) << 32 | u64::from(FOLD);
        let mut hits = 0u32;
        for place in (0..GRAM).step_by(STRIDE) {
            hits |= u32::from(self.may_be((folded >> (8 * place)) as u32)) << place;
        }
        while hits != 0 {
            let place = hits.trailing_zeros() as usize;
            hits &= hits - 1;
            self.compare(text, at + place, (folded >> (8 * place)) as u32, sink);
        }
    }
}

impl<const WORDS: usize, const STRIDE: usize> Engine for Grams<WORDS, STRIDE> {
    fn search(&mut self, text: &[u8], sink: &mut impl Sink) {
        let mut at = 0;
        while let Some(window) = text.get(at..).and_then(|rest| rest.first_chunk()) {
            self.look(text, at, u64::from_le_bytes(*window), sink);
            at += GRAM;
        }
        // The end, with zeros behind it.
        while at < text.len() {
            let mut window = [0; 2 * GRAM];
            let rest = &text[at..];
            window[..rest.len()].copy_from_slice(rest);
            self.look(text, at, u64::from_le_bytes(window), sink);
            at += GRAM;
        }
    }

    fn memory(&self) -> usize {
        let needles: usize =
            self.needles.iter().map(|needle| needle.len() + size_of::<Vec<u8>>()).sum();
        8 * WORDS
            + self.slots.len() * size_of::<Slot>()
            + self.entries.len() * size_of::<Entry>()
            + needles
    }
}

/// The rarest gram of a needle that starts `rest` behind a multiple of the stride, with all
/// that its bytes outside the needle may be.
fn best(needle: &[u8], rest: usize, stride: usize, rarity: &Rarity) -> Option<(i32, Vec<u32>)> {
    let last = (needle.len() as i32 - 3).max(0);
    let offsets = (-1..=last).filter(|&offset| offset.rem_euclid(stride as i32) == rest as i32);
    let grams = offsets.filter_map(|offset| Some((offset, grams_at(needle, offset)?)));
    grams.min_by_key(|(_, grams)| grams.iter().map(|&gram| rarity.cost(gram)).sum::<u64>())
}

/// What the gram at an offset may be; `None` where too many of its bytes lie outside the needle.
fn grams_at(needle: &[u8], offset: i32) -> Option<Vec<u32>> {
    let byte = |at: i32| usize::try_from(at).ok().and_then(|at| needle.get(at)).copied();
    let bytes: [Option<u8>; GRAM] = std::array::from_fn(|at| byte(offset + at as i32));
    let outside = bytes.iter().filter(|byte| byte.is_none()).count();
    if outside > GRAM.saturating_sub(needle.len()).max(1) || outside > 2 {
        return None;
    }
    let mut grams = vec![0u32];
    for (at, byte) in bytes.into_iter().enumerate() {
        let any = (0..=255u8).filter(|other| other & 0x20 != 0);
        let choices: Vec<u8> = byte.map_or_else(|| any.collect(), |byte| vec![byte | 0x20]);
        let add = |gram: &u32| {
            let gram = *gram;
            choices.iter().map(move |&byte| gram | u32::from(byte) << (8 * at)).collect::<Vec<_>>()
        };
        grams = grams.iter().flat_map(add).collect();
    }
    Some(grams)
}

/// How often each gram stands in a sample.
#[derive(Debug)]
struct Rarity {
    counts: HashMap<u32, u64>,
    bytes: [u64; 256],
}

impl Rarity {
    fn of(sample: &[u8]) -> Self {
        let mut counts = HashMap::new();
        for gram in sample.windows(GRAM) {
            let gram = u32::from_le_bytes([gram[0], gram[1], gram[2], gram[3]]) | FOLD;
            *counts.entry(gram).or_default() += 1;
        }
        let mut bytes = [1; 256];
        sample.iter().for_each(|byte| bytes[usize::from(byte | 0x20)] += 1);
        Self { counts, bytes }
    }

    /// How often a gram is to be expected; of those that the sample lacks, by their bytes.
    fn cost(&self, gram: u32) -> u64 {
        let seen = self.counts.get(&gram).copied().unwrap_or(0);
        let bytes = gram.to_le_bytes().map(|byte| u64::from(self.bytes[usize::from(byte)].ilog2()));
        (seen << 16) + bytes.iter().sum::<u64>()
    }
}
