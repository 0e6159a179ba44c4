//! Writers of data for tests and benchmarks: one table of events -> every format.
//!
//! A [`Happening`] makes an [`EventSpec`](evtx_writer::EventSpec); [`Writer`] writes it in a
//! [`Style`], [`EvtxWriter`](evtx_writer::EvtxWriter) into a binary log. All of them are
//! deterministic and hand on what they have written as they go, whatever the size of the file.

mod classic_writer;
mod definition;
mod encode;
mod envelope_writer;
mod escape;
pub mod evtx_writer;
pub mod generate;
mod happening;
mod hostmon_writer;
pub mod journal_writer;
mod json_writer;
mod message;
mod writer;
mod xml_writer;

pub use classic_writer::LineEnds;
pub use definition::{
    BadSize, Case, CorpusFormat, Counts, Definition, DefinitionError, FileSize, Size,
};
pub use encode::{GzipMembers, Utf16};
pub use envelope_writer::{Inner, Payload};
pub use escape::Escapes;
pub use happening::{Account, Details, Happening, Kind};
pub use json_writer::Exporter;
pub use writer::{Arrangement, Separator, Style, Writer};
pub use xml_writer::XmlLayout;
