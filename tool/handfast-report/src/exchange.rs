//! One request and its answer, as one JSON object.

use handfast_doctor::{Answer, Trace};
use handfast_finding::Finding;
use serde_json::{Value, json};

use crate::json::{agreed, findings, message};

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
        "target": trace.target.to_string(),
        "handshake": trace.handshake_id(),
        "status": answer.map(|answer| answer.status.as_u16()),
        "headers": headers,
        "body": answer.map(|answer| String::from_utf8_lossy(&answer.body).into_owned()),
        "tls": trace.established.map(agreed),
        "server": trace.peer.as_ref().map(|peer| json!(peer.identity())),
        "trace": trace.messages.iter().map(message).collect::<Vec<_>>(),
        "findings": findings(finding.map(std::slice::from_ref).unwrap_or_default()),
    })
}
