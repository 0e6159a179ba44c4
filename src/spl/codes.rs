//! The numbers of all findings: given once, never reused, each with what it means.
//!
//! `E00xx` the text cannot be read, `E01xx` macros, `E02xx` commands, `E03xx` what commands are
//! given, `W00xx` warnings of the text, `W01xx` warnings of what it means (`plan/lints/`).
//! `docs/LINTS.md` has a section on each.

/// Declares the codes and the table of them, so that neither can be forgotten.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal;)*) => {
        $($(#[doc = $doc])+ pub const $name: &str = $code;)*

        /// Every code with its meaning, in the order of the numbers.
        pub const CODES: &[(&str, &str)] = &[$(($code, concat!($($doc),+))),*];
    };
}

codes! {
    /// A file cannot be read, or holds no rule for Splunk.
    NO_RULE = "E0000";
    /// A quoted string has no closing quote.
    UNCLOSED_QUOTE = "E0001";
    /// A parenthesis is never closed.
    UNCLOSED_PARENTHESIS = "E0002";
    /// A closing parenthesis has no opening one.
    STRAY_PARENTHESIS = "E0003";
    /// A term, a value or an expression is missing.
    MISSING_OPERAND = "E0004";
    /// Text stands where none is expected.
    UNEXPECTED_TEXT = "E0005";
    /// The text is nested too deeply.
    TOO_DEEP = "E0006";
    /// The text, or what its macros expand to, is too long.
    TOO_LONG = "E0007";
    /// Nothing stands between two pipes, or after the last one.
    EMPTY_COMMAND = "E0008";
    /// The search has no text at all.
    EMPTY_SEARCH = "E0009";
    /// A comment in three backticks is never closed.
    UNCLOSED_COMMENT = "E0010";
    /// A subsearch in square brackets stands where none is supported.
    SUBSEARCH = "E0011";
    /// An operator is glued to the word that follows it.
    GLUED_OPERATOR = "E0012";
    /// `TERM()` or `CASE()` holds nothing.
    EMPTY_TERM = "E0013";
    /// Comparisons cannot be chained.
    CHAINED_COMPARISON = "E0014";
    /// A number is malformed.
    BAD_NUMBER = "E0015";
    /// There are more findings than are shown, errors among them.
    TOO_MANY_FINDINGS = "E0016";
    /// A square bracket is never closed.
    UNCLOSED_BRACKET = "E0020";

    /// A macro is not defined.
    UNKNOWN_MACRO = "E0101";
    /// A macro of this name takes another number of arguments.
    MACRO_ARGUMENTS = "E0102";
    /// The text between backticks is not the call of a macro.
    MACRO_SYNTAX = "E0103";
    /// Macros call each other too deeply, or too often.
    MACRO_RECURSION = "E0104";

    /// No such command exists.
    UNKNOWN_COMMAND = "E0201";
    /// Splunk has this command, coldsweep does not support it.
    UNSUPPORTED_COMMAND = "E0202";
    /// An option of a command is unknown or not supported yet.
    UNSUPPORTED_OPTION = "E0203";
    /// The width of a bucket is malformed.
    BAD_SPAN = "E0204";
    /// A command lacks an argument.
    MISSING_ARGUMENT = "E0205";
    /// The two sides of an `as` hold a different number of wildcards.
    WILDCARD_COUNT = "E0206";
    /// An option or argument is given twice.
    GIVEN_TWICE = "E0207";
    /// A sed expression of `rex` is malformed.
    BAD_SED = "E0220";

    /// A regex is malformed: Splunk refuses the whole search.
    BAD_REGEX = "E0301";
    /// A function of `where` or `eval` is unknown or not supported yet.
    UNKNOWN_FUNCTION = "E0302";
    /// A function is given the wrong number of arguments.
    WRONG_ARGUMENTS = "E0303";
    /// An argument must be written as a literal.
    NOT_A_LITERAL = "E0304";
    /// `where` is given something that is neither true nor false.
    NOT_A_CONDITION = "E0305";
    /// `eval` cannot set a field to true or false.
    BOOLEAN_VALUE = "E0306";
    /// `bin` names no field, and the accommodation `bin-time` is off.
    BIN_NEEDS_FIELD = "E0307";
    /// `bin` names no span.
    BIN_NEEDS_SPAN = "E0308";
    /// An aggregate is unknown or not supported yet.
    UNKNOWN_AGGREGATE = "E0309";
    /// An aggregate of `eval(...)` has no name.
    EVAL_NEEDS_NAME = "E0310";
    /// An operand or an argument has a type that Splunk refuses before it reads a row.
    WRONG_TYPE = "E0311";
    /// A function's answer would not be the same in every sweep.
    NOT_REPRODUCIBLE = "E0312";
    /// A result of `stats` has the name of a by-field.
    NAME_CONFLICT = "E0313";
    /// A regex of `rex` has no named group, or one of `makemv` no group.
    NO_NAMED_GROUP = "E0320";
    /// A command cannot stand in the brackets of `foreach`, or is not supported there.
    NOT_IN_FOREACH = "E0321";
    /// No table is given for a lookup, and the reading is strict: Splunk refuses such a search.
    NO_LOOKUP = "E0322";
    /// A lookup table has no such column.
    NO_COLUMN = "E0323";

    /// A lower-case `and`, `or` or `not` in a search is a keyword, not an operator.
    LOWER_CASE_OPERATOR = "W0001";
    /// OR and AND are mixed at one level of a search.
    MIXED_OPERATORS = "W0002";
    /// A `TERM()` with a major breaker inside can never match.
    TERM_NEVER_MATCHES = "W0003";
    /// A bare name with dots is read as one field, where Splunk would concatenate.
    DOTTED_NAME = "W0004";
    /// A lower-case `term(` or `case(` is a keyword and a group.
    LOWER_CASE_TERM = "W0005";
    /// A comma between search terms is skipped.
    COMMA_BETWEEN_TERMS = "W0006";
    /// A lower-case `in (` in a search is read as `IN (`.
    LOWER_CASE_IN = "W0007";
    /// There are more warnings than are shown.
    TOO_MANY_WARNINGS = "W0008";
    /// `bin` without a field is read as `bin _time` (accommodation `bin-time`).
    BIN_WITHOUT_FIELD = "W0009";
    /// A time term of the search limits no archive.
    TIME_TERM = "W0010";
    /// `stats` computes the same twice.
    AGGREGATED_TWICE = "W0011";
    /// A macro `NAME_filter` is not defined, and keeps every row (accommodation `filter-macro`).
    FILTER_MACRO = "W0012";
    /// No table is given for a lookup: the fields that it fills stay as they are.
    LOOKUP_NOT_GIVEN = "W0020";
    /// `dnslookup` asks nobody: the fields that it fills stay as they are.
    NO_NAME_SERVER = "W0021";
    /// No database is given for `iplocation`: the fields that it fills stay as they are.
    GEOIP_NOT_GIVEN = "W0022";

    /// A field is read after a command removed it.
    REMOVED_FIELD = "W0101";
    /// A field is read that nothing sets for the rule's kind of source.
    UNSET_FIELD = "W0102";
    /// An arm of a condition, or all of it, can never hold.
    DEAD_ARM = "W0103";
    /// `stats` groups by a field that many events lack, and drops them.
    OFTEN_MISSING_BY_FIELD = "W0104";
    /// Nothing selective is to be searched for: every event is evaluated.
    UNSELECTIVE = "W0105";
}

/// The warnings that say that a part of the rule is left out: such a rule runs only partly.
pub const LEFT_OUT: &[&str] = &[TIME_TERM, LOOKUP_NOT_GIVEN, NO_NAME_SERVER, GEOIP_NOT_GIVEN];

#[cfg(test)]
mod tests {
    use super::CODES;

    #[test]
    fn codes_are_unique_and_in_order() {
        for pair in CODES.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} before {}", pair[0].0, pair[1].0);
        }
    }
}
