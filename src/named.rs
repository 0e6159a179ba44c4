//! Things by name, in the order of the names: the fields of a row, the states of a wildcard's
//! fields. Few are a list, for a row or group has thousands of siblings, and as a tree each would take
//! some hundred bytes more. Many are a tree: what is named in an event may be hostile, and putting
//! a million names into a list one by one would never end.

use std::collections::BTreeMap;
use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How many are kept in a list.
const FEW: usize = 64;

/// Things by name, each name once.
#[derive(Clone)]
pub struct Named<T>(Store<T>);

#[derive(Clone)]
enum Store<T> {
    /// Sorted, no more than [`FEW`].
    Few(Vec<(CompactString, T)>),
    Many(BTreeMap<CompactString, T>),
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Store::Few(Vec::new()))
    }
}

impl<T: fmt::Debug> fmt::Debug for Named<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<T: PartialEq> PartialEq for Named<T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

/// Where `name` is in a sorted list, or would be.
fn find<T>(list: &[(CompactString, T)], name: &str) -> Result<usize, usize> {
    // Most often they come in their order.
    match list.last() {
        Some((last, _)) if last.as_str() >= name => {
            list.binary_search_by(|(known, _)| known.as_str().cmp(name))
        }
        _ => Err(list.len()),
    }
}

impl<T> Named<T> {
    /// The one of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&T> {
        match &self.0 {
            Store::Few(list) => list.get(find(list, name).ok()?).map(|(_, one)| one),
            Store::Many(tree) => tree.get(name),
        }
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut T> {
        match &mut self.0 {
            Store::Few(list) => {
                let at = find(list, name).ok()?;
                list.get_mut(at).map(|(_, one)| one)
            }
            Store::Many(tree) => tree.get_mut(name),
        }
    }

    /// Sets the one of this name.
    pub fn set(&mut self, name: &str, one: T) {
        match &mut self.0 {
            Store::Few(list) => match find(list, name) {
                Ok(at) => list[at].1 = one,
                Err(at) if list.len() < FEW => list.insert(at, (name.into(), one)),
                Err(_) => {
                    let mut tree: BTreeMap<_, _> = std::mem::take(list).into_iter().collect();
                    tree.insert(name.into(), one);
                    self.0 = Store::Many(tree);
                }
            },
            Store::Many(tree) => {
                tree.insert(name.into(), one);
            }
        }
    }

    /// Takes the one of this name out.
    pub fn take(&mut self, name: &str) -> Option<T> {
        match &mut self.0 {
            Store::Few(list) => find(list, name).ok().map(|at| list.remove(at).1),
            Store::Many(tree) => tree.remove(name),
        }
    }

    /// Keeps those whose name is wanted.
    pub fn retain(&mut self, mut wanted: impl FnMut(&str) -> bool) {
        match &mut self.0 {
            Store::Few(list) => list.retain(|(name, _)| wanted(name)),
            Store::Many(tree) => tree.retain(|name, _| wanted(name)),
        }
    }

    /// All of them, in name order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        let (few, many) = match &self.0 {
            Store::Few(list) => (Some(list), None),
            Store::Many(tree) => (None, Some(tree)),
        };
        let few = few.into_iter().flatten().map(|(name, one)| (name.as_str(), one));
        few.chain(many.into_iter().flatten().map(|(name, one)| (name.as_str(), one)))
    }

    /// All of them, owned, in name order.
    pub fn into_pairs(self) -> impl Iterator<Item = (CompactString, T)> {
        let (few, many) = match self.0 {
            Store::Few(list) => (list, BTreeMap::new()),
            Store::Many(tree) => (Vec::new(), tree),
        };
        few.into_iter().chain(many)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Store::Few(list) => list.is_empty(),
            Store::Many(tree) => tree.is_empty(),
        }
    }
}

/// Of several with one name the last stays.
impl<T> FromIterator<(CompactString, T)> for Named<T> {
    fn from_iter<I: IntoIterator<Item = (CompactString, T)>>(pairs: I) -> Self {
        let mut list: Vec<_> = pairs.into_iter().collect();
        if list.len() > FEW {
            return Self(Store::Many(list.into_iter().collect()));
        }
        list.sort_by(|(a, _), (b, _)| a.cmp(b));
        list.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                std::mem::swap(&mut next.1, &mut kept.1);
            }
            same
        });
        Self(Store::Few(list))
    }
}

impl<T: Serialize> Serialize for Named<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Of a known length, which some formats ask for.
        self.iter().collect::<Vec<_>>().serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<(CompactString, T)>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_does_what_a_map_does(steps in prop::collection::vec(("[a-c]{1,2}|[a-m]{2}", 0..9_u8, 0..100_u32), 0..300)) {
            let (mut named, mut map) = (Named::default(), BTreeMap::new());
            for (name, step, number) in &steps {
                match step {
                    0 => {
                        named.set(name, *number);
                        map.insert(name.clone(), *number);
                    }
                    1 => prop_assert_eq!(named.take(name), map.remove(name)),
                    2 => {
                        named.retain(|known| known != name);
                        map.retain(|known, _| known != name);
                    }
                    _ => {
                        named.set(name, *number);
                        map.insert(name.clone(), *number);
                    }
                }
                prop_assert_eq!(named.get(name), map.get(name));
                prop_assert_eq!(named.get_mut(name), map.get_mut(name));
                prop_assert_eq!(named.is_empty(), map.is_empty());
                let pairs = map.iter().map(|(name, number)| (name.as_str(), number));
                prop_assert!(named.iter().eq(pairs));
            }
            let json = serde_json::to_string(&named).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Named<u32>>(&json).unwrap(), &named);
            let pairs: Vec<_> = named.into_pairs().map(|(name, number)| (name.to_string(), number)).collect();
            prop_assert_eq!(pairs, map.into_iter().collect::<Vec<_>>());
            let pairs = steps.iter().map(|(name, _, number)| (name.as_str().into(), *number));
            let named: Named<u32> = pairs.collect();
            let map: BTreeMap<_, _> = steps.iter().map(|(name, _, number)| (name.as_str(), number)).collect();
            prop_assert!(named.iter().eq(map));
        }
    }
}
