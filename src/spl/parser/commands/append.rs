//! `append [OPTION]... [SUBSEARCH]`.

use crate::spl::ast::CommandKind;
use crate::spl::codes;

use super::super::Parser;
use super::join;

/// Options that say when Splunk gives up: nothing of that happens here.
const PASSED_OVER: &[&str] = &["extendtimerange", "maxtime", "timeout"];

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let start = parser.scan.at();
    loop {
        parser.scan.skip_separators();
        if parser.scan.peek() == Some('[') {
            let pipeline = join::subsearch(parser)?;
            return Some(CommandKind::Append(Box::new(pipeline)));
        }
        if parser.scan.rest().is_empty() {
            parser.missing(start..start, "append has no subsearch in square brackets");
            return None;
        }
        let Some(option) = parser.option_name() else {
            let here = parser.here();
            let message = "a subsearch in square brackets is expected here";
            parser.error(codes::UNEXPECTED_TEXT, message, here);
            parser.scan.finish();
            return None;
        };
        if !PASSED_OVER.contains(&option.text.as_str()) {
            parser.unknown_option(option.range.start..parser.scan.at());
            return None;
        }
        parser.option_value(&option)?;
    }
}
