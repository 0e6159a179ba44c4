//! The two readings of a rule: as its author meant it, and strictly as stock Splunk answers.
//!
//! Every deviation from stock Splunk is one named [`Accommodation`] (SPLUNK.md, "Two readings of
//! a rule"); a [`Reading`] is the set of those in force. Nothing else may deviate.

use std::fmt;

/// One named deviation from stock Splunk, which a user can switch alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Accommodation {
    /// `bin span=X` without a field bins `_time`.
    BinTime,
    /// `message` is an alias of `Message` where `message` is not set.
    MessageCase,
    /// The message text of an event that carries none is rebuilt.
    MessageText,
    /// In classic text the first `Message=` line starts the message, not the last.
    MessageStart,
    /// An event answers to both spellings of its own event id.
    EitherSpelling,
    /// A JSON record without `_raw` is searched as the XML that Windows would render of it.
    DecodedRecord,
    /// A `WinHostMon` process has `signature_id` 4688 and its command line as `process`.
    HostmonProcess,
    /// `PowerShell` events have a `process`.
    PowershellProcess,
    /// XML fields are read as XML: either quote, entities decoded.
    XmlText,
    /// A command line may run over several lines.
    MultilineValue,
    /// Events that name no host get the default host.
    NoHost,
    /// A macro `NAME_filter` that is not defined keeps every row.
    FilterMacro,
}

/// The row of one accommodation in the documented table.
#[derive(Debug, Clone, Copy)]
pub struct AccommodationInfo {
    /// Which accommodation the row describes.
    pub accommodation: Accommodation,
    /// The code that `--accommodate` takes.
    pub code: &'static str,
    /// What stock Splunk does.
    pub stock: &'static str,
    /// What the default reading does instead.
    pub as_meant: &'static str,
}

/// Every accommodation, in the order of SPLUNK.md's table.
pub const ACCOMMODATIONS: &[AccommodationInfo] = &[
    AccommodationInfo {
        accommodation: Accommodation::BinTime,
        code: "bin-time",
        stock: "`bin span=X` without a field is an error",
        as_meant: "the field is `_time`",
    },
    AccommodationInfo {
        accommodation: Accommodation::MessageCase,
        code: "message-case",
        stock: "`message` is never set by the Windows add-on, the field is `Message`",
        as_meant: "`message` is an alias of `Message` where `message` is not set",
    },
    AccommodationInfo {
        accommodation: Accommodation::MessageText,
        code: "message-text",
        stock: "XML and EVTX carry no `Message` unless rendered",
        as_meant: "the message text is rebuilt from known templates, else from the event's data, one value a line",
    },
    AccommodationInfo {
        accommodation: Accommodation::MessageStart,
        code: "message-start",
        stock: "classic text: the last line starting `Message=` starts the message",
        as_meant: "the first one",
    },
    AccommodationInfo {
        accommodation: Accommodation::EitherSpelling,
        code: "either-spelling",
        stock: "`TERM(EventCode=1040)` finds only classic text, `\"<EventID>1040<\"` only XML whose EventID has no attributes",
        as_meant: "a Windows event in any format answers to both spellings of its own event id",
    },
    AccommodationInfo {
        accommodation: Accommodation::DecodedRecord,
        code: "decoded-record",
        stock: "a JSON record is its own JSON text",
        as_meant: "an event record in JSON without `_raw` is searched as the XML that Windows would render of it",
    },
    AccommodationInfo {
        accommodation: Accommodation::HostmonProcess,
        code: "hostmon-process",
        stock: "WinHostMon has no `signature_id`, and `process` is the image name",
        as_meant: "`signature_id` is 4688 and `process` the command line",
    },
    AccommodationInfo {
        accommodation: Accommodation::PowershellProcess,
        code: "powershell-process",
        stock: "`process` is not set for 4103 and 4104",
        as_meant: "ScriptBlockText, else Payload, else ContextInfo, else Message",
    },
    AccommodationInfo {
        accommodation: Accommodation::XmlText,
        code: "xml-text",
        stock: "`<Data Name=\"x\">` in double quotes is not extracted, `&amp;` stays encoded, attribute values may keep their quotes",
        as_meant: "either quote, entities decoded, bare values in fields (the raw text stays as it is)",
    },
    AccommodationInfo {
        accommodation: Accommodation::MultilineValue,
        code: "multiline-value",
        stock: "a classic field ends at the line end; the arguments put into `process` end at the first line break",
        as_meant: "a 4688 command line may run on, up to the next known label, and all of it is in `process`",
    },
    AccommodationInfo {
        accommodation: Accommodation::NoHost,
        code: "no-host",
        stock: "every event has the host of its input",
        as_meant: "a file's events with no host of their own get `--default-host`, with a warning",
    },
    AccommodationInfo {
        accommodation: Accommodation::FilterMacro,
        code: "filter-macro",
        stock: "a macro that is not defined is an error",
        as_meant: "a macro `NAME_filter` that is not defined is `search *`, as the app of splunk/security_content ships it",
    },
];

