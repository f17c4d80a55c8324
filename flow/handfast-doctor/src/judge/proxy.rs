//! The peer is a proxy of our own, and its answer carries the code (RFC 9457): a route that denies, a token that is missing,
//! a host that explains its refusals.
//!
//! In: an answer. Out: what it says, together with what our own files say of the same cause. A proxy tells a client less
//! than it knows, so that two of its codes stand for two causes each.

use handfast_finding::{Certainty, Finding, Refuser};
use handfast_pki::{Code, Refusal, code};
use jiff::Timestamp;

use super::{Evidence, late::page, own};
use crate::Answer;

/// What the proxy says, and about which connection of its log.
struct Said {
    code: Code,
    connection: u64,
    status: u16,
    /// It is the answer to a client that was refused in the handshake.
    is_explained: bool,
}

/// The proxy's own words, where the answer is in them; about its backend it says nothing that a client could mend.
pub(super) fn in_its_words(evidence: &Evidence<'_>, answer: &Answer, now: Timestamp) -> Option<Vec<Finding>> {
    let said = read(answer).filter(|said| !is_of_backend(said.code))?;
    let words = format!(
        "the proxy answered {} with {} \"{}\", connection {} in its log",
        said.status,
        said.code,
        said.code.title(),
        said.connection
    );
    let finding = |code: Code, certainty, because: String| {
        Finding::new(code, Refuser::Server, certainty, because).help(help(code, said.connection))
    };
    let mut findings = Vec::new();
    let faults = own::faults(evidence, now);
    if let Some(fault) = faults.iter().find(|fault| is_cause(fault.code, said.code)) {
        // Two say it: the proxy, and our own files.
        let because = format!("{words}; {}", fault.because);
        findings.push(
            Finding::new(fault.code, Refuser::Server, Certainty::Certain, because).help(fault.help.clone()),
        );
    }
    let also = twin(said.code).filter(|_| said.is_explained);
    let certainty = match (findings.is_empty(), also) {
        (false, _) => Certainty::Guess,
        (true, Some(_)) => Certainty::Likely,
        (true, None) => Certainty::Certain,
    };
    if findings.iter().all(|finding| finding.code != said.code) {
        findings.push(finding(said.code, certainty, words.clone()));
    }
    findings.extend(also.map(|twin| {
        let because = format!(
            "{words}; it says the same where this is the cause: {}",
            twin.title()
        );
        finding(twin, Certainty::Guess, because)
    }));
    Some(findings)
}

fn read(answer: &Answer) -> Option<Said> {
    let media_type = answer.headers.get(http::header::CONTENT_TYPE)?.to_str().ok()?;
    if !media_type.starts_with("application/problem+json") {
        return None;
    }
    let page = page(answer);
    let value = |key: &str| {
        let (_, rest) = page.split_once(&format!("\"{key}\":"))?;
        let end = rest.find(['"', ',', '}']).unwrap_or(rest.len());
        match rest.strip_prefix('"') {
            Some(text) => text.split_once('"').map(|(text, _)| text),
            None => rest.get(..end),
        }
    };
    let code = value("code")
        .filter(|text| text.starts_with("HF-"))
        .and_then(Code::parse)?;
    // A title of ours, so that no other program's code is taken for one of ours.
    (value("title") == Some(code.title())).then_some(())?;
    Some(Said {
        code,
        connection: value("connection")?.trim().parse().ok()?,
        status: answer.status.as_u16(),
        is_explained: value("detail").is_some(),
    })
}

fn is_of_backend(code: Code) -> bool {
    [
        code::BACKEND_UNREACHABLE,
        code::BACKEND_BROKE,
        code::BACKEND_LATE,
        code::BACKEND_FULL,
    ]
    .contains(&code)
}

/// The cause that a host which explains does not tell from `code`: what a CA keeps to itself, and which CA is trusted for
/// which names.
fn twin(code: Code) -> Option<Code> {
    match code {
        code::REVOKED => Some(code::NOT_ISSUED),
        code::NOT_ALLOWED => Some(code::FOREIGN_NAME),
        _ => None,
    }
}

/// Whether what our own files say is what the proxy means by `said`: the same, or what makes an issuer an unknown one.
fn is_cause(fault: Code, said: Code) -> bool {
    const UNKNOWN: [Code; 2] = [code::MISSING_INTERMEDIATE, code::BAD_SIGNATURE];
    fault == said || said == code::UNKNOWN_ISSUER && UNKNOWN.contains(&fault)
}

fn help(code: Code, connection: u64) -> String {
    match code {
        code::NO_CERTIFICATE | code::NEEDS_CERTIFICATE => Refusal::NoCertificate.hint().into(),
        code::TOKEN_MISSING => {
            "send an access token that is bound to this certificate: Authorization: Bearer TOKEN".into()
        }
        code::TOKEN_REFUSED => {
            "get a new access token, and compare its issuer, audience and times with the route's".into()
        }
        code::TOKEN_NOT_BOUND => {
            "get an access token with the certificate that the request is made with, also after a renewal"
                .into()
        }
        code::MISDIRECTED => "use one connection per name, and the same name in SNI and Host".into(),
        _ => format!(
            "ask the operator for connection {connection} in the access log of the proxy, which has the whole reason"
        ),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::*;

    fn read_of(media_type: &'static str, body: &str) -> Option<Code> {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        let answer = Answer {
            status: StatusCode::FORBIDDEN,
            headers,
            body: body.as_bytes().to_vec().into(),
        };
        read(&answer).map(|said| said.code)
    }

    #[test]
    fn only_what_our_own_proxy_writes_is_taken_at_its_word() {
        const OURS: &str = "application/problem+json";
        let of = |title: &str| {
            format!(
                "{{\"code\":\"HF-725\",\"connection\":7,\"status\":403,\"title\":\"{title}\",\"type\":\"about:blank\"}}"
            )
        };
        let ours = of(code::NEEDS_CERTIFICATE.title());
        assert_eq!(read_of(OURS, &ours), Some(code::NEEDS_CERTIFICATE));
        assert_eq!(read_of("application/json", &ours), None, "another form");
        assert_eq!(
            read_of(OURS, &of("quota exceeded")),
            None,
            "a title of somebody else"
        );
        assert_eq!(read_of(OURS, &ours.replace("HF-725", "HF-998")), None, "no code");
        assert_eq!(read_of(OURS, "{\"code\":\"HF-7"), None, "cut off");
    }
}
