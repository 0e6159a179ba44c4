//! `transaction [FIELD]... [OPTION]...`, in any order.

use crate::spl::ast::{CommandKind, EventFilter, Transaction};
use crate::spl::codes;
use crate::spl::lexer::Lexeme;

use super::super::Parser;
use super::duration;

/// How many events a transaction may have when it is not told (transactiontypes.conf).
const MAX_EVENTS: u64 = 1000;

pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let mut transaction = Transaction {
        fields: Vec::new(),
        max_span: None,
        max_pause: None,
        max_events: MAX_EVENTS,
        starts_with: None,
        ends_with: None,
        keep_evicted: false,
    };
    loop {
        parser.scan.skip_separators();
        if parser.scan.rest().is_empty() {
            return Some(CommandKind::Transaction(Box::new(transaction)));
        }
        if let Some(option) = parser.option_name() {
            set_option(parser, &option, &mut transaction)?;
            continue;
        }
        let Some(name) = parser.field_name() else {
            parser.not_a_name();
            return None;
        };
        transaction.fields.push(parser.spanned(name));
    }
}

/// Reads the value of an option; `None` after an error, which an unknown option is.
fn set_option(parser: &mut Parser<'_>, name: &Lexeme, to: &mut Transaction) -> Option<()> {
    match name.text.as_str() {
        // -1 is no limit (transactiontypes.conf).
        "maxspan" if eat_no_limit(parser) => to.max_span = None,
        "maxpause" if eat_no_limit(parser) => to.max_pause = None,
        "maxevents" if eat_no_limit(parser) => to.max_events = u64::MAX,
        "maxspan" => to.max_span = Some(duration::value(parser, name)?),
        "maxpause" => to.max_pause = Some(duration::value(parser, name)?),
        "maxevents" => to.max_events = max_events(parser, name)?,
        "startswith" => to.starts_with = Some(filter(parser)?),
        "endswith" => to.ends_with = Some(filter(parser)?),
        "keepevicted" => to.keep_evicted = parser.option_bool(name)?,
        "mvlist" => no_list(parser, name)?,
        _ => {
            parser.unknown_option(name.range.start..parser.scan.at());
            return None;
        }
    }
    Some(())
}

fn eat_no_limit(parser: &mut Parser<'_>) -> bool {
    let start = parser.scan.at();
    parser.scan.skip_blanks();
    if parser.scan.eat("-1") && !parser.scan.peek().is_some_and(|c| c.is_ascii_digit()) {
        parser.scan.take_while(|c| c.is_ascii_alphabetic());
        return true;
    }
    parser.scan.set(start);
    false
}

fn max_events(parser: &mut Parser<'_>, name: &Lexeme) -> Option<u64> {
    let value = parser.option_value(name)?;
    match value.text.parse() {
        Ok(number) if number > 0 => Some(number),
        _ => {
            let message = "`maxevents` is a number of events, or -1";
            parser.error(codes::UNSUPPORTED_OPTION, message, name.range.start..value.range.end);
            parser.scan.finish();
            None
        }
    }
}

/// `mvlist=f`, the default; lists of all values are not supported.
fn no_list(parser: &mut Parser<'_>, name: &Lexeme) -> Option<()> {
    let value = parser.option_value(name)?;
    if ["f", "false", "0"].contains(&value.text.to_ascii_lowercase().as_str()) {
        return Some(());
    }
    parser.error_with_hint(
        codes::UNSUPPORTED_OPTION,
        "`mvlist` is not supported yet but as `mvlist=f`",
        name.range.start..value.range.end,
        "a field gets its distinct values, sorted",
    );
    parser.scan.finish();
    None
}

/// What an event must be: `"SEARCH"`, `(SEARCH)`, a word, or `eval(CONDITION)`.
fn filter(parser: &mut Parser<'_>) -> Option<EventFilter> {
    parser.scan.skip_blanks();
    let start = parser.scan.at();
    if parser.scan.eat_word("eval") && parser.scan.eat("(") {
        let expression = parser.expression()?;
        parser.scan.skip_blanks();
        if !parser.scan.eat(")") {
            let message = "this parenthesis is never closed";
            parser.error(codes::UNCLOSED_PARENTHESIS, message, start..parser.scan.at());
            parser.scan.finish();
            return None;
        }
        return Some(EventFilter::Eval(expression));
    }
    parser.scan.set(start);
    let search = match parser.scan.peek() {
        Some('"') => parser.quoted()?,
        Some('(') => {
            let open = parser.scan.take_char();
            let Some(inner) = parser.scan.parenthesized() else {
                let message = "this parenthesis is never closed";
                parser.error(codes::UNCLOSED_PARENTHESIS, message, open);
                parser.scan.finish();
                return None;
            };
            inner
        }
        _ => parser.scan.bare(|c, _| c.is_whitespace() || c == ','),
    };
    if search.text.trim().is_empty() {
        parser.missing(start..search.range.end, "a search is missing here");
        parser.scan.finish();
        return None;
    }
    parser.within(&search, |inner| inner.search_expression()).map(EventFilter::Search)
}
