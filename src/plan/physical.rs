//! The physical plan: the program that runs on each event in a worker, and on the merged rows at
//! the end. The first `stats` splits the two (DESIGN: "What splits the work in two is SPL itself").

use jiff::tz::TimeZone;

use super::commands::{self, Allowance, Context, Held, Lowered, RowCommand, SetCommand};
use super::needed::Needed;
use super::{Bin, LogicalPlan, Operator, Settings};
use crate::aggregate::{Aggregation, Argument, Evidence, Groups, Stats};
use crate::eval::event_kind::EventKind;
use crate::eval::expr::{Clock, Compiler, Env, Expr, PlacedRegex};
use crate::eval::glob::Glob;
use crate::eval::row::{EventRow, RawText, Record, Row, Scratch, names};
use crate::eval::search::Search;
use crate::spl::ast::AggregationArgument;
use crate::spl::codes;
use crate::spl::diagnostic::Diagnostic;
use crate::value::Field;

/// The program of one rule. Immutable; its scratch memory is the worker's.
#[derive(Debug)]
pub struct Program {
    /// Tests of the event itself, before any command that makes or drops fields.
    pub(super) filters: Vec<Filter>,
    /// The fields of an event that anything after the filters can see.
    needed: Needed,
    /// Commands that work on one row, up to the first that needs all rows.
    steps: Vec<Step>,
    /// The first command that needs all rows, where it is a `stats`.
    stats: Option<Stats>,
    /// What runs once, on the merged rows.
    final_steps: Vec<FinalStep>,
    /// The order of the columns that the last `table` or `stats` fixes.
    columns: Columns,
    timezone: TimeZone,
    /// How many of the commands have a subsearch.
    subsearches: usize,
    /// How many decimals of a second the rows' times have.
    decimals: Option<u8>,
}

/// A test that keeps or drops a row.
#[derive(Debug)]
pub(super) enum Filter {
    Search(Search),
    Where(Expr),
    Regex { field: String, negated: bool, regex: PlacedRegex },
}

/// A command that works on one row, compiled.
#[derive(Debug)]
pub(super) enum Step {
    Filter(Filter),
    Table(Vec<Glob>),
    Keep(Vec<Glob>),
    Drop(Vec<Glob>),
    Rename(Vec<(Glob, Glob)>),
    Eval(Vec<(String, Expr)>),
    Bin(Bin),
    Command(Box<dyn RowCommand>),
}

#[derive(Debug)]
enum FinalStep {
    Each(Step),
    Stats(Stats),
    Command(Box<dyn SetCommand>),
}

/// Which columns come first, in which order; the others follow in name order.
#[derive(Debug, Clone, Default)]
struct Columns {
    order: Vec<Glob>,
}

/// A row of the answer, with the events behind it where they were asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct FinalRow {
    /// The columns in their order.
    pub columns: Vec<(String, Field)>,
    /// The events, by time, path and place.
    pub evidence: Vec<Evidence>,
}

impl Program {
    /// Lowers a logical plan.
    pub fn compile(
        plan: &LogicalPlan,
        settings: &Settings,
        findings: &mut Vec<Diagnostic>,
    ) -> Self {
        let clock = Clock { now: settings.now, timezone: settings.timezone.clone() };
        let strict = settings.reading.is_strict();
        let mut compiler = Compiler::new(settings.resources.clone(), clock, strict);
        let mut program = Self {
            filters: Vec::new(),
            needed: Needed::All,
            steps: Vec::new(),
            stats: None,
            final_steps: Vec::new(),
            columns: Columns::default(),
            timezone: settings.timezone.clone(),
            subsearches: 0,
            decimals: None,
        };
        for operator in &plan.operators {
            program.columns.follow(operator);
            program.follow_time(operator);
            program.add(operator, &mut compiler);
        }
        program.needed = Needed::from(plan, program.filters.len());
        findings.append(&mut compiler.diagnostics);
        program
    }

