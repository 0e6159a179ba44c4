//! Which kinds of source a rule is about, and which fields events of them have.

use super::Subject;
use crate::eval::row::names;
use crate::spl::ast::{CommandKind, CompareOp, SearchExpr, SearchKind};

/// A kind of Windows source, as the built-in macros name it: the narrowest that the search requires.
/// `None` where it requires none of them.
pub(super) fn windows_kind(subject: &Subject<'_>) -> Option<&'static str> {
    let first = subject.pipeline.commands.first()?;
    let CommandKind::Search(expr) = &first.kind else { return None };
    let mut kinds = Vec::new();
    required_kinds(expr, &mut kinds);
    // The narrowest first.
    ["sysmon", "powershell", "winevent", "windows"].into_iter().find(|kind| kinds.contains(kind))
}

fn required_kinds(expr: &SearchExpr, kinds: &mut Vec<&'static str>) {
    match &expr.node {
        SearchKind::And(list) => list.iter().for_each(|expr| required_kinds(expr, kinds)),
        SearchKind::Compare { field, op: CompareOp::Equal, value, .. } => {
            let value = value.node.to_ascii_lowercase();
            match field.node.as_str() {
                names::SOURCE_KIND => {
                    let known = ["sysmon", "powershell", "winevent", "windows"].into_iter();
                    kinds.extend(known.filter(|kind| *kind == value));
                }
                names::SOURCE | names::SOURCETYPE if value.contains("wineventlog") => {
                    kinds.push("windows");
                }
                _ => {}
            }
        }
        _ => {}
    }
}

/// Fields of Splunk's Common Information Model (CIM 5, data models Endpoint, Authentication,
/// Change, Network Traffic, Web) that add-ons make: hardly any Windows event has a raw field of
/// such a name. And `message`, which rules write for `Message`.
const MODEL: &[&str] = &[
    "action",
    "app",
    "bytes_in",
    "bytes_out",
    "dest",
    "dest_host",
    "dest_ip",
    "dest_port",
    "direction",
    "file_hash",
    "file_name",
    "file_path",
    "http_method",
    "http_user_agent",
    "message",
    "object",
    "original_file_name",
    "parent_process",
    "parent_process_exec",
    "parent_process_id",
    "parent_process_name",
    "parent_process_path",
    "process",
    "process_command_line_arguments",
    "process_command_line_process",
    "process_current_directory",
    "process_exec",
    "process_hash",
    "process_id",
    "process_name",
    "process_path",
    "registry_key_name",
    "registry_path",
    "registry_value_data",
    "registry_value_name",
    "service_name",
    "session_id",
    "signature",
    "signature_id",
    "src",
    "src_host",
    "src_ip",
    "src_port",
    "src_user",
    "transport",
    "uri_path",
    "user",
    "user_id",
    "vendor_product",
];

/// Whether a field of Windows events is one that add-ons make.
pub(super) fn is_model_field(name: &str) -> bool {
    MODEL.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::MODEL;

    #[test]
    fn the_fields_are_in_order() {
        assert!(MODEL.is_sorted());
    }
}
