//! Formats: where an event starts and ends in the bytes, and what its text says.
//!
//! One file a format. None of them knows rules, plans or threads.

use std::borrow::Cow;

use jiff::tz::TimeZone;

use crate::event::{Event, Format};
use crate::reading::Reading;

pub mod evtx;

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

pub mod classic;
pub mod hostmon;
pub mod json;
pub mod text;
pub mod time;
pub mod windows;
pub mod xml;

/// temporary
pub fn decode_each<'t>(
    text: &'t [u8],
    format: Format,
    context: &DecodeContext,
    visit: &mut dyn FnMut(Result<Event<'t>, DecodeError>),
) {
    visit(match format {
        Format::Evtx | Format::Xml => xml::decode(text, context),
        Format::Classic => classic::decode(text, context),
        Format::HostMon => hostmon::decode(text, context),
        Format::Json => Err(DecodeError("json".into())),
    });
}
