//! TLS is content, and the question is who is told of the client and who is let in.

use base64::{Engine, prelude::BASE64_STANDARD};
use handfast_finding::{Certainty, Finding, Refuser};
use handfast_pki::{
    Certificate, code, name,
    text::{listed, printable},
};

use super::Evidence;
use crate::{Answer, probe};

pub(super) fn judge(evidence: &Evidence<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(forgeable(evidence));
    findings.extend(not_forwarded(evidence));
    findings.extend(other_form(evidence));
    findings.extend(any_of_ca(evidence));
    findings
}

fn body(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// An identity that we made up arrives, or opens the proxy.
pub(crate) fn forgeable(evidence: &Evidence<'_>) -> Option<Finding> {
    let forged = evidence.probe(probe::Kind::Forged)?.answer()?;
    let before = evidence.answer?;
    let because = if body(forged).contains(probe::FORGED) {
        let body = body(forged);
        let arrived: Vec<String> = handfast_headers::forgeries()
            .filter(|name| body.contains(&probe::forged_as(name)))
            .map(str::to_owned)
            .collect();
        let which = if arrived.is_empty() {
            String::new()
        } else {
            format!(", in {}", listed(&arrived))
        };
        format!(
            "identity headers of our own making reached the application: its answer repeats \"{}\"{which}",
            probe::FORGED
        )
    } else if before.status.as_u16() >= 400 && forged.status.as_u16() < 400 {
        format!(
            "the answer is {} without identity headers of our own making and {} with them",
            before.status, forged.status
        )
    } else {
        return None;
    };
    Some(
        Finding::new(code::FORGEABLE, Refuser::Server, Certainty::Certain, because).help(
            "set every identity header on the proxy, also to nothing, and take away what has underscores for hyphens in its \
             name, which many backends read as the same: proxy_set_header X-SSL-Client-S-DN $ssl_client_s_dn; in nginx, \
             http-request del-header x_ssl_ -m beg in HAProxy, headers_with_underscores_action: REJECT_REQUEST in Envoy, \
             RequestHeader unset X_SSL_Client_S_DN in Apache",
        ),
    )
}

/// The application repeats the headers that it saw, and nothing of the client's certificate is among them.
fn not_forwarded(evidence: &Evidence<'_>) -> Option<Finding> {
    let answer = evidence.answer.filter(|_| evidence.context.is_echo)?;
    let sent = evidence.trace.asked.as_ref().is_some_and(|asked| asked.sent);
    let leaf = evidence.trace.own_chain.first().filter(|_| sent)?;
    let seen = body(answer);
    let is_told = signs(leaf)
        .iter()
        .any(|sign| seen.contains(sign) || seen.contains(&sign.to_uppercase()));
    (!is_told).then(|| {
        Finding::new(
            code::NOT_FORWARDED,
            Refuser::Server,
            Certainty::Certain,
            format!(
                "our certificate was taken, and neither it nor \"{}\" nor its serial number is among what the \
                 application saw",
                leaf.called()
            ),
        )
        .help("have the proxy hand it on: Client-Cert (RFC 9440) or X-Forwarded-Client-Cert")
    })
}

/// Whether `text`, in lower case, names `leaf`: its subject, a name, its serial number.
pub(super) fn is_named(leaf: &Certificate, text: &str) -> bool {
    signs(leaf).iter().any(|sign| text.contains(&sign.to_lowercase()))
}

/// What of a certificate an application could be told.
fn signs(leaf: &Certificate) -> Vec<String> {
    let mut signs = vec![leaf.serial(), leaf.fingerprint().to_string()];
    signs.extend(name::forms(leaf.subject()).into_iter().map(|(_, form)| form));
    let identity = leaf.identity();
    signs.extend(
        identity
            .uris
            .iter()
            .chain(&identity.dns)
            .chain(&identity.emails)
            .cloned(),
    );
    // Enough of the certificate itself, in whatever it is wrapped.
    let encoded = BASE64_STANDARD.encode(leaf.der());
    signs.extend(encoded.get(80..120).map(str::to_owned));
    signs.retain(|sign| sign.len() > 3);
    signs
}

/// The rule on the server is written in another form than the one that the server compares with.
fn other_form(evidence: &Evidence<'_>) -> Option<Finding> {
    let expected = evidence.context.expected_subject.as_ref()?;
    let leaf = evidence.trace.own_chain.first()?;
    let forms = name::forms(leaf.subject());
    let refused = evidence
        .answer
        .is_some_and(|answer| [401, 403].contains(&answer.status.as_u16()));
    let (usual, rfc) = forms.first()?;
    let expected = expected.trim();
    match forms.iter().find(|(_, form)| form == expected) {
        Some((whose, form)) if form != rfc => Some(
            Finding::new(
                code::NAME_FORM,
                Refuser::Server,
                if refused { Certainty::Certain } else { Certainty::Likely },
                format!("the rule says \"{form}\" ({whose}), the server compares with \"{rfc}\" ({usual})"),
            )
            .help("write the rule in the server's form, or compare a name of the SAN or the fingerprint instead"),
        ),
        None if refused => Some(
            Finding::new(
                code::NOT_ALLOWED,
                Refuser::Server,
                Certainty::Likely,
                format!("the rule says \"{}\", the subject is \"{rfc}\"", printable(expected)),
            )
            .help("ask for a rule for this subject"),
        ),
        _ => None,
    }
}

/// Somebody of the right CA who must not come in comes in.
fn any_of_ca(evidence: &Evidence<'_>) -> Option<Finding> {
    let other = evidence.probe(probe::Kind::MustRefuse)?;
    let trace = other.trace()?;
    let sent = trace.asked.as_ref().is_some_and(|asked| asked.sent);
    let proven = trace.verdict.is_accepted() || trace.acceptance().is_some();
    let leaf = trace.own_chain.first()?;
    (sent && proven && other.went_well()).then(|| {
        Finding::new(
            code::ANY_OF_CA,
            Refuser::Server,
            Certainty::Certain,
            format!(
                "\"{}\" is accepted, too ({}): no rule checks the name",
                leaf.called(),
                other.told()
            ),
        )
        .help("add a rule for the allowed names, and deny all others")
    })
}
