//! The events of plain logs as Splunk would have indexed them, packed into journals.

use std::io::Read;
use std::path::{Path, PathBuf};

use coldsweep::corpus::journal_writer::{EventForm, JournalEvent, JournalLayout, JournalWriter};
use coldsweep::event::{Format, Metadata};
use coldsweep::format::text::TextLayout;
use coldsweep::format::{DecodeContext, decode_each_twice};
use coldsweep::reading::Reading;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// An event as an index holds it.
#[derive(Debug, Clone)]
pub struct Stored {
    pub raw: Vec<u8>,
    pub meta: Metadata,
}

impl Stored {
    /// An event with a text and a time, and nothing else known of it.
    pub fn new(raw: impl Into<Vec<u8>>, milliseconds: i64) -> Self {
        let time = Timestamp::from_millisecond(milliseconds).ok();
        Self { raw: raw.into(), meta: Metadata { time, ..Metadata::default() } }
    }
}

/// The events of a text log, with what the log says of them; none of a log that is not UTF-8 text.
/// An event without a time has that of its file.
pub fn stored(path: &Path) -> Vec<Stored> {
    let mut bytes = std::fs::read(path).unwrap();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let packed = std::mem::take(&mut bytes);
        flate2::read::MultiGzDecoder::new(&packed[..]).read_to_end(&mut bytes).unwrap();
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let modified = Timestamp::try_from(path.metadata().unwrap().modified().unwrap()).unwrap();
    let Some(layout) = TextLayout::sniff(text) else { return Vec::new() };
    let context = |reading| DecodeContext { reading, timezone: TimeZone::UTC };
    let (meant, strict) = (context(Reading::AS_MEANT), context(Reading::STRICT));
    let mut all = Vec::new();
    for frame in layout.frames(text, 0..text.len()).flatten() {
        let text = &text[frame.span];
        decode_each_twice(text, frame.format, [&meant, &strict], &mut |[meant, strict]| {
            let (Ok(meant), Ok(strict)) = (meant, strict) else { return };
            let raw = match frame.format {
                // What an envelope holds, and a record's own text.
                Format::Json => strict.raw.into_owned(),
                _ => text.to_vec(),
            };
            let mut meta = meant.meta;
            meta.time = meta.time.or(Some(modified));
            all.push(Stored { raw, meta });
        });
    }
    all
}

/// A journal of these events, written in all forms in turn.
pub fn journal(events: &[Stored], layout: JournalLayout) -> Vec<u8> {
    let mut writer = JournalWriter::new(layout);
    for (at, event) in events.iter().enumerate() {
        let name = |name: &'_ Option<String>| name.clone().unwrap_or_default();
        let meta = &event.meta;
        let punct = format!("<_{}>", at % 5);
        let form = EventForm::ALL[at % EventForm::ALL.len()];
        // The independent reader loses its way in fields of old events.
        let old = matches!(form, EventForm::Old | EventForm::OldHashed);
        let fields = [("punct", punct.as_str()), ("linecount", "1")];
        writer
            .write(&JournalEvent {
                host: &name(&meta.host),
                source: &name(&meta.source),
                sourcetype: &name(&meta.sourcetype),
                milliseconds: meta.time.unwrap().as_millisecond(),
                raw: &event.raw,
                fields: if old { &[] } else { &fields[..at % 3] },
                form,
            })
            .unwrap();
    }
    writer.finish().unwrap()
}

/// Writes a bucket with everything that Splunk leaves in one; gives its folder.
pub fn bucket(root: &Path, name: &str, events: &[Stored], layout: JournalLayout) -> PathBuf {
    let folder = root.join(name);
    std::fs::create_dir_all(folder.join("rawdata")).unwrap();
    std::fs::write(
        folder.join("rawdata").join(layout.packing.file_name()),
        journal(events, layout),
    )
    .unwrap();
    index_files(&folder);
    std::fs::write(folder.join("rawdata/slicesv2.dat"), b"\x01\x02\x03").unwrap();
    folder
}

/// Writes what Splunk leaves in a bucket beside the journal.
pub fn index_files(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    for name in [
        "Hosts.data",
        "Sources.data",
        "SourceTypes.data",
        "Strings.data",
        "1-2-3.tsidx",
        "bloomfilter",
        "bucket_info.csv",
        "optimize.result",
        ".rawSize",
    ] {
        std::fs::write(folder.join(name), b"0 of no log\n").unwrap();
    }
}
