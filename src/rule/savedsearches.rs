//! `savedsearches.conf`: each stanza with a search is a rule.
//!
//! What a stanza does not set itself it has from `[default]` or from the settings before the first
//! stanza; of a key or stanza that stands twice the last counts (Splunk 8.2,
//! savedsearches.conf.spec and "Configuration file precedence").

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::spl::conf::{self, Conf, Setting};

use super::error::RuleError;
use super::source_map::SourceMap;
use super::{Rule, RuleOrigin, line_starts};

/// How many stanzas a file may have: ten times what published ones do.
const MAX_RULES: usize = 20_000;

/// The settings of a stanza by key.
type Settings<'c> = BTreeMap<&'c str, &'c Setting>;

/// Whether a text is a `.conf` file of searches: its first line that says anything names a stanza
/// or sets something, and one line sets `search`.
pub(super) fn is_conf(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
    let is_key = |key: &str| {
        !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    let opens = first.is_some_and(|line| {
        let sets = line.split_once('=').is_some_and(|(key, _)| is_key(key.trim_end()));
        sets || (line.starts_with('[') && line.ends_with(']'))
    });
    let key = |line: &str| line.split_once('=').map(|(key, _)| key.trim_end() == "search");
    opens && text.lines().any(|line| key(line) == Some(true))
}

/// The rules of a file, in the order of their stanzas.
pub(super) fn parse(text: &str, name: &str) -> Result<Vec<Rule>, RuleError> {
    let wrong = |line, message| RuleError::Conf { name: name.to_owned(), line, message };
    let conf = conf::parse(text).map_err(|error| wrong(error.line, error.message))?;
    let file =
        File { name, text: text.into(), lines: line_starts(text), inherited: inherited(&conf) };
    let own = own(&conf);
    if own.len() > MAX_RULES {
        return Err(wrong(1, format!("more than {MAX_RULES} stanzas")));
    }
    let rules: Vec<_> =
        own.iter().filter_map(|(title, settings)| file.rule(title, settings)).collect();
    if rules.is_empty() {
        return Err(RuleError::Missing { name: name.to_owned(), key: "search" });
    }
    Ok(rules)
}

/// What every stanza has that does not say otherwise.
fn inherited(conf: &Conf) -> Settings<'_> {
    let defaults = conf.stanzas.iter().filter(|stanza| stanza.name == "default");
    let settings = conf.global.iter().chain(defaults.flat_map(|stanza| &stanza.settings));
    settings.map(|setting| (setting.key.as_str(), setting)).collect()
}

/// The stanzas but `[default]`, each with what it sets itself.
fn own(conf: &Conf) -> Vec<(&str, Settings<'_>)> {
    let mut own: Vec<(&str, Settings<'_>)> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for stanza in conf.stanzas.iter().filter(|stanza| stanza.name != "default") {
        let settings = stanza.settings.iter().map(|setting| (setting.key.as_str(), setting));
        let at = *places.entry(&stanza.name).or_insert(own.len());
        match own.get_mut(at) {
            Some((_, known)) => known.extend(settings),
            None => own.push((&stanza.name, settings.collect())),
        }
    }
    own
}

/// What all rules of a file share.
struct File<'c> {
    name: &'c str,
    text: Arc<str>,
    lines: Arc<[usize]>,
    inherited: Settings<'c>,
}

impl File<'_> {
    /// The rule of a stanza, if it has a search.
    fn rule(&self, title: &str, own: &Settings<'_>) -> Option<Rule> {
        let setting = |key: &str| own.get(key).or_else(|| self.inherited.get(key)).copied();
        let value = |key: &str| setting(key).map(|setting| setting.value.as_str());
        let search = setting("search").filter(|setting| !setting.value.is_empty())?;
        let annotations = value("action.correlationsearch.annotations")
            .and_then(|json| serde_json::from_str::<serde_json::Value>(json).ok())
            .unwrap_or_default();
        let annotated = |key: &str| -> Vec<String> {
            let list = annotations.get(key).and_then(serde_json::Value::as_array);
            let texts = list.into_iter().flatten().filter_map(serde_json::Value::as_str);
            texts.map(str::to_owned).collect()
        };
        let owned = |key: &str| value(key).unwrap_or_default().to_owned();
        Some(Rule {
            id: title.to_owned(),
            title: title.to_owned(),
            description: owned("description"),
            how_to_implement: owned("action.escu.how_to_implement"),
            search: search.value.clone(),
            technique_ids: annotated("mitre_attack"),
            techniques: Vec::new(),
            data_category: annotated("data_source"),
            references: Vec::new(),
            disabled: value("disabled").is_some_and(is_true),
            origin: RuleOrigin {
                name: self.name.to_owned(),
                text: Arc::clone(&self.text),
                lines: Arc::clone(&self.lines),
                map: SourceMap::of_runs(&search.runs),
            },
        })
    }
}

/// Whether a value of a switch means yes, as Splunk reads one.
fn is_true(value: &str) -> bool {
    ["1", "true", "t", "yes", "y"].iter().any(|yes| value.eq_ignore_ascii_case(yes))
}
