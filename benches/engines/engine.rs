//! What an engine is, and what is done with what it finds.

/// A way to find many needles in one text.
pub trait Engine {
    /// Tells of every place where a needle is, in whatever case, overlapping ones too. Where the
    /// sink has enough of a needle, the engine may leave it out.
    fn search(&mut self, text: &[u8], sink: &mut impl Sink);

    /// The bytes of what it was compiled to.
    fn memory(&self) -> usize;
}

/// Takes what an engine finds.
pub trait Sink {
    /// A needle was found.
    fn found(&mut self, needle: usize);

    /// Whether a needle need not be looked for any more.
    fn has(&self, needle: usize) -> bool;
}

/// How often each needle was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts(pub Vec<u64>);

impl Sink for Counts {
    #[inline]
    fn found(&mut self, needle: usize) {
        self.0[needle] += 1;
    }

    #[inline]
    fn has(&self, _: usize) -> bool {
        false
    }
}

/// The clauses of which a needle was found in one event.
#[derive(Debug)]
pub enum Clauses {
    /// A set of clauses a needle, added for each hit.
    Sets { seen: Vec<u64>, sets: Vec<u64> },
    /// A list of clauses a needle, gone through for its first hit in an event.
    Lists { seen: Vec<u64>, known: Vec<u64>, starts: Vec<u32>, lists: Vec<u32> },
}

impl Clauses {
    /// With sets of all clauses, as wide for each needle as there are clauses.
    pub fn sets(clauses_of: &[Vec<u32>], words: usize) -> Self {
        let mut sets = vec![0u64; words * clauses_of.len()];
        for (needle, clauses) in clauses_of.iter().enumerate() {
            for &clause in clauses {
                sets[needle * words + clause as usize / 64] |= 1 << (clause % 64);
            }
        }
        Self::Sets { seen: vec![0; words], sets }
    }

    /// With a list for each needle, and a set of the needles that were found before.
    pub fn lists(clauses_of: &[Vec<u32>], words: usize) -> Self {
        let mut starts = vec![0];
        for clauses in clauses_of {
            starts.push(starts.last().unwrap_or(&0) + clauses.len() as u32);
        }
        Self::Lists {
            seen: vec![0; words],
            known: vec![0; clauses_of.len().div_ceil(64)],
            starts,
            lists: clauses_of.concat(),
        }
    }

    /// Forgets the event before.
    pub fn reset(&mut self) {
        match self {
            Self::Sets { seen, .. } => seen.fill(0),
            Self::Lists { seen, known, .. } => {
                seen.fill(0);
                known.fill(0);
            }
        }
    }

    /// The clauses, a bit each.
    pub fn seen(&self) -> &[u64] {
        let (Self::Sets { seen, .. } | Self::Lists { seen, .. }) = self;
        seen
    }

    /// The clauses in one number, for comparing (`vectorscan.c` does the same).
    pub fn digest(&self) -> u64 {
        let mix = |hash: u64, &word: &u64| (hash ^ word).wrapping_mul(0x0100_0000_01b3);
        self.seen().iter().fold(0xcbf2_9ce4_8422_2325, mix)
    }
}

impl Sink for Clauses {
    #[inline]
    fn found(&mut self, needle: usize) {
        match self {
            Self::Sets { seen, sets } => {
                let set = &sets[needle * seen.len()..][..seen.len()];
                seen.iter_mut().zip(set).for_each(|(mine, theirs)| *mine |= theirs);
            }
            Self::Lists { seen, known, starts, lists } => {
                let (word, bit) = (&mut known[needle / 64], 1 << (needle % 64));
                if *word & bit != 0 {
                    return;
                }
                *word |= bit;
                for &clause in &lists[starts[needle] as usize..starts[needle + 1] as usize] {
                    seen[clause as usize / 64] |= 1 << (clause % 64);
                }
            }
        }
    }

    #[inline]
    fn has(&self, needle: usize) -> bool {
        match self {
            Self::Sets { .. } => false,
            Self::Lists { known, .. } => known[needle / 64] & (1 << (needle % 64)) != 0,
        }
    }
}
