//! Macros: names in backticks that stand for text.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::conf::{self, ConfError};

/// How large a file of macros may be, in bytes.
const MAX_FILE: u64 = 4 << 20;

/// `group_events(by, span)` of Anvilogic's rules, whose text is not published. It is taken for what
/// some of them write out in its place, `bin span=S | stats values(*) as * by _time, host`, with
/// the three fields that rules test after it: `event_count`, how many events a row stands for, and
/// `start_time` and `end_time`, when the first and last of them were. A span without a unit is in
/// seconds. It is called without a pipe before it, so it brings its own.
const GROUP_EVENTS: &str = "| eval _event_time=_time | bin _time span=$span$ \
    | stats values(*) as * min(_event_time) as start_time max(_event_time) as end_time \
    count as event_count by _time, $by$";

/// The macros built in: those that name a kind of source, as a test of the internal metadata field
/// `_source_kind`, and the few whose meaning is known (SPLUNK.md, Decisions).
const BUILTIN: &[(&str, &[&str], &str)] = &[
    ("get_endpoint_data", &[], "_source_kind=endpoint"),
    ("get_endpoint_data_edr", &[], "_source_kind=edr"),
    ("get_endpoint_data_powershell", &[], "_source_kind=powershell"),
    ("get_endpoint_data_sysmon", &[], "_source_kind=sysmon"),
    ("get_endpoint_data_unix", &[], "_source_kind=unix"),
    ("get_endpoint_data_windows", &[], "_source_kind=windows"),
    ("get_endpoint_data_winevent", &[], "_source_kind=winevent"),
    ("get_application_data", &[], "_source_kind=application"),
    ("get_application_data_api", &[], "_source_kind=api"),
    ("get_authentication_data", &[], "_source_kind=authentication"),
    ("get_authentication_data_auth0", &[], "_source_kind=auth0"),
    ("get_cloud_data", &[], "_source_kind=cloud"),
    ("get_cloud_data_aws", &[], "_source_kind=aws"),
    ("get_cloud_data_azure", &[], "_source_kind=azure"),
    ("get_cloud_data_gcp", &[], "_source_kind=gcp"),
    ("get_cloud_data_gsuite", &[], "_source_kind=gsuite"),
    ("get_cloud_data_iam", &[], "_source_kind=iam"),
    ("get_cloud_data_o365", &[], "_source_kind=o365"),
    ("get_cloud_data_storage", &[], "_source_kind=storage"),
    ("get_email_data", &[], "_source_kind=email"),
    ("get_email_data_malicious", &[], "_source_kind=malicious_email"),
    ("get_network_data", &[], "_source_kind=network"),
    ("get_network_data_fw", &[], "_source_kind=fw"),
    ("get_web_data", &[], "_source_kind=web"),
    ("get_web_data_access_logs", &[], "_source_kind=access_logs"),
    ("get_web_data_proxy", &[], "_source_kind=proxy"),
    ("get_web_data_waf", &[], "_source_kind=waf"),
    ("add_fields_eoi", &[], ""),
    // Hands the rows on to a collector, which a sweep's output does anyway. It stands behind the
    // last command, mostly without a pipe, so it is no command of its own.
    ("hec_collect", &[], ""),
    ("group_events", &["by", "span"], GROUP_EVENTS),
    ("ut_shannon", &["word"], "eval ut_shannon=ut_shannon($word$)"),
];

/// What a macro stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Macro {
    /// The names of its arguments, written `$name$` in the definition.
    pub arguments: Vec<String>,
    /// The text it stands for.
    pub definition: String,
}

impl Macro {
    /// The definition with the arguments put in. Values are not searched again.
    pub(super) fn substitute(&self, values: &[String]) -> String {
        let mut out = String::with_capacity(self.definition.len());
        let mut rest = self.definition.as_str();
        while let Some((before, after)) = rest.split_once('$') {
            out.push_str(before);
            let value = after.split_once('$').and_then(|(name, tail)| {
                let at = self.arguments.iter().position(|argument| argument == name)?;
                Some((values.get(at)?, tail))
            });
            match value {
                // The definition may name an argument often and the argument be long: the
                // expander refuses more than this anyway.
                Some((value, tail)) if out.len() <= super::lexer::MAX_TEXT => {
                    out.push_str(value);
                    rest = tail;
                }
                _ => {
                    out.push('$');
                    rest = after;
                }
            }
        }
        out.push_str(rest);
        out
    }
}

