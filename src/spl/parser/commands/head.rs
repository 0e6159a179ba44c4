//! `head [[limit=]N]`.

use crate::spl::ast::{CommandKind, Head};
use crate::spl::codes;

use super::super::Parser;

/// How many rows `head` and `tail` keep when they are not told (searchbnf.conf).
const DEFAULT_LIMIT: u64 = 10;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    limit(parser, "head").map(|limit| CommandKind::Head(Head { limit }))
}

/// Reads the number of rows that `head` or `tail` keeps.
pub(super) fn limit(parser: &mut Parser<'_>, name: &str) -> Option<u64> {
    parser.scan.skip_blanks();
    if parser.scan.rest().is_empty() {
        return Some(DEFAULT_LIMIT);
    }
    let start = parser.scan.at();
    parser.scan.eat("limit=");
    let word = parser.scan.take_while(|c| !c.is_whitespace());
    let Ok(limit) = parser.scan.slice(word.clone()).parse() else {
        parser.error_with_hint(
            codes::UNSUPPORTED_OPTION,
            format!("`{name}` takes a number of rows, nothing else is supported"),
            start..word.end,
            format!("write `{name} 10`"),
        );
        parser.scan.finish();
        return None;
    };
    Some(limit)
}
