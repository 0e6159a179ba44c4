//! The inner loops, each over 4 MiB that stay in the cache: `cargo bench`.
//!
//! Throughput is of the bytes that the loop is handed. Every loop checks what it found.
#![allow(missing_docs, reason = "functions of a benchmark")]

use std::path::PathBuf;
use std::sync::LazyLock;

use coldsweep::aggregate::{Groups, Place};
use coldsweep::cim::Cim;
use coldsweep::corpus::generate::make;
use coldsweep::corpus::{Definition, Size};
use coldsweep::eval::row::{EventRow, Record, Scratch};
use coldsweep::event::{Event, Format};
use coldsweep::format::evtx::{self, ChunkReader, SlotState, Wanted};
use coldsweep::format::text::TextLayout;
use coldsweep::format::{DecodeContext, decode_each};
use coldsweep::plan::{Allowance, Plan, Settings};
use coldsweep::prefilter::Prefilter;
use coldsweep::reading::Reading;
use coldsweep::resources::Resources;
use coldsweep::rule::Rule;
use coldsweep::spl::Macros;
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use jiff::tz::TimeZone;

const SIZE: u64 = 4 << 20;
/// A format and the corpora in it.
const RARE: [&str; 4] = ["xml-rare", "classic-rare", "json-rare", "evtx-rare"];
const TEXT: [&str; 3] = ["xml-rare", "classic-rare", "json-rare"];
const DENSE: [&str; 3] = ["xml-dense", "classic-dense", "json-dense"];
const HOSTILE: [&str; 3] = ["xml-hostile", "classic-hostile", "json-hostile"];

fn main() {
    divan::main();
}

/// The bytes of a corpus's first file.
fn corpus(name: &str) -> (Vec<u8>, u64) {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        std::env::temp_dir().join(format!("coldsweep-loops-{}", std::process::id()))
    });
    let definition = Definition::find(name).unwrap();
    let made = make(&definition, Some(Size(SIZE)), None, &FOLDER).unwrap();
    let bytes = std::fs::read(&made.files[0]).unwrap();
    std::fs::remove_dir_all(&*FOLDER).unwrap();
    (bytes, made.counts.events)
}

fn settings() -> Settings {
    Settings {
        macros: Macros::builtin(),
        cim: Cim::builtin(),
        reading: Reading::AS_MEANT,
        timezone: TimeZone::UTC,
        resources: Resources::default(),
        now: jiff::Timestamp::UNIX_EPOCH,
    }
}

fn plan() -> Plan {
    match Plan::compile(Rule::builtin().unwrap(), &settings()) {
        Ok((plan, _)) => plan,
        Err(_) => unreachable!("the built-in rule runs"),
    }
}

fn prefilter(plan: &Plan, name: &str) -> Prefilter {
    let guard = if name.starts_with("evtx") { &plan.evtx_guards } else { &plan.text_guards };
    Prefilter::new([guard.first()].into_iter(), b"").unwrap()
}

fn layout(bytes: &[u8]) -> TextLayout {
    TextLayout::sniff(bytes).unwrap()
}

fn events(bytes: &[u8]) -> Vec<(std::ops::Range<usize>, Format)> {
    let frames = layout(bytes).frames(bytes, 0..bytes.len());
    frames.map(|frame| frame.unwrap()).map(|frame| (frame.span, frame.format)).collect()
}

/// Hits, one after the other: the first look of the prefilter.
#[divan::bench(args = [RARE.as_slice(), HOSTILE.as_slice()].concat())]
fn search(bencher: Bencher<'_, '_>, name: &str) {
    let (bytes, _) = corpus(name);
    let plan = plan();
    let prefilter = prefilter(&plan, name);
    bencher.counter(BytesCount::of_slice(&bytes)).bench(|| {
        let mut at = 0;
        let mut hits = 0u64;
        while let Some(hit) = prefilter.find(black_box(&bytes), at..bytes.len()) {
            hits += 1;
            at = hit + 1;
        }
        assert!(hits > 0);
        hits
    });
}

/// The start and the end of every event.
#[divan::bench(args = TEXT)]
fn frame(bencher: Bencher<'_, '_>, name: &str) {
    let (bytes, count) = corpus(name);
    bencher.counter(BytesCount::of_slice(&bytes)).bench(|| {
        let frames = layout(&bytes).frames(black_box(&bytes), 0..bytes.len()).count() as u64;
        assert_eq!(frames, count);
    });
}

