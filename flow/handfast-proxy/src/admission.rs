//! What an accepted client gets: the decision of each route, and what the backend is told of it.

use base64::{Engine, engine::general_purpose::STANDARD};
use handfast_pki::{
    Code, Purpose, Refusal, VerifiedChain,
    text::{hex, printable},
};
use handfast_policy::{Denial, Permit};
use http::HeaderValue;

use crate::error::Ended;

/// What is known of a client once it was decided about, made once per remembered chain.
pub(crate) struct Admission {
    /// The first rule that lets the client in, wherever it may go then; nothing where its host only observes.
    pub(crate) rule: Option<String>,
    /// Of each route of its host, in their order.
    pub(crate) decisions: Vec<Result<Permit, Denial>>,
    /// What the backend is told of the client; nothing of one whose identity is not proven.
    pub(crate) told: Option<Told>,
    /// Why no identity of the client is proven: it showed no certificate, or one that is refused.
    pub(crate) refusal: Option<Refusal>,
    /// Why the client would be rejected in the handshake, where its host only observes.
    pub(crate) would_reject: Option<(Code, String)>,
}

/// The headers that tell a backend who the client is.
pub(crate) struct Told {
    /// `Client-Cert` (RFC 9440 section 2.2).
    pub(crate) client_cert: HeaderValue,
    /// `Client-Cert-Chain` (RFC 9440 section 2.3): the path behind the leaf, to the CA.
    pub(crate) client_cert_chain: HeaderValue,
    /// One element of `X-Forwarded-Client-Cert` as Envoy writes it.
    pub(crate) forwarded: HeaderValue,
}

type Decisions = Vec<Result<Permit, Denial>>;

impl Admission {
    /// What `chain` gets, unless every route denies it: then the denial of the first, or, where its host `observes`, what
    /// would be said of it.
    pub(crate) fn decided(
        chain: &VerifiedChain,
        decisions: Decisions,
        observes: bool,
    ) -> Result<Self, Denial> {
        let denial = decisions.iter().find_map(|decision| decision.as_ref().err());
        // Without a route there is no rule, and no rule means no.
        let denial = denial
            .cloned()
            .unwrap_or_else(|| Denial::without_rule(&chain.identity()));
        let (rule, would_reject) = match rule(&decisions) {
            Some(rule) => (Some(rule), None),
            None if observes => {
                let ended = Ended::Denied(denial);
                (None, Some((ended.code(), ended.reason())))
            }
            None => return Err(denial),
        };
        Ok(Self {
            rule,
            decisions,
            told: Some(Told {
                client_cert: client_cert(chain),
                client_cert_chain: client_cert_chain(chain),
                forwarded: forwarded(chain),
            }),
            refusal: None,
            would_reject,
        })
    }

    /// What a client without a certificate gets, where a route allows it.
    pub(crate) fn anonymous(decisions: Decisions) -> Option<Self> {
        Some(Self {
            rule: Some(rule(&decisions)?),
            decisions,
            told: None,
            refusal: Some(Refusal::NoCertificate),
            would_reject: None,
        })
    }

    /// What a client gets that is served only because its host observes: nothing but `refusal` is known of it.
    pub(crate) fn observed(decisions: Decisions, refusal: &Refusal) -> Self {
        Self {
            rule: None,
            decisions,
            told: None,
            would_reject: Some((refusal.code(Purpose::Client), refusal.to_string())),
            refusal: Some(refusal.clone()),
        }
    }

    /// Whether the client came in without a certificate, because a rule says so.
    pub(crate) fn is_anonymous(&self) -> bool {
        self.refusal.is_some() && self.would_reject.is_none()
    }
}

/// The first rule that lets a client in.
fn rule(decisions: &[Result<Permit, Denial>]) -> Option<String> {
    let permit = decisions.iter().find_map(|decision| decision.as_ref().ok())?;
    Some(permit.rule().to_owned())
}

/// The leaf as an sf-binary (RFC 8941 section 3.3.5).
fn client_cert(chain: &VerifiedChain) -> HeaderValue {
    let encoded = format!(":{}:", STANDARD.encode(chain.leaf().der()));
    // Base64 and colons are always a header value.
    HeaderValue::from_str(&encoded).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// A list of the same (RFC 8941 section 3.1), in the order of the handshake.
fn client_cert_chain(chain: &VerifiedChain) -> HeaderValue {
    let path = chain.path().iter();
    let encoded: Vec<String> = path
        .map(|one| format!(":{}:", STANDARD.encode(one.der())))
        .collect();
    HeaderValue::from_str(&encoded.join(", ")).unwrap_or_else(|_| HeaderValue::from_static(""))
}

fn forwarded(chain: &VerifiedChain) -> HeaderValue {
    let identity = chain.identity();
    let mut text = format!("Hash={}", hex(&identity.fingerprint.0));
    let mut add = |key: &str, value: &str| {
        text.push_str(&format!(";{key}={}", quoted(value)));
    };
    let subject = chain.leaf().subject();
    // A common name that the CA may not vouch for is none of the identity, and whoever reads the subject takes it for one.
    let is_vouched = identity.common_name == chain.leaf().identity().common_name;
    let subject = match is_vouched && !subject.is_empty() {
        true => handfast_pki::name::shown(subject),
        false => String::new(),
    };
    add("Subject", &subject);
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
