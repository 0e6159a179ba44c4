//! The arrows of ARCHITECTURE.md: which module may use which. None points back.

use std::path::Path;

/// Every module and what it may use. `reading`, `event`, `value` and `named` belong to all.
const MAY_USE: &[(&str, &[&str])] = &[
    ("reading", &[]),
    ("event", &[]),
    ("value", &[]),
    ("named", &[]),
    ("spl", &[]),
    ("pcre", &[]),
    ("resources", &[]),
    ("rule", &["spl"]),
    ("corpus", &["format"]),
    ("source", &[]),
    ("format", &["reading", "event"]),
    ("cim", &["reading", "event", "value"]),
    ("eval", &["reading", "event", "value", "named", "spl", "pcre", "cim", "resources"]),
    ("aggregate", &["value", "named", "eval"]),
    (
        "plan",
        &[
            "reading",
            "event",
            "value",
            "format",
            "spl",
            "pcre",
            "cim",
            "eval",
            "aggregate",
            "rule",
            "resources",
        ],
    ),
    ("prefilter", &["plan"]),
    (
        "scan",
        &[
            "reading",
            "event",
            "value",
            "spl",
            "cim",
            "eval",
            "aggregate",
            "rule",
            "plan",
            "prefilter",
            "format",
            "source",
            "resources",
        ],
    ),
    ("report", &["value", "aggregate", "rule", "plan", "scan"]),
    (
        "bench",
        &[
            "reading",
            "event",
            "cim",
            "eval",
            "aggregate",
            "plan",
            "prefilter",
            "format",
            "source",
            "scan",
            "corpus",
        ],
    ),
    (
        "cli",
        &[
            "reading",
            "event",
            "cim",
            "spl",
            "rule",
            "plan",
            "scan",
            "source",
            "report",
            "corpus",
            "bench",
            "resources",
        ],
    ),
];

#[test]
fn no_arrow_points_back() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    let mut seen = 0;
    for entry in walkdir::WalkDir::new(&src) {
        let entry = entry.unwrap();
        let path = entry.path().strip_prefix(&src).unwrap();
        let is_test = path.components().any(|part| part.as_os_str() == "tests")
            || path.file_name().is_some_and(|name| name == "tests.rs" || name == "testing.rs");
        if path.extension().is_none_or(|end| end != "rs") || is_test {
            continue;
        }
        let first = path.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
        let module = first.trim_end_matches(".rs");
        if ["lib", "main"].contains(&module) {
            continue;
        }
        let allowed = MAY_USE.iter().find(|(name, _)| *name == module).map(|(_, list)| *list);
        let allowed = allowed.unwrap_or_else(|| panic!("{module} is not in the table"));
        let text = std::fs::read_to_string(entry.path()).unwrap();
        // What stands in a test module is free to use anything.
        let text = text.split("#[cfg(test)]").next().unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let code = code.collect::<Vec<_>>().join("\n");
        for used in code.split("crate::").skip(1) {
            let used: String =
                used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            seen += 1;
            if used != module && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{} uses {used}", path.display()));
            }
        }
    }
    wrong.dedup();
    assert!(seen > 100, "only {seen} uses were seen");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
