//! `split(S, D)`: the parts of S between each D, empty ones too (inferred); without any D the text
//! itself. An empty D splits every character off.

use super::{Function, Type};
use crate::eval::expr::Datum;
use crate::value::Value;

pub(super) const FUNCTION: Function = Function {
    name: "split",
    arity: (2, 2),
    make: |arguments, compiler| {
        arguments.texts(compiler)?.pure(Type::Any, |values| {
            let [subject, delimiter] = values else { return Datum::Null };
            let (Some(text), Some(delimiter)) = (subject.single_text(), delimiter.single_text())
            else {
                return Datum::Null;
            };
            let parts = if delimiter.is_empty() {
                text.chars().map(|c| Value::Text(c.to_string())).collect()
            } else {
                text.split(delimiter.as_ref()).map(Value::from).collect()
            };
            Datum::of_values(parts)
        })
    },
};

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::{check, refused};
    use crate::spl::codes;

    #[test]
    fn text_falls_into_parts() {
        check(&[
            (r#"split("a;b;c", ";")"#, "a,b,c"),
            (r#"typeof(split("abc", ";"))"#, "String"),
            (r#"split("a::b", "::")"#, "a,b"),
            (r#"mvcount(split("a;;b", ";"))"#, "3"),
            (r#"split("ab", "")"#, "a,b"),
            (r#"split(missing, ";")"#, "null"),
            (r#"split(many, ";")"#, "null"),
        ]);
        refused(&[(r#"split(12, "1")"#, codes::WRONG_TYPE)]);
    }
}
