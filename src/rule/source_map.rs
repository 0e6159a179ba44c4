//! Where each byte of a YAML scalar's value stands in the file.
//!
//! The YAML parser gives the value and where the scalar starts; folding, escapes and indentation
//! lie between the two. This module walks the file by the rules of each style (YAML 1.2.2, 7.3 and
//! 8.1), writing the value again as it goes, and keeps where each run came from. The result is
//! trusted only when it is the parser's value to the byte.

use saphyr_parser::ScalarStyle;

/// A map from offsets in a value to offsets in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SourceMap {
    /// Runs, by offset in the value: from there on, both offsets grow together.
    Runs(Vec<Run>),
    /// Everything stands at one place.
    Coarse(usize),
}

/// A run of bytes that stand in the file as they stand in the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    value: usize,
    file: usize,
}

impl SourceMap {
    /// The map of a value that is its file.
    pub(super) fn identity() -> Self {
        Self::Runs(vec![Run { value: 0, file: 0 }])
    }

    /// The map of a value whose runs stand at these offsets: in the value, and in the file.
    pub(super) fn of_runs(runs: &[(usize, usize)]) -> Self {
        Self::Runs(runs.iter().map(|&(value, file)| Run { value, file }).collect())
    }

    /// The map of the scalar that starts at `start` in `text`.
    ///
    /// Should the walk not come to the same value, everything is said to stand at the start of the
    /// scalar: a coarse place, never a wrong one.
    pub(super) fn of_scalar(text: &str, start: usize, style: ScalarStyle, value: &str) -> Self {
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        // A block scalar that starts with `!` or `&` may have properties, or be text that does.
        for go_back in [is_block, false] {
            let mut walk = Walk::new(text, start, value.len());
            if go_back {
                walk.go_back_to_header();
            } else {
                walk.skip_properties();
            }
            match style {
                ScalarStyle::Plain => walk.plain(),
                ScalarStyle::SingleQuoted => walk.single_quoted(),
                ScalarStyle::DoubleQuoted => walk.double_quoted(),
                ScalarStyle::Literal => walk.block(false),
                ScalarStyle::Folded => walk.block(true),
            }
            if walk.value == value {
                return Self::Runs(walk.runs);
            }
        }
        log::debug!("no source map for the scalar at byte {start}: the walk reads another value");
        Self::Coarse(start)
    }

    /// The same in the file as it was before blanks were added to it at these places.
    pub(super) fn without(mut self, added: &[usize]) -> Self {
        let original = |file: usize| file - added.partition_point(|&at| at < file);
        match &mut self {
            Self::Coarse(file) => *file = original(*file),
            // No run goes over such a place: it is the start of a line, where folding ends one.
            Self::Runs(runs) => runs.iter_mut().for_each(|run| run.file = original(run.file)),
        }
        self
    }

    /// Where an offset in the value stands in the file.
    pub(super) fn offset(&self, value: usize) -> usize {
        match self {
            Self::Coarse(file) => *file,
            Self::Runs(runs) => {
                let after = runs.partition_point(|run| run.value <= value);
                let run = after.checked_sub(1).and_then(|at| runs.get(at));
                run.map_or(0, |run| run.file + (value - run.value))
            }
        }
    }
}

/// A walk over the text of a scalar that writes its value again.
struct Walk<'a> {
    text: &'a str,
    at: usize,
    /// How long the value is: the walk goes no further.
    wanted: usize,
    value: String,
    runs: Vec<Run>,
}

impl<'a> Walk<'a> {
    fn new(text: &'a str, start: usize, wanted: usize) -> Self {
        Self { text, at: start, wanted, value: String::with_capacity(wanted), runs: Vec::new() }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn is_full(&self) -> bool {
        self.value.len() >= self.wanted
    }

    /// Writes a character that stands at `file`.
    fn write(&mut self, c: char, file: usize) {
        let value = self.value.len();
        let goes_on = self
            .runs
            .last()
            .is_some_and(|run| file >= run.file && file - run.file == value - run.value);
        if !goes_on {
            self.runs.push(Run { value, file });
        }
        self.value.push(c);
    }

    /// Takes a line break, which is one character whatever its form.
    fn take_break(&mut self) -> bool {
        for form in ["\r\n", "\n", "\r"] {
            if self.rest().starts_with(form) {
                self.at += form.len();
                return true;
            }
        }
        false
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t')) {
            self.at += 1;
        }
    }

    /// Takes blanks and line breaks inside a flow scalar and writes what they fold to: blanks as
    /// they are inside a line, one break as a space, more as all but the first.
    fn fold(&mut self) {
        let start = self.at;
        self.skip_blanks();
        let blanks = start..self.at;
        let mut breaks = Vec::new();
        loop {
            let at = self.at;
            if !self.take_break() {
                break;
            }
            breaks.push(at);
            self.skip_blanks();
        }
        match breaks.as_slice() {
            [] => {
                for (at, c) in self.text.get(blanks.clone()).unwrap_or_default().char_indices() {
                    self.write(c, blanks.start + at);
                }
            }
            [only] => self.write(' ', *only),
            [_, more @ ..] => {
                for at in more {
                    self.write('\n', *at);
                }
            }
        }
    }

    /// Writes the next character as it is.
    fn copy(&mut self) {
        if let Some(c) = self.peek() {
            self.write(c, self.at);
            self.at += c.len_utf8();
        }
    }

    fn plain(&mut self) {
        while !self.is_full() {
            match self.peek() {
                Some(' ' | '\t' | '\n' | '\r') => self.fold(),
                Some(_) => self.copy(),
                None => return,
            }
        }
    }

