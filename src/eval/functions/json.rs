//! JSON in a text: `json_extract(X, PATH, ...)`, `spath(X, PATH)`, `json_valid(X)`,
//! `json_object(KEY, VALUE, ...)`, `json_array(VALUE, ...)`.
//!
//! A path is names with dots between, `{2}` for an element of an array (the first is 0) and `{}`
//! for all: `a.b{1}.c`. Objects and arrays come as compact JSON. Text that is no JSON, and a path
//! that is not there, give NULL. Where several values are found, `spath` gives them as several,
//! `json_extract` as an array.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{Function, Type};
use crate::eval::expr::{Datum, MAX_VALUES};
use crate::value::{Field, Value};

pub(super) const EXTRACT: Function = Function {
    name: "json_extract",
    arity: (1, usize::MAX),
    make: |arguments, compiler| {
        arguments.texts(compiler)?.pure(Type::Any, |values| {
            let Some(document) = document(values) else { return Datum::Null };
            match values {
                [_] => shown(&document),
                [_, path] => extracted(&document, path).map_or(Datum::Null, |found| shown(&found)),
                [_, paths @ ..] => {
                    let found = paths.iter().map(|path| extracted(&document, path));
                    shown(&Json::Array(found.map(Option::unwrap_or_default).collect()))
                }
                [] => Datum::Null,
            }
        })
    },
};

pub(super) const SPATH: Function = Function {
    name: "spath",
    arity: (2, 2),
    make: |arguments, compiler| {
        arguments.texts(compiler)?.pure(Type::Any, |values| {
            let (Some(document), Some(path)) =
                (document(values), values.get(1).and_then(Datum::single_text))
            else {
                return Datum::Null;
            };
            let found = found(&document, &path).unwrap_or_default();
            Datum::of_values(found.into_iter().flat_map(|json| shown(json).values()).collect())
        })
    },
};

pub(super) const VALID: Function = Function {
    name: "json_valid",
    arity: (1, 1),
    make: |arguments, compiler| {
        arguments.texts(compiler)?.pure(Type::Boolean, |values| match values {
            [Datum::Null] => Datum::Null,
            values => Datum::Bool(document(values).is_some()),
        })
    },
};

pub(super) const OBJECT: Function = Function {
    name: "json_object",
    arity: (0, usize::MAX),
    make: |arguments, compiler| {
        if let (Some(last), true) = (arguments.0.last(), arguments.0.len() % 2 == 1) {
            compiler.wrong_arguments("the last key of `json_object` has no value", last.span());
            return None;
        }
        arguments.pure(Type::Text, |values| {
            let members = values.chunks_exact(2).map(|pair| match pair {
                [key, value] => Some(format!("{}:{}", written(&key.single_text()?), json(value))),
                _ => None,
            });
            let members: Option<Vec<String>> = members.collect();
            members
                .map_or(Datum::Null, |members| Datum::of_text(format!("{{{}}}", members.join(","))))
        })
    },
};

pub(super) const ARRAY: Function = Function {
    name: "json_array",
    arity: (0, usize::MAX),
    make: |arguments, _| {
        arguments.pure(Type::Text, |values| {
            let values: Vec<String> = values.iter().map(json).collect();
            Datum::of_text(format!("[{}]", values.join(",")))
        })
    },
};

/// The values at a path of a JSON text; none where the text is no JSON, or has no such place.
pub(crate) fn values_at(text: &str, path: &str) -> Vec<Value> {
    let Ok(document) = serde_json::from_str::<Json>(text) else { return Vec::new() };
    let found = found(&document, path).unwrap_or_default();
    found.into_iter().flat_map(|json| shown(json).values()).collect()
}

/// Every value of a JSON text by its path, at most so many as a field may have; none where the text
/// is no object or array.
pub(crate) fn all_values(text: &str) -> BTreeMap<String, Vec<Value>> {
    let mut all = BTreeMap::new();
    if let Ok(document) = serde_json::from_str::<Json>(text) {
        let mut left = MAX_VALUES;
        flatten(&document, &mut String::new(), &mut left, &mut all);
    }
    all
}

