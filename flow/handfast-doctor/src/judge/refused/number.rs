//! What an alert says by its number alone (RFC 8446 section 6), and which causes it can have: few have one.

use handfast_finding::{Certainty, Finding, Refuser};
use handfast_pki::{Certificate, Code, Refusal, Role, code};
use jiff::{SignedDuration, Timestamp};

use crate::{judge::Evidence, probe};

/// What the alert alone says, beside the faults of our own; `explained` when there is one that fits.
// long: one arm per alert
pub(super) fn by_number(
    evidence: &Evidence<'_>,
    number: u8,
    said: &str,
    explained: bool,
    now: Timestamp,
) -> Vec<Finding> {
    let finding = |code: Code, certainty, because: String, help: &str| {
        Finding::new(code, Refuser::Server, certainty, format!("{said}; {because}")).help(help)
    };
    let likely = if explained {
        Certainty::Guess
    } else {
        Certainty::Likely
    };
    let throwaway = evidence
        .probe(probe::Kind::ThrowAway)
        .and_then(probe::Probe::trace)
        .and_then(probe::refused_by_alert);
    match number {
        45 => expired(throwaway, said, likely),
        48 => unknown_ca(evidence, said, throwaway, explained),
        43 => vec![finding(
            code::WRONG_PURPOSE,
            likely,
            "a certificate in the chain is not for this purpose".into(),
            "issue it for clients: handfast issue client",
        )],
        44 => vec![finding(
            code::REVOKED,
            likely,
            "the client's certificate is on a revocation list".into(),
            Refusal::Revoked {
                role: Role::Leaf,
                subject: String::new(),
            }
            .hint(),
        )],
        51 => vec![finding(
            code::BAD_SIGNATURE,
            likely,
            "the server knows an issuer of this name, and its key did not sign the client's certificate"
                .into(),
            "trust both CA certificates while a CA key changes, and never reuse a CA's name",
        )],
        49 => denied(throwaway, said, likely),
        46 => unsaid(evidence, throwaway, said, explained),
        80 => internal(evidence, said, likely),
        42 => bad(evidence, said, likely, now),
        116 => vec![finding(
            code::NO_CERTIFICATE,
            likely,
            "the server received none".into(),
            Refusal::NoCertificate.hint(),
        )],
        _ => vec![finding(
            code::VAGUE_ALERT,
            likely,
            "the client's certificate shows no fault of its own".into(),
            "look at the server's log at this time: it knows the reason",
        )],
    }
}

const LISTS: &str = "publish a new revocation list for every CA of the chain, and have the server load it";
const LOG: &str = "look at the server's log at this time: it knows the reason";

/// One reading of an alert.
fn reading(code: Code, certainty: Certainty, said: &str, because: &str, help: &str) -> Finding {
    Finding::new(code, Refuser::Server, certainty, format!("{said}; {because}")).help(help)
}

/// certificate_expired, and nothing in the client's chain has expired by our clock: a list of the server has, a CA in its
/// own file, or its clock is wrong.
fn expired(throwaway: Option<u8>, said: &str, likely: Certainty) -> Vec<Finding> {
    let seen = if throwaway == Some(45) {
        "a certificate made this minute is called expired, too, so something of the server's has expired"
    } else {
        "nothing in the client's chain has expired by our clock"
    };
    let reading = |code, certainty, because: &str, help| {
        reading(code, certainty, said, &format!("{seen}: {because}"), help).fault_of(Refuser::Server)
    };
    vec![
        reading(
            code::CRL_UNUSABLE,
            likely,
            "OpenSSL says so of an expired revocation list",
            LISTS,
        ),
        reading(
            code::EXPIRED,
            Certainty::Guess,
            "the CA in the server's own file may have expired",
            "have the server load the CA's renewed certificate",
        ),
        reading(
            code::NOT_YET_VALID,
            Certainty::Guess,
            "the server's clock may be ahead",
            "set both clocks by NTP",
        ),
    ]
}

