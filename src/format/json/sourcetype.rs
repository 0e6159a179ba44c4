//! The source types of JSON records whose shape tells who wrote them: that which Splunk's add-on
//! gives them, though nothing in an archive says it (SPLUNK.md 1.13).

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::value::Value;
use crate::format::time;

/// A shape: the members that records of a source have, and no other's have together.
#[derive(Debug)]
pub(super) struct Shape {
    /// The source type of the vendor's add-on.
    pub(super) sourcetype: &'static str,
    /// The paths that all must be there.
    tells: &'static [&'static str],
    /// The path of the time, which all these sources write in UTC.
    time: &'static [&'static str],
    /// The path of the machine the event is of, where there is one.
    host: &'static [&'static str],
    /// Members whose JSON text is a field by itself, beside the fields of its leaves.
    pub(super) texts: &'static [&'static str],
}

/// A shape with no host and no texts.
const fn shape(
    sourcetype: &'static str,
    tells: &'static [&'static str],
    time: &'static [&'static str],
) -> Shape {
    Shape { sourcetype, tells, time, host: &[], texts: &[] }
}

/// The shapes that are known; the first that fits counts. What a file of splunk/security_content,
/// `data_sources/`, shows is named by it, else the vendor's documentation of the log.
const SHAPES: &[Shape] = &[
    // AWS_CloudTrail.yml
    Shape {
        texts: &["requestParameters", "responseElements"],
        ..shape(
            "aws:cloudtrail",
            &["eventVersion", "eventSource", "eventName", "awsRegion"],
            &["eventTime"],
        )
    },
    // O365.yml
    shape(
        "o365:management:activity",
        &["CreationTime", "Operation", "Workload", "RecordType"],
        &["CreationTime"],
    ),
    // Microsoft 365 Defender, streaming of advanced hunting events. It comes before Entra ID, whose
    // members its envelope has too.
    Shape {
        host: &["properties.DeviceName"],
        ..shape(
            "mscs:azure:eventhub:defender:advancedhunting",
            &["properties.ActionType", "properties.DeviceId", "properties.DeviceName"],
            &["properties.Timestamp", "time"],
        )
    },
    // The same, exported from the portal: rows of a query.
    Shape {
        host: &["DeviceName"],
        ..shape(
            "mscs:azure:eventhub:defender:advancedhunting",
            &["ActionType", "DeviceId", "DeviceName", "Timestamp"],
            &["Timestamp"],
        )
    },
    // Azure_Active_Directory.yml
    shape(
        "azure:monitor:aad",
        &["operationName", "category", "tenantId", "properties"],
        &["time", "properties.createdDateTime", "properties.activityDateTime"],
    ),
    // Microsoft Graph, resource type signIn.
    shape(
        "azure:aad:signin",
        &["createdDateTime", "userPrincipalName", "appDisplayName", "ipAddress"],
        &["createdDateTime"],
    ),
    // Microsoft Graph, resource type directoryAudit.
    shape(
        "azure:aad:audit",
        &["activityDateTime", "activityDisplayName", "initiatedBy", "targetResources"],
        &["activityDateTime"],
    ),
    // Azure Monitor, schema of the activity log as it is exported.
    shape(
        "azure:monitor:activity",
        &["operationName", "resourceId", "correlationId", "identity"],
        &["time"],
    ),
    // Okta.yml
    shape(
        "OktaIM2:log",
        &["eventType", "published", "actor", "outcome", "displayMessage"],
        &["published"],
    ),
    // Audit logs of Google Cloud as they are published: protoPayload is in each.
    shape(
        "google:gcp:pubsub:message",
        &["protoPayload", "logName", "insertId"],
        &["timestamp", "receiveTimestamp"],
    ),
    // The same as the add-on's input wraps it.
    shape(
        "google:gcp:pubsub:message",
        &["data.protoPayload", "data.logName", "data.insertId"],
        &["data.timestamp", "publish_time"],
    ),
    // Google Workspace, Reports API: activities, each application by itself.
    shape(
        "gws:reports:login",
        &["id.applicationName", "id.uniqueQualifier", "actor", "events"],
        &["id.time"],
    ),
    // GitHub, audit log of an organization. Its times are in milliseconds.
    shape(
        "github:cloud:audit",
        &["@timestamp", "action", "actor", "_document_id"],
        &["@timestamp", "created_at"],
    ),
    // Auth0, log events as its Management API gives them, and as its streams wrap them.
    shape("auth0_logs", &["date", "type", "log_id"], &["date"]),
    shape("auth0_logs", &["log_id", "data.date", "data.type"], &["data.date"]),
    // CrowdStrike_ProcessRollup2.yml
    Shape {
        host: &["ComputerName"],
        ..shape(
            "crowdstrike:events:sensor",
            &["event_simpleName", "aid", "cid"],
            &["timestamp", "ContextTimeStamp"],
        )
    },
    // VMware Carbon Black EDR, cb-event-forwarder.
    Shape {
        host: &["computer_name"],
        ..shape(
            "bit9:carbonblack:json",
            &["type", "cb_server", "computer_name", "timestamp"],
            &["timestamp"],
        )
    },
    // VMware Carbon Black Cloud, Data Forwarder, endpoint events.
    Shape {
        host: &["device_name"],
        ..shape(
            "vmware:cbc:s3:events",
            &["type", "org_key", "device_name", "process_guid"],
            &["device_timestamp", "backend_timestamp"],
        )
    },
    // AWS WAF, logged web requests.
    Shape {
        texts: &["httpRequest"],
        ..shape("aws:waf", &["webaclId", "httpRequest", "terminatingRuleId"], &["timestamp"])
    },
    // Kubernetes, audit.k8s.io/v1.
    shape(
        "kube:audit",
        &["auditID", "verb", "requestURI", "stage"],
        &["requestReceivedTimestamp", "stageTimestamp"],
    ),
];

