//! SPL text -> syntax tree, with the place of everything and all errors in one pass.

pub mod ast;
pub mod diagnostic;
