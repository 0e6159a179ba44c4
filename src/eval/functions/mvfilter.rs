//! `mvfilter(X)`: the values of the one field that X tests for which X is true (SPLUNK.md 4).

use super::bound::{Bound, fields};
use super::{Arguments, Call, Function};
use crate::eval::expr::{Compiler, Datum, Env, Expr};
use crate::spl::codes;
use crate::spl::diagnostic::Diagnostic;

pub(super) const FUNCTION: Function = Function { name: "mvfilter", arity: (1, 1), make };

#[derive(Debug)]
struct MvFilter {
    field: String,
    condition: Expr,
}

fn make(arguments: Arguments, compiler: &mut Compiler) -> Option<Box<dyn Call>> {
    let mut fields = fields(&arguments, 0);
    let [condition] = arguments.exactly()?;
    let (Some(field), true) = (fields.pop(), fields.is_empty()) else {
        compiler.diagnostics.push(Diagnostic::error(
            codes::WRONG_ARGUMENTS,
            "`mvfilter` needs a condition on one field, and on no other",
            condition.span(),
        ));
        return None;
    };
    if !condition.is_boolean() && !condition.is_invalid() {
        compiler.diagnostics.push(Diagnostic::error(
            codes::WRONG_TYPE,
            "`mvfilter` needs a condition: this is neither true nor false",
            condition.span(),
        ));
        return None;
    }
    Some(Box::new(MvFilter { field, condition }))
}

impl Call for MvFilter {
    fn call<'r>(&'r self, env: Env<'r>) -> Datum<'r> {
        let Some(field) = env.row.field(&self.field) else { return Datum::Null };
        let mut values = field.into_owned().into_values();
        values.retain(|value| {
            let row = Bound::new(env.row, &self.field, value.clone());
            self.condition.truth(Env { row: &row, scratch: env.scratch }) == Some(true)
        });
        Datum::of_values(values)
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::{check, refused};
    use crate::spl::codes;

    #[test]
    fn values_are_kept_for_which_it_holds() {
        // SPLUNK.md 4: "mvfilter(expr over ONE field)".
        check(&[
            (r#"mvfilter(match(many, "y"))"#, "y"),
            (r#"mvfilter(NOT match(many, "y"))"#, "x"),
            (r#"mvfilter(many!="z")"#, "x,y"),
            (r#"mvfilter(many="z")"#, "null"),
            (r#"mvfilter(many="x" OR many="y" AND len(many)=1)"#, "x,y"),
            ("mvfilter(n>1000)", "1040"),
            (r#"mvfilter(missing=="x")"#, "null"),
            (r#"mvcount(mvfilter(match(many, "x")))"#, "1"),
        ]);
    }

    #[test]
    fn one_field_and_a_condition_are_needed() {
        refused(&[
            ("mvfilter(true())", codes::WRONG_ARGUMENTS),
            ("mvfilter(a=many)", codes::WRONG_ARGUMENTS),
            ("mvfilter(upper(many))", codes::WRONG_TYPE),
            ("mvfilter(nosuch(many))", codes::UNKNOWN_FUNCTION),
        ]);
    }
}
