//! Expressions of `where` and `eval` (SPLUNK.md 1.1, 1.2): XOR, OR, AND, NOT, comparisons, `.`,
//! `+ -`, `* / %`, from the loosest to the tightest.

use std::ops::Range;

use crate::spl::ast::{BinaryOp, CompareOp, Expr, ExprKind, Spanned};
use crate::spl::codes;
use crate::spl::lexer::{is_name_part, is_name_start};

use super::{Parser, excerpt};

/// How high a tree may grow: chains of operators count as well as nesting, so that walking or
/// dropping a tree never takes much stack.
const MAX_HEIGHT: usize = 400;

/// How tightly an operator binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tightness {
    Xor,
    Or,
    And,
    Comparison,
    Concat,
    Sum,
    Product,
    Operand,
}

impl Tightness {
    fn tighter(self) -> Self {
        match self {
            Self::Xor => Self::Or,
            Self::Or => Self::And,
            Self::And => Self::Comparison,
            Self::Comparison => Self::Concat,
            Self::Concat => Self::Sum,
            Self::Sum => Self::Product,
            Self::Product | Self::Operand => Self::Operand,
        }
    }
}

/// What stands between two operands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    Binary(BinaryOp),
    Like { negated: bool },
    In { negated: bool },
}

impl Operator {
    fn tightness(self) -> Tightness {
        match self {
            Self::Binary(BinaryOp::Xor) => Tightness::Xor,
            Self::Binary(BinaryOp::Or) => Tightness::Or,
            Self::Binary(BinaryOp::And) => Tightness::And,
            Self::Binary(BinaryOp::Compare(_)) | Self::Like { .. } | Self::In { .. } => {
                Tightness::Comparison
            }
            Self::Binary(BinaryOp::Concat) => Tightness::Concat,
            Self::Binary(BinaryOp::Add | BinaryOp::Subtract) => Tightness::Sum,
            Self::Binary(BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo) => {
                Tightness::Product
            }
        }
    }

    /// The logical operators, whose chains may be grouped at will.
    fn is_logical(self) -> bool {
        self.tightness() <= Tightness::And
    }
}

/// An expression and the height of its tree.
struct Tree {
    expr: Expr,
    height: usize,
}

impl Tree {
    fn leaf(node: ExprKind, span: crate::spl::ast::Span) -> Self {
        Self { expr: Spanned { node, span }, height: 1 }
    }
}

const SYMBOLS: &[(&str, BinaryOp)] = &[
    ("==", BinaryOp::Compare(CompareOp::Equal)),
    ("!=", BinaryOp::Compare(CompareOp::NotEqual)),
    ("<=", BinaryOp::Compare(CompareOp::LessOrEqual)),
    (">=", BinaryOp::Compare(CompareOp::GreaterOrEqual)),
    ("=", BinaryOp::Compare(CompareOp::Equal)),
    ("<", BinaryOp::Compare(CompareOp::Less)),
    (">", BinaryOp::Compare(CompareOp::Greater)),
    ("+", BinaryOp::Add),
    ("-", BinaryOp::Subtract),
    ("*", BinaryOp::Multiply),
    ("/", BinaryOp::Divide),
    ("%", BinaryOp::Modulo),
    (".", BinaryOp::Concat),
];

const WORDS: &[(&str, BinaryOp)] =
    &[("and", BinaryOp::And), ("or", BinaryOp::Or), ("xor", BinaryOp::Xor)];