/// The macros that a search may call, by name and number of arguments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Macros {
    by_name: BTreeMap<String, BTreeMap<usize, Macro>>,
}

/// What became of looking for a macro.
pub(super) enum Lookup<'a> {
    Found(&'a Macro),
    /// The name exists, with these numbers of arguments.
    OtherArity(Vec<usize>),
    Unknown,
}

/// Why a file of macros could not be read.
#[derive(Debug, thiserror::Error)]
pub enum MacroError {
    /// The file itself.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is larger than any file of macros.
    #[error("{}: larger than {MAX_FILE} bytes", .0.display())]
    TooLarge(PathBuf),
    /// What it says.
    #[error("{name}:{line}: {message}")]
    Syntax {
        /// Which file.
        name: String,
        /// The line, from 1.
        line: usize,
        /// Why.
        message: String,
    },
}

impl Macros {
    /// No macros at all.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// The macros that need no definition.
    #[must_use]
    pub fn builtin() -> Self {
        let mut macros = Self::empty();
        for (name, arguments, definition) in BUILTIN {
            let arguments = arguments.iter().map(ToString::to_string).collect();
            macros.insert(*name, arguments, *definition);
        }
        macros
    }

    /// Defines a macro, in place of one with the same name and number of arguments.
    pub fn insert(
        &mut self,
        name: impl Into<String>,
        arguments: Vec<String>,
        definition: impl Into<String>,
    ) {
        let definition = Macro { definition: definition.into(), arguments };
        let arity = definition.arguments.len();
        self.by_name.entry(name.into()).or_default().insert(arity, definition);
    }

    /// The macro of this name and number of arguments.
    #[must_use]
    pub fn get(&self, name: &str, arity: usize) -> Option<&Macro> {
        self.by_name.get(name)?.get(&arity)
    }

    /// Adds the macros of `other`, which win over those already here.
    pub fn extend(&mut self, other: Self) {
        for (name, definitions) in other.by_name {
            self.by_name.entry(name).or_default().extend(definitions);
        }
    }

    pub(super) fn lookup(&self, name: &str, arity: usize) -> Lookup<'_> {
        match self.by_name.get(name) {
            None => Lookup::Unknown,
            Some(definitions) => match definitions.get(&arity) {
                Some(definition) => Lookup::Found(definition),
                None => Lookup::OtherArity(definitions.keys().copied().collect()),
            },
        }
    }

    /// Reads a file of macros: TOML, or Splunk's own macros.conf.
    ///
    /// # Errors
    /// When the file cannot be read, or says something that is neither.
    pub fn load(path: &Path) -> Result<Self, MacroError> {
        let io = |source| MacroError::Io { path: path.to_owned(), source };
        // A pipe or device has no length, and may have no end.
        let mut text = String::new();
        let file = std::fs::File::open(path).map_err(io)?;
        let read = file.take(MAX_FILE + 1).read_to_string(&mut text);
        if text.len() as u64 > MAX_FILE {
            return Err(MacroError::TooLarge(path.to_owned()));
        }
        read.map_err(io)?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads the text of a file of macros; `name` is what errors call the file.
    ///
    /// The text is TOML when it can be read as such. A macros.conf whose definitions all are in
    /// double quotes can be, and loses those quotes: write `definition = ("...")` there.
    ///
    /// # Errors
    /// When the text is neither TOML nor macros.conf.
    pub fn parse(text: &str, name: &str) -> Result<Self, MacroError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match parse_toml(text, name) {
            Ok(macros) => Ok(macros),
            Err(toml) => match parse_conf(text, name) {
                Ok(macros) => Ok(macros),
                Err(conf) => Err(if looks_like_toml(text) { toml } else { conf }),
            },
        }
    }
}

