//! The logical plan: what a search does, with every default and accommodation resolved.

use std::fmt;

use super::{Bin, commands};
use crate::aggregate::Function;
use crate::eval::row::names;
use crate::eval::search::spelled_event_id;
use crate::reading::{Accommodation, Reading};
use crate::spl::ast::{
    self, Aggregation, AggregationArgument, CommandKind, Expr, Pipeline, SearchExpr, SearchKind,
    Span, Spanned,
};
use crate::spl::codes;
use crate::spl::diagnostic::Diagnostic;

/// What a search does, operator by operator.
#[derive(Debug, Clone, PartialEq)]
pub struct LogicalPlan {
    /// The operators, in order.
    pub operators: Vec<Operator>,
    /// Where each command stands in the text of the search.
    pub stages: Vec<Span>,
    /// Whether a `bin` was given the field it does not name (accommodation `bin-time`).
    pub bin_time: bool,
    /// Whether a macro that is not defined was taken for a filter (accommodation `filter-macro`).
    pub filter_macro: bool,
}

/// One operator.
#[derive(Debug, Clone, PartialEq)]
pub enum Operator {
    /// Keep the rows of which a search expression holds.
    Search(SearchExpr),
    /// Keep the rows of which an expression is true.
    Where(Expr),
    /// Keep the rows whose field a regex matches, or does not match.
    Regex {
        /// The field.
        field: String,
        /// Whether matching rows are dropped.
        negated: bool,
        /// The pattern and its place.
        pattern: Spanned<String>,
    },
    /// Keep only these fields, in this order.
    Table(Vec<String>),
    /// Keep or drop fields.
    Fields {
        /// Whether they are kept.
        keep: bool,
        /// The patterns.
        list: Vec<String>,
    },
    /// Give fields other names.
    Rename(Vec<(String, String)>),
    /// Compute fields, one after another.
    Eval(Vec<(String, Expr)>),
    /// Put a field's value into buckets.
    Bin(Bin),
    /// Group rows.
    Stats {
        /// What is computed over each group.
        aggregations: Vec<LogicalAggregation>,
        /// By what rows are grouped.
        by: Vec<String>,
    },
    /// A command as it is written: `plan/commands/` says what it does.
    Command(CommandKind),
}

/// One aggregation, with its name resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct LogicalAggregation {
    /// The function.
    pub function: Function,
    /// Over what; `None` for the rows themselves.
    pub argument: Option<AggregationArgument>,
    /// The name of the result.
    pub name: String,
}

impl LogicalPlan {
    /// Resolves a pipeline under a reading.
    pub fn new(pipeline: &Pipeline, reading: Reading, findings: &mut Vec<Diagnostic>) -> Self {
        let operators = pipeline
            .commands
            .iter()
            .filter_map(|command| operator(command, reading, findings))
            .collect();
        let stages = pipeline.commands.iter().map(|command| command.span).collect();
        let bin_time = findings.iter().any(|finding| finding.code == codes::BIN_WITHOUT_FIELD);
        let filter_macro = findings.iter().any(|finding| finding.code == codes::FILTER_MACRO);
        Self { operators, stages, bin_time, filter_macro }
    }

    /// The accommodations that the plan relies on, each with the reason. Those that depend on
    /// the data alone (`decoded-record`, `xml-text`, `message-start`, `multiline-value`,
    /// `no-host`) are not among them.
    #[must_use]
    pub fn accommodations(&self) -> Vec<(Accommodation, String)> {
        let mut found = Vec::new();
        if self.bin_time {
            found.push((Accommodation::BinTime, "its `bin` names no field".to_owned()));
        }
        if self.filter_macro {
            let why = "its macro `..._filter` is not defined".to_owned();
            found.push((Accommodation::FilterMacro, why));
        }
        let mut fields = Vec::new();
        let mut spelled = Vec::new();
        for operator in &self.operators {
            match operator {
                Operator::Search(expr) => search_parts(expr, &mut fields, &mut spelled),
                Operator::Where(expr) => expr_fields(expr, &mut fields),
                Operator::Regex { field, .. } => fields.push(field.clone()),
                Operator::Eval(list) => list.iter().for_each(|(_, e)| expr_fields(e, &mut fields)),
                Operator::Command(kind) => command_fields(kind, &mut fields),
                _ => {}
            }
        }
        if !spelled.is_empty() {
            let list: Vec<_> = spelled.iter().map(|(text, _)| format!("`{text}`")).collect();
            let list = list.join(", ");
            found.push((Accommodation::EitherSpelling, format!("it looks for {list}")));
        }
        let tests = |name: &str| fields.iter().any(|field| field == name);
        if tests("message") {
            found.push((Accommodation::MessageCase, "it tests `message`".to_owned()));
        }
        if tests("message") || tests("Message") {
            found.push((Accommodation::MessageText, "it tests the message text".to_owned()));
        }
        if tests("process") || tests("signature_id") {
            found.push((
                Accommodation::HostmonProcess,
                "it tests `process` or `signature_id`".to_owned(),
            ));
        }
        if tests("process") {
            found.push((Accommodation::PowershellProcess, "it tests `process`".to_owned()));
        }
        for (accommodation, why) in self.subsearches().iter().flat_map(Self::accommodations) {
            if found.iter().all(|(known, _)| *known != accommodation) {
                found.push((accommodation, format!("{why}, in a subsearch")));
            }
        }
        found.sort_by_key(|(accommodation, _)| *accommodation);
        found
    }

