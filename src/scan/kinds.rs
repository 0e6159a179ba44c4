//! Zero hits explained: was there any event of the kinds that the rules are about?

use std::path::PathBuf;

use super::Sweep;

/// What looking for events of the rules' kinds found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindCheck {
    /// The event ids that the rules' searches spell.
    pub event_ids: Vec<u32>,
    /// The id and file of one event of these kinds, if one was found.
    pub example: Option<(u32, PathBuf)>,
}

/// Looks for an event of the rules' kinds, if nothing matched.
pub(super) fn check(_sweep: &Sweep<'_>, _files: &[PathBuf]) -> Option<KindCheck> {
    None
}
