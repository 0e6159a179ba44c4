//! `ut_shannon(S)`: the Shannon entropy of S in bits a character. Splunk has no such function: it
//! is what the macro `ut_shannon` of the URL Toolbox puts into the field of that name (SPLUNK.md,
//! "Decisions", Macros).

use std::collections::BTreeMap;

use super::{Function, Type};
use crate::eval::expr::Datum;

pub(super) const FUNCTION: Function = Function {
    name: "ut_shannon",
    arity: (1, 1),
    make: |arguments, compiler| {
        arguments.no_nulls(compiler)?.pure(Type::Number, |values| {
            let text = values.first().and_then(Datum::single_text);
            text.map_or(Datum::Null, |text| Datum::of_number(entropy(&text)))
        })
    },
};

#[allow(clippy::cast_precision_loss)]
fn entropy(text: &str) -> f64 {
    let mut counts: BTreeMap<char, usize> = BTreeMap::new();
    text.chars().for_each(|c| *counts.entry(c).or_default() += 1);
    let whole = counts.values().sum::<usize>() as f64;
    let bits = counts.values().map(|&count| {
        let share = count as f64 / whole;
        -share * share.log2()
    });
    // The sum of nothing is -0.
    bits.sum::<f64>().abs()
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::check;

    #[test]
    fn entropy_is_in_bits_a_character() {
        // SPLUNK.md, "Decisions", Macros: ut_shannon.
        check(&[
            (r#"ut_shannon("aaaa")"#, "0"),
            (r#"ut_shannon("")"#, "0"),
            (r#"ut_shannon("ab")"#, "1"),
            (r#"ut_shannon("abcd")"#, "2"),
            (r#"ut_shannon("aab")=ut_shannon("baa")"#, "true"),
            ("ut_shannon(missing)", "null"),
        ]);
    }
}
