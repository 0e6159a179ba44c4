//! The vector loops of the fingerprint search, behind one safe function.
//!
//! Three rings, as in memchr: [`Fingerprints::new`] is safe and takes only a road that the
//! processor has; [`find`](Fingerprints::find) is safe for anyone who has a value; the loops
//! themselves are unsafe and private. All roads give the same answer, byte for byte: what a loop
//! finds with tables of half bytes is looked up again in the exact ones.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    __m256i, __m512i, _MM_HINT_T0, _mm_prefetch, _mm256_and_si256, _mm256_cmpeq_epi8,
    _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
    _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16, _mm256_testz_si256,
    _mm512_and_si512, _mm512_loadu_si512, _mm512_maskz_loadu_epi8, _mm512_or_si512,
    _mm512_permutex2var_epi8, _mm512_test_epi8_mask,
};

/// How many bytes a fingerprint has.
pub(super) const PLACES: usize = 3;

/// How far ahead bytes are fetched. The processor's own look-ahead ends with each page of 4 KiB;
/// without this, AVX-512 over mapped text took 8% longer.
#[cfg(target_arch = "x86_64")]
const AHEAD: usize = 4096;

/// Which bytes each of up to eight buckets takes at one place. Bytes that differ in the highest
/// bit only are not told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ByteSets {
    /// The buckets of each byte.
    table: [u8; 128],
    /// The same by halves of bytes: a byte can only be in buckets that both halves have.
    low: [u8; 16],
    high: [u8; 16],
}

impl Default for ByteSets {
    fn default() -> Self {
        Self { table: [0; 128], low: [0; 16], high: [0; 16] }
    }
}

impl ByteSets {
    /// Adds a byte to a bucket.
    pub(super) fn add(&mut self, byte: u8, bucket: u8) {
        let bit = 1 << bucket;
        self.table[usize::from(byte & 127)] |= bit;
        self.low[usize::from(byte & 15)] |= bit;
        for high in [byte >> 4, byte >> 4 ^ 8] {
            self.high[usize::from(high)] |= bit;
        }
    }

    /// Adds every byte to a bucket.
    pub(super) fn add_all(&mut self, bucket: u8) {
        for set in [&mut self.table[..], &mut self.low, &mut self.high] {
            set.iter_mut().for_each(|buckets| *buckets |= 1 << bucket);
        }
    }

    /// The buckets that take a byte.
    #[inline]
    pub(super) fn of(&self, byte: u8) -> u8 {
        self.table[usize::from(byte & 127)]
    }
}

/// The widest vectors there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Road {
    /// One byte after another: what the others are held against.
    Scalar,
    /// 32 bytes at once, the first two places.
    Avx2,
    /// 64 bytes at once, all places (AVX-512 with VBMI).
    Avx512,
}

impl Road {
    /// The roads that this processor has.
    pub(super) fn all() -> Vec<Self> {
        let mut roads = vec![Self::Scalar];
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = std::arch::is_x86_feature_detected!("avx2");
            let avx512 = std::arch::is_x86_feature_detected!("avx512f")
                && std::arch::is_x86_feature_detected!("avx512bw")
                && std::arch::is_x86_feature_detected!("avx512vbmi");
            roads.extend(avx2.then_some(Self::Avx2));
            roads.extend(avx512.then_some(Self::Avx512));
        }
        roads
    }
}

/// A search for places where one of up to eight buckets takes the byte there and two more, at
/// fixed distances behind it.
#[derive(Debug, Clone)]
pub(super) struct Fingerprints {
    sets: [ByteSets; PLACES],
    /// How far behind the first byte each of them is; 0 for the first itself.
    distances: [usize; PLACES],
    /// The largest of the distances.
    reach: usize,
    /// A road of [`Road::all`]; only [`Fingerprints::new`] sets it.
    road: Road,
}

impl Fingerprints {
    /// A search by the fastest road; `None` where there are no vectors to search with.
    pub(super) fn new(sets: [ByteSets; PLACES], distances: [usize; PLACES]) -> Option<Self> {
        let road = Road::all().into_iter().max()?;
        let reach = distances.into_iter().max()?;
        (road != Road::Scalar).then_some(Self { sets, distances, reach, road })
    }

    /// The same search by each road there is.
    #[cfg(test)]
    pub(super) fn by_all_roads(&self) -> Vec<Self> {
        Road::all().into_iter().map(|road| Self { road, ..self.clone() }).collect()
    }

