//! `random()`: refused. Two sweeps of the same evidence must give the same answer.

use super::{Arguments, Call, Function};
use crate::eval::expr::Compiler;
use crate::spl::codes;
use crate::spl::diagnostic::Diagnostic;

pub(super) const FUNCTION: Function = Function { name: "random", arity: (0, 0), make };

fn make(arguments: Arguments, compiler: &mut Compiler) -> Option<Box<dyn Call>> {
    compiler.diagnostics.push(
        Diagnostic::error(
            codes::NOT_REPRODUCIBLE,
            "`random()` would give another answer in every sweep",
            arguments.1.span,
        )
        .with_hint("take something of the event instead, as in md5(_raw)"),
    );
    None
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::refused;
    use crate::spl::codes;

    #[test]
    fn an_answer_by_chance_is_refused() {
        refused(&[
            ("random()", codes::NOT_REPRODUCIBLE),
            ("1+random()%6", codes::NOT_REPRODUCIBLE),
        ]);
    }
}
