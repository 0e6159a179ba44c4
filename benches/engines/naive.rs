//! One needle after the other: too simple to be wrong.

use memchr::memmem::Finder;

use super::engine::{Engine, Sink};

/// Each needle searched for alone in a lower-cased copy.
#[derive(Debug)]
pub struct Naive {
    finders: Vec<Finder<'static>>,
    folded: Vec<u8>,
}

impl Naive {
    pub fn new(needles: &[Vec<u8>]) -> Self {
        let finders = needles.iter().map(|needle| Finder::new(needle).into_owned()).collect();
        Self { finders, folded: Vec::new() }
    }
}

impl Engine for Naive {
    fn search(&mut self, text: &[u8], sink: &mut impl Sink) {
        self.folded.clear();
        self.folded.extend_from_slice(text);
        self.folded.make_ascii_lowercase();
        for (needle, finder) in self.finders.iter().enumerate() {
            let mut from = 0;
            while let Some(found) = finder.find(&self.folded[from..]) {
                sink.found(needle);
                from += found + 1;
                if sink.has(needle) {
                    break;
                }
            }
        }
    }

    fn memory(&self) -> usize {
        let one = size_of::<Finder<'static>>();
        self.finders.iter().map(|finder| one + finder.needle().len()).sum()
    }
}
