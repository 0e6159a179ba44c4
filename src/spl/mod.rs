//! SPL text -> syntax tree, with the place of everything and all errors in one pass.

pub mod ast;
pub mod codes;
pub mod conf;
pub mod diagnostic;
mod expand;
mod lexer;
pub mod macros;
mod parser;
pub mod template;

pub use macros::Macros;
pub(crate) use parser::limit_findings;
pub use parser::{Parsed, parse};
