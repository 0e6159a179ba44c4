//! Packed inputs: compressions are undone and archives opened, until there is a log.
//!
//! A member is as good as a file. What can be read apart from the others is a task of its own; the
//! rest is read in its order by the worker that opened it, which never waits for another.

use std::collections::HashMap;
use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use super::Sweep;
use super::files::{advance, guard, sweep_stream, sweep_whole};
use super::journal::{self, Journal};
use super::skip::Severity;
use super::worker::Origin;
use crate::source::journal::{Packing, sniff};
use crate::source::{
    Bytes, Content, Entry, Member, Stream, Unpacked, archive_of, compression_of, member_path, peek,
    spool, unpack,
};

/// What lies around some bytes.
#[derive(Debug, Clone)]
pub(super) struct Nest {
    /// How many compressions and archives.
    depth: usize,
    /// When the source has had its time.
    deadline: Option<Instant>,
    /// How many bytes of the outermost file they stand for, where that is not their number.
    worth: Option<u64>,
}

impl Nest {
    /// Of a file itself.
    pub(super) fn outermost(sweep: &Sweep<'_>) -> Self {
        let time = sweep.options.limits.time;
        let deadline = time.and_then(|time| Instant::now().checked_add(time));
        Self { depth: 0, deadline, worth: None }
    }

    fn within(&self, containers: usize, worth: u64) -> Self {
        let depth = self.depth + containers;
        Self { depth, deadline: self.deadline, worth: Some(worth.max(1)) }
    }
}

/// How many bytes tell a container: a tar header's.
const HEAD: usize = 512;

/// Sweeps bytes that are all there.
pub(super) fn sweep_bytes<'s>(
    sweep: &'s Sweep<'_>,
    scope: &rayon::Scope<'s>,
    bytes: Bytes,
    origin: &Arc<Origin>,
    nest: &Nest,
) {
    let head = &bytes[..bytes.len().min(HEAD)];
    let length = bytes.len();
    if let Some(packing) = journal::recognise(sweep, &bytes, origin) {
        sweep_journal(sweep, scope, bytes, packing, origin, nest);
    } else if compression_of(head).is_some() {
        sweep_packed(sweep, scope, Box::new(Cursor::new(bytes)), origin, nest);
        advance(sweep, length);
    } else if let Some(kind) = archive_of(head) {
        count_packed(sweep, nest, length as u64);
        if nest.depth >= sweep.options.limits.depth {
            return too_deep(sweep, origin, kind.name);
        }
        let worth = (nest.worth.unwrap_or(length as u64), length as u64);
        let mut members = Members::new(sweep, scope, origin, nest.within(1, 1), worth);
        kind.read(&bytes, &sweep.options.limits, &mut |entry| members.take(entry));
    } else {
        sweep_whole(sweep, scope, bytes, origin);
    }
}