/// Whether there are definitions and each opens with a quote, as in TOML it must.
fn looks_like_toml(text: &str) -> bool {
    let definitions = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("definition")?.trim_start().strip_prefix('='));
    let mut definitions = definitions.peekable();
    definitions.peek().is_some()
        && definitions.all(|value| value.trim_start().starts_with(['"', '\'']))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TomlMacro {
    definition: String,
    #[serde(default)]
    args: Vec<String>,
}

fn parse_toml(text: &str, name: &str) -> Result<Macros, MacroError> {
    let syntax = |line, message| MacroError::Syntax { name: name.to_owned(), line, message };
    let table: BTreeMap<String, TomlMacro> = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
        syntax(line, error.message().to_owned())
    })?;
    let mut macros = Macros::empty();
    for (title, entry) in table {
        let name = stanza_name(&title, entry.args.len()).map_err(|message| syntax(1, message))?;
        macros.insert(name, entry.args, entry.definition);
    }
    Ok(macros)
}

/// `name` or `name(2)`, where the number must be that of the arguments.
fn stanza_name(title: &str, arguments: usize) -> Result<String, String> {
    let Some((name, count)) = title.split_once('(') else {
        return Ok(title.trim().to_owned());
    };
    let count = count.trim_end().strip_suffix(')').map(|count| count.trim().parse::<usize>());
    match count.and_then(Result::ok) {
        Some(count) if count == arguments => Ok(name.trim().to_owned()),
        Some(count) => Err(format!("[{title}] says {count} arguments, `args` names {arguments}")),
        None => Err(format!("[{title}] is not the name of a macro")),
    }
}

fn parse_conf(text: &str, name: &str) -> Result<Macros, MacroError> {
    conf_macros(text).map_err(|ConfError { line, message }| MacroError::Syntax {
        name: name.to_owned(),
        line,
        message,
    })
}

/// The macros of a macros.conf.
fn conf_macros(text: &str) -> Result<Macros, ConfError> {
    let conf = conf::parse(text)?;
    if let Some(setting) = conf.global.first() {
        let message = "a setting before the first `[name]`".to_owned();
        return Err(ConfError { line: setting.line, message });
    }
    let mut macros = Macros::empty();
    // What [default] holds is of no use to a macro: each needs a definition of its own.
    for stanza in conf.stanzas.iter().filter(|stanza| stanza.name != "default") {
        conf_macro(stanza, &mut macros)?;
    }
    Ok(macros)
}

