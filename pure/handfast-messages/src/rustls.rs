//! rustls and webpki, whose errors are names of Rust in one word.

use handfast_finding::Refuser::Server;
use handfast_pki::code;

use super::pattern::{Pattern, by, certain, guess, likely, own, received};

pub(super) const TABLE: &[Pattern] = &[
    by(Server, "rustls", &[])
        .any(&["peer sent no certificates", "nocertificatespresented"])
        .means(&[certain(code::NO_CERTIFICATE), guess(code::HELD_BACK)]),
    own("rustls", &["unknownissuer"])
        .server(&[likely(code::UNKNOWN_ISSUER), guess(code::MISSING_INTERMEDIATE)])
        .client(&[
            likely(code::SERVER_UNTRUSTED),
            guess(code::SERVER_INTERMEDIATE),
            guess(code::INSPECTED),
        ]),
    own("rustls", &[])
        .any(&[
            "certificate revocation list expired",
            "expiredrevocationlist",
            "unknownrevocationstatus",
        ])
        .otherwise(Server)
        .means(&[certain(code::CRL_UNUSABLE)]),
    own("rustls", &[])
        .any(&[
            "certificate does not allow extended key usage for",
            "invalidpurpose",
            "requiredekunotfound",
        ])
        .otherwise(Server)
        .means(&[certain(code::WRONG_PURPOSE)]),
    own("rustls", &[])
        .any(&[
            "certificate expired: verification time",
            "invalid peer certificate: expired",
            "certexpired",
        ])
        .otherwise(Server)
        .means(&[certain(code::EXPIRED)]),
    own("rustls", &[])
        .any(&[
            "certificate not valid yet",
            "invalid peer certificate: notvalidyet",
            "certnotvalidyet",
        ])
        .otherwise(Server)
        .means(&[certain(code::NOT_YET_VALID)]),
    own("rustls", &["invalid peer certificate: revoked"])
        .otherwise(Server)
        .means(&[certain(code::REVOKED)]),
    own("rustls", &["unsupportedcertversion"])
        .otherwise(Server)
        .means(&[certain(code::VERSION_1)]),
    own("rustls", &["causedasendentity"])
        .otherwise(Server)
        .means(&[certain(code::CA_AS_LEAF)]),
    own("rustls", &["endentityusedasca"])
        .otherwise(Server)
        .means(&[certain(code::NOT_A_CA)]),
    own("rustls", &[])
        .any(&["unhandledcriticalextension", "unsupportedcriticalextension"])
        .otherwise(Server)
        .means(&[certain(code::CRITICAL_EXTENSION)]),
    own("rustls", &["nameconstraintviolation"])
        .otherwise(Server)
        .means(&[certain(code::NAME_CONSTRAINTS)]),
    own("rustls", &[])
        .any(&["pathlenconstraintviolated", "maximumpathdepthexceeded"])
        .otherwise(Server)
        .means(&[certain(code::PATH_LENGTH)]),
    own("rustls", &["invalid peer certificate: badsignature"])
        .otherwise(Server)
        .means(&[likely(code::BAD_SIGNATURE)]),
    own("rustls", &["unsupportedsignaturealgorithm"])
        .otherwise(Server)
        .means(&[
            likely(code::WEAK_KEY).why("rustls takes no SHA-1"),
            guess(code::NO_COMMON_SCHEME),
        ]),
    own("rustls", &["invalid peer certificate: badencoding"])
        .otherwise(Server)
        .means(&[likely(code::WRONG_FORMAT), guess(code::VERSION_1)]),
    own(
        "rustls",
        &["not valid for any names (according to its subjectaltname extension)"],
    )
    .client(&[certain(code::NO_NAMES)]),
    own("rustls", &[])
        .any(&["certificate not valid for name", "notvalidforname"])
        .client(&[certain(code::NAME_MISMATCH)])
        .server(&[certain(code::IDENTITY_MISMATCH)]),
    own("rustls", &["applicationverificationfailure"])
        .otherwise(Server)
        .means(&[likely(code::NOT_ALLOWED)]),
    // --- versions, suites, schemes, protocols ------------------------------------------------------------
    own("rustls", &[])
        .any(&[
            "nocertificaterequestsignatureschemesincommon",
            "nosignatureschemesincommon",
        ])
        .otherwise(Server)
        .means(&[certain(code::NO_COMMON_SCHEME)]),
    own("rustls", &[])
        .any(&["nociphersuitesincommon", "nokxgroupsincommon"])
        .otherwise(Server)
        .means(&[certain(code::NO_COMMON_CIPHER)]),
    own("rustls", &[])
        .any(&[
            "servertlsversionisdisabledbyourconfig",
            "tls12notoffered",
            "serverdoesnotsupporttls12or13",
            "supportedversionsextensionrequired",
        ])
        .means(&[certain(code::NO_COMMON_VERSION)]),
    own("rustls", &["support any known protocol"])
        .otherwise(Server)
        .means(&[certain(code::NO_COMMON_ALPN)]),
    own("rustls", &["unrecognisedname"])
        .otherwise(Server)
        .means(&[certain(code::WRONG_SNI)]),
    own("rustls", &["received corrupt message of type"]).means(&[certain(code::NOT_TLS)]),
    received("rustls", &["tls handshake eof"]).general().means(&[
        likely(code::CUT_SHORT),
        guess(code::VAGUE_ALERT),
        guess(code::NOT_TLS),
    ]),
    // --- files -------------------------------------------------------------------------------------------
    own("rustls", &[])
        .any(&["keys may not be consistent", "keymismatch", "inconsistentkeys"])
        .means(&[certain(code::KEY_MISMATCH), guess(code::CHAIN_ORDER)]),
    own("rustls", &["native root ca certificates found"]).means(&[certain(code::BAD_TRUST_FILE)]),
];