/// Sweeps bytes that come one after another.
pub(super) fn sweep_packed<'s>(
    sweep: &'s Sweep<'_>,
    scope: &rayon::Scope<'s>,
    stream: Stream<'_>,
    origin: &Arc<Origin>,
    nest: &Nest,
) {
    let limits = &sweep.options.limits;
    let (stream, head) = peek(stream, JOURNAL_HEAD);
    if let Some(packing) = journal::recognise(sweep, &Bytes::read(head), origin) {
        // As deep as it may be, so that it stays packed, but within the other limits.
        let guarded = unpack(stream, limits.depth, nest.worth, limits, nest.deadline);
        return spool_journal(sweep, scope, guarded.stream, packing, origin, nest);
    }
    let unpacked = unpack(stream, nest.depth, nest.worth, limits, nest.deadline);
    let Unpacked { mut stream, head, packings, too_deep: deepest, packed } = unpacked;
    let depth = nest.depth + packings.len();
    let archive = archive_of(&head);
    if let Some(name) = deepest.or(archive.filter(|_| depth >= limits.depth).map(|kind| kind.name))
    {
        too_deep(sweep, origin, name);
    } else if let Some(kind) = archive {
        let inner = |worth| nest.within(packings.len() + 1, worth);
        if let Some(walk) = kind.streams() {
            // All of it has been counted as it came, so that its members are worth themselves.
            let mut members = Members::new(sweep, scope, origin, inner(1), (1, 1));
            walk(stream, &mut |entry| members.take(entry));
        } else {
            match spool(&mut stream) {
                Ok((bytes, failed)) => {
                    if let Some(error) = failed {
                        let at = bytes.len() as u64;
                        report(sweep, origin, Some(at), &stream_failed(&packings, &error));
                    }
                    let worth = (packed.get(), bytes.len() as u64);
                    let mut members = Members::new(sweep, scope, origin, inner(1), worth);
                    kind.read(&bytes, limits, &mut |entry| members.take(entry));
                }
                Err(error) => {
                    let reason = format!("no temporary file to read the archive from: {error}");
                    report(sweep, origin, None, &reason);
                }
            }
        }
    } else if sniff(&head) {
        // In a compression that Splunk does not write, or in two.
        spool_journal(sweep, scope, stream, Packing::Plain, origin, nest);
    } else {
        sweep_stream(sweep, stream, &packings, origin);
    }
    if !packings.is_empty() || archive.is_some() {
        count_packed(sweep, nest, packed.get());
    }
}

/// So much of a stream is read to tell a journal: an lz4 block of any usual size.
const JOURNAL_HEAD: usize = 256 << 10;

/// Sweeps a journal that comes bit by bit: its slices are read side by side, so that all of it must
/// be there.
fn spool_journal<'s>(
    sweep: &'s Sweep<'_>,
    scope: &rayon::Scope<'s>,
    mut stream: Stream<'_>,
    packing: Packing,
    origin: &Arc<Origin>,
    nest: &Nest,
) {
    match spool(&mut stream) {
        Ok((bytes, failed)) => {
            if let Some(error) = failed {
                report(sweep, origin, None, &stream_failed(&[], &error));
            }
            sweep_journal(sweep, scope, bytes, packing, origin, nest);
        }
        Err(error) => {
            let reason = format!("no temporary file to read the journal from: {error}");
            report(sweep, origin, None, &reason);
        }
    }
}

fn sweep_journal<'s>(
    sweep: &'s Sweep<'_>,
    scope: &rayon::Scope<'s>,
    bytes: Bytes,
    packing: Packing,
    origin: &Arc<Origin>,
    nest: &Nest,
) {
    let length = bytes.len() as u64;
    if packing != Packing::Plain {
        count_packed(sweep, nest, length);
    }
    let worth = nest.worth.unwrap_or(length);
    let most = sweep.options.limits.most_of(worth);
    let (origin, deadline) = (Arc::clone(origin), nest.deadline);
    Journal { bytes, packing, origin, most, deadline }.sweep(sweep, scope);
}

/// What is said of a stream that ended early.
pub(super) fn stream_failed(packings: &[&str], error: &std::io::Error) -> String {
    match packings.join(" of ") {
        packing if packing.is_empty() => format!("cannot be read on: {error}"),
        packing => format!(
            "the {packing} data is damaged or cut short, what came before was read: {error}"
        ),
    }
}

/// Counts the bytes of packed files as they lie on the disk: of the outermost containers only.
fn count_packed(sweep: &Sweep<'_>, nest: &Nest, bytes: u64) {
    if nest.depth == 0 {
        sweep.with_worker(|worker| worker.counters.packed_bytes += bytes);
    }
}

fn too_deep(sweep: &Sweep<'_>, origin: &Origin, what: &str) {
    let depth = sweep.options.limits.depth;
    let reason = format!("{what} within {depth} other containers is not unpacked (--max-depth)");
    report(sweep, origin, None, &reason);
}