    /// The buckets that take the fingerprint at `at`, which must lie whole in `bytes`.
    #[inline]
    pub(super) fn buckets(&self, bytes: &[u8], at: usize) -> u8 {
        let [_, second, third] = self.distances;
        self.sets[0].of(bytes[at])
            & self.sets[1].of(bytes[at + second])
            & self.sets[2].of(bytes[at + third])
    }

    /// The first place at or after `from`, whose fingerprint lies whole in `bytes`.
    pub(super) fn find(&self, bytes: &[u8], from: usize) -> Option<usize> {
        // A place more, and a byte would lie behind the end.
        let end = bytes.len().saturating_sub(self.reach);
        #[cfg(target_arch = "x86_64")]
        match self.road {
            Road::Scalar => {}
            // SAFETY: `new` only takes a road that the processor has.
            Road::Avx2 => {
                return match unsafe { self.find_avx2(bytes, from, end) } {
                    Ok(found) => Some(found),
                    Err(rest) => self.find_scalar(bytes, rest, end),
                };
            }
            // SAFETY: as above.
            Road::Avx512 => return unsafe { self.find_avx512(bytes, from, end) },
        }
        self.find_scalar(bytes, from, end)
    }

    fn find_scalar(&self, bytes: &[u8], from: usize, end: usize) -> Option<usize> {
        (from..end).find(|&at| self.buckets(bytes, at) != 0)
    }

    /// The first place before `end`, or from where on it has not been looked.
    ///
    /// # Safety
    /// The processor must have AVX2; every byte of a fingerprint before `end` is in `bytes`.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    unsafe fn find_avx2(&self, bytes: &[u8], from: usize, end: usize) -> Result<usize, usize> {
        const LANE: usize = 32;
        const STEP: usize = 4 * LANE;
        let masks = Masks256::new(&self.sets[0], &self.sets[1]);
        let distance = self.distances[1];
        let mut at = from;
        while at + STEP <= end {
            // SAFETY: the loads are of `LANE` bytes at `at + n * LANE` and that plus `distance`,
            // n < 4, which end at `end + reach` at the latest, the end of `bytes`. (No
            // closure: one that is called through a function without AVX2 would not be inlined.)
            let hits = unsafe {
                let first = bytes.as_ptr().add(at);
                let second = first.add(distance);
                [
                    masks.at(first, second),
                    masks.at(first.add(LANE), second.add(LANE)),
                    masks.at(first.add(2 * LANE), second.add(2 * LANE)),
                    masks.at(first.add(3 * LANE), second.add(3 * LANE)),
                ]
            };
            let any = _mm256_or_si256(
                _mm256_or_si256(hits[0], hits[1]),
                _mm256_or_si256(hits[2], hits[3]),
            );
            if _mm256_testz_si256(any, any) == 0 {
                for (n, lane) in hits.into_iter().enumerate() {
                    let none = _mm256_cmpeq_epi8(lane, _mm256_setzero_si256());
                    let mut set = !_mm256_movemask_epi8(none).cast_unsigned();
                    while set != 0 {
                        let place = at + n * LANE + set.trailing_zeros() as usize;
                        if self.buckets(bytes, place) != 0 {
                            return Ok(place);
                        }
                        set &= set - 1;
                    }
                }
            }
            at += STEP;
        }
        Err(at)
    }

    /// The first place before `end`.
    ///
    /// # Safety
    /// AVX-512 F, BW and VBMI are there; fingerprints that start before `end` are in `bytes`.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    unsafe fn find_avx512(&self, bytes: &[u8], from: usize, end: usize) -> Option<usize> {
        const LANE: usize = 64;
        const STEP: usize = 4 * LANE;
        let masks = Masks512::new(&self.sets);
        let [_, second, third] = self.distances;
        let mut at = from;
        while at + STEP <= end {
            // SAFETY: the loads are of `LANE` bytes at `at + n * LANE` and that plus a distance,
            // n < 4, which end at `end + reach` at the latest, the end of `bytes`. A prefetch may
            // be of any address.
            let hits = unsafe {
                let first = bytes.as_ptr().add(at);
                let ahead = first.wrapping_add(AHEAD);
                _mm_prefetch::<_MM_HINT_T0>(ahead.cast());
                _mm_prefetch::<_MM_HINT_T0>(ahead.wrapping_add(LANE).cast());
                _mm_prefetch::<_MM_HINT_T0>(ahead.wrapping_add(2 * LANE).cast());
                _mm_prefetch::<_MM_HINT_T0>(ahead.wrapping_add(3 * LANE).cast());
                let lane = |n: usize| first.add(n * LANE);
                let [a, b, c, d] = [lane(0), lane(1), lane(2), lane(3)];
                [
                    masks.at(a, a.add(second), a.add(third)),
                    masks.at(b, b.add(second), b.add(third)),
                    masks.at(c, c.add(second), c.add(third)),
                    masks.at(d, d.add(second), d.add(third)),
                ]
            };
            let any = _mm512_or_si512(
                _mm512_or_si512(hits[0], hits[1]),
                _mm512_or_si512(hits[2], hits[3]),
            );
            if _mm512_test_epi8_mask(any, any) != 0 {
                for (n, lane) in hits.into_iter().enumerate() {
                    let set = _mm512_test_epi8_mask(lane, lane);
                    if set != 0 {
                        return Some(at + n * LANE + set.trailing_zeros() as usize);
                    }
                }
            }
            at += STEP;
        }
        while at < end {
            let count = (end - at).min(LANE);
            let wanted = u64::MAX >> (LANE - count);
            // SAFETY: only the bytes of `wanted` are read, `count` at `at` and at that plus each
            // distance; `at + count` is `end` at most.
            let hits = unsafe {
                let first = bytes.as_ptr().add(at);
                let load = |distance| _mm512_maskz_loadu_epi8(wanted, first.add(distance).cast());
                masks.of(load(0), load(second), load(third))
            };
            // What was not read is zeros, which a bucket may take.
            let set = _mm512_test_epi8_mask(hits, hits) & wanted;
            if set != 0 {
                return Some(at + set.trailing_zeros() as usize);
            }
            at += count;
        }
        None
    }
}

