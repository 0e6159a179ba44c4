//! The only place that maps files into memory.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;

use memmap2::Mmap;

/// Maps a whole file for reading.
///
/// The map is shared with whoever else has the file open: evidence must be at rest. A file that
/// another process changes during a sweep gives bytes that belong to no one version of it, and
/// one that is cut short ends the program with a bus error; `--mmap never` reads instead.
///
/// # Errors
/// When the file cannot be mapped (a pipe, some network file systems).
pub(super) fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: the bytes are only ever read, through `&[u8]`, by code that takes any content for
    // possible: nothing relies on two reads of one byte agreeing for memory safety. Truncation by
    // another process is documented above and cannot be excluded by any API.
    let map = unsafe { Mmap::map(file) }?;
    #[cfg(unix)]
    let _ = map.advise(memmap2::Advice::Sequential);
    Ok(map)
}
