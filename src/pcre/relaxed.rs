//! A pattern for the bytes of a log, where the text that a pattern is meant for stands encoded.
//!
//! The law is soundness: where the pattern matches a text, and that part of the bytes that is the
//! text's encoding has no numeric escape, the relaxed pattern matches the bytes. It may match
//! others.
//!
//! Only a stretch of the pattern that takes no white space is used: text is put together, and
//! line ends are written anew, at white space alone. Of its characters
//!
//! - a plain one (ASCII, and no format has an escape with a name for it) stands as it is;
//! - `/` stands behind any number of backslashes;
//! - a named one beside ASCII stands as its UTF-8 bytes;
//! - any other is one or more bytes, none of them white space.
//!
//! Assertions take no characters and are dropped.

use regex_automata::meta;
use regex_automata::util::syntax;
use regex_syntax::hir::ClassUnicode;

use super::ast::Node;
use super::class;

/// Bytes that are no white space.
const SOLID: &str = r"[^\x09-\x0d\x20]";

/// How many characters beside ASCII a class may have that are written out.
const MOST_BESIDE: usize = 4;

/// How large the compiled program may be, in bytes.
const MAX_PROGRAM: usize = 1 << 16;

/// What texts are made with beside pieces of the bytes. White space apart, it stands only at the
/// start or at the end of a word that holds a piece.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'e> {
    /// The characters that may be put before a piece.
    pub before: &'e [char],
    /// The characters that may be put behind a piece.
    pub behind: &'e [char],
    /// Whole constants, in which a pattern might match without any piece.
    pub constants: &'e [String],
}

/// The pattern's relaxed form, as a pattern for bytes; `None` where it has none that tells much.
pub(super) fn relaxed(node: &Node, beside: Beside<'_>) -> Option<String> {
    let mut units = Vec::new();
    flatten(node, &mut units);
    let stretches = units.split(|node| bytes_of(node).is_none());
    let stretch = stretches.map(|stretch| trim(stretch, beside)).max_by_key(|s| weight(s))?;
    // A text may also be a number, which some readers write anew.
    if !stretch.iter().any(|node| is_telling(node)) || matches_constant(stretch, beside) {
        return None;
    }
    let last = stretch.len() - 1;
    let pattern = stretch.iter().enumerate().map(|(at, node)| match node {
        // At either end fewer copies are enough to say that there is a match.
        Node::Repeat { min: min @ 1.., node, .. } if at == 0 || at == last => {
            copies(node, *min, Some(*min))
        }
        node => bytes_of(node),
    });
    pattern.collect()
}

/// Compiles a pattern for bytes.
pub(super) fn compile(pattern: &str) -> Option<meta::Regex> {
    let config = meta::Config::new().dfa(false).nfa_size_limit(Some(MAX_PROGRAM)).utf8_empty(false);
    let syntax = syntax::Config::new().unicode(false).utf8(false);
    meta::Builder::new().configure(config).syntax(syntax).build(pattern).ok()
}

/// The parts of a pattern that follow one another.
fn flatten<'n>(node: &'n Node, units: &mut Vec<&'n Node>) {
    match node {
        Node::Concat(nodes) => nodes.iter().for_each(|node| flatten(node, units)),
        Node::Capture { node, .. } => flatten(node, units),
        node => units.push(node),
    }
}

/// Cuts away what may match in an edge at either end.
fn trim<'a, 'n>(mut stretch: &'a [&'n Node], beside: Beside<'_>) -> &'a [&'n Node] {
    while let [first, rest @ ..] = stretch
        && (first.is_nullable() || touches(first, beside.before))
    {
        stretch = rest;
    }
    while let [rest @ .., last] = stretch
        && (last.is_nullable() || touches(last, beside.behind))
    {
        stretch = rest;
    }
    stretch
}

/// Whether a match may hold one of these characters, at its start, its end or anywhere.
fn touches(node: &Node, chars: &[char]) -> bool {
    match node {
        Node::Char { c, caseless } => {
            let class = class::single(*c, *caseless);
            chars.iter().any(|&c| class::contains(&class, c))
        }
        Node::Class(class) => chars.iter().any(|&c| class::contains(class, c)),
        Node::Capture { node, .. } | Node::Repeat { node, .. } => touches(node, chars),
        Node::Alternation(nodes) => nodes.iter().any(|node| touches(node, chars)),
        // Any part of a sequence, for those before it may be empty.
        Node::Concat(nodes) => nodes.iter().any(|node| touches(node, chars)),
        _ => false,
    }
}

