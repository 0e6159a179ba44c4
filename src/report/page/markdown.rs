//! A page as Markdown (CommonMark).

use super::{Block, Item, Page, heading, sections};
use crate::report::text::printable;

/// The page as Markdown. What a rule says is shown, never taken for markup.
#[must_use]
pub fn markdown(page: &Page) -> String {
    let mut out = format!("# {}\n", escaped(&heading(page)));
    if !page.description.is_empty() {
        out.push_str(&format!("\n{}\n", escaped(&page.description)));
    }
    for section in sections(page) {
        out.push_str(&format!("\n## {}\n\n", escaped(section.title)));
        for (at, block) in section.blocks.iter().enumerate() {
            if at > 0 {
                out.push('\n');
            }
            match block {
                Block::Text(text) => out.push_str(&format!("{}\n", escaped(text))),
                Block::List(items) => items.iter().for_each(|one| item(&mut out, 0, one)),
                Block::Code(code) => fenced(&mut out, code),
            }
        }
    }
    out
}

fn item(out: &mut String, depth: usize, one: &Item) {
    out.extend(std::iter::repeat_n("  ", depth));
    let text = if one.code { span(&one.text) } else { escaped(&one.text) };
    out.push_str(&format!("- {text}\n"));
    one.of.iter().for_each(|inner| item(out, depth + 1, inner));
}

/// A block of code, its fence longer than any in the code.
fn fenced(out: &mut String, code: &str) {
    let fence = "`".repeat(longest_run(code).max(2) + 1);
    out.push_str(&format!("{fence}spl\n{}\n{fence}\n", printable(code)));
}

/// Code inside a line.
fn span(code: &str) -> String {
    let code = printable(code).replace('\n', " ");
    let quote = "`".repeat(longest_run(&code) + 1);
    // A blank keeps backticks at the edges apart from the quotes, and is taken away again.
    let pad = if code.starts_with('`') || code.ends_with('`') || code.trim().is_empty() {
        " "
    } else {
        ""
    };
    format!("{quote}{pad}{code}{pad}{quote}")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Prose on one line, with what Markdown or HTML would take for markup escaped. Links stay.
fn escaped(text: &str) -> String {
    let text = printable(text);
    let mut out = String::with_capacity(text.len());
    for (at, word) in text.split_whitespace().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        if is_link(word) {
            out.push_str(&format!("<{word}>"));
            continue;
        }
        for c in word.chars() {
            if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&') {
                out.push('\\');
            }
            out.push(c);
        }
    }
    out
}

fn is_link(word: &str) -> bool {
    (word.starts_with("https://") || word.starts_with("http://"))
        && !word.contains(['<', '>', '`', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_rule_says_is_no_markup() {
        assert_eq!(escaped("a <b> *c* [d](e)\n# f"), r"a \<b\> \*c\* \[d\](e) \# f");
        assert_eq!(escaped("see https://x.example/a_b_c now"), "see <https://x.example/a_b_c> now");
        assert_eq!(escaped("http://x/<script>"), r"http://x/\<script\>");
        for (code, expected) in
            [("a", "`a`"), ("a`b", "``a`b``"), ("`a", "`` `a ``"), ("a\nb", "`a b`"), ("", "`  `")]
        {
            assert_eq!(span(code), expected);
        }
        let mut out = String::new();
        fenced(&mut out, "x ```` y");
        assert_eq!(out, "`````spl\nx ```` y\n`````\n");
    }
}
