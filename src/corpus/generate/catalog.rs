//! The kinds of events, as `corpora/events.toml` describes them, and events drawn from them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::random::Random;
use crate::corpus::evtx_writer::{Datum, EventSpec, Guid, Sid, Value};

/// What stands in a pool's row where each event of its own has its number of a process. In
/// hexadecimal `0x9f3c`.
pub(super) const PROCESS_MARK: u64 = 40764;
/// The same for Sysmon's `UtcTime`.
pub(super) const UTC_MARK: &str = "2031-07-09 23:58:47.123";

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Catalog {
    words: BTreeMap<String, Vec<String>>,
    provider: BTreeMap<String, Provider>,
    event: BTreeMap<String, Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Provider {
    name: String,
    guid: Option<String>,
    channel: String,
    keywords: String,
    qualifiers: Option<u16>,
    version: Option<u8>,
    opcode: Option<u8>,
    level: u8,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Entry {
    /// As another, with words of other lists.
    Like { like: String, words: BTreeMap<String, String> },
    /// Described here.
    Event(Kind),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kind {
    provider: String,
    id: u16,
    version: Option<u8>,
    task: u16,
    data: Vec<(String, DatumType, String)>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum DatumType {
    Text,
    Int,
    Hex,
    Sid,
    Guid,
}

/// A machine and who works at it.
#[derive(Debug)]
pub(super) struct Host {
    /// Its number in the corpus.
    pub number: u64,
    name: String,
    domain: &'static str,
}

const DOMAINS: [&str; 3] = ["CORP", "EMEA-PROD", "LAB"];
const USERS: [&str; 16] = [
    "SYSTEM",
    "a.meyer",
    "j.tanaka",
    "svc-backup",
    "Administrator",
    "wardog",
    "p.o'neill",
    "bob",
    "k.lindqvist",
    "svc_sql",
    "m.garcia",
    "LOCAL SERVICE",
    "pgustavo",
    "r.kumar",
    "d.ivanova",
    "x",
];

impl Host {
    pub(super) fn new(number: u64) -> Self {
        let domain = DOMAINS[(number % 3) as usize];
        let role = ["WS", "LAPTOP-", "SRV", "dc"][(number / 3 % 4) as usize];
        let suffix = domain.to_ascii_lowercase();
        Self { number, name: format!("{role}{number:05}.{suffix}.example.com"), domain }
    }
}

/// A value that owns what it holds.
#[derive(Debug)]
enum Owned {
    Text(String),
    Unsigned(u64),
    Hex(u64),
    Guid(Guid),
    Sid(Sid),
}

/// An event that was drawn; its time and number are given when it is written.
#[derive(Debug)]
pub(super) struct Drawn<'c> {
    provider: &'c Provider,
    kind: &'c Kind,
    guid: Option<Guid>,
    keywords: u64,
    computer: String,
    data: Vec<(Option<&'c str>, Owned)>,
    /// The number of the host.
    pub host: u64,
}

/// Why the catalog is of no use.
#[derive(Debug, thiserror::Error)]
#[error("corpora/events.toml: {0}")]
pub struct CatalogError(String);

fn wrong(what: impl std::fmt::Display) -> CatalogError {
    CatalogError(what.to_string())
}

/// What is drawn for one event: the words that go together.
struct Drawing<'a> {
    host: &'a Host,
    user: &'static str,
    logon: u64,
    renamed: Option<&'a BTreeMap<String, String>>,
}

impl Catalog {
    /// The catalog that comes with the program.
    pub(super) fn builtin() -> Result<Self, CatalogError> {
        toml::from_str(include_str!("../../../corpora/events.toml")).map_err(wrong)
    }

    /// Draws an event of a kind that happens on a host.
    pub(super) fn draw(
        &self,
        name: &str,
        host: &Host,
        random: &mut Random,
    ) -> Result<Drawn<'_>, CatalogError> {
        let unknown = |name: &str| wrong(format_args!("there is no event `{name}`"));
        let (kind, renamed) = match self.event.get(name).ok_or_else(|| unknown(name))? {
            Entry::Event(kind) => (kind, None),
            Entry::Like { like, words } => match self.event.get(like) {
                Some(Entry::Event(kind)) => (kind, Some(words)),
                _ => return Err(unknown(like)),
            },
        };
        let provider = self.provider.get(&kind.provider).ok_or_else(|| unknown(&kind.provider))?;
        let user = random.pick(&USERS).copied().unwrap_or_default();
        let drawing = Drawing { host, user, logon: 0x1_0000 + random.below(0xff_0000), renamed };
        let mut data = Vec::with_capacity(kind.data.len());
        for (name, what, pattern) in &kind.data {
            let mut text = String::with_capacity(pattern.len());
            self.fill(&mut text, pattern, &drawing, random, 0)?;
            let name = Some(name.as_str()).filter(|name| !name.is_empty());
            data.push((name, typed(*what, text)?));
        }
        Ok(Drawn {
            provider,
            kind,
            guid: provider.guid.as_deref().map(guid).transpose()?,
            keywords: u64::from_str_radix(&provider.keywords, 16).map_err(wrong)?,
            computer: host.name.clone(),
            data,
            host: host.number,
        })
    }

    /// Writes a pattern with its words.
    fn fill(
        &self,
        out: &mut String,
        pattern: &str,
        drawing: &Drawing<'_>,
        random: &mut Random,
        depth: usize,
    ) -> Result<(), CatalogError> {
        if depth > 4 {
            return Err(wrong("words in words in words"));
        }
        let mut rest = pattern;
        while let Some((plain, after)) = rest.split_once('{') {
            out.push_str(plain);
            let Some((word, after)) = after.split_once('}') else {
                return Err(wrong(format_args!("`{pattern}` lacks a }}")));
            };
            rest = after;
            match self.word(word, drawing, random) {
                // What looks like a word and is none stands for itself: `{CEBFF5CD-…}`.
                None => out.extend(["{", word, "}"]),
                Some(Word::Text(text)) => out.push_str(&text),
                Some(Word::Pattern(inner)) => {
                    self.fill(out, inner, drawing, random, depth + 1)?;
                }
            }
        }
        out.push_str(rest);
        Ok(())
    }

    fn word(&self, word: &str, drawing: &Drawing<'_>, random: &mut Random) -> Option<Word<'_>> {
        let host = drawing.host;
        Some(Word::Text(match word {
            "host" => host.name.split('.').next().unwrap_or_default().to_owned(),
            "user" => drawing.user.to_owned(),
            "domain" => host.domain.to_owned(),
            "sid" => {
                let user = USERS.iter().position(|user| *user == drawing.user).unwrap_or(0);
                let domain = 3_940_915_590u64.wrapping_sub(host.number % 3);
                format!("S-1-5-21-{domain}-64593676-1414006259-{}", 1000 + user)
            }
            "hex" => drawing.logon.to_string(),
            "pid" => PROCESS_MARK.to_string(),
            "utc" => UTC_MARK.to_owned(),
            "number" => (1000 + random.below(60_000)).to_string(),
            "guid" => {
                let (high, low) = (random.next(), random.next());
                format!(
                    "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
                    high >> 32,
                    high >> 16 & 0xffff,
                    high & 0xffff,
                    low >> 48,
                    low & 0xffff_ffff_ffff
                )
            }
            list => {
                let list = drawing.renamed.and_then(|words| words.get(list)).map_or(list, |to| to);
                return random.pick(self.words.get(list)?).map(|text| Word::Pattern(text));
            }
        }))
    }
}

/// What a word becomes.
enum Word<'a> {
    Text(String),
    Pattern(&'a str),
}

fn typed(what: DatumType, text: String) -> Result<Owned, CatalogError> {
    Ok(match what {
        DatumType::Text => Owned::Text(text),
        DatumType::Int => Owned::Unsigned(text.parse().map_err(wrong)?),
        DatumType::Hex => Owned::Hex(text.parse().map_err(wrong)?),
        DatumType::Sid => Owned::Sid(text.parse().map_err(wrong)?),
        DatumType::Guid => Owned::Guid(guid(&text)?),
    })
}

fn guid(text: &str) -> Result<Guid, CatalogError> {
    u128::from_str_radix(&text.replace('-', ""), 16).map(Guid).map_err(wrong)
}

impl Drawn<'_> {
    /// The data, borrowed for an [`EventSpec`].
    pub(super) fn data(&self) -> Vec<Datum<'_>> {
        let borrowed = self.data.iter().map(|(name, value)| Datum {
            name: *name,
            value: match value {
                Owned::Text(text) => Value::Text(text),
                Owned::Unsigned(number) => Value::Unsigned(*number),
                Owned::Hex(number) => Value::Hex(*number),
                Owned::Guid(guid) => Value::Guid(*guid),
                Owned::Sid(sid) => Value::Sid(sid),
            },
        });
        borrowed.collect()
    }

    /// The event with these data, at no time in particular.
    pub(super) fn spec<'a>(&'a self, data: &'a [Datum<'a>]) -> EventSpec<'a> {
        EventSpec {
            provider: &self.provider.name,
            guid: self.guid,
            event_id: self.kind.id,
            qualifiers: self.provider.qualifiers,
            version: self.kind.version.or(self.provider.version),
            level: self.provider.level,
            task: self.kind.task,
            opcode: self.provider.opcode,
            keywords: self.keywords,
            process: self.provider.guid.is_some().then_some((4, 5656)),
            channel: &self.provider.channel,
            computer: &self.computer,
            data,
            ..EventSpec::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_can_be_drawn() {
        let catalog = Catalog::builtin().unwrap();
        let mut random = Random::new(3);
        for kind in catalog.event.keys() {
            for number in 0..20 {
                let drawn = catalog.draw(kind, &Host::new(number), &mut random).unwrap();
                let data = drawn.data();
                assert!(!data.is_empty());
                let text = format!("{data:?}");
                for word in ["{user}", "{number}", "{image}", "{command}", "{host}"] {
                    assert!(!text.contains(word), "{kind}: {text}");
                }
            }
        }
        assert!(catalog.draw("nothing", &Host::new(0), &mut random).is_err());
    }

    #[test]
    fn hits_match_the_seed_rules_regex_and_others_do_not() {
        let regex = regex_automata::meta::Regex::new(r"(?i)\w+tps?://\S+\.msi").unwrap();
        let catalog = Catalog::builtin().unwrap();
        let mut random = Random::new(4);
        for kind in catalog.event.keys() {
            for number in 0..500 {
                let drawn = catalog.draw(kind, &Host::new(number), &mut random).unwrap();
                let data = drawn.data();
                let matches = |datum: &Datum<'_>| match datum.value {
                    Value::Text(text) => regex.is_match(text),
                    _ => false,
                };
                let hit = data.iter().any(matches);
                assert_eq!(hit, kind.ends_with("-hit"), "{kind}: {data:?}");
                let near = ["-hit", "-near", "-hostile"].iter().any(|end| kind.ends_with(end));
                let msi = format!("{data:?}").to_ascii_lowercase().contains(".msi");
                assert_eq!(msi, near, "{kind}: {data:?}");
            }
        }
    }
}
