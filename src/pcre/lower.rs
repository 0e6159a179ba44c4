//! From [`Node`]s to `regex-syntax`'s `Hir`, which `regex-automata` compiles.
//!
//! All of it is a matter of translation but two assertions that the `Hir` lacks.
//!
//! `$` (without `(?m)`) holds at the end and before a final newline. What follows it can then
//! only match nothing, so `A$B` means: `A`, then the empty match of `B`, then the match *ends*
//! and an optional newline and the end of the text follow. The `Hir` gets `A`, `B`'s empty form,
//! an empty group that marks where the match ends, and `\n?\z`. An alternation with a `$` in one
//! branch gets what follows it copied behind each branch, which changes nothing in the order in
//! which matches are tried; a group that spans such copies gets two empty groups, for its start
//! and its end.
//!
//! `(?m)^` does not hold after a newline that ends the text. Where at least one character has to
//! follow, that makes no difference to `regex-automata`'s line start.
//!
//! Whatever cannot be said exactly is refused.

use regex_syntax::hir::{Capture, Class, Hir, Look, Repetition};

use super::ast::{Node, Parsed};
use super::class;

/// A reason why a pattern is left to PCRE2.
pub(super) type Refused = &'static str;

/// A pattern as a `Hir`, and where its groups are found in it.
#[derive(Debug)]
pub(super) struct Lowered {
    /// The pattern.
    pub(super) hir: Hir,
    /// Its groups from 0, each with the `Hir`'s groups where it starts and where it ends.
    pub(super) groups: Vec<Place>,
    /// The empty group that ends the match where it took part.
    pub(super) end: Option<u32>,
}

/// Where a group is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The group of the `Hir` whose start is the start.
    pub(super) start: u32,
    /// The group of the `Hir` whose end is the end.
    pub(super) end: u32,
}

/// How many nodes may be lowered, copies counted. Only patterns with several `$` in branches
/// come near.
const MAX_NODES: u32 = 50_000;

/// How deep branches with a `$` may nest or follow each other.
const MAX_DOLLARS: u32 = 100;

/// Lowers a pattern, if all of it can be.
pub(super) fn lower(parsed: &Parsed) -> Result<Lowered, Refused> {
    if let Some(construct) = parsed.only_pcre2 {
        return Err(construct);
    }
    let mut lowerer = Lowerer {
        groups: (0..=parsed.groups).map(|index| Place { start: index, end: index }).collect(),
        markers: parsed.groups,
        end: None,
        nodes: 0,
        depth: 0,
    };
    let hir = if parsed.node.has_dollar() {
        if parsed.node.has_line_start() {
            return Err("(?m)^ together with $");
        }
        lowerer.with_dollar(&parsed.node, &Next::Done)?
    } else {
        lowerer.plain(&parsed.node, false)?
    };
    Ok(Lowered { hir, groups: lowerer.groups, end: lowerer.end })
}

/// What follows a node in the pattern.
enum Next<'a> {
    /// Nothing.
    Done,
    /// These, and then more.
    Nodes(&'a [Node], &'a Self),
    /// The end of a group, and then more.
    Close(u32, &'a Self),
}

struct Lowerer {
    groups: Vec<Place>,
    /// The last group number given away.
    markers: u32,
    end: Option<u32>,
    nodes: u32,
    depth: u32,
}

impl Lowerer {
    fn count(&mut self) -> Result<(), Refused> {
        self.nodes += 1;
        if self.nodes > MAX_NODES { Err("too large with its copies") } else { Ok(()) }
    }

    fn new_marker(&mut self) -> u32 {
        self.markers += 1;
        self.markers
    }