fn conf_macro(stanza: &conf::Stanza, macros: &mut Macros) -> Result<(), ConfError> {
    let (mut arguments, mut definition) = (Vec::new(), None);
    for setting in &stanza.settings {
        let value = setting.value.as_str();
        let wrong = |message| Err(ConfError { line: setting.line, message });
        match setting.key.as_str() {
            "definition" => definition = Some(value.to_owned()),
            "args" => {
                let names = value.split(',').map(str::trim).filter(|name| !name.is_empty());
                arguments = names.map(str::to_owned).collect();
            }
            // An eval macro computes its text by an expression; taking the expression as the text
            // would run another search than the one meant.
            "iseval" if !matches!(value, "0" | "f" | "false" | "no" | "") => {
                let title = &stanza.name;
                return wrong(format!("[{title}] is an eval macro, which is not supported"));
            }
            // What checks arguments changes no search whose arguments pass.
            "iseval" | "validation" | "errormsg" | "description" => {}
            key => return wrong(format!("`{key}` is not a setting of a macro")),
        }
    }
    let wrong = |message| ConfError { line: stanza.line, message };
    let name = stanza_name(&stanza.name, arguments.len()).map_err(wrong)?;
    let Some(definition) = definition else {
        return Err(wrong(format!("[{}] has no definition", stanza.name)));
    };
    macros.insert(name, arguments, definition);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition<'a>(macros: &'a Macros, name: &str, arity: usize) -> Option<(&'a str, usize)> {
        let found = macros.get(name, arity)?;
        Some((&found.definition, found.arguments.len()))
    }

    #[test]
    fn toml_and_conf_say_the_same() {
        let toml = "# mine\n[a]\ndefinition = \"index=main\"\n\
                    [\"b(2)\"]\nargs = [\"x\", \"y\"]\ndefinition = '| stats count by $x$ $y$'\n";
        let conf = "# mine\n[a]\ndefinition = index=main\niseval = 0\n\n\
                    [b(2)]\nargs = x, y\ndefinition = | stats \\\ncount by $x$ $y$\n";
        let toml = Macros::parse(toml, "m").unwrap();
        let conf = Macros::parse(conf, "m").unwrap();
        assert_eq!(definition(&toml, "a", 0), Some(("index=main", 0)));
        assert_eq!(definition(&conf, "a", 0), Some(("index=main", 0)));
        assert_eq!(definition(&toml, "b", 2), Some(("| stats count by $x$ $y$", 2)));
        assert_eq!(definition(&conf, "b", 2), Some(("| stats \ncount by $x$ $y$", 2)));
        assert_eq!(definition(&conf, "b", 0), None);
    }

    #[test]
    fn wrong_files_say_where() {
        for (text, expected) in [
            ("[a]\ndefinition = \"x\"\nargs = {}\ncolour = 3\n", "m:3: "),
            ("[a]\nargs = x, y\n", "m:1: [a] has no definition"),
            ("[a(1)]\nargs = x, y\ndefinition = z", "m:1: [a(1)] says 1 arguments"),
            ("definition = x\n", "m:1: a setting before"),
            ("[a]\n\ndefinition = x\niseval = 1\n", "m:4: [a] is an eval macro"),
            ("[a]\ndefinition = x\ncolour = red\n", "m:3: `colour` is not a setting"),
            ("[a\ndefinition = x\n", "m:1: this `[`"),
        ] {
            let error = Macros::parse(text, "m").unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text:?}: {error}");
        }
    }

    #[test]
    fn what_checks_arguments_is_passed_over() {
        let text = "[default]\nerrormsg = x\n[a(2)]\nargs = x, y\niseval = false\n\
                    validation = isnum(x)\nerrormsg = no\ndescription = d\n\
                    definition = $x$ OR \\\n  $y$\n";
        let macros = Macros::parse(text, "macros.conf").unwrap();
        assert_eq!(definition(&macros, "a", 2), Some(("$x$ OR \n  $y$", 2)));
        assert_eq!(macros.get("default", 0), None);
    }

    #[test]
    fn arguments_are_put_in_once() {
        let found = Macro {
            arguments: vec!["a".to_owned(), "b".to_owned()],
            definition: "$a$$b$ $c$ $ 5$ $a".to_owned(),
        };
        let values = ["$b$".to_owned(), "2".to_owned()];
        assert_eq!(found.substitute(&values), "$b$2 $c$ $ 5$ $a");
    }

    #[test]
    fn a_macro_that_only_hands_rows_on_may_be_glued_to_the_last_command() {
        for glued in ["a, src_ip`hec_collect`", "a, src_ip `hec_collect`", "a, src_ip"] {
            let parsed = crate::spl::parse(&format!("* | table {glued}"), &Macros::builtin());
            let last = parsed.pipeline.and_then(|mut pipeline| pipeline.commands.pop());
            let Some(crate::spl::ast::CommandKind::Table(list)) = last.map(|last| last.kind) else {
                panic!("{glued}: {:?}", parsed.diagnostics)
            };
            let names: Vec<_> = list.iter().map(|name| name.node.as_str()).collect();
            assert_eq!(names, ["a", "src_ip"], "{glued}");
        }
    }

    #[test]
    fn user_macros_win() {
        let mut macros = Macros::builtin();
        let mine = Macros::parse("[get_endpoint_data]\ndefinition = index=mine", "m").unwrap();
        macros.extend(mine);
        assert_eq!(definition(&macros, "get_endpoint_data", 0), Some(("index=mine", 0)));
        let builtin = definition(&macros, "get_endpoint_data_sysmon", 0);
        assert_eq!(builtin, Some(("_source_kind=sysmon", 0)));
    }
}