/// bad_certificate: of OpenSSL what is not valid yet, a certificate or a revocation list, and a list that its CA did not
/// sign; of Go before 1.21 and Java anything.
fn bad(evidence: &Evidence<'_>, said: &str, likely: Certainty, now: Timestamp) -> Vec<Finding> {
    const YOUNG: SignedDuration = SignedDuration::from_mins(10);
    let own = &evidence.trace.own_chain;
    let made = own.iter().map(Certificate::not_before).max();
    let is_young = made.is_some_and(|made| now.duration_since(made) < YOUNG);
    let early = if is_young {
        "the client's certificate began minutes ago, and the server's clock may be behind by as much"
    } else {
        "the server's clock may be behind, so that a certificate is not valid yet for it"
    };
    let (first, vague) = if is_young {
        (likely, Certainty::Guess)
    } else {
        (Certainty::Guess, likely)
    };
    vec![
        reading(
            code::VAGUE_ALERT,
            vague,
            said,
            "the client's certificate shows no fault of its own",
            LOG,
        ),
        reading(code::NOT_YET_VALID, first, said, early, "set both clocks by NTP").fault_of(None),
        reading(
            code::CRL_UNUSABLE,
            Certainty::Guess,
            said,
            "OpenSSL says so of a revocation list that begins later, or that its CA did not sign",
            LISTS,
        ),
        reading(
            code::NOT_ALLOWED,
            Certainty::Guess,
            said,
            "servers in Go say so of a name that they do not allow, such as etcd",
            "ask for a rule for one of its names",
        ),
    ]
}

/// access_denied: proxies say it of a name that no rule allows, and GnuTLS of every certificate that it does not trust. One
/// that no server can trust tells these apart.
fn denied(throwaway: Option<u8>, said: &str, likely: Certainty) -> Vec<Finding> {
    let is_said_of_all = throwaway == Some(49);
    let because = match throwaway {
        Some(49) => "a made-up certificate is refused alike, so this says nothing of the name",
        Some(_) => {
            "a made-up certificate is refused with another alert: ours is trusted, its name is not allowed"
        }
        None => "the certificate may be trusted, and its name not allowed",
    };
    let not_allowed = reading(
        code::NOT_ALLOWED,
        if is_said_of_all { Certainty::Guess } else { likely },
        said,
        because,
        "ask for a rule for one of its names",
    );
    let others = [
        (
            code::UNKNOWN_ISSUER,
            "GnuTLS says so of an issuer that it does not trust",
        ),
        (
            code::CRL_UNUSABLE,
            "GnuTLS says so where a revocation list is missing or has expired",
        ),
    ];
    let others = others
        .into_iter()
        .map(|(code, because)| reading(code, Certainty::Guess, said, because, LOG));
    if is_said_of_all {
        others.chain([not_allowed]).collect()
    } else {
        std::iter::once(not_allowed).chain(others).collect()
    }
}

/// certificate_unknown: of BoringSSL in Envoy a name that its matcher does not take, of Apache a stale revocation list, of
/// Java and Node anything.
fn unsaid(evidence: &Evidence<'_>, throwaway: Option<u8>, said: &str, explained: bool) -> Vec<Finding> {
    let differs = throwaway.is_some_and(|other| other != 46) && !explained;
    let likely = if differs {
        Certainty::Likely
    } else {
        Certainty::Guess
    };
    let because = if differs {
        "a certificate of an unknown issuer is refused with another alert, so the server trusts ours"
    } else {
        "the client's certificate shows no fault of its own"
    };
    let is_boring = evidence
        .trace
        .asked
        .as_ref()
        .is_some_and(|asked| is_boringssl(&asked.schemes));
    let (name, list) = if is_boring {
        (likely, Certainty::Guess)
    } else {
        (Certainty::Guess, likely)
    };
    let findings = [
        reading(
            code::NOT_ALLOWED,
            name,
            said,
            &format!("{because}; Envoy says this of a name that match_typed_subject_alt_names does not take"),
            "ask for a matcher for one of its names, such as its SPIFFE ID",
        ),
        reading(
            code::CRL_UNUSABLE,
            list,
            said,
            &format!("{because}; Apache says this of an expired revocation list"),
            LISTS,
        ),
    ];
    if differs {
        return findings.into();
    }
    let vague = if explained {
        Certainty::Guess
    } else {
        Certainty::Likely
    };
    std::iter::once(reading(code::VAGUE_ALERT, vague, said, because, LOG))
        .chain(findings)
        .collect()
}

