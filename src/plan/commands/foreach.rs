//! `foreach`: commands for each field whose name matches a pattern (SPLUNK.md 4, foreach).
//!
//! The fields are those of the row, in name order, each once; one that is named without a wildcard
//! is taken whether the row has it or not. Splunk takes the fields of all results.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::super::logical;
use super::super::physical::{self, Step};
use super::{Context, Lowered, Operator, RowCommand};
use crate::eval::expr::Compiler;
use crate::eval::glob::Glob;
use crate::eval::row::Record;
use crate::reading::Reading;
use crate::spl::ast::{self, Command};
use crate::spl::codes;
use crate::spl::diagnostic::{Diagnostic, Severity};
use crate::spl::template::{self, Filling};

/// For how many fields of a row the commands are run: the first in name order. Rows with more do
/// not come from any program that logs.
const MAX_FIELDS: usize = 1000;

/// For how many fields the compiled commands are kept.
const MAX_KEPT: usize = 256;

/// Runs commands for each of some fields.
#[derive(Debug)]
struct Foreach {
    patterns: Vec<Glob>,
    template: Vec<Command>,
    compiler: Compiler,
    /// The commands compiled, by the name of the field.
    kept: RwLock<BTreeMap<String, Arc<[Step]>>>,
}

pub(super) fn lower(foreach: &ast::Foreach, compiler: &mut Compiler) -> Option<Lowered> {
    // What is wrong with the commands is wrong with them for whatever field. The compiler keeps
    // the regexes for which the field makes no difference.
    let sample = Filling { field: "field", matched: "field", segments: &["field"; 3] };
    let mut nested = compiler.nested();
    steps(&sample.fill(&foreach.template), &mut nested);
    let is_sound = nested.diagnostics.iter().all(|finding| finding.severity < Severity::Error);
    compiler.close(&mut nested);
    is_sound.then(|| {
        Lowered::Row(Box::new(Foreach {
            patterns: foreach.fields.iter().map(|pattern| Glob::new(&pattern.node)).collect(),
            template: foreach.template.clone(),
            compiler: nested,
            kept: RwLock::default(),
        }))
    })
}

fn steps(commands: &[Command], compiler: &mut Compiler) -> Vec<Step> {
    commands.iter().filter_map(|command| step(command, compiler)).collect()
}

fn step(command: &Command, compiler: &mut Compiler) -> Option<Step> {
    if template::takes(&command.kind) {
        // No command that can stand in a template is read in two ways.
        let operator = logical::operator(command, Reading::AS_MEANT, &mut compiler.diagnostics)?;
        let Operator::Command(kind) = &operator else {
            return physical::step(&operator, compiler);
        };
        // None of them has a subsearch.
        if let Lowered::Row(command) = super::lower(kind, compiler, &mut 0)? {
            return Some(Step::Command(command));
        }
    }
    compiler.diagnostics.push(
        Diagnostic::error(
            codes::NOT_IN_FOREACH,
            "this command cannot stand in the brackets of `foreach`, or not yet",
            command.span,
        )
        .with_hint("eval, fields, fillnull with a list, regex, rename, rex and where can"),
    );
    None
}

impl RowCommand for Foreach {
    fn apply(&self, mut record: Record, context: Context<'_>) -> Option<Record> {
        for name in self.fields(&record) {
            for step in self.steps(&name).iter() {
                record = step.apply(record, context)?;
            }
        }
        Some(record)
    }
}

impl Foreach {
    /// The names of the fields that the commands are for, in their order.
    fn fields(&self, record: &Record) -> Vec<String> {
        let exact = self.patterns.iter().filter(|pattern| pattern.is_exact());
        let exact = exact.flat_map(|pattern| pattern.parts().iter().cloned());
        let names = record.iter().map(|(name, _)| name);
        let names = names.filter(|name| physical::selects(&self.patterns, name));
        let mut names: Vec<_> = names.map(str::to_owned).chain(exact).collect();
        names.sort_unstable();
        names.dedup();
        names.truncate(MAX_FIELDS);
        names
    }

