//! What an accepted client gets: the decision of each route, and what the backend is told of it.

use base64::{Engine, engine::general_purpose::STANDARD};
use handfast_pki::{
    VerifiedChain,
    text::{hex, printable},
};
use handfast_policy::{Denial, Permit};
use http::HeaderValue;

/// What is known of a client once it was decided about, made once per remembered chain.
pub(crate) struct Admission {
    /// The first rule that lets the client in, wherever it may go then.
    pub(crate) rule: String,
    /// Of each route of its host, in their order.
    pub(crate) decisions: Vec<Result<Permit, Denial>>,
    /// `Client-Cert` (RFC 9440 section 2.2).
    pub(crate) client_cert: HeaderValue,
    /// `Client-Cert-Chain` (RFC 9440 section 2.3): the path behind the leaf, to the CA.
    pub(crate) client_cert_chain: HeaderValue,
    /// One element of `X-Forwarded-Client-Cert` as Envoy writes it.
    pub(crate) forwarded: HeaderValue,
}

impl Admission {
    /// What `chain` gets, unless every route denies it: then the denial of the first.
    pub(crate) fn decided(
        chain: &VerifiedChain,
        decisions: Vec<Result<Permit, Denial>>,
    ) -> Result<Self, Denial> {
        let permit = decisions.iter().find_map(|decision| decision.as_ref().ok());
        let denial = decisions.iter().find_map(|decision| decision.as_ref().err());
        let rule = match (permit, denial) {
            (Some(permit), _) => permit.rule().to_owned(),
            (None, Some(denial)) => return Err(denial.clone()),
            // Without a route there is no rule, and no rule means no.
            (None, None) => return Err(Denial::without_rule(&chain.identity())),
        };
        Ok(Self {
            rule,
            decisions,
            client_cert: client_cert(chain),
            client_cert_chain: client_cert_chain(chain),
            forwarded: forwarded(chain),
        })
    }
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
