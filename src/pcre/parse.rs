//! PCRE2's syntax, read into [`Node`]s.
//!
//! Only patterns that PCRE2 has accepted come here, so this does not judge: it follows the
//! reader of PCRE2 10.46 (`parse_regex` and `check_escape` of its `pcre2_compile.c`) over the
//! constructs it knows, and gives up on the others. Giving up costs speed and literals, never
//! the meaning, for then PCRE2 matches the pattern.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange, Look};

use super::ast::{Node, Parsed};
use super::class;

/// A construct that is not read at all, not even past it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotRead(pub(super) &'static str);

/// How deep groups may nest: PCRE2's own limit.
const MAX_DEPTH: u32 = 250;

/// Reads a pattern that PCRE2 accepts.
pub(super) fn parse(pattern: &str) -> Result<Parsed, NotRead> {
    let mut parser = Parser {
        pattern,
        position: 0,
        flags: Flags::default(),
        groups: 0,
        depth: 0,
        only_pcre2: None,
    };
    let node = parser.alternatives()?;
    if parser.position != pattern.len() {
        return Err(NotRead("unbalanced parenthesis"));
    }
    Ok(Parsed { node, groups: parser.groups, only_pcre2: parser.only_pcre2 })
}

/// The options that a pattern can switch.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one letter of the syntax")]
struct Flags {
    /// `i`
    caseless: bool,
    /// `m`
    multiline: bool,
    /// `s`
    dotall: bool,
    /// `x`
    extended: bool,
    /// `xx`
    extended_more: bool,
    /// `U`
    ungreedy: bool,
    /// `n`
    no_auto_capture: bool,
}

/// What a backslash and what follows it mean, where that is the same inside a class.
enum Escape {
    /// This character.
    Char(char),
    /// Something else, by its letter.
    Letter(char),
}