    fn single_quoted(&mut self) {
        self.at += 1;
        while !self.is_full() {
            match self.peek() {
                Some('\'') => {
                    self.write('\'', self.at);
                    self.at += 2;
                }
                Some(' ' | '\t' | '\n' | '\r') => self.fold(),
                Some(_) => self.copy(),
                None => return,
            }
        }
    }

    fn double_quoted(&mut self) {
        self.at += 1;
        while !self.is_full() {
            match self.peek() {
                Some('\\') => {
                    if !self.escape() {
                        return;
                    }
                }
                Some(' ' | '\t' | '\n' | '\r') => self.fold(),
                Some(_) => self.copy(),
                None => return,
            }
        }
    }

    /// Takes an escape of a double-quoted scalar; false where it is none.
    fn escape(&mut self) -> bool {
        let start = self.at;
        self.at += 1;
        if self.take_break() {
            // An escaped line break is nothing, and the next line's indentation is none of it.
            self.skip_blanks();
            return true;
        }
        let Some(name) = self.peek() else { return false };
        self.at += name.len_utf8();
        let digits = match name {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        let c = if digits > 0 {
            let code = self.rest().get(..digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
            self.at += digits;
            code.and_then(char::from_u32)
        } else {
            escaped(name)
        };
        let Some(c) = c else { return false };
        self.write(c, start);
        true
    }

    /// Skips tags and anchors, from which the parser counts a scalar that has them.
    fn skip_properties(&mut self) {
        while self.rest().starts_with(['!', '&']) {
            let rest = self.rest();
            self.at += rest.find(char::is_whitespace).unwrap_or(rest.len());
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
        }
    }

    /// From the text of a block scalar's first line that is not empty, where the parser places one
    /// without properties, to its header: the end of the last line before that says anything.
    fn go_back_to_header(&mut self) {
        let before = self.text.get(..self.at).unwrap_or_default().trim_end();
        let line = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let header = before.get(line..).unwrap_or_default();
        let header = header.split(" #").next().unwrap_or_default().trim_end();
        let word = header.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        self.at = line + word;
    }

    /// A block scalar, from its header on.
    fn block(&mut self, folded: bool) {
        let rest = self.rest();
        let header = rest.get(..rest.find(['\n', '\r']).unwrap_or(rest.len())).unwrap_or_default();
        let indicators = header.split('#').next().unwrap_or_default();
        let explicit = indicators.chars().find_map(|c| c.to_digit(10));
        self.at += header.len();
        self.take_break();
        let indent = explicit.map_or_else(|| self.detect_indent(), |digit| digit as usize);
        if folded { self.folded_lines(indent) } else { self.literal_lines(indent) }
    }

    /// The indentation of the first line that is not empty.
    fn detect_indent(&self) -> usize {
        let mut lines = self.rest().lines();
        let first = lines.find(|line| !line.trim_matches([' ', '\r']).is_empty());
        first.map_or(0, |line| line.len() - line.trim_start_matches(' ').len())
    }

    /// Skips at most `indent` spaces; false where a line of text has fewer, which ends the scalar.
    fn skip_indent(&mut self, indent: usize) -> bool {
        let spaces = self.rest().bytes().take(indent).take_while(|&byte| byte == b' ').count();
        self.at += spaces;
        spaces == indent || matches!(self.peek(), None | Some('\n' | '\r'))
    }

    fn literal_lines(&mut self, indent: usize) {
        while !self.is_full() && !self.rest().is_empty() && self.skip_indent(indent) {
            self.copy_line();
            let at = self.at;
            // A file may end without a line break, but a value that is not full has one.
            if (self.take_break() || self.rest().is_empty()) && !self.is_full() {
                self.write('\n', at);
            }
        }
    }

    fn copy_line(&mut self) {
        while !self.is_full() && !matches!(self.peek(), None | Some('\n' | '\r')) {
            self.copy();
        }
    }

    /// Lines of text are joined by a space, empty lines between them are breaks, and a line that
    /// is indented further keeps the breaks around it.
    fn folded_lines(&mut self, indent: usize) {
        // Breaks since the last line of text, and whether that line was indented further.
        let mut breaks: Vec<usize> = Vec::new();
        let mut last_is_text: Option<bool> = None;
        while !self.is_full() && !self.rest().is_empty() && self.skip_indent(indent) {
            if !matches!(self.peek(), None | Some('\n' | '\r')) {
                let is_text = !matches!(self.peek(), Some(' ' | '\t'));
                self.write_breaks(&breaks, last_is_text.map(|last| last && is_text));
                breaks.clear();
                last_is_text = Some(is_text);
                self.copy_line();
            }
            breaks.push(self.at);
            self.take_break();
        }
        for at in breaks {
            if !self.is_full() {
                self.write('\n', at);
            }
        }
    }

    /// Writes the breaks before a line of text. `folds` is `None` before the first line.
    fn write_breaks(&mut self, breaks: &[usize], folds: Option<bool>) {
        match (breaks, folds) {
            ([only], Some(true)) => self.write(' ', *only),
            ([_, more @ ..], Some(true)) => {
                for at in more {
                    self.write('\n', *at);
                }
            }
            (all, _) => {
                for at in all {
                    self.write('\n', *at);
                }
            }
        }
    }
}

/// The character that an escape of one letter stands for.
fn escaped(name: char) -> Option<char> {
    Some(match name {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        ' ' | '"' | '/' | '\\' => name,
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