    /// A node without `$`. `consumes` says whether what follows it takes a character in any case.
    fn plain(&mut self, node: &Node, consumes: bool) -> Result<Hir, Refused> {
        self.count()?;
        Ok(match node {
            Node::Empty => Hir::empty(),
            &Node::Char { c, caseless: false } => literal(c),
            &Node::Char { c, caseless: true } => Hir::class(Class::Unicode(class::single(c, true))),
            Node::Class(class) => Hir::class(Class::Unicode(class.clone())),
            &Node::Look(look) => Hir::look(look),
            Node::LineStart if consumes => Hir::look(Look::StartLF),
            Node::LineStart => return Err("(?m)^ with perhaps nothing behind it"),
            Node::Capture { index, node } => capture(*index, self.plain(node, consumes)?),
            Node::Concat(nodes) => {
                let mut consumes = consumes;
                let mut hirs = Vec::with_capacity(nodes.len());
                for node in nodes.iter().rev() {
                    hirs.push(self.plain(node, consumes)?);
                    consumes |= !node.is_nullable();
                }
                hirs.reverse();
                Hir::concat(hirs)
            }
            Node::Alternation(nodes) => {
                let hirs = nodes.iter().map(|node| self.plain(node, consumes));
                Hir::alternation(hirs.collect::<Result<_, _>>()?)
            }
            // PCRE2 ends such a loop at the first turn that matched nothing, and keeps what that
            // turn captured.
            Node::Repeat { max: None, node, .. } if node.is_nullable() => {
                return Err("loop over what may be empty");
            }
            Node::Repeat { min, max, greedy, node } => Hir::repetition(Repetition {
                min: *min,
                max: *max,
                greedy: *greedy,
                sub: Box::new(self.plain(node, consumes)?),
            }),
            Node::Dollar => return Err("$ in a loop"),
            Node::ZeroWidth | Node::Unknown => return Err("not expressible"),
        })
    }

    /// A node and all that follows it.
    fn with_dollar(&mut self, node: &Node, next: &Next<'_>) -> Result<Hir, Refused> {
        self.depth += 1;
        if self.depth > MAX_DOLLARS {
            return Err("too many $");
        }
        let hir = self.with_dollar_inner(node, next)?;
        self.depth -= 1;
        Ok(hir)
    }

    fn with_dollar_inner(&mut self, node: &Node, next: &Next<'_>) -> Result<Hir, Refused> {
        Ok(match node {
            _ if !node.has_dollar() => {
                Hir::concat(vec![self.plain(node, false)?, self.follow(next)?])
            }
            Node::Dollar => {
                let Some(rest) = self.empty_follow(next)? else { return Ok(Hir::fail()) };
                let end = match self.end {
                    Some(end) => end,
                    None => self.new_marker(),
                };
                self.end = Some(end);
                Hir::concat(vec![rest, capture(end, Hir::empty()), optional_newline_and_end()])
            }
            Node::Concat(nodes) => self.follow(&Next::Nodes(nodes, next))?,
            Node::Alternation(nodes) => {
                let hirs = nodes.iter().map(|node| self.with_dollar(node, next));
                Hir::alternation(hirs.collect::<Result<_, _>>()?)
            }
            Node::Capture { index, node } => {
                let start = self.split_group(*index);
                let body = self.with_dollar(node, &Next::Close(*index, next))?;
                Hir::concat(vec![capture(start, Hir::empty()), body])
            }
            Node::Repeat { min: 0, max: Some(1), greedy, node } => {
                let mut hirs = vec![self.with_dollar(node, next)?, self.follow(next)?];
                if !greedy {
                    hirs.reverse();
                }
                Hir::alternation(hirs)
            }
            _ => return Err("$ in a loop"),
        })
    }

    /// All that follows.
    fn follow(&mut self, next: &Next<'_>) -> Result<Hir, Refused> {
        self.count()?;
        match *next {
            Next::Done => Ok(Hir::empty()),
            Next::Close(index, next) => {
                let end = capture(self.end_of(index), Hir::empty());
                Ok(Hir::concat(vec![end, self.follow(next)?]))
            }
            Next::Nodes(nodes, next) => {
                let at = nodes.iter().position(Node::has_dollar).unwrap_or(nodes.len());
                let (before, from) = nodes.split_at(at);
                let mut hirs = Vec::with_capacity(before.len() + 1);
                for node in before {
                    hirs.push(self.plain(node, false)?);
                }
                hirs.push(match from.split_first() {
                    Some((dollar, after)) => self.with_dollar(dollar, &Next::Nodes(after, next))?,
                    None => self.follow(next)?,
                });
                Ok(Hir::concat(hirs))
            }
        }
    }

