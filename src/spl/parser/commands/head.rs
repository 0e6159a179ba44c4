//! `head [[limit=]N]`.

use crate::spl::ast::{CommandKind, Head};
use crate::spl::codes;

use super::super::Parser;

/// How many rows `head` keeps when it is not told (searchbnf.conf).
const DEFAULT_LIMIT: u64 = 10;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    parser.scan.skip_blanks();
    if parser.scan.rest().is_empty() {
        return Some(CommandKind::Head(Head { limit: DEFAULT_LIMIT }));
    }
    let start = parser.scan.at();
    parser.scan.eat("limit=");
    let word = parser.scan.take_while(|c| !c.is_whitespace());
    let Ok(limit) = parser.scan.slice(word.clone()).parse() else {
        parser.error_with_hint(
            codes::UNSUPPORTED_OPTION,
            "`head` takes a number of rows, nothing else is supported",
            start..word.end,
            "write `head 10`",
        );
        parser.scan.finish();
        return None;
    };
    Some(CommandKind::Head(Head { limit }))
}
