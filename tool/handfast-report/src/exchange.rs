//! One request and its answer, as one JSON object.

use handfast_doctor::{Answer, Trace};
use handfast_finding::Finding;
use serde_json::{Value, json};

/// What was asked, what came back, and what went wrong.
pub fn json(trace: &Trace, answer: Option<&Answer>, finding: Option<&Finding>) -> Value {
    let headers = answer.map(|answer| {
        let pairs = answer
            .headers
            .iter()
            .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]));
        pairs.collect::<Vec<_>>()
    });
    json!({
        "target": format!("{}:{}", trace.target.host, trace.target.port),
        "handshake": trace.handshake_id(),
        "status": answer.map(|answer| answer.status.as_u16()),
        "headers": headers,
        "body": answer.map(|answer| String::from_utf8_lossy(&answer.body).into_owned()),
        "tls": trace.established.map(|agreed| json!({"version": agreed.version, "suite": agreed.suite, "alpn": agreed.alpn})),
        "server": trace.peer.as_ref().map(|peer| json!(peer.identity())),
        "trace": trace.messages.iter().map(|message| json!({
            "ms": message.at.as_secs_f64() * 1000.0,
            "from": format!("{:?}", message.from).to_lowercase(),
            "message": message.kind.name(),
            "encrypted": message.encrypted,
            "bytes": message.bytes,
            "fields": message.fields().iter().map(|(key, value)| json!([key, value])).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "findings": finding.iter().map(|finding| json!({
            "code": finding.code.to_string(),
            "side": finding.side.name(),
            "certainty": finding.certainty.name(),
            "title": finding.code.title(),
            "because": finding.because,
            "help": finding.help,
        })).collect::<Vec<_>>(),
    })
}