    /// Gives a group two markers of its own. The first, for its start.
    fn split_group(&mut self, index: u32) -> u32 {
        let slot = index as usize;
        match self.groups.get(slot) {
            Some(place) if place.start != place.end => place.start,
            _ => {
                let place = Place { start: self.new_marker(), end: self.new_marker() };
                if let Some(group) = self.groups.get_mut(slot) {
                    *group = place;
                }
                place.start
            }
        }
    }

    fn end_of(&self, index: u32) -> u32 {
        self.groups.get(index as usize).map_or(index, |place| place.end)
    }

    /// The ways in which all that follows can match nothing, where `$` holds: at the end, or
    /// before a final newline. `None` if there is none.
    fn empty_follow(&mut self, next: &Next<'_>) -> Result<Option<Hir>, Refused> {
        let mut hirs = Vec::new();
        let mut next = next;
        loop {
            match *next {
                Next::Done => return Ok(Some(Hir::concat(hirs))),
                Next::Close(index, after) => {
                    hirs.push(capture(self.end_of(index), Hir::empty()));
                    next = after;
                }
                Next::Nodes(nodes, after) => {
                    for node in nodes {
                        let Some(hir) = self.empty(node)? else { return Ok(None) };
                        hirs.push(hir);
                    }
                    next = after;
                }
            }
        }
    }

    /// The ways in which a node can match nothing where `$` holds. Refused if it could match the
    /// newline there instead.
    fn empty(&mut self, node: &Node) -> Result<Option<Hir>, Refused> {
        self.count()?;
        Ok(match node {
            Node::Empty | Node::Dollar => Some(Hir::empty()),
            &Node::Look(look) => Some(Hir::look(look)),
            Node::Char { c: '\n', .. } => return Err("newline behind $"),
            Node::Class(class) if class::contains(class, '\n') => return Err("newline behind $"),
            Node::Char { .. } | Node::Class(_) => None,
            Node::Capture { index, node } if node.has_dollar() => {
                let start = capture(self.split_group(*index), Hir::empty());
                let end = capture(self.end_of(*index), Hir::empty());
                self.empty(node)?.map(|hir| Hir::concat(vec![start, hir, end]))
            }
            Node::Capture { index, node } => self.empty(node)?.map(|hir| capture(*index, hir)),
            Node::Concat(nodes) => {
                let mut hirs = Vec::with_capacity(nodes.len());
                for node in nodes {
                    let Some(hir) = self.empty(node)? else { return Ok(None) };
                    hirs.push(hir);
                }
                Some(Hir::concat(hirs))
            }
            Node::Alternation(nodes) => {
                let mut hirs = Vec::with_capacity(nodes.len());
                for node in nodes {
                    hirs.extend(self.empty(node)?);
                }
                if hirs.is_empty() { None } else { Some(Hir::alternation(hirs)) }
            }
            Node::Repeat { max: None, node, .. } if node.is_nullable() => {
                return Err("loop over what may be empty");
            }
            Node::Repeat { max: Some(0), .. } => Some(Hir::empty()),
            Node::Repeat { min, greedy, node, .. } => match (self.empty(node)?, *min) {
                (None, 0) => Some(Hir::empty()),
                (Some(hir), 0) if *greedy => Some(Hir::alternation(vec![hir, Hir::empty()])),
                (Some(hir), 0) => Some(Hir::alternation(vec![Hir::empty(), hir])),
                (hir, _) => hir,
            },
            Node::LineStart | Node::ZeroWidth | Node::Unknown => return Err("not expressible"),
        })
    }
}

fn literal(c: char) -> Hir {
    Hir::literal(c.encode_utf8(&mut [0; 4]).as_bytes())
}

fn capture(index: u32, sub: Hir) -> Hir {
    Hir::capture(Capture { index, name: None, sub: Box::new(sub) })
}

fn optional_newline_and_end() -> Hir {
    let newline = Repetition { min: 0, max: Some(1), greedy: true, sub: Box::new(literal('\n')) };
    Hir::concat(vec![Hir::repetition(newline), Hir::look(Look::End)])
}
