//! The error pages of Chrome and its kin, and of Firefox.

use handfast_finding::Refuser::Server;
use handfast_pki::code;

use super::pattern::{Pattern, by, certain, guess, likely, own, received};

pub(super) const TABLE: &[Pattern] = &[
    // --- Chrome, Edge, Opera -----------------------------------------------------------------------------
    by(Server, "Chrome", &["err ssl client auth cert needed"]).means(&[
        certain(code::NO_CERTIFICATE),
        guess(code::HELD_BACK).why("the browser offers only certificates of the CAs that the server names"),
    ]),
    by(Server, "Chrome", &["err bad ssl client auth cert"]).means(&[
        likely(code::NO_CERTIFICATE).why("no certificate was chosen, or the dialogue was closed"),
        guess(code::HELD_BACK).why("the browser offers only certificates of the CAs that the server names"),
        guess(code::UNKNOWN_ISSUER).why("Chrome says so of most alerts about its certificate"),
        guess(code::EXPIRED),
        guess(code::WRONG_PURPOSE),
    ]),
    own("Chrome", &[])
        .any(&["err ssl client auth no common algorithms", "err ssl client auth signature failed"])
        .otherwise(Server)
        .means(&[likely(code::NO_COMMON_SCHEME), guess(code::TOKEN).why("the key's token may not sign so")]),
    own("Chrome", &["err ssl client auth cert no private key"]).means(&[certain(code::P12_WITHOUT_KEY)]),
    own("Chrome", &["err ssl client auth private key access denied"])
        .means(&[likely(code::UNREADABLE), guess(code::TOKEN)]),
    own("Chrome", &["err cert name constraint violation"]).client(&[certain(code::NAME_CONSTRAINTS)]),
    own("Chrome", &["err cert authority invalid"]).client(&[
        likely(code::SERVER_UNTRUSTED),
        guess(code::SERVER_INTERMEDIATE),
        guess(code::INSPECTED),
    ]),
    own("Chrome", &["err cert common name invalid"])
        .client(&[certain(code::NAME_MISMATCH), guess(code::NO_NAMES).why("Chrome reads no common name")]),
    own("Chrome", &["err cert date invalid"]).client(&[likely(code::EXPIRED), likely(code::NOT_YET_VALID)]),
    own("Chrome", &["err cert revoked"]).client(&[certain(code::REVOKED)]),
    own("Chrome", &[])
        .any(&["err cert unable to check revocation", "err cert no revocation mechanism"])
        .client(&[likely(code::CRL_UNUSABLE)]),
    own("Chrome", &[])
        .any(&["err cert weak signature algorithm", "err cert weak key"])
        .client(&[certain(code::WEAK_KEY)]),
    own("Chrome", &["err ssl pinned key not in cert chain"]).client(&[certain(code::PIN_CHANGED)]),
    own("Chrome", &["err ssl key usage incompatible"]).client(&[certain(code::WRONG_PURPOSE)]),
    own("Chrome", &["err ssl version or cipher mismatch"])
        .client(&[likely(code::NO_COMMON_CIPHER), guess(code::NO_COMMON_VERSION)])
        .server(&[likely(code::NO_COMMON_CIPHER), guess(code::NO_COMMON_VERSION)]),
    received("Chrome", &["err ssl unrecognized name alert"]).means(&[certain(code::WRONG_SNI)]),
    own("Chrome", &["err cert invalid"])
        .none(&["s2n err"])
        .client(&[likely(code::WRONG_FORMAT), guess(code::CRITICAL_EXTENSION), guess(code::NOT_A_CA)]),
    received("Chrome", &["err ssl protocol error"]).general().means(&[
        likely(code::NOT_TLS),
        guess(code::VAGUE_ALERT),
        guess(code::NO_COMMON_VERSION),
    ]),
    // --- Firefox -----------------------------------------------------------------------------------------
    own("Firefox", &["sec error unknown issuer"]).client(&[
        likely(code::SERVER_UNTRUSTED),
        guess(code::SERVER_INTERMEDIATE),
        guess(code::INSPECTED),
    ]),
    own("Firefox", &["mozilla pkix error self signed cert"])
        .client(&[likely(code::CA_AS_LEAF), likely(code::SERVER_UNTRUSTED)]),
    own("Firefox", &["mozilla pkix error ca cert used as end entity"]).client(&[certain(code::CA_AS_LEAF)]),
    own("Firefox", &["ssl error bad cert domain"]).client(&[certain(code::NAME_MISMATCH)]),
    own("Firefox", &["sec error expired"]).client(&[certain(code::EXPIRED)]),
    own("Firefox", &["mozilla pkix error not yet valid"]).client(&[certain(code::NOT_YET_VALID)]),
    own("Firefox", &["sec error revoked certificate"]).client(&[certain(code::REVOKED)]),
    own("Firefox", &["sec error ca cert invalid"]).client(&[certain(code::NOT_A_CA)]),
    own("Firefox", &["sec error path len constraint invalid"]).client(&[certain(code::PATH_LENGTH)]),
    own("Firefox", &["sec error cert not in name space"]).client(&[certain(code::NAME_CONSTRAINTS)]),
    own("Firefox", &["sec error unknown critical extension"]).client(&[certain(code::CRITICAL_EXTENSION)]),
    own("Firefox", &["sec error bad signature"]).client(&[likely(code::BAD_SIGNATURE)]),
    own("Firefox", &[])
        .any(&["sec error cert signature algorithm disabled", "mozilla pkix error inadequate key size"])
        .client(&[certain(code::WEAK_KEY)]),
    own("Firefox", &[])
        .any(&["sec error unsupported keyalg", "sec error unsupported elliptic curve"])
        .client(&[likely(code::NO_COMMON_SCHEME), guess(code::WEAK_KEY)]),
    own("Firefox", &["sec error inadequate"]).client(&[certain(code::WRONG_PURPOSE)]),
    own("Firefox", &["mozilla pkix error key pinning failure"]).client(&[certain(code::PIN_CHANGED)]),
    own("Firefox", &["ssl error no cypher overlap"]).means(&[certain(code::NO_COMMON_CIPHER)]),
    own("Firefox", &["ssl error unsupported version"]).means(&[certain(code::NO_COMMON_VERSION)]),
    own("Firefox", &["ssl error rx record too long"]).means(&[certain(code::NOT_TLS)]),
    // --- the question before the request -----------------------------------------------------------------
    by(Server, "a browser", &[])
        .any(&["blocked by cors policy", "cors error", "cors preflight", "cors request did not succeed"])
        .test(
            "does it go away with both on one origin? Does the server's log show OPTIONS without a certificate?",
        )
        .means(&[
            likely(code::PREFLIGHT).why("the browser's question carries no certificate (Fetch standard)"),
            guess(code::NO_CERTIFICATE),
        ]),
];
