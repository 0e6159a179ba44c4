//! SPLUNK.md 4, "Comparison in where/eval", and the types that Splunk checks before a row.

use crate::eval::functions::testing::{check, refused};
use crate::spl::codes;

#[test]
fn numbers_compare_by_size_and_all_else_by_bytes() {
    // "both sides numbers (numeric literal, or a field value that parses) = numeric; otherwise
    // string, case-sensitive, byte order. Quoted literals are text."
    check(&[
        ("n=1040", "true"),
        ("n==1040", "true"),
        (r#"n=="1040""#, "true"),
        (r#"n="1040.0""#, "false"),
        ("n=1040.0", "true"),
        ("n>9", "true"),
        (r#""10"<"9""#, "true"),
        ("10<9", "false"),
        (r#"a="ABC""#, "false"),
        (r#""B"<"a""#, "true"),
        (r#"a<"abd""#, "true"),
        ("n!=1041", "true"),
        ("n<=1040 AND n>=1040", "true"),
    ]);
}

#[test]
fn a_missing_field_is_neither_equal_nor_different() {
    // "Anything vs a missing field is NULL = not true (so `f!="x"` drops rows without f), also
    // under NOT (three-valued)."
    check(&[
        (r#"missing="x""#, "null"),
        (r#"missing!="x""#, "null"),
        (r#"NOT missing="x""#, "null"),
        ("missing>1", "null"),
        ("missing=missing", "null"),
        (r#"missing="x" OR a="abc""#, "true"),
        (r#"missing="x" AND a="abc""#, "null"),
        (r#"missing="x" AND a="no""#, "false"),
        (r#"missing IN ("x")"#, "null"),
        (r#"NOT missing IN ("x")"#, "null"),
        ("a=null()", "null"),
        (r#"if(missing!="x", 1, 2)"#, "2"),
    ]);
}

#[test]
fn a_number_against_text_has_no_order() {
    // "number vs non-number with `<`/`>`: no match", and the decisions.
    check(&[
        ("a<5", "null"),
        ("a>5", "null"),
        ("NOT a>5", "null"),
        ("a=5", "false"),
        ("a!=5", "true"),
        // Between two fields it is text.
        ("a>n", "true"),
    ]);
}

#[test]
fn any_of_several_values_will_do() {
    // SPLUNK.md, "Decisions": Multivalue.
    check(&[
        (r#"many="y""#, "true"),
        (r#"many!="y""#, "true"),
        (r#"many="z""#, "false"),
        (r#"many IN ("y", "z")"#, "true"),
        (r#"in(many, "z")"#, "false"),
    ]);
}

#[test]
fn and_binds_tighter_than_or_and_not_before_both() {
    // SPLUNK.md 1.1, 1.2: lower case and `!` work in where and eval.
    check(&[
        (r#"a="abc" OR a="x" AND a="y""#, "true"),
        (r#"(a="abc" or a="x") and a="y""#, "false"),
        (r#"not a="x" and n=1040"#, "true"),
        (r#"!a="x""#, "true"),
        (r#"a="abc" XOR n=1040"#, "false"),
        (r#"a="abc" XOR n=1"#, "true"),
        ("missing=1 XOR n=1", "null"),
    ]);
}

#[test]
fn plus_joins_where_a_side_is_visibly_a_string() {
    // "`+` concatenates if either side is visibly a string"; "`"a"+1` = FATAL type check".
    check(&[
        (r#""a"+"b""#, "ab"),
        (r#"n+"2""#, "10402"),
        ("n+1", "1041"),
        ("a+1", "null"),
        ("a+n", "null"),
        ("a+a", "abcabc"),
        ("missing+1", "null"),
        (r#"missing . "a""#, "null"),
        (r#"a . n . 5"#, "abc10405"),
        (r#""" . a"#, "abc"),
        ("n-1", "1039"),
        ("n*2", "2080"),
        ("n/0", "null"),
        ("7%3", "1"),
        ("-n", "-1040"),
        ("-a", "null"),
        ("2+3*4", "14"),
    ]);
    refused(&[
        (r#""a"+1"#, codes::WRONG_TYPE),
        (r#"1+"1""#, codes::WRONG_TYPE),
        (r#"upper(a)+1"#, codes::WRONG_TYPE),
        (r#""a"-n"#, codes::WRONG_TYPE),
        (r#""a"*2"#, codes::WRONG_TYPE),
        (r#"2/"b""#, codes::WRONG_TYPE),
        (r#"lower(a)%2"#, codes::WRONG_TYPE),
        (r#"(a="x")+1"#, codes::WRONG_TYPE),
        (r#"-"a""#, codes::WRONG_TYPE),
        (r#""x"==null()"#, codes::WRONG_TYPE),
        ("1<null()", codes::WRONG_TYPE),
    ]);
}

#[test]
fn text_that_grows_without_end_is_null() {
    let long = super::Datum::of_text("x".repeat(super::MAX_TEXT + 1));
    assert_eq!(long, super::Datum::Null);
    let many =
        super::Datum::of_values(vec![crate::value::Value::Number(1.0); super::MAX_VALUES + 1]);
    assert_eq!(many, super::Datum::Null);
}