    fn add(&mut self, operator: &Operator, compiler: &mut Compiler) {
        if let Operator::Stats { aggregations, by } = operator {
            let stats = Stats {
                aggregations: aggregations.iter().map(|a| aggregation(a, compiler)).collect(),
                by: by.clone(),
            };
            if self.is_split() {
                self.final_steps.push(FinalStep::Stats(stats));
            } else {
                self.stats = Some(stats);
            }
            return;
        }
        let step = match operator {
            Operator::Command(kind) => match commands::lower(kind, compiler, &mut self.subsearches)
            {
                Some(Lowered::Row(command)) => Step::Command(command),
                Some(Lowered::Set(command)) => {
                    self.final_steps.push(FinalStep::Command(command));
                    return;
                }
                None => return,
            },
            _ => match step(operator, compiler) {
                Some(step) => step,
                None => return,
            },
        };
        if self.is_split() {
            self.final_steps.push(FinalStep::Each(step));
            return;
        }
        match step {
            Step::Filter(filter) if self.steps.is_empty() => self.filters.push(filter),
            step => self.steps.push(step),
        }
    }

    /// Whether a command has come that needs all rows.
    fn is_split(&self) -> bool {
        self.stats.is_some() || !self.final_steps.is_empty()
    }

    fn follow_time(&mut self, operator: &Operator) {
        if let Operator::Bin(bin) = operator
            && bin.name == names::TIME
        {
            self.decimals = Some(bin.decimals());
        }
    }

    /// The first command that needs all rows, where it is a `stats`.
    #[must_use]
    pub fn stats(&self) -> Option<&Stats> {
        self.stats.as_ref()
    }

    /// How many decimals of a second the rows' times have; `None` for as many as each needs.
    #[must_use]
    pub fn decimals(&self) -> Option<u8> {
        self.decimals
    }

    /// Runs the part for one event: the record that goes on to `stats`, or `None` when the
    /// event does not match.
    #[must_use]
    pub fn run(&self, row: &EventRow<'_>, scratch: &Scratch) -> Option<Record> {
        if self.admits(row, scratch) { self.proceed(row, scratch) } else { None }
    }

    /// Whether the event passes the tests before any command that makes or drops fields.
    #[must_use]
    pub fn admits(&self, row: &EventRow<'_>, scratch: &Scratch) -> bool {
        self.filters.iter().all(|filter| filter.keeps(row, scratch))
    }

    /// Whether the event matches: whether [`run`](Self::run) gives a record.
    #[must_use]
    pub fn matches(&self, row: &EventRow<'_>, scratch: &Scratch) -> bool {
        self.admits(row, scratch) && self.proceeds(row, scratch)
    }

    /// What [`run`](Self::run) gives for an event that passes those tests.
    #[must_use]
    pub fn proceed(&self, row: &EventRow<'_>, scratch: &Scratch) -> Option<Record> {
        let mut record = self.materialise(row);
        let allowance = Allowance::new(usize::MAX);
        let context =
            Context { scratch, timezone: &self.timezone, allowance: &allowance, subsearches: &[] };
        for step in &self.steps {
            record = step.apply(record, context)?;
        }
        Some(record)
    }

    /// Whether [`proceed`](Self::proceed) gives a record.
    #[must_use]
    pub fn proceeds(&self, row: &EventRow<'_>, scratch: &Scratch) -> bool {
        let may_drop = |step: &Step| matches!(step, Step::Filter(_) | Step::Command(_));
        !self.steps.iter().any(may_drop) || self.proceed(row, scratch).is_some()
    }

    /// Whether an event with this raw text, of this kind, may match, whatever its fields are.
    #[must_use]
    pub fn may_match_text(&self, raw: &RawText<'_>, kind: Option<&EventKind>) -> bool {
        self.filters.iter().all(|filter| match filter {
            Filter::Search(search) => search.may_hold(raw, kind),
            Filter::Where(_) | Filter::Regex { .. } => true,
        })
    }