/// Adds the values in `json`, which stands at `path`. The reader of JSON bounds how deep it nests.
fn flatten(
    json: &Json,
    path: &mut String,
    left: &mut usize,
    all: &mut BTreeMap<String, Vec<Value>>,
) {
    let length = path.len();
    match json {
        Json::Object(members) => {
            for (name, value) in members {
                if length > 0 {
                    path.push('.');
                }
                path.push_str(name);
                flatten(value, path, left, all);
                path.truncate(length);
            }
        }
        Json::Array(list) => {
            path.push_str("{}");
            list.iter().for_each(|value| flatten(value, path, left, all));
            path.truncate(length);
        }
        scalar if length > 0 && *left > 0 => {
            let values = shown(scalar).values();
            *left = left.saturating_sub(values.len());
            if !values.is_empty() {
                all.entry(path.clone()).or_default().extend(values);
            }
        }
        _ => {}
    }
}

fn document(values: &[Datum<'_>]) -> Option<Json> {
    serde_json::from_str(&values.first()?.single_text()?).ok()
}

fn written(text: &str) -> String {
    Json::from(text).to_string()
}

/// A value as JSON.
fn json(datum: &Datum<'_>) -> String {
    match datum {
        Datum::Null => "null".to_owned(),
        Datum::Bool(value) => value.to_string(),
        Datum::Number(number) => crate::value::number_text(*number),
        Datum::Field(field) if field.values().len() > 1 => {
            let values = datum.texts();
            let values: Vec<_> = values.iter().map(|text| written(text)).collect();
            format!("[{}]", values.join(","))
        }
        Datum::Field(_) if datum.number().is_some_and(f64::is_finite) => {
            // As it is written, where that is a number to JSON too.
            let text = datum.single_text().unwrap_or_default();
            match serde_json::from_str::<serde_json::Number>(&text) {
                Ok(_) => text.into_owned(),
                Err(_) => written(&text),
            }
        }
        other => written(&other.single_text().unwrap_or_default()),
    }
}

/// A value out of JSON. A number keeps the digits it has.
fn shown<'r>(json: &Json) -> Datum<'r> {
    match json {
        Json::Null => Datum::Null,
        Json::Bool(value) => Datum::of_text(value.to_string()),
        Json::Number(number) => Datum::of_values(vec![Value::Text(number.to_string())]),
        Json::String(text) => Datum::Field(std::borrow::Cow::Owned(Field::text(text.as_str()))),
        Json::Array(_) | Json::Object(_) => Datum::of_text(json.to_string()),
    }
}

/// One step of a path.
#[derive(Debug, PartialEq)]
enum Step<'p> {
    Member(&'p str),
    Element(usize),
    All,
}

/// `None` where it is no path.
fn steps(path: &str) -> Option<Vec<Step<'_>>> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('{') {
            let (index, after) = after.split_once('}')?;
            steps.push(if index.is_empty() {
                Step::All
            } else {
                Step::Element(index.parse().ok()?)
            });
            rest = after;
        } else {
            let (name, after) = rest.split_at(rest.find(['.', '{']).unwrap_or(rest.len()));
            steps.push(Step::Member(name));
            rest = after;
        }
        if let Some(after) = rest.strip_prefix('.') {
            rest = after;
        }
    }
    (!steps.is_empty()).then_some(steps)
}

/// Everything at a path; `None` where it is no path or leads to too much.
fn found<'j>(document: &'j Json, path: &str) -> Option<Vec<&'j Json>> {
    let mut found = vec![document];
    for step in steps(path)? {
        let mut next = Vec::new();
        for json in found {
            match &step {
                Step::Member(name) => next.extend(json.get(*name)),
                Step::Element(index) => next.extend(json.get(*index)),
                Step::All => next.extend(json.as_array().into_iter().flatten()),
            }
        }
        if next.len() > MAX_VALUES {
            return None;
        }
        found = next;
    }
    Some(found)
}