/// The shape of a record; `None` where it is not known.
pub(super) fn of(value: &Value) -> Option<&'static Shape> {
    let fits = |shape: &&Shape| shape.tells.iter().all(|path| value.at(path).is_some());
    SHAPES.iter().find(fits)
}

impl Shape {
    /// When a record of this shape was written.
    pub(super) fn time(&self, value: &Value) -> Option<Timestamp> {
        let text = value.first_of(self.time)?;
        // Carbon Black Cloud writes the zone twice.
        let text =
            text.strip_suffix(" UTC").filter(|text| text.ends_with("+0000")).unwrap_or(&text);
        time::parse_or_epoch_scaled(text, &TimeZone::UTC)
    }

    /// The machine that a record of this shape is of.
    pub(super) fn host(&self, value: &Value) -> Option<String> {
        value.first_of(self.host)
    }
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
            (
                r#"{"operationName":"Publish","category":"AdvancedHunting-DeviceProcessEvents","tenantId":"x","properties":{"ActionType":"ProcessCreated","DeviceId":"d","DeviceName":"h"}}"#,
                Some("mscs:azure:eventhub:defender:advancedhunting"),
            ),
            (r#"{"log_id":"1","data":{"date":"x","type":"s"}}"#, Some("auth0_logs")),
            (r#"{"eventVersion":"1.08","eventName":"CreateUser"}"#, None),
            (r#"{"date":"x","type":"s"}"#, None),
            (r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1"}"#, None),
            ("{}", None),
        ] {
            let value = Value::parse(text.as_bytes()).expect("JSON");
            assert_eq!(of(&value).map(|shape| shape.sourcetype), expected, "{text}");
        }
    }

    #[test]
    fn times_are_utc_in_any_unit() {
        for (text, time) in [
            (
                r#"{"event_simpleName":"ProcessRollup2","aid":"a","cid":"c","timestamp":"1577934245678"}"#,
                "2020-01-02T03:04:05.678Z",
            ),
            (
                r#"{"CreationTime":"2020-01-02T03:04:05","Operation":"o","Workload":"w","RecordType":1}"#,
                "2020-01-02T03:04:05Z",
            ),
            (
                r#"{"type":"ingress.event.procstart","cb_server":"s","computer_name":"h","timestamp":1577934245}"#,
                "2020-01-02T03:04:05Z",
            ),
        ] {
            let value = Value::parse(text.as_bytes()).expect("JSON");
            let shape = of(&value).expect("a shape");
            assert_eq!(shape.time(&value), time.parse().ok(), "{text}");
        }
    }
}
