//! `urldecode(S)`: S with `%XX` decoded; what is no such escape stays, `+` too. Bytes that are no
//! UTF-8 become U+FFFD.

use super::{Function, Type};
use crate::eval::expr::Datum;

pub(super) const FUNCTION: Function = Function {
    name: "urldecode",
    arity: (1, 1),
    make: |arguments, compiler| {
        arguments.texts(compiler)?.pure(Type::Text, |values| {
            let text = values.first().and_then(Datum::single_text);
            text.map_or(Datum::Null, |text| Datum::of_text(decoded(&text)))
        })
    },
};

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = match (first, after) {
            (b'%', [high, low, ..]) => digit(*high).zip(digit(*low)),
            _ => None,
        };
        if let Some((high, low)) = escaped {
            bytes.push(high * 16 + low);
            rest = rest.get(3..).unwrap_or_default();
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::{check, refused};
    use crate::spl::codes;

    #[test]
    fn escapes_are_decoded() {
        check(&[
            (
                r#"urldecode("http%3A%2F%2Fwww.splunk.com%2Fdownload%3Fr%3Dheader")"#,
                "http://www.splunk.com/download?r=header",
            ),
            (r#"urldecode("a%20b+c")"#, "a b+c"),
            (r#"urldecode("%c3%A9")"#, "é"),
            (r#"urldecode("100%")"#, "100%"),
            (r#"urldecode("%zz%4")"#, "%zz%4"),
            (r#"urldecode("%ff")"#, "\u{fffd}"),
            ("urldecode(missing)", "null"),
        ]);
        refused(&[("urldecode(null())", codes::WRONG_TYPE)]);
    }
}