    /// Runs the part for one event as [`run`](Self::run) does and calls `visit` for each operator of
    /// the logical plan: with its number, the row that it tests and whether it keeps that. The row
    /// is an empty one where an operator that is no test drops it.
    pub(super) fn follow(
        &self,
        row: &EventRow<'_>,
        scratch: &Scratch,
        visit: &mut dyn FnMut(usize, &dyn Row, bool),
    ) -> bool {
        for (at, filter) in self.filters.iter().enumerate() {
            let kept = filter.keeps(row, scratch);
            visit(at, row, kept);
            if !kept {
                return false;
            }
        }
        let mut record = row.record(&|_| true);
        let allowance = Allowance::new(usize::MAX);
        let context =
            Context { scratch, timezone: &self.timezone, allowance: &allowance, subsearches: &[] };
        for (at, step) in self.steps.iter().enumerate() {
            let at = self.filters.len() + at;
            if let Step::Filter(filter) = step {
                let kept = filter.keeps(&record, scratch);
                visit(at, &record, kept);
                if !kept {
                    return false;
                }
                continue;
            }
            match step.apply(record, context) {
                Some(next) => record = next,
                None => {
                    visit(at, &Record::default(), false);
                    return false;
                }
            }
            visit(at, &record, true);
        }
        true
    }

    /// The fields of the event that later commands can see.
    fn materialise(&self, row: &EventRow<'_>) -> Record {
        match &self.needed {
            Needed::All => row.record(&|_| true),
            Needed::These(list) if list.iter().all(Glob::is_exact) => {
                let names = list.iter().filter_map(|glob| glob.parts().first());
                names.filter_map(|name| Some((name.as_str(), row.take_field(name)?))).collect()
            }
            Needed::These(list) => row.record(&|name| selects(list, name)),
        }
    }

    /// The columns of several rows together, in their order.
    #[must_use]
    pub fn columns(&self, rows: &[FinalRow]) -> Vec<String> {
        let names = rows.iter().flat_map(|row| row.columns.iter().map(|(name, _)| name.clone()));
        let names: std::collections::BTreeSet<String> = names.collect();
        let columns = self.columns.arrange(names.into_iter().map(|name| (name, ())));
        columns.into_iter().map(|(name, ())| name).collect()
    }

    /// Runs the part for all rows, given in the order of the pipeline, and puts their columns in
    /// order. `subsearches` are the rows of the rule's subsearches.
    #[must_use]
    pub fn finish(
        &self,
        rows: Vec<Held>,
        scratch: &Scratch,
        allowance: &Allowance,
        subsearches: &[Vec<Held>],
    ) -> Vec<FinalRow> {
        let rows = self.run_on_all(rows, scratch, allowance, subsearches).into_iter();
        rows.map(|(record, evidence)| FinalRow {
            columns: self.columns.arrange(record.into_fields()),
            evidence,
        })
        .collect()
    }

    /// The same, but the rows stay as they are: those of a subsearch go on into its rule.
    #[must_use]
    pub fn run_on_all(
        &self,
        mut rows: Vec<Held>,
        scratch: &Scratch,
        allowance: &Allowance,
        subsearches: &[Vec<Held>],
    ) -> Vec<Held> {
        let context = Context { scratch, timezone: &self.timezone, allowance, subsearches };
        for step in &self.final_steps {
            rows = match step {
                FinalStep::Each(step) => rows
                    .into_iter()
                    .filter_map(|(record, evidence)| Some((step.apply(record, context)?, evidence)))
                    .collect(),
                FinalStep::Stats(stats) => regroup(rows, stats, context),
                FinalStep::Command(command) => command.apply(rows, context),
            };
        }
        rows.retain(|(record, _)| !record.is_empty());
        rows
    }
}

/// A `stats` over rows: their order is their place, their `_time` what `earliest` goes by.
fn regroup(rows: Vec<Held>, stats: &Stats, context: Context<'_>) -> Vec<Held> {
    let mut groups = Groups::default();
    for (at, (record, evidence)) in rows.into_iter().enumerate() {
        let place = commands::place_of(at, &record);
        let own = record.size() + evidence.iter().map(Evidence::size).sum::<usize>();
        let grown = groups.update(stats, &record, &place, evidence, context.scratch);
        // The row goes, so only what it grew by in its groups is new.
        if !context.allowance.take(grown.saturating_sub(own)) {
            break;
        }
    }
    groups.finish(stats)
}

