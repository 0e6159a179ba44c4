//! `convert`: values in another form (Search Reference, convert). A value that is not of the form that
//! a function takes stays as it is (`docs/DECISIONS.md`).

use super::{Context, Lowered, RowCommand};
use crate::eval::expr::{Clock, Compiler, Datum};
use crate::eval::functions::{format_time, moment_of, parse_time, seconds_of};
use crate::eval::glob::Glob;
use crate::eval::row::Record;
use crate::plan::physical::selects;
use crate::spl::ast::{self, ConvertFunction};
use crate::value::{Field, Value, parse_number};

#[derive(Debug)]
struct Convert {
    format: String,
    clock: Clock,
    conversions: Vec<Conversion>,
    /// The fields that wildcards do not mean.
    left_out: Vec<Glob>,
}

#[derive(Debug)]
struct Conversion {
    function: ConvertFunction,
    fields: Glob,
    name: Option<String>,
}

pub(super) fn lower(convert: &ast::Convert, compiler: &Compiler) -> Lowered {
    let (left_out, conversions): (Vec<_>, Vec<_>) =
        convert.conversions.iter().partition(|one| one.function == ConvertFunction::None);
    let conversions = conversions.into_iter().map(|one| Conversion {
        function: one.function,
        fields: Glob::new(&one.field.node),
        name: one.name.as_ref().map(|name| name.node.clone()),
    });
    Lowered::Row(Box::new(Convert {
        format: convert.time_format.clone(),
        clock: compiler.clock.clone(),
        conversions: conversions.collect(),
        left_out: left_out.iter().map(|one| Glob::new(&one.field.node)).collect(),
    }))
}

impl RowCommand for Convert {
    fn apply(&self, mut record: Record, _: Context<'_>) -> Option<Record> {
        for conversion in &self.conversions {
            let means = |name: &str| {
                selects(std::slice::from_ref(&conversion.fields), name)
                    && !self.left_out.iter().any(|glob| glob.matches(name))
            };
            let converted: Vec<_> = record
                .iter()
                .filter(|(name, _)| means(name))
                .map(|(name, field)| {
                    let values = field.values().iter();
                    let values = values.map(|value| self.value(conversion.function, value));
                    (name.to_owned(), Field::from_values(values.collect()))
                })
                .collect();
            for (name, field) in converted {
                record.set(conversion.name.as_ref().unwrap_or(&name), field);
            }
        }
        Some(record)
    }
}

impl Convert {
    /// A value in its other form; as it is, where it has none.
    fn value(&self, function: ConvertFunction, value: &Value) -> Value {
        self.converted(function, value).unwrap_or_else(|| value.clone())
    }

    fn converted(&self, function: ConvertFunction, value: &Value) -> Option<Value> {
        let text = value.text();
        Some(match function {
            ConvertFunction::Ctime => {
                let time = moment_of(&Datum::of_values(vec![value.clone()]))?;
                let zoned = time.to_zoned_datetime(self.clock.timezone.clone());
                Value::Text(format_time(&zoned, &self.format))
            }
            ConvertFunction::Mktime => {
                Value::Number(seconds_of(parse_time(&text, &self.format, &self.clock)?))
            }
            ConvertFunction::Dur2sec => Value::Number(dur2sec(&text)?),
            ConvertFunction::Memk => Value::Number(memk(&text)?),
            ConvertFunction::Mstime => Value::Number(mstime(&text)?),
            ConvertFunction::Rmcomma => Value::Text(text.replace(',', "")),
            ConvertFunction::Rmunit => Value::Number(rmunit(&text)?),
            ConvertFunction::None => return None,
        })
    }
}

/// A number of nothing but digits.
fn digits(text: &str) -> Option<f64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

/// The seconds of `[D+]HH:MM:SS`.
fn dur2sec(text: &str) -> Option<f64> {
    let (days, time) = match text.split_once('+') {
        Some((days, time)) => (digits(days)?, time),
        None => (0.0, text),
    };
    let parts: Vec<_> = time.split(':').map(digits).collect::<Option<_>>()?;
    let [hours, minutes, seconds] = parts.as_slice() else { return None };
    Some(days * 86_400.0 + hours * 3_600.0 + minutes * 60.0 + seconds)
}

/// The seconds of `[MM:]SS.SSS`.
fn mstime(text: &str) -> Option<f64> {
    let (minutes, seconds) = match text.split_once(':') {
        Some((minutes, seconds)) => (digits(minutes)?, seconds),
        None => (0.0, text),
    };
    let is_plain = seconds.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_plain.then(|| Some(minutes * 60.0 + parse_number(seconds)?))?
}

/// The kilobytes of a number with `k`, `m`, `g` or nothing behind it.
fn memk(text: &str) -> Option<f64> {
    let factor = match text.chars().last()?.to_ascii_lowercase() {
        'k' => 1.0,
        'm' => 1_024.0,
        'g' => 1_048_576.0,
        _ => return parse_number(text),
    };
    Some(parse_number(text.get(..text.len() - 1)?)? * factor)
}

/// The number that a text starts with.
fn rmunit(text: &str) -> Option<f64> {
    let text = text.trim_start();
    let signs = usize::from(text.starts_with(['-', '+']));
    let is_part = |c: char| c.is_ascii_digit() || c == '.';
    let length = text.get(signs..)?.find(|c| !is_part(c)).map_or(text.len(), |at| at + signs);
    parse_number(text.get(..length)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_has_its_number() {
        for (found, expected) in [
            (dur2sec("01:02:03"), Some(3723.0)),
            (dur2sec("2+00:00:01"), Some(172_801.0)),
            (dur2sec("02:03"), None),
            (dur2sec("a+01:02:03"), None),
            (mstime("01:02.5"), Some(62.5)),
            (mstime("2.25"), Some(2.25)),
            (mstime("x:1"), None),
            (memk("12"), Some(12.0)),
            (memk("2m"), Some(2048.0)),
            (memk("1.5G"), Some(1_572_864.0)),
            (memk("€"), None),
            (rmunit("12.5 ms"), Some(12.5)),
            (rmunit("-3%"), Some(-3.0)),
            (rmunit("ms"), None),
            (rmunit("€3"), None),
        ] {
            assert_eq!(found, expected);
        }
    }
}
