//! Predicates and expressions over one event or row, with SPL's comparison rules.

pub mod event_kind;
pub mod expr;
pub mod functions;
pub mod glob;
pub mod kinds;
pub mod row;
pub mod search;
pub mod segment;
pub mod subnet;
