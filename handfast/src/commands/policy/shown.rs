//! Decisions as they are shown: as JSON, and for people.

use handfast_pki::text::printable;
use handfast_proxy::rehearsal::{Asked, Decision, TokenDemand};
use serde_json::{Map, Value, json};

use crate::words::Words;

pub(super) fn decision(decision: &Decision) -> Value {
    json!({
        "allowed": decision.is_allowed,
        "in_handshake": decision.in_handshake,
        "code": decision.code.map(|code| code.to_string()),
        "reason": decision.reason,
        "rule": decision.rule,
        "host": decision.host,
        "route": decision.route,
        "hint": decision.hint,
        "observes": decision.observes,
        "token": decision.token.as_ref().map(token),
    })
}

fn token(token: &TokenDemand) -> Value {
    let (code, reason) = TokenDemand::without();
    json!({
        "issuer": token.issuer,
        "audience": token.audience,
        "keys": token.keys,
        "without": { "code": code.to_string(), "reason": reason },
    })
}

/// Who asks for what, with `more`.
pub(super) fn with_asked(client: &str, asked: &Asked, more: Value) -> Value {
    let mut all = Map::new();
    all.insert("client".into(), printable(client).into());
    all.insert("name".into(), asked.host.as_deref().map(printable).into());
    all.insert("method".into(), printable(&asked.method).into());
    all.insert("path".into(), printable(&asked.path).into());
    if let Value::Object(more) = more {
        all.extend(more);
    }
    Value::Object(all)
}

/// `allowed by "uri:spiffe://acme/web"`, `denied in the handshake: ...  [HF-609]`.
pub(super) fn line(decision: &Decision) -> String {
    let rule = decision.rule.as_deref().map(printable).unwrap_or_default();
    if decision.is_allowed {
        let token = decision.token.as_ref();
        let token = token.map(|token| format!(", with {token} that is bound to the certificate"));
        return format!("allowed by \"{rule}\"{}", token.unwrap_or_default());
    }
    let place = if decision.in_handshake {
        " in the handshake"
    } else {
        ""
    };
    let why = decision.reason.as_deref().unwrap_or_default();
    let code = decision
        .code
        .map(|code| format!("  [{code}]"))
        .unwrap_or_default();
    format!("denied{place}: {why}{code}")
}

/// Where it was decided, and what would have to change.
pub(super) fn tell_rest(decision: &Decision, words: &Words) {
    if let Some(host) = &decision.host {
        let route = decision.route.as_deref().unwrap_or("none");
        words.data(format_args!("  host: {host}, route: {route}"));
    }
    if decision.is_allowed && decision.token.is_some() {
        let (code, reason) = TokenDemand::without();
        words.data(format_args!("  without the token, 401: {reason}  [{code}]"));
    }
    if let Some(hint) = &decision.hint {
        words.data(format_args!("  to allow it: {hint}"));
    }
    if decision.observes && !decision.is_allowed {
        words.data("  the host only observes: the request is served, and the denial recorded");
    }
}
