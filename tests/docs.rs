//! What the README says is true.

use coldsweep::eval::functions;
use coldsweep::reading::ACCOMMODATIONS;

const README: &str = include_str!("../README.md");

#[test]
fn the_readme_lists_every_accommodation_as_the_code_has_it() {
    for row in ACCOMMODATIONS {
        let line = format!("| `{}` | {} | {} |", row.code, row.stock, row.as_meant);
        assert!(README.contains(&line), "{line}");
    }
}

#[test]
fn the_readme_lists_every_function_and_aggregate() {
    let flat = README.split_whitespace().collect::<Vec<_>>().join(" ");
    for name in functions::names() {
        assert!(
            flat.contains(&format!(" {name},")) || flat.contains(&format!(" {name})")),
            "{name}"
        );
    }
}