/// How much a stretch tells: the characters that must stand there as they are.
fn weight(stretch: &[&Node]) -> usize {
    let one = |class: &ClassUnicode| usize::from(class.ranges().iter().all(|r| r.len() == 1));
    let weight = |node: &&Node| match node {
        Node::Char { .. } => 2,
        Node::Class(class) => one(class),
        Node::Repeat { min: 1.., .. } | Node::Alternation(_) => 1,
        _ => 0,
    };
    stretch.iter().map(weight).sum()
}

/// Whether the part is one character that stands in no number and no GUID.
fn is_telling(node: &Node) -> bool {
    let in_number = |c: char| c.is_ascii_hexdigit() || "xX.+-{}".contains(c);
    match node {
        Node::Char { c, .. } => !in_number(*c),
        Node::Class(class) => !('\0'..='\x7f').any(|c| in_number(c) && class::contains(class, c)),
        _ => false,
    }
}

fn matches_constant(stretch: &[&Node], beside: Beside<'_>) -> bool {
    let Some(pattern) = stretch.iter().map(|node| bytes_of(node)).collect::<Option<String>>()
    else {
        return true;
    };
    let Some(regex) = compile(&pattern) else { return true };
    beside.constants.iter().any(|constant| regex.is_match(constant))
}

/// The bytes that a part's characters may stand as; `None` where one of them may be white space or
/// nothing is known of them.
fn bytes_of(node: &Node) -> Option<String> {
    Some(match node {
        Node::Empty | Node::Look(_) | Node::LineStart | Node::Dollar | Node::ZeroWidth => {
            String::new()
        }
        Node::Unknown => return None,
        Node::Char { c, caseless } => of_class(&class::single(*c, *caseless))?,
        Node::Class(class) => of_class(class)?,
        Node::Capture { node, .. } => bytes_of(node)?,
        Node::Concat(nodes) => nodes.iter().map(bytes_of).collect::<Option<String>>()?,
        Node::Alternation(nodes) => {
            let branches = nodes.iter().map(bytes_of).collect::<Option<Vec<_>>>()?;
            format!("(?:{})", branches.join("|"))
        }
        Node::Repeat { min, max, node, .. } => copies(node, *min, *max)?,
    })
}

/// Copies of a part. Of what already is a run of solid bytes, one or none says as much.
fn copies(node: &Node, min: u32, max: Option<u32>) -> Option<String> {
    let one = bytes_of(node)?;
    if one.is_empty() || max == Some(0) {
        return Some(String::new());
    }
    if one == format!("{SOLID}+") {
        return Some(if min == 0 { format!("{SOLID}*") } else { one });
    }
    Some(match (min, max) {
        (1, Some(1)) => one,
        (min, Some(max)) => format!("(?:{one}){{{min},{max}}}"),
        (min, None) => format!("(?:{one}){{{min},}}"),
    })
}

fn of_class(class: &ClassUnicode) -> Option<String> {
    let has = |c| class::contains(class, c);
    if class.ranges().is_empty() || [' ', '\t', '\n', '\x0b', '\x0c', '\r'].into_iter().any(has) {
        return None;
    }
    let beside = class.ranges().iter().flat_map(|range| {
        let start = range.start().max('\u{80}');
        (start..=range.end()).take(MOST_BESIDE + 1)
    });
    let beside: Vec<char> = beside.take(MOST_BESIDE + 1).collect();
    let escaped = ('\0'..='\x7f').any(|c| has(c) && c != '/' && !is_plain(c));
    let unknown = beside.len() > MOST_BESIDE || beside.contains(&char::REPLACEMENT_CHARACTER);
    if escaped || unknown {
        return Some(format!("{SOLID}+"));
    }
    let mut branches: Vec<String> = Vec::new();
    let plain: String = ('\0'..='\x7f')
        .filter(|&c| has(c) && c != '/')
        .map(|c| format!("\\x{:02x}", u32::from(c)))
        .collect();
    if !plain.is_empty() {
        branches.push(format!("[{plain}]"));
    }
    if has('/') {
        branches.push(r"\\*/".to_owned());
    }
    for c in beside {
        let mut bytes = [0; 4];
        let bytes = c.encode_utf8(&mut bytes).bytes();
        branches.push(bytes.map(|byte| format!("\\x{byte:02x}")).collect());
    }
    Some(match &branches[..] {
        [one] => one.clone(),
        several => format!("(?:{})", several.join("|")),
    })
}

/// Whether every format writes an ASCII character as it is, or by a numeric escape.
fn is_plain(c: char) -> bool {
    c.is_ascii_graphic() && !matches!(c, '\\' | '"' | '\'' | '&' | '<' | '>' | '=')
}
