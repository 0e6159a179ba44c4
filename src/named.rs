//! Things by name, in the order of the names: the fields of a row, the states of a wildcard's
//! fields. A list, for they are few, and a row or group has thousands of siblings: as a tree each
//! would take some hundred bytes more.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// Things by name, each name once.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Named<T>(Vec<(CompactString, T)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: fmt::Debug> fmt::Debug for Named<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<T> Named<T> {
    /// Where `name` is, or would be.
    fn find(&self, name: &str) -> Result<usize, usize> {
        // Most often they come in their order.
        match self.0.last() {
            Some((last, _)) if last.as_str() >= name => {
                self.0.binary_search_by(|(known, _)| known.as_str().cmp(name))
            }
            _ => Err(self.0.len()),
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&T> {
        self.0.get(self.find(name).ok()?).map(|(_, one)| one)
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut T> {
        let at = self.find(name).ok()?;
        self.0.get_mut(at).map(|(_, one)| one)
    }

    /// The one of this name, made where there was none.
    pub fn get_or_insert_with(&mut self, name: &str, make: impl FnOnce() -> T) -> &mut T {
        let at = match self.find(name) {
            Ok(at) => at,
            Err(at) => {
                self.0.insert(at, (name.into(), make()));
                at
            }
        };
        &mut self.0[at].1
    }

    /// Sets the one of this name.
    pub fn set(&mut self, name: &str, one: T) {
        match self.find(name) {
            Ok(at) => self.0[at].1 = one,
            Err(at) => self.0.insert(at, (name.into(), one)),
        }
    }

    /// Takes the one of this name out.
    pub fn take(&mut self, name: &str) -> Option<T> {
        self.find(name).ok().map(|at| self.0.remove(at).1)
    }

    /// Keeps those whose name is wanted.
    pub fn retain(&mut self, mut wanted: impl FnMut(&str) -> bool) {
        self.0.retain(|(name, _)| wanted(name));
    }

    /// All of them, in name order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, one)| (name.as_str(), one))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> IntoIterator for Named<T> {
    type Item = (CompactString, T);
    type IntoIter = std::vec::IntoIter<(CompactString, T)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Of several with one name the last stays.
impl<T> FromIterator<(CompactString, T)> for Named<T> {
    fn from_iter<I: IntoIterator<Item = (CompactString, T)>>(pairs: I) -> Self {
        let mut list: Vec<_> = pairs.into_iter().collect();
        list.sort_by(|(a, _), (b, _)| a.cmp(b));
        list.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                std::mem::swap(&mut next.1, &mut kept.1);
            }
            same
        });
        Self(list)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_does_what_a_map_does(steps in prop::collection::vec(("[a-c]{1,2}", 0..4_u8, 0..100_u32), 0..40)) {
            let (mut named, mut map) = (Named::default(), BTreeMap::new());
            for (name, step, number) in &steps {
                match step {
                    0 => {
                        named.set(name, *number);
                        map.insert(name.clone(), *number);
                    }
                    1 => prop_assert_eq!(named.take(name), map.remove(name)),
                    2 => {
                        *named.get_or_insert_with(name, || 7) += 1;
                        *map.entry(name.clone()).or_insert(7) += 1;
                    }
                    _ => {
                        named.retain(|known| known != name);
                        map.retain(|known, _| known != name);
                    }
                }
                prop_assert_eq!(named.get(name), map.get(name));
                prop_assert_eq!(named.get_mut(name), map.get_mut(name));
                prop_assert_eq!(named.is_empty(), map.is_empty());
                let pairs = map.iter().map(|(name, number)| (name.as_str(), number));
                prop_assert!(named.iter().eq(pairs));
            }
            let pairs = steps.iter().map(|(name, _, number)| (name.as_str().into(), *number));
            let named: Named<u32> = pairs.collect();
            let map: BTreeMap<_, _> = steps.iter().map(|(name, _, number)| (name.as_str(), number)).collect();
            prop_assert!(named.iter().eq(map));
        }
    }
}