/// The sets of two places, by halves of bytes.
#[cfg(target_arch = "x86_64")]
struct Masks256 {
    first: [__m256i; 2],
    second: [__m256i; 2],
    half: __m256i,
}

#[cfg(target_arch = "x86_64")]
impl Masks256 {
    #[target_feature(enable = "avx2")]
    fn new(first: &ByteSets, second: &ByteSets) -> Self {
        let twice = |set: &[u8; 16]| {
            let mut bytes = [0; 32];
            bytes[..16].copy_from_slice(set);
            bytes[16..].copy_from_slice(set);
            // SAFETY: 32 bytes are read from an array of 32.
            unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
        };
        Self {
            first: [twice(&first.low), twice(&first.high)],
            second: [twice(&second.low), twice(&second.high)],
            half: _mm256_set1_epi8(15),
        }
    }

    /// The buckets that may take each of 32 places.
    ///
    /// # Safety
    /// 32 bytes can be read at both pointers.
    #[target_feature(enable = "avx2")]
    #[inline]
    unsafe fn at(&self, first: *const u8, second: *const u8) -> __m256i {
        // SAFETY: the caller's promise.
        let (first, second) =
            unsafe { (_mm256_loadu_si256(first.cast()), _mm256_loadu_si256(second.cast())) };
        _mm256_and_si256(self.sets(self.first, first), self.sets(self.second, second))
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn sets(&self, [low, high]: [__m256i; 2], bytes: __m256i) -> __m256i {
        let low_half = _mm256_and_si256(bytes, self.half);
        let high_half = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), self.half);
        _mm256_and_si256(_mm256_shuffle_epi8(low, low_half), _mm256_shuffle_epi8(high, high_half))
    }
}

/// The sets of all places, as tables of 128 bytes.
#[cfg(target_arch = "x86_64")]
struct Masks512([[__m512i; 2]; PLACES]);

#[cfg(target_arch = "x86_64")]
impl Masks512 {
    #[target_feature(enable = "avx512f")]
    fn new(sets: &[ByteSets; PLACES]) -> Self {
        let halves = |set: &ByteSets| {
            // SAFETY: 64 bytes are read at 0 and at 64 of an array of 128.
            unsafe {
                let table = set.table.as_ptr();
                [_mm512_loadu_si512(table.cast()), _mm512_loadu_si512(table.add(64).cast())]
            }
        };
        Self([halves(&sets[0]), halves(&sets[1]), halves(&sets[2])])
    }

