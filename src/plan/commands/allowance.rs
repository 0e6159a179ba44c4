//! What the commands of all rows may add to them, and what they have to say.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

/// The memory that commands may add to rows that are held already, and what is to be said of the
/// answer. A rule can make much of little: `eventstats values(x) as all` writes all values into
/// every row.
#[derive(Debug)]
pub struct Allowance {
    left: Cell<usize>,
    is_spent: Cell<bool>,
    notes: RefCell<BTreeSet<String>>,
}

impl Allowance {
    /// An allowance of so many bytes.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self { left: Cell::new(bytes), is_spent: Cell::new(false), notes: RefCell::default() }
    }

    /// Takes `bytes` of it. `false` when there are not so many left: then the command passes over
    /// what it wanted them for, and the answer counts as cut short.
    #[must_use]
    pub fn take(&self, bytes: usize) -> bool {
        match self.left.get().checked_sub(bytes) {
            Some(left) if !self.is_spent.get() => self.left.set(left),
            _ => self.is_spent.set(true),
        }
        !self.is_spent.get()
    }

    /// Gives back what was taken for a while.
    pub fn give_back(&self, bytes: usize) {
        self.left.set(self.left.get().saturating_add(bytes));
    }

    /// Leaves nothing of it: more was wanted than anyone can have.
    pub fn spend(&self) {
        self.is_spent.set(true);
    }

    /// Whether more was wanted than there was.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.is_spent.get()
    }

    /// Says something about the answer, once.
    pub fn note(&self, text: impl Into<String>) {
        self.notes.borrow_mut().insert(text.into());
    }

    /// What was said since this was last asked.
    #[must_use]
    pub fn take_notes(&self) -> BTreeSet<String> {
        self.notes.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_given_once_more_was_wanted_than_there_was() {
        let allowance = Allowance::new(10);
        assert!(allowance.take(4) && allowance.take(6));
        assert!(!allowance.is_spent());
        let allowance = Allowance::new(10);
        assert!(!allowance.take(11));
        assert!(!allowance.take(1));
        assert!(allowance.is_spent());
    }
}
