//! What the values of a record look like: their types, which the records of one template share.
//!
//! A record describes each of its values by size and type. That the types are those of a record
//! seen before, and the sizes large enough for them, is told for all values together by vectors,
//! where going from value to value took a third of a chunk's survey.

/// The type of a value that is BinXML itself.
pub(super) const BINXML: u8 = 0x21;

/// Stands in [`LEAST`] for a type whose bytes say more.
pub(super) const LOOK: u8 = u8::MAX;

/// The least size of a value of each type, if there is nothing more to be known of it; or
/// [`LOOK`].
pub(super) const LEAST: [u8; 256] = {
    let mut least = [0; 256];
    let mut kind = 0;
    while kind < 256 {
        least[kind] = match kind as u8 {
            0x03 | 0x04 => 1,
            0x05 | 0x06 => 2,
            0x07 | 0x08 | 0x0b | 0x0d | 0x14 => 4,
            0x09 | 0x0a | 0x0c | 0x11 | 0x15 => 8,
            0x0f | 0x12 => 16,
            0x02 | 0x13 | BINXML | 0x81 | 0x82 | 0x93 => LOOK,
            _ => 0,
        };
        kind += 1;
    }
    least
};

/// Size, type and a byte without meaning, of one value.
pub(super) type Descriptor = [u8; 4];

/// The size in bytes that a descriptor gives its value.
pub(super) fn size_of(descriptor: Descriptor) -> usize {
    usize::from(u16::from_le_bytes([descriptor[0], descriptor[1]]))
}

/// The types of a record's values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shape {
    /// The type of each, where a descriptor has it as a number.
    kinds: Vec<u32>,
    /// The least size of each.
    least: Vec<u32>,
    /// Those whose bytes have to be looked at.
    looks: Vec<usize>,
}

impl Shape {
    /// The shape of a record.
    pub(super) fn of(descriptors: &[Descriptor]) -> Self {
        let least = |&[_, _, kind, _]: &Descriptor| match LEAST[usize::from(kind)] {
            LOOK => 0,
            least => u32::from(least),
        };
        let looks = descriptors.iter().enumerate();
        Self {
            kinds: descriptors.iter().map(|d| u32::from(d[2]) << 16).collect(),
            least: descriptors.iter().map(least).collect(),
            looks: looks
                .filter(|(_, d)| LEAST[usize::from(d[2])] == LOOK)
                .map(|(at, _)| at)
                .collect(),
        }
    }

    /// The sizes of all values together, in bytes, if this is the shape of `descriptors` and all
    /// of them are large enough.
    pub(super) fn total(&self, descriptors: &[Descriptor]) -> Option<usize> {
        if descriptors.len() != self.kinds.len() {
            return None;
        }
        let (mut total, mut other) = (0u32, 0u32);
        let expected = self.kinds.iter().zip(&self.least);
        // No branch, so that vectors take four at once. The sum of the sizes cannot overflow: a
        // chunk has room for 16,384 descriptors.
        for (&descriptor, (&kind, &least)) in descriptors.iter().zip(expected) {
            let descriptor = u32::from_le_bytes(descriptor);
            let size = descriptor & 0xffff;
            other |= (descriptor ^ kind) & 0x00ff_0000;
            other |= u32::from(size < least);
            total = total.wrapping_add(size);
        }
        (other == 0).then_some(total as usize)
    }

    /// The values whose bytes have to be looked at, by their number.
    pub(super) fn looks(&self) -> &[usize] {
        &self.looks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Too simple to be wrong.
    fn naive(shape: &[Descriptor], descriptors: &[Descriptor]) -> Option<usize> {
        let same = shape.len() == descriptors.len()
            && shape.iter().zip(descriptors).all(|(a, b)| a[2] == b[2]);
        let large = |d: &Descriptor| {
            let least = LEAST[usize::from(d[2])];
            least == LOOK || size_of(*d) >= usize::from(least)
        };
        (same && descriptors.iter().all(large))
            .then(|| descriptors.iter().map(|d| size_of(*d)).sum())
    }

    proptest! {
        #[test]
        fn all_values_together_are_told_as_one_after_the_other(
            mut descriptors in prop::collection::vec(
                (0u8..20, 0u8..2, 0u8..0x24, any::<u8>()).prop_map(|(a, b, kind, d)| [a, b, kind, d]),
                0..40),
            large in any::<bool>(),
            change in prop::option::of((0usize..40, 0u8..0x24)),
        ) {
            if large {
                descriptors.iter_mut().for_each(|descriptor| descriptor[1] = 1);
            }
            let shape = Shape::of(&descriptors);
            let before = descriptors.clone();
            if let Some((at, kind)) = change
                && let Some(descriptor) = descriptors.get_mut(at)
            {
                descriptor[2] = kind;
            }
            prop_assert_eq!(shape.total(&descriptors), naive(&before, &descriptors));
            let looks: Vec<usize> = (0..before.len())
                .filter(|&at| LEAST[usize::from(before[at][2])] == LOOK)
                .collect();
            prop_assert_eq!(shape.looks(), looks);
        }
    }
}
