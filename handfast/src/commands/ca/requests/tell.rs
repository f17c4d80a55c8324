//! A request that waits, as text and as JSON.

use handfast_ca::WaitingRequest;
use handfast_finding::when::written;
use handfast_pki::name;
use serde_json::{Value, json};

fn state(request: &WaitingRequest) -> &'static str {
    match &request.decision {
        None => "waiting",
        Some(decision) if !decision.is_approved => "denied",
        Some(_) if request.serial.is_some() => "issued",
        Some(_) => "approved",
    }
}

/// One line for people.
pub fn line(request: &WaitingRequest) -> String {
    let reason = request.requester.reason.as_deref();
    let reason = reason.map_or_else(String::new, |reason| format!(", because \"{reason}\""));
    let by = request.decision.as_ref();
    let by = by.map_or_else(String::new, |decision| format!(", by {}", decision.by));
    format!(
        "{}  {}  {:<8}  {} for {}, asked by {}{reason}{by}",
        request.id,
        request.at.strftime("%Y-%m-%d %H:%MZ"),
        state(request),
        request.profile,
        request.called(),
        request.requester,
    )
}

/// All that the certificate would be: who approves it has to see that.
pub(super) fn asked_for(request: &WaitingRequest) -> [String; 5] {
    let shown = |text: String| if text.is_empty() { "none".into() } else { text };
    let lifetime = request
        .lifetime
        .map_or_else(|| "that of the profile".into(), written);
    [
        ("subject", name::shown(&request.subject)),
        ("names", texts(&request.names).join(", ")),
        ("lifetime", lifetime),
        ("key", request.public_key.algorithm()),
        ("PSD2 roles", texts(&request.roles).join(", ")),
    ]
    .map(|(what, text)| format!("  {what:<10} {}", shown(text)))
}

fn texts<T: ToString>(all: &[T]) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}

/// The same in JSON.
pub fn described(request: &WaitingRequest) -> Value {
    json!({
        "id": request.id,
        "at": request.at,
        "state": state(request),
        "profile": request.profile,
        "subject": name::shown(&request.subject),
        "names": texts(&request.names),
        "key": request.public_key.fingerprint().to_string(),
        "key_kind": request.public_key.algorithm(),
        "lifetime_seconds": request.lifetime.map(|lifetime| lifetime.as_secs()),
        "psd2_roles": texts(&request.roles),
        "requester": request.requester.to_string(),
        "uid": request.requester.uid,
        "user": request.requester.user,
        "host": request.requester.host,
        "reason": request.requester.reason,
        "decided_by": request.decision.as_ref().map(|decision| &decision.by),
        "decided_at": request.decision.as_ref().map(|decision| decision.at),
        "serial": request.serial,
    })
}