    /// The plans of its subsearches, as they are meant: a rule that is refused without an
    /// accommodation has no plan.
    fn subsearches(&self) -> Vec<Self> {
        let subsearch = |operator: &Operator| match operator {
            Operator::Command(kind) => commands::subsearch(kind)
                .map(|pipeline| Self::new(pipeline, Reading::AS_MEANT, &mut Vec::new())),
            _ => None,
        };
        self.operators.iter().filter_map(subsearch).collect()
    }

    /// The event ids that the search spells, sorted: the kinds of event the rule is about.
    #[must_use]
    pub fn event_ids(&self) -> Vec<u32> {
        let (mut fields, mut spelled) = (Vec::new(), Vec::new());
        for operator in &self.operators {
            if let Operator::Search(expr) = operator {
                search_parts(expr, &mut fields, &mut spelled);
            }
        }
        let mut ids: Vec<u32> = spelled.into_iter().map(|(_, id)| id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

pub(super) fn operator(
    command: &ast::Command,
    reading: Reading,
    findings: &mut Vec<Diagnostic>,
) -> Option<Operator> {
    let texts = |list: &[Spanned<String>]| list.iter().map(|item| item.node.clone()).collect();
    Some(match &command.kind {
        CommandKind::Search(expr) => Operator::Search(without_time_terms(expr, findings)),
        CommandKind::Where(expr) => Operator::Where(expr.clone()),
        CommandKind::Table(list) => Operator::Table(texts(list)),
        CommandKind::Fields { keep, list } => Operator::Fields { keep: *keep, list: texts(list) },
        CommandKind::Regex { field, negated, pattern } => Operator::Regex {
            field: field.node.clone(),
            negated: *negated,
            pattern: pattern.clone(),
        },
        CommandKind::Rename(list) => Operator::Rename(
            list.iter().map(|(from, to)| (from.node.clone(), to.node.clone())).collect(),
        ),
        CommandKind::Eval(list) => Operator::Eval(
            list.iter().map(|(name, expr)| (name.node.clone(), expr.clone())).collect(),
        ),
        CommandKind::Bin(bin) => Operator::Bin(resolve_bin(command, bin, reading, findings)?),
        CommandKind::Stats(stats) => Operator::Stats {
            aggregations: distinct(stats, findings)
                .iter()
                .filter_map(|aggregation| resolve_aggregation(aggregation, findings))
                .collect(),
            by: texts(&stats.by),
        },
        kind => Operator::Command(kind.clone()),
    })
}

fn resolve_bin(
    command: &ast::Command,
    bin: &ast::Bin,
    reading: Reading,
    findings: &mut Vec<Diagnostic>,
) -> Option<Bin> {
    let field = match &bin.field {
        Some(field) => field.node.clone(),
        None if reading.has(Accommodation::BinTime) => {
            findings.push(
                Diagnostic::warning(
                    codes::BIN_WITHOUT_FIELD,
                    "`bin` without a field is read as `bin _time`",
                    command.span,
                )
                .with_hint("Splunk very probably refuses it (accommodation bin-time)"),
            );
            names::TIME.to_owned()
        }
        None => {
            findings.push(
                Diagnostic::error(
                    codes::BIN_NEEDS_FIELD,
                    "You must specify a field to discretize",
                    command.span,
                )
                .with_hint("write `bin _time span=...`, or switch the accommodation bin-time on"),
            );
            return None;
        }
    };
    let Some(span) = &bin.span else {
        findings.push(
            Diagnostic::error(
                codes::BIN_NEEDS_SPAN,
                "`bin` without `span=` is not supported yet",
                command.span,
            )
            .with_hint("write the width of a bucket, as in `span=1s`"),
        );
        return None;
    };
    let name = bin.alias.as_ref().map_or_else(|| field.clone(), |alias| alias.node.clone());
    Some(Bin { field, span: span.node, name })
}

/// The aggregations, none of which may be named like a by-field, or be there twice under two names
/// (SPLUNK.md 4, stats: `STATS:NAME_CONFLICT`; "no `stats f(a) as x, f(a) as y`").
fn distinct<'s>(stats: &'s ast::Stats, findings: &mut Vec<Diagnostic>) -> &'s [Aggregation] {
    for (at, aggregation) in stats.aggregations.iter().enumerate() {
        if let Some(alias) = &aggregation.alias
            && stats.by.iter().any(|by| by.node == alias.node)
        {
            findings.push(
                Diagnostic::error(
                    codes::NAME_CONFLICT,
                    format!("the result `{}` has the name of a by-field", alias.node),
                    alias.span,
                )
                .with_hint("give it another name after `as`"),
            );
        }
        let field = |aggregation: &Aggregation| match &aggregation.argument {
            Some(AggregationArgument::Field(field)) => Some(field.node.clone()),
            _ => None,
        };
        let same = |earlier: &&Aggregation| {
            field(earlier).is_some()
                && field(earlier) == field(aggregation)
                && earlier.function.node == aggregation.function.node
        };
        if stats.aggregations.iter().take(at).any(|earlier| same(&earlier)) {
            findings.push(
                Diagnostic::warning(
                    codes::AGGREGATED_TWICE,
                    "this is computed twice, which Splunk's manual calls invalid",
                    aggregation.span,
                )
                .with_hint("compute it once, and copy it with eval"),
            );
        }
    }
    &stats.aggregations
}

pub(super) fn resolve_aggregation(
    aggregation: &Aggregation,
    findings: &mut Vec<Diagnostic>,
) -> Option<LogicalAggregation> {
    let written = &aggregation.function.node;
    let Some(function) = Function::from_name(written) else {
        let known: Vec<String> = Function::names().collect();
        findings.push(
            Diagnostic::error(
                codes::UNKNOWN_AGGREGATE,
                format!("the aggregate `{written}` is unknown or not supported yet"),
                aggregation.function.span,
            )
            .with_hint(format!("supported are {}", known.join(", "))),
        );
        return None;
    };
    if aggregation.argument.is_none() && function != Function::Count {
        findings.push(Diagnostic::error(
            codes::WRONG_ARGUMENTS,
            format!("`{written}` needs a field, as in `{written}(host)`"),
            aggregation.span,
        ));
        return None;
    }
    let name = match (&aggregation.alias, &aggregation.argument) {
        (Some(alias), _) => alias.node.clone(),
        // `c` is short for `count`, in the name too.
        (None, None) => "count".to_owned(),
        (None, Some(AggregationArgument::Field(field))) => format!("{written}({})", field.node),
        (None, Some(AggregationArgument::Eval(_))) => {
            findings.push(
                Diagnostic::error(
                    codes::EVAL_NEEDS_NAME,
                    "an aggregate of `eval(...)` needs a name",
                    aggregation.span,
                )
                .with_hint("write `as NAME` after it"),
            );
            return None;
        }
    };
    let wild = |text: &str| text.matches('*').count();
    if let Some(AggregationArgument::Field(field)) = &aggregation.argument
        && aggregation.alias.is_some()
        && wild(&field.node) != wild(&name)
    {
        findings.push(Diagnostic::error(
            codes::WILDCARD_COUNT,
            "the field and its name after `as` need the same number of `*`",
            aggregation.span,
        ));
        return None;
    }
    Some(LogicalAggregation { function, argument: aggregation.argument.clone(), name })
}

/// The expression without its time terms, of which it warns: they are no tests of a field, and a
/// sweep searches all of an archive unless it is told otherwise (SPLUNK.md 1.13).
fn without_time_terms(expr: &SearchExpr, findings: &mut Vec<Diagnostic>) -> SearchExpr {
    what_is_tested(expr, findings).unwrap_or(SearchExpr { node: SearchKind::All, span: expr.span })
}

/// The same; `None` where nothing else is in it.
fn what_is_tested(expr: &SearchExpr, findings: &mut Vec<Diagnostic>) -> Option<SearchExpr> {
    let mut each = |list: &[SearchExpr]| -> Vec<SearchExpr> {
        list.iter().filter_map(|expr| what_is_tested(expr, findings)).collect()
    };
    let node = match &expr.node {
        SearchKind::And(list) => joined(each(list), SearchKind::And)?,
        SearchKind::Or(list) => joined(each(list), SearchKind::Or)?,
        SearchKind::Not(inner) => SearchKind::Not(Box::new(what_is_tested(inner, findings)?)),
        SearchKind::Compare { field, .. } if is_time_term(&expr.node) => {
            findings.push(
                Diagnostic::warning(
                    codes::TIME_TERM,
                    format!("`{}` is passed over: it limits no archive", field.node),
                    expr.span,
                )
                .with_hint("use --since and --until"),
            );
            return None;
        }
        other => other.clone(),
    };
    Some(SearchExpr { node, span: expr.span })
}

/// Several expressions as one, or the only one as it is.
fn joined(
    mut list: Vec<SearchExpr>,
    join: fn(Vec<SearchExpr>) -> SearchKind,
) -> Option<SearchKind> {
    match list.len() {
        0 | 1 => list.pop().map(|only| only.node),
        _ => Some(join(list)),
    }
}

/// Whether a term limits the time of the whole search (SPLUNK.md 1.13). That of `earliest>5` is a
/// field of that name.
pub(super) fn is_time_term(term: &SearchKind) -> bool {
    matches!(term, SearchKind::Compare { field, op: ast::CompareOp::Equal, .. }
        if ["earliest", "latest", "starttime", "endtime"].contains(&field.node.as_str()))
}

/// The fields that a search expression tests and the event ids that its terms spell.
fn search_parts(expr: &SearchExpr, fields: &mut Vec<String>, spelled: &mut Vec<(String, u32)>) {
    match &expr.node {
        SearchKind::And(list) | SearchKind::Or(list) => {
            list.iter().for_each(|expr| search_parts(expr, fields, spelled));
        }
        SearchKind::Not(inner) => search_parts(inner, fields, spelled),
        SearchKind::Phrase(text) | SearchKind::Term(text) => {
            spelled.extend(spelled_event_id(&expr.node).map(|id| (text.clone(), id)));
        }
        SearchKind::Compare { field, .. } | SearchKind::In { field, .. } => {
            fields.push(field.node.clone());
        }
        _ => {}
    }
}

/// The fields that a command without an operator of its own reads.
fn command_fields(kind: &CommandKind, fields: &mut Vec<String>) {
    fields.extend(commands::fields_read(kind).into_iter().map(str::to_owned));
    let CommandKind::Foreach(foreach) = kind else { return };
    for command in &foreach.template {
        match &command.kind {
            CommandKind::Where(expr) => expr_fields(expr, fields),
            CommandKind::Eval(list) => list.iter().for_each(|(_, e)| expr_fields(e, fields)),
            CommandKind::Regex { field, .. } => fields.push(field.node.clone()),
            kind => command_fields(kind, fields),
        }
    }
}

fn expr_fields(expr: &Expr, fields: &mut Vec<String>) {
    ast::each_field(expr, &mut |name| fields.push(name.to_owned()));
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Search(_) => f.write_str("search"),
            Self::Where(_) => f.write_str("where"),
            Self::Regex { field, negated, pattern } => {
                let op = if *negated { "!=" } else { "=" };
                write!(f, "regex {field}{op}\"{}\"", pattern.node)
            }
            Self::Table(list) => write!(f, "table {}", list.join(", ")),
            Self::Fields { keep, list } => {
                write!(f, "fields {} {}", if *keep { '+' } else { '-' }, list.join(", "))
            }
            Self::Rename(list) => {
                let pairs: Vec<_> = list.iter().map(|(a, b)| format!("{a} as {b}")).collect();
                write!(f, "rename {}", pairs.join(", "))
            }
            Self::Eval(list) => {
                let names: Vec<_> = list.iter().map(|(name, _)| name.as_str()).collect();
                write!(f, "eval {}", names.join(", "))
            }
            Self::Bin(bin) => write!(f, "bin {} span={:?} as {}", bin.field, bin.span, bin.name),
            Self::Stats { aggregations, by } => {
                let list: Vec<_> = aggregations
                    .iter()
                    .map(|a| {
                        let argument = match &a.argument {
                            None => String::new(),
                            Some(AggregationArgument::Field(field)) => format!("({})", field.node),
                            Some(AggregationArgument::Eval(_)) => "(eval)".to_owned(),
                        };
                        format!("{}{argument} as {}", a.function, a.name)
                    })
                    .collect();
                write!(f, "stats {} by {}", list.join(", "), by.join(", "))
            }
            Self::Command(kind) => f.write_str(commands::name(kind)),
        }
    }
}