struct Parser<'p> {
    pattern: &'p str,
    /// The next byte to read.
    position: usize,
    flags: Flags,
    /// Capturing groups opened so far.
    groups: u32,
    depth: u32,
    only_pcre2: Option<&'static str>,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        self.pattern.get(self.position..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.position += c.len_utf8();
        Some(c)
    }

    /// Steps over `text` if it stands here.
    fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.position += text.len();
        }
        found
    }

    /// Steps over the characters for which `test` holds.
    fn eat_while(&mut self, test: impl Fn(char) -> bool) -> &str {
        let start = self.position;
        while self.peek().is_some_and(&test) {
            self.next();
        }
        self.pattern.get(start..self.position).unwrap_or_default()
    }

    /// Steps behind the next `end`.
    fn eat_until(&mut self, end: char) -> Result<(), NotRead> {
        let Some(length) = self.rest().find(end) else { return Err(NotRead("no end")) };
        self.position += length + end.len_utf8();
        Ok(())
    }

    fn eat_blanks(&mut self) {
        self.eat_while(|c| c == ' ' || c == '\t');
    }

    /// Notes that PCRE2 has to match this pattern, and goes on.
    fn refuse(&mut self, construct: &'static str, node: Node) -> Node {
        self.only_pcre2.get_or_insert(construct);
        node
    }

    /// Branches up to a closing parenthesis, which stays, or to the end. Options switched in one
    /// branch are on in those after it; the caller restores them.
    fn alternatives(&mut self) -> Result<Node, NotRead> {
        self.depth += 1;
        if self.depth > MAX_DEPTH + 1 {
            return Err(NotRead("groups nested too deep"));
        }
        let mut branches = vec![self.sequence()?];
        while self.eat("|") {
            branches.push(self.sequence()?);
        }
        self.depth -= 1;
        Ok(match branches.len() {
            1 => branches.pop().unwrap_or(Node::Empty),
            _ => Node::Alternation(branches),
        })
    }

    fn sequence(&mut self) -> Result<Node, NotRead> {
        let mut items = Vec::new();
        loop {
            self.skip_ignored()?;
            match self.peek() {
                None | Some('|' | ')') => break,
                Some('*' | '+' | '?' | '{') => self.quantifier(&mut items)?,
                Some(_) => self.item(&mut items)?,
            }
        }
        Ok(match items.len() {
            0 => Node::Empty,
            1 => items.pop().unwrap_or(Node::Empty),
            _ => Node::Concat(items),
        })
    }

    /// Steps over what may stand between an item and its quantifier: comments, `\E`, an empty
    /// `\Q\E`, and with `(?x)` white space.
    fn skip_ignored(&mut self) -> Result<(), NotRead> {
        loop {
            if self.eat("\\E") || self.eat("\\Q\\E") {
                continue;
            }
            if self.eat("(?#") {
                self.eat_until(')')?;
                continue;
            }
            match self.peek() {
                Some(c) if self.flags.extended && is_pattern_space(c) => {
                    self.next();
                }
                Some('#') if self.flags.extended => {
                    self.eat_while(|c| c != '\n');
                    self.next();
                }
                _ => return Ok(()),
            }
        }
    }

    /// Reads a quantifier and puts the last item under it. A brace that starts none is literal.
    fn quantifier(&mut self, items: &mut Vec<Node>) -> Result<(), NotRead> {
        let Some((min, max)) = self.counts() else {
            self.position += 1;
            items.push(self.literal('{'));
            return Ok(());
        };
        let Some(item) = items.pop() else { return Err(NotRead("quantifier of nothing")) };
        self.skip_ignored()?;
        let lazy = self.eat("?");
        let possessive = !lazy && self.eat("+");
        let greedy = possessive || lazy == self.flags.ungreedy;
        let mut node = Node::Repeat { min, max, greedy, node: Box::new(item) };
        if possessive {
            node = self.refuse("possessive quantifier", node);
        }
        items.push(node);
        Ok(())
    }

    /// Steps over `*`, `+`, `?`, `{n}`, `{n,}`, `{,m}` or `{n,m}`, blanks allowed.
    fn counts(&mut self) -> Option<(u32, Option<u32>)> {
        for (sign, counts) in [("*", (0, None)), ("+", (1, None)), ("?", (0, Some(1)))] {
            if self.eat(sign) {
                return Some(counts);
            }
        }
        let start = self.position;
        let counts = self.counts_in_braces();
        if counts.is_none() {
            self.position = start;
        }
        counts
    }

    fn counts_in_braces(&mut self) -> Option<(u32, Option<u32>)> {
        if !self.eat("{") {
            return None;
        }
        self.eat_blanks();
        let min = self.number();
        self.eat_blanks();
        if self.eat("}") {
            return min.map(|count| (count, Some(count)));
        }
        if !self.eat(",") {
            return None;
        }
        self.eat_blanks();
        let max = self.number();
        self.eat_blanks();
        (self.eat("}") && (min.is_some() || max.is_some())).then_some((min.unwrap_or(0), max))
    }

    /// Digits. PCRE2 allows no more than 65535 in a quantifier.
    fn number(&mut self) -> Option<u32> {
        self.eat_while(|c| c.is_ascii_digit()).parse().ok()
    }

    fn item(&mut self, items: &mut Vec<Node>) -> Result<(), NotRead> {
        let Some(c) = self.next() else { return Ok(()) };
        let node = match c {
            '^' if self.flags.multiline => Node::LineStart,
            '^' => Node::Look(Look::Start),
            '$' if self.flags.multiline => Node::Look(Look::EndLF),
            '$' => Node::Dollar,
            '.' => Node::Class(class::dot(self.flags.dotall)),
            '[' => self.bracket()?,
            '(' => match self.group()? {
                Some(node) => node,
                None => return Ok(()),
            },
            '\\' if self.eat("Q") => {
                self.quoted(items);
                return Ok(());
            }
            '\\' => self.escape()?,
            c => self.literal(c),
        };
        items.push(node);
        Ok(())
    }

    fn literal(&self, c: char) -> Node {
        Node::Char { c, caseless: self.flags.caseless }
    }

    /// The characters up to `\E` or the end, each an item.
    fn quoted(&mut self, items: &mut Vec<Node>) {
        while !self.eat("\\E") {
            let Some(c) = self.next() else { return };
            items.push(self.literal(c));
        }
    }

    /// What follows a backslash outside a class.
    fn escape(&mut self) -> Result<Node, NotRead> {
        if let Some(node) = self.back_reference() {
            return Ok(node);
        }
        let letter = match self.escape_char()? {
            Escape::Char(c) => return Ok(self.literal(c)),
            Escape::Letter(letter) => letter,
        };
        if let Some(set) = class::escape(letter) {
            return Ok(Node::Class(set));
        }
        Ok(match letter {
            'N' => Node::Class(class::dot(false)),
            'A' => Node::Look(Look::Start),
            'Z' => Node::Dollar,
            'z' => Node::Look(Look::End),
            'b' => Node::Look(Look::WordAscii),
            'B' => Node::Look(Look::WordAsciiNegate),
            'G' => self.refuse("\\G", Node::ZeroWidth),
            'K' => self.refuse("\\K", Node::ZeroWidth),
            'R' => self.refuse("\\R", Node::Unknown),
            'X' => self.refuse("\\X", Node::Unknown),
            'C' => self.refuse("\\C", Node::Unknown),
            'p' | 'P' => {
                self.property()?;
                self.refuse("Unicode property", Node::Unknown)
            }
            'g' | 'k' => {
                self.reference()?;
                self.refuse("reference by \\g or \\k", Node::Unknown)
            }
            _ => return Err(NotRead("escape")),
        })
    }

    /// `\1`: a group if it has one digit, starts with 8 or 9, or that many groups are open or
    /// closed before it. Otherwise the digits are octal, and nothing is read here.
    fn back_reference(&mut self) -> Option<Node> {
        let start = self.position;
        let digits = self.eat_while(|c| c.is_ascii_digit());
        let first = digits.chars().next()?;
        let number = digits.parse::<u32>().unwrap_or(u32::MAX);
        if first != '0' && (number < 10 || first >= '8' || number <= self.groups) {
            return Some(self.refuse("back reference", Node::Unknown));
        }
        self.position = start;
        None
    }

    /// The character that `\` and what follows stand for, or the letter that stands for more.
    fn escape_char(&mut self) -> Result<Escape, NotRead> {
        let Some(c) = self.next() else { return Err(NotRead("backslash at the end")) };
        Ok(Escape::Char(match c {
            'a' => '\x07',
            'e' => '\x1b',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '0'..='7' => self.octal(c)?,
            'o' if self.eat("{") => self.braced(8)?,
            'x' if self.eat("{") => self.braced(16)?,
            'x' => self.short_hex()?,
            'c' => match self.next() {
                Some(c @ ' '..='~') => char::from(c.to_ascii_uppercase() as u8 ^ 0x40),
                _ => return Err(NotRead("\\c")),
            },
            'N' if self.eat_code_point_start() => self.braced(16)?,
            c if c.is_ascii_alphabetic() => return Ok(Escape::Letter(c)),
            c => c,
        }))
    }

    /// An octal number of up to three digits, of which the first is read.
    fn octal(&mut self, first: char) -> Result<char, NotRead> {
        let mut digits = String::from(first);
        while digits.len() < 3 {
            let Some(digit @ '0'..='7') = self.peek() else { break };
            digits.push(digit);
            self.next();
        }
        code_point(&digits, 8)
    }

    /// One or two hexadecimal digits.
    fn short_hex(&mut self) -> Result<char, NotRead> {
        let mut digits = String::new();
        while digits.len() < 2 {
            let Some(digit) = self.peek().filter(char::is_ascii_hexdigit) else { break };
            digits.push(digit);
            self.next();
        }
        code_point(&digits, 16)
    }

    /// Digits between braces, of which the first is read.
    fn braced(&mut self, radix: u32) -> Result<char, NotRead> {
        self.eat_blanks();
        let c = code_point(self.eat_while(|c| c.is_digit(radix)), radix)?;
        self.eat_blanks();
        if self.eat("}") { Ok(c) } else { Err(NotRead("escape in braces")) }
    }

    /// The `{U+` of `\N{U+20}`. Any other brace after `\N` is a quantifier.
    fn eat_code_point_start(&mut self) -> bool {
        let start = self.position;
        if self.eat("{") {
            self.eat_blanks();
            if self.eat("U+") {
                return true;
            }
        }
        self.position = start;
        false
    }

    /// The name after `\p` or `\P`.
    fn property(&mut self) -> Result<(), NotRead> {
        if self.eat("{") {
            return self.eat_until('}');
        }
        self.eat("^");
        self.next().map(|_| ()).ok_or(NotRead("property"))
    }

    /// The name or number after `\g` or `\k`.
    fn reference(&mut self) -> Result<(), NotRead> {
        match self.peek() {
            Some(open @ ('{' | '<' | '\'')) => {
                self.next();
                self.eat_until(match open {
                    '{' => '}',
                    '<' => '>',
                    _ => '\'',
                })
            }
            _ => {
                if !self.eat("-") {
                    self.eat("+");
                }
                self.eat_while(|c| c.is_ascii_digit());
                Ok(())
            }
        }
    }

    /// What follows an opening parenthesis, up to and with the one that closes it. `None` where
    /// it only switched options.
    fn group(&mut self) -> Result<Option<Node>, NotRead> {
        if self.rest().starts_with('*') {
            return Err(NotRead("backtracking verb"));
        }
        if !self.eat("?") {
            return if self.flags.no_auto_capture { self.body() } else { self.capture() }.map(Some);
        }
        if self.eat("P<") || self.is_named() {
            let end = if self.eat("'") { '\'' } else { '>' };
            self.eat("<");
            self.eat_until(end)?;
            return self.capture().map(Some);
        }
        for lookaround in ["<=", "<!", "<*", "=", "!", "*"] {
            if self.eat(lookaround) {
                self.body()?;
                return Ok(Some(self.refuse("lookaround", Node::ZeroWidth)));
            }
        }
        if self.eat(">") {
            let node = self.body()?;
            return Ok(Some(self.refuse("atomic group", node)));
        }
        if self.eat("P=") {
            self.eat_until(')')?;
            return Ok(Some(self.refuse("back reference", Node::Unknown)));
        }
        if self.is_recursion() {
            self.eat_until(')')?;
            return Ok(Some(self.refuse("recursion", Node::Unknown)));
        }
        match self.peek() {
            Some('(') => Err(NotRead("conditional group")),
            Some('|') => Err(NotRead("branch reset group")),
            Some('C') => Err(NotRead("callout")),
            Some('[') => Err(NotRead("extended class")),
            _ => self.options(),
        }
    }

    /// Whether a group name starts here, and not a lookbehind.
    fn is_named(&self) -> bool {
        let rest = self.rest();
        rest.starts_with('\'')
            || (rest.starts_with('<') && !["<=", "<!", "<*"].iter().any(|s| rest.starts_with(s)))
    }

    fn is_recursion(&self) -> bool {
        let mut chars = self.rest().chars();
        match chars.next() {
            Some('R' | '&' | '+' | '0'..='9') => true,
            Some('P') => chars.next() == Some('>'),
            Some('-') => chars.next().is_some_and(|c| c.is_ascii_digit()),
            _ => false,
        }
    }

    fn capture(&mut self) -> Result<Node, NotRead> {
        self.groups += 1;
        let index = self.groups;
        let node = Box::new(self.body()?);
        Ok(Node::Capture { index, node })
    }

    /// Branches and the closing parenthesis. Options switched inside end with it.
    fn body(&mut self) -> Result<Node, NotRead> {
        let flags = self.flags;
        let node = self.alternatives()?;
        self.flags = flags;
        if self.eat(")") { Ok(node) } else { Err(NotRead("unbalanced parenthesis")) }
    }

    /// `(?i)` or `(?i:...)`, from the first letter on.
    fn options(&mut self) -> Result<Option<Node>, NotRead> {
        let before = self.flags;
        if self.eat("^") {
            self.flags = Flags { ungreedy: before.ungreedy, ..Flags::default() };
        }
        let mut on = true;
        loop {
            match self.next() {
                Some('-') => on = false,
                Some('i') => self.flags.caseless = on,
                Some('m') => self.flags.multiline = on,
                Some('s') => self.flags.dotall = on,
                Some('n') => self.flags.no_auto_capture = on,
                Some('U') => self.flags.ungreedy = on,
                Some('x') => {
                    let more = self.eat("x");
                    self.flags.extended = on;
                    self.flags.extended_more = on && more;
                }
                Some(')') => return Ok(None),
                Some(':') => {
                    let node = self.body()?;
                    self.flags = before;
                    return Ok(Some(node));
                }
                _ => return Err(NotRead("option")),
            }
        }
    }

    /// A class, from behind its opening bracket.
    fn bracket(&mut self) -> Result<Node, NotRead> {
        if self.eat("[:<:]]") || self.eat("[:>:]]") {
            return Ok(self.refuse("word edge", Node::ZeroWidth));
        }
        let mut bracket = Bracket::default();
        let negated = self.bracket_start();
        if self.eat("]") {
            bracket.literal(']');
        }
        let mut quoted = false;
        loop {
            let Some(c) = self.next() else { return Err(NotRead("class without end")) };
            match c {
                '\\' if quoted && self.eat("E") => quoted = false,
                c if quoted => bracket.literal(c),
                ']' => break,
                ' ' | '\t' if self.flags.extended_more => {}
                '\\' if self.eat("Q") => quoted = true,
                '\\' if self.eat("E") => {}
                '\\' => self.bracket_escape(&mut bracket)?,
                '[' => self.posix_or_bracket(&mut bracket)?,
                '-' => bracket.hyphen(),
                c => bracket.literal(c),
            }
        }
        if bracket.has_property {
            return Ok(self.refuse("Unicode property", Node::Unknown));
        }
        let class = bracket.finish(self.flags.caseless);
        Ok(Node::Class(if negated { class::negated(class) } else { class }))
    }

    /// Steps over `^`, and what does not count as the first character. Whether it is negated.
    fn bracket_start(&mut self) -> bool {
        let mut negated = false;
        loop {
            if self.flags.extended_more {
                self.eat_blanks();
            }
            if self.eat("\\E") || self.eat("\\Q\\E") {
                continue;
            }
            if negated || !self.eat("^") {
                return negated;
            }
            negated = true;
        }
    }

    fn bracket_escape(&mut self, bracket: &mut Bracket) -> Result<(), NotRead> {
        match self.escape_char()? {
            Escape::Char(c) => bracket.literal(c),
            Escape::Letter('b') => bracket.literal('\x08'),
            Escape::Letter(letter @ ('g' | 'k')) => bracket.literal(letter),
            Escape::Letter('p' | 'P') => {
                self.property()?;
                bracket.has_property = true;
            }
            Escape::Letter(letter) => match class::escape(letter) {
                Some(set) => bracket.set(&set),
                None => return Err(NotRead("escape in a class")),
            },
        }
        Ok(())
    }

    /// What follows a `[` inside a class: `:alpha:]`, or else the bracket is literal.
    fn posix_or_bracket(&mut self, bracket: &mut Bracket) -> Result<(), NotRead> {
        let Some(length) = posix_name_length(self.rest()) else {
            bracket.literal('[');
            return Ok(());
        };
        let start = self.position + 1;
        let name = self.pattern.get(start..start + length).unwrap_or_default();
        let (name, negated) = match name.strip_prefix('^') {
            Some(name) => (name, true),
            None => (name, false),
        };
        let Some(class) = class::posix(name, self.flags.caseless) else {
            return Err(NotRead("POSIX class"));
        };
        bracket.set(&if negated { class::negated(class) } else { class });
        self.position = start + length + ":]".len();
        Ok(())
    }
}

