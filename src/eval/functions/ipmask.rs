//! `ipmask(MASK, IP)`: the bits of the IPv4 address IP that MASK has, as an address.

use std::net::Ipv4Addr;

use super::{Function, Type};
use crate::eval::expr::Datum;

pub(super) const FUNCTION: Function = Function {
    name: "ipmask",
    arity: (2, 2),
    make: |arguments, compiler| {
        arguments.texts(compiler)?.pure(Type::Text, |values| {
            let address =
                |at: usize| -> Option<Ipv4Addr> { values.get(at)?.single_text()?.parse().ok() };
            match (address(0), address(1)) {
                (Some(mask), Some(address)) => Datum::of_text((mask & address).to_string()),
                _ => Datum::Null,
            }
        })
    },
};

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::check;

    #[test]
    fn addresses_are_masked() {
        check(&[
            (r#"ipmask("255.255.255.0", "10.20.30.120")"#, "10.20.30.0"),
            (r#"ipmask("0.255.0.224", "10.20.30.120")"#, "0.20.0.96"),
            (r#"ipmask("255.255.255.0", "fe80::1")"#, "null"),
            (r#"ipmask("255.255.255.0", missing)"#, "null"),
        ]);
    }
}
