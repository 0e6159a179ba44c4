//! The commands: one file each, and one list.

mod accum;
mod append;
pub(super) mod bin;
mod convert;
mod dedup;
mod duration;
mod eval;
mod eventstats;
mod fields;
mod filldown;
mod fillnull;
mod foreach;
mod head;
mod inputlookup;
mod iplocation;
mod join;
mod lookup;
mod makemv;
mod mvcombine;
mod mvexpand;
mod nomv;
mod regex;
mod rename;
mod reverse;
mod rex;
pub(super) mod search;
mod sed;
mod series;
mod sort;
mod spath;
mod stats;
mod strcat;
mod streamstats;
mod table;
mod tail;
mod top;
mod transaction;
mod unsupported;
mod where_;

use crate::spl::ast::CommandKind;
use crate::spl::codes;

use super::{Parser, excerpt};

/// A command: its names, and how its arguments are read.
struct CommandSyntax {
    names: &'static [&'static str],
    /// Called with the scanner after the name. `None` after an error, which is reported.
    parse: fn(&mut Parser<'_>) -> Option<CommandKind>,
}

/// Every command that is supported.
const COMMANDS: &[CommandSyntax] = &[
    CommandSyntax { names: &["accum"], parse: accum::parse },
    CommandSyntax { names: &["append"], parse: append::parse },
    CommandSyntax { names: &["bin", "bucket", "discretize"], parse: bin::parse },
    CommandSyntax { names: &["convert"], parse: convert::parse },
    CommandSyntax { names: &["dedup"], parse: dedup::parse },
    CommandSyntax { names: &["delta"], parse: accum::parse_delta },
    CommandSyntax { names: &["eval"], parse: eval::parse },
    CommandSyntax { names: &["eventstats"], parse: eventstats::parse },
    CommandSyntax { names: &["fields"], parse: fields::parse },
    CommandSyntax { names: &["filldown"], parse: filldown::parse },
    CommandSyntax { names: &["fillnull"], parse: fillnull::parse },
    CommandSyntax { names: &["foreach"], parse: foreach::parse },
    CommandSyntax { names: &["head"], parse: head::parse },
    CommandSyntax { names: &["inputlookup"], parse: inputlookup::parse },
    CommandSyntax { names: &["iplocation"], parse: iplocation::parse },
    CommandSyntax { names: &["lookup"], parse: lookup::parse },
    CommandSyntax { names: &["makemv"], parse: makemv::parse },
    CommandSyntax { names: &["mvcombine"], parse: mvcombine::parse },
    CommandSyntax { names: &["mvexpand"], parse: mvexpand::parse },
    CommandSyntax { names: &["nomv"], parse: nomv::parse },
    CommandSyntax { names: &["join"], parse: join::parse },
    CommandSyntax { names: &["rare"], parse: top::parse_rare },
    CommandSyntax { names: &["regex"], parse: regex::parse },
    CommandSyntax { names: &["rename"], parse: rename::parse },
    CommandSyntax { names: &["rex"], parse: rex::parse },
    CommandSyntax { names: &["reverse"], parse: reverse::parse },
    CommandSyntax { names: &["search"], parse: search::parse },
    CommandSyntax { names: &["sort"], parse: sort::parse },
    CommandSyntax { names: &["spath"], parse: spath::parse },
    CommandSyntax { names: &["stats"], parse: stats::parse },
    CommandSyntax { names: &["strcat"], parse: strcat::parse },
    CommandSyntax { names: &["streamstats"], parse: streamstats::parse },
    CommandSyntax { names: &["table"], parse: table::parse },
    CommandSyntax { names: &["tail"], parse: tail::parse },
    CommandSyntax { names: &["top"], parse: top::parse },
    CommandSyntax { names: &["transaction"], parse: transaction::parse },
    CommandSyntax { names: &["untable"], parse: series::parse_untable },
    CommandSyntax { names: &["where"], parse: where_::parse },
    CommandSyntax { names: &["xyseries"], parse: series::parse_xyseries },
];

/// Parses the command that starts here.
pub(super) fn parse(parser: &mut Parser<'_>) -> Option<CommandKind> {
    let range = parser.scan.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    let name = parser.scan.slice(range.clone()).to_ascii_lowercase();
    let known = COMMANDS.iter().find(|command| command.names.contains(&name.as_str()));
    if let Some(command) = known {
        let parsed = (command.parse)(parser)?;
        parser.expect_end()?;
        return Some(parsed);
    }
    if unsupported::NAMES.contains(&name.as_str()) {
        parser.error_with_hint(
            codes::UNSUPPORTED_COMMAND,
            format!("the command `{name}` is not supported"),
            range,
            unsupported::hint(&name).map_or_else(
                || format!("the supported commands are {}", supported()),
                str::to_owned,
            ),
        );
        return None;
    }
    if name.is_empty() {
        let here = parser.here();
        let what = excerpt(parser.scan.slice(here.clone()));
        parser.error(
            codes::UNEXPECTED_TEXT,
            format!("expected the name of a command, found `{what}`"),
            here,
        );
        return None;
    }
    let hint = match nearest(&name) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "text of your own can stand for commands: define it as a macro in a file, and \
                 name that with --macros FILE"
            .to_owned(),
    };
    let message = format!("there is no command `{}`", excerpt(&name));
    parser.error_with_hint(codes::UNKNOWN_COMMAND, message, range, hint);
    None
}

fn supported() -> String {
    let names: Vec<_> = COMMANDS.iter().filter_map(|command| command.names.first()).collect();
    names.into_iter().copied().collect::<Vec<_>>().join(", ")
}

/// The name of a command that is one or two slips away.
fn nearest(name: &str) -> Option<&'static str> {
    if name.len() > 20 {
        return None;
    }
    let names = COMMANDS.iter().flat_map(|command| command.names).chain(unsupported::NAMES);
    let allowed = if name.len() <= 4 { 1 } else { 2 };
    names
        .map(|known| (distance(name, known), *known))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// How many letters must be changed, added or dropped to get from one to the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, c) in from.chars().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        let mut next = vec![left];
        for (&above, &other) in row.iter().skip(1).zip(&to) {
            left = (diagonal + usize::from(c != other)).min(above + 1).min(left + 1);
            diagonal = above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_once() {
        let mut names: Vec<_> = COMMANDS.iter().flat_map(|command| command.names).collect();
        names.extend(unsupported::NAMES);
        names.sort_unstable();
        for pair in names.windows(2) {
            assert_ne!(pair[0], pair[1]);
        }
    }

    #[test]
    fn distances() {
        for (from, to, expected) in [
            ("", "", 0),
            ("a", "", 1),
            ("tabel", "table", 2),
            ("stat", "stats", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(from, to), expected, "{from} {to}");
            assert_eq!(distance(to, from), expected, "{to} {from}");
        }
        assert_eq!(nearest("tabel"), Some("table"));
        assert_eq!(nearest("wher"), Some("where"));
        assert_eq!(nearest("quux"), None);
    }
}