/// Whether these schemes are those that BoringSSL asks for where it is told of none (`kVerifySignatureAlgorithms`).
fn is_boringssl(schemes: &[u16]) -> bool {
    const BEGIN: [u16; 8] = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];
    schemes.starts_with(&BEGIN) && schemes.len() <= BEGIN.len() + 1
}

/// internal_error: Apache says so of a chain that is longer than its SSLVerifyDepth, also of the shortest where that is 0.
fn internal(evidence: &Evidence<'_>, said: &str, likely: Certainty) -> Vec<Finding> {
    let vague = reading(
        code::VAGUE_ALERT,
        if likely == Certainty::Likely {
            Certainty::Guess
        } else {
            likely
        },
        said,
        "the client's certificate shows no fault of its own",
        LOG,
    );
    let is_below_ca = evidence
        .trace
        .own_chain
        .first()
        .is_some_and(|own| !own.is_self_issued());
    if !is_below_ca {
        return vec![vague];
    }
    let depth = reading(
        code::VERIFY_DEPTH,
        likely,
        said,
        "Apache says this of a chain that is longer than its SSLVerifyDepth, and with SSLVerifyDepth 0 of every certificate \
         of a CA",
        "raise SSLVerifyDepth to the length of the chain",
    );
    vec![depth, vague]
}

/// unknown_ca is said of many things.
fn unknown_ca(evidence: &Evidence<'_>, said: &str, throwaway: Option<u8>, explained: bool) -> Vec<Finding> {
    let likely = if explained {
        Certainty::Guess
    } else {
        Certainty::Likely
    };
    let finding = |code: Code, certainty, because: &str, help: &str| {
        Finding::new(code, Refuser::Server, certainty, format!("{said}; {because}")).help(help)
    };
    let is_named = evidence.trace.asked.as_ref().is_some_and(|asked| {
        let mut chain = evidence.trace.own_chain.iter();
        chain.any(|sent| handfast_pki::name::is_among(sent.issuer(), &asked.issuers))
    });
    if !is_named && explained {
        return Vec::new();
    }
    if !is_named {
        return vec![finding(
            code::UNKNOWN_ISSUER,
            likely,
            "it does not say which issuers it accepts",
            "send the intermediate after the leaf, or have the issuing CA added to the server's client CAs",
        )];
    }
    let changed = finding(
        code::BAD_SIGNATURE,
        if throwaway == Some(51) {
            likely
        } else {
            Certainty::Guess
        },
        "the server names the client's issuer and does not find it: it may know an older or newer key of that name",
        "trust both CA certificates while a CA key changes, and never reuse a CA's name",
    );
    let list = finding(
        code::CRL_UNUSABLE,
        if throwaway == Some(48) {
            likely
        } else {
            Certainty::Guess
        },
        "the server names the client's issuer and refuses any certificate of it: a revocation list is missing",
        "give the server one revocation list for every CA of the chain",
    );
    let unknown = finding(
        code::UNKNOWN_ISSUER,
        Certainty::Guess,
        "it names the client's issuer, and yet it may trust other CAs than it names",
        "compare its file of client CAs with the names that it sends",
    );
    vec![changed, list, unknown]
}