    /// The commands for one field. Where they cannot be compiled, for a regex that its name makes
    /// malformed, there are none.
    fn steps(&self, name: &str) -> Arc<[Step]> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(steps) = kept.get(name) {
            return Arc::clone(steps);
        }
        drop(kept);
        let steps = self.compile(name);
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(name.to_owned(), Arc::clone(&steps));
        steps
    }

    fn compile(&self, name: &str) -> Arc<[Step]> {
        let pattern = self.patterns.iter().find(|pattern| pattern.matches(name));
        let segments = pattern.map(|pattern| pattern.captures(name)).unwrap_or_default();
        let matched = pattern.map(|pattern| wild_part(pattern, name)).unwrap_or_default();
        let filling = Filling { field: name, matched, segments: &segments };
        let mut compiler = self.compiler.clone();
        let steps = steps(&filling.fill(&self.template), &mut compiler);
        let is_sound =
            compiler.diagnostics.iter().all(|finding| finding.severity < Severity::Error);
        if is_sound { steps.into() } else { Arc::new([]) }
    }
}

/// The part of a name from the first wildcard of the pattern to the last.
fn wild_part<'n>(pattern: &Glob, name: &'n str) -> &'n str {
    match pattern.parts() {
        [first, .., last] => {
            let end = name.len().saturating_sub(last.len());
            name.get(first.len()..end).unwrap_or_default()
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::eval::row::Scratch;
    use crate::spl::ast::CommandKind;
    use crate::spl::{Macros, parse};
    use crate::value::Field;

    fn lowered(foreach: &str) -> (Option<Lowered>, Vec<&'static str>) {
        let parsed = parse(&format!("* | foreach {foreach}"), &Macros::empty());
        let mut commands = parsed.pipeline.expect("a search").commands;
        let Some(CommandKind::Foreach(foreach)) = commands.pop().map(|command| command.kind) else {
            panic!("{foreach} is no foreach")
        };
        let mut compiler = Compiler::default();
        let lowered = lower(&foreach, &mut compiler);
        (lowered, compiler.diagnostics.iter().map(|finding| finding.code).collect())
    }

    /// The fields after `foreach` of a row of these fields, each of which has the value `v`.
    fn after(foreach: &str, names: &[&str]) -> Vec<String> {
        let (Some(Lowered::Row(command)), _) = lowered(foreach) else { panic!("{foreach}") };
        let scratch = Scratch::default();
        let allowance = crate::plan::Allowance::new(usize::MAX);
        let context = Context {
            scratch: &scratch,
            timezone: &TimeZone::UTC,
            allowance: &allowance,
            subsearches: &[],
        };
        let fields = names.iter().map(|name| ((*name).to_owned(), Field::text("v")));
        let record = command.apply(Record::new(fields), context).expect("no row is dropped");
        let shown = record.iter().map(|(name, field)| match field {
            Field::One(value) => format!("{name}={}", value.text()),
            Field::Many(_) => name.to_owned(),
        });
        shown.collect()
    }

    #[test]
    fn names_are_never_read_as_spl() {
        let hostile = r#"a", host="x"] | table b"#;
        for template in ["eval <<FIELD>>=upper(<<FIELD>>)", "eval '<<FIELD>>'=upper('<<FIELD>>')"] {
            let fields = after(&format!("a* [ {template} ]"), &[hostile, "a b", "b"]);
            assert_eq!(fields, ["a b=V", &format!("{hostile}=V"), "b=v"], "{template}");
        }
        // A regex that a name makes malformed leaves its field alone.
        let fields = after(r#"* [ rex field=b "(?<x><<FIELD>>|v)" ]"#, &["(", "b"]);
        assert_eq!(fields, ["(=v", "b=v", "x=v"]);
    }

    #[test]
    fn many_fields_and_regexes_are_bounded() {
        let names: Vec<String> = (0..MAX_FIELDS + 500).map(|at| format!("f{at:05}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let fields = after(r#"f* [ rex field=<<FIELD>> mode=sed "s/v|<<FIELD>>/w/" ]"#, &names);
        let changed = fields.iter().filter(|field| field.ends_with("=w")).count();
        assert_eq!(changed, MAX_FIELDS);
    }

    #[test]
    fn commands_that_cannot_stand_there_are_refused() {
        for (template, code) in [
            ("stats count", codes::NOT_IN_FOREACH),
            ("fillnull", codes::NOT_IN_FOREACH),
            ("head 1", codes::NOT_IN_FOREACH),
            ("search a=1", codes::NOT_IN_FOREACH),
            ("regex a=\"(\"", codes::BAD_REGEX),
            ("eval a=(1=1)", codes::BOOLEAN_VALUE),
        ] {
            let (lowered, found) = lowered(&format!("a* [ {template} ]"));
            assert_eq!((lowered.is_none(), found), (true, vec![code]), "{template}");
        }
    }
}
