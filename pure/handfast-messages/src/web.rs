//! What is said in HTTP, after a good handshake or instead of it, and what traces show.

use handfast_finding::Refuser::{Network, Server};
use handfast_pki::code;

use super::pattern::{Pattern, by, certain, guess, likely};

/// Words in the issuer's name that say who really answered.
pub const INSPECTORS: [&str; 14] = [
    "zscaler",
    "netskope",
    "fortigate",
    "fortinet",
    "palo alto",
    "blue coat",
    "bluecoat",
    "forcepoint",
    "mcafee web gateway",
    "sophos",
    "cisco umbrella",
    "mitmproxy",
    "charles proxy",
    "burp",
];

pub(super) const TABLE: &[Pattern] = &[
    by(Network, "a certificate", &["issuer"])
        .any(&INSPECTORS)
        .means(&[likely(code::INSPECTED).why("no client certificate gets through TLS inspection")]),
    by(Server, "HTTP", &[])
        .any(&[
            "421 misdirected request",
            "http/1.1 421",
            "http/2 421",
            "http/1.1\" 421",
            "http/2.0\" 421",
            "http 421",
            "status: 421",
            "status code 421",
            "status 421",
        ])
        .means(&[certain(code::MISDIRECTED), guess(code::WRONG_SNI)]),
    by(Server, "HTTP", &[])
        .any(&[
            "403 forbidden",
            "401 unauthorized",
            "http/1.1 403",
            "http/1.1 401",
            "http/2 403",
            "http/2 401",
            "http/1.1\" 403",
            "http/1.1\" 401",
            "http/2.0\" 403",
            "http/2.0\" 401",
            "http 403",
            "http 401",
            "status code 403",
            "status code 401",
            "status code: 403",
            "status code: 401",
            "status: 403",
            "status: 401",
            "401/403",
        ])
        .general()
        .test(
            "does the handshake hold a CertificateRequest, and was the certificate sent? If not, TLS ends somewhere \
             else; if so, the application or its policy said no",
        )
        .means(&[
            guess(code::NOT_ASKED),
            guess(code::NOT_FORWARDED).why("the proxy may not tell the application who the client is"),
            guess(code::NOT_ALLOWED),
            guess(code::ASKED_LATE).why("Apache answers so where it can only ask after the request"),
            guess(code::NAME_FORM),
        ]),
    by(Server, "OpenSSL", &[])
        .any(&["certificates length 0", "certificate list, length=0", "certificate list (0 bytes)"])
        .means(&[
            likely(code::HELD_BACK).why("the client answered the request with an empty list"),
            likely(code::NO_CERTIFICATE),
        ]),
    by(Server, "an advisory", &["cve 2025 23419"]).means(&[certain(code::RESUMED_UNCHECKED)]),
];
