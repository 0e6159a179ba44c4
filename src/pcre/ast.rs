//! What a pattern says, after PCRE2's syntax is out of the way.
//!
//! The tree holds only what this crate can express itself, plus two nodes that stand for the
//! rest: enough to know what a match must contain even where PCRE2 has to do the matching.

use regex_syntax::hir::{ClassUnicode, Look};

/// A pattern, read.
#[derive(Debug, Clone)]
pub(super) struct Parsed {
    /// The pattern.
    pub(super) node: Node,
    /// How many capturing groups it has.
    pub(super) groups: u32,
    /// The first construct that only PCRE2 can match, where there is one.
    pub(super) only_pcre2: Option<&'static str>,
}

/// One construct.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// Nothing at all.
    Empty,
    /// One character.
    Char {
        /// Which.
        c: char,
        /// Whether `(?i)` was on.
        caseless: bool,
    },
    /// One character of a set, which already includes what `(?i)` adds.
    Class(ClassUnicode),
    /// An assertion that `regex-automata` has with the same meaning.
    Look(Look),
    /// `(?m)^`: the start, or after a newline that is not the last character.
    LineStart,
    /// `$` and `\Z`: the end, or before a newline that is the last character.
    Dollar,
    /// A capturing group.
    Capture {
        /// Its number, from 1.
        index: u32,
        /// What it holds.
        node: Box<Node>,
    },
    /// One after the other.
    Concat(Vec<Node>),
    /// One of these, the first that leads to a match.
    Alternation(Vec<Node>),
    /// A quantifier.
    Repeat {
        /// At least so often.
        min: u32,
        /// At most so often.
        max: Option<u32>,
        /// Whether it tries more before less.
        greedy: bool,
        /// What is repeated.
        node: Box<Node>,
    },
    /// Something for PCRE2 that takes no characters: a lookaround, `\K`, `\G`.
    ZeroWidth,
    /// Something for PCRE2 that may take any characters: a back reference, a recursion, `\X`.
    Unknown,
}

impl Node {
    /// Whether a match of this may be empty. Where unknown, it may.
    pub(super) fn is_nullable(&self) -> bool {
        match self {
            Self::Empty | Self::Look(_) | Self::LineStart | Self::Dollar => true,
            Self::ZeroWidth | Self::Unknown => true,
            Self::Char { .. } | Self::Class(_) => false,
            Self::Capture { node, .. } => node.is_nullable(),
            Self::Concat(nodes) => nodes.iter().all(Self::is_nullable),
            Self::Alternation(nodes) => nodes.iter().any(Self::is_nullable),
            Self::Repeat { min, node, .. } => *min == 0 || node.is_nullable(),
        }
    }

    /// Whether a [`Node::Dollar`] stands anywhere in it.
    pub(super) fn has_dollar(&self) -> bool {
        self.any(&|node| matches!(node, Self::Dollar))
    }

    /// Whether a [`Node::LineStart`] stands anywhere in it.
    pub(super) fn has_line_start(&self) -> bool {
        self.any(&|node| matches!(node, Self::LineStart))
    }

    /// Whether `test` holds of this node or of one below it.
    fn any(&self, test: &dyn Fn(&Self) -> bool) -> bool {
        test(self)
            || match self {
                Self::Capture { node, .. } | Self::Repeat { node, .. } => node.any(test),
                Self::Concat(nodes) | Self::Alternation(nodes) => nodes.iter().any(|n| n.any(test)),
                _ => false,
            }
    }
}
