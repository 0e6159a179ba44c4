//! The regex of a function: nearly always written as a string, and then compiled once. One that a
//! row tells is compiled when it comes and kept for rows with the same.

use std::sync::Arc;

use super::super::expr::{Compiler, Env, Expr, PlacedRegex};
use crate::eval::row::Scratch;
use crate::pcre::Regex;

/// A pattern of this many bytes from a row is matched, a longer one is not: it would take too long.
const MAX_PATTERN: usize = 4096;

/// Where a regex comes from.
#[derive(Debug)]
pub(super) enum Pattern {
    /// It is written in the rule.
    Written(PlacedRegex),
    /// Each row tells it.
    Computed(Expr),
}

impl Pattern {
    /// The regex that `expr` is or gives; a malformed one that is written is an error.
    pub(super) fn compile(expr: Expr, compiler: &mut Compiler) -> Option<Self> {
        match expr.as_text() {
            Some(text) => compiler.regex(text, expr.span()).map(Self::Written),
            None => Some(Self::Computed(expr)),
        }
    }

    /// The regex for one row. `None` where the row gives no text, or none that is a regex
    /// (inferred: the documentation speaks of no error there).
    pub(super) fn regex(&self, env: Env<'_>) -> Option<PlacedRegex> {
        match self {
            Self::Written(regex) => Some(regex.clone()),
            Self::Computed(expr) => {
                let text = expr.eval(env);
                computed(&text.single_text()?, env.scratch).map(PlacedRegex::unplaced)
            }
        }
    }
}

/// Compiles a pattern or finds it among the last ones.
fn computed(pattern: &str, scratch: &Scratch) -> Option<Arc<Regex>> {
    if pattern.len() > MAX_PATTERN {
        return None;
    }
    scratch.computed_regex(pattern, || Regex::new(pattern).ok().map(Arc::new))
}
