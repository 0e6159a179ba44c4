//! `trim(S, [C])`, `ltrim(S, [C])`, `rtrim(S, [C])`: S without the characters of C at both ends,
//! the left or the right one; without C, blanks, tabs and line ends.

use super::{Function, Type};
use crate::eval::expr::Datum;

const BLANKS: &str = " \t\n\r";

type Trimming = for<'t> fn(&'t str, &[char]) -> &'t str;

macro_rules! trimming {
    ($($name:ident $text:literal $function:expr;)*) => {
        $(pub(super) const $name: Function = Function {
            name: $text,
            arity: (1, 2),
            make: |arguments, compiler| {
                arguments.no_nulls(compiler)?.pure(Type::Text, |values| trimmed(values, $function))
            },
        };)*
    };
}

trimming! {
    BOTH "trim" |text, set| text.trim_matches(set);
    LEFT "ltrim" |text, set| text.trim_start_matches(set);
    RIGHT "rtrim" |text, set| text.trim_end_matches(set);
}

fn trimmed<'r>(values: &[Datum<'r>], function: Trimming) -> Datum<'r> {
    let Some(text) = values.first().and_then(Datum::single_text) else { return Datum::Null };
    let set: Vec<char> = match values.get(1).map(Datum::single_text) {
        None => BLANKS.chars().collect(),
        Some(Some(set)) => set.chars().collect(),
        Some(None) => return Datum::Null,
    };
    Datum::of_text(function(&text, &set))
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::{check, refused};
    use crate::spl::codes;

    #[test]
    fn ends_lose_characters() {
        check(&[
            ("trim(\" \ta b \")", "a b"),
            (r#"ltrim("  a ")"#, "a "),
            (r#"rtrim(" a  ")"#, " a"),
            (r#"trim("ZZabcZY", "YZ")"#, "abc"),
            (r#"ltrim("xxa", "x")"#, "a"),
            (r#"rtrim("a--", "-")"#, "a"),
            ("trim(10)", "10"),
            ("trim(missing)", "null"),
            ("trim(a, missing)", "null"),
            ("trim(many)", "null"),
        ]);
        refused(&[("trim(null())", codes::WRONG_TYPE)]);
    }
}