impl Accommodation {
    /// The row that describes this accommodation.
    #[must_use]
    pub fn info(self) -> &'static AccommodationInfo {
        &ACCOMMODATIONS[self as usize]
    }

    /// The code that `--accommodate` takes.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.info().code
    }

    /// The accommodation with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        ACCOMMODATIONS.iter().find(|row| row.code == code).map(|row| row.accommodation)
    }
}

impl fmt::Display for Accommodation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A set of accommodations: how a rule and the events are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reading(u16);

impl Reading {
    /// Every accommodation in force: the default.
    pub const AS_MEANT: Self = Self((1 << 12) - 1);
    /// As stock Splunk answers. `bin-time` stays, for whether Splunk refuses a field-less `bin`
    /// is inferred, and a refused rule would show nothing else (SPLUNK.md).
    pub const STRICT: Self = Self(1 << Accommodation::BinTime as u16);
    /// No accommodation at all.
    pub const NONE: Self = Self(0);

    /// Whether rules are read as stock Splunk reads them, but perhaps for a field-less `bin`.
    #[must_use]
    pub const fn is_strict(self) -> bool {
        self.0 & !Self::STRICT.0 == 0
    }

    /// Whether `accommodation` is in force.
    #[must_use]
    pub const fn has(self, accommodation: Accommodation) -> bool {
        self.0 & (1 << accommodation as u16) != 0
    }

    /// This reading with `accommodation` switched on or off.
    #[must_use]
    pub const fn with(self, accommodation: Accommodation, on: bool) -> Self {
        let bit = 1 << accommodation as u16;
        if on { Self(self.0 | bit) } else { Self(self.0 & !bit) }
    }

    /// The accommodations in force, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = Accommodation> {
        ACCOMMODATIONS.iter().map(|row| row.accommodation).filter(move |&a| self.has(a))
    }

    /// Reads the value of `--accommodate`: codes, `-code`, `all`, `none`, left to right.
    ///
    /// A list that starts with a `-code` starts from all, any other from none, so that
    /// `-message-case` means "all but that one" and `bin-time` means "that one alone".
    ///
    /// # Errors
    /// Names the first code that does not exist.
    pub fn parse(list: &str) -> Result<Self, UnknownAccommodation> {
        let mut reading =
            if list.trim_start().starts_with('-') { Self::AS_MEANT } else { Self::NONE };
        for item in list.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            reading = match item {
                "all" => Self::AS_MEANT,
                "none" => Self::NONE,
                _ => {
                    let (code, on) = match item.strip_prefix('-') {
                        Some(code) => (code, false),
                        None => (item, true),
                    };
                    let accommodation = Accommodation::from_code(code)
                        .ok_or_else(|| UnknownAccommodation(code.to_owned()))?;
                    reading.with(accommodation, on)
                }
            };
        }
        Ok(reading)
    }
}

/// A code that names no accommodation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no accommodation `{code}`; the codes are {all}", code = .0, all = codes())]
pub struct UnknownAccommodation(pub String);

fn codes() -> String {
    let codes: Vec<_> = ACCOMMODATIONS.iter().map(|row| row.code).collect();
    codes.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (at, row) in ACCOMMODATIONS.iter().enumerate() {
            assert_eq!(row.accommodation as usize, at);
            assert_eq!(Accommodation::from_code(row.code), Some(row.accommodation));
        }
        assert_eq!(Reading::AS_MEANT.iter().count(), ACCOMMODATIONS.len());
    }

    #[test]
    fn lists_are_read_left_to_right() {
        assert_eq!(Reading::parse("none,bin-time"), Ok(Reading::STRICT));
        assert_eq!(
            Reading::parse("-message-case"),
            Ok(Reading::AS_MEANT.with(Accommodation::MessageCase, false))
        );
        assert_eq!(Reading::parse("bin-time"), Ok(Reading::STRICT));
        assert_eq!(Reading::parse("all"), Ok(Reading::AS_MEANT));
        assert!(Reading::parse("bintime").is_err());
    }
}
