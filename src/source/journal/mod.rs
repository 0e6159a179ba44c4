//! The journal of a Splunk bucket: the raw events as they were indexed, with their metadata
//! (SPLUNK.md 7).
//!
//! | file | the question it answers |
//! |---|---|
//! | `bucket` | which files belong to a bucket, and from when to when are its events? |
//! | `slices` | where does a compressed part of a journal start and end, and what is in it? |
//! | `decoder` | what do the bytes say: which event stands where, and of which host and time? |
//!
//! A journal is a stream of opcodes, compressed in slices that can be unpacked one apart from the
//! other. The opcodes cannot: they refer to tables that grow from the first byte on.

mod bucket;
mod decoder;
mod slices;

pub(super) use bucket::leave_indexes;
pub use bucket::{Bucket, BucketFile, bucket_file, bucket_name};
pub use decoder::{Decoder, Fault, Labels, RawEvent, Walked, sniff};
pub use slices::{End, Packing, Unpacker};
