//! What a mapped field may be made of.

use std::borrow::Cow;
use std::num::NonZeroUsize;

use serde::Deserialize;

use super::{Cim, CimView, Constant, Edges};
use crate::reading::Accommodation;

/// How one field is made. The forms are documented at the top of `windows.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "a field name or one of the forms listed at the top of windows.toml")]
pub(super) enum Expr {
    Raw(String),
    Const(Const),
    FirstOf(FirstOf),
    Value(Nth),
    Not(Not),
    Basename(Basename),
    WithoutDomain(WithoutDomain),
    ImageOf(ImageOf),
    ArgumentsOf(ArgumentsOf),
    Process(Process),
    Message(Message),
    Outcome(Outcome),
    Joined(Joined),
}

/// `{ const = "text" }`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Const {
    r#const: String,
}

/// `{ first_of = [A, B] }`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FirstOf {
    first_of: Vec<Expr>,
}

/// `{ value = N, of = A, at_least = M }`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nth {
    value: NonZeroUsize,
    of: Box<Expr>,
    at_least: Option<usize>,
}

/// `{ not = ["-"], of = A }`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Not {
    not: Vec<String>,
    of: Box<Expr>,
}

/// `{ basename = A }`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Basename {
    basename: Box<Expr>,
}

/// `{ without_domain = A }`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WithoutDomain {
    without_domain: Box<Expr>,
}

/// `{ image_of = A }`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImageOf {
    image_of: Box<Expr>,
}

/// `{ arguments_of = A }`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ArgumentsOf {
    arguments_of: Box<Expr>,
}

/// `{ command_line = A, image = B }`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Process {
    command_line: Box<Expr>,
    image: Box<Expr>,
}

/// `{ message = true }`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Message {
    message: bool,
}

/// `{ success = ["0"], of = A }`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Outcome {
    success: Vec<String>,
    of: Box<Expr>,
}

/// `{ joined = [A, B] }`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Joined {
    joined: Vec<Expr>,
}

type Values<'a> = Vec<Cow<'a, str>>;

impl Expr {
    /// Whether it is the raw field of this name, as it is.
    pub(super) fn is_raw(&self, name: &str) -> bool {
        matches!(self, Self::Raw(raw) if raw == name)
    }

