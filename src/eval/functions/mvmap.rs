//! `mvmap(F, X)`: the value of X for each value of the field F, which X sees as a single one. NULLs
//! are left out.

use super::bound::Bound;
use super::{Arguments, Call, Function};
use crate::eval::expr::{Compiler, Datum, Env, Expr, MAX_VALUES};
use crate::spl::codes;
use crate::spl::diagnostic::Diagnostic;

pub(super) const FUNCTION: Function = Function { name: "mvmap", arity: (2, 2), make };

#[derive(Debug)]
struct MvMap {
    field: String,
    value: Expr,
}

fn make(arguments: Arguments, compiler: &mut Compiler) -> Option<Box<dyn Call>> {
    let [field, value] = arguments.exactly()?;
    let Some(name) = field.as_field() else {
        compiler.diagnostics.push(Diagnostic::error(
            codes::WRONG_ARGUMENTS,
            "`mvmap` needs the name of a field first",
            field.span(),
        ));
        return None;
    };
    Some(Box::new(MvMap { field: name.to_owned(), value }))
}

impl Call for MvMap {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        let Some(field) = env.row.field(&self.field) else { return Datum::Null };
        let mut mapped = Vec::new();
        for value in field.into_owned().into_values() {
            let row = Bound::new(env.row, &self.field, value);
            mapped.extend(self.value.eval(Env { row: &row, scratch: env.scratch }).values());
            if mapped.len() > MAX_VALUES {
                return Datum::Null;
            }
        }
        Datum::of_values(mapped)
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::{check, refused};
    use crate::spl::codes;

    #[test]
    fn each_value_is_replaced() {
        check(&[
            ("mvmap(many, upper(many))", "X,Y"),
            ("mvmap(many, many . a)", "xabc,yabc"),
            (r#"mvmap(many, if(many="x", null(), many))"#, "y"),
            ("mvmap(n, n*2)", "2080"),
            ("mvmap(missing, a)", "null"),
            // One inside another sees the inner field's value and the outer one's.
            (r#"mvmap(many, mvjoin(mvmap(a, many . a), "+"))"#, "xabc,yabc"),
        ]);
        refused(&[(r#"mvmap("x", a)"#, codes::WRONG_ARGUMENTS)]);
    }
}
