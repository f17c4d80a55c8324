//! GnuTLS and what is built on it: gnutls-cli, wget and git of Debian.

use handfast_finding::Refuser::Server;
use handfast_pki::code;

use super::pattern::{Pattern, certain, guess, likely, own, received};

pub(super) const TABLE: &[Pattern] = &[
    own("GnuTLS", &["certificate issuer is unknown"])
        .server(&[likely(code::UNKNOWN_ISSUER), guess(code::MISSING_INTERMEDIATE)])
        .client(&[
            likely(code::SERVER_UNTRUSTED),
            guess(code::SERVER_INTERMEDIATE),
            guess(code::INSPECTED),
        ]),
    own("wget", &["have a known issuer"]).client(&[
        likely(code::SERVER_UNTRUSTED),
        guess(code::SERVER_INTERMEDIATE),
        guess(code::INSPECTED),
    ]),
    own("GnuTLS", &["certificate chain uses expired certificate"]).means(&[certain(code::EXPIRED)]),
    own("wget", &["the certificate of", "has expired"]).client(&[certain(code::EXPIRED)]),
    own("wget", &["the certificate of", "is not yet activated"]).client(&[certain(code::NOT_YET_VALID)]),
    own("GnuTLS", &["uses not yet valid certificate"]).means(&[certain(code::NOT_YET_VALID)]),
    own("GnuTLS", &[])
        .any(&[
            "name in the certificate does not match",
            "owner does not match hostname",
        ])
        .client(&[certain(code::NAME_MISMATCH)]),
    own(
        "GnuTLS",
        &["certificate chain does not match the intended purpose"],
    )
    .means(&[certain(code::WRONG_PURPOSE)]),
    own("GnuTLS", &["contains an unknown critical extension"]).means(&[certain(code::CRITICAL_EXTENSION)]),
    own("GnuTLS", &[])
        .any(&["certificate chain is revoked", "certificate chain uses revoked"])
        .means(&[certain(code::REVOKED)]),
    own("GnuTLS", &[])
        .any(&[
            "revocation or ocsp data are old",
            "revocation data are old",
            "revocation data are issued with a future",
        ])
        .means(&[certain(code::CRL_UNUSABLE)]),
    own("GnuTLS", &["certificate chain uses insecure algorithm"]).means(&[certain(code::WEAK_KEY)]),
    own("GnuTLS", &["certificate issuer is not a ca"]).means(&[certain(code::NOT_A_CA)]),
    own("GnuTLS", &["unexpected tls packet was received"]).means(&[likely(code::NOT_TLS)]),
    own("GnuTLS", &["could not negotiate a supported cipher suite"])
        .otherwise(Server)
        .means(&[certain(code::NO_COMMON_CIPHER)]),
    own("GnuTLS", &["no certificate was found"])
        .otherwise(Server)
        .server(&[certain(code::NO_CERTIFICATE)])
        .client(&[likely(code::NO_COMMON_CIPHER)]),
    own("GnuTLS", &["error in handshake: certificate is required"])
        .otherwise(Server)
        .means(&[certain(code::NO_CERTIFICATE)]),
    own("GnuTLS", &["error in handshake: error in the certificate"])
        .otherwise(Server)
        .general()
        .server(&[
            likely(code::UNKNOWN_ISSUER),
            guess(code::EXPIRED),
            guess(code::WRONG_PURPOSE),
        ])
        .client(&[
            likely(code::SERVER_UNTRUSTED),
            guess(code::EXPIRED),
            guess(code::NAME_MISMATCH),
        ]),
    own("git", &["server certificate verification failed. cafile"]).client(&[
        likely(code::SERVER_UNTRUSTED),
        guess(code::SERVER_INTERMEDIATE),
        guess(code::EXPIRED),
        guess(code::NAME_MISMATCH),
    ]),
    own("wget", &["the certificate of", "is not trusted"])
        .general()
        .client(&[likely(code::SERVER_UNTRUSTED), guess(code::EXPIRED)]),
    own("wget", &["cannot verify", "certificate, issued by"])
        .general()
        .client(&[likely(code::SERVER_UNTRUSTED), guess(code::EXPIRED)]),
    received("GnuTLS", &["tls connection was non properly terminated"])
        .general()
        .means(&[likely(code::CUT_SHORT), guess(code::VAGUE_ALERT)]),
];
