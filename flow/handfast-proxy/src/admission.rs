//! What is known of a peer once it was decided about: the decision, and what the backend is told of it.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use handfast_pki::text::{hex, printable};
use handfast_policy::{Denial, Permit, Policy};
use handfast_tls::Peer;
use http::HeaderValue;

/// What is known of a peer once it was decided about, kept with its verified chain.
pub(crate) struct Admission {
    pub(crate) decision: Result<Permit, Denial>,
    /// `Client-Cert` (RFC 9440 section 2.2).
    pub(crate) client_cert: HeaderValue,
    /// One element of `X-Forwarded-Client-Cert` as Envoy writes it.
    pub(crate) forwarded: HeaderValue,
}

/// The same decision while the handshake can still answer with an alert.
pub(crate) fn admits(peer: &Peer, policy: &Policy) -> bool {
    of(peer, policy).decision.is_ok()
}

/// The denial of a peer that [`admits`] turned away, for its record.
pub(crate) fn denial(peer: &Peer, policy: &Policy) -> Option<Denial> {
    of(peer, policy).decision.as_ref().err().cloned()
}

/// A peer is remembered by the verifier of one generation, so what is kept with it belongs to that policy.
pub(crate) fn of(peer: &Peer, policy: &Policy) -> Arc<Admission> {
    peer.memo(|peer| {
        Arc::new(Admission {
            decision: policy.decide(peer.chain()),
            client_cert: client_cert(peer),
            forwarded: forwarded(peer),
        })
    })
}

/// The leaf as an sf-binary (RFC 8941 section 3.3.5).
fn client_cert(peer: &Peer) -> HeaderValue {
    let encoded = format!(":{}:", STANDARD.encode(peer.chain().leaf().der()));
    // Base64 and colons are always a header value.
    HeaderValue::from_str(&encoded).unwrap_or_else(|_| HeaderValue::from_static(""))
}

fn forwarded(peer: &Peer) -> HeaderValue {
    let identity = peer.identity();
    let mut text = format!("Hash={}", hex(&identity.fingerprint.0));
    let mut add = |key: &str, value: &str| {
        text.push_str(&format!(";{key}={}", quoted(value)));
    };
    let subject = peer.chain().leaf().subject();
    add(
        "Subject",
        &if subject.is_empty() {
            String::new()
        } else {
            handfast_pki::name::shown(subject)
        },
    );
    identity.uris.iter().for_each(|uri| add("URI", uri));
    identity.dns.iter().for_each(|dns| add("DNS", dns));
    HeaderValue::from_bytes(text.as_bytes()).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Always in quotes: a name with a comma, semicolon or equals sign in it must not become another element.
fn quoted(value: &str) -> String {
    format!(
        "\"{}\"",
        printable(value).replace('\\', "\\\\").replace('"', "\\\"")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_break_out_of_its_element() {
        assert_eq!(
            quoted(r#"a";URI="spiffe://acme/admin"#),
            r#""a\";URI=\"spiffe://acme/admin""#
        );
        assert_eq!(quoted("a,Hash=00"), "\"a,Hash=00\"");
        assert_eq!(quoted("a\\"), "\"a\\\\\"");
    }
}
