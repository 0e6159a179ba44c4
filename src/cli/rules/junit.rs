//! `JUnit` XML, as CI systems read it.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::check::Denied;
use super::{Checked, State};
use crate::spl::diagnostic::Diagnostic;

/// Writes a check of rules: a test case a rule. One that does not run is an error, one with a
/// denied warning a failure; other warnings stand in the output of their case.
pub(super) fn write_check(
    checked: &Checked,
    denied: &Denied,
    to: &mut dyn Write,
) -> io::Result<()> {
    let mut suite = TestSuite::new("rules check");
    for rule in &checked.rules {
        let render = |findings: &[Diagnostic]| rule.rule.render(findings, false);
        let wrong = |kind, findings: Vec<Diagnostic>| {
            let first = findings.first();
            let mut status = TestCaseStatus::non_success(kind);
            status
                .set_message(first.map_or("", |finding| finding.message.as_str()))
                .set_type(first.map_or("", |finding| finding.code))
                .set_description(render(&findings));
            status
        };
        let failing: Vec<_> =
            rule.findings.iter().filter(|finding| denied.has(finding)).cloned().collect();
        let status = if rule.state == State::Error {
            wrong(NonSuccessKind::Error, rule.findings.clone())
        } else if failing.is_empty() {
            TestCaseStatus::success()
        } else {
            wrong(NonSuccessKind::Failure, failing)
        };
        let mut case = TestCase::new(rule.rule.title.clone(), status);
        case.set_classname(rule.rule.origin.name.clone());
        if rule.state != State::Error && !rule.findings.is_empty() {
            case.set_system_out(render(&rule.findings));
        }
        suite.add_test_case(case);
    }
    for error in &checked.unreadable {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(error.as_str());
        suite.add_test_case(TestCase::new(error.as_str(), status));
    }
    let mut report = Report::new("coldsweep");
    report.add_test_suite(suite);
    write(&report, to)
}

/// Writes a report.
pub(super) fn write(report: &Report, to: &mut dyn Write) -> io::Result<()> {
    report.serialize(to).map_err(io::Error::other)
}
