//! `null()`: no value. It is not the same as a missing field: Splunk refuses it where a function or
//! an operator wants text or a number (SPLUNK.md 4).

use super::{Function, Type};
use crate::eval::expr::Datum;

pub(super) const FUNCTION: Function = Function {
    name: "null",
    arity: (0, 0),
    make: |arguments, _| arguments.pure(Type::Null, |_| Datum::Null),
};

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::{check, refused};
    use crate::spl::codes;

    #[test]
    fn null_is_no_value_where_it_may_stand() {
        check(&[
            ("null()", "null"),
            ("if(a=1, 2, null())", "null"),
            ("coalesce(null(), a)", "abc"),
            ("isnull(null())", "true"),
            (r#"mvappend("x", null())"#, "x"),
            ("if(a=null(), 1, 2)", "2"),
        ]);
    }

    #[test]
    fn a_written_null_is_refused_as_text_and_as_a_number() {
        // SPLUNK.md 4: "A literal null() argument is FATAL in string/number functions."
        let table = [
            "upper(null())",
            "lower(null())",
            "len(null())",
            "mvcount(null())",
            "tonumber(null())",
            r#"replace(null(), "a", "b")"#,
            r#"split(null(), ",")"#,
            r#""x".null()"#,
            r#"if("x"==null(), 1, 2)"#,
            r#"if(null()=="", 1, 2)"#,
            "null()+1",
        ];
        refused(&table.map(|expression| (expression, codes::WRONG_TYPE)));
    }
}