pub(super) fn aggregation(
    logical: &super::logical::LogicalAggregation,
    compiler: &mut Compiler,
) -> Aggregation {
    let argument = match &logical.argument {
        None => Argument::Rows,
        Some(AggregationArgument::Eval(expr)) => Argument::Eval(compiler.compile(expr)),
        Some(AggregationArgument::Field(field)) if field.node.contains('*') => {
            Argument::Fields(Glob::new(&field.node))
        }
        Some(AggregationArgument::Field(field)) => Argument::Field(field.node.clone()),
    };
    Aggregation { function: logical.function, argument, name: logical.name.clone() }
}

/// Compiles an operator that works on one row and is no command of `plan/commands/`.
pub(super) fn step(operator: &Operator, compiler: &mut Compiler) -> Option<Step> {
    let globs = |list: &[String]| list.iter().map(|text| Glob::new(text)).collect();
    Some(match operator {
        Operator::Search(expr) => Step::Filter(Filter::Search(Search::compile(expr))),
        Operator::Where(expr) => {
            let (compiled, sound) = compile_all(expr, compiler);
            if sound && !compiled.is_boolean() {
                compiler.diagnostics.push(
                    Diagnostic::error(
                        codes::NOT_A_CONDITION,
                        "`where` needs a condition: this is neither true nor false",
                        expr.span,
                    )
                    .with_hint("compare it with something, or test it with isnotnull()"),
                );
            }
            Step::Filter(Filter::Where(compiled))
        }
        Operator::Regex { field, negated, pattern } => Step::Filter(Filter::Regex {
            field: field.clone(),
            negated: *negated,
            regex: compiler.regex(&pattern.node, pattern.span)?,
        }),
        Operator::Table(list) => Step::Table(globs(list)),
        Operator::Fields { keep: true, list } => Step::Keep(globs(list)),
        Operator::Fields { keep: false, list } => Step::Drop(globs(list)),
        Operator::Rename(list) => {
            Step::Rename(list.iter().map(|(a, b)| (Glob::new(a), Glob::new(b))).collect())
        }
        Operator::Eval(list) => Step::Eval(
            list.iter().map(|(name, expr)| (name.clone(), eval_clause(expr, compiler))).collect(),
        ),
        Operator::Bin(bin) => Step::Bin(bin.clone()),
        Operator::Stats { .. } | Operator::Command(_) => return None,
    })
}

/// Compiles an expression, and says whether all of it could be: what stands for a part that could
/// not has a type by chance, so nothing is to be said of the type of the whole.
fn compile_all(expr: &crate::spl::ast::Expr, compiler: &mut Compiler) -> (Expr, bool) {
    let before = compiler.diagnostics.len();
    let compiled = compiler.compile(expr);
    (compiled, compiler.diagnostics.len() == before)
}

fn eval_clause(expr: &crate::spl::ast::Expr, compiler: &mut Compiler) -> Expr {
    let (compiled, sound) = compile_all(expr, compiler);
    if sound && compiled.is_boolean() {
        // SPLUNK.md 4, eval: assigning a boolean is fatal.
        compiler.diagnostics.push(
            Diagnostic::error(
                codes::BOOLEAN_VALUE,
                "`eval` cannot set a field to true or false",
                expr.span,
            )
            .with_hint("write if(..., \"true\", \"false\")"),
        );
    }
    compiled
}

impl Filter {
    pub(super) fn keeps(&self, row: &dyn Row, scratch: &Scratch) -> bool {
        match self {
            Self::Search(search) => search.holds(row),
            Self::Where(expr) => expr.truth(Env { row, scratch }) == Some(true),
            Self::Regex { field, negated, regex } => match row.field(field) {
                // `=` drops rows that lack the field, `!=` keeps them (SPLUNK.md 4, regex).
                None => *negated,
                Some(field) => {
                    let any = field.values().iter().any(|v| regex.is_match(&v.text(), scratch));
                    any != *negated
                }
            },
        }
    }
}

