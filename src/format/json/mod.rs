//! JSON.
pub(crate) mod framing;