    /// The buckets that take each of 64 places.
    ///
    /// # Safety
    /// 64 bytes can be read at each pointer.
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    #[inline]
    unsafe fn at(&self, first: *const u8, second: *const u8, third: *const u8) -> __m512i {
        // SAFETY: the caller's promise.
        let (first, second, third) = unsafe {
            (
                _mm512_loadu_si512(first.cast()),
                _mm512_loadu_si512(second.cast()),
                _mm512_loadu_si512(third.cast()),
            )
        };
        self.of(first, second, third)
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    #[inline]
    fn of(&self, first: __m512i, second: __m512i, third: __m512i) -> __m512i {
        // The permutation takes the low seven bits of each byte for its index.
        let look = |[low, high]: [__m512i; 2], bytes| _mm512_permutex2var_epi8(low, bytes, high);
        let [one, two, three] = self.0;
        _mm512_and_si512(_mm512_and_si512(look(one, first), look(two, second)), look(three, third))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn search(wanted: &[[u8; PLACES]], distances: [usize; PLACES]) -> Option<Fingerprints> {
        let mut sets = [ByteSets::default(); PLACES];
        for (bucket, bytes) in wanted.iter().enumerate() {
            for (set, &byte) in sets.iter_mut().zip(bytes) {
                set.add(byte, bucket as u8);
            }
        }
        Fingerprints::new(sets, distances)
    }

    proptest! {
        #[test]
        fn every_road_finds_what_one_byte_after_another_finds(
            wanted in prop::collection::vec(any::<[u8; PLACES]>(), 1..8),
            filler in any::<u8>(),
            length in 0usize..900,
            places in prop::collection::vec((0usize..900, 0usize..8, any::<bool>()), 0..6),
            (second, third) in (1usize..8, 1usize..8),
            from in 0usize..300,
        ) {
            let distances = [0, second, third];
            let Some(search) = search(&wanted, distances) else { return Ok(()) };
            let mut bytes = vec![filler; length];
            for (at, which, whole) in places {
                let wanted = wanted[which % wanted.len()];
                for (byte, distance) in wanted.into_iter().zip(distances).skip(usize::from(!whole)) {
                    if let Some(place) = bytes.get_mut(at + distance) {
                        *place = byte;
                    }
                }
            }
            let same = |a: u8, b: u8| a & 127 == b & 127;
            let takes = |at: usize, wanted: &[u8; PLACES]| {
                wanted.iter().zip(distances).all(|(&byte, distance)| same(bytes[at + distance], byte))
            };
            let naive = (from..length.saturating_sub(second.max(third)))
                .find(|&at| wanted.iter().any(|wanted| takes(at, wanted)));
            for search in search.by_all_roads() {
                prop_assert_eq!(search.find(&bytes, from), naive, "{:?}", search.road);
            }
        }
    }

    #[test]
    fn every_alignment_of_a_fingerprint_is_found_by_every_road() {
        let Some(search) = search(&[*b".ms"], [0, 1, 2]) else { return };
        for search in search.by_all_roads() {
            for length in 3..600 {
                let mut bytes = vec![b'x'; length];
                for at in 0..length - 2 {
                    bytes[at..at + 3].copy_from_slice(b".ms");
                    assert_eq!(search.find(&bytes, 0), Some(at), "{at} of {length}");
                    assert_eq!(search.find(&bytes, at + 1), None);
                    bytes[at..at + 3].copy_from_slice(b"xxx");
                }
            }
        }
    }

    #[test]
    fn a_place_that_only_some_of_the_bytes_take_is_passed_over() {
        // Two bytes of the three stand everywhere, so that a road that looks at two has a hit at
        // each place of its vectors, the last one too.
        let Some(search) = search(&[*b"00\0"], [0, 1, 2]) else { return };
        for search in search.by_all_roads() {
            for length in 3..600 {
                assert_eq!(search.find(&vec![b'0'; length], 0), None, "{length}");
            }
        }
    }

    #[test]
    fn a_bucket_may_take_every_byte_at_a_place() {
        let mut sets = [ByteSets::default(); PLACES];
        sets[0].add(b'&', 0);
        sets[1].add(b'#', 0);
        sets[2].add_all(0);
        let Some(search) = Fingerprints::new(sets, [0, 1, 4]) else { return };
        for search in search.by_all_roads() {
            for end in 5..300 {
                let mut bytes = vec![b'x'; end];
                bytes[end - 5..end - 3].copy_from_slice(b"&#");
                assert_eq!(search.find(&bytes, 0), Some(end - 5));
                bytes.pop();
                assert_eq!(search.find(&bytes, 0), None);
            }
        }
    }
}
