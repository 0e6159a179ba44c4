//! Formats: where an event starts and ends in the bytes, and what its text says.
//!
//! One file a format. None of them knows rules, plans or threads.

pub mod classic;
pub mod evtx;
pub mod hostmon;
pub mod json;
pub mod text;
pub mod time;
pub mod windows;
pub mod xml;

use std::borrow::Cow;

use jiff::tz::TimeZone;

use crate::event::{Event, Format};
use crate::reading::Reading;

/// What decoding needs beside the bytes.
#[derive(Debug, Clone)]
pub struct DecodeContext {
    /// Which accommodations are in force.
    pub reading: Reading,
    /// The zone of times that carry none.
    pub timezone: TimeZone,
}

/// Why an event could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DecodeError(pub Cow<'static, str>);

/// Decodes the event in `text`, whose span and format framing has told.
///
/// What it yields depends on [`DecodeContext::reading`] for `xml-text`, `message-start`,
/// `multiline-value` and `decoded-record`; the other accommodations work on the fields.
/// A JSON document that wraps several events gives the first one; [`decode_each`] gives all.
///
/// # Errors
/// When the text cannot be read as an event of that format.
pub fn decode<'t>(
    text: &'t [u8],
    format: Format,
    context: &DecodeContext,
) -> Result<Event<'t>, DecodeError> {
    match format {
        Format::Evtx | Format::Xml => xml::decode(text, context),
        Format::Classic => classic::decode(text, context),
        Format::HostMon => hostmon::decode(text, context),
        Format::Json => json::decode(text, context),
    }
}

/// Decodes every event in `text`: one, but for a JSON document that wraps several or none.
pub fn decode_each<'t>(
    text: &'t [u8],
    format: Format,
    context: &DecodeContext,
    visit: &mut dyn FnMut(Result<Event<'t>, DecodeError>),
) {
    match format {
        Format::Json => json::decode_each(text, context, &mut |event| visit(event)),
        _ => visit(decode(text, format, context)),
    }
}
