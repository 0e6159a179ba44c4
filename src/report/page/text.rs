//! A page for a terminal.

use super::{Block, Item, Page, heading, sections};
use crate::report::text::printable;

/// The page as text. Nothing in it moves the cursor, whatever a hostile rule holds.
#[must_use]
pub fn text(page: &Page) -> String {
    let mut out = Text::default();
    out.line(0, &heading(page));
    if !page.description.is_empty() {
        out.line(0, "");
        out.line(0, &page.description);
    }
    for section in sections(page) {
        out.line(0, "");
        out.line(0, section.title);
        for block in section.blocks {
            match block {
                Block::Text(text) => out.line(2, &text),
                Block::List(items) => items.iter().for_each(|item| out.item(2, item)),
                Block::Code(code) => code.lines().for_each(|line| out.line(2, line)),
            }
        }
    }
    out.0
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, indent: usize, line: &str) {
        for part in printable(line).split('\n') {
            if !part.is_empty() {
                self.0.extend(std::iter::repeat_n(' ', indent));
            }
            self.0.push_str(part);
            self.0.push('\n');
        }
    }

    fn item(&mut self, indent: usize, item: &Item) {
        self.line(indent, &item.text);
        item.of.iter().for_each(|one| self.item(indent + 2, one));
    }
}