fn report(sweep: &Sweep<'_>, origin: &Origin, at: Option<u64>, reason: &str) {
    sweep.with_worker(|worker| worker.skips.add(&origin.path, at, Severity::Error, reason));
}

/// Takes the members of one archive.
struct Members<'m, 's, 'a> {
    sweep: &'s Sweep<'a>,
    scope: &'m rayon::Scope<'s>,
    archive: &'m Arc<Origin>,
    nest: Nest,
    /// How many bytes of the outermost file so many of the archive stand for.
    worth: (u64, u64),
    /// How many members have had a name.
    names: HashMap<String, u32>,
    count: usize,
}

impl<'m, 's, 'a> Members<'m, 's, 'a> {
    fn new(
        sweep: &'s Sweep<'a>,
        scope: &'m rayon::Scope<'s>,
        archive: &'m Arc<Origin>,
        nest: Nest,
        worth: (u64, u64),
    ) -> Self {
        Self { sweep, scope, archive, nest, worth, names: HashMap::new(), count: 0 }
    }

    fn take(&mut self, entry: Entry<'_>) -> ControlFlow<()> {
        if self.sweep.stopped() {
            return ControlFlow::Break(());
        }
        match entry {
            Entry::Damage { member, at, reason } => {
                let whose = member.map(|name| member_path(&self.archive.name, &name));
                let path = whose.as_deref().map_or(&*self.archive.path, Path::new);
                self.sweep
                    .with_worker(|worker| worker.skips.add(path, at, Severity::Error, reason));
            }
            Entry::Member(_) if self.count >= self.sweep.options.limits.members => {
                let most = self.count;
                let reason = format!("only the first {most} members are read (--max-members)");
                report(self.sweep, self.archive, None, &reason);
                return ControlFlow::Break(());
            }
            Entry::Member(member) => self.sweep_member(member),
        }
        ControlFlow::Continue(())
    }

    fn sweep_member(&mut self, member: Member<'_>) {
        self.count += 1;
        let (sweep, scope) = (self.sweep, self.scope);
        sweep.with_worker(|worker| worker.counters.members += 1);
        let origin = self.origin_of(&member);
        if journal::is_index(&origin.path) || journal::is_out_of_time(sweep, &origin.path) {
            return;
        }
        let (of_file, of_archive) = self.worth;
        let worth = u128::from(member.packed) * u128::from(of_file) / u128::from(of_archive.max(1));
        let mut nest = self.nest.clone();
        nest.worth = Some(u64::try_from(worth).unwrap_or(u64::MAX).max(1));
        match member.content {
            Content::Part(bytes) => scope.spawn(move |scope| {
                if !sweep.stopped() {
                    guard(sweep, &origin, || sweep_bytes(sweep, scope, bytes, &origin, &nest));
                }
            }),
            Content::Stream(stream) => sweep_packed(sweep, scope, stream, &origin, &nest),
            Content::Apart(apart) => scope.spawn(move |scope| {
                if sweep.stopped() {
                    return;
                }
                guard(sweep, &origin, || {
                    let read = apart.read(&mut |stream| {
                        sweep_packed(sweep, scope, stream, &origin, &nest);
                    });
                    if let Err(reason) = read {
                        report(sweep, &origin, None, &reason);
                    }
                });
            }),
        }
    }

    fn origin_of(&mut self, member: &Member<'_>) -> Arc<Origin> {
        let name = member_path(&self.archive.name, &member.name);
        let twins = self.names.entry(name.clone()).or_default();
        let source = self.archive.source.member(&member.name, *twins);
        *twins += 1;
        let modified = member.modified.and_then(|time| Timestamp::from_second(time).ok());
        Arc::new(Origin {
            path: Path::new(&name).into(),
            name: name.into(),
            source,
            modified: modified.or(self.archive.modified),
            archive: Some(Arc::clone(&self.archive.path)),
        })
    }
}
