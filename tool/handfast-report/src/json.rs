//! A report as one JSON object, and the parts that answers of other commands share with it. docs/reference/json.md
//! describes them.

use handfast_doctor::{Report, Trace};
use handfast_finding::{Finding, Place, Problem, Refuser};
use handfast_pki::{Certificate, name::shown};
use handfast_tls::Established;
use handfast_trace::{Message, Said, Side};
use serde_json::{Map, Value, json};

/// The whole report.
pub fn report(report: &Report) -> Value {
    let notes: Map<String, Value> = report
        .notes
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(value.clone())))
        .collect();
    json!({
        "target": report.target,
        "handshake": report.trace.as_ref().and_then(Trace::handshake_id),
        "tls": report.trace.as_ref().and_then(|trace| trace.established).map(agreed),
        "status": report.answer.as_ref().map(|answer| answer.status.as_u16()),
        "trace": report.trace.iter().flat_map(|trace| &trace.messages).map(message).collect::<Vec<_>>(),
        "probes": report.probes,
        "notes": notes,
        "findings": findings(&report.findings),
    })
}

/// What both sides agreed on.
pub(crate) fn agreed(agreed: Established) -> Value {
    json!({ "version": agreed.version, "suite": agreed.suite, "alpn": agreed.alpn })
}

/// The findings alone, the most probable first.
pub fn findings(findings: &[Finding]) -> Vec<Value> {
    let one = |finding: &Finding| {
        json!({
            "code": finding.code.to_string(),
            "side": finding.side.name(),
            "fault": finding.fault.map(Refuser::name),
            "certainty": finding.certainty.name(),
            "title": finding.code.title(),
            "because": finding.because,
            "help": finding.help,
            "command": finding.command,
            "place": finding.place.as_ref().map(place),
        })
    };
    findings.iter().map(one).collect()
}

/// What keeps a command from its work.
pub fn problem(problem: &Problem) -> Value {
    json!({
        "code": problem.code.to_string(),
        "title": problem.code.title(),
        "message": problem.message,
        "details": problem.details,
        "help": problem.help,
        "command": problem.command,
        "place": problem.place.as_deref().map(place),
    })
}

/// A line of a file.
pub fn place(place: &Place) -> Value {
    json!({ "file": place.file, "line": place.line, "text": place.text })
}

/// One message of a trace.
pub fn message(message: &Message) -> Value {
    let fields: Map<String, Value> = message
        .fields()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::from(value)))
        .collect();
    let mut object = json!({
        "ms": message.at.as_secs_f64() * 1000.0,
        "from": match message.from {
            Side::Client => "client",
            Side::Server => "server",
        },
        "message": message.kind.name(),
        "encrypted": message.encrypted,
        "bytes": message.bytes,
        "fields": fields,
    });
    if matches!(message.said, Said::Certificates(_)) {
        object["certificates"] = message.certificates().iter().map(certificate).collect();
    }
    object
}

/// A certificate wherever one is named: whose it is, who made it, how long it holds.
pub fn certificate(certificate: &Certificate) -> Value {
    json!({
        "identity": certificate.identity(),
        "subject": shown(certificate.subject()),
        "issuer": shown(certificate.issuer()),
        "serial": certificate.serial(),
        "not_before": handfast_pki::time::shown(certificate.not_before()),
        "not_after": handfast_pki::time::shown(certificate.not_after()),
    })
}
