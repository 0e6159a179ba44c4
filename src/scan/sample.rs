//! A look at the input before the sweep: which of a rule's literals is rare in it.
//!
//! `://` stands in every event of one archive and nowhere in another. Any clause of a rule's
//! guards is enough to search for, so the one is taken that hits least in some bytes from the
//! input itself. It changes how fast a sweep is, and nothing else.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};

use super::Input;
use crate::format::evtx;
use crate::format::text::TextLayout;
use crate::plan::Guard;

/// How many files are looked into, spread over all of them.
const MOST_FILES: usize = 16;
/// How much is read at each place: two of each file.
const PIECE: usize = 32 << 10;

/// Some of the bytes to be searched.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// Of text.
    pub(super) text: Vec<u8>,
    /// Of EVTX chunks.
    pub(super) evtx: Vec<u8>,
}

impl Sample {
    /// Reads some of the files. What cannot be read, or is packed, is left out: the sweep will
    /// say so.
    pub(super) fn of(files: &[Input]) -> Self {
        let mut sample = Self::default();
        let step = files.len().div_ceil(MOST_FILES).max(1);
        for Input { path, .. } in files.iter().step_by(step) {
            if let Err(error) = sample.add(path) {
                log::debug!("{}: not sampled: {error}", path.display());
            }
        }
        sample
    }

    fn add(&mut self, path: &Path) -> io::Result<()> {
        // Standard input and pipes cannot be read twice.
        if !path.is_file() {
            return Ok(());
        }
        let mut file = File::open(path)?;
        let middle = file.metadata()?.len() / 2;
        let mut head = Vec::with_capacity(PIECE);
        Read::by_ref(&mut file).take(PIECE as u64).read_to_end(&mut head)?;
        let to = if evtx::sniff(&head) {
            &mut self.evtx
        } else if TextLayout::sniff(&head).is_some() {
            &mut self.text
        } else {
            return Ok(());
        };
        to.append(&mut head);
        file.seek(SeekFrom::Start(middle.max(PIECE as u64)))?;
        file.take(PIECE as u64).read_to_end(to)?;
        Ok(())
    }
}

/// The clause that a rule is searched for by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Searched {
    /// The literals of the rule that stand for it; empty where every event is evaluated.
    pub literals: Vec<String>,
    /// How often they were in the sample; `None` where there was no choice or no sample.
    pub hits: Option<usize>,
}

/// One rule's choice among its guards.
#[derive(Debug, Clone, Copy)]
pub(super) struct Choice<'g> {
    /// The guard; `None` where the rule has none.
    pub(super) guard: Option<&'g Guard>,
    /// How often it hit in the sample, where it was counted.
    pub(super) hits: Option<usize>,
}

impl Choice<'_> {
    pub(super) fn searched(&self) -> Searched {
        let literals = self.guard.map(|guard| guard.literals.clone()).unwrap_or_default();
        Searched { literals, hits: self.hits }
    }
}

/// Chooses of each rule's guards the one that hits least in the sample; of equals, and without a
/// sample, the first.
pub(super) fn choose<'g>(rules: &[&'g [Guard]], sample: &[u8]) -> Vec<Choice<'g>> {
    let counts = Counts::new(rules, sample);
    let choice = |guards: &&'g [Guard]| {
        let counted = guards.iter().map(|guard| (guard, counts.as_ref().map(|all| all.of(guard))));
        let best = counted.min_by_key(|(_, hits)| hits.unwrap_or(0));
        Choice {
            guard: best.map(|(guard, _)| guard),
            hits: best.and_then(|(_, hits)| hits).filter(|_| guards.len() > 1),
        }
    };
    rules.iter().map(choice).collect()
}

/// How often each needle is in a sample.
struct Counts<'g> {
    needles: Vec<&'g [u8]>,
    hits: Vec<usize>,
}

impl<'g> Counts<'g> {
    /// Counts the needles of all rules that have a choice, in one pass; `None` where there is
    /// nothing to count.
    fn new(rules: &[&'g [Guard]], sample: &[u8]) -> Option<Self> {
        let choices = rules.iter().filter(|guards| guards.len() > 1);
        let mut needles: Vec<&[u8]> = choices
            .flat_map(|guards| guards.iter().flat_map(|guard| guard.needles.iter()))
            .map(Vec::as_slice)
            .collect();
        needles.sort_unstable();
        needles.dedup();
        if needles.is_empty() || sample.is_empty() {
            return None;
        }
        let search = searcher(&needles)?;
        let mut hits = vec![0; needles.len()];
        for found in search.try_find_overlapping_iter(sample).ok()? {
            hits[found.pattern().as_usize()] += 1;
        }
        Some(Self { needles, hits })
    }

    fn of(&self, guard: &Guard) -> usize {
        let at = |needle: &Vec<u8>| self.needles.binary_search(&needle.as_slice()).ok();
        guard.needles.iter().filter_map(at).map(|at| self.hits[at]).sum()
    }
}

fn searcher(needles: &[&[u8]]) -> Option<AhoCorasick> {
    AhoCorasickBuilder::new()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .build(needles)
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(needle: &str, bits: u32) -> Guard {
        Guard { needles: vec![needle.as_bytes().to_vec()], literals: vec![needle.to_owned()], bits }
    }

    #[test]
    fn the_rarest_clause_is_chosen() {
        let both = [guard("://", 18), guard(".msi", 16)];
        let one = [guard("://", 18)];
        let rules: [&[Guard]; 3] = [&both, &one, &[]];
        let literals = |sample: &[u8]| -> Vec<_> {
            choose(&rules, sample).iter().map(|choice| choice.searched().literals).collect()
        };
        assert_eq!(literals(b""), [vec!["://"], vec!["://"], vec![]]);
        assert_eq!(literals(b"http://a http://b x.MSI"), [vec![".msi"], vec!["://"], vec![]]);
        assert_eq!(literals(b"a.msi b.msi c://"), [vec!["://"], vec!["://"], vec![]]);
        assert_eq!(choose(&rules, b"a.msi")[0].hits, Some(0));
    }

    #[test]
    fn files_are_sampled_by_what_is_in_them() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let line = b"{\"EventCode\":4688}\n".repeat(10_000);
        let files = [
            write("a.json", &line),
            write("b.gz", b"\x1f\x8b\x08 and so on"),
            folder.path().join("none"),
            folder.path().to_owned(),
        ];
        let sample = Sample::of(&Input::all(&files));
        assert_eq!(sample.text.len(), 2 * PIECE);
        assert!(sample.evtx.is_empty());
    }
}
