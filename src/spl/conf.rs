//! Splunk's `.conf` files: stanzas of settings, with the place of every byte of a value.
//!
//! A setting is `key = value`; a line that ends in a backslash goes on in the next one, and the
//! value has a line break there. Lines that start with `#` are comments (Splunk 8.2 manual,
//! "About configuration files").

/// A file, read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Conf {
    /// The settings before the first stanza.
    pub global: Vec<Setting>,
    /// The stanzas in the order of the file; a name may stand there more than once.
    pub stanzas: Vec<Stanza>,
}

/// A stanza.
#[derive(Debug, PartialEq, Eq)]
pub struct Stanza {
    /// What stands between the brackets.
    pub name: String,
    /// The line of the brackets, from 1.
    pub line: usize,
    /// Its settings, in order.
    pub settings: Vec<Setting>,
}

/// A setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The part before the `=`.
    pub key: String,
    /// The part after it, without the blanks around it.
    pub value: String,
    /// The line it starts on, from 1.
    pub line: usize,
    /// Where the runs of the value stand: an offset in the value, and one in the file, from which
    /// on both grow together. The first is that of offset 0.
    pub runs: Vec<(usize, usize)>,
}

/// Why a text is no `.conf` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfError {
    /// The line, from 1.
    pub line: usize,
    /// Why.
    pub message: String,
}

/// Reads the text of a file.
///
/// # Errors
/// Where a bracket is never closed, or a line is neither a stanza nor a setting.
pub fn parse(text: &str) -> Result<Conf, ConfError> {
    let mut conf = Conf::default();
    let mut pending: Option<Setting> = None;
    let mut offset = 0;
    for (index, whole) in text.split_inclusive('\n').enumerate() {
        let line = whole.trim_end_matches(['\n', '\r']);
        let start = offset;
        offset += whole.len();
        let open = match pending.take() {
            Some(open) => Some((open, line, start)),
            None => first_line(&mut conf, line, start, index + 1)?,
        };
        let Some((mut setting, segment, at)) = open else { continue };
        if setting.add(segment, at) {
            pending = Some(setting);
        } else {
            conf.add(setting);
        }
    }
    if let Some(setting) = pending {
        conf.add(setting);
    }
    Ok(conf)
}

/// Reads a line that continues none: the setting that starts there, the rest of the line, and
/// where that stands.
fn first_line<'t>(
    conf: &mut Conf,
    line: &'t str,
    start: usize,
    number: usize,
) -> Result<Option<(Setting, &'t str, usize)>, ConfError> {
    let wrong = |message: &str| ConfError { line: number, message: message.to_owned() };
    let trimmed = line.trim();
    if trimmed.is_empty() || trimmed.starts_with('#') {
        return Ok(None);
    }
    if let Some(name) = trimmed.strip_prefix('[') {
        let name = name.strip_suffix(']').ok_or_else(|| wrong("this `[` is never closed"))?;
        let name = name.trim().to_owned();
        conf.stanzas.push(Stanza { name, line: number, settings: Vec::new() });
        return Ok(None);
    }
    let (key, rest) =
        line.split_once('=').ok_or_else(|| wrong("expected `[name]` or `key = value`"))?;
    let setting = Setting {
        key: key.trim().to_owned(),
        value: String::new(),
        line: number,
        runs: Vec::new(),
    };
    Ok(Some((setting, rest, start + key.len() + 1)))
}

impl Conf {
    fn add(&mut self, mut setting: Setting) {
        setting.trim();
        match self.stanzas.last_mut() {
            Some(stanza) => stanza.settings.push(setting),
            None => self.global.push(setting),
        }
    }
}

impl Setting {
    /// Adds a line of the value; whether another one follows.
    fn add(&mut self, segment: &str, at: usize) -> bool {
        self.runs.push((self.value.len(), at));
        let Some(segment) = segment.strip_suffix('\\') else {
            self.value.push_str(segment);
            return false;
        };
        self.value.push_str(segment);
        // The break stands where the backslash does.
        self.value.push('\n');
        true
    }

    /// Drops the blanks around the value.
    fn trim(&mut self) {
        self.value.truncate(self.value.trim_end().len());
        let lead = self.value.len() - self.value.trim_start().len();
        self.value.drain(..lead);
        let first = self.runs.partition_point(|&(value, _)| value <= lead).saturating_sub(1);
        self.runs.drain(..first);
        for (value, file) in &mut self.runs {
            *file += lead.saturating_sub(*value);
            *value = value.saturating_sub(lead);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_of_a_value_is_where_it_is_said_to_be() {
        let text = "top = 1\n# a = b\n[one two]\nsearch =  \\\n  é x \\\r\n| y\\\n\nlast = z\\";
        let conf = parse(text).unwrap();
        assert_eq!(conf.global[0].value, "1");
        let stanza = &conf.stanzas[0];
        assert_eq!((stanza.name.as_str(), stanza.line), ("one two", 3));
        let [search, last] = stanza.settings.as_slice() else { panic!("{stanza:?}") };
        assert_eq!((search.key.as_str(), search.value.as_str()), ("search", "é x \n| y"));
        assert_eq!((last.value.as_str(), last.line), ("z", 8));
        for setting in conf.global.iter().chain(&stanza.settings) {
            assert_eq!(setting.runs[0].0, 0);
            for (at, c) in setting.value.char_indices() {
                let (value, file) = setting.runs[setting.runs.partition_point(|r| r.0 <= at) - 1];
                let there = text[file + (at - value)..].chars().next().unwrap();
                assert_eq!(there, if c == '\n' { '\\' } else { c }, "{at} of {setting:?}");
            }
        }
    }

    #[test]
    fn a_comment_does_not_go_on() {
        let conf = parse("[a]\n# x \\\nb = 1\n").unwrap();
        assert_eq!(conf.stanzas[0].settings[0].value, "1");
    }

    #[test]
    fn empty_values_have_a_place() {
        for text in ["[a]\nb =", "[a]\nb =  \\\n \\\n\n", "[a]\nb = \\"] {
            let setting = &parse(text).unwrap().stanzas[0].settings[0];
            assert_eq!(setting.value, "");
            assert!(setting.runs[0].1 <= text.len(), "{text:?}");
        }
    }
}
