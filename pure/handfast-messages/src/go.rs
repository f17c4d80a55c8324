//! Go's crypto/tls and crypto/x509, and what is built on them: Caddy, Traefik, Docker, Kubernetes, go-spiffe.

use handfast_finding::Refuser::Server;
use handfast_pki::code;

use super::pattern::{Pattern, by, certain, guess, likely, own, received};

pub(super) const TABLE: &[Pattern] = &[
    by(Server, "Go", &["tls: client didn", "provide a certificate"]).means(&[
        certain(code::NO_CERTIFICATE),
        guess(code::HELD_BACK)
            .why("a client in Go sends none when no CA that the server names is above its certificate"),
    ]),
    // --- the path ----------------------------------------------------------------------------------------
    own(
        "Go",
        &["signed by unknown authority", "parent certificate cannot sign"],
    )
    .otherwise(Server)
    .means(&[certain(code::NOT_A_CA)]),
    own("Go", &["signed by unknown authority", "possibly because of"])
        .any(&["verification failure", "verification error", "invalid signature"])
        .otherwise(Server)
        .means(&[certain(code::BAD_SIGNATURE)]),
    own("Go", &[])
        .any(&["signed by unknown authority", "no x.509 bundle for trust domain"])
        .server(&[
            likely(code::UNKNOWN_ISSUER),
            guess(code::MISSING_INTERMEDIATE)
                .why("a leaf that comes without its intermediate looks the same"),
        ])
        .client(&[
            likely(code::SERVER_UNTRUSTED),
            guess(code::SERVER_INTERMEDIATE).why("a server that forgot its intermediate looks the same"),
            guess(code::INSPECTED),
        ]),
    own("Go", &["x509:", "certificate is not trusted"])
        .server(&[likely(code::UNKNOWN_ISSUER)])
        .client(&[likely(code::SERVER_UNTRUSTED), guess(code::INSPECTED)]),
    own("Go", &["certificate has expired or is not yet valid", "is after"])
        .otherwise(Server)
        .means(&[certain(code::EXPIRED)]),
    own(
        "Go",
        &["certificate has expired or is not yet valid", "is before"],
    )
    .otherwise(Server)
    .means(&[certain(code::NOT_YET_VALID)]),
    own("Go", &["certificate has expired or is not yet valid"])
        .otherwise(Server)
        .means(&[likely(code::EXPIRED), guess(code::NOT_YET_VALID)]),
    own("Go", &["incompatible key usage"])
        .otherwise(Server)
        .means(&[certain(code::WRONG_PURPOSE)]),
    own("Go", &["too many intermediates for path length constraint"])
        .otherwise(Server)
        .means(&[certain(code::PATH_LENGTH)]),
    own("Go", &["not authorized to sign other certificates"])
        .otherwise(Server)
        .means(&[certain(code::NOT_A_CA)]),
    own("Go", &["not authorized to sign for this name"])
        .otherwise(Server)
        .means(&[certain(code::NAME_CONSTRAINTS)]),
    own("Go", &[])
        .any(&[
            "insecure algorithm sha1",
            "insecure algorithm md5",
            "1024 bit keys are insecure",
            "bit keys are insecure",
        ])
        .otherwise(Server)
        .means(&[certain(code::WEAK_KEY)]),
    // --- names -------------------------------------------------------------------------------------------
    own("Go", &["relies on legacy common name field"]).client(&[certain(code::NO_NAMES)]),
    own("Go", &["cannot validate certificate for", "any ip sans"]).client(&[certain(code::NO_IP_NAME)]),
    own("Go", &["certificate is valid for", ", not "]).client(&[certain(code::NAME_MISMATCH)]),
    own(
        "Go",
        &["certificate is not valid for any names, but wanted to match"],
    )
    .client(&[likely(code::NAME_MISMATCH), guess(code::NO_NAMES)]),
    own("go-spiffe", &["unexpected id", "spiffe://"]).client(&[certain(code::IDENTITY_MISMATCH)]),
    own("go-spiffe", &["unexpected trust domain"]).client(&[certain(code::IDENTITY_MISMATCH)]),
    own("go-spiffe", &["unexpected id"])
        .general()
        .client(&[likely(code::IDENTITY_MISMATCH)]),
    // --- versions, suites, schemes, protocols ------------------------------------------------------------
    own("Go", &["support any of the certificate", "signature algorithms"])
        .otherwise(Server)
        .means(&[certain(code::NO_COMMON_SCHEME)]),
    own("Go", &[])
        .any(&[
            "client offered only unsupported versions",
            "no supported versions satisfy",
            "server selected unsupported protocol version",
            "protocol version not supported",
        ])
        .none(&["remote error"])
        .otherwise(Server)
        .means(&[certain(code::NO_COMMON_VERSION)]),
    own("Go", &[])
        .any(&[
            "no cipher suite supported by both client and server",
            "no ecdhe curve supported by both client and server",
            "no key exchanges supported by both client and server",
        ])
        .otherwise(Server)
        .means(&[certain(code::NO_COMMON_CIPHER)]),
    own("Go", &[])
        .any(&[
            "client requested unsupported application protocols",
            "tls: no application protocol",
        ])
        .none(&["remote error"])
        .otherwise(Server)
        .means(&[certain(code::NO_COMMON_ALPN)]),
    own("Caddy", &["no certificate available for"])
        .otherwise(Server)
        .means(&[certain(code::WRONG_SNI)]),
    // --- not TLS -----------------------------------------------------------------------------------------
    own("Go", &[])
        .any(&[
            "first record does not look like a tls handshake",
            "server gave http response to https client",
            "oversized record received",
            "malformed http response",
        ])
        .means(&[certain(code::NOT_TLS)]),
    by(Server, "Go", &["client sent an http request to an https server"]).means(&[certain(code::NOT_TLS)]),
    received("Go", &["local error: tls: bad record mac"])
        .otherwise(handfast_finding::Refuser::Client)
        .general()
        .means(&[
            likely(code::VAGUE_ALERT),
            guess(code::SERVER_UNTRUSTED)
                .why("a client that does not trust the server sends its alert before it has keys"),
        ]),
    // --- files -------------------------------------------------------------------------------------------
    own("Go", &[])
        .any(&[
            "private key does not match public key",
            "private key type does not match public key type",
        ])
        .means(&[certain(code::KEY_MISMATCH), guess(code::CHAIN_ORDER)]),
    own("Go", &["encrypted private keys are not supported"]).means(&[certain(code::KEY_ENCRYPTED)]),
    own("Go", &["tls: failed to parse private key"]).means(&[
        likely(code::KEY_ENCRYPTED).why("Go reads no encrypted keys"),
        guess(code::WRONG_FORMAT),
    ]),
    own("Go", &["failed to find any pem data in key input"]).means(&[
        likely(code::WRONG_FORMAT).why("the file holds no PEM at all: DER, or nothing"),
        guess(code::KEY_ENCRYPTED),
        guess(code::TOKEN),
    ]),
    own("Go", &[])
        .any(&[
            "failed to find any pem data in certificate input",
            "pem inputs may have been switched",
            "found a certificate rather than a key",
            "failed to find pem block with type",
            "failed to find certificate pem data",
        ])
        .means(&[certain(code::WRONG_FORMAT)]),
];