/// A class while it is read.
#[derive(Default)]
struct Bracket {
    /// Characters and ranges as written, which `(?i)` widens.
    written: Vec<ClassUnicodeRange>,
    /// Those of named sets, which it does not.
    named: Vec<ClassUnicodeRange>,
    /// The character that a hyphen would make the start of a range.
    last: Option<char>,
    /// The start of a range whose hyphen has been read.
    range: Option<char>,
    /// Whether a `\p` was in it.
    has_property: bool,
}

impl Bracket {
    fn literal(&mut self, c: char) {
        let start = self.range.take();
        self.last = if start.is_some() { None } else { Some(c) };
        self.written.push(ClassUnicodeRange::new(start.unwrap_or(c), c));
    }

    fn hyphen(&mut self) {
        if self.range.is_none() && self.last.is_some() {
            self.range = self.last.take();
        } else {
            self.literal('-');
        }
    }

    fn set(&mut self, class: &ClassUnicode) {
        self.last = None;
        self.named.extend_from_slice(class.ranges());
    }

    fn finish(mut self, caseless: bool) -> ClassUnicode {
        if self.range.take().is_some() {
            self.literal('-');
        }
        let mut class = ClassUnicode::new(self.written);
        if caseless {
            class.case_fold_simple();
        }
        class.union(&ClassUnicode::new(self.named));
        class
    }
}

/// How long the name is, where `text` starts as `:name:]`. The rules are PCRE2's
/// `check_posix_syntax`: a closing bracket or another `[:` before the end makes it none.
fn posix_name_length(text: &str) -> Option<usize> {
    let name = text.strip_prefix(':')?;
    let bytes = name.as_bytes();
    let mut at = 0;
    while let (Some(&byte), Some(&next)) = (bytes.get(at), bytes.get(at + 1)) {
        match (byte, next) {
            (b'\\', b']' | b'\\') => at += 1,
            (b'[', b':') | (b']', _) => return None,
            (b':', b']') => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// White space that `(?x)` ignores: Unicode's Pattern_White_Space.
fn is_pattern_space(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ' | '\u{85}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}')
}

fn code_point(digits: &str, radix: u32) -> Result<char, NotRead> {
    u32::from_str_radix(digits, radix).ok().and_then(char::from_u32).ok_or(NotRead("code point"))
}