    /// The values for one event: none when the field is missing.
    pub(super) fn values<'a>(&'a self, view: &'a CimView<'_>) -> Values<'a> {
        match self {
            Self::Raw(name) if name == "host" => {
                view.event.meta.host.as_deref().map(Cow::Borrowed).into_iter().collect()
            }
            Self::Raw(name) => view.event.fields.all(name).map(Cow::Borrowed).collect(),
            Self::Const(form) => vec![Cow::Borrowed(&form.r#const)],
            Self::FirstOf(form) => form
                .first_of
                .iter()
                .map(|expr| expr.values(view))
                .find(|values| !values.is_empty())
                .unwrap_or_default(),
            Self::Value(form) => nth(form, view),
            Self::Not(form) => {
                let mut values = form.of.values(view);
                values.retain(|value| !form.not.iter().any(|not| not == value));
                values
            }
            Self::Basename(form) => after_last(form.basename.values(view), &['\\', '/']),
            Self::WithoutDomain(form) => after_last(form.without_domain.values(view), &['\\']),
            Self::ImageOf(form) => halves(form.image_of.values(view), view, |half| half.image),
            Self::ArgumentsOf(form) => {
                halves(form.arguments_of.values(view), view, |half| half.arguments)
            }
            Self::Process(form) => process(form, view).into_iter().collect(),
            Self::Message(form) if !form.message => Values::new(),
            Self::Message(_) => rebuilt_message(view).map(Cow::Owned).into_iter().collect(),
            Self::Outcome(form) => outcome(form, view).map(Cow::Borrowed).into_iter().collect(),
            Self::Joined(form) => {
                let values: Vec<_> =
                    form.joined.iter().flat_map(|expr| expr.values(view)).collect();
                match values.is_empty() {
                    true => Values::new(),
                    false => vec![Cow::Owned(values.join(BLANK))],
                }
            }
        }
    }

    /// Every constant text that may stand in a value or beside a raw piece of it.
    pub(super) fn constants<'c>(&'c self, cim: &'c Cim, into: &mut Vec<Constant<'c>>) {
        match self {
            Self::Raw(_) => {}
            Self::Const(form) => into.push(Constant::alone(&form.r#const)),
            Self::FirstOf(form) => form.first_of.iter().for_each(|expr| expr.constants(cim, into)),
            Self::Value(Nth { of, .. })
            | Self::Not(Not { of, .. })
            | Self::Basename(Basename { basename: of })
            | Self::WithoutDomain(WithoutDomain { without_domain: of })
            | Self::ImageOf(ImageOf { image_of: of })
            | Self::ArgumentsOf(ArgumentsOf { arguments_of: of }) => of.constants(cim, into),
            Self::Process(form) => {
                form.command_line.constants(cim, into);
                form.image.constants(cim, into);
                into.extend([QUOTE, BLANK].map(Constant::between));
            }
            // What it is made of is not in it.
            Self::Outcome(_) => into.extend([SUCCESS, FAILURE].map(Constant::alone)),
            Self::Joined(form) => {
                form.joined.iter().for_each(|expr| expr.constants(cim, into));
                into.push(Constant::between(BLANK));
            }
            Self::Message(_) => {
                into.push(Constant::between(LINE));
                for message in &cim.messages {
                    let mut parts = placeholders(&message.text).peekable();
                    let mut follows_raw = false;
                    while let Some(part) = parts.next() {
                        if let Part::Text(text) = part {
                            let precedes_raw = parts.peek().is_some();
                            into.push(Constant { text, follows_raw, precedes_raw });
                        }
                        follows_raw = true;
                    }
                }
            }
        }
    }
}

impl Expr {
    /// What a value is made with beside raw pieces; `None` as [`Cim::edges`] says.
    pub(super) fn edges(&self, cim: &Cim, into: &mut Edges) -> Option<()> {
        match self {
            // It may be the default host.
            Self::Raw(name) if name == "host" => return None,
            Self::Raw(_) => {}
            Self::Const(form) => into.constants.push(form.r#const.clone()),
            Self::FirstOf(form) => {
                return form.first_of.iter().try_for_each(|expr| expr.edges(cim, into));
            }
            Self::Value(Nth { of, .. })
            | Self::Not(Not { of, .. })
            | Self::Basename(Basename { basename: of })
            | Self::WithoutDomain(WithoutDomain { without_domain: of })
            | Self::ImageOf(ImageOf { image_of: of })
            | Self::ArgumentsOf(ArgumentsOf { arguments_of: of }) => return of.edges(cim, into),
            Self::Process(form) => {
                form.command_line.edges(cim, into)?;
                form.image.edges(cim, into)?;
                // Behind the second quote stands a blank.
                into.before.extend(QUOTE.chars());
                into.behind.extend(QUOTE.chars());
            }
            Self::Outcome(_) => {
                into.constants.extend([SUCCESS, FAILURE].map(str::to_owned));
            }
            Self::Joined(form) => {
                return form.joined.iter().try_for_each(|expr| expr.edges(cim, into));
            }
            // Values without a template are joined by line ends.
            Self::Message(_) => {
                let mut templates = cim.messages.iter();
                return templates.try_for_each(|message| template_edges(&message.text, into));
            }
        }
        Some(())
    }
}

/// What a message's template puts beside its values; `None` where two values have no white space
/// between them.
fn template_edges(template: &str, into: &mut Edges) -> Option<()> {
    let parts: Vec<_> = placeholders(template).collect();
    for (at, part) in parts.iter().enumerate() {
        let follows = at > 0;
        let precedes = at + 1 < parts.len();
        let Part::Text(text) = part else {
            if matches!(parts.get(at + 1), Some(Part::Value(_))) {
                return None;
            }
            continue;
        };
        if follows && precedes && !text.contains(|c: char| c.is_ascii_whitespace()) {
            return None;
        }
        let word = |c: &char| !c.is_ascii_whitespace();
        if follows {
            into.behind.extend(text.chars().take_while(word));
        }
        if precedes {
            into.before.extend(text.chars().rev().take_while(word));
        }
        into.constants.push((*text).to_owned());
    }
    Some(())
}

const QUOTE: &str = "\"";
const BLANK: &str = " ";
const LINE: &str = "\n";
const SUCCESS: &str = "success";
const FAILURE: &str = "failure";

/// Whether what a field says of the outcome is one of the texts that stand for success.
fn outcome(form: &Outcome, view: &CimView<'_>) -> Option<&'static str> {
    let values = form.of.values(view);
    let first = values.first()?;
    let good = form.success.iter().any(|text| text.eq_ignore_ascii_case(first));
    Some(if good { SUCCESS } else { FAILURE })
}

fn nth<'a>(form: &'a Nth, view: &'a CimView<'_>) -> Values<'a> {
    let values = form.of.values(view);
    if values.len() < form.at_least.unwrap_or(0) {
        return Values::new();
    }
    values.into_iter().nth(form.value.get() - 1).into_iter().collect()
}

fn after_last<'a>(values: Values<'a>, separators: &[char]) -> Values<'a> {
    values
        .into_iter()
        .map(|value| match value {
            Cow::Borrowed(text) => Cow::Borrowed(text.rsplit(separators).next().unwrap_or(text)),
            Cow::Owned(text) => Cow::Owned(text.rsplit(separators).next().unwrap_or("").to_owned()),
        })
        .filter(|value| !value.is_empty())
        .collect()
}

