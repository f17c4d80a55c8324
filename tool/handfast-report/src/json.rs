//! A report as one JSON object. Its form is described in docs/doctor.md and changes only with `schema`.

use handfast_doctor::{Report, Trace};
use handfast_finding::Finding;
use handfast_pki::{Certificate, name::shown};
use handfast_trace::{Message, Said, Side};
use serde_json::{Map, Value, json};

/// The form of the object.
pub const SCHEMA: &str = "handfast-doctor/1";

/// The whole report.
pub fn report(report: &Report) -> Value {
    let notes: Map<String, Value> = report
        .notes
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(value.clone())))
        .collect();
    json!({
        "schema": SCHEMA,
        "target": report.target,
        "handshake": report.trace.as_ref().and_then(Trace::handshake_id),
        "tls": report.trace.as_ref().and_then(|trace| trace.established).map(|agreed| json!({
            "version": agreed.version, "suite": agreed.suite, "alpn": agreed.alpn,
        })),
        "status": report.answer.as_ref().map(|answer| answer.status.as_u16()),
        "trace": report.trace.iter().flat_map(|trace| &trace.messages).map(message).collect::<Vec<_>>(),
        "probes": report.probes,
        "notes": notes,
        "findings": findings(&report.findings),
    })
}

/// The findings alone, the most probable first.
pub fn findings(findings: &[Finding]) -> Vec<Value> {
    let one = |finding: &Finding| {
        json!({
            "code": finding.code.to_string(),
            "side": finding.side.name(),
            "certainty": finding.certainty.name(),
            "title": finding.code.title(),
            "because": finding.because,
            "help": finding.help,
            "command": finding.command,
            "place": finding.place.as_ref().map(|place| json!({
                "file": place.file, "line": place.line, "text": place.text,
            })),
        })
    };
    findings.iter().map(one).collect()
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

/// One certificate of a chain; what cannot be decoded is only counted, in the fields.
fn certificate(certificate: &Certificate) -> Value {
    json!({
        "name": certificate.called(),
        "issuer": shown(certificate.issuer()),
        "serial": certificate.serial(),
        "not_before": certificate.not_before().to_string(),
        "not_after": certificate.not_after().to_string(),
        "sha256": certificate.fingerprint().to_string(),
    })
}