impl Step {
    pub(super) fn apply(&self, mut record: Record, context: Context<'_>) -> Option<Record> {
        let Context { scratch, timezone, .. } = context;
        match self {
            Self::Command(command) => return command.apply(record, context),
            Self::Filter(filter) => {
                if !filter.keeps(&record, scratch) {
                    return None;
                }
            }
            Self::Table(list) => record.retain(|name| selects(list, name)),
            // `fields +` keeps the internal fields (SPLUNK.md 4, fields).
            Self::Keep(list) => record
                .retain(|name| matches!(name, names::RAW | names::TIME) || selects(list, name)),
            Self::Drop(list) => {
                record.retain(|name| !list.iter().any(|glob| glob.matches(name)));
            }
            Self::Rename(list) => {
                for (from, to) in list {
                    rename(&mut record, from, to);
                }
            }
            Self::Eval(list) => {
                for (name, expr) in list {
                    let field = expr.eval(Env { row: &record, scratch }).into_field();
                    record.set(name, field);
                }
            }
            Self::Bin(bin) => {
                if let Some(field) = record.get(&bin.field).cloned() {
                    record.set(&bin.name, Some(bin.bucket(field, timezone)));
                }
            }
        }
        Some(record)
    }
}

fn rename(record: &mut Record, from: &Glob, to: &Glob) {
    let names: Vec<String> = record
        .iter()
        .map(|(name, _)| name)
        .filter(|name| from.matches(name))
        .map(str::to_owned)
        .collect();
    // Sources go first, so that a name that is both source and target keeps its new value.
    let taken: Vec<_> = names
        .iter()
        .map(|name| (to.filled_with(&from.captures(name)), record.take(name)))
        .collect();
    for (name, field) in taken {
        record.set(&name, field);
    }
}

/// Whether a list of patterns selects a field: a wildcard does not reach names that start with
/// `_` (SPLUNK.md 4, table, inferred).
pub(super) fn selects(list: &[Glob], name: &str) -> bool {
    list.iter().any(|glob| (glob.is_exact() || !name.starts_with('_')) && glob.matches(name))
}

impl Columns {
    fn follow(&mut self, operator: &Operator) {
        match operator {
            Operator::Table(list) => self.order = list.iter().map(|text| Glob::new(text)).collect(),
            Operator::Stats { aggregations, by } => {
                let named = by.iter().chain(aggregations.iter().map(|a| &a.name));
                self.order = named.map(|text| Glob::new(text)).collect();
            }
            Operator::Rename(list) => {
                for (from, to) in list {
                    for glob in &mut self.order {
                        if *glob == Glob::new(from) {
                            *glob = Glob::new(to);
                        }
                    }
                }
            }
            Operator::Command(kind) if commands::columns(kind).is_some() => {
                let columns = commands::columns(kind).unwrap_or_default();
                self.order = columns.iter().map(|text| Glob::new(text)).collect();
            }
            Operator::Command(kind) if !self.order.is_empty() => {
                self.order.extend(commands::added(kind).iter().map(|text| Glob::new(text)));
            }
            Operator::Eval(list) if !self.order.is_empty() => {
                self.order.extend(list.iter().map(|(name, _)| Glob::new(name)));
            }
            _ => {}
        }
    }

    /// Puts named things into the order; they come in name order.
    fn arrange<T>(&self, named: impl Iterator<Item = (String, T)>) -> Vec<(String, T)> {
        let mut columns = Vec::new();
        let mut rest: Vec<Option<(String, T)>> = named.map(Some).collect();
        for glob in &self.order {
            for slot in &mut rest {
                if slot.as_ref().is_some_and(|(name, _)| selects(std::slice::from_ref(glob), name))
                {
                    columns.extend(slot.take());
                }
            }
        }
        columns.extend(rest.into_iter().flatten());
        columns
    }
}
