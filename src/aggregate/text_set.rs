//! The distinct texts of a group: nearly always a few, at times a million.

use std::collections::BTreeSet;

use compact_str::CompactString;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How many are kept in a list; more are kept in a tree. The tree of one text takes ten times the
/// memory of the list, and a group has a set a field.
const FEW: usize = 8;

/// Distinct texts, in the order of their bytes.
#[derive(Debug, Clone)]
pub enum TextSet {
    /// Sorted, each once, no more than a few.
    Few(Vec<CompactString>),
    /// Any number.
    #[allow(clippy::box_collection)]
    Many(Box<BTreeSet<CompactString>>),
}

impl Default for TextSet {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl TextSet {
    /// Adds a text; says whether it is new.
    pub fn insert(&mut self, text: &str) -> bool {
        match self {
            Self::Few(list) => match list.binary_search_by(|known| known.as_str().cmp(text)) {
                Ok(_) => false,
                Err(at) if list.len() < FEW => {
                    list.insert(at, text.into());
                    true
                }
                Err(_) => {
                    let mut tree: BTreeSet<_> = std::mem::take(list).into_iter().collect();
                    tree.insert(text.into());
                    *self = Self::Many(Box::new(tree));
                    true
                }
            },
            Self::Many(tree) => !tree.contains(text) && tree.insert(text.into()),
        }
    }

    /// Adds all texts of another set.
    pub fn extend(&mut self, other: Self) {
        match (self, other) {
            (Self::Many(mine), Self::Many(theirs)) => mine.extend(*theirs),
            (mine, Self::Few(theirs)) => theirs.iter().for_each(|text| {
                mine.insert(text);
            }),
            (mine, Self::Many(theirs)) => {
                let few = std::mem::replace(mine, Self::Many(theirs));
                mine.extend(few);
            }
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Few(list) => list.len(),
            Self::Many(tree) => tree.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them, sorted by bytes.
    #[must_use]
    pub fn into_texts(self) -> Vec<String> {
        match self {
            Self::Few(list) => list.into_iter().map(Into::into).collect(),
            Self::Many(tree) => tree.into_iter().map(Into::into).collect(),
        }
    }

    fn iter(&self) -> Box<dyn Iterator<Item = &CompactString> + '_> {
        match self {
            Self::Few(list) => Box::new(list.iter()),
            Self::Many(tree) => Box::new(tree.iter()),
        }
    }
}

impl PartialEq for TextSet {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Serialize for TextSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for TextSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut set = Self::default();
        Vec::<CompactString>::deserialize(deserializer)?.iter().for_each(|text| {
            set.insert(text);
        });
        Ok(set)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_does_what_a_tree_does(a in prop::collection::vec("[a-f]{1,2}", 0..20),
                                    b in prop::collection::vec("[a-f]{1,2}", 0..20)) {
            let (mut whole, mut tree) = (TextSet::default(), BTreeSet::new());
            let mut parts = [TextSet::default(), TextSet::default()];
            for (part, texts) in parts.iter_mut().zip([&a, &b]) {
                for text in texts {
                    part.insert(text);
                    prop_assert_eq!(whole.insert(text), tree.insert(text.clone()));
                    prop_assert_eq!(whole.len(), tree.len());
                }
            }
            let [mut first, second] = parts;
            first.extend(second);
            prop_assert_eq!(&first, &whole);
            let json = serde_json::to_string(&first).unwrap();
            prop_assert_eq!(serde_json::from_str::<TextSet>(&json).unwrap(), first);
            prop_assert_eq!(whole.is_empty(), tree.is_empty());
            prop_assert_eq!(whole.into_texts(), tree.into_iter().collect::<Vec<_>>());
        }
    }
}