/// A command line cut as the add-on cuts it: `(^"[^"]+"|[^\s]+)\s*(.*)` (SPLUNK.md 5).
struct Halves<'t> {
    image: &'t str,
    arguments: &'t str,
}

impl<'t> Halves<'t> {
    /// `whole`: whether the arguments may run over several lines (accommodation
    /// `multiline-value`); in the add-on's regex `.` ends at a line break.
    fn of(line: &'t str, whole: bool) -> Option<Self> {
        let blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c');
        let quoted = line
            .strip_prefix('"')
            .and_then(|rest| rest.find('"').filter(|&end| end > 0).map(|end| end + 2));
        let (image, rest) = match quoted {
            Some(end) => line.split_at(end),
            None => {
                let line = line.trim_start_matches(blank);
                line.split_at(line.find(blank).unwrap_or(line.len()))
            }
        };
        if image.is_empty() {
            return None;
        }
        let rest = rest.trim_start_matches(blank);
        let arguments = if whole { rest } else { rest.split('\n').next().unwrap_or(rest) };
        Some(Self { image, arguments })
    }
}

fn whole_lines(view: &CimView<'_>) -> bool {
    view.has(Accommodation::MultilineValue)
}

fn halves<'a>(
    values: Values<'a>,
    view: &CimView<'_>,
    pick: impl for<'t> Fn(Halves<'t>) -> &'t str,
) -> Values<'a> {
    let whole = whole_lines(view);
    values
        .into_iter()
        .filter_map(|value| match value {
            Cow::Borrowed(text) => Halves::of(text, whole).map(|half| Cow::Borrowed(pick(half))),
            Cow::Owned(text) => {
                Halves::of(&text, whole).map(|half| Cow::Owned(pick(half).to_owned()))
            }
        })
        .filter(|value| !value.is_empty())
        .collect()
}

/// The add-on's `process` of a 4688 (SPLUNK.md 5, "`process` for 4688 is not the command line").
fn process<'a>(form: &'a Process, view: &'a CimView<'_>) -> Option<Cow<'a, str>> {
    let line = form.command_line.values(view).into_iter().next();
    let image = form.image.values(view).into_iter().next();
    let Some(line) = line else { return image };
    let Some(half) = Halves::of(&line, whole_lines(view)) else { return image };
    if half.image.contains('\\') {
        return Some(line);
    }
    let Some(image) = image else { return Some(line) };
    if half.arguments.is_empty() {
        return Some(image);
    }
    let quote = if image.contains(' ') { QUOTE } else { "" };
    Some(Cow::Owned(format!("{quote}{image}{quote}{BLANK}{}", half.arguments)))
}

/// The message of an event that carries only its values (accommodation `message-text`).
fn rebuilt_message(view: &CimView<'_>) -> Option<String> {
    let event = view.event;
    let template = view.cim.messages.iter().rev().find(|message| {
        Some(message.event_id) == event.event_id
            && event.provider.as_deref().is_some_and(|p| p.eq_ignore_ascii_case(&message.provider))
    });
    let Some(template) = template else {
        let values: Vec<&str> =
            event.data.iter().map(String::as_str).filter(|value| !value.is_empty()).collect();
        return (!values.is_empty()).then(|| values.join(LINE));
    };
    Some(
        placeholders(&template.text)
            .map(|part| match part {
                Part::Text(text) => text,
                Part::Value(at) => event.data.get(at - 1).map_or("", String::as_str),
            })
            .collect(),
    )
}

enum Part<'t> {
    Text(&'t str),
    /// `%N`, from 1.
    Value(usize),
}

/// Splits a message template into its texts and its `%1` to `%99`.
fn placeholders(template: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let digits = |text: &str| text.bytes().take(2).take_while(u8::is_ascii_digit).count();
        if let Some(after) = rest.strip_prefix('%')
            && let count @ 1.. = digits(after)
            && let Ok(number @ 1..) = after[..count].parse()
        {
            rest = &after[count..];
            return Some(Part::Value(number));
        }
        let end = rest[1..].find('%').map_or(rest.len(), |at| at + 1);
        let (text, after) = rest.split_at(end);
        rest = after;
        Some(Part::Text(text))
    })
}