/// The fields of every event, under the default reading.
#[divan::bench(args = TEXT)]
fn extract(bencher: Bencher<'_, '_>, name: &str) {
    let (bytes, count) = corpus(name);
    let events = events(&bytes);
    let context = DecodeContext { reading: Reading::AS_MEANT, timezone: TimeZone::UTC };
    let counters = (BytesCount::of_slice(&bytes), ItemsCount::new(events.len()));
    bencher.counter(counters.0).counter(counters.1).bench(|| {
        let mut decoded = 0;
        for (span, format) in &events {
            decode_each(&bytes[span.clone()], *format, &context, &mut |event| {
                decoded += u64::from(black_box(event).is_ok());
            });
        }
        assert_eq!(decoded, count);
    });
}

/// Every record of every chunk rendered as XML.
#[divan::bench]
fn render_evtx(bencher: Bencher<'_, '_>) {
    let (bytes, count) = corpus("evtx-rare");
    bencher.counter(BytesCount::of_slice(&bytes)).bench_local(|| {
        let mut reader = ChunkReader::new();
        let mut records = 0;
        for slot in evtx::chunks(&bytes).filter(|slot| slot.state != SlotState::Empty) {
            let chunk = &bytes[slot.offset..slot.offset + slot.len];
            let mut add = |record: evtx::Record<'_>| records += u64::from(!record.xml.is_empty());
            reader.records(chunk, Wanted::All, &mut add, &mut |_| {});
        }
        assert_eq!(records, count);
    });
}

/// What is done with every chunk, hits or none: checksums, and whether it must be decoded.
#[divan::bench]
fn check_evtx(bencher: Bencher<'_, '_>) {
    let (bytes, _) = corpus("evtx-rare");
    let header = evtx::FileHeader::parse(&bytes);
    bencher.counter(BytesCount::of_slice(&bytes)).bench_local(|| {
        let mut reader = ChunkReader::new();
        for slot in evtx::chunks(&bytes).filter(|slot| slot.state != SlotState::Empty) {
            let chunk = &bytes[slot.offset..slot.offset + slot.len];
            assert_eq!(evtx::check_chunk(chunk, header.as_ref()), []);
            assert!(!reader.must_decode(black_box(chunk)));
        }
    });
}

/// Decoded events of a corpus, and the matches among them.
fn matches<'e>(
    plan: &Plan,
    cim: &Cim,
    events: &'e [Event<'e>],
    scratch: &Scratch,
) -> Vec<(Record, &'e Event<'e>)> {
    let run = |event: &'e Event<'e>| {
        let row = EventRow::new(event, cim.view(event, Reading::AS_MEANT), Reading::AS_MEANT);
        Some((plan.program.run(&row, scratch)?, event))
    };
    events.iter().filter_map(run).collect()
}

fn decoded(bytes: &[u8]) -> Vec<Event<'_>> {
    let context = DecodeContext { reading: Reading::AS_MEANT, timezone: TimeZone::UTC };
    let mut all = Vec::new();
    for (span, format) in events(bytes) {
        decode_each(&bytes[span], format, &context, &mut |event| all.extend(event.ok()));
    }
    all
}

/// The rule on every event, decoded before.
#[divan::bench(args = [DENSE.as_slice(), HOSTILE.as_slice()].concat())]
fn evaluate(bencher: Bencher<'_, '_>, name: &str) {
    let (bytes, _) = corpus(name);
    let (plan, cim, scratch) = (plan(), Cim::builtin(), Scratch::default());
    let events = decoded(&bytes);
    let dense = name.ends_with("dense");
    bencher.counter(ItemsCount::new(events.len())).bench_local(|| {
        let matches = matches(&plan, &cim, &events, &scratch);
        assert_eq!(!matches.is_empty(), dense);
        matches.len()
    });
}

/// Matches into groups, and the groups into rows.
#[divan::bench]
fn aggregate(bencher: Bencher<'_, '_>) {
    let (bytes, _) = corpus("xml-dense");
    let (plan, cim, scratch) = (plan(), Cim::builtin(), Scratch::default());
    let events = decoded(&bytes);
    let matches = matches(&plan, &cim, &events, &scratch);
    let stats = plan.program.stats().unwrap();
    bencher.counter(ItemsCount::new(matches.len())).bench_local(|| {
        let mut groups = Groups::default();
        for (at, (record, event)) in matches.iter().enumerate() {
            let place = Place::new(event.meta.time, 0, at as u64);
            groups.update(stats, record, &place, Vec::new(), &scratch);
        }
        let rows =
            plan.program.finish(groups.finish(stats), &scratch, &Allowance::new(usize::MAX), &[]);
        assert!(!rows.is_empty());
        rows
    });
}

/// The built-in rule from its text to a plan, and its prefilters.
#[divan::bench]
fn compile(bencher: Bencher<'_, '_>) {
    let settings = settings();
    bencher.with_inputs(|| Rule::builtin().unwrap()).bench_values(|rule| {
        let plan = Plan::compile(rule, &settings).unwrap_or_else(|_| unreachable!()).0;
        (prefilter(&plan, "xml"), prefilter(&plan, "evtx"))
    });
}
