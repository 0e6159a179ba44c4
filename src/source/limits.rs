//! What packed input may cost. What exceeds a limit is reported, and the rest goes on.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::compression::{Stream, compression_of};

/// The limits of packed sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How many compressions and archives may lie within one another.
    pub depth: usize,
    /// How many times its packed size something may unpack to, once it is past 64 MiB. Logs
    /// that repeat themselves reach 200.
    pub expansion: u64,
    /// How many members of one archive are read.
    pub members: usize,
    /// How long one source may be unpacked.
    pub time: Option<Duration>,
    /// The password of encrypted members.
    pub password: Option<String>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 8, expansion: 1000, members: 1_000_000, time: None, password: None }
    }
}

impl Limits {
    /// How many bytes may come out of so many packed ones.
    #[must_use]
    pub fn most_of(&self, packed: u64) -> u64 {
        packed.saturating_mul(self.expansion).max(FLOOR)
    }
}

/// So much comes out of anything before its expansion counts, in bytes.
const FLOOR: u64 = 64 << 20;

/// How many bytes of a head tell what a stream is: a tar header's.
const HEAD: usize = 512;

/// A stream with its compressions undone.
pub struct Unpacked<'r> {
    /// The bytes.
    pub stream: Stream<'r>,
    /// The first of them, which `stream` gives too.
    pub head: Vec<u8>,
    /// The compressions, the outermost first.
    pub packings: Vec<&'static str>,
    /// A compression that lies too deep to be undone.
    pub too_deep: Option<&'static str>,
    /// How many packed bytes have been read.
    pub packed: Rc<Cell<u64>>,
}

/// Undoes all compressions of a stream. `depth` are the containers around it, `worth` how many
/// packed bytes it stands for beyond those that are read from it.
#[must_use]
pub fn unpack<'r>(
    stream: Stream<'r>,
    depth: usize,
    worth: Option<u64>,
    limits: &Limits,
    deadline: Option<Instant>,
) -> Unpacked<'r> {
    let packed = Rc::new(Cell::new(worth.unwrap_or(0)));
    let counted: Stream<'r> = match worth {
        Some(_) => guard(stream, &packed, limits, deadline),
        None => Box::new(Counted { stream, count: Rc::clone(&packed), deadline }),
    };
    let (mut stream, mut head) = peek(counted, HEAD);
    let mut packings = Vec::new();
    let mut too_deep = None;
    while let Some(compression) = compression_of(&head) {
        if depth + packings.len() >= limits.depth {
            too_deep = Some(compression.name);
            break;
        }
        packings.push(compression.name);
        let inner = guard(compression.open(stream), &packed, limits, deadline);
        (stream, head) = peek(inner, HEAD);
    }
    Unpacked { stream, head, packings, too_deep, packed }
}

fn guard<'r>(
    stream: Stream<'r>,
    packed: &Rc<Cell<u64>>,
    limits: &Limits,
    deadline: Option<Instant>,
) -> Stream<'r> {
    let packed = Rc::clone(packed);
    Box::new(Guarded { stream, packed, given: 0, expansion: limits.expansion, deadline })
}

/// The first bytes of a stream, `most` at the most, and the stream with them.
#[must_use]
pub fn peek(mut stream: Stream<'_>, most: usize) -> (Stream<'_>, Vec<u8>) {
    let mut head = Vec::new();
    let failed = Read::by_ref(&mut stream).take(most as u64).read_to_end(&mut head).err();
    let start = io::Cursor::new(head.clone());
    match failed {
        None => (Box::new(start.chain(stream)), head),
        Some(error) => (Box::new(start.chain(Failed(Some(error)))), head),
    }
}

/// A reader that reports one error and ends.
struct Failed(Option<io::Error>);

impl Read for Failed {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

fn check_time(deadline: Option<Instant>) -> io::Result<()> {
    match deadline {
        Some(deadline) if Instant::now() >= deadline => {
            let what = "it takes longer than --source-timeout, the rest was not read";
            Err(io::Error::new(io::ErrorKind::TimedOut, what))
        }
        _ => Ok(()),
    }
}

/// Counts what is read of a packed stream.
struct Counted<'r> {
    stream: Stream<'r>,
    count: Rc<Cell<u64>>,
    deadline: Option<Instant>,
}

impl Read for Counted<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        check_time(self.deadline)?;
        let read = self.stream.read(into)?;
        self.count.set(self.count.get() + read as u64);
        Ok(read)
    }
}

/// Ends a stream that unpacks to too much.
struct Guarded<'r> {
    stream: Stream<'r>,
    packed: Rc<Cell<u64>>,
    given: u64,
    expansion: u64,
    deadline: Option<Instant>,
}

impl Read for Guarded<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        check_time(self.deadline)?;
        let most = self.packed.get().saturating_mul(self.expansion).max(FLOOR);
        if self.given > most {
            let what = format!(
                "it unpacks to more than {} times its size (--max-expansion), the rest was not read",
                self.expansion
            );
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, what));
        }
        let read = self.stream.read(into)?;
        self.given += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn layers_are_undone_to_a_depth() {
        let packed = gzip(&zstd::encode_all(&gzip(b"log")[..], 1).unwrap());
        let limits = Limits::default();
        let mut all = unpack(Box::new(&packed[..]), 0, None, &limits, None);
        let mut text = String::new();
        all.stream.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), all.head.as_slice()), ("log", &b"log"[..]));
        assert_eq!(all.packings, ["gzip", "zstd", "gzip"]);
        let two = unpack(Box::new(&packed[..]), 6, None, &limits, None);
        assert_eq!(two.too_deep, Some("gzip"));
    }

    #[test]
    fn a_bomb_ends_early() {
        let packed = gzip(&vec![0; 80 << 20]);
        let limits = Limits { expansion: 100, ..Limits::default() };
        let mut all = unpack(Box::new(&packed[..]), 0, None, &limits, None);
        let error = io::copy(&mut all.stream, &mut io::sink()).unwrap_err();
        assert!(error.to_string().contains("--max-expansion"), "{error}");
        let limits = Limits { expansion: 2000, ..limits };
        let mut all = unpack(Box::new(&packed[..]), 0, None, &limits, None);
        assert_eq!(io::copy(&mut all.stream, &mut io::sink()).unwrap(), 80 << 20);
    }
}