fn extracted(document: &Json, path: &Datum<'_>) -> Option<Json> {
    let path = path.single_text()?;
    // All of an array is the array: `a{}`. Beyond one, what is found is an array of its own.
    let path = path.strip_suffix("{}").unwrap_or(&path);
    let found = if path.is_empty() { vec![document] } else { found(document, path)? };
    match found.as_slice() {
        [] => None,
        [one] if !path.contains("{}") => Some((*one).clone()),
        several => Some(Json::Array(several.iter().map(|json| (*json).clone()).collect())),
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::testing::{check, refused};
    use crate::spl::codes;

    #[test]
    fn paths_lead_into_json() {
        check(&[
            (r#"json_extract("{\"a\":{\"b\":[1,{\"c\":3}]}}", "a.b{1}.c")"#, "3"),
            (r#"json_extract("{\"a\":[1,2]}", "a{}")"#, "[1,2]"),
            (r#"json_extract("{\"a\":[{\"b\":1},{\"b\":2}]}", "a{}.b")"#, "[1,2]"),
            (r#"json_extract("{\"a\":{\"b\":1}}", "a")"#, r#"{"b":1}"#),
            (r#"json_extract("{\"a\":1,\"b\":\"x\"}", "a", "b", "c")"#, r#"[1,"x",null]"#),
            (r#"json_extract("[1, 2]")"#, "[1,2]"),
            (r#"json_extract("{\"a\":true}", "a")"#, "true"),
            (r#"json_extract("{\"a\":12345678901234567}", "a")"#, "12345678901234567"),
            (r#"json_extract("{\"a\":5}", "a")+1"#, "6"),
            (r#"spath("{\"a\":[1,2]}", "a{1}")"#, "2"),
            (r#"spath("{\"a\":[{\"b\":1},{\"b\":2}]}", "a{}.b")"#, "1,2"),
            (r#"spath("{\"a\":[1,2]}", "a")"#, "[1,2]"),
        ]);
    }

    #[test]
    fn what_is_not_there_is_null() {
        check(&[
            (r#"json_extract("notjson", "a")"#, "null"),
            (r#"spath("notjson", "a")"#, "null"),
            (r#"json_extract("{\"a\":1}", "zz")"#, "null"),
            (r#"json_extract("{\"a\":1}", "a{0}")"#, "null"),
            (r#"json_extract("{\"a\":null}", "a")"#, "null"),
            (r#"json_extract("{\"a\":1}", "a{x}")"#, "null"),
            (r#"json_extract("{\"a\":1}", "{")"#, "null"),
            (r#"spath("{\"a\":1}", "")"#, "null"),
            (r#"json_extract(missing, "a")"#, "null"),
            (r#"json_extract("{\"a\":1}", missing)"#, "null"),
        ]);
        let deep = format!(r#"json_valid("{}")"#, "[".repeat(100_000));
        check(&[(deep.as_str(), "false")]);
    }

    #[test]
    fn json_is_written_compactly() {
        check(&[
            (r#"json_object("a", 1, "b", "x")"#, r#"{"a":1,"b":"x"}"#),
            (
                r#"json_object("n", n, "many", many, "no", missing)"#,
                r#"{"n":1040,"many":["x","y"],"no":null}"#,
            ),
            (r#"json_array("a", 1)"#, r#"["a",1]"#),
            (r#"json_array("q\"", 1==1, "10")"#, r#"["q\"",true,"10"]"#),
            ("json_object()", "{}"),
            ("json_object(missing, 1)", "null"),
            (r#"if(json_valid("[1]"), "y", "n")"#, "y"),
            (r#"if(json_valid("nope"), "y", "n")"#, "n"),
            ("json_valid(missing)", "null"),
        ]);
        refused(&[(r#"json_object("a")"#, codes::WRONG_ARGUMENTS)]);
    }
}
