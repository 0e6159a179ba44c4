//! The vector loop of the pair search, behind one safe function.
//!
//! Three rings, as in memchr: [`Pairs::new`] is safe and gives `None` where the processor lacks
//! AVX2; [`find`](Pairs::find) is safe for anyone who has a value; the loop itself is unsafe and
//! private.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    __m256i, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8,
    _mm256_or_si256, _mm256_set1_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8,
    _mm256_srli_epi16, _mm256_testz_si256,
};

/// Which bytes each of up to eight buckets takes at one place, by their two halves: a byte is in
/// a bucket when both of its halves' sets have the bucket's bit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ByteSets {
    low: [u8; 16],
    high: [u8; 16],
}

impl ByteSets {
    /// Adds a byte to a bucket. Sets of several bytes may then take others too.
    pub(super) fn add(&mut self, byte: u8, bucket: u8) {
        self.low[usize::from(byte & 15)] |= 1 << bucket;
        self.high[usize::from(byte >> 4)] |= 1 << bucket;
    }

    /// The buckets that take a byte.
    pub(super) fn of(&self, byte: u8) -> u8 {
        self.low[usize::from(byte & 15)] & self.high[usize::from(byte >> 4)]
    }
}

/// A search for places where one of up to eight buckets takes both the byte there and the byte
/// `distance` behind it.
#[derive(Debug, Clone)]
pub(super) struct Pairs {
    first: ByteSets,
    second: ByteSets,
    distance: usize,
    /// Whether AVX2 is there; only [`Pairs::new`] sets it.
    vector: bool,
}

impl Pairs {
    /// A search; `None` where there are no vectors to search with.
    pub(super) fn new(first: ByteSets, second: ByteSets, distance: usize) -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        let vector = std::arch::is_x86_feature_detected!("avx2");
        #[cfg(not(target_arch = "x86_64"))]
        let vector = false;
        vector.then_some(Self { first, second, distance, vector })
    }

    /// The same without vectors, for tests.
    #[cfg(test)]
    fn only_scalar(&self) -> Self {
        Self { vector: false, ..self.clone() }
    }

    /// The first place at or after `from`, whose pair lies whole in `bytes`.
    pub(super) fn find(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let mut at = from;
        #[cfg(target_arch = "x86_64")]
        if self.vector {
            // SAFETY: `vector` is only true where `new` has found AVX2.
            match unsafe { self.find_avx2(bytes, from) } {
                Ok(found) => return Some(found),
                Err(rest) => at = rest,
            }
        }
        while let Some(&second) = bytes.get(at + self.distance) {
            if self.first.of(bytes[at]) & self.second.of(second) != 0 {
                return Some(at);
            }
            at += 1;
        }
        None
    }

    /// The first place, or from where on it has not been looked.
    ///
    /// # Safety
    /// The processor must have AVX2.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    unsafe fn find_avx2(&self, bytes: &[u8], from: usize) -> Result<usize, usize> {
        const LANE: usize = 32;
        const STEP: usize = 4 * LANE;
        let masks = Masks::new(&self.first, &self.second);
        let mut at = from;
        // The last pair of a step is at `at + STEP - 1` and `at + STEP - 1 + distance`.
        while at + STEP + self.distance <= bytes.len() {
            // SAFETY: the loads are of `LANE` bytes at `at + n * LANE` and that plus `distance`,
            // n < 4, which end at `at + STEP + distance` at the latest. (No closure: one that
            // is called through a function without AVX2 would not be inlined.)
            let hits = unsafe {
                let first = bytes.as_ptr().add(at);
                let second = first.add(self.distance);
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
                    let set = !_mm256_movemask_epi8(none);
                    if set != 0 {
                        return Ok(at + n * LANE + set.trailing_zeros() as usize);
                    }
                }
            }
            at += STEP;
        }
        Err(at)
    }
}

/// The sets of both places, in vectors.
#[cfg(target_arch = "x86_64")]
struct Masks {
    first: [__m256i; 2],
    second: [__m256i; 2],
    half: __m256i,
}

#[cfg(target_arch = "x86_64")]
impl Masks {
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

    /// The buckets that take each of 32 byte pairs.
    ///
    /// # Safety
    /// 32 bytes can be read at both places.
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(pairs: &[(u8, u8)], distance: usize) -> Option<Pairs> {
        let (mut first, mut second) = (ByteSets::default(), ByteSets::default());
        for (bucket, (a, b)) in pairs.iter().enumerate() {
            first.add(*a, bucket as u8);
            second.add(*b, bucket as u8);
        }
        Pairs::new(first, second, distance)
    }

    proptest! {
        #[test]
        fn vectors_find_what_one_byte_after_another_finds(
            wanted in prop::collection::vec((any::<u8>(), any::<u8>()), 1..8),
            filler in any::<u8>(),
            length in 0usize..700,
            places in prop::collection::vec((0usize..700, 0usize..8), 0..4),
            distance in 1usize..9,
            from in 0usize..200,
        ) {
            let Some(search) = pairs(&wanted, distance) else { return Ok(()) };
            let mut bytes = vec![filler; length];
            for (at, which) in places {
                let (a, b) = wanted[which % wanted.len()];
                if at + distance < length {
                    bytes[at] = a;
                    bytes[at + distance] = b;
                }
            }
            let naive = (from..length.saturating_sub(distance))
                .find(|&at| wanted.iter().any(|&(a, b)| bytes[at] == a && bytes[at + distance] == b));
            let found = search.find(&bytes, from);
            prop_assert_eq!(found, search.only_scalar().find(&bytes, from));
            // One byte a bucket is exact.
            prop_assert_eq!(found, naive);
        }
    }

    #[test]
    fn every_alignment_of_a_pair_is_found() {
        let Some(search) = pairs(&[(b'.', b's')], 2) else { return };
        for length in 3..400 {
            for at in 0..length - 2 {
                let mut bytes = vec![b'x'; length];
                bytes[at] = b'.';
                bytes[at + 2] = b's';
                assert_eq!(search.find(&bytes, 0), Some(at), "{at} of {length}");
                assert_eq!(search.find(&bytes, at + 1), None);
            }
        }
    }
}