impl Parser<'_> {
    /// Parses one expression; what follows it is left to the caller.
    pub(super) fn expression(&mut self) -> Option<Expr> {
        self.binary(Tightness::Xor).map(|tree| tree.expr)
    }

    /// Operands joined by operators that bind at least as tightly as `loosest`.
    fn binary(&mut self, loosest: Tightness) -> Option<Tree> {
        self.nested(|parser| parser.binary_unchecked(loosest))
    }

    fn binary_unchecked(&mut self, loosest: Tightness) -> Option<Tree> {
        let mut left = self.prefix(loosest)?;
        loop {
            let before = self.scan.at();
            let Some((operator, range)) = self.eat_operator_word_or_symbol() else {
                return Some(left);
            };
            let tightness = operator.tightness();
            if tightness < loosest {
                self.scan.set(before);
                return Some(left);
            }
            left = if operator.is_logical() {
                self.chain(left, operator, tightness, range)?
            } else {
                let tree = self.apply(left, operator, range)?;
                if tightness == Tightness::Comparison {
                    self.refuse_chained_comparison()?;
                }
                tree
            };
        }
    }

    /// A chain of one logical operator. It is grouped by halves, which says the same as from the
    /// left and keeps a rule of a thousand alternatives flat.
    fn chain(
        &mut self,
        first: Tree,
        operator: Operator,
        tightness: Tightness,
        range: Range<usize>,
    ) -> Option<Tree> {
        let mut operands = vec![first];
        let mut range = range;
        loop {
            self.expect_operand(&range)?;
            operands.push(self.binary(tightness.tighter())?);
            let before = self.scan.at();
            match self.eat_operator_word_or_symbol() {
                Some((next, next_range)) if next == operator => range = next_range,
                _ => {
                    self.scan.set(before);
                    break;
                }
            }
        }
        let Operator::Binary(op) = operator else { return None };
        let joined = join_by_halves(operands, op)?;
        self.check_height(joined)
    }

    /// Applies an operator that is not logical to what stands on its left.
    fn apply(&mut self, left: Tree, operator: Operator, range: Range<usize>) -> Option<Tree> {
        self.expect_operand(&range)?;
        if let Operator::In { negated } = operator {
            return self.in_list(left, negated);
        }
        let right = self.binary(operator.tightness().tighter())?;
        let span = left.expr.span.to(right.expr.span);
        let height = left.height.max(right.height) + 1;
        let (left, right) = (Box::new(left.expr), Box::new(right.expr));
        let (node, negated) = match operator {
            Operator::Binary(op) => (ExprKind::Binary(op, left, right), false),
            Operator::Like { negated } | Operator::In { negated } => {
                (ExprKind::Like(left, right), negated)
            }
        };
        let tree = Tree { expr: Spanned { node, span }, height };
        self.check_height(negate_if(tree, negated))
    }

    /// `e IN (a, b)`, from the opening parenthesis.
    fn in_list(&mut self, left: Tree, negated: bool) -> Option<Tree> {
        let start = left.expr.span;
        let open = self.scan.take_char();
        let (values, height) = self.arguments(open.clone())?;
        if values.is_empty() {
            self.error(
                codes::MISSING_OPERAND,
                "this list of values is empty",
                open.start..self.scan.at(),
            );
            return None;
        }
        let span = start.to(self.span(&(open.start..self.scan.at())));
        let height = left.height.max(height) + 1;
        let node = ExprKind::In(Box::new(left.expr), values);
        let tree = Tree { expr: Spanned { node, span }, height };
        self.check_height(negate_if(tree, negated))
    }

    fn refuse_chained_comparison(&mut self) -> Option<()> {
        let before = self.scan.at();
        if let Some((operator, range)) = self.eat_operator_word_or_symbol()
            && operator.tightness() == Tightness::Comparison
        {
            self.error_with_hint(
                codes::CHAINED_COMPARISON,
                "a comparison cannot be compared again",
                range,
                "join two comparisons with AND or OR",
            );
            self.scan.finish();
            return None;
        }
        self.scan.set(before);
        Some(())
    }

    fn check_height(&mut self, tree: Tree) -> Option<Tree> {
        if tree.height <= MAX_HEIGHT {
            return Some(tree);
        }
        self.error(
            codes::TOO_DEEP,
            format!("this expression is more than {MAX_HEIGHT} levels deep"),
            self.here(),
        );
        self.scan.finish();
        None
    }

    /// Reports an operator with nothing on its right.
    fn expect_operand(&mut self, operator: &Range<usize>) -> Option<()> {
        if !self.scan.is_done() && !matches!(self.scan.peek(), Some(')' | ',')) {
            return Some(());
        }
        let text = self.scan.slice(operator.clone()).to_owned();
        self.error(
            codes::MISSING_OPERAND,
            format!("`{text}` has nothing on its right"),
            operator.clone(),
        );
        None
    }

    /// Takes the operator between two operands. AND, OR and their like in any case.
    fn eat_operator_word_or_symbol(&mut self) -> Option<(Operator, Range<usize>)> {
        self.scan.skip_blanks();
        let start = self.scan.at();
        if let Some((symbol, op)) =
            SYMBOLS.iter().find(|(symbol, _)| self.scan.rest().starts_with(symbol))
        {
            self.scan.eat(symbol);
            return Some((Operator::Binary(*op), start..self.scan.at()));
        }
        if let Some((word, op)) =
            WORDS.iter().find(|(word, _)| self.scan.peek_word().eq_ignore_ascii_case(word))
        {
            self.scan.eat_word(word);
            return Some((Operator::Binary(*op), start..self.scan.at()));
        }
        let negated = self.scan.eat_word("not");
        self.scan.skip_blanks();
        if self.scan.eat_word("like") {
            return Some((Operator::Like { negated }, start..self.scan.at()));
        }
        if self.scan.eat_word("in") {
            let range = start..self.scan.at();
            self.scan.skip_blanks();
            if self.scan.peek() == Some('(') {
                return Some((Operator::In { negated }, range));
            }
        }
        self.scan.set(start);
        None
    }

    /// NOT, `!`, `-`, or an operand. NOT takes a whole comparison.
    fn prefix(&mut self, loosest: Tightness) -> Option<Tree> {
        self.scan.skip_blanks();
        let start = self.scan.at();
        if self.scan.eat_word("not") || self.scan.eat("!") {
            let range = start..self.scan.at();
            self.expect_operand(&range)?;
            let inner = self.binary(loosest.max(Tightness::Comparison))?;
            return self.unary(inner, &range, ExprKind::Not);
        }
        if self.scan.eat("-") {
            let range = start..self.scan.at();
            self.expect_operand(&range)?;
            let inner = self.binary(Tightness::Operand)?;
            return self.unary(inner, &range, ExprKind::Negate);
        }
        self.operand()
    }

    fn unary(
        &mut self,
        inner: Tree,
        operator: &Range<usize>,
        node: fn(Box<Expr>) -> ExprKind,
    ) -> Option<Tree> {
        let span = self.span(operator).to(inner.expr.span);
        let height = inner.height + 1;
        self.check_height(Tree { expr: Spanned { node: node(Box::new(inner.expr)), span }, height })
    }

    fn operand(&mut self) -> Option<Tree> {
        let rest = self.scan.rest();
        let mut characters = rest.chars();
        let (first, second) = (characters.next(), characters.next());
        match first {
            Some('(') => self.parentheses(),
            Some('"') => {
                let text = self.quoted()?;
                Some(Tree::leaf(ExprKind::Text(text.text), self.span(&text.range)))
            }
            Some('\'') => {
                let name = self.quoted()?;
                Some(Tree::leaf(ExprKind::Field(name.text), self.span(&name.range)))
            }
            Some('.') if second.is_some_and(|c| c.is_ascii_digit()) => self.number(),
            Some(c) if c.is_ascii_digit() => self.number_or_name(),
            Some(c) if is_name_start(c) => self.name(),
            _ => {
                self.no_operand();
                None
            }
        }
    }

    fn no_operand(&mut self) {
        if self.scan.is_done() {
            self.error(codes::MISSING_OPERAND, "an expression is missing here", self.here());
        } else {
            let what = excerpt(self.scan.rest().split_whitespace().next().unwrap_or_default());
            let here = self.here();
            self.error(
                codes::UNEXPECTED_TEXT,
                format!("expected a field, a value or a function, found `{what}`"),
                here,
            );
        }
        self.scan.finish();
    }

    /// `( e )`. The parentheses are part of the place of `e`.
    fn parentheses(&mut self) -> Option<Tree> {
        let open = self.scan.take_char();
        let inner = self.binary(Tightness::Xor)?;
        self.close(&open)?;
        let span = self.span(&(open.start..self.scan.at()));
        let expr = Spanned { node: inner.expr.node, span };
        Some(Tree { expr, height: inner.height })
    }

    /// Takes the parenthesis that closes `open`.
    fn close(&mut self, open: &Range<usize>) -> Option<()> {
        if self.scan.is_done() {
            self.error(
                codes::UNCLOSED_PARENTHESIS,
                "this parenthesis is never closed",
                open.clone(),
            );
            return None;
        }
        if self.scan.eat(")") {
            return Some(());
        }
        self.unexpected_after_operand();
        None
    }

    /// Reports what stands where an operator, a comma or the end is expected.
    pub(super) fn unexpected_after_operand(&mut self) {
        let rest = self.scan.rest();
        let what = rest.split(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
        let start = self.scan.at();
        let range = start..start + what.len().max(self.here().len());
        let lower = what.to_ascii_lowercase();
        let glued = ["and", "or", "not"].iter().find(|word| {
            lower.len() > word.len() && lower.starts_with(**word) && rest.contains('(')
        });
        match glued {
            Some(word) => {
                let (operator, operand) = what.split_at(word.len());
                self.error_with_hint(
                    codes::GLUED_OPERATOR,
                    format!("`{}` is one word to Splunk", excerpt(what)),
                    range,
                    format!("write `{operator} {}`", excerpt(operand)),
                );
            }
            None if what.is_empty() || what == ")" => {
                let here = self.here();
                let what = self.scan.slice(here.clone()).to_owned();
                let (code, message) = if what == ")" {
                    let message = "this closing parenthesis has no opening one".to_owned();
                    (codes::STRAY_PARENTHESIS, message)
                } else {
                    (codes::UNEXPECTED_TEXT, format!("expected an operator, found `{what}`"))
                };
                self.error(code, message, here);
            }
            None => self.error(
                codes::UNEXPECTED_TEXT,
                format!("expected an operator, found `{}`", excerpt(what)),
                range,
            ),
        }
        self.scan.finish();
    }

    /// A number, or the name of a field that starts with digits.
    fn number_or_name(&mut self) -> Option<Tree> {
        let start = self.scan.at();
        self.scan.take_while(|c| c.is_ascii_digit());
        let is_name =
            self.scan.peek().is_some_and(|c| is_name_part(c) && !is_exponent(self.scan.rest()));
        self.scan.set(start);
        if is_name { self.name() } else { self.number() }
    }

    fn number(&mut self) -> Option<Tree> {
        let start = self.scan.at();
        self.scan.take_while(|c| c.is_ascii_digit());
        let mut characters = self.scan.rest().chars();
        if characters.next() == Some('.') && characters.next().is_some_and(|c| c.is_ascii_digit()) {
            self.scan.take_char();
            self.scan.take_while(|c| c.is_ascii_digit());
        }
        if is_exponent(self.scan.rest()) {
            self.scan.take_char();
            if matches!(self.scan.peek(), Some('+' | '-')) {
                self.scan.take_char();
            }
            self.scan.take_while(|c| c.is_ascii_digit());
        }
        let range = start..self.scan.at();
        let mut characters = self.scan.rest().chars();
        let (next, second) = (characters.next(), characters.next());
        let runs_on = next.is_some_and(is_name_part)
            || (next == Some('.') && second.is_some_and(|c| c.is_ascii_digit()));
        let text = self.scan.slice(range.clone());
        match text.parse::<f64>() {
            Ok(number) if !runs_on && number.is_finite() => {
                Some(Tree::leaf(ExprKind::Number(number), self.span(&range)))
            }
            _ => {
                self.scan.take_while(|c| is_name_part(c) || c == '.');
                let range = start..self.scan.at();
                let text = excerpt(self.scan.slice(range.clone()));
                self.error_with_hint(
                    codes::BAD_NUMBER,
                    format!("`{text}` is not a number"),
                    range,
                    "put text in double quotes, the name of a field in single quotes",
                );
                None
            }
        }
    }

    /// A field, a function, `true` or `false`.
    fn name(&mut self) -> Option<Tree> {
        let mut range = self.take_name();
        let after = self.scan.at();
        self.scan.skip_blanks();
        let is_call = self.scan.peek() == Some('(');
        let name = self.scan.slice(range.clone());
        if is_call {
            if let Some(dot) = name.rfind('.') {
                // `a.upper(b)`: only the last part is a function, so the dot joins.
                range.end = range.start + dot;
                self.scan.set(range.end);
                return Some(self.field(range));
            }
            return self.call(range);
        }
        self.scan.set(after);
        let span = self.span(&range);
        if name.eq_ignore_ascii_case("true") || name.eq_ignore_ascii_case("false") {
            return Some(Tree::leaf(ExprKind::Bool(name.eq_ignore_ascii_case("true")), span));
        }
        Some(self.field(range))
    }

    fn field(&mut self, range: Range<usize>) -> Tree {
        let name = self.scan.slice(range.clone()).to_owned();
        if name.contains('.') {
            self.warning(
                codes::DOTTED_NAME,
                format!("`{name}` is read as the name of one field"),
                &range,
                format!("write '{name}' for the field, put blanks around the dot to concatenate"),
            );
        }
        let span = self.span(&range);
        Tree::leaf(ExprKind::Field(name), span)
    }

    /// Takes a bare name. A dot between two parts without blanks is part of it, and so is `{}`.
    fn take_name(&mut self) -> Range<usize> {
        let start = self.scan.at();
        loop {
            self.scan.take_while(is_name_part);
            if self.scan.eat("{}") {
                continue;
            }
            let mut characters = self.scan.rest().chars();
            let joins =
                characters.next() == Some('.') && characters.next().is_some_and(is_name_part);
            if !joins {
                return start..self.scan.at();
            }
            self.scan.take_char();
        }
    }

    /// `f(a, b)`, from the opening parenthesis.
    fn call(&mut self, name: Range<usize>) -> Option<Tree> {
        let function = self.scan.slice(name.clone()).to_ascii_lowercase();
        let open = self.scan.take_char();
        let (arguments, height) = self.arguments(open)?;
        let span = self.span(&(name.start..self.scan.at()));
        let height = height + 1;
        let mut arguments = arguments;
        let node = match (function.as_str(), arguments.len()) {
            ("true", 0) => ExprKind::Bool(true),
            ("false", 0) => ExprKind::Bool(false),
            ("in", 2..) => {
                let values = arguments.split_off(1);
                match arguments.pop() {
                    Some(left) => ExprKind::In(Box::new(left), values),
                    None => return None,
                }
            }
            _ => {
                let function = Spanned { node: function, span: self.span(&name) };
                ExprKind::Call { function, arguments }
            }
        };
        self.check_height(Tree { expr: Spanned { node, span }, height })
    }

    /// `a, b)`, the closing parenthesis included; and the height of the highest.
    fn arguments(&mut self, open: Range<usize>) -> Option<(Vec<Expr>, usize)> {
        let mut arguments = Vec::new();
        let mut height = 0;
        self.scan.skip_blanks();
        if self.scan.eat(")") {
            return Some((arguments, height));
        }
        loop {
            if self.scan.is_done() {
                self.close(&open)?;
            }
            let argument = self.binary(Tightness::Xor)?;
            height = height.max(argument.height);
            arguments.push(argument.expr);
            self.scan.skip_blanks();
            if !self.scan.eat(",") {
                self.close(&open)?;
                return Some((arguments, height));
            }
        }
    }
}

/// Whether `e5`, `E-5` starts here.
fn is_exponent(rest: &str) -> bool {
    let Some(digits) = rest.strip_prefix(['e', 'E']) else { return false };
    let digits = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    end > 0 && !digits[end..].starts_with(is_name_part)
}

fn negate_if(tree: Tree, negated: bool) -> Tree {
    if !negated {
        return tree;
    }
    let span = tree.expr.span;
    let expr = Spanned { node: ExprKind::Not(Box::new(tree.expr)), span };
    Tree { expr, height: tree.height + 1 }
}

/// Joins operands pairwise, the left half taking the odd one.
fn join_by_halves(mut operands: Vec<Tree>, op: BinaryOp) -> Option<Tree> {
    if operands.len() <= 1 {
        return operands.pop();
    }
    let right = operands.split_off(operands.len().div_ceil(2));
    let left = join_by_halves(operands, op)?;
    let right = join_by_halves(right, op)?;
    let span = left.expr.span.to(right.expr.span);
    let height = left.height.max(right.height) + 1;
    let node = ExprKind::Binary(op, Box::new(left.expr), Box::new(right.expr));
    Some(Tree { expr: Spanned { node, span }, height })
}
