//! `cidrmatch(NET, IP)`: whether the address IP lies in the subnet NET, IPv4 or IPv6.

use super::{Arguments, Call, Function, Type};
use crate::eval::expr::{Compiler, Datum, Env, Expr};
use crate::eval::subnet::Subnet;

pub(super) const FUNCTION: Function = Function { name: "cidrmatch", arity: (2, 2), make };

#[derive(Debug)]
struct CidrMatch {
    subnet: Expr,
    address: Expr,
}

fn make(arguments: Arguments, _: &mut Compiler) -> Option<Box<dyn Call>> {
    let [subnet, address] = arguments.exactly()?;
    Some(Box::new(CidrMatch { subnet, address }))
}

impl Call for CidrMatch {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        let (subnet, address) = (self.subnet.eval(env), self.address.eval(env));
        let Some(subnet) = subnet.single_text() else { return Datum::Null };
        match address.texts().as_slice() {
            [] => Datum::Null,
            addresses => Datum::Bool(
                Subnet::parse(&subnet)
                    .is_some_and(|subnet| addresses.iter().any(|address| subnet.holds(address))),
            ),
        }
    }

    fn returns(&self) -> Type {
        Type::Boolean
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::check;

    #[test]
    fn addresses_lie_in_subnets() {
        check(&[
            (r#"cidrmatch("10.0.0.0/8", "10.1.2.3")"#, "true"),
            (r#"cidrmatch("10.0.0.0/8", "11.1.2.3")"#, "false"),
            (r#"cidrmatch("fe80::/10", "fe80::1")"#, "true"),
            (r#"cidrmatch("nonsense", "10.1.2.3")"#, "false"),
            (r#"cidrmatch("10.0.0.0/8", missing)"#, "null"),
        ]);
    }
}
