//! `md5(S)`, `sha1(S)`, `sha256(S)`, `sha512(S)`: the digest of S in lower-case hexadecimal.

use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::{Function, Type};
use crate::eval::expr::Datum;

macro_rules! digests {
    ($($name:ident $text:literal $digest:ty;)*) => {
        $(pub(super) const $name: Function = Function {
            name: $text,
            arity: (1, 1),
            make: |arguments, compiler| {
                arguments.texts(compiler)?.pure(Type::Text, |values| {
                    let text = values.first().and_then(Datum::single_text);
                    text.map_or(Datum::Null, |text| {
                        Datum::of_text(hexadecimal(&<$digest>::digest(text.as_bytes())))
                    })
                })
            },
        };)*
    };
}

digests! {
    MD5 "md5" Md5;
    SHA1 "sha1" Sha1;
    SHA256 "sha256" Sha256;
    SHA512 "sha512" Sha512;
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::{check, refused};
    use crate::spl::codes;

    #[test]
    fn digests_of_known_texts() {
        // RFC 1321 and FIPS 180: the digests of "abc".
        check(&[
            ("md5(a)", "900150983cd24fb0d6963f7d28e17f72"),
            ("sha1(a)", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            ("sha256(a)", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "sha512(a)",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                 2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
            (r#"md5("")"#, "d41d8cd98f00b204e9800998ecf8427e"),
            ("md5(missing)", "null"),
            ("md5(many)", "null"),
        ]);
        refused(&[("md5(1)", codes::WRONG_TYPE), ("sha1(null())", codes::WRONG_TYPE)]);
    }
}
