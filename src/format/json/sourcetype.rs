//! The source types of JSON records whose shape tells who wrote them: that which Splunk's add-on
//! gives them, though nothing in an archive says it (SPLUNK.md 1.13).

use super::value::Value;

/// A shape: the members that records of a source type have, and no other's have together. Names
/// and examples are those of splunk/security_content, `data_sources/` (the file is named).
const SHAPES: &[(&str, &[&str])] = &[
    // AWS_CloudTrail.yml
    ("aws:cloudtrail", &["eventVersion", "eventSource", "eventName", "awsRegion"]),
    // O365.yml
    ("o365:management:activity", &["CreationTime", "Operation", "Workload", "RecordType"]),
    // Azure_Active_Directory.yml
    ("azure:monitor:aad", &["operationName", "category", "tenantId", "properties"]),
    // Okta.yml
    ("OktaIM2:log", &["eventType", "published", "actor", "outcome", "displayMessage"]),
    // Audit logs of Google Cloud as they are published: protoPayload is in each.
    ("google:gcp:pubsub:message", &["protoPayload", "logName", "insertId"]),
];

/// The source type of a record; `None` where its shape is not known. Kubernetes' audit log is
/// `_json` to Splunk, as any other.
pub(super) fn of(value: &Value) -> Option<&'static str> {
    let fits = |keys: &[&str]| keys.iter().all(|key| value.get(key).is_some());
    SHAPES.iter().find(|(_, keys)| fits(keys)).map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_told_by_their_members() {
        for (text, expected) in [
            (
                r#"{"eventVersion":"1.08","eventSource":"iam.amazonaws.com","eventName":"CreateUser","awsRegion":"us-east-1"}"#,
                Some("aws:cloudtrail"),
            ),
            (
                r#"{"CreationTime":"2023-10-17T19:19:59","Operation":"Set-Mailbox","Workload":"Exchange","RecordType":1}"#,
                Some("o365:management:activity"),
            ),
            (
                r#"{"operationName":"Sign-in activity","category":"SignInLogs","tenantId":"x","properties":{}}"#,
                Some("azure:monitor:aad"),
            ),
            (r#"{"eventVersion":"1.08","eventName":"CreateUser"}"#, None),
            (r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1"}"#, None),
            ("{}", None),
        ] {
            let value = Value::parse(text.as_bytes()).expect("JSON");
            assert_eq!(of(&value), expected, "{text}");
        }
    }
}
